#include <cmath>

#include "bindings/entry_docs.h"
#include "bindings/out.h"
#include "ops/creation.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

// A bound of integers as the integer next to it; none where it is infinite.
std::optional<Scalar> whole(const Scalar& s) {
  if (!s.is_float()) return s;
  return std::isinf(s.to_double()) ? std::nullopt : std::optional(Scalar(Scalar(std::trunc(s.to_double())).to_int()));
}

double as_double(double number) { return number; }
double as_double(const Scalar& number) { return number.to_double(); }

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

// The function and the one that writes over its input. `numbers`, one for each Number, are the names and defaults of
// what the entry takes beside x.
template <class Entry, class... Number>
void bind_entry(Family& nn, const char* name, std::initializer_list<std::pair<const char*, double>> numbers = {}) {
  auto run = [name](const py::object& x, const Number&... given, bool inplace) -> py::object {
    check<ErrorKind::Type>(is_tensor(x.ptr()), name, ": expected a Tensor, got ", Py_TYPE(x.ptr())->tp_name);
    const Tensor& t = unwrap(x.ptr());
    if constexpr (sizeof...(Number) == 2) {
      auto exact = [&](const Tensor& y) { return of_integers<Entry>(name, y, given...); };
      if (is_integral(t.dtype())) return inplace ? rewrite(name, x, exact) : py::cast(exact(t));
    }
    check(is_inexact(t.dtype()) || Entry::result == scalar::Result::Same, name,
          ": expected a floating point tensor, got dtype ", t.dtype());
    constexpr int i = index_in<Entry>(scalar::UnaryList{});
    const scalar::Params p{as_double(given)...};
    if (!inplace) return py::cast(unary(i, t, p));
    unary_(i, t, p);
    return x;
  };
  std::string text = "(input: Tensor";
  for (auto& [number, value] : numbers) text += concat(", ", number, ": float=", value);
  const EntryDocs docs = activation_docs<Entry>(name);
  nn.function(name, (text + ", inplace=False) -> Tensor").c_str(), run, docs.function.c_str());
  nn.function(
      concat(name, "_").c_str(), (text + ") -> Tensor").c_str(),
      [run](const py::object& x, const Number&... given) { return run(x, given..., true); }, docs.in_place.c_str());
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

// Of functions that change integers into floats.
template <class Entry>
std::string docs_of() {
  return unary_docs<Entry>("weft.nn.functional.").function;
}

void bind_parametric(Family& nn) {
  using namespace scalar;
  nn.function(
      "relu6", "(input, inplace=False)",
      [](const Tensor& x, bool inplace) {
        constexpr int i = index_in<Hardtanh>(UnaryList{});
        return inplace ? unary_(i, x, {0.0, 6.0, 0}) : unary(i, x, {0.0, 6.0, 0});
      },
      "input limited to [0, 6]; NaN stays (Howard et al., 2017). inplace=True writes the result over input.\n\n"
      "Raises NotImplementedError for complex tensors.\n\n"
      ">>> import weft\n>>> weft.nn.functional.relu6(weft.tensor([-1., 5., 9.]))\ntensor([0., 5., 6.])\n");
  nn.function(
      "softplus", "(input, beta=1.0, threshold=20.0)",
      [](const Tensor& x, double beta, double threshold) { return unary_of<Softplus>(x, {beta, threshold, 0}); },
      docs_of<Softplus>().c_str());
  nn.function(
      "softshrink", "(input, lambd=0.5)",
      [](const Tensor& x, double lambd) { return unary_of<Softshrink>(x, {lambd, 0, 0}); },
      docs_of<Softshrink>().c_str());
  nn.function(
      "hardshrink", "(input, lambd=0.5)",
      [](const Tensor& x, double lambd) { return unary_of<Hardshrink>(x, {lambd, 0, 0}); },
      docs_of<Hardshrink>().c_str());
  nn.function("glu", "(input, dim=-1)", &glu,
              "The first half of input along dim times the sigmoid of the second (Dauphin et al., 2017).\n\n"
              "Raises RuntimeError where dim has an odd size, and for a tensor without dimensions.\n\n"
              ">>> import weft\n>>> weft.nn.functional.glu(weft.tensor([1., 2., 0., 0.]))\n"
              "tensor([0.5000, 1.0000])\n");
  nn.function("prelu", "(input, weight)", &prelu,
              "x where it is positive, else weight * x; weight has 1 element, or one for each channel, which is "
              "dimension 1 (He et al., 2015).\n\n"
              "Raises RuntimeError for another number of weights, or another dtype than input's.\n\n"
              ">>> import weft\n>>> weft.nn.functional.prelu(weft.tensor([1., -2.]), weft.tensor(0.25))\n"
              "tensor([ 1.0000, -0.5000])\n");
  nn.function(
      "gelu", "(input, *, approximate='none')",
      [](const Tensor& x, const std::string& approximate) { return gelu(x, approximate); },
      "x Phi(x), where Phi(x) = (1 + erf(x / sqrt(2))) / 2 is the normal distribution; with approximate='tanh' "
      "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel, 2016).\n\n"
      "Raises RuntimeError for integers, bools and another `approximate`, NotImplementedError for complex tensors.\n\n"
      ">>> import weft\n>>> weft.nn.functional.gelu(weft.tensor([1., -1.]))\ntensor([ 0.8413, -0.1587])\n");
}

}  // namespace

void bind_activation(Family&, Family& nn) {
  using namespace scalar;
  bind_entry<Relu>(nn, "relu");
  bind_entry<Silu>(nn, "silu");
  bind_entry<Mish>(nn, "mish");
  bind_entry<Selu>(nn, "selu");
  bind_entry<Hardsigmoid>(nn, "hardsigmoid");
  bind_entry<Hardswish>(nn, "hardswish");
  bind_entry<Elu, double>(nn, "elu", {{"alpha", 1.0}});
  bind_entry<Celu, double>(nn, "celu", {{"alpha", 1.0}});
  bind_entry<LeakyRelu, double>(nn, "leaky_relu", {{"negative_slope", 0.01}});
  bind_entry<Hardtanh, Scalar, Scalar>(nn, "hardtanh", {{"min_val", -1.0}, {"max_val", 1.0}});
  bind_entry<Threshold, Scalar, Scalar>(nn, "threshold", {{"threshold", 0.0}, {"value", 0.0}});
  bind_parametric(nn);
  for (const char* name : {"tanh", "sigmoid", "softsign", "tanhshrink"}) {
    nn.scope().attr(name) = import_module("weft._C").attr(name);
  }
  nn.function("logsigmoid", "(input)", [](const Tensor& x) { return logsigmoid(x); }, docs_of<LogSigmoid>().c_str());
}

}  // namespace weft::python
