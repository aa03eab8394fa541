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
    f.def(
        name, [i, name](const Tensor& x, const Tensor& out) { return write_out(name, unary(i, x), out); },
        py::kw_only(), py::arg("out") = py::none());
    f.method((std::string(name) + "_").c_str(), [i](const py::object& self) {
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
    f.def(
        name,
        [i, name](const Tensor& x, const Operand& other, const Tensor& out) {
          return write_out(name, of_operand(i, x, other), out);
        },
        py::arg("other"), py::kw_only(), py::arg("out") = py::none());
    f.method((std::string(name) + "_").c_str(),
             [i](const py::object& self, const Operand& other) {
               of_operand_(i, unwrap(self.ptr()), other);
               return self;
             },
             py::arg("other"));
    if (takes_number_first(name))
      f.function(
          name,
          [i, name](const Scalar& x, const Tensor& other, const Tensor& out) {
            return write_out(name, binary(i, x, other), out);
          },
          py::arg("input"), py::arg("other"), py::kw_only(), py::arg("out") = py::none());
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
        name,
        [adds, name](const Tensor& x, const Operand& other, const Scalar& alpha, const Tensor& out) {
          return write_out(name, combined(name, x, other, alpha, adds), out);
        },
        py::arg("other"), py::kw_only(), py::arg("alpha") = Scalar(1), py::arg("out") = py::none(),
        "input + alpha * other (or minus), with broadcasting and type promotion.");
    auto change = [adds, name](const py::object& self, const Operand& other, const Scalar& alpha) {
      if (!is_one(alpha))
        return rewrite(name, self, [&](const Tensor& x) { return combined(name, x, other, alpha, adds); });
      with_operand(other,
                   [&](const auto& o) { return adds ? add_(unwrap(self.ptr()), o) : sub_(unwrap(self.ptr()), o); });
      return self;
    };
    const std::string in_place = std::string(name) + "_";
    f.method(in_place.c_str(), change, py::arg("other"), py::kw_only(), py::arg("alpha") = Scalar(1));
    f.function(
        name,
        [adds, name](const Scalar& x, const Tensor& other, const Scalar& alpha, const Tensor& out) {
          const DType dtype = result_type(other, x);
          Tensor y = is_one(alpha) ? other : std::get<Tensor>(scaled(name, other, other, alpha, dtype));
          return write_out(name, to_dtype(adds ? add(x, y) : sub(x, y), dtype), out);
        },
        py::arg("input"), py::arg("other"), py::kw_only(), py::arg("alpha") = Scalar(1), py::arg("out") = py::none());
    // The former form with alpha in front.
    f.def(
        name,
        [adds, name](const Tensor& x, const Scalar& alpha, const Tensor& other) {
          warn_former(name, "(..., other, alpha=)");
          return combined(name, x, other, alpha, adds);
        },
        py::arg("alpha"), py::arg("other"));
    f.method(
        in_place.c_str(),
        [change, in_place](const py::object& self, const Scalar& alpha, const Tensor& other) {
          warn_former(in_place, "(other, alpha=)");
          return change(self, other, alpha);
        },
        py::arg("alpha"), py::arg("other"));
  }
  f.def(
      "rsub",
      [](const Tensor& x, const Operand& other, const Scalar& alpha) {
        DType dtype = result_type_of(x, other);
        Tensor scaled_x = is_one(alpha) ? x : std::get<Tensor>(scaled("rsub", x, Operand(x), alpha, dtype));
        return to_dtype(with_operand(other, [&](const auto& o) { return sub(o, scaled_x); }), dtype);
      },
      py::arg("other"), py::kw_only(), py::arg("alpha") = Scalar(1), "other - alpha * input.");
  for (const char* name : {"div", "divide"}) {
    f.def(
        name,
        [name](const Tensor& x, const Operand& other, const std::optional<std::string>& mode, const Tensor& out) {
          return write_out(name, divided(x, other, mode), out);
        },
        py::arg("other"), py::kw_only(), py::arg("rounding_mode") = py::none(), py::arg("out") = py::none(),
        "input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.");
    f.function(
        name,
        [name](const Scalar& x, const Tensor& other, const std::optional<std::string>& mode, const Tensor& out) {
          return write_out(name, divided(x, other, mode), out);
        },
        py::arg("input"), py::arg("other"), py::kw_only(), py::arg("rounding_mode") = py::none(),
        py::arg("out") = py::none());
    f.method((std::string(name) + "_").c_str(),
             [](const py::object& self, const Operand& other, const std::optional<std::string>& mode) {
               const Tensor& x = unwrap(self.ptr());
               check_rounding(mode);
               with_operand(other, [&](const auto& o) {
                 return !mode ? div_(x, o) : *mode == "floor" ? div_floor_(x, o) : trunc_divide_(x, o);
               });
               return self;
             },
             py::arg("other"), py::kw_only(), py::arg("rounding_mode") = py::none());
  }
  f.function(
      "pow",
      [](const Operand& base, const Operand& exponent, const Tensor& out) {
        if (const Tensor* x = std::get_if<Tensor>(&base))
          return write_out("pow", with_operand(exponent, [&](const auto& e) { return pow(*x, e); }), out);
        check<ErrorKind::Type>(std::holds_alternative<Tensor>(exponent),
                               "pow: at least one of input and exponent must be a Tensor");
        return write_out("pow", pow(std::get<Scalar>(base), std::get<Tensor>(exponent)), out);
      },
      py::arg("input"), py::arg("exponent"), py::kw_only(), py::arg("out") = py::none(),
      "input to the power of exponent.");
  f.method(
      "pow",
      [](const Tensor& x, const Operand& e) { return with_operand(e, [&](const auto& o) { return pow(x, o); }); },
      py::arg("exponent"));
  f.method(
      "pow_",
      [](const py::object& self, const Operand& e) {
        with_operand(e, [&](const auto& o) { return pow_(unwrap(self.ptr()), o); });
        return self;
      },
      py::arg("exponent"));
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
    nn.function(
        name,
        [=](const py::object& x, bool inplace) {
          check_input(x);
          return run(x, {}, inplace);
        },
        py::arg("input"), py::arg("inplace") = false);
    nn.function(
        name_.c_str(),
        [=](const py::object& x) {
          check_input(x);
          return run(x, {}, true);
        },
        py::arg("input"));
  } else if (defaults.size() == 1) {
    nn.function(
        name,
        [=](const py::object& x, double a, bool inplace) {
          check_input(x);
          return run(x, {a, 0, 0}, inplace);
        },
        py::arg("input"), py::arg(defaults[0].first) = defaults[0].second, py::arg("inplace") = false);
    nn.function(
        name_.c_str(),
        [=](const py::object& x, double a) {
          check_input(x);
          return run(x, {a, 0, 0}, true);
        },
        py::arg("input"), py::arg(defaults[0].first) = defaults[0].second);
  } else {
    auto run_with = [=](const py::object& x, const Scalar& a, const Scalar& b, bool inplace) -> py::object {
      check_input(x);
      const Tensor& t = unwrap(x.ptr());
      if (!is_integral(t.dtype())) return run(x, {a.to_double(), b.to_double(), 0}, inplace);
      auto exact = [&](const Tensor& y) { return of_integers<Entry>(name, y, a, b); };
      return inplace ? rewrite(name, x, exact) : py::cast(exact(t));
    };
    nn.function(name, run_with, py::arg("input"), py::arg(defaults[0].first) = Scalar(defaults[0].second),
                py::arg(defaults[1].first) = Scalar(defaults[1].second), py::arg("inplace") = false);
    nn.function(
        name_.c_str(), [=](const py::object& x, const Scalar& a, const Scalar& b) { return run_with(x, a, b, true); },
        py::arg("input"), py::arg(defaults[0].first) = Scalar(defaults[0].second),
        py::arg(defaults[1].first) = Scalar(defaults[1].second));
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
  nn.function(
      "relu6",
      [](const Tensor& x, bool inplace) {
        constexpr int i = index_in<Hardtanh>(UnaryList{});
        return inplace ? unary_(i, x, {0.0, 6.0, 0}) : unary(i, x, {0.0, 6.0, 0});
      },
      py::arg("input"), py::arg("inplace") = false);
  nn.function(
      "softplus",
      [](const Tensor& x, double beta, double threshold) { return unary_of<Softplus>(x, {beta, threshold, 0}); },
      py::arg("input"), py::arg("beta") = 1.0, py::arg("threshold") = 20.0);
  nn.function(
      "softshrink", [](const Tensor& x, double lambd) { return unary_of<Softshrink>(x, {lambd, 0, 0}); },
      py::arg("input"), py::arg("lambd") = 0.5);
  nn.function(
      "hardshrink", [](const Tensor& x, double lambd) { return unary_of<Hardshrink>(x, {lambd, 0, 0}); },
      py::arg("input"), py::arg("lambd") = 0.5);
  nn.function("glu", &glu, py::arg("input"), py::arg("dim") = -1,
              "The first half along dim times the sigmoid of the second (Dauphin et al., 2017).");
  nn.function("prelu", &prelu, py::arg("input"), py::arg("weight"),
              "x where it is positive, else weight * x; weight has 1 element or one per channel (He et al., 2015).");
  nn.function(
      "gelu", [](const Tensor& x, const std::string& approximate) { return gelu(x, approximate); }, py::arg("input"),
      py::kw_only(), py::arg("approximate") = "none");
  for (const char* name : {"tanh", "sigmoid", "softsign", "tanhshrink"}) {
    nn.module().attr(name) = py::module_::import("weft._C").attr(name);
  }
  nn.function("logsigmoid", [](const Tensor& x) { return logsigmoid(x); }, py::arg("input"));
}

void bind_copies(Family& f) {
  f.def(
      "clone",
      [](const Tensor& x, const FormatArgument& format) {
        const Tensor y = in_format("clone", x, format);
        return y.same(x) ? clone(x) : y;
      },
      py::kw_only(), py::arg("memory_format") = py::none(),
      "A copy with memory of its own; gradients flow back to the original. A dense tensor keeps the order of its "
      "elements unless memory_format names another one.");
  f.method(
      "contiguous",
      [](const Tensor& x, const FormatArgument& format) {
        check(!format.preserve, "contiguous: memory_format=weft.preserve_format leaves nothing to do");
        return format.ordered ? in_format("contiguous", x, format) : contiguous(x);
      },
      py::arg("memory_format") = py::none(),
      "The tensor itself if it is contiguous, else a contiguous copy; or in the order that memory_format names.\n\n"
      "Raises RuntimeError for weft.channels_last of a tensor that has not 4 dimensions, or weft.channels_last_3d of "
      "one "
      "that has not 5.\n\n"
      ">>> import weft\n>>> weft.ones(2, 3, 4, 5).contiguous(memory_format=weft.channels_last).stride()\n"
      "(60, 1, 15, 3)\n");
  f.method(
      "copy_",
      [](const py::object& self, const Tensor& src, bool non_blocking) {
        warn_of_dropped_parts(src.dtype(), unwrap(self.ptr()).dtype());
        copy_(unwrap(self.ptr()), src, non_blocking);
        return self;
      },
      py::arg("src"), py::arg("non_blocking") = false,
      "Copies src, which may live on another device, over this tensor, with broadcasting and conversion.");
  f.method(
      "fill_",
      [](const py::object& self, const Operand& value) {
        if (const Tensor* t = std::get_if<Tensor>(&value)) {
          check(t->ndim() == 0, "fill_: the value must be a number or a 0-dim tensor, got shape ", t->shape());
          copy_(unwrap(self.ptr()), *t);
        } else {
          fill_(unwrap(self.ptr()), std::get<Scalar>(value));
        }
        return self;
      },
      py::arg("value"), "Sets every element.");
  f.method(
      "zero_",
      [](const py::object& self) {
        fill_(unwrap(self.ptr()), Scalar(0));
        return self;
      },
      "Sets every element to 0.");
  auto choose = [](const Tensor& given, const Operand& a, const Operand& b, const Tensor& out) {
    const Tensor condition = mask_of_bytes(given);
    const Tensor *x = std::get_if<Tensor>(&a), *y = std::get_if<Tensor>(&b);
    Tensor result;
    if (x && y) {
      result = where(condition, *x, *y);
    } else if (x) {
      result = where(condition, *x, std::get<Scalar>(b));
    } else if (y) {
      result = where(condition, std::get<Scalar>(a), *y);
    } else {
      const Scalar &p = std::get<Scalar>(a), &q = std::get<Scalar>(b);
      DType t = Promotion().add(p).add(q).result();
      result = where(condition, scalar_tensor(p, t, condition.device()), scalar_tensor(q, t, condition.device()));
    }
    return write_out("where", result, out);
  };
  f.function("where", choose, py::arg("condition"), py::arg("input"), py::arg("other"), py::kw_only(),
             py::arg("out") = py::none(), "input where condition holds, other elsewhere, with broadcasting.");
  f.method(
      "where",
      [choose](const Tensor& x, const Tensor& condition, const Operand& other) {
        return choose(condition, x, other, Tensor());
      },
      py::arg("condition"), py::arg("other"));
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
        name,
        [name](const Tensor& x, const Bound& min, const Bound& max, const Tensor& out) {
          return write_out(name, clamped(x, min, max), out);
        },
        py::arg("min") = py::none(), py::arg("max") = py::none(), py::kw_only(), py::arg("out") = py::none(),
        "input limited to [min, max]; either may be left out, and may be a tensor.");
    f.method((std::string(name) + "_").c_str(),
             [name](const py::object& self, const Bound& min, const Bound& max) {
               return rewrite(name, self, [&](const Tensor& x) { return clamped(x, min, max); });
             },
             py::arg("min") = py::none(), py::arg("max") = py::none());
  }
  auto def_bound = [&](const char* name, const char* bound, auto limit) {
    f.def(
        name, [=](const Tensor& x, const Operand& b, const Tensor& out) { return write_out(name, limit(x, b), out); },
        py::arg(bound), py::kw_only(), py::arg("out") = py::none());
    f.method((std::string(name) + "_").c_str(),
             [=](const py::object& self, const Operand& b) {
               return rewrite(name, self, [&](const Tensor& x) { return limit(x, b); });
             },
             py::arg(bound));
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
      "nan_to_num",
      [=](const Tensor& x, Number nan, Number posinf, Number neginf, const Tensor& out) {
        return write_out("nan_to_num", finite(x, nan, posinf, neginf), out);
      },
      py::arg("nan") = py::none(), py::arg("posinf") = py::none(), py::arg("neginf") = py::none(), py::kw_only(),
      py::arg("out") = py::none(), "Replaces NaN and infinities by numbers (default 0 and the largest finite ones).");
  f.method(
      "nan_to_num_",
      [=](const py::object& self, Number nan, Number posinf, Number neginf) {
        return rewrite("nan_to_num", self, [&](const Tensor& x) { return finite(x, nan, posinf, neginf); });
      },
      py::arg("nan") = py::none(), py::arg("posinf") = py::none(), py::arg("neginf") = py::none(),
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
      "lerp",
      [](const Tensor& x, const Tensor& end, const Operand& weight, const Tensor& out) {
        return write_out("lerp", lerp(x, end, weight), out);
      },
      py::arg("end"), py::arg("weight"), py::kw_only(), py::arg("out") = py::none(), "input + weight * (end - input).");
  f.method(
      "lerp_",
      [](const py::object& self, const Tensor& end, const Operand& weight) {
        return rewrite("lerp", self, [&](const Tensor& x) { return lerp(x, end, weight); });
      },
      py::arg("end"), py::arg("weight"));
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
        name,
        [=](const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value, const Tensor& out) {
          return write_out(name, multiplied(x, a, b, value), out);
        },
        py::arg("tensor1"), py::arg("tensor2"), py::kw_only(), py::arg("value") = Scalar(1),
        py::arg("out") = py::none(), "input + value * tensor1 * tensor2 (or / tensor2).");
    f.method((std::string(name) + "_").c_str(),
             [=](const py::object& self, const Tensor& a, const Tensor& b, const Scalar& value) {
               return rewrite(name, self, [&](const Tensor& x) { return multiplied(x, a, b, value); });
             },
             py::arg("tensor1"), py::arg("tensor2"), py::kw_only(), py::arg("value") = Scalar(1));
    // The former form with the value in front.
    f.def(
        name,
        [=](const Tensor& x, const Scalar& value, const Tensor& a, const Tensor& b) {
          warn_former(name, "(..., tensor1, tensor2, value=)");
          return multiplied(x, a, b, value);
        },
        py::arg("value"), py::arg("tensor1"), py::arg("tensor2"));
    f.method((std::string(name) + "_").c_str(),
             [=](const py::object& self, const Scalar& value, const Tensor& a, const Tensor& b) {
               warn_former(std::string(name) + "_", "(tensor1, tensor2, value=)");
               return rewrite(name, self, [&](const Tensor& x) { return multiplied(x, a, b, value); });
             },
             py::arg("value"), py::arg("tensor1"), py::arg("tensor2"));
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
      "round",
      [=](const Tensor& x, int64_t decimals, const Tensor& out) {
        return write_out("round", rounded(x, decimals), out);
      },
      py::kw_only(), py::arg("decimals"), py::arg("out") = py::none(),
      "Rounded to that many decimal places, ties to even.");
  f.method(
      "round_",
      [=](const py::object& self, int64_t decimals) {
        return rewrite("round", self, [&](const Tensor& x) { return rounded(x, decimals); });
      },
      py::kw_only(), py::arg("decimals"));
  auto logit = [](const Tensor& x, std::optional<double> eps) {
    Tensor p = is_inexact(x.dtype()) ? x : to_dtype(x, default_float_dtype());
    if (eps) p = clamp(p, Scalar(*eps), Scalar(1.0 - *eps));
    return sub(log(p), log1p(neg(p)));
  };
  f.method(
      "logit_",
      [=](const py::object& self, std::optional<double> eps) {
        return rewrite("logit", self, [&](const Tensor& x) { return logit(x, eps); });
      },
      py::arg("eps") = py::none());
  f.def(
      "logit",
      [=](const Tensor& x, std::optional<double> eps, const Tensor& out) {
        return write_out("logit", logit(x, eps), out);
      },
      py::arg("eps") = py::none(), py::kw_only(), py::arg("out") = py::none(),
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
  f.def("isclose", &isclose, py::arg("other"), py::arg("rtol") = 1e-5, py::arg("atol") = 1e-8,
        py::arg("equal_nan") = false, "Where |input - other| <= atol + rtol |other|.");
  f.def(
      "allclose",
      [=](const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
        return truth(isclose(a, b, rtol, atol, equal_nan));
      },
      py::arg("other"), py::arg("rtol") = 1e-5, py::arg("atol") = 1e-8, py::arg("equal_nan") = false,
      "Is isclose() true everywhere?");
  f.def(
      "equal",
      [=](const Tensor& a, const Tensor& b) -> py::object {
        return a.shape() == b.shape() ? truth(eq(a, b)) : py::bool_(false);
      },
      py::arg("other"),
      "Have both the same shape and elements?\n\n>>> import weft\n>>> weft.equal(weft.ones(2), weft.ones(3))\nFalse\n");
}

void bind_types(Family& f) {
  py::module_& m = f.module();
  m.def(
      "result_type",
      [](const Operand& a, const Operand& b) {
        Promotion p;
        for (const Operand* o : {&a, &b}) std::visit([&](const auto& v) { p.add(v); }, *o);
        return p.result();
      },
      py::arg("tensor1"), py::arg("tensor2"), "The dtype that mixing both gives.");
  m.def(
      "promote_types", [](DType a, DType b) { return promote(a, b); }, py::arg("type1"), py::arg("type2"),
      "The smallest dtype that both can be converted to.");
  m.def(
      "can_cast", [](DType from, DType to) { return can_cast(from, to); }, py::arg("from_"), py::arg("to"),
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
  f.def(
      "bitwise_not", [](const Tensor& x, const Tensor& out) { return write_out("bitwise_not", bitwise_not(x), out); },
      py::kw_only(), py::arg("out") = py::none());
  f.method("bitwise_not_", [](const py::object& self) {
    return rewrite("bitwise_not", self, [](const Tensor& x) { return bitwise_not(x); });
  });
  bind_activations(nn);
}

}  // namespace weft::python
