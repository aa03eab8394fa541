// Variance and standard deviation.
#include "kernels/reduction.h"
#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/complex.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/reduced_dims.h"
#include "ops/reduction.h"

namespace weft {

namespace {

// Outputs: the variance (or its root) and the mean, which the derivative needs.
struct Variance : OpOf<Variance> {
  static constexpr const char* kName = "var";
  static constexpr Traits kTraits{.scratch = true};
  bool root;
  ReducedDims dims;
  double correction;
  WEFT_FIELDS(root, dims, correction);
  void check_inputs(const InputCheck& in) const { dims.check_against(in.count(1).floating(0), in[0]); }
  Variance(bool r, const ReducedDims& d, double c) : root(r), dims(d), correction(c) {}

  const char* name() const override { return root ? "std" : "var"; }
  uint64_t reduced_dims() const override { return dims.mask; }
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = out[1] = {dims.result_shape(in[0].shape()), in[0].dtype(), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    ReductionViews views(dims, in[0]);
    Strides strides, mean_strides;
    variance_kernel(out[0].device(), root, views.out(out[0], strides), views.out(out[1], mean_strides), views.in(),
                    views.reduced(), correction);
  }
  Saves saves(uint32_t) const override { return {.inputs = 1, .outputs = root ? 3u : 2u}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Shape& shape = v.input_shape(0);
    double n = static_cast<double>(dims.count(shape));
    Tensor g = v.grad(0);
    if (g.defined()) {
      if (root) {
        Tensor y = v.output(0);
        g = where(eq(y, Scalar(0)), Scalar(0), div(g, mul(y, Scalar(2.0))));
      }
      g = mul(g, Scalar(2.0 / std::max(0.0, n - correction)));
      grads[0] = mul(sub(v.input(0), dims.spread(v.output(1), shape)), dims.spread(g, shape));
    }
    if (v.grad(1).defined()) {
      Tensor of_mean = dims.spread(div(v.grad(1), Scalar(n)), shape);
      grads[0] = grads[0].defined() ? add(grads[0], of_mean) : of_mean;
    }
  }
};

// The gradient at 0 is 0, as that of a real deviation is.
Tensor sqrt_of_variance(const Tensor& variance) {
  const Tensor zero = eq(variance, Scalar(0.0));
  return where(zero, Scalar(0.0), sqrt(where(zero, Scalar(1.0), variance)));
}

VarianceAndMean variance(bool root, const char* op, const Tensor& x, const Dims& dims, double correction,
                         bool keepdim) {
  if (is_complex(x.dtype())) {  // the expected |x - mean|^2: the sum of the variances of the parts
    const ReducedDims reduced(op, dims, x.shape(), keepdim);
    const Variance of_parts(false, reduced, correction);
    const Tensor parts = view_as_real(x);
    const Tensor* list[] = {&parts};
    Tensor out[2];
    apply(of_parts, Inputs(list, 1), out);
    const Tensor total = sum(out[0], {-1});
    return {root ? sqrt_of_variance(total) : total, view_as_complex(out[1])};
  }
  check(is_real_floating(x.dtype()), op, ": expected a floating point tensor, got dtype ", x.dtype(),
        "; convert it with .float()");
  Variance variance(root, ReducedDims(op, dims, x.shape(), keepdim), correction);
  const Tensor* list[] = {&x};
  Tensor out[2];
  apply(variance, Inputs(list, 1), out);
  return {out[0], out[1]};
}

}  // namespace

VarianceAndMean var_mean(const Tensor& x, const Dims& dims, double correction, bool keepdim, const char* op) {
  return variance(false, op, x, dims, correction, keepdim);
}
VarianceAndMean std_mean(const Tensor& x, const Dims& dims, double correction, bool keepdim, const char* op) {
  return variance(true, op, x, dims, correction, keepdim);
}
Tensor var(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  return variance(false, "var", x, dims, correction, keepdim).variance;
}
Tensor std(const Tensor& x, const Dims& dims, double correction, bool keepdim) {
  return variance(true, "std", x, dims, correction, keepdim).variance;
}

// Batch rules

namespace {

WEFT_BATCH_SHIFT(Variance, Variance(op.root, op.dims.behind_one(), op.correction));

// The derivative of a root at 0 is taken as 0, as backward takes it.
WEFT_FORWARD_RULE(Variance) {
  apply(op, call.in, call.out);
  const Tensor &x = call.in[0], &t = call.tangents[0], &y = call.out[0];
  const double n = static_cast<double>(op.dims.count(x.shape()));
  const Tensor products = mul(sub(x, op.dims.spread(call.out[1], x.shape())), t);
  Tensor along = mul(sum_over(products, op.dims, x.dtype()), Scalar(2.0 / std::max(0.0, n - op.correction)));
  if (op.root) {
    const Tensor zero = eq(y, Scalar(0));
    along = where(zero, Scalar(0), div(along, mul(where(zero, Scalar(1), y), Scalar(2.0))));
  }
  call.out_tangents[0] = along;
  call.out_tangents[1] = div(sum_over(t, op.dims, x.dtype()), Scalar(n));
  return true;
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Variance);

}  // namespace

}  // namespace weft
