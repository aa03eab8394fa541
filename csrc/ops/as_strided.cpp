// as_strided: any view of a storage, and its derivative, on which in-place changes of views rest; unfold.
#include <algorithm>

#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/movement.h"
#include "ops/reduction.h"
#include "ops/view_op.h"

namespace weft {

namespace {

// Elements from the first to the last one of a geometry, both included; 0 for none.
int64_t extent(const Shape& shape, const Strides& strides) {
  int64_t reach = 1;
  for (int d = 0; d < shape.size(); d++) {
    if (shape[d] == 0) return 0;
    reach += (shape[d] - 1) * strides[d];
  }
  return reach;
}

// flat[at + geometry] += g, where elements of the geometry may share places.
void add_slices(const Tensor& flat, const Tensor& g, const Shape& shape, const Strides& strides, int64_t at) {
  Tensor target = as_strided(flat, shape, strides, flat.offset() + at);
  if (!has_internal_overlap(target)) {
    add_(target, g);
    return;
  }
  // Peel off the shortest dimension of more than one element.
  int peel = -1;
  for (int d = 0; d < shape.size(); d++)
    if (shape[d] > 1 && (peel < 0 || shape[d] < shape[peel])) peel = d;
  Shape rest_shape = shape;
  Strides rest_strides = strides;
  int64_t step = strides[peel];
  rest_shape.erase(peel);
  rest_strides.erase(peel);
  for (int64_t i = 0; i < shape[peel]; i++)
    add_slices(flat, select(g, peel, i), rest_shape, rest_strides, at + i * step);
}

// The same: dimensions that step over nothing are summed first, and one that overlaps the others is added slice by
// slice.
void add_overlapping(const Tensor& flat, Tensor g, const Shape& shape, const Strides& strides, int64_t at) {
  Dims repeated;
  Shape shape_left;
  Strides strides_left;
  for (int d = 0; d < shape.size(); d++) {
    if (strides[d] == 0 && shape[d] != 1) {
      repeated.push_back(d);
    } else {
      shape_left.push_back(shape[d]);
      strides_left.push_back(strides[d]);
    }
  }
  if (!repeated.empty()) {
    Shape kept = shape;
    for (int64_t d : repeated) kept[static_cast<int>(d)] = 1;
    g = reshape(sum_to(g, kept), shape_left);
  }
  add_slices(flat, g, shape_left, strides_left, at);
}

struct AsStrided : OpOf<AsStrided> {
  static constexpr const char* kName = "as_strided";
  static constexpr Traits kTraits{.view = true};
  Shape shape;
  Strides strides;
  int64_t offset;  // from the input's first element
  // Geometry of the input: the derivative lays the gradients out as the storage was.
  Shape input_shape;
  Strides input_strides;
  WEFT_FIELDS(shape, strides, offset, input_shape, input_strides);
  void check_inputs(const InputCheck& in) const {
    in.count(1).layout(shape, strides).layout(input_shape, input_strides);
  }
  AsStrided(const Shape& s, const Strides& t, int64_t o, const Tensor& x)
      : shape(s), strides(t), offset(o - x.offset()), input_shape(x.shape()), input_strides(x.strides()) {}
  AsStrided(const Shape& s, const Strides& t, int64_t o, const Shape& in, const Strides& in_strides)
      : shape(s), strides(t), offset(o), input_shape(in), input_strides(in_strides) {}

  void infer(Inputs, OutputSpec*) const override {}
  Tensor view(const Tensor& x) const override { return alias_as_strided(x, shape, strides, x.offset() + offset); }

  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& g = v.grad();
    if (g.numel() == 0) {
      grads[0] = zeros(input_shape, g.dtype(), g.device());
      return;
    }
    int64_t first = std::min<int64_t>(offset, 0);
    int64_t last = std::max(offset + extent(shape, strides), extent(input_shape, input_strides));
    Tensor flat = zeros({std::max<int64_t>(last - first, 0)}, g.dtype(), g.device());
    add_overlapping(flat, g, shape, strides, offset - first);
    grads[0] = as_strided(flat, input_shape, input_strides, -first);
    if (!has_internal_overlap(grads[0])) return;
    // Elements of the input that share a place, of an expanded tensor say, share its gradient.
    Tensor uses = zeros_like(flat);
    add_overlapping(uses, ones(input_shape, g.dtype(), g.device()), input_shape, input_strides, -first);
    grads[0] = div(grads[0], as_strided(uses, input_shape, input_strides, -first));
  }
};

// Windows of `size` elements along dim, in a dimension of their own at the end.
struct Unfold : ViewOp<Unfold> {
  static constexpr const char* kName = "unfold";
  int dim;
  int64_t size, step;
  WEFT_FIELDS(dim, size, step);
  void check_inputs(const InputCheck& in) const {
    in.count(1)
        .dim(dim, in[0].ndim())
        .that(step > 0 && size >= 0 && size <= (in[0].ndim() ? in[0].size(dim) : 1), "windows inside of the input");
  }
  Unfold(int d, int64_t n, int64_t s) : dim(d), size(n), step(s) {}
  Tensor view(const Tensor& x) const override {
    Shape shape = x.shape();
    Strides strides = x.strides();
    int64_t between = x.ndim() == 0 ? 1 : strides[dim];
    if (x.ndim() > 0) {
      shape[dim] = (x.size(dim) - size) / step + 1;
      // Out of range only where there is one window: then the stride says nothing.
      (void)__builtin_mul_overflow(strides[dim], step, &strides[dim]);
    }
    shape.push_back(size);
    strides.push_back(between);
    return alias_as_strided(x, shape, strides, x.offset());
  }
  // In a plain layout, whatever the input's was: an element of the input is in as many windows.
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor whole = zeros(v.input_shape(0), v.grad().dtype(), v.grad().device());
    Tensor windows = view(whole);
    add_overlapping(whole, v.grad(), windows.shape(), windows.strides(), 0);
    grads[0] = whole;
  }
};

// x with other values where a view of it shows them.
struct PutView : OpOf<PutView> {
  static constexpr const char* kName = "put_view";
  static constexpr Traits kTraits{.any_dtype = true};
  Shape shape;
  Strides strides;
  int64_t offset;
  Strides input_strides;
  WEFT_FIELDS(shape, strides, offset, input_strides);
  void check_inputs(const InputCheck& in) const {
    in.count(2)
        .shape(1, shape)
        .inside(0, shape, strides, offset)
        .that(input_strides == in[0].strides(), "the strides of its input");
  }
  PutView(const Shape& s, const Strides& t, int64_t o, const Strides& x)
      : shape(s), strides(t), offset(o), input_strides(x) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), in[0].strides()}; }
  int overwrites(int) const override { return 0; }
  void run(Inputs in, const Tensor* out) const override {
    if (out[0].data() != in[0].data()) copy_kernel(out[0].device(), view_of(out[0]), view_of(in[0]));
    Tensor part = alias_as_strided(out[0], shape, strides, out[0].offset() + offset);
    copy_kernel(out[0].device(), view_of(part), view_of(in[1]));
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    // Laid out as the input is: the view means places in memory.
    Tensor g = copy_(empty_strided(v.grad().shape(), input_strides, v.grad().dtype(), v.grad().device()), v.grad());
    if (v.needs(0)) grads[0] = put_view(g, zeros(shape, g.dtype(), g.device()), strides, offset);
    if (v.needs(1)) grads[1] = contiguous(as_strided(g, shape, strides, g.offset() + offset));
  }
};

}  // namespace

Tensor put_view(const Tensor& x, const Tensor& values, const Strides& strides, int64_t offset) {
  return apply(PutView(values.shape(), strides, offset, x.strides()), x, values);
}

Tensor copy_laid_out(const Tensor& x, const Tensor& like) {
  if (like.is_contiguous()) return x.is_contiguous() ? clone(x) : contiguous(x);
  int64_t extent = like.numel() ? 1 : 0;
  for (int d = 0; d < like.ndim() && extent; d++) extent += (like.size(d) - 1) * like.strides()[d];
  const Tensor flat = put_view(zeros({extent}, x.dtype(), x.device()), x, like.strides(), 0);
  return as_strided(flat, like.shape(), like.strides(), flat.offset());
}

Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides, int64_t offset) {
  check(shape.size() == strides.size(), "as_strided: got ", shape.size(), " sizes but ", strides.size(), " strides");
  for (int64_t s : strides) check(s >= 0, "as_strided: negative strides are not supported, got ", strides);
  return apply(AsStrided(shape, strides, offset, x), x);
}

Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step) {
  int d = normalize_dim("unfold", dim, x.shape());
  int64_t n = x.ndim() == 0 ? 1 : x.size(d);
  check(size >= 0 && size <= n, "unfold: window size ", size, " does not fit dimension ", d, " with size ", n);
  check(step > 0, "unfold: step must be positive, got ", step);
  return apply(Unfold(d, size, step), x);
}

// Batch rules

namespace {

// What the program sees as one storage, one after the other for the elements of the batch.
Tensor laid_out(const BatchCall& call, int i, int64_t& size) {
  const Tensor& model = call.logical[i];
  size = extent(model.shape(), model.strides());
  check<ErrorKind::NotImplemented>(is_dense(model), "vmap: a tensor of shape ", model.shape(), " with strides ",
                                   model.strides(), " is changed in place or read as another view; clone() it before");
  Dims order, back;
  for (int d = 0; d < model.ndim(); d++) order.push_back(d);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return model.strides()[static_cast<int>(a)] > model.strides()[static_cast<int>(b)];
  });
  order = behind(order);
  order.insert(0, 0);
  back = order;
  for (int d = 0; d < order.size(); d++) back[static_cast<int>(order[d])] = d;
  return permute(contiguous(permute(call.whole(i), order)), back);
}
Strides with_stride(const Strides& strides, int64_t first) {
  Strides all = strides;
  all.insert(0, first);
  return all;
}

WEFT_BATCH_RULE(AsStrided) {
  int64_t size = 0;
  Tensor x = laid_out(call, 0, size);
  call.out[0] = {as_strided(x, with_size(op.shape, call.size), with_stride(op.strides, size), x.offset() + op.offset),
                 true};
}
WEFT_FORWARD_LINEAR(PutView);
WEFT_BATCH_RULE(PutView) {
  int64_t size = 0;
  Tensor x = laid_out(call, 0, size);
  call.out[0] = {put_view(x, call.whole(1), with_stride(op.strides, size), op.offset), true};
}
WEFT_BATCH_RULE(Unfold) {
  if (call.logical[0].ndim() == 0)
    call.out[0] = {unsqueeze(call.in[0].tensor, -1), true};
  else
    call.out[0] = {apply(Unfold(op.dim + 1, op.size, op.step), call.in[0].tensor), true};
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(AsStrided);
WEFT_OP(Unfold);
WEFT_OP(PutView);

}  // namespace

}  // namespace weft
