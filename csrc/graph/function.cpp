#include "graph/function.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "graph/function_node.h"
#include "op/grad_mode.h"
#include "ops/creation.h"

namespace weft::graph {

namespace {

// Graphs made of parts of another one: values are copied over when they are first asked for.
class Extract {
 public:
  explicit Extract(const Graph& from) : from_(from), number_(from.values.size(), kNone) { to.sources = from.sources; }

  int input(ValueId v, const Tensor& constant = {}) {
    int index = to.add_input(from_.values[at(v)], constant);
    number_[at(v)] = to.inputs.back().value;
    return index;
  }
  void node(const Node& n) {
    Node copy = n;
    for (ValueId& v : copy.inputs)
      if (v != kNone) v = value(v);
    for (ValueId& v : copy.outputs) v = number_[at(v)] = to.add_value(from_.values[at(v)]);
    to.nodes.push_back(std::move(copy));
  }
  bool has(ValueId v) const { return number_[at(v)] != kNone; }
  ValueId value(ValueId v) const {
    check(has(v), "graph: a part of a graph reads %", v, ", which is not in it");
    return number_[at(v)];
  }

  Graph to;

 private:
  const Graph& from_;
  std::vector<ValueId> number_;
};

}  // namespace

// Takes forward and backward of a program apart.
struct Function::Builder {
  const Program& program;
  Function& f;
  const Graph& whole;

  const Graph& graph() const { return whole; }
  bool is_gradient(size_t result) const { return program.is_gradient(result); }
  size_t num_gradients() const { return static_cast<size_t>(program.num_gradients()); }

  // Nodes that these values need.
  std::vector<char> needed_nodes(std::vector<ValueId> wanted, bool effects) const {
    Uses uses(graph());
    std::vector<char> needed(graph().nodes.size(), 0);
    std::vector<int> stack;
    auto need = [&](int node) {
      if (node < 0 || needed[at(node)]) return;
      needed[at(node)] = 1;
      stack.push_back(node);
    };
    for (ValueId v : wanted) need(uses.maker[at(v)]);
    for (size_t n = 0; effects && n < graph().nodes.size(); n++)
      if (!graph().nodes[n].op->pure()) need(static_cast<int>(n));
    while (!stack.empty()) {
      const Node& node = graph().nodes[at(stack.back())];
      stack.pop_back();
      for (ValueId v : node.inputs)
        if (v != kNone) need(uses.maker[at(v)]);
    }
    return needed;
  }

  // Forward and backward as graphs of their own. Backward is what only gradients need.
  void split(Graph& forward, Graph& backward) {
    std::vector<ValueId> forward_values, gradient_values;
    for (size_t i = 0; i < graph().results.size(); i++)
      (is_gradient(i) ? gradient_values : forward_values).push_back(graph().results[i].value);
    for (const Update& u : graph().updates) forward_values.push_back(u.value);
    std::vector<char> in_forward = needed_nodes(forward_values, true);
    std::vector<char> in_backward = needed_nodes(gradient_values, false);
    for (size_t n = 0; n < in_forward.size(); n++) in_backward[n] &= !in_forward[n];

    build_forward(forward, in_forward);
    if (!gradient_values.empty()) build_backward(forward, backward, in_backward);
  }

  bool is_grad_output(size_t input) const {
    const std::vector<int>& inputs = program.grad_inputs;
    return std::find(inputs.begin(), inputs.end(), static_cast<int>(input)) != inputs.end();
  }

  void build_forward(Graph& forward, const std::vector<char>& in_forward) {
    Extract part(graph());
    forward_input.assign(graph().inputs.size(), -1);
    for (size_t i = 0; i < graph().inputs.size(); i++) {
      if (is_grad_output(i)) continue;
      forward_input[i] = part.input(graph().inputs[i].value, graph().inputs[i].constant);
      f.origins_.push_back(program.traced.origins[i]);
    }
    for (size_t n = 0; n < graph().nodes.size(); n++)
      if (in_forward[n]) part.node(graph().nodes[n]);
    for (size_t i = 0; i < graph().results.size(); i++) {
      if (is_gradient(i)) continue;
      Result r = graph().results[i];
      for (const Part& p : program.parts)
        if (at(p.result) == i) r.value = graph().results[at(p.whole)].value;
      r.value = part.value(r.value);
      if (r.memory < 0) r.memory = ~forward_input[at(~r.memory)];
      part.to.results.push_back(r);
    }
    for (Update u : graph().updates) part.to.updates.push_back({forward_input[at(u.input)], part.value(u.value)});
    // Results of the program come first, then gradients that it left.
    for (GradientChange& change : f.gradient_changes_)
      if (change.result >= 0) change.result -= static_cast<int>(num_gradients());
    forward = std::move(part.to);
    forward_values_.assign(graph().values.size(), kNone);
    for (size_t v = 0; v < graph().values.size(); v++)
      if (part.has(static_cast<ValueId>(v))) forward_values_[v] = part.value(static_cast<ValueId>(v));
  }

  void build_backward(Graph& forward, Graph& backward, std::vector<char>& in_backward) {
    Uses uses(graph());
    Extract part(graph());
    // Views of forward's values are cheap: backward makes its own.
    std::vector<ValueId> wanted;
    for (size_t n = 0; n < graph().nodes.size(); n++)
      if (in_backward[n])
        for (ValueId v : graph().nodes[n].inputs)
          if (v != kNone) wanted.push_back(v);
    for (size_t i = 0; i < graph().results.size(); i++)
      if (is_gradient(i)) wanted.push_back(graph().results[i].value);
    std::vector<char> seen(graph().values.size(), 0);
    std::vector<ValueId> saved;
    while (!wanted.empty()) {
      ValueId v = wanted.back();
      wanted.pop_back();
      if (std::exchange(seen[at(v)], 1)) continue;
      int maker = uses.maker[at(v)];
      if (maker >= 0 && in_backward[at(maker)]) continue;
      if (maker >= 0 && graph().nodes[at(maker)].op->is_view()) {
        in_backward[at(maker)] = 1;
        wanted.push_back(graph().nodes[at(maker)].inputs[0]);
        continue;
      }
      saved.push_back(v);
    }
    std::sort(saved.begin(), saved.end());
    std::vector<std::pair<ValueId, Tensor>> constants;
    for (ValueId v : saved) {
      int input = input_of(v);
      if (input >= 0 && is_grad_output(at(input))) continue;
      if (input >= 0 && graph().inputs[at(input)].constant.defined()) {
        constants.emplace_back(v, graph().inputs[at(input)].constant);
        continue;
      }
      f.saved_.push_back(save(forward, v, input));
      part.input(v);
    }
    for (int input : program.grad_inputs) part.input(graph().inputs[at(input)].value);
    for (auto& [v, tensor] : constants) part.input(v, tensor);
    for (size_t n = 0; n < graph().nodes.size(); n++)
      if (in_backward[n]) part.node(graph().nodes[n]);
    int memory = 0;
    for (size_t i = 0; i < graph().results.size(); i++) {
      if (!is_gradient(i)) continue;
      ValueId v = part.value(graph().results[i].value);
      part.to.results.push_back({v, memory++, part.to.values[at(v)].strides, 0});
    }
    backward = std::move(part.to);
  }

  // The part of the traced program that results with gradients need; `numbers`: forward's inputs.
  void build_eager(const std::vector<int>& numbers) const {
    std::vector<ValueId> wanted;
    for (int i : program.differentiable) wanted.push_back(graph().results[at(i)].value);
    const std::vector<char> needed = needed_nodes(wanted, false);
    std::vector<char> read(graph().values.size(), 0);
    for (ValueId v : wanted) read[at(v)] = 1;
    for (size_t n = 0; n < needed.size(); n++)
      for (ValueId v : graph().nodes[n].inputs)
        if (needed[n] && v != kNone) read[at(v)] = 1;
    Extract part(graph());
    for (size_t i = 0; i < graph().inputs.size(); i++) {
      if (!read[at(graph().inputs[i].value)]) continue;
      part.input(graph().inputs[i].value, graph().inputs[i].constant);
      if (!graph().inputs[i].constant.defined()) f.eager_.inputs.push_back(numbers[i]);
    }
    for (size_t n = 0; n < needed.size(); n++)
      if (needed[n]) part.node(graph().nodes[n]);
    for (ValueId v : wanted) {
      const ValueId own = part.value(v);
      part.to.results.push_back({own, static_cast<int>(part.to.results.size()), part.to.values[at(own)].strides, 0});
    }
    f.eager_.error = eager_error(part.to, read);
    f.eager_.graph = std::move(part.to);
  }

  // Why the results cannot be computed once more from the graph `part`, with the history that they had; empty if they
  // can. `read`: values that it reads.
  std::string eager_error(const Graph& part, const std::vector<char>& read) const {
    if (program.has_hooks) return "a tensor in it has a hook";
    for (const Update& u : graph().updates)
      if (read[at(graph().inputs[at(u.input)].value)]) return "it changes a tensor in place that the results depend on";
    for (const Node& node : part.nodes) {
      if (!node.op->pure()) return concat("it draws random numbers (", node.op->name(), ")");
      if (!node.op->twice_differentiable()) return concat("it has a ", node.op->name(), " in it");
    }
    auto is_read = [&](const Origin& origin) {
      for (size_t i = 0; i < graph().inputs.size(); i++)
        if (is_same(program.traced.origins[i], origin) && read[at(graph().inputs[i].value)]) return true;
      return false;
    };
    for (size_t i = 0; i < f.leaves_.size(); i++)
      if (f.has_gradient_[i] && !is_read(f.leaves_[i])) return "it reads a view of a captured tensor";
    const std::vector<char> has_history = values_with_history(part);
    for (const Node& node : part.nodes)
      for (size_t i = 0; !node.followed.is_all() && i < node.inputs.size(); i++)
        if (node.followed.has(i) && node.inputs[i] != kNone && !has_history[at(node.inputs[i])])
          return "it uses an autograd.Function or changes a view in place";
    for (const Result& r : part.results)
      if (!has_history[at(r.value)]) return "a result has a derivative of its own";
    return {};
  }

  static bool is_same(const Origin& a, const Origin& b) {
    if (a.kind != b.kind || a.of_gradient != b.of_gradient || a.kind == Origin::Kind::Constant) return false;
    return a.kind == Origin::Kind::Argument ? a.argument == b.argument : a.tensor.same(b.tensor);
  }

  // Which values of `part` require grad when it is computed eagerly?
  std::vector<char> values_with_history(const Graph& part) const {
    std::vector<char> found(part.values.size(), 0);
    size_t next = 0;
    for (const Input& input : part.inputs) {
      if (input.constant.defined()) continue;
      const Origin& origin = f.origins_[at(f.eager_.inputs[next++])];
      auto is_it = [&](const Origin& leaf) { return is_same(leaf, origin); };
      found[at(input.value)] = origin.kind == Origin::Kind::Captured
                                   ? !origin.of_gradient && origin.tensor.requires_grad()
                                   : std::any_of(f.leaves_.begin(), f.leaves_.end(), is_it);
    }
    for (const Node& node : part.nodes) {
      char any = 0;
      for (size_t i = 0; i < node.inputs.size(); i++)
        if (node.inputs[i] != kNone && node.followed.has(i)) any |= found[at(node.inputs[i])];
      for (ValueId v : node.outputs)
        found[at(v)] = any && node.op->differentiable() && is_differentiable(part.values[at(v)].dtype);
    }
    return found;
  }

  int input_of(ValueId v) const {
    for (size_t i = 0; i < graph().inputs.size(); i++)
      if (graph().inputs[i].value == v) return static_cast<int>(i);
    return -1;
  }

  Saved save(Graph& forward, ValueId v, int input) const {
    bool changed = input >= 0 && std::any_of(graph().updates.begin(), graph().updates.end(),
                                             [&](const Update& u) { return u.input == input; });
    if (input >= 0 && !changed) return {.input = forward_input[at(input)]};
    // In the memory of a result that shows the same value, if there is one.
    ValueId own = forward_values_[at(v)];
    int memory = -1, last = 0;
    std::unordered_map<ValueId, ValueId> root;
    for (const Node& node : forward.nodes)
      if (node.op->is_view()) {
        auto from = root.find(node.inputs[0]);
        root[node.outputs[0]] = from == root.end() ? node.inputs[0] : from->second;
      }
    for (const Result& r : forward.results) {
      last = std::max(last, r.memory + 1);
      auto found = root.find(r.value);
      if (r.memory >= 0 && (found == root.end() ? r.value : found->second) == own && memory < 0) memory = r.memory;
    }
    forward.results.push_back({own, memory < 0 ? last : memory, forward.values[at(own)].strides, 0});
    return {.result = static_cast<int>(forward.results.size()) - 1};
  }

  std::vector<int> forward_input{};
  std::vector<ValueId> forward_values_{};
};

Ref<Function> Function::compile(const Program& program, const OptimizeOptions& options, bool record) {
  auto f = make_ref<Function>();
  f->record_ = record;
  f->num_returned_ = program.num_returned;
  f->parts_ = program.parts;
  f->differentiable_ = program.differentiable;
  f->leaves_ = program.leaves;
  f->has_gradient_ = program.has_gradient;
  f->backward_error_ = program.backward_error;
  f->gradients_seen_ = program.traced.gradients_seen;
  f->hooks_seen_ = program.traced.hooks_seen;
  f->layouts_seen_ = program.traced.layouts_seen;
  f->gradient_changes_ = program.traced.gradient_changes;
  f->is_own_ = program.is_own;
  f->same_as_ = program.same_as;
  Graph whole = program.graph(), forward, backward;
  if (!f->leaves_.empty()) optimize_whole(whole, options);
  Builder b{program, *f, whole};
  b.split(forward, backward);
  if (!f->differentiable_.empty()) Builder{program, *f, program.graph()}.build_eager(b.forward_input);
  for (const Origin& origin : f->origins_)
    if (GradMode::enabled()) f->required_grad_.push_back(origin.tensor.defined() && origin.tensor.requires_grad());
  optimize(forward, options);
  f->forward_ = make_ref<Plan>(std::move(forward));
  if (!backward.results.empty()) {
    OptimizeOptions for_backward = options;
    if (options.after)
      for_backward.after = [&](const char* pass, const Graph& g) {
        options.after(concat("backward_", pass).c_str(), g);
      };
    f->backward_graph_ = backward;
    f->backward_options_ = options;
    f->backward_options_.after = nullptr;
    f->num_saved_ = static_cast<int>(f->saved_.size());
    optimize(backward, for_backward);
    f->backward_ = make_ref<Plan>(std::move(backward));
  }
  return f;
}

namespace {

// The graph, which is linear in the inputs from `first` to `end`, without what depends on none but those that are zero.
// `zero`: marks of these inputs; afterwards, of the results.
Graph without_zeros(Graph g, int first, int end, std::vector<char>& zero) {
  std::vector<char> late(g.values.size(), 0), none(g.values.size(), 0);
  for (int i = first; i < end; i++) {
    late[at(g.inputs[at(i)].value)] = 1;
    none[at(g.inputs[at(i)].value)] = zero[at(i - first)];
  }
  std::vector<Node> kept;
  std::unordered_map<ValueId, ValueId> made;
  for (Node& node : g.nodes) {
    bool any = false, all = true;
    for (ValueId v : node.inputs)
      if (v != kNone && late[at(v)]) {
        any = true;
        all = all && none[at(v)];
      }
    for (ValueId v : node.outputs) {
      late[at(v)] = any;
      none[at(v)] = any && all;
    }
    if (any && all && node.op->pure()) continue;
    for (ValueId& v : node.inputs) {
      if (v == kNone || !none[at(v)]) continue;
      auto [zeros_value, fresh] = made.try_emplace(v, kNone);
      if (fresh) {
        const Value type = g.values[at(v)];
        int input = g.add_input({type.shape, contiguous_strides(type.shape), type.dtype, type.device},
                                zeros(type.shape, type.dtype, type.device));
        zeros_value->second = g.inputs[at(input)].value;
        late.push_back(0);
        none.push_back(0);
      }
      v = zeros_value->second;
    }
    kept.push_back(std::move(node));
  }
  g.nodes = std::move(kept);
  zero.clear();
  std::vector<Result> results;
  for (const Result& r : g.results) {
    zero.push_back(none[at(r.value)]);
    if (zero.back()) continue;
    results.push_back(r);
    results.back().memory = static_cast<int>(results.size()) - 1;
  }
  g.results = std::move(results);
  return g;
}

}  // namespace

const Function::PartOfBackward& Function::backward_for(const std::vector<char>& given) const {
  std::lock_guard lock(parts_mutex_);
  auto [part, fresh] = backward_parts_.try_emplace(given);
  if (!fresh) return part->second;
  std::vector<char> zero;
  for (char one : given) zero.push_back(!one);
  Graph g = without_zeros(backward_graph_, num_saved_, num_saved_ + static_cast<int>(given.size()), zero);
  int next = 0;
  for (size_t i = 0, own = 0; i < leaves_.size(); i++)
    part->second.result.push_back(!has_gradient_[i] || zero[own++] ? -1 : next++);
  if (next) {
    optimize(g, backward_options_);
    part->second.plan = make_ref<Plan>(std::move(g));
  }
  return part->second;
}

Tensor Function::resolve(const Origin& origin, const std::vector<Tensor>& arguments) const {
  const Tensor& t = origin.kind == Origin::Kind::Argument ? arguments[at(origin.argument)] : origin.tensor;
  if (!origin.of_gradient) return t;
  GradMeta* meta = grad_meta(t);
  return meta ? meta->grad : Tensor();
}

std::string Function::hook_mismatch(const std::vector<Tensor>& arguments) const {
  for (const HooksSeen& seen : hooks_seen_) {
    if (seen.node) {
      if (hooks_of(*seen.node) != seen.hooks) return "the hooks of a tensor changed";
      continue;
    }
    const Tensor t = resolve(seen.of, arguments);
    if (hooks_of(t) != seen.hooks) return concat("the hooks of a tensor of shape ", t.shape(), " changed");
    if (seen.accumulated && !is_leaf(t)) return concat("an argument of shape ", t.shape(), " is not a leaf");
  }
  return {};
}

std::string Function::mismatch(const std::vector<Tensor>& arguments) const {
  if (std::string why = hook_mismatch(arguments); !why.empty()) return why;
  for (const LayoutSeen& seen : layouts_seen_)
    if (!seen.holds())
      return concat("a captured tensor of shape ", seen.type.shape, " ", seen.type.dtype, " has become ",
                    seen.tensor.shape(), " ", seen.tensor.dtype(), " or another part of memory");
  for (const GradientSeen& seen : gradients_seen_) {
    Origin grad = seen.leaf;
    grad.of_gradient = true;
    if (resolve(grad, arguments).defined() != seen.defined)
      return concat("the .grad of a tensor of shape ", resolve(seen.leaf, arguments).shape(),
                    seen.defined ? " is None now" : " is not None now");
  }
  for (size_t i = 0; i < origins_.size(); i++) {
    const Origin& origin = origins_[i];
    if (origin.kind == Origin::Kind::Constant || (origin.kind == Origin::Kind::Argument && !origin.of_gradient))
      continue;
    Tensor t = resolve(origin, arguments);
    const Value& wanted = forward_->graph().values[at(forward_->graph().inputs[i].value)];
    if (!t.defined()) return "a gradient that was there is gone";
    if (t.shape() != wanted.shape || t.dtype() != wanted.dtype || t.strides() != wanted.strides ||
        t.device() != wanted.device)
      return concat("a captured tensor of shape ", wanted.shape, " ", wanted.dtype, " has become ", t.shape(), " ",
                    t.dtype());
    if (!required_grad_.empty() && origin.kind == Origin::Kind::Captured && !origin.of_gradient &&
        t.requires_grad() != static_cast<bool>(required_grad_[i]))
      return concat("a captured tensor of shape ", wanted.shape,
                    t.requires_grad() ? " requires grad now" : " does not require grad any more");
  }
  for (const Update& u : forward_->graph().updates) {
    const Origin& changed = origins_[at(u.input)];
    if (changed.kind == Origin::Kind::Constant || changed.of_gradient) continue;
    bool is_argument = changed.kind == Origin::Kind::Argument;
    const Storage* storage = resolve(changed, arguments).impl()->storage.get();
    auto shares = [&](const Tensor& t) { return t.impl()->storage.get() == storage; };
    bool shared = is_argument
                      ? std::any_of(origins_.begin(), origins_.end(),
                                    [&](const Origin& o) {
                                      return o.kind == Origin::Kind::Captured && !o.of_gradient && shares(o.tensor);
                                    })
                      : std::any_of(arguments.begin(), arguments.end(), shares);
    if (shared) return "an argument shares memory with a captured tensor, and one of them is changed in place";
  }
  for (const Origin& leaf : leaves_)
    if (!resolve(leaf, arguments).requires_grad()) return "a captured tensor does not require grad any more";
  return {};
}

void Function::drop_old_gradients(const std::vector<Tensor>& arguments) const {
  for (const GradientChange& change : gradient_changes_)
    if (!change.seen) set_accumulated_grad(resolve(change.leaf, arguments), {});
}

size_t Function::old_gradient_bytes(const std::vector<Tensor>& arguments) const {
  size_t bytes = 0;
  for (const GradientChange& change : gradient_changes_)
    if (const Tensor old = change.seen ? Tensor() : accumulated_grad(resolve(change.leaf, arguments)); old.defined())
      bytes += old.impl()->storage->nbytes();
  return bytes;
}

Function::Changes Function::changes(const std::vector<Tensor>& arguments) const {
  Changes changes;
  for (const Update& u : forward_->graph().updates) {
    const Origin& origin = origins_[at(u.input)];
    const bool read = std::find(eager_.inputs.begin(), eager_.inputs.end(), u.input) != eager_.inputs.end();
    if (origin.of_gradient || origin.kind == Origin::Kind::Constant) continue;
    if (origin.kind == Origin::Kind::Argument)
      changes.arguments.push_back(origin.argument);
    else
      (read ? changes.read : changes.only_written).push_back(origin.tensor);
  }
  for (const GradientChange& change : gradient_changes_)
    changes.only_written.push_back(resolve(change.leaf, arguments));
  return changes;
}

void Function::make_parts(std::vector<Tensor>& results) const {
  for (const Part& part : parts_) {
    const Tensor& whole = results[at(part.whole)];
    const auto scale = static_cast<int64_t>(item_size(whole.dtype()));
    const int64_t offset = whole.offset() * scale / static_cast<int64_t>(item_size(part.type.dtype)) + part.offset;
    results[at(part.result)] = Tensor(
        make_ref<TensorImpl>(whole.impl()->storage, part.type.shape, part.type.strides, offset, part.type.dtype));
  }
}

void Function::make_views(const std::vector<Tensor>& results) const {
  for (const Part& part : parts_) {
    if (part.base < 0) continue;
    const Tensor &t = results[at(part.result)], &base = results[at(part.base)];
    t.impl()->base = base.ref();
    t.impl()->tracked = part.tracked;
    t.impl()->view_version = t.version();
    if (!part.tracked || !base.requires_grad()) continue;
    ensure_grad_meta(t).set_grad_fn(make_view_node(t), 0);
    t.impl()->requires_grad = true;
  }
}

Tensor Function::output_of(const std::vector<Tensor>& returned, size_t i) const {
  const int result = differentiable_[i];
  if (result < num_returned_) return returned.at(at(result));
  for (const Part& part : parts_)
    if (part.base == result && part.result < num_returned_) return Tensor(returned.at(at(part.result)).impl()->base);
  fail("jit: computed once more for create_graph, result ", int64_t{result}, " is no view of another one any more");
}

std::vector<Tensor> Function::call(const std::vector<Tensor>& arguments, const Ref<Rerun>& rerun) const {
  std::vector<Tensor> inputs;
  for (const Origin& origin : origins_)
    inputs.push_back(origin.kind == Origin::Kind::Constant ? Tensor() : resolve(origin, arguments));
  std::vector<const Tensor*> list;
  for (const Tensor& t : inputs) list.push_back(&t);
  list.resize(forward_->graph().inputs.size(), nullptr);  // constants that passes have added
  drop_old_gradients(arguments);
  std::vector<Tensor> results(forward_->graph().results.size());
  forward_->run(list.data(), results.data(), record_);

  for (size_t i = 0; i < is_own_.size(); i++) {
    auto same = [&](const Tensor& t) { return t.same(results[i]); };
    const auto before = results.begin() + static_cast<std::ptrdiff_t>(i);
    const bool in_input = forward_->graph().results[i].memory < 0;
    if (!is_own_[i] ||
        (std::none_of(results.begin(), before, same) && !(in_input && std::any_of(inputs.begin(), inputs.end(), same))))
      continue;
    const Tensor& t = results[i];
    results[i] = Tensor(make_ref<TensorImpl>(t.impl()->storage, t.shape(), t.strides(), t.offset(), t.dtype()));
  }
  make_parts(results);
  if (GradMode::inference())
    for (size_t i = 0; i < results.size(); i++)
      if (forward_->graph().results[i].memory >= 0) results[i].impl()->inference = true;
  for (const GradientChange& change : gradient_changes_)
    set_accumulated_grad(resolve(change.leaf, arguments), change.result < 0 ? Tensor() : results[at(change.result)]);
  if (!differentiable_.empty()) {
    auto node = make_ref<FunctionNode>(Ref<const Function>(this), arguments, rerun);
    for (const Saved& s : saved_) node->save(s.input >= 0 ? inputs[at(s.input)] : results[at(s.result)], s.input < 0);
    // A rerun has the old values of what the call changes; an argument that is changed has this node as its history.
    const std::vector<Update>& updates = forward_->graph().updates;
    for (int input : eager_.inputs)
      if (std::none_of(updates.begin(), updates.end(), [&](const Update& u) { return u.input == input; }))
        node->save_for_eager(inputs[at(input)]);
    for (size_t i = 0; i < differentiable_.size(); i++) {
      const Tensor& t = results[at(differentiable_[i])];
      node->add_output(t);
      set_history(t, node, static_cast<uint32_t>(i));
    }
  }
  make_views(results);
  results.resize(at(num_returned_));
  for (size_t i = 0; i < results.size(); i++) results[i] = results[at(same_as_[i])];
  return results;
}

}  // namespace weft::graph
