#include "graph/check.h"

#include <algorithm>
#include <cstring>

#include "graph/plan_context.h"
#include "kernels/elementwise.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/grad_mode.h"
#include "ops/creation.h"
#include "ops/elementwise.h"

namespace weft::graph {

namespace {

// The values of t, dense and on the host.
Tensor values_of(const Tensor& t) {
  NotTraced now;
  GradModeGuard no_grad(false);
  NoAutocastGuard no_autocast;
  return contiguous(on_host(t));
}

template <class Bits>
bool is_nan(Bits x, Bits infinity) {
  return (x & ~(Bits{1} << (8 * sizeof(Bits) - 1))) > infinity;
}

// Calls f with the bits of every element, or of both parts of a complex one, NaNs made equal.
template <class F>
void for_bits(const Tensor& dense, const F& f) {
  const DType part = to_real(dense.dtype());
  const int64_t count = dense.numel() * static_cast<int64_t>(item_size(dense.dtype()) / item_size(part));
  auto visit = [&]<class Bits>(Bits infinity) {
    for (int64_t i = 0; i < count; i++) {
      Bits x;
      std::memcpy(&x, static_cast<const char*>(dense.data()) + i * static_cast<int64_t>(sizeof x), sizeof x);
      f(is_real_floating(part) && is_nan(x, infinity) ? uint64_t{infinity} + 1 : uint64_t{x});
    }
  };
  switch (item_size(part)) {
    case 1:
      return visit(uint8_t{0x7f});
    case 2:
      return visit(dense.dtype() == DType::BFloat16 ? uint16_t{0x7f80} : uint16_t{0x7c00});
    case 4:
      return visit(uint32_t{0x7f800000});
    default:
      return visit(uint64_t{0x7ff0000000000000});
  }
}

}  // namespace

uint64_t fingerprint(const Tensor& t) {
  uint64_t hash = 0x9e3779b97f4a7c15u * (static_cast<uint64_t>(t.dtype()) + 1);
  auto mix = [&](uint64_t x) {
    hash = (hash ^ x) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  };
  for (int64_t size : t.shape()) mix(static_cast<uint64_t>(size) + 1);
  if (t.has_values()) for_bits(values_of(t), mix);
  return hash;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape() || a.device() != b.device()) return false;
  if (!a.has_values() || !b.has_values()) return a.has_values() == b.has_values();
  Tensor x = values_of(a), y = values_of(b);
  std::vector<uint64_t> bits;
  for_bits(x, [&](uint64_t v) { bits.push_back(v); });
  size_t next = 0;
  bool same = true;
  for_bits(y, [&](uint64_t v) { same &= bits[next++] == v; });
  return same;
}

void Listener::handle(const Op& op, Inputs inputs, Tensor* outputs) {
  InterpreterScope outside(next());
  apply(op, inputs, outputs);
  for (int i = 0; i < op.num_outputs(); i++) add(outputs[i]);
}

void Listener::handle_inplace(const Op& op, Inputs inputs) {
  InterpreterScope outside(next());
  add(apply_inplace(op, inputs));
}

PhiloxState DrawLog::draw(Generator& g, uint64_t blocks) {
  const PhiloxState start = outer_ ? outer_->draw(g, blocks) : g.take(blocks);
  drawn_.push_back({Ref<Generator>(&g), start, blocks});
  return start;
}

std::vector<std::pair<Ref<Generator>, PhiloxState>> DrawLog::before() const {
  std::vector<std::pair<Ref<Generator>, PhiloxState>> first;
  for (const Drawn& d : drawn_) {
    auto is_it = [&](const auto& entry) { return entry.first.get() == d.generator.get(); };
    if (std::none_of(first.begin(), first.end(), is_it)) first.emplace_back(d.generator, d.start);
  }
  return first;
}

PhiloxState DrawAgain::draw(Generator& g, uint64_t blocks) {
  // A recorded graph of a device takes all its numbers at once, of which eager ops take one part after another.
  for (Drawn& d : drawn_) {
    if (d.generator.get() != &g || d.blocks == 0) continue;
    check(d.blocks >= blocks, "graph: the second run of a function draws other random numbers than the first");
    PhiloxState start = d.start;
    d.start.offset += blocks;
    d.blocks -= blocks;
    return start;
  }
  check(blocks == 0, "graph: the second run of a function draws more random numbers than the first");
  return g.state();
}

Snapshot::Snapshot(const std::vector<Tensor>& tensors) {
  for (const Tensor& t : tensors) {
    add_state(t);
    if (t.impl()->base) add_state(Tensor(t.impl()->base));
  }
}

void Snapshot::add_memory(const Tensor& t) {
  const Ref<Storage>& storage = t.impl()->storage;
  auto known = [&](const Memory& m) { return m.bytes.impl()->storage == storage; };
  if (!t.has_values() || storage->nbytes() == 0 || std::any_of(memories_.begin(), memories_.end(), known)) return;
  auto count = static_cast<int64_t>(storage->nbytes());
  Tensor bytes(make_ref<TensorImpl>(storage, Shape{count}, Strides{1}, 0, DType::UInt8));
  memories_.push_back({bytes, clone(bytes), storage->version()});
}

void Snapshot::add_state(const Tensor& t) {
  if (std::any_of(states_.begin(), states_.end(), [&](const State& s) { return s.tensor.same(t); })) return;
  State s;
  s.tensor = t;
  if (GradMeta* meta = grad_meta(t)) {
    s.has_meta = true;
    s.grad = meta->grad;
    s.grad_fn = meta->grad_fn;
    s.output_index = meta->output_index;
  }
  s.view_version = t.impl()->view_version;
  s.requires_grad = t.impl()->requires_grad;
  states_.push_back(s);
  add_memory(t);
  if (s.grad.defined()) add_memory(s.grad);
}

void Snapshot::restore() const {
  for (const Memory& m : memories_) {
    Storage& storage = *m.bytes.impl()->storage;
    if (storage.writable()) copy_kernel(m.bytes.device(), view_of(m.bytes), view_of(m.copy));
    storage.reset_version(m.version);
  }
  for (const State& s : states_) {
    TensorImpl& impl = *s.tensor.impl();
    if (s.has_meta || grad_meta(s.tensor)) {
      GradMeta& meta = ensure_grad_meta(s.tensor);
      meta.grad = s.grad;
      meta.grad_fn = s.grad_fn;
      meta.output_index = s.output_index;
    }
    impl.view_version = s.view_version;
    impl.requires_grad = s.requires_grad;
  }
}

std::vector<Tensor> captured_tensors(const Program& program) {
  std::vector<Tensor> found;
  auto add = [&](const Origin& origin) {
    if (origin.kind != Origin::Kind::Captured || !origin.tensor.defined()) return;
    if (std::none_of(found.begin(), found.end(), [&](const Tensor& t) { return t.same(origin.tensor); }))
      found.push_back(origin.tensor);
  };
  for (const Origin& origin : program.traced.origins) add(origin);
  for (const Origin& leaf : program.leaves) add(leaf);
  for (const GradientChange& change : program.traced.gradient_changes) add(change.leaf);
  for (const GradientSeen& seen : program.traced.gradients_seen) add(seen.leaf);
  return found;
}

namespace {

std::vector<Tensor> all_values(const Graph& g, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> values(g.values.size());
  for (size_t i = 0; i < g.inputs.size(); i++)
    values[at(g.inputs[i].value)] = i < inputs.size() && inputs[i].defined() ? inputs[i] : g.inputs[i].constant;
  static const Tensor none;
  for (const Node& node : g.nodes) {
    std::vector<const Tensor*> list;
    for (ValueId v : node.inputs) list.push_back(v == kNone ? &none : &values[at(v)]);
    Inputs in(list.data(), static_cast<int>(list.size()));
    if (node.op->is_view()) {
      values[at(node.outputs[0])] = node.op->view(values[at(node.inputs[0])]);
      continue;
    }
    std::vector<Tensor> out;
    for (ValueId v : node.outputs) out.push_back(allocate(g.values[at(v)]));
    node.op->run(in, out.data());
    for (size_t i = 0; i < out.size(); i++) values[at(node.outputs[i])] = out[i];
  }
  return values;
}

// The first node that makes a value which no eager op made and which a root in `roots` depends on by such values alone;
// -1: none.
int first_wrong(const Graph& g, const std::vector<Tensor>& values, const std::vector<ValueId>& roots,
                const Listener& eager) {
  std::vector<char> suspect(values.size(), 0);
  for (ValueId v : roots) suspect[at(v)] = 1;
  int first = -1;
  for (size_t n = g.nodes.size(); n-- > 0;) {
    const Node& node = g.nodes[n];
    bool wrong = std::any_of(node.outputs.begin(), node.outputs.end(),
                             [&](ValueId v) { return suspect[at(v)] && !eager.has(values[at(v)]); });
    if (!wrong) continue;
    first = static_cast<int>(n);
    for (ValueId v : node.inputs)
      if (v != kNone) suspect[at(v)] = 1;
  }
  return first;
}

// Zeros where the eager run had none.
Tensor cotangent_for(const Value& type, const std::vector<Tensor>& cotangents, size_t n) {
  if (n < cotangents.size() && cotangents[n].shape() == type.shape && cotangents[n].dtype() == type.dtype)
    return contiguous(cotangents[n]);
  return zeros(type.shape, type.dtype, type.device);
}

std::string describe(const Graph& g, int n) {
  const Node& node = g.nodes[at(n)];
  std::string shapes;
  for (ValueId v : node.inputs)
    if (v != kNone) shapes += concat(shapes.empty() ? "" : ", ", g.values[at(v)].dtype, " ", g.values[at(v)].shape);
  const std::string& line = g.sources[at(node.source)];
  return concat(node.op->text(), " of ", shapes, line.empty() ? "" : " at ", line);
}

}  // namespace

std::string first_difference(const Program& program, const Function& compiled, const std::vector<Tensor>& arguments,
                             const std::vector<Tensor>& cotangents, const Listener& eager, bool gradients) {
  NotTraced now;
  GradModeGuard no_grad(false);
  NoAutocastGuard no_autocast;
  DrawLog draws;
  struct Restore {
    const DrawLog& log;
    void operator()() const {
      for (const auto& [generator, state] : log.before()) generator->set_state(state);
    }
    ~Restore() { (*this)(); }
  } restore_generators{draws};

  const Graph& traced = program.graph();
  std::vector<Tensor> inputs;
  for (size_t i = 0, next = 0; i < traced.inputs.size(); i++) {
    const std::vector<int>& of_results = program.grad_inputs;
    if (std::find(of_results.begin(), of_results.end(), static_cast<int>(i)) != of_results.end())
      inputs.push_back(cotangent_for(traced.values[at(traced.inputs[i].value)], cotangents, next++));
    else
      inputs.push_back(compiled.resolve(program.traced.origins[i], arguments));
    if (!inputs.back().defined() && !traced.inputs[i].constant.defined()) return "what it reads is not there any more";
  }
  std::vector<ValueId> roots;
  for (size_t i = 0; i < traced.results.size(); i++)
    if (program.is_gradient(i) == gradients) roots.push_back(traced.results[i].value);
  if (!gradients)
    for (const Update& u : traced.updates) roots.push_back(u.value);
  if (int n = first_wrong(traced, all_values(traced, inputs), roots, eager); n >= 0)
    return concat("the first op that differs, as it was traced: ", describe(traced, n));
  restore_generators();

  const Graph& forward = compiled.forward_->graph();
  std::vector<Tensor> own;
  for (const Origin& origin : compiled.origins_)
    own.push_back(origin.kind == Origin::Kind::Constant ? Tensor() : compiled.resolve(origin, arguments));
  std::vector<Tensor> values = all_values(forward, own);
  std::vector<ValueId> forward_roots;
  for (const Result& r : forward.results) forward_roots.push_back(r.value);
  for (const Update& u : forward.updates) forward_roots.push_back(u.value);
  if (int n = first_wrong(forward, values, forward_roots, eager); n >= 0)
    return concat("the first op that differs, after the passes: ", describe(forward, n));
  if (gradients && compiled.backward_) {
    const Graph& backward = compiled.backward_->graph();
    std::vector<Tensor> of_backward;
    for (const Function::Saved& s : compiled.saved_)
      of_backward.push_back(s.input >= 0 ? own[at(s.input)] : values[at(forward.results[at(s.result)].value)]);
    for (size_t i = 0; i < program.grad_inputs.size(); i++) of_backward.push_back(inputs[at(program.grad_inputs[i])]);
    std::vector<ValueId> backward_roots;
    for (const Result& r : backward.results) backward_roots.push_back(r.value);
    if (int n = first_wrong(backward, all_values(backward, of_backward), backward_roots, eager); n >= 0)
      return concat("the first op that differs, in backward after the passes: ", describe(backward, n));
  }
  return "every op gives the right values alone: the memory plan or the replay of the graph is wrong";
}

}  // namespace weft::graph
