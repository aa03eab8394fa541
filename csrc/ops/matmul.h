// Matrix products: matmul and its relatives, linear, einsum and tensordot.
#pragma once

#include <string>
#include <vector>

#include "core/scalar.h"
#include "tensor/tensor.h"

namespace weft {

// a(..., m, k) @ b(..., k, n) with broadcast leading dims; a one-dim operand is a row on the left, a column on the
// right.
Tensor matmul(const Tensor& a, const Tensor& b);
Tensor mm(const Tensor& a, const Tensor& b);
Tensor bmm(const Tensor& a, const Tensor& b);
Tensor mv(const Tensor& a, const Tensor& x);
Tensor dot(const Tensor& a, const Tensor& b);
Tensor inner(const Tensor& a, const Tensor& b);
Tensor outer(const Tensor& a, const Tensor& b);

// x(..., in) @ weight(out, in).T + bias(out); bias may be undefined.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
// y[..., o] = a[..., i] weight[o, i, j] b[..., j] + bias[o]; bias may be undefined.
Tensor bilinear(const Tensor& a, const Tensor& b, const Tensor& weight, const Tensor& bias = {});

// beta x + alpha (a @ b), x broadcast to the product. beta = 0 leaves x out, NaN and all.
Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta = 1, const Scalar& alpha = 1);
// The same with the transpose of a for b, and an x that is symmetric as the product is: half of it will do.
Tensor add_gram(const Tensor& x, const Tensor& a, const Scalar& beta, const Scalar& alpha);
Tensor addmv(const Tensor& x, const Tensor& a, const Tensor& v, const Scalar& beta = 1, const Scalar& alpha = 1);
Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta = 1, const Scalar& alpha = 1);
// beta x + alpha sum_i (a[i] @ b[i])
Tensor addbmm(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta = 1, const Scalar& alpha = 1);

// Einstein summation: "bij,bjk->bik"; with "...", repeated letters (diagonals) and an implied result.
Tensor einsum(const std::string& equation, const std::vector<Tensor>& operands);
// Sums products over dims_a of a paired with dims_b of b; the other dims of a, then of b, remain.
Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& dims_a, const Dims& dims_b);
Tensor kron(const Tensor& a, const Tensor& b);

}  // namespace weft
