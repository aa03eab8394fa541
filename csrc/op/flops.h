// Floating point operations of an op, by rules that stand beside the ops with products: a multiplication and an
// addition count as two, all other ops as none.
#pragma once

#include "op/rule_table.h"

namespace weft {

using FlopRule = int64_t (*)(const Op& op, Inputs in, const Tensor* out);
WEFT_DECLARE_RULE_TABLE(FlopRule);

inline int64_t flops_of(const Op& op, Inputs in, const Tensor* out) {
  const FlopRule rule = RuleTable<FlopRule>::find(op);
  return rule ? rule(op, in, out) : 0;
}

// const FlopRuleOf<Linear> linear_flops([](const Linear& op, Inputs in, const Tensor* out) { ... });
template <class O>
struct FlopRuleOf {
  using Rule = int64_t (*)(const O& op, Inputs in, const Tensor* out);
  explicit FlopRuleOf(Rule of_op) {
    rule = of_op;
    RuleTable<FlopRule>::add(
        typeid(O), [](const Op& op, Inputs in, const Tensor* out) { return rule(static_cast<const O&>(op), in, out); });
  }

 private:
  static inline Rule rule = nullptr;
};

// Of a product whose results each sum so many products of two numbers.
inline int64_t product_flops(const Tensor& result, int64_t summed) { return 2 * result.numel() * summed; }

}  // namespace weft
