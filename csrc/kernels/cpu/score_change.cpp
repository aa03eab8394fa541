#include "kernels/cpu/score_change.h"

#include "kernels/cpu/tile_instructions.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The programs of a change over one block.
template <class C>
class ScoreLoop {
 public:
  ScoreLoop(const ScoreChange& change, int64_t heads) : change_(change), heads_(heads) {}

  void change(BlockState state, const ScoreBlock& b, C* scores, C* to, C* registers) const {
    const TileProgram& program = state == BlockState::Open ? change_.open : change_.masked;
    run(program, b, scores, nullptr, registers, [&](C* const* r, int64_t row, int64_t rows) {
      const C* from = r[program.outputs[0]];
      C* y = to + row * b.lanes;
      if (from != y)
        for (int64_t i = 0; i < rows * b.lanes; i++) y[i] = from[i];
    });
  }

  void differentiate(const ScoreBlock& b, C* scores, C* grads, C scale, const AttentionBackwardViews& views,
                     C* registers) const {
    const TileProgram& program = change_.backward;
    run(program, b, scores, grads, registers, [&](C* const* r, int64_t row, int64_t rows) {
      C* g = grads + row * b.lanes;
      for (int k = 0; k < views.num_wanted; k++)
        add_to_operand(views.operand_grads[k], b, row, rows, g, r[program.outputs[1 + k]]);
      const C* from = r[program.outputs[0]];
      for (int64_t i = 0; i < rows * b.lanes; i++) g[i] = g[i] == C(0) ? C(0) : from[i] * scale;
    });
  }

 private:
  template <class F>
  void run(const TileProgram& program, const ScoreBlock& b, C* scores, C* grads, C* registers, const F& use) const {
    const TileInstructions<C> instructions(program);
    C* r[kMaxTileRegisters];
    const int operands = change_.num_operands, inputs = 1 + operands + (grads ? 1 : 0);
    const int64_t tile_rows = smaller(kScoreTile / b.lanes, b.keys);
    for (int k = 0; k < program.num_registers; k++) r[k] = registers + k * kScoreTile;
    for (int k = 0; k < program.num_constants; k++) {
      const C value = static_cast<C>(program.constants[k]);
      for (int64_t i = 0; i < tile_rows * b.lanes; i++) r[inputs + k][i] = value;
    }
    // Gradients that pass, of a mask for instance, read nothing.
    const int first = program.outputs[0];
    const bool reads = program.count > 0 || (first > 0 && first <= operands);
    for (int k = 0; k < operands && reads; k++)
      if (score_step(change_.operands[k], 3) == 0) fill(r[1 + k], change_.operands[k], b, 0, tile_rows);
    for (int64_t row = 0; row < b.keys; row += tile_rows) {
      const int64_t rows = smaller(tile_rows, b.keys - row);
      r[0] = scores + row * b.lanes;
      if (grads) r[1 + operands] = grads + row * b.lanes;
      for (int k = 0; k < operands && reads; k++)
        if (score_step(change_.operands[k], 3) != 0) fill(r[1 + k], change_.operands[k], b, row, rows);
      instructions.execute(r, rows * b.lanes);
      use(r, row, rows);
    }
  }

  // An operand for some rows of the block. Lanes beyond the last query are 0.
  void fill(C* to, const StridedView& v, const ScoreBlock& b, int64_t row, int64_t rows) const {
    const int64_t of_query = score_step(v, 2), of_key = score_step(v, 3);
    char* data = score_place(v, heads_, b.head, b.query, b.key + row);
    if (of_key == 0) {
      for (int64_t i = b.queries; i < b.lanes; i++) to[i] = 0;
      load_run(to, data, v.dtype, of_query, b.queries);
      for (int64_t i = b.lanes; i < rows * b.lanes; i++) to[i] = to[i - b.lanes];
      return;
    }
    C column[kScoreTile];
    for (int64_t i = 0; i < (of_query == 0 ? 1 : b.queries); i++) {
      load_run(column, advance(data, i * of_query, v.dtype), v.dtype, of_key, rows);
      if (of_query == 0) {
        for (int64_t j = 0; j < rows; j++)
          for (int64_t l = 0; l < b.lanes; l++) to[j * b.lanes + l] = column[j];
      } else {
        for (int64_t j = 0; j < rows; j++) to[j * b.lanes + i] = column[j];
      }
    }
    if (of_query != 0)
      for (int64_t j = 0; j < rows; j++)
        for (int64_t l = b.queries; l < b.lanes; l++) to[j * b.lanes + l] = 0;
  }

  void add_to_operand(const StridedView& sums, const ScoreBlock& b, int64_t row, int64_t rows, const C* g,
                      const C* values) const {
    C* to = reinterpret_cast<C*>(score_place(sums, heads_, b.head, b.query, b.key + row));
    const bool of_query = sums.shape[2] > 1, of_key = sums.shape[3] > 1;
    for (int64_t j = 0; j < rows; j++)
      for (int64_t i = 0; i < b.queries; i++) {
        const int64_t l = j * b.lanes + i;
        to[of_query ? i : of_key ? j : 0] += g[l] == C(0) ? C(0) : values[l];
      }
  }

  const ScoreChange& change_;
  int64_t heads_;
};

}  // namespace

#define WEFT_SCORE_FUNCTIONS(C)                                                                                      \
  void change_scores(const ScoreChange& change, int64_t heads, BlockState state, const ScoreBlock& block, C* scores, \
                     C* to, C* registers) {                                                                          \
    ScoreLoop<C>(change, heads).change(state, block, scores, to, registers);                                         \
  }                                                                                                                  \
  void differentiate_scores(const ScoreChange& change, int64_t heads, const ScoreBlock& block, C* scores, C* grads,  \
                            C scale, const AttentionBackwardViews& views, C* registers) {                            \
    ScoreLoop<C>(change, heads).differentiate(block, scores, grads, scale, views, registers);                        \
  }
WEFT_SCORE_FUNCTIONS(float)
WEFT_SCORE_FUNCTIONS(double)

}  // namespace WEFT_ISA
}  // namespace weft
