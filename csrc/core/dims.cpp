#include "core/dims.h"

#include <algorithm>

namespace weft {

void Dims::grow(int size) {
  int capacity = std::max(size, 2 * capacity_);
  auto* bigger = new int64_t[static_cast<size_t>(capacity)];
  std::memcpy(bigger, data(), sizeof(int64_t) * static_cast<size_t>(size_));
  if (capacity_ > kInline) delete[] heap_;
  heap_ = bigger;
  capacity_ = capacity;
}

void append_text(std::string& out, const Dims& d) {
  out += '(';
  for (int i = 0; i < d.size(); i++) {
    if (i) out += ", ";
    out += std::to_string(d[i]);
  }
  out += d.size() == 1 ? ",)" : ")";
}

int64_t checked_numel(const Shape& shape) {
  check(shape.size() <= kMaxDims, "a tensor can have at most ", kMaxDims, " dimensions, got ", shape.size());
  int64_t n = 1;
  bool overflow = false;
  bool zero = false;
  for (int64_t s : shape) {
    check(s >= 0, "negative size ", s, " in shape ", shape);
    zero |= s == 0;
    overflow |= __builtin_mul_overflow(n, s == 0 ? 1 : s, &n);
  }
  check(!overflow, "the number of elements of shape ", shape, " does not fit 63 bits");
  return zero ? 0 : n;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides;
  strides.resize(shape.size());
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; i--) {
    strides[i] = step;
    step *= std::max<int64_t>(shape[i], 1);
  }
  return strides;
}

Strides channels_last_strides(const Shape& shape) {
  Strides strides = Strides::filled(shape.size(), 1);
  int64_t step = std::max<int64_t>(shape[1], 1);
  for (int d = shape.size() - 1; d > 1; d--) {
    strides[d] = step;
    step *= std::max<int64_t>(shape[d], 1);
  }
  strides[0] = step;
  return strides;
}

bool is_contiguous(const Shape& shape, const Strides& strides) {
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; i--) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1) {
      if (strides[i] != step) {
        // A zero-size dimension further out makes any strides contiguous.
        return std::find(shape.begin(), shape.end(), 0) != shape.end();
      }
      step *= shape[i];
    }
  }
  return true;
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  if (a == b) return a;
  const Shape& longer = a.size() >= b.size() ? a : b;
  const Shape& shorter = a.size() >= b.size() ? b : a;
  Shape out = longer;
  int lead = longer.size() - shorter.size();
  for (int i = 0; i < shorter.size(); i++) {
    int64_t x = longer[lead + i], y = shorter[i];
    check(x == y || x == 1 || y == 1, op, ": shapes ", a, " and ", b, " cannot be broadcast together: size ", x,
          " does not match size ", y, " at dimension ", lead + i, " (sizes must be equal or 1)");
    out[lead + i] = x == 1 ? y : x;
  }
  return out;
}

bool broadcastable_to(const Shape& from, const Shape& to) {
  int lead = to.size() - from.size();
  if (lead < 0) return false;
  for (int i = 0; i < from.size(); i++)
    if (from[i] != 1 && from[i] != to[lead + i]) return false;
  return true;
}

int normalize_dim(const char* op, int64_t dim, int ndim) {
  int64_t range = std::max(ndim, 1);
  check<ErrorKind::Index>(dim >= -range && dim < range, op, ": dim ", dim, " is out of range for a tensor of ", ndim,
                          " dimensions (expected ", -range, " to ", range - 1, ")");
  return static_cast<int>(dim < 0 ? dim + range : dim);
}

int normalize_dim(const char* op, int64_t dim, const Shape& shape) {
  int64_t range = std::max(shape.size(), 1);
  check<ErrorKind::Index>(dim >= -range && dim < range, op, ": dim ", dim, " is out of range for shape ", shape,
                          " (expected ", -range, " to ", range - 1, ")");
  return static_cast<int>(dim < 0 ? dim + range : dim);
}

Dims normalize_dims(const char* op, const Dims& dims, int ndim) {
  Dims out;
  if (dims.empty()) {
    for (int i = 0; i < ndim; i++) out.push_back(i);
    return out;
  }
  for (int64_t d : dims) {
    int64_t n = normalize_dim(op, d, ndim);
    check(std::find(out.begin(), out.end(), n) == out.end(), op, ": dim ", d, " appears more than once in ", dims);
    out.push_back(n);
  }
  return out;
}

}  // namespace weft
