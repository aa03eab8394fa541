#include "ops/loss.h"

#include <string_view>

#include "kernels/loss.h"
#include "op/autocast.h"
#include "op/grad_mode.h"
#include "ops/elementwise.h"
#include "ops/reduced_loss.h"
#include "ops/reduction.h"
#include "ops/require.h"

namespace weft {

constinit KernelTable<CrossEntropyKernel> cross_entropy_kernel{"cross_entropy"};
constinit KernelTable<CrossEntropyBackwardKernel> cross_entropy_backward_kernel{"cross_entropy_backward"};
constinit KernelTable<FirstBadClassKernel> first_bad_class_kernel{"cross_entropy"};

void check_reduction(const char* op, const std::string& reduction) {
  check<ErrorKind::Value>(reduction == "mean" || reduction == "sum" || reduction == "none", op,
                          ": reduction must be 'none', 'mean' or 'sum', got '", reduction, "'");
}

Tensor reduced(const Tensor& losses, const std::string& reduction) {
  return reduction == "mean" ? mean(losses) : reduction == "sum" ? sum(losses) : losses;
}

namespace {

Tensor difference(const char* op, const Tensor& x, const Tensor& target, const std::string& reduction) {
  check_reduction(op, reduction);
  broadcast_shapes(op, x.shape(), target.shape());
  check((!is_complex(x.dtype()) && !is_complex(target.dtype())) || std::string_view(op) == "l1_loss", op,
        ": a loss is real, which squares of complex numbers are not; use (input - target).abs().square().mean()");
  return sub(for_full_precision(x), for_full_precision(target));
}

void check_same_shape(const char* op, const Tensor& x, const Tensor& target, const std::string& reduction) {
  check_reduction(op, reduction);
  check<ErrorKind::Value>(x.shape() == target.shape(), op, ": the target must have the input's shape ", x.shape(),
                          ", got ", target.shape());
}

}  // namespace

Tensor mse_loss(const Tensor& x, const Tensor& target, const std::string& reduction) {
  return reduced(square(difference("mse_loss", x, target, reduction)), reduction);
}

Tensor l1_loss(const Tensor& x, const Tensor& target, const std::string& reduction) {
  return reduced(abs(difference("l1_loss", x, target, reduction)), reduction);
}

Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, const std::string& reduction, double beta) {
  check(beta >= 0, "smooth_l1_loss: beta must not be negative, got ", beta);
  if (beta == 0) return l1_loss(x, target, reduction);
  Tensor d = difference("smooth_l1_loss", x, target, reduction), gap = abs(d);
  Tensor near = mul(square(d), Scalar(0.5 / beta)), far = sub(gap, Scalar(0.5 * beta));
  return reduced(where(lt(gap, Scalar(beta)), near, far), reduction);
}

Tensor huber_loss(const Tensor& x, const Tensor& target, const std::string& reduction, double delta) {
  check(delta > 0, "huber_loss: delta must be positive, got ", delta);
  Tensor d = difference("huber_loss", x, target, reduction), gap = abs(d);
  Tensor near = mul(square(d), Scalar(0.5)), far = mul(sub(gap, Scalar(0.5 * delta)), Scalar(delta));
  return reduced(where(le(gap, Scalar(delta)), near, far), reduction);
}

Tensor binary_cross_entropy(const Tensor& given, const Tensor& target_given, const Tensor& weight,
                            const std::string& reduction) {
  const char* op = "binary_cross_entropy";
  check_same_shape(op, given, target_given, reduction);
  Tensor x = for_full_precision(given), target = for_full_precision(target_given);
  if (x.numel() > 0 && x.device().type == DeviceType::CPU) {
    require_all(logical_and(ge(x, Scalar(0.0)), le(x, Scalar(1.0))),
                "binary_cross_entropy: the input must be probabilities between 0 and 1; for other numbers use "
                "binary_cross_entropy_with_logits");
  }
  Tensor losses = binary(index_in<scalar::BinaryCrossEntropy>(scalar::BinaryList{}), x, target);
  return reduced(weight.defined() ? mul(losses, weight) : losses, reduction);
}

Tensor binary_cross_entropy_with_logits(const Tensor& given, const Tensor& target_given, const Tensor& weight,
                                        const std::string& reduction, const Tensor& pos_weight) {
  check_same_shape("binary_cross_entropy_with_logits", given, target_given, reduction);
  Tensor x = for_full_precision(given), target = for_full_precision(target_given);
  // Two terms, each exact for large x of either sign.
  Tensor hit = mul(target, logsigmoid(x)), miss = mul(sub(Scalar(1), target), logsigmoid(neg(x)));
  if (pos_weight.defined()) hit = mul(pos_weight, hit);
  Tensor losses = neg(add(hit, miss));
  return reduced(weight.defined() ? mul(losses, weight) : losses, reduction);
}

}  // namespace weft
