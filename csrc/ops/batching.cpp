#include "ops/batching.h"

#include <algorithm>

#include "core/small_vector.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft {

WEFT_DEFINE_RULE_TABLE(BatchRule)
WEFT_DEFINE_RULE_TABLE(ShiftRule)

Ref<const Op> shifted(const Op& op, int64_t size) {
  ShiftRule rule = RuleTable<ShiftRule>::find(op);
  return rule ? rule(op, size) : Ref<const Op>();
}

Dims behind(const Dims& dims) {
  Dims shifted = dims;
  for (int i = 0; i < shifted.size(); i++) shifted[i]++;
  return shifted;
}

Shape with_size(const Shape& shape, int64_t size) {
  Shape all = shape;
  all.insert(0, size);
  return all;
}
Shape merged_shape(const Shape& shape, int64_t size) {
  Shape all = shape;
  all[0] *= size;
  return all;
}
Tensor merge_first(const Tensor& t) {
  Shape shape{t.size(0) * t.size(1)};
  for (int d = 2; d < t.ndim(); d++) shape.push_back(t.size(d));
  return reshape(t, shape);
}

Tensor split_first(const Tensor& t, int64_t size) {
  Shape shape{size, t.size(0) / size};
  for (int d = 1; d < t.ndim(); d++) shape.push_back(t.size(d));
  return reshape(t, shape);
}

Tensor as_groups(const Tensor& t) {
  Shape shape{t.size(1), t.size(0) * t.size(2)};
  for (int d = 3; d < t.ndim(); d++) shape.push_back(t.size(d));
  return reshape(transpose(t, 0, 1), shape);
}
Tensor from_groups(const Tensor& t, int64_t size) {
  Shape shape{t.size(0), size, t.size(1) / size};
  for (int d = 2; d < t.ndim(); d++) shape.push_back(t.size(d));
  return transpose(reshape(t, shape), 0, 1);
}

Tensor BatchCall::whole(int i) const {
  Tensor t = in[i].tensor;
  if (!t.defined()) return t;
  if (!in[i].batched) {
    Shape shape{size};
    for (int64_t n : t.shape()) shape.push_back(n);
    t = expand(t, shape);
  }
  // What the program sees is laid out so, and the op may rely on that.
  return logical[i].is_contiguous() ? contiguous(t) : t;
}

namespace {

// Applies op to `inputs` and gives all outputs as batched.
void apply_to(const Op& op, const SmallVector<Tensor, 6>& inputs, Batched* out) {
  SmallVector<const Tensor*, 6> list;
  for (const Tensor& t : inputs) list.push_back(&t);
  SmallVector<Tensor, 3> results;
  results.resize(op.num_outputs());
  apply(op, Inputs(list.data(), list.size()), results.data());
  for (int i = 0; i < results.size(); i++) out[i] = {results[i], true};
}

}  // namespace

void apply_whole(const Op& op, const BatchCall& call, bool scalars) {
  scalars = scalars && call.count > 0 && call.logical[0].ndim() == 0;
  SmallVector<Tensor, 6> inputs;
  for (int i = 0; i < call.count; i++) {
    Tensor t = call.whole(i);
    inputs.push_back(scalars && t.defined() ? unsqueeze(t, -1) : t);
  }
  apply_to(op, inputs, call.out);
  for (int i = 0; scalars && i < op.num_outputs(); i++)
    if (call.out[i].tensor.ndim() > 1) call.out[i].tensor = squeeze(call.out[i].tensor, -1);
}

bool apply_folded(const Op& op, const BatchCall& call, unsigned folded) {
  SmallVector<Tensor, 6> inputs;
  for (int i = 0; i < call.count; i++) {
    const bool fold = folded >> i & 1;
    if (call.in[i].batched && !fold) return false;
    Tensor t = fold ? call.whole(i) : call.in[i].tensor;
    inputs.push_back(fold && t.defined() ? contiguous(merge_first(t)) : t);
  }
  apply_to(op, inputs, call.out);
  for (int i = 0; i < op.num_outputs(); i++) call.out[i].tensor = split_first(call.out[i].tensor, call.size);
  return true;
}

void apply_aligned(const Op& op, const BatchCall& call) {
  int ndim = 0;
  for (int i = 0; i < call.count; i++)
    if (call.in[i].tensor.defined()) ndim = std::max(ndim, call.logical[i].ndim());
  SmallVector<Tensor, 6> inputs;
  for (int i = 0; i < call.count; i++) {
    Tensor t = call.in[i].tensor;
    if (t.defined() && call.in[i].batched && call.logical[i].ndim() < ndim) {
      Shape shape = t.shape();
      for (int d = call.logical[i].ndim(); d < ndim; d++) shape.insert(1, 1);
      t = reshape(t, shape);
    } else if (t.defined() && ndim == 0 && t.ndim() == 0) {
      t = reshape(t, {1});  // dtypes are promoted as among equals, which tensors without dimensions are
    }
    inputs.push_back(t);
  }
  apply_to(op, inputs, call.out);
}

}  // namespace weft
