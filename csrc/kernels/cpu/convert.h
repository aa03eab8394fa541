// Loads and stores of runs of elements with conversion between dtypes, for the loops of the CPU kernels.
#pragma once

#include <stdint.h>

#include "kernels/scalar/convert.h"
#include "kernels/view.h"

namespace weft {
namespace WEFT_ISA {
namespace {

using scalar::convert;

template <class To, class From>
void convert_run(To* out, int64_t out_stride, const From* in, int64_t in_stride, int64_t n) {
  if (out_stride == 1 && in_stride == 1) {
    for (int64_t i = 0; i < n; i++) out[i] = convert<To>(in[i]);
  } else if (out_stride == 1 && in_stride == 0) {
    To v = convert<To>(in[0]);
    for (int64_t i = 0; i < n; i++) out[i] = v;
  } else {
    for (int64_t i = 0; i < n; i++) out[i * out_stride] = convert<To>(in[i * in_stride]);
  }
}

// n elements of dtype `from` at `in`, `stride` apart, into consecutive elements of type To.
template <class To>
void load_run(To* out, const void* in, DType from, int64_t stride, int64_t n) {
  visit_dtype(from, [&](auto tag) {
    using From = typename decltype(tag)::type;
    convert_run(out, 1, static_cast<const From*>(in), stride, n);
  });
}

template <class From>
void store_run(void* out, DType to, int64_t stride, const From* in, int64_t n) {
  visit_dtype(to, [&](auto tag) {
    using To = typename decltype(tag)::type;
    convert_run(static_cast<To*>(out), stride, in, 1, n);
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
