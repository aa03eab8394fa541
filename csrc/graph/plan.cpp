#include "graph/plan.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <utility>

#include "core/interrupt.h"
#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "graph/plan_context.h"
#include "graph/replay.h"
#include "kernels/elementwise.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/profile.h"
#include "ops/elementwise.h"

namespace weft::graph {

namespace {

thread_local std::vector<StepUse>* measured = nullptr;
std::atomic<size_t> unplanned = 0;

// Where a tensor starts that lies `bytes` after the first element of another one, in elements of its own dtype.
int64_t offset_in(const Tensor& root, int64_t bytes, DType dtype) {
  auto root_item = static_cast<int64_t>(item_size(root.dtype()));
  return (root.offset() * root_item + bytes) / static_cast<int64_t>(item_size(dtype));
}

}  // namespace

Plan::Plan(Graph g) : graph_(std::move(g)), memory_(plan_memory(graph_)) {
  int inputs = 0, outputs = 0;
  for (int n : memory_.order) {
    const Node& node = graph_.nodes[static_cast<size_t>(n)];
    steps_.push_back(
        {node.op.get(), n, inputs, static_cast<int>(node.inputs.size()), outputs, memory_.scratch[steps_.size()]});
    inputs += static_cast<int>(node.inputs.size());
    outputs += static_cast<int>(node.outputs.size());
    for (ValueId v : node.inputs)
      if (v != kNone) work_ += graph_.values[static_cast<size_t>(v)].numel();
    for (ValueId v : node.outputs) work_ += graph_.values[static_cast<size_t>(v)].numel();
  }
  replays_ = std::make_unique<Replays>(*this);
}

Plan::~Plan() = default;

std::string Plan::recording_text() const { return replays_->text(); }

Tensor allocate(const Value& v) {
  Tensor model = symbolic_like(v);
  auto storage = make_ref<Storage>(model.impl()->storage->nbytes(), v.device);
  return Tensor(make_ref<TensorImpl>(std::move(storage), v.shape, v.strides, model.offset(), v.dtype));
}

std::unique_ptr<Plan::Context> Plan::make_context() const {
  auto c = std::make_unique<Context>();
  static const Tensor undefined;
  c->arenas.resize(memory_.arenas.size());
  c->arena_data.resize(memory_.arenas.size(), nullptr);
  for (const Buffer& b : memory_.buffers)
    c->buffers.push_back(make_ref<Storage>(nullptr, b.bytes, memory_.arenas[static_cast<size_t>(b.arena)].device,
                                           std::shared_ptr<void>()));
  c->values.resize(graph_.values.size());
  for (size_t v = 0; v < graph_.values.size(); v++) {
    const Value& type = graph_.values[v];
    const Place& place = memory_.places[v];
    auto make = [&](const Ref<Storage>& storage, int64_t offset) {
      return Tensor(make_ref<TensorImpl>(storage, type.shape, type.strides, offset, type.dtype));
    };
    auto item = static_cast<int64_t>(item_size(type.dtype));
    if (place.kind == Place::Kind::Arena) {
      int64_t first =
          symbolic_like(graph_.values[static_cast<size_t>(memory_.buffers[static_cast<size_t>(place.index)].value)])
              .offset();
      c->values[v] = make(c->buffers[static_cast<size_t>(place.index)], first + place.bytes / item);
    } else if (place.kind == Place::Kind::Constant) {
      const Tensor& constant = graph_.inputs[static_cast<size_t>(place.index)].constant;
      c->values[v] = make(constant.impl()->storage, constant.offset() + place.bytes / item);
    } else {
      ValueId root = place.kind == Place::Kind::Input ? graph_.inputs[static_cast<size_t>(place.index)].value
                                                      : memory_.memories[static_cast<size_t>(place.index)];
      if (static_cast<ValueId>(v) == root) continue;
      c->values[v] = make(make_ref<Storage>(nullptr, size_t{0}, type.device, std::shared_ptr<void>()), 0);
      c->late.push_back({c->values[v], root, place.bytes});
    }
  }
  for (const Step& step : steps_) {
    const Node& node = graph_.nodes[static_cast<size_t>(step.node)];
    for (ValueId v : node.inputs) {
      const Place* place = v == kNone ? nullptr : &memory_.places[static_cast<size_t>(v)];
      bool direct =
          place && place->kind == Place::Kind::Input && graph_.inputs[static_cast<size_t>(place->index)].value == v;
      if (direct) c->from_caller.emplace_back(static_cast<int>(c->inputs.size()), place->index);
      c->inputs.push_back(v == kNone ? &undefined : &c->values[static_cast<size_t>(v)]);
    }
    for (ValueId v : node.outputs) {
      const Place& place = memory_.places[static_cast<size_t>(v)];
      if (place.kind == Place::Kind::Result && memory_.memories[static_cast<size_t>(place.index)] == v)
        c->outputs_in_results.emplace_back(static_cast<int>(c->outputs.size()), v);
      c->outputs.push_back(c->values[static_cast<size_t>(v)]);
    }
  }
  return c;
}

Plan::Outputs Plan::new_outputs() const {
  set_allocation_tag("jit");
  Outputs outputs;
  for (ValueId v : memory_.memories)
    outputs.memories.push_back(v == kNone ? Tensor() : allocate(graph_.values[static_cast<size_t>(v)]));
  for (auto [result, v] : memory_.result_copies)
    outputs.copies.push_back(allocate(graph_.values[static_cast<size_t>(v)]));
  return outputs;
}

// Gives every value its memory for this run.
void Plan::bind(Context& c, const Tensor* const* inputs, const Outputs& outputs) const {
  set_allocation_tag("jit");
  for (size_t a = 0; a < memory_.arenas.size(); a++) {
    c.arenas[a] = make_ref<Storage>(memory_.arenas[a].bytes, memory_.arenas[a].device);
    void* data = c.arenas[a]->data();
    if (std::exchange(c.arena_data[a], data) == data) continue;
    for (size_t b = 0; b < c.buffers.size(); b++)
      if (memory_.buffers[b].arena == static_cast<int>(a))
        c.buffers[b]->move_to(static_cast<char*>(data) + memory_.buffers[b].offset);
  }
  for (size_t m = 0; m < memory_.memories.size(); m++)
    if (ValueId v = memory_.memories[m]; v != kNone) c.values[static_cast<size_t>(v)] = outputs.memories[m];
  for (auto [slot, v] : c.outputs_in_results) c.outputs[static_cast<size_t>(slot)] = c.values[static_cast<size_t>(v)];
  for (auto [slot, input] : c.from_caller) c.inputs[static_cast<size_t>(slot)] = inputs[input];
  for (const Late& late : c.late) {
    const Place& place = memory_.places[static_cast<size_t>(late.root)];
    const Tensor& root =
        place.kind == Place::Kind::Input ? *inputs[place.index] : c.values[static_cast<size_t>(late.root)];
    TensorImpl& impl = *late.tensor.impl();
    impl.storage = root.impl()->storage;
    impl.offset = offset_in(root, late.bytes, impl.dtype);
  }
}

void Plan::fail_in(const Step& step, const Error& e) const {
  const Node& node = graph_.nodes[static_cast<size_t>(step.node)];
  const std::string& source = graph_.sources[static_cast<size_t>(node.source)];
  std::string shapes;
  for (ValueId v : node.inputs)
    if (v != kNone) {
      const Value& type = graph_.values[static_cast<size_t>(v)];
      shapes += concat(shapes.empty() ? "" : ", ", type.shape, " ", type.dtype);
    }
  throw Error(e.kind(), concat(e.message(), "\n  in a jitted function, in ", node.op->name(), " of ", shapes,
                               source.empty() ? "" : "\n  at ", source));
}

namespace {
struct MeasurePaused {
  std::vector<StepUse>* outer = std::exchange(measured, nullptr);
  ~MeasurePaused() { measured = outer; }
};
}  // namespace

size_t unplanned_scratch() { return unplanned; }

void Plan::measure_into(std::vector<StepUse>* uses) { measured = uses; }

const char* Plan::name_of(const Step& step) const {
  std::call_once(named_, [&] {
    for (const Step& s : steps_) {
      std::string text = s.op->text();
      if (size_t bracket = text.find('('); bracket != std::string::npos && text.find(" then ") == std::string::npos)
        text.resize(bracket);
      step_names_.push_back(lasting_name(text.substr(0, 120)));
    }
  });
  return step_names_[static_cast<size_t>(&step - steps_.data())];
}

void Plan::run_op(Context& c, const Step& step) const {
  const Inputs in(c.inputs.data() + step.first_input, step.num_inputs);
  const Tensor* out = c.outputs.data() + step.first_output;
  if (!profiling()) [[likely]]
    return step.op->run(in, out);
  const Device device = step.op->num_outputs() > 0 ? out[0].device() : Device{};
  ProfiledOp profiled(ProfileKind::Step, *step.op, in, device, name_of(step));
  step.op->run(in, out);
  profiled.finish(out);
}

size_t Plan::run_step(Context& c, const Step& step) const {
  const Storage* place = c.late_scratch.get();
  if (!place && step.scratch >= 0) place = c.buffers[static_cast<size_t>(step.scratch)].get();
  ScratchScope scratch(place ? place->data() : nullptr, place ? place->nbytes() : 0);
  try {
    run_op(c, step);
  } catch (const Error& e) {
    fail_in(step, e);
  }
  size_t planned = place ? place->nbytes() : 0;
  if (scratch.most() > planned && num_threads() <= memory_.threads) unplanned += scratch.most() - planned;
  return scratch.most();
}

void Plan::run_steps(Context& c, size_t from, size_t to) const {
  if (!measured) {
    for (size_t s = from; s < to; s++) {
      check_interrupt();
      run_step(c, steps_[s]);
    }
    return;
  }
  measured->resize(steps_.size());
  for (size_t s = from; s < to; s++) {
    check_interrupt();
    auto start = std::chrono::steady_clock::now();
    size_t taken = 0;
    {
      // Control flow runs plans of its own inside a step.
      MeasurePaused paused;
      taken = run_step(c, steps_[s]);
    }
    StepUse& use = (*measured)[s];
    use.scratch = std::max(use.scratch, taken);
    use.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
}

Ref<Storage> Plan::take_late_scratch(const Context& c) const {
  if (num_threads() <= memory_.threads) return nullptr;
  ScratchQuery query;
  for (auto s = static_cast<size_t>(memory_.first_late); s < steps_.size(); s++) {
    const Step& step = steps_[s];
    const Tensor* outputs = c.outputs.data() + step.first_output;
    if (outputs[0].device().type == DeviceType::CPU)
      step.op->temporary_bytes(Inputs(c.inputs.data() + step.first_input, step.num_inputs), outputs);
  }
  return query.most() ? make_ref<Storage>(query.most(), Device{}) : nullptr;
}

const Tensor& Plan::tensor_of(const Context& c, const Tensor* const* inputs, ValueId v) const {
  const Place& place = memory_.places[static_cast<size_t>(v)];
  bool direct = place.kind == Place::Kind::Input && graph_.inputs[static_cast<size_t>(place.index)].value == v;
  return direct ? *inputs[place.index] : c.values[static_cast<size_t>(v)];
}

std::vector<Tensor> Plan::update_sources(const Context& c, const Tensor* const* inputs) const {
  std::vector<Tensor> sources;
  for (size_t i = 0; i < memory_.copies.size(); i++) {
    // A copy must not read what another one has written: old contents of inputs go through memory of their own.
    const Tensor& from = tensor_of(c, inputs, memory_.copies[i].value);
    sources.push_back(memory_.from_inputs[i] ? clone(from) : from);
  }
  return sources;
}

void Plan::compute(Context& c, const Tensor* const* inputs, const Outputs& outputs) const {
  auto late = static_cast<size_t>(memory_.first_late);
  run_steps(c, 0, late);
  for (size_t i = 0; i < outputs.copies.size(); i++) {
    const Tensor& to = outputs.copies[i];
    copy_kernel(to.device(), view_of(to), view_of(tensor_of(c, inputs, memory_.result_copies[i].second)));
  }
  std::vector<Tensor> sources = update_sources(c, inputs);
  c.late_scratch = take_late_scratch(c);
  // From here on inputs are changed: to the end, or not at all.
  check_interrupt();
  HoldInterrupts updates;
  run_steps(c, late, steps_.size());
  for (size_t i = 0; i < memory_.copies.size(); i++) {
    const Tensor& to = *inputs[memory_.copies[i].input];
    copy_kernel(to.device(), view_of(to), view_of(sources[i]));
  }
}

void Plan::collect(const Tensor* const* inputs, const Outputs& outputs, Tensor* results) const {
  for (const Update& u : graph_.updates) inputs[u.input]->impl()->storage->bump_version("jit");
  for (size_t i = 0; i < outputs.copies.size(); i++) results[memory_.result_copies[i].first] = outputs.copies[i];
  for (size_t i = 0; i < graph_.results.size(); i++) {
    const Result& r = graph_.results[i];
    if (results[i].defined()) continue;
    if (const auto same = static_cast<size_t>(memory_.same_result[i]); same != i && r.memory >= 0) {
      results[i] = results[same];
      continue;
    }
    const Value& type = graph_.values[static_cast<size_t>(r.value)];
    if (r.memory < 0) {
      const Tensor& whole = *inputs[~r.memory];
      bool itself =
          r.offset == 0 && type.shape == whole.shape() && r.strides == whole.strides() && type.dtype == whole.dtype();
      results[i] =
          itself ? whole : alias_as_strided(whole, type.shape, r.strides, whole.offset() + r.offset, type.dtype);
      continue;
    }
    const Tensor& root = outputs.memories[static_cast<size_t>(r.memory)];
    int64_t bytes = memory_.places[static_cast<size_t>(r.value)].bytes;
    results[i] = memory_.memories[static_cast<size_t>(r.memory)] == r.value
                     ? root
                     : Tensor(make_ref<TensorImpl>(root.impl()->storage, type.shape, type.strides,
                                                   offset_in(root, bytes, type.dtype), type.dtype));
  }
}

Plan::ContextUse::ContextUse(const Plan& p) : plan(p) {
  {
    std::lock_guard lock(plan.mutex_);
    if (!plan.idle_.empty()) {
      context = std::move(plan.idle_.back());
      plan.idle_.pop_back();
    }
  }
  if (!context) context = plan.make_context();
}

// Nothing of a run stays in the context: what it held must be free before the next one.
Plan::ContextUse::~ContextUse() {
  for (auto [slot, v] : context->outputs_in_results) context->outputs[static_cast<size_t>(slot)] = Tensor();
  for (ValueId v : plan.memory_.memories)
    if (v != kNone) context->values[static_cast<size_t>(v)] = Tensor();
  static const Ref<Storage> nowhere(new Storage(nullptr, 0, Device{}, nullptr));
  for (const Late& late : context->late) late.tensor.impl()->storage = nowhere;
  for (Ref<Storage>& arena : context->arenas) arena = nullptr;
  context->late_scratch = nullptr;
  std::lock_guard lock(plan.mutex_);
  plan.idle_.push_back(std::move(context));
}

void Plan::run(const Tensor* const* inputs, Tensor* results, bool record) const {
  GradModeGuard no_grad(false);
  NotTraced now;
  ProfileScope profiled(ProfileKind::Graph, "jit graph");
  if (record && !measured && replays_->run(*this, inputs, results)) return;
  check_inputs_not_lost(inputs);
  ContextUse use(*this);
  // All memory is taken before the first change.
  Outputs outputs = new_outputs();
  bind(*use.context, inputs, outputs);
  compute(*use.context, inputs, outputs);
  check_inputs_not_lost(inputs);
  collect(inputs, outputs, results);
}

void Plan::check_inputs_not_lost(const Tensor* const* inputs) const {
  if (lost_files.load(std::memory_order_relaxed) == 0) return;
  for (size_t i = 0; i < graph_.inputs.size(); i++)
    if (inputs[i] && inputs[i]->defined()) refuse_lost("jit", *inputs[i]);
}

}  // namespace weft::graph
