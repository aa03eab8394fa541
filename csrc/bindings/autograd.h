// Python's view of the autograd graph, shared by the files that bind it.
#pragma once

#include "bindings/bindings.h"
#include "op/node.h"

namespace weft::python {

// A new reference to the Python object of a node; None for nullptr.
PyObject* node_object(const Ref<Node>& node);
// Raises RuntimeError for non-leaves and dtypes that cannot have a gradient.
void change_requires_grad(const Tensor& t, bool on);

void bind_anomaly(py::module_& m);

}  // namespace weft::python
