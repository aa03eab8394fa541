// What extensions (weft/python.h) may call of the extension module _C, whose symbols are hidden: functions in a
// capsule. They throw nothing: where Python has an error, they give nullptr or Found::Error.
#pragma once

#include <Python.h>

#include "core/device.h"
#include "core/dims.h"
#include "core/dtype.h"
#include "core/error.h"
#include "core/scalar.h"
#include "tensor/tensor.h"

namespace weft::python {

constexpr const char* kExtensionApiName = "weft._C._extension_api";

struct ExtensionApi {
  static constexpr uint32_t kVersion = 1;  // rises when members before `unwrap` change, which all versions share
  enum class Found : int8_t { Error = -1, No, Yes };

  uint32_t version;
  const char* weft_version;
  const char* abi;  // WEFT_ABI of the running Weft; what follows is the same where that is the same

  bool (*is_tensor)(PyObject* object);
  const Tensor* (*unwrap)(PyObject* object);
  PyObject* (*wrap)(const Tensor& t);    // a new reference
  PyObject* (*dtype_object)(DType t);    // borrowed
  PyObject* (*device_object)(Device d);  // a new reference
  Found (*read_dtype)(PyObject* object, DType& value);
  Found (*read_device)(PyObject* object, Device& value);
  Found (*read_scalar)(PyObject* object, Scalar& value);
  Found (*read_integer)(PyObject* object, int64_t& value);
  Found (*read_dims)(PyObject* object, Dims& value);
  void (*set_error)(ErrorKind kind, const char* message);
};

}  // namespace weft::python
