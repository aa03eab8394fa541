#include "bindings/current_line.h"

#include <atomic>

#include "bindings/bindings.h"
#include "bindings/gil.h"
#include "core/error.h"

#include <frameobject.h>

namespace weft::python {

std::string current_line() {
  static std::atomic<PyObject*> place;
  PyObject* folder = made_once(
      place, [] { return import_module("os").attr("path").attr("dirname")(import_module("weft").attr("__file__")); });
  const std::string package = py::cast<std::string>(folder) + "/";
  auto frame = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(PyEval_GetFrame()));
  while (frame && !frame.is_none()) {
    auto* f = reinterpret_cast<PyFrameObject*>(frame.ptr());
    auto code = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetCode(f)));
    auto file = code.attr("co_filename").cast<std::string>();
    if (!file.starts_with(package)) {
      int line = PyFrame_GetLineNumber(f);
      std::string text =
          py::str(import_module("linecache").attr("getline")(file, line).attr("strip")()).cast<std::string>();
      return concat(file, ":", line, text.empty() ? "" : ": ", text);
    }
    frame = frame.attr("f_back");
  }
  return {};
}
}  // namespace weft::python
