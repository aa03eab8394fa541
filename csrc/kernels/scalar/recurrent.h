// One element's step of the recurrent cells and its derivative, for the kernels of all devices: the LSTM of Hochreiter
// and Schmidhuber (1997) with the forget gate of Gers et al. (2000), the GRU of Cho et al. (2014) with the reset gate
// behind the product. A is the type computed in.
#pragma once

#include "kernels/scalar/math.h"

namespace weft::scalar {

// Pre-activations become gates, c the new cell. Returns the output.
template <class A>
WEFT_INLINE A lstm_step(A& i, A& f, A& g, A& o, A& c) {
  i = sigmoid(i);
  f = sigmoid(f);
  g = tanh(g);
  o = sigmoid(o);
  c = f * c + i * g;
  return o * tanh(c);
}

// The derivative: the gradients di, df, dg and d_o, which flowed into the gates directly, become those of the
// pre-activations, dc (of the cell c) that of the cell before; dh: of the output.
template <class A>
WEFT_INLINE void lstm_step_backward(A i, A f, A g, A o, A c, A before, A dh, A& di, A& df, A& dg, A& d_o, A& dc) {
  const A t = tanh(c), all = dc + dh * o * (A(1) - t * t);
  di = (di + all * g) * i * (A(1) - i);
  df = (df + all * before) * f * (A(1) - f);
  dg = (dg + all * i) * (A(1) - g * g);
  d_o = (d_o + dh * t) * o * (A(1) - o);
  dc = all * f;
}

// r, z and n are pre-activations that the input makes and become gates; hr, hz and hn are those the state h makes.
// Returns the new state.
template <class A>
WEFT_INLINE A gru_step(A& r, A& z, A& n, A hr, A hz, A hn, A h) {
  r = sigmoid(r + hr);
  z = sigmoid(z + hz);
  n = tanh(n + r * hn);
  return n + z * (h - n);
}

// As above; dhn becomes the gradient of hn. Returns the part of h's gradient that does not come through the gates.
template <class A>
WEFT_INLINE A gru_step_backward(A r, A z, A n, A hn, A h, A dh, A& dr, A& dz, A& dn, A& dhn) {
  dz = (dz + dh * (h - n)) * z * (A(1) - z);
  dn = (dn + dh * (A(1) - z)) * (A(1) - n * n);
  dr = (dr + dn * hn) * r * (A(1) - r);
  dhn = dhn + dn * r;
  return dh * z;
}

template <bool relu, class A>
WEFT_INLINE A rnn_step(A x) {
  if constexpr (relu) return select(x < A(0), A(0), x);
  return tanh(x);
}
template <bool relu, class A>
WEFT_INLINE A rnn_step_backward(A y, A dh) {
  if constexpr (relu) return select(y <= A(0), A(0), dh);
  return dh * (A(1) - y * y);
}

}  // namespace weft::scalar
