// Ref<T>: an intrusive, thread-safe reference-counted pointer; and Pooled<T>, per-thread freelists for small hot
// objects.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace weft {

class RefCounted {
 public:
  RefCounted() = default;
  // A copy is a new object with no owners yet.
  RefCounted(const RefCounted&) {}
  RefCounted& operator=(const RefCounted&) { return *this; }
  void retain() const { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) const_cast<RefCounted*>(this)->destroy();
  }
  // For weak references: fails when the object is being destroyed.
  bool try_retain() const {
    uint32_t n = count_.load(std::memory_order_relaxed);
    while (n != 0)
      if (count_.compare_exchange_weak(n, n + 1, std::memory_order_acq_rel)) return true;
    return false;
  }
  uint32_t use_count() const { return count_.load(std::memory_order_relaxed); }

 protected:
  virtual ~RefCounted() = default;
  // Called when the last owner is gone.
  virtual void destroy() { delete this; }

 private:
  mutable std::atomic<uint32_t> count_{0};
};

template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* p) : p_(p) {
    if (p_) p_->retain();
  }
  Ref(const Ref& o) : Ref(o.p_) {}
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  template <class U>
    requires std::convertible_to<U*, T*>
  Ref(const Ref<U>& o) : Ref(o.get()) {}
  template <class U>
    requires std::convertible_to<U*, T*>
  Ref(Ref<U>&& o) noexcept : p_(o.detach()) {}
  Ref& operator=(Ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ref() {
    if (p_) p_->release();
  }
  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }
  // Gives up ownership without releasing; adopt() takes it back.
  T* detach() { return std::exchange(p_, nullptr); }
  static Ref adopt(T* p) {
    Ref r;
    r.p_ = p;
    return r;
  }

 private:
  T* p_ = nullptr;
};

template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>(new T(std::forward<Args>(args)...));
}

// Pooled<T> gives T a class-level operator new/delete over a per-thread freelist: no lock, no malloc in steady state.
// An object freed by another thread than the one that made it joins that thread's list, so lists are bounded.
template <class T>
class Pooled {
 public:
  static void* operator new(size_t size) {
    FreeList& list = free_list();
    if (size == sizeof(T) && list.head) {
      void* p = list.head;
      list.head = *static_cast<void**>(p);
      list.count--;
      return p;
    }
    return ::operator new(size);
  }
  static void operator delete(void* p, size_t size) {
    FreeList& list = free_list();
    if (size == sizeof(T) && list.count < kMaxFree && !list.closed) {
      *static_cast<void**>(p) = list.head;
      list.head = p;
      list.count++;
      return;
    }
    ::operator delete(p);
  }

 private:
  static constexpr int kMaxFree = 256;
  struct FreeList {
    void* head = nullptr;
    int count = 0;
    bool closed = false;
    ~FreeList() {
      closed = true;
      while (head) ::operator delete(std::exchange(head, *static_cast<void**>(head)));
    }
  };
  static FreeList& free_list() {
    static thread_local FreeList list;
    return list;
  }
};

}  // namespace weft
