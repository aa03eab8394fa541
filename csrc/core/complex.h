// Elements of complex tensors: a real and an imaginary part, in this order. No standard headers: the per-ISA kernels
// include this file.
#pragma once

#include "core/inline.h"

namespace weft {

template <class T>
struct Complex {
  using Part = T;
  T real, imag;
  friend WEFT_INLINE bool operator==(const Complex& a, const Complex& b) {
    return a.real == b.real && a.imag == b.imag;
  }
};
using Complex64 = Complex<float>;
using Complex128 = Complex<double>;

template <class T>
constexpr bool is_complex_type = false;
template <class T>
constexpr bool is_complex_type<Complex<T>> = true;

}  // namespace weft
