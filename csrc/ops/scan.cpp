// Running sums, products, maxima along a dimension.
#include <limits>

#include "kernels/reduction.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/reduction.h"

namespace weft {

template <>
constexpr int64_t kEnumSize<Scan> = 3;

namespace {

// A view with `dim` as the last dimension, for a kernel.
class LastDimView {
 public:
  LastDimView(const Tensor& t, int dim) : t_(t), shape_(t.shape()), strides_(t.strides()) {
    if (t.ndim() == 0) return;
    shape_.erase(dim);
    strides_.erase(dim);
    shape_.push_back(t.size(dim));
    strides_.push_back(t.strides()[dim]);
  }
  StridedView view() const { return {t_.data(), shape_.data(), strides_.data(), shape_.size(), t_.dtype()}; }

 private:
  const Tensor& t_;
  Shape shape_;
  Strides strides_;
};

struct Running : OpOf<Running> {
  static constexpr const char* kName = "cumsum";
  Scan scan;
  int dim;
  bool reverse;
  DType dtype;
  WEFT_FIELDS(scan, dim, reverse, dtype);
  void check_inputs(const InputCheck& in) const {
    in.count(1).dim(dim, in[0].ndim());
    in.that(is_real_floating(in[0].dtype()) == is_real_floating(dtype) &&
                (scan != Scan::LogSumExp || is_real_floating(dtype)),
            "a dtype of the same kind");
  }
  Running(Scan s, int d, bool r, DType t) : scan(s), dim(d), reverse(r), dtype(t) {}

  const char* name() const override {
    return scan == Scan::Sum ? "cumsum" : scan == Scan::Prod ? "cumprod" : "logcumsumexp";
  }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), dtype, {}}; }
  void run(Inputs in, const Tensor* out) const override {
    scan_kernel(out[0].device(), scan, LastDimView(out[0], dim).view(), LastDimView(in[0], dim).view(), reverse);
  }
  Saves saves(uint32_t) const override {
    if (scan == Scan::Sum) return {};
    return {.inputs = 1, .outputs = 1};
  }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

// y[i] = b[i] + a[i] * y[i - 1]; its derivatives are of the same kind.
struct Recurrence : OpOf<Recurrence> {
  static constexpr const char* kName = "recurrence";
  int dim;
  bool reverse;
  WEFT_FIELDS(dim, reverse);
  void check_inputs(const InputCheck& in) const {
    in.count(2).floating(0).same_dtype(0, 1).same_shape(0, 1).dim(dim, in[0].ndim());
  }
  Recurrence(int d, bool r) : dim(d), reverse(r) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[1].shape(), in[1].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    recurrence_kernel(out[0].device(), LastDimView(out[0], dim).view(), LastDimView(in[0], dim).view(),
                      LastDimView(in[1], dim).view(), reverse);
  }
  Saves saves(uint32_t) const override { return {.inputs = 1, .outputs = 1}; }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

// Every element moves one place along dim, against the direction of `reverse`; `value` enters.
Tensor shifted(const Tensor& x, int dim, bool reverse, const Scalar& value) {
  if (x.ndim() == 0) return full_like(x, value);
  int64_t n = x.size(dim);
  if (n == 0) return x;
  Dims widths = Dims::filled(2 * (x.ndim() - dim), 0);
  widths[widths.size() - (reverse ? 1 : 2)] = 1;
  return pad(narrow(x, dim, reverse ? 1 : 0, n - 1), widths, "constant", value);
}

void Recurrence::vjp(const Vjp& v, Tensor* grads) const {
  // With b' = dL/db: b'[i] = g[i] + a[i + 1] b'[i + 1] and dL/da[i] = b'[i] y[i - 1].
  Tensor of_b = apply(Recurrence(dim, !reverse), shifted(v.input(0), dim, !reverse, Scalar(0)), v.grad());
  if (v.needs(0)) grads[0] = mul(of_b, shifted(v.output(), dim, reverse, Scalar(0)));
  if (v.needs(1)) grads[1] = of_b;
}

constexpr double kLogOfZero = -std::numeric_limits<double>::infinity();

// A sum that is linear in g, computed in logarithms: sums(h, positive) gives that of the elements of h that are.
template <class F>
Tensor signed_sums(const Tensor& g, const F& sums) {
  const Tensor negative = neg(g);
  return sub(sums(g, gt(g, Scalar(0))), sums(negative, gt(negative, Scalar(0))));
}

void Running::vjp(const Vjp& v, Tensor* grads) const {
  const Tensor& g = v.grad();
  if (scan == Scan::Sum) {
    grads[0] = apply(Running(Scan::Sum, dim, !reverse, g.dtype()), g);
    return;
  }
  Tensor x = to_dtype(v.input(0), dtype), y = v.output();
  if (scan == Scan::Prod) {
    // dL/dx[i] = (product before i) * s[i] with s[i] = g[i] + x[i + 1] s[i + 1]: right for zeros too.
    Tensor s = apply(Recurrence(dim, !reverse), shifted(x, dim, !reverse, Scalar(0)), g);
    grads[0] = mul(shifted(y, dim, reverse, Scalar(1)), s);
    return;
  }
  // The sum over k of g[k] exp(x[i] - y[k]); y = -inf is that of no terms.
  const Tensor some = gt(y, Scalar(kLogOfZero));
  grads[0] = signed_sums(g, [&](const Tensor& h, const Tensor& positive) {
    Tensor logs = sub(log(where(positive, h, Scalar(1.0))), where(some, y, Scalar(0.0)));
    logs = where(logical_and(positive, some), logs, Scalar(kLogOfZero));
    return exp(add(apply(Running(Scan::LogSumExp, dim, !reverse, dtype), logs), x));
  });
}

struct RunningExtreme : OpOf<RunningExtreme> {
  static constexpr const char* kName = "cummax";
  bool largest;
  int dim;
  WEFT_FIELDS(largest, dim);
  void check_inputs(const InputCheck& in) const { in.count(1).dim(dim, in[0].ndim()); }
  RunningExtreme(bool l, int d) : largest(l), dim(d) {}

  const char* name() const override { return largest ? "cummax" : "cummin"; }
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype(), {}};
    out[1] = {in[0].shape(), DType::Int64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    arg_scan_kernel(out[0].device(), largest, LastDimView(out[0], dim).view(), LastDimView(out[1], dim).view(),
                    LastDimView(in[0], dim).view());
  }
  Saves saves(uint32_t) const override { return {.inputs = 0, .outputs = 2}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& g = v.grad(0);
    if (!g.defined()) return;
    grads[0] = g.ndim() == 0 ? g : scatter_add(zeros(v.input_shape(0), g.dtype(), g.device()), dim, v.output(1), g);
  }
};

DType running_dtype(const Tensor& x, std::optional<DType> dtype) {
  return dtype ? *dtype : is_inexact(x.dtype()) ? x.dtype() : DType::Int64;
}

// Each element times all before it, in log(n) passes (Hillis and Steele, "Data Parallel Algorithms" (1986)).
Tensor running_product_by_doubling(Tensor x, int dim) {
  for (int64_t step = 1; step < (x.ndim() ? x.size(dim) : 1); step *= 2) {
    const int64_t rest = x.size(dim) - step;
    x = cat({narrow(x, dim, 0, step), mul(narrow(x, dim, step, rest), narrow(x, dim, 0, rest))}, dim);
  }
  return x;
}

Tensor running(Scan scan, const char* op, const Tensor& x, int64_t dim, DType dtype) {
  int d = normalize_dim(op, dim, x.shape());
  if (is_complex(dtype)) {
    const Tensor y = to_dtype(x, dtype);
    if (scan == Scan::Prod) return running_product_by_doubling(clone(y), d);
    if (y.ndim() == 0) return clone(y);
    return of_parts(y, [&](const Tensor& parts) { return apply(Running(scan, d, false, parts.dtype()), parts); });
  }
  // Converted first where the running result would be made of other numbers than those of dtype.
  return apply(Running(scan, d, false, dtype),
               is_real_floating(x.dtype()) != is_real_floating(dtype) ? to_dtype(x, dtype) : x);
}

ValuesAndIndices running_extreme(bool largest, const Tensor& x, int64_t dim) {
  const Tensor* list[] = {&x};
  Tensor out[2];
  apply(RunningExtreme(largest, normalize_dim(largest ? "cummax" : "cummin", dim, x.shape())), Inputs(list, 1), out);
  return {out[0], out[1]};
}

}  // namespace

Tensor cumsum(const Tensor& x, int64_t dim, std::optional<DType> dtype) {
  return running(Scan::Sum, "cumsum", x, dim, running_dtype(x, dtype ? dtype : full_precision_dtype(x)));
}
Tensor cumprod(const Tensor& x, int64_t dim, std::optional<DType> dtype) {
  return running(Scan::Prod, "cumprod", x, dim, running_dtype(x, dtype ? dtype : full_precision_dtype(x)));
}
Tensor logcumsumexp(const Tensor& x, int64_t dim) {
  check(is_real_floating(x.dtype()), "logcumsumexp: expected a floating point tensor, got dtype ", x.dtype(),
        "; convert it with .float()");
  return running(Scan::LogSumExp, "logcumsumexp", x, dim, full_precision_dtype(x).value_or(x.dtype()));
}
ValuesAndIndices cummax(const Tensor& x, int64_t dim) { return running_extreme(true, x, dim); }
ValuesAndIndices cummin(const Tensor& x, int64_t dim) { return running_extreme(false, x, dim); }

// Batch rules

namespace {

WEFT_BATCH_SHIFT(Running, Running(op.scan, op.dim + 1, op.reverse, op.dtype));
WEFT_BATCH_SHIFT(Recurrence, Recurrence(op.dim + 1, op.reverse));
WEFT_BATCH_SHIFT(RunningExtreme, RunningExtreme(op.largest, op.dim + 1));

WEFT_FORWARD_RULE(Running) {
  if (op.scan == Scan::Sum) return forward_linear(call);
  if (op.scan == Scan::Prod) return false;
  // The sum over k of t[k] exp(x[k] - y[i]).
  const Tensor x = to_dtype(call.in[0], op.dtype), y = call.out[0] = apply(op, call.in[0]);
  const Tensor some = gt(y, Scalar(kLogOfZero));
  call.out_tangents[0] =
      signed_sums(to_dtype(call.tangents[0], op.dtype), [&](const Tensor& h, const Tensor& positive) {
        const Tensor logs = where(positive, add(log(where(positive, h, Scalar(1.0))), x), Scalar(kLogOfZero));
        return exp(sub(apply(op, logs), where(some, y, Scalar(0.0))));
      });
  return true;
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Running);
WEFT_OP(Recurrence);
WEFT_OP(RunningExtreme);

}  // namespace

}  // namespace weft
