#include <algorithm>
#include <numeric>

#include "core/round_up.h"
#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "graph/plan.h"

namespace weft::graph {

namespace {

constexpr int kForEver = 1 << 30;
constexpr size_t kAlignment = 64;

// A value whose memory is not part of another's, and what is known of that memory.
struct Root {
  Place::Kind kind = Place::Kind::Arena;
  int index = -1;
  int first = -1, last = -1;
};

class Planner {
 public:
  explicit Planner(const Graph& g) : g_(g), uses_(g) {}

  MemoryPlan run() {
    order_nodes();
    find_roots();
    find_lifetimes();
    place_results();
    place_updates();
    make_buffers();
    ask_for_temporaries();
    lay_out();
    for (size_t v = 0; v < g_.values.size(); v++) {
      const Root& root = roots_[at(root_of_[v])];
      plan_.places.push_back({root.kind, root.index, bytes_[v]});
    }
    return std::move(plan_);
  }

 private:
  const Value& value(ValueId v) const { return g_.values[at(v)]; }
  const Node& step_node(int step) const { return g_.nodes[at(plan_.order[at(step)])]; }

  // Nodes whose results only go into memory from outside come last, after everything that may fail.
  bool is_late(const Node& node) const {
    if (node.outputs.empty() || !node.op->pure() || node.op->is_view() || node.op->may_fail()) return false;
    for (ValueId v : node.outputs)
      if (uses_.count[at(v)] == 0 || uses_.count[at(v)] != uses_.as_root[at(v)] || is_result(v)) return false;
    return ask(node).tensors == 0;  // an allocation may fail, too
  }
  bool is_result(ValueId v) const {
    for (const Result& r : g_.results)
      if (r.value == v && r.memory >= 0) return true;
    return false;
  }

  void order_nodes() {
    std::vector<int> late;
    for (size_t n = 0; n < g_.nodes.size(); n++) {
      if (g_.nodes[n].op->is_view()) continue;
      (is_late(g_.nodes[n]) ? late : plan_.order).push_back(static_cast<int>(n));
    }
    first_late_ = plan_.first_late = static_cast<int>(plan_.order.size());
    plan_.order.insert(plan_.order.end(), late.begin(), late.end());
  }

  void find_roots() {
    size_t count = g_.values.size();
    root_of_.resize(count);
    std::iota(root_of_.begin(), root_of_.end(), 0);
    bytes_.assign(count, 0);
    roots_.resize(count);
    std::vector<Tensor> models(count);
    for (size_t i = 0; i < g_.inputs.size(); i++) {
      ValueId v = g_.inputs[i].value;
      models[at(v)] = symbolic_like(value(v));
      roots_[at(v)] = {g_.inputs[i].constant.defined() ? Place::Kind::Constant : Place::Kind::Input,
                       static_cast<int>(i), -1, -1};
    }
    for (const Node& node : g_.nodes) {
      if (!node.op->is_view()) {
        for (ValueId v : node.outputs) models[at(v)] = symbolic_like(value(v));
        continue;
      }
      ValueId from = node.inputs[0], to = node.outputs[0];
      models[at(to)] = node.op->view(models[at(from)]);
      ValueId root = root_of_[at(to)] = root_of_[at(from)];
      auto byte = [&](ValueId v) { return models[at(v)].offset() * static_cast<int64_t>(item_size(value(v).dtype)); };
      bytes_[at(to)] = byte(to) - byte(root);
    }
  }

  void find_lifetimes() {
    for (int s = 0; s < static_cast<int>(plan_.order.size()); s++) {
      for (ValueId v : step_node(s).inputs)
        if (v != kNone) root(v).last = s;
      for (ValueId v : step_node(s).outputs) root(v).first = root(v).last = s;
    }
  }
  Root& root(ValueId v) { return roots_[at(root_of_[at(v)])]; }

  // The first result that shows the same value in the same memory: i, or an earlier one.
  int first_like(size_t i) const {
    auto is_it = [&](const Result& r) { return r.value == g_.results[i].value && r.memory == g_.results[i].memory; };
    return static_cast<int>(std::find_if(g_.results.begin(), g_.results.end(), is_it) - g_.results.begin());
  }

  // Memory of results belongs to the caller. A value that cannot lie there (it is an input, or already in the memory of
  // another result) is copied at the end.
  void place_results() {
    int memories = 0;
    for (const Result& r : g_.results) memories = std::max(memories, r.memory + 1);
    plan_.memories.assign(at(memories), kNone);
    for (size_t i = 0; i < g_.results.size(); i++) {
      const Result& r = g_.results[i];
      plan_.same_result.push_back(first_like(i));
      if (r.memory < 0 || at(plan_.same_result[i]) != i) continue;
      Root& source = root(r.value);
      ValueId& filled = plan_.memories[at(r.memory)];
      if (source.kind == Place::Kind::Arena && filled == kNone) {
        filled = root_of_[at(r.value)];
        source.kind = Place::Kind::Result;
        source.index = r.memory;
        plan_.result_bytes += allocated(filled);
      }
      if (filled != root_of_[at(r.value)] || source.kind != Place::Kind::Result || source.index != r.memory) {
        plan_.result_copies.emplace_back(static_cast<int>(i), r.value);
        source.last = kForEver;
        plan_.result_bytes += value(r.value).bytes();
      }
    }
  }

  // A step may write the new contents of an input into it if nobody needs the old ones afterwards and nothing that can
  // fail comes later.
  void place_updates() {
    for (const Update& u : g_.updates)  // an input that becomes the contents of another one
      if (root(u.value).kind == Place::Kind::Input) root(u.value).last = kForEver;
    for (const Update& u : g_.updates) {
      ValueId old = g_.inputs[at(u.input)].value;
      if (u.value == old) continue;
      if (!write_directly(u, old)) {
        ValueId from = root_of_[at(u.value)];
        plan_.copies.push_back(u);
        plan_.from_inputs.push_back(root(from).kind == Place::Kind::Input &&
                                    g_.inputs[at(root(from).index)].value == from);
        if (plan_.from_inputs.back()) plan_.clone_bytes += value(u.value).bytes();
        root(u.value).last = kForEver;
      }
    }
  }

  bool write_directly(const Update& u, ValueId old) {
    Root& fresh = root(u.value);
    int step = fresh.first;
    bool possible = fresh.kind == Place::Kind::Arena && root_of_[at(u.value)] == u.value && step >= first_late_ &&
                    roots_[at(old)].last <= step && same_type(value(u.value), value(old));
    if (!possible) return false;
    if (roots_[at(old)].last == step && !may_overwrite(step_node(step), u.value, old)) return false;
    fresh.kind = Place::Kind::Input;
    fresh.index = u.input;
    return true;
  }

  // May the op write output `out` over its input `old`, which nobody reads later?
  bool may_overwrite(const Node& node, ValueId out, ValueId old) const {
    int output = static_cast<int>(std::find(node.outputs.begin(), node.outputs.end(), out) - node.outputs.begin());
    int only = node.op->overwrites(output);
    if (only < 0 && !node.op->elementwise()) return false;
    if (only >= 0 && node.inputs[at(only)] != old) return false;
    if (!same_type(value(out), value(old))) return false;
    for (size_t i = 0; i < node.inputs.size(); i++) {
      ValueId v = node.inputs[i];
      if (v == kNone || root_of_[at(v)] != root_of_[at(old)]) continue;
      if (v != old || (only >= 0 && static_cast<int>(i) != only)) return false;
    }
    return true;
  }

  void make_buffers() {
    for (int s = 0; s < static_cast<int>(plan_.order.size()); s++) {
      const Node& node = step_node(s);
      std::vector<int> taken;
      for (ValueId out : node.outputs) {
        Root& fresh = roots_[at(out)];
        if (fresh.kind != Place::Kind::Arena) continue;
        fresh.index = reused_buffer(node, out, s, taken);
        if (fresh.index < 0) {
          fresh.index = static_cast<int>(plan_.buffers.size());
          plan_.buffers.push_back({allocated(out), arena_on(value(out).device), 0, s, s, out});
        }
        taken.push_back(fresh.index);
        Buffer& buffer = plan_.buffers[at(fresh.index)];
        buffer.last = std::max(buffer.last, fresh.last);
      }
    }
  }

  int reused_buffer(const Node& node, ValueId out, int step, const std::vector<int>& taken) const {
    for (ValueId v : node.inputs) {
      if (v == kNone || root_of_[at(v)] != v) continue;
      const Root& old = roots_[at(v)];
      if (old.kind != Place::Kind::Arena || old.last != step || !may_overwrite(node, out, v)) continue;
      if (std::find(taken.begin(), taken.end(), old.index) == taken.end()) return old.index;
    }
    return -1;
  }

  int arena_on(Device device) {
    for (size_t a = 0; a < plan_.arenas.size(); a++)
      if (plan_.arenas[a].device == device) return static_cast<int>(a);
    plan_.arenas.push_back({device, 0});
    return static_cast<int>(plan_.arenas.size()) - 1;
  }

  size_t allocated(ValueId v) const {
    size_t bytes = symbolic_like(value(v)).impl()->storage->nbytes();
    return round_up(bytes, kAlignment);
  }

  // A tensor of the value's type at an address where nothing is.
  static Tensor addressed(const Value& v) {
    Tensor model = symbolic_like(v);
    void* nowhere = reinterpret_cast<void*>(uintptr_t{1} << 62);
    auto storage = make_ref<Storage>(nowhere, model.impl()->storage->nbytes(), v.device, std::shared_ptr<void>());
    return Tensor(make_ref<TensorImpl>(std::move(storage), v.shape, v.strides, model.offset(), v.dtype));
  }

  // Bytes that an op takes beside its outputs.
  struct Temporaries {
    size_t tensors = 0, scratch = 0;
  };
  Temporaries ask(const Node& node) const {
    // What other devices take in an op comes from their allocators.
    if (node.outputs.empty() || value(node.outputs[0]).device.type != DeviceType::CPU) return {};
    static const Tensor undefined;
    std::vector<Tensor> inputs, outputs;
    for (ValueId v : node.inputs) inputs.push_back(v == kNone ? undefined : addressed(value(v)));
    for (ValueId v : node.outputs) outputs.push_back(addressed(value(v)));
    SmallVector<const Tensor*, 8> list;
    for (const Tensor& t : inputs) list.push_back(&t);
    ScratchQuery query;
    Temporaries found;
    found.tensors = node.op->temporary_bytes(Inputs(list.data(), list.size()), outputs.data());
    found.scratch = query.most();
    return found;
  }

  // Asks every step for what it takes beside its outputs. Scratch memory becomes a buffer that lives in that step
  // alone.
  void ask_for_temporaries() {
    plan_.threads = num_threads();
    for (int s = 0; s < static_cast<int>(plan_.order.size()); s++) {
      const Node& node = step_node(s);
      plan_.scratch.push_back(-1);
      plan_.temporaries.push_back(0);
      const Temporaries temporaries = ask(node);
      plan_.temporaries.back() = temporaries.tensors;
      if (temporaries.scratch == 0) continue;
      plan_.scratch.back() = static_cast<int>(plan_.buffers.size());
      plan_.buffers.push_back({temporaries.scratch, arena_on(value(node.outputs[0]).device), 0, s, s, kNone});
    }
  }

  // Largest first; or scratch memory after all else, which never takes more than the other values and the largest
  // scratch memory on top of them. Neither way is always the better one.
  void lay_out() {
    auto by_size = [](const Buffer& a, const Buffer& b) { return a.bytes > b.bytes; };
    auto scratch_last = [](const Buffer& a, const Buffer& b) {
      bool scratch_a = a.value == kNone, scratch_b = b.value == kNone;
      return scratch_a == scratch_b ? a.bytes > b.bytes : scratch_b;
    };
    place_buffers(scratch_last);
    std::vector<Buffer> buffers = plan_.buffers;
    std::vector<Arena> arenas = plan_.arenas;
    size_t bytes = plan_.arena_bytes();
    place_buffers(by_size);
    if (plan_.arena_bytes() <= bytes) return;
    plan_.buffers = std::move(buffers);
    plan_.arenas = std::move(arenas);
  }

  // In the given order, each buffer into the lowest gap between those that are alive at the same time.
  template <class Before>
  void place_buffers(const Before& before) {
    std::vector<Buffer>& all = plan_.buffers;
    for (Arena& a : plan_.arenas) a.bytes = 0;
    std::vector<int> order(all.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return before(all[at(a)], all[at(b)]); });
    std::vector<int> placed;  // by offset
    for (int b : order) {
      Buffer& buffer = all[at(b)];
      size_t offset = 0;
      for (int p : placed) {
        const Buffer& other = all[at(p)];
        if (other.arena != buffer.arena || other.last < buffer.first || buffer.last < other.first) continue;
        if (other.offset >= offset + buffer.bytes) break;
        offset = std::max(offset, other.offset + other.bytes);
      }
      buffer.offset = offset;
      size_t& bytes = plan_.arenas[at(buffer.arena)].bytes;
      bytes = std::max(bytes, offset + buffer.bytes);
      placed.insert(std::upper_bound(placed.begin(), placed.end(), b,
                                     [&](int x, int y) { return all[at(x)].offset < all[at(y)].offset; }),
                    b);
    }
  }

  const Graph& g_;
  Uses uses_;
  MemoryPlan plan_;
  int first_late_ = 0;
  std::vector<ValueId> root_of_;
  std::vector<int64_t> bytes_;  // from the root's first element
  std::vector<Root> roots_;     // of the values that are roots
};

std::string megabytes(size_t bytes) {
  std::string text = std::to_string(static_cast<double>(bytes) / (1 << 20));
  return text.substr(0, text.find('.') + 3) + " MiB";
}

}  // namespace

size_t MemoryPlan::arena_bytes() const {
  size_t sum = 0;
  for (const Arena& a : arenas) sum += a.bytes;
  return sum;
}

size_t MemoryPlan::beside_bytes() const {
  size_t most = clone_bytes;
  for (size_t s = 0; s < temporaries.size(); s++)
    most = std::max(most, temporaries[s] + (static_cast<int>(s) < first_late ? 0 : clone_bytes));
  return most;
}

MemoryPlan plan_memory(const Graph& g) { return Planner(g).run(); }

namespace {

struct Holder {
  size_t bytes;
  std::string text;
};

// What takes memory in the arena and beside it, largest first.
std::vector<Holder> holders_of(const Graph& g, const MemoryPlan& plan) {
  std::vector<Holder> holders;
  Uses uses(g);
  int steps = static_cast<int>(plan.order.size());
  auto node_of = [&](int step) -> const Node& {
    return g.nodes[static_cast<size_t>(plan.order[static_cast<size_t>(step)])];
  };
  auto add = [&](size_t bytes, const char* what, const Node& node, ValueId v, const std::string& when) {
    std::string type;
    if (v != kNone)
      type = concat(" ", g.values[static_cast<size_t>(v)].shape, " ", g.values[static_cast<size_t>(v)].dtype);
    holders.push_back(
        {bytes, concat(what, node.op->name(), type, ", ", when, "  ", g.sources[static_cast<size_t>(node.source)])});
  };
  for (const Buffer& b : plan.buffers) {
    if (b.value == kNone) {
      add(b.bytes, "scratch of ", node_of(b.first), node_of(b.first).outputs[0], concat("step ", b.first));
      continue;
    }
    const Node& maker = g.nodes[static_cast<size_t>(uses.maker[static_cast<size_t>(b.value)])];
    add(b.bytes, "", maker, b.value, concat("steps ", b.first, " to ", std::min(b.last, steps)));
  }
  for (int s = 0; s < steps; s++)
    if (size_t bytes = plan.temporaries[static_cast<size_t>(s)])
      add(bytes, "beside the arena: inside ", node_of(s), kNone, concat("step ", s));
  if (plan.clone_bytes) holders.push_back({plan.clone_bytes, "beside the arena: old contents that others get"});
  std::stable_sort(holders.begin(), holders.end(), [](const Holder& a, const Holder& b) { return a.bytes > b.bytes; });
  return holders;
}

}  // namespace

std::string to_text(const Graph& g, const MemoryPlan& plan) {
  std::string beside = plan.beside_bytes() ? concat(", beside them ", megabytes(plan.beside_bytes())) : std::string();
  std::string text = concat("peak ", megabytes(plan.peak_bytes()), ": arena ", megabytes(plan.arena_bytes()),
                            ", results ", megabytes(plan.result_bytes), beside, "; ", plan.order.size(), " steps, ",
                            plan.buffers.size(), " buffers, ", plan.threads, " threads\n");
  int steps = static_cast<int>(plan.order.size());
  std::vector<size_t> alive(static_cast<size_t>(steps) + 1, 0);
  for (const Buffer& b : plan.buffers)
    for (int s = b.first; s <= std::min(b.last, steps - 1); s++) alive[static_cast<size_t>(s)] += b.bytes;
  text += "alive in the arena over the steps:\n";
  constexpr int kRows = 16;
  for (int row = 0; row < std::min(kRows, steps); row++) {
    int from = row * steps / std::min(kRows, steps), to = (row + 1) * steps / std::min(kRows, steps);
    size_t most = *std::max_element(alive.begin() + from, alive.begin() + to);
    size_t bar = plan.arena_bytes() ? most * 40 / plan.arena_bytes() : 0;
    text += concat("  ", from, " to ", to - 1, "  ", std::string(bar, '#'), " ", megabytes(most), "\n");
  }
  text += "largest buffers:\n";
  std::vector<Holder> holders = holders_of(g, plan);
  for (size_t i = 0; i < std::min<size_t>(holders.size(), 10); i++)
    text += concat("  ", megabytes(holders[i].bytes), "  ", holders[i].text, "\n");
  return text;
}

}  // namespace weft::graph
