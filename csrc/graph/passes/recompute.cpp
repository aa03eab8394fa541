#include <algorithm>
#include <map>
#include <numeric>

#include "graph/passes/passes.h"

namespace weft::graph {

namespace {

constexpr size_t kWorthKeeping = 64 << 10;  // bytes: smaller values are not worth a step
constexpr int kFar = 8;                     // nodes between two uses that make it worth letting go in between
constexpr int kDeepest = 3;                 // nodes that are computed again for one value

class Recompute {
 public:
  explicit Recompute(Graph& g) : g_(g), uses_(g), root_(g.values.size()), readers_(g.values.size()) {
    std::iota(root_.begin(), root_.end(), 0);
    last_.assign(g.values.size(), -1);
    for (size_t n = 0; n < g.nodes.size(); n++) {
      const Node& node = g.nodes[n];
      if (node.op->is_view()) root_[at(node.outputs[0])] = root_[at(node.inputs[0])];
      for (ValueId v : node.inputs) {
        if (v == kNone) continue;
        readers_[at(v)].push_back(static_cast<int>(n));
        last_[at(root_[at(v)])] = static_cast<int>(n);
      }
    }
    constexpr int kEnd = 1 << 30;
    for (const Input& i : g.inputs) last_[at(i.value)] = kEnd;
    for (const Result& r : g.results) last_[at(root_[at(r.value)])] = kEnd;
    for (const Update& u : g.updates) last_[at(root_[at(u.value)])] = kEnd;
    before_.resize(g.nodes.size());
  }

  void run() {
    size_t count = g_.nodes.size();
    for (size_t n = 0; n < count; n++)
      if (may_repeat(static_cast<int>(n))) split_uses(static_cast<int>(n));
    std::vector<Node> nodes;
    for (size_t n = 0; n < count; n++) {
      for (Node& copy : before_[n]) nodes.push_back(std::move(copy));
      nodes.push_back(std::move(g_.nodes[n]));
    }
    g_.nodes = std::move(nodes);
  }

 private:
  bool may_repeat(int n) const {
    const Op& op = *g_.nodes[at(n)].op;
    return !g_.nodes[at(n)].outputs.empty() && op.pure() && op.cheap() && !op.is_view() && !op.may_fail();
  }

  // Can v be had at position n without keeping more alive than is? Nodes that must run again go to `again`.
  bool available(ValueId v, int n, std::vector<int>& again) const {
    ValueId root = root_[at(v)];
    if (last_[at(root)] >= n || g_.values[at(root)].bytes() < kWorthKeeping) return true;
    int maker = uses_.maker[at(v)];
    if (maker < 0 || root != v || !may_repeat(maker) || static_cast<int>(again.size()) >= kDeepest) return false;
    again.push_back(maker);
    for (ValueId u : g_.nodes[at(maker)].inputs)
      if (u != kNone && !available(u, n, again)) return false;
    return true;
  }

  // A node that reads a value, itself or through a view.
  struct Use {
    int node;
    ValueId read;
    int view;  // the node that makes the view; -1: none
  };

  // False where views of views or results read the value.
  bool find_uses(ValueId v, std::vector<Use>& found) const {
    if (uses_.as_root[at(v)]) return false;
    for (int reader : readers_[at(v)]) {
      if (!g_.nodes[at(reader)].op->is_view()) {
        found.push_back({reader, v, -1});
        continue;
      }
      ValueId seen = g_.nodes[at(reader)].outputs[0];
      if (uses_.as_root[at(seen)]) return false;
      for (int next : readers_[at(seen)]) {
        if (g_.nodes[at(next)].op->is_view()) return false;
        found.push_back({next, seen, reader});
      }
    }
    std::sort(found.begin(), found.end(), [](const Use& x, const Use& y) { return x.node < y.node; });
    return !found.empty();
  }

  // The uses of a node's first result far away from the others read a copy that is computed just before.
  void split_uses(int n) {
    ValueId v = g_.nodes[at(n)].outputs[0];
    std::vector<Use> uses;
    if (g_.values[at(v)].bytes() < kWorthKeeping || !find_uses(v, uses)) return;
    size_t cut = 0;
    int widest = kFar;
    for (size_t i = 1; i < uses.size(); i++)
      if (uses[i].node - uses[i - 1].node > widest) {
        widest = uses[i].node - uses[i - 1].node;
        cut = i;
      }
    if (cut == 0) return;
    int place = uses[cut].node;
    std::vector<int> again = {n};
    for (ValueId u : g_.nodes[at(n)].inputs)
      if (u != kNone && !available(u, place, again)) return;
    std::sort(again.begin(), again.end());
    again.erase(std::unique(again.begin(), again.end()), again.end());
    std::map<ValueId, ValueId> copy_of;
    for (int m : again) add_copy(m, place, copy_of);
    for (size_t i = cut; i < uses.size(); i++) {
      if (uses[i].view >= 0 && !copy_of.count(uses[i].read)) add_copy(uses[i].view, place, copy_of);
      for (ValueId& u : g_.nodes[at(uses[i].node)].inputs)
        if (u == uses[i].read) u = copy_of.at(u);
    }
    last_[at(v)] = uses[cut - 1].node;
  }

  void add_copy(int n, int place, std::map<ValueId, ValueId>& copy_of) {
    Node copy = g_.nodes[at(n)];
    for (ValueId& u : copy.inputs)
      if (auto own = copy_of.find(u); own != copy_of.end()) u = own->second;
    for (ValueId& out : copy.outputs) {
      ValueId fresh = g_.add_value(Value(g_.values[at(out)]));
      copy_of[out] = fresh;
      out = fresh;
    }
    before_[at(place)].push_back(std::move(copy));
  }

  Graph& g_;
  Uses uses_;
  std::vector<ValueId> root_;  // the value in whose memory a view lies
  std::vector<std::vector<int>> readers_;
  std::vector<int> last_;                  // of roots: the last node that reads it
  std::vector<std::vector<Node>> before_;  // of every node: copies to run before it
};

}  // namespace

void recompute(Graph& g) {
  Recompute(g).run();
  remove_dead_code(g);
}

}  // namespace weft::graph
