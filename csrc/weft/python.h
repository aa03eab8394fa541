// Functions of tensors for Python: pybind11 with casters for weft.Tensor, dtype, device, sizes and numbers. Include it
// before other headers of pybind11. A module begins with
//
//   WEFT_MODULE(WEFT_EXTENSION_NAME, m) {
//     m.def("cube", &cube, pybind11::arg("x"), pybind11::arg("scale") = 1.0);
//   }
//
// where weft.utils.cpp_extension.load() gives its name. Errors become Python's as Weft's own do. Importing it raises
// ImportError if it was compiled with the headers of another Weft than the one that runs.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>
#include <optional>
#include <string>

#include "bindings/extension_api.h"
#include "weft/weft.h"

namespace weft::python {

namespace py = pybind11;

// The running Weft, as far as extensions may use it. Set once, under the GIL.
__attribute__((visibility("hidden"))) inline const ExtensionApi* running_api = nullptr;

inline const ExtensionApi& api() {
  if (running_api) return *running_api;
  auto* found = static_cast<const ExtensionApi*>(PyCapsule_Import(kExtensionApiName, 0));
  if (!found) throw py::error_already_set();
  if (found->version != ExtensionApi::kVersion || std::strcmp(found->abi, WEFT_ABI) != 0)
    throw py::import_error(concat("this extension was built with the headers of Weft ", WEFT_VERSION_TEXT, " (",
                                  WEFT_ABI, "), but Weft ", found->weft_version, " (", found->abi,
                                  ") is running; build it again"));
  running_api = found;
  return *found;
}

inline PyObject* checked(PyObject* object) {
  if (!object) throw py::error_already_set();
  return object;
}
// What a reader of an argument has found; nullopt for an object of another type.
template <class T>
std::optional<T> read_with(ExtensionApi::Found (*read)(PyObject*, T&), PyObject* object) {
  T value{};
  const ExtensionApi::Found found = read(object, value);
  if (found == ExtensionApi::Found::Error) throw py::error_already_set();
  return found == ExtensionApi::Found::Yes ? std::optional<T>(value) : std::nullopt;
}

// What the casters of bindings/casters.h call.
inline bool is_tensor(PyObject* object) { return api().is_tensor(object); }
inline const Tensor& unwrap(PyObject* object) {
  const Tensor* t = api().unwrap(object);
  if (!t) throw py::error_already_set();
  return *t;
}
inline PyObject* wrap(const Tensor& t) { return checked(api().wrap(t)); }
inline PyObject* dtype_object(DType t) { return checked(api().dtype_object(t)); }
inline std::optional<DType> read_dtype(PyObject* object) { return read_with(api().read_dtype, object); }
inline PyObject* device_object(Device d) { return checked(api().device_object(d)); }
inline std::optional<Device> read_device(PyObject* object) { return read_with(api().read_device, object); }
inline std::optional<Scalar> read_scalar(PyObject* object) { return read_with(api().read_scalar, object); }
inline std::optional<int64_t> read_integer(PyObject* object) { return read_with(api().read_integer, object); }
inline std::optional<Dims> read_dims(PyObject* object) { return read_with(api().read_dims, object); }

inline void enter_module() {
  api();
  py::register_local_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const Error& e) {
      api().set_error(e.kind(), e.what());
    }
  });
}

}  // namespace weft::python

#include "bindings/casters.h"

#define WEFT_MODULE(name, variable)                   \
  static void weft_module_body(::pybind11::module_&); \
  PYBIND11_MODULE(name, weft_module) {                \
    ::weft::python::enter_module();                   \
    weft_module_body(weft_module);                    \
  }                                                   \
  static void weft_module_body(::pybind11::module_& variable)
