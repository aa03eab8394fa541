// Streams, events and graphs of the simulated devices.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "simulator.h"

namespace simulator {

namespace {

constexpr size_t kLongest = 1024;  // a longer queue is worked off before it takes more, as CUDA's are

// The default streams come first; then in the order in which they were made, so that a seed means one order.
std::vector<std::unique_ptr<Stream>>& streams() {
  static auto* all = [] {
    auto* made = new std::vector<std::unique_ptr<Stream>>;
    for (int d = 0; d < kDevices; d++) made->emplace_back(new Stream{d});
    return made;
  }();
  return *all;
}

// What decides the order: xorshift64*, or none.
struct Order {
  bool immediate = false;
  uint64_t state = 1;
  size_t favourite = 0;

  void set(const std::string& text) {
    immediate = text == "immediate";
    constexpr const char* kRandom = "random:";
    bool random = text.compare(0, std::strlen(kRandom), kRandom) == 0;
    if (!immediate && !random) {
      fprintf(stderr, "WEFT_SIMULATED_ORDER: expected 'immediate' or 'random:SEED', got '%s'\n", text.c_str());
      abort();
    }
    state = random ? std::strtoull(text.c_str() + std::strlen(kRandom), nullptr, 10) * 0x9e3779b97f4a7c15u + 1 : 1;
  }
  // Below n.
  size_t draw(size_t n) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<size_t>((state * 0x2545f4914f6cdd1du) >> 33) % n;
  }
};
Order& order() {
  static Order* the = [] {
    auto* made = new Order;
    const char* chosen = std::getenv("WEFT_SIMULATED_ORDER");
    made->set(chosen && *chosen ? chosen : "random:1");
    return made;
  }();
  return *the;
}

bool can_go_on(const Stream& s) {
  return !s.items.empty() && (!s.items.front().awaits || s.items.front().awaits->passed);
}

void run_front(Stream& s) {
  Item item = std::move(s.items.front());
  s.items.pop_front();
  if (item.sets) {
    item.sets->passed = true;
    item.sets->time = std::chrono::steady_clock::now();
  }
  if (!item.work) return;
  Access access(item.devices);
  item.work();
}

// Runs one item of some stream; false if there is none. One stream is preferred for a while, so that it gets far ahead
// of the others.
bool step() {
  auto& all = streams();
  Order& o = order();
  if (o.draw(8) == 0) o.favourite = o.draw(all.size());
  Stream* next = o.favourite < all.size() && can_go_on(*all[o.favourite]) ? all[o.favourite].get() : nullptr;
  if (!next) {
    std::vector<Stream*> ready;
    for (auto& s : all)
      if (can_go_on(*s)) ready.push_back(s.get());
    if (ready.empty()) return false;
    next = ready[o.draw(ready.size())];
  }
  run_front(*next);
  if (next->destroyed && next->items.empty()) std::erase_if(all, [&](const auto& s) { return s.get() == next; });
  return true;
}

void run_until(const std::function<bool()>& done) {
  while (!done())
    if (!step()) {
      fprintf(stderr, "CUDA simulator: a wait that nothing can end\n");
      abort();
    }
}

// Something that CUDA does not allow was done to what is being recorded.
cudaError_t spoil(Capture& capture) {
  capture.invalid = true;
  return note(cudaErrorStreamCaptureUnsupported);
}

// Does everything come before the end of the stream that the capture began with?
bool is_joined(const Graph& graph, const Nodes& last) {
  std::vector<bool> reached(graph.work.size());
  for (size_t node : last) reached[node] = true;
  for (size_t node = graph.work.size(); node-- > 0;)
    if (reached[node])
      for (size_t before : graph.after[node]) reached[before] = true;
  return std::all_of(reached.begin(), reached.end(), [](bool r) { return r; });
}

// An order in which the nodes may run, drawn by chance as for streams: one branch gets far ahead of the others.
Nodes order_of(const Graph& graph) {
  Order& o = order();
  Nodes result;
  std::vector<bool> done(graph.work.size());
  bool latest = false;
  while (result.size() < done.size()) {
    Nodes ready;
    for (size_t node = 0; node < done.size(); node++) {
      const Nodes& after = graph.after[node];
      if (!done[node] && std::all_of(after.begin(), after.end(), [&](size_t n) { return done[n]; }))
        ready.push_back(node);
    }
    if (!o.immediate && o.draw(4) == 0) latest = !latest;
    result.push_back(o.immediate ? ready.front() : latest ? ready.back() : ready[o.draw(ready.size())]);
    done[result.back()] = true;
  }
  return result;
}

bool is_live(const Stream* stream) {
  return std::any_of(streams().begin(), streams().end(),
                     [&](const auto& s) { return s.get() == stream && !s->destroyed; });
}

}  // namespace

Stream* stream_of(cudaStream_t stream) {
  if (!stream) return streams()[static_cast<size_t>(current_device)].get();
  return is_live(stream) ? stream : nullptr;
}

cudaError_t submit(Stream& stream, Item item) {
  if (stream.capture) {
    if (stream.capture->invalid) return note(cudaErrorStreamCaptureInvalidated);
    Graph& graph = stream.capture->graph;
    graph.work.push_back(std::move(item));
    graph.after.push_back(std::exchange(stream.last, {graph.work.size() - 1}));
    return cudaSuccess;
  }
  stream.items.push_back(std::move(item));
  Order& o = order();
  if (o.immediate) {
    while (can_go_on(stream)) run_front(stream);
  } else if (stream.items.size() > kLongest) {
    run_until([&] { return stream.items.size() <= kLongest / 2; });
  } else if (o.draw(16) == 0) {
    // The device may also be ahead of the host.
    for (size_t n = o.draw(6); n > 0 && step();) n--;
  }
  return cudaSuccess;
}

void drain(Lock& lock, int device) {
  stay_while_held(lock);
  run_until([&] {
    return std::all_of(streams().begin(), streams().end(),
                       [&](const auto& s) { return s->device != device || s->items.empty(); });
  });
}

void wait_for(Lock& lock, const std::shared_ptr<Mark>& mark) {
  stay_while_held(lock);
  run_until([&] { return mark->passed; });
}

cudaError_t run(std::function<void()> thread, dim3 blocks, dim3 threads, size_t shared, cudaStream_t stream) {
  Lock lock(mutex);
  size_t per_block = static_cast<size_t>(threads.x) * threads.y * threads.z;
  bool fits = per_block >= 1 && per_block <= 1024 && threads.z <= 64 && blocks.x >= 1 && blocks.y >= 1 &&
              blocks.z >= 1 && blocks.x <= 0x7fffffffu && blocks.y <= 65535 && blocks.z <= 65535 &&
              shared <= (size_t{227} << 10);
  if (!fits) return note(cudaErrorInvalidValue);
  Stream* s = stream_of(stream);
  if (!s || s->device != current_device) return note(cudaErrorInvalidResourceHandle);
  auto work = [=, thread = std::move(thread)] { run_blocks(thread, blocks, threads, shared); };
  return submit(*s, {std::move(work), {}, {}, 1u << s->device});
}

}  // namespace simulator

using namespace simulator;

void weft_simulator_order(const char* text) {
  Lock lock(mutex);
  order().set(text);
}

// As CUDA: not while a stream of the device is being recorded, by whomever, and the recording is spoilt.
cudaError_t cudaDeviceSynchronize() {
  Lock lock(mutex);
  for (auto& s : streams())
    if (s->capture && s->device == current_device) return spoil(*s->capture);
  if (must_fail("cudaDeviceSynchronize")) return note(cudaErrorUnknown);
  drain(lock, current_device);
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  Lock lock(mutex);
  if (flags != cudaStreamNonBlocking) return note(cudaErrorInvalidValue);  // others are not simulated
  *stream = streams().emplace_back(new Stream{current_device}).get();
  return cudaSuccess;
}
// What the stream was given before is done nevertheless.
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  Lock lock(mutex);
  if (!is_live(stream)) return note(cudaErrorInvalidResourceHandle);
  stream->destroyed = true;
  if (stream->items.empty()) std::erase_if(streams(), [&](const auto& s) { return s.get() == stream; });
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  Lock lock(mutex);
  Stream* s = stream_of(stream);
  if (!s) return note(cudaErrorInvalidResourceHandle);
  if (s->capture) return spoil(*s->capture);
  if (s->items.empty()) return stay_while_held(lock), cudaSuccess;
  auto mark = std::make_shared<Mark>();
  s->items.push_back({{}, mark, {}, 0});
  wait_for(lock, mark);
  return cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  Lock lock(mutex);
  Stream* s = stream_of(stream);
  if (!s) return note(cudaErrorInvalidResourceHandle);
  if (s->capture) return spoil(*s->capture);
  for (size_t n = order().draw(4); n > 0 && step();) n--;
  return s->items.empty() ? cudaSuccess : note(cudaErrorNotReady);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  Lock lock(mutex);
  Stream* s = stream_of(stream);
  if (!s) return note(cudaErrorInvalidResourceHandle);
  if (event->capture) {
    // The stream is recorded too from now on.
    if (s->capture && s->capture != event->capture) return spoil(*s->capture);
    s->capture = event->capture;
    for (size_t node : event->last)
      if (std::find(s->last.begin(), s->last.end(), node) == s->last.end()) s->last.push_back(node);
    return cudaSuccess;
  }
  if (!event->mark) return cudaSuccess;
  if (s->capture) {
    s->capture->invalid = true;
    return note(cudaErrorStreamCaptureIsolation);
  }
  return submit(*s, {{}, {}, event->mark, 0});
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  Lock lock(mutex);
  if (!stream || !is_live(stream) || stream->capture) return note(cudaErrorStreamCaptureUnsupported);
  if (mode != cudaStreamCaptureModeRelaxed) return note(cudaErrorInvalidValue);  // others are not simulated
  stream->capture = std::make_shared<Capture>(Capture{stream, {}});
  stream->last.clear();
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  Lock lock(mutex);
  *graph = nullptr;
  if (!stream || !stream->capture || stream->capture->origin != stream) return note(cudaErrorInvalidValue);
  std::shared_ptr<Capture> done = stream->capture;
  const bool joined = is_joined(done->graph, stream->last);
  for (auto& s : streams()) {
    if (s->capture != done) continue;
    s->capture = nullptr;
    s->last.clear();
  }
  if (done->invalid) return note(cudaErrorStreamCaptureInvalidated);
  if (!joined) return note(cudaErrorStreamCaptureUnjoined);
  *graph = new Graph(done->graph);
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  Lock lock(mutex);
  Stream* s = stream_of(stream);
  if (!s) return note(cudaErrorInvalidResourceHandle);
  *status = !s->capture           ? cudaStreamCaptureStatusNone
            : s->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                  : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  Lock lock(mutex);
  stay_while_held(lock);
  *exec = new Graph(*graph);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  Lock lock(mutex);
  Stream* s = stream_of(stream);
  if (!s) return note(cudaErrorInvalidResourceHandle);
  for (size_t node : order_of(*exec))
    if (cudaError_t error = submit(*s, exec->work[node]); error != cudaSuccess) return error;
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new Event{current_device, !(flags & cudaEventDisableTiming)};
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  Lock lock(mutex);
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  Lock lock(mutex);
  Stream* s = stream_of(stream);
  if (!s || s->device != event->device) return note(cudaErrorInvalidResourceHandle);
  event->capture = s->capture;
  event->last = s->capture ? s->last : Nodes{};
  event->mark = s->capture ? nullptr : std::make_shared<Mark>();
  return s->capture ? cudaSuccess : submit(*s, {{}, event->mark, {}, 0});
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  Lock lock(mutex);
  if (event->capture) {
    event->capture->invalid = true;
    return note(cudaErrorCapturedEvent);
  }
  for (size_t n = order().draw(4); n > 0 && step();) n--;
  return !event->mark || event->mark->passed ? cudaSuccess : note(cudaErrorNotReady);
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  Lock lock(mutex);
  if (event->capture) {
    event->capture->invalid = true;
    return note(cudaErrorCapturedEvent);
  }
  if (std::shared_ptr<Mark> mark = event->mark) wait_for(lock, mark);
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  Lock lock(mutex);
  if (!start->timing || !end->timing || !start->mark || !end->mark || start->device != end->device)
    return note(cudaErrorInvalidResourceHandle);
  if (!start->mark->passed || !end->mark->passed) return note(cudaErrorNotReady);
  *ms = std::chrono::duration<float, std::milli>(end->mark->time - start->mark->time).count();
  return cudaSuccess;
}
