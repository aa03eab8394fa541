#include "device/cuda/graph.h"

#include <memory>

#include "core/error.h"
#include "device/cuda/memory.h"

namespace weft::cuda {

namespace {

thread_local std::unique_ptr<Capture> current;
uintptr_t new_pool() {
  static std::atomic<uintptr_t> counter{0};
  return (uintptr_t{1} << 63) + ++counter;  // no stream's handle
}

class Graph final : public DeviceGraph {
 public:
  Graph(const Capture& capture, cudaGraphExec_t exec) : capture_(capture), exec_(exec) {}
  ~Graph() override {
    use_device_if_possible(capture_.device);
    cudaDeviceSynchronize();
    cudaGraphExecDestroy(exec_);
    cudaFree(capture_.cells);
    device_allocator(capture_.device).close_pool(capture_.pool);
  }
  void launch(PhiloxState random) override {
    use_device(capture_.device);
    cudaStream_t stream = stream_of(capture_.device);
    weft::check(random.seed == capture_.seed,
                "graph: the seed of the default generator has changed since the graph was recorded; record it again");
    uint64_t values[2] = {random.offset, runs_};
    check(cudaMemcpyAsync(capture_.cells, values, sizeof values, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
    check(cudaGraphLaunch(exec_, stream), "cudaGraphLaunch");
    runs_++;
  }

 private:
  Capture capture_;
  cudaGraphExec_t exec_;
  uint64_t runs_ = 0;
};

}  // namespace

Capture* capture() { return current.get(); }

void begin_capture(int device, PhiloxState random) {
  weft::check(!current, "graph: this thread is recording a graph already");
  use_device(device);
  cudaStream_t stream = stream_of(device);
  weft::check(stream != nullptr, "graph: the default stream cannot be recorded; use another one");
  auto fresh = std::make_unique<Capture>();
  *fresh = {device, new_pool(), random.offset, random.seed, nullptr};
  void* cells = nullptr;
  check(cudaMalloc(&cells, 2 * sizeof(uint64_t)), "cudaMalloc");
  fresh->cells = static_cast<uint64_t*>(cells);
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
  current = std::move(fresh);
}

Ref<DeviceGraph> end_capture(int device) {
  weft::check(current && current->device == device, "graph: this thread is not recording a graph on 'cuda:", device,
              "'");
  std::unique_ptr<Capture> done = std::move(current);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  check(cudaStreamEndCapture(stream_of(device), &graph), "cudaStreamEndCapture");
  cudaError_t error = cudaGraphInstantiate(&exec, graph, 0);
  cudaGraphDestroy(graph);
  check(error, "cudaGraphInstantiate");
  return make_ref<Graph>(*done, exec);
}

void abort_capture(int device) {
  if (!current) return;
  std::unique_ptr<Capture> failed = std::move(current);
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(stream_of(device), &graph);
  if (graph) cudaGraphDestroy(graph);
  cudaGetLastError();
  cudaFree(failed->cells);
  device_allocator(device).close_pool(failed->pool);
}

}  // namespace weft::cuda
