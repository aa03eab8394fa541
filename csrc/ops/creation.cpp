#include "ops/creation.h"

#include <cmath>
#include <complex>

#include "kernels/creation.h"
#include "kernels/elementwise.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "op/registry.h"
#include "ops/complex.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/source_op.h"

namespace weft {

constinit KernelTable<RangeKernel> range_kernel{"range"};
constinit KernelTable<LinspaceKernel> linspace_kernel{"linspace"};

namespace {

// Base of the ops that make a tensor of a given shape out of nothing.
template <class Self>
struct CreationOp : SourceOp<Self> {
  Shape shape;
  DType dtype;
  CreationOp(const Shape& s, DType t, Device d) : SourceOp<Self>(d), shape(s), dtype(t) {}
  void infer(Inputs, OutputSpec* out) const override { out[0] = {shape, dtype, {}}; }
};

struct Full : CreationOp<Full> {
  static constexpr const char* kName = "full";
  static constexpr Traits kTraits{.differentiable = false, .any_dtype = true};
  Scalar value;
  WEFT_FIELDS(shape, value, dtype, place);
  void check_inputs(const InputCheck& in) const { in.count(0).sizes(shape); }
  Full(const Shape& s, const Scalar& v, DType t, Device d) : CreationOp(s, t, d), value(v) {}
  void run(Inputs, const Tensor* out) const override {
    fill_kernel(out[0].device(), view_of(out[0]), NumberView(value).view());
  }
};

struct Arange : CreationOp<Arange> {
  static constexpr const char* kName = "arange";
  Scalar start, step;
  WEFT_FIELDS(shape, start, step, dtype, place);
  void check_inputs(const InputCheck& in) const {
    in.count(0).sizes(shape).that(shape.size() == 1, "a shape of one dimension");
  }
  Arange(const Shape& n, const Scalar& a, const Scalar& s, DType t, Device d)
      : CreationOp(n, t, d), start(a), step(s) {}
  void run(Inputs, const Tensor* out) const override {
    range_kernel(out[0].device(), view_of(out[0]),
                 {start.to_double(), step.to_double(), is_integral(dtype) ? start.to_int() : 0,
                  is_integral(dtype) ? step.to_int() : 0});
  }
};

struct Linspace : CreationOp<Linspace> {
  static constexpr const char* kName = "linspace";
  double start, end;
  WEFT_FIELDS(shape, start, end, dtype, place);
  void check_inputs(const InputCheck& in) const {
    in.count(0).sizes(shape).that(shape.size() == 1 && is_real_floating(dtype), "a floating point vector");
  }
  Linspace(const Shape& n, double a, double b, DType t, Device d) : CreationOp(n, t, d), start(a), end(b) {}
  void run(Inputs, const Tensor* out) const override { linspace_kernel(out[0].device(), view_of(out[0]), start, end); }
};

struct Eye : CreationOp<Eye> {
  static constexpr const char* kName = "eye";
  static constexpr Traits kTraits{.differentiable = false, .any_dtype = true};
  WEFT_FIELDS(shape, dtype, place);
  void check_inputs(const InputCheck& in) const {
    in.count(0).sizes(shape).that(shape.size() == 2, "a shape of two dimensions");
  }
  using CreationOp::CreationOp;
  void run(Inputs, const Tensor* out) const override {
    fill_kernel(place, view_of(out[0]), NumberView(Scalar(0)).view());
    int64_t n = std::min(shape[0], shape[1]), step = out[0].strides()[0] + out[0].strides()[1];
    fill_kernel(place, {out[0].data(), &n, &step, 1, dtype}, NumberView(Scalar(1)).view());
  }
};

// How many numbers from start to end in steps.
int64_t count_steps(const Scalar& start, const Scalar& end, const Scalar& step) {
  double span = end.to_double() - start.to_double();
  check(step.to_double() != 0, "arange: step must not be zero");
  check(std::isfinite(span), "arange: start and end must be finite, got ", start, " and ", end);
  check(std::isfinite(step.to_double()), "arange: step must be finite, got ", step);
  check(span == 0 || (span > 0) == (step.to_double() > 0), "arange: step ", step, " leads away from the end: from ",
        start, " to ", end);
  if (start.is_float() || end.is_float() || step.is_float()) {
    double count = std::ceil(span / step.to_double());
    check(count < 0x1p62, "arange: from ", start, " to ", end, " in steps of ", step, " is too many elements");
    return static_cast<int64_t>(count);
  }
  auto distance = static_cast<__int128>(end.to_int()) - start.to_int();
  __int128 s = step.to_int(), count = (distance + s - (s > 0 ? 1 : -1)) / s;
  check(count < (static_cast<__int128>(1) << 62), "arange: from ", start, " to ", end, " is too many elements");
  return static_cast<int64_t>(count);
}

}  // namespace

Tensor full(const Shape& shape, const Scalar& value, DType dtype, Device device) {
  check_storable("full", value, dtype);
  return apply(Full(shape, value, dtype, device));
}
Tensor zeros(const Shape& shape, DType dtype, Device device) { return full(shape, Scalar(0), dtype, device); }
Tensor ones(const Shape& shape, DType dtype, Device device) { return full(shape, Scalar(1), dtype, device); }
Tensor full_like(const Tensor& x, const Scalar& value) { return full(x.shape(), value, x.dtype(), x.device()); }
Tensor zeros_like(const Tensor& x) { return full_like(x, Scalar(0)); }
Tensor ones_like(const Tensor& x) { return full_like(x, Scalar(1)); }

Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, DType dtype, Device device) {
  check(dtype != DType::Bool, "arange: dtype bool is not supported; use an integer dtype");
  if (is_real_floating(dtype)) return apply(Arange({count_steps(start, end, step)}, start, step, dtype, device));
  // Integers count in integers: fractions are cut off first.
  for (const Scalar& s : {start, end, step}) check_storable("arange", s, DType::Int64);
  Scalar from(start.to_int()), to(end.to_int()), by(step.to_int());
  check(by.to_double() == step.to_double(), "arange: the step ", step, " is no integer, as dtype ", dtype,
        " needs; use a floating point dtype");
  int64_t count = count_steps(from, to, by);
  if (count > 0) {
    check_storable("arange", from, dtype);
    check_storable("arange", Scalar(RangeRule{0, 0, from.to_int(), by.to_int()}.integer(count - 1)), dtype);
  }
  return apply(Arange({count}, from, by, dtype, device));
}
Tensor arange(int64_t n, Device device) { return arange(Scalar(0), Scalar(n), Scalar(1), DType::Int64, device); }

Tensor linspace(const Scalar& start, const Scalar& end, int64_t steps, DType dtype, Device device) {
  check(steps >= 0, "linspace: the number of steps must not be negative, got ", steps);
  if (is_complex(dtype)) {
    const Complex128 from = start.to_complex(), to = end.to_complex();
    return complex(linspace(from.real, to.real, steps, to_real(dtype), device),
                   linspace(from.imag, to.imag, steps, to_real(dtype), device));
  }
  return apply(Linspace({steps}, start.to_double(), end.to_double(), dtype, device));
}

Tensor logspace(const Scalar& start, const Scalar& end, int64_t steps, double base, DType dtype, Device device) {
  check(steps >= 0, "logspace: the number of steps must not be negative, got ", steps);
  return to_dtype(pow(Scalar(base), linspace(start, end, steps, DType::Float64, device)), dtype);
}

Tensor eye(int64_t rows, int64_t columns, DType dtype, Device device) {
  check(rows >= 0 && columns >= 0, "eye: sizes must not be negative, got ", rows, " and ", columns);
  return apply(Eye({rows, columns}, dtype, device));
}

Tensor triangle_indices(int64_t rows, int64_t columns, int64_t diagonal, bool upper, DType dtype, Device device) {
  check(rows >= 0 && columns >= 0, upper ? "triu_indices" : "tril_indices", ": sizes must not be negative, got ", rows,
        " and ", columns);
  if (device.type == DeviceType::Meta)
    return empty(triangle_indices(rows, columns, diagonal, upper, dtype, {}).shape(), dtype, device);
  NotTraced now;  // nothing here depends on traced values, but the size of the result on what is computed
  Tensor r = add(unsqueeze(arange(rows, device), 1), Scalar(diagonal)), c = arange(columns, device);
  return to_dtype(contiguous(transpose(nonzero(upper ? le(r, c) : ge(r, c)), 0, 1)), dtype);
}

std::vector<Tensor> meshgrid(const std::vector<Tensor>& vectors, const std::string& indexing) {
  check(!vectors.empty(), "meshgrid: expected at least one tensor");
  check(indexing == "ij" || indexing == "xy", "meshgrid: indexing must be 'ij' or 'xy', got '", indexing, "'");
  int n = static_cast<int>(vectors.size());
  bool swapped = indexing == "xy" && n >= 2;
  auto place = [&](int i) { return swapped && i < 2 ? 1 - i : i; };
  Shape shape = Shape::filled(n, 1);
  for (int i = 0; i < n; i++) {
    const Tensor& v = vectors[static_cast<size_t>(i)];
    check(v.ndim() <= 1, "meshgrid: expected vectors, got a tensor of shape ", v.shape());
    check(v.dtype() == vectors[0].dtype(), "meshgrid: expected tensors of one dtype, got ", vectors[0].dtype(), " and ",
          v.dtype());
    shape[place(i)] = v.numel();
  }
  std::vector<Tensor> out;
  for (int i = 0; i < n; i++) {
    Shape own = Shape::filled(n, 1);
    own[place(i)] = vectors[static_cast<size_t>(i)].numel();
    out.push_back(expand(view_as(vectors[static_cast<size_t>(i)], own), shape));
  }
  return out;
}

// What programs are saved with

namespace {

WEFT_OP(Full);
WEFT_OP(Arange);
WEFT_OP(Linspace);
WEFT_OP(Eye);

}  // namespace

}  // namespace weft
