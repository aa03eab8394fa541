#include "autograd/forward.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "autograd/engine.h"
#include "op/autocast.h"
#include "op/grad_mode.h"
#include "op/node.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/view_part.h"

namespace weft {

constinit thread_local int forward_levels = 0;

// Which lists hold tangents of the level: those may have a history that leads back to the list.
struct ForwardLevelState : RefCounted {
  std::mutex mutex;
  std::unordered_set<TangentList*> lists;
};

struct ForwardLevel::Entry {
  Ref<ForwardLevelState> level;
  Tensor tangent;
  // Its memory is its own, or that of tangents of tensors that share the tensor's memory in the same way: what is
  // written into it is seen where it has to be.
  bool owned = false;
};

// The tangents of a tensor, and of tensors that are the same to the program.
class TangentList final : public RefCounted {
 public:
  ~TangentList() override {
    for (Entry& e : entries) {
      std::lock_guard lock(e.level->mutex);
      e.level->lists.erase(this);
    }
  }
  using Entry = ForwardLevel::Entry;
  std::vector<Entry> entries;
};

namespace {

thread_local ForwardLevel* innermost = nullptr;
std::atomic<uint64_t> last_number{0};

TangentList* list_of(const Tensor& x) {
  GradMeta* meta = grad_meta(x);
  return meta ? static_cast<TangentList*>(meta->tangents.get()) : nullptr;
}

TangentList& ensure_list(const Tensor& x) {
  GradMeta& meta = ensure_grad_meta(x);
  if (!meta.tangents) meta.tangents = make_ref<TangentList>();
  return static_cast<TangentList&>(*meta.tangents);
}

// What `of`, a view, shows of the tangent of its base.
Tensor part_of(const Tensor& base_tangent, const Tensor& of) {
  return part_like_view(base_tangent, of.impl()->base->offset, of.shape(), of.strides(), of.offset(), of.dtype());
}

// Does autograd follow what is computed from these?
bool is_recorded(Inputs in, const Tensor* tangents) {
  if (!GradMode::enabled()) return false;
  for (int i = 0; i < in.size(); i++)
    if ((in[i].defined() && in[i].requires_grad()) || (tangents[i].defined() && tangents[i].requires_grad()))
      return true;
  return false;
}

// `t` in the shape and dtype of an output.
Tensor like_output(const Tensor& t, const Tensor& out) {
  const Tensor cast = converted(t, out.dtype());
  return cast.shape() == out.shape() ? cast : expand(cast, out.shape());
}

// The matrix of derivatives by each operand is diagonal, and so its own transpose; of complex numbers what flows back
// is conjugate.
void elementwise(const ForwardCall& call) {
  apply(call.op, call.in, call.out);
  const Tensor& y = call.out[0];
  if (!is_differentiable(y.dtype())) return;
  GradModeGuard record(is_recorded(call.in, call.tangents));
  for (int i = 0; i < call.in.size(); i++) {
    if (!call.tangents[i].defined()) continue;
    const Tensor variable = variable_of(call.in[i]);
    SmallVector<const Tensor*, 4> list;
    for (int k = 0; k < call.in.size(); k++) list.push_back(k == i ? &variable : &call.in[k]);
    auto node = make_ref<OpNode>(call.op, Inputs(list.data(), list.size()), false);
    const Tensor result = without_history(y);
    node->bind_outputs(&result, 1);
    const Tensor direction = conj(like_output(call.tangents[i], y));
    SmallVector<Tensor, 4> grads;
    grads.resize(call.in.size());
    call.op.vjp(Vjp(*node, &direction), grads.data());
    if (!grads[i].defined()) continue;
    add_term(call.out_tangents[0], conj(like_output(grads[i], y)));
  }
}

// The transposed derivative is linear in what flows back: its own derivative by that, transposed, is the derivative.
void by_transposing_twice(const ForwardCall& call) {
  check<ErrorKind::NotImplemented>(call.op.twice_differentiable(), "jvp: a forward-mode derivative of ", call.op.name(),
                                   " is not possible in a graph or a batch; use reverse mode (vjp, jacrev), or compute "
                                   "it eagerly");
  std::vector<Tensor> inputs, moving, tangents;
  const bool create = is_recorded(call.in, call.tangents);
  GradModeGuard record(true);
  for (int i = 0; i < call.in.size(); i++) {
    const bool moves = call.tangents[i].defined();
    inputs.push_back(moves ? variable_of(call.in[i]) : call.in[i]);
    if (!moves) continue;
    moving.push_back(inputs.back());
    tangents.push_back(call.tangents[i]);
  }
  const std::vector<Tensor> results = apply_list(call.op, inputs);
  for (size_t k = 0; k < results.size(); k++) {
    const Tensor& y = results[k];
    call.out[k] = create ? y : without_history(y);
    if (!y.requires_grad()) continue;
    // At 1, not 0: a formula may be linear without being written so.
    Tensor flowing = ones(y.shape(), y.dtype(), y.device());
    flowing.impl()->requires_grad = true;
    std::vector<Tensor> back = grad({y}, moving, {flowing}, true, true, true), roots, directions;
    for (size_t i = 0; i < back.size(); i++) {
      if (!back[i].defined() || !back[i].requires_grad()) continue;
      roots.push_back(back[i]);
      directions.push_back(to_dtype(tangents[i], back[i].dtype()));
    }
    if (!roots.empty()) call.out_tangents[k] = grad(roots, {flowing}, directions, create, create, true)[0];
  }
}

// Of any op but a view.
void push_forward(const ForwardCall& call) {
  const Op& op = call.op;
  if (!op.differentiable() || op.random()) return apply(op, call.in, call.out);
  if (ForwardRule rule = RuleTable<ForwardRule>::find(op); rule && rule(call)) return;
  if (op.elementwise() && op.num_outputs() == 1 && !op.has_decompose()) return elementwise(call);
  by_transposing_twice(call);
}

}  // namespace

Tensor leaf_of(const Tensor& x) {
  const Tensor own = without_history(x);
  own.impl()->requires_grad = true;
  if (innermost) ensure_grad_meta(own).leaf_of_level = innermost->number();
  return own;
}

Tensor variable_of(const Tensor& x) {
  if (!x.requires_grad()) return leaf_of(x);
  const Tensor own = view_as(x, x.shape());
  own.impl()->requires_grad = true;  // also while autograd does not record
  if (forward_levels) share_tangents(x, own);
  return own;
}

Tensor without_history(const Tensor& x) {
  Tensor own = detach(x);
  own.impl()->detached = x.impl()->detached;  // of tangents it is not
  if (forward_levels) share_tangents(x, own);
  return own;
}

bool has_tangent(const Tensor& x) {
  const TangentList* list = forward_levels ? list_of(x) : nullptr;
  return list && !list->entries.empty();
}

void drop_tangents(const Tensor& x) {
  if (list_of(x)) grad_meta(x)->tangents = nullptr;
}

void share_tangents(const Tensor& t, const Tensor& alias) {
  ensure_list(t);
  ensure_grad_meta(alias).tangents = grad_meta(t)->tangents;
}

void copy_tangents_before_change(const Tensor& x, const Tensor& copy) {
  for (ForwardLevel* level = innermost; level; level = level->outer_)
    for (const auto& [changing, tangent] : level->before_)
      if (changing == x.impl()) level->store(copy, tangent, true);
}

ForwardLevel::ForwardLevel()
    : Interpreter(interpreter && interpreter->deferred, interpreter),
      state_(make_ref<ForwardLevelState>()),
      number_(++last_number),
      thread_(std::this_thread::get_id()),
      outer_(std::exchange(innermost, this)) {
  interpreter = this;
  forward_levels++;
}

void ForwardLevel::leave() {
  if (!active_) return;
  active_ = false;
  forward_levels--;
  for (ForwardLevel** level = &innermost; *level; level = &(*level)->outer_) {
    if (*level != this) continue;
    *level = outer_;
    break;
  }
  // Levels inside of this one that nobody has left end with it. It may be gone already: with what was around it.
  bool inside = false;
  for (Interpreter* level = interpreter; level && !inside; level = level->next()) inside = level == this;
  const bool ordered = !inside || interpreter == this;
  if (inside) interpreter = next();
  std::vector<Tensor> dropped;  // freeing them may run other code, which must not find the lists locked
  {
    std::lock_guard lock(state_->mutex);
    for (TangentList* list : state_->lists)
      std::erase_if(list->entries, [&](Entry& e) {
        if (e.level != state_) return false;
        dropped.push_back(std::move(e.tangent));
        return true;
      });
    state_->lists.clear();
  }
  dropped.clear();
  check(ordered,
        "forward-mode differentiation: a level has been left before those that were entered in it, which have "
        "ended with it");
}

ForwardLevel::~ForwardLevel() {
  try {
    leave();
  } catch (const Error&) {  // it is left, and nobody is there to be told
  }
}

ForwardLevel::Entry* ForwardLevel::find(const Tensor& x) const {
  TangentList* list = list_of(x);
  if (!list) return nullptr;
  for (Entry& e : list->entries)
    if (e.level == state_) return &e;
  return nullptr;
}

void ForwardLevel::store(const Tensor& x, Tensor tangent, bool owned) {
  if (Entry* known = find(x)) {
    std::swap(known->tangent, tangent);
    known->owned = owned;
    return;
  }
  TangentList& list = ensure_list(x);
  list.entries.push_back({state_, std::move(tangent), owned});
  std::lock_guard lock(state_->mutex);
  state_->lists.insert(&list);
}

// Undefined: zero.
Tensor ForwardLevel::tangent(const Tensor& x) {
  if (Entry* known = find(x)) return known->tangent;
  // A view that was made before its base got a tangent.
  const Tensor base(x.impl()->base);
  if (!base.defined() || !find(base)) return {};
  store(x, part_of(owned_tangent(base), x), true);
  return find(x)->tangent;
}

// Laid out like x, in memory of its own or what x shares with others.
Tensor ForwardLevel::owned_tangent(const Tensor& x) {
  Entry& e = *find(x);
  if (!e.owned || e.tangent.strides() != x.strides()) {
    e.tangent = copy_laid_out(e.tangent, x);
    e.owned = true;
  }
  return e.tangent;
}

bool ForwardLevel::takes_any(Inputs in) {
  if (GradMode::inference()) return false;
  for (int i = 0; i < in.size(); i++)
    if (in[i].defined() && tangent(in[i]).defined()) return true;
  return false;
}

void ForwardLevel::handle(const Op& op, Inputs in, Tensor* out) {
  InterpreterScope outside(next());
  NoAutocastGuard full;
  if (op.is_view()) {
    weft::apply(op, in, out);
    if (!op.differentiable()) return;
    const Tensor base(out[0].impl()->base);
    const bool of_base = base.defined() && find(base);
    const Tensor whole = owned_tangent(of_base ? base : in[0]);
    store(out[0], of_base ? part_of(whole, out[0]) : weft::apply(op, whole), true);
    return;
  }
  SmallVector<Tensor, 4> tangents, out_tangents;
  for (int i = 0; i < in.size(); i++) tangents.push_back(in[i].defined() ? tangent(in[i]) : Tensor());
  out_tangents.resize(op.num_outputs());
  push_forward({op, in, tangents.data(), out, out_tangents.data()});
  for (int k = 0; k < op.num_outputs(); k++) {
    if (!out_tangents[k].defined() || !is_differentiable(out[k].dtype())) continue;
    Tensor along = like_output(out_tangents[k], out[k]);
    // A derivative may be one of the tangents that it was made from, which an in-place change must not change with it.
    bool own = along.impl()->storage != out[k].impl()->storage;
    for (int i = 0; i < in.size() && own; i++) {
      own = !in[i].defined() || in[i].impl()->storage != along.impl()->storage;
      own = own && (!tangents[i].defined() || tangents[i].impl()->storage != along.impl()->storage);
    }
    if (!own) along = clone(along);
    store(out[k], along, true);
  }
}

void ForwardLevel::handle_inplace(const Op& op, Inputs in) {
  InterpreterScope outside(next());
  const Tensor& target = in[0];
  check_inplace_allowed(op.name(), target);
  SmallVector<Tensor, 4> tangents;
  Tensor changed;
  for (int i = 0; i < in.size(); i++) tangents.push_back(in[i].defined() ? tangent(in[i]) : Tensor());
  const bool recorded = is_recorded(in, tangents.data());
  // What autograd keeps of values and tangents before the change stays as it is.
  const size_t before = before_.size();
  SmallVector<Tensor, 4> inputs;
  SmallVector<const Tensor*, 4> list;
  for (int i = 0; i < in.size(); i++) {
    inputs.push_back(in[i]);
    if (!in[i].defined() || in[i].impl()->storage != target.impl()->storage || !recorded) continue;
    inputs[i] = clone(in[i]);
    if (!tangents[i].defined()) continue;
    tangents[i] = clone(tangents[i]);
    before_.emplace_back(in[i].impl(), tangents[i]);
  }
  for (const Tensor& t : inputs) list.push_back(&t);
  struct Restore {
    std::vector<std::pair<const TensorImpl*, Tensor>>& list;
    size_t size;
    ~Restore() { list.resize(size); }
  } restore{before_, before};
  if (is_differentiable(target.dtype()) && !op.random()) {
    Tensor value;
    push_forward({op, Inputs(list.data(), list.size()), tangents.data(), &value, &changed});
    check(value.shape() == target.shape(), op.name(), "_: the result has shape ", value.shape(),
          ", which does not fit the tensor of shape ", target.shape(), " that is changed in place");
    if (changed.defined()) changed = like_output(changed, target);
  }
  weft::apply_inplace(op, in);
  write(target, changed);
}

// The target, just changed in place, has this tangent (undefined: zero), and so has what shares its memory.
void ForwardLevel::write(const Tensor& target, const Tensor& changed) {
  if (find(target)) {
    const Tensor own = owned_tangent(target);
    changed.defined() ? copy_(own, changed) : fill_(own, Scalar(0.0));
    return;
  }
  if (!changed.defined()) return;
  const Tensor base(target.impl()->base);
  if (!base.defined()) return store(target, clone(changed), true);
  // No other view of the base has a tangent yet.
  const Tensor zero = copy_laid_out(zeros(base.shape(), base.dtype(), base.device()), base);
  store(base, put_like_view(zero, base.offset(), changed, target.strides(), target.offset()), true);
  store(target, part_of(find(base)->tangent, target), true);
}

namespace {
void check_tangent(const char* what, const Tensor& x, const Tensor& tangent) {
  check(is_differentiable(x.dtype()), what, ": expected a primal of floating dtype, got ", x.dtype());
  check(x.shape() == tangent.shape() && x.dtype() == tangent.dtype() && x.device() == tangent.device(), what,
        ": expected a tangent like the primal, of shape ", x.shape(), " and dtype ", x.dtype(), " on ", x.device(),
        ", got shape ", tangent.shape(), " and dtype ", tangent.dtype(), " on ", tangent.device());
}
}  // namespace

Tensor ForwardLevel::output(const Tensor& x, const Tensor& tangent) {
  if (!x.requires_grad()) {
    check_tangent("jvp", x, tangent);
    InterpreterScope outside(next());
    const Tensor dual = view_as(x, x.shape());
    store(dual, clone(tangent), true);
    return dual;
  }
  check_tangent("jvp", x, tangent);
  InterpreterScope outside(next());
  store(x, clone(tangent), true);
  return x;
}

Tensor ForwardLevel::make_dual(const Tensor& primal, const Tensor& tangent) {
  check_tangent("make_dual", primal, tangent);
  check(!find(primal), "make_dual: the primal has a tangent at this level already");
  InterpreterScope outside(next());
  const Tensor dual = view_as(primal, primal.shape());
  store(dual, tangent, false);
  return dual;
}

bool leads_to(const std::vector<Tensor>& tensors, const std::function<Visit(const Edge&)>& visit) {
  std::vector<const Node*> stack;
  std::unordered_set<const Node*> seen;
  auto found = [&](const Edge& edge) {
    if (!edge.node || !seen.insert(edge.node.get()).second) return false;
    const Visit what = visit(edge);
    if (what == Visit::GoOn) stack.push_back(edge.node.get());
    return what == Visit::Found;
  };
  for (const Tensor& t : tensors)
    if (t.requires_grad() && found(gradient_edge(t))) return true;
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    for (const Edge& edge : node->edges)
      if (found(edge)) return true;
  }
  return false;
}

// Does the history of t lead to a leaf that was there before the level?
bool ForwardLevel::leads_outside(const Tensor& t) const {
  return leads_to({t}, [&](const Edge& edge) {
    if (edge.node->sequence != 0) return Visit::GoOn;
    const Tensor leaf = static_cast<const AccumulateGrad&>(*edge.node).leaf();
    return leaf.defined() && ensure_grad_meta(leaf).leaf_of_level < number_ ? Visit::Found : Visit::Leave;
  });
}

std::pair<Tensor, Tensor> ForwardLevel::unpack(const Tensor& x) {
  Tensor along = tangent(x);
  InterpreterScope outside(next());
  if (!along.defined()) return {x, along};
  // Gradients inside of the level record what they compute, tangents too; that is over.
  if (along.requires_grad() && !leads_outside(along)) along = without_history(along);
  return {view_as(x, x.shape()), along};
}

}  // namespace weft
