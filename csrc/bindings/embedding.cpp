#include "ops/embedding.h"

#include "bindings/bindings.h"
#include "op/grad_mode.h"
#include "ops/embedding_bag.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

// The row whose gradient is zero, counted from the start; -1: none.
int64_t padding_row(const char* name, const std::optional<int64_t>& padding, const Tensor& weight) {
  if (!padding) return -1;
  const int64_t rows = weight.ndim() ? weight.size(0) : 0;
  check<ErrorKind::Value>(*padding >= -rows && *padding < rows, name, ": padding_idx ", *padding,
                          " is out of range for ", rows, " rows");
  return *padding < 0 ? *padding + rows : *padding;
}

void refuse_sparse(const char* name, bool sparse) {
  check<ErrorKind::NotImplemented>(!sparse, name,
                                   ": gradients are dense tensors, Weft has no sparse ones yet; leave sparse=False");
}

void bind_embedding_bag(Family& nn) {
  nn.function(
      "embedding_bag",
      "(input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode='mean', sparse=False, "
      "per_sample_weights=None, include_last_offset=False, padding_idx=None)",
      [](const Tensor& index, const Tensor& weight, const Tensor& offsets, const std::optional<double>& max_norm,
         double norm_type, bool scale_grad_by_freq, const std::string& mode, bool sparse,
         const Tensor& per_sample_weights, bool include_last_offset, const std::optional<int64_t>& padding) {
        refuse_sparse("embedding_bag", sparse);
        const EmbeddingBagOptions options{.mode = mode,
                                          .scale = per_sample_weights,
                                          .padding = padding_row("embedding_bag", padding, weight),
                                          .scale_by_freq = scale_grad_by_freq,
                                          .include_last = include_last_offset};
        if (!max_norm) return embedding_bag(index, weight, offsets, options);
        {
          const GradModeGuard no_grad(false);
          embedding_bag(index, detach(weight), offsets, options);  // raises where an argument does not fit
        }
        renormalize_rows_("embedding_bag", weight, index, *max_norm, norm_type);
        return embedding_bag(index, weight, offsets, options);
      },
      "The sum, mean or maximum of rows of weight (rows, size), bag by bag: of shape (bags, size).\n\n"
      "input (bags, items) holds the numbers of the rows in each bag, or input (items) those of all bags one\n"
      "after the other, and offsets where each bag begins; with include_last_offset its last entry is the end of\n"
      "the last bag. A bag without items gives zeros. No row is copied on the way.\n\n"
      "per_sample_weights, of input's shape, multiply the rows (with mode='sum'). Items of row padding_idx are\n"
      "left out. max_norm: rows that are used and have a larger norm, of order norm_type, are first scaled down\n"
      "to it, in place. scale_grad_by_freq divides the gradient of a row by how often input holds it.\n\n"
      "Raises IndexError for a row that does not exist, ValueError for shapes and another mode, RuntimeError\n"
      "for offsets that do not begin with 0 or that decrease, NotImplementedError for sparse=True and for\n"
      "per_sample_weights with another mode.\n\n"
      ">>> import weft\n"
      ">>> bags = weft.tensor([0, 1, 2]), weft.tensor([0, 1])\n"
      ">>> weft.nn.functional.embedding_bag(bags[0], weft.eye(3), bags[1], mode='sum')\n"
      "tensor([[1., 0., 0.],\n"
      "        [0., 1., 1.]])\n");
}

}  // namespace

void bind_embedding(Family&, Family& nn) {
  bind_embedding_bag(nn);
  nn.function(
      "embedding",
      "(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False)",
      [](const Tensor& index, const Tensor& weight, const std::optional<int64_t>& padding,
         const std::optional<double>& max_norm, double norm_type, bool scale_grad_by_freq, bool sparse) {
        refuse_sparse("embedding", sparse);
        const int64_t p = padding_row("embedding", padding, weight);
        if (max_norm) renormalize_rows_("embedding", weight, index, *max_norm, norm_type);
        return scale_grad_by_freq ? embedding_by_frequency(index, weight, p) : embedding(index, weight, p);
      },
      "The rows of weight (rows, size) whose numbers input holds: of shape (*input.shape, size).\n\n"
      "input is int64 or int32. The gradient of row padding_idx, which may count from the end, is zero.\n"
      "max_norm: rows that are used and have a larger norm, of order norm_type, are first scaled down to it, in\n"
      "place. scale_grad_by_freq divides the gradient of a row by how often input holds it.\n\n"
      "Raises IndexError for a row that does not exist, ValueError for such a padding_idx, NotImplementedError\n"
      "for sparse=True, RuntimeError for other dtypes.\n\n"
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
