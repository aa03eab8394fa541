// Tensors in Python's garbage collection, and Python objects that live as long as their tensor.
//
// An object may be part of a cycle through its attributes, or through C++: the hooks of the tensor and the step that
// made it may hold Python objects. The collector may follow a link only where its one owner is the object it looks at:
// while C++ holds the tensor (or the node, or the hook) too, it can hand it out again, and what it reaches must stay.
// Most tensors hold no Python objects; the collector does not know of them (let_collector_see).
#include "bindings/gil.h"
#include "bindings/hooks.h"
#include "bindings/jit_rerun.h"
#include "bindings/tensor_object.h"
#include "graph/function_node.h"

namespace weft::python {

namespace {

// Does only this object hold its tensor?
bool owns_alone(const TensorObject* o) {
  const TensorImpl* impl = o->tensor.impl();
  return !impl || (!impl->owns_python_object && impl->use_count() == 1);
}

// Would the object stay if Python let go of it now?
bool outlives_python(const TensorObject* o) { return !owns_alone(o) && !o->tensor.impl()->owns_python_object; }

// Calls f with every Python object that is reachable from the tensor alone; stops when it returns other than 0.
template <class F>
int each_object(const TensorImpl& impl, const F& f) {
  auto* meta = static_cast<GradMeta*>(impl.autograd.get());
  if (!meta) return 0;
  auto of_hook = [&](const Ref<GradHook>& hook) {
    auto* python = hook && hook->use_count() == 1 ? dynamic_cast<PyGradHook*>(hook.get()) : nullptr;
    return python ? f(python->function()) : 0;
  };
  auto of_node = [&](const Node* node) {
    if (!node || node->use_count() != 1) return 0;
    int status = 0;
    if (node->hooks)
      for (const Node::OutputHook& hook : *node->hooks)
        if (!status) status = of_hook(hook.hook);
    if (const auto* python = dynamic_cast<const PythonNode*>(node)) return status ? status : f(python->function());
    const auto* jitted = dynamic_cast<const graph::FunctionNode*>(node);
    const auto* rerun = jitted ? dynamic_cast<const FunctionRerun*>(jitted->rerun().get()) : nullptr;
    return status || !rerun || rerun->use_count() != 1 ? status : rerun->each_object(f);
  };
  int status = 0;
  for (const auto& [id, hook] : meta->accumulate_hooks)
    if (!status) status = of_hook(hook);
  if (const Ref<AccumulateGrad>* accumulator = meta->accumulator.get(); accumulator && !status)
    status = of_node(accumulator->get());
  if (!status) status = of_node(meta->grad_fn.get());
  const TensorImpl* grad = meta->grad.impl();
  if (grad && grad->owns_python_object && grad->use_count() == 1 && !status)
    status = f(static_cast<PyObject*>(grad->python_object));
  return status;
}

// Drops what each_object() reaches of a tensor that is garbage.
void drop_objects(const TensorImpl& impl) {
  auto* meta = static_cast<GradMeta*>(impl.autograd.get());
  if (!meta) return;
  auto of_node = [](Node* node) {
    if (!node || node->use_count() != 1) return;
    Ref<Node> kept(node);
    std::vector<uint64_t> ids;
    if (node->hooks)
      for (const Node::OutputHook& hook : *node->hooks)
        if (hook.hook) ids.push_back(hook.id);
    for (uint64_t id : ids) node->remove_hook(id);
    if (auto* python = dynamic_cast<PythonNode*>(node)) python->drop_function();
    if (auto* jitted = dynamic_cast<graph::FunctionNode*>(node)) jitted->release_saved();
  };
  std::vector<uint64_t> ids;
  for (const auto& [id, hook] : meta->accumulate_hooks) ids.push_back(id);
  for (uint64_t id : ids) remove_accumulate_hook(*meta, id);
  if (const Ref<AccumulateGrad>* accumulator = meta->accumulator.get()) of_node(accumulator->get());
  of_node(meta->grad_fn.get());
}

}  // namespace

int tensor_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  const TensorObject* o = object_of(self);
  if (outlives_python(o)) return 0;
  Py_VISIT(o->dict);
  auto each = [&](PyObject* object) { return object ? visit(object, arg) : 0; };
  return o->tensor.defined() && owns_alone(o) ? each_object(*o->tensor.impl(), each) : 0;
}

int tensor_clear(PyObject* self) {
  TensorObject* o = object_of(self);
  if (outlives_python(o)) return 0;
  if (o->tensor.defined() && owns_alone(o)) drop_objects(*o->tensor.impl());
  Py_CLEAR(o->dict);
  return 0;
}

namespace {

// One reference again to an object that Python has let go of.
void revive(PyObject* self) {
#ifdef Py_GIL_DISABLED
  // _Py_NewReference would forget that the collector tracks the object and that there are weak references to it.
  self->ob_tid = _Py_ThreadId();
  self->ob_ref_local = 1;
  _Py_atomic_store_ssize_release(&self->ob_ref_shared, object_of(self)->weakrefs ? _Py_REF_MAYBE_WEAKREF : 0);
#else
  _Py_NewReference(self);
#endif
}

}  // namespace

bool keep_object(PyObject* self) {
  TensorObject* o = object_of(self);
  TensorImpl* impl = o->tensor.impl();
  bool bare = Py_TYPE(self) == tensor_type() && (!o->dict || PyDict_GET_SIZE(o->dict) == 0);
  if (bare || !impl || impl->python_object != self || impl->use_count() == 1) return false;
  revive(self);  // the tensor's reference; it is given up by wrap() or release_object()
  impl->owns_python_object = true;
  impl->release();  // o->tensor stays, uncounted: weak references may still lead to the object
  return true;
}

PyObject* take_back_object(TensorImpl* impl) {
  impl->owns_python_object = false;
  impl->retain();
  return static_cast<PyObject*>(impl->python_object);
}

namespace {

bool release_object(TensorImpl* impl) {
  // While Python ends, its last thread still comes to the object: by weak references, and in the last collection.
  if (!Py_IsInitialized() && !py::detail::get_thread_state_unchecked()) return true;
  GilAcquire gil;
  py::error_scope pending;
  auto* self = static_cast<PyObject*>(impl->python_object);
  impl->owns_python_object = false;
  if (Py_REFCNT(self) > 1) {  // somebody came to it by a weak reference
    impl->retain();
    Py_DECREF(self);
    return false;
  }
  impl->python_object = nullptr;
  std::construct_at(&object_of(self)->tensor);
  Py_DECREF(self);
  return true;
}

void track(PyObject* self) {
  if (!PyObject_GC_IsTracked(self)) PyObject_GC_Track(self);
}

}  // namespace

int tensor_set_attribute(PyObject* self, PyObject* name, PyObject* value) {
  int status = PyObject_GenericSetAttr(self, name, value);
  if (object_of(self)->dict) track(self);
  return status;
}

PyObject* tensor_get_dict(PyObject* self, void* context) {
  PyObject* dict = PyObject_GenericGetDict(self, context);
  if (dict) track(self);
  return dict;
}

int tensor_set_dict(PyObject* self, PyObject* dict, void* context) {
  int status = PyObject_GenericSetDict(self, dict, context);
  if (object_of(self)->dict) track(self);
  return status;
}

void let_collector_see(const Tensor& t) {
  TensorImpl* impl = t.impl();
  impl->python_history = true;
  if (impl->python_object) track(static_cast<PyObject*>(impl->python_object));
}

void bind_tensor_gc() { TensorImpl::release_python_object = &release_object; }

}  // namespace weft::python
