// weft.jit: calls of Python functions as compiled graphs. Flattens arguments to tensors and a signature, keeps a
// compiled graph for every signature, and guards what the trace has read of Python (jit_guards.h).
#include <pybind11/pybind11.h>
#include <atomic>
#include <unordered_map>

#include "bindings/current_line.h"
#include "bindings/gil.h"
#include "bindings/hooks.h"
#include "bindings/jit_check.h"
#include "bindings/jit_guards.h"
#include "bindings/jit_rerun.h"
#include "bindings/jit_signature.h"
#include "bindings/tensor_object.h"

#include "autograd/engine.h"
#include "autograd/forward.h"
#include "graph/control_flow.h"
#include "graph/function.h"
#include "op/autocast.h"
#include "op/grad_mode.h"
#include "op/refusal.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

// What a traced function asks to happen around every call of what is compiled from it.
struct Session {
  std::vector<py::object> before, after;
  std::vector<py::object> conditions;  // functions that say why the trace does not hold, or ""
  uint64_t number = next_number++;     // of this trace, among all of the process
  static inline std::atomic<uint64_t> next_number{1};
  py::object recorder;  // of what was read of Python
};
thread_local Session* session = nullptr;

constexpr size_t kManyTraces = 16;
constexpr std::ptrdiff_t kKeptPerSignature = 16;
// Compiled graphs that one function keeps; beyond it the least recently used ones go.
constexpr size_t kKept = 256;

// Below this many elements of work a graph is done before another Python thread could do anything.
constexpr int64_t kLongWork = 1 << 15;

struct Compiled {
  Ref<graph::Function> function;
  std::vector<py::object> constants;
  std::vector<std::string> parts;
  Tree result;
  std::vector<py::object> before, after;
  std::vector<py::object> conditions;  // functions that say why it does not hold, or ""
  SharedGuards guards;                 // on what the trace has read of Python
  std::shared_ptr<std::vector<uint32_t>> bumps = std::make_shared<std::vector<uint32_t>>();  // see FunctionRerun
  std::string reason;                                                                        // why it was traced
  graph::Program program;                                                                    // before the passes
  std::vector<std::string> without;                                                          // passes
  std::string key, group;                                                                    // of the signature
  std::vector<int64_t> sizes;                                                                // of dynamic dimensions
  uint64_t last_use = 0;
  bool eager = false;  // cannot be traced: there is no program, and the function runs as it is

  int traverse(visitproc visit, void* arg) const {
    for (const py::object& o : constants) Py_VISIT(o.ptr());
    for (const py::object& o : before) Py_VISIT(o.ptr());
    for (const py::object& o : after) Py_VISIT(o.ptr());
    for (const py::object& o : conditions) Py_VISIT(o.ptr());
    Py_VISIT(guards.object.ptr());
    return visit_tree(result, visit, arg);
  }
  static int visit_tree(const Tree& tree, visitproc visit, void* arg) {
    Py_VISIT(tree.object.ptr());
    Py_VISIT(tree.type.ptr());
    for (const Tree& child : tree.children)
      if (int stop = visit_tree(child, visit, arg)) return stop;
    return 0;
  }
};

// nullptr where there is none.
const graph::Plan* plan_of(const Compiled& c, bool backward) {
  if (!c.function) return nullptr;
  return backward ? c.function->backward() : &c.function->forward();
}

// With the names from WEFT_JIT_PASSES.
std::vector<std::string> passes_left_out(std::vector<std::string> names) {
  const char* text = std::getenv("WEFT_JIT_PASSES");
  if (!text) return names;
  std::string name;
  for (const char* c = text;; c++) {
    if (*c && *c != ',') {
      name += *c;
      continue;
    }
    check<ErrorKind::Value>(name.empty() || name[0] == '-',
                            "WEFT_JIT_PASSES: expected names of passes to leave out "
                            "like '-elementwise_fusion,-simplify', got '",
                            std::string(text), "'");
    if (!name.empty()) names.push_back(name.substr(1));
    name.clear();
    if (!*c) return names;
  }
}

// (pass, text of the graph after it), compiled once more.
std::vector<std::pair<std::string, std::string>> graphs_after_passes(const Compiled& c) {
  std::vector<std::pair<std::string, std::string>> texts;
  if (c.eager) return texts;
  graph::OptimizeOptions options;
  options.without = c.without;
  options.after = [&](const char* pass, const graph::Graph& g) { texts.emplace_back(pass, graph::to_text(g)); };
  graph::Function::compile(c.program, options);
  return texts;
}

class Jit {
 public:
  // without: names of passes to leave out. record: may a device record the work? check(self, args, kwargs), if not
  // None, takes over every call; fall_back(self, args, kwargs) calls whose signature is new.
  Jit(py::object function, py::object traced_call, DynamicDims dynamic, std::vector<std::string> without, bool record,
      py::object check, py::object fall_back)
      : function_(std::move(function)),
        traced_call_(std::move(traced_call)),
        dynamic_(std::move(dynamic)),
        without_(std::move(without)),
        record_(record),
        check_(std::move(check)),
        fall_back_(std::move(fall_back)) {}

  py::object call(const py::args& args, const py::kwargs& kwargs) {
    if (interpreter) return call_python(function_, args, kwargs);
    if (!check_.is_none()) return check_(py::cast(this), args, kwargs);
    const bool falls_back = !fall_back_.is_none();
    const std::optional<Signature> s =
        falls_back ? signature_if_any(args, kwargs) : std::optional(signature(args, kwargs, false));
    std::string reason;
    Compiled* known = s ? find(*s, reason) : nullptr;
    if (!known && falls_back) return fall_back_(py::cast(this), args, kwargs);
    if (!known) known = &trace(args, kwargs, reason);
    return known->eager ? call_python(function_, args, kwargs) : run(*known, *s, args, kwargs);
  }

  // Traces for these arguments without running.
  std::shared_ptr<Compiled> compile(const py::args& args, const py::kwargs& kwargs) {
    Signature s = signature(args, kwargs, false);
    std::string reason;
    if (!find(s, reason)) trace(args, kwargs, reason);
    check(!last_used_->eager, "jit: there is no graph of this call, which runs eagerly: ", last_used_->reason);
    return last_used_;
  }

  // Runs the function; (seconds, op, types of its inputs, line, bytes of scratch memory that were planned, that it
  // took) for every step of the forward graph.
  py::list profile(const py::args& args, const py::kwargs& kwargs) {
    compile(args, kwargs);
    std::vector<graph::StepUse> uses;
    {
      graph::Plan::measure_into(&uses);
      struct Stop {
        ~Stop() { graph::Plan::measure_into(nullptr); }
      } stop;
      run(*last_used_, signature(args, kwargs, false), args, kwargs);
    }
    const graph::Plan& plan = last_used_->function->forward();
    py::list steps;
    for (size_t s = 0; s < uses.size(); s++) {
      const graph::Node& node = plan.graph().nodes[static_cast<size_t>(plan.memory().order[s])];
      std::string types;
      for (graph::ValueId v : node.inputs)
        if (v != graph::kNone && types.size() < 100)
          types += concat(types.empty() ? "" : ", ", plan.graph().values[static_cast<size_t>(v)].shape);
      int scratch = plan.memory().scratch[s];
      size_t planned = scratch < 0 ? 0 : plan.memory().buffers[static_cast<size_t>(scratch)].bytes;
      steps.append(py::make_tuple(uses[s].seconds, node.op->text(), types,
                                  plan.graph().sources[static_cast<size_t>(node.source)], planned, uses[s].scratch));
    }
    return steps;
  }

  // What calls with these arguments would run, or nullptr.
  std::shared_ptr<Compiled> look_up(const py::args& args, const py::kwargs& kwargs) {
    const std::optional<Signature> s = signature_if_any(args, kwargs);
    std::string reason;
    return s && find(*s, reason) ? last_used_ : nullptr;
  }
  py::object run_compiled(const std::shared_ptr<Compiled>& c, const py::tuple& args, const py::dict& kwargs) {
    last_used_ = c;
    return run(*c, signature(args, kwargs, false), args, kwargs);
  }
  std::vector<Tensor> argument_tensors(const py::args& args, const py::kwargs& kwargs) const {
    return signature(args, kwargs, false).tensors;
  }
  // What a trace gives now: without what is compiled from it, and kept nowhere.
  std::shared_ptr<Compiled> trace_apart(const py::args& args, const py::kwargs& kwargs) {
    Signature s = signature(args, kwargs, true);
    auto compiled = std::make_shared<Compiled>();
    compiled->program = run_traced(s, args, kwargs).program;
    return compiled;
  }
  // What a trace gives for a program that is kept apart from its function, whose Python runs no more.
  graph::Program trace_for_export(const py::args& args, const py::kwargs& kwargs) {
    Signature s = signature(args, kwargs, true);
    TracedCall traced = run_traced(s, args, kwargs);
    traced.session.recorder.attr("check_state")();
    check<ErrorKind::Value>(traced.session.before.empty() && traced.session.after.empty(),
                            "export: the function takes an optimizer's step, which counts in Python; export what "
                            "computes the gradients, and take the step outside");
    return std::move(traced.program);
  }
  // The same program compiled without one more pass.
  std::shared_ptr<Compiled> without_pass(const Compiled& c, const std::string& pass) const {
    auto other = std::make_shared<Compiled>(c);
    graph::OptimizeOptions options;
    options.without = c.without;
    options.without.push_back(pass);
    other->function = graph::Function::compile(c.program, options, false);
    return other;
  }
  // From now on such calls run the function as it is; where nothing tells such calls apart, each finds that out anew.
  void keep_eager(const std::string& reason, const py::args& args, const py::kwargs& kwargs) {
    if (!signature_if_any(args, kwargs)) return;
    Signature s = signature(args, kwargs, true);
    auto compiled = std::make_shared<Compiled>();
    compiled->eager = true;
    compiled->reason = reason;
    describe(*compiled, s);
    keep(compiled);
  }

  const std::vector<std::shared_ptr<Compiled>>& all() const { return all_; }
  void clear() { let_go_of_compiled(); }
  size_t traces() const { return traces_; }

  // For Python's garbage collector: what only this holds. A compiled graph that runs, or that somebody looks at, is
  // held by others too.
  int traverse(visitproc visit, void* arg) const {
    Py_VISIT(function_.ptr());
    Py_VISIT(traced_call_.ptr());
    Py_VISIT(check_.ptr());
    Py_VISIT(fall_back_.ptr());
    for (const std::shared_ptr<Compiled>& c : all_)
      if (c.use_count() == 2 + (c == last_used_))
        if (int stop = c->traverse(visit, arg)) return stop;
    return 0;
  }
  void let_go() {
    let_go_of_compiled();
    function_ = py::none();
  }
  static void collect_with(PyHeapTypeObject* heap_type) {
    PyTypeObject* type = &heap_type->ht_type;
    type->tp_flags |= Py_TPFLAGS_HAVE_GC;
    type->tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
      Py_VISIT(Py_TYPE(self));
      if (!py::detail::is_holder_constructed(self)) return 0;
      return py::cast<Jit&>(py::handle(self)).traverse(visit, arg);
    };
    type->tp_clear = [](PyObject* self) {
      if (py::detail::is_holder_constructed(self)) py::cast<Jit&>(py::handle(self)).let_go();
      return 0;
    };
  }

  const py::object& function() const { return function_; }

 private:
  Signature signature(const py::args& args, const py::kwargs& kwargs, bool described) const {
    Signature s;
    s.described = described;
    if (!dynamic_.empty()) s.dynamic = &dynamic_;
    add_modes(s);
    s.add_call(args, kwargs);
    if (s.dynamic) s.finish_group();
    return s;
  }

  // None where calls with these arguments cannot be told apart from others, which signature() says.
  std::optional<Signature> signature_if_any(const py::args& args, const py::kwargs& kwargs) const {
    try {
      return signature(args, kwargs, false);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::Type) throw;
    } catch (const py::error_already_set& e) {  // a container that holds itself
      if (!e.matches(PyExc_RecursionError)) throw;
    }
    return std::nullopt;
  }

  // reason: why the one that was used last does not hold, where none does.
  Compiled* find(const Signature& s, std::string& reason) {
    uint64_t last_use = 0;
    auto found = by_key_.find(s.key);
    if (found != by_key_.end()) {
      for (const std::shared_ptr<Compiled>& c : found->second) {
        if (!same_constants(c->constants, s.constants)) continue;
        if (std::string why = c->eager ? std::string() : mismatch(*c, s.tensors); !why.empty()) {
          if (c->last_use > last_use) reason = std::move(why);
          last_use = std::max(last_use, c->last_use);
          continue;
        }
        c->last_use = ++uses_;
        last_used_ = c;
        return c.get();
      }
    }
    return nullptr;
  }

  std::string reason_for(const Signature& s) const {
    if (all_.empty()) return "first call";
    const std::vector<std::string>& before = all_.back()->parts;
    std::string text;
    for (size_t i = 0; i < std::max(before.size(), s.parts.size()); i++) {
      if (i < before.size() && i < s.parts.size() && before[i] == s.parts[i]) continue;
      text += concat(text.empty() ? "" : "; ", i < s.parts.size() ? s.parts[i] : std::string("nothing"), " instead of ",
                     i < before.size() ? before[i] : std::string("nothing"));
    }
    return text.empty() ? "a constant argument changed" : text;
  }

  // What one run of the function under a trace gives.
  struct TracedCall {
    graph::Program program;
    Tree result;
    Session session;
  };

  TracedCall run_traced(const Signature& s, const py::args& args, const py::kwargs& kwargs) {
    TracedCall traced;
    Session* outer = std::exchange(session, &traced.session);
    struct Restore {
      Session* outer;
      ~Restore() { session = outer; }
    } restore{outer};
    Recording recording;
    traced.session.recorder = recording.recorder();
    graph::Tracer tracer(current_line);
    std::vector<Tensor> stand_ins = tracer.arguments(s.tensors), results;
    {
      InterpreterScope scope(&tracer);
      std::vector<py::object> objects;
      for (size_t i = 0; i < stand_ins.size(); i++)
        objects.push_back(stand_in_object(stand_ins[i], s.tensor_objects[i]));
      StandIns replaced(objects);
      py::object new_args = replaced.of(args.ptr(), "the arguments");
      py::dict new_kwargs;
      for (auto [name, value] : kwargs) new_kwargs[name] = replaced.of(value.ptr(), "the arguments");
      RefusalScope refusals(current_line);
      BackwardWatch watch([](Node& node, bool accumulates) {
        if (graph::Tracer* current = graph::Tracer::current()) current->gradient_arrives(node, accumulates);
      });
      py::object result = call_python(traced_call_, py::make_tuple(function_, new_args, new_kwargs));
      refusals.check_none();
      recording.check_whole();
      replaced.check_unchanged();
      traced.result = take_apart(result.ptr(), results);
    }
    traced.program = graph::finish_program(tracer, stand_ins, results);
    return traced;
  }

  void compile_program(Compiled& c, graph::Program program) const {
    graph::OptimizeOptions options;
    options.without = c.without = passes_left_out(without_);
    {
      GilRelease release;
      c.function = graph::Function::compile(program, options, record_);
    }
    c.program = std::move(program);
  }

  static void describe(Compiled& c, const Signature& s) {
    c.constants = s.constants;
    c.parts = s.parts;
    c.key = s.key;
    c.group = s.group;
    c.sizes = s.sizes;
  }

  // Other threads may come in while what is dropped ends, which waits for its devices: nothing is half changed then.
  void let_go_of_compiled() {
    auto all = std::exchange(all_, {});
    auto by_key = std::exchange(by_key_, {});
    auto last = std::exchange(last_used_, nullptr);
  }
  void drop(std::shared_ptr<Compiled> compiled) {
    std::erase(all_, compiled);
    auto place = by_key_.find(compiled->key);
    std::erase(place->second, compiled);
    if (place->second.empty()) by_key_.erase(place);
  }

  // What does not hold now may hold again, as after train() and eval(): only the oldest of many goes.
  Compiled& keep(const std::shared_ptr<Compiled>& compiled) {
    auto older = [](const auto& a, const auto& b) { return a->last_use < b->last_use; };
    if (all_.size() >= kKept) drop(*std::min_element(all_.begin(), all_.end(), older));
    std::vector<std::shared_ptr<Compiled>>& same_key = by_key_[compiled->key];
    auto same = [&](const auto& old) { return same_constants(old->constants, compiled->constants); };
    if (std::count_if(same_key.begin(), same_key.end(), same) == kKeptPerSignature) {
      const std::shared_ptr<Compiled> oldest = *std::find_if(same_key.begin(), same_key.end(), same);
      drop(oldest);
      return keep(compiled);
    }
    compiled->last_use = ++uses_;
    same_key.push_back(compiled);
    all_.push_back(compiled);
    last_used_ = compiled;
    return *compiled;
  }

  // Why what was compiled does not hold any more; empty if it does.
  static std::string mismatch(Compiled& c, const std::vector<Tensor>& tensors) {
    std::string reason = c.function->mismatch(tensors);
    if (reason.empty()) reason = c.guards.guards->changed();
    for (size_t i = 0; reason.empty() && i < c.conditions.size(); i++) reason = c.conditions[i]().cast<std::string>();
    return reason;
  }

  Compiled& trace(const py::args& args, const py::kwargs& kwargs, const std::string& reason) {
    Signature s = signature(args, kwargs, true);
    s.check_dynamic();
    auto compiled = std::make_shared<Compiled>();
    Compiled& c = *compiled;
    const bool only_sizes = reason.empty() && is_in_group(s);
    c.reason = !reason.empty() ? reason : only_sizes ? "other sizes of dynamic dimensions" : reason_for(s);
    describe(c, s);
    TracedCall traced = run_traced(s, args, kwargs);
    traced.session.recorder.attr("check_state")();
    traces_++;
    if (!only_sizes) counted_traces_++;
    // Before other threads run again, and may change what the function has read.
    c.guards = SharedGuards(traced.session.recorder.attr("finish")());
    compile_program(c, std::move(traced.program));
    c.result = std::move(traced.result);
    c.before = traced.session.before;
    c.after = traced.session.after;
    c.conditions = traced.session.conditions;
    keep(compiled);
    if (!only_sizes && counted_traces_ == kManyTraces) {
      std::string text = concat("jit: ", py::repr(function_).cast<std::string>(), " has been traced ",
                                static_cast<int64_t>(counted_traces_),
                                " times, which costs more than it saves; the last time because of: ", c.reason,
                                ". explain() lists all reasons; name sizes that are expected to vary in dynamic_dims=");
      if (PyErr_WarnEx(PyExc_RuntimeWarning, text.c_str(), 1) < 0) throw py::error_already_set();
    }
    return c;
  }

  static py::object stand_in_object(const Tensor& stand_in, const py::object& original) {
    PyTypeObject* type = Py_TYPE(original.ptr());
    if (type == tensor_type() || stand_in.impl()->python_object)
      return py::reinterpret_steal<py::object>(wrap(stand_in));
    return py::reinterpret_steal<py::object>(wrap_as(type, stand_in));
  }

  py::object run(Compiled& c, const Signature& s, const py::tuple& args, const py::dict& kwargs) {
    auto keep = last_used_;
    Ref<graph::Rerun> rerun;
    if (!c.function->needs_rerun().empty() && GradMode::enabled())
      rerun =
          FunctionRerun::of_call({function_, c.function, c.guards, c.conditions, warned_, c.bumps}, s, args, kwargs);
    for (const py::object& f : c.before) f();
    auto* of_call = dynamic_cast<FunctionRerun*>(rerun.get());
    std::optional<graph::DrawLog> draws;
    if (of_call) draws.emplace();
    std::vector<Tensor> results;
    if (c.function->forward().work() > kLongWork) {
      GilRelease release;
      results = c.function->call(s.tensors, rerun);
    } else {
      results = c.function->call(s.tensors, rerun);
    }
    if (of_call) {
      of_call->finish_call(draws->drawn());
      for (const Tensor& t : results)
        if (t.defined() && t.requires_grad()) let_collector_see(t);
    }
    for (const py::object& f : c.after) f();
    return put_together(c.result, results);
  }

  // Have such calls been traced with other sizes of dynamic dimensions?
  bool is_in_group(const Signature& s) const {
    return !s.sizes.empty() && std::any_of(all_.begin(), all_.end(), [&](const auto& c) {
      return c->group == s.group && same_constants(c->constants, s.constants);
    });
  }

  py::object function_, traced_call_;
  DynamicDims dynamic_;
  std::vector<std::string> without_;
  bool record_;
  py::object check_, fall_back_;
  std::shared_ptr<bool> warned_ = std::make_shared<bool>(false);  // of a rerun
  std::unordered_map<std::string, std::vector<std::shared_ptr<Compiled>>> by_key_;
  std::vector<std::shared_ptr<Compiled>> all_;
  std::shared_ptr<Compiled> last_used_;
  size_t traces_ = 0, counted_traces_ = 0;  // counted: not those for other sizes of dynamic dimensions
  uint64_t uses_ = 0;
};

// A function inside of the function that is being traced, as a graph of its own.
struct TracedBody {
  graph::Body body;
  Tree result;
};

// `arguments`: of the enclosing trace; the function is called with one tensor for each.
// `repeats`: it is called with its own results too, which may have a history where what it begins with has none.
TracedBody trace_body(const char* what, const py::object& function, const std::vector<Tensor>& arguments,
                      size_t repeats = 0) {
  TracedBody traced;
  graph::Tracer tracer(graph::Tracer::current()->here());
  std::vector<Tensor> stand_ins = tracer.arguments(arguments), results;
  for (size_t i = 0; i < repeats; i++)
    if (GradMode::enabled() && is_differentiable(stand_ins[i].dtype())) stand_ins[i].impl()->requires_grad = true;
  graph::Traced finished;
  graph::Body history;
  {
    InterpreterScope scope(&tracer);
    py::tuple args(stand_ins.size());
    for (size_t i = 0; i < stand_ins.size(); i++) args[i] = stand_ins[i];
    const bool recorded = GradMode::recording_wanted(), inference = GradMode::inference();
    try {
      traced.result = take_apart(call_python(function, args).ptr(), results);
    } catch (py::error_already_set& e) {
      note_refusal(concat(what,
                          ": a function in it raises an error while it is traced, and would in eager mode only if it "
                          "ran: ",
                          e.what()));
      throw;
    }
    check_traceable(recorded == GradMode::recording_wanted() && inference == GradMode::inference(), what,
                    ": a function in it leaves the grad mode switched, which only the one that runs would do; use a "
                    "with block, or switch outside");
    for (Tensor& t : results) t = contiguous(t);
    graph::note_history(history, tracer, results);
    finished = tracer.finish(results);
  }
  traced.body = graph::make_body(std::move(finished), arguments.size(), what);
  traced.body.recorded = std::move(history.recorded);
  for (size_t i = 0; i < results.size(); i++) {
    traced.body.graph.results[i].detached = !traced.body.recorded[i];
    traced.body.graph.results[i].still = results[i].impl()->detached;
  }
  if (!history.no_gradient.empty()) traced.body.no_gradient = std::move(history.no_gradient);
  return traced;
}

// What a control flow op has given, without history where no body has recorded one.
std::vector<Tensor> with_history(const char* what, std::vector<Tensor> results,
                                 std::initializer_list<const graph::Body*> bodies, const std::vector<Tensor>& given,
                                 size_t carried = 0) {
  for (size_t i = 0; i < results.size(); i++) {
    bool recorded = i < carried && given[i].requires_grad();
    for (const graph::Body* body : bodies) recorded |= i < body->recorded.size() && body->recorded[i];
    if (!recorded) results[i] = without_history(results[i]);
    for (const graph::Body* body : bodies)
      check_traceable(!results[i].requires_grad() || body->no_gradient.empty(), what,
                      ": the derivative of a function in it is not possible in a graph, because ", body->no_gradient,
                      "; do that outside of it, and pass in what comes of it");
  }
  return results;
}

// Each a tensor of its own: a graph has an input for every operand.
std::vector<Tensor> all_different(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> result;
  for (const Tensor& t : tensors) {
    const bool known = std::any_of(result.begin(), result.end(), [&](const Tensor& other) { return other.same(t); });
    result.push_back(known ? clone(t) : t);
  }
  return result;
}
std::vector<Tensor> all_contiguous(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> result;
  for (const Tensor& t : tensors) result.push_back(contiguous(t));
  return all_different(result);
}

py::object traced_cond(const Tensor& pred, const py::object& on_true, const py::object& on_false,
                       const std::vector<Tensor>& given) {
  const std::vector<Tensor> operands = all_different(given);
  TracedBody t = trace_body("cond", on_true, operands), f = trace_body("cond", on_false, operands);
  check<ErrorKind::Value>(same_structure(t.result, f.result),
                          "cond: the two functions return different structures; both must return the same containers "
                          "with tensors in the same places");
  return put_together(t.result,
                      with_history("cond", graph::cond(pred, t.body, f.body, operands), {&t.body, &f.body}, operands));
}

std::vector<Tensor> traced_while(const py::object& test, const py::object& body, const std::vector<Tensor>& given) {
  std::vector<Tensor> carried = all_contiguous(given);
  TracedBody t = trace_body("while_loop", test, carried), b = trace_body("while_loop", body, carried, carried.size());
  return with_history("while_loop", graph::while_loop(t.body, b.body, carried), {&b.body}, carried, carried.size());
}

// function: (carried..., slices of xs...) -> flat list of what is carried next and the results.
std::vector<Tensor> traced_scan(const py::object& function, const std::vector<Tensor>& given_carried,
                                const std::vector<Tensor>& given_xs, int64_t length, bool reverse) {
  std::vector<Tensor> carried = all_contiguous(given_carried), xs = all_contiguous(given_xs), arguments = carried;
  for (const Tensor& x : xs) {
    Shape shape(x.shape().data() + 1, x.ndim() - 1);
    Tensor slice = symbolic(shape, contiguous_strides(shape), x.dtype(), x.device());
    slice.impl()->requires_grad = x.requires_grad();
    arguments.push_back(slice);
  }
  TracedBody b = trace_body("scan", function, arguments, carried.size());
  return with_history("scan", graph::scan(b.body, carried, xs, length, reverse), {&b.body}, carried, carried.size());
}

// Leaves the trace for a scope, as if it had not begun: what is made in it outlives the trace.
class OutsideTrace {
 public:
  void enter() {
    scope_ = std::make_unique<InterpreterScope>(nullptr);
    number_ = std::exchange(trace_number, 0);
  }
  void exit() {
    trace_number = number_;
    scope_ = nullptr;
  }

 private:
  std::unique_ptr<InterpreterScope> scope_;
  uint32_t number_ = 0;
};

}  // namespace

void bind_jit(Family& m) {
  bind_jit_guards(m);
  bind_jit_check(m);
  py::class_<Compiled, std::shared_ptr<Compiled>>(m.scope(), "_Compiled")
      .def_readonly("reason", &Compiled::reason)
      .def_readonly("eager", &Compiled::eager)
      .def_readonly("sizes", &Compiled::sizes)
      .def_property_readonly("group", [](const Compiled& c) { return py::bytes(c.sizes.empty() ? "" : c.group); })
      .def("_captured", [](const Compiled& c) { return graph::captured_tensors(c.program); })
      .def("_first_difference",
           [](const Compiled& c, const std::vector<Tensor>& arguments, const std::vector<Tensor>& cotangents,
              const graph::Listener& eager, bool gradients) {
             return graph::first_difference(c.program, *c.function, arguments, cotangents, eager, gradients);
           })
      .def_readonly("signature", &Compiled::parts)
      .def_property_readonly("guards", [](const Compiled& c) { return c.eager ? py::none() : c.guards.object; })
      .def_property_readonly("passes", &graphs_after_passes)
      .def("text",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = plan_of(c, backward);
             return plan ? py::object(py::str(graph::to_text(plan->graph()))) : py::none();
           })
      .def("dot",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = plan_of(c, backward);
             return plan ? py::object(py::str(graph::to_dot(plan->graph()))) : py::none();
           })
      .def("memory_text",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = plan_of(c, backward);
             return plan ? py::object(py::str(graph::to_text(plan->graph(), plan->memory()))) : py::none();
           })
      .def("old_gradient_bytes",
           [](const Compiled& c, const std::vector<Tensor>& arguments) {
             return c.function ? c.function->old_gradient_bytes(arguments) : 0;
           })
      .def("result_bytes",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = plan_of(c, backward);
             return plan ? plan->memory().result_bytes : 0;
           })
      .def("peak_bytes",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = plan_of(c, backward);
             return plan ? plan->memory().peak_bytes() : 0;
           })
      .def("recording_text",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = plan_of(c, backward);
             return plan ? plan->recording_text() : std::string();
           })
      .def("num_steps", [](const Compiled& c, bool backward) {
        const graph::Plan* plan = plan_of(c, backward);
        return plan ? plan->memory().order.size() : 0;
      });
  py::class_<Jit>(m.scope(), "_Jit", py::custom_type_setup(&Jit::collect_with))
      .def(py::init<py::object, py::object, DynamicDims, std::vector<std::string>, bool, py::object, py::object>(),
           py::arg("function"), py::arg("traced_call"), py::arg("dynamic"), py::arg("without"), py::arg("record"),
           py::arg("check") = py::none(), py::arg("fall_back") = py::none())
      .def("__call__", &Jit::call, py::call_guard<CallsPython>())
      .def("compile", &Jit::compile, py::call_guard<CallsPython>())
      .def("_profile", &Jit::profile, py::call_guard<CallsPython>())
      .def("_look_up", &Jit::look_up)
      .def("_run", &Jit::run_compiled, py::call_guard<CallsPython>())
      .def("_argument_tensors", &Jit::argument_tensors)
      .def("_trace_apart", &Jit::trace_apart, py::call_guard<CallsPython>())
      .def("_trace_for_export", &Jit::trace_for_export, py::call_guard<CallsPython>())
      .def("_without_pass", &Jit::without_pass)
      .def("_keep_eager", &Jit::keep_eager)
      .def("clear", &Jit::clear)
      .def_property_readonly("traces", &Jit::traces)
      .def_property_readonly("compiled", &Jit::all);
  py::class_<OutsideTrace>(m.scope(), "_OutsideTrace",
                           "A scope whose work is not traced, and whose tensors outlive a trace.")
      .def(py::init<>())
      .def("__enter__", &OutsideTrace::enter)
      .def("__exit__", [](OutsideTrace& o, const py::args&) { o.exit(); });
  m.function("_is_tracing", "()", [] { return tracing(); }, "Is this thread tracing a function for weft.jit?");
  m.function(
      "_is_traced_for_later", "()", [] { return tracing() && interpreter->for_later(); },
      "Is this thread tracing for weft.jit, and not only for a transform?");
  m.function(
      "_begin_checkpoint", "()",
      [] {
        if (graph::Tracer* tracer = graph::Tracer::current()) tracer->begin_checkpoint();
      },
      "utils.checkpoint calls its function, while weft.jit traces.");
  m.function(
      "_end_checkpoint", "(results)",
      [](const std::vector<Tensor>& results) {
        if (graph::Tracer* tracer = graph::Tracer::current()) tracer->end_checkpoint(results);
      },
      "The function has returned these tensors.");
  m.function("_around_calls", "(before: Any | None, after: Any | None)", [](py::object before, py::object after) {
    check(session != nullptr, "_around_calls: nothing is being traced");
    if (!before.is_none()) session->before.push_back(std::move(before));
    if (!after.is_none()) session->after.push_back(std::move(after));
  });
  m.scope().attr("_ALL_DIMS") = kAllDims;
  m.function("_unplanned_scratch", "()", &graph::unplanned_scratch,
             "Bytes of scratch memory that jitted steps took beyond their plans; 0, or there is a mistake in an op.");
  m.function(
      "_watch_condition", "(condition)",
      [](py::object condition) {
        if (session) session->conditions.push_back(std::move(condition));
      },
      "condition() gives the reason why what is being traced does not hold any more, or an empty text.");
  m.function(
      "_is_symbolic", "(tensor)", [](const Tensor& t) { return t.impl()->storage->symbolic(); }, "Has it no values?");
  m.function(
      "_trace_number", "()", [] { return session ? session->number : 0; }, "Tells traces apart; 0 outside of any.");
  m.function(
      "_refuse", "(message)", [](const std::string& message) { refuse(message); },
      "Raises RuntimeError: an error that eager mode would not raise, so that a trace ends even if it is caught.");
  m.function("_refuse_while_tracing", "(what)", &refuse_while_tracing);
  m.function("_refuse_change_in_body", "(message)",
             [](const std::string& message) { check_traceable(false, message); });
  m.function("_traced_cond", "(pred, on_true, on_false, given)", &traced_cond);
  m.function("_traced_while", "(test, body, given)", &traced_while);
  m.function("_traced_scan", "(function, given_carried, given_xs, length, reverse)", &traced_scan);
  m.function("_jit_passes", "()", [] {
    std::vector<std::string> names;
    for (const graph::Pass& pass : graph::all_passes()) names.emplace_back(pass.name);
    return names;
  });
}

}  // namespace weft::python
