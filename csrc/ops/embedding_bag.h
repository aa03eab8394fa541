// Rows of a table, reduced bag by bag.
#pragma once

#include <optional>
#include <string>

#include "tensor/tensor.h"

namespace weft {

struct EmbeddingBagOptions {
  std::string mode = "mean";   // sum, mean or max
  Tensor scale;                // per item, of the index's shape, with sum; undefined: all 1
  int64_t padding = -1;        // items of this row are left out; -1: none are
  bool scale_by_freq = false;  // divides the gradient of a row by how many items it makes
  bool include_last = false;   // the last offset is the end of the last bag
};

// weight (rows, size); index (bags, items) without offsets, or (items) with the offset where each bag begins. The
// result is (bags, size), zeros for a bag without items. Raises IndexError for a row that is not there, RuntimeError or
// ValueError for offsets that do not begin with 0, decrease or lie behind the items.
Tensor embedding_bag(const Tensor& index, const Tensor& weight, const Tensor& offsets,
                     const EmbeddingBagOptions& options);

}  // namespace weft
