// Batch norm: sums per channel in parts whose number depends on sizes alone, then one pass over the elements.
#include <utility>

#include "kernels/cuda/reduce.h"
#include "kernels/normalization.h"

namespace weft::cuda {
namespace {

// Images whose channels lie innermost are rows of channels, as (N, C) is: one for every pixel.
struct Images {
  int64_t n, channels, inner = 1;
  bool small;  // numbers below 2^31
  Divisor by_inner, by_channels;
  explicit Images(const StridedView& x) : n(x.shape[0]), channels(x.shape[1]) {
    for (int d = 2; d < x.ndim; d++) inner *= x.shape[d];
    if (!x.is_contiguous()) n *= std::exchange(inner, 1);
    small = n * channels * inner < (int64_t{1} << 31);
    if (!small || inner == 0 || channels == 0) return;
    by_inner = Divisor(static_cast<uint32_t>(inner));
    by_channels = Divisor(static_cast<uint32_t>(channels));
  }
  // Where number i of a channel's elements lies.
  __device__ __forceinline__ int64_t place(int64_t i, int64_t channel) const {
    int64_t image = small ? by_inner.divide(static_cast<uint32_t>(i)) : i / inner;
    return (image * channels + channel) * inner + (i - image * inner);
  }
  // Of element i of the tensor.
  __device__ __forceinline__ int64_t channel_of(int64_t i) const {
    if (!small) return i / inner % channels;
    uint32_t plane = by_inner.divide(static_cast<uint32_t>(i));
    return plane - by_channels.divide(plane) * by_channels.d;
  }
  WEFT_INLINE int64_t count() const { return n * inner; }
  // So many neighbours in memory belong together, in one channel or in one row.
  WEFT_INLINE int64_t run() const { return inner == 1 ? channels : inner; }
  // From the channel of an element to that of the next one in a run.
  WEFT_INLINE int64_t channel_step() const { return inner == 1; }
};

struct Sums {
  double first, second;
};
struct Parts {
  int64_t count, length;
  explicit Parts(const Images& s) {
    int64_t blocks = s.inner == 1 ? divide_up(s.channels, kWarp) : s.channels;
    count = std::max<int64_t>(1, std::min({divide_up(1024, blocks), s.count() / 512, int64_t{256}}));
    length = std::max<int64_t>(1, divide_up(divide_up(s.count(), count), kPack)) * kPack;
    count = std::max<int64_t>(1, divide_up(s.count(), length));
  }
};

// Sums of f over the elements of each channel. Images (inner > 1): a block per channel, which reads packs where they
// fit; rows of channels: neighbouring channels by neighbouring threads.
template <class F>
__global__ void channel_parts(Sums* parts, Images s, int64_t length, F f, bool packed) {
  __shared__ Sums shared[kReduceThreads];
  const bool rows = s.inner == 1;
  const int lanes = rows ? kReduceThreads / kWarp : kReduceThreads;
  const int lane = rows ? threadIdx.x / kWarp : threadIdx.x, stride = rows ? kWarp : 1;
  int64_t channel = rows ? static_cast<int64_t>(blockIdx.x) * kWarp + threadIdx.x % kWarp : blockIdx.x;
  int64_t begin = blockIdx.y * length, end = begin + length < s.count() ? begin + length : s.count();
  Sums mine{0, 0};
  if (packed) {
    for (int64_t i = begin + lane * kPack; i < end; i += lanes * kPack) f.add_pack(mine, s.place(i, channel), channel);
  } else if (channel < s.channels) {
    for (int64_t i = begin + lane; i < end; i += lanes) f.add(mine, s.place(i, channel), channel);
  }
  shared[threadIdx.x] = mine;
  __syncthreads();
  for (int half = lanes / 2; half > 0; half /= 2) {
    if (lane < half) {
      shared[threadIdx.x].first += shared[threadIdx.x + half * stride].first;
      shared[threadIdx.x].second += shared[threadIdx.x + half * stride].second;
    }
    __syncthreads();
  }
  if (lane == 0 && channel < s.channels) parts[blockIdx.y * s.channels + channel] = shared[threadIdx.x];
}

WEFT_INLINE Sums total_of(const Sums* parts, int64_t channel, int64_t channels, int64_t count) {
  Sums total{0, 0};
  for (int64_t k = 0; k < count; k++) {
    total.first += parts[k * channels + channel].first;
    total.second += parts[k * channels + channel].second;
  }
  return total;
}

template <class F>
void sum_channels(Sums* parts, const Images& s, const Parts& p, const F& f, bool packed) {
  int64_t blocks = s.inner == 1 ? divide_up(s.channels, kWarp) : s.channels;
  launch(channel_parts<F>,
         Grid{dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(p.count)), dim3(kReduceThreads)}, parts, s,
         p.length, f, packed);
}

bool may_pack(const Images& s, std::initializer_list<StridedView> arrays) {
  bool packed = s.run() % kPack == 0;
  for (const StridedView& v : arrays) packed &= is_packed(v.dtype) && is_aligned(v.data, v.dtype);
  return packed;
}

// Sums of deviations from the channel's first element, so that nothing cancels when the mean is far from zero.
template <class C>
struct Deviations {
  const void* x;
  DType dtype;
  int64_t inner;
  __device__ __forceinline__ void add(Sums& s, int64_t at, int64_t channel) const {
    C v = load<C>(x, dtype, at);
    add_value(s, v, load<C>(x, dtype, channel * inner));
  }
  __device__ __forceinline__ void add_pack(Sums& s, int64_t at, int64_t channel) const {
    if constexpr (__is_same(C, float)) {
      C v[kPack], origin = load<C>(x, dtype, channel * inner);
      load_pack(v, x, dtype, at);
      for (int k = 0; k < kPack; k++) add_value(s, v[k], origin);
    }
  }
  static WEFT_INLINE void add_value(Sums& s, C v, C origin) {
    double gap = static_cast<double>(v) - static_cast<double>(origin);
    s.first += gap;
    s.second += gap * gap;
  }
};

template <class C>
__global__ void store_moments(C* mean, C* variance, const void* x, DType dtype, const Sums* parts, Images s,
                              int64_t num_parts) {
  int64_t c = first_item();
  if (c >= s.channels) return;
  Sums t = total_of(parts, c, s.channels, num_parts);
  double count = static_cast<double>(s.count()), off = t.first / count, square = t.second / count - off * off;
  mean[c] = static_cast<C>(static_cast<double>(load<C>(x, dtype, c * s.inner)) + off);
  variance[c] = static_cast<C>(square < 0 ? 0 : square);
}

template <class C>
void moments_as(const StridedView& mean, const StridedView& variance, const StridedView& x) {
  Images s(x);
  Parts p(s);
  DeviceScratch scratch(static_cast<size_t>(p.count * s.channels) * sizeof(Sums));
  bool packed = __is_same(C, float) && s.inner > 1 && may_pack(s, {x});
  sum_channels(scratch.as<Sums>(), s, p, Deviations<C>{x.data, x.dtype, s.inner}, packed);
  launch(store_moments<C>, grid_for(s.channels, 128), mean.as<C>(), variance.as<C>(), x.data, x.dtype,
         scratch.as<Sums>(), s, p.count);
}

void channel_moments_cuda(StridedView mean, StridedView variance, StridedView x) {
  if (x.numel() == 0) return;
  x.dtype == DType::Float64 ? moments_as<double>(mean, variance, x) : moments_as<float>(mean, variance, x);
}
WEFT_CUDA_KERNEL(channel_moments_kernel, channel_moments_cuda);

template <class C>
WEFT_INLINE C number_at(const StridedView& v, int64_t i, C otherwise) {
  return v.data ? load<C>(v.data, v.dtype, i) : otherwise;
}
template <class C>
WEFT_INLINE C rstd_of(const ChannelNormInputs& in, int64_t c) {
  return static_cast<C>(1.0 / __builtin_sqrt(static_cast<double>(number_at<C>(in.variance, c, 1)) + in.eps));
}

// What each channel's elements are mapped with: y = a x + b, or dx = a g + b (x - center) + c.
template <class C>
struct Line {
  C a, b, c, center;
};

template <class C>
__global__ void forward_lines(Line<C>* lines, ChannelNormInputs in, int64_t channels) {
  int64_t c = first_item();
  if (c >= channels) return;
  C scale = rstd_of<C>(in, c) * number_at<C>(in.weight, c, 1);
  lines[c] = {scale, number_at<C>(in.bias, c, 0) - number_at<C>(in.mean, c, 0) * scale, 0, 0};
}

// Over all elements, in packs where runs consist of such.
template <class C>
__global__ void map_forward(void* y, DType y_dtype, const void* x, DType dtype, const Line<C>* lines, Images s,
                            bool packed) {
  int64_t n = s.n * s.channels * s.inner;
  if constexpr (__is_same(C, float)) {
    if (packed) {
      for (int64_t i = first_item() * kPack; i < n; i += item_step() * kPack) {
        const Line<C>* line = lines + s.channel_of(i);
        C v[kPack];
        load_pack(v, x, dtype, i);
        for (int k = 0; k < kPack; k++, line += s.channel_step()) v[k] = v[k] * line->a + line->b;
        store_pack(y, y_dtype, i, v);
      }
      return;
    }
  }
  for (int64_t i = first_item(); i < n; i += item_step()) {
    Line<C> l = lines[s.channel_of(i)];
    store(y, y_dtype, i, load<C>(x, dtype, i) * l.a + l.b);
  }
}

template <class C>
void channel_norm_as(const StridedView& y, const ChannelNormInputs& in) {
  Images s(in.x);
  DeviceScratch lines(static_cast<size_t>(s.channels) * sizeof(Line<C>));
  launch(forward_lines<C>, grid_for(s.channels, 128), lines.as<Line<C>>(), in, s.channels);
  bool packed = __is_same(C, float) && may_pack(s, {in.x, y});
  int64_t n = in.x.numel();
  launch(map_forward<C>, grid_for(packed ? n / kPack : n), y.data, y.dtype, in.x.data, in.x.dtype, lines.as<Line<C>>(),
         s, packed);
}

void channel_norm_cuda(StridedView y, ChannelNormInputs in) {
  if (y.numel() == 0) return;
  in.x.dtype == DType::Float64 ? channel_norm_as<double>(y, in) : channel_norm_as<float>(y, in);
}
WEFT_CUDA_KERNEL(channel_norm_kernel, channel_norm_cuda);

template <class C>
struct GradientSums {
  StridedView grad, x, mean;
  __device__ __forceinline__ void add(Sums& s, int64_t at, int64_t channel) const {
    C g = load<C>(grad.data, grad.dtype, at);
    C gap = load<C>(x.data, x.dtype, at) - number_at<C>(mean, channel, 0);
    s.first += static_cast<double>(g);
    s.second += static_cast<double>(g * gap);
  }
  __device__ __forceinline__ void add_pack(Sums& s, int64_t at, int64_t channel) const {
    if constexpr (__is_same(C, float)) {
      C g[kPack], v[kPack], center = number_at<C>(mean, channel, 0);
      load_pack(g, grad.data, grad.dtype, at);
      load_pack(v, x.data, x.dtype, at);
      for (int k = 0; k < kPack; k++) {
        s.first += static_cast<double>(g[k]);
        s.second += static_cast<double>(g[k] * (v[k] - center));
      }
    }
  }
};

template <class C>
__global__ void backward_lines(Line<C>* lines, StridedView dweight, StridedView dbias, const Sums* parts,
                               ChannelNormInputs in, Images s, int64_t num_parts, bool training) {
  int64_t c = first_item();
  if (c >= s.channels) return;
  Sums t = total_of(parts, c, s.channels, num_parts);
  double count = static_cast<double>(s.count()), rstd = static_cast<double>(rstd_of<C>(in, c));
  double scale = rstd * static_cast<double>(number_at<C>(in.weight, c, 1));
  lines[c] = {static_cast<C>(scale), training ? static_cast<C>(-scale * t.second * rstd * rstd / count) : C(0),
              training ? static_cast<C>(-scale * t.first / count) : C(0), number_at<C>(in.mean, c, 0)};
  if (dbias.data) store(dbias.data, dbias.dtype, c, static_cast<C>(t.first));
  if (dweight.data) store(dweight.data, dweight.dtype, c, static_cast<C>(t.second * rstd));
}

template <class C>
__global__ void map_backward(StridedView dx, StridedView grad, StridedView x, const Line<C>* lines, Images s,
                             bool packed) {
  int64_t n = s.n * s.channels * s.inner;
  if constexpr (__is_same(C, float)) {
    if (packed) {
      for (int64_t i = first_item() * kPack; i < n; i += item_step() * kPack) {
        const Line<C>* line = lines + s.channel_of(i);
        C g[kPack], v[kPack];
        load_pack(g, grad.data, grad.dtype, i);
        load_pack(v, x.data, x.dtype, i);
        for (int k = 0; k < kPack; k++, line += s.channel_step())
          v[k] = g[k] * line->a + (v[k] - line->center) * line->b + line->c;
        store_pack(dx.data, dx.dtype, i, v);
      }
      return;
    }
  }
  for (int64_t i = first_item(); i < n; i += item_step()) {
    Line<C> l = lines[s.channel_of(i)];
    C g = load<C>(grad.data, grad.dtype, i), v = load<C>(x.data, x.dtype, i);
    store(dx.data, dx.dtype, i, g * l.a + (v - l.center) * l.b + l.c);
  }
}

template <class C>
void backward_as(const StridedView& dx, const StridedView& dweight, const StridedView& dbias, const StridedView& grad,
                 const ChannelNormInputs& in, bool training) {
  Images s(in.x);
  if (s.channels == 0) return;
  Parts p(s);
  DeviceScratch scratch(static_cast<size_t>(p.count * s.channels) * sizeof(Sums));
  DeviceScratch lines(static_cast<size_t>(s.channels) * sizeof(Line<C>));
  bool reads_packs = __is_same(C, float) && s.inner > 1 && may_pack(s, {grad, in.x});
  sum_channels(scratch.as<Sums>(), s, p, GradientSums<C>{grad, in.x, in.mean}, reads_packs);
  launch(backward_lines<C>, grid_for(s.channels, 128), lines.as<Line<C>>(), dweight, dbias, scratch.as<Sums>(), in, s,
         p.count, training);
  int64_t n = in.x.numel();
  if (n == 0) return;
  bool packed = __is_same(C, float) && may_pack(s, {in.x, grad, dx});
  launch(map_backward<C>, grid_for(packed ? n / kPack : n), dx, grad, in.x, lines.as<Line<C>>(), s, packed);
}

void channel_norm_backward_cuda(StridedView dx, StridedView dweight, StridedView dbias, StridedView grad,
                                ChannelNormInputs in, bool training) {
  in.x.dtype == DType::Float64 ? backward_as<double>(dx, dweight, dbias, grad, in, training)
                               : backward_as<float>(dx, dweight, dbias, grad, in, training);
}
WEFT_CUDA_KERNEL(channel_norm_backward_kernel, channel_norm_backward_cuda);

}  // namespace
}  // namespace weft::cuda
