// Tracing: while a sink is set on a thread, its ops are recorded instead of run. Their results are symbolic tensors,
// which have everything but values. The static graph and the transforms of functions (graph/tracer.h) are made this
// way. Sinks are levels: apply() offers an op to the innermost one, which takes it or leaves it to the next one out;
// what nobody takes is run. A sink may also listen to ops that run as ever.
#pragma once

#include "op/op.h"

namespace weft {

class TraceSink {
 public:
  // With `deferred` ops are recorded instead of run. Without, they run and the sink hears of them afterwards: only
  // record() and record_inplace() are called then.
  explicit TraceSink(bool defers = true, TraceSink* next = nullptr) : deferred(defers), next_(next) {}
  virtual ~TraceSink() = default;
  const bool deferred;
  // The level outside of this one.
  TraceSink* next() const { return next_; }
  // Does the op belong to this level? `in_place`: it is about to be written over inputs[0].
  virtual bool takes(const Op&, Inputs, bool /*in_place*/) { return true; }
  // Are the values of x, which is no symbolic tensor, not to be read now: they will be others when the trace is run?
  virtual bool hides(const Tensor& x) const;
  // Will what is traced be run later, without the program's Python code?
  virtual bool for_later() const { return true; }
  virtual void record(const Op& op, Inputs inputs, const Tensor* outputs) = 0;
  // The op's output i was written over inputs[targets[i]].
  virtual void record_inplace(const Op& op, Inputs inputs, const int* targets) = 0;
  // `copy`, a new symbolic tensor, has the values that `of` has now.
  virtual void record_copy(const Tensor& copy, const Tensor& of) = 0;
  // `t`, which an op has just made, shows the memory of x in eager mode, at a place that depends on values.
  virtual void record_shown(const Tensor& t, const Tensor& x) = 0;
  // The .grad of a leaf. What a trace does to gradients of tensors that live outside of it must not be seen by others.
  virtual Tensor grad(const Tensor& leaf) = 0;
  virtual void set_grad(const Tensor& leaf, Tensor grad) = 0;

 private:
  TraceSink* next_;
};

extern constinit thread_local TraceSink* trace_sink;
inline bool tracing() { return trace_sink && trace_sink->deferred; }

// Sets the sink of this thread (nullptr: none) for a scope.
class TraceScope {
 public:
  explicit TraceScope(TraceSink* sink) : before_(trace_sink) { trace_sink = sink; }
  ~TraceScope() { trace_sink = before_; }
  TraceScope(const TraceScope&) = delete;

 private:
  TraceSink* before_;
};

// Runs what is written in the scope now, traced or not: for values that do not depend on traced ones.
class NotTraced : TraceScope {
 public:
  NotTraced() : TraceScope(nullptr) {}
};

// Why the values of a symbolic tensor cannot be had, and what to do.
extern const char* const kNoValuesYet;
// Raises RuntimeError while a graph is traced: `what` has an effect that no graph would repeat.
void refuse_while_tracing(const char* what);
// The same for a change of x, unless x was made by what is traced.
void refuse_change_while_tracing(const char* what, const Tensor& x);
// Raises RuntimeError if x is symbolic: `what` needs its values, or makes a result whose shape depends on them.
void check_values_known(const char* what, const Tensor& x);
// While tracing, raises RuntimeError for a tensor that was there before: its value would be read once for all calls.
void check_read_at_every_call(const char* what, const Tensor& x);

}  // namespace weft
