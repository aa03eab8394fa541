// Notice that what a trace has used of Python is not what it was.
#pragma once

#include <cstring>

#include "bindings/bindings.h"

namespace weft::python {

inline bool is_plain_constant(PyObject* o) {
  return o == Py_None || PyBool_Check(o) || PyLong_CheckExact(o) || PyFloat_CheckExact(o) || PyUnicode_CheckExact(o);
}

// The same object, or an equal number, text or tuple of those.
inline bool is_same(PyObject* before, PyObject* now) {
  if (before == now) return true;
  if (!before || !now || Py_TYPE(before) != Py_TYPE(now)) return false;
  if (PyFloat_CheckExact(now)) {
    const double x = PyFloat_AS_DOUBLE(before), y = PyFloat_AS_DOUBLE(now);
    return std::memcmp(&x, &y, sizeof x) == 0;  // not -0.0 for 0.0; NaN is itself
  }
  if (PyTuple_CheckExact(now)) {
    bool same = PyTuple_GET_SIZE(before) == PyTuple_GET_SIZE(now);
    for (Py_ssize_t i = 0; same && i < PyTuple_GET_SIZE(now); i++)
      same = is_same(PyTuple_GET_ITEM(before, i), PyTuple_GET_ITEM(now, i));
    return same;
  }
  return is_plain_constant(now) && py::handle(before).equal(py::handle(now));
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

// An object to compare with later, which is not kept alive where Python allows that.
class Remembered {
 public:
  explicit Remembered(PyObject* o) {
    const bool by_value = !o || is_plain_constant(o) || PyTuple_CheckExact(o);
    if (is_container(o)) {
      object_ = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(Py_TYPE(o)));
      kind_ = Kind::Container;
    } else if (PyObject* weak = by_value ? nullptr : PyWeakref_NewRef(o, nullptr)) {
      object_ = py::reinterpret_steal<py::object>(weak);
      kind_ = Kind::Weak;
    } else {
      if (!by_value) PyErr_Clear();
      object_ = py::reinterpret_borrow<py::object>(o);
    }
  }
  // Of lists and dicts only the elements count, which the owner of this compares.
  static bool is_container(PyObject* o) { return o && (PyList_CheckExact(o) || PyDict_CheckExact(o)); }
  bool is(PyObject* now) const {
    if (kind_ == Kind::Container) return now && reinterpret_cast<PyObject*>(Py_TYPE(now)) == object_.ptr();
    if (kind_ == Kind::Weak) return now && PyWeakref_GetObject(object_.ptr()) == now;
    return is_same(object_.ptr(), now);
  }

 private:
  enum class Kind : uint8_t { Strong, Weak, Container };
  Kind kind_ = Kind::Strong;
  py::object object_;
};

// A variable from outside that the traced function reads: a global (holder: the dict of its module) or one of an
// enclosing function (holder: a cell). Of a list or dict its elements, but nothing inside those.
class VariableWatch {
 public:
  VariableWatch(py::object holder, py::str name) : holder_(std::move(holder)), name_(std::move(name)), value_(now()) {
    for_elements([&](PyObject* o) {
      elements_.emplace_back(o);
      return true;
    });
  }

  // Empty if nothing has changed.
  std::string change() const {
    if (!value_.is(now())) return concat("the variable '", name_.cast<std::string>(), "' changed");
    size_t at = 0;
    const bool same = for_elements([&](PyObject* o) { return at < elements_.size() && elements_[at++].is(o); });
    if (same && at == elements_.size()) return {};
    return concat("an element of the variable '", name_.cast<std::string>(), "' changed");
  }

 private:
  // nullptr: there is none.
  PyObject* now() const {
    return PyCell_Check(holder_.ptr()) ? PyCell_GET(holder_.ptr()) : PyDict_GetItem(holder_.ptr(), name_.ptr());
  }
  // Calls f with the elements of a list, the keys and values of a dict, until it returns false.
  template <class F>
  bool for_elements(F&& f) const {
    PyObject *key, *element, *v = now();
    if (!Remembered::is_container(v)) return true;
    if (PyList_CheckExact(v)) {
      for (Py_ssize_t i = 0; i < PyList_GET_SIZE(v); i++)
        if (!f(PyList_GET_ITEM(v, i))) return false;
      return true;
    }
    for (Py_ssize_t i = 0; PyDict_Next(v, &i, &key, &element);)
      if (!f(key) || !f(element)) return false;
    return true;
  }

  py::object holder_;
  py::str name_;
  Remembered value_;
  std::vector<Remembered> elements_;
};

}  // namespace weft::python
