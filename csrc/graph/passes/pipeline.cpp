#include <algorithm>

#include "graph/passes/passes.h"

namespace weft::graph {

const std::vector<Pass>& all_passes() {
  static const std::vector<Pass> passes = {
      {"dead_code", remove_dead_code, true},
      {"constant_folding", fold_constants},
      {"simplify", simplify, true},
      {"common_subexpressions", merge_common_subexpressions, true},
      {"unused_twins", remove_dead_code, true},
      {"checkpoints", repeat_checkpoints, true},  // behind the pass that would make one node of equal ones again
      {"pool_before_relu", pool_before_relu, true},
      {"layout_assignment", assign_layouts, true},
      {"elementwise_fusion", fuse_elementwise},
      {"recompute", recompute},
      {"row_fusion", fuse_rows},
      {"epilogue_fusion", fuse_epilogues},
  };
  return passes;
}

namespace {

void check_names(const std::vector<std::string>& without) {
  for (const std::string& name : without) {
    std::string names;
    bool known = false;
    for (const Pass& pass : all_passes()) {
      known |= name == pass.name;
      names += concat(names.empty() ? "" : ", ", pass.name);
    }
    check<ErrorKind::Value>(known, "WEFT_JIT_PASSES: there is no pass '", name, "'; there are ", names);
  }
}

void run_passes(Graph& g, const OptimizeOptions& options, bool whole) {
  check_names(options.without);
  auto report = [&](const char* pass) {
    if (options.after) options.after(whole ? concat("whole_", pass).c_str() : pass, g);
  };
  verify(g);
  report("traced");
  for (const Pass& pass : all_passes()) {
    const bool left_out = std::find(options.without.begin(), options.without.end(), pass.name) != options.without.end();
    if (left_out || (whole && !pass.early)) continue;
    pass.run(g);
    verify(g);
    report(pass.name);
  }
}

}  // namespace

void optimize(Graph& g, const OptimizeOptions& options) { run_passes(g, options, false); }
void optimize_whole(Graph& g, const OptimizeOptions& options) { run_passes(g, options, true); }

}  // namespace weft::graph
