// Attention whose scores a program changes (Dong et al., "FlexAttention: a programming model for generating optimized
// attention kernels", 2024), as one kernel.
#pragma once

#include "graph/score_program.h"

namespace weft::graph {

// A table of blocks (batch or 1, heads or 1, blocks of queries, blocks of keys) of BlockState, uint8; undefined: all
// Partial.
struct BlockTable {
  Tensor states;
  int64_t rows = 0, columns = 0;
};

// Raises unless the shapes and dtypes are those of attention, and the table has a block for every score.
void check_flex_attention(const Tensor& q, const Tensor& k, const Tensor& v, const BlockTable& table);

// Has the device a kernel for such operands and such a table?
bool has_flex_attention(const Tensor& q, const Tensor& k, const Tensor& v, const BlockTable& table);

// The output, and the logarithm of each query's sum of exp(score), (batch, heads, queries). The program was compiled
// for these operands.
std::vector<Tensor> flex_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                   const std::vector<Tensor>& operands, const BlockTable& table,
                                   Ref<const ScoreProgram> program, uint32_t wanted, double scale);

}  // namespace weft::graph
