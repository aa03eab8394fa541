// What losses of class numbers share.
#pragma once

#include "kernels/loss.h"
#include "ops/loss.h"

namespace weft {

// Raises IndexError naming op unless all targets but ignore_index are classes of an input of this shape.
void check_classes(const char* op, const Tensor& target, const Shape& input, int64_t ignore_index);
// Raises where target or weight (which may be undefined) does not fit an input of this shape and dtype.
void check_class_operands(const char* op, const Shape& input, DType dtype, const Tensor& target, const Tensor& weight);
// The losses (N, ...) and the weights of their targets as the reduction asks for.
Tensor finish_class_loss(const ClassLossOptions& o, const Tensor& losses, const Tensor& weights, bool unbatched,
                         DType dtype);

// Per element, float64: the loss, log(sum(exp(logits))), the weight of the target's class. weight may be undefined.
void class_losses(const Tensor& logits, const Tensor& target, const Tensor& weight, const CrossEntropyRule& rule,
                  Tensor* out);
// Gradient of the logits from that of the losses.
Tensor class_losses_backward(const Tensor& g, const Tensor& logits, const Tensor& log_sums, const Tensor& target,
                             const Tensor& weight, const CrossEntropyRule& rule);

}  // namespace weft
