// Errors about arguments that fit no signature: short, and without the values of tensors.
#pragma once

#include <pybind11/pytypes.h>

#include <string>
#include <string_view>

namespace weft::python {

// An argument in an error.
std::string described(PyObject* argument, int depth = 0);

// Errors of an op that another one is made of come under the name of the one that was called: "expand: ..." becomes
// "broadcast_to: ...". Changes the error that Python has.
void note_op_name(const std::string& name);
void rename_error(std::string_view own);

// For all functions and methods that are bound in m by now.
void shorten_argument_errors(pybind11::handle module);

}  // namespace weft::python
