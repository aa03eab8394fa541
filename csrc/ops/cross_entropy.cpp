// Losses of classes: cross entropy (fused with the softmax) and the negative log likelihood.
#include "kernels/loss.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/class_loss.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/reduced_loss.h"
#include "ops/reduction.h"
#include "ops/softmax.h"

namespace weft {

void check_classes(const char* op, const Tensor& target, const Shape& input, int64_t ignore_index) {
  int64_t position = -1, classes = input[1];
  first_bad_class_kernel(target.device(), view_of(target), classes, ignore_index, &position);
  check<ErrorKind::Index>(position < 0, op, ": class ", position < 0 ? 0 : target.data_as<int64_t>()[position],
                          " is not among the ", classes, " classes of an input of shape ", input);
}

namespace {

// One-hot rows of the targets, zeros where ignored, with the classes along dimension 1.
Tensor one_hot_rows(const Tensor& x, const Tensor& target, int64_t ignore_index) {
  Shape shape = Shape::filled(x.ndim(), 1);
  shape[1] = x.size(1);
  Tensor same = eq(unsqueeze(target, 1), reshape(arange(x.size(1), x.device()), shape));
  return to_dtype(logical_and(same, ne(unsqueeze(target, 1), Scalar(ignore_index))), x.dtype());
}

Tensor along_classes(const Tensor& weight, const Tensor& x) {
  Shape shape = Shape::filled(x.ndim(), 1);
  shape[1] = weight.numel();
  return reshape(weight, shape);
}

// Of an op from a file.
void check_logits(const InputCheck& in, int logits, int target, int weight) {
  in.count_between(3, 5, 1u << weight).floating(logits).ndim_between(logits, 2, kMaxDims).contiguous(logits);
  Shape shape = in[logits].shape();
  const int64_t classes = shape[1];
  shape.erase(1);
  in.dtype(target, DType::Int64).shape(target, shape).contiguous(target);
  in.same_dtype(weight, logits).shape(weight, {classes}).contiguous(weight);
}

// inputs: gradient per element (float64), logits, log of the sums (float64), target, weight or nothing.
struct CrossEntropyBackward : OpOf<CrossEntropyBackward> {
  static constexpr const char* kName = "cross_entropy_backward";
  static constexpr Traits kTraits{.decomposes = true};
  int64_t ignore_index;
  double smoothing;
  WEFT_FIELDS(ignore_index, smoothing);
  void check_inputs(const InputCheck& in) const {
    check_logits(in, 1, 3, 4);
    for (int i : {0, 2}) in.dtype(i, DType::Float64).same_shape(i, 3).contiguous(i);
    in.count(5, 16);
  }
  CrossEntropyBackward(int64_t i, double s) : ignore_index(i), smoothing(s) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[1].shape(), in[1].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    cross_entropy_backward_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), view_of(in[2]),
                                  view_of(in[3]), view_or_none(in[4]), {ignore_index, smoothing});
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor &logits = in[1], &target = in[3], &weight = in[4];
    Tensor p = softmax(logits, 1), picked = one_hot_rows(logits, target, ignore_index);
    Tensor g = unsqueeze(to_dtype(in[0], logits.dtype()), 1);
    Tensor weighted = weight.defined() ? mul(picked, along_classes(weight, logits)) : picked;
    Tensor result = mul(mul(g, sub(mul(p, sum(weighted, {1}, true)), weighted)), Scalar(1.0 - smoothing));
    if (smoothing != 0.0) {
      Tensor all =
          weight.defined() ? along_classes(weight, logits) : full({}, Scalar(1.0), logits.dtype(), logits.device());
      Tensor total = weight.defined()
                         ? sum(weight)
                         : full({}, Scalar(static_cast<double>(logits.size(1))), logits.dtype(), logits.device());
      Tensor counted = mul(g, sum(picked, {1}, true));
      result = add(result,
                   mul(mul(counted, sub(mul(p, total), all)), Scalar(smoothing / static_cast<double>(logits.size(1)))));
    }
    return {result};
  }
};

// inputs: logits (N, C, ...), target, weight or nothing. Outputs per element, float64: the loss, log(sum(exp(logits))),
// the weight of the target's class.
struct CrossEntropy : OpOf<CrossEntropy> {
  static constexpr const char* kName = "cross_entropy";
  int64_t ignore_index;
  double smoothing;
  WEFT_FIELDS(ignore_index, smoothing);
  void check_inputs(const InputCheck& in) const {
    check_logits(in, 0, 1, 2);
    in.count(3, 4);
  }
  CrossEntropy(int64_t i, double s) : ignore_index(i), smoothing(s) {}
  int num_outputs() const override { return 3; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = out[1] = out[2] = {in[1].shape(), DType::Float64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    check_classes(kName, in[1], in[0].shape(), ignore_index);
    cross_entropy_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(out[2]), view_of(in[0]),
                         view_of(in[1]), view_or_none(in[2]), {ignore_index, smoothing});
  }
  Saves saves(uint32_t) const override { return {.inputs = 7, .outputs = 2}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    Tensor g = contiguous(v.grad(0)), logits = v.input(0), log_sums = detach(v.output(1)), target = v.input(1),
           weight = v.input(2);
    const Tensor* list[] = {&g, &logits, &log_sums, &target, &weight};
    apply(CrossEntropyBackward(ignore_index, smoothing), Inputs(list, 5), &grads[0]);
  }
};

struct TargetClasses : OpOf<TargetClasses> {
  static constexpr const char* kName = "nll_loss";
  static constexpr Traits kTraits{.pure = false, .differentiable = false};
  Shape input;
  int64_t ignore_index;
  WEFT_FIELDS(input, ignore_index);
  void check_inputs(const InputCheck& in) const {
    in.count(1).dtype(0, DType::Int64).contiguous(0).sizes(input).that(input.size() >= 2, "classes");
  }
  TargetClasses(const Shape& s, int64_t ignore) : input(s), ignore_index(ignore) {}
  int num_outputs() const override { return 0; }
  void infer(Inputs, OutputSpec*) const override {}
  void run(Inputs in, const Tensor*) const override { check_classes(kName, in[0], input, ignore_index); }
};

}  // namespace

void check_class_operands(const char* op, const Shape& input, DType dtype, const Tensor& target, const Tensor& weight) {
  check(target.dtype() == DType::Int64, op, ": expected class numbers of dtype int64, got ", target.dtype(),
        "; convert them with .long()");
  Shape wanted = input;
  const int at = input.size() == 1 ? 0 : 1;
  const int64_t classes = wanted[at];
  wanted.erase(at);
  check<ErrorKind::Value>(target.shape() == wanted, op, ": expected a target of shape ", wanted,
                          " for an input of shape ", input, ", got ", target.shape());
  if (!weight.defined()) return;
  check(weight.ndim() == 1 && weight.numel() == classes, op, ": expected a weight of shape (", classes,
        ",) for an input of shape ", input, ", got ", weight.shape());
  check(weight.dtype() == dtype, op, ": expected a weight of dtype ", dtype, ", got ", weight.dtype());
}

Tensor finish_class_loss(const ClassLossOptions& o, const Tensor& losses, const Tensor& weights, bool unbatched,
                         DType dtype) {
  // Sums over many elements may be too large for a half type where their quotient is not.
  const DType wide = scaling_dtype(losses.dtype());
  if (o.reduction == "mean") return to_dtype(div(sum(losses, {}, false, wide), sum(weights, {}, false, wide)), dtype);
  if (o.reduction == "sum") return to_dtype(sum(losses), dtype);
  return to_dtype(unbatched ? select(losses, 0, 0) : losses, dtype);
}

void class_losses(const Tensor& logits, const Tensor& target, const Tensor& weight, const CrossEntropyRule& rule,
                  Tensor* out) {
  const Tensor* list[] = {&logits, &target, &weight};
  apply(CrossEntropy(rule.ignore_index, rule.smoothing), Inputs(list, 3), out);
}

Tensor class_losses_backward(const Tensor& g, const Tensor& logits, const Tensor& log_sums, const Tensor& target,
                             const Tensor& weight, const CrossEntropyRule& rule) {
  return apply(CrossEntropyBackward(rule.ignore_index, rule.smoothing), g, logits, log_sums, target, weight);
}

namespace {

struct ClassInputs {
  Tensor x, target;
};

// Both with the batch dimension; checked.
ClassInputs class_inputs(const char* op, const Tensor& x, const Tensor& target, const ClassLossOptions& o) {
  check_reduction(op, o.reduction);
  check(x.ndim() >= 1, op, ": expected an input of at least 1 dimension, got a number");
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  check_class_operands(op, x.shape(), x.dtype(), target, o.weight);
  if (x.ndim() == 1) return {contiguous(unsqueeze(x, 0)), contiguous(unsqueeze(target, 0))};
  return {contiguous(x), contiguous(target)};
}

// Those of at most 256 classes may be bytes.
Tensor class_numbers(const Tensor& target) {
  return target.dtype() == DType::UInt8 ? to_dtype(target, DType::Int64) : target;
}

Tensor cross_entropy_of_probabilities(const Tensor& x, const Tensor& target, const ClassLossOptions& o) {
  const char* op = "cross_entropy";
  check_reduction(op, o.reduction);
  check<ErrorKind::Value>(x.shape() == target.shape(), op, ": probabilities must have the input's shape ", x.shape(),
                          ", got ", target.shape());
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  check(o.ignore_index < 0, op, ": ignore_index ", o.ignore_index, " has no meaning for probabilities as targets");
  int dim = x.ndim() == 1 ? 0 : 1;
  int64_t classes = x.size(dim);
  Tensor t = o.label_smoothing == 0.0 ? target
                                      : add(mul(target, Scalar(1.0 - o.label_smoothing)),
                                            Scalar(o.label_smoothing / static_cast<double>(classes)));
  Tensor terms = mul(log_softmax(x, dim), t);
  if (o.weight.defined()) {
    check(o.weight.ndim() == 1 && o.weight.numel() == classes, op, ": expected a weight of shape (", classes,
          ",), got ", o.weight.shape());
    terms = mul(terms, dim == 0 ? o.weight : along_classes(o.weight, x));
  }
  Tensor losses = neg(sum(terms, {dim}));
  if (o.reduction == "none") return losses;
  Tensor total = sum(losses);
  return o.reduction == "sum" ? total : div(total, Scalar(static_cast<double>(losses.numel())));
}

}  // namespace

Tensor cross_entropy(const Tensor& given, const Tensor& target, const ClassLossOptions& o) {
  Tensor x = for_full_precision(given);
  check(o.label_smoothing >= 0.0 && o.label_smoothing <= 1.0,
        "cross_entropy: label_smoothing must be between 0 and 1, got ", o.label_smoothing);
  if (is_real_floating(target.dtype())) return cross_entropy_of_probabilities(x, target, o);
  ClassInputs in = class_inputs("cross_entropy", x, class_numbers(target), o);
  Tensor weight = o.weight.defined() ? contiguous(o.weight) : Tensor(), out[3];
  class_losses(in.x, in.target, weight, {o.ignore_index, o.label_smoothing}, out);
  return finish_class_loss(o, out[0], out[2], x.ndim() == 1, x.dtype());
}

Tensor nll_loss(const Tensor& given, const Tensor& target, const ClassLossOptions& o) {
  Tensor x = for_full_precision(given);
  ClassInputs in = class_inputs("nll_loss", x, class_numbers(target), o);
  apply_check(TargetClasses(in.x.shape(), o.ignore_index), in.target);
  Tensor counted = ne(in.target, Scalar(o.ignore_index));
  Tensor safe = where(counted, in.target, Scalar(0));
  // Without classes every target is ignored.
  Tensor picked = in.x.size(1) == 0 ? sum(in.x, {1}) : select(gather(in.x, 1, unsqueeze(safe, 1)), 1, 0);
  Tensor weights = to_dtype(counted, x.dtype());
  if (o.weight.defined()) weights = mul(take(o.weight, safe), weights);
  return finish_class_loss(o, neg(mul(where(counted, picked, Scalar(0.0)), weights)), weights, x.ndim() == 1,
                           x.dtype());
}

// Batch rules

namespace {

WEFT_BATCH_RULE(CrossEntropy) { call.declined = !apply_folded(op, call, 3); }
WEFT_BATCH_RULE(CrossEntropyBackward) { call.declined = !apply_folded(op, call, 15); }
WEFT_BATCH_RULE(TargetClasses) {
  Shape shape = op.input;
  shape[0] *= call.size;
  apply_folded(TargetClasses(shape, op.ignore_index), call, 1);
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(CrossEntropy);
WEFT_OP(CrossEntropyBackward);
WEFT_OP_AS(TargetClasses, "check_classes", 1);

}  // namespace

}  // namespace weft
