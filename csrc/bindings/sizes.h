// Sizes as arguments: f(2, 3), f((2, 3)), f([2, 3]), checked.
#pragma once

#include "bindings/bindings.h"

namespace weft::python {

// A bool of Python or NumPy, or a tensor of that dtype: where an integer is meant, a mistake.
bool is_truth(PyObject* object);

// Raises RuntimeError naming `op` for negative sizes and for too many elements.
inline const Shape& checked_sizes(const char* op, const Shape& shape) {
  int64_t numel = 1;
  bool over = false, empty = false;
  for (int64_t n : shape) {
    check(n >= 0, op, ": negative size ", n, " in shape ", shape);
    empty |= n == 0;
    over |= __builtin_mul_overflow(numel, n, &numel);
  }
  check(empty || !over, op, ": the number of elements of shape ", shape, " does not fit 63 bits");
  return shape;
}

// Raises TypeError naming `op` unless the arguments are integers or one sequence of integers.
inline Dims dims_of(const char* op, const py::args& args) {
  py::handle source = args;
  if (args.size() == 1 && (py::isinstance<py::sequence>(args[0]) && !is_tensor(py::handle(args[0]).ptr())))
    source = args[0];
  std::optional<Dims> dims = read_dims(source.ptr());
  if (!dims) {
    std::string type = Py_TYPE(source.ptr())->tp_name;
    if (py::isinstance<py::sequence>(source) && !py::isinstance<py::str>(source)) {
      for (py::handle entry : items_of(op, source)) {
        type = Py_TYPE(entry.ptr())->tp_name;
        if (!PyLong_Check(entry.ptr()) || PyBool_Check(entry.ptr())) break;
      }
    }
    fail<ErrorKind::Type>(op, ": expected integers or one sequence of integers, got ", std::string(py::repr(args)),
                          " with ", type);
  }
  return *dims;
}

inline Shape sizes_from_args(const char* op, const py::args& args) { return checked_sizes(op, dims_of(op, args)); }

}  // namespace weft::python
