// Ops that move values rather than compute them: casts, copies, fills, where; and clamp, which is built on them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "device/backend.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "op/registry.h"
#include "op/tile_code.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/kept_layout.h"
#include "ops/promotion.h"

namespace weft {

namespace {

struct Cast : OpOf<Cast> {
  static constexpr const char* kName = "to";
  static constexpr Traits kTraits{.any_dtype = true};
  DType dtype;
  WEFT_FIELDS(dtype);
  void check_inputs(const InputCheck& in) const { in.count(1); }
  explicit Cast(DType t) : dtype(t) { traits_.differentiable = is_differentiable(dtype); }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), dtype, kept_strides(in[0].shape(), in)};
  }
  void run(Inputs in, const Tensor* out) const override {
    copy_kernel(out[0].device(), view_of(out[0]), view_of(in[0]));
  }
  int tile(TileCode& code, Inputs, const int* operands) const override {
    return compute_type(dtype) == code.compute() ? code.add(TileOp::Copy, dtype, operands[0]) : -1;
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = converted(v.grad(), v.input_dtype(0)); }
};

// inputs: the tensor that is written, the source. Only used in place.
struct Copy : OpOf<Copy> {
  static constexpr const char* kName = "copy";
  static constexpr Traits kTraits{.elementwise = true, .any_dtype = true};
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const { in.count(2); }
  void infer(Inputs in, OutputSpec* out) const override {
    check(broadcastable_to(in[1].shape(), in[0].shape()), "copy_: a source of shape ", in[1].shape(),
          " cannot be broadcast to a tensor of shape ", in[0].shape());
    out[0] = {in[0].shape(), in[0].dtype(), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    copy_kernel(out[0].device(), view_of(out[0]), view_of(in[1]));
  }
  int tile(TileCode& code, Inputs in, const int* operands) const override {
    DType dtype = in[0].dtype();
    return compute_type(dtype) == code.compute() ? code.add(TileOp::Copy, dtype, operands[1]) : -1;
  }
  int same_as_input() const override { return 1; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (v.needs(1)) grads[1] = v.grad();
  }
};

struct Fill : OpOf<Fill> {
  static constexpr const char* kName = "fill";
  static constexpr Traits kTraits{.elementwise = true, .any_dtype = true};
  Scalar value;
  WEFT_FIELDS(value);
  void check_inputs(const InputCheck& in) const { in.count(1); }
  explicit Fill(const Scalar& v) : value(v) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), {}}; }
  void run(Inputs, const Tensor* out) const override {
    fill_kernel(out[0].device(), view_of(out[0]), NumberView(value).view());
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = zeros_like(v.grad()); }
};

struct ToDevice : OpOf<ToDevice> {
  static constexpr const char* kName = "to";
  static constexpr Traits kTraits{.any_dtype = true};
  Device place;
  bool non_blocking;
  WEFT_FIELDS(place, non_blocking);
  void check_inputs(const InputCheck& in) const { in.count(1); }
  ToDevice(Device d, bool n) : place(d), non_blocking(n) {}
  Device device(Inputs) const override { return place; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype(), kept_strides(in[0].shape(), in)};
  }
  void run(Inputs in, const Tensor* out) const override {
    const Tensor &from = in[0], &to = out[0];
    if (to.numel() == 0) return;
    Tensor source =
        from.strides() == to.strides() ? from : empty_strided(from.shape(), to.strides(), from.dtype(), from.device());
    if (!source.same(from)) copy_kernel(from.device(), view_of(source), view_of(from));
    // A device that is not the host knows how to copy to and from it.
    DeviceBackend& backend = backend_of(place.type == DeviceType::CPU ? from.device() : place);
    backend.copy(to.data(), place, source.data(), source.device(),
                 static_cast<size_t>(to.numel()) * item_size(to.dtype()), non_blocking && source.same(from));
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = to_device(v.grad(), v.input_device(0)); }
};

struct Clone : OpOf<Clone> {
  static constexpr const char* kName = "clone";
  static constexpr Traits kTraits{.any_dtype = true};
  bool contiguous;  // the result is contiguous even if the dimensions of the input lie in another order
  WEFT_FIELDS(contiguous);
  void check_inputs(const InputCheck& in) const { in.count(1); }
  explicit Clone(bool c) : contiguous(c) {}
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype(), contiguous ? Strides{} : kept_strides(in[0].shape(), in)};
  }
  void run(Inputs in, const Tensor* out) const override {
    copy_kernel(out[0].device(), view_of(out[0]), view_of(in[0]));
  }
  int tile(TileCode& code, Inputs in, const int* operands) const override {
    DType dtype = in[0].dtype();
    return compute_type(dtype) == code.compute() ? code.add(TileOp::Copy, dtype, operands[0]) : -1;
  }
  int same_as_input() const override { return 0; }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = v.grad(); }
};

// A copy with other strides.
struct LayOut : OpOf<LayOut> {
  static constexpr const char* kName = "lay_out";
  static constexpr Traits kTraits{.any_dtype = true};
  Strides strides;
  WEFT_FIELDS(strides);
  void check_inputs(const InputCheck& in) const {
    in.count(1)
        .layout(in[0].shape(), strides)
        .that(is_dense(symbolic(in[0].shape(), strides, in[0].dtype(), in[0].device())), "strides of a dense tensor");
  }
  explicit LayOut(const Strides& s) : strides(s) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), strides}; }
  void run(Inputs in, const Tensor* out) const override {
    copy_kernel(out[0].device(), view_of(out[0]), view_of(in[0]));
  }
  int same_as_input() const override { return 0; }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = v.grad(); }
};

struct Where : OpOf<Where> {
  static constexpr const char* kName = "where";
  static constexpr Traits kTraits{.elementwise = true, .any_dtype = true};
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const { in.count(3); }
  void infer(Inputs in, OutputSpec* out) const override {
    check(in[0].dtype() == DType::Bool, "where: the condition must be a bool tensor, got dtype ", in[0].dtype(),
          "; compare it with something first (x != 0)");
    Shape values = broadcast_shapes(kName, in[1].shape(), in[2].shape());
    out[0] = {broadcast_shapes(kName, in[0].shape(), values), result_type(in[1], in[2]), {}};
    out[0].strides = kept_strides(out[0].shape, in);
  }
  void run(Inputs in, const Tensor* out) const override {
    where_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), view_of(in[2]),
                 compute_type(out[0].dtype()));
  }
  int tile(TileCode& code, Inputs in, const int* operands) const override {
    DType dtype = result_type(in[1], in[2]);
    return compute_type(dtype) == code.compute() ? code.add(TileOp::Where, dtype, operands[0], operands[1], operands[2])
                                                 : -1;
  }
  Saves saves(uint32_t) const override { return {.inputs = 1, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor condition = v.input(0);
    if (v.needs(1)) grads[1] = where(condition, v.grad(), Scalar(0.0));
    if (v.needs(2)) grads[2] = where(condition, Scalar(0.0), v.grad());
  }
};

// The number as a 0-dim tensor that does not widen the dtype of t more than a Python number would.
Tensor beside(const Scalar& s, const Tensor& t) {
  DType dtype = result_type(t, s);
  check_storable("where", s, dtype);
  return scalar_tensor(s, dtype, t.device());
}

}  // namespace

Tensor scalar_tensor(const Scalar& value, DType dtype, Device device) { return full({}, value, dtype, device); }

Tensor to_dtype(const Tensor& x, DType dtype) {
  check(!is_complex(x.dtype()) || is_complex(dtype) || dtype == DType::Bool, "a complex tensor (", x.dtype(),
        ") cannot be used as ", dtype, ", which drops the imaginary part; convert it with .to(weft.", dtype, ") first");
  return converted(x, dtype);
}

Tensor converted(const Tensor& x, DType dtype) { return x.dtype() == dtype ? x : apply(Cast(dtype), x); }

Tensor to_device(const Tensor& x, Device device, bool non_blocking) {
  if (x.device() == device) return x;
  backend_of(device);
  check(!x.is_meta(), "to: copying from ", x.device(), " to ", device, " is not possible: the source has no data");
  return apply(ToDevice(device, non_blocking), x);
}

Tensor on_host(const Tensor& x) {
  check_values_known("copying to the host", x);
  GradModeGuard no_grad(false);
  NotTraced now;
  return contiguous(to_device(x, {}));
}

Tensor copy_(const Tensor& dst, const Tensor& src, bool non_blocking) {
  if (dst.same(src)) return dst;
  bool moves = dst.device() != src.device() && !dst.is_meta() && !src.is_meta();
  return apply_inplace(Copy{}, dst, moves ? to_device(src, dst.device(), non_blocking) : src);
}

Tensor fill_(const Tensor& dst, const Scalar& value) {
  check_storable("fill_", value, dst.dtype());
  return apply_inplace(Fill(value), dst);
}

Tensor laid_out(const Tensor& x, const Strides& strides) {
  bool same = true;
  for (int d = 0; d < x.ndim(); d++) same &= x.size(d) == 1 || x.strides()[d] == strides[d];
  return same || x.numel() == 0 ? x : apply(LayOut(strides), x);
}

Tensor clone(const Tensor& x) { return apply(Clone(false), x); }
Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : apply(Clone(true), x); }

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) { return apply(Where{}, condition, a, b); }
Tensor where(const Tensor& condition, const Tensor& a, const Scalar& b) { return where(condition, a, beside(b, a)); }
Tensor where(const Tensor& condition, const Scalar& a, const Tensor& b) { return where(condition, beside(a, b), b); }

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// uint64, whose upper half int64 does not hold.
Tensor clamp_unsigned(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
  if (max) check_storable("clamp", *max, x.dtype());
  if (min && min->to_double() <= 0) min.reset();
  if (min) check_storable("clamp", *min, x.dtype());
  Tensor y = min ? maximum(x, Scalar(min->to_bits())) : x;
  return max ? minimum(y, Scalar(max->to_bits())) : min ? y : clone(x);
}

Tensor clamp_integers(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
  // A bound that all numbers of the dtype keep is none; one that none keeps cannot be stored.
  if (x.dtype() == DType::UInt64) return clamp_unsigned(x, min, max);
  const Limits limits = integer_limits(x.dtype());
  if (min && min->to_int() > static_cast<int64_t>(limits.high)) check_storable("clamp", *min, x.dtype());
  if (max && max->to_int() < limits.low) check_storable("clamp", *max, x.dtype());
  constexpr int64_t kExact = int64_t{1} << 53;  // of Params, which are doubles
  auto exact = [](const std::optional<Scalar>& bound) {
    return !bound || (bound->to_int() <= kExact && bound->to_int() >= -kExact);
  };
  if (exact(min) && exact(max))
    return unary_of<scalar::Clamp>(x, {min ? min->to_double() : -kInfinity, max ? max->to_double() : kInfinity, 0});
  Tensor y = min ? maximum(x, *min) : x;
  return max ? minimum(y, *max) : y;
}

}  // namespace

Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max) {
  check(min || max, "clamp: at least one of min and max must be given");
  Tensor y = x;
  for (const std::optional<Scalar>& bound : {min, max})
    if (bound) y = to_dtype(y, result_type(y, *bound));
  if (!is_real_floating(y.dtype())) return clamp_integers(y, min, max);
  for (const std::optional<Scalar>& bound : {min, max})  // NaN is a bound for all
    if (bound && std::isnan(bound->to_double())) return where(isnan(y), y, *bound);
  return unary_of<scalar::Clamp>(y, {min ? min->to_double() : -kInfinity, max ? max->to_double() : kInfinity, 0});
}

// Batch rules

namespace {

// The result has the first input's shape.
WEFT_BATCH_RULE(Copy) {
  Batched in[] = {{call.whole(0), true}, call.in[1]};
  apply_aligned(op, {op, call.logical, in, 2, call.size, call.out});
}
WEFT_BATCH_SHIFT(Cast, op);
WEFT_BATCH_SHIFT(Clone, op);
WEFT_BATCH_SHIFT(ToDevice, op);
WEFT_BATCH_RULE(LayOut) {
  Strides strides = op.strides;
  strides.insert(0, std::max<int64_t>(call.logical[0].numel(), 1));
  call.out[0] = {apply(LayOut(strides), call.in[0].tensor), true};
}

WEFT_FORWARD_LINEAR(Cast);
WEFT_FORWARD_LINEAR(Clone);
WEFT_FORWARD_LINEAR(LayOut);
WEFT_FORWARD_LINEAR(ToDevice);

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Cast);
WEFT_OP(Copy);
WEFT_OP(Fill);
WEFT_OP_AS(ToDevice, "to_device", 1);
WEFT_OP(Clone);
WEFT_OP(LayOut);
WEFT_OP(Where);

}  // namespace

}  // namespace weft
