#include "autograd/engine.h"

#include <algorithm>
#include <unordered_map>

#include "autograd/anomaly.h"
#include "autograd/streams.h"
#include "core/interrupt.h"
#include "core/other_threads.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/profile.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft {

namespace {

// What has arrived at a node so far.
struct Arrivals {
  Ref<Node> node;
  SmallVector<Tensor, 1> grads;  // one per output of the node
};

// Open addressing from node to its place in the list of arrivals: the map that every edge goes through.
class NodeMap {
 public:
  NodeMap() : slots_(64) {}
  // The index stored for node; -1 when there is none, and then `fresh` is stored.
  int find_or_insert(const Node* node, int fresh) {
    if (2 * (used_ + 1) > static_cast<int>(slots_.size())) grow();
    Slot& slot = probe(node);
    if (slot.node) return slot.index;
    slot = {node, fresh};
    used_++;
    return -1;
  }
  int find(const Node* node) {
    Slot& slot = probe(node);
    return slot.node ? slot.index : -1;
  }

 private:
  struct Slot {
    const Node* node = nullptr;
    int index = 0;
  };
  Slot& probe(const Node* node) {
    size_t mask = slots_.size() - 1;
    size_t at = (reinterpret_cast<uintptr_t>(node) >> 4) * 0x9e3779b97f4a7c15u >> 20 & mask;
    while (slots_[at].node && slots_[at].node != node) at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.node) probe(slot.node) = slot;
  }
  std::vector<Slot> slots_;
  int used_ = 0;
};

bool sole_owner(const Tensor& t) {
  return t.ref()->use_count() == 1 && t.impl()->storage->use_count() == 1 && t.is_contiguous();
}

using Gradients = std::vector<std::pair<Tensor, Tensor>>;  // a tensor, the new gradient for its .grad

// Gradients of several threads go to the same leaves.
std::recursive_mutex commit_mutex;

// Adds gradients to .grad: first everything that can fail, then only writes. may_keep: may a gradient that nobody else
// holds become the .grad itself?
void add_to_grads(Gradients& gradients, bool create_graph, bool may_keep = true) {
  PatientLock lock(commit_mutex);
  for (auto& [t, grad] : gradients) {
    Tensor before = accumulated_grad(t);
    if (before.defined() && (create_graph || before.dtype() != grad.dtype() || before.requires_grad()))
      grad = add(before, grad);
    else if (!before.defined() && !create_graph && !(may_keep && sole_owner(grad)))
      grad = clone(grad);
  }
  for (auto& [t, grad] : gradients) {
    Tensor before = accumulated_grad(t);
    if (before.defined() && !create_graph && before.dtype() == grad.dtype() && !before.requires_grad())
      add_(before, grad);
    else
      set_accumulated_grad(t, std::move(grad));
  }
}

// One call of backward() or grad(). Nodes run from the youngest to the oldest: an edge always leads from a younger node
// to an older one, so a node runs after everything that can still send it a gradient. Gradients of leaves are collected
// and committed after the last node has run, except for leaves with hooks: these run as soon as the leaf's gradient is
// complete, which is when only nodes older than all that lead to the leaf are left.
class BackwardRun {
 public:
  BackwardRun(bool retain_graph, bool create_graph) : retain_graph_(retain_graph), create_graph_(create_graph) {}

  // Restricts the run to what the gradients at `ends` need.
  void restrict_to(const std::vector<Edge>& ends, const std::vector<Edge>& roots);
  // The nodes of the ends do not run, although others may lie beyond them.
  void stop_there(const std::vector<char>& hooked) { hooked_ = &hooked; }
  // Gradients of leaves are for their .grad.
  void accumulate_leaves() { accumulates_ = true; }
  // Finds out when the gradients of leaves with hooks are complete.
  void watch_leaves(const std::vector<Edge>& roots);
  void deliver(const Edge& edge, Tensor grad, const char* sender);
  void run();
  // Adds a gradient to those that commit() will write.
  void collect(const Tensor& t, Tensor grad) { collected_.emplace_back(t, std::move(grad)); }
  void commit() {
    if (collected_.empty()) return;
    ProfileScope profiled(ProfileKind::Backward, "accumulate_grad");
    add_to_grads(collected_, create_graph_);
  }

  // After run(), with the caller's streams.
  const Tensor& captured(size_t i) const { return captured_[i]; }

 private:
  // A leaf with hooks, and the oldest node that may send it a gradient.
  struct Watched {
    Ref<Node> leaf;
    uint64_t oldest_sender;
  };
  void run_node(Arrivals& arrived);
  void run_complete_leaves();
  void finish_leaf(const Tensor& leaf, Tensor grad);
  void apply_hooks(Arrivals& arrived);
  bool wanted(const Node* node) const { return !restricted_ || needed_.count(node); }

  BackwardStreams streams_;
  bool retain_graph_, create_graph_;
  bool restricted_ = false;
  bool accumulates_ = false;
  const std::vector<char>* hooked_ = nullptr;  // of ends where the run stops: do their hooks run?
  NodeMap map_;
  std::vector<Arrivals> arrivals_;
  std::vector<std::pair<uint64_t, int>> heap_;  // (sequence, index of arrivals)
  std::vector<Watched> watched_;                // the next to be complete is the last
  Gradients collected_;
  std::unordered_map<const Node*, char> needed_;
  std::unordered_multimap<const Node*, std::pair<uint32_t, size_t>> captures_;
  std::vector<Tensor> captured_;
};

std::vector<Edge> edges_of(const std::vector<Tensor>& inputs) {
  std::vector<Edge> edges;
  for (size_t i = 0; i < inputs.size(); i++) {
    check(inputs[i].requires_grad(), "grad: input ", i, " of shape ", inputs[i].shape(),
          " does not require grad; call requires_grad_() on it before it is used");
    edges.push_back(gradient_edge(inputs[i]));
  }
  return edges;
}

void BackwardRun::restrict_to(const std::vector<Edge>& ends, const std::vector<Edge>& roots) {
  restricted_ = true;
  captured_.resize(ends.size());
  for (size_t i = 0; i < ends.size(); i++) {
    captures_.insert({ends[i].node.get(), {ends[i].index, i}});
    needed_[ends[i].node.get()] = 1;
  }
  // An edge always leads to an older node, so nothing older than all inputs can lead to one.
  uint64_t oldest = ~uint64_t{0};
  for (const auto& [node, flag] : needed_) oldest = std::min(oldest, node->sequence);
  std::vector<Node*> nodes, stack;
  std::unordered_map<const Node*, char> seen;
  for (const Edge& root : roots)
    if (root.node) stack.push_back(root.node.get());
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    if (node->sequence < oldest || seen[node]++) continue;
    nodes.push_back(node);
    for (const Edge& edge : node->edges)
      if (edge.node) stack.push_back(edge.node.get());
  }
  std::sort(nodes.begin(), nodes.end(), [](Node* a, Node* b) { return a->sequence < b->sequence; });
  for (Node* node : nodes)
    for (const Edge& edge : node->edges)
      if (edge.node && needed_.count(edge.node.get())) needed_[node] = 1;
}

void BackwardRun::deliver(const Edge& edge, Tensor grad, const char* sender) {
  if (!edge.node || !wanted(edge.node.get())) return;
  Node& node = *edge.node;
  const Node::OutputMeta& meta = node.outputs[static_cast<int>(edge.index)];
  check(grad.device() == meta.device, sender, ": its backward gave a gradient on ", grad.device(), " for a tensor on ",
        meta.device);
  StreamScope scope;
  streams_.hand_over(scope, node, edge.index, grad);
  if (grad.shape() != meta.shape) {
    check(broadcastable_to(meta.shape, grad.shape()), sender, ": its backward gave a gradient of shape ", grad.shape(),
          " for a tensor of shape ", meta.shape);
    grad = sum_to(grad, meta.shape);
  }
  if (grad.dtype() != meta.dtype) grad = converted(grad, meta.dtype);
  int index = map_.find_or_insert(&node, static_cast<int>(arrivals_.size()));
  if (index < 0) {
    index = static_cast<int>(arrivals_.size());
    Arrivals& fresh = arrivals_.emplace_back();
    fresh.node = edge.node;
    fresh.grads.resize(node.outputs.size());
    heap_.emplace_back(node.sequence, index);
    std::push_heap(heap_.begin(), heap_.end());
  }
  Tensor& sum = arrivals_[static_cast<size_t>(index)].grads[static_cast<int>(edge.index)];
  if (!sum.defined())
    sum = std::move(grad);
  else if (!create_graph_ && sole_owner(sum) && !streams_.several(meta.device))
    add_(sum, grad);
  else
    sum = add(sum, grad);
}

constinit thread_local BackwardWatch* watch = nullptr;

bool has_hooks(const Node& leaf) {
  if (leaf.hooks && !leaf.hooks->empty()) return true;
  Tensor t = static_cast<const AccumulateGrad&>(leaf).leaf();
  return t.defined() && !ensure_grad_meta(t).accumulate_hooks.empty();
}

void BackwardRun::watch_leaves(const std::vector<Edge>& roots) {
  NodeMap seen;  // of leaves: their place in watched_, or -2 for one without hooks
  std::vector<const Node*> stack;
  auto follow = [&](const Edge& edge, uint64_t sender) {
    if (!edge.node || !wanted(edge.node.get())) return;
    const bool is_leaf = edge.node->sequence == 0;
    const int fresh = !is_leaf ? 0 : has_hooks(*edge.node) ? static_cast<int>(watched_.size()) : -2;
    const int known = seen.find_or_insert(edge.node.get(), fresh);
    if (known == -1 && !is_leaf)
      stack.push_back(edge.node.get());
    else if (known == -1 && fresh >= 0)
      watched_.push_back({edge.node, sender});
    else if (is_leaf && known >= 0)
      watched_[static_cast<size_t>(known)].oldest_sender =
          std::min(watched_[static_cast<size_t>(known)].oldest_sender, sender);
  };
  for (const Edge& root : roots) follow(root, ~uint64_t{0});
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    for (const Edge& edge : node->edges) follow(edge, node->sequence);
  }
  std::stable_sort(watched_.begin(), watched_.end(),
                   [](const Watched& a, const Watched& b) { return a.oldest_sender < b.oldest_sender; });
}

void BackwardRun::apply_hooks(Arrivals& arrived) {
  // A hook may remove itself or add others.
  std::vector<Node::OutputHook> hooks = *arrived.node->hooks;
  for (const Node::OutputHook& hook : hooks) {
    Tensor& grad = arrived.grads[static_cast<int>(hook.output)];
    if (!grad.defined() || !hook.hook) continue;
    Tensor replaced = hook.hook->call(grad);
    if (!replaced.defined()) continue;
    check(replaced.shape() == grad.shape(), "a tensor hook returned a gradient of shape ", replaced.shape(),
          " in place of one of shape ", grad.shape());
    grad = replaced;
  }
  for (const Node::OutputHook& hook : hooks) {
    const Tensor& grad = arrived.grads[static_cast<int>(hook.output)];
    if (!grad.defined() || !hook.retained) continue;
    if (Tensor t = hook.retained->get(); t.defined()) collect(t, grad);
  }
}

void BackwardRun::finish_leaf(const Tensor& leaf, Tensor grad) {
  auto hooks = ensure_grad_meta(leaf).accumulate_hooks;  // a copy: a hook may remove itself
  if (hooks.empty()) return collect(leaf, std::move(grad));
  {
    const bool may_keep = !streams_.several(grad.device());
    Gradients one;
    one.emplace_back(leaf, std::move(grad));
    add_to_grads(one, create_graph_, may_keep);
  }
  for (auto& [id, hook] : hooks) hook->call(leaf);
}

// Nodes that the program defines may go.
const char* name_for_profile(const Node& node) {
  if (!profiling()) [[likely]]
    return "";
  return node.made_by_core() ? node.name() : lasting_name(node.name());
}

void BackwardRun::run_node(Arrivals& arrived) {
  Node& node = *arrived.node;
  StreamScope scope;
  streams_.enter(scope, node);
  auto [begin, end] = captures_.equal_range(&node);
  const bool is_end = hooked_ && begin != end;
  if (watch) [[unlikely]]
    watch->tell(node, accumulates_ && !restricted_);
  if (node.hooks && !(is_end && !(*hooked_)[begin->second.second])) apply_hooks(arrived);
  if (restricted_) {
    for (auto it = begin; it != end; ++it)
      captured_[it->second.second] = arrived.grads[static_cast<int>(it->second.first)];
    if (is_end) return;
  }
  if (node.sequence == 0) {
    if (!accumulates_) return;
    Tensor leaf = static_cast<AccumulateGrad&>(node).leaf();
    if (leaf.defined() && arrived.grads[0].defined()) finish_leaf(leaf, std::move(arrived.grads[0]));
    return;
  }
  if (restricted_) {
    bool feeds_needed = false;
    for (const Edge& edge : node.edges) feeds_needed |= edge.node && needed_.count(edge.node.get());
    if (!feeds_needed) return;
  }
  SmallVector<Tensor, 4> grads;
  grads.resize(node.edges.size());
  ProfileScope profiled(ProfileKind::Backward, name_for_profile(node), {}, node.sequence);
  if (anomaly_enabled()) [[unlikely]]
    backward_watched(node, arrived.grads.data(), grads.data());
  else
    node.backward(arrived.grads.data(), grads.data());
  arrived.grads.clear();
  if (!retain_graph_) node.release_saved();
  for (int i = 0; i < node.edges.size(); i++)
    if (grads[i].defined()) deliver(node.edges[i], std::move(grads[i]), node.name());
}

void BackwardRun::run_complete_leaves() {
  const uint64_t next = heap_.empty() ? 0 : heap_.front().first;
  while (!watched_.empty() && watched_.back().oldest_sender > next) {
    const Ref<Node> leaf = std::move(watched_.back().leaf);
    watched_.pop_back();
    const int index = map_.find(leaf.get());
    if (index < 0 || !arrivals_[static_cast<size_t>(index)].node) continue;
    Arrivals arrived = std::move(arrivals_[static_cast<size_t>(index)]);
    run_node(arrived);
  }
}

constinit thread_local int backward_depth = 0;

struct BackwardDepth {
  BackwardDepth() { backward_depth++; }
  ~BackwardDepth() { backward_depth--; }
};

void BackwardRun::run() {
  BackwardDepth inside;
  GradModeGuard mode(create_graph_);
  NoAutocastGuard no_autocast;
  if (!watched_.empty()) run_complete_leaves();
  while (!heap_.empty()) {
    check_interrupt();
    std::pop_heap(heap_.begin(), heap_.end());
    int index = heap_.back().second;
    heap_.pop_back();
    Arrivals arrived = std::move(arrivals_[static_cast<size_t>(index)]);
    if (arrived.node) run_node(arrived);  // else it was a leaf that was complete before
    if (!watched_.empty()) run_complete_leaves();
  }
  streams_.join();
  for (const Tensor& grad : captured_) streams_.give(grad);
  for (const auto& [t, grad] : collected_) streams_.give(grad);
}

// The gradient that backward starts with.
Tensor root_gradient(const char* what, const Tensor& t, const Tensor& given, size_t i) {
  check(t.requires_grad(), what, ": tensor ", i, " of shape ", t.shape(),
        " does not require grad and has no grad_fn; was it made under no_grad, or from tensors without requires_grad?");
  if (given.defined()) {
    check(given.shape() == t.shape(), what, ": the gradient given has shape ", given.shape(), ", expected ", t.shape());
    check(is_complex(given.dtype()) == is_complex(t.dtype()), what, ": the gradient given has dtype ", given.dtype(),
          " for a tensor of dtype ", t.dtype(), "; both must be complex, or both real");
    return given;
  }
  check(!is_complex(t.dtype()), what, ": the gradient can be left out only for a real loss, got dtype ", t.dtype(),
        "; pass gradient=, or go on from loss.real, loss.abs() or weft.view_as_real(loss).sum()");
  check(t.numel() == 1, what, ": the gradient can be left out only for a tensor of one element, got shape ", t.shape(),
        "; pass gradient=, or reduce the tensor first (loss.sum().backward())");
  return ones_like(t);
}

BackwardRun start(const char* what, const std::vector<Tensor>& tensors, const std::vector<Tensor>& grads,
                  bool retain_graph, bool create_graph, bool accumulate, const std::vector<Edge>* ends,
                  const std::vector<char>* hooked = nullptr) {
  check(grads.empty() || grads.size() == tensors.size(), what, ": got ", tensors.size(), " tensors but ", grads.size(),
        " gradients");
  BackwardRun run(retain_graph, create_graph);
  std::vector<Edge> roots;
  std::vector<Tensor> root_grads;
  for (size_t i = 0; i < tensors.size(); i++) {
    root_grads.push_back(root_gradient(what, tensors[i], grads.empty() ? Tensor() : grads[i], i));
    roots.push_back(gradient_edge(tensors[i]));
  }
  if (ends) run.restrict_to(*ends, roots);
  if (hooked) run.stop_there(*hooked);
  if (accumulate) run.accumulate_leaves();
  if (any_leaf_hooks()) run.watch_leaves(roots);
  for (size_t i = 0; i < roots.size(); i++) run.deliver(roots[i], std::move(root_grads[i]), what);
  run.run();
  return run;
}

}  // namespace

bool in_backward() { return backward_depth > 0; }

void backward(const std::vector<Tensor>& tensors, const std::vector<Tensor>& grads, bool retain_graph,
              bool create_graph, const std::vector<Tensor>& inputs) {
  if (inputs.empty()) {
    BackwardRun run = start("backward", tensors, grads, retain_graph, create_graph, true, nullptr);
    GradModeGuard mode(create_graph);
    return run.commit();
  }
  const std::vector<Edge> ends = edges_of(inputs);
  BackwardRun run = start("backward", tensors, grads, retain_graph, create_graph, true, &ends);
  for (size_t i = 0; i < inputs.size(); i++) {
    const auto earlier = inputs.begin() + static_cast<std::ptrdiff_t>(i);
    const bool again = std::any_of(inputs.begin(), earlier, [&](const Tensor& t) { return t.same(inputs[i]); });
    const GradMeta* meta = grad_meta(inputs[i]);
    if (again || (meta && meta->retained)) continue;  // those that retain their gradients have theirs
    if (ends[i].node->sequence != 0 && run.captured(i).defined()) run.collect(inputs[i], run.captured(i));
  }
  GradModeGuard mode(create_graph);
  run.commit();
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& grad_outputs, bool retain_graph, bool create_graph,
                         bool allow_unused) {
  std::vector<Edge> ends = edges_of(inputs);
  BackwardRun run = start("grad", outputs, grad_outputs, retain_graph, create_graph, false, &ends);
  std::vector<Tensor> result;
  for (size_t i = 0; i < inputs.size(); i++) {
    check(run.captured(i).defined() || allow_unused, "grad: input ", i, " of shape ", inputs[i].shape(),
          " was not used to compute the outputs; pass allow_unused=True to get None for it");
    result.push_back(run.captured(i));
  }
  GradModeGuard mode(create_graph);
  run.commit();  // of tensors with retain_grad()
  return result;
}

std::vector<Tensor> grad_at(const std::vector<Tensor>& outputs, const std::vector<Edge>& ends,
                            const std::vector<char>& hooked, const std::vector<Tensor>& grad_outputs,
                            bool create_graph) {
  BackwardRun run = start("grad", outputs, grad_outputs, create_graph, create_graph, false, &ends, &hooked);
  std::vector<Tensor> result;
  for (size_t i = 0; i < ends.size(); i++) result.push_back(run.captured(i));
  GradModeGuard mode(create_graph);
  run.commit();  // of tensors with retain_grad()
  return result;
}

BackwardWatch::BackwardWatch(Told told) : told_(std::move(told)), outer_(std::exchange(watch, this)) {}

BackwardWatch::~BackwardWatch() { watch = outer_; }

}  // namespace weft
