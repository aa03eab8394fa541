// Batch rules: what an op does with tensors that have one more dimension, the first, for vmap. A rule stands beside its
// op, in ops/<family>.cpp, in a table keyed by the type of the op. An op without one is decomposed, or applied to each
// element of the batch in turn.
#pragma once

#include "op/apply.h"
#include "op/rule_table.h"

namespace weft {

// A tensor, with a first dimension of the batch's size if it is batched: a program sees one element of it.
struct Batched {
  Tensor tensor{};
  bool batched = false;
};

// An op applied to batched tensors.
struct BatchCall {
  const Op& op;
  Inputs logical;     // the inputs as the program sees them, without values
  const Batched* in;  // as many
  int count;
  int64_t size;  // of the batch
  Batched* out;  // op.num_outputs()
  // Set by a rule that does not hold for these inputs.
  mutable bool declined = false;

  // Input i with the batch's dimension: expanded if it has none.
  Tensor whole(int i) const;
};

using BatchRule = void (*)(const BatchCall&);
WEFT_DECLARE_RULE_TABLE(BatchRule);

// Registers rule(op, call) for ops of type O.
template <class O, void (*rule)(const O&, const BatchCall&)>
struct BatchRuleOf {
  BatchRuleOf() {
    RuleTable<BatchRule>::add(typeid(O), [](const BatchCall& call) { rule(static_cast<const O&>(call.op), call); });
  }
};

// Applies `op`, which works on whole tensors, to all inputs made whole; all outputs are batched. With `scalars`,
// tensors that the program sees without dimensions get one of size 1, which their outputs lose again: for ops along a
// dimension.
void apply_whole(const Op& op, const BatchCall& call, bool scalars = false);

// Elementwise: operands are aligned behind the batch's dimension.
void apply_aligned(const Op& op, const BatchCall& call);

// For ops whose inputs have a dimension of independent elements in front already: that of the batch is merged with it
// for the inputs in `folded`, a bit mask, and split off the outputs. False if another input is batched.
bool apply_folded(const Op& op, const BatchCall& call, unsigned folded);
// A shape with the batch's size in front, and one with that many times the first dimension.
Shape with_size(const Shape& shape, int64_t size);
Shape merged_shape(const Shape& shape, int64_t size);
// (B, N, ...) as (B * N, ...), and back.
Tensor merge_first(const Tensor& t);
Tensor split_first(const Tensor& t, int64_t size);

// (B, N, C, ...) as (N, B * C, ...): the elements of the batch become groups of channels; and back.
Tensor as_groups(const Tensor& t);
Tensor from_groups(const Tensor& t, int64_t size);

// The op for tensors with one dimension, of this size, more in front; nullptr where there is no such op.
using ShiftRule = Ref<const Op> (*)(const Op& op, int64_t size);
WEFT_DECLARE_RULE_TABLE(ShiftRule);
Ref<const Op> shifted(const Op& op, int64_t size);

// The batch rule of an op along dimensions, from shift(op, size).
template <class O, O (*shift)(const O&, int64_t), bool scalars = true>
struct BatchByShift {
  BatchByShift() {
    RuleTable<ShiftRule>::add(
        typeid(O), [](const Op& op, int64_t size) { return shift(static_cast<const O&>(op), size).share(); });
    RuleTable<BatchRule>::add(typeid(O), [](const BatchCall& call) {
      apply_whole(shift(static_cast<const O&>(call.op), call.size), call, scalars);
    });
  }
};

// WEFT_BATCH_SHIFT(Softmax, Softmax(op.log, op.dim + 1))
#define WEFT_BATCH_SHIFT(O, ...)                                                                   \
  O shift_##O(const O& op [[maybe_unused]], int64_t size [[maybe_unused]]) { return __VA_ARGS__; } \
  const BatchByShift<O, shift_##O> batch_##O
// WEFT_BATCH_RULE(View) { ... } is the body of a rule that sees `op` and `call`.
#define WEFT_BATCH_RULE(O)                                 \
  void batch_rule_##O(const O& op, const BatchCall& call); \
  const BatchRuleOf<O, batch_rule_##O> batch_##O;          \
  void batch_rule_##O([[maybe_unused]] const O& op, const BatchCall& call)

// Dims behind one more dimension.
Dims behind(const Dims& dims);

}  // namespace weft
