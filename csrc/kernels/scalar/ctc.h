// The states of connectionist temporal classification: a sample's labels with blanks around them make up 2 S + 1 of
// them; from a time to the next one an alignment stays, moves on by one state, or skips the blank between two different
// labels. For the kernels of all devices; C is the type computed in.
#pragma once

#include "kernels/scalar/math.h"

namespace weft::scalar {

template <class C>
constexpr C kNever = -static_cast<C>(__builtin_inff());

// log(exp(a) + exp(b) + exp(c))
template <class C>
WEFT_INLINE C log_sum(C a, C b, C c) {
  C top = a > b ? a : b;
  top = top > c ? top : c;
  C from = top == kNever<C> ? C(0) : top;
  return from + log(exp(a - from) + exp(b - from) + exp(c - from));
}

struct CtcStates {
  const int64_t* labels;
  int64_t states, blank;
  WEFT_INLINE int64_t label(int64_t s) const { return s % 2 ? labels[s / 2] : blank; }
  // 0 where state s can be reached from s - 2, else -infinity.
  template <class C>
  WEFT_INLINE C skip(int64_t s) const {
    return s >= 2 && label(s) != blank && label(s) != label(s - 2) ? C(0) : kNever<C>;
  }
  // Of no times at all.
  WEFT_INLINE double empty_loss() const { return states == 1 ? 0.0 : static_cast<double>(__builtin_inff()); }
};

// Minus the log of the probability of ending in the last label or the blank behind it.
template <class C>
WEFT_INLINE double ctc_loss_of(C last, C before) {
  return -static_cast<double>(log_sum(last, before, kNever<C>));
}

}  // namespace weft::scalar
