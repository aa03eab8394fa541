#include "ops/reduction.h"

#include "bindings/bindings.h"
#include "bindings/named_pair.h"
#include "bindings/out.h"
#include "ops/elementwise.h"

namespace weft::python {

namespace {

using MaybeDims = std::optional<Dims>;
using MaybeDType = std::optional<DType>;

// f(input, dim=None, keepdim=False, *, dtype=None, out=None)
template <class Function>
void def_sum(Family& f, const char* name, Function function, const char* doc) {
  auto call = [=](const Tensor& x, const MaybeDims& dim, bool keepdim, MaybeDType dtype, const Tensor& out) {
    return write_out(name, out, [&] { return function(x, dim.value_or(Dims{}), keepdim, dtype); });
  };
  f.def(name, "(input, dim=None, keepdim=False, *, dtype=None, out=None)", call, doc);
}

// f(input, dim=None, keepdim=False, *, out=None)
template <class Function>
void def_reduction(Family& f, const char* name, Function function, const char* doc) {
  auto call = [=](const Tensor& x, const MaybeDims& dim, bool keepdim, const Tensor& out) {
    return write_out(name, out, [&] { return function(x, dim.value_or(Dims{}), keepdim); });
  };
  f.def(name, "(input, dim=None, keepdim=False, *, out=None)", call, doc);
}

void bind_sums(Family& f) {
  def_sum(f, "sum", &sum,
          "The sum over the given dimensions (without any over all), which keepdim keeps with size 1. Integers\n"
          "and bools are added up in int64, unless dtype, to which the elements are converted first, says\n"
          "otherwise.\n\n"
          "Raises IndexError for a dim that is not there, RuntimeError for one given twice.\n\n"
          ">>> import weft\n"
          ">>> weft.tensor([[1, 2], [3, 4]]).sum()\n"
          "tensor(10)\n"
          ">>> weft.ones(2, 3).sum(0, keepdim=True)\n"
          "tensor([[2., 2., 2.]])\n");
  def_sum(f, "nansum", &nansum,
          "sum() in which NaN counts as 0.\n\n"
          "Raises IndexError for a dim that is not there, RuntimeError for one given twice.\n\n"
          ">>> import weft\n"
          ">>> weft.nansum(weft.tensor([1., weft.nan, 2.]))\n"
          "tensor(3.)\n");
  def_sum(f, "mean", &mean,
          "The mean over the given dimensions (without any over all), which keepdim keeps with size 1:\n"
          "sum(input) / count. NaN where there is nothing to add up.\n\n"
          "Raises RuntimeError for integers unless a floating dtype is given, IndexError for a dim that is not\n"
          "there.\n\n"
          ">>> import weft\n"
          ">>> weft.tensor([[1., 3.], [5., 7.]]).mean()\n"
          "tensor(4.)\n"
          ">>> weft.tensor([[1., 3.], [5., 7.]]).mean(1)\n"
          "tensor([2., 6.])\n");
  def_sum(f, "nanmean", &nanmean,
          "The mean of the elements that are not NaN, over the given dimensions (without any over all); NaN\n"
          "where there is none.\n\n"
          "Raises RuntimeError for integers, IndexError for a dim that is not there.\n\n"
          ">>> import weft\n"
          ">>> weft.nanmean(weft.tensor([1., weft.nan, 2.]))\n"
          "tensor(1.5000)\n");
  def_sum(f, "prod", &prod,
          "The product over the given dimensions (without any over all), which keepdim keeps with size 1; of\n"
          "nothing 1. Integers and bools are multiplied in int64 unless dtype says otherwise.\n\n"
          "Raises IndexError for a dim that is not there, RuntimeError for one given twice.\n\n"
          ">>> import weft\n"
          ">>> weft.tensor([[2, 3], [4, 5]]).prod(1)\n"
          "tensor([ 6, 20])\n");
  f.def(
      "count_nonzero", "(input, dim=None)",
      [](const Tensor& x, const MaybeDims& dim) { return count_nonzero(x, dim.value_or(Dims{})); },
      "How many elements over the given dimensions (without any over all) are not zero, as int64. NaN is\n"
      "not zero.\n\n"
      "Raises IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.count_nonzero(weft.tensor([[0, 2], [3, 4]]), 0)\n"
      "tensor([1, 2])\n");
  def_reduction(f, "any", &any,
                "Whether any element over the given dimensions (without any over all) is not zero, as bool, for uint8\n"
                "as uint8; of none False.\n\n"
                "Raises IndexError for a dim that is not there.\n\n"
                ">>> import weft\n"
                ">>> weft.tensor([[False, True], [False, False]]).any(1)\n"
                "tensor([ True, False])\n");
  def_reduction(f, "all", &all,
                "Whether every element over the given dimensions (without any over all) is not zero, as bool, for\n"
                "uint8 as uint8; of none True.\n\n"
                "Raises IndexError for a dim that is not there.\n\n"
                ">>> import weft\n"
                ">>> weft.tensor([[True, True], [False, True]]).all(1)\n"
                "tensor([ True, False])\n");
  def_reduction(
      f, "amax", [](const Tensor& x, const Dims& d, bool k) { return amax(x, d, k); },
      "The largest value over the given dimensions (without any over all), which keepdim keeps with size 1.\n"
      "Equal ones share the gradient; NaN is larger than all numbers.\n\n"
      "Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that\n"
      "is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([[1, 4], [3, 2]]).amax(1)\n"
      "tensor([4, 3])\n");
  def_reduction(
      f, "amin", [](const Tensor& x, const Dims& d, bool k) { return amin(x, d, k); },
      "The smallest value over the given dimensions (without any over all), kept with size 1 by keepdim.\n"
      "Equal ones share the gradient; a NaN is smaller than all numbers here.\n\n"
      "Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that\n"
      "is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([[1, 4], [3, 2]]).amin(1)\n"
      "tensor([1, 2])\n");
  f.def(
      "logsumexp", "(input, dim, keepdim=False, *, out=None)",
      [](const Tensor& x, const Dims& dim, bool keepdim, const Tensor& out) {
        return write_out("logsumexp", out, [&] { return logsumexp(x, dim, keepdim); });
      },
      "log(sum(exp(input))) over the given dimensions, which keepdim keeps with size 1: computed as m +\n"
      "log(sum(exp(input - m))) with the largest element m, which does not overflow. Integers give the\n"
      "default dtype.\n\n"
      "Raises IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.logsumexp(weft.tensor([1000., 1000.]), 0)\n"
      "tensor(1000.6932)\n");
}

// unbiased=True is correction 1, False 0; correction= wins.
double correction_of(const std::optional<bool>& unbiased, const std::optional<double>& correction) {
  return correction ? *correction : unbiased.value_or(true) ? 1.0 : 0.0;
}

// var(input, dim, unbiased, keepdim), var(input, dim, *, correction, keepdim) and var(input, unbiased).
template <class Function>
void def_variance(Family& f, const char* name, Function function, const char* doc) {
  using MaybeBool = std::optional<bool>;
  auto call = [=](const Tensor& x, const MaybeDims& dim, const MaybeBool& unbiased, bool keepdim,
                  const std::optional<double>& correction) {
    return function(x, dim.value_or(Dims{}), correction_of(unbiased, correction), keepdim);
  };
  f.def(name, "(input, dim=None, unbiased=None, keepdim=False, *, correction=None)", call, doc);
  f.def(name, "(input, unbiased)",
        [=](const Tensor& x, bool unbiased) { return function(x, Dims{}, unbiased ? 1.0 : 0.0, false); });
}

// The same written into out=; after the forms without it.
void def_variance_out(Family& f, const char* name, Tensor (*function)(const Tensor&, const Dims&, double, bool)) {
  f.def(name, "(input, dim=None, unbiased=None, keepdim=False, *, correction=None, out=None)",
        [=](const Tensor& x, const MaybeDims& dim, std::optional<bool> unbiased, bool keepdim,
            std::optional<double> correction, const Tensor& out) {
          return write_out(name, out, [&] {
            return function(x, dim.value_or(Dims{}), correction_of(unbiased, correction), keepdim);
          });
        });
}

void bind_variance(Family& f) {
  def_variance(f, "var", &var,
               "The variance over the given dimensions (without any over all), which keepdim keeps with size 1:\n"
               "sum((x - mean)^2) / (n - correction), where n elements are reduced. correction is 1, with\n"
               "unbiased=False 0.\n\n"
               "Raises RuntimeError for integers, IndexError for a dim that is not there.\n\n"
               ">>> import weft\n"
               ">>> weft.tensor([1., 3.]).var()\n"
               "tensor(2.)\n"
               ">>> weft.tensor([[1., 3.], [2., 8.]]).var(1, correction=0)\n"
               "tensor([1., 9.])\n");
  def_variance(f, "std", &std,
               "The standard deviation over the given dimensions (without any over all), which keepdim keeps with\n"
               "size 1: sqrt(sum((x - mean)^2) / (n - correction)), where n elements are reduced. correction is 1,\n"
               "with unbiased=False 0.\n\n"
               "Raises RuntimeError for integers, IndexError for a dim that is not there.\n\n"
               ">>> import weft\n"
               ">>> weft.tensor([1., 3.]).std(unbiased=False)\n"
               "tensor(1.)\n");
  def_variance_out(f, "var", &var);
  def_variance_out(f, "std", &std);
  auto pair = [](auto function) {
    return [=](const Tensor& x, const Dims& d, double c, bool k) {
      VarianceAndMean both = function(x, d, c, k);
      return std::pair(both.variance, both.mean);
    };
  };
  def_variance(f, "var_mean",
               pair([](const Tensor& x, const Dims& d, double c, bool k) { return var_mean(x, d, c, k); }),
               "The pair of var() and mean() over the given dimensions (without any over all).\n\n"
               "Raises RuntimeError for integers, IndexError for a dim that is not there.\n\n"
               ">>> import weft\n"
               ">>> weft.var_mean(weft.tensor([1., 3.]))\n"
               "(tensor(2.), tensor(2.))\n");
  def_variance(f, "std_mean",
               pair([](const Tensor& x, const Dims& d, double c, bool k) { return std_mean(x, d, c, k); }),
               "The pair of std() and mean() over the given dimensions (without any over all).\n\n"
               "Raises RuntimeError for integers, IndexError for a dim that is not there.\n\n"
               ">>> import weft\n"
               ">>> weft.std_mean(weft.tensor([[1., 1.], [2., 4.]]), 1, correction=0)\n"
               "(tensor([0., 1.]), tensor([1., 3.]))\n");
}

// p = 2, 'fro' and None are the root of the sum of squares.
double norm_order(const py::object& p) {
  if (p.is_none()) return 2;
  if (py::isinstance<py::str>(p)) {
    auto name = p.cast<std::string>();
    check<ErrorKind::NotImplemented>(name != "nuc",
                                     "norm: the nuclear norm needs singular values, which Weft does not compute yet");
    check<ErrorKind::Value>(name == "fro", "norm: expected p to be a number or 'fro', got '", name, "'");
    return 2;
  }
  return p.cast<double>();
}

void bind_norms(Family& f) {
  auto call = [](const Tensor& x, const py::object& p, const MaybeDims& dim, bool keepdim, const Tensor& out,
                 MaybeDType dtype) {
    return write_out("norm", out, [&] { return vector_norm(x, norm_order(p), dim.value_or(Dims{}), keepdim, dtype); });
  };
  const char* doc =
      "The vector norm (sum |x|^p)^(1/p) over the given dimensions (without any over all). p is 2 unless\n"
      "given, which 'fro' also stands for; of p = inf and -inf it is the largest and smallest |x|, of 0 the\n"
      "number of elements that are not zero. The result is real.\n\n"
      "Raises RuntimeError for integers, ValueError for another text, NotImplementedError for 'nuc'.\n\n"
      ">>> import weft\n"
      ">>> weft.norm(weft.tensor([3., 4.]))\n"
      "tensor(5.)\n"
      ">>> weft.norm(weft.tensor([[3., -4.], [1., 2.]]), 1, dim=1)\n"
      "tensor([7., 3.])\n";
  f.function("norm", "(input, p: float | str = None, dim=None, keepdim=False, out=None, dtype=None)", call, doc);
  f.method(
      "norm", "(self, p: float | str = None, dim=None, keepdim=False, dtype=None)",
      [call](const Tensor& x, const py::object& p, const MaybeDims& dim, bool keepdim, MaybeDType dtype) {
        return call(x, p, dim, keepdim, Tensor(), dtype);
      },
      doc);
  f.function("_vector_norm", "(x, ord=2.0, dim=None, keepdim=False, *, dtype=None, out=None)",
             [](const Tensor& x, double ord, const MaybeDims& dim, bool keepdim, MaybeDType dtype, const Tensor& out) {
               return write_out("vector_norm", out,
                                [&] { return vector_norm(x, ord, dim.value_or(Dims{}), keepdim, dtype); });
             });
}

using AlongDim = ValuesAndIndices (*)(const Tensor&, int64_t, bool);

// max(x), max(x, dim) and max(x, other).
void def_extreme(Family& f, const char* name, bool largest, AlongDim along, const char* doc) {
  auto whole = [=](const Tensor& x, const Tensor& out) {
    return write_out(name, out, [&] { return largest ? amax(x, {}, false, "max") : amin(x, {}, false, "min"); });
  };
  f.def(name, "(input, *, out=None)", whole, doc);
  PyTypeObject* type = named_tuple_type(name, "values", "indices");
  auto call = [=](const Tensor& x, int64_t dim, bool keepdim, const py::object& out) {
    ValuesAndIndices both = along(x, dim, keepdim);
    return written_pair(name, type, both.values, both.indices, out);
  };
  // Before the form with a dim, which a 0-dim tensor of integers would be taken for.
  f.def(name, "(input, other, *, out=None)", [=](const Tensor& x, const Tensor& other, const Tensor& out) {
    return write_out(name, out, [&] { return largest ? maximum(x, other) : minimum(x, other); });
  });
  f.def(name, "(input, dim, keepdim=False, *, out: Sequence[Tensor] = None) -> tuple[Tensor, Tensor]", call);
}

void bind_extremes(Family& f) {
  def_extreme(f, "max", true, &max,
              "The largest element; with dim the largest along it and where it is, the first of equal ones, as\n"
              ".values and .indices (int64); or with another tensor the larger of each two elements, as maximum().\n"
              "NaN is larger than all numbers.\n\n"
              "Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that\n"
              "is not there.\n\n"
              ">>> import weft\n"
              ">>> weft.tensor([3, 1, 2]).max()\n"
              "tensor(3)\n"
              ">>> weft.tensor([[1, 4], [3, 2]]).max(1).indices\n"
              "tensor([1, 0])\n");
  def_extreme(f, "min", false, &min,
              "The smallest element; with dim the smallest along it and where it is, the first of equal ones, as\n"
              ".values and .indices (int64); or with another tensor the smaller of each two elements, as minimum().\n"
              "Where there is a NaN it is the result.\n\n"
              "Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that\n"
              "is not there.\n\n"
              ">>> import weft\n"
              ">>> weft.tensor([3, 1, 2]).min()\n"
              "tensor(1)\n"
              ">>> weft.tensor([[1, 4], [3, 2]]).min(1).values\n"
              "tensor([1, 2])\n");
  auto def_position = [&](const char* name, Tensor (*function)(const Tensor&, std::optional<int64_t>, bool),
                          const char* doc) {
    auto call = [=](const Tensor& x, std::optional<int64_t> dim, bool keepdim, const Tensor& out) {
      return write_out(name, out, [&] { return function(x, dim, keepdim); });
    };
    f.def(name, "(input, dim=None, keepdim=False, *, out=None)", call, doc);
  };
  def_position("argmax", &argmax,
               "Where the largest element along dim is (without dim, in the flattened tensor), the first of equal\n"
               "ones, as int64. NaN is larger than all numbers.\n\n"
               "Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that\n"
               "is not there.\n\n"
               ">>> import weft\n"
               ">>> weft.tensor([1, 3, 2]).argmax()\n"
               "tensor(1)\n"
               ">>> weft.tensor([[1, 4], [3, 2]]).argmax(1, keepdim=True)\n"
               "tensor([[1],\n"
               "        [0]])\n");
  def_position("argmin", &argmin,
               "Where the smallest element along dim is (without dim, in the flattened tensor), the first of equal\n"
               "ones, as int64. A NaN counts as the smallest.\n\n"
               "Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that\n"
               "is not there.\n\n"
               ">>> import weft\n"
               ">>> weft.tensor([3, 1, 2]).argmin()\n"
               "tensor(1)\n"
               ">>> weft.tensor([[1, 4], [3, 2]]).argmin(1)\n"
               "tensor([0, 1])\n");
  PyTypeObject* both = named_tuple_type("aminmax", "min", "max");
  f.def(
      "aminmax", "(input, *, dim=None, keepdim=False, out: Sequence[Tensor] = None) -> tuple[Tensor, Tensor]",
      [=](const Tensor& x, std::optional<int64_t> dim, bool keepdim, const py::object& out) {
        Dims dims = dim ? Dims{*dim} : Dims{};
        const Tensor low = amin(x, dims, keepdim, "aminmax"), high = amax(x, dims, keepdim, "aminmax");
        return written_pair("aminmax", both, low, high, out);
      },
      "The smallest and the largest element, or those along dim, as .min and .max.\n\n"
      "Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that\n"
      "is not there.\n\n"
      ">>> import weft\n"
      ">>> low, high = weft.aminmax(weft.tensor([3, 1, 2]))\n"
      ">>> low, high\n"
      "(tensor(1), tensor(3))\n");
}

void bind_scans(Family& f) {
  auto def_running = [&](const char* name, Tensor (*function)(const Tensor&, int64_t, std::optional<DType>),
                         const char* doc, const char* in_place_doc) {
    auto call = [=](const Tensor& x, int64_t dim, MaybeDType dtype, const Tensor& out) {
      return write_out(name, out, [&] { return function(x, dim, dtype); });
    };
    f.def(name, "(input, dim, *, dtype=None, out=None)", call, doc);
    f.method((std::string(name) + "_").c_str(), "(self, dim, *, dtype=None) -> Tensor",
             [=](const py::object& self, int64_t dim, MaybeDType dtype) {
               return rewrite(name, self, [&](const Tensor& x) { return function(x, dim, dtype); });
             },
             in_place_doc);
  };
  def_running("cumsum", &cumsum,
              "The running sum along dim: out[i] = input[0] + ... + input[i]. Integers and bools are added up in\n"
              "int64 unless dtype says otherwise.\n\n"
              "Raises IndexError for a dim that is not there.\n\n"
              ">>> import weft\n"
              ">>> weft.arange(4).cumsum(0)\n"
              "tensor([0, 1, 3, 6])\n",
              "cumsum() in place: each element becomes the sum of those up to it along dim.\n\n"
              "Raises IndexError for a dim that is not there, RuntimeError where the tensor's dtype cannot hold the\n"
              "result.\n\n"
              ">>> import weft\n"
              ">>> weft.ones(3).cumsum_(0)\n"
              "tensor([1., 2., 3.])\n");
  def_running("cumprod", &cumprod,
              "The running product along dim: out[i] = input[0] * ... * input[i]. Integers and bools are multiplied\n"
              "in int64 unless dtype says otherwise.\n\n"
              "Raises IndexError for a dim that is not there.\n\n"
              ">>> import weft\n"
              ">>> weft.tensor([2, 3, 4]).cumprod(0)\n"
              "tensor([ 2,  6, 24])\n",
              "cumprod() in place: each element becomes the product of those up to it along dim.\n\n"
              "Raises IndexError for a dim that is not there, RuntimeError where the tensor's dtype cannot hold the\n"
              "result.\n\n"
              ">>> import weft\n"
              ">>> weft.tensor([2., 3., 4.]).cumprod_(0)\n"
              "tensor([ 2.,  6., 24.])\n");
  f.def(
      "logcumsumexp", "(input, dim, *, out=None)",
      [](const Tensor& x, int64_t dim, const Tensor& out) {
        return write_out("logcumsumexp", out, [&] { return logcumsumexp(x, dim); });
      },
      "The logarithm of the running sum of exp(input) along dim, without overflow: out[i] =\n"
      "log(exp(input[0]) + ... + exp(input[i])).\n\n"
      "Raises IndexError for a dim that is not there, RuntimeError for integers.\n\n"
      ">>> import weft\n"
      ">>> weft.logcumsumexp(weft.tensor([1000., 1000.]), 0)\n"
      "tensor([1000.0000, 1000.6932])\n");
  auto def_extreme_scan = [&](const char* name, ValuesAndIndices (*function)(const Tensor&, int64_t), const char* doc) {
    PyTypeObject* type = named_tuple_type(name, "values", "indices");
    f.def(
        name, "(input, dim, *, out: Sequence[Tensor] = None) -> tuple[Tensor, Tensor]",
        [=](const Tensor& x, int64_t dim, const py::object& out) {
          ValuesAndIndices both = function(x, dim);
          return written_pair(name, type, both.values, both.indices, out);
        },
        doc);
  };
  def_extreme_scan("cummax", &cummax,
                   "The running maximum along dim and where it is, the last of equal ones, as .values and .indices\n"
                   "(int64).\n\n"
                   "Raises IndexError for a dim that is not there.\n\n"
                   ">>> import weft\n"
                   ">>> weft.cummax(weft.tensor([1, 3, 2, 3]), 0).values\n"
                   "tensor([1, 3, 3, 3])\n"
                   ">>> weft.cummax(weft.tensor([1, 3, 2, 3]), 0).indices\n"
                   "tensor([0, 1, 1, 3])\n");
  def_extreme_scan("cummin", &cummin,
                   "The running minimum along dim and where it is, the last of equal ones, as .values and .indices\n"
                   "(int64).\n\n"
                   "Raises IndexError for a dim that is not there.\n\n"
                   ">>> import weft\n"
                   ">>> weft.cummin(weft.tensor([3, 1, 2, 1]), 0).values\n"
                   "tensor([3, 1, 1, 1])\n"
                   ">>> weft.cummin(weft.tensor([3, 1, 2, 1]), 0).indices\n"
                   "tensor([0, 1, 1, 3])\n");
}

}  // namespace

void bind_reduction(Family& f, Family&) {
  bind_extremes(f);
  bind_scans(f);
  bind_sums(f);
  bind_variance(f);
  bind_norms(f);
}

}  // namespace weft::python
