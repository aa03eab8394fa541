// Random numbers: one counter block per thread, the same numbers as on the CPU.
#include "kernels/random.h"

#include "kernels/cuda/convert.h"
#include "kernels/scalar/philox.h"

#include "device/cuda/memory.h"

namespace weft::cuda {
namespace {

// Where a draw starts. While a graph is recorded the offset counts from where the generator stands when the graph runs.
struct Start {
  uint64_t seed, offset;
  const uint64_t* base;
  explicit Start(PhiloxState s) : seed(s.seed), offset(s.offset), base(nullptr) {
    if (Capture* c = capture()) {
      weft::check(s.seed == c->seed && s.offset >= c->first_offset,
                  "graph: only random numbers of the default generator can be recorded");
      offset = s.offset - c->first_offset;
      base = c->cells;
    }
  }
  __device__ __forceinline__ scalar::Block block(int64_t i) const {
    return scalar::philox(seed, offset + (base ? *base : 0) + static_cast<uint64_t>(i));
  }
};

template <class Make>
__global__ void fill_blocks(void* out, DType dtype, int64_t n, Start start, Make make) {
  constexpr int kPerBlock = Make::kPerBlock;
  int64_t blocks = (n + kPerBlock - 1) / kPerBlock;
  for (int64_t b = first_item(); b < blocks; b += item_step()) {
    typename Make::Number x[kPerBlock];
    make(start.block(b), x);
    for (int k = 0; k < kPerBlock && b * kPerBlock + k < n; k++) store(out, dtype, b * kPerBlock + k, x[k]);
  }
}

template <class Make>
void fill(const StridedView& out, PhiloxState state, const Make& make) {
  int64_t n = out.numel();
  if (n) launch(fill_blocks<Make>, grid_for(divide_up(n, Make::kPerBlock)), out.data, out.dtype, n, Start(state), make);
}

template <class T, class F>
struct FromUniform;
template <class F>
struct FromUniform<double, F> {
  static constexpr int kPerBlock = 2;
  using Number = double;
  F f;
  __device__ __forceinline__ void operator()(const scalar::Block& b, double* x) const {
    x[0] = f(scalar::uniform_double(b.v[0], b.v[1]));
    x[1] = f(scalar::uniform_double(b.v[2], b.v[3]));
  }
};
template <class F>
struct FromUniform<float, F> {
  static constexpr int kPerBlock = 4;
  using Number = float;
  F f;
  float steps;  // a half type holds fewer digits: more would be rounded up to 1
  __device__ __forceinline__ void operator()(const scalar::Block& b, float* x) const {
    for (int k = 0; k < 4; k++) x[k] = f(__builtin_floorf(scalar::uniform_float(b.v[k]) * steps) * (1.0f / steps));
  }
};
// coarse: u has no more digits than a half type holds.
template <class F>
void fill_from_uniform(const StridedView& out, PhiloxState state, const F& f, bool coarse = false) {
  if (out.dtype == DType::Float64) return fill(out, state, FromUniform<double, F>{f});
  float steps = !coarse                        ? 0x1p24f
                : out.dtype == DType::Float16  ? 0x1p11f
                : out.dtype == DType::BFloat16 ? 0x1p8f
                                               : 0x1p24f;
  fill(out, state, FromUniform<float, F>{f, steps});
}

template <class T, class F>
struct FromNormal;
template <class F>
struct FromNormal<double, F> {
  static constexpr int kPerBlock = 2;
  using Number = double;
  F f;
  __device__ __forceinline__ void operator()(const scalar::Block& b, double* x) const {
    scalar::NormalPairDouble pair = scalar::normal_pair_double(b);
    x[0] = f(pair.a);
    x[1] = f(pair.b);
  }
};
template <class F>
struct FromNormal<float, F> {
  static constexpr int kPerBlock = 4;
  using Number = float;
  F f;
  __device__ __forceinline__ void operator()(const scalar::Block& b, float* x) const {
    scalar::NormalPair p = scalar::normal_pair(b.v[0], b.v[1]), q = scalar::normal_pair(b.v[2], b.v[3]);
    x[0] = f(p.a);
    x[1] = f(p.b);
    x[2] = f(q.a);
    x[3] = f(q.b);
  }
};
template <class F>
void fill_from_normal(const StridedView& out, PhiloxState state, const F& f) {
  if (out.dtype == DType::Float64) return fill(out, state, FromNormal<double, F>{f});
  fill(out, state, FromNormal<float, F>{f});
}

// The number as a half type holds it.
WEFT_INLINE double rounded_to(DType, double x) { return x; }
WEFT_INLINE float rounded_to(DType t, float x) {
  return t == DType::Float16 ? to_float(to_float16(x)) : t == DType::BFloat16 ? to_float(to_bfloat16(x)) : x;
}
// A draw that its dtype can hold: see draw_limits().
template <class T>
WEFT_INLINE T within(T x, double least, double most) {
  x = x > static_cast<T>(most) ? static_cast<T>(most) : x;
  return x < static_cast<T>(least) ? static_cast<T>(least) : x;
}

struct Uniform {
  RandomParams p;
  DType dtype;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    T a = static_cast<T>(p.a), b = static_cast<T>(p.b), x = rounded_to(dtype, a + u * (b - a));
    return x < b ? x : a;  // rounding must not reach b
  }
};
struct Normal {
  RandomParams p;
  bool exponential;
  DrawLimits limits;
  template <class T>
  WEFT_INLINE T operator()(T z) const {
    T x = static_cast<T>(p.a) + z * static_cast<T>(p.b);
    if (exponential) return within<T>(scalar::exp(x), limits.smallest, limits.largest);
    return within<T>(x, -limits.largest, limits.largest);
  }
};
struct Bernoulli {
  RandomParams p;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    return static_cast<T>(u < static_cast<T>(p.a));
  }
};
struct Exponential {
  RandomParams p;
  DrawLimits limits;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    T x = -scalar::log1p(-(u > T(0) ? u : T(0x1.8p-25))) / static_cast<T>(p.a);  // 0 would be no waiting time
    return within<T>(x, limits.smallest, limits.largest);
  }
};
struct Geometric {
  RandomParams p;
  DrawLimits limits;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    T k = scalar::ceil(scalar::log1p(-u) / static_cast<T>(__builtin_log1p(-p.a)));
    return within<T>(k, 1.0, limits.largest);
  }
};
struct Cauchy {
  RandomParams p;
  DrawLimits limits;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    double x = p.a + p.b * __builtin_tan(3.14159265358979323846 * (static_cast<double>(u) - 0.5));
    return static_cast<T>(within<double>(x, -limits.largest, limits.largest));
  }
};
struct Integers {
  static constexpr int kPerBlock = 2;
  using Number = int64_t;
  RandomParams p;
  __device__ __forceinline__ void operator()(const scalar::Block& b, int64_t* x) const {
    uint64_t below[2];
    scalar::integers_below(b, p.span, below);
    for (int k = 0; k < 2; k++) x[k] = static_cast<int64_t>(static_cast<uint64_t>(p.low) + below[k]);
  }
};

void random_cuda(Distribution distribution, StridedView out, PhiloxState state, RandomParams p) {
  const DrawLimits limits = draw_limits(out.dtype);
  switch (distribution) {
    case Distribution::Uniform:
      return fill_from_uniform(out, state, Uniform{p, out.dtype}, true);
    case Distribution::Normal:
      return fill_from_normal(out, state, Normal{p, false, limits});
    case Distribution::LogNormal:
      return fill_from_normal(out, state, Normal{p, true, limits});
    case Distribution::Bernoulli:
      return fill_from_uniform(out, state, Bernoulli{p});
    case Distribution::Exponential:
      return fill_from_uniform(out, state, Exponential{p, limits});
    case Distribution::Geometric:
      return fill_from_uniform(out, state, Geometric{p, limits});
    case Distribution::Cauchy:
      return fill_from_uniform(out, state, Cauchy{p, limits});
    case Distribution::Integer:
      return fill(out, state, Integers{p});
  }
}
WEFT_CUDA_KERNEL(random_kernel, random_cuda);

__global__ void bernoulli_elements(void* out, DType dtype, const void* p, DType p_dtype, int64_t n, Start start) {
  for (int64_t b = first_item(); b < (n + 3) / 4; b += item_step()) {
    scalar::Block block = start.block(b);
    for (int k = 0; k < 4 && b * 4 + k < n; k++) {
      bool hit = scalar::uniform_float(block.v[k]) < load<float>(p, p_dtype, b * 4 + k);
      store(out, dtype, b * 4 + k, hit);
    }
  }
}

void bernoulli_tensor_cuda(StridedView out, StridedView p, PhiloxState state) {
  int64_t n = out.numel();
  if (n) launch(bernoulli_elements, grid_for(divide_up(n, 4)), out.data, out.dtype, p.data, p.dtype, n, Start(state));
}
WEFT_CUDA_KERNEL(bernoulli_tensor_kernel, bernoulli_tensor_cuda);

// A shuffle is a chain of swaps, each of which needs the one before: the host does it.
void permutation_cuda(StridedView out, PhiloxState state) {
  int64_t n = out.numel();
  if (n == 0) return;
  weft::check(!capture(), "graph: randperm is computed on the host and cannot be recorded");
  Device device = kernel_device();
  size_t nbytes = static_cast<size_t>(n) * sizeof(int64_t);
  void* host = pinned_allocator().allocate(nbytes);
  StridedView there = out;
  there.data = host;
  permutation_kernel(Device{}, there, state);
  set_kernel_device(device);
  cudaError_t error = cudaMemcpyAsync(out.data, host, nbytes, cudaMemcpyHostToDevice, stream());
  if (error == cudaSuccess) pinned_allocator().note_copy(host, device.index);
  pinned_allocator().deallocate(host, nbytes);
  check(error, "cudaMemcpyAsync");
}
WEFT_CUDA_KERNEL(permutation_kernel, permutation_cuda);

constexpr int kDrawThreads = 256;

__device__ __forceinline__ double uniform_at(const Start& start, int64_t i) {
  scalar::Block b = start.block(i);
  return scalar::uniform_double(b.v[0], b.v[1]);
}

// A block per row. Cumulated weights in chunks of the block's size; then each draw looks for its place among them.
__global__ void draw_with_replacement(int64_t* out, const double* weights, double* cumulated, int64_t categories,
                                      int64_t draws, Start start) {
  __shared__ double sums[kDrawThreads];
  __shared__ double carried;
  const double* w = weights + blockIdx.x * categories;
  double* sum = cumulated + blockIdx.x * categories;
  int t = static_cast<int>(threadIdx.x);
  if (t == 0) carried = 0;
  __syncthreads();
  for (int64_t first = 0; first < categories; first += kDrawThreads) {
    sums[t] = first + t < categories ? w[first + t] : 0;
    __syncthreads();
    if (t == 0) {
      for (int k = 0; k < kDrawThreads; k++) sums[k] = carried += sums[k];
    }
    __syncthreads();
    if (first + t < categories) sum[first + t] = sums[t];
    __syncthreads();
  }
  int64_t last = categories - 1;
  while (last > 0 && !(w[last] > 0)) last--;
  for (int64_t i = t; i < draws; i += kDrawThreads) {
    double u = uniform_at(start, static_cast<int64_t>(blockIdx.x) * draws + i) * carried;
    int64_t low = 0, high = last;
    while (low < high) {
      int64_t middle = (low + high) / 2;
      if (sum[middle] > u)
        high = middle;
      else
        low = middle + 1;
    }
    out[blockIdx.x * draws + i] = low;
  }
}

// The categories with the smallest waiting times -log(u) / w come first (Efraimidis and Spirakis, 2006).
__global__ void draw_without_replacement(int64_t* out, const double* weights, double* waiting, int64_t categories,
                                         int64_t draws, Start start) {
  __shared__ double best[kDrawThreads];
  __shared__ int64_t place[kDrawThreads];
  const double* w = weights + blockIdx.x * categories;
  double* wait = waiting + blockIdx.x * categories;
  int t = static_cast<int>(threadIdx.x);
  for (int64_t c = t; c < categories; c += kDrawThreads) {
    double u = uniform_at(start, static_cast<int64_t>(blockIdx.x) * categories + c);
    wait[c] = w[c] > 0 ? -__builtin_log(1.0 - u) / w[c] : __builtin_inf();
  }
  for (int64_t i = 0; i < draws; i++) {
    __syncthreads();
    best[t] = __builtin_inf();
    place[t] = categories;
    for (int64_t c = t; c < categories; c += kDrawThreads) {
      if (place[t] < categories && !(wait[c] < best[t])) continue;
      best[t] = wait[c];
      place[t] = c;
    }
    __syncthreads();
    for (int half = kDrawThreads / 2; half > 0; half /= 2) {
      if (t < half) {
        bool other = best[t + half] < best[t] || (best[t + half] == best[t] && place[t + half] < place[t]);
        if (other) {
          best[t] = best[t + half];
          place[t] = place[t + half];
        }
      }
      __syncthreads();
    }
    if (t == 0) {
      out[blockIdx.x * draws + i] = place[0];
      wait[place[0]] = __builtin_inf();
    }
  }
}

void multinomial_cuda(StridedView out, StridedView weights, bool replacement, PhiloxState state) {
  int64_t rows = weights.shape[0], categories = weights.shape[1], draws = out.shape[1];
  if (rows == 0) return;
  DeviceScratch scratch(static_cast<size_t>(rows * categories) * sizeof(double));
  Grid grid{dim3(static_cast<unsigned>(rows)), dim3(kDrawThreads)};
  auto* kernel = replacement ? &draw_with_replacement : &draw_without_replacement;
  launch(kernel, grid, out.as<int64_t>(), weights.as<double>(), scratch.as<double>(), categories, draws, Start(state));
}
WEFT_CUDA_KERNEL(multinomial_kernel, multinomial_cuda);

}  // namespace
}  // namespace weft::cuda
