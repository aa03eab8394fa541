// One recurrent layer in one direction, as recurrent_layers() puts them together.
#pragma once

#include <vector>

#include "kernels/recurrent.h"
#include "op/fields.h"
#include "tensor/tensor.h"

namespace weft {

struct RecurrentRule {
  RecurrentCell cell = RecurrentCell::Tanh;
  bool reverse = false, projected = false;
  std::vector<int64_t> batch_sizes;  // the sequences that reach each time step; empty: all
  WEFT_FIELDS(cell, reverse, projected, batch_sizes);
};

// "lstm"
const char* recurrent_name(RecurrentCell cell);

// From pre (rows, gates hidden), which is x W_ih' + b, h0 (batch, output), c0 (batch, hidden) of an LSTM, w_hh, b_hh
// of a GRU or nothing, w_hr or nothing: y (rows, output), h_n, and c_n of an LSTM, of the dtype that pre and h0 promote
// to.
std::vector<Tensor> recurrent_layer(const RecurrentRule& rule, const Tensor& pre, const Tensor& h0, const Tensor& c0,
                                    const Tensor& w_hh, const Tensor& b_hh, const Tensor& w_hr);

}  // namespace weft
