// In-place changes of views, as autograd sees them: an op on a view is an op on part of its base.
#include "autograd/inplace.h"

#include "op/apply.h"
#include "op/interpreter.h"
#include "op/node.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/view_part.h"

namespace weft {

namespace {

// Records that `inner` rewrote a part (the geometry of a view) of a base tensor.
class CopySlices final : public Node {
 public:
  CopySlices(const Tensor& base, const Tensor& view, Ref<Node> inner, int input, int output, const Geometry& before)
      : base_(geometry_of(base)),
        after_(geometry_of(view)),
        before_(before),
        part_dtype_(view.dtype()),
        dense_(base.is_contiguous() && base.offset() % 2 == 0),
        inner_(std::move(inner)),
        input_(input),
        output_(output) {
    edges.resize(inner_->edges.size());
    for (int i = 0; i < edges.size(); i++) edges[i] = i == input_ ? gradient_edge(base) : inner_->edges[i];
    add_output(base);
    renew_sequence();
  }

  const char* name() const override { return inner_->name(); }

  void backward(const Tensor* grad_outputs, Tensor* grad_inputs) override {
    Tensor grad_base = with_base_geometry(grad_outputs[0]);
    // Gradient of the part, then of everything else with the part's place taken by what flows into its old contents.
    Tensor part = part_of(grad_base, after_);
    SmallVector<Tensor, 1> grads;
    grads.resize(inner_->outputs.size());
    grads[output_] = clone(part);
    inner_->backward(grads.data(), grad_inputs);
    Tensor& grad_part = grad_inputs[input_];
    if (!edges[input_].node) {
      grad_part = {};
      return;
    }
    if (grad_part.defined())
      copy_(part_of(grad_base, before_), grad_part);
    else
      fill_(part, Scalar(0.0));
    grad_part = grad_base;
  }

  // With create_graph a gradient may refer to the inner node, which then runs, and releases, by itself.
  void release_saved() override {
    if (inner_->use_count() == 1) inner_->release_saved();
  }

 private:
  Tensor part_of(const Tensor& grad_base, const Geometry& g) const {
    return part_like_view(grad_base, base_.offset, g.shape, g.strides, g.offset, part_dtype_);
  }

  // A fresh copy of grad in which offsets and strides mean the same as in the base, also whether an offset is even.
  Tensor with_base_geometry(const Tensor& grad) const {
    const auto& [shape, strides, offset] = base_;
    if (dense_) {
      Tensor copy = empty(shape, grad.dtype(), grad.device());
      return copy_(copy, grad);
    }
    const int64_t first = offset % 2;
    int64_t extent = 1;
    for (int i = 0; i < shape.size(); i++) extent += (shape[i] - 1) * strides[i];
    Tensor flat = zeros({first + extent}, grad.dtype(), grad.device());
    return copy_(as_strided(flat, shape, strides, first), grad);
  }

  Geometry base_, after_, before_;
  DType part_dtype_;
  bool dense_;
  Ref<Node> inner_;
  int input_, output_;
};

}  // namespace

void check_view_recorded(const char* op, const Tensor& t) {
  if (!t.impl()->base || t.impl()->tracked) return;
  GradMeta* meta = grad_meta(t);
  check(!meta || !meta->grad_fn, op,
        "_: this is a view made in an autograd.Function, as the inputs and outputs of a module with backward hooks "
        "are, so an in-place change of it cannot be recorded; use the out-of-place form (inplace=False), clone() it, "
        "or remove the hook");
  fail(op,
       "_: this view was made under no_grad, so an in-place change of it cannot be recorded; make the view while "
       "autograd records, or clone() it");
}

Geometry geometry_of(const Tensor& t) { return {t.shape(), t.strides(), t.offset()}; }

void rebase_history(const Tensor& t, Ref<Node> node) { rebase_history(t, std::move(node), 0, 0, geometry_of(t)); }

void rebase_history(const Tensor& t, Ref<Node> node, int input, int output, const Geometry& before) {
  TensorImpl& impl = *t.impl();
  if (!impl.base) {
    set_history(t, std::move(node), static_cast<uint32_t>(output));
    return;
  }
  Tensor base(impl.base);
  auto slices = make_ref<CopySlices>(base, t, std::move(node), input, output, before);
  set_history(base, std::move(slices), 0);
  ensure_grad_meta(t).set_grad_fn(make_view_node(t), 0);
  impl.requires_grad = true;
  impl.view_version = t.version();
}

void become_view(const char* op, const Tensor& t, const Tensor& view) {
  refuse_while_tracing(concat(op, "_").c_str());
  TensorImpl& impl = *t.impl();
  check(!impl.inference || GradMode::inference(), op,
        "_: a tensor made in inference_mode cannot be changed in place outside of it; clone() it first");
  check(!t.requires_grad() || !is_leaf(t), op,
        "_: a leaf tensor that requires grad cannot get another shape; assign to its .data, or use the form without _");
  const bool recorded = t.requires_grad();
  if (recorded && impl.base) check_view_recorded(op, t);
  Ref<Node> node = recorded && !impl.base ? grad_fn(view) : nullptr;
  if (has_tangent(view)) share_tangents(view, t);
  impl.shape = view.shape();
  impl.strides = view.strides();
  impl.offset = view.offset();
  impl.contiguous = view.is_contiguous();
  impl.storage->bump_version(op);
  if (GradMeta* meta = grad_meta(t); meta && meta->accumulator.get()) {  // it expects the old shape
    (*meta->accumulator.get())->forget_leaf();
    meta->accumulator.clear();
  }
  if (!recorded) return;
  if (!impl.base) return set_history(t, std::move(node), 0);
  ensure_grad_meta(t).set_grad_fn(make_view_node(t), 0);
  impl.view_version = t.version();
}

Ref<Node> make_view_node(const Tensor& view) {
  GradModeGuard record(true);
  Tensor base(view.impl()->base);
  return grad_fn(part_like_view(base, base.offset(), view.shape(), view.strides(), view.offset(), view.dtype()));
}

}  // namespace weft
