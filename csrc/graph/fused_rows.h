// Rows: an op that stands for several which compute every row of their operands by itself. It takes a block of rows
// through all of them before the next one, so that what they hand on stays in the caches. What nobody else reads exists
// for one block only.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace weft::graph {

struct FusedRows : OpOf<FusedRows> {
  static constexpr const char* kName = "rows";
  static constexpr Traits kTraits{.differentiable = false, .scratch = true, .any_dtype = true};

  // A tensor as a member sees it.
  struct Operand {
    enum class Kind : uint8_t { Input, Output, Local };
    Kind kind = Kind::Local;
    int index = 0;       // of the input or output of the whole; of the local's place in memory
    Value type;          // over all rows
    int64_t offset = 0;  // elements from the first one of the output or local, of which it may be a view
    int missing = 0;     // leading dimensions of the member's outputs that it does not have
  };
  struct Member {
    Ref<const Op> op;
    std::vector<int> operands;  // inputs, then outputs, as places in `operands`; -1: left out
    int num_inputs = 0;
  };

  Shape rows;  // leading dimensions of all operands of members that are not broadcast along them
  std::vector<Operand> operands;
  std::vector<Member> members;  // in the order in which they run
  std::vector<Value> outputs;
  std::vector<int> written_over;     // of every output: the input that it may lie on; -1: none
  std::vector<int64_t> local_bytes;  // for one row, of every place for locals
  int64_t row_bytes = 0;             // read and written for one row
  int64_t id = 0;                    // no two are equal
  WEFT_FIELDS(id);

  // All but `id` and `row_bytes` is final when this is called.
  void seal();
  int num_outputs() const override { return static_cast<int>(outputs.size()); }
  int overwrites(int output) const override { return written_over[static_cast<size_t>(output)]; }
  void infer(Inputs in, OutputSpec* out) const override;
  void run(Inputs in, const Tensor* out) const override;
  std::string text() const override;

 private:
  struct Blocks;
  class Worker;
};

}  // namespace weft::graph
