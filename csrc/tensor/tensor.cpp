#include "tensor/tensor.h"

#include <algorithm>
#include <utility>

#include "device/backend.h"

namespace weft {

TensorImpl::TensorImpl(Ref<Storage> storage_, Shape shape_, Strides strides_, int64_t offset_, DType dtype_)
    : storage(std::move(storage_)),
      offset(offset_),
      numel(1),
      shape(std::move(shape_)),
      strides(std::move(strides_)),
      dtype(dtype_),
      device(storage->device()) {
  for (int64_t s : shape) numel *= s;
  contiguous = weft::is_contiguous(shape, strides);
}

TensorImpl::~TensorImpl() = default;

bool (*TensorImpl::release_python_object)(TensorImpl*) = nullptr;

void TensorImpl::destroy() {
  if (owns_python_object && !release_python_object(this)) [[unlikely]]
    return;
  delete this;
}

namespace {

size_t checked_bytes(const Shape& shape, DType dtype) {
  int64_t n = checked_numel(shape), bytes = 0;
  check(!__builtin_mul_overflow(n, static_cast<int64_t>(item_size(dtype)), &bytes), "the bytes of shape ", shape,
        " with dtype ", dtype, " do not fit 63 bits");
  return static_cast<size_t>(bytes);
}

// First and one-past-last element of t, counted from the start of its storage. A reach beyond 63 bits is an error.
std::pair<int64_t, int64_t> extent(const Shape& shape, const Strides& strides, int64_t offset) {
  int64_t low = offset, high = 0;
  bool overflow = __builtin_add_overflow(offset, 1, &high);
  for (int i = 0; i < shape.size(); i++) {
    if (shape[i] == 0) return {offset, offset};
    int64_t reach = 0;
    overflow |= __builtin_mul_overflow(shape[i] - 1, strides[i], &reach);
    int64_t& end = reach < 0 ? low : high;
    overflow |= __builtin_add_overflow(end, reach, &end);
  }
  check(!overflow, "as_strided: shape ", shape, " with strides ", strides, " and offset ", offset,
        " reaches outside of any storage");
  return {low, high};
}

}  // namespace

Tensor empty(const Shape& shape, DType dtype, Device device) {
  size_t bytes = checked_bytes(shape, dtype);
  auto storage = make_ref<Storage>(bytes, device);
  return Tensor(make_ref<TensorImpl>(std::move(storage), shape, contiguous_strides(shape), 0, dtype));
}

Tensor empty_strided(const Shape& shape, const Strides& strides, DType dtype, Device device) {
  size_t bytes = checked_bytes(shape, dtype);
  auto [low, high] = extent(shape, strides, 0);
  check(low == 0 && static_cast<size_t>(high) * item_size(dtype) <= std::max(bytes, item_size(dtype)),
        "empty_strided: strides ", strides, " of shape ", shape, " are not dense");
  auto storage = make_ref<Storage>(bytes, device);
  return Tensor(make_ref<TensorImpl>(std::move(storage), shape, strides, 0, dtype));
}

Tensor empty_spaced(const Shape& shape, const Strides& strides, DType dtype, Device device) {
  auto [low, high] = extent(shape, strides, 0);
  auto storage = make_ref<Storage>(checked_bytes({std::max(checked_numel(shape), high - low)}, dtype), device);
  return Tensor(make_ref<TensorImpl>(std::move(storage), shape, strides, -low, dtype));
}

Tensor symbolic(const Shape& shape, const Strides& strides, DType dtype, Device device) {
  auto [low, high] = extent(shape, strides, 0);
  int64_t elements = std::max(checked_numel(shape), high - low);
  auto storage = make_ref<Storage>(checked_bytes({elements}, dtype), device, Storage::Symbolic{});
  return Tensor(make_ref<TensorImpl>(std::move(storage), shape, strides, -low, dtype));
}

Tensor alias_as_strided(const Tensor& t, const Shape& shape, const Strides& strides, int64_t offset, DType dtype) {
  checked_numel(shape);
  auto [low, high] = extent(shape, strides, offset);
  auto available = static_cast<int64_t>(t.impl()->storage->nbytes() / item_size(dtype));
  check(low >= 0 && high <= std::max(available, offset), "as_strided: shape ", shape, " with strides ", strides,
        " and offset ", offset, " reaches outside the storage of ", available, " elements");
  auto impl = make_ref<TensorImpl>(t.impl()->storage, shape, strides, offset, dtype);
  impl->base = t.impl()->base ? t.impl()->base : t.ref();
  impl->inference = t.impl()->inference;
  return Tensor(std::move(impl));
}

Tensor alias_as_strided(const Tensor& t, const Shape& shape, const Strides& strides, int64_t offset) {
  return alias_as_strided(t, shape, strides, offset, t.dtype());
}

Tensor from_memory(void* data, const Shape& shape, const Strides& strides, DType dtype, std::shared_ptr<void> owner,
                   bool writable, Device device) {
  size_t bytes = checked_bytes(shape, dtype);
  auto [low, high] = extent(shape, strides, 0);
  auto item = static_cast<int64_t>(item_size(dtype));
  auto storage =
      make_ref<Storage>(static_cast<char*>(data) + low * item,
                        std::max(bytes, static_cast<size_t>((high - low) * item)), device, std::move(owner), writable);
  return Tensor(make_ref<TensorImpl>(std::move(storage), shape, strides, -low, dtype));
}

bool has_internal_overlap(const Tensor& t) {
  if (t.is_contiguous() || t.numel() <= 1) return false;
  // Sorted by stride, each dimension must step over everything the smaller ones reach; stricter than necessary for
  // exotic strides, exact for every view that indexing, transposing and expanding can make.
  std::pair<int64_t, int64_t> dims[kMaxDims];
  int n = 0;
  for (int i = 0; i < t.ndim(); i++)
    if (t.size(i) != 1) dims[n++] = {std::abs(t.strides()[i]), t.size(i)};
  std::sort(dims, dims + n);
  int64_t reach = 0;
  for (int i = 0; i < n; i++) {
    if (dims[i].first <= reach) return true;
    reach += dims[i].first * (dims[i].second - 1);
  }
  return false;
}

bool is_dense(const Tensor& t) {
  if (t.is_contiguous()) return true;
  if (has_internal_overlap(t)) return false;
  int64_t reach = 1;
  for (int d = 0; d < t.ndim(); d++) reach += (t.size(d) - 1) * t.strides()[d];
  return reach == t.numel();
}

Overlap overlap_of(const Tensor& a, const Tensor& b) {
  if (a.impl()->storage.get() != b.impl()->storage.get() && a.impl()->storage->data() != b.impl()->storage->data()) {
    // Different storages may still lie on the same foreign memory (NumPy views).
    auto* a0 = static_cast<char*>(a.impl()->storage->data());
    auto* b0 = static_cast<char*>(b.impl()->storage->data());
    if (!a0 || !b0 || a0 + a.impl()->storage->nbytes() <= b0 || b0 + b.impl()->storage->nbytes() <= a0)
      return Overlap::None;
    return Overlap::Partial;
  }
  if (a.numel() == 0 || b.numel() == 0) return Overlap::None;
  if (a.offset() == b.offset() && a.dtype() == b.dtype() && a.shape() == b.shape() && a.strides() == b.strides())
    return Overlap::Same;
  auto bytes = [](const Tensor& t) {
    auto [low, high] = extent(t.shape(), t.strides(), t.offset());
    auto item = static_cast<int64_t>(item_size(t.dtype()));
    return std::pair{low * item, high * item};
  };
  auto [a_low, a_high] = bytes(a);
  auto [b_low, b_high] = bytes(b);
  return a_high <= b_low || b_high <= a_low ? Overlap::None : Overlap::Partial;
}

}  // namespace weft
