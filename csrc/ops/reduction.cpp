#include "ops/reduction.h"

#include <cmath>
#include <limits>

#include "kernels/reduction.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/registry.h"
#include "op/tile_code.h"
#include "ops/batching.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/reduced_dims.h"

namespace weft {

constinit KernelTable<FoldKernel> fold_kernel{"reduction"};
constinit KernelTable<ArgFoldKernel> arg_fold_kernel{"argmax"};
constinit KernelTable<VarianceKernel> variance_kernel{"var"};
constinit KernelTable<ScanKernel> scan_kernel{"cumsum"};
constinit KernelTable<ArgScanKernel> arg_scan_kernel{"cummax"};
constinit KernelTable<RecurrenceKernel> recurrence_kernel{"recurrence"};

template <>
constexpr int64_t kEnumSize<Fold> = 13;

namespace {

constexpr const char* kFoldNames[] = {"sum",  "nansum", "mean", "norm", "norm", "count_nonzero", "prod", "amax",
                                      "amin", "norm",   "norm", "any",  "all"};

struct Reduce : OpOf<Reduce> {
  static constexpr const char* kName = "reduce";
  static constexpr Traits kTraits{.scratch = true};
  Fold kind;
  ReducedDims dims;
  DType dtype;
  WEFT_FIELDS(kind, dims, dtype);
  void check_inputs(const InputCheck& in) const {
    dims.check_against(in.count(1), in[0]);
    in.that(fits_dtype(in[0].dtype()), "a dtype of the result that such a reduction has");
  }
  FoldSpec spec;
  Reduce(Fold f, const ReducedDims& d, DType t) : kind(f), dims(d), dtype(t), spec{f, d.mask, d.keepdim, t} {
    traits_.differentiable = kind != Fold::CountNonzero && kind != Fold::Any && kind != Fold::All;
  }
  // The dtypes that the functions below give.
  bool fits_dtype(DType input) const {
    switch (kind) {
      case Fold::Any:
      case Fold::All:
        return dtype == DType::Bool;
      case Fold::CountNonzero:
        return dtype == DType::Int64;
      case Fold::Max:
      case Fold::Min:
        return dtype == input;
      case Fold::Sum:
      case Fold::NanSum:
      case Fold::Prod:
        return true;
      default:
        return is_real_floating(dtype);
    }
  }
  const FoldSpec* fold() const override { return &spec; }
  uint64_t reduced_dims() const override { return dims.mask; }

  const char* name() const override { return kFoldNames[static_cast<int>(kind)]; }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {dims.result_shape(in[0].shape()), dtype, {}}; }
  void run(Inputs in, const Tensor* out) const override {
    ReductionViews views(dims, in[0]);
    Strides strides;
    fold_kernel(out[0].device(), kind, views.out(out[0], strides), views.in(), views.reduced());
  }
  Saves saves(uint32_t) const override {
    switch (kind) {
      case Fold::Sum:
      case Fold::Mean:
        return {};
      case Fold::SumAbs:
      case Fold::NanSum:
      case Fold::Prod:
        return {.inputs = 1, .outputs = 0};
      default:
        return {.inputs = 1, .outputs = 1};
    }
  }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

Tensor reduce(Fold fold, const ReducedDims& dims, const Tensor& x, DType dtype) {
  return apply(Reduce(fold, dims, dtype), x);
}

// g shared equally among the elements where `chosen` holds.
Tensor share_equally(const ReducedDims& dims, const Tensor& g, const Tensor& chosen, const Shape& shape) {
  const Tensor each = div(g, sum_over(chosen, dims, DType::Int64));
  return where(chosen, dims.spread(each, shape), Scalar(0));
}

// d prod/dx_i is the product of the other elements: for x_i = 0 that of the nonzero ones when it is the only zero, and
// that times the other zero when there are two, so that the second derivative is right as well.
Tensor prod_gradient(const ReducedDims& dims, const Tensor& g, const Tensor& x) {
  Tensor zero = eq(x, Scalar(0));
  Tensor safe = where(zero, Scalar(1), x);
  ReducedDims kept = dims;
  kept.keepdim = true;
  Tensor nonzero = reduce(Fold::Prod, kept, safe, x.dtype());
  Tensor zeros = reduce(Fold::Sum, kept, zero, DType::Int64);
  Tensor other_zero = sub(reduce(Fold::Sum, kept, where(zero, x, Scalar(0)), x.dtype()), x);
  Tensor at_zero =
      where(eq(zeros, Scalar(1)), nonzero, where(eq(zeros, Scalar(2)), mul(nonzero, other_zero), Scalar(0.0)));
  Tensor others = where(zero, at_zero, div(reduce(Fold::Prod, kept, x, x.dtype()), safe));
  return mul(dims.keep(g, x.ndim()), others);
}

void Reduce::vjp(const Vjp& v, Tensor* grads) const {
  const Shape& shape = v.input_shape(0);
  const Tensor& g = v.grad();
  switch (kind) {
    case Fold::Sum:
      grads[0] = dims.spread(g, shape);
      return;
    case Fold::Mean:
      grads[0] = dims.spread(div(g, Scalar(static_cast<double>(dims.count(shape)))), shape);
      return;
    case Fold::NanSum:
      grads[0] = where(isnan(v.input(0)), Scalar(0), dims.spread(g, shape));
      return;
    case Fold::SumAbs:
      grads[0] = mul(dims.spread(g, shape), sign(v.input(0)));
      return;
    case Fold::Norm2: {
      Tensor y = v.output();
      grads[0] = mul(v.input(0), dims.spread(where(eq(y, Scalar(0)), Scalar(0), div(g, y)), shape));
      return;
    }
    case Fold::Prod:
      grads[0] = prod_gradient(dims, g, v.input(0));
      return;
    case Fold::Max:
    case Fold::Min: {
      Tensor x = v.input(0), y = dims.spread(v.output(), shape);
      Tensor chosen = logical_or(eq(x, y), logical_and(isnan(x), isnan(y)));
      grads[0] = share_equally(dims, g, chosen, shape);
      return;
    }
    case Fold::MaxAbs:
    case Fold::MinAbs: {
      Tensor x = v.input(0);
      grads[0] = mul(sign(x), share_equally(dims, g, eq(abs(x), dims.spread(v.output(), shape)), shape));
      return;
    }
    default:
      return;
  }
}

DType sum_dtype(DType t, std::optional<DType> wanted) { return wanted ? *wanted : is_inexact(t) ? t : DType::Int64; }

// All elements along the dimensions to be reduced, as pairs of factors: what is left over goes on by itself.
Tensor product_by_halves(const Tensor& given, const ReducedDims& dims) {
  Tensor x = given;
  for (int d = 0; d < x.ndim(); d++) {
    if (!dims.has(d)) continue;
    if (x.size(d) == 0) {
      Shape shape = x.shape();
      shape[d] = 1;
      x = ones(shape, x.dtype(), x.device());
    }
    while (x.size(d) > 1) {
      const int64_t n = x.size(d), half = n / 2;
      const Tensor products = mul(narrow(x, d, 0, half), narrow(x, d, half, half));
      x = n % 2 ? cat({products, narrow(x, d, n - 1, 1)}, d) : products;
    }
  }
  return view_as(x.same(given) ? clone(x) : contiguous(x), dims.result_shape(x.shape()));
}

// Sums of complex numbers are the sums of their parts.
Tensor reduce_complex(Fold fold, const char* op, const Tensor& x, const Dims& dims, bool keepdim, DType dtype) {
  ReducedDims reduced(op, dims, x.shape(), keepdim);
  const Tensor y = to_dtype(x, dtype);
  if (fold == Fold::Prod) return product_by_halves(y, reduced);
  const Tensor parts = view_as_real(fold == Fold::NanSum ? where(isnan(y), Scalar(0.0), y) : y);
  Fold of_parts = fold == Fold::NanSum ? Fold::Sum : fold;
  return view_as_complex(apply(Reduce(of_parts, reduced, parts.dtype()), parts));
}

// Sums and products are made in the wanted dtype where that loses what the input's would keep.
Tensor sum_like(Fold fold, const char* op, const Tensor& x, const Dims& dims, bool keepdim,
                std::optional<DType> dtype) {
  ReducedDims reduced(op, dims, x.shape(), keepdim);
  if (!dtype) dtype = full_precision_dtype(x);
  DType t = sum_dtype(x.dtype(), dtype);
  if (is_complex(t)) return reduce_complex(fold, op, x, dims, keepdim, t);
  check(!is_complex(x.dtype()), op, ": complex numbers cannot be added up or multiplied in dtype ", t,
        "; take x.real, or a complex dtype");
  bool converts_first = is_real_floating(x.dtype()) && (!is_real_floating(t) || fold != Fold::Sum) && t != x.dtype();
  return reduce(fold, reduced, converts_first ? to_dtype(x, t) : x, t);
}

Tensor extreme(Fold fold, const char* op, const Tensor& x, const Dims& dims, bool keepdim) {
  ReducedDims reduced(op, dims, x.shape(), keepdim);
  if (reduced.count(x.shape()) == 0) {
    if (dims.empty() || x.numel() > 0) fail(op, ": cannot choose from no elements, got a tensor of shape ", x.shape());
    fail<ErrorKind::Index>(op, ": cannot choose along a dimension of size 0, got a tensor of shape ", x.shape());
  }
  return reduce(fold, reduced, x, x.dtype());
}

// (sum |x|^p)^(1/p) for p without a fold of its own. The powers have poles at zero, so zeros are put in as their
// limits, and their gradient is 0, as is that of a norm which is 0.
Tensor power_norm(const Tensor& x, double p, const Dims& dims, bool keepdim) {
  const Scalar one(1.0), limit(p > 0 ? 0.0 : std::numeric_limits<double>::infinity());
  Tensor zero = eq(x, Scalar(0));
  Tensor total = sum(where(zero, limit, pow(where(zero, one, abs(x)), Scalar(p))), dims, keepdim);
  if (p < 0) return pow(total, Scalar(1.0 / p));
  Tensor none = eq(total, Scalar(0.0));
  return where(none, Scalar(0.0), pow(where(none, one, total), Scalar(1.0 / p)));
}

DType truth_dtype(DType t) { return t == DType::UInt8 ? DType::UInt8 : DType::Bool; }

}  // namespace

Tensor sum_over(const Tensor& x, const ReducedDims& dims, DType dtype) {
  if (!dims.mask) return to_dtype(x, dtype);
  if (is_complex(dtype))
    return of_parts(to_dtype(x, dtype),
                    [&](const Tensor& parts) { return reduce(Fold::Sum, dims, parts, parts.dtype()); });
  return reduce(Fold::Sum, dims, x, dtype);
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  ReducedDims leading, inner;
  int lead = x.ndim() - shape.size();
  for (int d = 0; d < lead; d++) leading.mask |= uint64_t{1} << d;
  for (int d = 0; d < shape.size(); d++)
    if (shape[d] == 1 && x.size(lead + d) != 1) inner.mask |= uint64_t{1} << (lead + d);
  if (!inner.mask) return sum_over(x, leading, x.dtype());
  leading.mask |= inner.mask;
  leading.keepdim = true;
  Tensor y = sum_over(x, leading, x.dtype());
  return lead ? view_as(y, shape) : y;
}

Tensor sum(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  return sum_like(Fold::Sum, "sum", x, dims, keepdim, dtype);
}

Tensor nansum(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  Fold fold = is_inexact(x.dtype()) ? Fold::NanSum : Fold::Sum;
  return sum_like(fold, "nansum", x, dims, keepdim, dtype);
}

Tensor prod(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  return sum_like(Fold::Prod, "prod", x, dims, keepdim, dtype);
}

Tensor mean(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  ReducedDims reduced("mean", dims, x.shape(), keepdim);
  DType t = dtype.value_or(x.dtype());
  if (is_complex(t)) return reduce_complex(Fold::Mean, "mean", x, dims, keepdim, t);
  check(has_arithmetic(x.dtype()), "mean: dtype ", x.dtype(), " has no mean of dtype ", t);
  check(is_real_floating(t), "mean: the mean of dtype ", x.dtype(),
        " is not defined as an integer; pass dtype=weft.float32 or convert with .float()");
  return reduce(Fold::Mean, reduced, x, t);
}

Tensor nanmean(const Tensor& x, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  check(is_real_floating(x.dtype()), "nanmean: expected a floating point tensor, got dtype ", x.dtype());
  // Sums and counts may be too large for a half type where the mean is not.
  const DType t = dtype.value_or(x.dtype());
  check(is_real_floating(t), "nanmean: expected a floating point dtype, got ", t);
  Tensor total = nansum(x, dims, keepdim, scaling_dtype(t));
  return to_dtype(div(total, sum(logical_not(isnan(x)), dims, keepdim)), t);
}

Tensor amax(const Tensor& x, const Dims& dims, bool keepdim, const char* op) {
  return extreme(Fold::Max, op, x, dims, keepdim);
}
Tensor amin(const Tensor& x, const Dims& dims, bool keepdim, const char* op) {
  return extreme(Fold::Min, op, x, dims, keepdim);
}

// Complex numbers are true where they are not 0.
Tensor any(const Tensor& x, const Dims& dims, bool keepdim) {
  if (is_complex(x.dtype())) return any(ne(x, Scalar(0)), dims, keepdim);
  return reduce(Fold::Any, ReducedDims("any", dims, x.shape(), keepdim), x, truth_dtype(x.dtype()));
}
Tensor all(const Tensor& x, const Dims& dims, bool keepdim) {
  if (is_complex(x.dtype())) return all(ne(x, Scalar(0)), dims, keepdim);
  return reduce(Fold::All, ReducedDims("all", dims, x.shape(), keepdim), x, truth_dtype(x.dtype()));
}
Tensor count_nonzero(const Tensor& x, const Dims& dims) {
  if (is_complex(x.dtype())) return count_nonzero(ne(x, Scalar(0)), dims);
  return reduce(Fold::CountNonzero, ReducedDims("count_nonzero", dims, x.shape(), false), x, DType::Int64);
}

Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim) {
  ReducedDims reduced("logsumexp", dims, x.shape(), keepdim);
  // A sum of many terms may be too large for a half type, its logarithm is not.
  Tensor y = to_dtype(x, is_inexact(x.dtype()) ? scaling_dtype(x.dtype()) : default_float_dtype());
  const DType result = is_inexact(x.dtype()) ? x.dtype() : y.dtype();
  if (reduced.count(x.shape()) == 0) return to_dtype(log(sum(exp(y), dims, keepdim)), result);
  Tensor top;
  {
    GradModeGuard no_grad(false);  // the shift changes nothing but rounding
    top = amax(real(y), dims, true);
    top = where(isinf(top), Scalar(0), top);
  }
  Tensor total = sum(exp(sub(y, top)), dims, keepdim);
  // Zero where all elements are -inf: so is the result, and the gradient 0.
  Tensor none = eq(total, Scalar(0.0));
  Tensor kept = where(none, Scalar(-std::numeric_limits<double>::infinity()), log(where(none, Scalar(1.0), total)));
  return to_dtype(add(kept, keepdim ? top : view_as(top, kept.shape())), result);
}

Tensor vector_norm(const Tensor& x, double p, const Dims& dims, bool keepdim, std::optional<DType> dtype) {
  ReducedDims reduced("norm", dims, x.shape(), keepdim);
  if (is_complex(x.dtype())) {
    if (dtype)
      check(is_complex(*dtype), "norm: expected a complex dtype for a tensor of dtype ", x.dtype(), ", got ", *dtype);
    return vector_norm(abs(dtype ? to_dtype(x, *dtype) : x), p, dims, keepdim);
  }
  if (!dtype) dtype = full_precision_dtype(x);
  DType t = dtype.value_or(x.dtype());
  check(is_real_floating(t) && is_real_floating(x.dtype()), "norm: expected a floating point tensor, got dtype ",
        x.dtype(), "; convert it with .float()");
  Tensor y = dtype ? to_dtype(x, t) : x;
  if (p == 2) return reduce(Fold::Norm2, reduced, y, t);
  if (p == 1) return reduce(Fold::SumAbs, reduced, y, t);
  if (p == 0) return sum(where(isnan(y), Scalar(1.0), square(sign(y))), dims, keepdim);  // a gradient of zeros
  if (std::isinf(p)) {
    check(reduced.count(x.shape()) > 0 || p > 0,
          "norm: the smallest magnitude of no elements is not defined, got shape ", x.shape());
    if (reduced.count(x.shape()) == 0) return sum(y, dims, keepdim);
    return reduce(p > 0 ? Fold::MaxAbs : Fold::MinAbs, reduced, y, t);
  }
  // The powers and their sum may leave a half type where the norm does not.
  return to_dtype(power_norm(to_dtype(y, scaling_dtype(t)), p, dims, keepdim), t);
}

// Batch rules

namespace {

WEFT_BATCH_SHIFT(Reduce, Reduce(op.kind, op.dims.behind_one(), op.dtype));

WEFT_FORWARD_RULE(Reduce) {
  if (op.kind == Fold::Sum || op.kind == Fold::Mean) return forward_linear(call);
  if (op.kind != Fold::Norm2) return false;
  // The derivative at 0 is taken as 0, as backward takes it.
  const Tensor y = call.out[0] = apply(op, call.in[0]);
  const Tensor products = sum_over(mul(call.in[0], call.tangents[0]), op.dims, op.dtype);
  const Tensor zero = eq(y, Scalar(0));
  call.out_tangents[0] = where(zero, Scalar(0), div(products, where(zero, Scalar(1), y)));
  return true;
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Reduce);

}  // namespace

}  // namespace weft
