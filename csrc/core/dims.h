// Dims: a short list of int64 (shape, strides, axes), inline up to 6 entries; and the arithmetic of shapes.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"

namespace weft {

constexpr int kMaxDims = 64;

class Dims {
 public:
  static constexpr int kInline = 6;

  Dims() = default;
  Dims(std::initializer_list<int64_t> values) : Dims(values.begin(), static_cast<int>(values.size())) {}
  Dims(const std::vector<int64_t>& values) : Dims(values.data(), static_cast<int>(values.size())) {}
  Dims(std::span<const int64_t> values) : Dims(values.data(), static_cast<int>(values.size())) {}
  Dims(const int64_t* values, int size) {
    resize(size);
    if (size) std::memcpy(data(), values, sizeof(int64_t) * static_cast<size_t>(size));
  }
  Dims(const Dims& o) : Dims(o.data(), o.size_) {}
  Dims(Dims&& o) noexcept { take(o); }
  Dims& operator=(const Dims& o) {
    if (this != &o) {
      resize(o.size_);
      if (size_) std::memcpy(data(), o.data(), sizeof(int64_t) * static_cast<size_t>(size_));
    }
    return *this;
  }
  Dims& operator=(Dims&& o) noexcept {
    if (this != &o) {
      release();
      take(o);
    }
    return *this;
  }
  ~Dims() { release(); }
  static Dims filled(int size, int64_t value) {
    Dims d;
    d.resize(size);
    for (int i = 0; i < size; i++) d[i] = value;
    return d;
  }

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t* data() { return capacity_ > kInline ? heap_ : inline_; }
  const int64_t* data() const { return capacity_ > kInline ? heap_ : inline_; }
  int64_t& operator[](int i) { return data()[i]; }
  int64_t operator[](int i) const { return data()[i]; }
  int64_t* begin() { return data(); }
  int64_t* end() { return data() + size_; }
  const int64_t* begin() const { return data(); }
  const int64_t* end() const { return data() + size_; }
  int64_t back() const { return data()[size_ - 1]; }
  int64_t& back() { return data()[size_ - 1]; }

  // New entries are uninitialised.
  void resize(int size) {
    if (size > capacity_) grow(size);
    size_ = size;
  }
  void push_back(int64_t v) {
    resize(size_ + 1);
    data()[size_ - 1] = v;
  }
  void insert(int at, int64_t v) {
    resize(size_ + 1);
    std::memmove(data() + at + 1, data() + at, sizeof(int64_t) * static_cast<size_t>(size_ - 1 - at));
    data()[at] = v;
  }
  void erase(int at) {
    std::memmove(data() + at, data() + at + 1, sizeof(int64_t) * static_cast<size_t>(size_ - 1 - at));
    size_--;
  }
  bool operator==(const Dims& o) const {
    return size_ == o.size_ && std::memcmp(data(), o.data(), sizeof(int64_t) * static_cast<size_t>(size_)) == 0;
  }
  std::vector<int64_t> to_vector() const { return {begin(), end()}; }

 private:
  void grow(int size);
  void release() {
    if (capacity_ > kInline) delete[] heap_;
    capacity_ = kInline;
    size_ = 0;
  }
  void take(Dims& o) {
    size_ = o.size_;
    capacity_ = o.capacity_;
    if (o.capacity_ > kInline)
      heap_ = o.heap_;
    else
      std::memcpy(inline_, o.inline_, sizeof(int64_t) * static_cast<size_t>(o.size_));
    o.capacity_ = kInline;
    o.size_ = 0;
  }

  int32_t size_ = 0;
  int32_t capacity_ = kInline;
  union {
    int64_t inline_[kInline];
    int64_t* heap_;
  };
};

using Shape = Dims;
using Strides = Dims;

// "(2, 3)", "(4,)", "()"
void append_text(std::string& out, const Dims& d);

// Number of elements; raises RuntimeError when a size is negative or the product does not fit 63 bits.
int64_t checked_numel(const Shape& shape);
Strides contiguous_strides(const Shape& shape);
bool is_contiguous(const Shape& shape, const Strides& strides);
// Of images (N, C, H, W), dense, with the channels innermost; of other dimensions behind the channels as well.
Strides channels_last_strides(const Shape& shape);

// The shape both broadcast to; raises RuntimeError naming op and both shapes when they do not match.
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);
// Can `from` be broadcast to `to` as it is?
bool broadcastable_to(const Shape& from, const Shape& to);

// Maps -1 to ndim-1 and so on; raises IndexError naming op and the allowed range. A 0-dim tensor allows -1 and 0.
int normalize_dim(const char* op, int64_t dim, int ndim);
// The same with a message that shows the shape.
int normalize_dim(const char* op, int64_t dim, const Shape& shape);
// The same for a list of dims; no entry may appear twice. An empty list means all dims.
Dims normalize_dims(const char* op, const Dims& dims, int ndim);

}  // namespace weft
