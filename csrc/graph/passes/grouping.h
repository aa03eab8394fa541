// Grouping: what the passes share that make one node of several. Every node starts as a group of its own; a group is
// known by the number of one of its nodes.
#pragma once

#include <functional>
#include <vector>

#include "graph/graph.h"

namespace weft::graph {

class Grouping {
 protected:
  explicit Grouping(Graph& g);

  // The group that makes a value; -1: none. A view counts as made by what makes the values it shows, if its entry in
  // shown_ says so.
  int maker_group(ValueId v) const;
  // Does group `from` depend on `target` through other groups?
  bool depends_through_others(int from, int target);
  // Puts the nodes of `from` before or after those of `to`.
  void join(int to, int from, bool in_front = false);
  // The nodes anew, one for each group, in an order in which they can run; ops that are not pure keep theirs. fuse()
  // makes one node of a group of several, and of groups of one for which `also` says so.
  void rebuild(const std::function<Node(int group)>& fuse, const std::function<bool(int group)>& also = {});

  Graph& g_;
  Uses uses_;
  std::vector<ValueId> shown_;             // of every value: itself, or the one that it is a view of
  std::vector<int> group_of_;              // of every node
  std::vector<std::vector<int>> members_;  // of every group; empty for those that were joined to others

 private:
  std::vector<int> impure_before_;  // of nodes that are not pure: the one that must run before
  std::vector<int> seen_;           // of groups: the last search that met them
  int stamp_ = 0;
};

}  // namespace weft::graph
