// Changes of attention's scores, block by block: tile programs over scores[key][query] and operands that broadcast to
// them (Dong et al., "FlexAttention: a programming model for generating optimized attention kernels", 2024).
#pragma once

#include "kernels/attention.h"
#include "kernels/cpu/attention_blocks.h"

namespace weft {
namespace WEFT_ISA {

constexpr int64_t kScoreTile = 512;  // elements of a register

// Scores of keys `key` to key + keys with the queries from `query` on; `lanes` to a row, of which `queries` are real.
struct ScoreBlock {
  int64_t head, query, queries, key, keys, lanes;
};

// Defined in score_change.cpp, once for each instruction set. heads: of a batch; registers: kScoreTile elements each.
#define WEFT_SCORE_FUNCTIONS(C)                                                                                       \
  /* scores -> the new scores, which may lie on them */                                                               \
  WEFT_HIDDEN void change_scores(const ScoreChange& change, int64_t heads, BlockState state, const ScoreBlock& block, \
                                 C* scores, C* to, C* registers);                                                     \
  /* Gradients of the new scores -> those of the scores, times `scale`; those of operands are added to their sums.    \
     What does not come to a score has no gradient there, whatever the derivative. */                                 \
  WEFT_HIDDEN void differentiate_scores(const ScoreChange& change, int64_t heads, const ScoreBlock& block, C* scores, \
                                        C* grads, C scale, const AttentionBackwardViews& views, C* registers);
WEFT_SCORE_FUNCTIONS(float)
WEFT_SCORE_FUNCTIONS(double)
#undef WEFT_SCORE_FUNCTIONS

// Elements from an operand's or a table's first one.
WEFT_INLINE int64_t score_step(const StridedView& v, int d) { return v.shape[d] == 1 ? 0 : v.strides[d]; }
WEFT_INLINE char* score_place(const StridedView& v, int64_t heads, int64_t head, int64_t row, int64_t column) {
  const int64_t elements = head / heads * score_step(v, 0) + head % heads * score_step(v, 1) + row * score_step(v, 2);
  return advance(v.data, elements + column * score_step(v, 3), v.dtype);
}

namespace {

// What attention's kernels know of a change; nullptr: there is none.
template <class C>
class ScoreChanger {
 public:
  ScoreChanger(const ScoreChange* change, int64_t heads) : change_(change), heads_(heads) {}

  explicit operator bool() const { return change_ != nullptr; }
  int64_t register_elements() const {
    if (!change_) return 0;
    int most = change_->open.num_registers;
    if (change_->masked.num_registers > most) most = change_->masked.num_registers;
    if (change_->backward.num_registers > most) most = change_->backward.num_registers;
    return most * kScoreTile;
  }

  // Is a query with this sum of exp one that sees no key? Scores that are -inf without a change give NaN.
  bool without_keys(C sum) const { return change_ && sum == C(0); }

  BlockState state(int64_t head, int64_t query, int64_t key) const {
    if (!change_) return BlockState::Open;
    if (!change_->states.data) return BlockState::Partial;
    const int64_t row = query / change_->block_rows, column = key / change_->block_columns;
    return *reinterpret_cast<const BlockState*>(score_place(change_->states, heads_, head, row, column));
  }

  void change(BlockState state, const ScoreBlock& block, C* scores, C* to, C* registers) const {
    change_scores(*change_, heads_, state, block, scores, to, registers);
  }
  void differentiate(const ScoreBlock& block, C* scores, C* grads, C scale, const AttentionBackwardViews& views,
                     C* registers) const {
    differentiate_scores(*change_, heads_, block, scores, grads, scale, views, registers);
  }

 private:
  const ScoreChange* change_;
  int64_t heads_;
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
