#include "kernels/adafactor.h"

#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/cpu/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// Elements that make a block of rows, which one thread takes, and the fewest rows of it: each block sums over its
// columns by itself.
constexpr int64_t kAdaBlock = 1 << 16, kAdaRows = 64;

// How a parameter is cut, by its size alone: sums are the same for any number of threads.
struct AdaBlocks {
  int64_t rows, columns;          // of a matrix
  int64_t height, count, blocks;  // rows of a block; blocks of a matrix and altogether
  WEFT_INLINE explicit AdaBlocks(const AdafactorItem& item) : rows(item.rows), columns(item.columns) {
    height = ceil_div(kAdaBlock, columns);
    if (height < kAdaRows) height = kAdaRows;
    if (height > rows) height = rows;
    count = ceil_div(rows, height);
    blocks = count * item.matrices;
  }
  // f(block, matrix, first row, rows)
  template <class F>
  WEFT_INLINE void for_each(const F& f) const {
    parallel_for(blocks, ceil_div(1 << 13, height * columns), [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; b++) {
        const int64_t row = b % count * height;
        f(b, b / count, row, smaller(height, rows - row));
      }
    });
  }
};

WEFT_INLINE double ada_total(const double* sums, int64_t n) {
  double total = 0;
  for (int64_t i = 0; i < n; i++) total += sums[i];
  return total;
}
// NaN stays.
WEFT_INLINE double at_least(double x, double least) { return x < least ? least : x; }
WEFT_INLINE double root_of(double x) { return __builtin_sqrt(x); }
WEFT_INLINE float root_of(float x) { return __builtin_sqrtf(x); }

// Adds the squares of Rows rows of g: over[i] = the sum over row i, and to columns those over them. Returns the sum of
// the squares of p. In double precision nothing leaves the range of numbers.
template <class T, int Rows>
WEFT_INLINE double ada_squares(const T* p, const T* g, int64_t n, double* over, double* __restrict columns) {
  double a = 0, b = 0, c = 0, d = 0, sum = 0;
#pragma omp simd reduction(+ : a, b, c, d, sum)
  for (int64_t j = 0; j < n; j++) {
    const double g0 = g[j], p0 = p[j], s0 = g0 * g0;
    double column = s0;
    a += s0;
    sum += p0 * p0;
    if constexpr (Rows == 4) {
      const double g1 = g[n + j], g2 = g[2 * n + j], g3 = g[3 * n + j];
      const double p1 = p[n + j], p2 = p[2 * n + j], p3 = p[3 * n + j];
      const double s1 = g1 * g1, s2 = g2 * g2, s3 = g3 * g3;
      b += s1, c += s2, d += s3;
      column = (s0 + s1) + (s2 + s3);
      sum += p1 * p1 + (p2 * p2 + p3 * p3);
    }
    columns[j] += column;
  }
  over[0] = a;
  if constexpr (Rows == 4) over[1] = b, over[2] = c, over[3] = d;
  return sum;
}

// The sum of the squares of the direction: g by the smaller one of weight * weights[j] and bound. A NaN is smaller.
template <class T>
WEFT_INLINE double ada_direction_squares(const T* g, int64_t n, T weight, const T* weights, T bound) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; j++) {
    const T w = weight * weights[j];
    const double u = static_cast<double>((w > bound ? bound : w) * g[j]);
    sum += u * u;
  }
  return sum;
}

template <class T>
WEFT_INLINE void ada_step(T* __restrict p, const T* __restrict g, int64_t n, T weight, const T* __restrict weights,
                          T bound, T keep, T size) {
#pragma omp simd
  for (int64_t j = 0; j < n; j++) {
    const T w = weight * weights[j];
    p[j] = p[j] * keep - (w > bound ? bound : w) * g[j] * size;
  }
}

// What becomes of both sums of squares: the factor of the direction.
WEFT_INLINE double ada_size(const AdafactorItem& item, const double* numbers, double of_param, double of_direction,
                            bool maximize) {
  const double count = static_cast<double>(item.matrices * item.rows * item.columns);
  const double scale = at_least(root_of(of_param / count), numbers[kAdaSmallestScale]);
  const double length = at_least(root_of(of_direction / count) * numbers[kAdaClip], 1);
  const double size = scale * numbers[kAdaRelative] / length;
  return maximize ? -size : size;
}

// The means of squares, with the new ones blended in, and from them the roots of 1 / V as a row's and a column's
// factor.
template <class T>
void ada_weights(const AdafactorItem& item, const AdaBlocks& cut, double blend, double eps, const double* row_sums,
                 double* column_sums, T* row_weights, T* column_weights) {
  T* row_mean = static_cast<T*>(item.row_mean);
  T* column_mean = static_cast<T*>(item.column_mean);
  for (int64_t m = 0; m < item.matrices; m++) {
    double sum = 0;
    for (int64_t i = 0; i < cut.rows; i++) {
      T& mean = row_mean[m * cut.rows + i];
      const double before = mean, now = row_sums[m * cut.rows + i] / static_cast<double>(cut.columns);
      mean = static_cast<T>(before + blend * (now - before));
      sum += mean;
    }
    const double mean_of_rows = at_least(sum / static_cast<double>(cut.rows), eps);
    for (int64_t i = 0; i < cut.rows; i++)
      row_weights[m * cut.rows + i] = static_cast<T>(1 / root_of(row_mean[m * cut.rows + i] / mean_of_rows));
    double* sums = column_sums + m * cut.count * cut.columns;
    for (int64_t block = 1; block < cut.count; block++)
      for (int64_t j = 0; j < cut.columns; j++) sums[j] += sums[block * cut.columns + j];
    for (int64_t j = 0; j < cut.columns; j++) {
      T& mean = column_mean[m * cut.columns + j];
      const double before = mean, now = sums[j] / static_cast<double>(cut.rows);
      mean = static_cast<T>(before + blend * (now - before));
      column_weights[m * cut.columns + j] = static_cast<T>(1 / root_of(static_cast<double>(mean)));
    }
  }
}

template <class T>
void ada_matrices(const AdafactorItem& item, const double* numbers, double eps, bool maximize, bool decays) {
  const AdaBlocks cut(item);
  const int64_t rows = item.matrices * cut.rows, columns = item.matrices * cut.columns;
  Scratch scratch(static_cast<size_t>(2 * cut.blocks + rows + cut.blocks * cut.columns) * sizeof(double) +
                  static_cast<size_t>(rows + columns) * sizeof(T));
  if (scratch_only_asked()) return;
  double* of_param = reinterpret_cast<double*>(scratch.data());
  double* of_direction = of_param + cut.blocks;
  double* row_sums = of_direction + cut.blocks;
  double* column_sums = row_sums + rows;
  T* row_weights = reinterpret_cast<T*>(column_sums + cut.blocks * cut.columns);
  T* column_weights = row_weights + rows;
  T* param = static_cast<T*>(item.param);
  const T* grad = static_cast<const T*>(item.grad);
  const int64_t n = cut.columns;
  cut.for_each([&](int64_t block, int64_t matrix, int64_t row, int64_t count) {
    double* sums = column_sums + block * n;
    for (int64_t j = 0; j < n; j++) sums[j] = 0;
    const int64_t first = matrix * cut.rows + row;
    double sum = 0;
    int64_t i = first;
    for (; i + 4 <= first + count; i += 4) sum += ada_squares<T, 4>(param + i * n, grad + i * n, n, row_sums + i, sums);
    for (; i < first + count; i++) sum += ada_squares<T, 1>(param + i * n, grad + i * n, n, row_sums + i, sums);
    of_param[block] = sum;
  });
  ada_weights<T>(item, cut, numbers[kAdaBlend], eps, row_sums, column_sums, row_weights, column_weights);
  const T bound = eps > 0 ? static_cast<T>(1 / eps) : static_cast<T>(__builtin_inf());
  cut.for_each([&](int64_t block, int64_t matrix, int64_t row, int64_t count) {
    double sum = 0;
    for (int64_t i = matrix * cut.rows + row; i < matrix * cut.rows + row + count; i++)
      sum += ada_direction_squares<T>(grad + i * n, n, row_weights[i], column_weights + matrix * n, bound);
    of_direction[block] = sum;
  });
  const T size = static_cast<T>(
      ada_size(item, numbers, ada_total(of_param, cut.blocks), ada_total(of_direction, cut.blocks), maximize));
  const T keep = decays ? static_cast<T>(numbers[kAdaKeep]) : T(1);
  cut.for_each([&](int64_t, int64_t matrix, int64_t row, int64_t count) {
    for (int64_t i = matrix * cut.rows + row; i < matrix * cut.rows + row + count; i++)
      ada_step<T>(param + i * n, grad + i * n, n, row_weights[i], column_weights + matrix * n, bound, keep, size);
  });
}

// Blends the squares of g into their means, and returns the sums of the squares of p and of the direction.
template <class T>
WEFT_INLINE void ada_vector_squares(const T* p, const T* g, T* mean, int64_t n, double blend, T least, double* sums) {
  const T part = static_cast<T>(blend);
  double of_param = 0, of_direction = 0;
#pragma omp simd reduction(+ : of_param, of_direction)
  for (int64_t j = 0; j < n; j++) {
    const T square = mean[j] + part * (g[j] * g[j] - mean[j]);
    mean[j] = square;
    const double x = p[j], u = static_cast<double>(g[j] / root_of(square < least ? least : square));
    of_param += x * x;
    of_direction += u * u;
  }
  sums[0] = of_param, sums[1] = of_direction;
}

template <class T>
void ada_vector(const AdafactorItem& item, const double* numbers, double eps, bool maximize, bool decays) {
  constexpr int64_t chunk = 1 << 14;
  const int64_t n = item.columns, chunks = ceil_div(n, chunk);
  Scratch scratch(static_cast<size_t>(2 * chunks) * sizeof(double));
  if (scratch_only_asked()) return;
  double* sums = reinterpret_cast<double*>(scratch.data());
  T *param = static_cast<T*>(item.param), *mean = static_cast<T*>(item.column_mean);
  const T* grad = static_cast<const T*>(item.grad);
  const T least = static_cast<T>(eps * eps);
  parallel_for(chunks, 2, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; c++) {
      const int64_t i = c * chunk;
      ada_vector_squares<T>(param + i, grad + i, mean + i, smaller(chunk, n - i), numbers[kAdaBlend], least,
                            sums + 2 * c);
    }
  });
  double of_param = 0, of_direction = 0;
  for (int64_t c = 0; c < chunks; c++) of_param += sums[2 * c], of_direction += sums[2 * c + 1];
  const T size = static_cast<T>(ada_size(item, numbers, of_param, of_direction, maximize));
  const T keep = decays ? static_cast<T>(numbers[kAdaKeep]) : T(1);
  parallel_for(n, chunk, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t j = begin; j < end; j++)
      param[j] = param[j] * keep - size * (grad[j] / root_of(mean[j] < least ? least : mean[j]));
  });
}

template <class T>
WEFT_INLINE void ada_item(const AdafactorItem& item, const double* numbers, double eps, bool maximize, bool decays) {
  if (item.row_mean)
    ada_matrices<T>(item, numbers, eps, maximize, decays);
  else
    ada_vector<T>(item, numbers, eps, maximize, decays);
}

void adafactor_cpu(const AdafactorItem& item, const double* numbers, double eps, bool maximize, bool decays) {
  if (item.dtype == DType::Float64)
    ada_item<double>(item, numbers, eps, maximize, decays);
  else
    ada_item<float>(item, numbers, eps, maximize, decays);
}
WEFT_CPU_KERNEL(adafactor_kernel, adafactor_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
