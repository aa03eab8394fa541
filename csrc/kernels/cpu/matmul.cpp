// Matrix products on the CPU: cuts the batch and each product into parts for the threads and picks gemm or gemv.
#include "kernels/matmul.h"

#include "core/dtype.h"
#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/gemv.h"
#include "kernels/cpu/sum_type.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kPartOperations = 1 << 19;  // multiply-adds that are worth waking a thread for

constexpr int64_t kSharedRows = 64;  // of a part, that pay for packing b once more
// From which on half of a symmetric product and copying it to the other half is faster than the whole.
constexpr int64_t kSymmetricRows = 128, kSymmetricDepth = 64;
constexpr int64_t kFewRows = 3;  // for which laying a transposed B out anew takes longer than all the arithmetic

// One product, or the part of it that one thread works on. Strides count elements, data points to bytes.
struct Part {
  int64_t m, n, k;
  Matrix<char> out, a, b, base;
  // Of the whole product, because they decide in which order is added: is each row made by gemv, and its columns.
  bool row_by_row = false;
  int64_t whole_n = 0;
  // Of a symmetric product: the number of the part's first row; what is above the diagonal is left to mirror(). Else
  // -1.
  int64_t first_row = -1;
  WEFT_INLINE bool may_be_symmetric() const { return m == n && m >= kSymmetricRows && k >= kSymmetricDepth; }
};

// Of beta base + alpha (a b).
struct ScaleFactors {
  float beta, alpha;
};

template <class T>
WEFT_INLINE Matrix<T> typed(Matrix<char> x) {
  return {reinterpret_cast<T*>(x.data), x.row, x.column};
}

template <class To, class From>
void copy_matrix(int64_t rows, int64_t columns, Matrix<To> to, Matrix<const From> from) {
  // Walks along the adjacent elements of the source.
  if (from.row == 1 && from.column != 1) {
    int64_t swap = rows;
    rows = columns, columns = swap;
    to = {to.data, to.column, to.row}, from = {from.data, from.column, from.row};
  }
  for (int64_t i = 0; i < rows; i++)
    if (to.column == 1 && from.column == 1)
      for (int64_t j = 0; j < columns; j++) to.data[i * to.row + j] = convert<To>(from.data[i * from.row + j]);
    else
      for (int64_t j = 0; j < columns; j++)
        to.data[i * to.row + j * to.column] = convert<To>(from.data[i * from.row + j * from.column]);
}

template <class T>
WEFT_INLINE Product<T> product_of(const Part& p) {
  return {p.m,
          p.n,
          p.k,
          {reinterpret_cast<const T*>(p.a.data), p.a.row, p.a.column},
          {reinterpret_cast<const T*>(p.b.data), p.b.row, p.b.column},
          reinterpret_cast<T*>(p.out.data),
          p.out.row,
          reinterpret_cast<const T*>(p.base.data),
          p.base.row,
          p.first_row};
}

// May the part be multiplied where it lies?
WEFT_INLINE bool is_direct(const Part& p) {
  return p.out.column == 1 && (!p.base.data || p.base.column == 1 || p.row_by_row);
}

// A copy of rows x columns elements whose adjacent ones are those of `like`.
template <class S>
WEFT_INLINE Matrix<S> copy_like(S* data, int64_t rows, int64_t columns, Matrix<char> like) {
  return like.row == 1 && like.column != 1 ? Matrix<S>{data, 1, rows} : Matrix<S>{data, columns, 1};
}

// The operands of a part as copies of the type that is summed in, one after the other: a, b, and the product. Of a
// symmetric product a is a part of b.
template <class S>
struct Copies {
  Matrix<S> a, b;
  S* c;
  size_t bytes;
  WEFT_INLINE Copies(const Part& p, char* at) {
    S* data = reinterpret_cast<S*>(at);
    b = copy_like(data, p.k, p.n, p.b);
    S* next = data + p.k * p.n;
    if (p.first_row >= 0) {
      a = {b.data + p.first_row * b.column, b.column, b.row};
    } else {
      a = copy_like(next, p.m, p.k, p.a);
      next += p.m * p.k;
    }
    c = next;
    bytes = round_up(static_cast<size_t>(next + p.m * p.n - data) * sizeof(S));
  }
  // The product of the copies.
  WEFT_INLINE Part part(const Part& p) const {
    auto plain = [](const Matrix<S>& x) { return Matrix<char>{reinterpret_cast<char*>(x.data), x.row, x.column}; };
    return {p.m,          p.n,       p.k,        {reinterpret_cast<char*>(c), p.n, 1}, plain(a), plain(b), {},
            p.row_by_row, p.whole_n, p.first_row};
  }
};

// What gemm packs; here, other than in Product::scratch_bytes(), it is known how A lies.
template <class T>
WEFT_INLINE size_t gemm_scratch(const Product<T>& x) {
  return round_up(static_cast<size_t>((x.pack_a() ? x.a_elements() : 0) + x.b_elements()) * sizeof(T));
}

template <class T>
size_t part_scratch(const Part& p) {
  using S = typename SumOf<T>::type;
  if constexpr (__is_same(T, S)) {
    if (is_direct(p)) return p.row_by_row ? 0 : gemm_scratch(product_of<T>(p));
  }
  const Copies<S> copies(p, nullptr);
  return copies.bytes + gemm_scratch(product_of<S>(copies.part(p)));
}

// done(row, rows, column, columns) is called for what is final.
template <class T, class F>
void multiply_direct(const Part& p, char* scratch, F&& done) {
  Product<T> x = product_of<T>(p);
  if (!p.row_by_row) return gemm<T>(x, scratch, done);
  // Some columns at a time: the first row brings them into the caches for the others.
  const int64_t step = p.m == 1 ? p.n : 64;
  for (int64_t j = 0; j < p.n; j += step)
    for (int64_t i = 0; i < p.m; i++)
      gemv<T>(smaller(step, p.n - j), p.k, x.a.at(i, 0).data, x.b.at(0, j), x.c + i * x.c_row + j,
              x.base ? x.base + i * x.base_row + j * p.base.column : nullptr, p.base.column, p.whole_n);
  done(0, p.m, 0, p.n);
}

// out = beta base + alpha product, rounded once.
template <class T, class S>
void store_scaled(const Part& p, const S* product, const ScaleFactors& f) {
  const Matrix<T> out = typed<T>(p.out);
  const Matrix<const T> base = typed<const T>(p.base);
  for (int64_t i = 0; i < p.m; i++) {
    const int64_t n = p.first_row < 0 ? p.n : smaller(p.n, p.first_row + i + 1);
    const S* from = product + i * p.n;
    T* to = out.data + i * out.row;
    const T* add = base.data + i * base.row;
    if (!base.data)
      for (int64_t j = 0; j < n; j++) to[j * out.column] = convert<T>(f.alpha * from[j]);
    else if (base.column == 1 && out.column == 1)
      for (int64_t j = 0; j < n; j++) to[j] = convert<T>(f.alpha * from[j] + f.beta * convert<S>(add[j]));
    else
      for (int64_t j = 0; j < n; j++)
        to[j * out.column] = convert<T>(f.alpha * from[j] + f.beta * convert<S>(add[j * base.column]));
  }
}

template <class T, class F>
void multiply_part(const Part& p, char* scratch, const ScaleFactors* factors, F&& done) {
  using S = typename SumOf<T>::type;
  if constexpr (__is_same(T, S)) {
    if (is_direct(p)) return multiply_direct<T>(p, scratch, done);
  }
  // Otherwise through copies with adjacent elements of the type that is summed in.
  const Copies<S> copies(p, scratch);
  Part copy = copies.part(p);
  if (p.first_row < 0) copy_matrix<S, T>(p.m, p.k, copies.a, typed<const T>(p.a));
  copy_matrix<S, T>(p.k, p.n, copies.b, typed<const T>(p.b));
  if (p.base.data && !factors) {
    copy_matrix<S, T>(p.m, p.n, {copies.c, p.n, 1}, typed<const T>(p.base));
    copy.base = copy.out;
  }
  multiply_direct<S>(copy, scratch + copies.bytes, Nothing{});
  if constexpr (__is_same(T, Float16) || __is_same(T, BFloat16)) {
    if (factors) return store_scaled<T>(p, copies.c, *factors);
  }
  copy_matrix<T, S>(p.m, p.n, typed<T>(p.out), {copies.c, p.n, 1});
  done(0, p.m, 0, p.n);
}

// Swaps the roles of the operands: the transposed product.
WEFT_INLINE Matrix<char> transposed(Matrix<char> x) { return {x.data, x.column, x.row}; }
WEFT_INLINE Part transposed(const Part& p) {
  return {p.n, p.m, p.k, transposed(p.out), transposed(p.b), transposed(p.a), transposed(p.base)};
}

// The last two dims of a view. Of a dim with one element the stride says nothing: it becomes 1.
WEFT_INLINE Matrix<char> last_dims(const StridedView& v) {
  if (!v.data) return {};
  const int d = v.ndim - 2;
  return {static_cast<char*>(v.data), v.shape[d] == 1 ? 1 : v.strides[d], v.shape[d + 1] == 1 ? 1 : v.strides[d + 1]};
}

// The dims before the last two. Those over which b is the same are folded into the rows where memory allows.
struct Batch {
  StridedView out, a, b, base;
  Part first;
  int ndim;
  int64_t count = 1;
  int64_t item;

  WEFT_INLINE Batch(const StridedView& o, const StridedView& x, const StridedView& y, const StridedView& z)
      : out(o), a(x), b(y), base(z), ndim(o.ndim - 2), item(static_cast<int64_t>(item_size(o.dtype))) {
    first = {o.shape[ndim], o.shape[ndim + 1], x.shape[ndim + 1], last_dims(o),
             last_dims(x),  last_dims(y),      last_dims(z)};
    while (ndim > 0 && fold(ndim - 1)) ndim--;
    for (int d = 0; d < ndim; d++) count *= out.shape[d];
    if ((first.n == 1 && first.m != 1) || first.out.column != 1) {
      first = transposed(first);
      StridedView other = a;
      a = b, b = other;
    }
    const bool few = first.m <= kFewRows && first.b.row == 1 && first.k >= 64;
    first.whole_n = first.n;
    first.row_by_row =
        first.a.column == 1 && (few || (first.m == 1 && (first.b.row == 1 || (first.b.column == 1 && first.n > 1))));
  }
  // Is every product one of a matrix and its own transpose, where it lies? Both halves have the same bits then, because
  // the chains of multiply-adds have.
  WEFT_INLINE bool multiplies_itself() const {
    const Matrix<char>&x = first.a, &y = first.b;
    if (!first.may_be_symmetric() || x.data != y.data || x.row != y.column || x.column != y.row) return false;
    for (int d = 0; d < ndim; d++)
      if (a.strides[d] != b.strides[d]) return false;
    return first.out.column == 1;
  }
  // Makes dim d part of the rows.
  WEFT_INLINE bool fold(int d) {
    if (out.shape[d] == 1) return true;
    if (b.strides[d] != 0) return false;
    auto extends = [&](const StridedView& v, const Matrix<char>& x) {
      return !v.data || first.m == 1 || v.strides[d] == x.row * first.m;
    };
    if (!extends(out, first.out) || !extends(a, first.a) || !extends(base, first.base)) return false;
    if (first.m == 1) {
      first.out.row = out.strides[d], first.a.row = a.strides[d];
      if (base.data) first.base.row = base.strides[d];
    }
    first.m *= out.shape[d];
    return true;
  }
  // Product number `index`.
  WEFT_INLINE Part at(int64_t index) const {
    Part p = first;
    for (int d = ndim - 1; d >= 0; d--) {
      const int64_t i = index % out.shape[d];
      index /= out.shape[d];
      p.out.data += i * out.strides[d] * item;
      p.a.data += i * a.strides[d] * item;
      p.b.data += i * b.strides[d] * item;
      if (base.data) p.base.data += i * base.strides[d] * item;
    }
    return p;
  }
};

// How one product is cut for the threads: as square as possible, so that little is packed twice, unless packing b is
// cheap. Then rows are shared, as most ops share them, so that a thread finds in its caches what it has made: the
// gradient of a linear layer's weight, for instance, has the rows that the optimizer's step and the forward product
// share.
struct Grid {
  int64_t rows, columns;                  // number of parts
  int64_t row_step = 0, column_step = 0;  // size of a part

  bool bands = false;  // of a symmetric product: rows up to the diagonal, twice as many as parts, long beside short

  WEFT_INLINE Grid(int64_t parts, const Part& p, bool symmetric) : rows(parts), columns(1), bands(symmetric) {
    const int64_t m = p.m, n = p.n;
    if (bands) {
      rows = parts == 1 ? 1 : 2 * parts;
      row_step = ceil_div(ceil_div(m, rows), kTileRows) * kTileRows;
      return;
    }
    const bool by_rows = p.b.column == 1 && p.b.row != 1 && m >= parts * kSharedRows;
    for (int64_t r = 1; r <= parts && !by_rows; r++)
      if (parts % r == 0 && ceil_div(m, r) + ceil_div(n, parts / r) < ceil_div(m, rows) + ceil_div(n, columns))
        rows = r, columns = parts / r;
    constexpr int64_t whole_vectors = 32;  // a multiple of what gemm and gemv do at a time, for every type
    row_step = ceil_div(ceil_div(m, rows), 4) * 4;
    column_step = ceil_div(ceil_div(n, columns), whole_vectors) * whole_vectors;
  }
  // Part `index` of p; empty ones have m or n 0.
  WEFT_INLINE Part part(const Part& p, int64_t index, int64_t item) const {
    if (bands) return band(p, index % 2 == 0 ? index / 2 : rows - 1 - index / 2, item);
    const int64_t i = smaller(index / columns * row_step, p.m), j = smaller(index % columns * column_step, p.n);
    auto move = [&](Matrix<char> x, int64_t row, int64_t column) {
      if (x.data) x.data += (row * x.row + column * x.column) * item;
      return x;
    };
    return {smaller(row_step, p.m - i),
            smaller(column_step, p.n - j),
            p.k,
            move(p.out, i, j),
            move(p.a, i, 0),
            move(p.b, 0, j),
            move(p.base, i, j),
            p.row_by_row,
            p.whole_n};
  }
  WEFT_INLINE Part band(const Part& p, int64_t index, int64_t item) const {
    const int64_t i = smaller(index * row_step, p.m), end = smaller(i + row_step, p.m);
    Part part = p;
    part.m = end - i, part.n = end, part.first_row = i;
    part.out.data += i * p.out.row * item;
    part.a.data += i * p.a.row * item;
    if (part.base.data) part.base.data += i * p.base.row * item;
    return part;
  }
};

// Copies what is below the diagonal of n x n elements to above it: of rows [begin, end).
template <class T>
void mirror(Matrix<T> c, int64_t n, int64_t begin, int64_t end) {
  constexpr int64_t kBlock = 16;
  for (int64_t i = begin; i < end; i += kBlock)
    for (int64_t j = i; j < n; j += kBlock)
      for (int64_t r = i; r < smaller(i + kBlock, end); r++) {
        T* to = c.data + r * c.row;
        const T* from = c.data + r;
        const int64_t last = smaller(j + kBlock, n);
#pragma GCC unroll 4
        for (int64_t q = j > r ? j : r + 1; q < last; q++) to[q] = from[q * c.row];
      }
}
// Of all products of a batch. Parts of rows read what others do not write.
template <class T>
void mirror_all(const Batch& batch) {
  constexpr int64_t kRows = 64;
  const int64_t n = batch.first.n, blocks = ceil_div(n, kRows);
  parallel_for(batch.count * blocks, ceil_div(1 << 14, kRows * n), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; unit++) {
      const int64_t row = unit % blocks * kRows;
      mirror<T>(typed<T>(batch.at(unit / blocks).out), n, row, smaller(row + kRows, n));
    }
  });
}

// For each part of a product. Whether it is symmetric may be known later than the sizes, as where its operands lie is.
template <class T>
size_t largest_scratch(const Batch& batch, int64_t parts) {
  size_t most = part_scratch<T>(Grid(parts, batch.first, false).part(batch.first, 0, batch.item));
  if (!batch.first.may_be_symmetric()) return most;
  const Grid bands(parts, batch.first, true);
  for (int64_t i = 0; i < bands.rows; i++) {
    const size_t bytes = part_scratch<T>(bands.part(batch.first, i, batch.item));
    if (bytes > most) most = bytes;
  }
  return most;
}

// What becomes of a product beside being computed; nullptr: nothing.
struct Further {
  const Epilogue* then = nullptr;
  const ScaleFactors* factors = nullptr;
  bool symmetric = false;  // may half of it do, although something is added?
};

template <class T>
void multiply(const Batch& batch, const Further& further) {
  const Part& first = batch.first;
  const int64_t operations = batch.count * first.m * first.n * (first.k > 0 ? first.k : 1);
  if (operations == 0) return;
  int64_t workers = smaller(num_threads(), operations / kPartOperations);
  if (workers < 1) workers = 1;
  const Epilogue* then = further.then;
  const bool symmetric = !then && (further.symmetric || !first.base.data) && batch.multiplies_itself();
  const Grid grid(ceil_div(workers, batch.count), first, symmetric);
  const int64_t parts = grid.rows * grid.columns, units = parts * batch.count;
  const size_t scratch_bytes = largest_scratch<T>(batch, ceil_div(workers, batch.count));
  auto work = [&](int64_t begin, int64_t end, char* scratch) {
    for (int64_t unit = begin; unit < end; unit++) {
      Part p = grid.part(batch.at(unit / parts), unit % parts, batch.item);
      if (p.m == 0 || p.n == 0) continue;
      if (!then) {
        multiply_part<T>(p, scratch, further.factors, Nothing{});
        continue;
      }
      const int64_t at = (p.out.data - static_cast<char*>(batch.out.data)) / batch.item;
      multiply_part<T>(p, scratch, nullptr, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
        (*then)(at + row * p.out.row + column, rows, rows == 1 ? columns : p.out.row, columns);
      });
    }
  };
  constexpr size_t most_on_stack = 16384;
  const bool on_stack = workers == 1 && scratch_bytes <= most_on_stack;
  Scratch scratch(on_stack ? 0 : scratch_bytes * static_cast<size_t>(workers));
  if (scratch_only_asked()) return;
  if (on_stack) {
    alignas(64) char memory[most_on_stack];
    work(0, units, memory);
  } else {
    parallel_for(workers, 1, [&](int64_t begin, int64_t end) {
      work(units * begin / workers, units * end / workers, scratch.data() + scratch_bytes * static_cast<size_t>(begin));
    });
  }
  if (symmetric) mirror_all<T>(batch);
}

// One product of matrices of bfloat16, where the processor multiplies these. Returns false where it does not.
bool multiply_bfloat16(const StridedView& out, const StridedView& a, const StridedView& b, const StridedView& base,
                       const Further& further) {
  if (out.ndim != 2 || out.dtype != DType::BFloat16 || (base.data && !further.factors)) return false;
  const ScaleFactors factors = further.factors ? *further.factors : ScaleFactors{1, 1};
  const Batch batch(out, a, b, base);
  const bool lower = (further.symmetric || !base.data) && batch.multiplies_itself();
  if (!library_matmul_kernel(Device{}, out, a, b, base, {factors.beta, factors.alpha, lower})) return false;
  if (lower && !scratch_only_asked()) mirror_all<BFloat16>(batch);
  return true;
}

void multiply_all(const StridedView& out, const StridedView& a, const StridedView& b, const StridedView& base,
                  const Further& further) {
  if (multiply_bfloat16(out, a, b, base, further)) {
    if (further.then && !scratch_only_asked()) run_whole(*further.then, out.numel());
    return;
  }
  const Batch batch(out, a, b, base);
  visit_real_dtype(out.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (!__is_same(T, BoolByte)) multiply<typename UnsignedOf<T>::type>(batch, further);
  });
}

void matmul_cpu(StridedView out, StridedView a, StridedView b, StridedView base) { multiply_all(out, a, b, base, {}); }
WEFT_CPU_KERNEL(matmul_kernel, matmul_cpu);

void matmul_then_cpu(StridedView out, StridedView a, StridedView b, StridedView base, const Epilogue& epilogue) {
  multiply_all(out, a, b, base, {.then = &epilogue});
}
WEFT_CPU_KERNEL(matmul_then_kernel, matmul_then_cpu);

void scaled_matmul_cpu(StridedView out, StridedView a, StridedView b, StridedView base, double beta, double alpha,
                       bool symmetric) {
  const ScaleFactors factors{static_cast<float>(beta), static_cast<float>(alpha)};
  multiply_all(out, a, b, base, {.factors = &factors, .symmetric = symmetric});
}
WEFT_CPU_KERNEL(scaled_matmul_kernel, scaled_matmul_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
