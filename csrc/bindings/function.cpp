// weft.autograd.Function: a step of the graph whose forward and backward the user wrote in Python.
#include <pybind11/pybind11.h>
#include <algorithm>
#include <memory>

#include "autograd/inplace.h"
#include "bindings/autograd.h"
#include "bindings/gil.h"
#include "bindings/hooks.h"
#include "bindings/tensor_object.h"
#include "op/apply.h"
#include "ops/creation.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

int index_in(const std::vector<Tensor>& list, const Tensor& t) {
  auto found = std::find_if(list.begin(), list.end(), [&](const Tensor& o) { return o.defined() && o.same(t); });
  return found == list.end() ? -1 : static_cast<int>(found - list.begin());
}
bool contains(const std::vector<Tensor>& list, const Tensor& t) { return index_in(list, t) >= 0; }

std::vector<Tensor> plain(const std::vector<std::optional<Tensor>>& list) {
  std::vector<Tensor> tensors;
  for (const std::optional<Tensor>& t : list) tensors.push_back(t.value_or(Tensor()));
  return tensors;
}

// What ctx.save_for_backward kept; shared by the node, which drops it after backward, and the Python ctx.
struct SavedList {
  std::vector<SavedTensor> tensors;
  Node* node = nullptr;
  std::string name;
  bool released = false;

  py::tuple unpack() const {
    check(!released, "backward: the graph of '", name,
          "' was used before and its saved tensors are freed; to go through it a second time pass retain_graph=True to "
          "the first backward to keep them");
    py::tuple out(tensors.size());
    for (size_t i = 0; i < tensors.size(); i++) out[i] = py::cast(tensors[i].unpack(name.c_str(), node));
    return out;
  }
};

class FunctionNode final : public PythonNode {
 public:
  FunctionNode(std::string name, py::object backward, std::shared_ptr<SavedList> saved, bool materialize)
      : PythonNode(std::move(backward)), name_(std::move(name)), saved_(std::move(saved)), materialize_(materialize) {}
  ~FunctionNode() override { saved_->node = nullptr; }

  const char* name() const override { return name_.c_str(); }

  void backward(const Tensor* grad_outputs, Tensor* grad_inputs) override {
    GilAcquire gil;
    py::tuple grads(outputs.size());
    for (int i = 0; i < outputs.size(); i++) {
      const OutputMeta& meta = outputs[i];
      bool fill = !grad_outputs[i].defined() && materialize_;
      grads[static_cast<size_t>(i)] = py::cast(fill ? zeros(meta.shape, meta.dtype, meta.device) : grad_outputs[i]);
    }
    py::object result;
    try {
      result = call_python(function_, grads);
    } catch (py::error_already_set& e) {
      if (saved_->released && e.matches(PyExc_RuntimeError)) saved_->unpack();  // the same error, which a trace expects
      throw;
    }
    py::tuple list = py::isinstance<py::tuple>(result) ? py::tuple(result) : py::make_tuple(result);
    check(static_cast<int>(list.size()) == edges.size(), name_, ": backward returned ", list.size(),
          " gradients, expected one for each of the ", edges.size(),
          " arguments of forward (None where there is none)");
    for (int i = 0; i < edges.size(); i++) {
      py::handle grad = list[static_cast<size_t>(i)];
      if (grad.is_none()) continue;
      check<ErrorKind::Type>(is_tensor(grad.ptr()), name_, ": backward returned a ", Py_TYPE(grad.ptr())->tp_name,
                             " as gradient ", i, ", expected a Tensor or None");
      grad_inputs[i] = unwrap(grad.ptr());
    }
  }

  void release_saved() override {
    saved_->released |= !saved_->tensors.empty();
    saved_->tensors.clear();
  }

 private:
  std::string name_;
  std::shared_ptr<SavedList> saved_;
  bool materialize_;
};

// The arguments of a call as they are before forward, which may change them in place, even their shapes: where their
// gradients go, and how they lie in memory. Undefined where an argument is no tensor.
struct FunctionInputs {
  std::vector<Tensor> tensors;
  std::vector<Edge> edges;
  std::vector<Geometry> geometries;

  explicit FunctionInputs(const std::vector<std::optional<Tensor>>& arguments) : tensors(plain(arguments)) {
    for (const Tensor& t : tensors) {
      edges.push_back(t.defined() ? gradient_edge(t) : Edge{});
      geometries.push_back(t.defined() ? geometry_of(t) : Geometry{});
    }
  }
};

// Makes `changed`, an input that forward changed in place, output `output` of the node.
void rebase_changed(const Tensor& changed, const Ref<FunctionNode>& node, int output, const FunctionInputs& inputs) {
  check_view_recorded(node->name(), changed);
  changed.impl()->storage->bump_version(node->name());
  const auto place = static_cast<size_t>(index_in(inputs.tensors, changed));
  rebase_history(changed, node, static_cast<int>(place), output, inputs.geometries[place]);
}

// Records one call. Returns the outputs to hand to the user.
std::vector<Tensor> record(const std::string& name, py::object backward, const std::shared_ptr<SavedList>& saved,
                           const std::shared_ptr<FunctionInputs>& arguments, std::vector<Tensor> outputs,
                           const std::vector<std::optional<Tensor>>& kept, const std::vector<Tensor>& dirty,
                           const std::vector<Tensor>& non_differentiable, bool materialize) {
  check<ErrorKind::Type>(saved && arguments, "_record_function: expected a _SavedList and _FunctionInputs, got None");
  const std::vector<Tensor>& inputs = arguments->tensors;
  const std::vector<Tensor> to_save = plain(kept);
  for (const Tensor& changed : dirty) {
    check(contains(outputs, changed), name, ": what forward marks dirty must also be returned by it");
    check(!changed.requires_grad() || !is_leaf(changed), name,
          ": a leaf tensor that requires grad cannot be changed in place while autograd records; clone() it first");
  }
  auto node = make_ref<FunctionNode>(name, std::move(backward), saved, materialize);
  saved->node = node.get();
  saved->name = name;
  node->edges.resize(static_cast<int>(inputs.size()));
  for (size_t i = 0; i < inputs.size(); i++) node->edges[static_cast<int>(i)] = arguments->edges[i];
  node->renew_sequence();
  std::vector<uint32_t> index_of_saved(to_save.size(), SavedTensor::kNoHistory);
  std::vector<bool> is_output(to_save.size(), false);
  for (size_t i = 0; i < outputs.size(); i++) {
    Tensor original = outputs[i];
    for (size_t k = 0; k < to_save.size(); k++) {
      if (!to_save[k].defined() || !to_save[k].same(original)) continue;
      is_output[k] = !contains(inputs, original) || contains(dirty, original);
      if (is_output[k] && is_differentiable(original.dtype())) index_of_saved[k] = static_cast<uint32_t>(i);
    }
    const bool changed = contains(dirty, original) && contains(inputs, original);
    // An input that is returned unchanged becomes a new tensor, so that its own history stays.
    if (contains(inputs, original) && !changed) {
      GradModeGuard no_grad(false);
      outputs[i] = detach(original);
    }
    node->add_output(outputs[i]);
    if (!is_differentiable(original.dtype()) || contains(non_differentiable, original)) continue;
    if (changed)
      rebase_changed(original, node, static_cast<int>(i), *arguments);
    else
      set_history(outputs[i], node, static_cast<uint32_t>(i));
    let_collector_see(outputs[i]);
  }
  for (size_t k = 0; k < to_save.size(); k++) {
    if (!to_save[k].defined()) {
      saved->tensors.emplace_back();
      continue;
    }
    saved->tensors.emplace_back(to_save[k], is_output[k]).output_index = index_of_saved[k];
  }
  return outputs;
}

}  // namespace

PythonNode::~PythonNode() {
  if (!Py_IsInitialized()) {
    function_.release();
    return;
  }
  GilAcquire gil;
  py::error_scope pending;
  drop_function();
}

void bind_function(Family& m) {
  py::class_<SavedList, std::shared_ptr<SavedList>>(m.scope(), "_SavedList", py::is_final())
      .def(py::init<>())
      .def("unpack", &SavedList::unpack);
  py::class_<FunctionInputs, std::shared_ptr<FunctionInputs>>(m.scope(), "_FunctionInputs", py::is_final())
      .def(py::init<const std::vector<std::optional<Tensor>>&>());
  m.function("_record_function",
             "(name, backward, saved, arguments, outputs, kept, dirty, non_differentiable, materialize)", &record);
}

}  // namespace weft::python
