#include "graph/passes/grouping.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace weft::graph {

Grouping::Grouping(Graph& g)
    : g_(g), uses_(g), shown_(g.values.size()), group_of_(g.nodes.size()), seen_(g.nodes.size(), 0) {
  std::iota(shown_.begin(), shown_.end(), 0);
  std::iota(group_of_.begin(), group_of_.end(), 0);
  int impure = -1;
  for (size_t n = 0; n < g.nodes.size(); n++) {
    members_.push_back({static_cast<int>(n)});
    bool pure = g.nodes[n].op->pure();
    impure_before_.push_back(pure ? -1 : impure);
    if (!pure) impure = static_cast<int>(n);
  }
}

int Grouping::maker_group(ValueId v) const {
  if (v == kNone) return -1;
  int maker = uses_.maker[at(shown_[at(v)])];
  return maker < 0 ? -1 : group_of_[at(maker)];
}

bool Grouping::depends_through_others(int from, int target) {
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

void Grouping::join(int to, int from, bool in_front) {
  std::vector<int>&into = members_[at(to)], &moved = members_[at(from)];
  for (int n : moved) group_of_[at(n)] = to;
  into.insert(in_front ? into.begin() : into.end(), moved.begin(), moved.end());
  moved.clear();
}

void Grouping::rebuild(const std::function<Node(int)>& fuse, const std::function<bool(int)>& also) {
  size_t count = g_.nodes.size();
  std::vector<std::set<int>> consumers(count);
  std::vector<int> waiting(count, 0);
  auto edge = [&](int from, int to) {
    if (from >= 0 && from != to && consumers[at(from)].insert(to).second) waiting[at(to)]++;
  };
  for (size_t n = 0; n < count; n++) {
    int group = group_of_[n];
    for (ValueId v : g_.nodes[n].inputs) {
      if (v == kNone || maker_group(v) == group) continue;
      int maker = uses_.maker[at(v)];  // of the view itself, which must be there
      edge(maker < 0 ? -1 : group_of_[at(maker)], group);
    }
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
    bool single = members_[at(group)].size() == 1 && !(also && also(group));
    nodes.push_back(single ? g_.nodes[at(members_[at(group)][0])] : fuse(group));
    for (int next : consumers[at(group)])
      if (--waiting[at(next)] == 0) add(next);
  }
  g_.nodes = std::move(nodes);
  compact(g_);
}

}  // namespace weft::graph
