// Products of complex numbers over contiguous runs.
#pragma once

#include "kernels/scalar/complex.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// Plain arithmetic, which is vectorised; a piece in which both parts of some product are NaN is computed once more, as
// annex G has it. y may be a or b.
template <class C>
void multiply_run(const C* a, const C* b, C* y, int64_t n) {
  using T = typename C::Part;
  constexpr int64_t kPiece = 128;
  for (int64_t at = 0; at < n; at += kPiece) {
    const int64_t m = n - at < kPiece ? n - at : kPiece;
    const T *p = &a[at].real, *q = &b[at].real;
    T real[kPiece], imag[kPiece];
    int special = 0;
    for (int64_t i = 0; i < m; i++) {
      const T p_real = p[2 * i], p_imag = p[2 * i + 1], q_real = q[2 * i], q_imag = q[2 * i + 1];
      real[i] = p_real * q_real - p_imag * q_imag;
      imag[i] = p_real * q_imag + p_imag * q_real;
      special |= static_cast<int>(real[i] != real[i]) & static_cast<int>(imag[i] != imag[i]);
    }
    if (special) {
      using scalar::operator*;
      for (int64_t i = 0; i < m; i++) {
        const C product = a[at + i] * b[at + i];
        real[i] = product.real;
        imag[i] = product.imag;
      }
    }
    T* out = &y[at].real;
    for (int64_t i = 0; i < m; i++) {
      out[2 * i] = real[i];
      out[2 * i + 1] = imag[i];
    }
  }
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
