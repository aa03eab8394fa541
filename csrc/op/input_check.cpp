#include "op/input_check.h"

namespace weft {

namespace {

// The bytes from the start of the storage that a tensor shows: [first, last). Strides are not negative.
struct Bytes {
  __int128 first, last;
};
Bytes bytes_of(const Tensor& t) {
  const auto item = static_cast<__int128>(item_size(t.dtype()));
  if (t.numel() == 0) return {0, 0};
  __int128 last = t.offset();
  for (int d = 0; d < t.ndim(); d++) last += static_cast<__int128>(t.size(d) - 1) * t.strides()[d];
  return {t.offset() * item, (last + 1) * item};
}

}  // namespace

bool lies_inside(const Tensor& view, const Tensor& whole) {
  if (view.numel() == 0) return true;
  for (int64_t s : view.strides())
    if (s < 0) return false;
  const Bytes shown = bytes_of(view), all = bytes_of(whole);
  return whole.numel() > 0 && shown.first >= all.first && shown.last <= all.last;
}

const InputCheck& InputCheck::that(bool ok, const char* expected) const {
  check<ErrorKind::Value>(ok, op_, ": expected ", expected);
  return *this;
}

const InputCheck& InputCheck::count_between(int least, int most, uint32_t optional) const {
  check<ErrorKind::Value>(size() >= least && size() <= most, op_, ": expected ", least, least == most ? "" : " or more",
                          " inputs, got ", size());
  for (int i = 0; i < size(); i++)
    check<ErrorKind::Value>(in_[i].defined() || (i < 32 && (optional >> i & 1)), op_, ": input ", i, " is left out");
  return *this;
}

const InputCheck& InputCheck::dtype(int i, DType t) const {
  check<ErrorKind::Value>(!has(i) || in_[i].dtype() == t, op_, ": expected input ", i, " of dtype ", t);
  return *this;
}
const InputCheck& InputCheck::floating(int i) const {
  check<ErrorKind::Value>(!has(i) || is_real_floating(in_[i].dtype()), op_, ": expected input ", i,
                          " of a floating point dtype");
  return *this;
}
const InputCheck& InputCheck::integral(int i) const {
  check<ErrorKind::Value>(!has(i) || is_integral(in_[i].dtype()), op_, ": expected input ", i, " of an integer dtype");
  return *this;
}
const InputCheck& InputCheck::same_dtype(int i, int j) const {
  check<ErrorKind::Value>(!has(i) || !has(j) || in_[i].dtype() == in_[j].dtype(), op_, ": expected inputs ", i, " and ",
                          j, " of the same dtype");
  return *this;
}
const InputCheck& InputCheck::same_shape(int i, int j) const {
  if (has(i) && has(j)) shape(i, in_[j].shape());
  return *this;
}
const InputCheck& InputCheck::shape(int i, const Shape& wanted) const {
  check<ErrorKind::Value>(!has(i) || in_[i].shape() == wanted, op_, ": expected input ", i, " of shape ", wanted);
  return *this;
}
const InputCheck& InputCheck::ndim_between(int i, int least, int most) const {
  check<ErrorKind::Value>(!has(i) || (in_[i].ndim() >= least && in_[i].ndim() <= most), op_, ": expected input ", i,
                          " with ", least, " to ", most, " dimensions");
  return *this;
}
const InputCheck& InputCheck::contiguous(int i) const {
  check<ErrorKind::Value>(!has(i) || in_[i].is_contiguous(), op_, ": expected input ", i, " to be contiguous");
  return *this;
}
const InputCheck& InputCheck::broadcasts(int i, const Shape& to) const {
  check<ErrorKind::Value>(!has(i) || broadcastable_to(in_[i].shape(), to), op_, ": input ", i,
                          " does not broadcast to shape ", to);
  return *this;
}
const InputCheck& InputCheck::dim(int64_t d, int ndim) const {
  return that(d >= 0 && d < std::max(ndim, 1), "dimensions that the input has");
}
const InputCheck& InputCheck::dims(const Dims& list, int ndim) const {
  uint64_t seen = 0;
  for (int64_t d : list) {
    dim(d, ndim).that(!(seen >> d & 1), "each dimension once");
    seen |= uint64_t{1} << d;
  }
  return *this;
}
const InputCheck& InputCheck::layout(const Shape& s, const Strides& strides) const {
  sizes(s).that(strides.size() == s.size(), "as many strides as sizes");
  for (int64_t stride : strides) that(stride >= 0, "strides that are not negative");
  return *this;
}
const InputCheck& InputCheck::inside(int i, const Shape& s, const Strides& strides, int64_t offset) const {
  layout(s, strides);
  if (checked_numel(s) == 0) return *this;
  __int128 last = offset, all = 0;
  for (int d = 0; d < s.size(); d++) last += static_cast<__int128>(s[d] - 1) * strides[d];
  for (int d = 0; d < in_[i].ndim(); d++) all += static_cast<__int128>(in_[i].size(d) - 1) * in_[i].strides()[d];
  return that(in_[i].numel() > 0 && offset >= 0 && last <= all, "a part of its input");
}
const InputCheck& InputCheck::sizes(const Shape& s) const {
  try {
    checked_numel(s);
  } catch (const Error& e) {
    fail<ErrorKind::Value>(op_, ": ", e.message());
  }
  return that(s.size() <= kMaxDims, "no more dimensions than tensors have");
}

}  // namespace weft
