// Python's view of the autograd graph, shared by the files that bind it.
#pragma once

#include "bindings/bindings.h"
#include "op/node.h"

namespace weft::python {

// A new reference to the Python object of a node; None for nullptr.
PyObject* node_object(const Ref<Node>& node);
// Raises RuntimeError for non-leaves and dtypes that cannot have a gradient.
void change_requires_grad(const Tensor& t, bool on);

// Raises RuntimeError while a function is traced, for a tensor that was there before and for an argument: no graph
// would repeat this change of it.
void refuse_change_of_outside(const char* what, const Tensor& t);

// The program looks at t's shape, dtype, device or place in memory: what is traced holds while they are these.
void note_layout(const Tensor& t);

void bind_anomaly(Family& m);
void bind_numerics(Family& m);
void bind_saved_hooks(Family& f);

}  // namespace weft::python
