// Complex numbers: their parts, which are views, and what is made of these.
//
// The gradient of a real function L of z = x + iy is dL/dx + i dL/dy, as in PyTorch: a step against it goes down. So a
// function with the derivative f' hands g conj(f') back, and the gradient of a real input is the real part.
#pragma once

#include <optional>

#include "tensor/tensor.h"

namespace weft {

// A complex tensor as a real one with one dimension more, of size 2, and back: views. Raise RuntimeError for other
// dtypes, and where the parts are no neighbours in memory.
Tensor view_as_real(const Tensor& x);
Tensor view_as_complex(const Tensor& x);
// Views of the parts. The real part of a real tensor is itself; imag() raises RuntimeError for one.
Tensor real(const Tensor& x);
Tensor imag(const Tensor& x);
// The conjugate; a real tensor itself.
Tensor conj(const Tensor& x);

// A complex tensor of two parts of one floating point dtype, float32 or float64, which are broadcast together.
Tensor complex(const Tensor& real, const Tensor& imag);
// From absolute values and angles.
Tensor polar(const Tensor& abs, const Tensor& angle);
// The angle in radians: of negative real numbers pi, and 0 of others.
Tensor angle(const Tensor& x);
// x / |x|, and 0 of 0; of real tensors the sign.
Tensor sgn(const Tensor& x);
// Where the imaginary part is 0.
Tensor isreal(const Tensor& x);

// Functions of the unary (binary) list whose derivative is not that of their formula for complex numbers, as
// composites.
std::optional<Tensor> of_complex(int function, const Tensor& x);
std::optional<Tensor> of_complex(int function, const Tensor& a, const Tensor& b);

// f, a function of real tensors that leaves their last dimension alone, of both parts side by side.
template <class F>
Tensor of_parts(const Tensor& x, const F& f) {
  return view_as_complex(f(view_as_real(x)));
}

}  // namespace weft
