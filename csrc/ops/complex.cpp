#include "ops/complex.h"

#include <limits>

#include "op/registry.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/view_op.h"

namespace weft {

namespace {

struct ViewAsReal : ViewOp<ViewAsReal> {
  static constexpr const char* kName = "view_as_real";
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const { in.count(1).that(is_complex(in[0].dtype()), "a complex tensor"); }
  Tensor view(const Tensor& x) const override {
    Shape shape = x.shape();
    Strides strides = x.strides();
    for (int64_t& step : strides) step *= 2;
    shape.push_back(2);
    strides.push_back(1);
    return alias_as_strided(x, shape, strides, 2 * x.offset(), to_real(x.dtype()));
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& g = v.grad();
    grads[0] = view_as_complex(has_pairs(g) ? g : contiguous(g));
  }
  // Do real numbers lie as the parts of complex ones do?
  static bool has_pairs(const Tensor& x) {
    if (x.numel() == 0) return true;
    bool even = x.offset() % 2 == 0 && x.strides().back() == 1;
    for (int d = 0; d + 1 < x.ndim(); d++) even &= x.strides()[d] % 2 == 0 || x.size(d) <= 1;
    return even;
  }
};

struct ViewAsComplex : ViewOp<ViewAsComplex> {
  static constexpr const char* kName = "view_as_complex";
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const {
    in.count(1).that((in[0].dtype() == DType::Float32 || in[0].dtype() == DType::Float64) && in[0].ndim() > 0 &&
                         in[0].size(-1) == 2 && ViewAsReal::has_pairs(in[0]),
                     "pairs of real numbers");
  }
  Tensor view(const Tensor& x) const override {
    Shape shape = x.shape();
    Strides strides = x.strides();
    shape.erase(shape.size() - 1);
    strides.erase(strides.size() - 1);
    for (int64_t& step : strides) step /= 2;
    return alias_as_strided(x, shape, strides, x.offset() / 2, to_complex(x.dtype()));
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = view_as_real(v.grad()); }
};

void check_parts(const char* op, const char* first, const Tensor& a, const char* second, const Tensor& b) {
  for (const Tensor* t : {&a, &b})
    check(t->dtype() == DType::Float32 || t->dtype() == DType::Float64, op,
          ": expected parts of dtype float32 or "
          "float64, got ",
          first, " of dtype ", a.dtype(), " and ", second, " of dtype ", b.dtype());
  check(a.dtype() == b.dtype(), op, ": expected parts of one dtype, got ", first, " of dtype ", a.dtype(), " and ",
        second, " of dtype ", b.dtype());
}

}  // namespace

Tensor view_as_real(const Tensor& x) {
  check(is_complex(x.dtype()), "view_as_real: expected a complex tensor, got dtype ", x.dtype());
  return apply(ViewAsReal{}, x);
}

Tensor view_as_complex(const Tensor& x) {
  check(x.dtype() == DType::Float32 || x.dtype() == DType::Float64,
        "view_as_complex: expected dtype float32 or float64, got ", x.dtype());
  check(x.ndim() > 0 && x.size(-1) == 2, "view_as_complex: expected a last dimension of size 2, got shape ", x.shape());
  check(ViewAsReal::has_pairs(x), "view_as_complex: the parts of each number must be neighbours in memory, at an even ",
        "place; got shape ", x.shape(), " with strides ", x.strides(), " and offset ", x.offset(),
        "; call contiguous() or clone() first");
  return apply(ViewAsComplex{}, x);
}

Tensor real(const Tensor& x) { return is_complex(x.dtype()) ? select(view_as_real(x), -1, 0) : x; }

Tensor imag(const Tensor& x) {
  check(is_complex(x.dtype()), "imag: expected a complex tensor, got dtype ", x.dtype(),
        "; the imaginary part of real numbers is weft.zeros_like(x)");
  return select(view_as_real(x), -1, 1);
}

Tensor conj(const Tensor& x) { return is_complex(x.dtype()) ? unary_of<scalar::Conj>(x) : x; }

Tensor complex(const Tensor& real, const Tensor& imag) {
  check_parts("complex", "real", real, "imag", imag);
  const Shape shape = broadcast_shapes("complex", real.shape(), imag.shape());
  return view_as_complex(stack({expand(real, shape), expand(imag, shape)}, -1));
}

Tensor polar(const Tensor& abs, const Tensor& angle) {
  check_parts("polar", "abs", abs, "angle", angle);
  return complex(mul(abs, cos(angle)), mul(abs, sin(angle)));
}

Tensor angle(const Tensor& x) {
  if (is_complex(x.dtype())) return atan2(imag(x), real(x));
  const Tensor y = to_dtype(x, is_inexact(x.dtype()) ? x.dtype() : result_type(x, Scalar(1.0)));
  const Scalar pi(3.14159265358979323846);
  // NaN stays; the gradient is 0.
  return where(isnan(y), y, where(lt(y, Scalar(0.0)), pi, mul(sign(y), Scalar(0.0))));
}

std::optional<Tensor> of_complex(int function, const Tensor& x) {
  constexpr scalar::UnaryList all{};
  if (function == index_in<scalar::Abs>(all)) {
    const Tensor sizes = hypot(real(x), imag(x));
    // Backward reads them, and programs change what abs gives in place.
    return sizes.impl()->requires_grad ? clone(sizes) : sizes;
  }
  if (function == index_in<scalar::Softsign>(all)) return div(x, add(abs(x), Scalar(1.0)));
  return {};
}

std::optional<Tensor> of_complex(int function, const Tensor& a, const Tensor& b) {
  if (function != index_in<scalar::Logaddexp>(scalar::BinaryList{})) return {};
  // From the one with the larger real part on, so that nothing overflows.
  const Tensor later = lt(real(a), real(b)), most = where(later, b, a), other = where(later, a, b);
  const Tensor none = eq(real(most), Scalar(-std::numeric_limits<double>::infinity()));
  return where(none, most, add(most, log1p(exp(sub(other, where(none, Scalar(0.0), most))))));
}

Tensor sgn(const Tensor& x) {
  if (!is_complex(x.dtype())) return sign(x);
  const Tensor size = abs(x), zero = eq(size, Scalar(0.0));
  return where(zero, Scalar(0.0), div(x, where(zero, Scalar(1.0), size)));
}

Tensor isreal(const Tensor& x) {
  return is_complex(x.dtype()) ? eq(imag(x), Scalar(0.0)) : full(x.shape(), Scalar(true), DType::Bool, x.device());
}

// Batch rules

namespace {

WEFT_BATCH_RULE(ViewAsReal) { call.out[0] = {apply(op, call.in[0].tensor), true}; }
WEFT_BATCH_RULE(ViewAsComplex) {
  const Tensor& x = call.in[0].tensor;
  call.out[0] = {apply(op, ViewAsReal::has_pairs(x) ? x : contiguous(x)), true};
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(ViewAsReal);
WEFT_OP(ViewAsComplex);

}  // namespace

}  // namespace weft
