// One layer of an RNN, LSTM or GRU in one direction, over whole sequences: an op, its derivative, and what both are
// made of. The product of all inputs with W_ih comes before it, and with its derivative after it: ops of their own.
#include <algorithm>
#include <numeric>

#include "kernels/recurrent.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/flops.h"
#include "op/grad_mode.h"
#include "op/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/recurrent_layer.h"
#include "ops/reduction.h"
#include "ops/tensor_math.h"

namespace weft {

constinit KernelTable<RecurrentKernel> recurrent_kernel{"recurrent"};
constinit KernelTable<RecurrentBackwardKernel> recurrent_backward_kernel{"recurrent_backward"};

template <>
constexpr int64_t kEnumSize<RecurrentCell> = 4;

const char* recurrent_name(RecurrentCell cell) {
  constexpr const char* names[] = {"rnn_tanh", "rnn_relu", "lstm", "gru"};
  return names[static_cast<int>(cell)];
}

namespace {

RecurrentGeometry geometry(const RecurrentRule& rule, const Tensor& rows, const Tensor& h0, const Tensor& w_hh) {
  const int64_t batch = h0.size(0), total = rows.size(0);
  const int64_t steps = rule.batch_sizes.empty() ? (batch ? total / batch : 0) : std::ssize(rule.batch_sizes);
  return {rule.cell,  rule.reverse,
          steps,      batch,
          total,      w_hh.size(0) / gates_of(rule.cell),
          h0.size(1), rule.batch_sizes.empty() ? nullptr : rule.batch_sizes.data()};
}

// Outputs that only the derivative reads: the gates of an LSTM and a GRU, the cells of an LSTM.
int num_kept(RecurrentCell cell) { return cell == RecurrentCell::Lstm ? 2 : cell == RecurrentCell::Gru ? 1 : 0; }
int num_states(RecurrentCell cell) { return cell == RecurrentCell::Lstm ? 2 : 1; }

// The states (rows, size) before every row, from those after it and the initial ones.
Tensor states_before(const RecurrentGeometry& g, const Tensor& states, const Tensor& initial) {
  if (!g.batch_sizes) {
    const int64_t others = std::max<int64_t>(g.rows - g.batch, 0);
    return g.reverse ? cat({narrow(states, 0, g.rows - others, others), initial})
                     : cat({initial, narrow(states, 0, 0, others)});
  }
  std::vector<Tensor> parts;
  for_recurrent_steps(g, g.reverse, [&](const RecurrentStep& s) {
    if (s.before_rows > 0) parts.push_back(narrow(states, 0, s.before, s.before_rows));
    if (s.rows > s.before_rows) parts.push_back(narrow(initial, 0, s.before_rows, s.rows - s.before_rows));
  });
  return cat(parts);
}

// The gradients or values of the sequences that are not in a step stay as they are.
Tensor with_first(const Tensor& all, const Tensor& first) {
  const int64_t rest = all.size(0) - first.size(0);
  return rest == 0 ? first : cat({first, narrow(all, 0, first.size(0), rest)});
}

// Rows of the steps, in the order of their times.
Tensor in_time_order(const RecurrentGeometry& g, bool backward, std::vector<Tensor>& parts, const Tensor& like,
                     int64_t size) {
  if (parts.empty()) return zeros({0, size}, like.dtype(), like.device());
  if (g.reverse != backward) std::reverse(parts.begin(), parts.end());
  return cat(parts);
}

// A run of `size` columns.
Tensor columns(const Tensor& x, int64_t index, int64_t size) { return narrow(x, 1, index * size, size); }

Tensor product(const Tensor& a, const Tensor& b, const Tensor& base = {}) {
  return base.defined() ? add(base, matmul(a, b)) : matmul(a, b);
}

void check_rule(const InputCheck& in, const RecurrentRule& rule, const Tensor& rows, int h0) {
  const auto& sizes = rule.batch_sizes;
  in.that(!rule.projected || rule.cell == RecurrentCell::Lstm, "a projection of an LSTM");
  in.ndim(h0, 2);
  const int64_t batch = in[h0].size(0), total = rows.size(0);
  if (sizes.empty()) {
    in.that(batch > 0 ? total % batch == 0 : total == 0, "whole time steps");
    return;
  }
  in.that(sizes.front() == batch && sizes.back() >= 0 && std::is_sorted(sizes.rbegin(), sizes.rend()),
          "sequences ordered by length");
  in.that(total / std::ssize(sizes) <= batch && std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) == total,
          "as many rows as the time steps have");
}

// inputs: gradients of the outputs of Recurrent (y, h_n, c_n, gates, cells) as far as there are any; y, gates, cells,
// h0, c0, w_hh, w_hr. Outputs: gradients of the pre-activations and h0; of an LSTM of c0, of a GRU of h W_hh' + b_hh;
// and where it is projected, of each output with what later steps add to it.
struct RecurrentBackward : OpOf<RecurrentBackward> {
  static constexpr const char* kName = "recurrent_backward";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true};
  enum In { DY, DHn, DCn, DGates, DCells, Y, Gates, Cells, H0, C0, Whh, Whr, kInputs };
  RecurrentRule rule;
  WEFT_FIELDS(rule);
  explicit RecurrentBackward(const RecurrentRule& r) : rule(r) {}
  bool lstm() const { return rule.cell == RecurrentCell::Lstm; }
  bool gru() const { return rule.cell == RecurrentCell::Gru; }

  void check_inputs(const InputCheck& in) const {
    in.count(kInputs, (1u << DY) | (1u << DHn) | (1u << DCn) | (1u << DGates) | (1u << DCells) | (1u << Gates) |
                          (1u << Cells) | (1u << C0) | (1u << Whr));
    in.floating(Y).that(item_size(in[Y].dtype()) >= 4, "float32 or float64").ndim(Y, 2).ndim(Whh, 2);
    check_rule(in, rule, in[Y], H0);
    const int64_t rows = in[Y].size(0), batch = in[H0].size(0), out = in[Y].size(1), gates = gates_of(rule.cell);
    const int64_t n = in[Whh].size(0) / gates;
    in.that(n > 0 && out > 0 && in[Whh].size(0) % gates == 0, "whole gates").shape(Whh, {gates * n, out});
    in.that(in.has(Gates) == (lstm() || gru()) && in.has(Cells) == lstm() && in.has(C0) == lstm() &&
                in.has(Whr) == rule.projected && (rule.projected || n == out),
            "what the cell has");
    in.that(in.has(DGates) == in.has(DCells) || !lstm(), "gradients of gates and cells, or none");
    in.that((lstm() || (!in.has(DCn) && !in.has(DCells))) && (lstm() || gru() || !in.has(DGates)), "no more gradients");
    for (int i : {DY, Y}) own(in, i, {rows, out});
    for (int i : {DHn, H0}) own(in, i, {batch, out});
    for (int i : {DCn, C0}) own(in, i, {batch, n});
    for (int i : {DGates, Gates}) own(in, i, {rows, 4 * n});
    for (int i : {DCells, Cells}) own(in, i, {rows, n});
    own(in, Whh, {gates * n, out});
    own(in, Whr, {out, n});
  }
  static void own(const InputCheck& in, int i, const Shape& shape) {
    if (in.has(i)) in.dtype(i, in[Y].dtype()).shape(i, shape).contiguous(i);
  }

  int num_outputs() const override { return 2 + (lstm() || gru()) + rule.projected; }
  void infer(Inputs in, OutputSpec* out) const override {
    const DType t = in[Y].dtype();
    const Shape pre{in[Y].size(0), in[Whh].size(0)};
    int k = 0;
    out[k++] = {pre, t, {}};
    out[k++] = {in[H0].shape(), t, {}};
    if (lstm()) out[k++] = {in[C0].shape(), t, {}};
    if (gru()) out[k++] = {pre, t, {}};
    if (rule.projected) out[k++] = {in[Y].shape(), t, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    RecurrentBackwardViews v{};
    int k = 0;
    v.d_pre = view_of(out[k++]);
    v.d_h0 = view_of(out[k++]);
    if (lstm()) v.d_c0 = view_of(out[k++]);
    if (gru()) v.d_hidden = view_of(out[k++]);
    if (rule.projected) v.d_output = view_of(out[k++]);
    v.d_y = view_or_none(in[DY]), v.d_h_n = view_or_none(in[DHn]), v.d_c_n = view_or_none(in[DCn]);
    v.d_gates = view_or_none(in[DGates]), v.d_cells = view_or_none(in[DCells]);
    v.y = view_of(in[Y]), v.gates = view_or_none(in[Gates]), v.cells = view_or_none(in[Cells]);
    v.h0 = view_of(in[H0]), v.c0 = view_or_none(in[C0]), v.w_hh = view_of(in[Whh]), v.w_hr = view_or_none(in[Whr]);
    recurrent_backward_kernel(out[0].device(), v, geometry(rule, in[Y], in[H0], in[Whh]));
  }
  std::vector<Tensor> decompose(Inputs in) const override;
};

std::vector<Tensor> RecurrentBackward::decompose(Inputs in) const {
  const RecurrentGeometry g = geometry(rule, in[Y], in[H0], in[Whh]);
  const int64_t n = g.hidden;
  const Scalar one(1.0);
  Tensor dh = in[DHn].defined() ? in[DHn] : zeros_like(in[H0]), dc;
  if (lstm()) dc = in[DCn].defined() ? in[DCn] : zeros_like(in[C0]);
  const Tensor h_before = gru() ? states_before(g, in[Y], in[H0]) : Tensor();
  const Tensor c_before = lstm() ? states_before(g, in[Cells], in[C0]) : Tensor();
  std::vector<Tensor> d_pre, d_hidden, d_output;
  for_recurrent_steps(g, true, [&](const RecurrentStep& s) {
    auto at = [&](const Tensor& t) { return narrow(t, 0, s.first, s.rows); };
    auto plus = [&](const Tensor& t, const Tensor& more) { return more.defined() ? add(t, more) : t; };
    auto extra = [&](int64_t i) { return in[DGates].defined() ? columns(at(in[DGates]), i, n) : Tensor(); };
    Tensor d = narrow(dh, 0, 0, s.rows), direct, through;
    if (in[DY].defined()) d = add(d, at(in[DY]));
    if (lstm()) {
      if (rule.projected) d_output.push_back(d), d = matmul(d, in[Whr]);
      const Tensor gates = at(in[Gates]), i = columns(gates, 0, n), f = columns(gates, 1, n), m = columns(gates, 2, n),
                   o = columns(gates, 3, n), t = tanh(at(in[Cells]));
      Tensor cell = narrow(dc, 0, 0, s.rows) + d * o * (one - t * t);
      if (in[DCells].defined()) cell = cell + at(in[DCells]);
      through = cat({plus(cell * m, extra(0)) * i * (one - i), plus(cell * at(c_before), extra(1)) * f * (one - f),
                     plus(cell * i, extra(2)) * (one - m * m), plus(d * t, extra(3)) * o * (one - o)},
                    1);
      d_pre.push_back(through);
      dc = with_first(dc, cell * f);
    } else if (gru()) {
      const Tensor gates = at(in[Gates]), r = columns(gates, 0, n), z = columns(gates, 1, n), m = columns(gates, 2, n),
                   hn = columns(gates, 3, n);
      const Tensor dz = plus(d * (at(h_before) - m), extra(1)) * z * (one - z);
      const Tensor dm = plus(d * (one - z), extra(2)) * (one - m * m);
      const Tensor dr = plus(dm * hn, extra(0)) * r * (one - r);
      d_pre.push_back(cat({dr, dz, dm}, 1));
      through = cat({dr, dz, plus(dm * r, extra(3))}, 1);
      d_hidden.push_back(through);
      direct = d * z;
    } else {
      const Tensor y = at(in[Y]);
      through = rule.cell == RecurrentCell::Relu ? where(y <= Scalar(0.0), Scalar(0.0), d) : d * (one - y * y);
      d_pre.push_back(through);
    }
    dh = with_first(dh, product(through, in[Whh], direct));
  });
  std::vector<Tensor> out{in_time_order(g, true, d_pre, dh, in[Whh].size(0)), dh};
  if (lstm()) out.push_back(dc);
  if (gru()) out.push_back(in_time_order(g, true, d_hidden, dh, in[Whh].size(0)));
  if (rule.projected) out.push_back(in_time_order(g, true, d_output, dh, g.output));
  return out;
}

// inputs: pre-activations (rows, gates hidden), h0, c0 of an LSTM, w_hh, b_hh of a GRU or nothing, w_hr where the
// output is projected. Outputs: y (rows, output), h_n, c_n of an LSTM, and with `keep` what the derivative needs:
// gates, and cells of an LSTM.
struct Recurrent : OpOf<Recurrent> {
  static constexpr const char* kName = "recurrent";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true, .autocast = AutocastRule::Float32};
  enum In { Pre, H0, C0, Whh, Bhh, Whr, kInputs };
  RecurrentRule rule;
  bool keep;
  WEFT_FIELDS(rule, keep);
  Recurrent(const RecurrentRule& r, bool k) : rule(r), keep(k) {}
  const char* name() const override { return recurrent_name(rule.cell); }
  bool lstm() const { return rule.cell == RecurrentCell::Lstm; }
  bool gru() const { return rule.cell == RecurrentCell::Gru; }
  int first_kept() const { return 1 + num_states(rule.cell); }

  void check_inputs(const InputCheck& in) const {
    in.count(kInputs, (1u << C0) | (1u << Bhh) | (1u << Whr)).floating(Pre).ndim(Pre, 2).ndim(Whh, 2);
    in.that(item_size(in[Pre].dtype()) >= 4, "float32 or float64");
    check_rule(in, rule, in[Pre], H0);
    const int64_t gates = gates_of(rule.cell), n = in[Whh].size(0) / gates, out = in[H0].size(1);
    in.that(n > 0 && out > 0 && in[Whh].size(0) % gates == 0, "whole gates");
    in.that(in.has(C0) == lstm() && in.has(Whr) == rule.projected && (rule.projected || n == out) &&
                (gru() || !in.has(Bhh)),
            "what the cell has");
    own(in, Pre, {in[Pre].size(0), gates * n});
    own(in, H0, {in[H0].size(0), out});
    own(in, C0, {in[H0].size(0), n});
    own(in, Whh, {gates * n, out});
    own(in, Bhh, {gates * n});
    own(in, Whr, {out, n});
  }
  static void own(const InputCheck& in, int i, const Shape& shape) {
    if (in.has(i)) in.dtype(i, in[Pre].dtype()).shape(i, shape).contiguous(i);
  }

  int num_outputs() const override { return first_kept() + (keep ? num_kept(rule.cell) : 0); }
  void infer(Inputs in, OutputSpec* out) const override {
    const DType t = in[Pre].dtype();
    const int64_t rows = in[Pre].size(0), n = in[Whh].size(0) / gates_of(rule.cell);
    int k = 0;
    out[k++] = {{rows, in[H0].size(1)}, t, {}};
    out[k++] = {in[H0].shape(), t, {}};
    if (lstm()) out[k++] = {in[C0].shape(), t, {}};
    if (!keep) return;
    if (lstm() || gru()) out[k++] = {{rows, 4 * n}, t, {}};
    if (lstm()) out[k++] = {{rows, n}, t, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    RecurrentViews v{};
    int k = 0;
    v.y = view_of(out[k++]);
    v.h_n = view_of(out[k++]);
    if (lstm()) v.c_n = view_of(out[k++]);
    if (keep && (lstm() || gru())) v.gates = view_of(out[k++]);
    if (keep && lstm()) v.cells = view_of(out[k++]);
    v.pre = view_of(in[Pre]), v.h0 = view_of(in[H0]), v.c0 = view_or_none(in[C0]), v.w_hh = view_of(in[Whh]);
    v.b_hh = view_or_none(in[Bhh]), v.w_hr = view_or_none(in[Whr]);
    recurrent_kernel(out[0].device(), v, geometry(rule, in[Pre], in[H0], in[Whh]));
  }

  // Without what it could have kept, the derivative computes it anew.
  Saves saves(uint32_t) const override {
    if (!keep) return {.inputs = (1u << kInputs) - 1};
    uint32_t outputs = 1;
    for (int i = 0; i < num_kept(rule.cell); i++) outputs |= 1u << (first_kept() + i);
    return {.inputs = (1u << H0) | (1u << C0) | (1u << Whh) | (1u << Whr), .outputs = outputs};
  }
  void vjp(const Vjp& v, Tensor* grads) const override;
  std::vector<Tensor> decompose(Inputs in) const override;
};

void Recurrent::vjp(const Vjp& v, Tensor* grads) const {
  constexpr int kMost = 5;
  Tensor in[kInputs], out[kMost], back[kMost], given[RecurrentBackward::kInputs];
  const int kept = first_kept();
  if (keep) {
    for (int i : {H0, C0, Whh, Whr}) in[i] = v.input(i);
    out[0] = v.output(0);
    for (int i = 0; i < num_kept(rule.cell); i++) out[kept + i] = v.output(kept + i);
  } else {
    const Tensor* list[kInputs];
    for (int i = 0; i < kInputs; i++) in[i] = v.input(i), list[i] = &in[i];
    apply(Recurrent(rule, true), Inputs(list, kInputs), out);
  }
  using B = RecurrentBackward;
  given[B::DY] = contiguous_or_none(v.grad(0));
  given[B::DHn] = contiguous_or_none(v.grad(1));
  if (lstm()) given[B::DCn] = contiguous_or_none(v.grad(2));
  if (keep) {  // of second derivatives
    for (int i = 0; i < num_kept(rule.cell); i++) given[B::DGates + i] = contiguous_or_none(v.grad(kept + i));
    if (lstm() && given[B::DGates].defined() != given[B::DCells].defined()) {
      Tensor& missing = given[given[B::DGates].defined() ? B::DCells : B::DGates];
      missing = zeros_like(out[given[B::DGates].defined() ? kept + 1 : kept]);
    }
  }
  given[B::Y] = out[0], given[B::H0] = in[H0], given[B::C0] = in[C0], given[B::Whh] = in[Whh], given[B::Whr] = in[Whr];
  for (int i = 0; i < num_kept(rule.cell); i++) given[B::Gates + i] = out[kept + i];
  const Tensor* list[B::kInputs];
  for (int i = 0; i < B::kInputs; i++) list[i] = &given[i];
  const RecurrentBackward op(rule);
  apply(op, Inputs(list, B::kInputs), back);

  const RecurrentGeometry g = geometry(rule, out[0], in[H0], in[Whh]);
  const Tensor& d_hidden = gru() ? back[2] : back[0];
  if (v.needs(Pre)) grads[Pre] = back[0];
  if (v.needs(H0)) grads[H0] = back[1];
  if (v.needs(C0)) grads[C0] = back[2];
  if (v.needs(Whh)) grads[Whh] = matmul(transpose(d_hidden, 0, 1), states_before(g, out[0], in[H0]));
  if (v.needs(Bhh)) grads[Bhh] = sum(d_hidden, {0});
  if (v.needs(Whr)) {
    const Tensor whole = columns(out[kept], 3, g.hidden) * tanh(out[kept + 1]);
    grads[Whr] = matmul(transpose(back[3], 0, 1), whole);
  }
}

std::vector<Tensor> Recurrent::decompose(Inputs in) const {
  const RecurrentGeometry g = geometry(rule, in[Pre], in[H0], in[Whh]);
  const int64_t n = g.hidden;
  const Tensor w_hh = transpose(in[Whh], 0, 1), w_hr = rule.projected ? transpose(in[Whr], 0, 1) : Tensor();
  Tensor h = in[H0], c = in[C0];
  std::vector<Tensor> ys, gates, cells;
  for_recurrent_steps(g, false, [&](const RecurrentStep& s) {
    const Tensor pre = narrow(in[Pre], 0, s.first, s.rows), before = narrow(h, 0, 0, s.rows);
    Tensor y;
    if (lstm()) {
      const Tensor all = product(before, w_hh, pre);
      const Tensor i = sigmoid(columns(all, 0, n)), f = sigmoid(columns(all, 1, n)), m = tanh(columns(all, 2, n)),
                   o = sigmoid(columns(all, 3, n));
      const Tensor cell = f * narrow(c, 0, 0, s.rows) + i * m;
      y = o * tanh(cell);
      if (rule.projected) y = matmul(y, w_hr);
      c = with_first(c, cell);
      gates.push_back(cat({i, f, m, o}, 1));
      cells.push_back(cell);
    } else if (gru()) {
      const Tensor hidden = product(before, w_hh, in[Bhh]);
      const Tensor r = sigmoid(columns(pre, 0, n) + columns(hidden, 0, n)), hn = columns(hidden, 2, n);
      const Tensor z = sigmoid(columns(pre, 1, n) + columns(hidden, 1, n)), m = tanh(columns(pre, 2, n) + r * hn);
      y = m + z * (before - m);
      gates.push_back(cat({r, z, m, hn}, 1));
    } else {
      const Tensor all = product(before, w_hh, pre);
      y = rule.cell == RecurrentCell::Relu ? relu(all) : tanh(all);
    }
    h = with_first(h, y);
    ys.push_back(y);
  });
  std::vector<Tensor> out{in_time_order(g, false, ys, h, g.output), h};
  if (lstm()) out.push_back(c);
  if (!keep) return out;
  if (lstm() || gru()) out.push_back(in_time_order(g, false, gates, h, 4 * n));
  if (lstm()) out.push_back(in_time_order(g, false, cells, h, n));
  return out;
}

// Of the products in the steps; those of the inputs come before them.
const FlopRuleOf<Recurrent> recurrent_flops([](const Recurrent&, Inputs in, const Tensor* out) {
  const int64_t weights = in[Recurrent::Whh].numel() + (in[Recurrent::Whr].defined() ? in[Recurrent::Whr].numel() : 0);
  return 2 * out[0].size(0) * weights;
});
const FlopRuleOf<RecurrentBackward> recurrent_backward_flops([](const RecurrentBackward&, Inputs in, const Tensor*) {
  using Op = RecurrentBackward;
  return 2 * in[Op::Y].size(0) * (in[Op::Whh].numel() + (in[Op::Whr].defined() ? in[Op::Whr].numel() : 0));
});

}  // namespace

std::vector<Tensor> recurrent_layer(const RecurrentRule& rule, const Tensor& pre, const Tensor& h0, const Tensor& c0,
                                    const Tensor& w_hh, const Tensor& b_hh, const Tensor& w_hr) {
  // Half types are computed in float32 throughout, and rounded once. Under autocast the pre-activations are of a half
  // type, but a wider state stays as it is.
  const DType own = result_type(pre, h0), wide = compute_type(own);
  const Tensor* given[] = {&pre, &h0, &c0, &w_hh, &b_hh, &w_hr};
  Tensor in[Recurrent::kInputs], out[5];
  const Tensor* list[Recurrent::kInputs];
  bool wanted = false;
  for (int i = 0; i < Recurrent::kInputs; i++) {
    if (given[i]->defined()) in[i] = contiguous(to_dtype(*given[i], wide));
    wanted |= given[i]->defined() && given[i]->requires_grad();
    list[i] = &in[i];
  }
  const Recurrent op(rule, wanted && GradMode::enabled());
  apply(op, Inputs(list, Recurrent::kInputs), out);
  std::vector<Tensor> results;
  for (int i = 0; i < op.first_kept(); i++) results.push_back(to_dtype(out[i], own));
  return results;
}

// What programs are saved with

namespace {

WEFT_OP(RecurrentBackward);
WEFT_OP(Recurrent);

}  // namespace

}  // namespace weft
