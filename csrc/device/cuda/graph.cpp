#include "device/cuda/graph.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "core/error.h"
#include "core/other_threads.h"
#include "device/cuda/memory.h"

namespace weft::cuda {

namespace {

// What is waited for where a device cannot be.
struct DeviceStreams {
  // Held by those who begin to record, for a moment, and shared by those who wait.
  std::shared_mutex beginning;
  std::atomic<int> recordings{0};
  std::mutex mutex;
  std::vector<cudaStream_t> streams{nullptr};
};
DeviceStreams& streams_of(int device) {
  static auto* all = new DeviceStreams[kMaxDevices];
  return all[device];
}

uintptr_t new_pool() {
  static std::atomic<uintptr_t> counter{0};
  return (uintptr_t{1} << 63) + ++counter;  // no stream's handle
}

class Memory final : public GraphMemory {
 public:
  explicit Memory(int device) : device_(device) {}
  ~Memory() override {
    for (uintptr_t pool : pools_) device_allocator(device_).close_pool(pool);
  }
  // Of one of the streams that a graph is recorded from; `place`: the first has 0.
  uintptr_t pool(size_t place) {
    std::lock_guard lock(mutex_);
    while (pools_.size() <= place) pools_.push_back(new_pool());
    return pools_[place];
  }

 private:
  const int device_;
  std::mutex mutex_;
  std::vector<uintptr_t> pools_;
};

struct Recording {
  Capture capture{};
  Ref<Memory> memory{};
  std::vector<cudaStream_t> streams{};  // that memory was taken for; the first is capture.stream
};
thread_local std::unique_ptr<Recording> current;

// Of all cells, which a launch copies as one block.
constexpr size_t kCellBytes = 16384;

class Graph final : public DeviceGraph {
 public:
  Graph(Capture capture, Ref<GraphMemory> memory, cudaGraphExec_t exec)
      : capture_(std::move(capture)), memory_(std::move(memory)), exec_(exec), values_(capture_.cell_bytes / 8 + 1) {}
  ~Graph() override {
    OthersRun others;
    use_device_if_possible(capture_.device);
    wait_for_device(capture_.device);
    cudaGraphExecDestroy(exec_);
    cudaFree(capture_.cells);
    cudaGetLastError();  // what fails here is lost, and no later call shall report it
  }
  bool prepare() override {
    for (const GraphNumber& n : capture_.numbers)
      if (!n.fill(reinterpret_cast<char*>(values_.data()) + n.offset)) return false;
    return true;
  }
  void launch(PhiloxState random) override {
    use_device(capture_.device);
    cudaStream_t stream = stream_of(capture_.device);
    weft::check(random.seed == capture_.seed,
                "graph: the seed of the default generator has changed since the graph was recorded; record it again");
    values_[0] = random.offset;
    values_[1] = runs_;
    check(cudaMemcpyAsync(capture_.cells, values_.data(), capture_.cell_bytes, cudaMemcpyHostToDevice, stream),
          "cudaMemcpyAsync");
    check(cudaGraphLaunch(exec_, stream), "cudaGraphLaunch");
    runs_++;
  }

 private:
  Capture capture_;
  Ref<GraphMemory> memory_;
  cudaGraphExec_t exec_;
  std::vector<uint64_t> values_;  // of the cells
  uint64_t runs_ = 0;
};

}  // namespace

Capture* capture() { return current ? &current->capture : nullptr; }

uintptr_t graph_pool(int device, cudaStream_t stream) {
  if (!current || current->capture.device != device) return 0;
  std::vector<cudaStream_t>& streams = current->streams;
  auto known = std::find(streams.begin(), streams.end(), stream);
  if (known == streams.end()) {
    if (!is_recorded(stream)) return 0;
    current->capture.several_streams = true;
    known = streams.insert(streams.end(), stream);
  }
  return current->memory->pool(static_cast<size_t>(known - streams.begin()));
}

void* graph_number(const void* host, size_t bytes, std::function<bool(void* to)> fill) {
  if (!current) return nullptr;
  Capture& c = current->capture;
  for (Capture::Source& source : c.sources) {
    if (source.host != host) continue;
    size_t offset = c.cell_bytes;
    weft::check(offset + bytes <= kCellBytes, "graph: there are too many numbers in host memory");
    source.used = true;
    c.numbers.push_back({std::move(fill), offset, bytes});
    c.cell_bytes += (bytes + 15) / 16 * 16;
    return reinterpret_cast<char*>(c.cells) + offset;
  }
  return nullptr;
}

void* graph_number(const void* host, size_t bytes) {
  if (!current) return nullptr;
  return graph_number(host, bytes, [host, bytes](void* to) {
    std::memcpy(to, host, bytes);
    return true;
  });
}

cudaError_t wait_for_device(int device) noexcept {
  DeviceStreams& own = streams_of(device);
  std::shared_lock nothing_begins(own.beginning);
  if (own.recordings == 0) return cudaDeviceSynchronize();
  std::lock_guard lock(own.mutex);
  for (cudaStream_t stream : own.streams) {
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    cudaError_t error = stream ? cudaStreamIsCapturing(stream, &status) : cudaSuccess;
    if (error == cudaSuccess && status == cudaStreamCaptureStatusNone) error = cudaStreamSynchronize(stream);
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

void synchronize_device(int device) {
  use_device(device);
  OthersRun others;
  check(wait_for_device(device), "cudaDeviceSynchronize");
}

void note_stream(int device, cudaStream_t stream) {
  std::lock_guard lock(streams_of(device).mutex);
  streams_of(device).streams.push_back(stream);
}
void forget_stream(int device, cudaStream_t stream) {
  std::lock_guard lock(streams_of(device).mutex);
  std::erase(streams_of(device).streams, stream);
}

Ref<GraphMemory> new_graph_memory(int device) { return make_ref<Memory>(device); }

void begin_capture(int device, const CaptureOptions& options) {
  weft::check(!current, "graph: this thread is recording a graph already");
  use_device(device);
  cudaStream_t stream = stream_of(device);
  weft::check(stream != nullptr, "graph: the default stream cannot be recorded; use another one");
  auto fresh = std::make_unique<Recording>();
  fresh->memory = options.memory ? Ref<Memory>(static_cast<Memory*>(options.memory.get())) : make_ref<Memory>(device);
  fresh->streams = {stream};
  Capture& c = fresh->capture;
  c.device = device;
  c.stream = stream;
  c.first_offset = options.random.offset;
  c.seed = options.random.seed;
  c.cell_bytes = 2 * sizeof(uint64_t);
  for (const void* host : options.numbers) c.sources.push_back({host, false});
  void* cells = nullptr;
  check(cudaMalloc(&cells, c.sources.empty() ? c.cell_bytes : kCellBytes), "cudaMalloc");
  c.cells = static_cast<uint64_t*>(cells);
  cudaError_t error = cudaSuccess;
  {
    OthersRun others;
    std::lock_guard nobody_waits(streams_of(device).beginning);
    error = cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed);
    if (error == cudaSuccess) streams_of(device).recordings++;
  }
  if (error != cudaSuccess) cudaFree(cells);
  check(error, "cudaStreamBeginCapture");
  current = std::move(fresh);
}

Ref<DeviceGraph> end_capture(int device) {
  weft::check(current && current->capture.device == device,
              "graph: this thread is not recording a graph on 'cuda:", device, "'");
  for (const Capture::Source& source : current->capture.sources)
    weft::check(source.used, "graph: an op reads a number in host memory in its own way");
  std::unique_ptr<Recording> done = std::move(current);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  cudaError_t error = cudaStreamEndCapture(stream_of(device), &graph);
  streams_of(device).recordings--;
  if (error == cudaSuccess) {
    OthersRun others;
    error = cudaGraphInstantiate(&exec, graph, 0);
  }
  if (graph) cudaGraphDestroy(graph);
  if (error != cudaSuccess) cudaFree(done->capture.cells);  // and check() forgets what that may add
  check(error, "the end of recording a graph");
  return make_ref<Graph>(std::move(done->capture), std::move(done->memory), exec);
}

void abort_capture(int device) {
  if (!current) return;
  std::unique_ptr<Recording> failed = std::move(current);
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(stream_of(device), &graph);
  streams_of(device).recordings--;
  if (graph) cudaGraphDestroy(graph);
  cudaFree(failed->capture.cells);
  cudaGetLastError();
}

}  // namespace weft::cuda
