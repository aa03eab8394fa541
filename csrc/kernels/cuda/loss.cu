// Cross entropy. Classes that lie side by side are read by a warp or a block; else a thread has an element's classes.
#include "kernels/loss.h"

#include "kernels/cuda/index_error.h"
#include "kernels/cuda/reduce.h"
#include "kernels/cuda/rows.h"
#include "kernels/scalar/math.h"

namespace weft::cuda {
namespace {

// Logits as (outer, classes, inner).
struct Geometry {
  int64_t outer, classes, inner = 1;
  explicit Geometry(const StridedView& v) : outer(v.shape[0]), classes(v.shape[1]) {
    for (int d = 2; d < v.ndim; d++) inner *= v.shape[d];
  }
};

struct Call {
  void *logits, *out;
  DType dtype;
  const int64_t* target;
  const void* weight;
  double *losses, *log_sums, *weights;
  const double* grad;
  CrossEntropyRule rule;
};

template <class C>
WEFT_INLINE double weight_of(const Call& c, int64_t k) {
  return c.weight ? static_cast<double>(load<C>(c.weight, c.dtype, k)) : 1.0;
}

// Writes an element's results. A class out of range has been reported; its loss is no number.
template <class C>
WEFT_INLINE void finish_element(const Call& c, const Geometry& g, int64_t i, int64_t first, double log_sum,
                                double spread) {
  int64_t t = c.target[i];
  bool ignored = t == c.rule.ignore_index, bad = !ignored && (t < 0 || t >= g.classes);
  double w = ignored || bad ? 0.0 : weight_of<C>(c, t), loss = 0;
  if (bad) {
    loss = __builtin_nan("");
  } else if (!ignored) {
    double own = static_cast<double>(load<C>(c.logits, c.dtype, first + t * g.inner));
    loss = w * (log_sum - own) * (1.0 - c.rule.smoothing) + c.rule.smoothing / static_cast<double>(g.classes) * spread;
  }
  c.losses[i] = loss;
  c.log_sums[i] = log_sum;
  c.weights[i] = w;
}

template <class C>
struct Largest {
  static WEFT_INLINE C join(C a, C b) { return b > a ? b : a; }
};

template <class C>
__global__ void forward_rows(RowCache<C> cache, Call c, Geometry g) {
  RowGroup group(cache);
  for (int64_t i = group.first_row(); i < g.outer; i += group.row_step()) {
    RowReader<C> x(cache, group, c.logits, c.dtype, i, 0);
    C top = -static_cast<C>(__builtin_inff()), sum = 0;
    x.each([&](int64_t, C v) { top = v > top ? v : top; });
    top = group.template join<Largest<C>>(top);
    x.each([&](int64_t, C v) { sum += scalar::exp(v - top); });
    sum = group.template join<SumOf<C>>(sum);
    double log_sum = static_cast<double>(top) + __builtin_log(static_cast<double>(sum)), spread = 0;
    if (c.rule.smoothing != 0) {
      x.each([&](int64_t k, C v) { spread += weight_of<C>(c, k) * (log_sum - static_cast<double>(v)); });
      spread = group.template join<SumOf<double>>(spread);
    }
    if (group.lane == 0) finish_element<C>(c, g, i, i * g.classes, log_sum, spread);
  }
}

template <class C>
__global__ void forward_columns(Call c, Geometry g) {
  for (int64_t i = first_item(); i < g.outer * g.inner; i += item_step()) {
    int64_t first = i / g.inner * g.classes * g.inner + i % g.inner;
    C top = -static_cast<C>(__builtin_inff()), sum = 0;
    for (int64_t k = 0; k < g.classes; k++)
      top = Largest<C>::join(top, load<C>(c.logits, c.dtype, first + k * g.inner));
    for (int64_t k = 0; k < g.classes; k++) sum += scalar::exp(load<C>(c.logits, c.dtype, first + k * g.inner) - top);
    double log_sum = static_cast<double>(top) + __builtin_log(static_cast<double>(sum)), spread = 0;
    for (int64_t k = 0; c.rule.smoothing != 0 && k < g.classes; k++)
      spread += weight_of<C>(c, k) * (log_sum - static_cast<double>(load<C>(c.logits, c.dtype, first + k * g.inner)));
    finish_element<C>(c, g, i, first, log_sum, spread);
  }
}

template <class C>
void forward_as(const Call& c, const Geometry& g) {
  if (g.inner > 1 || g.classes == 0) return launch(forward_columns<C>, grid_for(g.outer * g.inner, 128), c, g);
  RowCache<C> cache(g.classes, 1, g.outer, {{c.logits, c.dtype}});
  launch(forward_rows<C>, cache.grid, cache, c, g);
}

void cross_entropy_cuda(StridedView losses, StridedView log_sums, StridedView weights, StridedView logits,
                        StridedView target, StridedView weight, CrossEntropyRule rule) {
  if (losses.numel() == 0) return;
  Call c{logits.data,
         nullptr,
         logits.dtype,
         target.as<int64_t>(),
         weight.data,
         losses.as<double>(),
         log_sums.as<double>(),
         weights.as<double>(),
         nullptr,
         rule};
  logits.dtype == DType::Float64 ? forward_as<double>(c, Geometry(logits)) : forward_as<float>(c, Geometry(logits));
}
WEFT_CUDA_KERNEL(cross_entropy_kernel, cross_entropy_cuda);

// The gradient of one logit.
template <class C>
struct Slope {
  C log_sum, rest, all, own;
  double spread;
  int64_t t;
  bool ignored;
  __device__ Slope(const Call& c, const Geometry& g, int64_t i, double all_weights) : t(c.target[i]) {
    ignored = t == c.rule.ignore_index || t < 0 || t >= g.classes;
    double share = c.rule.smoothing / static_cast<double>(g.classes);
    double w = ignored ? 0.0 : weight_of<C>(c, t), scale = ignored ? 0.0 : c.grad[i];
    double mine = scale * w * (1.0 - c.rule.smoothing);
    // In two parts: rounded to C, a large one would be off by much more than the rounding of the difference.
    log_sum = static_cast<C>(c.log_sums[i]);
    rest = static_cast<C>(c.log_sums[i] - static_cast<double>(log_sum));
    all = static_cast<C>(mine + scale * share * all_weights);
    own = static_cast<C>(mine);
    spread = scale * share;
  }
  __device__ __forceinline__ C at(const Call& c, int64_t k, C x) const {
    if (ignored) return C(0);
    C y = scalar::exp((x - log_sum) - rest) * all;
    if (spread != 0) y -= static_cast<C>(spread * weight_of<C>(c, k));
    return k == t ? y - own : y;
  }
};

template <class C>
__global__ void backward_rows(RowCache<C> cache, Call c, Geometry g, const double* all_weights) {
  RowGroup group(cache);
  for (int64_t i = group.first_row(); i < g.outer; i += group.row_step()) {
    Slope<C> slope(c, g, i, all_weights ? *all_weights : static_cast<double>(g.classes));
    RowReader<C> x(cache, group, c.logits, c.dtype, i, 0);
    x.map(c.out, c.dtype, [&](int64_t k, C v) { return slope.at(c, k, v); });
  }
}

template <class C>
__global__ void backward_columns(Call c, Geometry g, const double* all_weights) {
  for (int64_t i = first_item(); i < g.outer * g.inner; i += item_step()) {
    Slope<C> slope(c, g, i, all_weights ? *all_weights : static_cast<double>(g.classes));
    int64_t first = i / g.inner * g.classes * g.inner + i % g.inner;
    for (int64_t k = 0; k < g.classes; k++) {
      int64_t at = first + k * g.inner;
      store(c.out, c.dtype, at, slope.at(c, k, load<C>(c.logits, c.dtype, at)));
    }
  }
}

template <class C>
__global__ void sum_weights(double* sum, Call c, int64_t classes) {
  __shared__ double shared[kReduceThreads];
  double mine = 0;
  for (int64_t k = threadIdx.x; k < classes; k += kReduceThreads) mine += weight_of<C>(c, k);
  shared[threadIdx.x] = mine;
  __syncthreads();
  for (int half = kReduceThreads / 2; half > 0; half /= 2) {
    if (static_cast<int>(threadIdx.x) < half) shared[threadIdx.x] += shared[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) *sum = shared[0];
}

template <class C>
void backward_as(const Call& c, const Geometry& g) {
  bool weighted = c.weight && c.rule.smoothing != 0;
  DeviceScratch scratch(weighted ? sizeof(double) : 0);
  double* all = scratch.as<double>();
  if (weighted) launch(sum_weights<C>, Grid{dim3(1), dim3(kReduceThreads)}, all, c, g.classes);
  if (g.inner > 1) return launch(backward_columns<C>, grid_for(g.outer * g.inner, 128), c, g, all);
  RowCache<C> cache(g.classes, 0, g.outer, {{c.logits, c.dtype}, {c.out, c.dtype}});
  launch(backward_rows<C>, cache.grid, cache, c, g, all);
}

void cross_entropy_backward_cuda(StridedView out, StridedView grad, StridedView logits, StridedView log_sums,
                                 StridedView target, StridedView weight, CrossEntropyRule rule) {
  if (out.numel() == 0) return;
  Call c{logits.data,       out.data, logits.dtype,          target.as<int64_t>(),
         weight.data,       nullptr,  log_sums.as<double>(), nullptr,
         grad.as<double>(), rule};
  logits.dtype == DType::Float64 ? backward_as<double>(c, Geometry(logits)) : backward_as<float>(c, Geometry(logits));
}
WEFT_CUDA_KERNEL(cross_entropy_backward_kernel, cross_entropy_backward_cuda);

__global__ void check_classes(const int64_t* target, int64_t n, int64_t classes, int64_t ignore_index,
                              IndexError* error, const char* op) {
  for (int64_t i = first_item(); i < n; i += item_step())
    if ((target[i] < 0 || target[i] >= classes) && target[i] != ignore_index) report(error, op, target[i], classes);
}

void first_bad_class_cuda(StridedView target, int64_t classes, int64_t ignore_index, int64_t* position) {
  *position = -1;
  int64_t n = target.numel();
  if (n)
    launch(check_classes, grid_for(n, 256, 1 << 12), target.as<int64_t>(), n, classes, ignore_index, index_error(),
           allocation_tag());
}
WEFT_CUDA_KERNEL(first_bad_class_kernel, first_bad_class_cuda);

}  // namespace
}  // namespace weft::cuda
