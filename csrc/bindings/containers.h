// Casters of the standard library's containers. pybind11/stl.h has such ones too, and pybind11.h with them, which takes
// 6 seconds to compile; extensions, which include it, do not see these.
#pragma once

#include "bindings/casters.h"

namespace pybind11::detail {

template <class T>
struct type_caster<std::optional<T>> {
  PYBIND11_TYPE_CASTER(std::optional<T>, make_caster<T>::name + const_name(" | None"));
  bool load(handle source, bool convert) {
    if (source.is_none()) return true;
    make_caster<T> caster;
    if (!caster.load(source, convert)) return false;
    value.emplace(cast_op<T&&>(std::move(caster)));
    return true;
  }
  template <class U>
  static handle cast(U&& v, return_value_policy policy, handle parent) {
    if (!v) return none().release();
    return make_caster<T>::cast(*std::forward<U>(v), policy, parent);
  }
};

template <class T>
struct type_caster<std::vector<T>> {
  PYBIND11_TYPE_CASTER(std::vector<T>, io_name("collections.abc.Sequence", "list") + const_name("[") +
                                           make_caster<T>::name + const_name("]"));
  bool load(handle source, bool convert) {
    tuple items;
    if (!weft::python::read_sequence(source.ptr(), items)) return false;
    value.reserve(items.size());
    for (handle item : items) {
      make_caster<T> caster;
      if (!caster.load(item, convert)) return false;
      value.push_back(cast_op<T&&>(std::move(caster)));
    }
    return true;
  }
  template <class U>
  static handle cast(U&& v, return_value_policy policy, handle parent) {
    list items(v.size());
    Py_ssize_t i = 0;
    for (auto&& item : v) {
      const handle object = make_caster<T>::cast(item, policy, parent);
      if (!object) return {};
      PyList_SET_ITEM(items.ptr(), i++, object.ptr());
    }
    return items.release();
  }
};

}  // namespace pybind11::detail

namespace weft::python {

inline py::tuple tuple_of(const std::vector<Tensor>& tensors) {
  py::tuple result(tensors.size());
  for (size_t i = 0; i < tensors.size(); i++) result[i] = py::cast(tensors[i]);
  return result;
}

}  // namespace weft::python
