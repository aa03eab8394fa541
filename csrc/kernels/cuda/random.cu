// Random numbers: one counter block per thread, the same numbers as on the CPU.
#include "kernels/random.h"

#include "kernels/cuda/convert.h"
#include "kernels/scalar/distributions.h"

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

void random_cuda(Distribution distribution, StridedView out, PhiloxState state, RandomParams p) {
  scalar::visit_distribution(distribution, out.dtype, p, [&](const auto& make) { fill(out, state, make); });
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
    int64_t at = static_cast<int64_t>(blockIdx.x) * draws + i;
    out[at] = scalar::category_of(sum, last, uniform_at(start, at) * carried);
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
