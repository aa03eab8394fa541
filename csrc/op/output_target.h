// The tensor that a caller gave for the result of a function (out=): the op that computes it runs straight into it.
#pragma once

#include "op/op.h"
#include "tensor/tensor.h"

namespace weft {

// While one is alive, the first op of this thread whose only output has the target's shape, dtype, device and strides
// writes it there, unless it reads that memory or is recorded by autograd. In a composite this may be another op than
// the last: what it wrote is then an intermediate value, and the result has memory of its own. So the caller makes sure
// that nothing which the function reads shares the target's memory.
class OutputTarget {
 public:
  explicit OutputTarget(const Tensor& target);
  ~OutputTarget();
  OutputTarget(const OutputTarget&) = delete;

  // A tensor on the target's memory for that output of an op; undefined where it needs memory of its own.
  static Tensor take(const OutputSpec& spec, Device device, Inputs in);

 private:
  Tensor target_;
  OutputTarget* before_;
};

// Is `t` all of the target, in its memory?
bool is_target(const Tensor& t, const Tensor& target);

// Is one alive in this thread?
extern constinit thread_local OutputTarget* output_target;

}  // namespace weft
