#include "op/node.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/refusal.h"

namespace weft {

namespace {

std::atomic<uint64_t> sequence_counter{1};

// Nodes whose last owner is gone while another node of this thread is being freed.
struct Graveyard {
  std::vector<Node*> nodes;
  bool draining = false;
};
thread_local Graveyard graveyard;

// How many hooks there are on leaves.
std::atomic<int64_t> leaf_hooks{0};

// Backward will read t on the stream that is the current one now, and then let go of it.
void note_use_by_backward(const Tensor& t) {
  DeviceBackend& backend = backend_of(t.device());
  const int index = t.device().index;
  backend.record_stream(index, t.impl()->storage->data(), backend.current_stream(index));
}

Tensor plain_copy(const Tensor& x) {
  Tensor copy = empty(x.shape(), x.dtype(), x.device());
  if (!x.is_meta()) copy_kernel(x.device(), view_of(copy), view_of(x));
  return copy;
}

// What an op that is about to change x in place keeps of it for its backward.
Tensor copy_before_change(const Tensor& x, const Edge& edge) {
  Tensor copy = interpreter ? interpreter->copy(x) : plain_copy(x);
  if (forward_levels) [[unlikely]]
    copy_tangents_before_change(x, copy);
  if (edge.node) set_history(copy, edge.node, edge.index);
  return copy;
}

Tensor plain_grad(const Tensor& t) {
  GradMeta* meta = grad_meta(t);
  return meta ? meta->grad : Tensor();
}

void set_plain_grad(const Tensor& t, Tensor grad) {
  if (!grad.defined() && !grad_meta(t)) return;
  ensure_grad_meta(t).grad = std::move(grad);
}

}  // namespace

Node::Node() : sequence(0) {}

Node::~Node() {
  if (sequence == 0 && hooks) leaf_hooks -= static_cast<int64_t>(hooks->size());
}

void Node::destroy() {
  if (graveyard.draining) {
    graveyard.nodes.push_back(this);
    return;
  }
  graveyard.draining = true;
  delete this;
  while (!graveyard.nodes.empty()) {
    Node* node = graveyard.nodes.back();
    graveyard.nodes.pop_back();
    delete node;
  }
  graveyard.draining = false;
}

uint64_t coming_sequence() { return sequence_counter.load(std::memory_order_relaxed); }

void Node::renew_sequence() {
  sequence = sequence_counter.fetch_add(1, std::memory_order_relaxed);
  if (anomaly_enabled()) [[unlikely]]
    origin = record_origin();
}

void Node::note_stream(OutputMeta& output) {
  output.stream = backend_of(output.device).current_stream(output.device.index);
}

void Node::add_hook(uint32_t output, uint64_t id, Ref<GradHook> hook) {
  if (!hooks) hooks = std::make_unique<std::vector<OutputHook>>();
  hooks->push_back({output, id, std::move(hook), nullptr});
  if (sequence == 0) leaf_hooks++;
}

void Node::remove_hook(uint64_t id) {
  if (!hooks) return;
  std::vector<OutputHook> removed;  // a hook's destructor may run Python, which must not see the list half changed
  auto kept = std::stable_partition(hooks->begin(), hooks->end(), [&](const OutputHook& h) { return h.id != id; });
  std::move(kept, hooks->end(), std::back_inserter(removed));
  hooks->erase(kept, hooks->end());
  if (sequence == 0) leaf_hooks -= static_cast<int64_t>(removed.size());
}

void Node::retain_grad(uint32_t output, Ref<WeakTensor> t) {
  if (!hooks) hooks = std::make_unique<std::vector<OutputHook>>();
  hooks->push_back({output, 0, nullptr, std::move(t)});
}

constinit thread_local SavedHooks* saved_hooks = nullptr;
constinit thread_local int saved_hook_depth = 0, saved_hooks_level = 0;

SavedTensor::SavedTensor(const Tensor& t, bool is_output) : version_(t.version()), is_output_(is_output) {
  check(!t.impl()->inference, "a tensor made in inference_mode cannot be saved for backward; clone() it first");
  // A trace that is run later has no tensors for hooks; its node in the graph packs what it saves.
  if (saved_hooks && saved_hooks_level == saved_hook_depth && !(interpreter && interpreter->for_later())) [[unlikely]] {
    pack(t);
    return;
  }
  if (t.device().type != DeviceType::CPU) note_use_by_backward(t);
  if (!is_output) {
    tensor_ = t;
    return;
  }
  tensor_ = Tensor(make_ref<TensorImpl>(t.impl()->storage, t.shape(), t.strides(), t.offset(), t.dtype()));
  if (forward_levels) [[unlikely]]
    share_tangents(t, tensor_);
}

void SavedTensor::pack(const Tensor& t) {
  check(!has_tangent(t),
        "saved_tensors_hooks: a tensor that has a tangent of forward-mode differentiation is saved, for "
        "which there is no rule");
  packed_ = make_ref<Packed>();
  packed_->hooks = Ref<SavedHooks>(saved_hooks);
  if (!is_output_ && t.requires_grad()) packed_->edge = gradient_edge(t);
  packed_->shape = t.shape();
  packed_->dtype = t.dtype();
  packed_->device = t.device();
  const Tensor plain(make_ref<TensorImpl>(t.impl()->storage, t.shape(), t.strides(), t.offset(), t.dtype()));
  const SavedHookCall call;
  GradModeGuard no_grad(false);
  packed_->object = packed_->hooks->pack(plain);
}

Tensor SavedTensor::unpack_packed(const char* saver, Node* owner) const {
  Tensor t;
  {
    const SavedHookCall call;
    GradModeGuard no_grad(false);
    t = packed_->hooks->unpack(*packed_->object);
  }
  const Packed& p = *packed_;
  check(t.defined() && t.shape() == p.shape && t.dtype() == p.dtype && t.device() == p.device, "saved_tensors_hooks: '",
        saver, "' saved a tensor of shape ", p.shape, ", dtype ", p.dtype, " on '", p.device,
        "', the hook gave back one of shape ", t.shape(), ", dtype ", t.dtype(), " on '", t.device(), "'");
  const bool history =
      GradMode::enabled() && (is_output_ ? output_index != kNoHistory : static_cast<bool>(p.edge.node));
  if (!history && !t.requires_grad()) return t;
  Tensor out(make_ref<TensorImpl>(t.impl()->storage, t.shape(), t.strides(), t.offset(), t.dtype()));
  if (history) set_history(out, is_output_ ? Ref<Node>(owner) : p.edge.node, is_output_ ? output_index : p.edge.index);
  return out;
}

Tensor SavedTensor::unpack(const char* saver, Node* owner) const {
  if (packed_) [[unlikely]]
    return unpack_packed(saver, owner);
  if (!tensor_.defined()) return {};
  if (tensor_.version() != version_) {
    fail("backward of '", saver, "' needs ", is_output_ ? "its result" : "an input", " of shape ", tensor_.shape(),
         ", but the in-place op '", tensor_.impl()->storage->last_writer(), "_' changed it after '", saver,
         "' had run (version ", tensor_.version(), ", expected ", version_,
         "); use the out-of-place form, or clone() the tensor before changing it");
  }
  if (!is_output_ || output_index == kNoHistory || !GradMode::enabled()) return tensor_;
  // Alias it once more: the history belongs to the reader, not to the node, which would own itself.
  Tensor out(make_ref<TensorImpl>(tensor_.impl()->storage, tensor_.shape(), tensor_.strides(), tensor_.offset(),
                                  tensor_.dtype()));
  if (forward_levels) [[unlikely]]
    share_tangents(tensor_, out);
  set_history(out, Ref<Node>(owner), output_index);
  return out;
}

OpNode::OpNode(const Op& op_, Inputs inputs, bool in_place) : op(op_.share()) {
  uint32_t needs = 0;
  edges.resize(inputs.size());
  for (int i = 0; i < inputs.size(); i++) {
    if (!inputs[i].defined() || !inputs[i].requires_grad()) continue;
    edges[i] = gradient_edge(inputs[i]);
    if (i < 32) needs |= 1u << i;
  }
  renew_sequence();
  if (!op->differentiable()) return;
  mask = op->saves(needs);
  const bool all = mask.inputs == Saves::kAll;
  for (int i = 0; i < (all ? inputs.size() : std::min(inputs.size(), 32)); i++) {
    if (!all && !(mask.inputs >> i & 1)) continue;
    if (!inputs[i].defined()) {
      saved.emplace_back();
    } else {
      // x.mul_(x), and a view of x as another operand, change too.
      bool changes = in_place && (i == 0 || inputs[i].impl()->storage == inputs[0].impl()->storage);
      Tensor kept = changes ? copy_before_change(inputs[i], edges[i]) : inputs[i];
      saved.emplace_back(kept, false).output_index = SavedTensor::kNoHistory;
    }
    num_saved_inputs++;
  }
}

void OpNode::bind_outputs(const Tensor* tensors, int count) {
  for (int i = 0; i < count; i++) {
    add_output(tensors[i]);
    if (is_differentiable(tensors[i].dtype())) set_history(tensors[i], Ref<Node>(this), static_cast<uint32_t>(i));
    if (mask.outputs >> i & 1)
      saved.emplace_back(tensors[i], true).output_index =
          is_differentiable(tensors[i].dtype()) ? static_cast<uint32_t>(i) : SavedTensor::kNoHistory;
  }
}

void OpNode::backward(const Tensor* grad_outputs, Tensor* grad_inputs) {
  check(!released, "backward: the graph of '", name(),
        "' was used before and its saved tensors are freed; to go through it a second time pass retain_graph=True to "
        "the first backward to keep them");
  if (op->differentiable()) op->vjp(Vjp(*this, grad_outputs), grad_inputs);
}

void OpNode::release_saved() {
  released |= !saved.empty();
  saved.clear();
}

Tensor WeakTensor::get() const {
  std::lock_guard lock(mutex_);
  if (!tensor_ || !tensor_->try_retain()) return {};
  return Tensor(Ref<TensorImpl>::adopt(tensor_));
}

void WeakTensor::forget() {
  std::lock_guard lock(mutex_);
  tensor_ = nullptr;
}

AccumulateGrad::AccumulateGrad(TensorImpl* leaf) : leaf_(leaf) {
  // The sequence stays 0: leaves come after every op.
  add_output(Tensor(Ref<TensorImpl>(leaf)));
}

void AccumulateGrad::backward(const Tensor*, Tensor*) {}  // the engine itself adds to .grad

namespace {

// Stands in a graph for a leaf that it led to.
class LostLeaf final : public GradHook {
 public:
  explicit LostLeaf(const char* has) : has_(has) {}
  Tensor call(const Tensor&) override {
    fail("backward: the graph leads to a leaf that ", has_, " since; compute the output again");
  }

 private:
  const char* has_;
};

}  // namespace

void leave_graphs(const Tensor& leaf, const char* has) {
  GradMeta* meta = grad_meta(leaf);
  if (!meta || !meta->accumulator.get() || (*meta->accumulator.get())->use_count() == 1) return;
  const Ref<AccumulateGrad> old = *meta->accumulator.get();
  meta->accumulator.clear();
  if (old->hooks && !old->hooks->empty()) {
    const Ref<AccumulateGrad>& next = meta->accumulator_of(leaf);
    next->hooks = std::move(old->hooks);
    for (const Node::OutputHook& h : *next->hooks)
      if (h.hook) h.hook->moved_to(next.get());
  }
  old->add_hook(0, 0, make_ref<LostLeaf>(has));
  old->forget_leaf();
}

void follow_data(const Tensor& leaf) {
  GradMeta* meta = grad_meta(leaf);
  if (!meta || !meta->accumulator.get()) return;
  const Node::OutputMeta& before = (*meta->accumulator.get())->outputs[0];
  if (before.shape != leaf.shape() || before.dtype != leaf.dtype() || before.device != leaf.device())
    leave_graphs(leaf, "has got .data of another shape, dtype or device");
  if (const Ref<AccumulateGrad>* now = meta->accumulator.get()) {
    (*now)->outputs.clear();
    (*now)->add_output(leaf);
  }
}

GradMeta::~GradMeta() {
  if (accumulator.get()) (*accumulator.get())->forget_leaf();
  if (retained) retained->forget();
  leaf_hooks -= static_cast<int64_t>(accumulate_hooks.size());
}

// Threads may use a new leaf at the same time.
const Ref<AccumulateGrad>& GradMeta::accumulator_of(const Tensor& t) {
  return accumulator.get_or_make([&] { return new Ref<AccumulateGrad>(make_ref<AccumulateGrad>(t.impl())); });
}

void GradMeta::move_retained(Node* node, uint32_t index) {
  if (grad_fn && grad_fn->hooks)
    std::erase_if(*grad_fn->hooks, [&](const Node::OutputHook& h) { return h.retained == retained; });
  if (node) node->retain_grad(index, retained);
}

void add_accumulate_hook(const Tensor& leaf, uint64_t id, Ref<GradHook> hook) {
  ensure_grad_meta(leaf).accumulate_hooks.emplace_back(id, std::move(hook));
  leaf_hooks++;
}

void remove_accumulate_hook(GradMeta& leaf, uint64_t id) {
  auto& hooks = leaf.accumulate_hooks;
  auto it = std::find_if(hooks.begin(), hooks.end(), [&](const auto& entry) { return entry.first == id; });
  if (it == hooks.end()) return;
  Ref<GradHook> removed = std::move(it->second);  // its destructor may run Python, which sees the list without it
  hooks.erase(it);
  leaf_hooks--;
}

bool any_leaf_hooks() { return leaf_hooks.load(std::memory_order_relaxed) > 0; }

GradMeta* grad_meta(const Tensor& t) { return static_cast<GradMeta*>(t.impl()->autograd.get()); }

GradMeta& ensure_grad_meta(const Tensor& t) {
  return static_cast<GradMeta&>(t.impl()->autograd.get_or_make([] { return new GradMeta; }));
}

Tensor accumulated_grad(const Tensor& t) { return interpreter ? interpreter->grad(t) : plain_grad(t); }

void set_accumulated_grad(const Tensor& t, Tensor grad) {
  interpreter ? interpreter->set_grad(t, std::move(grad)) : set_plain_grad(t, std::move(grad));
}

Tensor Interpreter::copy(const Tensor& x) { return next_ ? next_->copy(x) : plain_copy(x); }
Tensor Interpreter::grad(const Tensor& leaf) { return next_ ? next_->grad(leaf) : plain_grad(leaf); }
void Interpreter::set_grad(const Tensor& leaf, Tensor grad) {
  next_ ? next_->set_grad(leaf, std::move(grad)) : set_plain_grad(leaf, std::move(grad));
}

Edge gradient_edge(const Tensor& t) {
  if (!t.requires_grad()) return {};
  Ref<Node> node = grad_fn(t);
  GradMeta& meta = ensure_grad_meta(t);
  if (node) return {std::move(node), meta.output_index};
  return {meta.accumulator_of(t), 0};
}

Ref<Node> grad_fn(const Tensor& t) {
  TensorImpl& impl = *t.impl();
  if (impl.tracked && impl.base->requires_grad) {
    GradMeta& meta = ensure_grad_meta(t);
    if (!meta.grad_fn || impl.view_version != t.version()) {
      meta.set_grad_fn(make_view_node(t), 0);
      impl.view_version = t.version();
      impl.requires_grad = true;
    }
    return meta.grad_fn;
  }
  GradMeta* meta = grad_meta(t);
  return meta ? meta->grad_fn : nullptr;
}

bool is_leaf(const Tensor& t) { return !t.requires_grad() || !grad_fn(t); }

void set_history(const Tensor& t, Ref<Node> node, uint32_t index) {
  ensure_grad_meta(t).set_grad_fn(std::move(node), index);
  t.impl()->requires_grad = true;
  t.impl()->view_version = t.version();
}

void check_inplace_allowed(const char* op, const Tensor& t) {
  TensorImpl& impl = *t.impl();
  check(impl.storage->writable(), op,
        "_: the tensor lies on read-only memory (a read-only NumPy array, say); clone() it first");
  if (impl.inference)
    check(GradMode::inference(), op,
          "_: a tensor made in inference_mode cannot be changed in place outside of it; clone() it first");
  check(!has_internal_overlap(t), op, "_: several elements of the tensor of shape ", t.shape(), " with strides ",
        t.strides(), " share memory (it was expanded, say); clone() it first");
  if (!GradMode::enabled() || !t.requires_grad()) return;
  const Tensor base(impl.base);
  const bool is_view_of_leaf = base.defined() && base.requires_grad() && is_leaf(base);
  // Traced, an argument is a leaf, whatever it is outside.
  check_traceable(!impl.storage->symbolic() || !(is_leaf(t) || is_view_of_leaf), op,
                  "_: in a jitted function an argument that requires grad (a leaf too, or a view of either) cannot be "
                  "changed in place while autograd records; do it under weft.no_grad(), or return the new values");
  check(!is_leaf(t), op,
        "_: a leaf tensor that requires grad cannot be changed in place while autograd records; do it under "
        "weft.no_grad()");
  check(!is_view_of_leaf, op,
        "_: this is a view of a leaf tensor that requires grad, which cannot be changed in place while autograd "
        "records; do it under weft.no_grad()");
}

}  // namespace weft
