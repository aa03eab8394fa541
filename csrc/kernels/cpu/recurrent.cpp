// Recurrent layers on the CPU. Sequences do not depend on each other, so threads share the batch: each takes some rows
// through all time steps, without waiting for others. A step is one product with the weight, which is packed once for
// all of them, and one pass over the gates while they are in the cache.
#include "kernels/recurrent.h"

#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/gemv.h"
#include "kernels/cpu/sum_type.h"
#include "kernels/scalar/recurrent.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kFewSequences = 3;            // for which packing takes longer than it saves
constexpr int64_t kThreadOperations = 1 << 18;  // multiply-adds that are worth waking a thread for

template <class T>
WEFT_INLINE void copy_rows(T* to, const T* from, int64_t count) {
  __builtin_memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
}
// `from` may be nullptr for zeros.
template <class T>
WEFT_INLINE void fill_rows(T* to, const T* from, int64_t count) {
  if (from)
    copy_rows(to, from, count);
  else
    __builtin_memset(to, 0, static_cast<size_t>(count) * sizeof(T));
}
template <class T>
WEFT_INLINE T* row_of(const StridedView& v, int64_t row, int64_t size) {
  return v.data ? v.as<T>() + row * size : nullptr;
}

// B(k, n), which many products share: in the strips that a panel reads, block by block of k. For few sequences it stays
// where it is. How a row is multiplied depends on the size of the whole batch alone, and so do its bits.
template <class T>
class SharedFactor {
 public:
  SharedFactor(int64_t k, int64_t n, Matrix<const T> b, int64_t sequences)
      : k_(k), n_(n), b_(b), few_(sequences <= kFewSequences) {}
  WEFT_INLINE int64_t elements() const { return few_ ? 0 : k_ * padded(); }
  WEFT_INLINE size_t bytes() const { return round_up(static_cast<size_t>(elements()) * sizeof(T)); }
  WEFT_INLINE size_t product_bytes(int64_t rows) const {
    if (few_ || !packs_rows()) return 0;
    return round_up(static_cast<size_t>(ceil_div(rows, kTileRows) * kTileRows * depth()) * sizeof(T));
  }

  void pack(void* to) {
    if (few_) return;
    packed_ = static_cast<T*>(to);
    parallel_for(
        padded() / kTileColumns<T>, 1 + (1 << 15) / (k_ * kTileColumns<T> + 1), [&](int64_t begin, int64_t end) {
          for (int64_t p = 0; p < k_; p += depth())
            for (int64_t j = begin * kTileColumns<T>; j < end * kTileColumns<T> && j < n_; j += kTileColumns<T>) {
              const Matrix<const T> b = b_.at(p, j), columns{b.data, b.column, b.row};
              const int64_t width = smaller(kTileColumns<T>, n_ - j), deep = smaller(depth(), k_ - p);
              if (width <= kLanes<T>)
                pack_strip<T, kLanes<T>>(strip(p, j, deep), columns, width, deep);
              else
                pack_strip<T, kTileColumns<T>>(strip(p, j, deep), columns, width, deep);
            }
        });
  }

  // c(m, n) = [base +] a(m, k) B, rows of adjacent elements; scratch: product_bytes(m). base may be c.
  void multiply(int64_t m, const T* a, T* c, const T* base, int64_t base_row, void* scratch) const {
    if (few_) {
      for (int64_t i = 0; i < m; i++) {
        const T* start = base ? base + i * base_row : nullptr;
        gemv<T>(n_, k_, a + i * k_, b_, c + i * n_, start, 1, n_);
      }
      return;
    }
    T* rows = static_cast<T*>(scratch);
    for (int64_t p = 0; p < k_; p += depth()) {
      const int64_t deep = smaller(depth(), k_ - p);
      if (packs_rows()) pack_tiles<T>(rows, {a + p, k_, 1}, m, deep);
      const Matrix<const T> left = packs_rows() ? Matrix<const T>{rows, 1, kTileRows} : Matrix<const T>{a + p, k_, 1};
      const T* start = p ? c : base;
      const int64_t start_row = p ? n_ : base_row;
      for (int64_t j = 0; j < n_; j += kTileColumns<T>) {
        const int64_t width = smaller(kTileColumns<T>, n_ - j);
        const T* from = start ? start + j : nullptr;
        if (width <= kLanes<T>)
          panel<T, 1>(m, width, deep, left, packs_rows(), strip(p, j, deep), kLanes<T>, c + j, n_, from, start_row);
        else
          panel<T, kTileVectors>(m, width, deep, left, packs_rows(), strip(p, j, deep), kTileColumns<T>, c + j, n_,
                                 from, start_row);
      }
    }
  }

 private:
  // Short rows lie together as they are.
  WEFT_INLINE bool packs_rows() const { return k_ > kMaxDepth<T>; }
  WEFT_INLINE int64_t padded() const { return ceil_div(n_, kTileColumns<T>) * kTileColumns<T>; }
  WEFT_INLINE int64_t depth() const {
    return k_ <= kMaxDepth<T> ? (k_ > 0 ? k_ : 1) : ceil_div(k_, ceil_div(k_, kMaxDepth<T>));
  }
  WEFT_INLINE T* strip(int64_t p, int64_t j, int64_t deep) const { return packed_ + p * padded() + j * deep; }

  int64_t k_, n_;
  Matrix<const T> b_;
  bool few_;
  T* packed_ = nullptr;
};

// The products of a layer: with W_hh, and with W_hr where the output is projected.
template <class T>
struct Factors {
  SharedFactor<T> hh, hr;
  WEFT_INLINE size_t bytes() const { return hh.bytes() + hr.bytes(); }
  WEFT_INLINE void pack(char* to) {
    hh.pack(to);
    hr.pack(to + hh.bytes());
  }
};

// How the sequences are shared: parts of about as many rows.
struct Share {
  int64_t parts, rows;  // the most rows of a part
  WEFT_INLINE explicit Share(const RecurrentGeometry& g) {
    const int64_t operations = g.rows * gates_of(g.cell) * g.hidden * (g.output > 0 ? g.output : 1);
    int64_t most = smaller(num_threads(), operations / kThreadOperations + 1);
    most = smaller(most, g.batch);
    rows = ceil_div(g.batch, most > 0 ? most : 1);
    parts = rows > 0 ? ceil_div(g.batch, rows) : 0;
  }
};

// Calls f(first sequence, last sequence, scratch) for every part.
template <class T, class F>
void share_sequences(const RecurrentGeometry& g, Factors<T>& factors, size_t part_bytes, const Share& share,
                     const F& f) {
  Scratch scratch(factors.bytes() + part_bytes * static_cast<size_t>(share.parts));
  if (scratch_only_asked()) return;
  factors.pack(scratch.data());
  parallel_for(share.parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++)
      f(part * share.rows, smaller((part + 1) * share.rows, g.batch),
        scratch.data() + factors.bytes() + part_bytes * static_cast<size_t>(part));
  });
}

// --- forward --------------------------------------------------------------------------------------------------------

// The gates of one sequence at one step; c becomes the new cell.
template <class T>
void lstm_row(T* gates, T* c, T* kept, T* y, int64_t n) {
  T *i = gates, *f = gates + n, *g = gates + 2 * n, *o = gates + 3 * n;
#pragma omp simd
  for (int64_t j = 0; j < n; j++) y[j] = scalar::lstm_step(i[j], f[j], g[j], o[j], c[j]);
  if (kept) copy_rows(kept, c, n);
}

// gates: nullptr where they are not kept.
template <class T>
void gru_row(const T* pre, const T* hidden, const T* h, T* gates, T* y, int64_t n) {
  if (!gates) {
#pragma omp simd
    for (int64_t j = 0; j < n; j++) {
      T r = pre[j], z = pre[n + j], m = pre[2 * n + j];
      y[j] = scalar::gru_step(r, z, m, hidden[j], hidden[n + j], hidden[2 * n + j], h[j]);
    }
    return;
  }
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    T r = pre[j], z = pre[n + j], m = pre[2 * n + j];
    y[j] = scalar::gru_step(r, z, m, hidden[j], hidden[n + j], hidden[2 * n + j], h[j]);
    gates[j] = r, gates[n + j] = z, gates[2 * n + j] = m, gates[3 * n + j] = hidden[2 * n + j];
  }
}

template <bool relu, class T>
void rnn_row(T* y, int64_t n) {
#pragma omp simd
  for (int64_t j = 0; j < n; j++) y[j] = scalar::rnn_step<relu>(y[j]);
}

// Sequences first to last, whose state is in h_n (and c_n).
template <class T>
void run_sequences(const RecurrentViews& v, const RecurrentGeometry& g, const Factors<T>& factors, int64_t first,
                   int64_t last, char* scratch) {
  const int64_t n = g.hidden, width = gates_of(g.cell) * n, out = g.output;
  T* h = row_of<T>(v.h_n, first, out);
  copy_rows(h, row_of<T>(v.h0, first, out), (last - first) * out);
  T* c = row_of<T>(v.c_n, first, n);
  if (c) copy_rows(c, row_of<T>(v.c0, first, n), (last - first) * n);
  char* product = scratch;
  T* buffer = reinterpret_cast<T*>(scratch + factors.hh.product_bytes(last - first));  // pre-activations of a step
  T* projected = buffer + (last - first) * width;
  char* projection = reinterpret_cast<char*>(projected) + round_up(static_cast<size_t>((last - first) * n) * sizeof(T));
  for_recurrent_steps(g, false, [&](const RecurrentStep& s) {
    const int64_t m = smaller(last, s.rows) - first, row = s.first + first;
    if (m <= 0) return;
    T* y = row_of<T>(v.y, row, out);
    const T* pre = row_of<T>(v.pre, row, width);
    if (g.cell == RecurrentCell::Lstm) {
      T* gates = v.gates.data ? row_of<T>(v.gates, row, width) : buffer;
      factors.hh.multiply(m, h, gates, pre, width, product);
      T* kept = row_of<T>(v.cells, row, n);
      T* to = v.w_hr.data ? projected : y;
      for (int64_t i = 0; i < m; i++)
        lstm_row(gates + i * width, c + i * n, kept ? kept + i * n : nullptr, to + i * n, n);
      if (v.w_hr.data) factors.hr.multiply(m, projected, y, nullptr, 0, projection);
    } else if (g.cell == RecurrentCell::Gru) {
      factors.hh.multiply(m, h, buffer, v.b_hh.as<T>(), 0, product);
      T* gates = row_of<T>(v.gates, row, 4 * n);
      for (int64_t i = 0; i < m; i++)
        gru_row(pre + i * width, buffer + i * width, h + i * n, gates ? gates + i * 4 * n : nullptr, y + i * n, n);
    } else {
      factors.hh.multiply(m, h, y, pre, width, product);
      g.cell == RecurrentCell::Relu ? rnn_row<true>(y, m * n) : rnn_row<false>(y, m * n);
    }
    copy_rows(h, y, m * out);
  });
}

template <class T>
void recurrent_as(const RecurrentViews& v, const RecurrentGeometry& g) {
  const int64_t width = gates_of(g.cell) * g.hidden;
  // The products are h W_hh' and m W_hr'.
  Factors<T> factors{{g.output, width, {v.w_hh.as<T>(), 1, g.output}, g.batch},
                     {v.w_hr.data ? g.hidden : 0, v.w_hr.data ? g.output : 0, {v.w_hr.as<T>(), 1, g.hidden}, g.batch}};
  const Share share(g);
  const size_t bytes = factors.hh.product_bytes(share.rows) + factors.hr.product_bytes(share.rows) +
                       round_up(static_cast<size_t>(share.rows * width) * sizeof(T)) +
                       round_up(static_cast<size_t>(share.rows * g.hidden) * sizeof(T));
  share_sequences(g, factors, bytes, share, [&](int64_t first, int64_t last, char* scratch) {
    run_sequences(v, g, factors, first, last, scratch);
  });
}

void recurrent_cpu(const RecurrentViews& views, const RecurrentGeometry& geometry) {
  views.y.dtype == DType::Float64 ? recurrent_as<double>(views, geometry) : recurrent_as<float>(views, geometry);
}
WEFT_CPU_KERNEL(recurrent_kernel, recurrent_cpu);

// --- backward -------------------------------------------------------------------------------------------------------

// What flowed into kept values directly, or zero.
template <bool given, class T>
WEFT_INLINE T extra(const T* p, int64_t j) {
  if constexpr (given) return p[j];
  return T(0);
}

// d_gates: gradients of the kept gates, d_cells of the kept cells; both or none. dc becomes that of the cell before.
template <bool more, class T>
void lstm_row_backward(const T* gates, const T* c, const T* before, const T* dh, const T* d_gates, const T* d_cells,
                       T* dc, T* d_pre, int64_t n) {
  const T *i = gates, *f = gates + n, *g = gates + 2 * n, *o = gates + 3 * n;
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    T di = extra<more>(d_gates, j), df = extra<more>(d_gates, n + j), dg = extra<more>(d_gates, 2 * n + j),
      d_o = extra<more>(d_gates, 3 * n + j), cell = dc[j] + extra<more>(d_cells, j);
    scalar::lstm_step_backward(i[j], f[j], g[j], o[j], c[j], before[j], dh[j], di, df, dg, d_o, cell);
    d_pre[j] = di, d_pre[n + j] = df, d_pre[2 * n + j] = dg, d_pre[3 * n + j] = d_o, dc[j] = cell;
  }
}

// dh becomes the part of the gradient of the state before that does not come through the gates.
template <bool more, class T>
void gru_row_backward(const T* gates, const T* h, const T* d_gates, T* dh, T* d_pre, T* d_hidden, int64_t n) {
  const T *r = gates, *z = gates + n, *m = gates + 2 * n, *hn = gates + 3 * n;
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    T dr = extra<more>(d_gates, j), dz = extra<more>(d_gates, n + j), dm = extra<more>(d_gates, 2 * n + j),
      dhn = extra<more>(d_gates, 3 * n + j);
    dh[j] = scalar::gru_step_backward(r[j], z[j], m[j], hn[j], h[j], dh[j], dr, dz, dm, dhn);
    d_pre[j] = d_hidden[j] = dr, d_pre[n + j] = d_hidden[n + j] = dz;
    d_pre[2 * n + j] = dm, d_hidden[2 * n + j] = dhn;
  }
}

template <bool relu, class T>
void rnn_row_backward(const T* y, const T* dh, T* d_pre, int64_t n) {
#pragma omp simd
  for (int64_t j = 0; j < n; j++) d_pre[j] = scalar::rnn_step_backward<relu>(y[j], dh[j]);
}

template <class T>
void add_rows(T* to, const T* from, int64_t count) {
#pragma omp simd
  for (int64_t j = 0; j < count; j++) to[j] += from[j];
}

// One step of the sequences from `first` on; dh and dc are the gradients of their states.
template <class T>
struct BackwardStep {
  const RecurrentBackwardViews& v;
  const RecurrentGeometry& g;
  const RecurrentStep& s;
  int64_t first, m;

  // Row i of the states (of this size) before the step.
  WEFT_INLINE const T* before(const StridedView& states, const StridedView& initial, int64_t i, int64_t size) const {
    const int64_t sequence = first + i;
    return sequence < s.before_rows ? row_of<T>(states, s.before + sequence, size) : row_of<T>(initial, sequence, size);
  }
  // dh: the gradients of the cell's outputs.
  void lstm(const T* dh, T* dc, T* d_pre) const {
    const int64_t n = g.hidden, row = s.first + first;
    for (int64_t i = 0; i < m; i++) {
      const T *gates = row_of<T>(v.gates, row + i, 4 * n), *c = row_of<T>(v.cells, row + i, n),
              *c_before = before(v.cells, v.c0, i, n), *d_gates = row_of<T>(v.d_gates, row + i, 4 * n),
              *d_cells = row_of<T>(v.d_cells, row + i, n);
      T *own_dc = dc + i * n, *own = d_pre + i * 4 * n;
      d_gates ? lstm_row_backward<true>(gates, c, c_before, dh + i * n, d_gates, d_cells, own_dc, own, n)
              : lstm_row_backward<false>(gates, c, c_before, dh + i * n, d_gates, d_cells, own_dc, own, n);
    }
  }
  void gru(T* dh, T* d_pre, T* d_hidden) const {
    const int64_t n = g.hidden, row = s.first + first;
    for (int64_t i = 0; i < m; i++) {
      const T *gates = row_of<T>(v.gates, row + i, 4 * n), *h = before(v.y, v.h0, i, n),
              *d_gates = row_of<T>(v.d_gates, row + i, 4 * n);
      T *own = dh + i * n, *own_pre = d_pre + i * 3 * n, *own_hidden = d_hidden + i * 3 * n;
      d_gates ? gru_row_backward<true>(gates, h, d_gates, own, own_pre, own_hidden, n)
              : gru_row_backward<false>(gates, h, d_gates, own, own_pre, own_hidden, n);
    }
  }
};

template <class T>
void run_backward(const RecurrentBackwardViews& v, const RecurrentGeometry& g, const Factors<T>& factors, int64_t first,
                  int64_t last, char* scratch) {
  const int64_t n = g.hidden, width = gates_of(g.cell) * n, out = g.output;
  T *dh = row_of<T>(v.d_h0, first, out), *dc = row_of<T>(v.d_c0, first, n);
  fill_rows(dh, row_of<T>(v.d_h_n, first, out), (last - first) * out);
  if (dc) fill_rows(dc, row_of<T>(v.d_c_n, first, n), (last - first) * n);
  char* product = scratch;
  char* projection = scratch + factors.hh.product_bytes(last - first);
  T* whole = reinterpret_cast<T*>(projection + factors.hr.product_bytes(last - first));  // before the projection
  for_recurrent_steps(g, true, [&](const RecurrentStep& s) {
    const int64_t m = smaller(last, s.rows) - first, row = s.first + first;
    if (m <= 0) return;
    const BackwardStep<T> step{v, g, s, first, m};
    T *d_pre = row_of<T>(v.d_pre, row, width), *d_hidden = d_pre;
    if (v.d_y.data) add_rows(dh, row_of<T>(v.d_y, row, out), m * out);
    const T* base = nullptr;
    if (g.cell == RecurrentCell::Lstm) {
      if (v.w_hr.data) {
        copy_rows(row_of<T>(v.d_output, row, out), dh, m * out);
        factors.hr.multiply(m, dh, whole, nullptr, 0, projection);
      }
      step.lstm(v.w_hr.data ? whole : dh, dc, d_pre);
    } else if (g.cell == RecurrentCell::Gru) {
      d_hidden = row_of<T>(v.d_hidden, row, width);
      step.gru(dh, d_pre, d_hidden);
      base = dh;
    } else {
      const T* y = row_of<T>(v.y, row, n);
      g.cell == RecurrentCell::Relu ? rnn_row_backward<true>(y, dh, d_pre, m * n)
                                    : rnn_row_backward<false>(y, dh, d_pre, m * n);
    }
    factors.hh.multiply(m, d_hidden, dh, base, out, product);
  });
}

template <class T>
void recurrent_backward_as(const RecurrentBackwardViews& v, const RecurrentGeometry& g) {
  const int64_t width = gates_of(g.cell) * g.hidden;
  // The products are d W_hh and d W_hr.
  Factors<T> factors{{width, g.output, {v.w_hh.as<T>(), g.output, 1}, g.batch},
                     {v.w_hr.data ? g.output : 0, v.w_hr.data ? g.hidden : 0, {v.w_hr.as<T>(), g.hidden, 1}, g.batch}};
  const Share share(g);
  const size_t bytes = factors.hh.product_bytes(share.rows) + factors.hr.product_bytes(share.rows) +
                       round_up(static_cast<size_t>(share.rows * g.hidden) * sizeof(T));
  share_sequences(g, factors, bytes, share, [&](int64_t first, int64_t last, char* scratch) {
    run_backward(v, g, factors, first, last, scratch);
  });
}

void recurrent_backward_cpu(const RecurrentBackwardViews& views, const RecurrentGeometry& geometry) {
  views.y.dtype == DType::Float64 ? recurrent_backward_as<double>(views, geometry)
                                  : recurrent_backward_as<float>(views, geometry);
}
WEFT_CPU_KERNEL(recurrent_backward_kernel, recurrent_backward_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
