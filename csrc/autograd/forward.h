// Forward-mode differentiation: a level of the stack of interpreters (op/interpreter.h). Tensors have tangents, their
// derivatives along a direction, at a level; ops on them run in the levels outside, and give their outputs tangents. So
// levels may be nested without being confused, and backward differentiates through tangents as through anything else.
#pragma once

#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "op/interpreter.h"
#include "ops/forward_rules.h"

namespace weft {

class TangentList;
struct ForwardLevelState;

class ForwardLevel final : public Interpreter {
 public:
  // Around everything that the thread runs from now on; becomes the innermost level.
  ForwardLevel();
  // Takes the level's tangents out of all tensors, and ends the levels inside of it: a RuntimeError tells of those.
  void leave();
  // Has it been entered by this thread? Another one must not leave it.
  bool is_of_this_thread() const { return thread_ == std::this_thread::get_id(); }
  ~ForwardLevel() override;
  ForwardLevel(const ForwardLevel&) = delete;

  // A view of the primal with this tangent, of the same shape, dtype and device.
  Tensor make_dual(const Tensor& primal, const Tensor& tangent);
  // An op's output, x, with its tangent. What autograd has recorded of x has the tangent too.
  Tensor output(const Tensor& x, const Tensor& tangent);
  // (a view without this level's tangent, the tangent or undefined)
  std::pair<Tensor, Tensor> unpack(const Tensor& x);
  // Grows with every level.
  uint64_t number() const { return number_; }
  bool takes_any(Inputs in);
  bool takes(const Op&, Inputs in, bool /*in_place*/) override { return takes_any(in); }
  void handle(const Op& op, Inputs in, Tensor* out) override;
  void handle_inplace(const Op& op, Inputs in) override;

 private:
  friend class TangentList;
  friend void copy_tangents_before_change(const Tensor& x, const Tensor& copy);
  struct Entry;
  Entry* find(const Tensor& x) const;
  Tensor tangent(const Tensor& x);
  void store(const Tensor& x, Tensor tangent, bool owned);
  Tensor owned_tangent(const Tensor& x);
  void write(const Tensor& target, const Tensor& tangent);

  bool leads_outside(const Tensor& t) const;

  Ref<ForwardLevelState> state_;
  uint64_t number_;
  std::thread::id thread_;
  std::vector<std::pair<const TensorImpl*, Tensor>> before_;  // tangents of what is being changed in place
  bool active_ = true;
  ForwardLevel* outer_;
};

// Goes through the history of tensors, each node once. visit(edge) says whether to go on behind it, to leave what is
// behind it, or that what was looked for is found.
enum class Visit : uint8_t { GoOn, Leave, Found };
bool leads_to(const std::vector<Tensor>& tensors, const std::function<Visit(const Edge&)>& visit);
// The same values and tangents as a new leaf that requires grad.
Tensor leaf_of(const Tensor& x);
// The same values and tangents as a variable of its own: what autograd knows of x stays known.
Tensor variable_of(const Tensor& x);
// The same values and tangents without a history.
Tensor without_history(const Tensor& x);

}  // namespace weft
