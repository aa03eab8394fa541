#include "ops/reduction.h"

#include "op/apply.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft {

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  // Adds the slices of every dimension to be summed, one after the other.
  Tensor y = x;
  while (y.ndim() > shape.size()) {
    Tensor total = zeros(Shape(y.shape().data() + 1, y.ndim() - 1), y.dtype(), y.device());
    for (int64_t i = 0; i < y.size(0); i++) total = add(total, select(y, 0, i));
    y = total;
  }
  for (int d = 0; d < shape.size(); d++) {
    if (shape[d] == y.size(d)) continue;
    Tensor total = zeros(shape.size() ? select(y, d, 0).shape() : Shape{}, y.dtype(), y.device());
    for (int64_t i = 0; i < y.size(d); i++) total = add(total, select(y, d, i));
    y = unsqueeze(total, d);
  }
  return y;
}

}  // namespace weft
