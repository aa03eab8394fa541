#include "ops/movement.h"

#include <algorithm>
#include <optional>

#include "core/small_vector.h"
#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"
#include "ops/view_op.h"

namespace weft {

namespace {

struct Detach : ViewOp<Detach> {
  static constexpr const char* kName = "detach";
  static constexpr Traits kTraits{.view = true, .differentiable = false};
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const { in.count(1); }
  Tensor view(const Tensor& x) const override { return alias_as_strided(x, x.shape(), x.strides(), x.offset()); }
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
  WEFT_FIELDS(shape);
  void check_inputs(const InputCheck& in) const {
    in.count(1).sizes(shape).that(checked_numel(shape) == in[0].numel(), "as many elements as the input has");
  }
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
  WEFT_FIELDS(order);
  void check_inputs(const InputCheck& in) const {
    in.count(1).dims(order, in[0].ndim()).that(order.size() == in[0].ndim(), "all dimensions");
  }
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
  WEFT_FIELDS(shape);
  void check_inputs(const InputCheck& in) const { in.count(1).sizes(shape).broadcasts(0, shape); }
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
  WEFT_FIELDS(dim, index);
  void check_inputs(const InputCheck& in) const {
    in.count(1).that(dim >= 0 && dim < in[0].ndim() && index >= 0 && index < in[0].size(dim), "a place in the input");
  }
  Select(int d, int64_t i) : dim(d), index(i) {}
  Tensor view(const Tensor& x) const override {
    Shape shape = x.shape();
    Strides strides = x.strides();
    int64_t offset = x.offset() + index * strides[dim];
    shape.erase(dim);
    strides.erase(dim);
    return alias_as_strided(x, shape, strides, offset);
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = place_in_zeros(*this, v.grad(), v.input_shape(0)); }
};

struct Slice : ViewOp<Slice> {
  static constexpr const char* kName = "slice";
  int dim;
  int64_t start, stop, step;
  WEFT_FIELDS(dim, start, stop, step);
  void check_inputs(const InputCheck& in) const {
    in.count(1).that(dim >= 0 && dim < in[0].ndim() && step > 0, "a dimension of the input and a step");
    in.that(start >= 0 && start <= stop && stop <= in[0].size(dim), "a part of the input");
  }
  Slice(int d, int64_t a, int64_t b, int64_t s) : dim(d), start(a), stop(b), step(s) {}
  Tensor view(const Tensor& x) const override {
    Shape shape = x.shape();
    Strides strides = x.strides();
    shape[dim] = (stop - start) / step + ((stop - start) % step > 0);
    // Out of range only where one element is left: then the stride says nothing.
    (void)__builtin_mul_overflow(strides[dim], step, &strides[dim]);
    return alias_as_strided(x, shape, strides, x.offset() + start * x.strides()[dim]);
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = place_in_zeros(*this, v.grad(), v.input_shape(0)); }
};

struct Diagonal : ViewOp<Diagonal> {
  static constexpr const char* kName = "diagonal";
  int64_t offset;
  int dim1, dim2;
  WEFT_FIELDS(offset, dim1, dim2);
  void check_inputs(const InputCheck& in) const {
    const int n = in.count(1)[0].ndim();
    in.that(dim1 >= 0 && dim1 < n && dim2 >= 0 && dim2 < n && dim1 != dim2, "two dimensions of the input");
    in.that(offset > -(int64_t{1} << 62) && offset < int64_t{1} << 62, "a diagonal that there may be");
  }
  Diagonal(int64_t o, int a, int b) : offset(o), dim1(a), dim2(b) {}
  Tensor view(const Tensor& x) const override {
    int64_t row = std::max<int64_t>(-offset, 0), column = std::max<int64_t>(offset, 0);
    int64_t n = std::max<int64_t>(std::min(x.size(dim1) - row, x.size(dim2) - column), 0);
    Shape shape = x.shape();
    Strides strides = x.strides();
    int64_t step = strides[dim1] + strides[dim2];
    int64_t start = n > 0 ? x.offset() + row * strides[dim1] + column * strides[dim2] : x.offset();
    for (int d : {std::max(dim1, dim2), std::min(dim1, dim2)}) {
      shape.erase(d);
      strides.erase(d);
    }
    shape.push_back(n);
    strides.push_back(step);
    return alias_as_strided(x, shape, strides, start);
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = place_in_zeros(*this, v.grad(), v.input_shape(0)); }
};

// The same bytes as another dtype.
struct Reinterpret : ViewOp<Reinterpret> {
  static constexpr const char* kName = "view";
  static constexpr Traits kTraits{.view = true, .differentiable = false};
  DType dtype;
  WEFT_FIELDS(dtype);
  void check_inputs(const InputCheck& in) const { in.count(1); }
  explicit Reinterpret(DType t) : dtype(t) {}
  Tensor view(const Tensor& x) const override {
    auto from = static_cast<int64_t>(item_size(x.dtype())), to = static_cast<int64_t>(item_size(dtype));
    if (from == to) return alias_as_strided(x, x.shape(), x.strides(), x.offset(), dtype);
    Shape shape = x.shape();
    Strides strides = x.strides();
    int last = x.ndim() - 1;
    check(last >= 0 && strides[last] == 1, "view: ", x.dtype(), " as ", dtype,
          " needs neighbours in the last dimension, got shape ", x.shape(), " with strides ", x.strides(),
          "; call contiguous() first");
    bool fits = shape[last] * from % to == 0 && x.offset() * from % to == 0;
    for (int d = 0; d < last; d++) fits &= strides[d] * from % to == 0;
    check(fits, "view: shape ", x.shape(), " of ", x.dtype(), " does not hold whole elements of ", dtype);
    shape[last] = shape[last] * from / to;
    for (int d = 0; d < last; d++) strides[d] = strides[d] * from / to;
    return alias_as_strided(x, shape, strides, x.offset() * from / to, dtype);
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
      check(!__builtin_mul_overflow(known, shape[d], &known), op, ": the number of elements of shape ", wanted,
            " does not fit 63 bits");
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
  check(order.size() == x.ndim(), "permute: expected ", x.ndim(), " dims for a tensor of shape ", x.shape(), ", got ",
        order);
  if (order.empty()) return view_as(x, x.shape());
  return apply(Permute(normalize_dims("permute", order, x.ndim())), x);
}

Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1) {
  int a = normalize_dim("transpose", dim0, x.shape()), b = normalize_dim("transpose", dim1, x.shape());
  Dims order;
  for (int d = 0; d < x.ndim(); d++) order.push_back(d);
  if (x.ndim() > 0) std::swap(order[a], order[b]);
  return permute(x, order);
}

Tensor expand(const Tensor& x, const Shape& wanted) {
  check(wanted.size() >= x.ndim(), "expand: a tensor of shape ", x.shape(), " cannot be expanded to the ",
        wanted.size(), " dimensions of ", wanted);
  Shape shape = wanted;
  int lead = shape.size() - x.ndim();
  for (int d = 0; d < shape.size(); d++) {
    check(shape[d] >= -1 && (shape[d] != -1 || d >= lead), "expand: bad size ", shape[d], " at dimension ", d, " of ",
          wanted);
    if (d < lead) continue;
    if (shape[d] == -1) shape[d] = x.size(d - lead);
    check(x.size(d - lead) == 1 || x.size(d - lead) == shape[d], "expand: a tensor of shape ", x.shape(),
          " cannot be expanded to shape ", wanted, ": only dimensions of size 1 can be repeated");
  }
  return apply(Expand(shape), x);
}

Tensor unsqueeze(const Tensor& x, int64_t dim) {
  Shape shape = x.shape();
  int d = normalize_dim("unsqueeze", dim, x.ndim() + 1);
  shape.insert(d, 1);
  return view_as(x, shape);
}

Tensor squeeze(const Tensor& x, int64_t dim) {
  int d = normalize_dim("squeeze", dim, x.shape());
  Shape shape = x.shape();
  if (x.ndim() > 0 && shape[d] == 1) shape.erase(d);
  return view_as(x, shape);
}

Tensor select(const Tensor& x, int64_t dim, int64_t index) {
  check<ErrorKind::Index>(x.ndim() > 0, "select: a 0-dimensional tensor has no dimension to select from");
  int d = normalize_dim("select", dim, x.shape());
  int64_t n = x.size(d);
  check<ErrorKind::Index>(index >= -n && index < n, "select: index ", index, " is out of range for dimension ", d,
                          " of shape ", x.shape());
  return apply(Select(d, index < 0 ? index + n : index), x);
}

Tensor slice(const Tensor& x, int64_t dim, int64_t start, int64_t stop, int64_t step) {
  check(x.ndim() > 0, "slice: a 0-dimensional tensor cannot be sliced");
  int d = normalize_dim("slice", dim, x.shape());
  check<ErrorKind::Value>(step > 0, "slice: the step must be positive, got ", step, "; use flip() to reverse a tensor");
  int64_t n = x.size(d);
  if (start < 0) start += n;
  if (stop < 0) stop += n;
  start = std::clamp<int64_t>(start, 0, n);
  stop = std::clamp<int64_t>(stop, start, n);
  return apply(Slice(d, start, stop, step), x);
}

Tensor view_dtype(const Tensor& x, DType dtype) { return apply(Reinterpret(dtype), x); }

Tensor squeeze(const Tensor& x, std::optional<Dims> dims) {
  Dims gone = dims ? *dims : Dims{};
  if (dims && !dims->empty()) gone = normalize_dims("squeeze", *dims, x.ndim());
  Shape shape;
  for (int d = 0; d < x.ndim(); d++) {
    bool chosen = !dims || std::find(gone.begin(), gone.end(), d) != gone.end();
    if (!chosen || x.size(d) != 1) shape.push_back(x.size(d));
  }
  return view_as(x, shape);
}

Tensor flatten(const Tensor& x, int64_t start_dim, int64_t end_dim) {
  int first = normalize_dim("flatten", start_dim, x.shape()), last = normalize_dim("flatten", end_dim, x.shape());
  if (x.ndim() == 0) return reshape(x, {1});
  check(first <= last, "flatten: start_dim ", start_dim, " comes after end_dim ", end_dim, " in shape ", x.shape());
  if (first == last) return x;
  Shape shape;
  for (int d = 0; d < x.ndim(); d++) {
    if (d <= first || d > last)
      shape.push_back(x.size(d));
    else
      shape.back() *= x.size(d);
  }
  return reshape(x, shape);
}

Tensor unflatten(const Tensor& x, int64_t dim, const Shape& sizes) {
  int d = normalize_dim("unflatten", dim, x.shape());
  check(!sizes.empty(), "unflatten: expected at least one size");
  Shape shape;
  int64_t known = 1, left = -1;
  bool over = false;
  for (int64_t n : sizes) {
    check(n >= -1 && (n >= 0 || left < 0), "unflatten: sizes must be positive and at most one -1, got ", sizes);
    if (n < 0) left = 0;
    if (n >= 0) over |= __builtin_mul_overflow(known, n, &known);
  }
  bool fits = !over && (left == 0 ? known != 0 && x.size(d) % known == 0 : known == x.size(d));
  check(fits, "unflatten: dimension ", d, " of size ", x.size(d), " does not split into ", sizes);
  for (int i = 0; i < x.ndim(); i++) {
    if (i != d) {
      shape.push_back(x.size(i));
      continue;
    }
    for (int64_t n : sizes) shape.push_back(n < 0 ? x.size(d) / known : n);
  }
  return view_as(x, shape);
}

Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination) {
  check(source.size() == destination.size(), "movedim: got ", source.size(), " source dims but ", destination.size(),
        " destinations");
  if (source.empty()) return view_as(x, x.shape());
  Dims from = normalize_dims("movedim", source, x.ndim()), to = normalize_dims("movedim", destination, x.ndim());
  Dims order = Dims::filled(x.ndim(), -1), rest;
  for (int i = 0; i < from.size(); i++) order[static_cast<int>(to[i])] = from[i];
  for (int d = 0; d < x.ndim(); d++)
    if (std::find(from.begin(), from.end(), d) == from.end()) rest.push_back(d);
  for (int i = 0, next = 0; i < x.ndim(); i++)
    if (order[i] < 0) order[i] = rest[next++];
  return permute(x, order);
}

Tensor narrow(const Tensor& x, int64_t dim, int64_t start, int64_t length) {
  check(x.ndim() > 0, "narrow: a 0-dimensional tensor cannot be narrowed");
  int d = normalize_dim("narrow", dim, x.shape());
  int64_t n = x.size(d);
  check<ErrorKind::Index>(start >= -n && start <= n, "narrow: start ", start, " is out of range for dimension ", d,
                          " with size ", n);
  if (start < 0) start += n;
  check(length >= 0 && length <= n - start, "narrow: ", length, " elements from ", start, " on do not fit dimension ",
        d, " with size ", n);
  return slice(x, d, start, start + length);
}

Tensor diagonal(const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
  int a = normalize_dim("diagonal", dim1, x.shape()), b = normalize_dim("diagonal", dim2, x.shape());
  check(a != b && x.ndim() >= 2, "diagonal: expected two different dims of a tensor of at least 2 dimensions, got ",
        dim1, " and ", dim2, " for shape ", x.shape());
  // Beyond the corners there is nothing.
  return apply(Diagonal(std::clamp(offset, -x.size(a), x.size(b)), a, b), x);
}

Tensor diag_embed(const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
  check(x.ndim() > 0, "diag_embed: expected at least 1 dimension, got a number");
  int a = normalize_dim("diag_embed", dim1, x.ndim() + 1), b = normalize_dim("diag_embed", dim2, x.ndim() + 1);
  check(a != b, "diag_embed: dim1 and dim2 must differ, got ", dim1, " and ", dim2);
  int64_t n = 0;
  bool over =
      offset < 0 ? __builtin_sub_overflow(x.size(-1), offset, &n) : __builtin_add_overflow(x.size(-1), offset, &n);
  check(!over, "diag_embed: with offset ", offset, " the size of the matrix does not fit 63 bits");
  Shape shape = x.shape();
  shape.resize(shape.size() - 1);
  shape.insert(std::min(a, b), n);
  shape.insert(std::max(a, b), n);
  return place_in_zeros(Diagonal(offset, a, b), x, shape);
}

std::vector<Tensor> split(const Tensor& x, const Dims& sizes, int64_t dim) {
  check(x.ndim() > 0, "split: a 0-dimensional tensor cannot be split");
  int d = normalize_dim("split", dim, x.shape());
  int64_t total = 0;
  bool over = false;
  for (int64_t n : sizes) {
    check(n >= 0, "split: sizes must not be negative, got ", sizes);
    over |= __builtin_add_overflow(total, n, &total);
  }
  check(!over, "split: the sum of sizes ", sizes, " does not fit 63 bits");
  check(total == x.size(d), "split: sizes ", sizes, " add up to ", total, ", but dimension ", d, " has size ",
        x.size(d));
  std::vector<Tensor> parts;
  int64_t start = 0;
  for (int64_t n : sizes) {
    parts.push_back(slice(x, d, start, start + n));
    start += n;
  }
  return parts;
}

std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t dim) {
  check(x.ndim() > 0, "split: a 0-dimensional tensor cannot be split");
  int d = normalize_dim("split", dim, x.shape());
  int64_t n = x.size(d);
  check(size > 0 || (size == 0 && n == 0), "split: the size of a part must be positive, got ", size);
  Dims sizes;
  for (int64_t at = 0; at < n; at += size) sizes.push_back(std::min(size, n - at));
  if (n == 0) sizes.push_back(0);
  return split(x, sizes, d);
}

namespace {

// Raises RuntimeError for so many parts of a dimension of size n that making the empty ones would not end.
void check_parts(const char* op, int64_t parts, int64_t n) {
  constexpr int64_t kMostEmpty = 1 << 20;
  check(parts <= n || parts <= kMostEmpty, op, ": ", parts, " parts of a dimension of size ", n,
        " would be empty tensors but for ", n);
}

}  // namespace

std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t dim) {
  check(chunks > 0, "chunk: the number of chunks must be positive, got ", chunks);
  check(x.ndim() > 0, "chunk: a 0-dimensional tensor cannot be split");
  int d = normalize_dim("chunk", dim, x.shape());
  const int64_t n = x.size(d);
  if (n > 0) return split(x, n / chunks + (n % chunks > 0), d);
  check_parts("chunk", chunks, n);
  return split(x, Dims::filled(static_cast<int>(chunks), 0), d);
}

std::vector<Tensor> tensor_split(const Tensor& x, int64_t sections, int64_t dim) {
  check(x.ndim() > 0, "tensor_split: a 0-dimensional tensor cannot be split");
  check(sections > 0, "tensor_split: the number of sections must be positive, got ", sections);
  int64_t n = x.size(normalize_dim("tensor_split", dim, x.shape()));
  check_parts("tensor_split", sections, n);
  Dims sizes;
  for (int64_t i = 0; i < sections; i++) sizes.push_back(n / sections + (i < n % sections ? 1 : 0));
  return split(x, sizes, dim);
}

std::vector<Tensor> tensor_split_at(const Tensor& x, const Dims& cuts, int64_t dim) {
  check(x.ndim() > 0, "tensor_split: a 0-dimensional tensor cannot be split");
  int d = normalize_dim("tensor_split", dim, x.shape());
  std::vector<Tensor> parts;
  int64_t start = 0;
  for (int64_t cut : cuts) {
    parts.push_back(slice(x, d, start, cut));
    start = cut;
  }
  parts.push_back(slice(x, d, start, x.size(d)));
  return parts;
}

std::vector<Tensor> unbind(const Tensor& x, int64_t dim) {
  check<ErrorKind::Index>(x.ndim() > 0, "unbind: a 0-dimensional tensor has no dimension to take apart");
  int d = normalize_dim("unbind", dim, x.shape());
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < x.size(d); i++) parts.push_back(select(x, d, i));
  return parts;
}

// Batch rules

namespace {

WEFT_BATCH_SHIFT(Detach, op);
WEFT_BATCH_SHIFT(Select, Select(op.dim + 1, op.index));
WEFT_BATCH_SHIFT(Slice, Slice(op.dim + 1, op.start, op.stop, op.step));
WEFT_BATCH_SHIFT(Diagonal, Diagonal(op.offset, op.dim1 + 1, op.dim2 + 1));

WEFT_BATCH_RULE(View) { call.out[0] = {reshape(call.in[0].tensor, with_size(op.shape, call.size)), true}; }
WEFT_BATCH_RULE(Permute) {
  Dims order = behind(op.order);
  order.insert(0, 0);
  call.out[0] = {permute(call.in[0].tensor, order), true};
}
WEFT_BATCH_RULE(Expand) {
  Shape shape = call.in[0].tensor.shape();
  while (shape.size() <= op.shape.size()) shape.insert(1, 1);
  call.out[0] = {expand(reshape(call.in[0].tensor, shape), with_size(op.shape, call.size)), true};
}
WEFT_BATCH_RULE(Reinterpret) { call.out[0] = {apply(op, contiguous(call.in[0].tensor)), true}; }

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Detach);
WEFT_OP(View);
WEFT_OP(Permute);
WEFT_OP(Expand);
WEFT_OP(Select);
WEFT_OP(Slice);
WEFT_OP(Diagonal);
WEFT_OP_AS(Reinterpret, "view_as_dtype", 1);

}  // namespace

}  // namespace weft
