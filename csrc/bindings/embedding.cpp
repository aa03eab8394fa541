#include "ops/embedding.h"

#include "bindings/bindings.h"

namespace weft::python {

void bind_embedding(Family&, Family& nn) {
  nn.function(
      "embedding",
      "(input, weight, padding_idx=None, max_norm: float | None=None, norm_type=2.0, scale_grad_by_freq=False, "
      "sparse=False)",
      [](const Tensor& index, const Tensor& weight, std::optional<int64_t> padding, const py::object& max_norm, double,
         bool scale_grad_by_freq, bool sparse) {
        check<ErrorKind::NotImplemented>(max_norm.is_none() && !scale_grad_by_freq && !sparse,
                                         "embedding: max_norm, scale_grad_by_freq and sparse are not supported");
        int64_t rows = weight.ndim() ? weight.size(0) : 0;
        check<ErrorKind::Value>(!padding || (*padding >= -rows && *padding < rows), "embedding: padding_idx ",
                                padding.value_or(0), " is out of range for ", rows, " rows");
        int64_t p = padding ? (*padding < 0 ? *padding + rows : *padding) : -1;
        return embedding(index, weight, p);
      },
      "The rows of weight (rows, size) whose numbers input holds: of shape (*input.shape, size).\n\n"
      "input is int64 or int32. The gradient of row padding_idx, which may count from the end, is zero.\n\n"
      "Raises IndexError for a row that does not exist, ValueError for such a padding_idx, NotImplementedError\n"
      "for max_norm, scale_grad_by_freq and sparse, RuntimeError for other dtypes.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.embedding(weft.tensor([1, 0]), weft.eye(2))\n"
      "tensor([[0., 1.],\n"
      "        [1., 0.]])\n");
  nn.function(
      "one_hot", "(tensor, num_classes=-1)", [](const Tensor& x, int64_t n) { return one_hot(x, n); },
      "1 at place tensor[...] of a new last dimension, else 0: of shape (*tensor.shape, num_classes), int64.\n\n"
      "tensor holds class numbers (int64) from 0 on. num_classes is by default one more than the largest.\n\n"
      "Raises RuntimeError for a class outside of 0 to num_classes - 1, another dtype, or an empty tensor\n"
      "without num_classes.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.one_hot(weft.tensor([2, 0]), 3)\n"
      "tensor([[0, 0, 1],\n"
      "        [1, 0, 0]])\n");
}

}  // namespace weft::python
