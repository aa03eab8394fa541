// Forward rules: the derivative of an op's outputs along tangents of its inputs, where it is simpler, or holds in more
// places, than what follows from the op's vjp. A rule stands beside its op, in ops/<family>.cpp.
#pragma once

#include "op/apply.h"
#include "op/rule_table.h"

namespace weft {

// An op applied to inputs with tangents, at least one of which is defined.
struct ForwardCall {
  const Op& op;
  Inputs in;
  const Tensor* tangents;  // of the inputs; undefined: zero
  Tensor* out;             // op.num_outputs()
  Tensor* out_tangents;    // of the outputs; left undefined: zero
};

// Computes outputs and tangents; false, and nothing, where the rule does not hold.
using ForwardRule = bool (*)(const ForwardCall&);
WEFT_DECLARE_RULE_TABLE(ForwardRule);

template <class O, ForwardRule rule>
struct ForwardRuleOf {
  ForwardRuleOf() { RuleTable<ForwardRule>::add(typeid(O), rule); }
};

// Linear in all inputs of floating dtype together: the op is applied to the tangents, with zeros for undefined ones;
// inputs of other dtypes stay.
bool forward_linear(const ForwardCall& call);
// Linear in each input by itself: the sum over the inputs of the op applied with one of them replaced by its tangent.
bool forward_multilinear(const ForwardCall& call);

// sum + term; an undefined tensor is zero.
void add_term(Tensor& sum, const Tensor& term);

#define WEFT_FORWARD_LINEAR(O) const ForwardRuleOf<O, forward_linear> forward_##O
#define WEFT_FORWARD_MULTILINEAR(O) const ForwardRuleOf<O, forward_multilinear> forward_##O
// WEFT_FORWARD_RULE(Reduce) { ... } is the body of a rule that sees `op` and `call`.
#define WEFT_FORWARD_RULE(O)                                                                                    \
  bool forward_rule_##O(const O& op, const ForwardCall& call);                                                  \
  const ForwardRuleOf<O, [](const ForwardCall& c) { return forward_rule_##O(static_cast<const O&>(c.op), c); }> \
      forward_##O;                                                                                              \
  bool forward_rule_##O([[maybe_unused]] const O& op, const ForwardCall& call)

}  // namespace weft
