// Ops on masks: filling, selecting and scattering where a mask is set, the coordinates of what is set; scatter_reduce.
#include <algorithm>
#include <cmath>

#include "kernels/elementwise.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "op/registry.h"
#include "op/tile_code.h"
#include "op/trace_values.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/kept_layout.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft {

namespace {

// inputs: x, the mask, a value: of no dimensions as functions give it, broadcast where they run for a batch
struct MaskedFill : OpOf<MaskedFill> {
  static constexpr const char* kName = "masked_fill";
  static constexpr Traits kTraits{.elementwise = true, .any_dtype = true};
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const { in.count(3); }
  void infer(Inputs in, OutputSpec* out) const override {
    check(in[1].dtype() == DType::Bool, "masked_fill: the mask must be a bool tensor, got dtype ", in[1].dtype());
    check(can_cast(in[2].dtype(), in[0].dtype()) || is_integral(in[2].dtype()), "masked_fill: a value of dtype ",
          in[2].dtype(), " cannot be stored in a tensor of dtype ", in[0].dtype());
    out[0] = {broadcast_shapes(kName, in[1].shape(), in[0].shape()), in[0].dtype(), {}};
    out[0].shape = broadcast_shapes(kName, in[2].shape(), out[0].shape);
    out[0].strides = kept_strides(out[0].shape, in);
  }
  void run(Inputs in, const Tensor* out) const override {
    where_kernel(out[0].device(), view_of(out[0]), view_of(in[1]), view_of(in[2]), view_of(in[0]),
                 compute_type(out[0].dtype()));
  }
  int tile(TileCode& code, Inputs in, const int* operands) const override {
    DType dtype = in[0].dtype();
    return compute_type(dtype) == code.compute() ? code.add(TileOp::Where, dtype, operands[1], operands[2], operands[0])
                                                 : -1;
  }
  Saves saves(uint32_t) const override { return {.inputs = 2, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (v.needs(0)) grads[0] = masked_fill(v.grad(), v.input(1), Scalar(0.0));
    if (v.needs(2)) grads[2] = where(v.input(1), v.grad(), Scalar(0.0));
  }
};

void check_value(const Tensor& value) {
  check(value.ndim() == 0, "masked_fill: expected a number or a 0-dimensional tensor, got a value of shape ",
        value.shape());
}

void check_mask(const char* op, const Tensor& mask) {
  check(mask.dtype() == DType::Bool, op, ": the mask must be a bool tensor, got dtype ", mask.dtype());
}

}  // namespace

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value) {
  check_value(value);
  return apply(MaskedFill{}, x, mask, value);
}
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Scalar& value) {
  return masked_fill(
      x, mask,
      scalar_tensor(value,
                    value.is_float() && category(x.dtype()) < DTypeCategory::Floating ? DType::Float32 : x.dtype(),
                    x.device()));
}
Tensor masked_fill_(const Tensor& x, const Tensor& mask, const Tensor& value) {
  check_value(value);
  return apply_inplace(MaskedFill{}, x, mask, value);
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", mask);
  Shape shape = broadcast_shapes("masked_select", mask.shape(), x.shape());
  return index(reshape(expand(x, shape), {-1}), {reshape(expand(mask, shape), {-1})});
}

Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source) {
  check_mask("masked_scatter", mask);
  check(source.dtype() == x.dtype(), "masked_scatter: expected a source of the tensor's dtype ", x.dtype(), ", got ",
        source.dtype());
  Shape shape = broadcast_shapes("masked_scatter", mask.shape(), x.shape());
  Tensor at = select(nonzero(reshape(expand(mask, shape), {-1})), 1, 0);
  check(source.numel() >= at.numel(), "masked_scatter: a source of ", source.numel(),
        " elements is too small for a mask with ", at.numel(), " set");
  Tensor values = slice(reshape(source, {-1}), 0, 0, at.numel());
  return reshape(index_put(reshape(expand(x, shape), {-1}), {at}, values), shape);
}

Tensor nonzero(const Tensor& x) {
  check(!x.is_meta(),
        "nonzero: the number of results depends on the data, which a tensor on the meta device does not have");
  check_values_readable("nonzero", x);
  NotTraced now;
  Tensor source = contiguous(x);
  int64_t count = 0;
  count_nonzero_kernel(x.device(), view_of(source), &count);
  Tensor out = empty({count, x.ndim()}, DType::Int64, x.device());
  if (out.numel()) nonzero_kernel(x.device(), view_of(source), out.data_as<int64_t>());
  return out;
}

std::vector<Tensor> nonzero_tuple(const Tensor& x) {
  Tensor all = nonzero(x.ndim() ? x : reshape(x, {1}));
  std::vector<Tensor> columns;
  for (int d = 0; d < all.size(1); d++) columns.push_back(select(all, 1, d));
  return columns;
}

namespace {

// inputs: x, the index, the source. The parts of a reduction that are not a plain sum.
struct ScatterReduce : OpOf<ScatterReduce> {
  static constexpr const char* kName = "scatter_reduce";
  static constexpr Traits kTraits{.may_fail = true};
  int dim;
  PutMode mode;
  WEFT_FIELDS(dim, mode);
  void check_inputs(const InputCheck& in) const {
    in.count(3).same_dtype(0, 2).dtype(1, DType::Int64).dim(dim, in[0].ndim());
    in.ndim(1, in[0].ndim()).ndim(2, in[0].ndim());
    for (int d = 0; d < in[0].ndim(); d++)
      in.that(in[1].size(d) <= in[2].size(d) && (d == dim || in[1].size(d) <= in[0].size(d)), "an index that fits");
  }
  ScatterReduce(int d, PutMode m) : dim(d), mode(m) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    GradModeGuard no_grad(false);
    Tensor result = scatter(in[0], dim, in[1], in[2], mode);
    copy_kernel(out[0].device(), view_of(out[0]), view_of(result));
  }
  // The result, the offsets of its places, and the source where it is not as it must be.
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    bool right = in[2].is_contiguous() && in[2].shape() == in[1].shape();
    auto places = static_cast<size_t>(in[1].numel());
    size_t item = item_size(out[0].dtype());
    return static_cast<size_t>(out[0].numel()) * item + places * (sizeof(int64_t) + (right ? 0 : item));
  }
  Saves saves(uint32_t) const override { return {.inputs = 7, .outputs = 1}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor x = v.input(0), index = v.input(1), source = v.input(2), y = v.output(), g = v.grad();
    if (mode == PutMode::Multiply) {
      // The product without the element itself; where an element is zero the others must be multiplied anew.
      if (v.needs(0)) grads[0] = mul(g, apply(*this, ones_like(x), index, source));
      if (v.needs(2)) grads[2] = mul(gather(g, dim, index), product_of_others(x, index, source, y));
      return;
    }
    // The gradient is shared evenly among all that are equal to the extreme.
    Tensor x_is = to_dtype(eq(x, y), g.dtype()), source_is = to_dtype(eq(source, gather(y, dim, index)), g.dtype());
    Tensor share = div(g, scatter(x_is, dim, index, source_is, PutMode::Add));
    if (v.needs(0)) grads[0] = where(eq(x, y), share, Scalar(0.0));
    if (v.needs(2)) grads[2] = mul(gather(share, dim, index), source_is);
  }
  // For a zero that is the only one in its place the product of the rest, and that times the other one where there are
  // two, so that the second derivative is right as well.
  Tensor product_of_others(const Tensor& x, const Tensor& index, const Tensor& source, const Tensor& y) const {
    Tensor zero = eq(source, Scalar(0.0));
    auto total_there = [&](const Tensor& t) {
      return gather(scatter(zeros_like(x), dim, index, t, PutMode::Add), dim, index);
    };
    Tensor zeros_there = total_there(to_dtype(zero, x.dtype()));
    Tensor other_zero = sub(total_there(where(zero, source, Scalar(0.0))), source);
    Tensor without_zeros = masked_fill(source, zero, Scalar(1.0));
    Tensor rest = gather(apply(*this, x, index, without_zeros), dim, index);
    Tensor others = div(gather(y, dim, index), without_zeros);
    Tensor at_zero = where(eq(zeros_there, Scalar(1.0)), rest,
                           where(eq(zeros_there, Scalar(2.0)), mul(rest, other_zero), Scalar(0.0)));
    return where(zero, at_zero, others);
  }
};

// What changes nothing when it is combined.
Scalar neutral(PutMode mode, DType dtype) {
  if (mode == PutMode::Add) return Scalar(0);
  if (mode == PutMode::Multiply) return Scalar(1);
  bool largest = mode == PutMode::Minimum;
  if (is_real_floating(dtype)) return Scalar(largest ? HUGE_VAL : -HUGE_VAL);
  if (dtype == DType::Bool) return Scalar(largest);
  const Limits limits = integer_limits(dtype);
  return largest ? Scalar(limits.high) : Scalar(limits.low);
}

}  // namespace

Tensor scatter_reduce(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source,
                      const std::string& reduce, bool include_self) {
  constexpr const char* kOp = "scatter_reduce";
  bool sum = reduce == "sum" || reduce == "mean";
  PutMode mode = sum                ? PutMode::Add
                 : reduce == "amin" ? PutMode::Minimum
                 : reduce == "amax" ? PutMode::Maximum
                                    : PutMode::Multiply;
  check(mode != PutMode::Multiply || reduce == "prod", kOp,
        ": reduce must be 'sum', 'prod', 'mean', 'amax' or 'amin', got '", reduce, "'");
  Tensor start =
      include_self ? x : scatter_(clone(x), dim, index, scalar_tensor(neutral(mode, x.dtype()), x.dtype(), x.device()));
  if (!sum) {
    Tensor used = source;
    for (int d = 0; d < std::min(index.ndim(), source.ndim()); d++)
      if (source.size(d) > index.size(d)) used = slice(used, d, 0, index.size(d));
    return apply(ScatterReduce(normalize_dim(kOp, dim, x.ndim()), mode), start, to_dtype(index, DType::Int64), used);
  }
  Tensor total = scatter(start, dim, index, source, PutMode::Add);
  if (reduce == "sum") return total;
  Tensor counts = scatter(include_self ? ones_like(x) : zeros_like(x), dim, index, ones_like(source), PutMode::Add);
  counts = maximum(counts, ones_like(counts));
  return is_real_floating(x.dtype()) ? div(total, counts) : floor_divide(total, counts);
}

// Batch rules

namespace {

WEFT_BATCH_RULE(MaskedFill) {
  if (!call.in[2].batched) return apply_aligned(op, call);
  // A number for each element of the batch.
  Tensor x = call.whole(0), mask = call.whole(1), value = to_dtype(call.in[2].tensor, x.dtype());
  const int ndim = std::max(call.logical[0].ndim(), call.logical[1].ndim());
  const auto lined = [&](const Tensor& t) {
    Shape shape = t.shape();
    while (shape.size() <= ndim) shape.insert(1, 1);
    return reshape(t, shape);
  };
  call.out[0] = {where(lined(mask), lined(value), lined(x)), true};
}
WEFT_BATCH_SHIFT(ScatterReduce, ScatterReduce(op.dim + 1, op.mode));

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(MaskedFill);
WEFT_OP(ScatterReduce);

}  // namespace

}  // namespace weft
