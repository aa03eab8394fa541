// The capsule through which extensions reach this module, and where they find headers and library.
#include "bindings/extension_api.h"

#include <dlfcn.h>

#include "bindings/tensor_object.h"
#include "core/version.h"
#include "device/cpu/threads.h"

namespace weft::python {

namespace {

using Found = ExtensionApi::Found;

template <auto read, class T>
Found found(PyObject* object, T& value) {
  try {
    auto result = read(object);
    if (!result) return Found::No;
    value = *result;
    return Found::Yes;
  } catch (...) {
    set_python_error(std::current_exception());
    return Found::Error;
  }
}

constexpr ExtensionApi kApi = {
    .version = ExtensionApi::kVersion,
    .weft_version = WEFT_VERSION_TEXT,
    .abi = WEFT_ABI,
    .is_tensor = &is_tensor,
    .unwrap = [](PyObject* o) -> const Tensor* { return guarded([&] { return &unwrap(o); }); },
    .wrap = [](const Tensor& t) { return guarded([&] { return wrap(t); }); },
    .dtype_object = [](DType t) { return guarded([&] { return dtype_object(t); }); },
    .device_object = [](Device d) { return guarded([&] { return device_object(d); }); },
    .read_dtype = &found<&read_dtype, DType>,
    .read_device = &found<&read_device, Device>,
    .read_scalar = &found<&read_scalar, Scalar>,
    .read_integer = &found<&read_integer, int64_t>,
    .read_dims = &found<&read_dims, Dims>,
    .set_error = [](ErrorKind kind,
                    const char* message) { set_python_error(std::make_exception_ptr(Error(kind, message))); },
};

py::dict extension_info() {
  py::dict info;
  info["abi"] = WEFT_ABI;
  Dl_info library{};
  if (dladdr(reinterpret_cast<void*>(&num_threads), &library) && library.dli_fname) info["library"] = library.dli_fname;
#ifdef WEFT_SOURCE_INCLUDES
  info["include"] = WEFT_SOURCE_INCLUDES;
#endif
  return info;
}

}  // namespace

void bind_extension_api(Family& m) {
  m.scope().attr("_extension_api") = py::capsule(static_cast<const void*>(&kApi), kExtensionApiName);
  m.function("_extension_info", "()", &extension_info,
             "Where extensions find headers and library, and which headers these are.");
}

}  // namespace weft::python
