#include "kernels/indexing.h"

#include "kernels/cuda/device_loop.h"
#include "kernels/cuda/index_error.h"
#include "kernels/cuda/reduce.h"
#include "kernels/cuda/runs.h"
#include "kernels/cuda/scan.h"
#include "kernels/scalar/folds.h"

namespace weft::cuda {
namespace {

constexpr int kIndexDims = 16, kSources = 4;

struct OffsetCall {
  int ndim, count;
  bool first, wrap;
  int64_t shape[kIndexDims], strides[kIndexDims];
  const int64_t* data[kSources];
  int64_t index_strides[kSources][kIndexDims];
  int64_t size[kSources], stride[kSources];
};

// An index out of range is reported and counts as 0.
__global__ void add_offsets(int64_t* offsets, int64_t n, OffsetCall c, IndexError* error, const char* op) {
  for (int64_t p = first_item(); p < n; p += item_step()) {
    int64_t at[kSources] = {}, offset = 0, rest = p;
    for (int d = c.ndim - 1; d >= 0; d--) {
      int64_t i = rest % c.shape[d];
      rest /= c.shape[d];
      offset += i * c.strides[d];
      for (int k = 0; k < c.count; k++) at[k] += i * c.index_strides[k][d];
    }
    if (!c.first) offset = offsets[p];
    for (int k = 0; k < c.count; k++) {
      int64_t v = c.data[k][at[k]], i = c.wrap && v < 0 ? v + c.size[k] : v;
      bool bad = i < 0 || i >= c.size[k];
      if (bad) report(error, op, v, c.size[k]);
      offset += bad ? 0 : i * c.stride[k];
    }
    offsets[p] = offset;
  }
}

void index_offsets_cuda(int64_t* offsets, StridedView positions, const IndexSource* sources, int count, bool wrap,
                        BadIndex*) {
  int64_t n = positions.numel();
  weft::check(positions.ndim <= kIndexDims, "indexing with more than ", kIndexDims,
              " dimensions is not supported on a GPU");
  for (int first = 0; first == 0 || first < count; first += kSources) {
    OffsetCall c{};
    c.ndim = positions.ndim;
    c.count = std::min(count - first, kSources);
    c.first = first == 0;
    c.wrap = wrap;
    for (int d = 0; d < c.ndim; d++) {
      c.shape[d] = positions.shape[d];
      c.strides[d] = positions.strides[d];
    }
    for (int k = 0; k < c.count; k++) {
      const IndexSource& s = sources[first + k];
      c.data[k] = s.data;
      c.size[k] = s.size;
      c.stride[k] = s.stride;
      for (int d = 0; d < c.ndim; d++) c.index_strides[k][d] = s.strides[d];
    }
    launch(add_offsets, grid_for(n), offsets, n, c, index_error(), allocation_tag());
  }
}
WEFT_CUDA_KERNEL(index_offsets_kernel, index_offsets_cuda);

// Where the elements of a row lie, from its first one.
struct RowShape {
  int ndim = 0;
  int64_t shape[kIndexDims], strides[kIndexDims];
  explicit RowShape(const StridedView& v) {
    for (int d = 0; d < v.ndim; d++) {
      if (v.shape[d] == 1) continue;
      if (ndim > 0 && strides[ndim - 1] == v.strides[d] * v.shape[d]) {
        shape[ndim - 1] *= v.shape[d];
        strides[ndim - 1] = v.strides[d];
        continue;
      }
      weft::check(ndim < kIndexDims, "indexing with more than ", kIndexDims, " dimensions is not supported on a GPU");
      shape[ndim] = v.shape[d];
      strides[ndim++] = v.strides[d];
    }
  }
  __device__ __forceinline__ int64_t at(int64_t i) const {
    int64_t offset = 0;
    for (int d = ndim - 1; d > 0; d--) {
      offset += i % shape[d] * strides[d];
      i /= shape[d];
    }
    return ndim > 0 ? offset + i * strides[0] : 0;
  }
};

template <class T>
__global__ void gather_elements(T* out, const T* in, const int64_t* offsets, int64_t count, int64_t width,
                                RowShape row) {
  for (int64_t i = first_item(); i < count * width; i += item_step())
    out[i] = in[offsets[i / width] + row.at(i % width)];
}

void gather_rows_cuda(void* out, StridedView row, const int64_t* offsets, int64_t count) {
  int64_t width = row.numel();
  if (count == 0 || width == 0) return;
  auto run = [&]<class T>(TypeTag<T>) {
    launch(gather_elements<T>, grid_for(count * width), static_cast<T*>(out), row.as<T>(), offsets, count, width,
           RowShape(row));
  };
  size_t item = item_size(row.dtype);
  if (item == 1) return run(TypeTag<uint8_t>{});
  if (item == 2) return run(TypeTag<uint16_t>{});
  if (item == 4) return run(TypeTag<uint32_t>{});
  if (item == 8) return run(TypeTag<uint64_t>{});
  run(TypeTag<Complex128>{});
}
WEFT_CUDA_KERNEL(gather_rows_kernel, gather_rows_cuda);

template <PutMode mode, class C>
WEFT_INLINE C combine(C old, C value) {
  if constexpr (mode == PutMode::Assign)
    return value;
  else if constexpr (__is_same(C, BoolByte))
    return mode == PutMode::Add || mode == PutMode::Maximum ? (old || value) : (old && value);
  else if constexpr (mode == PutMode::Add)
    return static_cast<C>(old + value);
  else if constexpr (mode == PutMode::Multiply)
    return static_cast<C>(old * value);
  else if constexpr (mode == PutMode::Maximum)  // NaN wins
    return value > old || value != value ? value : old;
  else
    return value < old || value != value ? value : old;
}

template <PutMode mode, class T>
struct PutRows {
  using C = scalar::Wide<T>;
  // What a run has come to; `any` is false before its first element.
  struct Value {
    C v;
    bool any;
  };
  T* out;
  const T* source;
  int64_t width;
  bool scalar;
  RowShape row;
  WEFT_INLINE Value none() const { return {C{}, false}; }
  WEFT_INLINE Value join(Value a, Value b) const {
    if (!a.any) return b;
    if (!b.any) return a;
    return {combine<mode>(a.v, b.v), true};
  }
  WEFT_INLINE Value load(int64_t position, int64_t column) const {
    return {convert<C>(scalar ? *source : source[position * width + column]), true};
  }
  __device__ __forceinline__ void put(uint64_t place, int64_t column, Value v) const {
    T* to = out + static_cast<int64_t>(place) + row.at(column);
    *to = convert<T>(combine<mode>(convert<C>(*to), v.v));
  }
};

// One number everywhere: the order does not matter.
template <class T>
__global__ void assign_number(T* out, const T* number, const int64_t* offsets, int64_t count, int64_t width,
                              RowShape row) {
  for (int64_t i = first_item(); i < count * width; i += item_step())
    out[offsets[i / width] + row.at(i % width)] = *number;
}

template <PutMode mode, class T>
void put_rows(const StridedView& row, const int64_t* offsets, int64_t count, const void* source, bool scalar) {
  int64_t width = row.numel();
  PutRows<mode, T> put{row.as<T>(), static_cast<const T*>(source), width, scalar, RowShape(row)};
  combine_runs(put, reinterpret_cast<const uint64_t*>(offsets), count, width, 64);
}

void scatter_rows_cuda(StridedView row, const int64_t* offsets, int64_t count, const void* source, bool scalar,
                       PutMode mode) {
  int64_t width = row.numel();
  if (count == 0 || width == 0) return;
  auto assign = [&]<class T>(TypeTag<T>) {
    if (scalar)
      return launch(assign_number<T>, grid_for(count * width), row.as<T>(), static_cast<const T*>(source), offsets,
                    count, width, RowShape(row));
    put_rows<PutMode::Assign, T>(row, offsets, count, source, scalar);
  };
  if (mode == PutMode::Assign) {  // elements are only moved
    const size_t item = item_size(row.dtype);
    if (item == 1) return assign(TypeTag<uint8_t>{});
    if (item == 2) return assign(TypeTag<uint16_t>{});
    if (item == 4) return assign(TypeTag<uint32_t>{});
    if (item == 8) return assign(TypeTag<uint64_t>{});
    return assign(TypeTag<Complex128>{});
  }
  visit_real_dtype(row.dtype, [&]<class T>(TypeTag<T>) {
    switch (mode) {
      case PutMode::Assign:
        return;
      case PutMode::Add:
        return put_rows<PutMode::Add, T>(row, offsets, count, source, scalar);
      case PutMode::Multiply:
        return put_rows<PutMode::Multiply, T>(row, offsets, count, source, scalar);
      case PutMode::Maximum:
        return put_rows<PutMode::Maximum, T>(row, offsets, count, source, scalar);
      case PutMode::Minimum:
        return put_rows<PutMode::Minimum, T>(row, offsets, count, source, scalar);
    }
  });
}
WEFT_CUDA_KERNEL(scatter_rows_kernel, scatter_rows_cuda);

WEFT_INLINE bool is_set(const void* data, DType dtype, int64_t i) { return load<bool>(data, dtype, i); }

struct CountReducer {
  using Compute = bool;
  using Seen = int64_t;
  using Total = int64_t;
  static WEFT_INLINE void start(int64_t& s) { s = 0; }
  static WEFT_INLINE void add(int64_t& s, bool x, int64_t) { s += x; }
  static WEFT_INLINE int64_t none() { return 0; }
  static WEFT_INLINE int64_t total(int64_t s) { return s; }
  static WEFT_INLINE int64_t join(int64_t a, int64_t b) { return a + b; }
};
struct StoreCount {
  int64_t* out;
  WEFT_INLINE void operator()(int64_t total, int64_t, int64_t) const { *out = total; }
};

void count_nonzero_cuda(StridedView in, int64_t* count) {
  *count = 0;
  if (in.numel() == 0) return;
  DeviceScratch result(sizeof(int64_t));
  reduce<CountReducer>(ReduceLaunch({}, {}, in, in.ndim, false), in, StoreCount{result.as<int64_t>()});
  read_back(count, result.as<void>(), sizeof(int64_t));
}
WEFT_CUDA_KERNEL(count_nonzero_kernel, count_nonzero_cuda);

// A running count of what is set; each element that is writes its coordinates at its number.
struct Counted {
  int64_t v;
  static WEFT_INLINE Counted none() { return {0}; }
  static WEFT_INLINE Counted join(Counted a, Counted b) { return {a.v + b.v}; }
};
struct Coordinates {
  const void* in;
  DType dtype;
  int64_t* out;
  int ndim;
  int64_t shape[kIndexDims];
  __device__ __forceinline__ Counted load(int64_t, int64_t i) const { return {is_set(in, dtype, i) ? 1 : 0}; }
  __device__ __forceinline__ void store(int64_t, int64_t i, Counted before) const {
    if (!is_set(in, dtype, i)) return;
    for (int d = ndim - 1; d >= 0; d--) {
      out[(before.v - 1) * ndim + d] = i % shape[d];
      i /= shape[d];
    }
  }
};

void nonzero_cuda(StridedView in, int64_t* coordinates) {
  weft::check(in.ndim <= kIndexDims, "nonzero: more than ", kIndexDims, " dimensions are not supported on a GPU");
  Coordinates c{in.data, in.dtype, coordinates, in.ndim, {}};
  for (int d = 0; d < in.ndim; d++) c.shape[d] = in.shape[d];
  int64_t n = in.numel(), one = 1;
  scan<Counted>(StridedView{in.data, &n, &one, 1, in.dtype}, c);
}
WEFT_CUDA_KERNEL(nonzero_kernel, nonzero_cuda);

}  // namespace

__global__ void number_positions(int32_t* numbers, int64_t n) {
  for (int64_t i = first_item(); i < n; i += item_step()) numbers[i] = static_cast<int32_t>(i);
}

}  // namespace weft::cuda
