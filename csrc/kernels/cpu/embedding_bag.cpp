// Sums and maxima of rows of a table, bag by bag; no row is copied on the way.
#include "device/cpu/scratch.h"
#include "kernels/cpu/norm_runs.h"
#include "kernels/embedding.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Items {
  int64_t begin, end, counted;
};

WEFT_INLINE Items items_of(const Bags& bags, int64_t bag) {
  const auto *bounds = bags.bounds.as<int64_t>(), *ids = bags.index.as<int64_t>();
  Items items{bounds[bag], bounds[bag + 1], 0};
  for (int64_t i = items.begin; i < items.end; i++) items.counted += ids[i] != bags.padding;
  return items;
}

template <class C>
WEFT_INLINE C share_of(const Bags& bags, const Items& items) {
  return bags.mean && items.counted > 1 ? C(1) / static_cast<C>(items.counted) : C(1);
}

// m elements of a row from column j on.
template <class C>
WEFT_INLINE const C* row_run(C* buffer, const StridedView& table, int64_t row, int64_t j, int64_t m) {
  const int64_t step = table.strides[1], at = row * table.strides[0] + j * step;
  if (table.dtype == dtype_of<C> && step == 1) return table.as<C>() + at;
  load_run(buffer, advance(table.data, at, table.dtype), table.dtype, step, m);
  return buffer;
}

WEFT_INLINE int64_t bags_grain(const Bags& bags, int64_t count, int64_t size) {
  const int64_t each = bags.index.numel() / (count + 1) + 1;
  return kElementwiseGrain / (each * (size + 1)) + 1;
}

template <class C>
void bag_sum_as(const StridedView& out, const StridedView& weight, const Bags& bags) {
  const int64_t count = out.shape[0], size = out.shape[1];
  const auto* ids = bags.index.as<int64_t>();
  parallel_for(count, bags_grain(bags, count, size), [&](int64_t begin, int64_t end) {
    C buffer[kRun], sums[kRun];
    for (int64_t b = begin; b < end; b++) {
      const Items items = items_of(bags, b);
      const C share = share_of<C>(bags, items);
      for (int64_t j = 0; j < size; j += kRun) {
        const int64_t m = size - j < kRun ? size - j : kRun;
        for (int64_t k = 0; k < m; k++) sums[k] = 0;
        for (int64_t i = items.begin; i < items.end; i++) {
          if (ids[i] == bags.padding) continue;
          const C* row = row_run(buffer, weight, ids[i], j, m);
          const C scale = number_at<C>(bags.scale, i, C(1));
          for (int64_t k = 0; k < m; k++) sums[k] += scale * row[k];
        }
        if (bags.mean)
          for (int64_t k = 0; k < m; k++) sums[k] *= share;
        store_run(advance(out.data, b * size + j, out.dtype), out.dtype, 1, sums, m);
      }
    }
  });
}

void bag_sum_cpu(StridedView out, StridedView weight, Bags bags) {
  if (out.numel() == 0) return;
  out.dtype == DType::Float64 ? bag_sum_as<double>(out, weight, bags) : bag_sum_as<float>(out, weight, bags);
}
WEFT_CPU_KERNEL(bag_sum_kernel, bag_sum_cpu);

// Sums in C: float for the half types.
template <class C>
void bag_sum_weight_as(const StridedView& out, const StridedView& grad, const Bags& bags) {
  const int64_t rows = out.shape[0], size = out.shape[1], count = grad.shape[0];
  const auto* ids = bags.index.as<int64_t>();
  const bool same = out.dtype == dtype_of<C>;
  Scratch scratch(same ? 0 : static_cast<size_t>(rows * size) * sizeof(C));
  if (scratch_only_asked()) return;
  C* sums = same ? out.as<C>() : reinterpret_cast<C*>(scratch.data());
  __builtin_memset(sums, 0, static_cast<size_t>(rows * size) * sizeof(C));
  const int64_t grain =
      bags.index.numel() * size < kElementwiseGrain ? rows : (rows + num_threads() - 1) / num_threads();
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    C buffer[kRun];
    for (int64_t b = 0; b < count; b++) {
      const Items items = items_of(bags, b);
      const C share = share_of<C>(bags, items);
      for (int64_t i = items.begin; i < items.end; i++) {
        if (ids[i] < begin || ids[i] >= end || ids[i] == bags.padding) continue;
        const C scale = number_at<C>(bags.scale, i, C(1)) * share;
        C* to = sums + ids[i] * size;
        for (int64_t j = 0; j < size; j += kRun) {
          const int64_t m = size - j < kRun ? size - j : kRun;
          const C* from = run_of(buffer, grad, b * size + j, m);
          for (int64_t k = 0; k < m; k++) to[j + k] += scale * from[k];
        }
      }
    }
  });
  if (!same) store_run(out.data, out.dtype, 1, sums, rows * size);
}

void bag_sum_weight_cpu(StridedView out, StridedView grad, Bags bags) {
  if (out.numel() == 0) return;
  out.dtype == DType::Float64 ? bag_sum_weight_as<double>(out, grad, bags) : bag_sum_weight_as<float>(out, grad, bags);
}
WEFT_CPU_KERNEL(bag_sum_weight_kernel, bag_sum_weight_cpu);

template <class C>
void bag_sum_scale_as(const StridedView& out, const StridedView& weight, const StridedView& grad, const Bags& bags) {
  const int64_t count = grad.shape[0], size = grad.shape[1];
  const auto* ids = bags.index.as<int64_t>();
  for (int64_t i = 0; i < out.shape[0]; i++) set_number<C>(out, i, 0.0);  // of items in no bag
  parallel_for(count, bags_grain(bags, count, size), [&](int64_t begin, int64_t end) {
    C buffer[kRun], row_buffer[kRun];
    for (int64_t b = begin; b < end; b++) {
      const Items items = items_of(bags, b);
      const C share = share_of<C>(bags, items);
      for (int64_t i = items.begin; i < items.end; i++) {
        if (ids[i] == bags.padding) continue;
        double sum = 0;
        for (int64_t j = 0; j < size; j += kRun) {
          const int64_t m = size - j < kRun ? size - j : kRun;
          sum += run_product_sum(run_of(buffer, grad, b * size + j, m), row_run(row_buffer, weight, ids[i], j, m), m,
                                 C(0));
        }
        set_number<C>(out, i, sum * static_cast<double>(share));
      }
    }
  });
}

void bag_sum_scale_cpu(StridedView out, StridedView weight, StridedView grad, Bags bags) {
  if (out.numel() == 0) return;
  out.dtype == DType::Float64 ? bag_sum_scale_as<double>(out, weight, grad, bags)
                              : bag_sum_scale_as<float>(out, weight, grad, bags);
}
WEFT_CPU_KERNEL(bag_sum_scale_kernel, bag_sum_scale_cpu);

template <class C>
void bag_max_as(const StridedView& out, const StridedView& item, const StridedView& weight, const Bags& bags) {
  const int64_t count = out.shape[0], size = out.shape[1];
  const auto* ids = bags.index.as<int64_t>();
  parallel_for(count, bags_grain(bags, count, size), [&](int64_t begin, int64_t end) {
    C buffer[kRun], best[kRun];
    for (int64_t b = begin; b < end; b++) {
      const Items items = items_of(bags, b);
      for (int64_t j = 0; j < size; j += kRun) {
        const int64_t m = size - j < kRun ? size - j : kRun;
        int64_t* chosen = item.as<int64_t>() + b * size + j;
        for (int64_t k = 0; k < m; k++) {
          best[k] = 0;
          chosen[k] = -1;
        }
        for (int64_t i = items.begin; i < items.end; i++) {
          if (ids[i] == bags.padding) continue;
          const C* row = row_run(buffer, weight, ids[i], j, m);
          for (int64_t k = 0; k < m; k++) {
            const bool larger = chosen[k] < 0 || row[k] > best[k];
            best[k] = larger ? row[k] : best[k];
            chosen[k] = larger ? i : chosen[k];
          }
        }
        store_run(advance(out.data, b * size + j, out.dtype), out.dtype, 1, best, m);
      }
    }
  });
}

void bag_max_cpu(StridedView out, StridedView item, StridedView weight, Bags bags) {
  if (out.numel() == 0) return;
  out.dtype == DType::Float64 ? bag_max_as<double>(out, item, weight, bags)
                              : bag_max_as<float>(out, item, weight, bags);
}
WEFT_CPU_KERNEL(bag_max_kernel, bag_max_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
