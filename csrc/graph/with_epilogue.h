// WithEpilogue: a product or convolution together with the elementwise ops that read its result, which run on each part
// of it while that is in the cache.
#pragma once

#include <string>
#include <vector>

#include "graph/tiled.h"

namespace weft::graph {

// inputs: those of `product`, then what else `then` reads. Outputs: those of `then`; the product's result too unless it
// only lies on one of them for a while.
struct WithEpilogue : OpOf<WithEpilogue> {
  static constexpr const char* kName = "with_epilogue";
  static constexpr Traits kTraits{.differentiable = false, .any_dtype = true};
  static constexpr int kResult = -1;  // among `reads`: the product's result
  Ref<const Op> product;
  Ref<const Tiled> then;
  int product_inputs;
  std::vector<int> reads;  // of every input of `then`: its place behind the product's inputs
  int lies_on;             // output of `then` where the product's result lies first; -1: it is the last output

  WithEpilogue(Ref<const Op> p, Ref<const Tiled> t, int inputs, std::vector<int> r, int on);
  WEFT_FIELDS(key_);
  int num_outputs() const override { return then->num_outputs() + (lies_on < 0); }
  void infer(Inputs in, OutputSpec* out) const override;
  void run(Inputs in, const Tensor* out) const override;
  size_t temporary_bytes(Inputs in, const Tensor* out) const override;
  std::string text() const override { return product->text() + " then " + then->text(); }

 private:
  // The product's result, which is one of the outputs.
  const Tensor& result_of(const Tensor* out) const { return out[lies_on < 0 ? then->num_outputs() : lies_on]; }

  std::string key_;
};

}  // namespace weft::graph
