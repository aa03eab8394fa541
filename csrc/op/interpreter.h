// The stack of interpreters of a thread. apply() offers an op to the innermost one, which takes it or leaves it to the
// next one out; what nobody takes is run. A tracer (graph/tracer.h), of weft.jit or vmap, records ops instead of
// running them: their outputs are symbolic tensors, which have everything but values. A level of forward-mode
// differentiation (autograd/forward.h) runs an op and its derivative in the levels outside of it. A listener hears of
// ops that run.
#pragma once

#include "memory/mapped_file.h"
#include "op/op.h"

namespace weft {

class Interpreter {
 public:
  // defers: does it record ops, in place of running them?
  Interpreter(bool defers, Interpreter* next) : deferred(defers), next_(next) {}
  virtual ~Interpreter() = default;
  const bool deferred;
  // The level outside of this one.
  Interpreter* next() const { return next_; }
  // Does the op belong to this level? `in_place`: it is about to be written over inputs[0].
  virtual bool takes(const Op&, Inputs, bool /*in_place*/) { return true; }
  // Does all that apply() and apply_inplace() do for an op that it takes.
  virtual void handle(const Op& op, Inputs inputs, Tensor* outputs) = 0;
  virtual void handle_inplace(const Op& op, Inputs inputs) = 0;
  // The op's output i was written over inputs[targets[i]]: of ops that change several inputs.
  virtual void record_inplace(const Op& op, Inputs inputs, const int* targets);

  // What other code has to know of tensors. Default: what the level outside says, at last what holds without levels.
  // Are the values of x, which is no symbolic tensor, not to be read now: they will be others when a trace is run?
  virtual bool hides(const Tensor& x) const { return next_ && next_->hides(x); }
  // Will what is traced be run later, without the program's Python code?
  virtual bool for_later() const { return next_ && next_->for_later(); }
  // A contiguous tensor, outside of autograd, with the values that x has now.
  virtual Tensor copy(const Tensor& x);
  // `t`, which an op has just made, shows the memory of x in eager mode, at a place that depends on values.
  virtual void note_shown(const Tensor& t, const Tensor& x) {
    if (next_) next_->note_shown(t, x);
  }
  // The .grad of a leaf. What a trace does to gradients of tensors that live outside of it must not be seen by others.
  virtual Tensor grad(const Tensor& leaf);
  virtual void set_grad(const Tensor& leaf, Tensor grad);

 private:
  Interpreter* next_;
};

extern constinit thread_local Interpreter* interpreter;
// For errors and for what Python code does while it is traced; ops do not ask.
inline bool tracing() { return interpreter && interpreter->deferred; }

// Sets the innermost level of this thread (nullptr: none) for a scope.
class InterpreterScope {
 public:
  explicit InterpreterScope(Interpreter* sink) : before_(interpreter) { interpreter = sink; }
  ~InterpreterScope() { interpreter = before_; }
  InterpreterScope(const InterpreterScope&) = delete;

 private:
  Interpreter* before_;
};

// Runs what is written in the scope now, traced or not: for values that do not depend on traced ones.
class NotTraced : InterpreterScope {
 public:
  NotTraced() : InterpreterScope(nullptr) {}
};

// Why the values of a symbolic tensor cannot be had, and what to do.
extern const char* const kNoValuesYet;
// Raises RuntimeError while a graph is traced: `what` has an effect that no graph would repeat.
void refuse_while_tracing(const char* what);
// The same for a change of x, unless x was made by what is traced.
void refuse_change_while_tracing(const char* what, const Tensor& x);
// Raises RuntimeError if x is symbolic: `what` needs its values, or makes a result whose shape depends on them. The
// same if they are lost.
void check_values_known(const char* what, const Tensor& x);
// Raises RuntimeError if x lies in a mapped file that has lost its contents (memory/mapped_file.h).
void refuse_lost(const char* what, const Tensor& x);
inline void check_not_lost(const char* what, const Tensor& x) {
  if (lost_files.load(std::memory_order_relaxed) != 0) [[unlikely]]
    refuse_lost(what, x);
}
// While tracing, raises RuntimeError for a tensor that was there before: its value would be read once for all calls.
void check_read_at_every_call(const char* what, const Tensor& x);

}  // namespace weft
