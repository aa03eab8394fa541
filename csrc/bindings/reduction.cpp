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
          "Sum over the given dimensions (default all); integers and bools are added up in int64.\n\n"
          ">>> import weft\n>>> weft.ones(2, 3).sum(0)\ntensor([2., 2., 2.])\n");
  def_sum(f, "nansum", &nansum,
          "Sum that counts NaN as 0.\n\n>>> import weft\n>>> weft.nansum(weft.tensor([1., weft.nan]))\ntensor(1.)\n");
  def_sum(f, "mean", &mean,
          "Mean over the given dimensions (default all). Raises RuntimeError for integers unless dtype is given.\n\n"
          ">>> import weft\n>>> weft.tensor([1., 3.]).mean()\ntensor(2.)\n");
  def_sum(f, "nanmean", &nanmean,
          "Mean of what is not NaN.\n\n>>> import weft\n>>> weft.nanmean(weft.tensor([1., weft.nan]))\ntensor(1.)\n");
  def_sum(f, "prod", &prod,
          "Product over the given dimensions (default all).\n\n"
          ">>> import weft\n>>> weft.tensor([2, 3]).prod()\ntensor(6)\n");
  f.def(
      "count_nonzero", "(input, dim=None)",
      [](const Tensor& x, const MaybeDims& dim) { return count_nonzero(x, dim.value_or(Dims{})); },
      "Number of elements that are not zero.\n\n"
      ">>> import weft\n>>> weft.count_nonzero(weft.tensor([0, 2, 3]))\ntensor(2)\n");
  def_reduction(f, "any", &any,
                "Is any element not zero?\n\n>>> import weft\n>>> weft.tensor([False, True]).any()\ntensor(True)\n");
  def_reduction(f, "all", &all,
                "Is no element zero?\n\n>>> import weft\n>>> weft.tensor([False, True]).all()\ntensor(False)\n");
  def_reduction(
      f, "amax", [](const Tensor& x, const Dims& d, bool k) { return amax(x, d, k); },
      "Largest value over the given dimensions (default all); equal ones share the gradient.\n\n"
      ">>> import weft\n>>> weft.tensor([[1, 4], [3, 2]]).amax(1)\ntensor([4, 3])\n");
  def_reduction(
      f, "amin", [](const Tensor& x, const Dims& d, bool k) { return amin(x, d, k); },
      "Smallest value over the given dimensions (default all); equal ones share the gradient.\n\n"
      ">>> import weft\n>>> weft.tensor([[1, 4], [3, 2]]).amin(1)\ntensor([1, 2])\n");
  f.def(
      "logsumexp", "(input, dim, keepdim=False, *, out=None)",
      [](const Tensor& x, const Dims& dim, bool keepdim, const Tensor& out) {
        return write_out("logsumexp", out, [&] { return logsumexp(x, dim, keepdim); });
      },
      "log(sum(exp(input))) over the given dimensions, without overflow.\n\n"
      ">>> import weft\n>>> weft.logsumexp(weft.tensor([1000., 1000.]), 0)\ntensor(1000.6932)\n");
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
               "Variance: sum of squared deviations from the mean, divided by n - correction (default 1).\n\n"
               ">>> import weft\n>>> weft.tensor([1., 3.]).var()\ntensor(2.)\n");
  def_variance(f, "std", &std,
               "Standard deviation, the root of var.\n\n"
               ">>> import weft\n>>> weft.tensor([1., 3.]).std(unbiased=False)\ntensor(1.)\n");
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
               "Variance and mean.\n\n"
               ">>> import weft\n>>> weft.var_mean(weft.tensor([1., 3.]))\n(tensor(2.), tensor(2.))\n");
  def_variance(f, "std_mean",
               pair([](const Tensor& x, const Dims& d, double c, bool k) { return std_mean(x, d, c, k); }),
               "Standard deviation and mean.\n\n"
               ">>> import weft\n>>> weft.std_mean(weft.tensor([1., 1.]))\n(tensor(0.), tensor(1.))\n");
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
  f.function("norm", "(input, p=None, dim=None, keepdim=False, out=None, dtype=None)", call,
             "(sum |x|^p)^(1/p) over the given dimensions (default all).\n\n"
             ">>> import weft\n>>> weft.norm(weft.tensor([3., 4.]))\ntensor(5.)\n");
  f.method("norm", "(self, p=None, dim=None, keepdim=False, dtype=None)",
           [call](const Tensor& x, const py::object& p, const MaybeDims& dim, bool keepdim, MaybeDType dtype) {
             return call(x, p, dim, keepdim, Tensor(), dtype);
           });
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
  f.def(name, "(input, dim, keepdim=False, *, out=None)", call);
}

void bind_extremes(Family& f) {
  def_extreme(
      f, "max", true, &max,
      "The largest element; along dim also its (first) position, as .values and .indices; or with another tensor\n"
      "the elementwise maximum.\n\n"
      ">>> import weft\n>>> weft.tensor([[1, 4], [3, 2]]).max(1).indices\ntensor([1, 0])\n");
  def_extreme(
      f, "min", false, &min,
      "The smallest element; along dim also its (first) position, as .values and .indices; or with another tensor\n"
      "the elementwise minimum.\n\n"
      ">>> import weft\n>>> weft.tensor([3, 1, 2]).min()\ntensor(1)\n");
  auto def_position = [&](const char* name, Tensor (*function)(const Tensor&, std::optional<int64_t>, bool),
                          const char* doc) {
    auto call = [=](const Tensor& x, std::optional<int64_t> dim, bool keepdim, const Tensor& out) {
      return write_out(name, out, [&] { return function(x, dim, keepdim); });
    };
    f.def(name, "(input, dim=None, keepdim=False, *, out=None)", call, doc);
  };
  def_position("argmax", &argmax,
               "Position of the first of the largest elements along dim, or in the flattened tensor.\n\n"
               ">>> import weft\n>>> weft.tensor([1, 3, 2]).argmax()\ntensor(1)\n");
  def_position("argmin", &argmin,
               "Position of the first of the smallest elements along dim, or in the flattened tensor.\n\n"
               ">>> import weft\n>>> weft.tensor([3, 1, 2]).argmin()\ntensor(1)\n");
  PyTypeObject* both = named_tuple_type("aminmax", "min", "max");
  f.def(
      "aminmax", "(input, *, dim=None, keepdim=False, out=None)",
      [=](const Tensor& x, std::optional<int64_t> dim, bool keepdim, const py::object& out) {
        Dims dims = dim ? Dims{*dim} : Dims{};
        const Tensor low = amin(x, dims, keepdim, "aminmax"), high = amax(x, dims, keepdim, "aminmax");
        return written_pair("aminmax", both, low, high, out);
      },
      "The smallest and the largest element, as .min and .max.");
}

void bind_scans(Family& f) {
  auto def_running = [&](const char* name, Tensor (*function)(const Tensor&, int64_t, std::optional<DType>),
                         const char* doc) {
    auto call = [=](const Tensor& x, int64_t dim, MaybeDType dtype, const Tensor& out) {
      return write_out(name, out, [&] { return function(x, dim, dtype); });
    };
    f.def(name, "(input, dim, *, dtype=None, out=None)", call, doc);
    f.method((std::string(name) + "_").c_str(), "(self, dim, *, dtype=None) -> Tensor",
             [=](const py::object& self, int64_t dim, MaybeDType dtype) {
               return rewrite(name, self, [&](const Tensor& x) { return function(x, dim, dtype); });
             },
             "The same, in place.");
  };
  def_running("cumsum", &cumsum,
              "Running sum along dim.\n\n>>> import weft\n>>> weft.arange(4).cumsum(0)\ntensor([0, 1, 3, 6])\n");
  def_running("cumprod", &cumprod,
              "Running product along dim.\n\n>>> import weft\n>>> weft.tensor([2, 3]).cumprod(0)\ntensor([2, 6])\n");
  f.def(
      "logcumsumexp", "(input, dim, *, out=None)",
      [](const Tensor& x, int64_t dim, const Tensor& out) {
        return write_out("logcumsumexp", out, [&] { return logcumsumexp(x, dim); });
      },
      "log of the running sum of exp(input) along dim, without overflow.");
  auto def_extreme_scan = [&](const char* name, ValuesAndIndices (*function)(const Tensor&, int64_t), const char* doc) {
    PyTypeObject* type = named_tuple_type(name, "values", "indices");
    f.def(
        name, "(input, dim, *, out=None)",
        [=](const Tensor& x, int64_t dim, const py::object& out) {
          ValuesAndIndices both = function(x, dim);
          return written_pair(name, type, both.values, both.indices, out);
        },
        doc);
  };
  def_extreme_scan("cummax", &cummax, "Running maximum along dim and the position of the last of equal ones.");
  def_extreme_scan("cummin", &cummin, "Running minimum along dim and the position of the last of equal ones.");
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
