// Python callables that the autograd graph holds: hooks, and steps written in Python.
#pragma once

#include "bindings/bindings.h"
#include "op/node.h"

namespace weft::python {

// Where a hook is registered, while it is: what the handle of a hook knows. Holds neither the graph nor the hook alive.
struct HookPlace final : RefCounted {
  Node* node = nullptr;      // a hook on a gradient
  GradMeta* meta = nullptr;  // or one of a leaf, called after its .grad was added to
  uint64_t id = 0;
  uint32_t trace = trace_number;  // in which it was registered
  void remove();
};

// A Python callable as a hook on a gradient.
class PyGradHook final : public GradHook {
 public:
  PyGradHook(py::object function, Ref<HookPlace> place) : function_(std::move(function)), place_(std::move(place)) {}
  ~PyGradHook() override;
  Tensor call(const Tensor& grad) override;
  void moved_to(Node* node) override { place_->node = node; }
  PyObject* function() const { return function_.ptr(); }

 private:
  py::object function_;
  Ref<HookPlace> place_;
};

// A node whose backward is a Python callable.
class PythonNode : public Node {
 public:
  ~PythonNode() override;
  PyObject* function() const { return function_.ptr(); }
  bool made_by_core() const override { return false; }
  void drop_function() { py::object dropped = std::move(function_); }

 protected:
  explicit PythonNode(py::object function) : function_(std::move(function)) {}
  py::object function_;
};

// The object of t (now, or the one it gets) is one that Python's garbage collector looks at: t's hooks or history hold
// Python objects.
void let_collector_see(const Tensor& t);

}  // namespace weft::python
