#include "graph/replay.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "core/other_threads.h"
#include "graph/plan_context.h"
#include "kernels/elementwise.h"
#include "kernels/matmul.h"
#include "op/profile.h"
#include "tensor/generator.h"

namespace weft::graph {

namespace {

constexpr size_t kSmall = size_t{256} << 10;  // bytes that are copied rather than looked for at an address
constexpr size_t kKept = 4;                   // recordings of one plan
constexpr int kWasted = 24;                   // too much, where a recording counts
constexpr int kPerRecording = 3;              // so much and a run of it one
constexpr size_t kFewSteps = 4;               // start faster one by one

bool switched_off() {
  auto is = [](const char* name, bool by_default) {
    const char* value = std::getenv(name);
    return value && *value ? *value != '0' : by_default;
  };
  // Where every kernel is waited for, the op that is to blame shall show.
  static const bool off = !is("WEFT_JIT_GRAPHS", true) || is("WEFT_CUDA_SYNC", false);
  return off;
}

bool on_host(const Value& v) { return v.device.type == DeviceType::CPU; }

}  // namespace

// What the recordings of one stream share.
struct Replays::Stream {
  Device device;
  StreamHandle side;  // on which they are recorded: the default stream cannot be
  Ref<GraphMemory> memory;
  std::mutex mutex;  // of those who use the memory

  explicit Stream(Device d) : device(d), side(backend_of(d).new_stream(d.index, 0)) {
    memory = backend_of(d).new_graph_memory(d.index);
  }
  ~Stream() { backend_of(device).delete_stream(device.index, side); }

  static std::shared_ptr<Stream> of(Device device, StreamHandle stream) {
    static std::mutex mutex;
    static auto* known = new std::map<std::pair<int, StreamHandle>, std::weak_ptr<Stream>>;
    std::lock_guard lock(mutex);
    std::weak_ptr<Stream>& entry = (*known)[{device.index, stream}];
    std::shared_ptr<Stream> alive = entry.lock();
    if (!alive) entry = alive = std::make_shared<Stream>(device);
    return alive;
  }
};

struct Replays::Recording {
  std::vector<const void*> key;
  std::shared_ptr<Stream> stream;
  Ref<DeviceGraph> graph;
  std::vector<std::pair<size_t, void*>> inputs;    // copied: number and place
  std::vector<std::pair<size_t, Tensor>> numbers;  // the same for inputs in host memory
  std::vector<std::pair<size_t, void*>> results;   // likewise: of the memories, then of the copies
  uint64_t seed = 0, blocks = 0;                   // of random numbers
};

Replays::Replays(const Plan& plan) {
  reason_ = obstacle(plan);
  off_ = !reason_.empty();
  moves_.assign(plan.graph_.inputs.size(), 0);
  std::vector<char> seen(plan.graph_.values.size(), 0);
  for (const Node& node : plan.graph_.nodes)
    for (ValueId v : node.inputs)
      if (v != kNone) seen[static_cast<size_t>(v)] = 1;
  for (auto [result, v] : plan.memory_.result_copies) seen[static_cast<size_t>(v)] = 1;
  for (const Update& u : plan.graph_.updates)
    seen[static_cast<size_t>(u.value)] =
        seen[static_cast<size_t>(plan.graph_.inputs[static_cast<size_t>(u.input)].value)] = 1;
  for (const Input& input : plan.graph_.inputs) used_.push_back(seen[static_cast<size_t>(input.value)]);
}

Replays::~Replays() = default;

std::string Replays::obstacle(const Plan& plan) {
  const Graph& g = plan.graph_;
  for (const Node& node : g.nodes)
    for (ValueId v : node.outputs)
      if (!on_host(g.values[static_cast<size_t>(v)])) device_ = g.values[static_cast<size_t>(v)].device;
  if (device_.type != DeviceType::CUDA || !copy_runs_kernel.has(device_)) return "not on a device that records";
  if (switched_off()) return "switched off";
  if (plan.steps_.size() < kFewSteps) return concat("fewer than ", kFewSteps, " steps");
  std::vector<int> input_of(g.values.size(), -1);
  for (size_t i = 0; i < g.inputs.size(); i++) {
    auto v = static_cast<size_t>(g.inputs[i].value);
    input_of[v] = static_cast<int>(i);
    if (on_host(g.values[v]) && !g.inputs[i].constant.defined()) numbers_.push_back(static_cast<int>(i));
    if (on_host(g.values[v]) && !is_contiguous(g.values[v].shape, g.values[v].strides)) return "strides in host memory";
  }
  for (size_t v = 0; v < g.values.size(); v++) {
    if (on_host(g.values[v]) ? input_of[v] < 0 : g.values[v].device != device_)
      return concat("there are values on '", g.values[v].device, "' and on '", device_, "'");
  }
  for (const Node& node : g.nodes)
    for (size_t i = 0; i < node.inputs.size(); i++) {
      ValueId v = node.inputs[i];
      bool number = v != kNone && std::count(numbers_.begin(), numbers_.end(), input_of[static_cast<size_t>(v)]) > 0;
      if (number && !node.op->rereads(static_cast<int>(i)))
        return concat(node.op->name(), " reads a tensor in host memory");
    }
  for (const Result& r : g.results)
    if (on_host(g.values[static_cast<size_t>(r.value)]) && r.memory >= 0) return "a result lies in host memory";
  for (const Update& u : g.updates)
    if (on_host(g.values[static_cast<size_t>(u.value)])) return "a tensor in host memory is changed";
  std::erase_if(numbers_, [&](int i) {  // that no step reads
    return std::none_of(g.nodes.begin(), g.nodes.end(), [&](const Node& node) {
      return std::count(node.inputs.begin(), node.inputs.end(), g.inputs[static_cast<size_t>(i)].value) > 0;
    });
  });
  return {};
}

bool Replays::is_movable(const Plan& plan, size_t input) const {
  const Graph& g = plan.graph_;
  const Value& type = g.values[static_cast<size_t>(g.inputs[input].value)];
  bool updated = std::any_of(g.updates.begin(), g.updates.end(),
                             [&](const Update& u) { return u.input == static_cast<int>(input); });
  return used_[input] && !updated && !on_host(type) && type.bytes() <= kSmall &&
         is_contiguous(type.shape, type.strides);
}

// The stream's handle, then where the inputs lie, nullptr where that does not matter; then what libraries read.
std::vector<const void*> Replays::addresses(const Plan& plan, const Tensor* const* inputs) const {
  std::vector<const void*> list;
  list.push_back(reinterpret_cast<const void*>(backend_of(device_).current_stream(device_.index)));
  for (size_t i = 0; i < plan.graph_.inputs.size(); i++)
    list.push_back(moves_[i] || !used_[i] || plan.graph_.inputs[i].constant.defined() ? nullptr : inputs[i]->data());
  for (int i : numbers_) list[static_cast<size_t>(i) + 1] = nullptr;
  list.push_back(allow_tf32() ? this : nullptr);
  return list;
}

Replays::Recording* Replays::find(const std::vector<const void*>& key) {
  for (size_t i = 0; i < recordings_.size(); i++) {
    Recording& r = *recordings_[i];
    if (r.key != key || (r.blocks && default_generator()->seed() != r.seed)) continue;
    std::rotate(recordings_.begin(), recordings_.begin() + static_cast<std::ptrdiff_t>(i),
                recordings_.begin() + static_cast<std::ptrdiff_t>(i) + 1);  // the last one used comes first
    return recordings_.front().get();
  }
  return nullptr;
}

Replays::Recording* Replays::record(const Plan& plan, const Tensor* const* inputs, const Plan::Outputs& outputs,
                                    std::vector<const void*> key) {
  const Graph& g = plan.graph_;
  DeviceBackend& backend = backend_of(device_);
  auto r = std::make_unique<Recording>();
  r->key = std::move(key);
  r->stream = Stream::of(device_, backend.current_stream(device_.index));
  PatientLock lock(r->stream->mutex);
  CaptureOptions options;
  options.memory = r->stream->memory;
  std::vector<const Tensor*> own_inputs(inputs, inputs + g.inputs.size());
  for (int i : numbers_) {
    auto n = static_cast<size_t>(i);
    r->numbers.emplace_back(n, allocate(g.values[static_cast<size_t>(g.inputs[n].value)]));
  }
  for (auto& [n, place] : r->numbers) {
    std::memcpy(place.data(), inputs[n]->data(), place.impl()->storage->nbytes());
    own_inputs[n] = &place;
    options.numbers.push_back(place.data());
  }
  // The arena of the run before is cached memory now. Where it might be missed it goes back first: nothing can be given
  // back while recording.
  Allocator* allocator = backend.allocator(device_.index);
  MemoryStats stats = allocator->stats();
  if (stats.reserved + static_cast<int64_t>(plan.memory_.arena_bytes()) > stats.limit / 4 * 3) allocator->empty_cache();
  StreamScope side;
  side.enter(backend, device_.index, r->stream->side);
  CountedDraws draws(*default_generator());
  options.random = draws.start;
  Plan::ContextUse use(plan);
  backend.begin_capture(device_.index, options);
  try {
    // These are freed when all is recorded: no other work of the recording lies where they do.
    std::vector<Tensor> places;
    places.reserve(g.inputs.size());
    for (size_t i = 0; i < g.inputs.size(); i++) {
      if (!moves_[i]) continue;
      places.push_back(allocate(g.values[static_cast<size_t>(g.inputs[i].value)]));
      own_inputs[i] = &places.back();
      r->inputs.emplace_back(i, places.back().data());
    }
    Plan::Outputs own = outputs;
    size_t number = 0;
    for (std::vector<Tensor>* list : {&own.memories, &own.copies})
      for (Tensor& t : *list) {
        if (t.defined() && t.impl()->storage->nbytes() <= kSmall) {
          auto storage = make_ref<Storage>(t.impl()->storage->nbytes(), device_);
          r->results.emplace_back(number, storage->data());
          t = Tensor(make_ref<TensorImpl>(std::move(storage), t.shape(), t.strides(), t.offset(), t.dtype()));
        }
        number++;
      }
    plan.bind(*use.context, own_inputs.data(), own);
    plan.compute(*use.context, own_inputs.data(), own);
    check(!draws.others, "only random numbers of the default generator can be recorded");
    r->graph = backend.end_capture(device_.index);
  } catch (...) {
    backend.abort_capture(device_.index);
    throw;
  }
  r->seed = draws.start.seed;
  r->blocks = draws.blocks;
  recorded_++;
  if (recordings_.size() == kKept) recordings_.pop_back();
  recordings_.insert(recordings_.begin(), std::move(r));
  return recordings_.front().get();
}

bool Replays::launch(Recording& r, const Tensor* const* inputs, const Plan::Outputs& outputs) {
  for (auto& [n, place] : r.numbers) std::memcpy(place.data(), inputs[n]->data(), place.impl()->storage->nbytes());
  if (!r.graph->prepare()) return false;
  PatientLock lock(r.stream->mutex);
  std::vector<MemoryRun> runs;
  for (auto [i, place] : r.inputs)
    runs.push_back({place, inputs[i]->data(), static_cast<size_t>(inputs[i]->numel()) * item_size(inputs[i]->dtype())});
  if (!runs.empty()) copy_runs_kernel(device_, runs.data(), static_cast<int64_t>(runs.size()));
  PhiloxState random{r.seed, 0};
  if (r.blocks) random = default_generator()->reserve(r.blocks);
  set_allocation_tag("jit");
  ProfiledLaunch profiled("device graph", device_);
  r.graph->launch(random);
  profiled.finish();
  runs.clear();
  for (auto [number, place] : r.results) {
    size_t memories = outputs.memories.size();
    const Tensor& to = number < memories ? outputs.memories[number] : outputs.copies[number - memories];
    runs.push_back({to.impl()->storage->data(), place, to.impl()->storage->nbytes()});
  }
  if (!runs.empty()) copy_runs_kernel(device_, runs.data(), static_cast<int64_t>(runs.size()));
  replayed_++;
  return true;
}

void Replays::give_up(std::string reason) {
  reason_ = std::move(reason);
  recordings_.clear();
  off_ = true;
}

bool Replays::run(const Plan& plan, const Tensor* const* inputs, Tensor* results) {
  if (off_ || backend_of(device_).capturing()) return false;
  PatientLock lock(mutex_);
  if (off_) return false;
  std::vector<const void*> key = addresses(plan, inputs);
  if (before_.empty()) {
    before_ = std::move(key);
    return false;
  }
  Plan::Outputs outputs = plan.new_outputs();
  for (size_t i = 0; i < moves_.size(); i++)
    if (key[i + 1] != before_[i + 1] && !moves_[i] && is_movable(plan, i)) {
      moves_[i] = 1;
      key[i + 1] = nullptr;
      recordings_.clear();  // they hold its address
    }
  before_ = key;
  // Small results have places of their own.
  for (const std::vector<Tensor>* list : {&outputs.memories, &outputs.copies})
    for (const Tensor& t : *list)
      key.push_back(t.defined() && t.impl()->storage->nbytes() > kSmall ? t.impl()->storage->data() : nullptr);
  Recording* recording = find(key);
  if (recording) {
    wasted_ = std::max(0, wasted_ - 1);
  } else {
    if (wasted_ >= kWasted) {
      give_up("its tensors lie elsewhere at every call");
      return false;
    }
    wasted_ += kPerRecording;
    try {
      recording = record(plan, inputs, outputs, std::move(key));
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::OutOfMemory) give_up(e.message());
      return false;
    }
  }
  if (!launch(*recording, inputs, outputs)) return false;
  plan.collect(inputs, outputs, results);
  return true;
}

std::string Replays::text() const {
  PatientLock lock(mutex_);
  if (device_.type != DeviceType::CUDA) return {};
  if (off_) return concat("not recorded as a graph of the device: ", reason_);
  return concat("recorded ", recorded_, recorded_ == 1 ? " time" : " times", " as a graph of the device, which ran ",
                replayed_, replayed_ == 1 ? " time" : " times");
}

}  // namespace weft::graph
