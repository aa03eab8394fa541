#include "graph/flex_attention.h"

#include <limits>
#include <utility>

#include "kernels/attention.h"
#include "op/apply.h"
#include "ops/attention.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/reduction.h"
#include "ops/softmax.h"

namespace weft::graph {

namespace {

constexpr double kHidden = -std::numeric_limits<double>::infinity();

// What both ops know beside their inputs.
struct Change {
  Ref<const ScoreProgram> program;
  double scale = 1;
  int64_t rows = 0, columns = 0;  // of a block
  uint32_t wanted = 0;            // operands that want a gradient
  WEFT_FIELDS(program, scale, rows, columns, wanted);

  // Calls f with the kernel's view of it. inputs: from `first` on the table, then the operands.
  template <class F>
  void with_views(Inputs in, int first, const F& f) const {
    StridedView operands[kMaxScoreOperands];
    const int count = in.size() - first - 1;
    for (int i = 0; i < count; i++) operands[i] = view_of(in[first + 1 + i]);
    const Tiled* backward = program->backward();
    f(ScoreChange{program->open().program(), program->masked().program(),
                  backward ? backward->program() : TileProgram{}, operands, count, view_or_none(in[first]), rows,
                  columns});
  }

  std::vector<int> list_of_wanted() const {
    std::vector<int> list;
    for (int i = 0; i < kMaxScoreOperands; i++)
      if (wanted >> i & 1) list.push_back(i);
    return list;
  }

  // The table as (batch, heads, queries, keys).
  Tensor spread(const Tensor& states, const Shape& scores) const {
    const Tensor wide = repeat_interleave(repeat_interleave(states, rows, 2), columns, 3);
    return narrow(narrow(wide, 2, 0, scores[2]), 3, 0, scores[3]);
  }

  struct Weights {
    Tensor scores, weights, lse;
    std::vector<Tensor> operands;
  };
  // As a composite. q, k, v, the table and the operands are the inputs from `first` on.
  Weights weights(Inputs in, int first, int first_of_table) const {
    Weights w;
    const DType compute = attention_stats_dtype(in[first].dtype());
    w.scores =
        matmul(mul(converted(in[first], compute), Scalar(scale)), transpose(converted(in[first + 1], compute), -2, -1));
    for (int i = first_of_table + 1; i < in.size(); i++) w.operands.push_back(in[i]);
    Tensor changed = program->changed(w.scores, w.operands), seen = program->seen(w.scores, w.operands);
    if (in[first_of_table].defined()) {
      const Tensor states = spread(in[first_of_table], w.scores.shape());
      const Tensor open = eq(states, Scalar(static_cast<int>(BlockState::Open)));
      const Tensor partial = eq(states, Scalar(static_cast<int>(BlockState::Partial)));
      seen = logical_or(open, seen.defined() ? logical_and(partial, seen) : partial);
    }
    if (seen.defined()) changed = where(seen, changed, Scalar(kHidden));
    const Tensor unseen = all(eq(changed, Scalar(kHidden)), {-1}, true);
    const Tensor safe = where(unseen, Scalar(0.0), changed);
    w.weights = where(unseen, Scalar(0.0), softmax(safe, -1));
    w.lse = where(unseen, Scalar(kHidden), logsumexp(safe, {-1}, true));
    return w;
  }
};

// inputs: gradients of the output and of lse (may be undefined), q, k, v, the output, lse, the table, the operands.
struct FlexAttentionBackward : OpOf<FlexAttentionBackward> {
  static constexpr const char* kName = "flex_attention_backward";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true, .any_dtype = true};
  static constexpr int kTable = 7;
  Change change;
  WEFT_FIELDS(change);
  explicit FlexAttentionBackward(Change c) : change(std::move(c)) {}
  int num_outputs() const override { return 3 + static_cast<int>(change.list_of_wanted().size()); }
  void infer(Inputs in, OutputSpec* out) const override {
    for (int i = 0; i < 3; i++)
      out[i] = {in[2 + i].shape(), in[2 + i].dtype(), attention_strides(in[2 + i], in[2 + i].shape())};
    for (int i : change.list_of_wanted()) {
      Shape shape = in[kTable + 1 + i].shape();
      shape[0] = in[2].size(0);
      shape[1] = in[2].size(1);
      out++[3] = {shape, attention_stats_dtype(in[2].dtype()), {}};
    }
  }
  void run(Inputs in, const Tensor* out) const override {
    const std::vector<int> wanted = change.list_of_wanted();
    std::vector<StridedView> sums;
    for (size_t i = 0; i < wanted.size(); i++) sums.push_back(view_of(out[3 + i]));
    change.with_views(in, kTable, [&](const ScoreChange& views) {
      attention_backward_kernel(in[2].device(),
                                {view_of(out[0]), view_of(out[1]), view_of(out[2]), view_of(in[0]), view_of(in[2]),
                                 view_of(in[3]), view_of(in[4]), view_of(in[5]), view_of(in[6]), view_or_none(in[1]),
                                 sums.data(), wanted.data(), static_cast<int>(wanted.size())},
                                {false, change.scale, &views});
    });
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const DType compute = attention_stats_dtype(in[2].dtype());
    const Tensor q = converted(in[2], compute), k = converted(in[3], compute), v = converted(in[4], compute);
    const Tensor g = converted(in[0], compute);
    const Change::Weights w = change.weights(in, 2, kTable);
    const Tensor& p = w.weights;
    const Tensor dp = matmul(g, transpose(v, -2, -1));
    Tensor less = sum(mul(dp, p), {-1}, true);
    if (in[1].defined()) less = sub(less, in[1]);
    const Tensor unseen = eq(p, Scalar(0.0));
    const Tensor changed = where(unseen, Scalar(0.0), mul(p, sub(dp, less)));
    std::vector<Tensor> found = change.program->gradients(w.scores, w.operands, changed, change.wanted);
    for (Tensor& x : found) x = where(unseen, Scalar(0.0), expand(x, w.scores.shape()));
    const Tensor ds = mul(found[0], Scalar(change.scale));
    std::vector<Tensor> all{matmul(ds, k), matmul(transpose(ds, -2, -1), q), matmul(transpose(p, -2, -1), g)};
    for (int i = 0; i < 3; i++) all[at(i)] = converted(all[at(i)], in[2 + i].dtype());
    const std::vector<int> wanted = change.list_of_wanted();
    for (size_t i = 0; i < wanted.size(); i++) {
      Dims dims;
      for (int d : {2, 3})
        if (in[kTable + 1 + wanted[i]].size(d) == 1) dims.push_back(d);
      all.push_back(dims.empty() ? found[1 + i] : sum(found[1 + i], dims, true));
    }
    return all;
  }
};

// inputs: q, k, v, the table (may be undefined), the operands. Outputs: the result, lse (batch, heads, queries, 1).
struct FlexAttention : OpOf<FlexAttention> {
  static constexpr const char* kName = "flex_attention";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true, .any_dtype = true};
  static constexpr int kTable = 3;
  Change change;
  WEFT_FIELDS(change);
  explicit FlexAttention(Change c) : change(std::move(c)) {}
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override { infer_attention(in[0], in[2], out); }
  void run(Inputs in, const Tensor* out) const override {
    change.with_views(in, kTable, [&](const ScoreChange& views) {
      attention_kernel(in[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]), view_of(in[1]), view_of(in[2]),
                       {false, change.scale, &views});
    });
  }
  Saves saves(uint32_t) const override { return {.inputs = Saves::kAll, .outputs = 3}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    // Gradients that nobody had asked for when the program was compiled: of a jitted function, for instance.
    bool compiled = change.program->backward() != nullptr;
    for (int i = kTable + 1; i < v.num_inputs(); i++)
      compiled &= !v.needs(i) || (change.wanted >> (i - kTable - 1) & 1);
    if (!compiled) return Op::vjp(v, grads);
    const Tensor out = v.output(0), lse = detach(v.output(1));
    Tensor g = v.grad(0).defined() ? v.grad(0) : zeros_like(out);
    if (g.strides() != out.strides()) g = contiguous(g);
    std::vector<Tensor> list{g, v.grad(1), v.input(0), v.input(1), v.input(2), out, lse};
    for (int i = kTable; i < v.num_inputs(); i++) list.push_back(v.input(i));
    std::vector<const Tensor*> inputs;
    for (const Tensor& t : list) inputs.push_back(&t);
    std::vector<Tensor> found(3 + change.list_of_wanted().size());
    apply(FlexAttentionBackward(change), Inputs(inputs.data(), static_cast<int>(inputs.size())), found.data());
    for (int i = 0; i < 3; i++) grads[i] = found[at(i)];
    int next = 3;
    for (int i : change.list_of_wanted()) grads[kTable + 1 + i] = found[at(next++)];
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Change::Weights w = change.weights(in, 0, kTable);
    return {converted(matmul(w.weights, converted(in[2], w.weights.dtype())), in[0].dtype()), w.lse};
  }
};

}  // namespace

void check_flex_attention(const Tensor& q, const Tensor& k, const Tensor& v, const BlockTable& table) {
  const char* op = FlexAttention::kName;
  check(q.ndim() == 4 && k.ndim() == 4 && v.ndim() == 4 && q.size(3) == k.size(3) && k.size(2) == v.size(2), op,
        ": query, key and value of shapes ", q.shape(), ", ", k.shape(), " and ", v.shape(), " do not fit");
  for (int d = 0; d < 2; d++)
    check(k.size(d) == q.size(d) && v.size(d) == q.size(d), op, ": expected as many keys and values as queries, got ",
          q.shape(), ", ", k.shape(), " and ", v.shape());
  check(k.dtype() == q.dtype() && v.dtype() == q.dtype() && k.device() == q.device() && v.device() == q.device(), op,
        ": expected query, key and value of one dtype on one device");
  const Tensor& t = table.states;
  if (!t.defined()) return;
  check(t.ndim() == 4 && t.dtype() == DType::UInt8 && t.device() == q.device(), op,
        ": expected a table of blocks with 4 dimensions, uint8, got shape ", t.shape(), ", dtype ", t.dtype());
  check(table.rows > 0 && table.columns > 0, op, ": blocks of ", table.rows, " queries and ", table.columns, " keys");
  for (int d = 0; d < 2; d++)
    check(t.size(d) == 1 || t.size(d) == q.size(d), op, ": a table of blocks of shape ", t.shape(),
          " does not fit queries of shape ", q.shape());
  const auto reaches = [](int64_t blocks, int64_t size, int64_t wanted) { return blocks >= (wanted - 1) / size + 1; };
  check(reaches(t.size(2), table.rows, q.size(2)) && reaches(t.size(3), table.columns, k.size(2)), op,
        ": the table of blocks has ", t.size(2), " x ", t.size(3), " blocks of ", table.rows, " queries and ",
        table.columns, " keys, which do not reach ", q.size(2), " queries and ", k.size(2), " keys");
}

bool has_flex_attention(const Tensor& q, const Tensor& k, const Tensor& v, const BlockTable& table) {
  if (q.device().type != DeviceType::CPU || !is_real_floating(q.dtype()) || q.numel() == 0 || k.numel() == 0)
    return false;
  if (v.numel() == 0) return false;
  if (!table.states.defined()) return true;
  const bool rows = table.rows % kScoreBlockRows == 0 || table.rows >= q.size(2);
  return rows && (table.columns % kScoreBlockColumns == 0 || table.columns >= k.size(2));
}

std::vector<Tensor> flex_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                   const std::vector<Tensor>& operands, const BlockTable& table,
                                   Ref<const ScoreProgram> program, uint32_t wanted, double scale) {
  std::vector<const Tensor*> inputs{&q, &k, &v, &table.states};
  for (const Tensor& t : operands) inputs.push_back(&t);
  std::vector<Tensor> out(2);
  apply(FlexAttention({std::move(program), scale, table.rows, table.columns, wanted}),
        Inputs(inputs.data(), static_cast<int>(inputs.size())), out.data());
  out[1] = squeeze(out[1], -1);
  return out;
}

}  // namespace weft::graph
