// One element's step of the optimisers, for the fused kernels of all devices and, over tensors, for steps that are
// differentiated. A rule is a class template over A, the type computed in: float, double, or Tensor. It has
//   kName           of the op, in errors and profiles
//   Number          the numbers it is given, the last one kNumbers: options of a group, counters; flags are 0 or 1
//   kFewest, kMost  how many arrays of state there are, next to the parameter and its gradient
//   Coefficient     what its formula reads: c[k...], in the type computed in
//   prepare(n, c)   makes coefficients of numbers, in double precision
//   step<states>()  changes x and its state s by the gradient g
#pragma once

#include "core/inline.h"
#include "kernels/optimizer.h"
#include "kernels/scalar/binary.h"

namespace weft::scalar {

WEFT_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
WEFT_INLINE double square_root(double x) { return __builtin_sqrt(x); }
WEFT_INLINE float magnitude(float x) { return __builtin_fabsf(x); }
WEFT_INLINE double magnitude(double x) { return __builtin_fabs(x); }
// One of three by the sign of x; of NaN the last.
template <class A>
WEFT_INLINE A by_sign(A x, A positive, A negative, A otherwise) {
  return x > A(0) ? positive : x < A(0) ? negative : otherwise;
}
WEFT_INLINE float filled(double v, float) { return static_cast<float>(v); }
WEFT_INLINE double filled(double v, double) { return v; }

// The type of a coefficient; double beside tensors.
template <class A>
struct CoefficientType {
  using type = A;
};

template <class A>
struct Rule {
  using K = typename CoefficientType<A>::type;
  static constexpr bool kCountsSteps = false;  // is its first number that of the step, from 1?
  K c[kStepCoefficients];
  WEFT_INLINE explicit Rule(const StepCoefficients& from) {
    for (int i = 0; i < kStepCoefficients; i++) c[i] = static_cast<K>(from.c[i]);
  }
};

WEFT_INLINE double sign_of(double maximize) { return maximize != 0 ? -1 : 1; }
// 1 - beta^t
WEFT_INLINE double bias_of(double beta, double t) { return 1 - __builtin_pow(beta, t); }

// The gradient, or its negative where something is maximised, with coupled weight decay.
template <class A, class K>
WEFT_INLINE A direction(const A& x, const A& g, K sign, K decay) {
  A d = sign * g;
  return decay != K(0) ? d + decay * x : d;
}

// Polyak, 1964; Sutskever et al., 2013.
template <class A>
struct SgdRule : Rule<A> {
  static constexpr const char* kName = "sgd_step";
  static constexpr int kFewest = 0, kMost = 1;
  enum Number { nLr, nMomentum, nDampening, nWeightDecay, nNesterov, nMaximize, nFirstStep, kNumbers };
  enum Coefficient { kLr, kKeep, kAdd, kDecay, kSign, kNesterov, kFirst };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    c[kLr] = n[nLr];
    c[kKeep] = n[nMomentum];
    c[kAdd] = 1 - n[nDampening];
    c[kDecay] = n[nWeightDecay];
    c[kSign] = sign_of(n[nMaximize]);
    c[kNesterov] = n[nNesterov];
    c[kFirst] = n[nFirstStep];
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = direction(x, g, c[kSign], c[kDecay]);
    if constexpr (states == 1) {
      s[0] = c[kFirst] != 0 ? d : c[kKeep] * s[0] + c[kAdd] * d;
      d = c[kNesterov] != 0 ? d + c[kKeep] * s[0] : s[0];
    }
    x = x - c[kLr] * d;
  }
};

// What the descendants of Adam have in common: numbers, coefficients, and the means of the gradient and of its square.
template <class A>
struct MomentsRule : Rule<A> {
  static constexpr bool kCountsSteps = true;
  static constexpr int kFewest = 2, kMost = 2;
  enum Number { nStep, nLr, nBeta1, nBeta2, nEps, nWeightDecay, nDecoupled, nMaximize, kMoments };
  enum Coefficient { kBlend1, kBeta2, kBlend2, kEps, kDecay, kKeep, kSign, kOwn };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare_moments(const double* n, double* c) {
    const bool decoupled = n[nDecoupled] != 0;  // Loshchilov and Hutter, 2019
    c[kBlend1] = 1 - n[nBeta1];
    c[kBeta2] = n[nBeta2];
    c[kBlend2] = 1 - n[nBeta2];
    c[kEps] = n[nEps];
    c[kDecay] = decoupled ? 0 : n[nWeightDecay];
    c[kKeep] = decoupled ? 1 - n[nLr] * n[nWeightDecay] : 1;
    c[kSign] = sign_of(n[nMaximize]);
  }
  // Returns the direction.
  WEFT_INLINE A update_moments(A& x, const A& g, A* s) const {
    x = x * c[kKeep];
    A d = direction(x, g, c[kSign], c[kDecay]);
    s[0] = s[0] + c[kBlend1] * (d - s[0]);
    s[1] = c[kBeta2] * s[1] + c[kBlend2] * d * d;
    return d;
  }
};

// Kingma and Ba, 2015; with a third array, amsgrad, Reddi et al., 2018.
template <class A>
struct AdamRule : MomentsRule<A> {
  static constexpr const char* kName = "adam_step";
  using Base = MomentsRule<A>;
  static constexpr int kMost = 3, kNumbers = Base::kMoments;
  enum Coefficient { kSize = Base::kOwn, kScale };
  using Base::Base, Base::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    Base::prepare_moments(n, c);
    c[kSize] = n[Base::nLr] / bias_of(n[Base::nBeta1], n[Base::nStep]);
    c[kScale] = 1 / __builtin_sqrt(bias_of(n[Base::nBeta2], n[Base::nStep]));
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    this->update_moments(x, g, s);
    A v = s[1];
    if constexpr (states == 3) v = s[2] = larger(v, s[2]);
    x = x - c[kSize] * (s[0] / (square_root(v) * c[kScale] + c[Base::kEps]));
  }
};

// Dozat, 2016.
template <class A>
struct NAdamRule : MomentsRule<A> {
  static constexpr const char* kName = "nadam_step";
  using Base = MomentsRule<A>;
  // nProduct: of the momenta of all steps before
  enum Number { nMomentumDecay = Base::kMoments, nProduct, kNumbers };
  enum Coefficient { kOfGradient = Base::kOwn, kOfMean, kScale };
  using Base::Base, Base::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    const auto momentum = [n](double t) {
      return n[Base::nBeta1] * (1 - 0.5 * __builtin_pow(0.96, t * n[nMomentumDecay]));
    };
    const double t = n[Base::nStep], now = momentum(t), next = momentum(t + 1), product = n[nProduct] * now;
    Base::prepare_moments(n, c);
    c[kOfGradient] = n[Base::nLr] * (1 - now) / (1 - product);
    c[kOfMean] = n[Base::nLr] * next / (1 - product * next);
    c[kScale] = 1 / bias_of(n[Base::nBeta2], t);
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = this->update_moments(x, g, s);
    x = x - (c[kOfGradient] * d + c[kOfMean] * s[0]) / (square_root(s[1] * c[kScale]) + c[Base::kEps]);
  }
};

// Liu et al., 2020.
template <class A>
struct RAdamRule : MomentsRule<A> {
  static constexpr const char* kName = "radam_step";
  using Base = MomentsRule<A>;
  static constexpr int kNumbers = Base::kMoments;
  enum Coefficient { kSize = Base::kOwn, kRectified };
  using Base::Base, Base::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    const double t = n[Base::nStep], beta2 = n[Base::nBeta2], bias = bias_of(beta2, t);
    const double longest = 2 / (1 - beta2) - 1, length = longest - 2 * t * (1 - bias) / bias;
    Base::prepare_moments(n, c);
    c[kSize] = n[Base::nLr] / bias_of(n[Base::nBeta1], t);
    // 0: the variance is not tractable yet, and the step is one by the mean alone.
    const double ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length);
    c[kRectified] = length > 5 ? __builtin_sqrt(bias * ratio) : 0;
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    this->update_moments(x, g, s);
    A d = c[kSize] * s[0];
    x = x - (c[kRectified] != 0 ? d * (c[kRectified] / (square_root(s[1]) + c[Base::kEps])) : d);
  }
};

// Kingma and Ba, 2015, section 7.1.
template <class A>
struct AdamaxRule : Rule<A> {
  static constexpr const char* kName = "adamax_step";
  static constexpr bool kCountsSteps = true;
  static constexpr int kFewest = 2, kMost = 2;
  enum Number { nStep, nLr, nBeta1, nBeta2, nEps, nWeightDecay, nMaximize, kNumbers };
  enum Coefficient { kSize, kBlend1, kBeta2, kEps, kDecay, kSign };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    c[kSize] = n[nLr] / bias_of(n[nBeta1], n[nStep]);
    c[kBlend1] = 1 - n[nBeta1];
    c[kBeta2] = n[nBeta2];
    c[kEps] = n[nEps];
    c[kDecay] = n[nWeightDecay];
    c[kSign] = sign_of(n[nMaximize]);
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = direction(x, g, c[kSign], c[kDecay]);
    s[0] = s[0] + c[kBlend1] * (d - s[0]);
    A now = magnitude(d) + c[kEps], before = c[kBeta2] * s[1];
    s[1] = larger(now, before);
    x = x - c[kSize] * (s[0] / s[1]);
  }
};

// Duchi, Hazan and Singer, 2011.
template <class A>
struct AdagradRule : Rule<A> {
  static constexpr const char* kName = "adagrad_step";
  static constexpr bool kCountsSteps = true;
  static constexpr int kFewest = 1, kMost = 1;
  enum Number { nStep, nLr, nLrDecay, nEps, nWeightDecay, nMaximize, kNumbers };
  enum Coefficient { kSize, kEps, kDecay, kSign };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    c[kSize] = n[nLr] / (1 + (n[nStep] - 1) * n[nLrDecay]);
    c[kEps] = n[nEps];
    c[kDecay] = n[nWeightDecay];
    c[kSign] = sign_of(n[nMaximize]);
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = direction(x, g, c[kSign], c[kDecay]);
    s[0] = s[0] + d * d;
    x = x - c[kSize] * (d / (square_root(s[0]) + c[kEps]));
  }
};

// Zeiler, 2012.
template <class A>
struct AdadeltaRule : Rule<A> {
  static constexpr const char* kName = "adadelta_step";
  static constexpr int kFewest = 2, kMost = 2;
  enum Number { nLr, nRho, nEps, nWeightDecay, nMaximize, kNumbers };
  enum Coefficient { kLr, kRho, kBlend, kEps, kDecay, kSign };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    c[kLr] = n[nLr];
    c[kRho] = n[nRho];
    c[kBlend] = 1 - n[nRho];
    c[kEps] = n[nEps];
    c[kDecay] = n[nWeightDecay];
    c[kSign] = sign_of(n[nMaximize]);
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = direction(x, g, c[kSign], c[kDecay]);
    s[0] = c[kRho] * s[0] + c[kBlend] * d * d;
    d = square_root(s[1] + c[kEps]) / square_root(s[0] + c[kEps]) * d;
    s[1] = c[kRho] * s[1] + c[kBlend] * d * d;
    x = x - c[kLr] * d;
  }
};

// Tieleman and Hinton, 2012; centered: Graves, 2013. The state is the mean of squares, then the buffer of the momentum,
// if there is one, then the mean, if centered.
template <class A>
struct RmspropRule : Rule<A> {
  static constexpr const char* kName = "rmsprop_step";
  static constexpr int kFewest = 1, kMost = 3;
  enum Number { nLr, nAlpha, nEps, nWeightDecay, nMomentum, nCentered, nMaximize, kNumbers };
  enum Coefficient { kLr, kAlpha, kBlend, kEps, kDecay, kMomentum, kCentered, kSign };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    c[kLr] = n[nLr];
    c[kAlpha] = n[nAlpha];
    c[kBlend] = 1 - n[nAlpha];
    c[kEps] = n[nEps];
    c[kDecay] = n[nWeightDecay];
    c[kMomentum] = n[nMomentum];
    c[kCentered] = n[nCentered];
    c[kSign] = sign_of(n[nMaximize]);
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = direction(x, g, c[kSign], c[kDecay]);
    s[0] = c[kAlpha] * s[0] + c[kBlend] * d * d;
    A square = s[0];
    if constexpr (states > 1) {
      if (c[kCentered] != 0) {
        A& mean = s[states - 1];
        mean = mean + c[kBlend] * (d - mean);
        square = square - mean * mean;
      }
    }
    d = d / (square_root(square) + c[kEps]);
    if constexpr (states > 1) {
      if (states == 3 || c[kCentered] == 0) d = s[1] = c[kMomentum] * s[1] + d;
    }
    x = x - c[kLr] * d;
  }
};

// Riedmiller and Braun, 1993. The state is the gradient of the step before and the size of the steps.
template <class A>
struct RpropRule : Rule<A> {
  static constexpr const char* kName = "rprop_step";
  static constexpr int kFewest = 2, kMost = 2;
  enum Number { nShrink, nGrow, nSmallest, nLargest, nMaximize, kNumbers };
  enum Coefficient { kShrink, kGrow, kSmallest, kLargest, kSign };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    for (int i = nShrink; i <= nLargest; i++) c[i] = n[i];
    c[kSign] = sign_of(n[nMaximize]);
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = c[kSign] * g, turn = d * s[0];
    A size = by_sign(turn, c[kGrow] * s[1], c[kShrink] * s[1], s[1]);
    size = by_sign(size - c[kSmallest], size, filled(c[kSmallest], size), size);
    size = by_sign(size - c[kLargest], filled(c[kLargest], size), size, size);
    d = by_sign(turn, d, filled(0, d), d);  // past a minimum: no step, and no turn in the next one
    s[0] = d;
    s[1] = size;
    x = x - by_sign(d, size, -size, d);
  }
};

// Polyak and Juditsky, 1992. The state is the mean of the parameters.
template <class A>
struct AsgdRule : Rule<A> {
  static constexpr const char* kName = "asgd_step";
  static constexpr int kFewest = 1, kMost = 1;
  enum Number { nEta, nMu, nLambd, nWeightDecay, nMaximize, kNumbers };
  enum Coefficient { kEta, kMu, kKeep, kDecay, kSign };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    c[kEta] = n[nEta];
    c[kMu] = n[nMu];
    c[kKeep] = 1 - n[nLambd] * n[nEta];
    c[kDecay] = n[nWeightDecay];
    c[kSign] = sign_of(n[nMaximize]);
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = direction(x, g, c[kSign], c[kDecay]);
    x = x * c[kKeep] - c[kEta] * d;
    s[0] = c[kMu] == 1 ? x : s[0] + c[kMu] * (x - s[0]);
  }
};

// Chen et al., 2023.
template <class A>
struct LionRule : Rule<A> {
  static constexpr const char* kName = "lion_step";
  static constexpr int kFewest = 1, kMost = 1;
  enum Number { nLr, nBeta1, nBeta2, nWeightDecay, nMaximize, kNumbers };
  enum Coefficient { kLr, kBlend1, kBlend2, kKeep, kSign };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) {
    c[kLr] = n[nLr];
    c[kBlend1] = 1 - n[nBeta1];
    c[kBlend2] = 1 - n[nBeta2];
    c[kKeep] = 1 - n[nLr] * n[nWeightDecay];
    c[kSign] = sign_of(n[nMaximize]);
  }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A* s) const {
    A d = c[kSign] * g, way = s[0] + c[kBlend1] * (d - s[0]), size = filled(c[kLr], d);
    x = x * c[kKeep] - by_sign(way, size, -size, way);
    s[0] = s[0] + c[kBlend2] * (d - s[0]);
  }
};

// A running mean of parameters: x moves towards g, which is no gradient here.
template <class A>
struct AverageRule : Rule<A> {
  static constexpr const char* kName = "average_step";
  static constexpr int kFewest = 0, kMost = 0;
  enum Number { nBlend, kNumbers };
  enum Coefficient { kBlend };
  using Rule<A>::Rule, Rule<A>::c;
  WEFT_INLINE static void prepare(const double* n, double* c) { c[kBlend] = n[nBlend]; }
  template <int states>
  WEFT_INLINE void step(A& x, const A& g, A*) const {
    x = x + c[kBlend] * (g - x);
  }
};

// Calls f(StepTag<Rule, states>{}) for the rule's class template.
template <template <class> class Rule, int states>
struct StepTag {};
template <template <class> class Rule, int states, class F>
WEFT_INLINE void visit_states(int wanted, const F& f) {
  if constexpr (states <= Rule<float>::kMost) {
    if (states == wanted) return f(StepTag<Rule, states>{});
    visit_states<Rule, states + 1>(wanted, f);
  }
}
template <class F>
WEFT_INLINE void visit_step(StepRule rule, int states, const F& f) {
  switch (rule) {
#define WEFT_CASE(name)   \
  case StepRule::k##name: \
    return visit_states<name##Rule, name##Rule<float>::kFewest>(states, f);
    WEFT_STEP_RULES(WEFT_CASE)
#undef WEFT_CASE
  }
}

}  // namespace weft::scalar
