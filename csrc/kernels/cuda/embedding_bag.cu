// Sums and maxima of rows of a table, bag by bag: a thread for each element of the result, which goes through the bag.
// Gradients of the table are combined row by row in the order of the items.
#include "kernels/cuda/convert.h"
#include "kernels/cuda/index_error.h"
#include "kernels/cuda/runs.h"
#include "kernels/embedding.h"

namespace weft::cuda {
namespace {

struct Range {
  int64_t begin, end;
};

// Bags and the table's geometry. Items whose row is out of range, which is reported elsewhere, count as padding.
struct Call {
  const int64_t *index, *bounds;
  const void *scale, *table;
  DType dtype;
  int64_t items, bags, size, rows, row_stride, column_stride, padding;
  bool mean;
  IndexError* error;
  const char* op;
  Call(const Bags& b, const StridedView& weight, int64_t rows_, int64_t size_)
      : index(b.index.as<int64_t>()),
        bounds(b.bounds.as<int64_t>()),
        scale(b.scale.data),
        table(weight.data),
        dtype(weight.dtype),
        items(b.index.numel()),
        bags(b.bounds.numel() - 1),
        size(size_),
        rows(rows_),
        row_stride(weight.strides[0]),
        column_stride(weight.strides[1]),
        padding(b.padding),
        mean(b.mean),
        error(index_error()),
        op(allocation_tag()) {}
  WEFT_INLINE bool used(int64_t i) const { return index[i] >= 0 && index[i] < rows && index[i] != padding; }
  WEFT_INLINE Range range(int64_t bag) const {
    const int64_t begin = bounds[bag], end = bounds[bag + 1];
    return begin < 0 || end > items ? Range{0, 0} : Range{begin, end};
  }
  template <class C>
  WEFT_INLINE C share(const Range& r) const {
    int64_t counted = 0;
    for (int64_t i = r.begin; mean && i < r.end; i++) counted += used(i);
    return counted > 1 ? C(1) / static_cast<C>(counted) : C(1);
  }
  template <class C>
  WEFT_INLINE C scale_of(int64_t i) const {
    return scale ? load<C>(scale, dtype, i) : C(1);
  }
  template <class C>
  WEFT_INLINE C entry(int64_t i, int64_t column) const {
    return load<C>(table, dtype, index[i] * row_stride + column * column_stride);
  }
};

// The first bound is 0, none decreases, and none lies behind the items.
__global__ void check_bounds(Call c) {
  for (int64_t b = first_item(); b <= c.bags; b += item_step()) {
    const int64_t own = c.bounds[b], most = b == 0 ? 0 : c.items;
    if (own < 0 || own > most)
      report(c.error, c.op, own, most + 1);
    else if (b > 0 && c.bounds[b - 1] > own && c.bounds[b - 1] <= c.items)
      report(c.error, c.op, c.bounds[b - 1], own + 1);
  }
}
void check_bags(const Call& c) { launch(check_bounds, grid_for(c.bags + 1), c); }

template <class C>
__global__ void bag_sums(void* out, Call c) {
  for (int64_t at = first_item(); at < c.bags * c.size; at += item_step()) {
    const Range r = c.range(at / c.size);
    C sum = 0;
    for (int64_t i = r.begin; i < r.end; i++)
      if (c.used(i)) sum += c.scale_of<C>(i) * c.entry<C>(i, at % c.size);
    store(out, c.dtype, at, c.mean ? sum * c.share<C>(r) : sum);
  }
}

void bag_sum_cuda(StridedView out, StridedView weight, Bags bags) {
  const Call c(bags, weight, weight.shape[0], weight.shape[1]);
  check_bags(c);
  if (out.numel() == 0) return;
  launch(out.dtype == DType::Float64 ? bag_sums<double> : bag_sums<float>, grid_for(out.numel()), out.data, c);
}
WEFT_CUDA_KERNEL(bag_sum_kernel, bag_sum_cuda);

// For each item of a bag: its row, its bag, and what the bag's gradient is multiplied by. Other items keep kNowhere.
template <class C>
__global__ void locate_items(uint64_t* places, int64_t* bag_of, C* factors, Call c) {
  for (int64_t b = first_item(); b < c.bags; b += item_step()) {
    const Range r = c.range(b);
    const C share = c.share<C>(r);
    for (int64_t i = r.begin; i < r.end; i++) {
      if (!c.used(i)) continue;
      places[i] = static_cast<uint64_t>(c.index[i]);
      bag_of[i] = b;
      factors[i] = c.scale_of<C>(i) * share;
    }
  }
}

template <class C>
struct Items {
  DeviceScratch places, bag_of, factors;
  explicit Items(const Call& c)
      : places(static_cast<size_t>(c.items) * sizeof(uint64_t)),
        bag_of(static_cast<size_t>(c.items) * sizeof(int64_t)),
        factors(static_cast<size_t>(c.items) * sizeof(C)) {
    static_assert(kNowhere == ~uint64_t{0});
    check(cudaMemsetAsync(places.as<uint64_t>(), 0xff, static_cast<size_t>(c.items) * sizeof(uint64_t), stream()),
          "cudaMemsetAsync");
    // Items of no bag are loaded as well, and dropped.
    check(cudaMemsetAsync(bag_of.as<int64_t>(), 0, static_cast<size_t>(c.items) * sizeof(int64_t), stream()),
          "cudaMemsetAsync");
    if (c.bags > 0)
      launch(locate_items<C>, grid_for(c.bags), places.as<uint64_t>(), bag_of.as<int64_t>(), factors.as<C>(), c);
  }
};

// Sums in C: float for the half types.
template <class C>
struct AddBags {
  using Value = C;
  void* out;
  const void* grad;
  DType dtype;
  int64_t size;
  const int64_t* bag_of;
  const C* factors;
  WEFT_INLINE C none() const { return C(0); }
  WEFT_INLINE C join(C a, C b) const { return a + b; }
  WEFT_INLINE C load(int64_t i, int64_t column) const {
    return factors[i] * cuda::load<C>(grad, dtype, bag_of[i] * size + column);
  }
  WEFT_INLINE void put(uint64_t row, int64_t column, C sum) const {
    if (row != kNowhere) store(out, dtype, static_cast<int64_t>(row) * size + column, sum);
  }
};

template <class C>
void weight_gradient_as(const StridedView& out, const StridedView& grad, const Call& c) {
  const Items<C> items(c);
  int bits = 1;
  while ((int64_t{1} << bits) <= c.rows) bits++;  // kNowhere's lowest bits are then larger than every row
  combine_runs(AddBags<C>{out.data, grad.data, out.dtype, c.size, items.bag_of.template as<int64_t>(),
                          items.factors.template as<C>()},
               items.places.template as<uint64_t>(), c.items, c.size, bits);
}

void bag_sum_weight_cuda(StridedView out, StridedView grad, Bags bags) {
  const Call c(bags, out, out.shape[0], out.shape[1]);
  check_bags(c);
  if (out.numel() == 0) return;
  check(cudaMemsetAsync(out.data, 0, static_cast<size_t>(out.numel()) * item_size(out.dtype), stream()),
        "cudaMemsetAsync");
  if (c.items == 0 || c.bags == 0) return;
  out.dtype == DType::Float64 ? weight_gradient_as<double>(out, grad, c) : weight_gradient_as<float>(out, grad, c);
}
WEFT_CUDA_KERNEL(bag_sum_weight_kernel, bag_sum_weight_cuda);

template <class C>
__global__ void scale_gradients(void* out, const void* grad, const uint64_t* places, const int64_t* bag_of,
                                const C* factors, Call c) {
  for (int64_t i = first_item(); i < c.items; i += item_step()) {
    double sum = 0;
    if (places[i] != kNowhere) {
      for (int64_t j = 0; j < c.size; j++)
        sum += static_cast<double>(load<C>(grad, c.dtype, bag_of[i] * c.size + j) * c.entry<C>(i, j));
      sum *= static_cast<double>(factors[i]);
    }
    store(out, c.dtype, i, static_cast<C>(sum));
  }
}

template <class C>
void scale_gradient_as(const StridedView& out, const StridedView& grad, const Call& c) {
  const Items<C> items(c);
  launch(scale_gradients<C>, grid_for(c.items), out.data, static_cast<const void*>(grad.data),
         items.places.template as<uint64_t>(), items.bag_of.template as<int64_t>(), items.factors.template as<C>(), c);
}

void bag_sum_scale_cuda(StridedView out, StridedView weight, StridedView grad, Bags bags) {
  const Call c(bags, weight, weight.shape[0], weight.shape[1]);
  check_bags(c);
  if (out.numel() == 0) return;
  out.dtype == DType::Float64 ? scale_gradient_as<double>(out, grad, c) : scale_gradient_as<float>(out, grad, c);
}
WEFT_CUDA_KERNEL(bag_sum_scale_kernel, bag_sum_scale_cuda);

template <class C>
__global__ void bag_maxima(void* out, int64_t* item, Call c) {
  for (int64_t at = first_item(); at < c.bags * c.size; at += item_step()) {
    const Range r = c.range(at / c.size);
    C best = 0;
    int64_t chosen = -1;
    for (int64_t i = r.begin; i < r.end; i++) {
      if (!c.used(i)) continue;
      const C own = c.entry<C>(i, at % c.size);
      if (chosen >= 0 && !(own > best)) continue;
      best = own;
      chosen = i;
    }
    store(out, c.dtype, at, best);
    item[at] = chosen;
  }
}

void bag_max_cuda(StridedView out, StridedView item, StridedView weight, Bags bags) {
  const Call c(bags, weight, weight.shape[0], weight.shape[1]);
  check_bags(c);
  if (out.numel() == 0) return;
  launch(out.dtype == DType::Float64 ? bag_maxima<double> : bag_maxima<float>, grid_for(out.numel()), out.data,
         item.as<int64_t>(), c);
}
WEFT_CUDA_KERNEL(bag_max_kernel, bag_max_cuda);

}  // namespace
}  // namespace weft::cuda
