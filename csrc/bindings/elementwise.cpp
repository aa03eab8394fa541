#include "bindings/out.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

// What the bindings know of the entries, in the order of the lists.
template <class... Entries>
void bind_unary_list(Family& f, scalar::EntryList<Entries...>) {
  int index = 0;
  auto bind = [&](const char* name, int params) {
    int i = index++;
    if (params != 0) return;
    f.def(name, [i, name](const Tensor& x, const Tensor& out) { return write_out(name, unary(i, x), out); }, py::kw_only(),
          py::arg("out") = py::none());
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
bool special(std::string_view name) { return name == "add" || name == "sub" || name == "div" || name == "trunc_divide" || name == "pow"; }

template <class... Entries>
void bind_binary_list(Family& f, scalar::EntryList<Entries...>) {
  int index = 0;
  auto bind = [&](const char* name) {
    int i = index++;
    if (special(name)) return;
    f.def(name, [i, name](const Tensor& x, const Operand& other, const Tensor& out) { return write_out(name, of_operand(i, x, other), out); },
          py::arg("other"), py::kw_only(), py::arg("out") = py::none());
    f.method((std::string(name) + "_").c_str(), [i](const py::object& self, const Operand& other) {
      of_operand_(i, unwrap(self.ptr()), other);
      return self;
    }, py::arg("other"));
  };
  (bind(Entries::name), ...);
}

template <class F>
Tensor with_operand(const Operand& o, F f) {
  return std::visit([&](const auto& v) { return f(v); }, o);
}

Operand scaled(const Operand& other, const Scalar& alpha) {
  if (!alpha.is_float() && alpha.to_int() == 1) return other;
  if (const Tensor* t = std::get_if<Tensor>(&other)) return mul(*t, alpha);
  const Scalar& s = std::get<Scalar>(other);
  if (s.is_float() || alpha.is_float()) return Scalar(s.to_double() * alpha.to_double());
  return Scalar(s.to_int() * alpha.to_int());
}

Tensor divided(const Tensor& x, const Operand& other, const std::optional<std::string>& mode) {
  check(!mode || *mode == "floor" || *mode == "trunc", "div: rounding_mode must be None, 'floor' or 'trunc', got '", mode.value_or(""), "'");
  return with_operand(other, [&](const auto& o) { return !mode ? div(x, o) : *mode == "floor" ? floor_divide(x, o) : trunc_divide(x, o); });
}

void bind_arithmetic(Family& f) {
  for (const char* name : {"add", "sub", "subtract"}) {
    bool adds = name[0] == 'a';
    f.def(name, [adds, name](const Tensor& x, const Operand& other, const Scalar& alpha, const Tensor& out) {
      Tensor y = with_operand(scaled(other, alpha), [&](const auto& o) { return adds ? add(x, o) : sub(x, o); });
      return write_out(name, y, out);
    }, py::arg("other"), py::kw_only(), py::arg("alpha") = Scalar(1), py::arg("out") = py::none(),
          "input + alpha * other (or minus), with broadcasting and type promotion.");
    f.method((std::string(name) + "_").c_str(), [adds](const py::object& self, const Operand& other, const Scalar& alpha) {
      with_operand(scaled(other, alpha), [&](const auto& o) { return adds ? add_(unwrap(self.ptr()), o) : sub_(unwrap(self.ptr()), o); });
      return self;
    }, py::arg("other"), py::kw_only(), py::arg("alpha") = Scalar(1));
  }
  f.def("rsub", [](const Tensor& x, const Operand& other, const Scalar& alpha) {
    Tensor scaled_x = !alpha.is_float() && alpha.to_int() == 1 ? x : mul(x, alpha);
    return with_operand(other, [&](const auto& o) { return sub(o, scaled_x); });
  }, py::arg("other"), py::kw_only(), py::arg("alpha") = Scalar(1), "other - alpha * input.");
  for (const char* name : {"div", "divide"}) {
    f.def(name, [name](const Tensor& x, const Operand& other, const std::optional<std::string>& mode, const Tensor& out) {
      return write_out(name, divided(x, other, mode), out);
    }, py::arg("other"), py::kw_only(), py::arg("rounding_mode") = py::none(), py::arg("out") = py::none(),
          "input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.");
    f.method((std::string(name) + "_").c_str(), [](const py::object& self, const Operand& other, const std::optional<std::string>& mode) {
      const Tensor& x = unwrap(self.ptr());
      with_operand(other, [&](const auto& o) { return !mode ? div_(x, o) : *mode == "floor" ? floor_divide_(x, o) : trunc_divide_(x, o); });
      return self;
    }, py::arg("other"), py::kw_only(), py::arg("rounding_mode") = py::none());
  }
  f.function("pow", [](const Operand& base, const Operand& exponent, const Tensor& out) {
    if (const Tensor* x = std::get_if<Tensor>(&base))
      return write_out("pow", with_operand(exponent, [&](const auto& e) { return pow(*x, e); }), out);
    check<ErrorKind::Type>(std::holds_alternative<Tensor>(exponent), "pow: at least one of input and exponent must be a Tensor");
    return write_out("pow", pow(std::get<Scalar>(base), std::get<Tensor>(exponent)), out);
  }, py::arg("input"), py::arg("exponent"), py::kw_only(), py::arg("out") = py::none(), "input to the power of exponent.");
  f.method("pow", [](const Tensor& x, const Operand& e) { return with_operand(e, [&](const auto& o) { return pow(x, o); }); }, py::arg("exponent"));
  f.method("pow_", [](const py::object& self, const Operand& e) {
    with_operand(e, [&](const auto& o) { return pow_(unwrap(self.ptr()), o); });
    return self;
  }, py::arg("exponent"));
}

// Other names of the same functions.
void bind_synonyms(Family& f) {
  constexpr std::pair<const char*, const char*> synonyms[] = {
      {"negative", "neg"}, {"absolute", "abs"}, {"multiply", "mul"}, {"true_divide", "div"}, {"greater", "gt"}, {"greater_equal", "ge"},
      {"less", "lt"}, {"less_equal", "le"}, {"not_equal", "ne"}, {"arccos", "acos"}, {"arcsin", "asin"}, {"arctan", "atan"},
      {"arctan2", "atan2"}, {"arccosh", "acosh"}, {"arcsinh", "asinh"}, {"arctanh", "atanh"}, {"fix", "trunc"}};
  py::handle type(reinterpret_cast<PyObject*>(tensor_type()));
  for (auto [name, original] : synonyms) {
    f.module().attr(name) = f.module().attr(original);
    for (const char* suffix : {"", "_"}) {
      std::string from = std::string(original) + suffix, to = std::string(name) + suffix;
      if (py::hasattr(type, from.c_str())) py::setattr(type, to.c_str(), py::getattr(type, from.c_str()));
    }
  }
}

Tensor clamped(const Tensor& x, const std::optional<Operand>& min, const std::optional<Operand>& max) {
  bool tensors = (min && std::holds_alternative<Tensor>(*min)) || (max && std::holds_alternative<Tensor>(*max));
  if (!tensors) {
    return clamp(x, min ? std::optional(std::get<Scalar>(*min)) : std::nullopt, max ? std::optional(std::get<Scalar>(*max)) : std::nullopt);
  }
  Tensor y = x;
  if (min) y = with_operand(*min, [&](const auto& o) { return maximum(y, o); });
  if (max) y = with_operand(*max, [&](const auto& o) { return minimum(y, o); });
  return y;
}

// Functions with numbers: positions in the list and how the arguments become Params.
template <class Entry>
void bind_activation(Family& nn, const char* name, std::vector<std::pair<const char*, double>> defaults) {
  constexpr int i = index_in<Entry>(scalar::UnaryList{});
  auto run = [name](const py::object& x, const scalar::Params& p, bool inplace) -> py::object {
    const Tensor& t = unwrap(x.ptr());
    check(is_floating(t.dtype()) || Entry::result == scalar::Result::Same, name, ": expected a floating point tensor, got dtype ", t.dtype());
    if (!inplace) return py::cast(unary(i, t, p));
    unary_(i, t, p);
    return x;
  };
  auto check_input = [name](const py::object& x) {
    check<ErrorKind::Type>(is_tensor(x.ptr()), name, ": expected a Tensor, got ", std::string(Py_TYPE(x.ptr())->tp_name));
  };
  if (defaults.empty()) {
    nn.function(name, [=](const py::object& x, bool inplace) { check_input(x); return run(x, {}, inplace); }, py::arg("input"), py::arg("inplace") = false);
  } else if (defaults.size() == 1) {
    nn.function(name, [=](const py::object& x, double a, bool inplace) { check_input(x); return run(x, {a, 0, 0}, inplace); },
                py::arg("input"), py::arg(defaults[0].first) = defaults[0].second, py::arg("inplace") = false);
  } else {
    nn.function(name, [=](const py::object& x, double a, double b, bool inplace) { check_input(x); return run(x, {a, b, 0}, inplace); },
                py::arg("input"), py::arg(defaults[0].first) = defaults[0].second, py::arg(defaults[1].first) = defaults[1].second,
                py::arg("inplace") = false);
  }
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
  bind_activation<Clamp>(nn, "hardtanh", {{"min_val", -1.0}, {"max_val", 1.0}});
  bind_activation<Threshold>(nn, "threshold", {{"threshold", 0.0}, {"value", 0.0}});
  nn.function("relu6", [](const Tensor& x, bool inplace) {
    constexpr int i = index_in<Clamp>(UnaryList{});
    return inplace ? unary_(i, x, {0.0, 6.0, 0}) : unary(i, x, {0.0, 6.0, 0});
  }, py::arg("input"), py::arg("inplace") = false);
  nn.function("softplus", [](const Tensor& x, double beta, double threshold) { return unary_of<Softplus>(x, {beta, threshold, 0}); },
              py::arg("input"), py::arg("beta") = 1.0, py::arg("threshold") = 20.0);
  nn.function("softshrink", [](const Tensor& x, double lambd) { return unary_of<Softshrink>(x, {lambd, 0, 0}); }, py::arg("input"), py::arg("lambd") = 0.5);
  nn.function("hardshrink", [](const Tensor& x, double lambd) { return unary_of<Hardshrink>(x, {lambd, 0, 0}); }, py::arg("input"), py::arg("lambd") = 0.5);
  nn.function("gelu", [](const Tensor& x, const std::string& approximate) { return gelu(x, approximate); }, py::arg("input"),
              py::kw_only(), py::arg("approximate") = "none");
  for (const char* name : {"tanh", "sigmoid", "softsign", "tanhshrink"}) {
    nn.module().attr(name) = py::module_::import("weft._C").attr(name);
  }
  nn.function("logsigmoid", [](const Tensor& x) { return logsigmoid(x); }, py::arg("input"));
}

void bind_copies(Family& f) {
  f.def("clone", [](const Tensor& x, const py::object&) { return clone(x); }, py::kw_only(), py::arg("memory_format") = py::none(),
        "A copy with memory of its own; gradients flow back to the original.");
  f.method("contiguous", [](const Tensor& x, const py::object&) { return contiguous(x); }, py::arg("memory_format") = py::none(),
           "The tensor itself if it is contiguous, else a contiguous copy.");
  f.method("copy_", [](const py::object& self, const Tensor& src, bool) {
    copy_(unwrap(self.ptr()), src);
    return self;
  }, py::arg("src"), py::arg("non_blocking") = false, "Copies src over this tensor, with broadcasting and conversion.");
  f.method("fill_", [](const py::object& self, const Operand& value) {
    if (const Tensor* t = std::get_if<Tensor>(&value)) {
      check(t->ndim() == 0, "fill_: the value must be a number or a 0-dim tensor, got shape ", t->shape());
      copy_(unwrap(self.ptr()), *t);
    } else {
      fill_(unwrap(self.ptr()), std::get<Scalar>(value));
    }
    return self;
  }, py::arg("value"), "Sets every element.");
  f.method("zero_", [](const py::object& self) {
    fill_(unwrap(self.ptr()), Scalar(0));
    return self;
  }, "Sets every element to 0.");
  auto choose = [](const Tensor& condition, const Operand& a, const Operand& b, const Tensor& out) {
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
  f.function("where", choose, py::arg("condition"), py::arg("input"), py::arg("other"), py::kw_only(), py::arg("out") = py::none(),
             "input where condition holds, other elsewhere, with broadcasting.");
  f.method("where", [choose](const Tensor& x, const Tensor& condition, const Operand& other) { return choose(condition, x, other, Tensor()); },
           py::arg("condition"), py::arg("other"));
}

void bind_clamp(Family& f) {
  using Bound = std::optional<Operand>;
  for (const char* name : {"clamp", "clip"}) {
    f.def(name, [name](const Tensor& x, const Bound& min, const Bound& max, const Tensor& out) { return write_out(name, clamped(x, min, max), out); },
          py::arg("min") = py::none(), py::arg("max") = py::none(), py::kw_only(), py::arg("out") = py::none(),
          "input limited to [min, max]; either may be left out, and may be a tensor.");
    f.method((std::string(name) + "_").c_str(), [](const py::object& self, const Bound& min, const Bound& max) {
      copy_(unwrap(self.ptr()), clamped(unwrap(self.ptr()), min, max));
      return self;
    }, py::arg("min") = py::none(), py::arg("max") = py::none());
  }
  f.def("clamp_min", [](const Tensor& x, const Operand& min) { return clamped(x, min, std::nullopt); }, py::arg("min"));
  f.def("clamp_max", [](const Tensor& x, const Operand& max) { return clamped(x, std::nullopt, max); }, py::arg("max"));
  f.method("clamp_min_", [](const py::object& self, const Operand& m) { copy_(unwrap(self.ptr()), clamped(unwrap(self.ptr()), m, std::nullopt)); return self; }, py::arg("min"));
  f.method("clamp_max_", [](const py::object& self, const Operand& m) { copy_(unwrap(self.ptr()), clamped(unwrap(self.ptr()), std::nullopt, m)); return self; }, py::arg("max"));
  f.def("nan_to_num", [](const Tensor& x, double nan, std::optional<double> posinf, std::optional<double> neginf) {
    double largest = x.dtype() == DType::Float64 ? 1.7976931348623157e308 : x.dtype() == DType::Float16 ? 65504.0 : x.dtype() == DType::BFloat16 ? 3.3895313892515355e38 : 3.4028234663852886e38;
    return unary_of<scalar::NanToNum>(x, {nan, posinf.value_or(largest), neginf.value_or(-largest)});
  }, py::arg("nan") = 0.0, py::arg("posinf") = py::none(), py::arg("neginf") = py::none(),
        "Replaces NaN and infinities by numbers (default 0 and the largest finite ones).");
}

// Composites of several ops.
void bind_composites(Family& f) {
  f.def("lerp", [](const Tensor& x, const Tensor& end, const Operand& weight) {
    return with_operand(weight, [&](const auto& w) { return add(x, mul(sub(end, x), w)); });
  }, py::arg("end"), py::arg("weight"), "input + weight * (end - input).");
  f.method("lerp_", [](const py::object& self, const Tensor& end, const Operand& weight) {
    const Tensor& x = unwrap(self.ptr());
    with_operand(weight, [&](const auto& w) { return add_(x, mul(sub(end, x), w)); });
    return self;
  }, py::arg("end"), py::arg("weight"));
  for (const char* name : {"addcmul", "addcdiv"}) {
    bool multiplies = name[4] == 'm';
    auto term = [multiplies](const Tensor& a, const Tensor& b, const Scalar& value) {
      Tensor t = multiplies ? mul(a, b) : div(a, b);
      return !value.is_float() && value.to_int() == 1 ? t : mul(t, value);
    };
    f.def(name, [term](const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& value) { return add(x, term(a, b, value)); },
          py::arg("tensor1"), py::arg("tensor2"), py::kw_only(), py::arg("value") = Scalar(1), "input + value * tensor1 * tensor2 (or / tensor2).");
    f.method((std::string(name) + "_").c_str(), [term](const py::object& self, const Tensor& a, const Tensor& b, const Scalar& value) {
      add_(unwrap(self.ptr()), term(a, b, value));
      return self;
    }, py::arg("tensor1"), py::arg("tensor2"), py::kw_only(), py::arg("value") = Scalar(1));
  }
}

void bind_types(Family& f) {
  py::module_& m = f.module();
  m.def("result_type", [](const Operand& a, const Operand& b) {
    Promotion p;
    for (const Operand* o : {&a, &b}) std::visit([&](const auto& v) { p.add(v); }, *o);
    return p.result();
  }, py::arg("tensor1"), py::arg("tensor2"), "The dtype that mixing both gives.");
  m.def("promote_types", [](DType a, DType b) { return promote(a, b); }, py::arg("type1"), py::arg("type2"), "The smallest dtype that both can be converted to.");
  m.def("can_cast", [](DType from, DType to) {
    auto category = [](DType t) { return is_floating(t) ? 2 : is_integral(t) ? 1 : 0; };
    return category(from) <= category(to);
  }, py::arg("from_"), py::arg("to"), "May a result of the first dtype be stored in the second?");
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
  f.def("bitwise_not", [](const Tensor& x) { return bitwise_not(x); });
  bind_activations(nn);
}

}  // namespace weft::python
