// TileCode: what an elementwise op says of itself in the language of kernels/tile.h, so that it can be fused with
// others.
#pragma once

#include <vector>

#include "kernels/tile.h"
#include "op/op.h"

namespace weft {

// A reduction over the dimensions of `mask`, which may end a fused program.
struct FoldSpec {
  Fold fold;
  uint64_t mask;
  bool keepdim;
  DType dtype;  // of the result
  bool operator==(const FoldSpec&) const = default;
};

// Instructions whose operands are numbered as they come: inputs, constants and results of instructions.
class TileCode {
 public:
  struct Instruction {
    TileOp op;
    int result;
    int operands[3];
    DType dtype;
    int function;
    scalar::Params params;
  };
  // compute: float32 or float64.
  explicit TileCode(DType compute) : compute_(compute) {}

  DType compute() const { return compute_; }
  int input() { return next_++; }
  int constant(double v) {
    constants_.emplace_back(next_, v);
    return next_++;
  }
  // dtype: of the op's result. Returns the number of the result.
  int add(TileOp op, DType dtype, int a, int b = -1, int c = -1, int function = 0, const scalar::Params& params = {}) {
    instructions_.push_back({op, next_, {a, b, c}, dtype, function, params});
    return next_++;
  }

  // The last instruction stores another dtype.
  void store_as(DType dtype) { instructions_.back().dtype = dtype; }

  const std::vector<Instruction>& instructions() const { return instructions_; }
  const std::vector<std::pair<int, double>>& constants() const { return constants_; }
  int size() const { return next_; }

 private:
  DType compute_;
  int next_ = 0;
  std::vector<std::pair<int, double>> constants_;
  std::vector<Instruction> instructions_;
};

}  // namespace weft
