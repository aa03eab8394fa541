#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "graph/passes/passes.h"
#include "graph/tiled.h"
#include "op/tile_code.h"

namespace weft::graph {

namespace {

size_t at(int i) { return static_cast<size_t>(i); }

// What decides whether two nodes can run in one loop.
struct Loop {
  bool possible = false;
  DType compute = DType::Float32;
  bool any_compute = false;  // truth values, for instance, are the same in every type
  Value type;                // shape, strides and device of the result
};

bool is_dense(const Value& v) {
  int64_t reach = 1;
  for (int d = 0; d < v.shape.size(); d++) reach += (v.shape[d] - 1) * v.strides[d];
  return v.numel() > 0 && reach == v.numel();
}

class Fusion {
 public:
  explicit Fusion(Graph& g) : g_(g), uses_(g) {
    group_of_.resize(g.nodes.size());
    std::iota(group_of_.begin(), group_of_.end(), 0);
    for (size_t n = 0; n < g.nodes.size(); n++) members_.push_back({static_cast<int>(n)});
    int impure = -1;
    for (const Node& node : g.nodes) {
      loops_.push_back(loop_of(node));
      impure_before_.push_back(node.op->pure() ? -1 : impure);
      if (!node.op->pure()) impure = static_cast<int>(&node - g.nodes.data());
    }
  }

  void run() {
    for (size_t n = 0; n < g_.nodes.size(); n++)
      if (loops_[n].possible) join_producers(static_cast<int>(n));
    for (size_t n = 0; n < g_.nodes.size(); n++)
      if (g_.nodes[n].op->fold()) attach_reduction(static_cast<int>(n));
    rebuild();
  }

 private:
  // Types of a node's inputs, as an op wants them.
  struct NodeInputs {
    std::vector<Tensor> tensors;
    std::vector<const Tensor*> list;
    NodeInputs(const Graph& g, const Node& node) {
      for (ValueId v : node.inputs) tensors.push_back(v == kNone ? Tensor() : symbolic_like(g.values[at(v)]));
      for (const Tensor& t : tensors) list.push_back(&t);
    }
    Inputs get() const { return {list.data(), static_cast<int>(list.size())}; }
  };

  Loop loop_of(const Node& node) const {
    Loop loop;
    if (node.outputs.size() != 1 || !node.op->pure() || node.op->is_view()) return loop;
    loop.type = g_.values[at(node.outputs[0])];
    if (!is_dense(loop.type) || !tile_kernel.has(loop.type.device)) return loop;
    NodeInputs in(g_, node);
    int works = 0;
    for (DType compute : {DType::Float32, DType::Float64}) {
      TileCode code(compute);
      std::vector<int> operands;
      for (size_t i = 0; i < node.inputs.size(); i++) operands.push_back(code.input());
      if (node.op->tile(code, in.get(), operands.data()) < 0) continue;
      if (works++ == 0) loop.compute = compute;
    }
    loop.possible = works > 0;
    loop.any_compute = works > 1;
    return loop;
  }

  const Loop& loop(int group) const { return loops_[at(members_[at(group)][0])]; }

  bool same_loop(int a, int b) const {
    const Value &x = loop(a).type, &y = loop(b).type;
    bool same_space = x.shape == y.shape && x.strides == y.strides && x.device == y.device;
    return loop(a).possible && loop(b).possible && same_space &&
           (loop(a).compute == loop(b).compute || loop(a).any_compute || loop(b).any_compute);
  }

  int maker_group(ValueId v) const {
    if (v == kNone || uses_.maker[at(v)] < 0) return -1;
    return group_of_[at(uses_.maker[at(v)])];
  }

  // Does group `from` depend on `target` through other groups?
  bool depends_through_others(int from, int target) {
    seen_.resize(g_.nodes.size(), 0);
    stamp_++;
    std::vector<int> stack;
    auto visit = [&](int maker, int by) {
      if (maker >= 0 && maker != by && std::exchange(seen_[at(maker)], stamp_) != stamp_) stack.push_back(maker);
    };
    auto visit_inputs_of = [&](int group) {
      for (int n : members_[at(group)]) {
        for (ValueId v : g_.nodes[at(n)].inputs) visit(maker_group(v), group);
        if (impure_before_[at(n)] >= 0) visit(group_of_[at(impure_before_[at(n)])], group);
      }
    };
    visit_inputs_of(from);
    seen_[at(target)] = 0;
    std::erase(stack, target);  // a direct edge is no obstacle
    while (!stack.empty()) {
      int group = stack.back();
      stack.pop_back();
      if (group == target) return true;
      visit_inputs_of(group);
    }
    return false;
  }

  // Inputs, outputs and instructions of two groups together.
  bool fits(int a, int b) const {
    std::set<ValueId> read, outputs;
    size_t nodes = members_[at(a)].size() + members_[at(b)].size();
    for (int group : {a, b})
      for (int n : members_[at(group)]) {
        for (ValueId v : g_.nodes[at(n)].inputs) {
          int maker = maker_group(v);
          if (v != kNone && maker != a && maker != b) read.insert(v);
        }
        if (used_outside(g_.nodes[at(n)].outputs[0], a, b)) outputs.insert(g_.nodes[at(n)].outputs[0]);
      }
    // Registers: in the worst case one for each of these.
    return read.size() <= kMaxTileInputs && outputs.size() <= kMaxTileOutputs && nodes + read.size() <= 40;
  }

  bool used_outside(ValueId v, int a, int b) const {
    if (uses_.as_root[at(v)]) return true;
    int inside = 0;
    for (int group : {a, b}) {
      for (int n : members_[at(group)])
        inside += static_cast<int>(std::count(g_.nodes[at(n)].inputs.begin(), g_.nodes[at(n)].inputs.end(), v));
      if (a == b) break;
    }
    return inside < uses_.count[at(v)];
  }

  void join_producers(int n) {
    for (ValueId v : g_.nodes[at(n)].inputs) {
      int own = group_of_[at(n)], other = maker_group(v);
      if (other < 0 || other == own || !same_loop(own, other) || !fits(own, other)) continue;
      if (depends_through_others(own, other) || depends_through_others(other, own)) continue;
      // Members that fix the type come first: loop() looks at them.
      std::vector<int>&to = members_[at(own)], &from = members_[at(other)];
      bool other_first = loop(own).any_compute;
      for (int m : from) group_of_[at(m)] = own;
      to.insert(other_first ? to.begin() : to.end(), from.begin(), from.end());
      from.clear();
    }
  }

  // A reduction of a value of a group that has none yet becomes its last member.
  void attach_reduction(int n) {
    const Node& node = g_.nodes[at(n)];
    ValueId v = node.inputs[0];
    int group = maker_group(v);
    if (group < 0 || !loop(group).possible || reduction_of_.count(group)) return;
    const Value& from = g_.values[at(v)];
    const Value& to = g_.values[at(node.outputs[0])];
    const FoldSpec& spec = *node.op->fold();
    bool wide = spec.dtype == DType::Float64 && compute_of(group) != DType::Float64;
    bool has_kernel = fold_tiles_kernel.has(from.device);
    if (!is_floating(from.dtype) || wide || !has_kernel || !is_contiguous(from.shape, from.strides)) return;
    if (!is_contiguous(to.shape, to.strides) || !reads_in_runs(from.shape, spec.mask)) return;
    reduction_of_[group] = n;
    group_of_[at(n)] = group;
    members_[at(n)].clear();
    members_[at(group)].push_back(n);
  }

  // Reductions along a short last dimension read column by column, which a program cannot do.
  static bool reads_in_runs(const Shape& shape, uint64_t mask) {
    for (int d = shape.size() - 1; d >= 0; d--)
      if (shape[d] != 1) return !(mask >> d & 1) || shape[d] >= 16;
    return true;
  }

  DType compute_of(int group) const {
    for (int n : members_[at(group)])
      if (loops_[at(n)].possible && !loops_[at(n)].any_compute) return loops_[at(n)].compute;
    return loop(group).compute;
  }

  // The members of a group as one node.
  Node fuse(int group) {
    std::vector<int> nodes = members_[at(group)];
    auto reduction = reduction_of_.find(group);
    if (reduction != reduction_of_.end()) std::erase(nodes, reduction->second);
    DType compute = compute_of(group);
    std::sort(nodes.begin(), nodes.end());
    Node fused;
    std::map<ValueId, int> number;
    for (int n : nodes)
      for (ValueId v : g_.nodes[at(n)].inputs)
        if (v != kNone && maker_group(v) != group && number.emplace(v, -1).second) fused.inputs.push_back(v);
    TileCode code(compute);
    for (ValueId v : fused.inputs) number[v] = code.input();
    Ref<Tiled> op(new Tiled);
    std::vector<int> results;
    for (int n : nodes) {
      const Node& node = g_.nodes[at(n)];
      std::vector<int> operands;
      for (ValueId v : node.inputs) operands.push_back(v == kNone ? -1 : number.at(v));
      ValueId out = node.outputs[0];
      number[out] = node.op->tile(code, NodeInputs(g_, node).get(), operands.data());
      op->ops += concat(op->ops.empty() ? "" : ", ", node.op->name());
      fused.source = node.source;
      if (!used_outside(out, group, group)) continue;
      const Value& type = g_.values[at(out)];
      fused.outputs.push_back(out);
      op->outputs.push_back({type.shape, type.dtype, type.strides});
      results.push_back(number[out]);
    }
    op->compute = compute;
    if (reduction != reduction_of_.end()) {
      const Node& node = g_.nodes[at(reduction->second)];
      op->reduction = *node.op->fold();
      op->reduced = g_.values[at(node.inputs[0])];
      op->ops += concat(", ", node.op->name());
      fused.outputs.push_back(node.outputs[0]);
      fused.source = node.source;
      results.push_back(number.at(node.inputs[0]));
    }
    assign_registers(code, static_cast<int>(fused.inputs.size()), results, *op);
    if (op->reduction) {
      op->reduced_register = op->output_registers.back();
      op->output_registers.pop_back();
    }
    op->seal();
    fused.op = op;
    return fused;
  }

  // Of a product, for which fuse_epilogues() wants a program even of a single op.
  bool may_be_epilogue(int group) const {
    if (!loop(group).possible || reduction_of_.count(group)) return false;
    for (ValueId v : g_.nodes[at(members_[at(group)][0])].inputs) {
      int maker = v == kNone ? -1 : uses_.maker[at(v)];
      if (maker >= 0 && g_.nodes[at(maker)].op->takes_epilogue(loop(group).type.device)) return true;
    }
    return false;
  }

  // Inputs and constants keep their registers; results share the others, each from its instruction to its last use.
  static void assign_registers(const TileCode& code, int inputs, const std::vector<int>& results, Tiled& op) {
    std::vector<int> place(at(code.size()), -1), last(at(code.size()), -1);
    int next = 0;
    for (; next < inputs; next++) place[at(next)] = next;
    for (auto [number, value] : code.constants()) {
      auto known = std::find(op.constants.begin(), op.constants.end(), value);
      bool same = known != op.constants.end() && std::signbit(*known) == std::signbit(value);
      place[at(number)] = inputs + static_cast<int>(known - op.constants.begin());
      if (same) continue;
      place[at(number)] = inputs + static_cast<int>(op.constants.size());
      op.constants.push_back(value);
    }
    next = inputs + static_cast<int>(op.constants.size());
    const auto& list = code.instructions();
    for (size_t i = 0; i < list.size(); i++)
      for (int operand : list[i].operands)
        if (operand >= 0) last[at(operand)] = static_cast<int>(i);
    for (int r : results) last[at(r)] = static_cast<int>(list.size());
    std::vector<int> free;
    for (size_t i = 0; i < list.size(); i++) {
      const TileCode::Instruction& from = list[i];
      // A result may take the register of an operand that ends here: loops read an element before they write it.
      for (int operand : from.operands) {
        if (operand < 0 || last[at(operand)] != static_cast<int>(i)) continue;
        int r = place[at(operand)];
        bool own = r >= inputs + static_cast<int>(op.constants.size());
        if (own && std::find(free.begin(), free.end(), r) == free.end()) free.push_back(r);
      }
      bool is_output = std::find(results.begin(), results.end(), from.result) != results.end();
      int r = next;
      if (!free.empty() && !is_output) {
        r = free.back();
        free.pop_back();
      } else {
        next++;
      }
      place[at(from.result)] = r;
      TileInstruction to{from.op,    static_cast<uint8_t>(r), {}, from.dtype, static_cast<int16_t>(from.function),
                         from.params};
      for (int k = 0; k < 3; k++)
        to.operands[k] = static_cast<uint8_t>(from.operands[k] < 0 ? 0 : place[at(from.operands[k])]);
      op.instructions.push_back(to);
    }
    for (int r : results) op.output_registers.push_back(static_cast<uint8_t>(place[at(r)]));
    op.num_registers = next;
  }

  // The nodes anew, in an order in which they can run; ops that are not pure keep theirs.
  void rebuild() {
    size_t count = g_.nodes.size();
    std::vector<std::set<int>> consumers(count);
    std::vector<int> waiting(count, 0);
    auto edge = [&](int from, int to) {
      if (from >= 0 && from != to && consumers[at(from)].insert(to).second) waiting[at(to)]++;
    };
    for (size_t n = 0; n < count; n++) {
      int group = group_of_[n];
      for (ValueId v : g_.nodes[n].inputs) edge(maker_group(v), group);
      if (impure_before_[n] >= 0) edge(group_of_[at(impure_before_[n])], group);
    }
    std::set<std::pair<int, int>> ready;  // by the last member
    auto add = [&](int group) {
      ready.emplace(*std::max_element(members_[at(group)].begin(), members_[at(group)].end()), group);
    };
    for (size_t i = 0; i < count; i++)
      if (!members_[i].empty() && waiting[i] == 0) add(static_cast<int>(i));
    std::vector<Node> nodes;
    while (!ready.empty()) {
      int group = ready.begin()->second;
      ready.erase(ready.begin());
      bool single = members_[at(group)].size() == 1 && !may_be_epilogue(group);
      nodes.push_back(single ? g_.nodes[at(members_[at(group)][0])] : fuse(group));
      for (int next : consumers[at(group)])
        if (--waiting[at(next)] == 0) add(next);
    }
    g_.nodes = std::move(nodes);
    compact(g_);
  }

  Graph& g_;
  Uses uses_;
  std::vector<int> impure_before_;  // of nodes that are not pure: the one that must run before
  std::vector<int> seen_;           // of groups: the last search that met them
  int stamp_ = 0;
  std::vector<Loop> loops_;
  std::map<int, int> reduction_of_;        // group -> the reduction at its end
  std::vector<int> group_of_;              // of every node; the group's number is that of one of its members
  std::vector<std::vector<int>> members_;  // of every group; empty for those that were joined to others
};

}  // namespace

void fuse_elementwise(Graph& g) { Fusion(g).run(); }

}  // namespace weft::graph
