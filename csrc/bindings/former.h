// Former spellings of calls, which still work.
#pragma once

#include <string>

#include "bindings/bindings.h"

namespace weft::python {

// Warns that this form of a call is deprecated; raises where warnings are errors.
inline void warn_former(const std::string& name, const char* instead) {
  std::string text = name + ": this form is deprecated, use " + name + instead;
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) throw py::error_already_set();
}

}  // namespace weft::python
