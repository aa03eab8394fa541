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
  f.def("sort",
        "(input, dim=-1, descending=False, stable=None, *, out: Sequence[Tensor] = None) -> tuple[Tensor, Tensor]",
        call,
        "The elements in order along dim and where they were, as .values and .indices (int64). Equal ones\n"
        "keep their order whatever stable says; NaN is larger than all numbers.\n\n"
        "Raises IndexError for a dim that is not there.\n\n"
        ">>> import weft\n"
        ">>> weft.sort(weft.tensor([3, 1, 2])).values\n"
        "tensor([1, 2, 3])\n"
        ">>> weft.sort(weft.tensor([3, 1, 2]), descending=True).indices\n"
        "tensor([0, 2, 1])\n");
  f.def(
      "argsort", "(input, dim=-1, descending=False, stable=False)",
      [](const Tensor& x, int64_t dim, bool descending, bool) {
        check<ErrorKind::Index>(x.ndim() == 0 || (dim >= -x.ndim() && dim < x.ndim()), "argsort: dim ", dim,
                                " is out of range for shape ", x.shape());
        return sort(detach(x), dim, descending).indices;
      },
      "Where the elements in order along dim were, as int64: sort(...).indices, so that gather(dim,\n"
      "argsort(dim)) is in order.\n\n"
      "Raises IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.argsort(weft.tensor([3, 1, 2]))\n"
      "tensor([1, 2, 0])\n");
  f.def(
      "msort", "(input, *, out=None)",
      [](const Tensor& x, const Tensor& out) { return write_out("msort", out, [&] { return sort(x, 0).values; }); },
      "The elements in order along the first dimension, column by column: sort(0).values. A tensor without\n"
      "dimensions stays as it is.\n\n"
      ">>> import weft\n"
      ">>> weft.msort(weft.tensor([[3, 1], [2, 4]]))\n"
      "tensor([[2, 1],\n"
      "        [3, 4]])\n");
  PyTypeObject* top = named_tuple_type("topk", "values", "indices");
  f.def(
      "topk", "(input, k, dim=-1, largest=True, sorted=True, *, out: Sequence[Tensor] = None) -> tuple[Tensor, Tensor]",
      [=](const Tensor& x, int64_t k, int64_t dim, bool largest, bool sorted, const py::object& out) {
        ValuesAndIndices both = topk(x, k, dim, largest, sorted);
        return written_pair("topk", top, both.values, both.indices, out);
      },
      "The k largest elements along dim, or with largest=False the smallest, and where they were, as\n"
      ".values and .indices (int64): in order, which sorted=False does not promise. dim gets the size k.\n\n"
      "Raises RuntimeError unless there are k of them, IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.topk(weft.tensor([3, 1, 2]), 2).values\n"
      "tensor([3, 2])\n"
      ">>> weft.topk(weft.tensor([3, 1, 2]), 2).indices\n"
      "tensor([0, 2])\n");
}

void bind_order_statistics(Family& f) {
  PyTypeObject* kth = named_tuple_type("kthvalue", "values", "indices");
  f.def(
      "kthvalue", "(input, k, dim=-1, keepdim=False, *, out: Sequence[Tensor] = None) -> tuple[Tensor, Tensor]",
      [=](const Tensor& x, int64_t k, int64_t dim, bool keepdim, const py::object& out) {
        ValuesAndIndices both = kthvalue(x, k, dim, keepdim);
        return written_pair("kthvalue", kth, both.values, both.indices, out);
      },
      "The k-th smallest element along dim, counted from 1, and where it is, as .values and .indices\n"
      "(int64).\n\n"
      "Raises RuntimeError unless 1 <= k <= size, IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.kthvalue(weft.tensor([3., 1., 2.]), 2).values\n"
      "tensor(2.)\n");
  PyTypeObject* type = named_tuple_type("median", "values", "indices");
  f.def(
      "median", "(input)", [](const Tensor& x) { return median(x); },
      "The middle element in order, of two middle ones the lower, NaN where there is one; with dim along it\n"
      "and where it is, as .values and .indices (int64).\n\n"
      "Raises IndexError for a dim that is not there or has no elements.\n\n"
      ">>> import weft\n"
      ">>> weft.median(weft.tensor([3., 1., 2., 4.]))\n"
      "tensor(2.)\n"
      ">>> weft.median(weft.tensor([[3., 1., 2.], [6., 5., 4.]]), 1).values\n"
      "tensor([2., 5.])\n");
  f.def("median", "(input, dim, keepdim=False, *, out: Sequence[Tensor] = None) -> tuple[Tensor, Tensor]",
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
      "unique",
      "(input, sorted=True, return_inverse=False, return_counts=False, dim=None) -> Tensor | tuple[Tensor, ...]",
      [](const Tensor& x, bool, bool inverse, bool counts, std::optional<int64_t> dim) {
        return chosen(dim ? unique(x, *dim) : unique(x), inverse, counts);
      },
      "The distinct elements in order, a vector; with return_inverse also which of them each element is, in\n"
      "the shape of input, and with return_counts how often each occurs, both as int64. With dim the\n"
      "distinct slices along it, ordered by their first elements, then by their second, and so on.\n\n"
      "Raises IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.unique(weft.tensor([3, 1, 3]), return_counts=True)\n"
      "(tensor([1, 3]), tensor([1, 2]))\n");
  f.def(
      "unique_consecutive",
      "(input, return_inverse=False, return_counts=False, dim=None) -> Tensor | tuple[Tensor, ...]",
      [](const Tensor& x, bool inverse, bool counts, std::optional<int64_t> dim) {
        return chosen(dim ? unique_consecutive(x, *dim) : unique_consecutive(x), inverse, counts);
      },
      "The first of each run of equal elements, or with dim of equal slices along it; with return_inverse\n"
      "also which run each is in, and with return_counts the lengths of the runs, both as int64.\n\n"
      "Raises IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.unique_consecutive(weft.tensor([1, 1, 2, 1]))\n"
      "tensor([1, 2, 1])\n"
      ">>> weft.unique_consecutive(weft.tensor([1, 1, 2, 1]), return_counts=True)\n"
      "(tensor([1, 2, 1]), tensor([2, 1, 1]))\n");
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
      "Where each number would be put into a sequence in order: before equal ones, with right or\n"
      "side='right' after them. int64, or int32 with out_int32, in the shape of input. The sequence is a\n"
      "vector, or has a row for each row of input. It need not be in order where sorter, an int64 tensor of\n"
      "its shape such as argsort() gives, says where its elements in order are.\n\n"
      "Raises RuntimeError for a sorter of another shape or dtype, IndexError for an index in it that is\n"
      "out of range.\n\n"
      ">>> import weft\n"
      ">>> weft.searchsorted(weft.tensor([1, 3, 5]), weft.tensor([3, 6]))\n"
      "tensor([1, 3])\n"
      ">>> weft.searchsorted(weft.tensor([1, 3, 5]), weft.tensor([3, 6]), right=True)\n"
      "tensor([2, 3])\n");
  f.function(
      "bucketize", "(input, boundaries, *, out_int32=False, right=False, out=None)",
      [](const Operand& input, const Tensor& boundaries, bool out_int32, bool right, const Tensor& out) {
        check(boundaries.ndim() == 1, "bucketize: boundaries must be a vector, got shape ", boundaries.shape());
        return write_out("bucketize", out, [&] { return searched(boundaries, input, out_int32, right); });
      },
      "The number of the bucket between boundaries, a vector in order, that each number falls into: i where\n"
      "boundaries[i-1] < x <= boundaries[i], with right where boundaries[i-1] <= x < boundaries[i]. int64,\n"
      "or int32 with out_int32, in the shape of input.\n\n"
      "Raises RuntimeError unless boundaries is a vector.\n\n"
      ">>> import weft\n"
      ">>> weft.bucketize(weft.tensor([0, 3, 9]), weft.tensor([1, 3, 5]))\n"
      "tensor([0, 1, 3])\n");
}

}  // namespace

void bind_sorting(Family& f, Family&) {
  bind_sort(f);
  bind_order_statistics(f);
  bind_unique(f);
  bind_search(f);
}

}  // namespace weft::python
