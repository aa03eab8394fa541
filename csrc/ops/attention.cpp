// Scaled dot-product attention (Vaswani et al., "Attention is all you need", 2017).
#include "ops/attention.h"

#include <limits>

#include "kernels/attention.h"
#include "op/apply.h"
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

namespace {

// Dense strides for a tensor of this shape that lies in memory as `like` does. A model that cuts queries, keys and
// values from one product has the heads inside the length: so does the result, which then is joined again for free, and
// so do the gradients.
Strides laid_out_as(const Tensor& like, const Shape& shape) {
  if (!heads_inside_length(like.shape().data(), like.strides().data())) return {};
  return {shape[1] * shape[2] * shape[3], shape[3], shape[1] * shape[3], 1};
}

Tensor turned(const Tensor& x) { return transpose(x, -2, -1); }

// The weights of the values.
Tensor weights_of(const Tensor& q, const Tensor& k, const Tensor& mask, bool causal, double scale) {
  Tensor scores = matmul(mul(q, Scalar(scale)), turned(k));
  constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
  if (causal) {
    Tensor seen = tril(ones({q.size(-2), k.size(-2)}, DType::Bool, q.device()), 0);
    return softmax(where(seen, scores, Scalar(kMinusInfinity)), -1);
  }
  if (!mask.defined()) return softmax(scores, -1);
  // A query that sees no key has no weights, and no part in the gradients.
  Tensor unseen;
  if (mask.dtype() == DType::Bool) {
    unseen = logical_not(any(mask, {-1}, true));
    scores = where(logical_or(mask, unseen), scores, Scalar(kMinusInfinity));
  } else {
    scores = add(scores, mask);
    unseen = all(eq(scores, Scalar(kMinusInfinity)), {-1}, true);
    scores = where(unseen, Scalar(0.0), scores);
  }
  return where(unseen, Scalar(0.0), softmax(scores, -1));
}

DType stats_dtype(DType t) { return t == DType::Float64 ? DType::Float64 : DType::Float32; }

// q, k and v of an op from a file are the inputs from `first` on.
void check_operands(const InputCheck& in, int first) {
  const int q = first, k = first + 1, v = first + 2;
  if (first == 0) in.count(3);
  in.floating(q).same_dtype(k, q).same_dtype(v, q).ndim(q, 4).ndim(k, 4).ndim(v, 4);
  for (int d = 0; d < 2; d++)
    in.that(in[k].size(d) == in[q].size(d) && in[v].size(d) == in[q].size(d), "as many keys and values as queries");
  in.that(in[q].size(-1) == in[k].size(-1), "query and key of one size");
  in.that(in[k].size(-2) == in[v].size(-2), "key and value of one length");
  in.that(in[q].numel() > 0 && in[k].numel() > 0 && in[v].numel() > 0, "queries, keys and values");
}

// inputs: gradient of the result, q, k, v, the result, its stats.
struct AttentionBackward : OpOf<AttentionBackward> {
  static constexpr const char* kName = "scaled_dot_product_attention_backward";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true};
  bool causal;
  double scale;
  WEFT_FIELDS(causal, scale);
  void check_inputs(const InputCheck& in) const {
    in.count(6);
    check_operands(in, 1);
    Shape result = in[1].shape();
    result.back() = in[3].size(-1);
    in.same_dtype(0, 1).same_dtype(4, 1).shape(0, result).shape(4, result).dtype(5, stats_dtype(in[1].dtype()));
    in.that(in[0].strides() == in[4].strides(), "a gradient laid out as the result");
    result.back() = 1;
    in.shape(5, result).contiguous(5);
  }
  AttentionBackward(bool c, double s) : causal(c), scale(s) {}
  int num_outputs() const override { return 3; }
  void infer(Inputs in, OutputSpec* out) const override {
    for (int i = 0; i < 3; i++)
      out[i] = {in[1 + i].shape(), in[1 + i].dtype(), laid_out_as(in[1 + i], in[1 + i].shape())};
  }
  void run(Inputs in, const Tensor* out) const override {
    attention_backward_kernel(in[0].device(),
                              {view_of(out[0]), view_of(out[1]), view_of(out[2]), view_of(in[0]), view_of(in[1]),
                               view_of(in[2]), view_of(in[3]), view_of(in[4]), view_of(in[5])},
                              {causal, scale});
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor &g = in[0], &q = in[1], &k = in[2], &v = in[3];
    Tensor p = weights_of(q, k, {}, causal, scale), dp = matmul(g, turned(v));
    Tensor ds = mul(mul(p, sub(dp, sum(mul(dp, p), {-1}, true))), Scalar(scale));
    return {matmul(ds, k), matmul(turned(ds), q), matmul(turned(p), g)};
  }
};

// inputs: q, k, v. Outputs: the result, and per query the logarithm of the sum of the scores' exp.
struct Attention : OpOf<Attention> {
  static constexpr const char* kName = "scaled_dot_product_attention";
  static constexpr Traits kTraits{.scratch = true, .autocast = AutocastRule::Half};
  bool causal;
  double scale;
  WEFT_FIELDS(causal, scale);
  void check_inputs(const InputCheck& in) const { check_operands(in, 0); }
  Attention(bool c, double s) : causal(c), scale(s) {}
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape = in[0].shape();
    shape.back() = in[2].size(-1);
    out[0] = {shape, in[0].dtype(), laid_out_as(in[0], shape)};
    shape.back() = 1;
    out[1] = {shape, stats_dtype(in[0].dtype()), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    attention_kernel(in[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]), view_of(in[1]), view_of(in[2]),
                     {causal, scale});
  }
  Saves saves(uint32_t) const override { return {.inputs = 7, .outputs = 3}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    // Kernels read the gradient as the result lies; other layouts (expanded, say) are brought to a plain one.
    const Tensor out = v.output(0), &g = v.grad(0);
    Tensor list[] = {
        g.strides() == out.strides() ? g : contiguous(g), v.input(0), v.input(1), v.input(2), out, detach(v.output(1))};
    const Tensor* inputs[] = {&list[0], &list[1], &list[2], &list[3], &list[4], &list[5]};
    apply(AttentionBackward(causal, scale), Inputs(inputs, 6), grads);
  }
};

// For a look at the geometry only: while they are traced, tensors have no memory yet, but will be aligned.
StridedView geometry_of(const Tensor& t) {
  void* data = t.data();
  if (!data) data = reinterpret_cast<void*>(t.offset() * static_cast<int64_t>(item_size(t.dtype())));
  return {data, t.shape().data(), t.strides().data(), t.ndim(), t.dtype()};
}

bool is_fused(const Tensor& q, const Tensor& k, const Tensor& v, bool causal, double scale) {
  if (q.ndim() != 4 || k.ndim() != 4 || v.ndim() != 4 || !attention_support_kernel.has(q.device())) return false;
  if (k.device() != q.device() || v.device() != q.device() || k.dtype() != q.dtype() || v.dtype() != q.dtype())
    return false;
  bool supported = false;
  attention_support_kernel(q.device(), geometry_of(q), geometry_of(k), geometry_of(v), {causal, scale}, &supported);
  return supported;
}

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
  const bool plain = !mask.defined() && dropout_p == 0;
  if (plain && q.ndim() < 4 && k.ndim() == q.ndim() && v.ndim() == q.ndim() && attention_support_kernel.has(q.device()))
    return squeeze(attention(unsqueeze(q, 0), unsqueeze(k, 0), unsqueeze(v, 0), mask, 0, causal, scale), 0);
  if (plain && allowed_kernels.fused && is_fused(q, k, v, causal, scale)) {
    const Tensor* inputs[] = {&q, &k, &v};
    Tensor out[2];
    apply(Attention(causal, scale), Inputs(inputs, 3), out);
    return out[0];
  }
  check(allowed_kernels.composite, op, ": sdpa_kernel() allows only a fused kernel, and ", q.device(),
        " has none for these inputs (query ", q.shape(), ", key ", k.shape(), ", value ", v.shape(), ", dtype ",
        q.dtype(), mask.defined() ? ", attn_mask" : "", dropout_p > 0 ? ", dropout" : "",
        "); allow SDPBackend.MATH as well");
  Tensor weights = weights_of(q, k, mask, causal, scale);
  DrawScope draw(nullptr);
  return matmul(dropout_p > 0 ? dropout(weights, dropout_p, true, false) : weights, v);
}

// Batch rules

namespace {

WEFT_BATCH_RULE(Attention) { apply_folded(op, call, 7); }
WEFT_BATCH_RULE(AttentionBackward) { apply_folded(op, call, 63); }

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Attention);
WEFT_OP(AttentionBackward);

}  // namespace

}  // namespace weft
