// The recurrent family: layers of RNNs, LSTMs and GRUs over whole sequences, and their cells.
#pragma once

#include <vector>

#include "kernels/recurrent.h"
#include "tensor/tensor.h"

namespace weft {

struct RecurrentOptions {
  bool has_biases = true;
  int64_t num_layers = 1;
  double dropout = 0;  // between the layers, while training
  bool train = false, bidirectional = false, batch_first = false;
};

// Runs all layers. input: (steps, batch, size), with batch_first (batch, steps, size); with batch_sizes, the sequences
// that reach each time step, (rows, size). states: h_0 (layers * directions, batch, output), and c_0 of an LSTM.
// weights, for each layer and direction: w_ih, w_hh, b_ih and b_hh if there are biases, and w_hr where the output of an
// LSTM is smaller than its cell. Returns the outputs of the last layer, h_n, and c_n of an LSTM.
std::vector<Tensor> recurrent_layers(RecurrentCell cell, const Tensor& input, const Tensor& batch_sizes,
                                     const std::vector<Tensor>& states, const std::vector<Tensor>& weights,
                                     const RecurrentOptions& options);

// One step of one layer: input (batch, size) or (size), states of as many dims. Returns the new states. b_ih and b_hh
// may be undefined.
std::vector<Tensor> recurrent_cell(RecurrentCell cell, const Tensor& input, const std::vector<Tensor>& states,
                                   const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh);

}  // namespace weft
