// Looks at what each op makes, forward and backward, and tells of the first that made a NaN or an infinity of numbers
// that were finite.
#pragma once

#include <string>

#include "op/interpreter.h"

namespace weft {

class NumericsCheck : public Interpreter {
 public:
  NumericsCheck(bool infinities, Interpreter* next) : Interpreter(false, next), infinities_(infinities) {}
  void handle(const Op& op, Inputs in, Tensor* out) override;
  void handle_inplace(const Op& op, Inputs in) override;

 protected:
  // Called for such an op, outside of the check; it may raise.
  virtual void found(const Op& op, const std::string& what) = 0;

 private:
  struct Bad {
    bool nan = false, infinite = false;
  };
  static Bad look(const Tensor& t);
  void judge(const Op& op, Bad before, Inputs in, const Tensor* out, int outputs);
  Bad look(Inputs in) const;
  bool infinities_;
};

}  // namespace weft
