// Named tuples of results: weft.max(x, 0) gives .values and .indices.
#pragma once

#include "bindings/bindings.h"

namespace weft::python {

// A tuple type with the given field names, weft.return_types.<name>; fields ends with nullptr. Made once per name.
PyTypeObject* named_tuple_type(const char* name, const char* first, const char* second);

// All of them as attributes of m._return_types, for weft.return_types. Called after all families are bound.
void bind_named_types(Family& m);

// A new (first, second) of such a type.
inline py::object named_pair(PyTypeObject* type, const Tensor& first, const Tensor& second) {
  py::object pair = py::reinterpret_steal<py::object>(PyStructSequence_New(type));
  if (!pair) throw py::error_already_set();
  PyStructSequence_SetItem(pair.ptr(), 0, wrap(first));
  PyStructSequence_SetItem(pair.ptr(), 1, wrap(second));
  return pair;
}

// write_out() for the two results of a named pair; out is None or a sequence of two tensors.
py::object written_pair(const char* op, PyTypeObject* type, const Tensor& first, const Tensor& second,
                        const py::object& out);

}  // namespace weft::python
