// Transforms of functions: vmap traces one and evaluates the trace for a batch; levels of forward-mode differentiation.
#include <pybind11/pybind11.h>
#include <algorithm>
#include <memory>
#include <optional>

#include "autograd/engine.h"
#include "autograd/forward.h"
#include "bindings/bindings.h"
#include "bindings/current_line.h"
#include "bindings/func.h"
#include "bindings/gil.h"
#include "graph/evaluate.h"
#include "op/node.h"
#include "op/refusal.h"
#include "op/saved_hooks.h"
#include "ops/movement.h"

namespace weft::python {

using graph::Purpose;
using graph::Traced;
using graph::Tracer;

Traced trace_function(Tracer& tracer, const py::object& function, const std::vector<Tensor>& stand_ins,
                      std::vector<TracedResult>& kinds) {
  InterpreterScope scope(&tracer);
  SavedHookCall without_hooks;  // those around it get the tensors with values, when the trace is evaluated
  BackwardWatch watch([&](Node& node, bool accumulates) { tracer.gradient_arrives(node, accumulates); });
  py::object result = function(py::cast(stand_ins));
  const auto results = result.cast<std::vector<Tensor>>();
  for (const Tensor& t : results) kinds.push_back({t.requires_grad(), t.impl()->detached});
  Traced traced = tracer.finish(results);
  int next = 0;
  for (graph::Origin& origin : traced.origins)
    if (origin.kind == graph::Origin::Kind::Argument) origin.argument = next++;
  return traced;
}

namespace {

// `arguments` have the batch as their first dimension. Returns (tensor, is it batched?) for each result.
std::vector<std::pair<Tensor, bool>> vmap(const py::object& function, const std::vector<Tensor>& arguments,
                                          int64_t size, const std::string& randomness) {
  CallsPython scope;
  graph::BatchOptions options{size};
  options.randomness = randomness == "same"        ? graph::Randomness::Same
                       : randomness == "different" ? graph::Randomness::Different
                                                   : graph::Randomness::Error;
  options.on_loop = [](const char* op) {
    py::gil_scoped_acquire gil;
    import_module("weft.func._vmap").attr("warn_of_loop")(op);
  };
  Tracer tracer(current_line, Purpose::Transform);
  tracer.on_random = [&](const Op& op) {
    check(options.randomness != graph::Randomness::Error, "vmap: ", op.name(),
          " draws random numbers; say with randomness='different' or 'same' whether each element of the batch gets its "
          "own");
  };
  std::vector<Tensor> stand_ins;
  for (const Tensor& t : arguments) {
    Shape shape(t.shape().data() + 1, t.ndim() - 1);
    Strides strides(t.strides().data() + 1, t.ndim() - 1);
    stand_ins.push_back(tracer.argument({shape, strides, t.dtype(), t.device()}));
    stand_ins.back().impl()->requires_grad = GradMode::enabled() && t.requires_grad();
    tracer.stands_for(stand_ins.back(), t);
    if (stand_ins.back().requires_grad() || has_tangent(t)) tracer.follow();
  }
  std::vector<TracedResult> kinds;
  Traced traced = trace_function(tracer, function, stand_ins, kinds);
  std::vector<std::pair<Tensor, bool>> results;
  for (const Batched& b : graph::evaluate_batched(traced, arguments, options)) {
    const auto [recorded, detached] = kinds[results.size()];
    results.emplace_back(recorded ? b.tensor : detached ? detach(b.tensor) : without_history(b.tensor), b.batched);
  }
  return results;
}

// A scope of forward-mode differentiation, which Python code enters and leaves.
class Level {
 public:
  void enter() {
    check(!level_, "forward-mode differentiation: the level was entered already");
    level_ = std::make_unique<ForwardLevel>();
  }
  void exit() {
    get();
    check(level_->is_of_this_thread(), "forward-mode differentiation: a level is left by the thread that entered it");
    const std::unique_ptr<ForwardLevel> level = std::move(level_);
    level->leave();
  }
  ~Level() {
    if (level_ && !level_->is_of_this_thread()) level_.release();  // the other thread still goes through it
  }
  ForwardLevel& get() const {
    check(level_ != nullptr, "forward-mode differentiation: the level has ended, or was not entered");
    return *level_;
  }

 private:
  std::unique_ptr<ForwardLevel> level_;
};

// A level at which arguments of an autograd.Function have tangents. Only for as long as the call.
struct LevelOfCall {
  ForwardLevel* level;

  // function() in the level outside.
  py::object outside(const py::object& function) const {
    InterpreterScope scope(level->next());
    return call_python(function, py::tuple());
  }
};

// A call of an autograd.Function in a function of one example. What it gives for a batch says rule(inputs, size) in
// Python, where inputs are pairs (tensor, is it batched?) and so are the results.
struct FunctionCall : OpOf<FunctionCall> {
  static constexpr const char* kName = "autograd_function";
  static constexpr Traits kTraits{.pure = false, .differentiable = false, .any_dtype = true};
  struct Rule : RefCounted {
    py::object call;
    std::vector<OutputSpec> outputs;
    ~Rule() override {
      GilAcquire gil;
      call = {};
    }
  };
  Ref<Rule> rule;
  WEFT_FIELDS(rule);
  explicit FunctionCall(Ref<Rule> r) : rule(std::move(r)) {}
  int num_outputs() const override { return static_cast<int>(rule->outputs.size()); }
  void infer(Inputs, OutputSpec* out) const override { std::copy(rule->outputs.begin(), rule->outputs.end(), out); }
  // Its node comes from the Function.
};

void batch_function_call(const FunctionCall& op, const BatchCall& call) {
  GilAcquire gil;
  py::list inputs;
  for (int i = 0; i < call.count; i++) inputs.append(py::make_tuple(call.in[i].tensor, call.in[i].batched));
  const py::object results = call_python(op.rule->call, py::make_tuple(inputs, call.size));
  const auto found = results.cast<std::vector<std::pair<Tensor, bool>>>();
  for (size_t k = 0; k < found.size(); k++) {
    const auto& [tensor, batched] = found[k];
    const OutputSpec& expected = op.rule->outputs[k];
    Shape shape = expected.shape;
    if (batched) shape.insert(0, call.size);
    check(tensor.shape() == shape && tensor.dtype() == expected.dtype, "vmap: expected output ", k,
          " of the vmap method of an autograd.Function to have shape ", shape, " and dtype ", expected.dtype, ", got ",
          tensor.shape(), " and ", tensor.dtype());
    call.out[k] = {tensor, batched};
  }
}
const BatchRuleOf<FunctionCall, batch_function_call> batch_FunctionCall;

// The outputs of a FunctionCall, of the types of `models`.
std::vector<Tensor> function_call(py::object rule, const std::vector<Tensor>& inputs,
                                  const std::vector<Tensor>& models) {
  auto held = make_ref<FunctionCall::Rule>();
  held->call = std::move(rule);
  for (const Tensor& m : models) held->outputs.push_back({m.shape(), m.dtype(), {}});
  return apply_list(FunctionCall(std::move(held)), inputs);
}

// What is to be done with a call of an autograd.Function: a level of forward mode, True under vmap, or None: run it.
py::object function_interpreter(const std::vector<std::optional<Tensor>>& arguments) {
  SmallVector<const Tensor*, 8> list;
  std::vector<Tensor> tensors;
  for (const std::optional<Tensor>& t : arguments)
    if (t) tensors.push_back(*t);
  for (const Tensor& t : tensors) list.push_back(&t);
  const Inputs inputs(list.data(), list.size());
  for (Interpreter* sink = interpreter; sink; sink = sink->next()) {
    if (auto* level = dynamic_cast<ForwardLevel*>(sink)) {
      if (level->takes_any(inputs)) return py::cast(LevelOfCall{level});
    } else if (auto* tracer = dynamic_cast<Tracer*>(sink)) {
      if (!tracer->is_transform()) break;
      if (tracer->depends(inputs)) return py::bool_(true);
    }
  }
  return py::none();
}

// Would the gradient of `outputs` by `inputs` have a gradient by something else too?
bool depends_on_others(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs) {
  std::vector<Edge> ends;
  for (const Tensor& t : inputs) ends.push_back(gradient_edge(t));
  return leads_to(outputs, [&](const Edge& edge) {
    const bool is_leaf = edge.node->sequence == 0;
    for (const Edge& end : ends)
      if (end.node == edge.node) return is_leaf ? Visit::Leave : Visit::Found;
    return is_leaf ? Visit::Found : Visit::GoOn;
  });
}

}  // namespace

void bind_func(Family& m) {
  m.function("_vmap", "(function, arguments, size, randomness)", &vmap);
  py::class_<Level>(m.scope(), "_ForwardLevel", "A level of forward-mode differentiation.", py::is_final())
      .def(py::init<>())
      .def(
          "__enter__", [](Level& l) -> Level& { return l.enter(), l; }, py::return_value_policy::reference)
      .def("__exit__", [](Level& l, const py::args&) { l.exit(); })
      .def("make_dual", [](const Level& l, const Tensor& x, const Tensor& t) { return l.get().make_dual(x, t); })
      .def("unpack", [](const Level& l, const Tensor& x) { return l.get().unpack(x); });
  py::class_<LevelOfCall>(m.scope(), "_LevelOfCall", py::is_final())
      .def("outside", &LevelOfCall::outside)
      .def("unpack", [](const LevelOfCall& l, const Tensor& x) { return l.level->unpack(x); })
      .def("output", [](const LevelOfCall& l, const Tensor& x, const Tensor& t) { return l.level->output(x, t); });
  m.function("_function_interpreter", "(arguments)", &function_interpreter);
  m.function("_function_call", "(rule, inputs, models)", &function_call);
  m.function("_in_forward_level", "()", [] { return forward_levels > 0; });
  m.function("_variable_of", "(x)", &variable_of,
             "A leaf with the same values and tangents, or a view if x has a history.");
  m.function("_without_history", "(x)", &without_history,
             "The same values and tangents, detached from what autograd knows.");
  m.function("_depends_on_others", "(outputs, inputs)", &depends_on_others);
}

}  // namespace weft::python
