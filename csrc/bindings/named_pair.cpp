#include "bindings/named_pair.h"

#include <deque>

#include "bindings/out.h"

namespace weft::python {

PyTypeObject* named_tuple_type(const char* name, const char* first, const char* second) {
  static std::deque<std::string> names;  // the type keeps pointers to its names
  names.push_back(std::string("weft.return_types.") + name);
  PyStructSequence_Field fields[] = {{first, nullptr}, {second, nullptr}, {nullptr, nullptr}};
  PyStructSequence_Desc description = {names.back().c_str(), nullptr, fields, 2};
  PyTypeObject* type = PyStructSequence_NewType(&description);
  if (!type) throw py::error_already_set();
  return type;
}

py::object written_pair(const char* op, PyTypeObject* type, const Tensor& first, const Tensor& second,
                        const py::object& out) {
  if (out.is_none()) return named_pair(type, first, second);
  check<ErrorKind::Type>(py::isinstance<py::sequence>(out) && py::len(out) == 2, op,
                         ": out= must be a pair of tensors");
  Tensor targets[2];
  for (size_t i = 0; i < 2; i++) {
    py::object item = out[py::int_(i)];
    check<ErrorKind::Type>(is_tensor(item.ptr()), op, ": out= must be a pair of tensors");
    targets[i] = unwrap(item.ptr());
  }
  return named_pair(type, write_out(op, first, targets[0]), write_out(op, second, targets[1]));
}

}  // namespace weft::python
