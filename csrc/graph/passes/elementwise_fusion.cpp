#include <algorithm>
#include <map>
#include <set>

#include "graph/passes/grouping.h"
#include "graph/passes/node_inputs.h"
#include "graph/passes/passes.h"
#include "graph/tiled.h"

namespace weft::graph {

namespace {

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

class Fusion : Grouping {
 public:
  explicit Fusion(Graph& g) : Grouping(g) {
    for (const Node& node : g.nodes) loops_.push_back(loop_of(node));
  }

  void run() {
    for (size_t n = 0; n < g_.nodes.size(); n++)
      if (loops_[n].possible) join_producers(static_cast<int>(n));
    // Those along the last dimensions first: row fusion takes such groups further.
    for (bool of_rows : {true, false})
      for (size_t n = 0; n < g_.nodes.size(); n++)
        if (g_.nodes[n].op->fold() && reduces_rows(g_.nodes[n]) == of_rows)
          attach_reduction(static_cast<int>(n), of_rows);
    rebuild([&](int group) { return fuse(group); }, [&](int group) { return may_be_epilogue(group); });
  }

 private:
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
      join(own, other, loop(own).any_compute);
    }
  }

  // A reduction of a value of a group that has none yet becomes its last member.
  void attach_reduction(int n, bool of_rows) {
    const Node& node = g_.nodes[at(n)];
    ValueId v = node.inputs[0];
    int group = maker_group(v);
    if (group < 0 || !loop(group).possible || reduction_of_.count(group)) return;
    if (!of_rows && continues_rows(group, n)) return;
    const Value& from = g_.values[at(v)];
    const Value& to = g_.values[at(node.outputs[0])];
    const FoldSpec& spec = *node.op->fold();
    bool wide = spec.dtype == DType::Float64 && compute_of(group) != DType::Float64;
    bool has_kernel = fold_tiles_kernel.has(from.device);
    if (!is_real_floating(from.dtype) || wide || !has_kernel || !is_contiguous(from.shape, from.strides)) return;
    if (!is_contiguous(to.shape, to.strides) || !reads_in_runs(from.shape, spec.mask)) return;
    reduction_of_[group] = n;
    join(group, n);
  }

  bool reduces_rows(const Node& node) const {
    uint64_t mask = node.op->fold()->mask, whole = (uint64_t{1} << g_.values[at(node.inputs[0])].shape.size()) - 1;
    return mask != whole && (mask | ((mask & -mask) - 1)) == whole;
  }

  // Does the group read a number for every row that was computed before, and hand something on? Row fusion can join it
  // to what computes that number, but not together with another reduction.
  bool continues_rows(int group, int reduction) const {
    bool reads = false, hands_on = false;
    for (int n : members_[at(group)]) {
      for (ValueId v : g_.nodes[at(n)].inputs) reads |= is_number_of_rows(v);
      ValueId out = g_.nodes[at(n)].outputs[0];
      int by_reduction = static_cast<int>(out == g_.nodes[at(reduction)].inputs[0]);
      int inside = 0;
      for (int m : members_[at(group)])
        inside += static_cast<int>(std::count(g_.nodes[at(m)].inputs.begin(), g_.nodes[at(m)].inputs.end(), out));
      hands_on |= inside + by_reduction < uses_.count[at(out)];
    }
    return reads && hands_on;
  }

  bool is_number_of_rows(ValueId v) const {
    if (v == kNone || uses_.maker[at(v)] < 0 || g_.values[at(v)].shape.empty()) return false;
    const Value& type = g_.values[at(v)];
    int last = type.shape.size() - 1;
    bool several = false;
    for (int d = 0; d < last; d++) several |= type.shape[d] > 1 && type.strides[d] != 0;
    return several && (type.shape[last] == 1 || type.strides[last] == 0);
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
    op->assign_registers(code, static_cast<int>(fused.inputs.size()), results);
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

  std::vector<Loop> loops_;
  std::map<int, int> reduction_of_;  // group -> the reduction at its end
};

}  // namespace

void fuse_elementwise(Graph& g) { Fusion(g).run(); }

}  // namespace weft::graph
