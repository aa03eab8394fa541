// apply(): the one door through which every op passes: autocast, the stack of interpreters, or else check, infer,
// allocate, run, record for autograd.
#pragma once

#include "op/grad_mode.h"
#include "op/node.h"
#include "op/op.h"

namespace weft {

// Runs op on inputs; writes op.num_outputs() tensors to `outputs`.
void apply(const Op& op, Inputs inputs, Tensor* outputs);

// An op of one output: apply(Softmax{.dim = 1}, x).
template <class... T>
  requires(std::same_as<T, Tensor> && ...)
Tensor apply(const Op& op, const T&... inputs) {
  const Tensor* list[] = {&inputs..., nullptr};
  Tensor out;
  apply(op, Inputs(list, sizeof...(T)), &out);
  return out;
}

// An op of any number of inputs and outputs.
std::vector<Tensor> apply_list(const Op& op, const std::vector<Tensor>& inputs);

// Runs op on inputs and writes the (single) result over inputs[0], whose shape it must have and whose dtype must be
// able to hold it. All checks come before the first change. Works when other inputs overlap inputs[0].
Tensor apply_inplace(const Op& op, Inputs inputs);
template <class... T>
  requires(std::same_as<T, Tensor> && ...)
Tensor apply_inplace(const Op& op, const T&... inputs) {
  const Tensor* list[] = {&inputs...};
  return apply_inplace(op, Inputs(list, sizeof...(T)));
}

// Applies an op without outputs that raises an error for some values of its inputs.
void apply_check(const Op& op, const Tensor& a, const Tensor& b = {});

// What interpreters that take an op do as apply() does. The inferred outputs, after a check that the op is defined for
// their dtypes and those of the inputs:
void infer_outputs(const Op& op, Inputs inputs, OutputSpec* out);
// A view op's output:
Tensor apply_view(const Op& op, const Tensor& x);
// The outputs' history: a node, where autograd records.
void record_history(const Op& op, Inputs inputs, const Tensor* outputs);
// Of inputs[0] that an op changes in place: all checks, and a node where autograd records; nothing has changed yet.
class InPlaceChange {
 public:
  InPlaceChange(const Op& op, Inputs inputs);
  // The new values are there.
  void finish();
  const OutputSpec& spec() const { return spec_; }
  Device device() const { return device_; }

 private:
  const Op& op_;
  Tensor target_;
  Device device_;
  OutputSpec spec_;
  Ref<OpNode> node_;
};

}  // namespace weft
