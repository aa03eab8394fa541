// Largest and smallest elements with their positions.
#include "kernels/reduction.h"
#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/indexing.h"
#include "ops/reduced_dims.h"
#include "ops/reduction.h"

namespace weft {

namespace {

// Outputs: the values and their positions along dim.
struct Extreme : OpOf<Extreme> {
  static constexpr const char* kName = "max";
  static constexpr Traits kTraits{.scratch = true};
  bool largest;
  int dim;
  ReducedDims dims;
  WEFT_FIELDS(largest, dim, dims);
  void check_inputs(const InputCheck& in) const {
    dims.check_against(in.count(1), in[0]);
    in.dim(dim, in[0].ndim()).that(in[0].ndim() == 0 || dims.mask == uint64_t{1} << dim, "one dimension");
    in.that(dims.count(in[0].shape()) > 0 || in[0].numel() == 0, "elements to choose from");
  }
  Extreme(bool l, int d, const ReducedDims& r) : largest(l), dim(d), dims(r) {}

  const char* name() const override { return largest ? "max" : "min"; }
  uint64_t reduced_dims() const override { return dims.mask; }
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {dims.result_shape(in[0].shape()), in[0].dtype(), {}};
    out[1] = {out[0].shape, DType::Int64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    ReductionViews views(dims, in[0]);
    Strides strides, index_strides;
    arg_fold_kernel(out[0].device(), largest, views.out(out[0], strides), views.out(out[1], index_strides), views.in(),
                    views.reduced());
  }
  Saves saves(uint32_t) const override { return {.inputs = 0, .outputs = 2}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& g = v.grad(0);
    if (!g.defined()) return;
    const Shape& shape = v.input_shape(0);
    if (shape.empty()) {
      grads[0] = g;
      return;
    }
    Tensor zero = zeros(shape, g.dtype(), g.device());
    grads[0] = scatter(zero, dim, dims.keep(v.output(1), shape.size()), dims.keep(g, shape.size()));
  }
};

// The position among the reduced elements, in row-major order.
struct ArgExtreme : OpOf<ArgExtreme> {
  static constexpr const char* kName = "argmax";
  static constexpr Traits kTraits{.differentiable = false, .scratch = true};
  bool largest;
  ReducedDims dims;
  WEFT_FIELDS(largest, dims);
  void check_inputs(const InputCheck& in) const {
    dims.check_against(in.count(1), in[0]);
    in.that(dims.count(in[0].shape()) > 0, "elements to choose from");
  }
  ArgExtreme(bool l, const ReducedDims& d) : largest(l), dims(d) {}

  const char* name() const override { return largest ? "argmax" : "argmin"; }
  uint64_t reduced_dims() const override { return dims.mask; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {dims.result_shape(in[0].shape()), DType::Int64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    ReductionViews views(dims, in[0]);
    Strides strides;
    arg_fold_kernel(out[0].device(), largest, {}, views.out(out[0], strides), views.in(), views.reduced());
  }
};

ValuesAndIndices extreme(bool largest, const Tensor& x, int64_t dim, bool keepdim) {
  const char* op = largest ? "max" : "min";
  ReducedDims dims(op, {dim}, x.shape(), keepdim);
  int d = normalize_dim(op, dim, x.shape());
  check<ErrorKind::Index>(dims.count(x.shape()) > 0, op, ": dimension ", d, " of shape ", x.shape(),
                          " has no elements to choose from");
  const Tensor* list[] = {&x};
  Tensor out[2];
  apply(Extreme(largest, d, dims), Inputs(list, 1), out);
  return {out[0], out[1]};
}

Tensor arg_extreme(bool largest, const Tensor& x, std::optional<int64_t> dim, bool keepdim) {
  const char* op = largest ? "argmax" : "argmin";
  ReducedDims dims(op, dim ? Dims{*dim} : Dims{}, x.shape(), keepdim);
  check<ErrorKind::Index>(dims.count(x.shape()) > 0, op, ": there are no elements to choose from in shape ", x.shape());
  return apply(ArgExtreme(largest, dims), x);
}

}  // namespace

ValuesAndIndices max(const Tensor& x, int64_t dim, bool keepdim) { return extreme(true, x, dim, keepdim); }
ValuesAndIndices min(const Tensor& x, int64_t dim, bool keepdim) { return extreme(false, x, dim, keepdim); }
Tensor argmax(const Tensor& x, std::optional<int64_t> dim, bool keepdim) { return arg_extreme(true, x, dim, keepdim); }
Tensor argmin(const Tensor& x, std::optional<int64_t> dim, bool keepdim) { return arg_extreme(false, x, dim, keepdim); }

// Batch rules

namespace {

WEFT_BATCH_SHIFT(Extreme, Extreme(op.largest, op.dim + 1, op.dims.behind_one()));
WEFT_BATCH_SHIFT(ArgExtreme, ArgExtreme(op.largest, op.dims.behind_one()));

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Extreme);
WEFT_OP(ArgExtreme);

}  // namespace

}  // namespace weft
