// Python's brackets, and the functions of the indexing family.
#include "bindings/indexing.h"

#include <cmath>

#include "bindings/out.h"
#include "bindings/tensor_object.h"
#include "core/small_vector.h"
#include "op/trace_values.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

// One part of a key, read completely: what follows runs no Python code, which could change the tensor meanwhile.
struct Item {
  enum class Kind : uint8_t { Int, Slice, NewAxis, Ellipsis, Flag, Index };
  Kind kind;
  int64_t start = 0, stop = 0, step = 0;  // of a slice; start: the int, or the flag
  Tensor index;

  // How many dimensions of the tensor it takes.
  int dims() const {
    if (kind == Kind::Index) return index.dtype() == DType::Bool ? index.ndim() : 1;
    return kind == Kind::Int || kind == Kind::Slice ? 1 : 0;
  }
};

Item int_item(PyObject* o) {
  int overflow = 0;
  int64_t i = PyLong_AsLongLongAndOverflow(o, &overflow);
  if (i == -1 && PyErr_Occurred()) throw py::error_already_set();
  check<ErrorKind::Index>(!overflow, "index: an int beyond 64 bits is out of range for any dimension");
  return {Item::Kind::Int, i, 0, 0, {}};
}

Item slice_item(PyObject* slice) {
  Py_ssize_t start, stop, step;
  if (PySlice_Unpack(slice, &start, &stop, &step) < 0) throw py::error_already_set();
  check<ErrorKind::Value>(step > 0, "index: the step of a slice must be positive, got ", step,
                          "; use flip() to reverse a tensor");
  return {Item::Kind::Slice, start, stop, step, {}};
}

bool is_int(PyObject* o) { return PyLong_Check(o) && !PyBool_Check(o); }

// A list or array used as an index.
Tensor index_tensor(PyObject* o, const Tensor& x) {
  const bool list = PyList_Check(o) || PyTuple_Check(o) || PyRange_Check(o);
  check<ErrorKind::Type>(list || PyObject_HasAttrString(o, "__array_interface__"),
                         "index: expected ints, slices, None, Ellipsis, masks or integer tensors, got ",
                         Py_TYPE(o)->tp_name);
  const Py_ssize_t length = list ? PyObject_Size(o) : 1;
  if (length < 0) throw py::error_already_set();
  if (length == 0) return empty({0}, DType::Int64, x.device());
  return import_module("weft._C").attr("as_tensor")(py::handle(o)).cast<Tensor>();
}

Item read_item(PyObject* o, const Tensor& x) {
  if (is_int(o)) return int_item(o);
  if (PySlice_Check(o)) return slice_item(o);
  if (o == Py_None) return {Item::Kind::NewAxis, 0, 0, 0, {}};
  if (o == Py_Ellipsis) return {Item::Kind::Ellipsis, 0, 0, 0, {}};
  if (PyBool_Check(o)) return {Item::Kind::Flag, o == Py_True, 0, 0, {}};
  if (!is_tensor(o) && PyIndex_Check(o) && !PySequence_Check(o)) {  // a NumPy integer
    auto number = py::reinterpret_steal<py::object>(PyNumber_Index(o));
    if (!number) throw py::error_already_set();
    return int_item(number.ptr());
  }
  Tensor t = mask_of_bytes(is_tensor(o) ? unwrap(o) : index_tensor(o, x));
  check<ErrorKind::Index>(t.dtype() == DType::Bool || is_integral(t.dtype()),
                          "index: tensors used as indices must be of dtype int64 or bool, got ", t.dtype());
  return {Item::Kind::Index, 0, 0, 0, t};
}

// What a key asks for, split into a view and the index tensors that are applied to the view.
class Key {
 public:
  // reads: does the key take elements out, rather than put some in?
  Key(const Tensor& x, PyObject* key, bool reads) : x_(x), reads_(reads) {
    SmallVector<Item, 4> items;
    if (PyTuple_Check(key)) {
      for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); i++) items.push_back(read_item(PyTuple_GET_ITEM(key, i), x));
    } else {
      items.push_back(read_item(key, x));
    }
    int consumed = 0;
    for (const Item& item : items) consumed += item.dims();
    check<ErrorKind::Index>(consumed <= x.ndim(), consumed, " indices are too many for a ", x.ndim(),
                            "-dim tensor of shape ", x.shape());
    apart_ = are_apart(items);
    for (const Item& item : items) {
      if (item.kind == Item::Kind::Flag) selects_ = false;
      if (item.kind == Item::Kind::Index) selects_ &= item.index.ndim() == 0 && item.index.dtype() != DType::Bool;
    }
    for (const Item& item : items) {
      if (item.kind == Item::Kind::Ellipsis) {
        check<ErrorKind::Index>(!ellipsis_, "index: only one Ellipsis (...) is allowed");
        ellipsis_ = true;
        for (int k = x.ndim() - consumed; k > 0; k--) keep_dim();
      } else {
        take(item);
      }
    }
    while (dim_ < x.ndim()) keep_dim();
  }

  Tensor view() const { return changes_ ? basic_index(picked_.defined() ? picked_ : x_, basic_) : x_; }
  bool advanced() const { return !indices_.empty(); }
  const std::vector<Tensor>& indices() const { return indices_; }
  bool plain() const { return !changes_; }
  // Are all index tensors integers, so that the result is a view where their values are known?
  bool selects() const { return selects_; }

 private:
  // Is there something that keeps or adds a dimension between two index tensors?
  static bool are_apart(const SmallVector<Item, 4>& items) {
    bool seen = false, kept = false;
    for (const Item& item : items) {
      const bool index = item.kind == Item::Kind::Index || item.kind == Item::Kind::Flag;
      if (index && kept) return true;
      seen |= index;
      kept |= seen && !index && item.kind != Item::Kind::Int;
    }
    return false;
  }

  // An integer whose value is not known (in a trace, or on the meta device) beside index tensors that are apart: these
  // would put the dimensions of the result in another order than the integer does.
  void choose_unknown(const Tensor& t) {
    check(reads_,
          "__setitem__: the value of the 0-dim index is not known here, and the other index tensors are apart "
          "from it; make it a Python int outside, or write x.select(dim, i)[...] = value with an int");
    std::vector<Tensor> only(static_cast<size_t>(dim_));
    only.push_back(reshape(t, {1}));
    picked_ = index(picked_.defined() ? picked_ : x_, only);
    choose(0);
  }

  void take(const Item& item) {
    const Tensor& t = item.index;
    if (item.kind == Item::Kind::Int) return choose(item.start);
    if (item.kind == Item::Kind::Slice) return slice_dim(item.start, item.stop, item.step);
    if (item.kind == Item::Kind::NewAxis) return new_dim();
    if (item.kind == Item::Kind::Flag) return mask(full({}, Scalar(item.start != 0), DType::Bool, x_.device()));
    if (t.dtype() == DType::Bool) return mask(t);
    if (t.ndim() == 0 && t.has_values() && !hides_values(t)) {
      py::object number = py::reinterpret_steal<py::object>(python::item(t));
      return choose(number.cast<int64_t>());
    }
    if (t.ndim() == 0 && apart_ && !(reads_ && selects_)) return choose_unknown(t);
    at(out_dims_, t);
    keep_dim();
  }

  void add(int64_t start, int64_t step, int64_t count) {
    basic_.starts.push_back(start);
    basic_.steps.push_back(step);
    basic_.counts.push_back(count);
    dim_++;
    if (count >= 0) out_dims_++;
  }
  void keep_dim() { add(0, 1, x_.size(dim_)); }

  void choose(int64_t i) {
    int64_t n = x_.size(dim_);
    check<ErrorKind::Index>(i >= -n && i < n, "index ", i, " is out of range for dimension ", dim_,
                            " of a tensor of shape ", x_.shape(), ", which has size ", n);
    changes_ = true;
    add(i < 0 ? i + n : i, 1, -1);
  }

  void slice_dim(int64_t start, int64_t stop, int64_t step) {
    const int64_t n = x_.size(dim_);
    int64_t count = PySlice_AdjustIndices(n, &start, &stop, step);
    changes_ |= count != n;
    add(count ? start : 0, count > 1 ? step : 1, count);
  }

  void new_dim() {
    changes_ = true;
    basic_.new_axes.push_back(out_dims_++);
  }

  void mask(const Tensor& m) {
    if (m.ndim() == 0) {  // all or nothing along a new dimension
      new_dim();
      at(out_dims_ - 1, reshape(m, {1}));
      return;
    }
    bool fits = true;
    for (int d = 0; d < m.ndim(); d++) fits &= m.size(d) == x_.size(dim_ + d);
    check<ErrorKind::Index>(fits, "index: a mask of shape ", m.shape(), " does not fit dimension ", dim_,
                            " and following of a tensor of shape ", x_.shape());
    at(out_dims_, m);
    for (int d = 0; d < m.ndim(); d++) keep_dim();
    masked_dims_ += m.ndim() - 1;
  }

  // indices_ has one entry per dimension of the view, but one for all dimensions of a mask.
  void at(int out_dim, const Tensor& t) {
    while (static_cast<int>(indices_.size()) < out_dim - masked_dims_) indices_.emplace_back();
    indices_.push_back(to_device(t, x_.device()));  // indices may lie on the host
  }

  const Tensor& x_;
  Tensor picked_;  // x_ with only one place left along some dims, where that has been necessary
  BasicKey basic_;
  std::vector<Tensor> indices_;
  int dim_ = 0, out_dims_ = 0, masked_dims_ = 0;
  bool reads_, changes_ = false, ellipsis_ = false, apart_ = false, selects_ = true;
};

// A mask that covers the whole of x.
bool is_full_mask(const Key& key, const Tensor& x) {
  return key.plain() && key.indices().size() == 1 && key.indices()[0].defined() &&
         key.indices()[0].dtype() == DType::Bool && key.indices()[0].shape() == x.shape();
}

Tensor as_value(const Tensor& x, PyObject* value) {
  if (is_tensor(value)) return unwrap(value);
  if (std::optional<Scalar> s = read_scalar(value)) {
    check_storable("__setitem__", *s, x.dtype());
    return full({}, *s, x.dtype(), x.device());
  }
  return import_module("weft._C").attr("as_tensor")(py::handle(value)).cast<Tensor>();
}

// Leading dimensions of size 1 that the target does not have are dropped.
Tensor fitted(const Tensor& value, int ndim, DType dtype) {
  Tensor v = value;
  while (v.ndim() > ndim && v.size(0) == 1) v = select(v, 0, 0);
  return to_dtype(v, dtype);
}

}  // namespace

Tensor mask_of_bytes(const Tensor& t) {
  if (t.dtype() != DType::UInt8) return t;
  if (PyErr_WarnEx(PyExc_UserWarning,
                   "a uint8 tensor used as a mask is deprecated; convert it with .bool(), or with .long() for an index",
                   1) < 0)
    throw py::error_already_set();
  return ne(t, Scalar(0));
}

Tensor index_get(const Tensor& x, PyObject* key) {
  if (PyLong_CheckExact(key) && x.ndim() > 0) {
    int overflow = 0;
    int64_t i = PyLong_AsLongLongAndOverflow(key, &overflow), n = x.size(0);
    if (!overflow && i >= -n && i < n) return select(x, 0, i);
  }
  if (key == Py_Ellipsis) return view_as(x, x.shape());
  Key k(x, key, true);
  if (!k.advanced()) return k.plain() ? view_as(x, x.shape()) : k.view();
  if (is_full_mask(k, x)) return masked_select(x, k.indices()[0]);
  if (k.selects()) return select_at(k.view(), k.indices());
  return index(k.view(), k.indices());
}

void index_set(const Tensor& x, PyObject* key, PyObject* value) {
  Tensor v = to_device(as_value(x, value), x.device());  // first: this may run Python code
  Key k(x, key, false);
  if (!k.advanced()) {
    Tensor target = k.view();
    copy_(target, fitted(v, target.ndim(), v.dtype()));
    return;
  }
  if (is_full_mask(k, x) && v.numel() == 1 && v.ndim() == 0) {
    masked_fill_(x, k.indices()[0], to_dtype(v, x.dtype()));
    return;
  }
  Tensor target = k.view();
  index_put_(target, k.indices(), fitted(v, kMaxDims, x.dtype()));
}

namespace {

std::vector<Tensor> indices_from(const char* op, const py::object& given) {
  check<ErrorKind::Type>(PyTuple_Check(given.ptr()) || PyList_Check(given.ptr()), op,
                         ": indices must be a tuple or list of tensors, got ", Py_TYPE(given.ptr())->tp_name);
  std::vector<Tensor> out;
  for (py::handle item : items_of(op, given))
    out.push_back(item.is_none() ? Tensor()
                                 : mask_of_bytes(import_module("weft._C").attr("as_tensor")(item).cast<Tensor>()));
  return out;
}

// A number as a 0-dimensional tensor of x's dtype.
Tensor value_of(const char* op, const Tensor& x, const Operand& value) {
  if (const Tensor* t = std::get_if<Tensor>(&value)) return *t;
  const Scalar& s = std::get<Scalar>(value);
  check_storable(op, s, x.dtype());
  const bool whole = !s.is_float() || s.to_double() == std::trunc(s.to_double());
  check(whole || !is_integral(x.dtype()), op, ": the number ", s, " cannot be stored in a tensor of dtype ", x.dtype());
  return scalar_tensor(s, x.dtype(), x.device());
}

PutMode put_mode(const char* op, const std::optional<std::string>& reduce) {
  check(!reduce || *reduce == "add" || *reduce == "multiply", op, ": reduce must be None, 'add' or 'multiply', got '",
        reduce.value_or(""), "'");
  return !reduce ? PutMode::Assign : *reduce == "add" ? PutMode::Add : PutMode::Multiply;
}

// scatter(reduce="multiply"), with a gradient; one number stands for all.
Tensor scatter_product(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  return scatter_reduce(x, dim, index, source.ndim() == 0 ? expand(source, index.shape()) : source, "prod", true);
}

void bind_gather(Family& f) {
  f.def(
      "gather", "(input, dim, index, *, sparse_grad=False, out=None)",
      [](const Tensor& x, int64_t dim, const Tensor& i, bool, const Tensor& out) {
        return write_out("gather", out, [&] { return gather(x, dim, i); });
      },
      "Elements picked along dim: out[i][j] = input[i][index[i][j]] for dim 1, and so on. The result has\n"
      "the shape of index, an integer tensor with as many dimensions as input and no larger in the others\n"
      "than dim.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.gather(weft.tensor([[1, 2], [3, 4]]), 1, weft.tensor([[1], [0]]))\n"
      "tensor([[2],\n"
      "        [3]])\n");
  f.def(
      "take_along_dim", "(input, indices, dim=None, *, out=None)",
      [](const Tensor& x, const Tensor& i, std::optional<int64_t> dim, const Tensor& out) {
        return write_out("take_along_dim", out, [&] { return take_along_dim(x, i, dim); });
      },
      "gather() where input and indices broadcast but for dim; without dim, elements of the flattened input\n"
      "in a vector.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit.\n\n"
      ">>> import weft\n"
      ">>> x = weft.tensor([[3, 1], [2, 4]])\n"
      ">>> weft.take_along_dim(x, x.argmax(1, keepdim=True), 1)\n"
      "tensor([[3],\n"
      "        [4]])\n");
  f.def(
      "take", "(input, index, *, out=None)",
      [](const Tensor& x, const Tensor& i, const Tensor& out) {
        return write_out("take", out, [&] { return take(x, i); });
      },
      "Elements of the flattened input, in the shape of index. Negative numbers count from the end.\n\n"
      "Raises IndexError for numbers outside of it.\n\n"
      ">>> import weft\n"
      ">>> weft.take(weft.tensor([[1, 2], [3, 4]]), weft.tensor([3, 0]))\n"
      "tensor([4, 1])\n");
  f.def(
      "index_select", "(input, dim, index, *, out=None)",
      [](const Tensor& x, int64_t dim, const Tensor& i, const Tensor& out) {
        return write_out("index_select", out, [&] { return index_select(x, dim, i); });
      },
      "A copy of the slices along dim that the integer vector index names, in its order: dim gets its\n"
      "length.\n\n"
      "Raises IndexError for numbers outside of the dimension.\n\n"
      ">>> import weft\n"
      ">>> weft.index_select(weft.tensor([[1, 2], [3, 4]]), 0, weft.tensor([1, 1]))\n"
      "tensor([[3, 4],\n"
      "        [3, 4]])\n");
}

void bind_scatter(Family& f) {
  auto scatter_any = [](const Tensor& x, int64_t dim, const Tensor& i, const Operand& src,
                        const std::optional<std::string>& reduce) {
    Tensor source = value_of("scatter", x, src);
    PutMode mode = put_mode("scatter", reduce);
    return mode == PutMode::Multiply ? scatter_product(x, dim, i, source) : scatter(x, dim, i, source, mode);
  };
  auto scatter_any_ = [](const py::object& x, int64_t dim, const Tensor& i, const Operand& src,
                         const std::optional<std::string>& reduce) {
    Tensor source = value_of("scatter_", unwrap(x.ptr()), src);
    PutMode mode = put_mode("scatter_", reduce);
    if (mode == PutMode::Multiply)
      return rewrite("scatter", x, [&](const Tensor& t) { return scatter_product(t, dim, i, source); });
    scatter_(unwrap(x.ptr()), dim, i, source, mode);
    return x;
  };
  const char* doc =
      "A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on, where src may be one number; of\n"
      "several that go to one place the last stays. reduce='add' or 'multiply' combines them with what is\n"
      "there.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of src differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).scatter(0, weft.tensor([2]), weft.tensor([5.]))\n"
      "tensor([0., 0., 5.])\n"
      ">>> weft.ones(3).scatter(0, weft.tensor([0, 0]), 2., reduce='add')\n"
      "tensor([5., 1., 1.])\n";
  const char* in_place_doc =
      "scatter() in place: x[i][index[i][j]] = src[i][j] for dim 1, and so on; of several that go to one\n"
      "place the last stays.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of src differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).scatter_(0, weft.tensor([2]), 5.)\n"
      "tensor([0., 0., 5.])\n";
  for (const char* source : {"src", "value"}) {
    f.def("scatter", concat("(input, dim, index, ", source, ", *, reduce=None)").c_str(), scatter_any, doc);
    f.method("scatter_", concat("(self, dim, index, ", source, ", *, reduce=None) -> Tensor").c_str(), scatter_any_,
             in_place_doc);
  }
  f.def(
      "scatter_add", "(input, dim, index, src, *, out=None)",
      [](const Tensor& x, int64_t dim, const Tensor& i, const Tensor& src, const Tensor& out) {
        return write_out("scatter_add", out, [&] { return scatter(x, dim, i, src, PutMode::Add); });
      },
      "A copy with out[i][index[i][j]] += src[i][j] for dim 1, and so on. The same bits for any number of\n"
      "threads.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of src differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).scatter_add(0, weft.tensor([0, 0, 2]), weft.tensor([1., 2., 3.]))\n"
      "tensor([3., 0., 3.])\n");
  f.method(
      "scatter_add_", "(self, dim, index, src) -> Tensor",
      [](const py::object& x, int64_t dim, const Tensor& i, const Tensor& src) {
        scatter_(unwrap(x.ptr()), dim, i, src, PutMode::Add);
        return x;
      },
      "scatter_add() in place: x[i][index[i][j]] += src[i][j] for dim 1, and so on. The same bits for any\n"
      "number of threads.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of src differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).scatter_add_(0, weft.tensor([0, 0, 2]), weft.tensor([1., 2., 3.]))\n"
      "tensor([3., 0., 3.])\n");
  f.def("scatter_reduce", "(input, dim, index, src, reduce, *, include_self=True)", &scatter_reduce,
        "A copy with the 'sum', 'prod', 'mean', 'amax' or 'amin' of all src[i][j] that index sends to one\n"
        "place, as in scatter(); with include_self of these and of what was there, and what no number goes to\n"
        "stays.\n\n"
        "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit and\n"
        "for another reduce.\n\n"
        ">>> import weft\n"
        ">>> x, index = weft.tensor([1., 1.]), weft.tensor([0, 0])\n"
        ">>> weft.scatter_reduce(x, 0, index, weft.tensor([5., 2.]), 'amax')\n"
        "tensor([5., 1.])\n");
  f.method(
      "scatter_reduce_", "(self, dim, index, src, reduce, *, include_self=True) -> Tensor",
      [](const py::object& x, int64_t dim, const Tensor& i, const Tensor& src, const std::string& reduce,
         bool include_self) {
        return rewrite("scatter_reduce", x,
                       [&](const Tensor& t) { return scatter_reduce(t, dim, i, src, reduce, include_self); });
      },
      "scatter_reduce() in place: what src sends to a place, combined by 'sum', 'prod', 'mean', 'amax' or\n"
      "'amin', and with what was there if include_self.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit and\n"
      "for another reduce.\n\n"
      ">>> import weft\n"
      ">>> x, index = weft.tensor([1., 1.]), weft.tensor([0, 0])\n"
      ">>> x.scatter_reduce_(0, index, weft.tensor([5., 2.]), 'sum', include_self=False)\n"
      "tensor([7., 1.])\n");
}

void bind_along(Family& f) {
  f.def(
      "index_add", "(input, dim, index, source, *, alpha=1, out=None)",
      [](const Tensor& x, int64_t dim, const Tensor& i, const Tensor& source, const Scalar& alpha, const Tensor& out) {
        return write_out("index_add", out, [&] { return index_add(x, dim, i, source, alpha); });
      },
      "A copy in which slice i of source, times alpha, is added to slice index[i] along dim. The same bits\n"
      "for any number of threads.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of source differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).index_add(0, weft.tensor([0, 0, 2]), weft.tensor([1., 2., 3.]), alpha=2)\n"
      "tensor([6., 0., 6.])\n");
  f.method(
      "index_add_", "(self, dim, index, source, *, alpha=1) -> Tensor",
      [](const py::object& x, int64_t dim, const Tensor& i, const Tensor& source, const Scalar& alpha) {
        index_add_(unwrap(x.ptr()), dim, i, source, alpha);
        return x;
      },
      "index_add() in place: slice i of source, times alpha, is added to slice index[i] along dim.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of source differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).index_add_(0, weft.tensor([0, 0, 2]), weft.tensor([1., 2., 3.]))\n"
      "tensor([3., 0., 3.])\n");
  f.def("index_copy", "(input, dim, index, source)", &index_copy,
        "A copy in which slice index[i] along dim is slice i of source.\n\n"
        "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or\n"
        "the dtype of source differs.\n\n"
        ">>> import weft\n"
        ">>> weft.zeros(3).index_copy(0, weft.tensor([2, 0]), weft.tensor([1., 2.]))\n"
        "tensor([2., 0., 1.])\n");
  f.method(
      "index_copy_", "(self, dim, index, source) -> Tensor",
      [](const py::object& x, int64_t dim, const Tensor& i, const Tensor& source) {
        index_copy_(unwrap(x.ptr()), dim, i, source);
        return x;
      },
      "index_copy() in place: slice index[i] along dim becomes slice i of source.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of source differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).index_copy_(0, weft.tensor([2, 0]), weft.tensor([1., 2.]))\n"
      "tensor([2., 0., 1.])\n");
  f.def(
      "index_fill", "(input, dim, index, value)",
      [](const Tensor& x, int64_t dim, const Tensor& i, const Operand& value) {
        return index_fill(x, dim, i, value_of("index_fill", x, value));
      },
      "A copy in which the slices along dim that the integer vector index names hold one value, a number or\n"
      "a tensor without dimensions.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError for a value that the dtype\n"
      "cannot hold.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).index_fill(0, weft.tensor([0, 2]), 5)\n"
      "tensor([5., 0., 5.])\n");
  f.method(
      "index_fill_", "(self, dim, index, value) -> Tensor",
      [](const py::object& x, int64_t dim, const Tensor& i, const Operand& value) {
        index_fill_(unwrap(x.ptr()), dim, i, value_of("index_fill_", unwrap(x.ptr()), value));
        return x;
      },
      "index_fill() in place: the slices along dim that the integer vector index names get one value.\n\n"
      "Raises IndexError for numbers outside of the dimension, RuntimeError for a value that the dtype\n"
      "cannot hold.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).index_fill_(0, weft.tensor([0, 2]), 5)\n"
      "tensor([5., 0., 5.])\n");
  f.def(
      "index_put", "(input, indices: Sequence[Tensor | None], values, accumulate=False)",
      [](const Tensor& x, const py::object& i, const Tensor& values, bool accumulate) {
        return index_put(x, indices_from("index_put", i), values, accumulate);
      },
      "A copy in which out[indices] = values, or += with accumulate: indices are integer tensors or masks\n"
      "for the first dimensions, None for a whole one, and values broadcast to what they choose.\n\n"
      "Raises IndexError for numbers outside of a dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of values differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).index_put((weft.tensor([0, 0]),), weft.tensor([1., 2.]), accumulate=True)\n"
      "tensor([3., 0., 0.])\n");
  f.method(
      "index_put_", "(self, indices: Sequence[Tensor | None], values, accumulate=False) -> Tensor",
      [](const py::object& x, const py::object& i, const Tensor& values, bool accumulate) {
        index_put_(unwrap(x.ptr()), indices_from("index_put_", i), values, accumulate);
        return x;
      },
      "x[indices] = values in place, or += with accumulate: indices are integer tensors or masks for the\n"
      "first dimensions, None for a whole one, and values broadcast to what they choose.\n\n"
      "Raises IndexError for numbers outside of a dimension, RuntimeError where the shapes do not fit or\n"
      "the dtype of values differs.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).index_put_((weft.tensor([0, 2]),), weft.tensor([1., 2.]))\n"
      "tensor([1., 0., 2.])\n");
}

void bind_masks(Family& f) {
  f.def(
      "masked_fill", "(input, mask, value)",
      [](const Tensor& x, const Tensor& mask, const Operand& value) {
        return masked_fill(x, mask, value_of("masked_fill", x, value));
      },
      "A copy with one value, a number or a tensor without dimensions, where the bool tensor mask is True.\n"
      "Input and mask broadcast.\n\n"
      "Raises RuntimeError for a mask of another dtype and a value that the dtype cannot hold.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([1., 2.]).masked_fill(weft.tensor([True, False]), 0)\n"
      "tensor([0., 2.])\n");
  f.method(
      "masked_fill_", "(self, mask, value) -> Tensor",
      [](const py::object& x, const Tensor& mask, const Operand& value) {
        masked_fill_(unwrap(x.ptr()), mask, value_of("masked_fill_", unwrap(x.ptr()), value));
        return x;
      },
      "masked_fill() in place: the tensor gets one value where the bool tensor mask, which broadcasts to\n"
      "it, is True.\n\n"
      "Raises RuntimeError for a mask of another dtype or shape and a value that the dtype cannot hold.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([1., 2.]).masked_fill_(weft.tensor([True, False]), 0)\n"
      "tensor([0., 2.])\n");
  f.def(
      "masked_select", "(input, mask, *, out=None)",
      [](const Tensor& x, const Tensor& mask, const Tensor& out) {
        return write_out("masked_select", out, [&] { return masked_select(x, mask); });
      },
      "A vector of the elements where the bool tensor mask is True, row by row; input and mask broadcast.\n\n"
      "Raises RuntimeError for a mask of another dtype.\n\n"
      ">>> import weft\n"
      ">>> weft.masked_select(weft.tensor([3, 1, 2]), weft.tensor([True, False, True]))\n"
      "tensor([3, 2])\n");
  f.def("masked_scatter", "(input, mask, source)", &masked_scatter,
        "A copy in which the elements where the bool tensor mask is True are the first ones of source, row by\n"
        "row; the rest stays. Mask and input broadcast.\n\n"
        "Raises RuntimeError where source has too few elements or another dtype.\n\n"
        ">>> import weft\n"
        ">>> weft.zeros(3).masked_scatter(weft.tensor([True, False, True]), weft.tensor([1., 2.]))\n"
        "tensor([1., 0., 2.])\n");
  f.method(
      "masked_scatter_", "(self, mask, source) -> Tensor",
      [](const py::object& x, const Tensor& mask, const Tensor& source) {
        return rewrite("masked_scatter", x, [&](const Tensor& t) { return masked_scatter(t, mask, source); });
      },
      "masked_scatter() in place: the elements where the bool tensor mask is True become the first ones of\n"
      "source, row by row.\n\n"
      "Raises RuntimeError where source has too few elements or another dtype.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(3).masked_scatter_(weft.tensor([True, False, True]), weft.tensor([1., 2.]))\n"
      "tensor([1., 0., 2.])\n");
  f.function(
      "where", "(condition) -> tuple[Tensor, ...]",
      [](const Tensor& condition) { return py::tuple(py::cast(nonzero_tuple(condition))); },
      "The coordinates where condition holds, one vector per dimension.");
  f.def(
      "nonzero", "(input, *, as_tuple=False, out=None) -> Tensor | tuple[Tensor, ...]",
      [](const Tensor& x, bool as_tuple, const Tensor& out) -> py::object {
        check(!as_tuple || !out.defined(), "nonzero: out= holds one tensor of coordinates, not as_tuple's vectors");
        if (as_tuple) return py::tuple(py::cast(nonzero_tuple(x)));
        return py::cast(write_out("nonzero", out, [&] { return nonzero(x); }));
      },
      "The coordinates of the elements that are not zero, row by row: an int64 tensor of shape (count,\n"
      "dims), or with as_tuple a tuple of one vector for each dimension.\n\n"
      "Raises RuntimeError on the meta device, where the count is not known.\n\n"
      ">>> import weft\n"
      ">>> weft.nonzero(weft.tensor([0, 3, 5]))\n"
      "tensor([[1],\n"
      "        [2]])\n"
      ">>> weft.nonzero(weft.tensor([0, 3, 5]), as_tuple=True)\n"
      "(tensor([1, 2]),)\n");
  f.def(
      "argwhere", "(input)", [](const Tensor& x) { return nonzero(x); },
      "The coordinates of the elements that are not zero, row by row: an int64 tensor of shape (count,\n"
      "dims).\n\n"
      "Raises RuntimeError on the meta device, where the count is not known.\n\n"
      ">>> import weft\n"
      ">>> weft.argwhere(weft.tensor([[0, 1], [1, 0]]))\n"
      "tensor([[0, 1],\n"
      "        [1, 0]])\n");
  f.def(
      "bincount", "(input, weights=None, minlength=0)",
      [](const Tensor& x, const Tensor& weights, int64_t minlength) {
        check(x.ndim() == 1 && is_integral(x.dtype()), "bincount: expected a vector of integers, got shape ", x.shape(),
              " and dtype ", x.dtype());
        check(minlength >= 0, "bincount: minlength must not be negative, got ", minlength);
        check(!weights.defined() || weights.shape() == x.shape(), "bincount: expected weights of shape ", x.shape(),
              ", got ", weights.defined() ? weights.shape() : Shape{});
        check(!x.is_meta(),
              "bincount: the size of the result depends on the data, which a tensor on the meta device does not have");
        check_values_readable("bincount", x);
        NotTraced now;
        int64_t length = minlength;
        Tensor values = contiguous(to_dtype(x, DType::Int64));
        Tensor seen = on_host(values);
        for (int64_t i = 0; i < seen.numel(); i++) {
          int64_t v = seen.data_as<int64_t>()[i];
          check(v >= 0, "bincount: expected no negative numbers, got ", v);
          length = std::max(length, v + 1);
        }
        bool floating = weights.defined();
        DType t = !floating ? DType::Int64 : weights.dtype() == DType::Float32 ? DType::Float32 : DType::Float64;
        return index_add(zeros({length}, t, x.device()), 0, values,
                         floating ? to_dtype(weights, t) : ones({x.numel()}, t, x.device()));
      },
      "How often each number from 0 on occurs in an integer vector, as int64; or the sum of the weights of\n"
      "its places, as float32 for these, else float64. The result has max(minlength, largest number + 1)\n"
      "elements.\n\n"
      "Raises RuntimeError for negative numbers, another shape or dtype, and weights of another shape.\n\n"
      ">>> import weft\n"
      ">>> weft.bincount(weft.tensor([1, 1, 3]))\n"
      "tensor([0, 2, 0, 1])\n");
}

}  // namespace

void bind_indexing(Family& f, Family&) {
  bind_gather(f);
  bind_scatter(f);
  bind_along(f);
  bind_masks(f);
}

}  // namespace weft::python
