#include <cmath>

#include "bindings/former.h"
#include "bindings/indexing.h"
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
  auto bind = [&](const char* name, int params) {
    int i = index++;
    if (params != 0) return;
    f.def(name, "(input, *, out=None)",
          [i, name](const Tensor& x, const Tensor& out) { return write_out(name, out, [&] { return unary(i, x); }); });
    f.method((std::string(name) + "_").c_str(), "(self) -> Tensor", [i](const py::object& self) {
      unary_(i, unwrap(self.ptr()));
      return self;
    });
  };
  (bind(Entries::name, Entries::params), ...);
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
  auto bind = [&](const char* name) {
    int i = index++;
    if (special(name)) return;
    f.def(name, "(input, other, *, out=None)", [i, name](const Tensor& x, const Operand& other, const Tensor& out) {
      return write_out(name, out, [&] { return of_operand(i, x, other); });
    });
    f.method((std::string(name) + "_").c_str(), "(self, other) -> Tensor",
             [i](const py::object& self, const Operand& other) {
               of_operand_(i, unwrap(self.ptr()), other);
               return self;
             });
    if (takes_number_first(name))
      f.function(name, "(input, other, *, out=None)",
                 [i, name](const Scalar& x, const Tensor& other, const Tensor& out) {
                   return write_out(name, out, [&] { return binary(i, x, other); });
                 });
  };
  (bind(Entries::name), ...);
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
  if (s.is_complex() || alpha.is_complex()) return Scalar(s.to_complex() * alpha.to_complex());
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
    f.def(
        name, "(input, other, *, alpha=1, out=None)",
        [adds, name](const Tensor& x, const Operand& other, const Scalar& alpha, const Tensor& out) {
          return write_out(name, out, [&] { return combined(name, x, other, alpha, adds); });
        },
        "input + alpha * other (or minus), with broadcasting and type promotion.");
    auto change = [adds, name](const py::object& self, const Operand& other, const Scalar& alpha) {
      if (!is_one(alpha))
        return rewrite(name, self, [&](const Tensor& x) { return combined(name, x, other, alpha, adds); });
      with_operand(other,
                   [&](const auto& o) { return adds ? add_(unwrap(self.ptr()), o) : sub_(unwrap(self.ptr()), o); });
      return self;
    };
    const std::string in_place = std::string(name) + "_";
    f.method(in_place.c_str(), "(self, other, *, alpha=1)", change);
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
      "other - alpha * input.");
  for (const char* name : {"div", "divide"}) {
    f.def(
        name, "(input, other, *, rounding_mode=None, out=None)",
        [name](const Tensor& x, const Operand& other, const std::optional<std::string>& mode, const Tensor& out) {
          return write_out(name, out, [&] { return divided(x, other, mode); });
        },
        "input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.");
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
             });
  }
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
      "input to the power of exponent.");
  f.method("pow", "(self, exponent)",
           [](const Tensor& x, const Operand& e) { return with_operand(e, [&](const auto& o) { return pow(x, o); }); });
  f.method("pow_", "(self, exponent) -> Tensor", [](const py::object& self, const Operand& e) {
    with_operand(e, [&](const auto& o) { return pow_(unwrap(self.ptr()), o); });
    return self;
  });
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
    f.module().attr(name) = f.module().attr(original);
    for (const char* suffix : {"", "_"}) {
      std::string from = std::string(original) + suffix, to = std::string(name) + suffix;
      if (methods.contains(from)) py::setattr(type, to.c_str(), methods[from.c_str()]);
    }
  }
}

Tensor clamped(const Tensor& x, const std::optional<Operand>& min, const std::optional<Operand>& max) {
  bool tensors = (min && std::holds_alternative<Tensor>(*min)) || (max && std::holds_alternative<Tensor>(*max));
  if (!tensors) {
    return clamp(x, min ? std::optional(std::get<Scalar>(*min)) : std::nullopt,
                 max ? std::optional(std::get<Scalar>(*max)) : std::nullopt);
  }
  // All three decide together: the rank of one bound must not be lost in a result that has dimensions.
  Promotion common;
  common.add(x);
  for (const std::optional<Operand>* bound : {&min, &max})
    if (*bound) std::visit([&](const auto& o) { common.add(o); }, **bound);
  Tensor y = x.ndim() > 0 ? to_dtype(x, common.result()) : x;
  if (min) y = with_operand(*min, [&](const auto& o) { return clamp_min(y, o); });
  if (max) y = with_operand(*max, [&](const auto& o) { return clamp_max(y, o); });
  return y;
}

// A bound of integers as the integer next to it; none where it is infinite.
std::optional<Scalar> whole(const Scalar& s) {
  if (!s.is_float()) return s;
  return std::isinf(s.to_double()) ? std::nullopt : std::optional(Scalar(Scalar(std::trunc(s.to_double())).to_int()));
}

// hardtanh and threshold of integers: Params are doubles, which cannot hold all of them.
template <class Entry>
Tensor of_integers(const char* name, const Tensor& x, const Scalar& a, const Scalar& b) {
  if (std::is_same_v<Entry, scalar::Hardtanh>) {
    std::optional<Scalar> low = whole(a), high = whole(b);
    return low || high ? clamp(x, low, high) : clone(x);
  }
  check_storable(name, b, x.dtype());
  Scalar limit = a.is_float() && std::isfinite(a.to_double()) ? Scalar(Scalar(std::floor(a.to_double())).to_int()) : a;
  return where(le(x, limit), scalar_tensor(b, x.dtype(), x.device()), x);
}

// Functions with numbers: positions in the list and how the arguments become Params.
template <class Entry>
void bind_activation(Family& nn, const char* name, std::vector<std::pair<const char*, double>> defaults) {
  constexpr int i = index_in<Entry>(scalar::UnaryList{});
  auto run = [name](const py::object& x, const scalar::Params& p, bool inplace) -> py::object {
    const Tensor& t = unwrap(x.ptr());
    check(is_inexact(t.dtype()) || Entry::result == scalar::Result::Same, name,
          ": expected a floating point tensor, got dtype ", t.dtype());
    if (!inplace) return py::cast(unary(i, t, p));
    unary_(i, t, p);
    return x;
  };
  std::string name_ = std::string(name) + "_";
  auto check_input = [name](const py::object& x) {
    check<ErrorKind::Type>(is_tensor(x.ptr()), name, ": expected a Tensor, got ", Py_TYPE(x.ptr())->tp_name);
  };
  if (defaults.empty()) {
    nn.function(name, "(input, inplace=False)", [=](const py::object& x, bool inplace) {
      check_input(x);
      return run(x, {}, inplace);
    });
    nn.function(name_.c_str(), "(input)", [=](const py::object& x) {
      check_input(x);
      return run(x, {}, true);
    });
  } else if (defaults.size() == 1) {
    nn.function(name, concat("(input, ", defaults[0].first, "=", defaults[0].second, ", inplace=False)").c_str(),
                [=](const py::object& x, double a, bool inplace) {
                  check_input(x);
                  return run(x, {a, 0, 0}, inplace);
                });
    nn.function(name_.c_str(), concat("(input, ", defaults[0].first, "=", defaults[0].second, ")").c_str(),
                [=](const py::object& x, double a) {
                  check_input(x);
                  return run(x, {a, 0, 0}, true);
                });
  } else {
    auto run_with = [=](const py::object& x, const Scalar& a, const Scalar& b, bool inplace) -> py::object {
      check_input(x);
      const Tensor& t = unwrap(x.ptr());
      if (!is_integral(t.dtype())) return run(x, {a.to_double(), b.to_double(), 0}, inplace);
      auto exact = [&](const Tensor& y) { return of_integers<Entry>(name, y, a, b); };
      return inplace ? rewrite(name, x, exact) : py::cast(exact(t));
    };
    nn.function(name,
                concat("(input, ", defaults[0].first, "=", defaults[0].second, ", ", defaults[1].first, "=",
                       defaults[1].second, ", inplace=False)")
                    .c_str(),
                run_with);
    nn.function(name_.c_str(),
                concat("(input, ", defaults[0].first, "=", defaults[0].second, ", ", defaults[1].first, "=",
                       defaults[1].second, ")")
                    .c_str(),
                [=](const py::object& x, const Scalar& a, const Scalar& b) { return run_with(x, a, b, true); });
  }
}

Tensor glu(const Tensor& x, int64_t dim) {
  check(x.ndim() > 0, "glu: expected at least 1 dimension, got a number");
  int d = normalize_dim("glu", dim, x.ndim());
  check(x.size(d) % 2 == 0, "glu: dimension ", d, " of shape ", x.shape(), " has the odd size ", x.size(d),
        "; it is split into two halves");
  return mul(slice(x, d, 0, x.size(d) / 2), sigmoid(slice(x, d, x.size(d) / 2, x.size(d))));
}

Tensor prelu(const Tensor& x, const Tensor& weight) {
  int64_t channels = x.ndim() < 2 ? 1 : x.size(1);
  check(weight.numel() == 1 || (weight.ndim() <= 1 && weight.numel() == channels), "prelu: expected a weight of 1 or ",
        channels, " elements for input of shape ", x.shape(), ", got shape ", weight.shape());
  check(weight.dtype() == x.dtype(), "prelu: input has dtype ", x.dtype(), " and weight ", weight.dtype(),
        "; they must be the same");
  Shape shape = Shape::filled(x.ndim(), 1);
  if (x.ndim() >= 2) shape[1] = weight.numel();
  return where(gt(x, Scalar(0)), x, mul(x, reshape(weight, shape)));
}

void bind_activations(Family& nn) {
  using namespace scalar;
  bind_activation<Relu>(nn, "relu", {});
  bind_activation<Silu>(nn, "silu", {});
  bind_activation<Mish>(nn, "mish", {});
  bind_activation<Selu>(nn, "selu", {});
  bind_activation<Hardsigmoid>(nn, "hardsigmoid", {});
  bind_activation<Hardswish>(nn, "hardswish", {});
  bind_activation<Elu>(nn, "elu", {{"alpha", 1.0}});
  bind_activation<Celu>(nn, "celu", {{"alpha", 1.0}});
  bind_activation<LeakyRelu>(nn, "leaky_relu", {{"negative_slope", 0.01}});
  bind_activation<Hardtanh>(nn, "hardtanh", {{"min_val", -1.0}, {"max_val", 1.0}});
  bind_activation<Threshold>(nn, "threshold", {{"threshold", 0.0}, {"value", 0.0}});
  nn.function("relu6", "(input, inplace=False)", [](const Tensor& x, bool inplace) {
    constexpr int i = index_in<Hardtanh>(UnaryList{});
    return inplace ? unary_(i, x, {0.0, 6.0, 0}) : unary(i, x, {0.0, 6.0, 0});
  });
  nn.function("softplus", "(input, beta=1.0, threshold=20.0)", [](const Tensor& x, double beta, double threshold) {
    return unary_of<Softplus>(x, {beta, threshold, 0});
  });
  nn.function("softshrink", "(input, lambd=0.5)",
              [](const Tensor& x, double lambd) { return unary_of<Softshrink>(x, {lambd, 0, 0}); });
  nn.function("hardshrink", "(input, lambd=0.5)",
              [](const Tensor& x, double lambd) { return unary_of<Hardshrink>(x, {lambd, 0, 0}); });
  nn.function("glu", "(input, dim=-1)", &glu,
              "The first half along dim times the sigmoid of the second (Dauphin et al., 2017).");
  nn.function("prelu", "(input, weight)", &prelu,
              "x where it is positive, else weight * x; weight has 1 element or one per channel (He et al., 2015).");
  nn.function("gelu", "(input, *, approximate='none')",
              [](const Tensor& x, const std::string& approximate) { return gelu(x, approximate); });
  for (const char* name : {"tanh", "sigmoid", "softsign", "tanhshrink"}) {
    nn.module().attr(name) = py::module_::import("weft._C").attr(name);
  }
  nn.function("logsigmoid", "(input)", [](const Tensor& x) { return logsigmoid(x); });
}

void bind_copies(Family& f) {
  f.def(
      "clone", "(input, *, memory_format=None)",
      [](const Tensor& x, const FormatArgument& format) {
        const Tensor y = in_format("clone", x, format);
        return y.same(x) ? clone(x) : y;
      },
      "A copy with memory of its own; gradients flow back to the original. A dense tensor keeps the order of its "
      "elements unless memory_format names another one.");
  f.method(
      "contiguous", "(self, memory_format=None)",
      [](const Tensor& x, const FormatArgument& format) {
        check(!format.preserve, "contiguous: memory_format=weft.preserve_format leaves nothing to do");
        return format.ordered ? in_format("contiguous", x, format) : contiguous(x);
      },
      "The tensor itself if it is contiguous, else a contiguous copy; or in the order that memory_format names.\n\n"
      "Raises RuntimeError for weft.channels_last of a tensor that has not 4 dimensions, or weft.channels_last_3d of "
      "one "
      "that has not 5.\n\n"
      ">>> import weft\n>>> weft.ones(2, 3, 4, 5).contiguous(memory_format=weft.channels_last).stride()\n"
      "(60, 1, 15, 3)\n");
  f.method(
      "copy_", "(self, src, non_blocking=False) -> Tensor",
      [](const py::object& self, const Tensor& src, bool non_blocking) {
        warn_of_dropped_parts(src.dtype(), unwrap(self.ptr()).dtype());
        copy_(unwrap(self.ptr()), src, non_blocking);
        return self;
      },
      "Copies src, which may live on another device, over this tensor, with broadcasting and conversion.");
  f.method(
      "fill_", "(self, value) -> Tensor",
      [](const py::object& self, const Operand& value) {
        if (const Tensor* t = std::get_if<Tensor>(&value)) {
          check(t->ndim() == 0, "fill_: the value must be a number or a 0-dim tensor, got shape ", t->shape());
          copy_(unwrap(self.ptr()), *t);
        } else {
          fill_(unwrap(self.ptr()), std::get<Scalar>(value));
        }
        return self;
      },
      "Sets every element.");
  f.method(
      "zero_", "(self) -> Tensor",
      [](const py::object& self) {
        fill_(unwrap(self.ptr()), Scalar(0));
        return self;
      },
      "Sets every element to 0.");
  auto chosen = [](const Tensor& given, const Operand& a, const Operand& b) {
    const Tensor condition = mask_of_bytes(given);
    const Tensor *x = std::get_if<Tensor>(&a), *y = std::get_if<Tensor>(&b);
    if (x && y) return where(condition, *x, *y);
    if (x) return where(condition, *x, std::get<Scalar>(b));
    if (y) return where(condition, std::get<Scalar>(a), *y);
    const Scalar &p = std::get<Scalar>(a), &q = std::get<Scalar>(b);
    DType t = Promotion().add(p).add(q).result();
    return where(condition, scalar_tensor(p, t, condition.device()), scalar_tensor(q, t, condition.device()));
  };
  auto choose = [chosen](const Tensor& condition, const Operand& a, const Operand& b, const Tensor& out) {
    return write_out("where", out, [&] { return chosen(condition, a, b); });
  };
  f.function("where", "(condition, input, other, *, out=None)", choose,
             "input where condition holds, other elsewhere, with broadcasting.");
  f.method("where", "(self, condition, other)",
           [choose](const Tensor& x, const Tensor& condition, const Operand& other) {
             return choose(condition, x, other, Tensor());
           });
}

double largest_finite(DType t) {
  switch (t) {
    case DType::Float64:
      return 1.7976931348623157e308;
    case DType::Float16:
      return 65504.0;
    case DType::BFloat16:
      return 3.3895313892515355e38;
    default:
      return 3.4028234663852886e38;
  }
}

void bind_clamp(Family& f) {
  using Bound = std::optional<Operand>;
  for (const char* name : {"clamp", "clip"}) {
    f.def(
        name, "(input, min=None, max=None, *, out=None)",
        [name](const Tensor& x, const Bound& min, const Bound& max, const Tensor& out) {
          return write_out(name, out, [&] { return clamped(x, min, max); });
        },
        "input limited to [min, max]; either may be left out, and may be a tensor.");
    f.method((std::string(name) + "_").c_str(), "(self, min=None, max=None) -> Tensor",
             [name](const py::object& self, const Bound& min, const Bound& max) {
               return rewrite(name, self, [&](const Tensor& x) { return clamped(x, min, max); });
             });
  }
  auto def_bound = [&](const char* name, const char* bound, auto limit) {
    f.def(name, concat("(input, ", bound, ", *, out=None)").c_str(),
          [=](const Tensor& x, const Operand& b, const Tensor& out) {
            return write_out(name, out, [&] { return limit(x, b); });
          });
    f.method((std::string(name) + "_").c_str(), concat("(self, ", bound, ") -> Tensor").c_str(),
             [=](const py::object& self, const Operand& b) {
               return rewrite(name, self, [&](const Tensor& x) { return limit(x, b); });
             });
  };
  def_bound("clamp_min", "min", [](const Tensor& x, const Operand& b) { return clamped(x, b, std::nullopt); });
  def_bound("clamp_max", "max", [](const Tensor& x, const Operand& b) { return clamped(x, std::nullopt, b); });
  auto finite = [](const Tensor& x, std::optional<double> nan, std::optional<double> posinf,
                   std::optional<double> neginf) {
    double largest = largest_finite(x.dtype());
    return unary_of<scalar::NanToNum>(x, {nan.value_or(0.0), posinf.value_or(largest), neginf.value_or(-largest)});
  };
  using Number = std::optional<double>;
  f.def(
      "nan_to_num", "(input, nan=None, posinf=None, neginf=None, *, out=None)",
      [=](const Tensor& x, Number nan, Number posinf, Number neginf, const Tensor& out) {
        return write_out("nan_to_num", out, [&] { return finite(x, nan, posinf, neginf); });
      },
      "Replaces NaN and infinities by numbers (default 0 and the largest finite ones).");
  f.method(
      "nan_to_num_", "(self, nan=None, posinf=None, neginf=None) -> Tensor",
      [=](const py::object& self, Number nan, Number posinf, Number neginf) {
        return rewrite("nan_to_num", self, [&](const Tensor& x) { return finite(x, nan, posinf, neginf); });
      },
      "nan_to_num() in place.");
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
      "input + weight * (end - input).");
  f.method("lerp_", "(self, end, weight) -> Tensor",
           [](const py::object& self, const Tensor& end, const Operand& weight) {
             return rewrite("lerp", self, [&](const Tensor& x) { return lerp(x, end, weight); });
           });
  for (const char* name : {"addcmul", "addcdiv"}) {
    bool multiplies = name[4] == 'm';
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
        "input + value * tensor1 * tensor2 (or / tensor2).");
    f.method((std::string(name) + "_").c_str(), "(self, tensor1, tensor2, *, value=1) -> Tensor",
             [=](const py::object& self, const Tensor& a, const Tensor& b, const Scalar& value) {
               return rewrite(name, self, [&](const Tensor& x) { return multiplied(x, a, b, value); });
             });
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
  f.def(
      "round", "(input, *, decimals, out=None)",
      [=](const Tensor& x, int64_t decimals, const Tensor& out) {
        return write_out("round", out, [&] { return rounded(x, decimals); });
      },
      "Rounded to that many decimal places, ties to even.");
  f.method("round_", "(self, *, decimals) -> Tensor", [=](const py::object& self, int64_t decimals) {
    return rewrite("round", self, [&](const Tensor& x) { return rounded(x, decimals); });
  });
  auto logit = [](const Tensor& x, std::optional<double> eps) {
    Tensor p = is_inexact(x.dtype()) ? x : to_dtype(x, default_float_dtype());
    if (eps) p = clamp(p, Scalar(*eps), Scalar(1.0 - *eps));
    return sub(log(p), log1p(neg(p)));
  };
  f.method("logit_", "(self, eps=None) -> Tensor", [=](const py::object& self, std::optional<double> eps) {
    return rewrite("logit", self, [&](const Tensor& x) { return logit(x, eps); });
  });
  f.def(
      "logit", "(input, eps=None, *, out=None)",
      [=](const Tensor& x, std::optional<double> eps, const Tensor& out) {
        return write_out("logit", out, [&] { return logit(x, eps); });
      },
      "log(x / (1 - x)), of x limited to [eps, 1 - eps].");
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
        "Where |input - other| <= atol + rtol |other|.");
  f.def(
      "allclose", "(input, other, rtol=1e-5, atol=1e-8, equal_nan=False)",
      [=](const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
        return truth(isclose(a, b, rtol, atol, equal_nan));
      },
      "Is isclose() true everywhere?");
  f.def(
      "equal", "(input, other)",
      [=](const Tensor& a, const Tensor& b) -> py::object {
        return a.shape() == b.shape() ? truth(eq(a, b)) : py::bool_(false);
      },
      "Have both the same shape and elements?\n\n>>> import weft\n>>> weft.equal(weft.ones(2), weft.ones(3))\nFalse\n");
}

void bind_types(Family& f) {
  py::module_& m = f.module();
  Family(m).function(
      "result_type", "(tensor1, tensor2)",
      [](const Operand& a, const Operand& b) {
        Promotion p;
        for (const Operand* o : {&a, &b}) std::visit([&](const auto& v) { p.add(v); }, *o);
        return p.result();
      },
      "The dtype that mixing both gives.");
  Family(m).function(
      "promote_types", "(type1, type2)", [](DType a, DType b) { return promote(a, b); },
      "The smallest dtype that both can be converted to.");
  Family(m).function(
      "can_cast", "(from_, to)", [](DType from, DType to) { return can_cast(from, to); },
      "May a result of the first dtype be stored in the second?");
}

}  // namespace

void bind_elementwise(Family& f, Family& nn) {
  bind_unary_list(f, scalar::UnaryList{});
  bind_binary_list(f, scalar::BinaryList{});
  bind_arithmetic(f);
  bind_clamp(f);
  bind_copies(f);
  bind_composites(f);
  bind_types(f);
  bind_synonyms(f);
  bind_comparisons(f);
  f.def("bitwise_not", "(input, *, out=None)", [](const Tensor& x, const Tensor& out) {
    return write_out("bitwise_not", out, [&] { return bitwise_not(x); });
  });
  f.method("bitwise_not_", "(self) -> Tensor", [](const py::object& self) {
    return rewrite("bitwise_not", self, [](const Tensor& x) { return bitwise_not(x); });
  });
  bind_activations(nn);
}

}  // namespace weft::python
