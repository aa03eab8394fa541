// Sorting with the standard library's algorithms, compiled once: nothing here gains from wide vectors.
#include "kernels/sorting.h"

#include <algorithm>
#include <type_traits>

#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"

namespace weft {
namespace {

// What elements of type T are compared as.
template <class T>
using KeyOf = std::conditional_t<std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>, float, T>;

template <class T>
KeyOf<T> key_of(T v) {
  if constexpr (std::is_same_v<KeyOf<T>, T>)
    return v;
  else
    return to_float(v);
}

template <class K>
bool less(K a, K b) {
  if constexpr (std::is_floating_point_v<K>)
    return a < b || (b != b && a == a);
  else
    return a < b;
}

template <class K>
struct Entry {
  K key;
  int64_t index;
};

struct Rows {
  int64_t count, length;
  explicit Rows(const StridedView& v) : length(v.ndim ? v.shape[v.ndim - 1] : 1) {
    count = length ? v.numel() / length : 0;
  }
};

// Calls f(entries, row) with the elements of each row in their order. Every thread has a piece of one scratch buffer.
template <class T, class F>
void for_rows(const StridedView& in, const F& f) {
  using E = Entry<KeyOf<T>>;
  Rows rows(in);
  if (rows.count == 0) return;
  int64_t tasks = rows.count * rows.length / 4096 + 1;
  int64_t workers = std::min<int64_t>({static_cast<int64_t>(num_threads()), rows.count, tasks});
  Scratch scratch(static_cast<size_t>(workers * rows.length) * sizeof(E));
  if (scratch_only_asked()) return;
  parallel_for(workers, 1, [&](int64_t first, int64_t last) {
    auto* entries = reinterpret_cast<E*>(scratch.data()) + first * rows.length;
    for (int64_t row = rows.count * first / workers; row < rows.count * last / workers; row++) {
      const T* x = in.as<T>() + row * rows.length;
      for (int64_t i = 0; i < rows.length; i++) entries[i] = {key_of(x[i]), i};
      f(entries, row);
    }
  });
}

template <class T>
void write_row(const StridedView& values, const StridedView& indices, const StridedView& in,
               const Entry<KeyOf<T>>* entries, int64_t row, int64_t count) {
  const T* x = in.as<T>() + row * Rows(in).length;
  T* y = values.as<T>() + row * count;
  auto* index = indices.as<int64_t>() + row * count;
  for (int64_t i = 0; i < count; i++) {
    index[i] = entries[i].index;
    y[i] = x[entries[i].index];
  }
}

// Equal keys by position: a total order, so that unstable algorithms give one result.
template <class K>
auto before(bool descending) {
  return [descending](const Entry<K>& a, const Entry<K>& b) {
    bool first = descending ? less(b.key, a.key) : less(a.key, b.key),
         second = descending ? less(a.key, b.key) : less(b.key, a.key);
    return first || (!second && a.index < b.index);
  };
}

void sort_cpu(StridedView values, StridedView indices, StridedView in, bool descending) {
  visit_real_dtype(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    int64_t n = Rows(in).length;
    for_rows<T>(in, [&](Entry<KeyOf<T>>* entries, int64_t row) {
      std::sort(entries, entries + n, before<KeyOf<T>>(descending));
      write_row<T>(values, indices, in, entries, row, n);
    });
  });
}
WEFT_CPU_LIBRARY_KERNEL(sort_kernel, sort_cpu);

void topk_cpu(StridedView values, StridedView indices, StridedView in, bool largest, bool sorted) {
  visit_real_dtype(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    int64_t n = Rows(in).length, k = Rows(values).length;
    if (k == 0) return;
    for_rows<T>(in, [&](Entry<KeyOf<T>>* entries, int64_t row) {
      auto order = before<KeyOf<T>>(largest);
      if (k < n) std::nth_element(entries, entries + k - 1, entries + n, order);
      if (sorted) std::sort(entries, entries + k, order);
      write_row<T>(values, indices, in, entries, row, k);
    });
  });
}
WEFT_CPU_LIBRARY_KERNEL(topk_kernel, topk_cpu);

void search_sorted_cpu(StridedView out, StridedView sorted, StridedView values, bool right) {
  visit_real_dtype(sorted.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using K = KeyOf<T>;
    int64_t n = Rows(sorted).length, per_row = Rows(values).length, total = values.numel();
    bool shared = sorted.ndim == 1;
    parallel_for(total, 4096, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const T* row = sorted.as<T>() + (shared ? 0 : i / per_row * n);
        K v = key_of(values.as<T>()[i]);
        auto place = right ? std::upper_bound(row, row + n, v, [](K a, T b) { return less(a, key_of(b)); })
                           : std::lower_bound(row, row + n, v, [](T a, K b) { return less(key_of(a), b); });
        out.as<int64_t>()[i] = place - row;
      }
    });
  });
}
WEFT_CPU_LIBRARY_KERNEL(search_sorted_kernel, search_sorted_cpu);

}  // namespace
}  // namespace weft
