// The forward-backward algorithm, a block for each sample: its threads share the states of a time, and wait for each
// other between times. What several states add to one class is added by one thread, in the order of the states.
#include "kernels/ctc.h"

#include "kernels/cuda/convert.h"
#include "kernels/cuda/index_error.h"
#include "kernels/scalar/ctc.h"

namespace weft::cuda {
namespace {

using scalar::kNever;
using scalar::log_sum;

constexpr int kCtcThreads = 128;

struct Call {
  const void* log_probs;
  DType dtype;
  const int64_t *targets, *input_lengths, *target_lengths;
  int64_t times, batch, classes, labels, blank;
  IndexError* error;
  const char* op;
  explicit Call(const CtcInputs& in)
      : log_probs(in.log_probs.data),
        dtype(in.log_probs.dtype),
        targets(in.targets.as<int64_t>()),
        input_lengths(in.input_lengths.as<int64_t>()),
        target_lengths(in.target_lengths.as<int64_t>()),
        times(in.log_probs.shape[0]),
        batch(in.log_probs.shape[1]),
        classes(in.log_probs.shape[2]),
        labels(in.targets.shape[1]),
        blank(in.blank),
        error(index_error()),
        op(allocation_tag()) {}
  int64_t most_states() const { return 2 * labels + 1; }
};

Grid grid_of(const Call& c) {
  return {dim3(static_cast<unsigned>(std::min<int64_t>(c.batch, 1 << 16))), dim3(kCtcThreads)};
}

// One sample; all threads of the block make it together.
template <class C>
struct Sample : scalar::CtcStates {
  const Call& call;
  int64_t n, times;
  bool valid;  // else lengths or labels are out of range, which has been reported
  __device__ Sample(const Call& c, int64_t sample)
      : CtcStates{c.targets + sample * c.labels, 2 * c.target_lengths[sample] + 1, c.blank},
        call(c),
        n(sample),
        times(c.input_lengths[sample]) {
    __shared__ int wrong;
    __syncthreads();  // no thread still reads the last sample's
    if (threadIdx.x == 0) {
      wrong = 0;
      if (refuse(times, c.times + 1) || refuse(c.target_lengths[sample], c.labels + 1)) wrong = 1;
    }
    __syncthreads();
    const bool lengths = wrong == 0;
    __syncthreads();
    for (int64_t i = threadIdx.x; lengths && i < states / 2; i += blockDim.x)
      if (refuse(c.targets[n * c.labels + i], c.classes)) wrong = 1;
    __syncthreads();
    valid = wrong == 0;
  }
  __device__ bool refuse(int64_t value, int64_t size) const {
    const bool outside = value < 0 || value >= size;
    if (outside) report(call.error, call.op, value, size);
    return outside;
  }
  __device__ __forceinline__ int64_t row(int64_t t) const { return (t * call.batch + n) * call.classes; }
  __device__ __forceinline__ C log_prob(int64_t t, int64_t c) const {
    return load<C>(call.log_probs, call.dtype, row(t) + c);
  }
  // alpha[s] from those of the time before: log of the sum over the alignments up to time t that end in state s.
  __device__ void alphas(C* alpha, const C* before, int64_t t) const {
    for (int64_t s = threadIdx.x; s < states; s += blockDim.x) {
      C reached = s < 2 ? C(0) : kNever<C>;
      if (t > 0)
        reached = log_sum(before[s], s > 0 ? before[s - 1] : kNever<C>,
                          s > 1 ? before[s - 2] + this->template skip<C>(s) : kNever<C>);
      alpha[s] = log_prob(t, label(s)) + reached;
    }
    __syncthreads();
  }
};

// scratch: two rows of states for each block.
template <class C>
__global__ void ctc_losses(double* losses, C* scratch, int64_t width, Call c) {
  C *alpha = scratch + static_cast<int64_t>(blockIdx.x) * 2 * width, *before = alpha + width;
  for (int64_t n = blockIdx.x; n < c.batch; n += gridDim.x) {
    const Sample<C> x(c, n);
    double loss = x.valid ? x.empty_loss() : __builtin_nan("");
    if (x.valid && x.times > 0) {
      for (int64_t t = 0; t < x.times; t++) {
        C* other = before;
        before = alpha;
        alpha = other;
        x.alphas(alpha, before, t);
      }
      loss = scalar::ctc_loss_of(alpha[x.states - 1], x.states > 1 ? alpha[x.states - 2] : kNever<C>);
    }
    if (threadIdx.x == 0) losses[n] = loss;
  }
}

template <class C>
void losses_as(const StridedView& losses, const Call& c) {
  const Grid grid = grid_of(c);
  const int64_t width = c.most_states();
  DeviceScratch scratch(static_cast<size_t>(grid.blocks.x * 2 * width) * sizeof(C));
  launch(ctc_losses<C>, grid, losses.as<double>(), scratch.as<C>(), width, c);
}

void ctc_loss_cuda(StridedView losses, CtcInputs in) {
  if (losses.numel() == 0) return;
  in.log_probs.dtype == DType::Float64 ? losses_as<double>(losses, Call(in)) : losses_as<float>(losses, Call(in));
}
WEFT_CUDA_KERNEL(ctc_loss_kernel, ctc_loss_cuda);

// What a block has beside: alphas of all times, rows of states, and for each state the next one of its class (-1: none)
// and whether it is the first.
template <class C>
struct BackwardRows {
  C *alphas, *later, *onward;
  int64_t *next, *first;
  static WEFT_INLINE int64_t numbers(int64_t times, int64_t width) { return (times + 2) * width; }
  __device__ BackwardRows(C* values, int64_t* places, int64_t times, int64_t width)
      : alphas(values + static_cast<int64_t>(blockIdx.x) * numbers(times, width)),
        later(alphas + times * width),
        onward(later + width),
        next(places + static_cast<int64_t>(blockIdx.x) * 2 * width),
        first(next + width) {}
};

template <class C>
__device__ void link_states(const Sample<C>& x, const BackwardRows<C>& r) {
  for (int64_t s = threadIdx.x; s < x.states; s += blockDim.x) {
    const int64_t own = x.label(s);
    int64_t after = s + 1, before = s - 1;
    while (after < x.states && x.label(after) != own) after++;
    while (before >= 0 && x.label(before) != own) before--;
    r.next[s] = after < x.states ? after : -1;
    r.first[s] = before < 0;
  }
}

template <class C>
__device__ void gradient_of(void* out, const Sample<C>& x, const BackwardRows<C>& r, int64_t width, C loss, C scale) {
  const int64_t classes = x.call.classes;
  for (int64_t t = 0; t < x.times; t++) x.alphas(r.alphas + t * width, t ? r.alphas + (t - 1) * width : nullptr, t);
  link_states(x, r);
  // later[s]: log of the sum over what can follow state s.
  for (int64_t s = threadIdx.x; s < x.states; s += blockDim.x) r.later[s] = s >= x.states - 2 ? C(0) : kNever<C>;
  for (int64_t t = x.times - 1; t >= 0; t--) {
    const C* alpha = r.alphas + t * width;
    for (int64_t c = threadIdx.x; c < classes; c += blockDim.x)
      store(out, x.call.dtype, x.row(t) + c, scalar::exp(x.log_prob(t, c)) * scale);
    __syncthreads();
    for (int64_t s = threadIdx.x; s < x.states; s += blockDim.x) {
      const C emission = x.log_prob(t, x.label(s));
      r.onward[s] = r.later[s] + emission;
      if (!r.first[s]) continue;
      C sum = scalar::exp(emission) * scale;
      for (int64_t k = s; k >= 0; k = r.next[k]) sum -= scale * scalar::exp(alpha[k] + r.later[k] + loss);
      store(out, x.call.dtype, x.row(t) + x.label(s), sum);
    }
    __syncthreads();
    for (int64_t s = threadIdx.x; s < x.states; s += blockDim.x)
      r.later[s] = log_sum(r.onward[s], s + 1 < x.states ? r.onward[s + 1] : kNever<C>,
                           s + 2 < x.states ? r.onward[s + 2] + x.template skip<C>(s + 2) : kNever<C>);
  }
}

template <class C>
__global__ void ctc_gradients(void* out, const double* grad, const double* losses, C* values, int64_t* places,
                              int64_t width, Call c) {
  const BackwardRows<C> rows(values, places, c.times, width);
  for (int64_t n = blockIdx.x; n < c.batch; n += gridDim.x) {
    const Sample<C> x(c, n);
    const double scale = grad[n], loss = losses[n];
    const bool finite = loss - loss == 0;
    const int64_t used = x.valid && scale != 0 ? x.times : 0;
    for (int64_t t = finite ? used : 0; t < c.times; t++)
      for (int64_t k = threadIdx.x; k < c.classes; k += blockDim.x)
        store(out, c.dtype, x.row(t) + k, t < used ? static_cast<C>(__builtin_nanf("")) : C(0));
    if (finite && used > 0) gradient_of(out, x, rows, width, static_cast<C>(loss), static_cast<C>(scale));
  }
}

template <class C>
void gradients_as(const StridedView& out, const StridedView& grad, const StridedView& losses, const Call& c) {
  const Grid grid = grid_of(c);
  const int64_t width = c.most_states();
  DeviceScratch values(static_cast<size_t>(grid.blocks.x * BackwardRows<C>::numbers(c.times, width)) * sizeof(C)),
      places(static_cast<size_t>(grid.blocks.x * 2 * width) * sizeof(int64_t));
  launch(ctc_gradients<C>, grid, out.data, grad.as<double>(), losses.as<double>(), values.as<C>(), places.as<int64_t>(),
         width, c);
}

void ctc_loss_backward_cuda(StridedView out, StridedView grad, StridedView losses, CtcInputs in) {
  if (out.numel() == 0) return;
  in.log_probs.dtype == DType::Float64 ? gradients_as<double>(out, grad, losses, Call(in))
                                       : gradients_as<float>(out, grad, losses, Call(in));
}
WEFT_CUDA_KERNEL(ctc_loss_backward_kernel, ctc_loss_backward_cuda);

}  // namespace
}  // namespace weft::cuda
