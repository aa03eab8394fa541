#include "ops/softmax.h"

#include "kernels/softmax.h"
#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft {

constinit KernelTable<SoftmaxKernel> softmax_kernel{"softmax"};
constinit KernelTable<SoftmaxBackwardKernel> softmax_backward_kernel{"softmax_backward"};

namespace {

// inputs: gradient of the result, the result; both contiguous.
struct SoftmaxBackward : OpOf<SoftmaxBackward> {
  static constexpr const char* kName = "softmax_backward";
  static constexpr Traits kTraits{.decomposes = true};
  bool log;
  int dim;
  WEFT_FIELDS(log, dim);
  void check_inputs(const InputCheck& in) const {
    in.count(2).floating(0).same_dtype(0, 1).same_shape(0, 1).dim(dim, in[0].ndim()).contiguous(0).contiguous(1);
  }
  SoftmaxBackward(bool l, int d) : log(l), dim(d) {}
  const char* name() const override { return log ? "log_softmax_backward" : "softmax_backward"; }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[1].shape(), in[1].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    softmax_backward_kernel(out[0].device(), log, view_of(out[0]), view_of(in[0]), view_of(in[1]), dim);
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor &g = in[0], &y = in[1];
    Dims dims = y.ndim() == 0 ? Dims{} : Dims{dim};
    if (log) return {sub(g, mul(exp(y), sum(g, dims, true)))};
    return {mul(y, sub(g, sum(mul(g, y), dims, true)))};
  }
};

struct Softmax : OpOf<Softmax> {
  static constexpr const char* kName = "softmax";
  static constexpr Traits kTraits{.autocast = AutocastRule::Float32};
  bool log;
  int dim;
  WEFT_FIELDS(log, dim);
  void check_inputs(const InputCheck& in) const { in.count(1).floating(0).dim(dim, in[0].ndim()).contiguous(0); }
  Softmax(bool l, int d) : log(l), dim(d) {}
  const char* name() const override { return log ? "log_softmax" : "softmax"; }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    softmax_kernel(out[0].device(), log, view_of(out[0]), view_of(in[0]), dim);
  }
  Saves saves(uint32_t) const override { return {.inputs = 0, .outputs = 1}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    grads[0] = apply(SoftmaxBackward(log, dim), contiguous(v.grad()), v.output());
  }
};

Tensor softmax_of(bool log, const Tensor& x, int64_t dim, std::optional<DType> dtype) {
  const char* op = log ? "log_softmax" : "softmax";
  int d = normalize_dim(op, dim, x.shape());
  DType t = dtype.value_or(x.dtype());
  check(is_real_floating(t), op, ": expected a floating point tensor, got dtype ", t, "; pass dtype=weft.float32");
  return apply(Softmax(log, d), contiguous(to_dtype(x, t)));
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t dim, std::optional<DType> dtype) { return softmax_of(false, x, dim, dtype); }
Tensor log_softmax(const Tensor& x, int64_t dim, std::optional<DType> dtype) { return softmax_of(true, x, dim, dtype); }

// Batch rules

namespace {

WEFT_BATCH_SHIFT(Softmax, Softmax(op.log, op.dim + 1));
WEFT_BATCH_SHIFT(SoftmaxBackward, SoftmaxBackward(op.log, op.dim + 1));

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(SoftmaxBackward);
WEFT_OP(Softmax);

}  // namespace

}  // namespace weft
