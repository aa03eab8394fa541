// Convolutions: cuDNN's, and where it does not serve them own kernels, in which each result is one sum, in an order
// that depends on shapes alone.
#include "kernels/convolution.h"

#include <utility>

#include "kernels/cuda/convert.h"
#include "kernels/cuda/reduce.h"
#include "kernels/elementwise.h"

namespace weft::cuda {
namespace {

// Sizes and strides of (n, channels, d, h, w).
struct Volume {
  void* data;
  int64_t shape[5], strides[5];
  explicit Volume(const StridedView& v) : data(v.data) {
    for (int d = 0; d < 5; d++) {
      shape[d] = v.shape[d];
      strides[d] = v.strides[d];
    }
  }
  WEFT_INLINE int64_t numel() const { return shape[0] * shape[1] * shape[2] * shape[3] * shape[4]; }
  __device__ __forceinline__ void split(int64_t i, int64_t* at) const {
    for (int d = 4; d >= 0; d--) {
      at[d] = i % shape[d];
      i /= shape[d];
    }
  }
  __device__ __forceinline__ int64_t place(const int64_t* at) const {
    int64_t p = 0;
    for (int d = 0; d < 5; d++) p += at[d] * strides[d];
    return p;
  }
};

struct Call {
  Volume x, w, y;
  DType dtype;
  const void* bias;
  int64_t bias_stride;
  ConvGeometry g;
};

template <class C>
__global__ void forward(Call c) {
  int64_t total = c.y.numel(), per_group = c.y.shape[1] / c.g.groups;
  for (int64_t i = first_item(); i < total; i += item_step()) {
    int64_t y[5], x[5], w[5];
    c.y.split(i, y);
    C sum = c.bias ? load<C>(c.bias, c.dtype, y[1] * c.bias_stride) : C(0);
    x[0] = y[0];
    w[0] = y[1];
    for (w[1] = 0; w[1] < c.w.shape[1]; w[1]++) {
      x[1] = y[1] / per_group * c.w.shape[1] + w[1];
      for (w[2] = 0; w[2] < c.w.shape[2]; w[2]++) {
        x[2] = y[2] * c.g.stride[0] - c.g.padding[0] + w[2] * c.g.dilation[0];
        if (x[2] < 0 || x[2] >= c.x.shape[2]) continue;
        for (w[3] = 0; w[3] < c.w.shape[3]; w[3]++) {
          x[3] = y[3] * c.g.stride[1] - c.g.padding[1] + w[3] * c.g.dilation[1];
          if (x[3] < 0 || x[3] >= c.x.shape[3]) continue;
          for (w[4] = 0; w[4] < c.w.shape[4]; w[4]++) {
            x[4] = y[4] * c.g.stride[2] - c.g.padding[2] + w[4] * c.g.dilation[2];
            if (x[4] < 0 || x[4] >= c.x.shape[4]) continue;
            sum += load<C>(c.x.data, c.dtype, c.x.place(x)) * load<C>(c.w.data, c.dtype, c.w.place(w));
          }
        }
      }
    }
    store(c.y.data, c.dtype, c.y.place(y), sum);
  }
}

// The output along one axis that meets input i through kernel place k; -1 if there is none.
__device__ __forceinline__ int64_t output_at(const Call& c, int axis, int64_t i, int64_t k) {
  int64_t reach = i + c.g.padding[axis] - k * c.g.dilation[axis];
  if (reach < 0 || reach % c.g.stride[axis]) return -1;
  int64_t o = reach / c.g.stride[axis];
  return o < c.y.shape[2 + axis] ? o : -1;
}

template <class C>
__global__ void by_input(Call c) {
  int64_t total = c.x.numel(), per_group = c.y.shape[1] / c.g.groups;
  for (int64_t i = first_item(); i < total; i += item_step()) {
    int64_t y[5], x[5], w[5];
    c.x.split(i, x);
    C sum = 0;
    int64_t group = x[1] / c.w.shape[1];
    y[0] = x[0];
    w[1] = x[1] % c.w.shape[1];
    for (int64_t o = 0; o < per_group; o++) {
      y[1] = w[0] = group * per_group + o;
      for (w[2] = 0; w[2] < c.w.shape[2]; w[2]++) {
        if ((y[2] = output_at(c, 0, x[2], w[2])) < 0) continue;
        for (w[3] = 0; w[3] < c.w.shape[3]; w[3]++) {
          if ((y[3] = output_at(c, 1, x[3], w[3])) < 0) continue;
          for (w[4] = 0; w[4] < c.w.shape[4]; w[4]++) {
            if ((y[4] = output_at(c, 2, x[4], w[4])) < 0) continue;
            sum += load<C>(c.y.data, c.dtype, c.y.place(y)) * load<C>(c.w.data, c.dtype, c.w.place(w));
          }
        }
      }
    }
    store(c.x.data, c.dtype, c.x.place(x), sum);
  }
}

// A block per weight: its threads share the places of the output.
template <class C>
__global__ void by_weight(Call c) {
  __shared__ double shared[kReduceThreads];
  int64_t w[5], x[5], y[5], per_group = c.y.shape[1] / c.g.groups;
  c.w.split(blockIdx.x, w);
  y[1] = w[0];
  x[1] = w[0] / per_group * c.w.shape[1] + w[1];
  int64_t area = c.y.shape[2] * c.y.shape[3] * c.y.shape[4];
  double sum = 0;
  for (int64_t i = threadIdx.x; i < c.y.shape[0] * area; i += kReduceThreads) {
    x[0] = y[0] = i / area;
    int64_t rest = i % area;
    y[4] = rest % c.y.shape[4];
    y[3] = rest / c.y.shape[4] % c.y.shape[3];
    y[2] = rest / c.y.shape[4] / c.y.shape[3];
    bool inside = true;
    for (int axis = 0; axis < 3; axis++) {
      x[2 + axis] = y[2 + axis] * c.g.stride[axis] - c.g.padding[axis] + w[2 + axis] * c.g.dilation[axis];
      inside &= x[2 + axis] >= 0 && x[2 + axis] < c.x.shape[2 + axis];
    }
    if (inside)
      sum += static_cast<double>(load<C>(c.y.data, c.dtype, c.y.place(y)) * load<C>(c.x.data, c.dtype, c.x.place(x)));
  }
  shared[threadIdx.x] = sum;
  __syncthreads();
  for (int half = kReduceThreads / 2; half > 0; half /= 2) {
    if (static_cast<int>(threadIdx.x) < half) shared[threadIdx.x] += shared[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) store(c.w.data, c.dtype, c.w.place(w), shared[0]);
}

// Do all operands of a convolution of these images go to cuDNN with their channels innermost? Its engines know operands
// in one order only; those for tensor cores read half types so, those for float64 do not.
bool goes_innermost(const StridedView& x, const StridedView& y) {
  auto lies_so = [](const StridedView& v) { return !v.is_contiguous() && v.has_channels_last(); };
  if (x.dtype == DType::Float16 || x.dtype == DType::BFloat16) return true;
  return x.dtype == DType::Float32 && (lies_so(x) || lies_so(y));
}

// An operand in that order or in row-major order. One that lies otherwise has a copy for the time of the op.
class Operand {
 public:
  Operand(const StridedView& v, bool innermost) : given_(v), view_(v), copy_(place(v, innermost)) {
    if (moves_) view_.data = copy_.as<void>();
    view_.strides = strides_;
  }
  const StridedView& read() {
    if (moves_) copy_kernel(kernel_device(), view_, given_);
    return view_;
  }
  const StridedView& view() const { return view_; }
  void write_back() const {
    if (moves_) copy_kernel(kernel_device(), given_, view_);
  }

 private:
  // The bytes of a copy. Strides of dimensions of size 1, by which cuDNN knows the order too, are what they should be.
  size_t place(const StridedView& v, bool innermost) {
    constexpr int kOrders[2][5] = {{4, 3, 2, 1, 0}, {1, 4, 3, 2, 0}};
    int64_t step = 1;
    for (int d : kOrders[innermost]) {
      strides_[d] = std::exchange(step, step * v.shape[d]);
      moves_ |= v.shape[d] != 1 && v.strides[d] != strides_[d];
    }
    return moves_ ? static_cast<size_t>(v.numel()) * item_size(v.dtype) : 0;
  }

  int64_t strides_[5];
  bool moves_ = false;
  StridedView given_, view_;
  DeviceScratch copy_;
};

void convolution_cuda(StridedView y_given, StridedView x_given, StridedView w_given, StridedView bias,
                      const ConvGeometry& g) {
  if (y_given.numel() == 0) return;
  const bool innermost = goes_innermost(x_given, y_given);
  Operand y_operand(y_given, innermost), x_operand(x_given, innermost), w_operand(w_given, innermost);
  const StridedView &y = y_operand.view(), &x = x_operand.read(), &w = w_operand.read();
  if (!library_convolution_kernel(kernel_device(), y, x, w, bias, g)) {
    Call c{Volume(x), Volume(w), Volume(y), y.dtype, bias.data, bias.data ? bias.strides[0] : 0, g};
    launch(y.dtype == DType::Float64 ? &forward<double> : &forward<float>, grid_for(y.numel(), 128), c);
  }
  y_operand.write_back();
}
WEFT_CUDA_KERNEL(convolution_kernel, convolution_cuda);

void convolution_input_cuda(StridedView gx_given, StridedView gy_given, StridedView w_given, const ConvGeometry& g) {
  if (gx_given.numel() == 0) return;
  const bool innermost = goes_innermost(gx_given, gy_given);
  Operand gx_operand(gx_given, innermost), gy_operand(gy_given, innermost), w_operand(w_given, innermost);
  const StridedView &gx = gx_operand.view(), &gy = gy_operand.read(), &w = w_operand.read();
  if (!library_convolution_input_kernel(kernel_device(), gx, gy, w, g)) {
    Call c{Volume(gx), Volume(w), Volume(gy), gx.dtype, nullptr, 0, g};
    launch(gx.dtype == DType::Float64 ? &by_input<double> : &by_input<float>, grid_for(gx.numel(), 128), c);
  }
  gx_operand.write_back();
}
WEFT_CUDA_KERNEL(convolution_input_kernel, convolution_input_cuda);

void convolution_weight_cuda(StridedView gw_given, StridedView gy_given, StridedView x_given, const ConvGeometry& g) {
  if (gw_given.numel() == 0) return;
  const bool innermost = goes_innermost(x_given, gy_given);
  Operand gw_operand(gw_given, innermost), gy_operand(gy_given, innermost), x_operand(x_given, innermost);
  const StridedView &gw = gw_operand.view(), &gy = gy_operand.read(), &x = x_operand.read();
  if (!library_convolution_weight_kernel(kernel_device(), gw, gy, x, g)) {
    Call c{Volume(x), Volume(gw), Volume(gy), gw.dtype, nullptr, 0, g};
    launch(gw.dtype == DType::Float64 ? &by_weight<double> : &by_weight<float>,
           Grid{dim3(static_cast<unsigned>(gw.numel())), dim3(kReduceThreads)}, c);
  }
  gw_operand.write_back();
}
WEFT_CUDA_KERNEL(convolution_weight_kernel, convolution_weight_cuda);

}  // namespace
}  // namespace weft::cuda
