#include "op/interpreter.h"

#include <utility>

#include "op/refusal.h"
#include "op/trace_values.h"

namespace weft {

constinit thread_local Interpreter* interpreter = nullptr;

namespace {
constinit thread_local RefusalScope* refusals = nullptr;
}

RefusalScope::RefusalScope(std::function<std::string()> here)
    : here_(std::move(here)), outer_(std::exchange(refusals, this)) {}

RefusalScope::~RefusalScope() { refusals = outer_; }

void RefusalScope::check_none() const {
  if (first_) fail(*first_);
}

void note_refusal(const std::string& message) {
  if (!refusals || refusals->first_) return;
  refusals->first_ = concat(message, "; eager mode raises no such error, so the function must not catch it (read at ",
                            refusals->here_(), ")");
}

namespace {
// The same for what vmap traces.
const char* const kNoValuesInTransform =
    "the values of this tensor are not known: it stands for what a function inside of vmap is called with, or has "
    "computed from that. Only shapes and dtypes are known there; choose by values with weft.where, and look at values "
    "outside. A tensor kept from such a function has no values at all; return it instead";
const char* why_no_values() { return tracing() && !interpreter->for_later() ? kNoValuesInTransform : kNoValuesYet; }
}  // namespace

const char* const kNoValuesYet =
    "the values of this tensor are not known: it stands for what a jitted function will compute. While weft.jit traces "
    "a function only shapes and dtypes are known; choose by values with weft.where, weft.cond or weft.while_loop, or "
    "look at them outside of the jitted function. A tensor kept from a function that was traced earlier has no values "
    "at all; return it instead";

void Interpreter::record_inplace(const Op& op, Inputs inputs, const int* targets) {
  check(next_ != nullptr, op.name(), ": only a tracer takes an op that changes several tensors in place");
  next_->record_inplace(op, inputs, targets);
}

void fail_no_values(const Tensor& t) {
  if (t.is_meta()) fail("a tensor on the meta device has a shape but no values");
  refuse(why_no_values(), " (a tensor of shape ", t.shape(), " and dtype ", t.dtype(), ")");
}

void refuse_while_tracing(const char* what) {
  check_traceable(
      !tracing() || !interpreter->for_later(), what,
      ": in a jitted function this would happen only once, while weft.jit traces it; do it outside of the function");
}

void refuse_change_while_tracing(const char* what, const Tensor& x) {
  const Storage& storage = *x.impl()->storage;
  if (tracing() && !storage.symbolic() && interpreter->hides(x)) refuse_while_tracing(what);
}

void check_values_known(const char* what, const Tensor& x) {
  if (x.impl()->storage->symbolic()) [[unlikely]]
    refuse(what, ": ", why_no_values(), " (a tensor of shape ", x.shape(), " and dtype ", x.dtype(), ")");
  check_not_lost(what, x);
}

void refuse_lost(const char* what, const Tensor& x) {
  const std::string file = lost_file(x.impl()->storage->data());
  check(file.empty(), what, ": the tensor lies in the mapped file ", file,
        ", which was truncated or can no longer be read: values are lost; load the tensor anew, from a whole file");
}

void check_read_at_every_call(const char* what, const Tensor& x) {
  check_traceable(!tracing() || !interpreter->hides(x), what, ": the value of a tensor from outside (of shape ",
                  x.shape(), " and dtype ", x.dtype(),
                  ") would be read only once, while weft.jit traces the function; compute with the tensor itself, or "
                  "pass the number as an argument");
}

void check_values_readable(const char* what, const Tensor& x) {
  check_values_known(what, x);
  check_read_at_every_call(what, x);
}

bool hides_values(const Tensor& x) {
  const Storage& storage = *x.impl()->storage;
  return storage.symbolic() || (tracing() && interpreter->hides(x));
}

}  // namespace weft
