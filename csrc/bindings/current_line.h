// Where the program is.
#pragma once

#include <string>

namespace weft::python {

// The line of the program that is running: the innermost frame outside of this package. "FILE:LINE: TEXT", or empty.
std::string current_line();

}  // namespace weft::python
