#include "bindings/entry_docs.h"
#include "bindings/out.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

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
  if (min) y = std::visit([&](const auto& o) { return clamp_min(y, o); }, *min);
  if (max) y = std::visit([&](const auto& o) { return clamp_max(y, o); }, *max);
  return y;
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

void bind_bounds(Family& f) {
  using Bound = std::optional<Operand>;
  for (const char* name : {"clamp", "clip"}) {
    f.def(
        name, "(input, min=None, max=None, *, out=None)",
        [name](const Tensor& x, const Bound& min, const Bound& max, const Tensor& out) {
          return write_out(name, out, [&] { return clamped(x, min, max); });
        },
        concat(
            "input limited to [min, max], and max where min is above it; NaN stays. A bound may be left out, and be a "
            "tensor. All are broadcast and promoted to one dtype.\n\n"
            "Raises RuntimeError where both bounds are left out and for shapes that cannot be broadcast, "
            "NotImplementedError for complex tensors.\n\n"
            ">>> import weft\n>>> weft.",
            name, "(weft.tensor([-1., 0.5, 3.]), 0, 2)\ntensor([0.0000, 0.5000, 2.0000])\n")
            .c_str());
    f.method(
        (std::string(name) + "_").c_str(), "(self, min=None, max=None) -> Tensor",
        [name](const py::object& self, const Bound& min, const Bound& max) {
          return rewrite(name, self, [&](const Tensor& x) { return clamped(x, min, max); });
        },
        concat(name,
               "() in place.\n\n"
               "Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be "
               "stored in it.\n\n"
               ">>> import weft\n>>> weft.tensor([-1., 0.5, 3.]).",
               name, "_(max=2)\ntensor([-1.0000,  0.5000,  2.0000])\n")
            .c_str());
  }
  auto def_bound = [&](const char* name, const char* bound, const EntryDocs& docs, auto limit) {
    auto compute = [=](const Tensor& x, const Operand& b, const Tensor& out) {
      return write_out(name, out, [&] { return limit(x, b); });
    };
    const std::string text = concat("(input, ", bound, ", *, out=None)");
    f.function(name, text.c_str(), compute, docs.function.c_str());
    f.method(name, text.c_str(), compute, docs.method.c_str());
    f.method((std::string(name) + "_").c_str(), concat("(self, ", bound, ") -> Tensor").c_str(),
             [=](const py::object& self, const Operand& b) {
               return rewrite(name, self, [&](const Tensor& x) { return limit(x, b); });
             },
             docs.in_place.c_str());
  };
  def_bound("clamp_min", "min", binary_docs<scalar::ClampMin>(),
            [](const Tensor& x, const Operand& b) { return clamped(x, b, std::nullopt); });
  def_bound("clamp_max", "max", binary_docs<scalar::ClampMax>(),
            [](const Tensor& x, const Operand& b) { return clamped(x, std::nullopt, b); });
}

void bind_nan_to_num(Family& f) {
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
      "input with numbers for NaN and infinities, also in the parts of complex numbers: 0, the largest and the "
      "smallest "
      "finite number of the dtype if none are given. Integers stay as they are.\n\n"
      ">>> import weft\n>>> weft.nan_to_num(weft.tensor([1., float('nan'), float('inf')]), posinf=9)\n"
      "tensor([1., 0., 9.])\n");
  f.method(
      "nan_to_num_", "(self, nan=None, posinf=None, neginf=None) -> Tensor",
      [=](const py::object& self, Number nan, Number posinf, Number neginf) {
        return rewrite("nan_to_num", self, [&](const Tensor& x) { return finite(x, nan, posinf, neginf); });
      },
      "nan_to_num() in place.\n\n"
      ">>> import weft\n>>> weft.tensor([1., float('nan'), float('inf')]).nan_to_num_(posinf=9)\n"
      "tensor([1., 0., 9.])\n");
}

}  // namespace

void bind_clamp(Family& f, Family&) {
  bind_bounds(f);
  bind_nan_to_num(f);
}

}  // namespace weft::python
