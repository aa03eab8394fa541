// What functions that make new tensors share: defaults for dtype and device, requires_grad, sizes as separate
// arguments.
#pragma once

#include "bindings/autograd.h"
#include "bindings/bindings.h"

namespace weft::python {

struct FactoryOptions {
  std::optional<DType> dtype;
  std::optional<Device> device;
  bool requires_grad = false;

  DType dtype_or_default() const { return dtype.value_or(default_dtype()); }
  Device device_or_default() const { return device.value_or(default_device()); }
  Tensor finish(const Tensor& t) const {
    if (requires_grad) change_requires_grad(t, true);
    return t;
  }
};

// The keyword arguments dtype, device and requires_grad of a function that takes them as three values.
#define WEFT_FACTORY_ARGS \
  py::arg("dtype") = py::none(), py::arg("device") = py::none(), py::arg("requires_grad") = false

}  // namespace weft::python
