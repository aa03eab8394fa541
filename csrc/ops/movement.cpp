#include "ops/movement.h"

#include <algorithm>
#include <optional>

#include "core/small_vector.h"
#include "op/apply.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft {

namespace {

// Base of the ops whose result is a view.
template <class Self>
struct ViewOp : OpOf<Self> {
  bool is_view() const override { return true; }
  void infer(Inputs, OutputSpec*) const override {}
};

struct Detach : ViewOp<Detach> {
  static constexpr const char* kName = "detach";
  auto fields() const { return std::tie(); }
  Tensor view(const Tensor& x) const override { return alias_as_strided(x, x.shape(), x.strides(), x.offset()); }
  bool differentiable() const override { return false; }
};

// Strides of x seen as `shape`; nullopt when elements that must be neighbours are not evenly spaced.
std::optional<Strides> strides_for_view(const Tensor& x, const Shape& shape) {
  if (x.is_contiguous() || x.numel() == 0) return contiguous_strides(shape);
  // Runs of dimensions of x that together are one evenly spaced line, the innermost first.
  struct Run {
    int64_t numel, stride;
  };
  SmallVector<Run, 6> runs;
  for (int d = x.ndim() - 1; d >= 0; d--) {
    if (x.size(d) == 1) continue;
    if (!runs.empty() && x.strides()[d] == runs.back().numel * runs.back().stride)
      runs.back().numel *= x.size(d);
    else
      runs.push_back({x.size(d), x.strides()[d]});
  }
  // Each run is split among dimensions of the shape.
  Strides strides = Strides::filled(shape.size(), 1);
  int run = 0;
  int64_t taken = 1;
  for (int d = shape.size() - 1; d >= 0; d--) {
    if (shape[d] == 1) continue;
    if (taken == runs[run].numel) {
      run++;
      taken = 1;
    }
    strides[d] = runs[run].stride * taken;
    taken *= shape[d];
    if (runs[run].numel % taken != 0) return std::nullopt;
  }
  return strides;
}

struct View : ViewOp<View> {
  static constexpr const char* kName = "view";
  Shape shape;
  auto fields() const { return std::tie(shape); }
  explicit View(const Shape& s) : shape(s) {}
  Tensor view(const Tensor& x) const override {
    std::optional<Strides> strides = strides_for_view(x, shape);
    check(strides.has_value(), "view: a tensor of shape ", x.shape(), " with strides ", x.strides(),
          " cannot be viewed as shape ", shape, " without copying; use reshape() instead");
    return alias_as_strided(x, shape, *strides, x.offset());
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = reshape(v.grad(), v.input_shape(0)); }
};

struct Permute : ViewOp<Permute> {
  static constexpr const char* kName = "permute";
  Dims order;
  auto fields() const { return std::tie(order); }
  explicit Permute(const Dims& o) : order(o) {}
  Tensor view(const Tensor& x) const override {
    Shape shape;
    Strides strides;
    for (int64_t d : order) {
      shape.push_back(x.size(static_cast<int>(d)));
      strides.push_back(x.strides()[static_cast<int>(d)]);
    }
    return alias_as_strided(x, shape, strides, x.offset());
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Dims inverse = order;
    for (int i = 0; i < order.size(); i++) inverse[static_cast<int>(order[i])] = i;
    grads[0] = permute(v.grad(), inverse);
  }
};

struct Expand : ViewOp<Expand> {
  static constexpr const char* kName = "expand";
  Shape shape;
  auto fields() const { return std::tie(shape); }
  explicit Expand(const Shape& s) : shape(s) {}
  Tensor view(const Tensor& x) const override {
    Strides strides = Strides::filled(shape.size(), 0);
    int lead = shape.size() - x.ndim();
    for (int d = 0; d < x.ndim(); d++) strides[lead + d] = x.size(d) == 1 && shape[lead + d] != 1 ? 0 : x.strides()[d];
    return alias_as_strided(x, shape, strides, x.offset());
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = sum_to(v.grad(), v.input_shape(0)); }
};

struct Select : ViewOp<Select> {
  static constexpr const char* kName = "select";
  int dim;
  int64_t index;
  auto fields() const { return std::tie(dim, index); }
  Select(int d, int64_t i) : dim(d), index(i) {}
  Tensor view(const Tensor& x) const override {
    Shape shape = x.shape();
    Strides strides = x.strides();
    int64_t offset = x.offset() + index * strides[dim];
    shape.erase(dim);
    strides.erase(dim);
    return alias_as_strided(x, shape, strides, offset);
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor whole = zeros(v.input_shape(0), v.grad().dtype(), v.grad().device());
    copy_(select(whole, dim, index), v.grad());
    grads[0] = whole;
  }
};

struct Slice : ViewOp<Slice> {
  static constexpr const char* kName = "slice";
  int dim;
  int64_t start, stop, step;
  auto fields() const { return std::tie(dim, start, stop, step); }
  Slice(int d, int64_t a, int64_t b, int64_t s) : dim(d), start(a), stop(b), step(s) {}
  Tensor view(const Tensor& x) const override {
    Shape shape = x.shape();
    Strides strides = x.strides();
    shape[dim] = (stop - start + step - 1) / step;
    strides[dim] *= step;
    return alias_as_strided(x, shape, strides, x.offset() + start * x.strides()[dim]);
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor whole = zeros(v.input_shape(0), v.grad().dtype(), v.grad().device());
    copy_(slice(whole, dim, start, stop, step), v.grad());
    grads[0] = whole;
  }
};

// The shape with -1 replaced by what is left over.
Shape infer_shape(const char* op, const Tensor& x, const Shape& wanted) {
  Shape shape = wanted;
  int unknown = -1;
  int64_t known = 1;
  for (int d = 0; d < shape.size(); d++) {
    if (shape[d] == -1) {
      check(unknown < 0, op, ": only one size can be -1, got shape ", wanted);
      unknown = d;
    } else {
      check(shape[d] >= 0, op, ": negative size in shape ", wanted);
      check(!__builtin_mul_overflow(known, shape[d], &known), op, ": the number of elements of shape ", wanted, " does not fit 63 bits");
    }
  }
  if (unknown >= 0) {
    check(known != 0 && x.numel() % known == 0, op, ": a tensor of shape ", x.shape(), " with ", x.numel(),
          " elements does not fit shape ", wanted);
    shape[unknown] = x.numel() / known;
  }
  check(unknown >= 0 || known == x.numel(), op, ": a tensor of shape ", x.shape(), " with ", x.numel(),
        " elements does not fit shape ", wanted);
  return shape;
}

}  // namespace

Tensor detach(const Tensor& x) { return apply(Detach{}, x); }

Tensor view_as(const Tensor& x, const Shape& shape) { return apply(View(infer_shape("view", x, shape)), x); }

Tensor reshape(const Tensor& x, const Shape& wanted) {
  Shape shape = infer_shape("reshape", x, wanted);
  return apply(View(shape), strides_for_view(x, shape) ? x : contiguous(x));
}

Tensor permute(const Tensor& x, const Dims& order) {
  check(order.size() == x.ndim(), "permute: expected ", x.ndim(), " dims for a tensor of shape ", x.shape(), ", got ", order);
  if (order.empty()) return view_as(x, x.shape());
  return apply(Permute(normalize_dims("permute", order, x.ndim())), x);
}

Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1) {
  int a = normalize_dim("transpose", dim0, x.ndim()), b = normalize_dim("transpose", dim1, x.ndim());
  Dims order;
  for (int d = 0; d < x.ndim(); d++) order.push_back(d);
  if (x.ndim() > 0) std::swap(order[a], order[b]);
  return permute(x, order);
}

Tensor expand(const Tensor& x, const Shape& wanted) {
  check(wanted.size() >= x.ndim(), "expand: a tensor of shape ", x.shape(), " cannot be expanded to the ", wanted.size(),
        " dimensions of ", wanted);
  Shape shape = wanted;
  int lead = shape.size() - x.ndim();
  for (int d = 0; d < shape.size(); d++) {
    check(shape[d] >= -1 && (shape[d] != -1 || d >= lead), "expand: bad size ", shape[d], " at dimension ", d, " of ", wanted);
    if (d < lead) continue;
    if (shape[d] == -1) shape[d] = x.size(d - lead);
    check(x.size(d - lead) == 1 || x.size(d - lead) == shape[d], "expand: a tensor of shape ", x.shape(),
          " cannot be expanded to shape ", wanted, ": only dimensions of size 1 can be repeated");
  }
  return apply(Expand(shape), x);
}

Tensor unsqueeze(const Tensor& x, int64_t dim) {
  Shape shape = x.shape();
  Strides strides = x.strides();
  int d = normalize_dim("unsqueeze", dim, x.ndim() + 1);
  shape.insert(d, 1);
  return view_as(x, shape);
}

Tensor squeeze(const Tensor& x, int64_t dim) {
  int d = normalize_dim("squeeze", dim, x.ndim());
  Shape shape = x.shape();
  if (x.ndim() > 0 && shape[d] == 1) shape.erase(d);
  return view_as(x, shape);
}

Tensor select(const Tensor& x, int64_t dim, int64_t index) {
  check<ErrorKind::Index>(x.ndim() > 0, "select: a 0-dimensional tensor has no dimension to select from");
  int d = normalize_dim("select", dim, x.ndim());
  int64_t n = x.size(d);
  check<ErrorKind::Index>(index >= -n && index < n, "index ", index, " is out of range for dimension ", d, " with size ", n);
  return apply(Select(d, index < 0 ? index + n : index), x);
}

Tensor slice(const Tensor& x, int64_t dim, int64_t start, int64_t stop, int64_t step) {
  check(x.ndim() > 0, "slice: a 0-dimensional tensor cannot be sliced");
  int d = normalize_dim("slice", dim, x.ndim());
  check<ErrorKind::Value>(step > 0, "slice: the step must be positive, got ", step, "; use flip() to reverse a tensor");
  int64_t n = x.size(d);
  if (start < 0) start += n;
  if (stop < 0) stop += n;
  start = std::clamp<int64_t>(start, 0, n);
  stop = std::clamp<int64_t>(stop, start, n);
  return apply(Slice(d, start, stop, step), x);
}

}  // namespace weft
