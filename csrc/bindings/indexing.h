// x[key] and x[key] = value, for the subscript slots of the raw Tensor type.
#pragma once

#include "bindings/bindings.h"

namespace weft::python {

// Ints, slices, None and Ellipsis give views; masks, index tensors, lists and arrays copies. Raises IndexError for what
// lies outside of x, ValueError for negative steps.
Tensor index_get(const Tensor& x, PyObject* key);
void index_set(const Tensor& x, PyObject* key, PyObject* value);

// t, or if it is uint8, which PyTorch once had instead of bool: where it is not 0, after a warning.
Tensor mask_of_bytes(const Tensor& t);

}  // namespace weft::python
