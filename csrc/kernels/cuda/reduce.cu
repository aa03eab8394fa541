#include "kernels/cuda/reduce.h"

namespace weft::cuda {

namespace {

// Puts a dimension into a walk whose dimensions are sorted by the input's stride, largest first.
void insert(Walk& w, int64_t size, const int64_t (&strides)[3], bool sorted) {
  weft::check(w.ndim < kDeviceLoopDims, "reductions over more than ", kDeviceLoopDims,
              " dimensions that cannot be merged are not supported on a GPU; use a contiguous copy");
  int at = w.ndim++;
  for (; sorted && at > 0 && w.strides[0][at - 1] < strides[0]; at--) {
    w.shape[at] = w.shape[at - 1];
    for (int k = 0; k < 3; k++) w.strides[k][at] = w.strides[k][at - 1];
  }
  w.shape[at] = size;
  for (int k = 0; k < 3; k++) w.strides[k][at] = strides[k];
}

void finish(Walk& w, int64_t numel) {
  if (w.ndim == 0) insert(w, 1, {1, 0, 0}, false);
  int kept = 0;
  for (int d = 1; d < w.ndim; d++) {
    bool fits = true;
    for (int k = 0; k < 3; k++) fits &= w.strides[k][kept] == w.strides[k][d] * w.shape[d];
    int64_t outer = w.shape[kept];
    if (!fits) kept++;
    w.shape[kept] = w.shape[d];
    for (int k = 0; k < 3; k++) w.strides[k][kept] = w.strides[k][d];
    if (fits) w.shape[kept] *= outer;
  }
  w.ndim = kept + 1;
  w.small = numel < (int64_t{1} << 31);
  for (int d = 0; w.small && d < w.ndim; d++) w.size[d] = Divisor(static_cast<uint32_t>(w.shape[d] ? w.shape[d] : 1));
}

}  // namespace

ReduceLaunch::ReduceLaunch(const StridedView& out, const StridedView& out2, const StridedView& in, int num_reduced,
                           bool ordered) {
  int num_kept = in.ndim - num_reduced;
  for (int d = 0; d < num_kept; d++) {
    outputs *= in.shape[d];
    if (in.shape[d] != 1)
      insert(kept, in.shape[d], {in.strides[d], out.data ? out.strides[d] : 0, out2.data ? out2.strides[d] : 0}, true);
  }
  for (int d = num_kept; d < in.ndim; d++) {
    count *= in.shape[d];
    if (in.shape[d] != 1) insert(reduced, in.shape[d], {in.strides[d], 0, 0}, !ordered);
  }
  finish(kept, outputs);
  finish(reduced, count);
  by_columns = outputs > 1 && kept.shape[kept.ndim - 1] > 1 &&
               kept.strides[0][kept.ndim - 1] < reduced.strides[0][reduced.ndim - 1];
  if (count == 1) by_columns = outputs > 1;
}

}  // namespace weft::cuda
