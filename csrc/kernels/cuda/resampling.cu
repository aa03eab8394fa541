// Resampling. A first kernel fills the tables of taps, so that nothing is read from the host; each element of the
// output then gathers what it is made of, also that of the adjoint.
#include "kernels/resampling.h"

#include "kernels/cuda/convert.h"

namespace weft::cuda {
namespace {

template <class C>
struct DeviceTaps {
  int64_t inputs = 1, outputs = 1, width = 1;
  int64_t *start = nullptr, *count = nullptr;
  C* weight = nullptr;

  static size_t bytes(int64_t outputs, int64_t width) {
    return static_cast<size_t>(outputs) * (2 * sizeof(int64_t) + static_cast<size_t>(width) * sizeof(double));
  }
  // Takes its part of the memory.
  DeviceTaps(int64_t in, int64_t out, int64_t most, char*& memory) : inputs(in), outputs(out), width(most) {
    start = reinterpret_cast<int64_t*>(memory);
    count = start + out;
    weight = reinterpret_cast<C*>(count + out);
    memory += bytes(out, most);
  }
};

template <class C>
__global__ void fill_taps(DeviceTaps<C> t, ResampleRule rule) {
  for (int64_t i = first_item(); i < t.outputs; i += item_step()) {
    const Taps taps = scalar::resample_taps<C>(rule, i, t.weight + i * t.width);
    t.start[i] = taps.start;
    t.count[i] = taps.count;
  }
}

// What each input of `from` is part of: neighbouring outputs, as taps begin and end no earlier than those before.
template <class C>
__global__ void transpose_taps(DeviceTaps<C> t, DeviceTaps<C> from) {
  for (int64_t i = first_item(); i < t.outputs; i += item_step()) {
    int64_t low = 0, high = from.outputs;  // the first output whose taps end behind i
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (from.start[middle] + from.count[middle] > i)
        high = middle;
      else
        low = middle + 1;
    }
    // The width is the host's, which may round in another way.
    int64_t count = 0;
    for (int64_t o = low; o < from.outputs && from.start[o] <= i && count < t.width; o++)
      t.weight[i * t.width + count++] = from.weight[o * from.width + i - from.start[o]];
    t.start[i] = count ? low : 0;
    t.count[i] = count;
  }
}

template <class C>
struct DeviceAxes {
  DeviceTaps<C> depth, rows, columns;
  int64_t inner;
};

// The place (image, d, i, j, c) of an element of the output.
struct OutputPlace {
  int64_t image, d, i, j, c;
  template <class C>
  __device__ __forceinline__ OutputPlace(const DeviceAxes<C>& s, int64_t at) {
    c = at % s.inner;
    at /= s.inner;
    j = at % s.columns.outputs;
    at /= s.columns.outputs;
    i = at % s.rows.outputs;
    at /= s.rows.outputs;
    d = at % s.depth.outputs;
    image = at / s.depth.outputs;
  }
};

template <class C>
__global__ void weighted_sums(void* out, const void* in, DType dtype, int64_t n, DeviceAxes<C> s) {
  for (int64_t at = first_item(); at < n; at += item_step()) {
    const auto [image, d, i, j, c] = OutputPlace(s, at);
    C sum = 0;
    for (int64_t a = 0; a < s.depth.count[d]; a++) {
      const int64_t slice = image * s.depth.inputs + s.depth.start[d] + a;
      for (int64_t b = 0; b < s.rows.count[i]; b++) {
        const int64_t row = (slice * s.rows.inputs + s.rows.start[i] + b) * s.columns.inputs + s.columns.start[j];
        C part = 0;
        for (int64_t k = 0; k < s.columns.count[j]; k++)
          part += s.columns.weight[j * s.columns.width + k] * load<C>(in, dtype, (row + k) * s.inner + c);
        sum += s.depth.weight[d * s.depth.width + a] * s.rows.weight[i * s.rows.width + b] * part;
      }
    }
    store(out, dtype, at, sum);
  }
}

template <class U, class C>
__global__ void copies(U* out, const U* in, int64_t n, DeviceAxes<C> s) {
  for (int64_t at = first_item(); at < n; at += item_step()) {
    const auto [image, d, i, j, c] = OutputPlace(s, at);
    const int64_t slice = image * s.depth.inputs + s.depth.start[d], row = slice * s.rows.inputs + s.rows.start[i];
    out[at] = in[(row * s.columns.inputs + s.columns.start[j]) * s.inner + c];
  }
}

template <class U, class C>
void launch_copies(const StridedView& out, const StridedView& in, const DeviceAxes<C>& s) {
  const int64_t n = out.numel();
  launch(&copies<U, C>, grid_for(n), out.as<U>(), in.as<U>(), n, s);
}

template <class C>
void resample_as(const StridedView& out, const StridedView& in, const ResampleAxes& axes) {
  size_t bytes = 0;
  for (int d = 0; d < 3; d++) {
    bytes += DeviceTaps<C>::bytes(axes.table[d].outputs, axes.table[d].width);
    if (axes.adjoint) bytes += DeviceTaps<C>::bytes(axes.rule[d].outputs, axes.rule[d].width());
  }
  DeviceScratch scratch(bytes);
  char* memory = scratch.as<char>();
  auto taps = [&](int d) {
    const ResampleRule& rule = axes.rule[d];
    DeviceTaps<C> t(rule.inputs, rule.outputs, rule.width(), memory);
    launch(&fill_taps<C>, grid_for(t.outputs), t, rule);
    if (!axes.adjoint) return t;
    DeviceTaps<C> back(rule.outputs, rule.inputs, axes.table[d].width, memory);
    launch(&transpose_taps<C>, grid_for(back.outputs), back, t);
    return back;
  };
  const bool channels_last = !out.is_contiguous() || !in.is_contiguous();
  const DeviceTaps<C> depth = taps(0), rows = taps(1), columns = taps(2);
  const DeviceAxes<C> s{depth, rows, columns, channels_last ? out.shape[1] : 1};
  const int64_t n = out.numel();
  if (axes.table[0].copies && axes.table[1].copies && axes.table[2].copies) {
    const size_t size = item_size(out.dtype);
    (size == 1   ? &launch_copies<uint8_t, C>
     : size == 2 ? &launch_copies<uint16_t, C>
     : size == 4 ? &launch_copies<uint32_t, C>
                 : &launch_copies<uint64_t, C>)(out, in, s);
    return;
  }
  launch(&weighted_sums<C>, grid_for(n), out.data, in.data, in.dtype, n, s);
}

void resample_cuda(StridedView out, StridedView in, ResampleAxes axes) {
  if (out.numel() == 0) return;
  in.dtype == DType::Float64 ? resample_as<double>(out, in, axes) : resample_as<float>(out, in, axes);
}
WEFT_CUDA_KERNEL(resample_kernel, resample_cuda);

}  // namespace
}  // namespace weft::cuda
