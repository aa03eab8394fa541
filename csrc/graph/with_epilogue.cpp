#include "graph/with_epilogue.h"

#include "op/flops.h"

#include <utility>

namespace weft::graph {

WithEpilogue::WithEpilogue(Ref<const Op> p, Ref<const Tiled> t, int inputs, std::vector<int> r, int on)
    : product(std::move(p)), then(std::move(t)), product_inputs(inputs), reads(std::move(r)), lies_on(on) {
  traits_.may_fail = product->may_fail();
  key_ = concat(text(), " ", then->hash(), " ", on);
  for (int place : reads) key_ += concat(" ", place);
}

void WithEpilogue::infer(Inputs in, OutputSpec* out) const {
  std::vector<const Tensor*> first;
  for (int i = 0; i < product_inputs; i++) first.push_back(&in[i]);
  const int own = then->num_outputs();
  OutputSpec result;
  product->infer(Inputs(first.data(), product_inputs), &result);
  then->infer(in, out);
  if (lies_on < 0) out[own] = result;
}

void WithEpilogue::run(Inputs in, const Tensor* out) const {
  const Tensor& result = result_of(out);
  std::vector<const Tensor*> first, second;
  for (int i = 0; i < product_inputs; i++) first.push_back(&in[i]);
  for (int place : reads) second.push_back(place == kResult ? &result : &in[product_inputs + place]);
  const Inputs from(first.data(), product_inputs);
  then->run_after(Inputs(second.data(), static_cast<int>(second.size())), out,
                  [&](const Epilogue& epilogue) { product->run_then(from, &result, epilogue); });
}

// The epilogue takes none.
size_t WithEpilogue::temporary_bytes(Inputs in, const Tensor* out) const {
  std::vector<const Tensor*> first;
  for (int i = 0; i < product_inputs; i++) first.push_back(&in[i]);
  return product->temporary_bytes(Inputs(first.data(), product_inputs), &result_of(out));
}

namespace {
const FlopRuleOf<WithEpilogue> epilogue_flops([](const WithEpilogue& op, Inputs in, const Tensor* out) {
  std::vector<const Tensor*> own;
  for (int i = 0; i < op.product_inputs; i++) own.push_back(&in[i]);
  const Tensor& result = out[op.lies_on < 0 ? op.then->num_outputs() : op.lies_on];
  return flops_of(*op.product, Inputs(own.data(), op.product_inputs), &result);
});
}  // namespace

}  // namespace weft::graph
