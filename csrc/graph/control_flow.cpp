#include "graph/control_flow.h"

#include <algorithm>
#include <unordered_set>

#include "autograd/engine.h"
#include "graph/evaluate.h"
#include "graph/sub_graph.h"
#include "kernels/elementwise.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "op/node.h"
#include "op/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft::graph {

namespace {

std::vector<Tensor> part(Inputs in, int first, int count) {
  std::vector<Tensor> tensors;
  for (int i = first; i < first + count; i++) tensors.push_back(in[i]);
  return tensors;
}

void copy_to(const Tensor& to, const Tensor& from) { copy_kernel(to.device(), view_of(to), view_of(from)); }

OutputSpec spec_of(const Value& v) { return {v.shape, v.dtype, {}}; }

bool truth_of(const Tensor& t) { return *on_host(t).data_as<BoolByte>(); }

// Gradients for floating results: zeros where nothing flowed back.
void add_result_gradients(std::vector<Tensor>& inputs, const Vjp& v, int count, const SubGraph& body) {
  for (int i = 0; i < count; i++) {
    const Value& type = body.result_type(i);
    if (!is_differentiable(type.dtype)) continue;
    const Tensor& g = v.grad(i);
    inputs.push_back(g.defined() ? contiguous(g) : zeros(type.shape, type.dtype, type.device));
  }
}

std::vector<bool> given_gradients(const Vjp& v, int count) {
  std::vector<bool> given;
  for (int i = 0; i < count; i++) given.push_back(v.grad(i).defined());
  return given;
}

// Of an op from a file: the inputs from `first` on are what a body reads from its input number `from` on.
void check_body_inputs(const InputCheck& in, int first, const SubGraph& body, int from, int count) {
  in.that(from >= 0 && count >= 0 && from + count <= body.num_inputs() && first + count <= in.size(),
          "the inputs of its bodies");
  for (int i = 0; i < count; i++)
    in.that(in.has(first + i) && same_type(type_of(in[first + i]), body.input_type(from + i)),
            "inputs of the types that its bodies read");
}
void check_carried(const InputCheck& in, const SubGraph& body, int carried) {
  in.that(carried >= 0 && carried <= body.num_inputs() && carried <= body.num_results(), "what is carried");
  for (int i = 0; i < carried; i++)
    in.that(same_type(body.input_type(i), body.result_type(i)), "what is carried to keep its type");
}

// What an op does that runs the body.
void add_body(Traits& traits, const SubGraph& body) {
  traits.pure = traits.pure && body.pure();
  traits.random = traits.random || body.random();
  traits.twice_differentiable = traits.twice_differentiable && body.twice_differentiable();
}

// inputs: the condition, then what both branches read.
struct Cond : OpOf<Cond> {
  static constexpr const char* kName = "cond";
  static constexpr Traits kTraits{.may_fail = true, .any_dtype = true};
  Ref<const SubGraph> on_true, on_false;
  WEFT_FIELDS(on_true, on_false);
  void check_inputs(const InputCheck& in) const {
    in.count(1 + on_true->num_inputs()).dtype(0, DType::Bool).that(in[0].numel() == 1, "a condition of one element");
    in.that(on_true->num_inputs() == on_false->num_inputs() && on_true->num_results() == on_false->num_results(),
            "branches that are alike");
    for (const auto& branch : {on_true, on_false}) check_body_inputs(in, 1, *branch, 0, branch->num_inputs());
    for (int i = 0; i < num_outputs(); i++)
      in.that(on_true->result_type(i).shape == on_false->result_type(i).shape &&
                  on_true->result_type(i).dtype == on_false->result_type(i).dtype,
              "branches that give the same types");
  }
  Cond(Ref<const SubGraph> t, Ref<const SubGraph> f) : on_true(std::move(t)), on_false(std::move(f)) {
    for (const auto& branch : {on_true, on_false}) add_body(traits_, *branch);
  }

  int num_outputs() const override { return on_true->num_results(); }
  Device device(Inputs) const override { return num_outputs() ? on_true->result_type(0).device : Device{}; }
  void infer(Inputs, OutputSpec* out) const override {
    for (int i = 0; i < num_outputs(); i++) out[i] = spec_of(on_true->result_type(i));
  }
  void run(Inputs in, const Tensor* out) const override {
    const SubGraph& chosen = truth_of(in[0]) ? *on_true : *on_false;
    std::vector<Tensor> results = chosen.run(part(in, 1, in.size() - 1));
    for (int i = 0; i < num_outputs(); i++) copy_to(out[i], results[at(i)]);
  }
  size_t temporary_bytes(Inputs, const Tensor*) const override { return std::max(on_true->peak(), on_false->peak()); }
  Saves saves(uint32_t) const override { return {.inputs = Saves::kAll, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    std::vector<bool> wanted;
    std::vector<Tensor> inputs;
    for (int i = 0; i < v.num_inputs(); i++) {
      inputs.push_back(v.input(i));
      if (i > 0) wanted.push_back(v.needs(i));
    }
    add_result_gradients(inputs, v, num_outputs(), *on_true);
    const std::vector<bool> given = given_gradients(v, num_outputs());
    std::vector<Tensor> found =
        apply_list(Cond(on_true->gradient(wanted, given), on_false->gradient(wanted, given)), inputs);
    for (int i = 1, next = 0; i < v.num_inputs(); i++)
      if (wanted[at(i - 1)]) grads[i] = found[at(next++)];
  }
};

// inputs: what is carried, what the test has captured, what the body has captured
struct While : OpOf<While> {
  static constexpr const char* kName = "while_loop";
  static constexpr Traits kTraits{.may_fail = true, .twice_differentiable = false, .any_dtype = true};
  Ref<const SubGraph> test, body;
  int carried;
  WEFT_FIELDS(test, body, carried);
  void check_inputs(const InputCheck& in) const {
    check_carried(in, *body, carried);
    in.that(carried > 0 && carried <= test->num_inputs(), "what is carried");
    in.count(carried + num_test_inputs() + body->num_inputs() - carried);
    in.that(test->num_results() == 1 && test->result_type(0).numel() == 1 && test->result_type(0).dtype == DType::Bool,
            "a condition of one element");
    check_body_inputs(in, 0, *test, 0, carried);
    check_body_inputs(in, carried, *test, carried, num_test_inputs());
    check_body_inputs(in, 0, *body, 0, carried);
    check_body_inputs(in, test->num_inputs(), *body, carried, body->num_inputs() - carried);
  }
  While(Ref<const SubGraph> t, Ref<const SubGraph> b, int n) : test(std::move(t)), body(std::move(b)), carried(n) {
    for (const auto& part : {test, body}) add_body(traits_, *part);
  }

  int num_outputs() const override { return carried; }
  Device device(Inputs in) const override { return in[0].device(); }
  void infer(Inputs, OutputSpec* out) const override {
    for (int i = 0; i < carried; i++) out[i] = spec_of(body->result_type(i));
  }
  int num_test_inputs() const { return test->num_inputs() - carried; }

  // Calls each(values carried so far) before every pass of the body; returns the last ones.
  template <class F>
  std::vector<Tensor> loop(Inputs in, const F& each) const {
    std::vector<Tensor> state = part(in, 0, carried), for_test = part(in, carried, num_test_inputs());
    int first = carried + num_test_inputs();
    std::vector<Tensor> for_body = part(in, first, in.size() - first);
    auto with = [&](const std::vector<Tensor>& captured) {
      std::vector<Tensor> all = state;
      all.insert(all.end(), captured.begin(), captured.end());
      all.resize(std::min(all.size(), at(carried) + captured.size()));
      return all;
    };
    while (truth_of(test->run(with(for_test))[0])) {
      each(state);
      state = body->run(with(for_body));
    }
    return state;
  }
  void run(Inputs in, const Tensor* out) const override {
    std::vector<Tensor> last = loop(in, [](const std::vector<Tensor>&) {});
    for (int i = 0; i < carried; i++) copy_to(out[i], last[at(i)]);
  }
  // What one pass has left lives on in the next.
  size_t temporary_bytes(Inputs, const Tensor*) const override {
    return body->result_bytes(carried) + std::max(test->peak(), body->peak());
  }
  Saves saves(uint32_t) const override { return {.inputs = Saves::kAll, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

// Runs the loop once more, keeps what was carried, and walks back. inputs: those of the loop, gradients of the floating
// ones among what is carried; outputs: gradients of the inputs in `wanted`.
struct WhileBackward : OpOf<WhileBackward> {
  static constexpr const char* kName = "while_loop_backward";
  static constexpr Traits kTraits{.may_fail = true, .twice_differentiable = false, .any_dtype = true};
  Ref<const Op> loop;  // a While
  Ref<const SubGraph> gradient;
  std::vector<bool> wanted;  // of the body's inputs
  WEFT_FIELDS(loop, gradient, wanted);
  WhileBackward(Ref<const Op> l, Ref<const SubGraph> g, std::vector<bool> w)
      : loop(std::move(l)), gradient(std::move(g)), wanted(std::move(w)) {}

  int num_outputs() const override { return gradient->num_results(); }
  void vjp(const Vjp&, Tensor*) const override {
    fail<ErrorKind::NotImplemented>(
        "while_loop: its second derivative is not possible in a graph; use scan with a "
        "known number of steps, or compute it outside of the jitted function");
  }
  Device device(Inputs in) const override { return in[0].device(); }
  void infer(Inputs, OutputSpec* out) const override {
    for (int i = 0; i < num_outputs(); i++) out[i] = spec_of(gradient->result_type(i));
  }
  void run(Inputs in, const Tensor* out) const override {
    const While& w = static_cast<const While&>(*loop);
    int own = w.carried + w.num_test_inputs() + w.body->num_inputs() - w.carried;
    SmallVector<const Tensor*, 16> list;
    for (int i = 0; i < own; i++) list.push_back(&in[i]);
    std::vector<std::vector<Tensor>> states;
    w.loop(Inputs(list.data(), own), [&](const std::vector<Tensor>& state) { states.push_back(state); });
    std::vector<Tensor> captured = part(in, w.carried + w.num_test_inputs(), w.body->num_inputs() - w.carried);
    std::vector<Tensor> flowing = part(in, own, in.size() - own), sums;
    // Gradients of what is carried are replaced by each pass, those of what is captured add up.
    while (!states.empty()) {
      std::vector<Tensor> inputs = std::move(states.back());
      states.pop_back();
      inputs.insert(inputs.end(), captured.begin(), captured.end());
      inputs.insert(inputs.end(), flowing.begin(), flowing.end());
      std::vector<Tensor> found = gradient->run(inputs);
      size_t next = 0, floating = 0, sum = 0;
      for (int i = 0; i < w.body->num_inputs(); i++) {
        bool is_float = is_differentiable(w.body->input_type(i).dtype);
        if (i < w.carried) {
          if (is_float) flowing[floating++] = found[next++];
        } else if (wanted[at(i)]) {
          if (sums.size() == sum)
            sums.push_back(found[next]);
          else
            sums[sum] = add(sums[sum], found[next]);
          sum++;
          next++;
        }
      }
    }
    write(w, flowing, sums, out);
  }
  // Of the states, whose number is not known, one.
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    const While& w = static_cast<const While&>(*loop);
    size_t kept = w.body->result_bytes(w.carried) + gradient->result_bytes(gradient->num_results());
    return std::max(w.temporary_bytes(in, out), kept + gradient->peak());
  }

 private:
  void write(const While& w, const std::vector<Tensor>& flowing, const std::vector<Tensor>& sums,
             const Tensor* out) const {
    int next = 0;
    size_t floating = 0, sum = 0;
    for (int i = 0; i < w.body->num_inputs(); i++) {
      if (i < w.carried) {
        if (is_differentiable(w.body->input_type(i).dtype)) copy_to(out[next++], flowing[floating++]);
      } else if (wanted[at(i)]) {
        if (sum < sums.size())
          copy_to(out[next], sums[sum]);
        else
          fill_kernel(out[next].device(), view_of(out[next]), NumberView(Scalar(0)).view());
        sum++;
        next++;
      }
    }
  }
};

void While::vjp(const Vjp& v, Tensor* grads) const {
  // The body is differentiated by all floating values it carries, for they depend on one another.
  std::vector<bool> wanted;
  std::vector<Tensor> inputs;
  for (int i = 0; i < v.num_inputs(); i++) inputs.push_back(v.input(i));
  for (int i = 0; i < carried; i++) wanted.push_back(is_differentiable(body->input_type(i).dtype));
  int first = carried + num_test_inputs();
  for (int i = first; i < v.num_inputs(); i++) wanted.push_back(v.needs(i));
  add_result_gradients(inputs, v, carried, *body);
  std::vector<Tensor> found = apply_list(
      WhileBackward(share(), body->gradient(wanted, body->with_dependences(given_gradients(v, carried), carried)),
                    wanted),
      inputs);
  int next = 0;
  for (int i = 0; i < carried; i++) {
    if (!wanted[at(i)]) continue;
    if (v.needs(i)) grads[i] = found[at(next)];
    next++;
  }
  for (int i = first; i < v.num_inputs(); i++)
    if (v.needs(i)) grads[i] = found[at(next++)];
}

// inputs: what is carried first, the sequences, what the body has captured. outputs: what is carried last, the stacked
// results.
struct Scan : OpOf<Scan> {
  static constexpr const char* kName = "scan";
  static constexpr Traits kTraits{.may_fail = true, .any_dtype = true};
  Ref<const SubGraph> body;
  int carried, sequences;
  int64_t length;
  bool reverse;
  WEFT_FIELDS(body, carried, sequences, length, reverse);
  void check_inputs(const InputCheck& in) const {
    check_carried(in, *body, carried);
    in.that(length >= 0 && sequences >= 0 && sequences <= body->num_inputs() - carried, "sequences");
    in.count(body->num_inputs()).that(in.size() > 0, "inputs");
    check_body_inputs(in, 0, *body, 0, carried);
    const int captured = carried + sequences;
    for (int s = carried; s < captured; s++) {
      const Value& slice = body->input_type(s);
      Shape shape = slice.shape;
      shape.insert(0, length);
      in.shape(s, shape).dtype(s, slice.dtype).contiguous(s);
      in.that(is_contiguous(slice.shape, slice.strides), "contiguous slices");
    }
    check_body_inputs(in, captured, *body, captured, body->num_inputs() - captured);
  }
  Scan(Ref<const SubGraph> b, int n, int s, int64_t l, bool r)
      : body(std::move(b)), carried(n), sequences(s), length(l), reverse(r) {
    add_body(traits_, *body);
  }

  int num_outputs() const override { return body->num_results(); }
  Device device(Inputs in) const override { return in[0].device(); }
  void infer(Inputs, OutputSpec* out) const override {
    for (int i = 0; i < num_outputs(); i++) {
      out[i] = spec_of(body->result_type(i));
      if (i < carried) continue;
      Shape stacked = {length};
      for (int64_t s : out[i].shape) stacked.push_back(s);
      out[i].shape = stacked;
    }
  }
  void run(Inputs in, const Tensor* out) const override {
    std::vector<Tensor> state = part(in, 0, carried);
    std::vector<Tensor> captured = part(in, carried + sequences, in.size() - carried - sequences);
    for (int64_t step = 0; step < length; step++) {
      int64_t t = reverse ? length - 1 - step : step;
      std::vector<Tensor> inputs = state;
      for (int s = 0; s < sequences; s++) inputs.push_back(slice_of(in[carried + s], t));
      inputs.insert(inputs.end(), captured.begin(), captured.end());
      std::vector<Tensor> results = body->run(inputs);
      for (int i = 0; i < carried; i++) state[at(i)] = results[at(i)];
      for (int i = carried; i < num_outputs(); i++) copy_to(slice_of(out[i], t), results[at(i)]);
    }
    for (int i = 0; i < carried; i++) copy_to(out[i], state[at(i)]);
  }
  size_t temporary_bytes(Inputs, const Tensor*) const override {
    if (length == 0) return 0;
    return body->peak() + (length > 1 ? body->result_bytes(carried) : 0);
  }
  static Tensor slice_of(const Tensor& x, int64_t t) {
    Shape shape(x.shape().data() + 1, x.ndim() - 1);
    Strides strides(x.strides().data() + 1, x.ndim() - 1);
    return alias_as_strided(x, shape, strides, x.offset() + t * x.strides()[0]);
  }
  Saves saves(uint32_t) const override { return {.inputs = Saves::kAll, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override;

 private:
  // The same body that gives what it was given to carry, too.
  Ref<const SubGraph> with_states() const {
    Graph g = body->graph();
    int memory = body->num_results();
    for (int i = 0; i < carried; i++) {
      ValueId value = g.inputs[at(i)].value;
      g.results.push_back({value, memory++, g.values[at(value)].strides, 0});
    }
    return Ref<const SubGraph>(new SubGraph(std::move(g)));
  }
};

// Walking back is a scan too: it carries the gradients of what was carried and the sums for what was captured.
void Scan::vjp(const Vjp& v, Tensor* grads) const {
  std::vector<Tensor> inputs;
  for (int i = 0; i < v.num_inputs(); i++) inputs.push_back(v.input(i));
  // States before each step.
  std::vector<Tensor> states = apply_list(Scan(with_states(), carried, sequences, length, reverse), inputs);
  states.erase(states.begin(), states.begin() + num_outputs());

  std::vector<bool> wanted;
  for (int i = 0; i < v.num_inputs(); i++)
    wanted.push_back(i < carried ? is_differentiable(body->input_type(i).dtype) : v.needs(i));
  Ref<const SubGraph> gradient =
      body->gradient(wanted, body->with_dependences(given_gradients(v, num_outputs()), carried));

  // The body of the backward scan: (gradients of states, sums, states, xs, gradients of ys, captured).
  Tracer tracer;
  std::vector<Tensor> first_carried, sequences_back, captured;
  std::vector<Tensor> for_gradient, flowing, sums, state_arguments, x_arguments, y_gradients, captured_arguments;
  auto argument = [&](const Value& type) {
    Tensor t = tracer.argument({type.shape, contiguous_strides(type.shape), type.dtype, type.device});
    t.impl()->requires_grad = is_differentiable(type.dtype);
    return t;
  };
  for (int i = 0; i < carried; i++) {
    const Value& type = body->input_type(i);
    if (!is_differentiable(type.dtype)) continue;
    flowing.push_back(argument(type));
    const Tensor& g = v.grad(i);
    first_carried.push_back(g.defined() ? contiguous(g) : zeros(type.shape, type.dtype, type.device));
  }
  int first_captured = carried + sequences;
  for (int i = first_captured; i < v.num_inputs(); i++) {
    if (!wanted[at(i)]) continue;
    const Value& type = body->input_type(i);
    sums.push_back(argument(type));
    first_carried.push_back(zeros(type.shape, type.dtype, type.device));
  }
  for (int i = 0; i < carried; i++) {
    state_arguments.push_back(argument(body->input_type(i)));
    sequences_back.push_back(states[at(i)]);
  }
  for (int s = 0; s < sequences; s++) {
    x_arguments.push_back(argument(body->input_type(carried + s)));
    sequences_back.push_back(contiguous(inputs[at(carried + s)]));
  }
  for (int i = carried; i < num_outputs(); i++) {
    const Value& type = body->result_type(i);
    if (!is_differentiable(type.dtype)) continue;
    y_gradients.push_back(argument(type));
    Shape stacked = {length};
    for (int64_t n : type.shape) stacked.push_back(n);
    sequences_back.push_back(v.grad(i).defined() ? contiguous(v.grad(i)) : zeros(stacked, type.dtype, type.device));
  }
  for (int i = first_captured; i < v.num_inputs(); i++) {
    captured_arguments.push_back(tracer.argument(type_of(inputs[at(i)])));
    captured_arguments.back().impl()->requires_grad = is_differentiable(inputs[at(i)].dtype());
    captured.push_back(inputs[at(i)]);
  }
  for (auto* list : {&state_arguments, &x_arguments, &captured_arguments, &flowing, &y_gradients})
    for_gradient.insert(for_gradient.end(), list->begin(), list->end());

  Graph backward_body;
  {
    InterpreterScope scope(&tracer);
    GradModeGuard record(true);
    std::vector<Tensor> found = evaluate_eagerly(gradient->graph(), for_gradient), results, ys;
    size_t next = 0, sum = 0;
    for (int i = 0; i < v.num_inputs(); i++) {
      if (!wanted[at(i)]) continue;
      const Tensor& g = found[next++];
      if (i < carried)
        results.push_back(g);
      else if (i < first_captured)
        ys.push_back(g);
      else
        results.push_back(add(sums[sum++], g));
    }
    results.insert(results.end(), ys.begin(), ys.end());
    backward_body = finish_with_constants(tracer, results);
  }
  std::vector<Tensor> all = first_carried;
  all.insert(all.end(), sequences_back.begin(), sequences_back.end());
  all.insert(all.end(), captured.begin(), captured.end());
  Ref<const SubGraph> shared(new SubGraph(std::move(backward_body)));
  std::vector<Tensor> found = apply_list(
      Scan(shared, static_cast<int>(first_carried.size()), static_cast<int>(sequences_back.size()), length, !reverse),
      all);
  // Carried gradients, sums, gradients of the sequences.
  size_t next = 0, sequence = first_carried.size();
  for (int i = 0; i < v.num_inputs(); i++) {
    if (!wanted[at(i)]) continue;
    const Tensor& g = i >= carried && i < first_captured ? found[sequence++] : found[next++];
    if (v.needs(i)) grads[i] = g;
  }
}

// The body's graph with more inputs after its arguments: those of `all`, of which it reads some.
Ref<const SubGraph> with_inputs(const Body& body, size_t num_arguments, const std::vector<Tensor>& all) {
  Graph g = body.graph;
  std::vector<Input> inputs(g.inputs.begin(), g.inputs.begin() + static_cast<ptrdiff_t>(num_arguments));
  for (const Tensor& t : all) {
    auto own = std::find_if(body.captured.begin(), body.captured.end(), [&](const Tensor& c) { return c.same(t); });
    if (own != body.captured.end())
      inputs.push_back(g.inputs[num_arguments + static_cast<size_t>(own - body.captured.begin())]);
    else
      inputs.push_back({g.add_value(type_of(t)), {}});
  }
  for (const Input& i : g.inputs)
    if (i.constant.defined()) inputs.push_back(i);
  g.inputs = std::move(inputs);
  return Ref<const SubGraph>(new SubGraph(std::move(g)));
}

void add_distinct(std::vector<Tensor>& all, const std::vector<Tensor>& more) {
  for (const Tensor& t : more)
    if (std::none_of(all.begin(), all.end(), [&](const Tensor& other) { return other.same(t); })) all.push_back(t);
}

void check_types(const char* what, const std::vector<Value>& a, const std::vector<Value>& b, const char* first,
                 const char* second) {
  check<ErrorKind::Value>(a.size() == b.size(), what, ": ", first, " gives ", a.size(), " tensors, ", second, " ",
                          b.size());
  for (size_t i = 0; i < a.size(); i++)
    check<ErrorKind::Value>(a[i].shape == b[i].shape && a[i].dtype == b[i].dtype && a[i].device == b[i].device, what,
                            ": tensor ", i, " is ", a[i].dtype, " ", a[i].shape, " from ", first, ", but ", b[i].dtype,
                            " ", b[i].shape, " from ", second);
}

std::vector<Value> result_types(const Graph& g) {
  std::vector<Value> types;
  for (const Result& r : g.results) types.push_back(g.values[at(r.value)]);
  return types;
}

std::vector<Value> types_of(const std::vector<Tensor>& tensors) {
  std::vector<Value> types;
  for (const Tensor& t : tensors) types.push_back(type_of(t));
  return types;
}

std::vector<Tensor> joined(std::initializer_list<std::vector<Tensor>> lists) {
  std::vector<Tensor> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace

Body make_body(Traced traced, size_t num_arguments, const char* what) {
  check(traced.graph.updates.empty() && traced.gradient_changes.empty(), what,
        ": a function inside of it changes a tensor from outside in place, or its .grad; return the new value instead");
  Body body;
  std::vector<Input> arguments, captured, constants;
  for (size_t i = 0; i < traced.origins.size(); i++) {
    const Origin& origin = traced.origins[i];
    check(!origin.of_gradient, what, ": a function inside of it reads the .grad of a tensor; pass it as an argument");
    if (origin.kind == Origin::Kind::Argument) {
      arguments.push_back(traced.graph.inputs[i]);
    } else if (origin.kind == Origin::Kind::Captured) {
      captured.push_back(traced.graph.inputs[i]);
      body.captured.push_back(origin.tensor);
    } else {
      constants.push_back(traced.graph.inputs[i]);
    }
  }
  check(arguments.size() == num_arguments, what, ": the same tensor was given twice; clone() it");
  arguments.insert(arguments.end(), captured.begin(), captured.end());
  arguments.insert(arguments.end(), constants.begin(), constants.end());
  if (is_random(traced.graph)) body.no_gradient = "it draws random numbers, and would draw others once more";
  body.graph = std::move(traced.graph);
  body.graph.inputs = std::move(arguments);
  for (size_t i = 0; i < body.graph.results.size(); i++) {
    Result& r = body.graph.results[i];
    r = {r.value, static_cast<int>(i), body.graph.values[at(r.value)].strides, 0};
  }
  return body;
}

void note_history(Body& body, const Tracer& tracer, const std::vector<Tensor>& results) {
  std::vector<const weft::Node*> stack;
  std::unordered_set<const weft::Node*> seen;
  auto visit = [&](const weft::Node* node) {
    if (node && tracer.made(*node) && seen.insert(node).second) stack.push_back(node);
  };
  for (const Tensor& t : results) {
    body.recorded.push_back(t.requires_grad());
    if (t.requires_grad()) visit(gradient_edge(t).node.get());
  }
  while (!stack.empty()) {
    const weft::Node* node = stack.back();
    stack.pop_back();
    const auto* op = dynamic_cast<const OpNode*>(node);
    for (size_t i = 0; node->hooks && i < node->hooks->size(); i++)
      if ((*node->hooks)[i].hook) body.no_gradient = "a tensor in it has a hook";
    if (!op && !node->made_by_core()) body.no_gradient = concat("it uses an autograd.Function (", node->name(), ")");
    for (const Edge& edge : node->edges) visit(edge.node.get());
  }
}

std::vector<Tensor> cond(const Tensor& pred, Body on_true, Body on_false, const std::vector<Tensor>& arguments) {
  check<ErrorKind::Value>(pred.numel() == 1 && pred.dtype() == DType::Bool,
                          "cond: expected a bool tensor of one element as condition, got ", pred.dtype(), " ",
                          pred.shape());
  check_types("cond", result_types(on_true.graph), result_types(on_false.graph), "the function for true",
              "the one for false");
  std::vector<Tensor> captured;
  add_distinct(captured, on_true.captured);
  add_distinct(captured, on_false.captured);
  Cond op(with_inputs(on_true, arguments.size(), captured), with_inputs(on_false, arguments.size(), captured));
  return apply_list(op, joined({{pred}, arguments, captured}));
}

std::vector<Tensor> while_loop(Body test, Body body, const std::vector<Tensor>& carried) {
  std::vector<Value> tested = result_types(test.graph);
  check<ErrorKind::Value>(tested.size() == 1 && tested[0].numel() == 1 && tested[0].dtype == DType::Bool,
                          "while_loop: the condition must give a bool tensor of one element");
  check_types("while_loop", types_of(carried), result_types(body.graph), "the start", "the body");
  check<ErrorKind::Value>(!carried.empty(), "while_loop: nothing is carried, so the condition could never change");
  Ref<const SubGraph> t(new SubGraph(test.graph)), b(new SubGraph(body.graph));
  return apply_list(While(t, b, static_cast<int>(carried.size())), joined({carried, test.captured, body.captured}));
}

std::vector<Tensor> scan(Body body, const std::vector<Tensor>& carried, const std::vector<Tensor>& xs, int64_t length,
                         bool reverse) {
  std::vector<Value> results = result_types(body.graph);
  check<ErrorKind::Value>(results.size() >= carried.size(), "scan: the function gives ", results.size(),
                          " tensors, fewer than the ", carried.size(), " that are carried");
  results.resize(carried.size());
  check_types("scan", types_of(carried), results, "the start", "the function");
  Ref<const SubGraph> shared(new SubGraph(body.graph));
  return apply_list(Scan(shared, static_cast<int>(carried.size()), static_cast<int>(xs.size()), length, reverse),
                    joined({carried, xs, body.captured}));
}

}  // namespace weft::graph

// What programs are saved with

namespace weft {

template <>
struct FieldCodec<Ref<const graph::SubGraph>> {
  static SavedField save(const Ref<const graph::SubGraph>& body) {
    return {SavedField::Object(make_ref<graph::SavedGraph>(body->graph()))};
  }
  static Ref<const graph::SubGraph> load(const SavedField& f) {
    const auto* saved = dynamic_cast<const graph::SavedGraph*>(saved_as<SavedField::Object>(f, "a graph").get());
    if (!saved) fail_field("a graph");
    return Ref<const graph::SubGraph>(new graph::SubGraph(saved->graph));
  }
};

namespace graph {
namespace {

// Forward rules: bodies that compute tangents too.

// The graph with its inputs, of which constants are last, and results in another order.
Graph reordered(Graph g, const std::vector<int>& inputs, const std::vector<int>& results) {
  std::vector<Input> in;
  for (int i : inputs) in.push_back(g.inputs[at(i)]);
  for (const Input& i : g.inputs)
    if (i.constant.defined()) in.push_back(i);
  std::vector<Result> out;
  for (int r : results) out.push_back(g.results[at(r)]);
  for (size_t r = 0; r < out.size(); r++) out[r].memory = static_cast<int>(r);
  g.inputs = std::move(in);
  g.results = std::move(out);
  return g;
}

// Numbers 0 to n - 1 of things that tangents follow, where those in `moving` have one: of each group the things, then
// the tangents. `groups`: where they begin.
std::vector<int> beside_tangents(const std::vector<bool>& moving, std::vector<size_t> groups) {
  std::vector<int> order, tangents;
  int next = static_cast<int>(moving.size());
  for (bool moves : moving) tangents.push_back(moves ? next++ : -1);
  groups.push_back(moving.size());
  for (size_t g = 0; g + 1 < groups.size(); g++) {
    for (size_t i = groups[g]; i < groups[g + 1]; i++) order.push_back(static_cast<int>(i));
    for (size_t i = groups[g]; i < groups[g + 1]; i++)
      if (moving[i]) order.push_back(tangents[i]);
  }
  return order;
}

// Which of some results have tangents.
std::vector<bool> floating_results(const SubGraph& body) {
  std::vector<bool> floating;
  for (int i = 0; i < body.num_results(); i++) floating.push_back(is_differentiable(body.result_type(i).dtype));
  return floating;
}

// Inputs first ... first + moving.size() - 1 of the call, then the tangents of those in `moving`; in this order.
std::vector<Tensor> inputs_with_tangents(const ForwardCall& call, int first, const std::vector<bool>& moving,
                                         const std::vector<int>& order) {
  std::vector<Tensor> all, ordered;
  for (size_t i = 0; i < moving.size(); i++) all.push_back(call.in[first + static_cast<int>(i)]);
  for (size_t i = 0; i < moving.size(); i++) {
    const Tensor& t = call.tangents[first + static_cast<int>(i)];
    if (moving[i]) all.push_back(t.defined() ? contiguous(t) : zeros_like(contiguous(all[i])));
  }
  for (int i : order) ordered.push_back(all[at(i)]);
  return ordered;
}

void give_outputs(const ForwardCall& call, const std::vector<Tensor>& found, const std::vector<bool>& floating,
                  const std::vector<int>& order) {
  std::vector<Tensor> all(found.size());
  for (size_t i = 0; i < order.size(); i++) all[at(order[i])] = found[i];
  size_t next = floating.size();
  for (size_t i = 0; i < floating.size(); i++) {
    call.out[i] = all[i];
    if (floating[i]) call.out_tangents[i] = all[next++];
  }
}

// Inputs with tangents; of what is carried, the first ones, all floating ones, which may get one.
std::vector<bool> moving_inputs(const ForwardCall& call, int first, int count, int carried) {
  std::vector<bool> moving;
  for (int i = first; i < first + count; i++)
    moving.push_back(i < carried ? is_differentiable(call.in[i].dtype()) : call.tangents[i].defined());
  return moving;
}

int count_of(const std::vector<bool>& set, size_t first, size_t last) {
  return static_cast<int>(
      std::count(set.begin() + static_cast<int64_t>(first), set.begin() + static_cast<int64_t>(last), true));
}

WEFT_FORWARD_RULE(Cond) {
  const std::vector<bool> moving = moving_inputs(call, 1, op.on_true->num_inputs(), 0);
  const std::vector<bool> floating = floating_results(*op.on_true);
  const std::vector<int> order = beside_tangents(moving, {0}), results = beside_tangents(floating, {0});
  std::vector<Tensor> inputs = {call.in[0]};
  for (const Tensor& t : inputs_with_tangents(call, 1, moving, order)) inputs.push_back(t);
  const Ref<const SubGraph> on_true(new SubGraph(op.on_true->with_tangents(moving)));
  const Ref<const SubGraph> on_false(new SubGraph(op.on_false->with_tangents(moving)));
  give_outputs(call, apply_list(Cond(on_true, on_false), inputs), floating, results);
  return true;
}

WEFT_FORWARD_RULE(While) {
  const int carried = op.carried, tested = op.num_test_inputs(), captured = op.body->num_inputs() - carried;
  std::vector<bool> moving = moving_inputs(call, 0, carried, carried);
  const std::vector<bool> of_body = moving_inputs(call, carried + tested, captured, 0);
  const std::vector<int> results = beside_tangents(moving, {0});
  const std::vector<Tensor> state = inputs_with_tangents(call, 0, moving, results);
  // The test looks at no tangents.
  Graph test = op.test->graph();
  std::vector<int> order;
  for (int i = 0; i < carried; i++) order.push_back(i);
  for (int i = 0; i < carried; i++) {
    if (!moving[at(i)]) continue;
    Value type = op.body->input_type(i);
    type.strides = contiguous_strides(type.shape);
    order.push_back(static_cast<int>(test.inputs.size()));
    test.add_input(type);
  }
  for (int i = 0; i < tested; i++) order.push_back(carried + i);
  const Ref<const SubGraph> new_test(new SubGraph(reordered(std::move(test), order, {0})));
  const std::vector<Tensor> for_body =
      inputs_with_tangents(call, carried + tested, of_body, beside_tangents(of_body, {0}));
  moving.insert(moving.end(), of_body.begin(), of_body.end());
  const Ref<const SubGraph> body(
      new SubGraph(reordered(op.body->with_tangents(moving), beside_tangents(moving, {0, at(carried)}), results)));
  const While loop(new_test, body, static_cast<int>(state.size()));
  const std::vector<Tensor> inputs = joined({state, part(call.in, carried, tested), for_body});
  moving.resize(at(carried));
  give_outputs(call, apply_list(loop, inputs), moving, results);
  return true;
}

WEFT_FORWARD_RULE(Scan) {
  const size_t carried = at(op.carried), first_captured = carried + at(op.sequences);
  const std::vector<bool> moving = moving_inputs(call, 0, call.in.size(), op.carried);
  const std::vector<bool> floating = floating_results(*op.body);
  const std::vector<int> order = beside_tangents(moving, {0, carried, first_captured});
  const std::vector<int> results = beside_tangents(floating, {0, carried});
  const Ref<const SubGraph> body(new SubGraph(reordered(op.body->with_tangents(moving), order, results)));
  const Scan scan(body, op.carried + count_of(moving, 0, carried),
                  op.sequences + count_of(moving, carried, first_captured), op.length, op.reverse);
  give_outputs(call, apply_list(scan, inputs_with_tangents(call, 0, moving, order)), floating, results);
  return true;
}

WEFT_OP(Cond);
WEFT_OP(While);
WEFT_OP(Scan);

}  // namespace
}  // namespace graph

}  // namespace weft
