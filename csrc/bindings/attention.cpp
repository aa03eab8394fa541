#include "ops/attention.h"

#include <cmath>

#include "bindings/bindings.h"
#include "bindings/jit_guards.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                                    double dropout_p, bool is_causal, std::optional<double> scale, bool enable_gqa) {
  Tensor k = key, v = value;
  if (enable_gqa) {
    // How many heads of the query share one of `t`; none if there are none.
    auto shared = [&](const Tensor& t) { return t.size(-3) == 0 ? 0 : query.size(-3) / t.size(-3); };
    check(query.ndim() >= 3 && key.ndim() >= 3 && value.ndim() >= 3 && shared(key) * key.size(-3) == query.size(-3) &&
              shared(value) * value.size(-3) == query.size(-3),
          "scaled_dot_product_attention: with enable_gqa the heads of key and value must divide those of query, got "
          "shapes ",
          query.shape(), ", ", key.shape(), " and ", value.shape());
    k = repeat_interleave(key, shared(key), -3);
    v = repeat_interleave(value, shared(value), -3);
  }
  double factor = scale.value_or(1 / std::sqrt(static_cast<double>(query.ndim() ? query.size(-1) : 1)));
  return attention(query, k, v, mask, dropout_p, is_causal, factor);
}

// The kernels that this thread allows, as bits: 1 fused, 2 composite.
int allowed_kernels() {
  const AttentionKernels allowed = attention_kernels();
  return (allowed.fused ? 1 : 0) | (allowed.composite ? 2 : 0);
}

}  // namespace

void bind_attention(Family&, Family& nn) {
  def_setting(nn, "_attention_kernels", &allowed_kernels,
              "Which kernels attention may use on this thread: 1 fused, 2 composite, 3 both.");
  nn.function(
      "_set_attention_kernels", "(allowed)",
      [](int allowed) { set_attention_kernels({(allowed & 1) != 0, (allowed & 2) != 0}); },
      "Sets which kernels attention may use on this thread.");
  nn.function(
      "scaled_dot_product_attention",
      "(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False)",
      [module = py::handle(nn.scope())](const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                                        double dropout_p, bool is_causal, std::optional<double> scale,
                                        bool enable_gqa) {
        if (tracing()) module.attr("_attention_kernels")();  // which a trace guards then
        return scaled_dot_product_attention(query, key, value, mask, dropout_p, is_causal, scale, enable_gqa);
      },
      "softmax(query key^T * scale) value (Vaswani et al., 2017).\n\n"
      "query (..., L, E), key (..., S, E) and value (..., S, V) give (..., L, V), of their dtype. attn_mask,\n"
      "broadcast to (..., L, S), is added to the scores, or if bool says which may take part. With is_causal\n"
      "query i sees keys 0 to i. scale is by default 1 / sqrt(E). With enable_gqa several heads (dimension -3)\n"
      "of query share one of key and value. Without dropout it runs as one fused kernel that never holds the\n"
      "(L, S) weights: on the CPU with or without a mask (whose own gradient takes as much), on a GPU for half\n"
      "types without one.\n\n"
      "Raises ValueError for both attn_mask and is_causal, RuntimeError for shapes that do not fit.\n\n"
      ">>> import weft\n"
      ">>> q, v = weft.zeros(1, 2, 2), weft.tensor([[[1., 2.], [3., 4.]]])\n"
      ">>> weft.nn.functional.scaled_dot_product_attention(q, q, v, is_causal=True)\n"
      "tensor([[[1., 2.],\n"
      "         [2., 3.]]])\n");
}

}  // namespace weft::python
