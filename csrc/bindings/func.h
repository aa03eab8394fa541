// Traces of Python functions for transforms.
#pragma once

#include <vector>

#include "bindings/bindings.h"
#include "graph/tracer.h"

namespace weft::python {

// Did autograd follow the computation of a result, and was it detached?
struct TracedResult {
  bool recorded, detached;
};

// What function(stand-ins) computes; it takes and returns a list of tensors.
graph::Traced trace_function(graph::Tracer& tracer, const py::object& function, const std::vector<Tensor>& stand_ins,
                             std::vector<TracedResult>& kinds);

}  // namespace weft::python
