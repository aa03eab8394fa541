#include "bindings/named_pair.h"

#include <deque>

#include "bindings/out.h"

namespace weft::python {

namespace {

std::vector<std::pair<const char*, PyTypeObject*>>& named_types() {
  static std::vector<std::pair<const char*, PyTypeObject*>> types;
  return types;
}

}  // namespace

PyTypeObject* named_tuple_type(const char* name, const char* first, const char* second) {
  static std::deque<std::string> names;  // the type keeps pointers to its names
  names.push_back(std::string("weft.return_types.") + name);
  PyStructSequence_Field fields[] = {{first, nullptr}, {second, nullptr}, {nullptr, nullptr}};
  PyStructSequence_Desc description = {names.back().c_str(), nullptr, fields, 2};
  PyTypeObject* type = PyStructSequence_NewType(&description);
  if (!type) throw py::error_already_set();
  named_types().emplace_back(name, type);
  return type;
}

void bind_named_types(Family& m) {
  Family types = m.submodule("_return_types", "The named tuples of weft.return_types.");
  for (auto [name, type] : named_types()) types.scope().attr(name) = py::handle(reinterpret_cast<PyObject*>(type));
}

py::object written_pair(const char* op, PyTypeObject* type, const Tensor& first, const Tensor& second,
                        const py::object& out) {
  if (out.is_none()) return named_pair(type, first, second);
  check<ErrorKind::Type>(PyTuple_Check(out.ptr()) || PyList_Check(out.ptr()), op, ": out= must be a pair of tensors");
  const py::tuple items = items_of(op, out);
  check<ErrorKind::Type>(items.size() == 2, op, ": out= must be a pair of tensors");
  Tensor targets[2];
  for (size_t i = 0; i < 2; i++) {
    py::handle item = items[i];
    check<ErrorKind::Type>(is_tensor(item.ptr()), op, ": out= must be a pair of tensors");
    targets[i] = unwrap(item.ptr());
  }
  return named_pair(type, write_out(op, first, targets[0]), write_out(op, second, targets[1]));
}

}  // namespace weft::python
