// One element's step of the optimisers, for the fused kernels of all devices. A is the type computed in.
#pragma once

#include "core/inline.h"
#include "kernels/optimizer.h"

namespace weft::scalar {

WEFT_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
WEFT_INLINE double square_root(double x) { return __builtin_sqrt(x); }

template <class A>
struct SgdStep {
  A lr, keep, add, decay, sign;
  bool decays, nesterov;
  WEFT_INLINE explicit SgdStep(const SgdCoefficients& c)
      : lr(static_cast<A>(c.lr)),
        keep(static_cast<A>(c.momentum)),
        add(static_cast<A>(1 - c.dampening)),
        decay(static_cast<A>(c.weight_decay)),
        sign(c.maximize ? A(-1) : A(1)),
        decays(c.weight_decay != 0),
        nesterov(c.nesterov) {}
  // The new value of x; `momentum` is changed.
  template <bool with_momentum, bool first_step>
  WEFT_INLINE A operator()(A x, A g, A& momentum) const {
    A d = sign * g;
    d = decays ? d + decay * x : d;
    if constexpr (with_momentum) {
      A m = first_step ? d : keep * momentum + add * d;
      momentum = m;
      d = nesterov ? d + keep * m : m;
    }
    return x - lr * d;
  }
};

template <class A>
struct AdamStep {
  A step, scale, eps, blend1, beta2, blend2, decay, keep, sign;
  bool decays;
  WEFT_INLINE AdamStep(const AdamCoefficients& c, double step_size, double second_scale)
      : step(static_cast<A>(step_size)),
        scale(static_cast<A>(second_scale)),
        eps(static_cast<A>(c.eps)),
        blend1(static_cast<A>(1 - c.beta1)),
        beta2(static_cast<A>(c.beta2)),
        blend2(static_cast<A>(1 - c.beta2)),
        decay(static_cast<A>(c.weight_decay)),
        keep(static_cast<A>(c.keep)),
        sign(c.maximize ? A(-1) : A(1)),
        decays(c.weight_decay != 0) {}
  // The new value of x; the moments are changed.
  template <bool amsgrad>
  WEFT_INLINE A operator()(A x, A g, A& first, A& second, A& most) const {
    x = x * keep;
    A d = sign * g;
    d = decays ? d + decay * x : d;
    A m = first + blend1 * (d - first);
    A v = beta2 * second + blend2 * d * d;
    first = m;
    second = v;
    if constexpr (amsgrad) {
      v = v > most || v != v ? v : most;
      most = v;
    }
    return x - step * (m / (square_root(v) * scale + eps));
  }
};

}  // namespace weft::scalar
