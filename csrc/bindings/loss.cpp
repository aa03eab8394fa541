#include "ops/loss.h"

#include "bindings/bindings.h"
#include "bindings/ctc.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/reduced_loss.h"
#include "ops/reduction.h"
#include "ops/require.h"

namespace weft::python {

namespace {

using MaybeBool = std::optional<bool>;

// PyTorch's former size_average and reduce, where they are given.
std::string reduction_of(const char* name, const MaybeBool& size_average, const MaybeBool& reduce,
                         const std::string& reduction) {
  if (!size_average && !reduce) return reduction;
  std::string meant = !reduce.value_or(true) ? "none" : size_average.value_or(true) ? "mean" : "sum";
  std::string text = std::string(name) + ": size_average and reduce are deprecated, use reduction='" + meant + "'";
  if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) throw py::error_already_set();
  return meant;
}

#define WEFT_FORMER "size_average=None, reduce=None, reduction='mean'"

void warn_of_broadcast(const char* name, const Tensor& x, const Tensor& target) {
  if (x.shape() == target.shape()) return;
  std::string text = std::string(name) + ": the target of shape ";
  append_text(text, target.shape());
  text += " is broadcast against the input of shape ";
  append_text(text, x.shape());
  if (PyErr_WarnEx(PyExc_UserWarning, (text + "; is that what you want?").c_str(), 1) < 0)
    throw py::error_already_set();
}

using Pairwise = Tensor (*)(const Tensor&, const Tensor&, const std::string&);

void def_pairwise(Family& nn, const char* name, Pairwise function, const char* doc) {
  nn.function(
      name, "(input, target, " WEFT_FORMER ", weight=None)",
      [=](const Tensor& x, const Tensor& target, const MaybeBool& size_average, const MaybeBool& reduce,
          const std::string& reduction, const Tensor& weight) {
        std::string how = reduction_of(name, size_average, reduce, reduction);
        if (!weight.defined()) {
          Tensor y = function(x, target, how);
          warn_of_broadcast(name, x, target);
          return y;
        }
        Tensor weighted = mul(function(x, target, "none"), weight);
        return how == "mean"  ? div(sum(weighted), sum(expand(weight, weighted.shape())))
               : how == "sum" ? sum(weighted)
                              : weighted;
      },
      doc);
}

void bind_class_losses(Family& nn) {
  nn.function(
      "cross_entropy",
      "(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', "
      "label_smoothing=0.0)",
      [](const Tensor& x, const Tensor& target, const Tensor& weight, const MaybeBool& size_average,
         int64_t ignore_index, const MaybeBool& reduce, const std::string& reduction, double label_smoothing) {
        return cross_entropy(
            x, target,
            {weight, ignore_index, reduction_of("cross_entropy", size_average, reduce, reduction), label_smoothing});
      },
      "The mean of -log(softmax(input)[target]) over the samples; with reduction='none' the loss of each.\n\n"
      "input (N, C, ...) or (C,) holds logits of C classes, target class numbers (int64 or uint8) of that shape "
      "without\n"
      "C, or probabilities of input's shape. weight (C,) weighs the classes; the mean is then over the targets'\n"
      "weights. Targets that are ignore_index do not count. label_smoothing s mixes a target with s / C of\n"
      "every class (Szegedy et al., 2016). size_average and reduce are former spellings of reduction. The dtype\n"
      "is input's.\n\n"
      "Raises IndexError for a class that is not there, ValueError for another shape or reduction, RuntimeError\n"
      "for dtypes that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.cross_entropy(weft.zeros(1, 2), weft.tensor([1]))\n"
      "tensor(0.6931)\n");
  nn.function(
      "nll_loss", "(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')",
      [](const Tensor& x, const Tensor& target, const Tensor& weight, const MaybeBool& size_average,
         int64_t ignore_index, const MaybeBool& reduce, const std::string& reduction) {
        return nll_loss(x, target, {weight, ignore_index, reduction_of("nll_loss", size_average, reduce, reduction)});
      },
      "The mean of -input[target] over the samples; with reduction='none' the loss of each.\n\n"
      "input (N, C, ...) or (C,) holds log probabilities of C classes, as log_softmax() gives them, target\n"
      "class numbers (int64 or uint8) of that shape without C. weight, ignore_index and the errors are those of\n"
      "cross_entropy().\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.nll_loss(weft.tensor([[-1., -2.], [-3., -4.]]), weft.tensor([1, 0]), reduction='none')\n"
      "tensor([2., 3.])\n");
}

void bind_distances(Family& nn) {
  def_pairwise(
      nn, "mse_loss", &mse_loss,
      "The mean of (input - target)^2; with reduction='sum' the sum, with 'none' the square of each element.\n\n"
      "input and target have one shape, or shapes that broadcast, with a warning. weight weighs the elements;\n"
      "the mean is then over the weights. size_average and reduce are former spellings of reduction.\n\n"
      "Raises ValueError for another reduction, RuntimeError for shapes that do not broadcast, for complex\n"
      "numbers and for the mean of integers.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.mse_loss(weft.tensor([1., 3.]), weft.zeros(2))\n"
      "tensor(5.)\n");
  def_pairwise(
      nn, "l1_loss", &l1_loss,
      "The mean of |input - target|; with reduction='sum' the sum, with 'none' the distance of each element.\n\n"
      "Arguments and errors are those of mse_loss(); complex numbers have distances too, which are real.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.l1_loss(weft.tensor([1., 3.]), weft.zeros(2))\n"
      "tensor(2.)\n");
  nn.function(
      "smooth_l1_loss", "(input, target, " WEFT_FORMER ", beta=1.0)",
      [](const Tensor& x, const Tensor& target, const MaybeBool& size_average, const MaybeBool& reduce,
         const std::string& reduction, double beta) {
        Tensor y = smooth_l1_loss(x, target, reduction_of("smooth_l1_loss", size_average, reduce, reduction), beta);
        warn_of_broadcast("smooth_l1_loss", x, target);
        return y;
      },
      "The mean of d^2 / (2 beta) for d = |input - target| below beta, else d - beta / 2 (Girshick, 2015).\n\n"
      "input and target have one shape, or shapes that broadcast, with a warning. beta 0 gives l1_loss().\n"
      "reduction: 'mean', 'sum' or 'none'; size_average and reduce are former spellings of it.\n\n"
      "Raises RuntimeError for a negative beta, ValueError for another reduction.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.smooth_l1_loss(weft.tensor([0.5, 3.]), weft.zeros(2), reduction='none')\n"
      "tensor([0.1250, 2.5000])\n");
  nn.function(
      "huber_loss", "(input, target, reduction='mean', delta=1.0, weight=None)",
      [](const Tensor& x, const Tensor& target, const std::string& reduction, double delta, const Tensor& weight) {
        if (weight.defined()) return reduced(mul(huber_loss(x, target, "none", delta), weight), reduction);
        Tensor y = huber_loss(x, target, reduction, delta);
        warn_of_broadcast("huber_loss", x, target);
        return y;
      },
      "The mean of d^2 / 2 for d = |input - target| up to delta, else delta (d - delta / 2) (Huber, 1964).\n\n"
      "input and target have one shape, or shapes that broadcast, with a warning. weight multiplies the losses\n"
      "before they are reduced. reduction: 'mean', 'sum' or 'none'.\n\n"
      "Raises RuntimeError unless delta is positive, ValueError for another reduction.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.huber_loss(weft.tensor([0.5, 3.]), weft.zeros(2), reduction='none', delta=2.)\n"
      "tensor([0.1250, 4.0000])\n");
}

void bind_binary_losses(Family& nn) {
  nn.function(
      "binary_cross_entropy", "(input, target, weight=None, " WEFT_FORMER ")",
      [](const Tensor& x, const Tensor& target, const Tensor& weight, const MaybeBool& size_average,
         const MaybeBool& reduce, const std::string& reduction) {
        return binary_cross_entropy(x, target, weight,
                                    reduction_of("binary_cross_entropy", size_average, reduce, reduction));
      },
      "The mean of -(target log(input) + (1 - target) log(1 - input)) for probabilities of one shape.\n\n"
      "Logarithms count as -100 where they are less. weight, of a shape that broadcasts, multiplies the losses.\n"
      "reduction: 'mean', 'sum' or 'none'; size_average and reduce are former spellings of it.\n\n"
      "Raises RuntimeError for an input outside of [0, 1], ValueError for a target of another shape.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.binary_cross_entropy(weft.tensor([0.5, 0.]), weft.ones(2), reduction='none')\n"
      "tensor([  0.6931, 100.0000])\n");
  nn.function(
      "binary_cross_entropy_with_logits", "(input, target, weight=None, " WEFT_FORMER ", pos_weight=None)",
      [](const Tensor& x, const Tensor& target, const Tensor& weight, const MaybeBool& size_average,
         const MaybeBool& reduce, const std::string& reduction, const Tensor& pos_weight) {
        return binary_cross_entropy_with_logits(
            x, target, weight, reduction_of("binary_cross_entropy_with_logits", size_average, reduce, reduction),
            pos_weight);
      },
      "binary_cross_entropy() of sigmoid(input), computed from the logits without overflow or loss.\n\n"
      "input and target have one shape. pos_weight multiplies the term of target: above 1 it makes misses of\n"
      "the class cost more. weight, of a shape that broadcasts, multiplies the losses; reduction is as there.\n\n"
      "Raises ValueError for a target of another shape.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.binary_cross_entropy_with_logits(weft.zeros(1), weft.ones(1))\n"
      "tensor(0.6931)\n");
}

}  // namespace

void bind_loss(Family&, Family& nn) {
  nn.function("_require_all", "(condition, message, of_value=False)", &require_all);
  nn.function(
      "_linear_cross_entropy",
      "(input, linear_weight, target, linear_bias=None, weight=None, reduction='mean', ignore_index=-100, "
      "label_smoothing=0.0, chunk=0)",
      [](const Tensor& x, const Tensor& linear_weight, const Tensor& target, const Tensor& bias, const Tensor& weight,
         const std::string& reduction, int64_t ignore_index, double label_smoothing, int64_t chunk) {
        return linear_cross_entropy(x, linear_weight, target, bias, {weight, ignore_index, reduction, label_smoothing},
                                    chunk);
      });
  bind_class_losses(nn);
  bind_distances(nn);
  bind_binary_losses(nn);
  bind_ctc(nn);
}

}  // namespace weft::python
