// The raw CPython type behind weft.Tensor: its object, and what the files that fill its slots share.
#pragma once

#include <exception>

#include "bindings/bindings.h"

namespace weft::python {

struct TensorObject {
  PyObject_HEAD Tensor tensor;
  PyObject* dict;
  PyObject* weakrefs;
};
inline TensorObject* object_of(PyObject* o) { return reinterpret_cast<TensorObject*>(o); }

// Sets the Python error that stands for a C++ exception.
void set_python_error(std::exception_ptr error);

// Runs f, which returns a new reference (or an int status), and turns C++ exceptions into Python errors.
template <class F>
auto guarded(F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (...) {
    set_python_error(std::current_exception());
    if constexpr (std::is_pointer_v<decltype(f())>)
      return nullptr;
    else
      return -1;
  }
}

// Number slots (bindings/tensor_number.cpp), properties (tensor_properties.cpp), buffer and array protocols
// (arrays.cpp).
extern PyType_Slot* const tensor_number_slots;
extern PyGetSetDef tensor_properties[];
int tensor_get_buffer(PyObject* self, Py_buffer* view, int flags);
void tensor_release_buffer(PyObject* self, Py_buffer* view);

// Garbage collection (bindings/tensor_gc.cpp).
int tensor_traverse(PyObject* self, visitproc visit, void* arg);
int tensor_clear(PyObject* self);
// Called when Python has let go of the object: one with attributes, or of a subclass, lives on while C++ holds its
// tensor. False: it is to be freed.
bool keep_object(PyObject* self);
// The object that impl owns, as a new reference; it owns impl again.
PyObject* take_back_object(TensorImpl* impl);
int tensor_set_attribute(PyObject* self, PyObject* name, PyObject* value);
PyObject* tensor_get_dict(PyObject* self, void* context);
int tensor_set_dict(PyObject* self, PyObject* dict, void* context);
void bind_tensor_gc();

// A new Python object of a subclass of weft.Tensor for t, which must not have one yet.
PyObject* wrap_as(PyTypeObject* type, const Tensor& t);

void bind_tensor_type(Family& m);
void bind_dtype(Family& m);
void bind_device(Family& m);
void bind_devices(Family& m);
void bind_arrays(Family& f);
void bind_tensor_methods(Family& f);
void bind_tensor_data(Family& f);
void bind_autograd(Family& f);
void bind_function(Family& m);
void bind_runtime(Family& m);
void bind_memory(Family& m);
void bind_profiler(Family& m);
void bind_sharing(Family& m);
void bind_jit(Family& m);
void bind_export(Family& m);
void bind_func(Family& m);
void bind_extension_api(Family& m);
void bind_collate(Family& f);

// Another view of t's memory, which stays as it is when t.data is set.
Tensor alias_of(const Tensor& t);
// A tensor on the memory of a NumPy array.
Tensor from_numpy(const py::object& array);
// A new weft.Size.
PyObject* size_object(const Shape& shape);
// The value of a tensor of one element; t.tolist() for any.
PyObject* item(const Tensor& t, const char* asked = "item");
PyObject* to_list(const Tensor& t);

}  // namespace weft::python
