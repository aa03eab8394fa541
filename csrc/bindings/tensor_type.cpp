// The type object of weft.Tensor: creation, destruction, identity. A tensor has one Python object while one is alive.
#include "bindings/autograd.h"
#include "bindings/indexing.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

#include <structmember.h>

namespace weft::python {

namespace {

PyTypeObject* type_object = nullptr;

void dealloc(PyObject* self) {
  TensorObject* o = object_of(self);
  PyTypeObject* type = Py_TYPE(self);
  if ((o->dict || type != type_object) && keep_object(self)) [[unlikely]]
    return;
  PyObject_GC_UnTrack(self);
  if (o->weakrefs) PyObject_ClearWeakRefs(self);
  if (o->tensor.defined() && o->tensor.impl()->python_object == self) o->tensor.impl()->python_object = nullptr;
  Py_CLEAR(o->dict);
  o->tensor.~Tensor();
  type->tp_free(self);
  Py_DECREF(type);
}

// weft.Tensor has no keyword but device, which must be the CPU as in PyTorch.
void check_keywords(PyObject* kwargs) {
  PyObject *name, *value, *given = nullptr;
  Py_ssize_t position = 0;
  while (kwargs && PyDict_Next(kwargs, &position, &name, &value)) {
    const auto text = py::handle(name).cast<std::string>();
    check<ErrorKind::Type>(text == "device", "weft.Tensor() got an unexpected keyword argument '", text,
                           "'; weft.tensor(data, dtype=, device=, requires_grad=) has keywords");
    given = value;
  }
  if (!given || given == Py_None) return;
  std::optional<Device> device = read_device(given);
  check<ErrorKind::Type>(device.has_value(), "weft.Tensor(): device must be a device or its name, got ",
                         Py_TYPE(given)->tp_name);
  check(device->type == DeviceType::CPU, "weft.Tensor() makes tensors on the CPU, got device='", device_name(*device),
        "'; use weft.tensor(data, device=...) or weft.empty(size, device=...)");
}

// weft.Tensor(data) is weft.tensor(data, dtype=float32); weft.Tensor(2, 3) is weft.empty(2, 3).
PyObject* create(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  return guarded([&]() -> PyObject* {
    check_keywords(kwargs);
    py::object core = import_module("weft._C");
    py::object made;
    if (PyTuple_GET_SIZE(args) == 1 && !PyLong_Check(PyTuple_GET_ITEM(args, 0)))
      made = core.attr("tensor")(py::handle(PyTuple_GET_ITEM(args, 0)),
                                 py::arg("dtype") = py::handle(dtype_object(DType::Float32)));
    else if (PyTuple_GET_SIZE(args) == 0)
      made = core.attr("empty")(0);
    else
      made = core.attr("empty")(*py::reinterpret_borrow<py::args>(args));
    if (type == type_object) return made.release().ptr();
    return wrap_as(type, detach(unwrap(made.ptr())));
  });
}

PyObject* represent(PyObject* self) {
  return guarded([&] { return import_module("weft._printing").attr("tensor_repr")(py::handle(self)).release().ptr(); });
}

Py_hash_t hash(PyObject* self) { return _Py_HashPointer(self); }

Py_ssize_t length(PyObject* self) {
  return guarded([&]() -> Py_ssize_t {
    const Tensor& t = unwrap(self);
    note_layout(t);
    check<ErrorKind::Type>(t.ndim() > 0, "len() of a 0-dimensional tensor");
    return t.size(0);
  });
}

PyObject* subscript(PyObject* self, PyObject* key) {
  return guarded([&] { return wrap(index_get(unwrap(self), key)); });
}

int assign_subscript(PyObject* self, PyObject* key, PyObject* value) {
  return guarded([&]() -> int {
    check<ErrorKind::Type>(value != nullptr, "elements of a tensor cannot be deleted");
    index_set(unwrap(self), key, value);
    return 0;
  });
}

PyObject* sequence_item(PyObject* self, Py_ssize_t i) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(self);
    check<ErrorKind::Type>(t.ndim() > 0, "iteration over a 0-dimensional tensor");
    if (i < 0 || i >= t.size(0)) {
      PyErr_SetString(PyExc_IndexError, "index out of range");
      return nullptr;
    }
    return wrap(select(t, 0, i));
  });
}

// Iterating unbinds the first dimension once.
PyObject* iterate(PyObject* self) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = unwrap(self);
    check<ErrorKind::Type>(t.ndim() > 0, "iteration over a 0-dimensional tensor");
    return PySeqIter_New(self);
  });
}

PyObject* make_subclass(PyObject*, PyObject* args) {
  PyObject* type;
  PyObject* data;
  int requires_grad = 0;
  if (!PyArg_ParseTuple(args, "O!O!|p:_make_subclass", &PyType_Type, &type, type_object, &data, &requires_grad))
    return nullptr;
  return guarded([&]() -> PyObject* {
    auto* wanted = reinterpret_cast<PyTypeObject*>(type);
    check<ErrorKind::Type>(PyType_IsSubtype(wanted, type_object), "_make_subclass: expected a subclass of weft.Tensor");
    Tensor t = detach(unwrap(data));
    check(!requires_grad || is_differentiable(t.dtype()), "only floating point tensors can require grad, got dtype ",
          t.dtype());
    t.impl()->requires_grad = requires_grad;
    return wrap_as(wanted, t);
  });
}

// Each object stands for the other one's tensor, and has its class and attributes. Their addresses stay: references,
// also weak ones, lead to the new contents.
void swap_contents(py::handle first, py::handle second) {
  for (py::handle each : {first, second}) {
    refuse_change_of_outside("swap_tensors", unwrap(each.ptr()));
    check(Py_TYPE(each.ptr())->tp_basicsize == sizeof(TensorObject), "swap_tensors: ", Py_TYPE(each.ptr())->tp_name,
          " has __slots__, whose values cannot be exchanged; use ordinary attributes");
  }
  if (first.ptr() == second.ptr()) return;
  TensorObject &a = *object_of(first.ptr()), &b = *object_of(second.ptr());
  for (const TensorObject* each : {&a, &b})
    leave_graphs(each->tensor, "swap_tensors() (or Module.to() and load_state_dict(), where they swap) has replaced");
  std::swap(a.tensor, b.tensor);
  std::swap(a.dict, b.dict);
  PyTypeObject* type = Py_TYPE(first.ptr());  // each object owns a reference to its class: so they keep one each
  Py_SET_TYPE(first.ptr(), Py_TYPE(second.ptr()));
  Py_SET_TYPE(second.ptr(), type);
  for (py::handle each : {first, second}) {
    object_of(each.ptr())->tensor.impl()->python_object = each.ptr();
    if (!PyObject_GC_IsTracked(each.ptr())) PyObject_GC_Track(each.ptr());
  }
}

PyMethodDef methods[] = {
    {"_make_subclass", make_subclass, METH_VARARGS | METH_STATIC,
     "_make_subclass(cls, data, requires_grad=False)\n\nAn object of a subclass of Tensor that shares data's storage."},
    {nullptr, nullptr, 0, nullptr}};

PyMemberDef members[] = {{"__dictoffset__", T_PYSSIZET, offsetof(TensorObject, dict), READONLY, nullptr},
                         {"__weaklistoffset__", T_PYSSIZET, offsetof(TensorObject, weakrefs), READONLY, nullptr},
                         {nullptr, 0, 0, 0, nullptr}};

const char kDoc[] =
    "A multi-dimensional array of one dtype on one device, which can record the ops applied to it.\n\n"
    ">>> import weft\n>>> x = weft.tensor([[1., 2.], [3., 4.]])\n>>> x.shape\nweft.Size([2, 2])\n>>> "
    "x.sum()\ntensor(10.)\n";

}  // namespace

PyTypeObject* tensor_type() { return type_object; }

bool is_tensor(PyObject* o) { return Py_TYPE(o) == type_object || PyType_IsSubtype(Py_TYPE(o), type_object); }

const Tensor& unwrap(PyObject* o) {
  check<ErrorKind::Type>(is_tensor(o), "expected a weft.Tensor, got ", Py_TYPE(o)->tp_name);
  return object_of(o)->tensor;
}

PyObject* wrap_as(PyTypeObject* type, const Tensor& t) {
  const bool plain = type == type_object;  // the collector does not see it before it has to
  PyObject* self = plain ? reinterpret_cast<PyObject*>(PyObject_GC_New(TensorObject, type)) : type->tp_alloc(type, 0);
  if (!self) throw py::error_already_set();
  if (plain) object_of(self)->dict = object_of(self)->weakrefs = nullptr;
  new (&object_of(self)->tensor) Tensor(t);
  t.impl()->python_object = self;
  if (plain && t.impl()->python_history) PyObject_GC_Track(self);
  // Symbolic ones, and those of known values that a trace has made.
  if (trace_number && (t.impl()->storage->symbolic() || t.impl()->storage->made_in() == trace_number))
    if (Recording* recording = Recording::current()) recording->note_tensor(self);
  return self;
}

PyObject* wrap(const Tensor& t) {
  if (!t.defined()) Py_RETURN_NONE;
  if (void* existing = t.impl()->python_object) {
    if (t.impl()->owns_python_object) return take_back_object(t.impl());
    auto* self = static_cast<PyObject*>(existing);
    Py_INCREF(self);
    return self;
  }
  return wrap_as(type_object, t);
}

void bind_tensor_type(Family& m) {
  std::vector<PyType_Slot> slots = {
      {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
      {Py_tp_new, reinterpret_cast<void*>(create)},
      {Py_tp_free, reinterpret_cast<void*>(PyObject_GC_Del)},
      {Py_tp_traverse, reinterpret_cast<void*>(tensor_traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(tensor_clear)},
      {Py_tp_setattro, reinterpret_cast<void*>(tensor_set_attribute)},
      {Py_tp_repr, reinterpret_cast<void*>(represent)},
      {Py_tp_hash, reinterpret_cast<void*>(hash)},
      {Py_tp_iter, reinterpret_cast<void*>(iterate)},
      {Py_tp_methods, methods},
      {Py_tp_members, members},
      {Py_tp_getset, tensor_properties},
      {Py_tp_doc, const_cast<char*>(kDoc)},
      {Py_mp_length, reinterpret_cast<void*>(length)},
      {Py_mp_subscript, reinterpret_cast<void*>(subscript)},
      {Py_mp_ass_subscript, reinterpret_cast<void*>(assign_subscript)},
      {Py_sq_item, reinterpret_cast<void*>(sequence_item)},
      {Py_bf_getbuffer, reinterpret_cast<void*>(tensor_get_buffer)},
      {Py_bf_releasebuffer, reinterpret_cast<void*>(tensor_release_buffer)},
  };
  for (PyType_Slot* s = tensor_number_slots; s->slot; s++) slots.push_back(*s);
  slots.push_back({0, nullptr});
  PyType_Spec spec = {"weft.Tensor", sizeof(TensorObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  type_object = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!type_object) throw py::error_already_set();
  bind_tensor_gc();
  // Does the tensor hold its Python object, which then lives on without Python?
  m.function("_holds_its_object", "(tensor)", [](py::handle t) { return unwrap(t.ptr()).impl()->owns_python_object; });
  m.function("_swap_contents", "(first, second)", swap_contents);
  // Tells tensors apart, also those that one object has stood for.
  m.function("_identity", "(tensor)", [](const Tensor& t) { return reinterpret_cast<uintptr_t>(t.impl()); });
  m.scope().attr("Tensor") = py::handle(reinterpret_cast<PyObject*>(type_object));
}

}  // namespace weft::python
