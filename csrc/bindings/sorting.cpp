#include "ops/sorting.h"

#include "bindings/named_pair.h"
#include "bindings/out.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

void bind_sort(Family& f) {
  PyTypeObject* type = named_tuple_type("sort", "values", "indices");
  auto call = [=](const Tensor& x, int64_t dim, bool descending, std::optional<bool>, const py::object& out) {
    ValuesAndIndices both = sort(x, dim, descending);
    return written_pair("sort", type, both.values, both.indices, out);
  };
  f.def("sort", "(input, dim=-1, descending=False, stable=None, *, out=None)", call,
        "The elements in order along dim and where they were, as .values and .indices. Always stable; NaN is the "
        "largest.\n\n"
        ">>> import weft\n>>> weft.sort(weft.tensor([3, 1, 2])).indices\ntensor([1, 2, 0])\n");
  f.def(
      "argsort", "(input, dim=-1, descending=False, stable=False)",
      [](const Tensor& x, int64_t dim, bool descending, bool) {
        check<ErrorKind::Index>(x.ndim() == 0 || (dim >= -x.ndim() && dim < x.ndim()), "argsort: dim ", dim,
                                " is out of range for shape ", x.shape());
        return sort(detach(x), dim, descending).indices;
      },
      "Where the elements in order along dim are.\n\n>>> import weft\n>>> weft.argsort(weft.tensor([3, 1, "
      "2]))\ntensor([1, 2, 0])\n");
  f.def(
      "msort", "(input, *, out=None)",
      [](const Tensor& x, const Tensor& out) { return write_out("msort", out, [&] { return sort(x, 0).values; }); },
      "The elements in order along the first dimension.");
  PyTypeObject* top = named_tuple_type("topk", "values", "indices");
  f.def(
      "topk", "(input, k, dim=-1, largest=True, sorted=True, *, out=None)",
      [=](const Tensor& x, int64_t k, int64_t dim, bool largest, bool sorted, const py::object& out) {
        ValuesAndIndices both = topk(x, k, dim, largest, sorted);
        return written_pair("topk", top, both.values, both.indices, out);
      },
      "The k largest (or smallest) elements along dim and where they are, as .values and .indices.\n\n"
      "Raises RuntimeError when there are fewer.\n\n>>> import weft\n>>> weft.topk(weft.tensor([3, 1, 2]), "
      "2).values\ntensor([3, 2])\n");
}

void bind_order_statistics(Family& f) {
  PyTypeObject* kth = named_tuple_type("kthvalue", "values", "indices");
  f.def(
      "kthvalue", "(input, k, dim=-1, keepdim=False, *, out=None)",
      [=](const Tensor& x, int64_t k, int64_t dim, bool keepdim, const py::object& out) {
        ValuesAndIndices both = kthvalue(x, k, dim, keepdim);
        return written_pair("kthvalue", kth, both.values, both.indices, out);
      },
      "The k-th smallest element (from 1 on) along dim and where it is.");
  PyTypeObject* type = named_tuple_type("median", "values", "indices");
  f.def(
      "median", "(input)", [](const Tensor& x) { return median(x); },
      "The lower of the middle elements, NaN if there is one; along dim also where it is.\n\n"
      ">>> import weft\n>>> weft.median(weft.tensor([3., 1., 2.]))\ntensor(2.)\n");
  f.def("median", "(input, dim, keepdim=False, *, out=None)",
        [=](const Tensor& x, int64_t dim, bool keepdim, const py::object& out) {
          ValuesAndIndices both = median(x, dim, keepdim);
          return written_pair("median", type, both.values, both.indices, out);
        });
}

py::object chosen(const UniqueElements& u, bool inverse, bool counts) {
  if (inverse && counts) return py::make_tuple(u.values, u.inverse, u.counts);
  if (inverse) return py::make_tuple(u.values, u.inverse);
  if (counts) return py::make_tuple(u.values, u.counts);
  return py::cast(u.values);
}

void bind_unique(Family& f) {
  f.def(
      "unique", "(input, sorted=True, return_inverse=False, return_counts=False, dim=None)",
      [](const Tensor& x, bool, bool inverse, bool counts, std::optional<int64_t> dim) {
        return chosen(dim ? unique(x, *dim) : unique(x), inverse, counts);
      },
      "The distinct elements in order; optionally which of them each element is, and how often each occurs.\n\n"
      "With dim the distinct slices along it, in the order of their first elements, then of their second, ...\n\n"
      ">>> import weft\n>>> weft.unique(weft.tensor([3, 1, 3]), return_counts=True)\n(tensor([1, 3]), tensor([1, "
      "2]))\n");
  f.def(
      "unique_consecutive", "(input, return_inverse=False, return_counts=False, dim=None)",
      [](const Tensor& x, bool inverse, bool counts, std::optional<int64_t> dim) {
        return chosen(dim ? unique_consecutive(x, *dim) : unique_consecutive(x), inverse, counts);
      },
      "The first of each run of equal elements (or with dim of equal slices); optionally which run each is in, and the "
      "lengths.");
}

Tensor searched(const Tensor& sorted, const Operand& values, bool out_int32, bool right, const Tensor& sorter = {}) {
  Tensor v;
  DType common;
  if (const Tensor* t = std::get_if<Tensor>(&values)) {
    v = *t;
    common = result_type(sorted, v);
  } else {  // a number that is compared as it is: not cut to the dtype of integers
    Scalar number = std::get<Scalar>(values);
    common = is_real_floating(sorted.dtype()) ? sorted.dtype() : number.is_float() ? DType::Float64 : DType::Int64;
    if (sorted.dtype() == DType::UInt64 && !number.is_float()) {
      common = DType::UInt64;
      if (number.to_double() < 0) number = Scalar(0), right = false;  // before all of them
    }
    v = scalar_tensor(number, common, sorted.device());
  }
  Tensor places = searchsorted(to_dtype(sorted, common), to_dtype(v, common), right, sorter);
  return out_int32 ? to_dtype(places, DType::Int32) : places;
}

void bind_search(Family& f) {
  f.function(
      "searchsorted", "(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None, out=None)",
      [](const Tensor& sorted, const Operand& values, bool out_int32, bool right,
         const std::optional<std::string>& side, const Tensor& sorter, const Tensor& out) {
        check(!side || *side == "left" || *side == "right", "searchsorted: side must be 'left' or 'right', got '",
              side.value_or(""), "'");
        return write_out("searchsorted", out,
                         [&] { return searched(sorted, values, out_int32, side ? *side == "right" : right, sorter); });
      },
      "Where each number would be put into a sorted sequence: before equal ones, or after them with right.\n\n"
      "The sequence is a vector, or has a row for each row of the numbers. It need not be in order where sorter, an "
      "int64 tensor of\nits shape such as argsort() gives, says where its elements in order are. RuntimeError for a "
      "sorter of another shape or dtype,\nIndexError for an index in it that is out of range.\n\n"
      ">>> import weft\n>>> weft.searchsorted(weft.tensor([1, 3, 5]), weft.tensor([3, 6]))\ntensor([1, 3])\n");
  f.function(
      "bucketize", "(input, boundaries, *, out_int32=False, right=False, out=None)",
      [](const Operand& input, const Tensor& boundaries, bool out_int32, bool right, const Tensor& out) {
        check(boundaries.ndim() == 1, "bucketize: boundaries must be a vector, got shape ", boundaries.shape());
        return write_out("bucketize", out, [&] { return searched(boundaries, input, out_int32, right); });
      },
      "The number of the bucket between sorted boundaries that each number falls into.");
}

}  // namespace

void bind_sorting(Family& f, Family&) {
  bind_sort(f);
  bind_order_statistics(f);
  bind_unique(f);
  bind_search(f);
}

}  // namespace weft::python
