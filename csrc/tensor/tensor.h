// Tensor: a counted handle on a strided view (shape, strides, offset, dtype) of a Storage. What a tensor IS;
// what can be done with it lives in ops/.
#pragma once

#include <atomic>
#include <memory>
#include <span>

#include "core/device.h"
#include "core/dims.h"
#include "core/dtype.h"
#include "core/ref.h"
#include "core/scalar.h"
#include "tensor/storage.h"

namespace weft {

class Tensor;

// What autograd attaches to a tensor; op/grad_meta.h defines the rest. Absent while a tensor needs no gradient.
struct AutogradMeta {
  virtual ~AutogradMeta() = default;
};

// An object that is made when it is first asked for, by whichever thread asks first.
template <class T>
class MadeOnce {
 public:
  MadeOnce() = default;
  ~MadeOnce() { delete get(); }
  MadeOnce(const MadeOnce&) = delete;
  T* get() const { return object_.load(std::memory_order_acquire); }
  // make() returns a new object; one that came too late is deleted.
  template <class Make>
  T& get_or_make(const Make& make) {
    if (T* known = get()) return *known;
    T* fresh = make();
    T* known = nullptr;
    if (object_.compare_exchange_strong(known, fresh, std::memory_order_acq_rel)) return *fresh;
    delete fresh;
    return *known;
  }
  // Only while no other thread uses it.
  void clear() { delete object_.exchange(nullptr); }

 private:
  std::atomic<T*> object_{nullptr};
};

class TensorImpl final : public RefCounted, public Pooled<TensorImpl> {
 public:
  TensorImpl(Ref<Storage> storage, Shape shape, Strides strides, int64_t offset, DType dtype);
  ~TensorImpl() override;

  Ref<Storage> storage;
  int64_t offset;  // elements before the first one
  int64_t numel;
  Shape shape;
  Strides strides;
  DType dtype;
  Device device;
  bool contiguous;
  bool requires_grad = false;  // a leaf that wants a gradient, or the result of an op that autograd recorded
  bool inference = false;      // made in inference mode: may never be part of a graph
  bool detached = false;       // in a trace: made by detach(), or a view of that
  MadeOnce<AutogradMeta> autograd;
  // The tensor whose storage this one views, if it is a view: its root, never a view itself. `tracked` views were made
  // while autograd recorded: they require grad whenever their base does. `view_version` is the storage's version when
  // their grad_fn was made; a later in-place change makes it stale.
  bool tracked = false;
  uint32_t view_version = 0;
  Ref<TensorImpl> base;
  // The Python object that stands for this tensor, while there is one; guarded by the GIL. Not owned, unless
  // owns_python_object: an object with attributes that Python let go of lives as long as the tensor.
  void* python_object = nullptr;
  bool owns_python_object = false;
  // Its history holds Python objects (a step written in Python): Python's garbage collector has to look at it.
  bool python_history = false;
  // Called without the GIL for a tensor that owns its Python object when its last owner is gone. Gives the object up,
  // or returns false: the object is in use, and owns the tensor again.
  static bool (*release_python_object)(TensorImpl*);

 protected:
  void destroy() override;
};

class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Ref<TensorImpl> impl) : impl_(std::move(impl)) {}

  bool defined() const { return static_cast<bool>(impl_); }
  TensorImpl* impl() const { return impl_.get(); }
  const Ref<TensorImpl>& ref() const { return impl_; }

  const Shape& shape() const { return impl_->shape; }
  int64_t size(int dim) const { return impl_->shape[dim < 0 ? dim + ndim() : dim]; }
  const Strides& strides() const { return impl_->strides; }
  int ndim() const { return impl_->shape.size(); }
  int64_t numel() const { return impl_->numel; }
  int64_t offset() const { return impl_->offset; }
  DType dtype() const { return impl_->dtype; }
  Device device() const { return impl_->device; }
  bool is_meta() const { return impl_->device.type == DeviceType::Meta; }
  // Are there values to look at? Not on the meta device, and not while they are only traced.
  bool has_values() const { return !is_meta() && !impl_->storage->symbolic(); }
  bool is_contiguous() const { return impl_->contiguous; }
  bool requires_grad() const { return impl_->requires_grad || (impl_->tracked && impl_->base->requires_grad); }
  bool is_view() const { return static_cast<bool>(impl_->base); }
  uint32_t version() const { return impl_->storage->version(); }

  // Of the first element; nullptr on the meta device and for empty tensors.
  void* data() const {
    void* p = impl_->storage->data();
    return p ? static_cast<char*>(p) + impl_->offset * static_cast<int64_t>(item_size(impl_->dtype)) : nullptr;
  }
  template <class T>
  T* data_as() const {
    return static_cast<T*>(data());
  }

  bool same(const Tensor& o) const { return impl_ == o.impl_; }

 private:
  Ref<TensorImpl> impl_;
};

// A new contiguous tensor with undefined contents. Sizes are checked for overflow before memory is taken.
Tensor empty(const Shape& shape, DType dtype = DType::Float32, Device device = {});
// The same with given dense strides (a permutation of contiguous ones).
Tensor empty_strided(const Shape& shape, const Strides& strides, DType dtype, Device device);
// The same without memory, for what is only traced.
Tensor empty_spaced(const Shape& shape, const Strides& strides, DType dtype, Device device);
Tensor symbolic(const Shape& shape, const Strides& strides, DType dtype, Device device);
// Another view of t's storage; offset counts from the start of the storage, in elements. Raises RuntimeError when it
// would reach outside the storage. Knows nothing of autograd: ops/movement.h has the differentiable views.
Tensor alias_as_strided(const Tensor& t, const Shape& shape, const Strides& strides, int64_t offset);
Tensor alias_as_strided(const Tensor& t, const Shape& shape, const Strides& strides, int64_t offset, DType dtype);
// A tensor on memory that `owner` keeps alive.
Tensor from_memory(void* data, const Shape& shape, const Strides& strides, DType dtype, std::shared_ptr<void> owner,
                   bool writable = true, Device device = {});

// Do two elements of t (an expanded tensor, say) share memory?
bool has_internal_overlap(const Tensor& t);
// Do the elements of t fill a block of memory without gaps, in any order of the dimensions?
bool is_dense(const Tensor& t);
// May a and b share memory? Exact for the same geometry and for disjoint ranges, else "yes".
enum class Overlap { None, Same, Partial };
Overlap overlap_of(const Tensor& a, const Tensor& b);

}  // namespace weft
