// Watch: notices that an object which a trace has used is not what it was.
#pragma once

#include "bindings/bindings.h"

namespace weft::python {

inline bool is_plain_constant(PyObject* o) {
  return o == Py_None || PyBool_Check(o) || PyLong_CheckExact(o) || PyFloat_CheckExact(o) || PyUnicode_CheckExact(o);
}

// The attributes of an object that a trace has used: when one of them becomes another object that is not equal, what
// was compiled does not hold any more.
class Watch {
 public:
  explicit Watch(const py::object& owner) : owner_(owner), dict_(owner.attr("__dict__")) {
    PyObject *k, *v;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict_.ptr(), &at, &k, &v)) {
      keys_.push_back(py::reinterpret_borrow<py::object>(k));
      values_.push_back(py::reinterpret_borrow<py::object>(v));
      if (PyDict_Check(v)) sizes_.emplace_back(values_.size() - 1, PyDict_GET_SIZE(v));
    }
  }

  // Empty if nothing has changed.
  std::string change() {
    PyObject *k, *v;
    Py_ssize_t at = 0;
    size_t i = 0;
    for (; PyDict_Next(dict_.ptr(), &at, &k, &v); i++) {
      if (i >= keys_.size() || k != keys_[i].ptr()) return describe("the attributes of ");
      if (v == values_[i].ptr()) continue;
      bool same = is_plain_constant(v) && Py_TYPE(v) == Py_TYPE(values_[i].ptr()) && values_[i].equal(py::handle(v));
      if (!same) return describe(concat("attribute ", py::repr(k).cast<std::string>(), " of "));
      values_[i] = py::reinterpret_borrow<py::object>(v);
    }
    if (i != keys_.size()) return describe("the attributes of ");
    for (auto [place, size] : sizes_)
      if (PyDict_GET_SIZE(values_[place].ptr()) != size)
        return describe(concat(py::repr(keys_[place]).cast<std::string>(), " of "));
    return {};
  }

 private:
  std::string describe(const std::string& what) const {
    return concat(what, "a ", std::string(Py_TYPE(owner_.ptr())->tp_name), " changed");
  }
  py::object owner_, dict_;
  std::vector<py::object> keys_, values_;
  std::vector<std::pair<size_t, Py_ssize_t>> sizes_;  // of dicts among the values
};

}  // namespace weft::python
