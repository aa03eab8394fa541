#include "ops/recurrent.h"

#include "bindings/bindings.h"

namespace weft::python {

namespace {

constexpr const char* kArguments =
    "hx holds the initial states, each (num_layers * directions, batch, size); params the weights of each layer and\n"
    "direction in turn: w_ih, w_hh, then b_ih and b_hh if has_biases. In the first form input is (steps, batch,\n"
    "size), with batch_first (batch, steps, size); in the second it holds the rows of a PackedSequence and\n"
    "batch_sizes how many sequences reach each time step. Dropout comes between the layers where train is set.\n\n";

// The forms of a function over sequences; `states` reads hx.
template <class Hx, class States>
void def_layers(Family& f, const char* name, const char* hx, RecurrentCell cell, States states,
                const std::string& doc) {
  auto padded = [cell, states](const Tensor& input, const Hx& given, const std::vector<Tensor>& params, bool has_biases,
                               int64_t num_layers, double dropout, bool train, bool bidirectional, bool batch_first) {
    return tuple_of(recurrent_layers(cell, input, {}, states(given), params,
                                     {has_biases, num_layers, dropout, train, bidirectional, batch_first}));
  };
  auto packed = [cell, states](const Tensor& data, const Tensor& batch_sizes, const Hx& given,
                               const std::vector<Tensor>& params, bool has_biases, int64_t num_layers, double dropout,
                               bool train, bool bidirectional) {
    return tuple_of(recurrent_layers(cell, data, batch_sizes, states(given), params,
                                     {has_biases, num_layers, dropout, train, bidirectional, false}));
  };
  const std::string count = cell == RecurrentCell::Lstm ? "tuple[Tensor, Tensor, Tensor]" : "tuple[Tensor, Tensor]";
  const std::string rest = "params, has_biases, num_layers, dropout, train, bidirectional";
  f.function(name, ("(input, " + std::string(hx) + ", " + rest + ", batch_first) -> " + count).c_str(), padded,
             doc.c_str());
  f.function(name, ("(data, batch_sizes, " + std::string(hx) + ", " + rest + ") -> " + count).c_str(), packed,
             doc.c_str());
}

std::string layers_doc(const std::string& what, const std::string& results, const std::string& example) {
  return what + "\n\n" + kArguments + "Returns " + results +
         "\n\nRaises RuntimeError for shapes and dtypes that do not fit, ValueError for num_layers below 1 and "
         "dropout\n"
         "outside of 0 to 1.\n\n" +
         example;
}

std::string example_of(const std::string& name, const std::string& gates, bool lstm) {
  const std::string hx = lstm ? "(h, h)" : "h";
  return ">>> import weft\n"
         ">>> x, h = weft.zeros(5, 2, 3), weft.zeros(1, 2, 4)\n"
         ">>> params = [weft.zeros(" +
         gates + ", 3), weft.zeros(" + gates +
         ", 4)]\n"
         ">>> out = weft." +
         name + "(x, " + hx +
         ", params, False, 1, 0.0, False, False, False)\n"
         ">>> out[0].shape == (5, 2, 4), out[1].shape == (1, 2, 4)\n"
         "(True, True)\n";
}

void def_cell(Family& f, const char* name, RecurrentCell cell, const std::string& what, const std::string& gates) {
  f.function(
      name, "(input, hx, w_ih, w_hh, b_ih=None, b_hh=None)",
      [cell](const Tensor& input, const Tensor& hx, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
             const Tensor& b_hh) { return recurrent_cell(cell, input, {hx}, w_ih, w_hh, b_ih, b_hh)[0]; },
      (what +
       "\n\ninput is (batch, size) or (size,), hx (batch, hidden) or (hidden,); the new state is like hx.\n\n"
       "Raises RuntimeError for shapes and dtypes that do not fit.\n\n"
       ">>> import weft\n"
       ">>> weft." +
       name + "(weft.zeros(2), weft.zeros(3), weft.zeros(" + gates + ", 2), weft.zeros(" + gates +
       ", 3))\n"
       "tensor([0., 0., 0.])\n")
          .c_str());
}

void bind_cells(Family& f) {
  f.function(
      "lstm_cell", "(input, hx, w_ih, w_hh, b_ih=None, b_hh=None) -> tuple[Tensor, Tensor]",
      [](const Tensor& input, const std::vector<Tensor>& hx, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih,
         const Tensor& b_hh) {
        return tuple_of(recurrent_cell(RecurrentCell::Lstm, input, hx, w_ih, w_hh, b_ih, b_hh));
      },
      "One step of an LSTM (Hochreiter and Schmidhuber, 1997; Gers et al., 2000): i, f, g and o are parts of\n"
      "input w_ih^T + b_ih + h w_hh^T + b_hh, c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c').\n\n"
      "input is (batch, size) or (size,), hx the states h and c, (batch, hidden) or (hidden,). Returns h' and c'.\n\n"
      "Raises RuntimeError for shapes and dtypes that do not fit.\n\n"
      ">>> import weft\n"
      ">>> h = weft.zeros(3)\n"
      ">>> weft.lstm_cell(weft.zeros(2), (h, h), weft.zeros(12, 2), weft.zeros(12, 3))\n"
      "(tensor([0., 0., 0.]), tensor([0., 0., 0.]))\n");
  def_cell(f, "gru_cell", RecurrentCell::Gru,
           "One step of a GRU (Cho et al., 2014): r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z),\n"
           "n = tanh(x_n + r h_n), h' = (1 - z) n + z h, where the x are parts of input w_ih^T + b_ih, the others of\n"
           "h w_hh^T + b_hh.",
           "9");
  def_cell(f, "rnn_tanh_cell", RecurrentCell::Tanh,
           "One step of an RNN (Elman, 1990): tanh(input w_ih^T + b_ih + h w_hh^T + b_hh).", "3");
  def_cell(f, "rnn_relu_cell", RecurrentCell::Relu,
           "One step of an RNN with relu: relu(input w_ih^T + b_ih + h w_hh^T + b_hh).", "3");
}

}  // namespace

void bind_recurrent(Family& f, Family&) {
  auto one = [](const Tensor& h) { return std::vector<Tensor>{h}; };
  def_layers<std::vector<Tensor>>(
      f, "lstm", "hx", RecurrentCell::Lstm, [](const std::vector<Tensor>& hx) { return hx; },
      layers_doc(
          "Layers of an LSTM (Hochreiter and Schmidhuber, 1997; Gers et al., 2000); lstm_cell says what a step\n"
          "computes. Where h_0 is smaller than c_0, w_hr (Sak, Senior and Beaufays, 2014) is the last weight of\n"
          "each layer and direction: the output is projected by it.",
          "the outputs of the last layer, like input, and the last states h_n and c_n.",
          example_of("lstm", "16", true)));
  def_layers<Tensor>(
      f, "gru", "hx", RecurrentCell::Gru, one,
      layers_doc("Layers of a GRU (Cho et al., 2014); gru_cell says what a step computes.",
                 "the outputs of the last layer, like input, and the last state h_n.", example_of("gru", "12", false)));
  def_layers<Tensor>(f, "rnn_tanh", "hx", RecurrentCell::Tanh, one,
                     layers_doc("Layers of an RNN (Elman, 1990) with tanh; rnn_tanh_cell says what a step computes.",
                                "the outputs of the last layer, like input, and the last state h_n.",
                                example_of("rnn_tanh", "4", false)));
  def_layers<Tensor>(f, "rnn_relu", "hx", RecurrentCell::Relu, one,
                     layers_doc("Layers of an RNN with relu; rnn_relu_cell says what a step computes.",
                                "the outputs of the last layer, like input, and the last state h_n.",
                                example_of("rnn_relu", "4", false)));
  bind_cells(f);
}

}  // namespace weft::python
