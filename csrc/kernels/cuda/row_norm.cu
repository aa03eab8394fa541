// Layer and group norm. Gradients of the parameters are sums over rows, in parts whose number depends on sizes alone.
#include "kernels/cuda/reduce.h"
#include "kernels/cuda/rows.h"
#include "kernels/normalization.h"

namespace weft::cuda {
namespace {

template <class C>
WEFT_INLINE C number_at(const StridedView& v, int64_t i, C otherwise) {
  return v.data ? load<C>(v.data, v.dtype, i) : otherwise;
}

WEFT_INLINE int64_t parameter_of(const RowNormGeometry& s, int64_t row, int64_t k) {
  int64_t first = s.groups == 1 ? 0 : row % s.groups * (s.n / s.inner);
  return first + (s.inner == 1 ? k : k / s.inner);
}

template <class C>
__global__ void row_norm(RowCache<C> cache, StridedView y, C* mean, C* rstd, StridedView x, StridedView weight,
                         StridedView bias, RowNormGeometry s, double eps) {
  RowGroup group(cache);
  const double count = static_cast<double>(s.n);
  for (int64_t row = group.first_row(); row < s.rows; row += group.row_step()) {
    RowReader<C> reader(cache, group, x.data, x.dtype, row, 0);
    C sum = 0, square = 0;
    reader.each([&](int64_t, C v) { sum += v; });
    C center = static_cast<C>(static_cast<double>(group.template join<SumOf<C>>(sum)) / count);
    reader.each([&](int64_t, C v) { square += (v - center) * (v - center); });
    square = group.template join<SumOf<C>>(square);
    C scale = static_cast<C>(1.0 / __builtin_sqrt(static_cast<double>(square) / count + eps));
    reader.map(y.data, y.dtype, [&](int64_t k, C v) {
      int64_t p = parameter_of(s, row, k);
      return (v - center) * scale * number_at<C>(weight, p, 1) + number_at<C>(bias, p, 0);
    });
    if (group.lane == 0) {
      mean[row] = center;
      rstd[row] = scale;
    }
  }
}

template <class C>
void row_norm_as(const StridedView& y, const StridedView& mean, const StridedView& rstd, const StridedView& x,
                 const StridedView& weight, const StridedView& bias, const RowNormGeometry& s, double eps) {
  RowCache<C> cache(s.n, 1, s.rows, {{x.data, x.dtype}, {y.data, y.dtype}});
  launch(row_norm<C>, cache.grid, cache, y, mean.as<C>(), rstd.as<C>(), x, weight, bias, s, eps);
}

void row_norm_cuda(StridedView y, StridedView mean, StridedView rstd, StridedView x, StridedView weight,
                   StridedView bias, RowNormGeometry s, double eps) {
  if (s.rows == 0 || s.n == 0) return;
  x.dtype == DType::Float64 ? row_norm_as<double>(y, mean, rstd, x, weight, bias, s, eps)
                            : row_norm_as<float>(y, mean, rstd, x, weight, bias, s, eps);
}
WEFT_CUDA_KERNEL(row_norm_kernel, row_norm_cuda);

template <class C>
__global__ void input_gradient(RowCache<C> cache, StridedView dx, RowNormBackwardInputs in, RowNormGeometry s) {
  RowGroup group(cache);
  const double count = static_cast<double>(s.n);
  for (int64_t row = group.first_row(); row < s.rows; row += group.row_step()) {
    C center = in.mean.as<C>()[row], scale = in.rstd.as<C>()[row], sum = 0, product = 0;
    RowReader<C> g(cache, group, in.grad.data, in.grad.dtype, row, 0), x(cache, group, in.x.data, in.x.dtype, row, 1);
    g.each_with(x, [&](int64_t k, C a, C b) {
      C weighted = a * number_at<C>(in.weight, parameter_of(s, row, k), 1);
      sum += weighted;
      product += weighted * (b - center);
    });
    double all = static_cast<double>(group.template join<SumOf<C>>(sum));
    double products = static_cast<double>(group.template join<SumOf<C>>(product));
    C shift = static_cast<C>(all / count);
    C slope = static_cast<C>(products * static_cast<double>(scale) * static_cast<double>(scale) / count);
    g.map_with(x, dx.data, dx.dtype, [&](int64_t k, C a, C b) {
      C weighted = a * number_at<C>(in.weight, parameter_of(s, row, k), 1);
      return scale * (weighted - shift - (b - center) * slope);
    });
  }
}

struct ParameterSums {
  double weight, bias;
};

// Parts of the sums of each parameter: neighbouring parameters by neighbouring threads. A parameter belongs to `inner`
// elements of every groups-th row.
template <class C>
__global__ void parameter_parts(ParameterSums* parts, RowNormBackwardInputs in, RowNormGeometry s, int64_t total,
                                int64_t part_length) {
  constexpr int kRows = kReduceThreads / kWarp;
  __shared__ ParameterSums shared[kReduceThreads];
  int column = threadIdx.x % kWarp, lane = threadIdx.x / kWarp;
  int64_t p = static_cast<int64_t>(blockIdx.x) * kWarp + column, per_row = s.n / s.inner;
  int64_t count = s.rows / s.groups * s.inner, begin = blockIdx.y * part_length;
  int64_t end = begin + part_length < count ? begin + part_length : count;
  ParameterSums sums{0, 0};
  for (int64_t i = begin + lane; p < total && i < end; i += kRows) {
    int64_t row = i / s.inner * s.groups + p / per_row, at = row * s.n + p % per_row * s.inner + i % s.inner;
    C g = load<C>(in.grad.data, in.grad.dtype, at), x = load<C>(in.x.data, in.x.dtype, at);
    sums.weight += static_cast<double>(g * (x - in.mean.as<C>()[row]) * in.rstd.as<C>()[row]);
    sums.bias += static_cast<double>(g);
  }
  shared[threadIdx.x] = sums;
  __syncthreads();
  for (int half = kRows / 2; half > 0; half /= 2) {
    if (lane < half) {
      shared[threadIdx.x].weight += shared[threadIdx.x + half * kWarp].weight;
      shared[threadIdx.x].bias += shared[threadIdx.x + half * kWarp].bias;
    }
    __syncthreads();
  }
  if (lane == 0 && p < total) parts[blockIdx.y * total + p] = shared[threadIdx.x];
}

__global__ void parameter_totals(StridedView dweight, StridedView dbias, const ParameterSums* parts, int64_t total,
                                 int64_t count) {
  int64_t p = first_item();
  if (p >= total) return;
  ParameterSums sums{0, 0};
  for (int64_t k = 0; k < count; k++) {
    sums.weight += parts[k * total + p].weight;
    sums.bias += parts[k * total + p].bias;
  }
  if (dweight.data) store(dweight.data, dweight.dtype, p, sums.weight);
  if (dbias.data) store(dbias.data, dbias.dtype, p, sums.bias);
}

template <class C>
void row_norm_backward_as(const StridedView& dx, const StridedView& dweight, const StridedView& dbias,
                          const RowNormBackwardInputs& in, const RowNormGeometry& s) {
  if (s.rows == 0 || s.n == 0) {  // sums over nothing
    for (const StridedView* v : {&dweight, &dbias})
      if (v->data && v->numel())
        check(cudaMemsetAsync(v->data, 0, static_cast<size_t>(v->numel()) * item_size(v->dtype), stream()),
              "cudaMemsetAsync");
    return;
  }
  RowCache<C> cache(s.n, 2, s.rows, {{in.grad.data, in.grad.dtype}, {in.x.data, in.x.dtype}, {dx.data, dx.dtype}});
  launch(input_gradient<C>, cache.grid, cache, dx, in, s);
  if (!dweight.data && !dbias.data) return;
  int64_t total = s.groups * (s.n / s.inner), count = s.rows / s.groups * s.inner;
  if (total == 0) return;
  int64_t blocks = divide_up(total, kWarp);
  int64_t parts = std::max<int64_t>(1, std::min({divide_up(1024, blocks), count / 64, int64_t{1024}}));
  int64_t length = std::max<int64_t>(1, divide_up(count, parts));
  DeviceScratch scratch(static_cast<size_t>(parts * total) * sizeof(ParameterSums));
  launch(parameter_parts<C>,
         Grid{dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(parts)), dim3(kReduceThreads)},
         scratch.as<ParameterSums>(), in, s, total, length);
  launch(parameter_totals, grid_for(total, 128), dweight, dbias, scratch.as<ParameterSums>(), total, parts);
}

void row_norm_backward_cuda(StridedView dx, StridedView dweight, StridedView dbias, RowNormBackwardInputs in,
                            RowNormGeometry s) {
  in.x.dtype == DType::Float64 ? row_norm_backward_as<double>(dx, dweight, dbias, in, s)
                               : row_norm_backward_as<float>(dx, dweight, dbias, in, s);
}
WEFT_CUDA_KERNEL(row_norm_backward_kernel, row_norm_backward_cuda);

}  // namespace
}  // namespace weft::cuda
