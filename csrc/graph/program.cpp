#include "graph/program.h"

#include <algorithm>
#include <unordered_set>

#include "autograd/engine.h"
#include "op/autocast.h"
#include "op/grad_mode.h"
#include "op/refusal.h"

namespace weft::graph {

namespace {

bool contains(const std::vector<Tensor>& list, const Tensor& t) {
  return std::any_of(list.begin(), list.end(), [&](const Tensor& other) { return other.same(t); });
}

// A tensor from outside, and not a view or a detached tensor that the function has made of one?
bool was_there_before(const Tracer& tracer, const Tensor& t) {
  if (!tracer.is_captured(t)) return false;
  if (const Ref<weft::Node> node = grad_fn(t)) return !tracer.made(*node);
  return t.requires_grad() || !tracer.shows_one_with_grad(t);
}

// Results that autograd has to know of: not those that are tensors from outside, and each once.
std::vector<int> differentiable_results(const Tracer& tracer, const std::vector<Tensor>& stand_ins,
                                        const std::vector<Tensor>& results) {
  std::vector<int> found;
  std::vector<Tensor> before;
  for (size_t i = 0; i < results.size(); i++) {
    const Tensor& t = results[i];
    const Ref<weft::Node> node = t.requires_grad() ? grad_fn(t) : nullptr;
    const bool is_view_of_outside = node && !t.impl()->storage->symbolic() && tracer.made(*node);
    bool made_here = is_view_of_outside || (t.impl()->storage->symbolic() && !contains(stand_ins, t));
    if (t.requires_grad() && made_here && !contains(before, t)) found.push_back(static_cast<int>(i));
    before.push_back(t);
  }
  return found;
}

size_t place_of(const std::vector<Tensor>& list, const Tensor& t) {
  return static_cast<size_t>(
      std::find_if(list.begin(), list.end(), [&](const Tensor& other) { return other.same(t); }) - list.begin());
}

// Gradients of what the function has made stay inside.
void check_gradients_unseen(const Tracer& tracer, const std::vector<Tensor>& stand_ins,
                            const std::vector<Tensor>& returned) {
  for (const Tensor& t : returned) {
    if (contains(stand_ins, t) || was_there_before(tracer, t)) continue;
    GradMeta* meta = grad_meta(t);
    check_traceable(!meta || !meta->retained, "jit: a result of shape ", t.shape(),
                    " keeps its gradient (retain_grad()), which a jitted function does not give; call retain_grad() on "
                    "what it returns, and compute with that");
    check_traceable(!meta || !meta->grad.defined(), "jit: a result of shape ", t.shape(),
                    " has a .grad, which a jitted function does not give; return the gradient by itself");
    check_traceable(!t.requires_grad() || !is_leaf(t), "jit: a result of shape ", t.shape(),
                    " is a leaf that requires grad, which a jitted function does not make; call requires_grad_() on "
                    "what it returns");
  }
}

// Does a hook wait between a view and its base?
bool has_hook_up_to(const Tensor& base, const Tensor& view) {
  const Ref<weft::Node> end = grad_fn(base);
  for (Ref<weft::Node> node = grad_fn(view); node && node != end; node = node->edges[0].node) {
    for (size_t i = 0; node->hooks && i < node->hooks->size(); i++)
      if ((*node->hooks)[i].hook) return true;
    if (node->edges.size() == 0) break;
  }
  return false;
}

// Results that share memory which the function has made. What they are views of, and a tensor that shows all of the
// memory, become results as well.
void find_parts(Tracer& tracer, std::vector<Tensor>& results, std::vector<Part>& parts) {
  std::vector<std::pair<Tensor, std::vector<Tensor>>> groups;  // the whole, and what shows it
  for (size_t i = 0; i < results.size(); i++) {
    if (place_of(results, results[i]) < i) continue;
    const Tensor whole = tracer.whole_of(results[i]);
    if (!whole.defined()) continue;
    auto known = std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first.same(whole); });
    if (known == groups.end()) known = groups.insert(groups.end(), {whole, {}});
    known->second.push_back(results[i]);
  }
  auto number_of = [&](const Tensor& t) {
    const size_t place = place_of(results, t);
    if (place == results.size()) results.push_back(t);
    return static_cast<int>(place);
  };
  for (auto& [whole, members] : groups) {
    if (members.size() < 2) continue;
    for (size_t i = 0, own = members.size(); i < own; i++) {
      const Tensor base(members[i].impl()->base);
      if (base.defined() && !contains(members, base)) members.push_back(base);
    }
    for (const Tensor& t : members) {
      check_traceable(t.dtype() == whole.dtype() || whole.offset() == 0, "jit: results of dtypes ", t.dtype(), " and ",
                      whole.dtype(), " share memory; clone() one of them");
      Part part{number_of(t), number_of(whole), type_of(t), t.offset() - whole.offset(), -1, t.impl()->tracked};
      if (const Tensor base(t.impl()->base); base.defined()) {
        part.base = number_of(base);
        check_traceable(!t.impl()->tracked || !has_hook_up_to(base, t), "jit: a result of shape ", t.shape(),
                        " has a hook and shares memory with another result; clone() one of them");
      }
      if (!t.same(whole)) parts.push_back(std::move(part));
    }
  }
}

// Not the view of another result, nor there only to show memory.
bool has_own_history(const Program& p, int result) {
  bool is_known = result < p.num_returned;
  for (const Part& part : p.parts) {
    if (part.result == result && part.base >= 0 && part.tracked) return false;
    is_known |= part.result == result || part.base == result;
  }
  return is_known;
}

// Where gradients leave what the trace has recorded: at leaves, and at tensors that were made before.
std::vector<Edge> ends_of(const Tracer& tracer, const std::vector<Tensor>& results, bool& has_hooks) {
  std::vector<Edge> ends;
  std::vector<const weft::Node*> stack;
  std::unordered_set<const weft::Node*> seen;
  auto visit = [&](const Edge& edge) {
    if (!edge.node) return;
    if (tracer.made(*edge.node)) {
      if (seen.insert(edge.node.get()).second) stack.push_back(edge.node.get());
      return;
    }
    auto is_it = [&](const Edge& end) { return end.node == edge.node && end.index == edge.index; };
    if (std::none_of(ends.begin(), ends.end(), is_it)) ends.push_back(edge);
  };
  for (const Tensor& t : results) visit(gradient_edge(t));
  while (!stack.empty()) {
    const weft::Node* node = stack.back();
    stack.pop_back();
    has_hooks |= node->hooks && !node->hooks->empty();
    for (const Edge& edge : node->edges) visit(edge);
  }
  // Leaves that the function itself has made are nobody's when it returns.
  std::erase_if(ends, [&](const Edge& end) {
    auto* accumulator = dynamic_cast<const AccumulateGrad*>(end.node.get());
    const Tensor leaf = accumulator ? accumulator->leaf() : Tensor();
    return accumulator && !(leaf.defined() && (tracer.is_stand_in(leaf) || tracer.is_captured(leaf)));
  });
  return ends;
}

// The tensor whose gradient goes there.
Tensor tensor_at(const Edge& end, const Tracer& tracer) {
  if (auto* accumulator = dynamic_cast<const AccumulateGrad*>(end.node.get())) return accumulator->leaf();
  for (const Tensor& t : tracer.read_with_grad()) {
    const Edge edge = gradient_edge(t);
    if (edge.node == end.node && edge.index == end.index) return t;
  }
  fail("jit: a gradient goes to a tensor from outside that the function has not read, by ", end.node->name());
}

}  // namespace

int Program::num_gradients() const { return static_cast<int>(std::count(has_gradient.begin(), has_gradient.end(), 1)); }

bool Program::is_gradient(size_t result) const {
  int i = static_cast<int>(result);
  return i >= num_results && i < num_results + num_gradients();
}

Program finish_program(Tracer& tracer, const std::vector<Tensor>& stand_ins, const std::vector<Tensor>& returned) {
  InterpreterScope scope(&tracer);
  Program p;
  std::vector<Tensor> results = returned, leaves, gradients;
  p.num_returned = static_cast<int>(results.size());
  check_gradients_unseen(tracer, stand_ins, returned);
  find_parts(tracer, results, p.parts);
  std::vector<Tensor> all = results;
  p.num_results = static_cast<int>(results.size());
  for (size_t i = 0; i < results.size(); i++) {
    auto same = [&](const Tensor& t) { return t.same(results[i]); };
    const auto before = results.begin() + static_cast<std::ptrdiff_t>(i);
    const bool is_outside =
        std::any_of(stand_ins.begin(), stand_ins.end(), same) || was_there_before(tracer, results[i]);
    const auto first = std::find_if(results.begin(), before, same);
    p.is_own.push_back(!is_outside && first == before);
    p.same_as.push_back(static_cast<int>(first - results.begin()));
  }
  if (GradMode::enabled()) p.differentiable = differentiable_results(tracer, stand_ins, results);
  std::erase_if(p.differentiable, [&](int i) { return !has_own_history(p, i); });
  if (!p.differentiable.empty()) {
    std::vector<Tensor> roots, root_grads;
    for (int i : p.differentiable) {
      const Tensor& t = results[static_cast<size_t>(i)];
      roots.push_back(t);
      root_grads.push_back(tracer.argument({t.shape(), contiguous_strides(t.shape()), t.dtype(), t.device()}));
      p.grad_inputs.push_back(tracer.input_of(root_grads.back()));
    }
    const std::vector<Edge> ends = ends_of(tracer, roots, p.has_hooks);
    std::vector<char> hooked;  // hooks of other tensors run when their gradients arrive for good
    for (const Edge& end : ends) {
      leaves.push_back(tensor_at(end, tracer));
      hooked.push_back(tracer.is_stand_in(leaves.back()));
    }
    try {
      NoAutocastGuard no_autocast;
      gradients = grad_at(roots, ends, hooked, root_grads);
    } catch (const Error& e) {
      // Its graph was used up inside the function, or an op has no derivative: an error when it is asked for.
      p.backward_error = e.message();
      gradients.assign(leaves.size(), Tensor());
    }
  }
  for (const Tensor& g : gradients) {
    p.has_gradient.push_back(g.defined());
    if (g.defined()) all.push_back(g);
  }
  for (const Tensor& leaf : leaves) p.leaves.push_back(tracer.origin_of(leaf));
  p.traced = tracer.finish(all);
  return p;
}

}  // namespace weft::graph
