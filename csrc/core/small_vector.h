// SmallVector<T, N>: a growable list whose first N entries live inside the object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace weft {

template <class T, int N>
class SmallVector {
 public:
  SmallVector() = default;
  SmallVector(const SmallVector&) = delete;
  SmallVector& operator=(const SmallVector&) = delete;
  SmallVector(SmallVector&& o) noexcept { take(o); }
  SmallVector& operator=(SmallVector&& o) noexcept {
    if (this != &o) {
      clear_and_free();
      take(o);
    }
    return *this;
  }
  ~SmallVector() { clear_and_free(); }

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](int i) { return data_[i]; }
  const T& operator[](int i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& back() { return data_[size_ - 1]; }

  template <class... Args>
  T& emplace_back(Args&&... args) {
    if (size_ == capacity_) reserve(2 * capacity_);
    T* placed = new (data_ + size_) T(std::forward<Args>(args)...);
    size_++;  // when the constructor has not thrown
    return *placed;
  }
  void push_back(T value) { emplace_back(std::move(value)); }
  void pop_back() { data_[--size_].~T(); }
  void resize(int n) {
    reserve(n);
    while (size_ < n) emplace_back();
    while (size_ > n) pop_back();
  }
  void clear() {
    while (size_) pop_back();
  }
  void reserve(int n) {
    if (n <= capacity_) return;
    T* bigger = static_cast<T*>(::operator new(sizeof(T) * static_cast<size_t>(n), std::align_val_t(alignof(T))));
    for (int i = 0; i < size_; i++) {
      new (bigger + i) T(std::move(data_[i]));
      data_[i].~T();
    }
    free_heap();
    data_ = bigger;
    capacity_ = n;
  }

 private:
  T* inline_data() { return reinterpret_cast<T*>(inline_); }
  void free_heap() {
    if (data_ != inline_data()) ::operator delete(data_, std::align_val_t(alignof(T)));
  }
  void clear_and_free() {
    clear();
    free_heap();
    data_ = inline_data();
    capacity_ = N;
  }
  void take(SmallVector& o) {
    if (o.data_ != o.inline_data()) {
      data_ = std::exchange(o.data_, o.inline_data());
      size_ = std::exchange(o.size_, 0);
      capacity_ = std::exchange(o.capacity_, N);
      return;
    }
    for (int i = 0; i < o.size_; i++) emplace_back(std::move(o.data_[i]));
    o.clear();
  }

  alignas(T) unsigned char inline_[sizeof(T) * N];
  T* data_ = inline_data();
  int32_t size_ = 0;
  int32_t capacity_ = N;
};

}  // namespace weft
