// How arguments and results of the common types are read and made: once, and not in every file that binds functions.
#include "bindings/arguments.h"

namespace weft::python {

namespace {

template <class T>
bool take(std::optional<T>&& found, T& value) {
  if (!found) return false;
  value = std::move(*found);
  return true;
}

template <class T>
bool read_cast(PyObject* o, T& value) {
  py::detail::make_caster<T> caster;
  if (!caster.load(o, true)) return false;
  value = py::detail::cast_op<T&&>(std::move(caster));
  return true;
}

}  // namespace

bool read_argument(PyObject* o, Tensor& value) {
  if (!is_tensor(o)) return false;
  value = unwrap(o);
  return true;
}
bool read_argument(PyObject* o, bool& value) { return read_flag(o, value); }
bool read_argument(PyObject* o, int& value) { return read_cast(o, value); }
bool read_argument(PyObject* o, int64_t& value) { return take(read_integer(o), value); }
bool read_argument(PyObject* o, double& value) { return read_cast(o, value); }
bool read_argument(PyObject* o, std::string& value) { return read_cast(o, value); }
bool read_argument(PyObject* o, Scalar& value) { return take(read_scalar(o), value); }
bool read_argument(PyObject* o, Operand& value) {
  if (is_tensor(o)) {
    value = unwrap(o);
    return true;
  }
  std::optional<Scalar> number = read_scalar(o);
  if (number) value = *number;
  return number.has_value();
}
bool read_argument(PyObject* o, Dims& value) { return take(read_dims(o), value); }
bool read_argument(PyObject* o, DType& value) { return take(read_dtype(o), value); }
bool read_argument(PyObject* o, Device& value) { return take(read_device(o), value); }
bool read_argument(PyObject* o, FormatArgument& value) { return take(read_memory_format(o), value); }
bool read_argument(PyObject* o, StridedLayout&) { return is_strided_layout(o); }

bool read_sequence(PyObject* object, py::tuple& items) {
  if (!PySequence_Check(object) || PyUnicode_Check(object) || PyBytes_Check(object)) return false;
  PyObject* found = PySequence_Tuple(object);  // reading an item may change the sequence
  if (!found) throw py::error_already_set();
  items = py::reinterpret_steal<py::tuple>(found);
  return true;
}

PyObject* to_object(const Tensor& value) { return wrap(value); }
PyObject* to_object(bool value) { return PyBool_FromLong(value); }
PyObject* to_object(int64_t value) { return PyLong_FromLongLong(value); }
PyObject* to_object(double value) { return PyFloat_FromDouble(value); }
PyObject* to_object(const std::string& value) {
  return PyUnicode_FromStringAndSize(value.data(), static_cast<Py_ssize_t>(value.size()));
}
PyObject* to_object(DType value) { return Py_NewRef(dtype_object(value)); }
PyObject* to_object(const std::vector<Tensor>& value) {
  py::list list(value.size());
  for (size_t i = 0; i < value.size(); i++) {
    PyObject* item = wrap(value[i]);
    if (!item) return nullptr;
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), item);
  }
  return list.release().ptr();
}

}  // namespace weft::python
