#include <algorithm>

#include "graph/passes/passes.h"
#include "ops/elementwise.h"
#include "ops/pooling.h"

namespace weft::graph {

namespace {

constexpr int kRelu = index_in<scalar::Relu>(scalar::UnaryList{});

// max_pool(relu(x)) with what backward makes of it.
struct Found {
  int relu, pool, pool_backward = -1, relu_backward = -1;
};

class PoolBeforeRelu {
 public:
  explicit PoolBeforeRelu(Graph& g) : g_(g), uses_(g), readers_(g.values.size()) {
    for (size_t n = 0; n < g.nodes.size(); n++)
      for (ValueId v : g.nodes[n].inputs)
        if (v != kNone) readers_[at(v)].push_back(static_cast<int>(n));
  }

  void run() {
    std::vector<Found> all;
    for (size_t n = 0; n < g_.nodes.size(); n++) {
      Found f{-1, static_cast<int>(n)};
      if (is_max_pool(*g_.nodes[n].op) && matches(f)) all.push_back(f);
    }
    for (const Found& f : all) rewrite(f);
    move_nodes(all);
  }

 private:
  Node& node(int n) { return g_.nodes[at(n)]; }
  bool only_read_by(ValueId v, std::initializer_list<int> nodes) const {
    if (uses_.as_root[at(v)]) return false;
    for (int reader : readers_[at(v)])
      if (std::find(nodes.begin(), nodes.end(), reader) == nodes.end()) return false;
    return true;
  }

  // The gradient may be zero at other places of equal value than before, but only where relu gives zero, and there it
  // is zero anyway.
  bool matches(Found& f) {
    ValueId x = node(f.pool).inputs[0], pooled = node(f.pool).outputs[0], indices = node(f.pool).outputs[1];
    f.relu = uses_.maker[at(x)];
    if (f.relu < 0 || !is_unary(*node(f.relu).op, kRelu)) return false;
    if (!same_type(g_.values[at(x)], g_.values[at(node(f.relu).inputs[0])])) return false;
    if (uses_.as_root[at(indices)] || readers_[at(indices)].size() > 1) return false;
    if (readers_[at(indices)].empty()) return only_read_by(x, {f.pool});
    f.pool_backward = readers_[at(indices)][0];
    if (!is_max_pool_backward(*node(f.pool_backward).op)) return false;
    ValueId spread = node(f.pool_backward).outputs[0];
    if (uses_.count[at(spread)] != 1 || uses_.as_root[at(spread)]) return false;
    f.relu_backward = readers_[at(spread)][0];
    const Node& back = node(f.relu_backward);
    bool is_its_own = is_unary_backward(*back.op, kRelu) && back.inputs[0] == spread && back.inputs[1] == x;
    return is_its_own && only_read_by(x, {f.pool, f.relu_backward}) && pooled != kNone;
  }

  void rewrite(const Found& f) {
    ValueId x = node(f.relu).inputs[0];
    Node &relu = node(f.relu), &pool = node(f.pool);
    ValueId pooled = pool.outputs[0], before = g_.add_value(g_.values[at(pooled)]);
    // relu's old result is nobody's any more; the pooled value everybody reads is that after relu.
    pool.inputs[0] = x;
    pool.outputs[0] = before;
    relu.inputs[0] = before;
    relu.outputs[0] = pooled;
    if (f.pool_backward < 0) return;
    Node &spread = node(f.pool_backward), &back = node(f.relu_backward);
    ValueId given = spread.inputs[0], result = back.outputs[0];
    ValueId masked = g_.add_value(g_.values[at(given)]);
    back.inputs = {given, pooled};
    back.outputs[0] = masked;
    spread.inputs[0] = masked;
    spread.outputs[0] = result;
  }

  // The pairs change places; all other nodes keep theirs.
  void move_nodes(const std::vector<Found>& all) {
    std::vector<int> before(g_.nodes.size(), -1), after(g_.nodes.size(), -1);
    std::vector<char> moved(g_.nodes.size(), 0);
    for (const Found& f : all) {
      after[at(f.pool)] = f.relu;
      moved[at(f.relu)] = 1;
      if (f.pool_backward < 0) continue;
      before[at(f.pool_backward)] = f.relu_backward;
      moved[at(f.relu_backward)] = 1;
    }
    std::vector<Node> nodes;
    for (size_t n = 0; n < g_.nodes.size(); n++) {
      if (before[n] >= 0) nodes.push_back(node(before[n]));
      if (!moved[n]) nodes.push_back(g_.nodes[n]);
      if (after[n] >= 0) nodes.push_back(node(after[n]));
    }
    g_.nodes = std::move(nodes);
  }

  Graph& g_;
  Uses uses_;
  std::vector<std::vector<int>> readers_;
};

}  // namespace

void pool_before_relu(Graph& g) {
  PoolBeforeRelu(g).run();
  compact(g);
}

}  // namespace weft::graph
