#include "ops/forward_rules.h"

#include "core/small_vector.h"
#include "ops/creation.h"
#include "ops/elementwise.h"

namespace weft {

WEFT_DEFINE_RULE_TABLE(ForwardRule)

void add_term(Tensor& sum, const Tensor& term) { sum = sum.defined() ? add(sum, term) : term; }

bool forward_linear(const ForwardCall& call) {
  apply(call.op, call.in, call.out);
  SmallVector<Tensor, 4> directions;
  SmallVector<const Tensor*, 4> list;
  for (int i = 0; i < call.in.size(); i++) {
    const Tensor& x = call.in[i];
    const bool moves = x.defined() && is_differentiable(x.dtype());
    directions.push_back(!moves ? x : call.tangents[i].defined() ? call.tangents[i] : zeros_like(x));
  }
  for (const Tensor& t : directions) list.push_back(&t);
  apply(call.op, Inputs(list.data(), list.size()), call.out_tangents);
  return true;
}

bool forward_multilinear(const ForwardCall& call) {
  apply(call.op, call.in, call.out);
  for (int i = 0; i < call.in.size(); i++) {
    if (!call.tangents[i].defined()) continue;
    SmallVector<const Tensor*, 4> list;
    for (int k = 0; k < call.in.size(); k++) list.push_back(k == i ? &call.tangents[i] : &call.in[k]);
    Tensor along;
    apply(call.op, Inputs(list.data(), list.size()), &along);
    add_term(call.out_tangents[0], along);
  }
  return true;
}

}  // namespace weft
