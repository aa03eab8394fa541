#include "ops/view_part.h"

#include "ops/complex.h"
#include "ops/movement.h"

namespace weft {

namespace {

int64_t reach_of(const Tensor& t) {
  int64_t reach = t.numel() > 0;
  for (int d = 0; d < t.ndim() && reach; d++) reach += (t.size(d) - 1) * t.strides()[d];
  return reach;
}

// The elements of a tensor in memory as pairs, from the first that starts one.
Tensor as_pairs(const Tensor& x) {
  const int64_t first = x.offset() % 2;
  return view_as_complex(as_strided(x, {(reach_of(x) - first) / 2, 2}, {2, 1}, x.offset() + first));
}

// Where a view that starts at `offset` lies in `whole`, in elements of the view's dtype.
int64_t offset_in(const Tensor& whole, int64_t base_offset, int64_t offset, DType dtype) {
  const int64_t moved = whole.offset() - base_offset;
  if (whole.dtype() == dtype) return moved + offset;
  if (is_complex(whole.dtype())) return 2 * moved + offset;
  check<ErrorKind::NotImplemented>(moved % 2 == 0,
                                   "a complex view of real numbers that start at an odd place in "
                                   "memory cannot be changed in place while derivatives are recorded; clone() them");
  return moved / 2 + offset;
}

}  // namespace

Tensor part_like_view(const Tensor& whole, int64_t base_offset, const Shape& shape, const Strides& strides,
                      int64_t offset, DType dtype) {
  const int64_t start = offset_in(whole, base_offset, offset, dtype);
  if (whole.dtype() == dtype) return as_strided(whole, shape, strides, start);
  return as_strided(is_complex(whole.dtype()) ? view_as_real(whole) : as_pairs(whole), shape, strides, start);
}

Tensor put_like_view(const Tensor& whole, int64_t base_offset, const Tensor& values, const Strides& strides,
                     int64_t offset) {
  const int64_t start = offset_in(whole, base_offset, offset, values.dtype());
  if (whole.dtype() == values.dtype()) return put_view(whole, values, strides, start - whole.offset());
  if (is_complex(whole.dtype()))
    return view_as_complex(put_view(view_as_real(whole), values, strides, start - 2 * whole.offset()));
  // The pairs, and what lies before and behind them.
  const int64_t reach = reach_of(whole), first = whole.offset() % 2, pairs = (reach - first) / 2;
  const Tensor memory = as_strided(whole, {reach}, {1}, whole.offset()), complex = as_pairs(whole);
  Tensor changed = flatten(view_as_real(put_view(complex, values, strides, start - complex.offset())));
  if (first || 2 * pairs < reach)
    changed =
        cat({narrow(memory, 0, 0, first), changed, narrow(memory, 0, first + 2 * pairs, reach - first - 2 * pairs)});
  return as_strided(changed, whole.shape(), whole.strides(), changed.offset());
}

bool is_part_of(const Tensor& view, const Tensor& base) {
  if (view.dtype() != base.dtype() && to_real(view.dtype()) != to_real(base.dtype())) return false;
  const int64_t of_view = is_complex(view.dtype()) ? 2 : 1, of_base = is_complex(base.dtype()) ? 2 : 1;
  const int64_t from = view.offset() * of_view - base.offset() * of_base;
  return from >= 0 && from % of_view == 0 && from + reach_of(view) * of_view <= reach_of(base) * of_base;
}

}  // namespace weft
