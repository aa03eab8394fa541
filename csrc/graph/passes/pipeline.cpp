#include <algorithm>

#include "graph/passes/passes.h"

namespace weft::graph {

const std::vector<Pass>& all_passes() {
  static const std::vector<Pass> passes = {
      {"dead_code", remove_dead_code},
      {"constant_folding", fold_constants},
      {"simplify", simplify},
      {"common_subexpressions", merge_common_subexpressions},
      {"dead_code_again", remove_dead_code},
      {"pool_before_relu", pool_before_relu},
      {"layout_assignment", assign_layouts},
      {"elementwise_fusion", fuse_elementwise},
      {"recompute", recompute},
      {"row_fusion", fuse_rows},
      {"epilogue_fusion", fuse_epilogues},
  };
  return passes;
}

bool OptimizeOptions::leaves_out(const std::string& pass) const {
  return std::find(without.begin(), without.end(), pass) != without.end();
}

void optimize(Graph& g, const OptimizeOptions& options) {
  for (const std::string& name : options.without) {
    std::string names;
    bool known = false;
    for (const Pass& pass : all_passes()) {
      known |= name == pass.name;
      names += concat(names.empty() ? "" : ", ", pass.name);
    }
    check<ErrorKind::Value>(known, "WEFT_JIT_PASSES: there is no pass '", name, "'; there are ", names);
  }
  verify(g);
  if (options.after) options.after("traced", g);
  for (const Pass& pass : all_passes()) {
    if (options.leaves_out(pass.name)) continue;
    pass.run(g);
    verify(g);
    if (options.after) options.after(pass.name, g);
  }
}

}  // namespace weft::graph
