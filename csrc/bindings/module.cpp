// The extension module weft._C: every family, in one place.
#include <pybind11/pybind11.h>

#include "bindings/argument_errors.h"
#include "bindings/named_pair.h"
#include "bindings/tensor_object.h"

namespace weft::python {

namespace {

newfunc pybind11_new = nullptr;

// pybind11's common base class ends the process when it is instantiated itself (as pickle's old protocols do).
PyObject* new_of_base(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  return guarded([&] { return pybind11_new(type, args, kwargs); });
}

void make_base_safe() {
  auto* base = reinterpret_cast<PyTypeObject*>(py::detail::get_internals().instance_base);
  pybind11_new = base->tp_new;
  base->tp_new = &new_of_base;
}

// An object that X.__new__(X) made would have no C++ value until X.__init__ runs, and every method would read garbage.
// So __new__ initialises it; the __init__ that follows does nothing. A subclass whose arguments do not fit is made
// without any.
void initialise_in_new(py::handle type) {
  py::object init = type.attr("__init__");
  auto create = [=](py::handle wanted, const py::args& args, const py::kwargs& kwargs) {
    auto* exact = reinterpret_cast<PyTypeObject*>(type.ptr());
    auto* cls = reinterpret_cast<PyTypeObject*>(wanted.ptr());
    check<ErrorKind::Type>(PyType_Check(wanted.ptr()) && PyType_IsSubtype(cls, exact), exact->tp_name,
                           ".__new__: expected a subclass of it");
    auto self = py::reinterpret_steal<py::object>(pybind11_new(cls, args.ptr(), kwargs.ptr()));
    if (!self) throw py::error_already_set();
    try {
      init(self, *args, **kwargs);
    } catch (const py::error_already_set&) {
      if (cls == exact) throw;
      try {
        init(self);
      } catch (const py::error_already_set&) {  // its __init__ knows with what
      }
    }
    return self;
  };
  py::setattr(type, "__new__", py::staticmethod(py::cpp_function(create, py::name("__new__"), py::scope(type))));
}

void initialise_classes_in_new(py::handle module) {
  const auto* metaclass = py::detail::get_internals().default_metaclass;
  for (auto [name, value] : py::reinterpret_steal<py::dict>(PyDict_Copy(module.attr("__dict__").ptr())))
    if (Py_TYPE(value.ptr()) == metaclass) initialise_in_new(value);
}

}  // namespace

}  // namespace weft::python

PYBIND11_MODULE(_C, m) {
  using namespace weft::python;
  Family f(m);
  bind_arguments(f);
  bind_runtime(f);
  bind_memory(f);
  bind_profiler(f);
  bind_dtype(f);
  bind_device(f);
  bind_devices(f);
  bind_tensor_type(f);
  Family nn = f.submodule("nn", "Functions of weft.nn.functional.");
  bind_tensor_data(f);
  bind_arrays(f);
  bind_sharing(f);
  bind_tensor_methods(f);
  bind_autograd(f);
  bind_function(f);
  bind_export(f);
  bind_jit(f);
  bind_func(f);
  bind_extension_api(f);
  bind_collate(f);
#define WEFT_X(family) bind_##family(f, nn);
  WEFT_FAMILIES(WEFT_X)
#undef WEFT_X
  bind_named_types(f);
  make_base_safe();
  initialise_classes_in_new(m);
  initialise_classes_in_new(m.attr("_device"));
  shorten_argument_errors(m);
}
