// Notice that what a trace has used of Python is not what it was.
#pragma once

#include "bindings/bindings.h"

namespace weft::python {

inline bool is_plain_constant(PyObject* o) {
  return o == Py_None || PyBool_Check(o) || PyLong_CheckExact(o) || PyFloat_CheckExact(o) || PyUnicode_CheckExact(o);
}

inline bool is_same(PyObject* before, PyObject* now) {
  if (before == now) return true;
  return is_plain_constant(now) && Py_TYPE(now) == Py_TYPE(before) && py::handle(before).equal(py::handle(now));
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
      if (!is_same(values_[i].ptr(), v)) return describe(concat("attribute ", py::repr(k).cast<std::string>(), " of "));
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

// A variable from outside that the traced function reads: a global (holder: the dict of its module) or one of an
// enclosing function (holder: a cell). Of a list or dict also its elements, but nothing inside those.
class VariableWatch {
 public:
  VariableWatch(py::object holder, py::str name) : holder_(std::move(holder)), name_(std::move(name)) {
    value_ = py::reinterpret_borrow<py::object>(now());
    for_elements([&](PyObject* key, PyObject* element) {
      elements_.emplace_back(py::reinterpret_borrow<py::object>(key), py::reinterpret_borrow<py::object>(element));
      return true;
    });
  }

  // Empty if nothing has changed.
  std::string change() {
    PyObject* value = now();
    if (!value || !is_same(value_.ptr(), value)) return concat("the variable ", text(name_), " changed");
    value_ = py::reinterpret_borrow<py::object>(value);
    size_t at = 0;
    const bool same = for_elements([&](PyObject* key, PyObject* element) {
      if (at == elements_.size() || !is_same(elements_[at].first.ptr(), key)) return false;
      return is_same(elements_[at++].second.ptr(), element);
    });
    return same && at == elements_.size() ? std::string()
                                          : concat("an element of the variable ", text(name_), " changed");
  }

 private:
  static std::string text(const py::str& name) { return concat("'", name.cast<std::string>(), "'"); }
  // nullptr: there is none.
  PyObject* now() const {
    return PyCell_Check(holder_.ptr()) ? PyCell_GET(holder_.ptr()) : PyDict_GetItem(holder_.ptr(), name_.ptr());
  }
  // Calls f(key, element), in lists with the list for a key, until it returns false.
  template <class F>
  bool for_elements(F&& f) const {
    PyObject *key, *element, *v = value_.ptr();
    if (v && PyList_CheckExact(v))
      for (Py_ssize_t i = 0; i < PyList_GET_SIZE(v); i++)
        if (!f(v, PyList_GET_ITEM(v, i))) return false;
    if (v && PyDict_CheckExact(v))
      for (Py_ssize_t i = 0; PyDict_Next(v, &i, &key, &element);)
        if (!f(key, element)) return false;
    return true;
  }

  py::object holder_;
  py::str name_;
  py::object value_;
  std::vector<std::pair<py::object, py::object>> elements_;
};

}  // namespace weft::python
