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
  PYBIND11_TYPE_CASTER(std::vector<T>, const_name("list[") + make_caster<T>::name + const_name("]"));
  bool load(handle source, bool convert) {
    PyObject* o = source.ptr();
    if (!PySequence_Check(o) || PyUnicode_Check(o) || PyBytes_Check(o)) return false;
    const auto items = reinterpret_steal<tuple>(PySequence_Tuple(o));  // reading an item may change the sequence
    if (!items) throw error_already_set();
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

// The first type that takes the object as it is, else the first that does with a conversion.
template <class... T>
struct type_caster<std::variant<T...>> {
  PYBIND11_TYPE_CASTER(std::variant<T...>, union_concat(make_caster<T>::name...));
  bool load(handle source, bool convert) {
    return (load_as<T>(source, false) || ...) || (convert && (load_as<T>(source, true) || ...));
  }
  template <class V>
  static handle cast(V&& v, return_value_policy policy, handle parent) {
    return std::visit(
        [&](auto&& one) { return make_caster<decltype(one)>::cast(std::forward<decltype(one)>(one), policy, parent); },
        std::forward<V>(v));
  }

 private:
  template <class Alternative>
  bool load_as(handle source, bool convert) {
    make_caster<Alternative> caster;
    if (!caster.load(source, convert)) return false;
    value = cast_op<Alternative>(std::move(caster));
    return true;
  }
};

}  // namespace pybind11::detail
