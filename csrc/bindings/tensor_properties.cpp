// Properties of weft.Tensor: shape, dtype, device, grad, requires_grad, ...
#include <string_view>

#include "bindings/autograd.h"
#include "bindings/gil.h"
#include "bindings/hooks.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"
#include "op/trace_values.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

template <PyObject* (*f)(const Tensor&)>
PyObject* get(PyObject* self, void*) {
  return guarded([&] { return f(unwrap(self)); });
}

// Of what tells how the values lie in memory.
template <PyObject* (*f)(const Tensor&)>
PyObject* get_layout(PyObject* self, void*) {
  return guarded([&] {
    note_layout(unwrap(self));
    return f(unwrap(self));
  });
}

PyObject* shape(const Tensor& t) { return size_object(t.shape()); }
PyObject* dtype(const Tensor& t) { return Py_NewRef(dtype_object(t.dtype())); }
PyObject* device(const Tensor& t) { return device_object(t.device()); }
PyObject* ndim(const Tensor& t) { return PyLong_FromLong(t.ndim()); }
PyObject* requires_grad(const Tensor& t) {
  note_flag(t, "requires_grad");
  return PyBool_FromLong(t.requires_grad());
}
PyObject* leaf(const Tensor& t) {
  if (t.requires_grad()) check_known_while_tracing("is_leaf", t);
  return PyBool_FromLong(is_leaf(t));
}
PyObject* data(const Tensor& t) { return wrap(detach(t)); }
PyObject* node(const Tensor& t) {
  if (t.requires_grad()) check_known_while_tracing("grad_fn", t);
  return node_object(t.requires_grad() ? grad_fn(t) : nullptr);
}
PyObject* version(const Tensor& t) {
  check_values_readable("_version", t);
  return PyLong_FromUnsignedLong(t.version());
}
PyObject* base(const Tensor& t) {
  check_known_while_tracing("_base", t);
  return wrap(Tensor(t.impl()->base));
}
PyObject* item_bytes(const Tensor& t) { return PyLong_FromSize_t(item_size(t.dtype())); }
PyObject* bytes(const Tensor& t) { return PyLong_FromLongLong(t.numel() * static_cast<int64_t>(item_size(t.dtype()))); }
PyObject* on_cuda(const Tensor& t) { return PyBool_FromLong(t.device().type == DeviceType::CUDA); }
PyObject* on_cpu(const Tensor& t) { return PyBool_FromLong(t.device().type == DeviceType::CPU); }
PyObject* on_meta(const Tensor& t) { return PyBool_FromLong(t.is_meta()); }
PyObject* traced(const Tensor& t) { return PyBool_FromLong(hides_values(t)); }
PyObject* retains(const Tensor& t) {
  if (t.requires_grad()) check_known_while_tracing("retains_grad", t);
  GradMeta* meta = grad_meta(t);
  return PyBool_FromLong(meta && meta->retained && !is_leaf(t));
}
PyObject* never(const Tensor&) { Py_RETURN_FALSE; }
PyObject* inference(const Tensor& t) { return PyBool_FromLong(t.impl()->inference); }

PyObject* reversed(const Tensor& t) {
  Dims order;
  for (int i = t.ndim() - 1; i >= 0; i--) order.push_back(i);
  return wrap(permute(t, order));
}
PyObject* matrix_transpose(const Tensor& t) {
  check(t.ndim() >= 2, "mT: expected a tensor of at least 2 dimensions, got shape ", t.shape());
  return wrap(transpose(t, -2, -1));
}

// The gradient may get attributes, which then live as long as t.
PyObject* grad_of(const Tensor& t) {
  Tensor grad = accumulated_grad(t);
  if (grad.defined()) let_collector_see(t);
  return wrap(grad);
}

int reject_delete(PyObject* value, const char* name) {
  if (value) return 0;
  PyErr_Format(PyExc_TypeError, "%s of a tensor cannot be deleted", name);
  return -1;
}

int set_grad(PyObject* self, PyObject* value, void*) {
  return guarded([&]() -> int {
    const Tensor& t = unwrap(self);
    if (!value || value == Py_None) {
      set_accumulated_grad(t, {});
      return 0;
    }
    check<ErrorKind::Type>(is_tensor(value), "grad: expected a Tensor or None, got ", Py_TYPE(value)->tp_name);
    const Tensor& grad = unwrap(value);
    check(grad.shape() == t.shape(), "grad: the gradient has shape ", grad.shape(), ", expected ", t.shape());
    check(grad.dtype() == t.dtype(), "grad: the gradient has dtype ", grad.dtype(), ", expected ", t.dtype());
    check(grad.device() == t.device(), "grad: the gradient is on ", grad.device(), ", expected ", t.device());
    check(!grad.same(t), "grad: a tensor cannot be its own gradient");
    set_accumulated_grad(t, grad);
    let_collector_see(t);
    return 0;
  });
}

int set_requires_grad(PyObject* self, PyObject* value, void*) {
  if (reject_delete(value, "requires_grad")) return -1;
  return guarded([&]() -> int {
    std::string_view type = Py_TYPE(value)->tp_name;
    check<ErrorKind::Type>(PyBool_Check(value) || type.starts_with("numpy.bool"),
                           "requires_grad: expected True or False, got ", std::string(type));
    int on = PyObject_IsTrue(value);
    if (on < 0) throw py::error_already_set();
    change_requires_grad(unwrap(self), on == 1);
    return 0;
  });
}

// x.data = y: x takes over y's storage and geometry; its place in the graph stays.
int set_data(PyObject* self, PyObject* value, void*) {
  if (reject_delete(value, "data")) return -1;
  return guarded([&]() -> int {
    check<ErrorKind::Type>(is_tensor(value), "data: expected a Tensor, got ", Py_TYPE(value)->tp_name);
    refuse_change_of_outside("data", unwrap(self));
    const TensorImpl& from = *unwrap(value).impl();
    TensorImpl& to = *unwrap(self).impl();
    check(!to.requires_grad || is_differentiable(from.dtype),
          "data: a tensor that requires grad needs a floating point dtype, got ", from.dtype);
    to.storage = from.storage;
    to.shape = from.shape;
    to.strides = from.strides;
    to.offset = from.offset;
    to.numel = from.numel;
    to.dtype = from.dtype;
    to.device = from.device;
    to.contiguous = from.contiguous;
    to.base = nullptr;
    to.tracked = false;
    follow_data(unwrap(self));
    return 0;
  });
}

}  // namespace

PyObject* size_object(const Shape& shape) {
  static std::atomic<PyObject*> place;
  PyObject* size_type = made_once(place, [] { return import_module("weft._size").attr("Size"); });
  py::tuple sizes(static_cast<size_t>(shape.size()));
  for (int i = 0; i < shape.size(); i++) {
    PyObject* number = PyLong_FromLongLong(shape[i]);
    if (!number) throw py::error_already_set();
    PyTuple_SET_ITEM(sizes.ptr(), i, number);
  }
  // Past Size.__new__, which looks at sizes that come from Python
  PyObject* arguments = PyTuple_Pack(1, sizes.ptr());
  if (!arguments) throw py::error_already_set();
  PyObject* size = PyTuple_Type.tp_new(reinterpret_cast<PyTypeObject*>(size_type), arguments, nullptr);
  Py_DECREF(arguments);
  if (!size) throw py::error_already_set();
  return size;
}

PyGetSetDef tensor_properties[] = {
    {"shape", get_layout<shape>, nullptr,
     "The sizes of the dimensions, as a weft.Size: a tuple of ints.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2, 3).shape\n"
     "weft.Size([2, 3])\n",
     nullptr},
    {"dtype", get_layout<dtype>, nullptr,
     "The type of the elements.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2).dtype, weft.arange(2).dtype\n"
     "(weft.float32, weft.int64)\n",
     nullptr},
    {"device", get_layout<device>, nullptr,
     "Where the tensor lives.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2).device\n"
     "device(type='cpu')\n",
     nullptr},
    {"ndim", get_layout<ndim>, nullptr,
     "The number of dimensions.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2, 3).ndim\n"
     "2\n",
     nullptr},
    {"itemsize", get_layout<item_bytes>, nullptr,
     "The bytes of one element.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2).itemsize\n"
     "4\n",
     nullptr},
    {"nbytes", get_layout<bytes>, nullptr,
     "The bytes of all elements: numel() times itemsize.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2, 3).nbytes\n"
     "24\n",
     nullptr},
    {"requires_grad", get<requires_grad>, set_requires_grad,
     "Is the tensor part of what autograd differentiates? Can be set for leaves.\n\n"
     "Setting raises RuntimeError for other tensors than leaves and dtypes that are not floating point or\n"
     "complex.\n\n"
     ">>> import weft\n"
     ">>> x = weft.ones(2, requires_grad=True)\n"
     ">>> x.requires_grad, (x * 2).requires_grad, x.detach().requires_grad\n"
     "(True, True, False)\n",
     nullptr},
    {"grad", get<grad_of>, set_grad,
     "The gradient that backward() has accumulated here, of the tensor's shape and dtype, or None.\n\n"
     "Can be set to such a tensor or to None. Setting raises TypeError for other objects, RuntimeError for\n"
     "another shape, dtype or device.\n\n"
     ">>> import weft\n"
     ">>> x = weft.tensor([1., 2.], requires_grad=True)\n"
     ">>> (x * x).sum().backward()\n"
     ">>> x.grad\n"
     "tensor([2., 4.])\n",
     nullptr},
    {"grad_fn", get<node>, nullptr,
     "The recorded step that made this tensor, a Node; None for a leaf.\n\n"
     ">>> import weft\n"
     ">>> x = weft.ones(2, requires_grad=True)\n"
     ">>> (x * 2).grad_fn, x.grad_fn\n"
     "(<MulBackward0>, None)\n",
     nullptr},
    {"is_leaf", get<leaf>, nullptr,
     "Was the tensor made by no recorded step? backward() accumulates the gradients of such ones.\n\n"
     ">>> import weft\n"
     ">>> x = weft.ones(2, requires_grad=True)\n"
     ">>> x.is_leaf, (x * 2).is_leaf, weft.ones(2).is_leaf\n"
     "(True, False, True)\n",
     nullptr},
    {"retains_grad", get<retains>, nullptr,
     "Does backward() keep the gradient of this tensor, which is no leaf, because retain_grad() asked for it?\n\n"
     ">>> import weft\n"
     ">>> y = weft.ones(2, requires_grad=True) * 2\n"
     ">>> before = y.retains_grad\n"
     ">>> y.retain_grad()\n"
     ">>> before, y.retains_grad\n"
     "(False, True)\n",
     nullptr},
    {"data", get<data>, set_data,
     "The same storage, outside of autograd, which does not see changes of it: prefer detach().\n\n"
     "When it is set to a tensor, this one takes over the other's storage, shape, dtype and device. Its hooks\n"
     "stay. Graphs recorded before go on to lead to it; where shape, dtype or device have changed, their\n"
     "backward raises RuntimeError. Setting raises TypeError for other objects, RuntimeError where the tensor\n"
     "requires grad and the dtype has no gradients.\n\n"
     ">>> import weft\n"
     ">>> x = weft.ones(2, requires_grad=True)\n"
     ">>> x.data = weft.zeros(3)\n"
     ">>> x\n"
     "tensor([0., 0., 0.], requires_grad=True)\n",
     nullptr},
    {"T", get<reversed>, nullptr,
     "A view with the dimensions in reverse order: of a matrix its transpose.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([[1, 2], [3, 4]]).T\n"
     "tensor([[1, 3],\n"
     "        [2, 4]])\n",
     nullptr},
    {"mT", get<matrix_transpose>, nullptr,
     "A view with the last two dimensions exchanged: (..., m, n) becomes (..., n, m).\n\n"
     "Raises RuntimeError for a tensor of fewer than two dimensions.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(5, 2, 3).mT.shape\n"
     "weft.Size([5, 3, 2])\n",
     nullptr},
    {"is_cuda", get_layout<on_cuda>, nullptr,
     "Is the tensor on an NVIDIA GPU?\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2).is_cuda\n"
     "False\n",
     nullptr},
    {"is_cpu", get_layout<on_cpu>, nullptr,
     "Is the tensor in host memory?\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2).is_cpu\n"
     "True\n",
     nullptr},
    {"is_meta", get_layout<on_meta>, nullptr,
     "Is the tensor on the meta device, where it has a shape and a dtype but no values?\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2, device='meta').is_meta\n"
     "True\n",
     nullptr},
    {"_is_traced", get<traced>, nullptr, "Does the tensor stand for what a jitted function will compute?", nullptr},
    {"is_sparse", get<never>, nullptr,
     "Is the tensor sparse? Always False: Weft's tensors are dense.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2).is_sparse\n"
     "False\n",
     nullptr},
    {"is_quantized", get<never>, nullptr,
     "Is the tensor quantized? Always False: Weft has no quantized dtypes.\n\n"
     ">>> import weft\n"
     ">>> weft.ones(2).is_quantized\n"
     "False\n",
     nullptr},
    {"_version", get<version>, nullptr,
     "Counts the in-place changes of the storage.\n\n"
     ">>> import weft\n"
     ">>> x = weft.zeros(2)\n"
     ">>> before = x._version\n"
     ">>> x.add_(1)._version - before\n"
     "1\n",
     nullptr},
    {"_base", get_layout<base>, nullptr,
     "The tensor this one is a view of, or None.\n\n"
     ">>> import weft\n"
     ">>> x = weft.ones(2, 3)\n"
     ">>> x.T._base is x, x._base\n"
     "(True, None)\n",
     nullptr},
    {"__dict__", tensor_get_dict, tensor_set_dict, nullptr, nullptr},
    {"_is_inference", get<inference>, nullptr, "Was the tensor made in inference mode?", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

}  // namespace weft::python
