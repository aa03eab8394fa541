// Kernel tables of the attention family. Where a device has no kernel, or its kernel does not support the inputs,
// attention is a composite of products and a softmax. Views have the dims (batch, heads, length, size).
#pragma once

#include "kernels/table.h"
#include "kernels/tile.h"
#include "kernels/view.h"

namespace weft {

constexpr int kMaxScoreOperands = 16;

// What a table of blocks says of the keys that the queries of a block see.
enum class BlockState : uint8_t { Hidden, Partial, Open };

// What becomes of the scores before the softmax: programs over the score and operands that broadcast to the scores.
struct ScoreChange {
  // Inputs: the score, then the operands; output: the new score. `masked` is for blocks that are Partial, and gives
  // hidden keys -inf; `open` is for the others. Without instructions the score stays as it is.
  TileProgram open, masked;
  // Inputs: the score, the operands, the gradient of the new score; outputs: that of the score, then those of the
  // operands that want one.
  TileProgram backward;
  const StridedView* operands;  // (batch, heads, queries, keys), 1 for what they do not depend on
  int num_operands;
  // The table (batch, heads, blocks of queries, blocks of keys) of BlockState; no data: all Partial. A block of queries
  // has a multiple of kScoreBlockRows of them, or there is one; so for keys.
  StridedView states;
  int64_t block_rows, block_columns;
};
constexpr int64_t kScoreBlockRows = 64, kScoreBlockColumns = 128;

struct AttentionRule {
  bool causal;   // query i sees keys 0 to i
  double scale;  // of the scores
  const ScoreChange* change = nullptr;
};

// Are the heads of one query adjacent in memory, not the queries of one head?
WEFT_INLINE bool heads_inside_length(const int64_t* shape, const int64_t* strides) {
  return shape[1] > 1 && shape[2] > 1 && strides[1] < strides[2];
}

// Can the other two kernels do this? Looks at dtypes, shapes, strides and alignment, not at values.
using AttentionSupportKernel = void(StridedView q, StridedView k, StridedView v, AttentionRule rule, bool* supported);
extern KernelTable<AttentionSupportKernel> attention_support_kernel;

// out = softmax(scale q k') v; stats (batch, heads, length, 1), float32, for float64 inputs float64: the logarithm
// of each row's sum of exp. A query whose scores are all -inf gives 0 and -inf.
using AttentionKernel = void(StridedView out, StridedView stats, StridedView q, StridedView k, StridedView v,
                             AttentionRule rule);
extern KernelTable<AttentionKernel> attention_kernel;

struct AttentionBackwardViews {
  StridedView dq, dk, dv, grad, q, k, v, out, stats;
  // With a change of scores only. The gradient of stats, or no data; and of each operand that wants one its gradient
  // (batch, heads, queries or 1, keys or 1), contiguous, of the dtype of stats. No operand depends on queries and keys.
  StridedView grad_stats{};
  const StridedView* operand_grads = nullptr;
  const int* wanted = nullptr;  // which operands
  int num_wanted = 0;
};
using AttentionBackwardKernel = void(const AttentionBackwardViews& views, AttentionRule rule);
extern KernelTable<AttentionBackwardKernel> attention_backward_kernel;

}  // namespace weft
