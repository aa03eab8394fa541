#include "device/cuda/backend.h"

#include <cuda_runtime.h>
#include <dlfcn.h>

#include <optional>

#include "core/error.h"
#include "core/other_threads.h"
#include "device/cuda/graph.h"
#include "device/cuda/libraries.h"
#include "device/cuda/memory.h"
#include "device/cuda/runtime.h"

namespace weft::cuda {

namespace {

class Event final : public DeviceEvent {
 public:
  Event(int device, bool timing) : device_(device) {
    use_device(device);
    check(cudaEventCreateWithFlags(&event_, timing ? cudaEventDefault : cudaEventDisableTiming), "cudaEventCreate");
  }
  ~Event() override { cudaEventDestroy(event_); }
  void record(StreamHandle stream) override {
    use_device(device_);
    in_graph_ = is_recorded(reinterpret_cast<cudaStream_t>(stream));
    check(cudaEventRecord(event_, reinterpret_cast<cudaStream_t>(stream)), "cudaEventRecord");
  }
  void wait(int index, StreamHandle stream) override {
    use_device(index);
    check(cudaStreamWaitEvent(reinterpret_cast<cudaStream_t>(stream), event_, 0), "cudaStreamWaitEvent");
  }
  bool query() override {
    check_outside_graph();
    cudaError_t error = cudaEventQuery(event_);
    if (error != cudaErrorNotReady) check(error, "cudaEventQuery");
    cudaGetLastError();
    return error == cudaSuccess;
  }
  void synchronize() override {
    check_outside_graph();
    {
      OthersRun others;
      check(cudaEventSynchronize(event_), "cudaEventSynchronize");
    }
    raise_index_error(device_);
  }
  double elapsed(DeviceEvent& end) override {
    check_outside_graph();
    static_cast<Event&>(end).check_outside_graph();
    float ms = 0;
    check(cudaEventElapsedTime(&ms, event_, static_cast<Event&>(end).event_), "cudaEventElapsedTime");
    return static_cast<double>(ms);
  }

 private:
  // CUDA would give the whole recording up.
  void check_outside_graph() const {
    weft::check(!in_graph_, "an event that was recorded into a graph cannot be waited for by the host");
  }

  int device_;
  bool in_graph_ = false;
  cudaEvent_t event_ = nullptr;
};

class CudaBackend final : public DeviceBackend {
 public:
  CudaBackend() {
#ifndef WEFT_CUDA_SIMULATOR
    if (!dlopen("libcuda.so.1", RTLD_NOW)) {
      reason_ = "there is no NVIDIA driver (libcuda.so.1 is not found)";
      return;
    }
#endif
    int found = 0;
    cudaError_t error = cudaGetDeviceCount(&found);
    cudaGetLastError();
    if (error == cudaErrorNoDevice || (error == cudaSuccess && found == 0)) {
      reason_ = "the NVIDIA driver finds no GPU";
    } else if (error == cudaErrorInsufficientDriver) {
      reason_ = "the NVIDIA driver is too old for CUDA 13, which needs version 580 or newer";
    } else if (error != cudaSuccess) {
      reason_ = concat("the NVIDIA driver does not start: ", cudaGetErrorString(error));
    }
    if (!reason_.empty()) return;
    std::vector<std::string> missing = open_libraries();
    for (const std::string& name : missing)
      reason_ +=
          (reason_.empty() ? "NVIDIA's libraries are missing (pip install 'weft[cuda]' brings them): " : ", ") + name;
    if (missing.empty()) count_ = found < kMaxDevices ? found : kMaxDevices;
  }

  int count() const override { return count_; }
  std::string unavailable() const override { return reason_; }
  DeviceProperties properties(int index) override {
    cudaDeviceProp p{};
    check(cudaGetDeviceProperties(&p, index), "cudaGetDeviceProperties");
    return {p.name,
            p.major,
            p.minor,
            static_cast<int64_t>(p.totalGlobalMem),
            p.multiProcessorCount,
            p.warpSize,
            p.maxThreadsPerMultiProcessor,
            static_cast<int64_t>(p.sharedMemPerBlockOptin),
            p.l2CacheSize};
  }
  Allocator* allocator(int index) override { return &device_allocator(index); }
  Allocator* pinned_allocator() override { return &cuda::pinned_allocator(); }
  bool is_pinned(const void* data) override { return cuda::pinned_allocator().holds(data); }

  void copy(void* dst, Device dst_device, const void* src, Device src_device, size_t nbytes,
            bool non_blocking) override {
    if (nbytes == 0) return;
    bool from_host = src_device.type == DeviceType::CPU, to_host = dst_device.type == DeviceType::CPU;
    Device own = to_host ? src_device : dst_device;
    set_kernel_device(own);
    if (!from_host && !to_host && src_device != dst_device)
      return copy_between_devices(dst, dst_device.index, src, src_device.index, nbytes);
    use_device(own.index);
    cudaStream_t stream = stream_of(own.index);
    const void* host = from_host ? src : to_host ? dst : nullptr;
    bool waits = host && !(non_blocking && cuda::pinned_allocator().holds(host));
    weft::check(!waits || !capture(),
                "a copy between the host and the device, which the host waits for, cannot be recorded");
    {
      std::optional<OthersRun> others;
      if (waits) others.emplace();
      check(cudaMemcpyAsync(dst, src, nbytes, cudaMemcpyDefault, stream), "cudaMemcpyAsync");
    }
    if (waits) return cuda::synchronize_stream(own.index, stream);
    record_stream(own.index, const_cast<void*>(to_host ? src : dst), reinterpret_cast<StreamHandle>(stream));
    if (host) cuda::pinned_allocator().note_copy(host, own.index);
  }

  void synchronize(int index) override {
    weft::check(!capture(), "a device cannot be waited for while the thread has work recorded as a graph");
    synchronize_device(index);
    raise_index_error(index);
  }

  StreamHandle current_stream(int index) override { return reinterpret_cast<StreamHandle>(stream_of(index)); }
  void set_current_stream(int index, StreamHandle stream) override {
    set_stream_of(index, reinterpret_cast<cudaStream_t>(stream));
  }
  StreamHandle new_stream(int index, int priority) override {
    use_device(index);
    cudaStream_t stream = nullptr;
    check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, priority), "cudaStreamCreate");
    note_stream(index, stream);
    return reinterpret_cast<StreamHandle>(stream);
  }
  void delete_stream(int index, StreamHandle stream) override {
    use_device_if_possible(index);  // called by destructors
    {
      OthersRun others;
      cudaStreamSynchronize(reinterpret_cast<cudaStream_t>(stream));
    }
    device_allocator(index).forget_stream(stream);
    forget_stream(index, reinterpret_cast<cudaStream_t>(stream));
    cudaStreamDestroy(reinterpret_cast<cudaStream_t>(stream));
    cudaGetLastError();  // no later call shall report what failed here
  }
  bool stream_done(int index, StreamHandle stream) override {
    use_device(index);
    weft::check(!is_recorded(reinterpret_cast<cudaStream_t>(stream)),
                "a stream cannot be asked whether it is done while it is being recorded as a graph");
    cudaError_t error = cudaStreamQuery(reinterpret_cast<cudaStream_t>(stream));
    if (error != cudaErrorNotReady) check(error, "cudaStreamQuery");
    cudaGetLastError();
    return error == cudaSuccess;
  }
  void synchronize_stream(int index, StreamHandle stream) override {
    cuda::synchronize_stream(index, reinterpret_cast<cudaStream_t>(stream));
  }
  void wait_stream(int index, StreamHandle stream, StreamHandle other) override {
    cuda::wait_stream(index, reinterpret_cast<cudaStream_t>(stream), index, reinterpret_cast<cudaStream_t>(other));
  }
  void record_stream(int index, void* data, StreamHandle stream) override {
    // What is recorded from one stream runs in that order.
    const Capture* c = capture();
    if (c && !c->several_streams && reinterpret_cast<cudaStream_t>(stream) == c->stream) return;
    device_allocator(index).record_stream(data, stream);
  }
  Ref<DeviceEvent> new_event(int index, bool timing) override { return make_ref<Event>(index, timing); }

  void begin_capture(int index, const CaptureOptions& options) override { cuda::begin_capture(index, options); }
  bool capturing() override { return capture() != nullptr; }
  Ref<GraphMemory> new_graph_memory(int index) override { return cuda::new_graph_memory(index); }
  Ref<DeviceGraph> end_capture(int index) override { return cuda::end_capture(index); }
  void abort_capture(int index) override { cuda::abort_capture(index); }

 private:
  // On the source's stream. The target's waits for it, and it for what the target's memory was used for before; so each
  // side's memory may be used again by its own stream. Whatever other streams the memory is of hear of the copy.
  void copy_between_devices(void* dst, int to, const void* src, int from, size_t nbytes) {
    weft::check(!capture(), "a copy between devices cannot be recorded as a part of a graph");
    cudaStream_t reader = stream_of(from), writer = stream_of(to);
    cuda::wait_stream(from, reader, to, writer);
    use_device(from);
    check(cudaMemcpyAsync(dst, src, nbytes, cudaMemcpyDefault, reader), "cudaMemcpyAsync");
    cuda::wait_stream(to, writer, from, reader);
    record_stream(from, const_cast<void*>(src), reinterpret_cast<StreamHandle>(reader));
    record_stream(to, dst, reinterpret_cast<StreamHandle>(writer));
  }

  int count_ = 0;
  std::string reason_;
};

}  // namespace

DeviceBackend* create_backend() {
  static auto* backend = new CudaBackend;
  return backend;
}

}  // namespace weft::cuda
