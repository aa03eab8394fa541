// Errors about arguments that fit no signature: short, and without the values of tensors.
#pragma once

#include <pybind11/pybind11.h>

namespace weft::python {

// For all functions and methods that are bound in m by now.
void shorten_argument_errors(pybind11::module_& m);

}  // namespace weft::python
