#include <algorithm>
#include <map>

#include "graph/passes/passes.h"

namespace weft::graph {

namespace {

// Chen et al., "Training deep nets with sublinear memory cost" (2016), on a graph: nodes of backward that read what
// those of a checkpoint made, and its function did not return, read copies, which are made just before the first of
// these readers. Random draws are kept, so that both runs see the same.
class Checkpoints {
 public:
  explicit Checkpoints(Graph& g) : g_(g), uses_(g), before_(g.nodes.size()) {}

  void run() {
    keep_results();
    std::map<int, Again> all;
    for (size_t n = 0; n < g_.nodes.size(); n++)
      for (ValueId v : g_.nodes[n].inputs) {
        const int maker = g_.nodes[n].checkpoint == Node::kBackward ? maker_inside(v) : -1;
        if (maker < 0) continue;
        Again& again = all.try_emplace(g_.nodes[at(maker)].checkpoint, Again{n, {}}).first->second;
        need(maker, again.nodes);
      }
    for (const auto& [checkpoint, again] : all) repeat(again);
    insert();
  }

 private:
  struct Again {
    size_t place;            // the first reader
    std::vector<int> nodes;  // what its values, and those of the later ones, are made by
  };

  // The node that makes v, if it can be had again.
  int maker_inside(ValueId v) const {
    const int maker = v == kNone ? -1 : uses_.maker[at(v)];
    if (maker < 0) return -1;
    const Node& node = g_.nodes[at(maker)];
    return node.checkpoint > 0 && !node.checkpoint_result && node.op->pure() ? maker : -1;
  }

  // A result that is a view keeps what it is a view of.
  void keep_results() {
    for (const Node& node : g_.nodes) {
      for (const Node* seen = &node; seen && seen->checkpoint_result && seen->op->is_view();) {
        const int maker = uses_.maker[at(seen->inputs[0])];
        if (maker >= 0) g_.nodes[at(maker)].checkpoint_result = true;
        seen = maker >= 0 ? &g_.nodes[at(maker)] : nullptr;
      }
    }
  }

  void need(int node, std::vector<int>& nodes) const {
    std::vector<int> stack = {node};
    while (!stack.empty()) {
      const int n = stack.back();
      stack.pop_back();
      const auto place = std::lower_bound(nodes.begin(), nodes.end(), n);
      if (place != nodes.end() && *place == n) continue;
      nodes.insert(place, n);
      for (ValueId v : g_.nodes[at(n)].inputs)
        if (const int maker = maker_inside(v); maker >= 0 && same_checkpoint(maker, n)) stack.push_back(maker);
    }
  }
  bool same_checkpoint(int a, int b) const { return g_.nodes[at(a)].checkpoint == g_.nodes[at(b)].checkpoint; }

  void repeat(const Again& again) {
    std::map<ValueId, ValueId> copy_of;
    auto read_copies = [&](Node& node) {
      for (ValueId& v : node.inputs)
        if (auto own = copy_of.find(v); own != copy_of.end()) v = own->second;
    };
    for (int n : again.nodes) {
      Node copy = g_.nodes[at(n)];
      copy.checkpoint = Node::kBackward;
      read_copies(copy);
      for (ValueId& out : copy.outputs) {
        const ValueId fresh = g_.add_value(Value(g_.values[at(out)]));
        copy_of[out] = fresh;
        out = fresh;
      }
      before_[again.place].push_back(std::move(copy));
    }
    for (size_t n = again.place; n < g_.nodes.size(); n++)
      if (g_.nodes[n].checkpoint == Node::kBackward) read_copies(g_.nodes[n]);
  }

  void insert() {
    std::vector<Node> nodes;
    for (size_t n = 0; n < before_.size(); n++) {
      for (Node& copy : before_[n]) nodes.push_back(std::move(copy));
      nodes.push_back(std::move(g_.nodes[n]));
    }
    g_.nodes = std::move(nodes);
  }

  Graph& g_;
  Uses uses_;
  std::vector<std::vector<Node>> before_;  // of every node: copies to run before it
};

}  // namespace

void repeat_checkpoints(Graph& g) {
  const auto inside = [](const Node& node) { return node.checkpoint > 0; };
  if (std::any_of(g.nodes.begin(), g.nodes.end(), inside)) Checkpoints(g).run();
}

}  // namespace weft::graph
