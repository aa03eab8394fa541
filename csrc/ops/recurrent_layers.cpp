// Recurrent layers on top of each other, in one or both directions, and single steps of them: composites of products
// and of the op in recurrent.cpp.
#include "op/apply.h"
#include "op/autocast.h"
#include "op/trace_values.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/random.h"
#include "ops/recurrent.h"
#include "ops/recurrent_layer.h"

namespace weft {

namespace {

// The weights of one layer in one direction.
struct LayerWeights {
  Tensor w_ih, w_hh, b_ih, b_hh, w_hr;

  // features: what the input of this layer has; `input` is that of the first layer.
  void check_against(const char* op, RecurrentCell cell, const Tensor& input, int64_t features, int64_t hidden,
                     int64_t output) const {
    const int64_t rows = gates_of(cell) * hidden;
    check(w_ih.shape() == Shape{rows, features}, op, ": expected w_ih of shape ", Shape{rows, features},
          " for an input with ", features, " features, got shape ", w_ih.shape());
    check_like(op, "w_ih", w_ih, input);
    expect(op, "w_hh", w_hh, {rows, output}, input);
    expect(op, "b_ih", b_ih, {rows}, input);
    expect(op, "b_hh", b_hh, {rows}, input);
    expect(op, "w_hr", w_hr, {output, hidden}, input);
  }
  static void expect(const char* op, const char* what, const Tensor& t, const Shape& shape, const Tensor& input) {
    if (!t.defined()) return;
    check(t.shape() == shape, op, ": expected ", what, " of shape ", shape, ", got shape ", t.shape());
    check_like(op, what, t, input);
  }
  // Autocast brings the products' operands to one dtype.
  static bool is_cast(const Tensor& t) {
    return autocast_is_on && autocast_state(t.device().type).enabled && is_real_floating(t.dtype()) &&
           item_size(t.dtype()) <= 4;
  }
  static void check_like(const char* op, const char* what, const Tensor& t, const Tensor& input) {
    check(t.dtype() == input.dtype() || (is_cast(t) && is_cast(input)), op, ": expected ", what,
          " of the input's dtype ", input.dtype(), ", got ", t.dtype());
    check(t.device() == input.device(), op, ": expected ", what, " on the input's device ", input.device(), ", got ",
          t.device());
  }

  // x W_ih' + b; b_hh is part of it where nothing is multiplied by what the state makes.
  Tensor pre_activations(RecurrentCell cell, const Tensor& x) const {
    return linear(x, w_ih, cell == RecurrentCell::Gru || !b_ih.defined() ? b_ih : add(b_ih, b_hh));
  }
  std::vector<Tensor> run(const RecurrentRule& rule, const Tensor& x, const Tensor& h0, const Tensor& c0) const {
    return recurrent_layer(rule, pre_activations(rule.cell, x), h0, c0, w_hh,
                           rule.cell == RecurrentCell::Gru ? b_hh : Tensor(), w_hr);
  }
};

void check_floating(const char* op, const Tensor& input) {
  check(is_real_floating(input.dtype()), op, ": expected a floating point input, got dtype ", input.dtype());
}

std::vector<int64_t> checked_batch_sizes(const char* op, const Tensor& sizes, const Tensor& input) {
  check(sizes.ndim() == 1 && sizes.dtype() == DType::Int64 && sizes.device().type == DeviceType::CPU, op,
        ": expected batch_sizes with one dim, of dtype int64 and on the CPU, got shape ", sizes.shape(), " of dtype ",
        sizes.dtype(), " on ", sizes.device());
  check(!sizes.is_meta(), op, ": batch_sizes on the meta device have no values");
  check_values_readable(op, sizes);
  const Tensor known = on_host(sizes);
  const int64_t* values = known.data_as<int64_t>();
  std::vector<int64_t> list(values, values + known.numel());
  int64_t total = 0;
  for (size_t t = 0; t < list.size(); t++) {
    check(list[t] > 0 && (t == 0 || list[t] <= list[t - 1]), op,
          ": batch_sizes must be positive and must not grow, got ", list[t], " at time step ", t);
    check(list[t] <= input.size(0) - total, op, ": batch_sizes add up to more than the ", input.size(0),
          " rows of the input");
    total += list[t];
  }
  check(total == input.size(0), op, ": batch_sizes add up to ", total, ", but the input has ", input.size(0), " rows");
  return list;
}

void check_state(const char* op, const char* what, const Tensor& state, int64_t layers, int64_t batch,
                 const Tensor& input) {
  check(state.ndim() == 3 && state.size(0) == layers && state.size(1) == batch, op, ": expected ", what,
        " of shape (layers * directions, batch, size) with ", layers, " and ", batch, ", got shape ", state.shape());
  check(state.size(2) > 0, op, ": expected ", what, " with a positive size, got shape ", state.shape());
  LayerWeights::check_like(op, what, state, input);
}

// The weights of layer number `index`, counting directions.
LayerWeights weights_of(const std::vector<Tensor>& all, bool biases, bool projected, int64_t index) {
  const size_t step = 2 + 2 * static_cast<size_t>(biases) + projected;
  size_t at = static_cast<size_t>(index) * step;
  LayerWeights w;
  w.w_ih = all[at++];
  w.w_hh = all[at++];
  if (biases) w.b_ih = all[at++], w.b_hh = all[at++];
  if (projected) w.w_hr = all[at++];
  return w;
}

// A call of recurrent_layers(), checked.
struct Layers {
  const char* op;
  RecurrentCell cell;
  const RecurrentOptions& options;
  std::vector<int64_t> batch_sizes;
  int64_t steps = 0, batch = 0, hidden = 0, output = 0;
  bool projected = false;
  int64_t directions = 1, count = 1;  // count: of layers and directions

  Layers(RecurrentCell c, const RecurrentOptions& o)
      : op(recurrent_name(c)), cell(c), options(o), directions(o.bidirectional ? 2 : 1) {
    check<ErrorKind::Value>(o.num_layers > 0 && o.num_layers < (1 << 20), op, ": num_layers must be positive, got ",
                            o.num_layers);
    check<ErrorKind::Value>(o.dropout >= 0 && o.dropout <= 1, op, ": dropout must be between 0 and 1, got ", o.dropout);
    count = o.num_layers * directions;
  }

  void check_input(const Tensor& input, const Tensor& sizes) {
    check_floating(op, input);
    const int ndim = sizes.defined() ? 2 : 3;
    check(input.ndim() == ndim, op, ": expected an input of ", ndim, " dims, ",
          sizes.defined()       ? "(rows, size), beside batch_sizes"
          : options.batch_first ? "(batch, steps, size)"
                                : "(steps, batch, size)",
          ", got shape ", input.shape());
    if (sizes.defined()) {
      batch_sizes = checked_batch_sizes(op, sizes, input);
      steps = std::ssize(batch_sizes);
      batch = steps ? batch_sizes[0] : 0;
    } else {
      steps = input.size(options.batch_first ? 1 : 0);
      batch = input.size(options.batch_first ? 0 : 1);
    }
    check(steps > 0, op, ": expected at least one time step, got an input of shape ", input.shape());
  }
  void check_states(const std::vector<Tensor>& states, const Tensor& input) {
    const bool lstm = cell == RecurrentCell::Lstm;
    check(states.size() == (lstm ? 2u : 1u), op, ": expected ", lstm ? "two initial states, h_0 and c_0" : "one state",
          ", got ", states.size());
    check_state(op, "h_0", states[0], count, batch, input);
    if (lstm) check_state(op, "c_0", states[1], count, batch, input);
    output = states[0].size(2);
    hidden = states.back().size(2);
    projected = hidden != output;
  }
  void check_weights(const std::vector<Tensor>& weights) const {
    const size_t step = 2 + 2 * static_cast<size_t>(options.has_biases) + projected;
    check(weights.size() == step * static_cast<size_t>(count), op, ": expected ", step * static_cast<size_t>(count),
          " weights, ", step, " for each of ", count, " layers and directions, got ", weights.size());
  }
};

}  // namespace

std::vector<Tensor> recurrent_layers(RecurrentCell cell, const Tensor& input, const Tensor& batch_sizes,
                                     const std::vector<Tensor>& states, const std::vector<Tensor>& weights,
                                     const RecurrentOptions& options) {
  Layers l(cell, options);
  l.check_input(input, batch_sizes);
  l.check_states(states, input);
  l.check_weights(weights);
  const bool padded = !batch_sizes.defined(), swap = padded && options.batch_first;
  // (rows, size), by time step
  Tensor x = swap ? transpose(input, 0, 1) : input;
  if (padded) x = reshape(x, {l.steps * l.batch, input.size(-1)});
  for (int64_t i = 0; i < l.count; i++)
    weights_of(weights, options.has_biases, l.projected, i)
        .check_against(l.op, cell, input, i < l.directions ? input.size(-1) : l.output * l.directions, l.hidden,
                       l.output);
  std::vector<Tensor> last[2];
  for (int64_t layer = 0; layer < options.num_layers; layer++) {
    if (layer > 0 && options.train && options.dropout > 0) x = dropout(x, options.dropout, true);
    std::vector<Tensor> ys;
    for (int64_t d = 0; d < l.directions; d++) {
      const int64_t i = layer * l.directions + d;
      const LayerWeights w = weights_of(weights, options.has_biases, l.projected, i);
      const std::vector<Tensor> out = w.run({cell, d == 1, l.projected, l.batch_sizes}, x, select(states[0], 0, i),
                                            cell == RecurrentCell::Lstm ? select(states[1], 0, i) : Tensor());
      ys.push_back(out[0]);
      for (size_t k = 1; k < out.size(); k++) last[k - 1].push_back(out[k]);
    }
    x = ys.size() == 1 ? ys[0] : cat(ys, 1);
  }
  if (padded) x = reshape(x, {l.steps, l.batch, l.output * l.directions});
  std::vector<Tensor> results{swap ? transpose(x, 0, 1) : x};
  for (const std::vector<Tensor>& list : last)
    if (!list.empty()) results.push_back(stack(list));
  return results;
}

std::vector<Tensor> recurrent_cell(RecurrentCell cell, const Tensor& input, const std::vector<Tensor>& states,
                                   const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh) {
  const std::string name = std::string(recurrent_name(cell)) + "_cell";
  const char* op = name.c_str();
  const bool lstm = cell == RecurrentCell::Lstm;
  check_floating(op, input);
  check(input.ndim() == 1 || input.ndim() == 2, op, ": expected an input of shape (batch, size) or (size,), got shape ",
        input.shape());
  check(b_ih.defined() == b_hh.defined(), op, ": give b_ih and b_hh, or neither");
  check(states.size() == (lstm ? 2u : 1u), op, ": expected ", lstm ? "two states, h and c" : "one state", ", got ",
        states.size());
  check(w_hh.ndim() == 2 && w_hh.size(0) > 0 && w_hh.size(0) == gates_of(cell) * w_hh.size(1), op,
        ": expected w_hh of shape (", gates_of(cell), " * hidden, hidden), got shape ", w_hh.shape());
  Shape wanted{w_hh.size(1)};
  if (input.ndim() == 2) wanted.insert(0, input.size(0));
  for (const Tensor& state : states) {
    check(state.shape() == wanted, op, ": expected states of shape ", wanted, " for an input of shape ", input.shape(),
          ", got shape ", state.shape());
    LayerWeights::check_like(op, "states", state, input);
  }
  const LayerWeights weights{w_ih, w_hh, b_ih, b_hh, {}};
  weights.check_against(op, cell, input, input.size(-1), w_hh.size(1), w_hh.size(1));
  auto rows = [&](const Tensor& t) { return t.ndim() == 1 ? unsqueeze(t, 0) : t; };
  const std::vector<Tensor> out =
      weights.run({cell, false, false, {}}, rows(input), rows(states[0]), lstm ? rows(states[1]) : Tensor());
  std::vector<Tensor> results;
  for (size_t i = 1; i < out.size(); i++) results.push_back(input.ndim() == 1 ? squeeze(out[i], 0) : out[i]);
  return results;
}

}  // namespace weft
