// backward, grad, hooks, modes and the graph's nodes.
#include "bindings/autograd.h"

#include <pybind11/pybind11.h>
#include <algorithm>

#include "autograd/engine.h"
#include "bindings/gil.h"
#include "bindings/hooks.h"
#include "bindings/tensor_object.h"
#include "graph/tracer.h"
#include "op/apply.h"
#include "op/refusal.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

struct PyNode {
  Ref<Node> node;
};
struct PyHookPlace {
  Ref<HookPlace> place;
};

// "mul" -> "MulBackward0", the way users know the nodes.
std::string node_name(const Node& node) {
  std::string text = node.name(), out;
  if (text == "accumulate_grad") return "AccumulateGrad";
  bool upper = true;
  for (char c : text) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = false;
  }
  return out.ends_with("Backward") ? out : out + "Backward0";
}

uint64_t next_hook_id() {
  static std::atomic<uint64_t> counter{1};
  return counter.fetch_add(1);
}

// A Tensor or a sequence (or other iterable) of them: argument `what`. None in it is an undefined tensor where
// `optional`; None itself an empty list where it stands for an argument left out.
std::vector<Tensor> tensor_list(const py::object& o, const char* what, bool optional = false) {
  if (is_tensor(o.ptr())) return {unwrap(o.ptr())};
  check<ErrorKind::Type>(PySequence_Check(o.ptr()) || py::hasattr(o, "__iter__"), what,
                         ": expected a Tensor or a sequence of Tensors, got ", Py_TYPE(o.ptr())->tp_name);
  std::vector<Tensor> list;
  for (py::handle entry : items_of(what, o)) {
    check<ErrorKind::Type>(is_tensor(entry.ptr()) || (optional && entry.is_none()), what, "[", list.size(),
                           "]: expected a Tensor", optional ? " or None" : "", ", got ", Py_TYPE(entry.ptr())->tp_name);
    list.push_back(entry.is_none() ? Tensor() : unwrap(entry.ptr()));
  }
  return list;
}

std::vector<Tensor> maybe_tensor_list(const py::object& o, const char* what, bool optional = false) {
  return o.is_none() ? std::vector<Tensor>() : tensor_list(o, what, optional);
}

// Of one tensor, the gradient may be given as None.
std::vector<Tensor> gradient_list(const py::object& o, const char* what) { return maybe_tensor_list(o, what, true); }

void backward_of(const py::object& tensors, const py::object& grads, std::optional<bool> retain_graph,
                 bool create_graph, const py::object& inputs) {
  CallsPython hooks;
  std::vector<Tensor> given = gradient_list(grads, "backward: grad_tensors");
  std::vector<Tensor> targets = maybe_tensor_list(inputs, "backward: inputs");
  check(inputs.is_none() || !targets.empty(), "backward: inputs is empty; leave it out for all leaves");
  weft::backward(tensor_list(tensors, "backward: tensors"), given, retain_graph.value_or(create_graph), create_graph,
                 targets);
}

py::object grad_of(const py::object& outputs, const py::object& inputs, const py::object& grad_outputs,
                   std::optional<bool> retain_graph, bool create_graph, std::optional<bool> allow_unused,
                   bool materialize_grads) {
  CallsPython hooks;
  std::vector<Tensor> sources = tensor_list(inputs, "grad: inputs");
  std::vector<Tensor> found =
      weft::grad(tensor_list(outputs, "grad: outputs"), sources, gradient_list(grad_outputs, "grad: grad_outputs"),
                 retain_graph.value_or(create_graph), create_graph, allow_unused.value_or(materialize_grads));
  py::tuple result(found.size());
  for (size_t i = 0; i < found.size(); i++) {
    if (!found[i].defined() && materialize_grads) found[i] = zeros_like(sources[i]);
    result[i] = py::cast(found[i]);
  }
  return result;
}

void bind_modes(Family& m) {
  m.function("_set_grad_enabled", "(enabled)", [](bool on) {
    bool before = GradMode::recording_wanted();
    GradMode::set_enabled(on);
    return before;
  });
  m.function("_is_grad_enabled", "()", [] { return GradMode::enabled(); });
  m.function(
      "is_grad_enabled", "()", [] { return GradMode::enabled(); },
      "Does this thread record ops for autograd? Not within weft.no_grad() and weft.inference_mode().\n\n"
      ">>> import weft\n"
      ">>> with weft.no_grad():\n"
      "...     inside = weft.is_grad_enabled()\n"
      ">>> inside, weft.is_grad_enabled()\n"
      "(False, True)\n");
  m.function("_set_inference_mode", "(enabled)", [](bool on) {
    bool before = GradMode::inference();
    GradMode::set_inference(on);
    return before;
  });
  m.function(
      "is_inference_mode_enabled", "()", [] { return GradMode::inference(); },
      "Is this thread within weft.inference_mode()?\n\n"
      ">>> import weft\n"
      ">>> with weft.inference_mode():\n"
      "...     inside = weft.is_inference_mode_enabled()\n"
      ">>> inside, weft.is_inference_mode_enabled()\n"
      "(True, False)\n");
}

void bind_nodes(Family& m) {
  py::class_<PyHookPlace>(m.scope(), "_HookPlace", py::is_final()).def("remove", [](const PyHookPlace& p) {
    p.place->remove();
  });
  py::class_<PyNode>(m.scope(), "Node",
                     "A recorded step of the autograd graph, as Tensor.grad_fn gives it.\n\n"
                     ">>> import weft\n"
                     ">>> x = weft.ones(2, requires_grad=True)\n"
                     ">>> (x * 2).grad_fn\n"
                     "<MulBackward0>\n",
                     py::is_final())
      .def(
          "name", [](const PyNode& n) { return node_name(*n.node); },
          "The name of the step.\n\n"
          ">>> import weft\n"
          ">>> (weft.ones(2, requires_grad=True) * 2).grad_fn.name()\n"
          "'MulBackward0'\n")
      .def("__repr__", [](const PyNode& n) { return "<" + node_name(*n.node) + ">"; })
      .def("__eq__", [](const PyNode& a,
                        const py::object& b) { return py::isinstance<PyNode>(b) && a.node == b.cast<PyNode>().node; })
      .def("__hash__", [](const PyNode& n) { return reinterpret_cast<intptr_t>(n.node.get()); })
      .def_property_readonly(
          "next_functions",
          [](const PyNode& n) {
            py::tuple next(n.node->edges.size());
            for (int i = 0; i < n.node->edges.size(); i++) {
              const Edge& edge = n.node->edges[i];
              next[static_cast<size_t>(i)] =
                  py::make_tuple(py::reinterpret_steal<py::object>(node_object(edge.node)), edge.index);
            }
            return next;
          },
          "The steps the gradient goes to, each with the number of its output; None where it ends.\n\n"
          ">>> import weft\n"
          ">>> (weft.ones(2, requires_grad=True) * 2).grad_fn.next_functions\n"
          "((<AccumulateGrad>, 0),)\n")
      .def_property_readonly(
          "variable",
          [](const PyNode& n) -> Tensor {
            auto* leaf = dynamic_cast<AccumulateGrad*>(n.node.get());
            if (!leaf) throw py::attribute_error("only AccumulateGrad has a variable");
            return leaf->leaf();
          },
          "The leaf in which this step accumulates gradients.\n\n"
          "Raises AttributeError unless the step is AccumulateGrad.\n\n"
          ">>> import weft\n"
          ">>> x = weft.ones(2, requires_grad=True)\n"
          ">>> (x * 2).grad_fn.next_functions[0][0].variable is x\n"
          "True\n");
}

}  // namespace

void HookPlace::remove() {
  if (trace != trace_number) refuse_while_tracing("removing a hook");
  if (node) node->remove_hook(id);  // which may end the hook, and then forgets node
  if (meta) remove_accumulate_hook(*meta, id);
}

PyGradHook::~PyGradHook() {
  if (!Py_IsInitialized()) {
    function_.release();
    return;
  }
  GilAcquire gil;
  py::error_scope pending;
  place_->node = nullptr;
  place_->meta = nullptr;
  function_ = py::object();
}

Tensor PyGradHook::call(const Tensor& grad) {
  GilAcquire gil;
  py::object result = call_python(function_, py::make_tuple(grad));
  if (result.is_none()) return {};
  check<ErrorKind::Type>(is_tensor(result.ptr()), "a tensor hook must return a Tensor or None, got ",
                         Py_TYPE(result.ptr())->tp_name);
  return unwrap(result.ptr());
}

PyObject* node_object(const Ref<Node>& node) {
  if (!node) Py_RETURN_NONE;
  return py::cast(PyNode{node}).release().ptr();
}

void refuse_change_of_outside(const char* what, const Tensor& t) {
  refuse_change_while_tracing(what, t);
  if (graph::Tracer* tracer = graph::Tracer::current(); tracer && tracer->stands_for_outside(t))
    refuse_while_tracing(what);
}

void note_layout(const Tensor& t) {
  if (graph::Tracer* tracer = graph::Tracer::current()) tracer->see_layout(t);
}

void change_requires_grad(const Tensor& t, bool on) {
  if (t.requires_grad() == on) return;
  refuse_change_of_outside("requires_grad", t);
  check(!on || is_differentiable(t.dtype()), "requires_grad: only floating point tensors can require grad, got dtype ",
        t.dtype());
  check(is_leaf(t),
        "requires_grad: it can be changed only for leaf tensors; use detach() to cut this one from the graph");
  check(!on || !t.impl()->inference || GradMode::inference(),
        "requires_grad: a tensor made in inference_mode cannot require grad; clone() it first");
  t.impl()->requires_grad = on;
  if (trace_number) ensure_grad_meta(t).leaf_of_trace = on ? trace_number : 0;
}

void bind_autograd(Family& f) {
  bind_modes(f);
  bind_anomaly(f);
  bind_numerics(f);
  bind_saved_hooks(f);
  bind_nodes(f);
  f.function("_backward", "(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None)",
             &backward_of);
  f.function("_grad",
             "(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=None, "
             "materialize_grads=False)",
             &grad_of);
  f.method(
      "backward",
      "(self, gradient: Tensor | Sequence[Tensor] | None=None, retain_graph=None, create_graph=False, inputs: Tensor | "
      "Sequence[Tensor] | None=None)",
      [](const py::object& self, const py::object& gradient, std::optional<bool> retain_graph, bool create_graph,
         const py::object& inputs) { backward_of(self, gradient, retain_graph, create_graph, inputs); },
      "Adds the gradients of this tensor to the .grad of the leaves it was made from.\n\n"
      "gradient: that of the tensor itself, of its shape; may be left out for one element (then 1). inputs:\n"
      "only these get gradients. create_graph: the backward is recorded too, for gradients of gradients.\n"
      "retain_graph: keeps what the graph has saved for another backward; by default as create_graph.\n\n"
      "Raises RuntimeError when nothing requires grad or the graph was already used; then no .grad has changed.\n\n"
      ">>> import weft\n"
      ">>> x = weft.tensor(3., requires_grad=True)\n"
      ">>> (x * x).backward()\n"
      ">>> x.grad\n"
      "tensor(6.)\n");
  f.method(
      "requires_grad_", "(self, requires_grad=True) -> Tensor",
      [](const py::object& self, bool on) {
        change_requires_grad(unwrap(self.ptr()), on);
        return self;
      },
      "Sets requires_grad and returns the tensor itself.\n\n"
      "Raises RuntimeError for tensors that are no leaves and dtypes that are not floating point or complex.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2).requires_grad_()\n"
      "tensor([1., 1.], requires_grad=True)\n");
  f.method(
      "retain_grad", "(self)",
      [](const Tensor& t) {
        check(t.requires_grad(), "retain_grad: the tensor does not require grad");
        if (t.impl()->storage->symbolic() || !is_leaf(t)) refuse_change_of_outside("retain_grad", t);
        GradMeta& meta = ensure_grad_meta(t);
        if (is_leaf(t) || meta.retained) return;
        meta.retained = make_ref<WeakTensor>(t.impl());
        Edge edge = gradient_edge(t);
        edge.node->retain_grad(edge.index, meta.retained);
      },
      "Makes backward() keep the gradient of this tensor in .grad although it is no leaf; nothing for a leaf.\n\n"
      "Raises RuntimeError when the tensor does not require grad.\n\n"
      ">>> import weft\n"
      ">>> y = weft.ones(2, requires_grad=True) * 2\n"
      ">>> y.retain_grad()\n"
      ">>> (y * y).sum().backward()\n"
      ">>> y.grad\n"
      "tensor([4., 4.])\n");
  f.method("_add_grad_hook", "(self, hook: Callable[[Tensor], Tensor | None])", [](const Tensor& t, py::object hook) {
    check(t.requires_grad(), "register_hook: the tensor does not require grad, so its hook would never run");
    refuse_change_of_outside("register_hook", t);
    const graph::Tracer* tracer = graph::Tracer::current();
    check_traceable(!tracer || !tracer->is_outside_of_body(t),
                    "register_hook: a function of a cond, while_loop or scan is traced whether and however often it "
                    "runs, and the tensor is from outside of it; register the hook outside");
    Edge edge = gradient_edge(t);
    auto place = make_ref<HookPlace>();
    place->node = edge.node.get();
    place->id = next_hook_id();
    edge.node->add_hook(edge.index, place->id, Ref<GradHook>(new PyGradHook(std::move(hook), place)));
    let_collector_see(t);
    return PyHookPlace{place};
  });
  f.method("_add_accumulate_hook", "(self, hook: Callable[[Tensor], Any])", [](const Tensor& t, py::object hook) {
    check(t.requires_grad() && is_leaf(t),
          "register_post_accumulate_grad_hook: only leaf tensors that require grad accumulate gradients");
    refuse_change_of_outside("register_post_accumulate_grad_hook", t);
    auto place = make_ref<HookPlace>();
    place->meta = &ensure_grad_meta(t);
    place->id = next_hook_id();
    add_accumulate_hook(t, place->id, Ref<GradHook>(new PyGradHook(std::move(hook), place)));
    let_collector_see(t);
    return PyHookPlace{place};
  });
  f.method(
      "is_inference", "(self)", [](const Tensor& t) { return t.impl()->inference; },
      "Was the tensor made within weft.inference_mode()? Autograd records nothing of such ones.\n\n"
      ">>> import weft\n"
      ">>> with weft.inference_mode():\n"
      "...     x = weft.ones(2)\n"
      ">>> x.is_inference(), weft.ones(2).is_inference()\n"
      "(True, False)\n");
  f.function(
      "_check_inplace", "(op, tensors)",
      [](const std::string& op, const std::vector<Tensor>& tensors) {
        for (const Tensor& t : tensors) check_inplace_allowed(op.c_str(), t);
      },
      "Raises RuntimeError if one of the tensors cannot be changed in place.");
  f.method(
      "detach", "(self)", [](const Tensor& t) { return detach(t); },
      "A tensor on the same storage outside of autograd: a leaf that does not require grad.\n\n"
      ">>> import weft\n"
      ">>> y = weft.ones(2, requires_grad=True) * 2\n"
      ">>> y.detach()\n"
      "tensor([2., 2.])\n");
  f.method(
      "detach_", "(self) -> Tensor",
      [](const py::object& self) {
        const Tensor& t = unwrap(self.ptr());
        if (t.requires_grad()) refuse_change_of_outside("detach_", t);
        check(!t.is_view(), "detach_: a view cannot be detached in place; use detach()");
        if (GradMeta* meta = grad_meta(t)) meta->grad_fn = nullptr;
        t.impl()->requires_grad = false;
        drop_tangents(t);
        return self;
      },
      "Cuts this tensor from the graph: it becomes a leaf that does not require grad, and is returned.\n\n"
      "Raises RuntimeError for a view, which detach() cuts.\n\n"
      ">>> import weft\n"
      ">>> y = weft.ones(2, requires_grad=True) * 2\n"
      ">>> y.detach_().requires_grad, y.is_leaf\n"
      "(False, True)\n");
}

}  // namespace weft::python
