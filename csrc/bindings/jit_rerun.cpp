#include "bindings/jit_rerun.h"

#include <algorithm>

#include "bindings/gil.h"
#include "bindings/tensor_object.h"
#include "kernels/elementwise.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/node.h"
#include "ops/elementwise.h"

namespace weft::python {

namespace {

// The calling thread's autocast, as it was at another time, for a scope.
class AutocastScope {
 public:
  AutocastScope(bool on, const AutocastState* states) : before_on_(autocast_is_on) {
    for (int i = 0; i < kNumDeviceTypes; i++) {
      before_[i] = autocast_state(static_cast<DeviceType>(i));
      autocast_state(static_cast<DeviceType>(i)) = states[i];
    }
    autocast_is_on = on;
  }
  ~AutocastScope() {
    for (int i = 0; i < kNumDeviceTypes; i++) autocast_state(static_cast<DeviceType>(i)) = before_[i];
    autocast_is_on = before_on_;
  }
  AutocastScope(const AutocastScope&) = delete;

 private:
  bool before_on_;
  AutocastState before_[kNumDeviceTypes];
};

Signature signature_of(const py::tuple& args, const py::dict& kwargs) {
  Signature s;
  add_modes(s);
  s.add_call(args, kwargs);
  return s;
}

bool is_same(const Signature& a, const Signature& b) {
  auto same = [](const Tensor& x, const Tensor& y) { return x.same(y); };
  return a.key == b.key && same_constants(a.constants, b.constants) &&
         std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), b.tensors.end(), same);
}

void write(const Tensor& to, const Tensor& values) { copy_kernel(to.device(), view_of(to), view_of(values)); }

// A tensor of the same values and history, for a call that changes it.
Tensor copy_with_history(const Tensor& t) {
  GradModeGuard no_grad(false);
  Tensor copy = clone(t);
  if (t.requires_grad()) {
    Edge edge = gradient_edge(t);
    copy.impl()->requires_grad = true;
    set_history(copy, edge.node, edge.index);
  }
  return copy;
}

// Why a call that changes these could not be made again; empty if it could.
std::string why_not(const graph::Function::Changes& changes, const std::vector<Tensor>& arguments) {
  for (const Tensor& t : changes.read)
    if (t.requires_grad())
      return concat("it changes a captured tensor in place (of shape ", t.shape(),
                    ") that its results depend on and that requires grad, whose old values the gradients would need");
  for (int i : changes.arguments) {
    const Tensor& changed = arguments[static_cast<size_t>(i)];
    auto shares = [&](const Tensor& t) { return t.impl()->storage == changed.impl()->storage; };
    if (std::count_if(arguments.begin(), arguments.end(), shares) > 1)
      return concat("it changes an argument in place (of shape ", changed.shape(),
                    ") that shares memory with another argument");
  }
  return {};
}

void check_unchanged_for_backward(const SharedGuards& guards) {
  GilAcquire gil;
  const std::string reason = guards.guards ? guards.guards->changed_for_backward() : std::string();
  check(reason.empty(),
        "jit: a hook or an autograd.Function in a jitted function reads what has changed since the call: ", reason,
        ". Its backward was compiled with the old value; pass the value into the function as a tensor");
}

// Of a call that needs a rerun and cannot have one.
class NoRerun final : public graph::Rerun {
 public:
  NoRerun(std::string needed, std::string why, SharedGuards guards)
      : needed_(std::move(needed)), why_(std::move(why)), guards_(std::move(guards)) {}
  ~NoRerun() override {
    if (!Py_IsInitialized()) {
      guards_.object.release();
      return;
    }
    GilAcquire gil;
    guards_ = {};
  }
  void check_backward() const override { check_unchanged_for_backward(guards_); }
  std::vector<Tensor> results() override {
    fail<ErrorKind::NotImplemented>(
        "jit: backward with create_graph=True through this jitted function would have to run it once more, because ",
        needed_, "; that is not possible, because ", why_, ". Compute the gradient inside the jitted function");
  }

 private:
  std::string needed_, why_;
  SharedGuards guards_;
};

// Takes everything back that a rerun has done.
class StateScope {
 public:
  explicit StateScope(const graph::Function::Changes& changes)
      : read_(changes.read),
        only_written_(changes.only_written),
        optimizers_(import_module("weft._jit_state").attr("StateSaved")()) {}
  ~StateScope() {
    py::error_scope pending;
    try {
      read_.restore();
      only_written_.restore();
      optimizers_.attr("restore")();
    } catch (py::error_already_set& e) {
      e.discard_as_unraisable("jit: taking back a second run");
    } catch (const std::exception& e) {
      PyErr_SetString(PyExc_RuntimeError, e.what());
      PyErr_WriteUnraisable(nullptr);
    }
  }
  StateScope(const StateScope&) = delete;

 private:
  graph::Snapshot read_, only_written_;
  py::object optimizers_;
};

}  // namespace

Ref<graph::Rerun> FunctionRerun::of_call(Program program, const Signature& s, const py::tuple& args,
                                         const py::dict& kwargs) {
  graph::Function::Changes changes = program.compiled->changes(s.tensors);
  if (std::string why = why_not(changes, s.tensors); !why.empty())
    return make_ref<NoRerun>(program.compiled->needs_rerun(), std::move(why), program.guards);
  Ref<FunctionRerun> rerun(new FunctionRerun);
  FunctionRerun& r = *rerun;
  for (int i : changes.arguments) {
    const auto place = static_cast<size_t>(i);
    r.changed_.emplace_back(s.tensor_objects[place],
                            object_like(s.tensor_objects[place], copy_with_history(s.tensors[place])));
  }
  auto same = [](PyObject* tensor) { return py::reinterpret_borrow<py::object>(tensor); };
  r.args_ = map_tensors(args.ptr(), same);  // with containers of their own
  r.kwargs_ = map_tensors(kwargs.ptr(), same);
  r.program_ = std::move(program);
  {
    GradModeGuard no_grad(false);
    for (const Tensor& t : changes.read) r.old_values_.push_back(clone(t));
  }
  r.changes_ = std::move(changes);
  r.autocast_on_ = autocast_is_on;
  for (int i = 0; i < kNumDeviceTypes; i++) r.autocast_[i] = autocast_state(static_cast<DeviceType>(i));
  r.signature_ = signature_of(r.args_, r.kwargs_);
  return rerun;
}

void FunctionRerun::finish_call(std::vector<graph::Drawn> drawn) {
  drawn_ = std::move(drawn);
  for (const Tensor& t : changes_.read) versions_.push_back(t.version());
}

FunctionRerun::~FunctionRerun() {
  if (!Py_IsInitialized()) {
    each_reference(*this, [](py::object& o) { o.release(); });
    return;
  }
  GilAcquire gil;
  py::error_scope pending;
  program_ = {};
  args_ = kwargs_ = {};
  changed_.clear();
  signature_ = {};
}

void FunctionRerun::check_backward() const { check_unchanged_for_backward(program_.guards); }

void FunctionRerun::check_state() const {
  check<ErrorKind::NotImplemented>(!tracing(),
                                   "jit: backward with create_graph=True runs a jitted function once more, which is "
                                   "not possible while another one is traced; compute the gradient inside it");
  std::string reason = program_.guards.guards->changed();
  for (size_t i = 0; reason.empty() && i < program_.conditions.size(); i++)
    reason = program_.conditions[i]().cast<std::string>();
  if (reason.empty() && !is_same(signature_of(args_, kwargs_), signature_))
    reason = "an attribute of an argument, the default dtype or device";
  check(reason.empty(), "jit: backward with create_graph=True has to run ",
        py::repr(program_.function).cast<std::string>(),
        " once more, but what it depends on has changed since the call: ", reason);
}

void FunctionRerun::warn() const {
  if (*program_.has_warned) return;
  std::string text = concat(
      "jit: backward with create_graph=True runs ", py::repr(program_.function).cast<std::string>(),
      " once more, eagerly, because ", program_.compiled->needs_rerun(),
      "; what it does to Python objects (print, append) happens again. Gradients that are computed inside the jitted "
      "function need no second run");
  if (PyErr_WarnEx(PyExc_RuntimeWarning, text.c_str(), 1) < 0) throw py::error_already_set();
  *program_.has_warned = true;
}

std::vector<Tensor> FunctionRerun::results() {
  GilAcquire gil;
  AutocastScope autocast(autocast_on_, autocast_);
  check_state();
  warn();
  StateScope state(changes_);
  if (!changes_.read.empty() && program_.bumps->empty()) run();  // finds out how it changes versions
  return run();
}

// Changed tensors that the results depend on get the values that they had before the call, and such versions that what
// the new graph saves of them has the versions that the call has left. Where these are the present ones it stays valid.
std::vector<Tensor> FunctionRerun::run() const {
  const std::vector<Tensor>& read = changes_.read;
  std::vector<uint32_t>& bumps = *program_.bumps;
  const bool known = bumps.size() == read.size();
  for (size_t i = 0; i < read.size(); i++) {
    write(read[i], old_values_[i]);
    read[i].impl()->storage->reset_version(known ? versions_[i] - bumps[i] : versions_[i]);
  }
  graph::DrawAgain draws(drawn_);
  std::vector<Tensor> results = run_function();
  if (known) {
    for (size_t i = 0; i < read.size(); i++)
      check(read[i].version() == versions_[i],
            "jit: run once more for create_graph, the function has changed a tensor from outside in another way");
    return results;
  }
  std::vector<uint32_t> found;
  for (size_t i = 0; i < read.size(); i++) found.push_back(read[i].version() - versions_[i]);
  bumps = std::move(found);
  return results;
}

std::vector<Tensor> FunctionRerun::run_function() const {
  std::vector<std::pair<PyObject*, py::object>> copies;
  for (const auto& [given, old] : changed_)
    copies.emplace_back(given.ptr(), object_like(old, copy_with_history(unwrap(old.ptr()))));
  auto as_it_was = [&](PyObject* tensor) {
    for (const auto& [given, copy] : copies)
      if (given == tensor) return copy;
    return py::reinterpret_borrow<py::object>(tensor);
  };
  const py::tuple args = map_tensors(args_.ptr(), as_it_was);
  const py::dict kwargs = map_tensors(kwargs_.ptr(), as_it_was);
  std::vector<Tensor> results;
  take_apart(call_python(program_.function, args, kwargs).ptr(), results);
  return results;
}

}  // namespace weft::python
