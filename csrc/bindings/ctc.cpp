#include "bindings/ctc.h"

#include "bindings/bindings.h"
#include "ops/ctc.h"

namespace weft::python {

namespace {

// A tensor, or a tuple of integers as one.
Tensor lengths_of(const char* name, const py::object& value) {
  Tensor given;
  if (read_argument(value.ptr(), given)) return given;
  std::optional<Dims> list = read_dims(value.ptr());
  check<ErrorKind::Type>(list.has_value(), "ctc_loss: expected ", name, " as a Tensor or a tuple of ints, got ",
                         std::string(Py_TYPE(value.ptr())->tp_name));
  Tensor lengths = empty({list->size()}, DType::Int64);
  std::copy(list->begin(), list->end(), lengths.data_as<int64_t>());
  return lengths;
}

}  // namespace

void bind_ctc(Family& nn) {
  nn.function(
      "ctc_loss",
      "(log_probs, targets, input_lengths: Tensor | Sequence[int], target_lengths: Tensor | Sequence[int], blank=0, "
      "reduction='mean', zero_infinity=False)",
      [](const Tensor& log_probs, const Tensor& targets, const py::object& input_lengths,
         const py::object& target_lengths, int64_t blank, const std::string& reduction, bool zero_infinity) {
        return ctc_loss(log_probs, targets, lengths_of("input_lengths", input_lengths),
                        lengths_of("target_lengths", target_lengths), {blank, reduction, zero_infinity});
      },
      "Minus the log likelihood of labels whose alignment with the input is not known (Graves et al., 2006).\n\n"
      "An alignment has a class for each time; without repetitions, then without blanks, it is the target. The\n"
      "likelihood is the sum over all alignments of the products of their probabilities.\n\n"
      "log_probs (T, N, C) or (T, C) comes from log_softmax(); targets (N, S), or without N (S), are labels from\n"
      "0 to C - 1 that are not blank, or those of all samples one after the other in a vector. input_lengths and\n"
      "target_lengths say how many of the T times and labels belong to each sample. With reduction='mean' each\n"
      "loss is divided by the length of its target before the mean is taken; 'sum' and 'none' are the others.\n"
      "zero_infinity: losses of targets that have no alignment count as 0, and so do their gradients.\n\n"
      "The gradient supposes that each row of exp(log_probs) adds up to 1: it is exp(log_probs) minus the\n"
      "posterior probabilities of the classes, which behind log_softmax() is the derivative.\n\n"
      "Raises RuntimeError for shapes, dtypes and lengths that do not fit, IndexError for a label that is no\n"
      "class, ValueError for another reduction.\n\n"
      ">>> import weft\n"
      ">>> log_probs = weft.zeros(2, 3).log_softmax(-1)\n"
      ">>> weft.nn.functional.ctc_loss(log_probs, weft.tensor([1]), (2,), (1,))  # -log(3 / 9)\n"
      "tensor(1.0986)\n");
}

}  // namespace weft::python
