#include "ops/random.h"

#include <pybind11/pybind11.h>
#include <cstring>
#include <random>

#include "bindings/autograd.h"
#include "bindings/factory.h"
#include "bindings/jit_guards.h"
#include "bindings/out.h"
#include "bindings/sizes.h"
#include "ops/elementwise.h"
#include "ops/require.h"

namespace weft::python {

template <>
struct Annotation<std::shared_ptr<Ref<Generator>>> {
  static std::string text() { return "Generator"; }
};

namespace {

using MaybeGenerator = std::optional<std::shared_ptr<Ref<Generator>>>;

Ref<Generator> generator_of(const MaybeGenerator& g) { return g ? **g : nullptr; }

void bind_uniform_and_normal(Family& f) {
  for (bool normal : {false, true}) {
    Distribution d = normal ? Distribution::Normal : Distribution::Uniform;
    const char* name = normal ? "randn" : "rand";
    auto sized = [d, name](const FactoryOptions& o, const Dims& size, const MaybeGenerator& g) {
      DrawScope draw(generator_of(g));
      return o.finish([&] {
        return random(d, {0, 1}, checked_sizes(name, size), o.dtype_or_default(), o.device_or_default(),
                      generator_of(g));
      });
    };
    auto listed = [sized, name](const FactoryOptions& o, const py::args& size, const MaybeGenerator& g) {
      return sized(o, dims_from_args(name, size), g);
    };
    f.function(
        name, "(size, *, generator=None, " WEFT_FACTORY_OUT ")", with_options<Tensor>(name, sized),
        normal ? "Independent numbers of the standard normal distribution, of mean 0 and variance 1, in a tensor of\n"
                 "the given size (numbers, or one sequence), of the default dtype unless dtype is given.\n\n"
                 "Raises RuntimeError for negative sizes and for dtypes without such numbers.\n\n"
                 ">>> import weft\n"
                 ">>> weft.randn(2, 3).shape\n"
                 "weft.Size([2, 3])\n"
               : "Independent numbers uniform in [0, 1), in a tensor of the given size (numbers, or one sequence), of\n"
                 "the default dtype unless dtype is given.\n\n"
                 "Raises RuntimeError for negative sizes and for dtypes without such numbers.\n\n"
                 ">>> import weft\n"
                 ">>> x = weft.rand(2, 3)\n"
                 ">>> x.shape, bool(((x >= 0) & (x < 1)).all())\n"
                 "(weft.Size([2, 3]), True)\n");
    f.function(name, "(*size: int, generator=None, " WEFT_FACTORY_OUT ")", with_options<Tensor>(name, listed));
    auto like = [d](const FactoryOptions& o, const Tensor& x, const MaybeGenerator& g) {
      DrawScope draw(generator_of(g));
      o.check_format(x.shape());
      const Tensor y = random(d, {0, 1}, x.shape(), o.dtype_or(x.dtype()), o.device_or(x.device()), generator_of(g));
      return o.finish_like(y, x);
    };
    const std::string like_name = std::string(name) + "_like";
    f.function(
        like_name.c_str(), "(input, *, generator=None, " WEFT_FACTORY_LIKE ")",
        with_options<FormatArgument>(like_name.c_str(), like),
        normal ? "randn() with the shape of input, and with its dtype, device and order in memory where no others are\n"
                 "given.\n\n"
                 "Raises RuntimeError for dtypes without such numbers.\n\n"
                 ">>> import weft\n"
                 ">>> weft.randn_like(weft.zeros(2, 3)).shape\n"
                 "weft.Size([2, 3])\n"
               : "rand() with the shape of input, and with its dtype, device and order in memory where no others are\n"
                 "given.\n\n"
                 "Raises RuntimeError for dtypes without such numbers.\n\n"
                 ">>> import weft\n"
                 ">>> weft.rand_like(weft.zeros(2, 3)).shape\n"
                 "weft.Size([2, 3])\n");
  }
}

Tensor make_normal(const FactoryOptions& o, const Operand& mean, const Operand& std, const std::optional<Dims>& size,
                   const MaybeGenerator& g) {
  const Tensor *m = std::get_if<Tensor>(&mean), *s = std::get_if<Tensor>(&std);
  DrawScope draw(generator_of(g));
  if (!m && !s) {
    check<ErrorKind::Type>(size.has_value(), "normal: size is needed when mean and std are numbers");
    return o.finish([&] {
      return random(Distribution::Normal, {std::get<Scalar>(mean).to_double(), std::get<Scalar>(std).to_double()},
                    checked_sizes("normal", *size), o.dtype_or_default(), o.device_or_default(), generator_of(g));
    });
  }
  check<ErrorKind::Type>(!size && !o.given(),
                         "normal: size, dtype, device and requires_grad are for a mean and std that are numbers");
  if (s)
    require_all(ge(*s, Scalar(0.0)), "normal: the standard deviations std must not be negative");
  else
    check(std::get<Scalar>(std).to_double() >= 0, "normal: the standard deviation std must not be negative, got ",
          std::get<Scalar>(std).to_double());
  Shape shape = m && s ? broadcast_shapes("normal", m->shape(), s->shape()) : (m ? m : s)->shape();
  Tensor z = random(Distribution::Normal, {0, 1}, shape, (m ? m : s)->dtype(), (m ? m : s)->device(), generator_of(g));
  z = s ? mul(z, *s) : mul(z, std::get<Scalar>(std));
  return o.finish([&] { return m ? add(z, *m) : add(z, std::get<Scalar>(mean)); });
}

RandomParams integer_range(const char* name, int64_t low, int64_t high) {
  check(low < high, name, ": expected low < high, got low ", low, " and high ", high);
  RandomParams p;
  p.low = low;
  p.span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  return p;
}

void bind_integers(Family& f) {
  auto sized = [](const FactoryOptions& o, int64_t low, int64_t high, const Dims& size, const MaybeGenerator& g) {
    DrawScope draw(generator_of(g));
    return o.finish([&] {
      return random(Distribution::Integer, integer_range("randint", low, high), checked_sizes("randint", size),
                    o.dtype_or(DType::Int64), o.device_or_default(), generator_of(g));
    });
  };
  f.function("randint", "(low, high, size, *, generator=None, " WEFT_FACTORY_OUT ")",
             with_options<Tensor>("randint", sized),
             "Independent integers, each of low, ..., high - 1 equally likely, in a tensor of the given size,\n"
             "int64 unless dtype is given. randint(high, size) begins at 0.\n\n"
             "Raises RuntimeError unless low < high.\n\n"
             ">>> import weft\n"
             ">>> x = weft.randint(3, 5, (100,))\n"
             ">>> x.shape, x.dtype, int(x.min()), int(x.max())\n"
             "(weft.Size([100]), weft.int64, 3, 4)\n");
  auto from_zero = [sized](const FactoryOptions& o, int64_t high, const Dims& size, const MaybeGenerator& g) {
    return sized(o, 0, high, size, g);
  };
  f.function("randint", "(high, size, *, generator=None, " WEFT_FACTORY_OUT ")",
             with_options<Tensor>("randint", from_zero));
  auto like = [](const FactoryOptions& o, const Tensor& x, int64_t low, int64_t high, const MaybeGenerator& g) {
    DrawScope draw(generator_of(g));
    o.check_format(x.shape());
    return o.finish_like(random(Distribution::Integer, integer_range("randint_like", low, high), x.shape(),
                                o.dtype_or(x.dtype()), o.device_or(x.device()), generator_of(g)),
                         x);
  };
  f.function("randint_like", "(input, low, high, *, generator=None, " WEFT_FACTORY_LIKE ")",
             with_options<FormatArgument>("randint_like", like),
             "randint() with the shape of input, and with its dtype, device and order in memory where no others\n"
             "are given: integers of low, ..., high - 1, or of 0, ..., high - 1 where only high is given.\n\n"
             "Raises RuntimeError unless low < high.\n\n"
             ">>> import weft\n"
             ">>> weft.randint_like(weft.zeros(2), 7, 8)\n"
             "tensor([7., 7.])\n");
  auto like_from_zero = [like](const FactoryOptions& o, const Tensor& x, int64_t high, const MaybeGenerator& g) {
    return like(o, x, 0, high, g);
  };
  f.function("randint_like", "(input, high, *, generator=None, " WEFT_FACTORY_LIKE ")",
             with_options<FormatArgument>("randint_like", like_from_zero));
  auto permutation = [](const FactoryOptions& o, int64_t n, const MaybeGenerator& g) {
    DrawScope draw(generator_of(g));
    return o.finish([&] { return randperm(n, o.dtype_or(DType::Int64), o.device_or_default(), generator_of(g)); });
  };
  f.function("randperm", "(n, *, generator=None, " WEFT_FACTORY_OUT ")", with_options<Tensor>("randperm", permutation),
             "The numbers 0, 1, ..., n - 1 in random order, each order equally likely, as a vector of int64 unless\n"
             "dtype is given.\n\n"
             "Raises RuntimeError for a negative n.\n\n"
             ">>> import weft\n"
             ">>> weft.randperm(4).sort().values\n"
             "tensor([0, 1, 2, 3])\n");
}

void bind_distributions(Family& f) {
  f.function("normal", "(mean=0.0, std=1.0, size=None, *, generator=None, " WEFT_FACTORY_OUT ")",
             with_options<Tensor>("normal", &make_normal),
             "Independent numbers of the normal distribution with the given mean and standard deviation: both\n"
             "numbers, in a tensor of the given size, or tensors, one value for each number, in the shape they\n"
             "broadcast to.\n\n"
             "Raises RuntimeError for a negative std, TypeError for numbers without a size or tensors with one.\n\n"
             ">>> import weft\n"
             ">>> weft.normal(0.0, 2.0, (2, 3)).shape\n"
             "weft.Size([2, 3])\n"
             ">>> weft.normal(weft.tensor([0., 100.]), weft.zeros(2))\n"
             "tensor([  0., 100.])\n");
  f.def(
      "multinomial", "(input, num_samples, replacement=False, *, generator=None, out=None)",
      [](const Tensor& x, int64_t n, bool replacement, const MaybeGenerator& g, const Tensor& out) {
        DrawScope draw(generator_of(g));
        return write_out("multinomial", out, [&] { return multinomial(x, n, replacement, generator_of(g)); });
      },
      "num_samples numbers of categories, drawn with probabilities proportional to the weights in input, a\n"
      "vector or one in each row of a matrix; without replacement no category comes twice. int64, of shape\n"
      "(num_samples,) or (rows, num_samples).\n\n"
      "Raises RuntimeError for weights that are negative, infinite or all zero, and for more samples\n"
      "without replacement than there are categories.\n\n"
      ">>> import weft\n"
      ">>> weft.multinomial(weft.tensor([0., 1., 0.]), 3, replacement=True)\n"
      "tensor([1, 1, 1])\n");
  f.def(
      "bernoulli", "(input, p=None, *, generator=None, out=None)",
      [](const Tensor& p, std::optional<double> chance, const MaybeGenerator& g, const Tensor& out) {
        DrawScope draw(generator_of(g));
        const Tensor drawn =  // any dtype holds 0 and 1
            chance ? random(Distribution::Bernoulli, {*chance, 0}, p.shape(), p.dtype(), p.device(), generator_of(g))
                   : bernoulli(p, generator_of(g));
        return write_out("bernoulli", out, [&] { return out.defined() ? to_dtype(drawn, out.dtype()) : drawn; });
      },
      "Independent numbers, 1 with the probability at their place in input, or with probability p, else 0;\n"
      "of the shape and dtype of input.\n\n"
      "Raises RuntimeError unless probabilities are from 0 to 1.\n\n"
      ">>> import weft\n"
      ">>> weft.bernoulli(weft.tensor([0., 1.]))\n"
      "tensor([0., 1.])\n");
}

// One in-place draw: x.normal_(mean, std) and so on.
void bind_in_place(Family& f, const char* name, Distribution d, const char* text, const char* doc) {
  f.method(
      name, text,
      [d](const py::object& self, double x, double y, const MaybeGenerator& g) {
        random_(d, {x, y}, unwrap(self.ptr()), generator_of(g));
        return self;
      },
      doc);
}
void bind_in_place_of_one(Family& f, const char* name, Distribution d, const char* text, const char* doc) {
  f.method(
      name, text,
      [d](const py::object& self, double x, const MaybeGenerator& g) {
        random_(d, {x, 0}, unwrap(self.ptr()), generator_of(g));
        return self;
      },
      doc);
}

// The integers random_() draws from when no range is given: all that the dtype holds exactly, from 0.
int64_t default_high(DType t) {
  if (!has_arithmetic(t)) return 2;  // the op refuses it
  switch (t) {
    case DType::Bool:
      return 2;
    case DType::Float16:
      return (1 << 11) + 1;
    case DType::BFloat16:
      return (1 << 8) + 1;
    case DType::Float32:
      return (1 << 24) + 1;
    case DType::Float64:
      return (int64_t{1} << 53) + 1;
    case DType::Int64:
    case DType::UInt64:
      return INT64_MAX;
    default:
      return int64_t{1} << (8 * static_cast<int>(item_size(t)) - is_signed(t));
  }
}

void bind_in_place_draws(Family& f) {
  bind_in_place(f, "uniform_", Distribution::Uniform, "(self, from=0.0, to=1.0, *, generator=None) -> Tensor",
                "Fills the tensor with independent numbers uniform in [from, to).\n\n"
                "Raises RuntimeError where from is larger than to and for integers.\n\n"
                ">>> import weft\n"
                ">>> x = weft.zeros(100).uniform_(-1, 1)\n"
                ">>> bool(((x >= -1) & (x < 1)).all())\n"
                "True\n");
  bind_in_place(f, "normal_", Distribution::Normal, "(self, mean=0.0, std=1.0, *, generator=None) -> Tensor",
                "Fills the tensor with independent numbers of the normal distribution with the given mean and\n"
                "standard deviation.\n\n"
                "Raises RuntimeError for a negative std and for integers.\n\n"
                ">>> import weft\n"
                ">>> weft.zeros(2).normal_(5.0, 0.0)\n"
                "tensor([5., 5.])\n");
  bind_in_place(f, "log_normal_", Distribution::LogNormal, "(self, mean=1.0, std=2.0, *, generator=None) -> Tensor",
                "Fills the tensor with exp(z) of independent numbers z of the normal distribution with the given mean\n"
                "and standard deviation.\n\n"
                "Raises RuntimeError for a negative std and for integers.\n\n"
                ">>> import weft\n"
                ">>> bool((weft.zeros(100).log_normal_() > 0).all())\n"
                "True\n");
  bind_in_place(f, "cauchy_", Distribution::Cauchy, "(self, median=0.0, sigma=1.0, *, generator=None) -> Tensor",
                "Fills the tensor with independent numbers of the Cauchy distribution, of density 1 / (pi sigma (1 +\n"
                "((x - median) / sigma)^2)).\n\n"
                "Raises RuntimeError for integers.\n\n"
                ">>> import weft\n"
                ">>> weft.zeros(2, 3).cauchy_().shape\n"
                "weft.Size([2, 3])\n");
  bind_in_place_of_one(f, "exponential_", Distribution::Exponential, "(self, lambd=1.0, *, generator=None) -> Tensor",
                       "Fills the tensor with independent numbers of the exponential distribution, of density lambd\n"
                       "exp(-lambd x) for x > 0.\n\n"
                       "Raises RuntimeError unless lambd is positive and for integers.\n\n"
                       ">>> import weft\n"
                       ">>> bool((weft.zeros(100).exponential_(2.0) >= 0).all())\n"
                       "True\n");
  bind_in_place_of_one(
      f, "geometric_", Distribution::Geometric, "(self, p, *, generator=None) -> Tensor",
      "Fills the tensor with independent numbers of trials, each a success with probability p, up to the\n"
      "first success: n = 1, 2, ... with probability (1 - p)^(n - 1) p.\n\n"
      "Raises RuntimeError unless 0 < p < 1.\n\n"
      ">>> import weft\n"
      ">>> bool((weft.zeros(100).geometric_(0.5) >= 1).all())\n"
      "True\n");
  f.method(
      "bernoulli_", "(self, p=0.5, *, generator=None) -> Tensor",
      [](const py::object& self, const Operand& p, const MaybeGenerator& g) {
        const Tensor& x = unwrap(self.ptr());
        DrawScope draw(generator_of(g));
        if (const Tensor* t = std::get_if<Tensor>(&p))
          copy_(x, bernoulli(*t, generator_of(g)));
        else
          random_(Distribution::Bernoulli, {std::get<Scalar>(p).to_double(), 0}, x, generator_of(g));
        return self;
      },
      "Fills the tensor with independent numbers, 1 with probability p, a number or a tensor with one for\n"
      "each place that broadcasts to it, else 0.\n\n"
      "Raises RuntimeError unless probabilities are from 0 to 1.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(2).bernoulli_(weft.tensor([0., 1.]))\n"
      "tensor([0., 1.])\n");
  // Integers from <= n < to; without to all that the dtype holds exactly, from `from` on.
  auto draw_integers = [](const py::object& self, int64_t from, std::optional<int64_t> to, const MaybeGenerator& g) {
    const Tensor& x = unwrap(self.ptr());
    const RandomParams range = integer_range("random_", from, to.value_or(default_high(x.dtype())));
    random_(Distribution::Integer, range, x, generator_of(g));
    return self;
  };
  f.method(
      "random_", "(self, to=None, *, generator=None) -> Tensor",
      [=](const py::object& self, std::optional<int64_t> to, const MaybeGenerator& g) {
        return draw_integers(self, 0, to, g);
      },
      "Fills the tensor with independent integers: random_(to) of 0, ..., to - 1 and random_(from, to) of\n"
      "from, ..., to - 1, each equally likely; without to as far as the dtype holds integers exactly.\n\n"
      "Raises RuntimeError unless from < to.\n\n"
      ">>> import weft\n"
      ">>> x = weft.zeros(100).random_(3, 5)\n"
      ">>> int(x.min()), int(x.max())\n"
      "(3, 4)\n");
  f.method("random_", "(self, from, to=None, *, generator=None) -> Tensor", draw_integers);
}

Tensor state_tensor(const char* asked, const Generator& g) {
  refuse_while_tracing(asked);
  const PhiloxState s = g.state();
  Tensor t = empty({16}, DType::UInt8);
  std::memcpy(t.data(), &s, sizeof s);
  return t;
}

void restore(const char* asked, Generator& g, const Tensor& t) {
  refuse_while_tracing(asked);
  check(t.dtype() == DType::UInt8 && t.numel() == 16 && t.is_contiguous(), asked,
        ": expected the 16 bytes (uint8) that ", std::string(asked).replace(0, 1, "g"), "() gave, got shape ",
        t.shape(), " of dtype ", t.dtype());
  PhiloxState s;
  std::memcpy(&s, t.data(), sizeof s);
  g.set_state(s);
}

uint64_t fresh_seed() {
  refuse_while_tracing("seed");
  return (static_cast<uint64_t>(std::random_device{}()) << 32 | std::random_device{}()) >> 1;
}

// An integer, also of NumPy or in a tensor, but no bool; for weft.manual_seed, as in PyTorch, whatever int() takes.
uint64_t read_seed(const py::object& given, bool convert) {
  refuse_while_tracing("manual_seed");
  check<ErrorKind::Type>(convert || (PyIndex_Check(given.ptr()) && !is_truth(given.ptr())),
                         "manual_seed: expected an integer, got ", Py_TYPE(given.ptr())->tp_name);
  auto seed = py::reinterpret_steal<py::object>(convert ? PyNumber_Long(given.ptr()) : PyNumber_Index(given.ptr()));
  if (!seed) throw py::error_already_set();
  // Negative seeds count from 2^64, as PyTorch's do.
  py::int_ lowest(INT64_MIN), highest(UINT64_MAX);
  check<ErrorKind::Value>(seed >= lowest && seed <= highest, "manual_seed: the seed must be in [-2^63, 2^64), got ",
                          std::string(py::str(seed)));
  py::object wrapped = seed & highest;
  return wrapped.cast<uint64_t>();
}

void bind_generators(Family& m) {
  py::class_<DrawScope>(m.scope(), "_DrawScope", "A scope that leaves a generator as it was when it raises.")
      .def(py::init([](const MaybeGenerator& g) { return std::make_unique<DrawScope>(generator_of(g)); }),
           py::arg("generator") = py::none())
      .def("__enter__", [](DrawScope&) {})
      .def("__exit__", [](DrawScope& scope, const py::object& type, const py::object&, const py::object&) {
        if (!type.is_none()) scope.give_back();
      });
  using Holder = std::shared_ptr<Ref<Generator>>;
  py::class_<Ref<Generator>, Holder>(
      m.scope(), "Generator",
      "A stream of random numbers with its own seed, for the generator= of functions that draw some.\n\n"
      ">>> import weft\n"
      ">>> g = weft.Generator().manual_seed(1)\n"
      ">>> h = weft.Generator().manual_seed(1)\n"
      ">>> weft.equal(weft.rand(3, generator=g), weft.rand(3, generator=h))\n"
      "True\n")
      .def(py::init(
               [](const std::optional<Device>&) { return std::make_shared<Ref<Generator>>(make_ref<Generator>()); }),
           py::arg("device") = Device{})
      .def(
          "manual_seed",
          [](const py::object& self, const py::object& seed) {
            self.cast<Ref<Generator>&>()->manual_seed(read_seed(seed, false));
            return self;
          },
          py::arg("seed"),
          "Starts the stream anew from a seed, an integer from -2^63 to 2^64 - 1 where negative ones count from\n"
          "2^64; returns the generator.\n\n"
          "Raises TypeError for anything but an integer, ValueError for one out of range.\n\n"
          ">>> import weft\n"
          ">>> g = weft.Generator().manual_seed(1)\n"
          ">>> g.initial_seed()\n"
          "1\n")
      .def(
          "seed",
          [](Ref<Generator>& g) {
            uint64_t s = fresh_seed();
            g->manual_seed(s);
            return s;
          },
          "Starts the stream anew from a seed of the operating system, which it returns.\n\n"
          ">>> import weft\n"
          ">>> g = weft.Generator()\n"
          ">>> g.seed() == g.initial_seed()\n"
          "True\n")
      .def(
          "initial_seed",
          [](const py::object& self) {
            const uint64_t seed = self.cast<Ref<Generator>&>()->seed();
            if (tracing())
              note_setting("initial_seed() of a Generator", self.attr("initial_seed"), py::cast(seed), self);
            return seed;
          },
          "The seed the stream was started from.\n\n"
          ">>> import weft\n"
          ">>> weft.Generator().manual_seed(7).initial_seed()\n"
          "7\n")
      .def(
          "get_state", [](Ref<Generator>& g) { return state_tensor("get_state", *g); },
          "The place in the stream, for set_state(): 16 bytes as a uint8 vector.\n\n"
          ">>> import weft\n"
          ">>> g = weft.Generator().manual_seed(1)\n"
          ">>> state, x = g.get_state(), weft.rand(3, generator=g)\n"
          ">>> weft.equal(weft.rand(3, generator=g.set_state(state)), x)\n"
          "True\n")
      .def(
          "set_state",
          [](const py::object& self, const Tensor& t) {
            restore("set_state", *self.cast<Ref<Generator>&>(), t);
            return self;
          },
          py::arg("new_state"),
          "Goes back to a place that get_state() gave; returns the generator.\n\n"
          "Raises RuntimeError for another tensor than such 16 bytes.\n\n"
          ">>> import weft\n"
          ">>> g, h = weft.Generator().manual_seed(1), weft.Generator()\n"
          ">>> h.set_state(g.get_state()).initial_seed()\n"
          "1\n")
      .def("__reduce__",
           [](const py::object& self) -> py::tuple {
             PhiloxState s = self.cast<Ref<Generator>&>()->state();
             return py::make_tuple(import_module("weft._C").attr("_generator"),
                                   py::make_tuple(py::type::of(self), s.seed, s.offset));
           })
      .def_property_readonly(
          "device", [](Ref<Generator>&) { return Device{}; },
          "The device of the state: always the CPU.\n\n"
          ">>> import weft\n"
          ">>> weft.Generator().device\n"
          "device(type='cpu')\n");
  m.function("_generator", "(type, seed, offset)", [](const py::object& type, uint64_t seed, uint64_t offset) {
    py::object g = type();
    g.cast<Ref<Generator>&>()->set_state({seed, offset});
    return g;
  });
  m.scope().attr("default_generator") = py::cast(std::make_shared<Ref<Generator>>(default_generator()));
  m.function(
      "manual_seed", "(seed: float) -> Generator",
      [](const py::object& seed) -> py::object {
        default_generator()->manual_seed(read_seed(seed, true));
        return import_module("weft._C").attr("default_generator");
      },
      "Seeds the default generator, from which the same numbers follow with any number of threads, and\n"
      "returns it. Negative seeds count from 2^64.\n\n"
      "Raises ValueError for a seed out of -2^63, ..., 2^64 - 1.\n\n"
      ">>> import weft\n"
      ">>> g = weft.manual_seed(1)\n"
      ">>> x = weft.rand(3)\n"
      ">>> g = weft.manual_seed(1)\n"
      ">>> weft.equal(weft.rand(3), x)\n"
      "True\n");
  m.function(
      "seed", "() -> int",
      [] {
        uint64_t s = fresh_seed();
        default_generator()->manual_seed(s);
        return s;
      },
      "Seeds the default generator from the operating system and returns the seed.\n\n"
      ">>> import weft\n"
      ">>> weft.seed() == weft.initial_seed()\n"
      "True\n");
  def_setting(
      m, "initial_seed", [] { return default_generator()->seed(); },
      "The seed that the default generator was started from.\n\n"
      ">>> import weft\n"
      ">>> g = weft.manual_seed(7)\n"
      ">>> weft.initial_seed()\n"
      "7\n");
  m.function(
      "get_rng_state", "()", [] { return state_tensor("get_rng_state", *default_generator()); },
      "The place in the stream of the default generator, for set_rng_state(): 16 bytes as a uint8 vector.\n\n"
      ">>> import weft\n"
      ">>> state, x = weft.get_rng_state(), weft.rand(3)\n"
      ">>> weft.set_rng_state(state)\n"
      ">>> weft.equal(weft.rand(3), x)\n"
      "True\n");
  m.function(
      "set_rng_state", "(new_state)", [](const Tensor& t) { restore("set_rng_state", *default_generator(), t); },
      "Takes the default generator back to a place that get_rng_state() gave.\n\n"
      "Raises RuntimeError for another tensor than such 16 bytes.\n\n"
      ">>> import weft\n"
      ">>> state, x = weft.get_rng_state(), weft.rand(3)\n"
      ">>> weft.set_rng_state(state)\n"
      ">>> weft.equal(weft.rand(3), x)\n"
      "True\n");
}

py::object dropped(const py::object& self, double p, bool training, bool inplace, bool features) {
  const Tensor& x = unwrap(self.ptr());
  DrawScope draw(nullptr);
  Tensor y = dropout(x, p, training, features);
  if (!inplace) return py::cast(y);
  copy_(x, y);
  return self;
}

void bind_dropout(Family& f, Family& nn) {
  f.function(
      "dropout", "(input: Tensor, p, train) -> Tensor",
      [](const py::object& x, double p, bool train) { return dropped(x, p, train, false, false); },
      "nn.functional.dropout() where train has to be given: zeroes each element with probability p and\n"
      "multiplies the others by 1 / (1 - p) if train, else gives input back.\n\n"
      "Raises ValueError unless 0 <= p <= 1.\n\n"
      ">>> import weft\n"
      ">>> weft.dropout(weft.ones(3), 0.5, train=False)\n"
      "tensor([1., 1., 1.])\n");
  nn.function(
      "dropout", "(input: Tensor, p=0.5, training=True, inplace=False) -> Tensor",
      [](const py::object& x, double p, bool training, bool inplace) {
        return dropped(x, p, training, inplace, false);
      },
      "Zeroes each element with probability p and multiplies the others by 1 / (1 - p), so that the mean\n"
      "stays; with training=False gives input back (Srivastava et al., 2014). inplace=True writes the\n"
      "result over input.\n\n"
      "Raises ValueError unless 0 <= p <= 1.\n\n"
      ">>> import weft\n"
      ">>> y = weft.nn.functional.dropout(weft.ones(100))\n"
      ">>> y.unique()\n"
      "tensor([0., 2.])\n");
  nn.function(
      "feature_dropout", "(input: Tensor, p=0.5, training=True, inplace=False) -> Tensor",
      [](const py::object& x, double p, bool training, bool inplace) { return dropped(x, p, training, inplace, true); },
      "dropout() of whole channels: all elements that agree in the first two dimensions are zeroed together\n"
      "or multiplied by 1 / (1 - p) (Tompson et al., 2015). inplace=True writes the result over input.\n\n"
      "Raises ValueError unless 0 <= p <= 1.\n\n"
      ">>> import weft\n"
      ">>> y = weft.nn.functional.feature_dropout(weft.ones(8, 8, 5))\n"
      ">>> y.sum(2).unique()\n"
      "tensor([ 0., 10.])\n");
}

}  // namespace

void bind_random(Family& f, Family& nn) {
  bind_generators(f);
  bind_uniform_and_normal(f);
  bind_integers(f);
  bind_distributions(f);
  bind_in_place_draws(f);
  bind_dropout(f, nn);
}

}  // namespace weft::python
