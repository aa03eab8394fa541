// From Python data to tensors and back: tensor(), as_tensor(), item(), tolist().
#include <cstring>

#include "bindings/factory.h"
#include "bindings/recursion.h"
#include "bindings/tensor_object.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

// Nested lists: their shape, and the widest kind of number in them.
struct Nested {
  Shape shape;
  Scalar::Kind kind = Scalar::Kind::Bool;
  std::optional<DType> exact;  // of tensors or NumPy scalars inside
  bool any = false;
  int64_t count = 0;  // of elements at all depths

  void note(Scalar::Kind k) {
    kind = std::max(kind, k);
    any = true;
  }
};

// What tensor() goes into: sequences of any type but text.
bool is_list(PyObject* o) {
  if (PyList_Check(o) || PyTuple_Check(o) || PyRange_Check(o)) return true;
  if (PyFloat_Check(o) || PyLong_Check(o) || PyUnicode_Check(o) || PyBytes_Check(o)) return false;
  return PySequence_Check(o) && !PyDict_Check(o);
}
bool is_array(PyObject* o) { return is_tensor(o) || PyObject_HasAttrString(o, "__array_interface__"); }

// Ctrl-C is answered in long lists.
void check_signals(int64_t count) {
  if (count % (1 << 16) == 0 && PyErr_CheckSignals() < 0) throw py::error_already_set();
}

[[noreturn]] void fail_changed() { fail<ErrorKind::Value>("tensor: the data changed while they were read"); }

int64_t length_of(PyObject* list) {
  Py_ssize_t n = PySequence_Size(list);
  if (n < 0) throw py::error_already_set();
  return n;
}

// Calls f with each of the `length` elements. f may run Python code, which may change the list: an error then.
template <class F>
void each_element(PyObject* list, int64_t length, const F& f) {
  if (PyList_CheckExact(list) || PyTuple_CheckExact(list)) {
    for (Py_ssize_t i = 0; i < length; i++) {
      if (i >= PySequence_Fast_GET_SIZE(list)) fail_changed();
      f(py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(list, i)).ptr());
    }
    if (PySequence_Fast_GET_SIZE(list) != length) fail_changed();
    return;
  }
  auto elements = py::reinterpret_steal<py::object>(PyObject_GetIter(list));
  if (!elements) throw py::error_already_set();
  for (int64_t i = 0;; i++) {
    auto element = py::reinterpret_steal<py::object>(PyIter_Next(elements.ptr()));
    if (!element && PyErr_Occurred()) throw py::error_already_set();
    if (!element && i == length) return;
    if (!element || i == length) fail_changed();
    f(element.ptr());
  }
}

// Arrays and tensors inside of lists become nested lists of numbers.
py::object plain(PyObject* o) {
  if (is_tensor(o)) return py::reinterpret_steal<py::object>(to_list(unwrap(o)));
  return import_module("numpy").attr("asarray")(py::handle(o)).attr("tolist")();
}

void measure(PyObject* o, int depth, Nested& n) {
  const bool number = PyFloat_Check(o) || PyLong_Check(o);
  if (number && n.shape.size() == depth) return n.note(read_scalar(o)->kind());
  RecursionGuard guard(" in tensor()");
  if (!number && is_array(o)) {
    DType t =
        is_tensor(o) ? unwrap(o).dtype() : from_numpy(import_module("numpy").attr("asarray")(py::handle(o))).dtype();
    n.exact = n.exact ? promote(*n.exact, t) : t;
    py::object values = plain(o);
    return measure(values.ptr(), depth, n);
  }
  if (!is_list(o)) {
    check<ErrorKind::Value>(n.shape.size() == depth, "tensor: expected a sequence of length ",
                            n.shape.size() > depth ? n.shape[depth] : 0, " at depth ", depth, ", got a number");
    std::optional<Scalar> s = read_scalar(o);
    check<ErrorKind::Type>(s.has_value(), "tensor: expected numbers, got ", Py_TYPE(o)->tp_name);
    n.note(s->kind());
    return;
  }
  check<ErrorKind::Value>(depth < kMaxDims, "tensor: more than ", kMaxDims, " levels of nesting");
  const int64_t length = length_of(o);
  if (n.shape.size() == depth) {
    check<ErrorKind::Value>(!n.any, "tensor: got a sequence of length ", length, " at depth ", depth,
                            " where there were numbers before");
    n.shape.push_back(length);
  }
  check<ErrorKind::Value>(n.shape[depth] == length, "tensor: expected a sequence of length ", n.shape[depth],
                          " at depth ", depth, ", got length ", length);
  each_element(o, length, [&](PyObject* element) {
    check_signals(++n.count);
    measure(element, depth + 1, n);
  });
}

template <class T>
T convert(const Scalar& s) {
  if constexpr (std::is_same_v<T, Float16>)
    return to_float16(static_cast<float>(s.to_double()));
  else if constexpr (std::is_same_v<T, BFloat16>)
    return to_bfloat16(static_cast<float>(s.to_double()));
  else if constexpr (std::is_same_v<T, Float8E4M3>)
    return to_float8_e4m3(static_cast<float>(s.to_double()));
  else if constexpr (std::is_same_v<T, Float8E5M2>)
    return to_float8_e5m2(static_cast<float>(s.to_double()));
  else if constexpr (is_complex_type<T>)
    return {static_cast<typename T::Part>(s.to_complex().real), static_cast<typename T::Part>(s.to_complex().imag)};
  else if constexpr (std::is_same_v<T, BoolByte>)
    return s.to_bool();
  else if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(s.to_double());
  else {
    check_storable("tensor", s, dtype_of<T>);
    return static_cast<T>(s.to_bits());
  }
}

// Writes what measure() has measured, and never more than that.
template <class T>
void store(PyObject* o, int depth, const Shape& shape, T*& out, const T* end) {
  const bool number = PyFloat_Check(o) || PyLong_Check(o);
  if (number && depth == shape.size() && out < end) {
    *out++ = convert<T>(*read_scalar(o));
    return;
  }
  RecursionGuard guard(" in tensor()");
  if (!number && is_array(o)) {
    py::object values = plain(o);
    return store(values.ptr(), depth, shape, out, end);
  }
  if (!is_list(o)) {
    std::optional<Scalar> value = read_scalar(o);
    if (!value || depth != shape.size() || out == end) fail_changed();
    *out++ = convert<T>(*value);
    return;
  }
  if (depth >= shape.size() || length_of(o) != shape[depth]) fail_changed();
  each_element(o, shape[depth], [&](PyObject* element) {
    check_signals(end - out);
    store(element, depth + 1, shape, out, end);
  });
}

Tensor from_nested(PyObject* data, std::optional<DType> dtype) {
  Nested n;
  measure(data, 0, n);
  DType natural = n.kind == Scalar::Kind::Float || !n.any ? default_dtype() : Scalar(0).default_dtype();
  if (n.any && n.kind == Scalar::Kind::Bool) natural = DType::Bool;
  if (n.any && n.kind == Scalar::Kind::Complex) natural = to_complex(default_dtype());
  if (n.exact) natural = *n.exact;
  Tensor t = empty(n.shape, dtype.value_or(natural));
  visit_dtype(t.dtype(), [&](auto tag) {
    auto* out = t.data_as<typename decltype(tag)::type>();
    const auto* end = out + t.numel();
    if (t.numel()) store(data, 0, t.shape(), out, end);
    if (out != end) fail_changed();
  });
  return t;
}

bool is_list_or_number(PyObject* o) {
  return PyList_Check(o) || PyTuple_Check(o) || PyRange_Check(o) || PyFloat_Check(o) || PyLong_Check(o);
}

// As a NumPy array with the machine's byte order.
py::object native_array(const py::object& data) {
  py::object array = import_module("numpy").attr("asarray")(data);
  bool foreign = !array.attr("dtype").attr("isnative").cast<bool>();
  return foreign ? array.attr("astype")(array.attr("dtype").attr("newbyteorder")("=")) : array;
}

// Gives an array although it is none, as pandas' Series does.
bool is_array_like(const py::object& data) {
  return !is_list_or_number(data.ptr()) && !PyType_Check(data.ptr()) && py::hasattr(data, "__array__");
}

// Shares memory where it can.
Tensor as_tensor(const py::object& data, std::optional<DType> dtype, std::optional<Device> device) {
  Tensor t;
  if (is_tensor(data.ptr()))
    t = unwrap(data.ptr());
  else if (py::hasattr(data, "__array_interface__"))
    t = from_numpy(native_array(data));
  else if (py::hasattr(data, "__dlpack__"))
    t = unwrap(import_module("weft._C").attr("from_dlpack")(data).ptr());
  else if ((PyObject_CheckBuffer(data.ptr()) && !PyBytes_Check(data.ptr())) || is_array_like(data))
    t = from_numpy(native_array(data));
  else
    t = from_nested(data.ptr(), dtype);
  if (dtype && *dtype != t.dtype()) t = to_dtype(t, *dtype);
  return to_device(t, device.value_or(is_tensor(data.ptr()) ? t.device() : default_device()));
}

// Always a copy, always a leaf.
Tensor make_tensor(const py::object& data, std::optional<DType> dtype, std::optional<Device> device,
                   bool requires_grad) {
  Tensor t;
  {
    GradModeGuard no_grad(false);
    t = as_tensor(data, dtype, device);
    bool shared = !is_list_or_number(data.ptr()) &&
                  (is_tensor(data.ptr()) || py::hasattr(data, "__array_interface__") ||
                   py::hasattr(data, "__dlpack__") || PyObject_CheckBuffer(data.ptr()) || is_array_like(data));
    if (shared) t = detach(clone(t));
  }
  if (requires_grad) change_requires_grad(t, true);
  return t;
}

PyObject* element(const Tensor& t, int64_t offset) {
  return visit_dtype(t.dtype(), [&](auto tag) -> PyObject* {
    using T = typename decltype(tag)::type;
    T v;  // NumPy's memory may lie anywhere
    std::memcpy(&v, static_cast<const char*>(t.data()) + offset * static_cast<int64_t>(sizeof v), sizeof v);
    if constexpr (std::is_same_v<T, BoolByte>)
      return PyBool_FromLong(v);
    else if constexpr (requires { to_float(v); })
      return PyFloat_FromDouble(to_float(v));
    else if constexpr (is_complex_type<T>)
      return PyComplex_FromDoubles(v.real, v.imag);
    else if constexpr (std::is_same_v<T, uint64_t>)
      return PyLong_FromUnsignedLongLong(v);
    else if constexpr (std::is_floating_point_v<T>)
      return PyFloat_FromDouble(v);
    else
      return PyLong_FromLongLong(v);
  });
}

PyObject* nested_list(const Tensor& t, int dim, int64_t offset) {
  if (dim == t.ndim()) {
    PyObject* number = element(t, offset);
    if (!number) throw py::error_already_set();
    return number;
  }
  check_signals(offset);
  py::list list(static_cast<size_t>(t.size(dim)));
  for (int64_t i = 0; i < t.size(dim); i++) {
    if (dim + 1 == t.ndim()) check_signals(i + 1);
    PyList_SET_ITEM(list.ptr(), i, nested_list(t, dim + 1, offset + i * t.strides()[dim]));
  }
  return list.release().ptr();
}

void check_has_data(const char* what, const Tensor& t) {
  check(!t.is_meta(), what, ": a tensor on the meta device has a shape but no values");
  check_values_known(what, t);
}

// What was read of a tensor, unless that has lost values meanwhile.
PyObject* if_not_lost(const char* what, const Tensor& t, PyObject* value) {
  auto owned = py::reinterpret_steal<py::object>(value);
  check_not_lost(what, t);
  return owned.release().ptr();
}

}  // namespace

PyObject* item(const Tensor& t, const char* asked) {
  check_has_data(asked, t);
  check_read_at_every_call(asked, t);
  check(t.numel() == 1, asked, ": only a tensor of one element can be turned into a number, got shape ", t.shape(),
        " with ", t.numel(), " elements");
  return if_not_lost(asked, t, element(t.device().type == DeviceType::CPU ? t : on_host(t), 0));
}

PyObject* to_list(const Tensor& t) {
  check_has_data("tolist", t);
  check_read_at_every_call("tolist", t);
  if (t.device().type != DeviceType::CPU) return nested_list(on_host(t), 0, 0);
  // A view of its own: Python code that runs meanwhile may give t other memory.
  return if_not_lost("tolist", t, nested_list(alias_of(t), 0, 0));
}

void bind_tensor_data(Family& f) {
  f.function(
      "tensor", "(data, *, dtype=None, device=None, requires_grad=False, pin_memory=None)",
      [](const py::object& data, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag) {
        return make_tensor(data, dtype, device, requires_grad);
      },
      "A new leaf tensor with a copy of data: a number, nested sequences of them, a NumPy array or a tensor.\n\n"
      "Its shape is that of the nesting. dtype is by default that of an array or tensor, else the widest of the\n"
      "numbers: bool, int64, the default dtype for floats, its complex one for complex numbers. device is by\n"
      "default that of a tensor, else the default device. pin_memory has no effect.\n\n"
      "Raises ValueError for sequences of unequal lengths, TypeError for what are no numbers, RuntimeError for\n"
      "integers that the dtype does not hold.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([[1, 2], [3, 4]]), weft.tensor([1, 2.5])\n"
      "(tensor([[1, 2],\n"
      "        [3, 4]]), tensor([1.0000, 2.5000]))\n");
  f.function(
      "as_tensor", "(data, dtype=None, device=None)", &as_tensor,
      "data as a tensor, without a copy where dtype and device allow: a tensor itself, an array's own memory.\n\n"
      "Takes what tensor() takes, and objects with the buffer protocol, DLPack or __array__. Errors are those\n"
      "of tensor().\n\n"
      ">>> import numpy, weft\n"
      ">>> a = numpy.zeros(2)\n"
      ">>> weft.as_tensor(a).add_(1)\n"
      "tensor([1., 1.], dtype=weft.float64)\n"
      ">>> a\n"
      "array([1., 1.])\n");
  f.function(
      "asarray", "(obj, *, dtype=None, device=None, copy=None, requires_grad=None)",
      [](const py::object& obj, MaybeDType dtype, MaybeDevice device, MaybeFlag copy, MaybeFlag requires_grad) {
        Tensor t = copy.value_or(false) ? make_tensor(obj, dtype, device, false) : as_tensor(obj, dtype, device);
        if (requires_grad.value_or(false)) change_requires_grad(t, true);
        return t;
      },
      "obj as a tensor: as_tensor(), or with copy=True tensor(), which always copies.\n\n"
      "requires_grad=True makes the result part of what autograd differentiates. Errors are those of tensor().\n\n"
      ">>> import weft\n"
      ">>> x = weft.ones(2)\n"
      ">>> weft.asarray(x) is x, weft.asarray(x, copy=True) is x\n"
      "(True, False)\n");
  f.method(
      "item", "(self)", [](const Tensor& t) { return py::reinterpret_steal<py::object>(item(t)); },
      "The value of a tensor of one element as a Python number: a bool, int, float or complex, by the dtype.\n\n"
      "Raises RuntimeError for another number of elements, and on the meta device, where there are no values.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([[2.5]]).item(), weft.tensor(3).item()\n"
      "(2.5, 3)\n");
  f.method(
      "tolist", "(self)", [](const Tensor& t) { return py::reinterpret_steal<py::object>(to_list(t)); },
      "The values as lists of Python numbers, nested like the dimensions; of 0 dimensions the number itself.\n\n"
      "Raises RuntimeError on the meta device, where there are no values.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(4).view(2, 2).tolist(), weft.tensor(2.5).tolist()\n"
      "([[0, 1], [2, 3]], 2.5)\n");
}

}  // namespace weft::python
