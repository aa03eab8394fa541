// weft.jit: calls of Python functions as compiled graphs. Flattens arguments to tensors and a signature, keeps a
// compiled graph for every signature, and watches what the trace has read of Python.
#include <unordered_map>

#include "bindings/tensor_object.h"

#include <frameobject.h>
#include "graph/control_flow.h"
#include "graph/function.h"
#include "op/autocast.h"
#include "op/grad_mode.h"
#include "ops/elementwise.h"

namespace weft::python {

namespace {

// What a traced function asks to happen around every call of what is compiled from it.
struct Session {
  std::vector<py::object> before, after;
  std::vector<py::object> watched;  // modules
};
thread_local Session* session = nullptr;

constexpr size_t kManyTraces = 16;

// Below this many elements of work a graph is done before another Python thread could do anything.
constexpr int64_t kLongWork = 1 << 15;

// One structure of containers around tensors and constants.
struct Tree {
  enum class Kind : uint8_t { Tensor, Constant, Tuple, List, Dict };
  Kind kind = Kind::Constant;
  int leaf = -1;      // Tensor: which
  py::object object;  // Constant: itself; Tuple: its type; Dict: its keys, a tuple
  std::vector<Tree> children;
};

bool is_plain_constant(PyObject* o) {
  return o == Py_None || PyBool_Check(o) || PyLong_CheckExact(o) || PyFloat_CheckExact(o) || PyUnicode_CheckExact(o);
}

template <class T>
void append_bytes(std::string& key, const T& v) {
  key.append(reinterpret_cast<const char*>(&v), sizeof v);
}

// Arguments taken apart: the tensors, and a key that is equal for calls that one graph serves.
struct Signature {
  std::string key;
  std::vector<py::object> tensor_objects;
  std::vector<Tensor> tensors;
  std::vector<py::object> constants;  // compared by ==, beside the key
  std::vector<std::string> parts;     // for people; only when `described`
  bool described = false;

  void add(PyObject* o, const std::string& name) {
    if (is_tensor(o)) return add_tensor(o, name);
    if (o == Py_None) return add_constant('n', "None", name);
    if (PyBool_Check(o)) return add_constant(o == Py_True ? 't' : 'f', o == Py_True ? "True" : "False", name);
    if (PyTuple_Check(o)) {
      key += '(';
      append_bytes(key, Py_TYPE(o));
      append_bytes(key, PyTuple_GET_SIZE(o));
      for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); i++) add(PyTuple_GET_ITEM(o, i), indexed(name, i));
      return;
    }
    if (PyList_CheckExact(o)) {
      key += '[';
      append_bytes(key, PyList_GET_SIZE(o));
      for (Py_ssize_t i = 0; i < PyList_GET_SIZE(o); i++) add(PyList_GET_ITEM(o, i), indexed(name, i));
      return;
    }
    if (PyDict_CheckExact(o)) {
      key += '{';
      append_bytes(key, PyDict_GET_SIZE(o));
      PyObject *k, *v;
      Py_ssize_t at = 0;
      while (PyDict_Next(o, &at, &k, &v)) {
        add(k, described ? "a key of " + name : name);
        add(v, described ? concat(name, "[", py::repr(k).cast<std::string>(), "]") : name);
      }
      return;
    }
    add_object(o, name);
  }

 private:
  std::string indexed(const std::string& name, Py_ssize_t i) const {
    return described ? concat(name, "[", static_cast<int64_t>(i), "]") : name;
  }

  void add_tensor(PyObject* o, const std::string& name) {
    const Tensor& t = unwrap(o);
    key += 'T';
    append_bytes(key, Py_TYPE(o));
    append_bytes(key, t.dtype());
    append_bytes(key, t.device().type);
    append_bytes(key, t.device().index);
    append_bytes(key, t.requires_grad());
    append_bytes(key, t.ndim());
    key.append(reinterpret_cast<const char*>(t.shape().data()), sizeof(int64_t) * static_cast<size_t>(t.ndim()));
    if (t.is_contiguous()) {
      key += 'c';
    } else {
      key += 's';
      key.append(reinterpret_cast<const char*>(t.strides().data()), sizeof(int64_t) * static_cast<size_t>(t.ndim()));
    }
    for (size_t i = 0; i < tensors.size(); i++) {
      if (tensors[i].impl()->storage != t.impl()->storage) continue;
      key += tensors[i].same(t) ? '=' : '~';
      append_bytes(key, i);
    }
    tensors.push_back(t);
    tensor_objects.push_back(py::reinterpret_borrow<py::object>(o));
    if (!described) return;
    std::string text = concat(name, ": ", t.dtype(), " ", t.shape());
    if (!t.is_contiguous()) text += concat(" with strides ", t.strides());
    if (t.device().type != DeviceType::CPU) text += concat(" on ", t.device());
    if (t.requires_grad()) text += ", requires grad";
    parts.push_back(std::move(text));
  }

  void add_constant(char tag, const std::string& text, const std::string& name) {
    key += tag;
    if (described) parts.push_back(name + " = " + text);
  }

  void add_object(PyObject* o, const std::string& name) {
    Py_hash_t hash = PyObject_Hash(o);
    if (hash == -1) {
      PyErr_Clear();
      bool array = py::hasattr(o, "__array_interface__");
      fail<ErrorKind::Type>("jit: ", described ? name : "an argument", " is of type ", Py_TYPE(o)->tp_name,
                            array ? ", whose values would be read only once; pass a tensor (weft.from_numpy)"
                                  : ", which is neither a tensor nor hashable, so that calls with it cannot be told "
                                    "apart; pass tensors, numbers, strings, tuples, lists or dicts of these");
    }
    key += 'o';
    append_bytes(key, Py_TYPE(o));
    append_bytes(key, hash);
    constants.push_back(py::reinterpret_borrow<py::object>(o));
    if (described) parts.push_back(concat(name, " = ", py::repr(o).cast<std::string>()));
  }
};

// What else decides how a function runs.
void add_modes(Signature& s) {
  append_bytes(s.key, GradMode::enabled());
  append_bytes(s.key, GradMode::inference());
  append_bytes(s.key, default_dtype());
  append_bytes(s.key, default_device().type);
  append_bytes(s.key, autocast_is_on);
  if (s.described) s.parts.push_back(GradMode::enabled() ? "grad mode on" : "grad mode off");
  if (!autocast_is_on) return;
  for (DeviceType type : {DeviceType::CPU, DeviceType::CUDA}) {
    append_bytes(s.key, autocast_state(type).enabled);
    append_bytes(s.key, autocast_state(type).dtype);
  }
  if (s.described) s.parts.push_back("autocast");
}

// o with its tensors replaced, in the order in which Signature meets them.
py::object replace_tensors(PyObject* o, const std::vector<py::object>& stand_ins, size_t& next) {
  if (is_tensor(o)) return stand_ins[next++];
  if (PyTuple_Check(o)) {
    py::tuple items(PyTuple_GET_SIZE(o));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); i++)
      items[static_cast<size_t>(i)] = replace_tensors(PyTuple_GET_ITEM(o, i), stand_ins, next);
    if (PyTuple_CheckExact(o)) return items;
    py::handle type(reinterpret_cast<PyObject*>(Py_TYPE(o)));
    return py::hasattr(o, "_fields") ? type(*items) : type(items);
  }
  if (PyList_CheckExact(o)) {
    py::list items;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(o); i++)
      items.append(replace_tensors(PyList_GET_ITEM(o, i), stand_ins, next));
    return items;
  }
  if (PyDict_CheckExact(o)) {
    py::dict items;
    PyObject *k, *v;
    Py_ssize_t at = 0;
    while (PyDict_Next(o, &at, &k, &v)) items[py::handle(k)] = replace_tensors(v, stand_ins, next);
    return items;
  }
  return py::reinterpret_borrow<py::object>(o);
}

// Takes a result apart: tensors go to `leaves`.
Tree take_apart(PyObject* o, std::vector<Tensor>& leaves) {
  Tree tree;
  if (is_tensor(o)) {
    tree.kind = Tree::Kind::Tensor;
    tree.leaf = static_cast<int>(leaves.size());
    leaves.push_back(unwrap(o));
  } else if (PyTuple_Check(o)) {
    tree.kind = Tree::Kind::Tuple;
    tree.object = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(Py_TYPE(o)));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(o); i++)
      tree.children.push_back(take_apart(PyTuple_GET_ITEM(o, i), leaves));
  } else if (PyList_CheckExact(o)) {
    tree.kind = Tree::Kind::List;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(o); i++)
      tree.children.push_back(take_apart(PyList_GET_ITEM(o, i), leaves));
  } else if (PyDict_CheckExact(o)) {
    tree.kind = Tree::Kind::Dict;
    tree.object = py::tuple(py::reinterpret_borrow<py::dict>(o));
    PyObject *k, *v;
    Py_ssize_t at = 0;
    while (PyDict_Next(o, &at, &k, &v)) tree.children.push_back(take_apart(v, leaves));
  } else {
    tree.object = py::reinterpret_borrow<py::object>(o);
  }
  return tree;
}

py::object put_together(const Tree& tree, const std::vector<Tensor>& leaves) {
  switch (tree.kind) {
    case Tree::Kind::Tensor:
      return py::reinterpret_steal<py::object>(wrap(leaves[static_cast<size_t>(tree.leaf)]));
    case Tree::Kind::Constant:
      return tree.object;
    case Tree::Kind::List: {
      py::list items;
      for (const Tree& child : tree.children) items.append(put_together(child, leaves));
      return items;
    }
    case Tree::Kind::Dict: {
      py::dict items;
      py::tuple keys = tree.object;
      for (size_t i = 0; i < tree.children.size(); i++) items[keys[i]] = put_together(tree.children[i], leaves);
      return items;
    }
    case Tree::Kind::Tuple:
      break;
  }
  py::tuple items(tree.children.size());
  for (size_t i = 0; i < tree.children.size(); i++) items[i] = put_together(tree.children[i], leaves);
  if (tree.object.ptr() == reinterpret_cast<PyObject*>(&PyTuple_Type)) return items;
  return py::hasattr(tree.object, "_fields") ? tree.object(*items) : tree.object(items);
}

// The attributes of an object that a trace has used: when one of them becomes another object that is not equal, what
// was compiled does not hold any more.
class Watch {
 public:
  explicit Watch(const py::object& owner) : owner_(owner), dict_(owner.attr("__dict__")) {
    PyObject *k, *v;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict_.ptr(), &at, &k, &v)) {
      keys_.push_back(py::reinterpret_borrow<py::object>(k));
      values_.push_back(py::reinterpret_borrow<py::object>(v));
      if (PyDict_Check(v)) sizes_.emplace_back(values_.size() - 1, PyDict_GET_SIZE(v));
    }
  }

  // Empty if nothing has changed.
  std::string change() {
    PyObject *k, *v;
    Py_ssize_t at = 0;
    size_t i = 0;
    for (; PyDict_Next(dict_.ptr(), &at, &k, &v); i++) {
      if (i >= keys_.size() || k != keys_[i].ptr()) return describe("the attributes of ");
      if (v == values_[i].ptr()) continue;
      bool same = is_plain_constant(v) && Py_TYPE(v) == Py_TYPE(values_[i].ptr()) && values_[i].equal(py::handle(v));
      if (!same) return describe(concat("attribute ", py::repr(k).cast<std::string>(), " of "));
      values_[i] = py::reinterpret_borrow<py::object>(v);
    }
    if (i != keys_.size()) return describe("the attributes of ");
    for (auto [place, size] : sizes_)
      if (PyDict_GET_SIZE(values_[place].ptr()) != size)
        return describe(concat(py::repr(keys_[place]).cast<std::string>(), " of "));
    return {};
  }

 private:
  std::string describe(const std::string& what) const {
    return concat(what, "a ", std::string(Py_TYPE(owner_.ptr())->tp_name), " changed");
  }
  py::object owner_, dict_;
  std::vector<py::object> keys_, values_;
  std::vector<std::pair<size_t, Py_ssize_t>> sizes_;  // of dicts among the values
};

// The line of the program that is running: the innermost frame outside of this package.
std::string current_line() {
  static const std::string package = py::module_::import("os")
                                         .attr("path")
                                         .attr("dirname")(py::module_::import("weft").attr("__file__"))
                                         .cast<std::string>() +
                                     "/";
  auto frame = py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(PyEval_GetFrame()));
  while (frame && !frame.is_none()) {
    auto* f = reinterpret_cast<PyFrameObject*>(frame.ptr());
    auto code = py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(PyFrame_GetCode(f)));
    auto file = code.attr("co_filename").cast<std::string>();
    if (!file.starts_with(package)) {
      int line = PyFrame_GetLineNumber(f);
      std::string text =
          py::str(py::module_::import("linecache").attr("getline")(file, line).attr("strip")()).cast<std::string>();
      return concat(file, ":", line, text.empty() ? "" : ": ", text);
    }
    frame = frame.attr("f_back");
  }
  return {};
}

struct Compiled {
  Ref<graph::Function> function;
  std::vector<py::object> constants;
  std::vector<std::string> parts;
  Tree result;
  std::vector<py::object> before, after;
  std::vector<Watch> watches;
  std::string reason;                                       // why it was traced
  std::vector<std::pair<std::string, std::string>> passes;  // name, graph
};

class Jit {
 public:
  Jit(py::object function, py::object traced_call) : function_(std::move(function)), traced_call_(traced_call) {}

  py::object call(const py::args& args, const py::kwargs& kwargs) {
    if (tracing()) return function_(*args, **kwargs);
    Signature s;
    add_call(s, args, kwargs);
    std::string reason;
    if (Compiled* known = find(s, reason)) return run(*known, s);
    return run(trace(args, kwargs, reason), s);
  }

  // Traces for these arguments without running.
  std::shared_ptr<Compiled> compile(const py::args& args, const py::kwargs& kwargs) {
    Signature s;
    add_call(s, args, kwargs);
    std::string reason;
    if (!find(s, reason)) trace(args, kwargs, reason);
    return last_used_;
  }

  // Runs the function; (seconds, op, types of its inputs, line) for every step of the forward graph.
  py::list profile(const py::args& args, const py::kwargs& kwargs) {
    compile(args, kwargs);
    std::vector<double> seconds;
    {
      graph::Plan::measure_into(&seconds);
      struct Stop {
        ~Stop() { graph::Plan::measure_into(nullptr); }
      } stop;
      call(args, kwargs);
    }
    const graph::Plan& plan = last_used_->function->forward();
    py::list steps;
    for (size_t s = 0; s < seconds.size(); s++) {
      const graph::Node& node = plan.graph().nodes[static_cast<size_t>(plan.memory().order[s])];
      std::string types;
      for (graph::ValueId v : node.inputs)
        if (v != graph::kNone && types.size() < 100)
          types += concat(types.empty() ? "" : ", ", plan.graph().values[static_cast<size_t>(v)].shape);
      steps.append(
          py::make_tuple(seconds[s], node.op->text(), types, plan.graph().sources[static_cast<size_t>(node.source)]));
    }
    return steps;
  }

  const std::vector<std::shared_ptr<Compiled>>& all() const { return all_; }
  void clear() {
    all_.clear();
    by_key_.clear();
    last_used_ = nullptr;
  }
  size_t traces() const { return traces_; }
  const py::object& function() const { return function_; }

 private:
  static void add_call(Signature& s, const py::args& args, const py::kwargs& kwargs) {
    add_modes(s);
    for (size_t i = 0; i < args.size(); i++) s.add(args[i].ptr(), s.described ? concat("argument ", i) : std::string());
    for (auto [name, value] : kwargs) {
      s.key += py::str(name).cast<std::string>();
      s.key += '=';
      s.add(value.ptr(), s.described ? py::str(name).cast<std::string>() : std::string());
    }
  }

  Compiled* find(const Signature& s, std::string& reason) {
    auto found = by_key_.find(s.key);
    if (found == by_key_.end()) return nullptr;
    for (const std::shared_ptr<Compiled>& c : found->second) {
      bool equal = c->constants.size() == s.constants.size();
      for (size_t i = 0; equal && i < s.constants.size(); i++)
        equal = c->constants[i].ptr() == s.constants[i].ptr() || c->constants[i].equal(s.constants[i]);
      if (!equal) continue;
      reason = c->function->mismatch(s.tensors);
      for (size_t i = 0; reason.empty() && i < c->watches.size(); i++) reason = c->watches[i].change();
      if (!reason.empty()) continue;
      last_used_ = c;
      return c.get();
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

  Compiled& trace(const py::args& args, const py::kwargs& kwargs, std::string reason) {
    Signature s;
    s.described = true;
    add_call(s, args, kwargs);
    auto compiled = std::make_shared<Compiled>();
    Compiled& c = *compiled;
    c.reason = reason.empty() ? reason_for(s) : reason;
    c.constants = s.constants;
    c.parts = s.parts;

    Session own, *outer = std::exchange(session, &own);
    struct Restore {
      Session* outer;
      ~Restore() { session = outer; }
    } restore{outer};
    graph::Tracer tracer(current_line);
    std::vector<Tensor> stand_ins = tracer.arguments(s.tensors), results;
    {
      TraceScope scope(&tracer);
      std::vector<py::object> objects;
      for (size_t i = 0; i < stand_ins.size(); i++)
        objects.push_back(stand_in_object(stand_ins[i], s.tensor_objects[i]));
      size_t next = 0;
      py::object new_args = replace_tensors(args.ptr(), objects, next);
      py::dict new_kwargs;
      for (auto [name, value] : kwargs) new_kwargs[name] = replace_tensors(value.ptr(), objects, next);
      py::object result = traced_call_(function_, new_args, new_kwargs);
      c.result = take_apart(result.ptr(), results);
    }
    graph::OptimizeOptions options;
    options.without = passes_left_out();
    options.after = [&](const char* pass, const graph::Graph& g) { c.passes.emplace_back(pass, graph::to_text(g)); };
    c.function = graph::Function::compile(graph::finish_program(tracer, stand_ins, results), options);
    c.before = own.before;
    c.after = own.after;
    for (const py::object& module : own.watched) c.watches.emplace_back(module);
    traces_++;
    std::erase_if(by_key_[s.key], [&](const auto& old) {  // what has just been found not to hold any more
      return !old->function->mismatch(s.tensors).empty() ||
             std::any_of(old->watches.begin(), old->watches.end(), [](Watch& w) { return !w.change().empty(); });
    });
    by_key_[s.key].push_back(compiled);
    all_.push_back(compiled);
    last_used_ = compiled;
    if (traces_ == kManyTraces) {
      std::string text =
          concat("jit: ", py::repr(function_).cast<std::string>(), " has been traced ", static_cast<int64_t>(traces_),
                 " times, which costs more than it saves; the last time because of: ", c.reason,
                 ". explain() lists all reasons; dynamic_dims= serves sizes that vary with one trace");
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

  static std::vector<std::string> passes_left_out() {
    std::vector<std::string> names;
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
                              "like '-fusion,-simplify', got '",
                              std::string(text), "'");
      if (!name.empty()) names.push_back(name.substr(1));
      name.clear();
      if (!*c) return names;
    }
  }

  py::object run(Compiled& c, const Signature& s) {
    auto keep = last_used_;
    for (const py::object& f : c.before) f();
    std::vector<Tensor> results;
    if (c.function->forward().work() > kLongWork) {
      py::gil_scoped_release release;
      results = c.function->call(s.tensors);
    } else {
      results = c.function->call(s.tensors);
    }
    for (const py::object& f : c.after) f();
    return put_together(c.result, results);
  }

  py::object function_, traced_call_;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Compiled>>> by_key_;
  std::vector<std::shared_ptr<Compiled>> all_;
  std::shared_ptr<Compiled> last_used_;
  size_t traces_ = 0;
};

// A function inside of the function that is being traced, as a graph of its own.
struct TracedBody {
  graph::Body body;
  Tree result;
};

// `arguments`: of the enclosing trace; the function is called with one tensor for each.
TracedBody trace_body(const char* what, const py::object& function, const std::vector<Tensor>& arguments) {
  TracedBody traced;
  graph::Tracer tracer(graph::Tracer::current()->here());
  std::vector<Tensor> stand_ins = tracer.arguments(arguments), results;
  graph::Traced finished;
  {
    TraceScope scope(&tracer);
    py::tuple args(stand_ins.size());
    for (size_t i = 0; i < stand_ins.size(); i++) args[i] = stand_ins[i];
    traced.result = take_apart(py::object(function(*args)).ptr(), results);
    for (Tensor& t : results) t = contiguous(t);
    finished = tracer.finish(results);
  }
  traced.body = graph::make_body(std::move(finished), arguments.size(), what);
  return traced;
}

bool same_structure(const Tree& a, const Tree& b) {
  if (a.kind != b.kind || a.children.size() != b.children.size()) return false;
  if (a.kind != Tree::Kind::Tensor && a.kind != Tree::Kind::List && !a.object.equal(b.object)) return false;
  for (size_t i = 0; i < a.children.size(); i++)
    if (!same_structure(a.children[i], b.children[i])) return false;
  return true;
}

std::vector<Tensor> all_contiguous(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> result;
  for (const Tensor& t : tensors) result.push_back(contiguous(t));
  return result;
}

py::object traced_cond(const Tensor& pred, const py::object& on_true, const py::object& on_false,
                       const std::vector<Tensor>& operands) {
  TracedBody t = trace_body("cond", on_true, operands), f = trace_body("cond", on_false, operands);
  check<ErrorKind::Value>(same_structure(t.result, f.result),
                          "cond: the two functions return different structures; both must return the same containers "
                          "with tensors in the same places");
  return put_together(t.result, graph::cond(pred, std::move(t.body), std::move(f.body), operands));
}

std::vector<Tensor> traced_while(const py::object& test, const py::object& body, const std::vector<Tensor>& given) {
  std::vector<Tensor> carried = all_contiguous(given);
  TracedBody t = trace_body("while_loop", test, carried), b = trace_body("while_loop", body, carried);
  return graph::while_loop(std::move(t.body), std::move(b.body), carried);
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
  TracedBody b = trace_body("scan", function, arguments);
  return graph::scan(std::move(b.body), carried, xs, length, reverse);
}

// Leaves the trace for a scope, as if it had not begun: what is made in it outlives the trace.
class OutsideTrace {
 public:
  void enter() {
    scope_ = std::make_unique<TraceScope>(nullptr);
    number_ = std::exchange(trace_number, 0);
  }
  void exit() {
    trace_number = number_;
    scope_ = nullptr;
  }

 private:
  std::unique_ptr<TraceScope> scope_;
  uint32_t number_ = 0;
};

}  // namespace

void bind_jit(py::module_& m) {
  py::class_<Compiled, std::shared_ptr<Compiled>>(m, "_Compiled")
      .def_readonly("reason", &Compiled::reason)
      .def_readonly("signature", &Compiled::parts)
      .def_readonly("passes", &Compiled::passes)
      .def("text",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = backward ? c.function->backward() : &c.function->forward();
             return plan ? py::object(py::str(graph::to_text(plan->graph()))) : py::none();
           })
      .def("dot",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = backward ? c.function->backward() : &c.function->forward();
             return plan ? py::object(py::str(graph::to_dot(plan->graph()))) : py::none();
           })
      .def("memory_text",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = backward ? c.function->backward() : &c.function->forward();
             return plan ? py::object(py::str(graph::to_text(plan->graph(), plan->memory()))) : py::none();
           })
      .def("peak_bytes",
           [](const Compiled& c, bool backward) {
             const graph::Plan* plan = backward ? c.function->backward() : &c.function->forward();
             return plan ? plan->memory().peak_bytes() : 0;
           })
      .def("num_steps", [](const Compiled& c, bool backward) {
        const graph::Plan* plan = backward ? c.function->backward() : &c.function->forward();
        return plan ? plan->memory().order.size() : 0;
      });
  py::class_<Jit>(m, "_Jit")
      .def(py::init<py::object, py::object>(), py::arg("function"), py::arg("traced_call"))
      .def("__call__", &Jit::call)
      .def("compile", &Jit::compile)
      .def("_profile", &Jit::profile)
      .def("clear", &Jit::clear)
      .def_property_readonly("traces", &Jit::traces)
      .def_property_readonly("compiled", &Jit::all);
  py::class_<OutsideTrace>(m, "_OutsideTrace", "A scope whose work is not traced, and whose tensors outlive a trace.")
      .def(py::init<>())
      .def("__enter__", &OutsideTrace::enter)
      .def("__exit__", [](OutsideTrace& o, const py::args&) { o.exit(); });
  m.def("_is_tracing", [] { return tracing(); }, "Is this thread tracing a function for weft.jit?");
  m.def("_around_calls", [](py::object before, py::object after) {
    check(session != nullptr, "_around_calls: nothing is being traced");
    if (!before.is_none()) session->before.push_back(std::move(before));
    if (!after.is_none()) session->after.push_back(std::move(after));
  });
  m.def("_watch", [](py::object owner) {
    if (session) session->watched.push_back(std::move(owner));
  });
  m.def("_refuse_while_tracing", &refuse_while_tracing, py::arg("what"));
  m.def("_traced_cond", &traced_cond);
  m.def("_traced_while", &traced_while);
  m.def("_traced_scan", &traced_scan);
  m.def("_jit_passes", [] {
    std::vector<std::string> names;
    for (const graph::Pass& pass : graph::all_passes()) names.emplace_back(pass.name);
    return names;
  });
}

}  // namespace weft::python
