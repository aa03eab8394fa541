#include <cmath>

#include "bindings/entry_docs.h"
#include "bindings/former.h"
#include "bindings/out.h"
#include "ops/creation.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/reduction.h"

namespace weft::python {

namespace {

// What the bindings know of the entries, in the order of the lists.
template <class... Entries>
void bind_unary_list(Family& f, scalar::EntryList<Entries...>) {
  int index = 0;
  auto bind = [&](const char* name, int params, const EntryDocs& docs) {
    int i = index++;
    if (params != 0) return;
    auto compute = [i, name](const Tensor& x, const Tensor& out) {
      return compute_into(name, out, x.shape(), [&] { return unary(i, x); });
    };
    f.function(name, "(input, *, out=None)", compute, docs.function.c_str());
    f.method(name, "(input, *, out=None)", compute, docs.method.c_str());
    f.method((std::string(name) + "_").c_str(), "(self) -> Tensor",
             [i](const py::object& self) {
               unary_(i, unwrap(self.ptr()));
               return self;
             },
             docs.in_place.c_str());
  };
  (bind(Entries::name, Entries::params, unary_docs<Entries>()), ...);
}

// The shape of a result of both, where none of them has to be broadcast; else one that no result has.
Shape shape_with(const Tensor& x, const Operand& other) {
  const Tensor* t = std::get_if<Tensor>(&other);
  return !t || t->shape() == x.shape() ? x.shape() : Shape{-1};
}

Tensor of_operand(int i, const Tensor& a, const Operand& b) {
  if (const Tensor* t = std::get_if<Tensor>(&b)) return binary(i, a, *t);
  return binary(i, a, std::get<Scalar>(b));
}
Tensor of_operand_(int i, const Tensor& a, const Operand& b) {
  if (const Tensor* t = std::get_if<Tensor>(&b)) return binary_(i, a, *t);
  return binary_(i, a, std::get<Scalar>(b));
}

// Bound by hand because their signature has more to it.
bool special(std::string_view name) {
  for (std::string_view one :
       {"add", "sub", "div", "div_floor", "trunc_divide", "pow", "clamp_min", "clamp_max", "binary_cross_entropy"})
    if (name == one) return true;
  return false;
}

// weft.mul(2, x): the functions behind operators that Python numbers have as well.
bool takes_number_first(std::string_view name) {
  return name == "mul" || name == "floor_divide" || name == "remainder";
}

template <class... Entries>
void bind_binary_list(Family& f, scalar::EntryList<Entries...>) {
  int index = 0;
  auto bind = [&](const char* name, const EntryDocs& docs) {
    int i = index++;
    if (special(name)) return;
    auto compute = [i, name](const Tensor& x, const Operand& other, const Tensor& out) {
      return compute_into(name, out, shape_with(x, other), [&] { return of_operand(i, x, other); });
    };
    f.function(name, "(input, other, *, out=None)", compute, docs.function.c_str());
    f.method(name, "(input, other, *, out=None)", compute, docs.method.c_str());
    f.method((std::string(name) + "_").c_str(), "(self, other) -> Tensor",
             [i](const py::object& self, const Operand& other) {
               of_operand_(i, unwrap(self.ptr()), other);
               return self;
             },
             docs.in_place.c_str());
    if (takes_number_first(name))
      f.function(name, "(input, other, *, out=None)",
                 [i, name](const Scalar& x, const Tensor& other, const Tensor& out) {
                   return write_out(name, out, [&] { return binary(i, x, other); });
                 });
  };
  (bind(Entries::name, binary_docs<Entries>()), ...);
}

template <class F>
Tensor with_operand(const Operand& o, F f) {
  return std::visit([&](const auto& v) { return f(v); }, o);
}

bool is_one(const Scalar& s) { return s == Scalar(1); }

// alpha times an operand, in the dtype that it is then combined with x in: no digit of the product is lost before.
Operand scaled(const char* op, const Tensor& x, const Operand& other, const Scalar& alpha, DType dtype) {
  check(is_inexact(dtype) || !(alpha.is_float() || alpha.is_complex()), op,
        ": alpha must be an integer for integer tensors, got ", alpha, " for dtype ", x.dtype());
  if (const Tensor* t = std::get_if<Tensor>(&other)) return mul(to_dtype(*t, scaling_dtype(dtype)), alpha);
  const Scalar& s = std::get<Scalar>(other);
  int64_t product = 0;
  if (s.is_complex() || alpha.is_complex()) {
    const Complex128 a = s.to_complex(), b = alpha.to_complex();
    return Scalar(Complex128{a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real});
  }
  bool whole = !s.is_float() && !alpha.is_float() && !s.is_big() && !alpha.is_big();
  if (whole && !__builtin_mul_overflow(s.to_int(), alpha.to_int(), &product)) return Scalar(product);
  double real = s.to_double() * alpha.to_double();
  return s.is_float() || alpha.is_float() ? Scalar(real) : Scalar::big_integer(real);
}

DType result_type_of(const Tensor& x, const Operand& other) {
  return std::visit([&](const auto& o) { return result_type(x, o); }, other);
}

// x + alpha other, or x - alpha other. Half types are rounded once.
Tensor combined(const char* op, const Tensor& x, const Operand& other, const Scalar& alpha, bool adds) {
  auto combine = [&](const Tensor& a, const Operand& b) {
    return with_operand(b, [&](const auto& o) { return adds ? add(a, o) : sub(a, o); });
  };
  if (is_one(alpha)) return combine(x, other);
  DType dtype = result_type_of(x, other);
  Operand product = scaled(op, x, other, alpha, dtype);
  if (dtype == DType::Bool) return combine(x, Operand(to_dtype(std::get<Tensor>(product), dtype)));
  if (scaling_dtype(dtype) == dtype) return combine(x, product);
  return to_dtype(combine(to_dtype(x, scaling_dtype(dtype)), product), dtype);
}

void check_rounding(const std::optional<std::string>& mode) {
  check(!mode || *mode == "floor" || *mode == "trunc", "div: rounding_mode must be None, 'floor' or 'trunc', got '",
        mode.value_or(""), "'");
}

template <class X>
Tensor divided(const X& x, const Operand& other, const std::optional<std::string>& mode) {
  check_rounding(mode);
  auto divide = [&](const auto& o) {
    return !mode ? div(x, o) : *mode == "floor" ? div_floor(x, o) : trunc_divide(x, o);
  };
  if constexpr (std::is_same_v<X, Scalar>)
    return divide(std::get<Tensor>(other));
  else
    return with_operand(other, divide);
}

void bind_arithmetic(Family& f) {
  for (const char* name : {"add", "sub", "subtract"}) {
    bool adds = name[0] == 'a';
    const EntryDocs docs = adds ? binary_docs<scalar::Add>(name) : binary_docs<scalar::Sub>(name);
    auto compute = [adds, name](const Tensor& x, const Operand& other, const Scalar& alpha, const Tensor& out) {
      const auto sum = [&] { return combined(name, x, other, alpha, adds); };
      return is_one(alpha) ? compute_into(name, out, shape_with(x, other), sum) : write_out(name, out, sum);
    };
    f.function(name, "(input, other, *, alpha=1, out=None)", compute, docs.function.c_str());
    f.method(name, "(input, other, *, alpha=1, out=None)", compute, docs.method.c_str());
    auto change = [adds, name](const py::object& self, const Operand& other, const Scalar& alpha) {
      if (!is_one(alpha))
        return rewrite(name, self, [&](const Tensor& x) { return combined(name, x, other, alpha, adds); });
      with_operand(other,
                   [&](const auto& o) { return adds ? add_(unwrap(self.ptr()), o) : sub_(unwrap(self.ptr()), o); });
      return self;
    };
    const std::string in_place = std::string(name) + "_";
    f.method(in_place.c_str(), "(self, other, *, alpha=1) -> Tensor", change, docs.in_place.c_str());
    f.function(name, "(input, other, *, alpha=1, out=None)",
               [adds, name](const Scalar& x, const Tensor& other, const Scalar& alpha, const Tensor& out) {
                 const DType dtype = result_type(other, x);
                 Tensor y = is_one(alpha) ? other : std::get<Tensor>(scaled(name, other, other, alpha, dtype));
                 return write_out(name, out, [&] { return to_dtype(adds ? add(x, y) : sub(x, y), dtype); });
               });
    // The former form with alpha in front.
    f.def(name, "(input, alpha, other)", [adds, name](const Tensor& x, const Scalar& alpha, const Tensor& other) {
      warn_former(name, "(..., other, alpha=)");
      return combined(name, x, other, alpha, adds);
    });
    f.method(in_place.c_str(), "(self, alpha, other) -> Tensor",
             [change, in_place](const py::object& self, const Scalar& alpha, const Tensor& other) {
               warn_former(in_place, "(other, alpha=)");
               return change(self, other, alpha);
             });
  }
  f.def(
      "rsub", "(input, other, *, alpha=1)",
      [](const Tensor& x, const Operand& other, const Scalar& alpha) {
        DType dtype = result_type_of(x, other);
        Tensor scaled_x = is_one(alpha) ? x : std::get<Tensor>(scaled("rsub", x, Operand(x), alpha, dtype));
        return to_dtype(with_operand(other, [&](const auto& o) { return sub(o, scaled_x); }), dtype);
      },
      "other - alpha * input. The operands are broadcast and promoted to one dtype.\n\n"
      "Raises RuntimeError for bools, for a fractional alpha beside integers, and for shapes that cannot be "
      "broadcast.\n\n"
      ">>> import weft\n>>> weft.rsub(weft.tensor([1., 2.]), 3, alpha=2)\ntensor([ 1., -1.])\n");
  for (const char* name : {"div", "divide"}) {
    const EntryDocs docs = binary_docs<scalar::Div>(name);
    auto compute = [name](const Tensor& x, const Operand& other, const std::optional<std::string>& mode,
                          const Tensor& out) { return write_out(name, out, [&] { return divided(x, other, mode); }); };
    f.function(name, "(input, other, *, rounding_mode=None, out=None)", compute, docs.function.c_str());
    f.method(name, "(input, other, *, rounding_mode=None, out=None)", compute, docs.method.c_str());
    f.function(name, "(input, other, *, rounding_mode=None, out=None)",
               [name](const Scalar& x, const Tensor& other, const std::optional<std::string>& mode, const Tensor& out) {
                 return write_out(name, out, [&] { return divided(x, other, mode); });
               });
    f.method((std::string(name) + "_").c_str(), "(self, other, *, rounding_mode=None) -> Tensor",
             [](const py::object& self, const Operand& other, const std::optional<std::string>& mode) {
               const Tensor& x = unwrap(self.ptr());
               check_rounding(mode);
               with_operand(other, [&](const auto& o) {
                 return !mode ? div_(x, o) : *mode == "floor" ? div_floor_(x, o) : trunc_divide_(x, o);
               });
               return self;
             },
             docs.in_place.c_str());
  }
  const EntryDocs docs = binary_docs<scalar::Pow>();
  f.function(
      "pow", "(input, exponent, *, out=None)",
      [](const Operand& base, const Operand& exponent, const Tensor& out) {
        if (const Tensor* x = std::get_if<Tensor>(&base))
          return write_out("pow", out,
                           [&] { return with_operand(exponent, [&](const auto& e) { return pow(*x, e); }); });
        check<ErrorKind::Type>(std::holds_alternative<Tensor>(exponent),
                               "pow: at least one of input and exponent must be a Tensor");
        return write_out("pow", out, [&] { return pow(std::get<Scalar>(base), std::get<Tensor>(exponent)); });
      },
      docs.function.c_str());
  f.method(
      "pow", "(self, exponent)",
      [](const Tensor& x, const Operand& e) { return with_operand(e, [&](const auto& o) { return pow(x, o); }); },
      docs.method.c_str());
  f.method(
      "pow_", "(self, exponent) -> Tensor",
      [](const py::object& self, const Operand& e) {
        with_operand(e, [&](const auto& o) { return pow_(unwrap(self.ptr()), o); });
        return self;
      },
      docs.in_place.c_str());
}

// Other names of the same functions.
void bind_synonyms(Family& f) {
  constexpr std::pair<const char*, const char*> synonyms[] = {
      {"negative", "neg"},     {"absolute", "abs"}, {"multiply", "mul"},  {"true_divide", "div"}, {"greater", "gt"},
      {"greater_equal", "ge"}, {"less", "lt"},      {"less_equal", "le"}, {"not_equal", "ne"},    {"arccos", "acos"},
      {"arcsin", "asin"},      {"arctan", "atan"},  {"arctan2", "atan2"}, {"arccosh", "acosh"},   {"arcsinh", "asinh"},
      {"arctanh", "atanh"},    {"fix", "trunc"}};
  py::handle type(reinterpret_cast<PyObject*>(tensor_type()));
  const py::dict methods(type.attr("__dict__"));  // where they are descriptors, which bind self
  for (auto [name, original] : synonyms) {
    f.scope().attr(name) = f.scope().attr(original);
    for (const char* suffix : {"", "_"}) {
      std::string from = std::string(original) + suffix, to = std::string(name) + suffix;
      if (methods.contains(from)) py::setattr(type, to.c_str(), methods[from.c_str()]);
    }
  }
}

// input + weight * (end - input)
Tensor lerp(const Tensor& x, const Tensor& end, const Operand& weight) {
  check(x.dtype() == end.dtype(), "lerp: input has dtype ", x.dtype(), " and end ", end.dtype(),
        "; they must be the same");
  broadcast_shapes("lerp", x.shape(), end.shape());
  if (const Tensor* w = std::get_if<Tensor>(&weight)) {
    check(w->dtype() == x.dtype(), "lerp: weight has dtype ", w->dtype(), ", expected ", x.dtype());
    broadcast_shapes("lerp", broadcast_shapes("lerp", x.shape(), end.shape()), w->shape());
  }
  // From the nearer end, so that weight 1 gives the other one exactly.
  Tensor gap = sub(end, x);
  if (const Tensor* w = std::get_if<Tensor>(&weight)) {
    Tensor far = sub(end, mul(gap, sub(Scalar(1), *w)));
    return where(lt(abs(*w), Scalar(0.5)), add(x, mul(gap, *w)), far);
  }
  const Scalar& w = std::get<Scalar>(weight);
  if (std::abs(w.to_double()) < 0.5) return add(x, mul(gap, w));
  const bool real = w.is_float() || w.is_big();
  return sub(end, mul(gap, real ? Scalar(1 - w.to_double()) : Scalar(1 - w.to_int())));
}

// Composites of several ops.
void bind_composites(Family& f) {
  f.def(
      "lerp", "(input, end, weight, *, out=None)",
      [](const Tensor& x, const Tensor& end, const Operand& weight, const Tensor& out) {
        return write_out("lerp", out, [&] { return lerp(x, end, weight); });
      },
      "input + weight * (end - input): input for weight 0, end for 1, and on the line through both for others. The "
      "operands are broadcast. Integers with a fractional weight give floats of the default dtype.\n\n"
      "Raises RuntimeError for tensors of different dtypes, and for shapes that cannot be broadcast.\n\n"
      ">>> import weft\n>>> weft.lerp(weft.tensor([1., 2.]), weft.tensor([3., 6.]), 0.25)\n"
      "tensor([1.5000, 3.0000])\n");
  f.method(
      "lerp_", "(self, end, weight) -> Tensor",
      [](const py::object& self, const Tensor& end, const Operand& weight) {
        return rewrite("lerp", self, [&](const Tensor& x) { return lerp(x, end, weight); });
      },
      "lerp() in place.\n\n"
      "Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in "
      "it.\n\n"
      ">>> import weft\n>>> weft.tensor([1., 2.]).lerp_(weft.tensor([3., 6.]), 0.25)\ntensor([1.5000, 3.0000])\n");
  for (const char* name : {"addcmul", "addcdiv"}) {
    bool multiplies = name[4] == 'm';
    const std::string operands = "weft.tensor([2., 6.]), weft.tensor([4., 3.]), value=10";
    const std::string doc =
        concat(multiplies ? "input + value * tensor1 * tensor2." : "input + value * tensor1 / tensor2.",
               " The operands are broadcast and promoted to one dtype; half types are rounded once, at the end.\n\n"
               "Raises RuntimeError for a fractional value beside integers",
               multiplies ? "" : ", for a quotient of integers", ", and for shapes that cannot be broadcast.\n\n");
    const std::string printed = multiplies ? ")\ntensor([ 81., 181.])\n" : ")\ntensor([ 6., 21.])\n";
    auto multiplied = [=](const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& given) {
      check(multiplies || is_inexact(a.dtype()) || is_inexact(b.dtype()), name, ": integers ", a.dtype(), " and ",
            b.dtype(), " cannot be divided into the result; convert one with .float()");
      // Everything in the dtype of the result; half types are rounded once.
      DType dtype = Promotion().add(x).add(a).add(b).result(), wide = scaling_dtype(dtype);
      const bool whole = !(given.is_float() || given.is_complex()) || is_inexact(dtype) ||
                         given.to_double() == std::trunc(given.to_double());
      const Scalar value = whole && given.is_float() && !is_inexact(dtype) ? Scalar(given.to_int()) : given;
      check(whole, name, ": value must be an integer for integer tensors, got ", value, " for dtype ", dtype);
      Tensor left = to_dtype(a, wide), right = to_dtype(b, wide);
      if (!is_one(value)) left = mul(left, value);
      return to_dtype(add(to_dtype(x, wide), multiplies ? mul(left, right) : div(left, right)), dtype);
    };
    f.def(
        name, "(input, tensor1, tensor2, *, value=1, out=None)",
        [=](const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value, const Tensor& out) {
          return write_out(name, out, [&] { return multiplied(x, a, b, value); });
        },
        concat(doc, ">>> import weft\n>>> weft.", name, "(weft.ones(2), ", operands, printed).c_str());
    f.method(
        (std::string(name) + "_").c_str(), "(self, tensor1, tensor2, *, value=1) -> Tensor",
        [=](const py::object& self, const Tensor& a, const Tensor& b, const Scalar& value) {
          return rewrite(name, self, [&](const Tensor& x) { return multiplied(x, a, b, value); });
        },
        concat(name,
               "() in place.\n\n"
               "Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be "
               "stored in it.\n\n>>> import weft\n>>> weft.ones(2).",
               name, "_(", operands, printed)
            .c_str());
    // The former form with the value in front.
    f.def(name, "(input, value, tensor1, tensor2)",
          [=](const Tensor& x, const Scalar& value, const Tensor& a, const Tensor& b) {
            warn_former(name, "(..., tensor1, tensor2, value=)");
            return multiplied(x, a, b, value);
          });
    f.method((std::string(name) + "_").c_str(), "(self, value, tensor1, tensor2) -> Tensor",
             [=](const py::object& self, const Scalar& value, const Tensor& a, const Tensor& b) {
               warn_former(std::string(name) + "_", "(tensor1, tensor2, value=)");
               return rewrite(name, self, [&](const Tensor& x) { return multiplied(x, a, b, value); });
             });
  }
  auto rounded = [](const Tensor& x, int64_t decimals) {
    check(is_real_floating(x.dtype()) || decimals == 0, "round: decimals of integers (dtype ", x.dtype(),
          ") must be 0, got ", decimals);
    if (decimals == 0) return round(x);
    DType wide = scaling_dtype(x.dtype());  // the factor may be too large for a half type
    Tensor y = to_dtype(x, wide);
    const int64_t most = wide == DType::Float64 ? 308 : 38;  // the largest power of ten
    // A new tensor; like all steps this one has a gradient of zeros
    if (decimals > most) return where(full({}, Scalar(false), DType::Bool, x.device()), x, detach(x));
    if (decimals < -most) return where(isfinite(x), mul(x, Scalar(0)), detach(x));
    Scalar factor(std::pow(10.0, std::abs(static_cast<double>(decimals))));
    if (decimals < 0) return to_dtype(mul(round(div(y, factor)), factor), x.dtype());
    // What overflows has no digits that far behind the point.
    Tensor shifted = mul(y, factor);
    return to_dtype(where(isfinite(shifted), div(round(shifted), factor), detach(y)), x.dtype());
  };
  f.def("round", "(input, *, decimals, out=None)", [=](const Tensor& x, int64_t decimals, const Tensor& out) {
    return write_out("round", out, [&] { return rounded(x, decimals); });
  });  // the docs of round() without decimals tell of them, too
  f.method("round_", "(self, *, decimals) -> Tensor", [=](const py::object& self, int64_t decimals) {
    return rewrite("round", self, [&](const Tensor& x) { return rounded(x, decimals); });
  });
  auto logit = [](const Tensor& x, std::optional<double> eps) {
    Tensor p = is_inexact(x.dtype()) ? x : to_dtype(x, default_float_dtype());
    if (eps) p = clamp(p, Scalar(*eps), Scalar(1.0 - *eps));
    return sub(log(p), log1p(neg(p)));
  };
  f.method(
      "logit_", "(self, eps=None) -> Tensor",
      [=](const py::object& self, std::optional<double> eps) {
        return rewrite("logit", self, [&](const Tensor& x) { return logit(x, eps); });
      },
      "logit() in place.\n\n"
      "Raises RuntimeError for integers and bools, whose dtype cannot hold floats.\n\n"
      ">>> import weft\n>>> weft.tensor([0.5, 0.9]).logit_()\ntensor([0.0000, 2.1972])\n");
  f.def(
      "logit", "(input, eps=None, *, out=None)",
      [=](const Tensor& x, std::optional<double> eps, const Tensor& out) {
        return write_out("logit", out, [&] { return logit(x, eps); });
      },
      "log(x / (1 - x)), which inverts sigmoid(): infinite for 0 and 1, NaN beyond; with eps of x limited to [eps, 1 - "
      "eps]. Integers and bools give floats of the default dtype.\n\n"
      ">>> import weft\n>>> weft.logit(weft.tensor([0.5, 0.9]))\ntensor([0.0000, 2.1972])\n");
}

// |a - b| <= atol + rtol |b|
Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  check(a.dtype() == b.dtype(), "isclose: input has dtype ", a.dtype(), " and other ", b.dtype(),
        "; convert one of them");
  check<ErrorKind::Value>(rtol >= 0 && atol >= 0, "isclose: rtol and atol must not be negative, got ", rtol, " and ",
                          atol);
  Tensor same = eq(a, b);
  if (equal_nan && is_inexact(a.dtype())) same = logical_or(same, logical_and(isnan(a), isnan(b)));
  Tensor x = is_inexact(a.dtype()) ? a : to_dtype(a, DType::Float64),
         y = is_inexact(b.dtype()) ? b : to_dtype(b, DType::Float64);
  Tensor near = le(abs(sub(x, y)), add(mul(abs(y), Scalar(rtol)), Scalar(atol)));
  return logical_or(same, logical_and(near, isfinite(sub(x, y))));
}

void bind_comparisons(Family& f) {
  auto truth = [](const Tensor& t) { return py::cast(all(t)).attr("item")(); };
  f.def("isclose", "(input, other, rtol=1e-5, atol=1e-8, equal_nan=False)", &isclose,
        "Is |input - other| <= atol + rtol |other|? A bool tensor. Infinities are close to themselves only, NaN to "
        "NaN if equal_nan. The operands are broadcast.\n\n"
        "Raises RuntimeError for tensors of different dtypes and shapes that cannot be broadcast, ValueError for a "
        "negative rtol or atol.\n\n"
        ">>> import weft\n>>> weft.isclose(weft.tensor([1., 2.]), weft.tensor([1.000001, 2.1]))\n"
        "tensor([ True, False])\n");
  f.def(
      "allclose", "(input, other, rtol=1e-5, atol=1e-8, equal_nan=False) -> bool",
      [=](const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
        return truth(isclose(a, b, rtol, atol, equal_nan));
      },
      "Is isclose() true everywhere?\n\n"
      "Raises what isclose() raises.\n\n"
      ">>> import weft\n>>> weft.allclose(weft.tensor([1., 2.]), weft.tensor([1.000001, 2.]))\nTrue\n");
  f.def(
      "equal", "(input, other) -> bool",
      [=](const Tensor& a, const Tensor& b) -> py::object {
        return a.shape() == b.shape() ? truth(eq(a, b)) : py::bool_(false);
      },
      "Have both the same shape and elements? NaN equals nothing; the dtypes may differ.\n\n"
      ">>> import weft\n>>> weft.equal(weft.ones(2), weft.ones(3))\nFalse\n");
}

void bind_bitwise_not(Family& f) {
  f.def(
      "bitwise_not", "(input, *, out=None)",
      [](const Tensor& x, const Tensor& out) { return write_out("bitwise_not", out, [&] { return bitwise_not(x); }); },
      "All bits inverted: -x - 1 for signed integers, the opposite for bools.\n\n"
      "Raises TypeError for floating point and complex tensors.\n\n"
      ">>> import weft\n>>> weft.bitwise_not(weft.tensor([0, 1, -5]))\ntensor([-1, -2,  4])\n");
  f.method(
      "bitwise_not_", "(self) -> Tensor",
      [](const py::object& self) {
        return rewrite("bitwise_not", self, [](const Tensor& x) { return bitwise_not(x); });
      },
      "bitwise_not() in place.\n\n"
      "Raises TypeError for floating point and complex tensors.\n\n"
      ">>> import weft\n>>> weft.tensor([0, 1, -5]).bitwise_not_()\ntensor([-1, -2,  4])\n");
}

void bind_types(Family& f) {
  f.function(
      "result_type", "(tensor1, tensor2)",
      [](const Operand& a, const Operand& b) {
        Promotion p;
        for (const Operand* o : {&a, &b}) std::visit([&](const auto& v) { p.add(v); }, *o);
        return p.result();
      },
      "The dtype of input + other. A number, or a tensor without dimensions beside one that has some, counts only "
      "where it is of a higher kind: bool, integer, float, complex.\n\n"
      ">>> import weft\n>>> weft.result_type(weft.tensor([1], dtype=weft.int8), 2.5)\nweft.float32\n");
  f.function(
      "promote_types", "(type1, type2)", [](DType a, DType b) { return promote(a, b); },
      "The dtype of what is computed from tensors of both, which have dimensions.\n\n"
      ">>> import weft\n>>> weft.promote_types(weft.uint8, weft.int8)\nweft.int16\n");
  f.function(
      "can_cast", "(from_, to)", [](DType from, DType to) { return can_cast(from, to); },
      "May a result of dtype from_ be written over a tensor of dtype to? Not from complex to real, from floats to "
      "integers, or from anything else to bool.\n\n"
      ">>> import weft\n>>> weft.can_cast(weft.float64, weft.float16), weft.can_cast(weft.float32, weft.int64)\n"
      "(True, False)\n");
}

}  // namespace

void bind_elementwise(Family& f, Family&) {
  bind_unary_list(f, scalar::UnaryList{});
  bind_binary_list(f, scalar::BinaryList{});
  bind_arithmetic(f);
  bind_composites(f);
  bind_types(f);
  bind_synonyms(f);
  bind_comparisons(f);
  bind_bitwise_not(f);
}

}  // namespace weft::python
