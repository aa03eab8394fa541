// The attention family.
#pragma once

#include "op/op.h"

namespace weft {

// Which implementations of attention the calling thread allows.
struct AttentionKernels {
  bool fused = true;      // one kernel that never holds the weights
  bool composite = true;  // products and a softmax
};
AttentionKernels attention_kernels();
void set_attention_kernels(AttentionKernels allowed);

// softmax(scale q k' [+ mask]) v for q (..., L, E), k (..., S, E), v (..., S, V); the mask (..., L, S) is added, or if
// bool says what may take part. Through one fused kernel where the device has one for it.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, double dropout, bool causal,
                 double scale);

// Dense strides for a tensor of this shape that lies in memory as `like` does. A model that cuts queries, keys and
// values from one product has the heads inside the length: so does the result, which then is joined again for free, and
// so do the gradients.
Strides attention_strides(const Tensor& like, const Shape& shape);

// The dtype of each query's logarithm of the sum of exp; composites are computed in it, too.
inline DType attention_stats_dtype(DType t) { return t == DType::Float64 ? DType::Float64 : DType::Float32; }
// The result (batch, heads, queries, size of values), and that logarithm with a last dimension of size 1.
void infer_attention(const Tensor& q, const Tensor& v, OutputSpec* out);

}  // namespace weft
