// Scaled dot-product attention (Vaswani et al., "Attention is all you need", 2017).
#include "ops/attention.h"

#include <limits>

#include "kernels/attention.h"
#include "op/apply.h"
#include "op/flops.h"
#include "op/grad_mode.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/random.h"
#include "ops/reduction.h"
#include "ops/softmax.h"

namespace weft {

constinit KernelTable<AttentionSupportKernel> attention_support_kernel{"attention_support"};
constinit KernelTable<AttentionKernel> attention_kernel{"attention"};
constinit KernelTable<AttentionBackwardKernel> attention_backward_kernel{"attention_backward"};

namespace {
thread_local AttentionKernels allowed_kernels;
}  // namespace

AttentionKernels attention_kernels() { return allowed_kernels; }
void set_attention_kernels(AttentionKernels allowed) { allowed_kernels = allowed; }

Strides attention_strides(const Tensor& like, const Shape& shape) {
  if (!heads_inside_length(like.shape().data(), like.strides().data())) return {};
  return {shape[1] * shape[2] * shape[3], shape[3], shape[1] * shape[3], 1};
}

void infer_attention(const Tensor& q, const Tensor& v, OutputSpec* out) {
  Shape shape = q.shape();
  shape.back() = v.size(-1);
  out[0] = {shape, q.dtype(), attention_strides(q, shape)};
  shape.back() = 1;
  out[1] = {shape, attention_stats_dtype(q.dtype()), {}};
}

namespace {

Tensor turned(const Tensor& x) { return transpose(x, -2, -1); }

struct Scores {
  Tensor values;  // where nothing is seen 0
  Tensor unseen;  // queries that see no key, with a dimension of size 1 for keys; undefined: there are none
};

Scores scores_of(const Tensor& q, const Tensor& k, const Tensor& mask, bool causal, double scale) {
  const Tensor scores = matmul(mul(q, Scalar(scale)), turned(k));
  constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
  if (causal) {
    Tensor seen = tril(ones({q.size(-2), k.size(-2)}, DType::Bool, q.device()), 0);
    return {where(seen, scores, Scalar(kMinusInfinity)), {}};
  }
  if (!mask.defined()) return {scores, {}};
  if (mask.dtype() == DType::Bool) {
    const Tensor unseen = logical_not(any(mask, {-1}, true));
    return {where(logical_or(mask, unseen), scores, Scalar(kMinusInfinity)), unseen};
  }
  const Tensor sums = add(scores, mask), unseen = all(eq(sums, Scalar(kMinusInfinity)), {-1}, true);
  return {where(unseen, Scalar(0.0), sums), unseen};
}

// The weights of the values. A query that sees no key has none, and no part in the gradients.
Tensor weights_of(const Tensor& q, const Tensor& k, const Tensor& mask, bool causal, double scale) {
  const Scores scores = scores_of(q, k, mask, causal, scale);
  const Tensor weights = softmax(scores.values, -1);
  return scores.unseen.defined() ? where(scores.unseen, Scalar(0.0), weights) : weights;
}

// May the kernel read the mask for its scores? Numbers are added to them in the type that they are computed in.
bool is_for_kernel(const Tensor& mask, const Tensor& q) {
  const DType t = mask.dtype();
  return t == DType::Bool || t == q.dtype() || (t == DType::Float32 && item_size(q.dtype()) == 2);
}

// What a composite is computed in: a mask may be float32 beside half types.
DType composite_dtype(const Tensor& q, const Tensor& mask) {
  const bool wide = mask.defined() && mask.dtype() == DType::Float32 && is_real_floating(q.dtype());
  return wide && item_size(q.dtype()) == 2 ? DType::Float32 : q.dtype();
}

// What a mask, broadcast to the scores, makes of them: it is added, or if bool says which are seen. Gradients pass:
// they are 0 where weights are.
struct MaskChange {
  ScoreChange change;

  MaskChange(const Tensor& mask, DType compute) {
    constexpr int kAdd = index_in<scalar::Add>(scalar::BinaryList{});
    const bool seen = mask.dtype() == DType::Bool;
    instruction_ = {seen ? TileOp::Where : TileOp::Binary,
                    seen ? uint8_t{3} : uint8_t{2},
                    {seen ? uint8_t{1} : uint8_t{0}, seen ? uint8_t{0} : uint8_t{1}, 2},
                    compute,
                    static_cast<int16_t>(seen ? 0 : kAdd),
                    {}};
    view_ = view_of(mask);
    change.open =
        change.masked = {compute, &instruction_, 1, &hidden_, seen ? 1 : 0, seen ? 4 : 3, &instruction_.result};
    change.backward = {compute, nullptr, 0, nullptr, 0, 3, &gradient_};
    change.operands = &view_;
    change.num_operands = 1;
  }
  MaskChange(const MaskChange&) = delete;

 private:
  TileInstruction instruction_;
  StridedView view_;
  double hidden_ = -std::numeric_limits<double>::infinity();
  uint8_t gradient_ = 2;  // the register of the new scores' gradient
};

// Calls f with the rule of an op whose input `at`, if there is one, is a mask.
template <class F>
void with_rule(Inputs in, int at, bool causal, double scale, const F& f) {
  if (in.size() <= at) return f(AttentionRule{causal, scale});
  const MaskChange mask(in[at], attention_stats_dtype(in[0].dtype()));
  f(AttentionRule{causal, scale, &mask.change});
}

// q, k and v of an op from a file are the inputs from `first` on; the last input is a mask, or left out.
void check_operands(const InputCheck& in, int first, int mask) {
  const int q = first, k = first + 1, v = first + 2;
  in.that(in.size() == mask || in.size() == mask + 1, "as many inputs as the op has");
  if (in.size() > mask) {
    in.ndim(mask, 4).that(is_for_kernel(in[mask], in[q]), "a mask for these scores");
    for (int d = 0; d < 4; d++)
      in.that(in[mask].size(d) == 1 || in[mask].size(d) == (d < 3 ? in[q].size(d) : in[k].size(2)),
              "a mask that broadcasts");
  }
  in.floating(q).same_dtype(k, q).same_dtype(v, q).ndim(q, 4).ndim(k, 4).ndim(v, 4);
  for (int d = 0; d < 2; d++)
    in.that(in[k].size(d) == in[q].size(d) && in[v].size(d) == in[q].size(d), "as many keys and values as queries");
  in.that(in[q].size(-1) == in[k].size(-1), "query and key of one size");
  in.that(in[k].size(-2) == in[v].size(-2), "key and value of one length");
  in.that(in[q].numel() > 0 && in[k].numel() > 0 && in[v].numel() > 0, "queries, keys and values");
}

// inputs: gradient of the result, q, k, v, the result, its stats, and perhaps a mask.
struct AttentionBackward : OpOf<AttentionBackward> {
  static constexpr const char* kName = "scaled_dot_product_attention_backward";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true};
  bool causal;
  double scale;
  WEFT_FIELDS(causal, scale);
  void check_inputs(const InputCheck& in) const {
    check_operands(in, 1, 6);
    Shape result = in[1].shape();
    result.back() = in[3].size(-1);
    in.same_dtype(0, 1).same_dtype(4, 1).shape(0, result).shape(4, result).dtype(5,
                                                                                 attention_stats_dtype(in[1].dtype()));
    in.that(in[0].strides() == in[4].strides(), "a gradient laid out as the result");
    result.back() = 1;
    in.shape(5, result).contiguous(5);
  }
  AttentionBackward(bool c, double s) : causal(c), scale(s) {}
  int num_outputs() const override { return 3; }
  void infer(Inputs in, OutputSpec* out) const override {
    for (int i = 0; i < 3; i++)
      out[i] = {in[1 + i].shape(), in[1 + i].dtype(), attention_strides(in[1 + i], in[1 + i].shape())};
  }
  void run(Inputs in, const Tensor* out) const override {
    with_rule(in, 6, causal, scale, [&](const AttentionRule& rule) {
      attention_backward_kernel(in[0].device(),
                                {view_of(out[0]), view_of(out[1]), view_of(out[2]), view_of(in[0]), view_of(in[1]),
                                 view_of(in[2]), view_of(in[3]), view_of(in[4]), view_of(in[5])},
                                rule);
    });
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor mask = in.size() > 6 ? in[6] : Tensor();
    const DType type = composite_dtype(in[1], mask);
    const Tensor g = converted(in[0], type), q = converted(in[1], type), k = converted(in[2], type);
    const Tensor v = converted(in[3], type);
    Tensor p = weights_of(q, k, mask, causal, scale), dp = matmul(g, turned(v));
    Tensor ds = mul(mul(p, sub(dp, sum(mul(dp, p), {-1}, true))), Scalar(scale));
    const auto as_given = [&](const Tensor& x) { return converted(x, in[1].dtype()); };
    return {as_given(matmul(ds, k)), as_given(matmul(turned(ds), q)), as_given(matmul(turned(p), g))};
  }
};

// inputs: q, k, v, and perhaps a mask. Outputs: the result, and per query the logarithm of the sum of the scores' exp.
struct Attention : OpOf<Attention> {
  static constexpr const char* kName = "scaled_dot_product_attention";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true, .autocast = AutocastRule::Half};
  bool causal;
  double scale;
  WEFT_FIELDS(causal, scale);
  void check_inputs(const InputCheck& in) const { check_operands(in, 0, 3); }
  Attention(bool c, double s) : causal(c), scale(s) {}
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override { infer_attention(in[0], in[2], out); }
  void run(Inputs in, const Tensor* out) const override {
    with_rule(in, 3, causal, scale, [&](const AttentionRule& rule) {
      attention_kernel(in[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]), view_of(in[1]), view_of(in[2]),
                       rule);
    });
  }
  Saves saves(uint32_t) const override { return {.inputs = Saves::kAll, .outputs = 3}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    // Kernels read the gradient as the result lies; other layouts (expanded, say) are brought to a plain one.
    const Tensor out = v.output(0), &g = v.grad(0);
    const bool masked = v.num_inputs() > 3;
    Tensor list[] = {g.strides() == out.strides() ? g : contiguous(g),
                     v.input(0),
                     v.input(1),
                     v.input(2),
                     out,
                     detach(v.output(1)),
                     masked ? v.input(3) : Tensor()};
    const Tensor* inputs[] = {&list[0], &list[1], &list[2], &list[3], &list[4], &list[5], &list[6]};
    apply(AttentionBackward(causal, scale), Inputs(inputs, masked ? 7 : 6), grads);
    if (!masked || !v.needs(3)) return;
    // As large as the scores, so no kernel gives it.
    const DType type = composite_dtype(list[1], list[6]);
    const Tensor p = weights_of(converted(list[1], type), converted(list[2], type), list[6], causal, scale);
    const Tensor dp = matmul(converted(list[0], type), turned(converted(list[3], type)));
    grads[3] = mul(p, sub(dp, sum(mul(dp, p), {-1}, true)));
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor mask = in.size() > 3 ? in[3] : Tensor();
    const DType type = composite_dtype(in[0], mask);
    const Scores scores = scores_of(converted(in[0], type), converted(in[1], type), mask, causal, scale);
    Tensor weights = softmax(scores.values, -1), lse = logsumexp(scores.values, {-1}, true);
    if (scores.unseen.defined()) {
      weights = where(scores.unseen, Scalar(0.0), weights);
      lse = where(scores.unseen, Scalar(-std::numeric_limits<double>::infinity()), lse);
    }
    const Tensor result = converted(matmul(weights, converted(in[2], type)), in[0].dtype());
    return {result, converted(lse, attention_stats_dtype(in[0].dtype()))};
  }
};

// Tensors without data stand for ones in host memory.
Device kernel_place(const Tensor& t) { return t.is_meta() ? Device{} : t.device(); }

// For a look at the geometry only: while they are traced, tensors have no memory yet, but will be aligned.
StridedView geometry_of(const Tensor& t) {
  void* data = t.data();
  if (!data) data = reinterpret_cast<void*>(t.offset() * static_cast<int64_t>(item_size(t.dtype())));
  return {data, t.shape().data(), t.strides().data(), t.ndim(), t.dtype()};
}

bool is_fused(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, bool causal, double scale) {
  const Device place = kernel_place(q);
  if (q.ndim() != 4 || k.ndim() != 4 || v.ndim() != 4 || !attention_support_kernel.has(place)) return false;
  if (k.device() != q.device() || v.device() != q.device() || k.dtype() != q.dtype() || v.dtype() != q.dtype())
    return false;
  if (mask.defined()) {
    const Shape scores{q.size(0), q.size(1), q.size(2), k.size(2)};
    const bool wants_grad = GradMode::enabled() && mask.requires_grad();
    if (wants_grad || mask.device() != q.device() || !is_for_kernel(mask, q)) return false;
    if (mask.ndim() > 4 || !broadcastable_to(mask.shape(), scores)) return false;
  }
  bool supported = false;
  const ScoreChange some{};
  attention_support_kernel(place, geometry_of(q), geometry_of(k), geometry_of(v),
                           {causal, scale, mask.defined() ? &some : nullptr}, &supported);
  return supported;
}

// Scores of all queries and keys, hidden ones too, and sums of values; backward computes the scores once more.
int64_t score_flops(const Tensor& q, const Tensor& k, int64_t per_score) {
  return q.size(-1) == 0 ? 0 : 2 * (q.numel() / q.size(-1)) * k.size(-2) * per_score;
}
const FlopRuleOf<Attention> attention_flops([](const Attention&, Inputs in, const Tensor*) {
  return score_flops(in[0], in[1], in[0].size(-1) + in[2].size(-1));
});
const FlopRuleOf<AttentionBackward> attention_backward_flops([](const AttentionBackward&, Inputs in, const Tensor*) {
  return score_flops(in[1], in[2], 3 * in[1].size(-1) + 2 * in[3].size(-1));
});

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double dropout_p, bool causal,
                 double scale) {
  const char* op = Attention::kName;
  check<ErrorKind::Value>(!causal || !mask.defined(), op, ": give attn_mask or is_causal=True, not both");
  check(q.ndim() >= 2 && k.ndim() >= 2 && v.ndim() >= 2, op,
        ": expected query, key and value of at least 2 dims (length, size), got shapes ", q.shape(), ", ", k.shape(),
        " and ", v.shape());
  check(q.size(-1) == k.size(-1), op, ": query and key must have one size, got shapes ", q.shape(), " and ", k.shape());
  check(k.size(-2) == v.size(-2), op, ": key and value must have one length, got shapes ", k.shape(), " and ",
        v.shape());
  const bool same_rank = k.ndim() == q.ndim() && v.ndim() == q.ndim() && (!mask.defined() || mask.ndim() <= q.ndim());
  if (dropout_p == 0 && q.ndim() < 4 && same_rank && attention_support_kernel.has(kernel_place(q)))
    return squeeze(attention(unsqueeze(q, 0), unsqueeze(k, 0), unsqueeze(v, 0), mask, 0, causal, scale), 0);
  if (dropout_p == 0 && allowed_kernels.fused && is_fused(q, k, v, mask, causal, scale)) {
    Tensor given = mask, out[2];
    while (given.defined() && given.ndim() < 4) given = unsqueeze(given, 0);
    const Tensor* inputs[] = {&q, &k, &v, &given};
    apply(Attention(causal, scale), Inputs(inputs, mask.defined() ? 4 : 3), out);
    return out[0];
  }
  check(allowed_kernels.composite, op, ": sdpa_kernel() allows only a fused kernel, and ", q.device(),
        " has none for these inputs (query ", q.shape(), ", key ", k.shape(), ", value ", v.shape(), ", dtype ",
        q.dtype(), mask.defined() ? ", attn_mask" : "", dropout_p > 0 ? ", dropout" : "",
        "); allow SDPBackend.MATH as well");
  const DType type = composite_dtype(q, mask), given = q.dtype();
  const auto in_type = [&](const Tensor& x) { return x.dtype() == given ? converted(x, type) : x; };
  Tensor weights = weights_of(in_type(q), in_type(k), mask, causal, scale);
  DrawScope draw(nullptr);
  return converted(matmul(dropout_p > 0 ? dropout(weights, dropout_p, true, false) : weights, in_type(v)), given);
}

// Batch rules

namespace {

// A mask goes for all of the batch, or the op is decomposed.
void fold_batch(const Op& op, const BatchCall& call, int mask) {
  const bool shared = call.count <= mask || (!call.in[mask].batched && call.in[mask].tensor.size(0) == 1);
  if (shared)
    apply_folded(op, call, (1u << mask) - 1);
  else
    call.declined = true;
}

WEFT_BATCH_RULE(Attention) { fold_batch(op, call, 3); }
WEFT_BATCH_RULE(AttentionBackward) { fold_batch(op, call, 6); }

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Attention);
WEFT_OP(AttentionBackward);

}  // namespace

}  // namespace weft
