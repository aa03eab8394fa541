#include "graph/tracer.h"

#include <algorithm>
#include <atomic>

#include "autograd/engine.h"
#include "op/apply.h"
#include "op/grad_mode.h"
#include "op/node.h"
#include "op/refusal.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/view_part.h"

namespace weft::graph {

namespace {

uint32_t next_number() {
  static std::atomic<uint32_t> last{0};
  return ++last;
}

constexpr const char* kShown =
    " is x[i] with an index whose value is not known while tracing; in eager mode it shows the memory of x";

// " (read at FILE:LINE)" of "FILE:LINE: TEXT".
std::string read_at(const std::string& source) {
  return source.empty() ? source : concat(" (read at ", source.substr(0, source.find(": ")), ")");
}

bool is_symbolic(const Tensor& t) { return t.impl()->storage->symbolic(); }

// The same memory, of which autograd knows nothing.
Tensor alias_of(const Tensor& t) {
  return Tensor(make_ref<TensorImpl>(t.impl()->storage, t.shape(), t.strides(), t.offset(), t.dtype()));
}

}  // namespace

namespace {

void mix(uint64_t& hooks, uint64_t id) { hooks = (hooks ^ (id + 1)) * 0x9e3779b97f4a7c15u; }

void mix_hooks(uint64_t& hooks, const weft::Node* node) {
  if (!node || !node->hooks) return;
  for (const weft::Node::OutputHook& h : *node->hooks) mix(hooks, h.id * 16 + h.output);
}

}  // namespace

uint64_t hooks_of(const weft::Node& node) {
  uint64_t hooks = 0;
  mix_hooks(hooks, &node);
  return hooks;
}

uint64_t hooks_of(const Tensor& t) {
  uint64_t hooks = 0;
  GradMeta* meta = grad_meta(t);
  if (!meta) return hooks;
  const Ref<AccumulateGrad>* accumulator = meta->accumulator.get();
  mix_hooks(hooks, meta->grad_fn ? meta->grad_fn.get() : accumulator ? accumulator->get() : nullptr);
  for (const auto& [id, hook] : meta->accumulate_hooks) mix(hooks, id);
  return hooks;
}

Tracer::Tracer(std::function<std::string()> here, Purpose purpose)
    : Interpreter(true, interpreter),
      purpose_(purpose),
      first_sequence_(coming_sequence()),
      here_(std::move(here)),
      outer_(current()),
      number_(next_number()),
      number_before_(trace_number) {
  trace_number = number_;
}

Tracer::~Tracer() {
  trace_number = number_before_;
  reset_versions();
}

// Changes of tensors that were there before were only traced.
void Tracer::reset_versions() {
  for (auto& [storage, memory] : memories_)
    if (memory.input >= 0) const_cast<Storage*>(storage)->reset_version(memory.version_before);
}

Tracer::Geometry Tracer::geometry_of(const Tensor& t) { return {t.shape(), t.strides(), t.offset(), t.dtype()}; }

std::vector<Tensor> Tracer::arguments(const std::vector<Tensor>& given) {
  std::vector<Tensor> stand_ins;
  for (const Tensor& t : given) {
    auto twin = std::find_if(given_.begin(), given_.end(), [&](const Tensor& other) {
      return other.impl()->storage == t.impl()->storage && geometry_of(other) == geometry_of(t);
    });
    if (twin != given_.end() && twin->same(t)) {
      stand_ins.push_back(stand_ins[static_cast<size_t>(twin - given_.begin())]);
      given_.push_back(t);
      continue;
    }
    Tensor stand_in = argument(type_of(t));
    stand_in.impl()->requires_grad = t.requires_grad();
    origins_.back().argument = static_cast<int>(given_.size());
    stand_ins_[stand_in.impl()] = static_cast<int>(given_.size());
    stand_ins.push_back(stand_in);
    given_.push_back(t);
  }
  return stand_ins;
}

Tensor Tracer::argument(const Value& type) {
  int input = graph_.add_input(type);
  origins_.push_back({Origin::Kind::Argument, -1});
  Tensor t = symbolic_like(type);
  define(t, graph_.inputs.back().value);
  memories_.at(t.impl()->storage.get()).input = input;
  return t;
}

int Tracer::source() {
  if (!here_) return 0;
  std::string line = here_();
  if (line != graph_.sources.back()) graph_.sources.push_back(std::move(line));
  return static_cast<int>(graph_.sources.size()) - 1;
}

// A symbolic tensor that covers its own new storage has this value.
void Tracer::define(const Tensor& t, ValueId value) {
  Memory& memory = memories_[t.impl()->storage.get()];
  // The program may give its own tensor another shape in place.
  memory.root = purpose_ == Purpose::Transform ? alias_of(t) : t;
  memory.own = true;
  memory.value = value;
  memory.views = {{geometry_of(t), value, 0}};
  kept_.push_back(t);
}

Origin Tracer::origin_of(const Tensor& t) {
  if (auto found = stand_ins_.find(t.impl()); found != stand_ins_.end()) return {Origin::Kind::Argument, found->second};
  if (auto leaf = gradients_of_.find(t.impl()); leaf != gradients_of_.end()) {
    Origin origin = origin_of(leaf->second);
    origin.of_gradient = true;
    return origin;
  }
  return {t.impl()->storage->made_in() == number_ ? Origin::Kind::Constant : Origin::Kind::Captured, -1, t};
}

// A tensor that was there before the trace, or was made in it from values that are known.
Tracer::Memory& Tracer::capture(const Tensor& t) {
  check_traceable(!is_symbolic(t) || (outer_ && outer_->knows(t)), kNoValuesYet);
  Tensor root = t.is_view() && !gradients_of_.count(t.impl()) ? Tensor(t.impl()->base) : t;
  Origin origin = origin_of(root);
  bool constant = origin.kind == Origin::Kind::Constant;
  int input = graph_.add_input(type_of(root), constant ? root : Tensor());
  // What the program goes on to do to it in place gives it a history, which what it is now has not.
  if (constant && purpose_ == Purpose::Transform && !root.requires_grad()) origin.tensor = alias_of(root);
  origins_.push_back(std::move(origin));
  Memory& memory = memories_[root.impl()->storage.get()];
  memory.root = root;
  memory.value = graph_.inputs.back().value;
  memory.input = input;
  memory.version_before = root.version();
  memory.views = {{geometry_of(root), memory.value, 0}};
  return memory;
}

bool LayoutSeen::holds() const {
  const TensorImpl& now = *tensor.impl();
  return now.dtype == type.dtype && now.shape == type.shape && now.strides == type.strides &&
         now.device == type.device && now.offset == offset && now.base.get() == base;
}

void Tracer::see_layout(const Tensor& t) {
  if (is_symbolic(t)) return;
  if (outer_) return outer_->see_layout(t);
  if (!is_captured(t) || gradients_of_.count(t.impl()) || !with_layout_.insert(t.impl()).second) return;
  layouts_seen_.push_back({t, type_of(t), t.impl()->base.get(), t.offset()});
}

Tensor Tracer::whole_of(const Tensor& t) {
  const Memory& memory = memory_of(t);
  const bool outside = memory.input >= 0 && origins_[static_cast<size_t>(memory.input)].kind != Origin::Kind::Constant;
  return outside ? Tensor() : memory.root;
}

bool Tracer::knows(const Tensor& t) const {
  return memories_.count(t.impl()->storage.get()) || (outer_ && outer_->knows(t));
}

// Not the captured tensors that nobody has changed in the trace: what is computed from these alone is known.
bool Tracer::takes(const Op& op, Inputs inputs, bool in_place) {
  if (purpose_ == Purpose::Program) return true;
  if (op.random() && on_random) {
    on_random(op);
    return true;
  }
  for (int i = 0; i < inputs.size(); i++) {
    if (!inputs[i].defined()) continue;
    const Storage* storage = inputs[i].impl()->storage.get();
    if (auto argument = stood_for_.find(storage); argument != stood_for_.end())
      check_traceable(
          memories_.at(argument->second.impl()->storage.get()).version == 0, op.name(), ": a tensor of shape ",
          inputs[i].shape(),
          " from outside shares memory with an argument that the function has changed in place; clone() one");
    auto memory = memories_.find(storage);
    if (memory == memories_.end()) continue;
    if (in_place && i == 0 && !memory->second.own && memory->second.version == 0) {
      const bool constant = inputs[0].impl()->storage->made_in() == number_, known = !depends(inputs);
      if (!known && !constant) return true;
      keep_values_of(storage);
      return !known;
    }
    // What a node reads must still be there when the trace is evaluated.
    if (memory->second.own || memory->second.version > 0 || (in_place && i == 0)) return true;
  }
  return false;
}

// Of memory that is about to change, and that nodes read as it is now.
void Tracer::keep_values_of(const Storage* storage) {
  InterpreterScope outside(next());
  for (size_t i = 0; i < origins_.size(); i++) {
    Tensor& t = origins_[i].tensor;
    if (!t.defined() || t.impl()->storage.get() != storage) continue;
    GradModeGuard record(t.requires_grad());
    t = copy_laid_out(t, t);
  }
  std::erase_if(captured_, [&](const auto& entry) { return entry.first->storage.get() == storage; });
  memories_.erase(storage);
}

bool Tracer::depends(Inputs inputs) const {
  for (int i = 0; i < inputs.size(); i++) {
    if (!inputs[i].defined()) continue;
    auto memory = memories_.find(inputs[i].impl()->storage.get());
    if (memory != memories_.end() && (memory->second.own || memory->second.version > 0)) return true;
  }
  return false;
}

bool Tracer::hides(const Tensor& x) const {
  if (purpose_ == Purpose::Program) return x.impl()->storage->made_in() != number_;
  auto memory = memories_.find(x.impl()->storage.get());
  return (memory != memories_.end() && memory->second.version > 0) || (next() && next()->deferred && next()->hides(x));
}

Tracer::Memory& Tracer::memory_of(const Tensor& t) {
  auto found = memories_.find(t.impl()->storage.get());
  return found != memories_.end() ? found->second : capture(t);
}

ValueId Tracer::value_of(const Tensor& t) {
  if (t.is_view()) see_layout(t);  // what is captured is its base
  if (!is_symbolic(t) && t.requires_grad() && read_.insert(t.impl()).second) read_with_grad_.push_back(t);
  Memory& memory = memory_of(t);
  check_shown(memory);
  if (purpose_ == Purpose::Transform && !memory.own && memory.version == 0) return captured_value(t);
  // A part of a program that is traced apart reads it with its tangent, which its base may not have.
  if (outer_ && !memory.own && memory.version == 0 && !t.same(memory.root) && has_tangent(t)) return captured_value(t);
  if (outer_) check_history(memory, t);
  Geometry wanted = geometry_of(t);
  for (const View& view : memory.views)
    if (view.version == memory.version && view.geometry == wanted) return view.value;
  const Tensor root = memory.root;
  if (!is_part_of(t, root)) {
    check_traceable(memory.version == 0, "weft.jit: a tensor of shape ", t.shape(), " shares memory with one of shape ",
                    root.shape(), " that was changed in place before; clone() one of them, or pass the larger one");
    // Two views of memory that nobody changes: each is an input of its own.
    Origin origin = origin_of(t);
    graph_.add_input(type_of(t), origin.kind == Origin::Kind::Constant ? t : Tensor());
    origins_.push_back(std::move(origin));
    memory.views.push_back({wanted, graph_.inputs.back().value, 0});
    return memory.views.back().value;
  }
  // Seen before a change of the memory, or another part of it: read it out of the root anew.
  Tensor stand_in = symbolic_like(graph_.values[static_cast<size_t>(memory.value)]);
  ValueId root_value = memory.value;
  define(stand_in, root_value);
  Rearranging rearranging(*this);
  Tensor seen = part_like_view(stand_in, root.offset(), t.shape(), t.strides(), t.offset(), t.dtype());
  ValueId value = memories_.at(seen.impl()->storage.get()).views.back().value;
  memory.views.push_back({wanted, value, memory.version});
  return value;
}

Node& Tracer::add_node(const Op& op, Inputs inputs) {
  Node node;
  for (int i = 0; i < inputs.size(); i++) node.inputs.push_back(inputs[i].defined() ? value_of(inputs[i]) : kNone);
  if (rearranging_) node.followed = InputSet::all();
  for (int i = 0; i < inputs.size(); i++)
    if (inputs[i].defined() && GradMode::enabled() && inputs[i].requires_grad() && !is_own_leaf(inputs[i]))
      node.followed.add(at(i));
  for (int i = 0; i < inputs.size(); i++)
    if (inputs[i].defined() && inputs[i].impl()->detached) node.detached.add(at(i));
  node.op = op.share();
  node.source = source();
  node.checkpoint = checkpoint_depth_ > 0 ? checkpoints_ : in_backward() ? Node::kBackward : 0;
  graph_.nodes.push_back(std::move(node));
  return graph_.nodes.back();
}

void Tracer::end_checkpoint(const std::vector<Tensor>& results) {
  for (const Tensor& t : results) {
    if (checkpoint_depth_ > 1 || !t.impl()->storage->symbolic() || !knows(t)) continue;
    const ValueId value = value_of(t);
    for (size_t n = graph_.nodes.size(); n-- > 0 && graph_.nodes[n].checkpoint == checkpoints_;) {
      const std::vector<ValueId>& outputs = graph_.nodes[n].outputs;
      if (std::find(outputs.begin(), outputs.end(), value) == outputs.end()) continue;
      graph_.nodes[n].checkpoint_result = true;
      break;
    }
  }
  checkpoint_depth_--;
}

void Tracer::handle(const Op& op, Inputs inputs, Tensor* outputs) {
  if (op.is_view()) {
    outputs[0] = apply_view(op, inputs[0]);
    outputs[0].impl()->detached = !op.differentiable() || inputs[0].impl()->detached;
  } else {
    bool recorded = false;
    for (int i = 0; i < inputs.size() && GradMode::enabled(); i++)
      recorded |= inputs[i].defined() && inputs[i].requires_grad();
    if (!recorded && op.traced_as(inputs, outputs)) return;
    const Device device = op.device(inputs);
    SmallVector<OutputSpec, 2> specs;
    specs.resize(op.num_outputs());
    infer_outputs(op, inputs, specs.data());
    for (int i = 0; i < specs.size(); i++) {
      const Strides& strides = specs[i].strides;
      outputs[i] = symbolic(specs[i].shape, strides.empty() ? contiguous_strides(specs[i].shape) : strides,
                            specs[i].dtype, device);
    }
  }
  record(op, inputs, outputs);
  record_history(op, inputs, outputs);
}

void Tracer::handle_inplace(const Op& op, Inputs inputs) {
  constexpr int kFirst = 0;
  const Tensor& target = inputs[0];
  check_traceable(purpose_ == Purpose::Program || !followed_ || !is_symbolic(target) || !target.impl()->detached,
                  op.name(),
                  "_: under vmap the values of a tensor that gradients go through cannot be changed in place "
                  "by way of .data or detach(); clone() it first");
  check_traceable(
      purpose_ == Purpose::Program || !followed_ || !is_symbolic(target) || GradMode::enabled() || !records_, op.name(),
      "_: under vmap a tensor that gradients may go through cannot be changed in place under no_grad; use "
      "the out-of-place form");
  InPlaceChange change(op, inputs);
  record_inplace(op, inputs, &kFirst);
  change.finish();
}

void Tracer::record(const Op& op, Inputs inputs, const Tensor* outputs) {
  if (op.is_view()) {
    // A view with the geometry of its input is the same value.
    if (geometry_of(outputs[0]) == geometry_of(inputs[0])) {
      value_of(inputs[0]);
      return;
    }
    Node& node = add_node(op, inputs);
    node.outputs.push_back(graph_.add_value(type_of(outputs[0])));
    Memory& memory = memories_.at(outputs[0].impl()->storage.get());
    const View view{geometry_of(outputs[0]), node.outputs[0], memory.version};
    // What others read as well is a value that autograd follows, where there is one: who reads it detached, cuts there.
    auto same = std::find_if(memory.views.begin(), memory.views.end(), [&](const View& other) {
      return other.version == view.version && other.geometry == view.geometry;
    });
    if (same == memory.views.end())
      memory.views.push_back(view);
    else if (node.followed.any())
      *same = view;
    return;
  }
  Node& node = add_node(op, inputs);
  for (int i = 0; i < op.num_outputs(); i++) {
    node.outputs.push_back(graph_.add_value(type_of(outputs[i])));
    define(outputs[i], node.outputs.back());
  }
}

void Tracer::record_inplace(const Op& op, Inputs inputs, const int* targets) {
  SmallVector<OutputSpec, 2> specs;
  specs.resize(op.num_outputs());
  infer_outputs(op, inputs, specs.data());
  std::vector<Tensor> results;
  for (int i = 0; i < specs.size(); i++) {
    const Tensor& target = inputs[targets[i]];
    auto memory = memories_.find(target.impl()->storage.get());
    bool from_outside = is_symbolic(target) ? memory != memories_.end() && memory->second.input >= 0
                                            : target.impl()->storage->made_in() != number_;
    check_traceable(memory == memories_.end() || !memory->second.shown_from, op.name(), "_: the tensor of shape ",
                    target.shape(), kShown, ", which would change too; write x[i] = values, or take x[i].clone()");
    bool would_require_grad = false;
    if (GradMode::enabled() && op.differentiable() && is_differentiable(target.dtype()))
      for (int k = 0; k < inputs.size(); k++) would_require_grad |= inputs[k].defined() && inputs[k].requires_grad();
    check_traceable(!from_outside || !would_require_grad, op.name(),
                    "_: a jitted function cannot change a tensor of shape ", target.shape(),
                    " from outside in place while autograd records, because its history would be lost; do it under "
                    "weft.no_grad(), with detached values, or return the new values");
    // Laid out like what it is written over.
    bool dense = target.dtype() == specs[i].dtype;
    Strides strides = dense ? target.strides() : contiguous_strides(specs[i].shape);
    results.push_back(symbolic(specs[i].shape, strides, specs[i].dtype, target.device()));
  }
  record(op, inputs, results.data());
  for (int i = 0; i < specs.size(); i++) assign(inputs[targets[i]], results[static_cast<size_t>(i)]);
}

// t's memory now holds the values of `result`.
void Tracer::assign(const Tensor& t, const Tensor& result) {
  const bool unrecorded = !GradMode::enabled();
  Rearranging rearranging(*this);
  Tensor converted = to_dtype(result, t.dtype());
  Memory& memory = memory_of(t);
  const Tensor root = memory.root;
  ValueId value;
  if (geometry_of(t) == geometry_of(root)) {
    value = value_of(converted);
    if (graph_.values[static_cast<size_t>(value)].strides != t.strides()) {
      // Only a conversion comes here: it was made for this place and may be laid out like it.
      graph_.values[static_cast<size_t>(value)].strides = t.strides();
    }
  } else {
    check_traceable(is_part_of(t, root), "weft.jit: a tensor of shape ", t.shape(),
                    " that is changed in place shares memory with one of shape ", root.shape(),
                    " without being a part of it; clone() one of them, or pass the larger one");
    Tensor whole = symbolic_like(graph_.values[static_cast<size_t>(memory.value)]);
    define(whole, memory.value);
    const size_t before = graph_.nodes.size();
    value = value_of(put_like_view(whole, root.offset(), converted, t.strides(), t.offset()));
    // To autograd it is still what it was; a graph of ops cannot say that.
    for (size_t i = before; unrecorded && root.requires_grad() && i < graph_.nodes.size(); i++)
      graph_.nodes[i].followed = {};
  }
  memory.version++;
  memory.value = value;
  memory.views = {{geometry_of(root), value, memory.version}};
}

Tensor Tracer::copy(const Tensor& x) {
  Tensor copied = symbolic(x.shape(), contiguous_strides(x.shape()), x.dtype(), x.device());
  Rearranging rearranging(*this);
  define(copied, value_of(contiguous(x)));
  return copied;
}

void Tracer::note_shown(const Tensor& t, const Tensor& x) {
  auto own = memories_.find(t.impl()->storage.get());
  if (own == memories_.end()) {  // an outer level has made it
    Interpreter::note_shown(t, x);
    return;
  }
  Memory& memory = own->second;  // stays where it is when others are added
  const Memory& from = memory_of(x);
  memory.shown_from = x.impl()->storage.get();
  memory.shown_version = from.version;
  memory.shown_source = graph_.nodes.back().source;
}

// Of a transform, which is evaluated with the tensors that are there: each with its own history.
ValueId Tracer::captured_value(const Tensor& t) {
  auto [known, fresh] = captured_.try_emplace(t.impl(), kNone);
  if (!fresh) return known->second;
  kept_.push_back(t);
  followed_ |= t.requires_grad();
  graph_.add_input(type_of(t));
  origins_.push_back({Origin::Kind::Captured, -1, t});
  return known->second = graph_.inputs.back().value;
}

// A piece of a program that is differentiated by itself has one input for captured memory: of the tensors that show it,
// the one with a history, which the others are detached from.
void Tracer::check_history(Memory& memory, const Tensor& t) {
  if (memory.own || !t.requires_grad() || t.same(memory.root) || is_own_leaf(t)) return;
  if (t.impl()->base == memory.root.ref() && memory.root.requires_grad()) return;
  const Tensor& root = memory.root;
  const bool whole = !t.is_view() && geometry_of(t) == geometry_of(root);
  if (!root.requires_grad() && whole) {
    memory.root = t;
    origins_[at(memory.input)].tensor = t;
    return;
  }
  const Edge a = gradient_edge(root), b = gradient_edge(t);
  check_traceable(a.node && a.node == b.node && a.index == b.index, "weft.jit: a tensor of shape ", t.shape(),
                  " shares memory with another one that the function of a cond, while_loop, scan or vmap reads, and "
                  "gradients of the two go different ways; clone() one of them");
}

// Has the memory that this is a part of been changed since?
void Tracer::check_shown(const Memory& memory) const {
  for (const Memory* m = &memory; m->shown_from; m = &memories_.at(m->shown_from))
    check_traceable(memories_.at(m->shown_from).version == m->shown_version, "weft.jit: a tensor of shape ",
                    m->root.shape(), kShown, ", which has been changed in place since; take x[i].clone()");
}

// Results that eager mode would give as views of what is outside or of other results.
void Tracer::check_shown_results(const std::vector<Tensor>& results) const {
  std::unordered_map<const Storage*, const Storage*> owners;  // memory that may be shown -> the result that shows it
  for (const Tensor& t : results) owners.emplace(t.impl()->storage.get(), t.impl()->storage.get());
  for (const Tensor& t : results) {
    const Storage* own = t.impl()->storage.get();
    for (const Storage* from = memories_.at(own).shown_from; from; from = memories_.at(from).shown_from) {
      const Memory& memory = memories_.at(from);
      const bool outside =
          memory.input >= 0 && origins_[static_cast<size_t>(memory.input)].kind != Origin::Kind::Constant;
      const bool shared = owners.emplace(from, own).first->second != own;
      check_traceable(!outside && !shared, "weft.jit: a result of shape ", t.shape(), kShown,
                      outside ? ", which is from outside" : ", and so does another result", "; return x[i].clone()",
                      read_at(graph_.sources[static_cast<size_t>(memories_.at(own).shown_source)]));
    }
  }
}

Tracer::Gradient& Tracer::gradient_of(const Tensor& leaf) {
  auto [place, fresh] = gradient_places_.try_emplace(leaf.impl(), gradients_.size());
  if (fresh) {
    auto stand_in = stand_ins_.find(leaf.impl());
    const Tensor& real = stand_in == stand_ins_.end() ? leaf : given_[static_cast<size_t>(stand_in->second)];
    GradMeta* meta = grad_meta(real);
    Tensor before = meta ? meta->grad : Tensor();
    gradients_.push_back({leaf, before, before});
  }
  return gradients_[place->second];
}

void Tracer::gradient_arrives(weft::Node& node, bool accumulates) {
  if (made(node)) return;
  if (outer_ && purpose_ == Purpose::Program) {
    auto* end = dynamic_cast<const AccumulateGrad*>(&node);
    const Tensor leaf = end ? end->leaf() : Tensor();
    bool may_go_on = false;
    for (const auto& [stand_in, number] : stand_ins_) may_go_on |= stand_in->requires_grad;
    auto memory = leaf.defined() ? memories_.find(leaf.impl()->storage.get()) : memories_.end();
    const bool inside = leaf.defined() && (is_own_leaf(leaf) || (memory != memories_.end() && memory->second.own));
    if (inside && !is_stand_in(leaf)) return;
    check_traceable(inside || !may_go_on,
                    "jit: a function of a cond, while_loop or scan computes a gradient by a tensor from outside of it, "
                    "on which its operands may depend too; compute that gradient outside, or by the operands");
  }
  HooksSeen seen;
  seen.accumulated = accumulates;
  if (auto* accumulator = dynamic_cast<const AccumulateGrad*>(&node)) {
    const Tensor leaf = accumulator->leaf();
    if (!leaf.defined()) return;
    if (!is_stand_in(leaf) && outer_) return outer_->gradient_arrives(node, accumulates);
    if (!is_stand_in(leaf) && !is_captured(leaf)) return;
    seen.of = origin_of(leaf);
    const Tensor& real = is_stand_in(leaf) ? given_[static_cast<size_t>(seen.of.argument)] : leaf;
    seen.hooks = hooks_of(real);
    if (is_stand_in(leaf)) {
      check_traceable(!accumulates || is_leaf(real), "jit: backward() inside a jitted function would go on beyond an ",
                      "argument of shape ", real.shape(),
                      " that is not a leaf; call backward() outside, or take the gradient with weft.autograd.grad");
      check_traceable(!seen.hooks, "jit: a gradient computed inside a jitted function comes to an argument of shape ",
                      real.shape(), " with a hook, which would not run; call backward() outside, or remove the hook");
    }
  } else {
    seen.node = Ref<weft::Node>(&node);
    seen.hooks = hooks_of(node);
  }
  if (std::find(hooks_seen_.begin(), hooks_seen_.end(), seen) == hooks_seen_.end())
    hooks_seen_.push_back(std::move(seen));
}

Tensor Tracer::grad(const Tensor& leaf) {
  bool made_here = is_symbolic(leaf) && !stand_ins_.count(leaf.impl());
  if (made_here) {
    GradMeta* meta = grad_meta(leaf);
    return meta ? meta->grad : Tensor();
  }
  Gradient& g = gradient_of(leaf);
  if (!g.seen && !g.written) {
    g.seen = true;
    if (g.before.defined()) gradients_of_.emplace(g.before.impl(), leaf);
  }
  return g.now;
}

void Tracer::set_grad(const Tensor& leaf, Tensor grad) {
  bool made_here = is_symbolic(leaf) && !stand_ins_.count(leaf.impl());
  if (made_here) {
    ensure_grad_meta(leaf).grad = std::move(grad);
    return;
  }
  Gradient& g = gradient_of(leaf);
  g.now = std::move(grad);
  g.written = true;
}

// Arguments were traced as if each had memory of its own; that holds for those that nobody changes. Captured tensors
// were told apart by their memory; an argument may still share it.
void Tracer::check_shared_arguments() const {
  for (const Update& u : graph_.updates) {
    const Origin& origin = origins_[static_cast<size_t>(u.input)];
    bool is_argument = origin.kind == Origin::Kind::Argument && origin.argument >= 0 && !origin.of_gradient;
    const Tensor& changed = is_argument ? given_[static_cast<size_t>(origin.argument)] : origin.tensor;
    if (!changed.defined()) continue;
    for (const Tensor& other : given_)
      check_traceable((is_argument && other.same(changed)) || other.impl()->storage != changed.impl()->storage,
                      "weft.jit: the function changes a tensor of shape ", changed.shape(),
                      " in place that shares memory with an argument of shape ", other.shape(),
                      "; clone() one of them");
    if (!is_argument) continue;
    for (const Origin& other : origins_) {
      if (other.kind != Origin::Kind::Captured || other.of_gradient) continue;
      check_traceable(other.tensor.impl()->storage != changed.impl()->storage,
                      "weft.jit: the function changes an argument of shape ", changed.shape(),
                      " in place that shares memory with a captured tensor of shape ", other.tensor.shape(),
                      "; clone() one of them");
    }
  }
}

Traced Tracer::finish(const std::vector<Tensor>& results) {
  Traced traced;
  std::vector<Tensor> all = results;
  for (Gradient& g : gradients_) {
    Origin leaf = origin_of(g.leaf);
    if (g.seen) traced.gradients_seen.push_back({leaf, g.before.defined()});
    if (!g.written || (g.seen && g.now.same(g.before))) continue;
    traced.gradient_changes.push_back({leaf, g.now.defined() ? static_cast<int>(all.size()) : -1, g.seen});
    if (g.now.defined()) all.push_back(g.now);
  }
  std::unordered_map<const Storage*, int> numbers;
  for (const Tensor& t : all) {
    ValueId value = value_of(t);
    const Memory& memory = memories_.at(t.impl()->storage.get());
    auto [number, fresh] = numbers.try_emplace(t.impl()->storage.get(), static_cast<int>(numbers.size()));
    bool outside = memory.input >= 0 && origins_[static_cast<size_t>(memory.input)].kind != Origin::Kind::Constant;
    graph_.results.push_back(
        {value, outside ? ~memory.input : number->second, t.strides(), t.offset() - memory.root.offset()});
  }
  for (const auto& [storage, memory] : memories_) {
    bool outside = memory.input >= 0 && origins_[static_cast<size_t>(memory.input)].kind != Origin::Kind::Constant;
    if (outside && memory.version > 0) graph_.updates.push_back({memory.input, memory.value});
  }
  check_shared_arguments();
  // Results of control flow are copies, and those of transforms are computed anew.
  if (!outer_ && purpose_ == Purpose::Program) check_shown_results(all);
  std::sort(graph_.updates.begin(), graph_.updates.end(),
            [](const Update& a, const Update& b) { return a.input < b.input; });
  if (purpose_ == Purpose::Transform) {  // whose changes are made before it ends
    reset_versions();
    memories_.clear();
  }
  traced.layouts_seen = std::move(layouts_seen_);
  traced.hooks_seen = std::move(hooks_seen_);
  traced.graph = std::move(graph_);
  traced.origins = std::move(origins_);
  return traced;
}

}  // namespace weft::graph
