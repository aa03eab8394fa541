// A level of recursion that data decide about: they may nest without end.
#pragma once

#include <pybind11/pytypes.h>

namespace weft::python {

// Raises Python's RecursionError beyond its limit.
class RecursionGuard {
 public:
  // where: " in ...", for the message.
  explicit RecursionGuard(const char* where) {
    if (Py_EnterRecursiveCall(where)) throw pybind11::error_already_set();
  }
  ~RecursionGuard() { Py_LeaveRecursiveCall(); }
  RecursionGuard(const RecursionGuard&) = delete;
};

}  // namespace weft::python
