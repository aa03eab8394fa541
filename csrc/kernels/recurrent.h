// Kernel tables of the recurrent family: one layer in one direction over a whole sequence, and its derivative. All
// tensors are contiguous, of dtype float32 or float64. The rows of a sequence are ordered by time step, and within one
// by sequence; where sequences end early, the longest are the first.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

enum class RecurrentCell : uint8_t { Tanh, Relu, Lstm, Gru };

// Pre-activations of one element of the hidden state.
WEFT_INLINE int64_t gates_of(RecurrentCell cell) {
  return cell == RecurrentCell::Lstm ? 4 : cell == RecurrentCell::Gru ? 3 : 1;
}

struct RecurrentGeometry {
  RecurrentCell cell;
  bool reverse;                // from the last time step to the first
  int64_t steps, batch, rows;  // rows: of all time steps together
  int64_t hidden, output;      // sizes of the cell and of its output, which differ where that is projected
  const int64_t* batch_sizes;  // the sequences that reach each time step; nullptr: all
  WEFT_INLINE int64_t rows_at(int64_t t) const { return batch_sizes ? batch_sizes[t] : batch; }
};

struct RecurrentStep {
  int64_t first, rows;          // of the time step
  int64_t before, before_rows;  // of the step computed before it, as far as its sequences are in this one; the others
                                // begin here
};

// Calls f(step) in the order in which the layer computes, or in the opposite one for its derivative.
template <class F>
WEFT_INLINE void for_recurrent_steps(const RecurrentGeometry& g, bool backward, const F& f) {
  const bool down = g.reverse != backward;
  int64_t first = down ? g.rows : 0;
  for (int64_t i = 0; i < g.steps; i++) {
    const int64_t t = down ? g.steps - 1 - i : i, rows = g.rows_at(t), other = g.reverse ? t + 1 : t - 1;
    if (down) first -= rows;
    RecurrentStep step{first, rows, 0, 0};
    if (other >= 0 && other < g.steps) {
      const int64_t others = g.rows_at(other);
      step.before = g.reverse ? first + rows : first - others;
      step.before_rows = others < rows ? others : rows;
    }
    f(step);
    if (!down) first += rows;
  }
}

// Views without data stand for what is left out.
struct RecurrentViews {
  StridedView y, h_n, c_n;   // c_n: of an LSTM
  StridedView gates, cells;  // what the derivative needs: (rows, 4 hidden) of an LSTM (i, f, g, o) and a GRU (r, z, n,
                             // and what r is multiplied by), (rows, hidden) of an LSTM
  StridedView pre;           // x W_ih' + b, (rows, gates hidden)
  StridedView h0, c0, w_hh, b_hh, w_hr;  // b_hh: of a GRU
};
using RecurrentKernel = void(const RecurrentViews& views, const RecurrentGeometry& geometry);
extern KernelTable<RecurrentKernel> recurrent_kernel;

struct RecurrentBackwardViews {
  StridedView d_pre, d_hidden;  // d_hidden: of h W_hh' + b_hh, of a GRU; elsewhere that is d_pre
  StridedView d_h0, d_c0;
  StridedView d_output;  // of what is projected: the gradient of each output, with what later steps add
  StridedView d_y, d_h_n, d_c_n, d_gates, d_cells;  // each may be left out
  StridedView y, gates, cells, h0, c0, w_hh, w_hr;
};
using RecurrentBackwardKernel = void(const RecurrentBackwardViews& views, const RecurrentGeometry& geometry);
extern KernelTable<RecurrentBackwardKernel> recurrent_backward_kernel;

}  // namespace weft
