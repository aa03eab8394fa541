// Sorting rows by keys: unsigned integers in the order of the elements, equal for equal elements.
#include "kernels/sorting.h"

#include <type_traits>

#include "kernels/cuda/algorithms.h"
#include "kernels/cuda/convert.h"

namespace weft::cuda {
namespace {

// NaN is larger than all numbers and equal to itself; both zeros are equal.
template <class K, class T>
WEFT_INLINE K key_of(T x) {
  if constexpr (__is_same(T, Float16) || __is_same(T, BFloat16)) {
    return key_of<K>(to_float(x));
  } else if constexpr (__is_same(T, float)) {
    uint32_t u = __builtin_bit_cast(uint32_t, x == 0 ? 0.0f : x);
    return x != x ? ~K{0} : static_cast<K>(u & 0x80000000u ? ~u : u | 0x80000000u);
  } else if constexpr (__is_same(T, double)) {
    uint64_t u = __builtin_bit_cast(uint64_t, x == 0 ? 0.0 : x);
    return x != x ? ~K{0} : static_cast<K>(u >> 63 ? ~u : u | (uint64_t{1} << 63));
  } else if constexpr (__is_same(T, BoolByte)) {
    return static_cast<K>(static_cast<bool>(x));
  } else if constexpr (std::is_unsigned_v<T>) {
    return static_cast<K>(x);
  } else {
    using Signed = typename std::conditional_t<sizeof(K) == 8, int64_t, int32_t>;
    return static_cast<K>(static_cast<Signed>(x)) ^ (K{1} << (sizeof(K) * 8 - 1));
  }
}

template <class K, class T>
__global__ void make_keys(K* keys, int32_t* numbers, const T* in, int64_t total, int64_t length, bool descending) {
  for (int64_t i = first_item(); i < total; i += item_step()) {
    K key = key_of<K>(in[i]);
    keys[i] = descending ? ~key : key;
    numbers[i] = static_cast<int32_t>(i % length);
  }
}

template <class T>
__global__ void write_sorted(T* values, int64_t* indices, const T* in, const int32_t* order, int64_t rows,
                             int64_t length, int64_t wanted) {
  for (int64_t i = first_item(); i < rows * wanted; i += item_step()) {
    int64_t row = i / wanted, from = order[row * length + i % wanted];
    indices[i] = from;
    values[i] = in[row * length + from];
  }
}

// The first `wanted` of each row in order.
template <class K, class T>
void sort_as(const StridedView& values, const StridedView& indices, const StridedView& in, bool descending,
             int64_t wanted) {
  int64_t length = in.ndim ? in.shape[in.ndim - 1] : 1, total = in.numel();
  if (total == 0 || wanted == 0) return;
  auto count = static_cast<size_t>(total);
  DeviceScratch keys(count * sizeof(K)), sorted(count * sizeof(K)), numbers(count * 4), order(count * 4);
  launch(make_keys<K, T>, grid_for(total), keys.as<K>(), numbers.as<int32_t>(), in.as<T>(), total, length, descending);
  sort_rows(keys.as<K>(), sorted.as<K>(), numbers.as<int32_t>(), order.as<int32_t>(), total / length, length,
            static_cast<int>(sizeof(K)) * 8);
  launch(write_sorted<T>, grid_for(total / length * wanted), values.as<T>(), indices.as<int64_t>(), in.as<T>(),
         order.as<int32_t>(), total / length, length, wanted);
}

void sort_first(const StridedView& values, const StridedView& indices, const StridedView& in, bool descending,
                int64_t wanted) {
  visit_real_dtype(in.dtype, [&]<class T>(TypeTag<T>) {
    if constexpr (sizeof(T) == 8)
      sort_as<uint64_t, T>(values, indices, in, descending, wanted);
    else
      sort_as<uint32_t, T>(values, indices, in, descending, wanted);
  });
}

void sort_cuda(StridedView values, StridedView indices, StridedView in, bool descending) {
  sort_first(values, indices, in, descending, in.ndim ? in.shape[in.ndim - 1] : 1);
}
WEFT_CUDA_KERNEL(sort_kernel, sort_cuda);

void topk_cuda(StridedView values, StridedView indices, StridedView in, bool largest, bool) {
  sort_first(values, indices, in, largest, values.ndim ? values.shape[values.ndim - 1] : 1);
}
WEFT_CUDA_KERNEL(topk_kernel, topk_cuda);

template <class K, class T>
__global__ void search_rows(int64_t* out, const T* sorted, const T* values, int64_t n, int64_t per_row, int64_t total,
                            bool shared, bool right) {
  for (int64_t i = first_item(); i < total; i += item_step()) {
    const T* row = sorted + (shared ? 0 : i / per_row * n);
    K wanted = key_of<K>(values[i]);
    int64_t low = 0, high = n;
    while (low < high) {
      int64_t middle = low + (high - low) / 2;
      K key = key_of<K>(row[middle]);
      if (key < wanted || (right && key == wanted))
        low = middle + 1;
      else
        high = middle;
    }
    out[i] = low;
  }
}

void search_sorted_cuda(StridedView out, StridedView sorted, StridedView values, bool right) {
  int64_t total = values.numel();
  if (total == 0) return;
  int64_t n = sorted.shape[sorted.ndim - 1], per_row = values.ndim ? values.shape[values.ndim - 1] : 1;
  visit_real_dtype(sorted.dtype, [&]<class T>(TypeTag<T>) {
    using K = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    launch(search_rows<K, T>, grid_for(total), out.as<int64_t>(), sorted.as<T>(), values.as<T>(), n, per_row, total,
           sorted.ndim == 1, right);
  });
}
WEFT_CUDA_KERNEL(search_sorted_kernel, search_sorted_cuda);

}  // namespace
}  // namespace weft::cuda
