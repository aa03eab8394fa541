#include "ops/view_op.h"

#include "kernels/elementwise.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/forward_rules.h"
#include "ops/promotion.h"

namespace weft {

namespace {

struct PlaceInZeros : OpOf<PlaceInZeros> {
  static constexpr const char* kName = "place_in_zeros";
  static constexpr Traits kTraits{.any_dtype = true};
  Ref<const Op> view_op;
  Shape shape;
  WEFT_FIELDS(view_op, shape);
  void check_inputs(const InputCheck& in) const {
    in.count(1).sizes(shape).that(view_op->is_view() && entry_of(*view_op), "a view");
    const Tensor whole = symbolic(shape, contiguous_strides(shape), in[0].dtype(), in[0].device());
    const Tensor* list[] = {&whole};
    entry_of(*view_op)->check(*view_op, InputCheck(view_op->name(), Inputs(list, 1)));
    const Tensor part = view_op->view(whole);
    in.shape(0, part.shape()).that(part.dtype() == whole.dtype() && lies_inside(part, whole), "a view of the result");
  }
  PlaceInZeros(Ref<const Op> v, const Shape& s) : view_op(std::move(v)), shape(s) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {shape, in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    fill_kernel(out[0].device(), view_of(out[0]), NumberView(Scalar(0)).view());
    Tensor part = view_op->view(out[0]);
    copy_kernel(out[0].device(), view_of(part), view_of(in[0]));
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = apply(*view_op, v.grad()); }
};

}  // namespace

Tensor place_in_zeros(const Op& view, const Tensor& g, const Shape& shape) {
  return apply(PlaceInZeros(view.share(), shape), g);
}

// Batch rules

namespace {

WEFT_FORWARD_LINEAR(PlaceInZeros);
WEFT_BATCH_RULE(PlaceInZeros) {
  const Ref<const Op> view = shifted(*op.view_op, call.size);
  check<ErrorKind::NotImplemented>(static_cast<bool>(view), "vmap: the derivative of ", op.view_op->name(),
                                   " has no batch rule");
  Shape shape = op.shape;
  shape.insert(0, call.size);
  call.out[0] = {place_in_zeros(*view, call.in[0].tensor, shape), true};
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(PlaceInZeros);

}  // namespace

}  // namespace weft
