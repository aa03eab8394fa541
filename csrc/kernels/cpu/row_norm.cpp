// Layer and group norm: rows side by side on threads. Gradients of the parameters are summed over the rows, parameters
// side by side on threads.
#include "device/cpu/scratch.h"
#include "kernels/cpu/norm_runs.h"
#include "kernels/normalization.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// Calls f(k, m, p) for the runs of a row: elements k to k + m, whose parameters start at p, and are p for all of them
// when inner > 1.
template <class F>
WEFT_INLINE void for_runs(const RowNormGeometry& s, int64_t row, const F& f) {
  int64_t first = row % s.groups * (s.n / s.inner);
  for (int64_t k = 0; k < s.n;) {
    int64_t room = s.inner == 1 ? s.n - k : s.inner - k % s.inner, m = room < kRun ? room : kRun;
    f(k, m, first + k / s.inner);
    k += m;
  }
}

// Parameters as numbers of type C, `otherwise` where they are left out.
template <class C>
class Parameters {
 public:
  Parameters(const StridedView& v, int64_t count, C otherwise)
      : scratch_(v.data && v.dtype == dtype_of<C> ? 0 : static_cast<size_t>(count) * sizeof(C)) {
    if (scratch_only_asked()) return;
    if (v.data && v.dtype == dtype_of<C>) {
      data_ = v.as<C>();
      return;
    }
    C* to = reinterpret_cast<C*>(scratch_.data());
    if (v.data)
      load_run(to, v.data, v.dtype, 1, count);
    else
      for (int64_t i = 0; i < count; i++) to[i] = otherwise;
    data_ = to;
  }
  const C* data() const { return data_; }

 private:
  Scratch scratch_;
  const C* data_ = nullptr;
};

int64_t num_parameters(const RowNormGeometry& s) { return s.groups * (s.n / s.inner); }

template <class C>
void row_norm_as(const StridedView& y, const StridedView& mean, const StridedView& rstd, const StridedView& x,
                 const StridedView& weight, const StridedView& bias, const RowNormGeometry& s, double eps) {
  Parameters<C> weights(weight, num_parameters(s), 1), biases(bias, num_parameters(s), 0);
  if (scratch_only_asked()) return;
  const double count = static_cast<double>(s.n);
  parallel_for(s.rows, kNormGrain / 2 / s.n + 1, [&](int64_t begin, int64_t end) {
    C buffer[kRun], result[kRun];
    for (int64_t row = begin; row < end; row++) {
      double sum = 0, square = 0;
      for_runs(s, row, [&](int64_t k, int64_t m, int64_t) { sum += run_sum(run_of(buffer, x, row * s.n + k, m), m); });
      C center = static_cast<C>(sum / count);
      for_runs(s, row, [&](int64_t k, int64_t m, int64_t) {
        square += run_square_sum(run_of(buffer, x, row * s.n + k, m), m, center);
      });
      C scale = static_cast<C>(1.0 / __builtin_sqrt(square / count + eps));
      for_runs(s, row, [&](int64_t k, int64_t m, int64_t p) {
        const C *from = run_of(buffer, x, row * s.n + k, m), *w = weights.data() + p, *b = biases.data() + p;
        C* to = result_run(result, y, row * s.n + k);
        if (s.inner == 1)
          for (int64_t i = 0; i < m; i++) to[i] = (from[i] - center) * scale * w[i] + b[i];
        else
          for (int64_t i = 0; i < m; i++) to[i] = (from[i] - center) * scale * w[0] + b[0];
        store_result(result, y, row * s.n + k, m);
      });
      mean.as<C>()[row] = center;
      rstd.as<C>()[row] = scale;
    }
  });
}

void row_norm_cpu(StridedView y, StridedView mean, StridedView rstd, StridedView x, StridedView weight,
                  StridedView bias, RowNormGeometry s, double eps) {
  x.dtype == DType::Float64 ? row_norm_as<double>(y, mean, rstd, x, weight, bias, s, eps)
                            : row_norm_as<float>(y, mean, rstd, x, weight, bias, s, eps);
}
WEFT_CPU_KERNEL(row_norm_kernel, row_norm_cpu);

// Rows whose elements have a parameter each.
template <class C>
void input_gradient(const StridedView& dx, const RowNormBackwardInputs& in, const RowNormGeometry& s) {
  Parameters<C> weights(in.weight, num_parameters(s), 1);
  if (scratch_only_asked()) return;
  const double count = static_cast<double>(s.n);
  parallel_for(s.rows, kNormGrain / s.n + 1, [&](int64_t begin, int64_t end) {
    C g_buffer[kRun], x_buffer[kRun], weighted[kRun], result[kRun];
    for (int64_t row = begin; row < end; row++) {
      C center = in.mean.as<C>()[row], scale = in.rstd.as<C>()[row];
      double sum = 0, product = 0;
      auto weigh = [&](int64_t k, int64_t m, int64_t p) {
        const C *g = run_of(g_buffer, in.grad, row * s.n + k, m), *w = weights.data() + p;
        for (int64_t i = 0; i < m; i++) weighted[i] = g[i] * w[i];
      };
      for_runs(s, row, [&](int64_t k, int64_t m, int64_t p) {
        weigh(k, m, p);
        sum += run_sum(weighted, m);
        product += run_product_sum(weighted, run_of(x_buffer, in.x, row * s.n + k, m), m, center);
      });
      C shift = static_cast<C>(sum / count);
      C slope = static_cast<C>(product * static_cast<double>(scale) * static_cast<double>(scale) / count);
      for_runs(s, row, [&](int64_t k, int64_t m, int64_t p) {
        weigh(k, m, p);
        const C* x = run_of(x_buffer, in.x, row * s.n + k, m);
        C* to = result_run(result, dx, row * s.n + k);
        for (int64_t i = 0; i < m; i++) to[i] = scale * (weighted[i] - shift - (x[i] - center) * slope);
        store_result(result, dx, row * s.n + k, m);
      });
    }
  });
}

// Rows whose parameters are those of `inner` elements: the sums over these are a row's share of the parameters'
// gradients, and with the weights they make the sums over the row. So gradient and input are read from memory once.
template <class C>
void channel_gradients(const StridedView& dx, const StridedView& dweight, const StridedView& dbias,
                       const RowNormBackwardInputs& in, const RowNormGeometry& s) {
  Parameters<C> weights(in.weight, num_parameters(s), 1);
  const int64_t per_row = s.n / s.inner;
  Scratch scratch(static_cast<size_t>(s.rows * per_row) * 2 * sizeof(double));
  if (scratch_only_asked()) return;
  double* sums = reinterpret_cast<double*>(scratch.data());  // of g (x - mean) and of g
  const double count = static_cast<double>(s.n);
  parallel_for(s.rows, kNormGrain / s.n + 1, [&](int64_t begin, int64_t end) {
    C g_buffer[kRun], x_buffer[kRun], result[kRun];
    for (int64_t row = begin; row < end; row++) {
      C center = in.mean.as<C>()[row], scale = in.rstd.as<C>()[row];
      const C* w = weights.data() + row % s.groups * per_row;
      double *own = sums + row * per_row * 2, sum = 0, product = 0;
      for (int64_t c = 0; c < per_row; c++) {
        double gx = 0, g_sum = 0;
        for (int64_t k = 0; k < s.inner; k += kRun) {
          int64_t m = s.inner - k < kRun ? s.inner - k : kRun, at = row * s.n + c * s.inner + k;
          const C *g = run_of(g_buffer, in.grad, at, m), *x = run_of(x_buffer, in.x, at, m);
          gx += run_product_sum(g, x, m, center);
          g_sum += run_sum(g, m);
        }
        own[2 * c] = gx, own[2 * c + 1] = g_sum;
        product += gx * static_cast<double>(w[c]);
        sum += g_sum * static_cast<double>(w[c]);
      }
      C shift = static_cast<C>(sum / count);
      C slope = static_cast<C>(product * static_cast<double>(scale) * static_cast<double>(scale) / count);
      for_runs(s, row, [&](int64_t k, int64_t m, int64_t p) {
        const C weight = weights.data()[p], *g = run_of(g_buffer, in.grad, row * s.n + k, m),
                *x = run_of(x_buffer, in.x, row * s.n + k, m);
        C* to = result_run(result, dx, row * s.n + k);
        for (int64_t i = 0; i < m; i++) to[i] = scale * (g[i] * weight - shift - (x[i] - center) * slope);
        store_result(result, dx, row * s.n + k, m);
      });
    }
  });
  if (!dweight.data && !dbias.data) return;
  parallel_for(num_parameters(s), kNormGrain / (s.rows / s.groups + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) {
      double dw = 0, db = 0;
      for (int64_t row = p / per_row; row < s.rows; row += s.groups) {
        const double* own = sums + (row * per_row + p % per_row) * 2;
        dw += own[0] * static_cast<double>(in.rstd.as<C>()[row]);
        db += own[1];
      }
      set_number<C>(dweight, p, dw);
      set_number<C>(dbias, p, db);
    }
  });
}

// Parameters that belong to one element of every row: groups of neighbours, all rows.
template <class C>
void element_parameters(const StridedView& dweight, const StridedView& dbias, const RowNormBackwardInputs& in,
                        const RowNormGeometry& s) {
  constexpr int64_t kWidth = 256, kRows = 64;
  int64_t per_row = s.n, total = num_parameters(s), blocks = (total + kWidth - 1) / kWidth;
  parallel_for(blocks, kNormGrain / (s.rows * kWidth + 1) + 1, [&](int64_t begin, int64_t end) {
    C g_buffer[kWidth], x_buffer[kWidth], weight_sum[kWidth], bias_sum[kWidth];
    for (int64_t block = begin; block < end; block++) {
      int64_t p0 = block * kWidth, width = total - p0 < kWidth ? total - p0 : kWidth;
      double dw[kWidth] = {}, db[kWidth] = {};
      for (int64_t row0 = 0; row0 < s.rows; row0 += kRows) {
        for (int64_t k = 0; k < width; k++) weight_sum[k] = bias_sum[k] = 0;
        for (int64_t row = row0; row < s.rows && row < row0 + kRows; row++) {
          const C *g = run_of(g_buffer, in.grad, row * per_row + p0, width),
                  *x = run_of(x_buffer, in.x, row * per_row + p0, width);
          C center = in.mean.as<C>()[row], scale = in.rstd.as<C>()[row];
          for (int64_t k = 0; k < width; k++) {
            weight_sum[k] += g[k] * ((x[k] - center) * scale);
            bias_sum[k] += g[k];
          }
        }
        for (int64_t k = 0; k < width; k++) {
          dw[k] += static_cast<double>(weight_sum[k]);
          db[k] += static_cast<double>(bias_sum[k]);
        }
      }
      for (int64_t k = 0; k < width; k++) {
        set_number<C>(dweight, p0 + k, dw[k]);
        set_number<C>(dbias, p0 + k, db[k]);
      }
    }
  });
}

// Parameters that belong to one element of every groups-th row.
template <class C>
void group_parameters(const StridedView& dweight, const StridedView& dbias, const RowNormBackwardInputs& in,
                      const RowNormGeometry& s) {
  parallel_for(num_parameters(s), kNormGrain / (s.rows / s.groups + 1) + 1, [&](int64_t begin, int64_t end) {
    C g_buffer[1], x_buffer[1];
    for (int64_t p = begin; p < end; p++) {
      double dw = 0, db = 0;
      for (int64_t row = p / s.n; row < s.rows; row += s.groups) {
        const int64_t at = row * s.n + p % s.n;
        const C g = *run_of(g_buffer, in.grad, at, 1), x = *run_of(x_buffer, in.x, at, 1);
        dw += static_cast<double>(g * (x - in.mean.as<C>()[row])) * static_cast<double>(in.rstd.as<C>()[row]);
        db += static_cast<double>(g);
      }
      set_number<C>(dweight, p, dw);
      set_number<C>(dbias, p, db);
    }
  });
}

template <class C>
void row_norm_backward_as(const StridedView& dx, const StridedView& dweight, const StridedView& dbias,
                          const RowNormBackwardInputs& in, const RowNormGeometry& s) {
  if (s.inner > 1) return channel_gradients<C>(dx, dweight, dbias, in, s);
  input_gradient<C>(dx, in, s);
  if (scratch_only_asked()) return;
  if (!dweight.data && !dbias.data) return;
  s.groups == 1 ? element_parameters<C>(dweight, dbias, in, s) : group_parameters<C>(dweight, dbias, in, s);
}

void row_norm_backward_cpu(StridedView dx, StridedView dweight, StridedView dbias, RowNormBackwardInputs in,
                           RowNormGeometry s) {
  if (s.rows == 0 || s.n == 0) {  // sums over nothing
    if (scratch_only_asked()) return;
    for (const StridedView* v : {&dweight, &dbias})
      if (v->data) __builtin_memset(v->data, 0, static_cast<size_t>(v->numel()) * item_size(v->dtype));
    return;
  }
  in.x.dtype == DType::Float64 ? row_norm_backward_as<double>(dx, dweight, dbias, in, s)
                               : row_norm_backward_as<float>(dx, dweight, dbias, in, s);
}
WEFT_CPU_KERNEL(row_norm_backward_kernel, row_norm_backward_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
