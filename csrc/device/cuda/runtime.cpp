#include "device/cuda/runtime.h"

#include <array>
#include <cstdlib>
#include <mutex>

#include "core/error.h"
#include "core/other_threads.h"
#include "device/cuda/graph.h"
#include "memory/allocator.h"

namespace weft::cuda {

namespace {

thread_local std::array<cudaStream_t, kMaxDevices> streams{};

bool synchronous() {
  static const bool on = [] {
    const char* value = std::getenv("WEFT_CUDA_SYNC");
    return value && *value && *value != '0';
  }();
  return on;
}

}  // namespace

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) [[likely]]
    return;
  cudaGetLastError();  // a later call shall not report it once more
  const char* op = allocation_tag();
  if (error == cudaErrorMemoryAllocation)
    fail<ErrorKind::OutOfMemory>("out of memory: ", op, ": ", call, " found no memory on '", kernel_device(), "'");
  fail(op, *op ? ": " : "", call, " failed: ", cudaGetErrorString(error), " (", cudaGetErrorName(error), ") on '",
       kernel_device(), "'",
       synchronous() ? "" : "; if an earlier op is to blame, WEFT_CUDA_SYNC=1 in the environment shows which");
}

namespace {

cudaError_t make_current(int index) {
  // The first call makes the device's context this thread's, without which the driver's own functions do not work.
  static thread_local bool has_context = false;
  int now = -1;
  if (has_context && cudaGetDevice(&now) == cudaSuccess && now == index) return cudaSuccess;
  cudaError_t error = cudaSetDevice(index);
  has_context |= error == cudaSuccess;
  return error;
}

}  // namespace

void use_device(int index) { check(make_current(index), "cudaSetDevice"); }

void use_device_if_possible(int index) noexcept {
  if (make_current(index) != cudaSuccess) cudaGetLastError();
}

cudaStream_t stream_of(int index) { return streams[static_cast<size_t>(index)]; }
void set_stream_of(int index, cudaStream_t stream) { streams[static_cast<size_t>(index)] = stream; }

void wait_stream(int index, cudaStream_t stream, int other_index, cudaStream_t other) {
  if (index == other_index && stream == other) return;
  // A wait is for the mark as it was made last, so one event of each device is enough.
  static std::mutex mutex;
  static cudaEvent_t marks[kMaxDevices] = {};
  std::lock_guard lock(mutex);
  use_device(other_index);
  cudaEvent_t& mark = marks[other_index];
  if (!mark) check(cudaEventCreateWithFlags(&mark, cudaEventDisableTiming), "cudaEventCreate");
  check(cudaEventRecord(mark, other), "cudaEventRecord");
  use_device(index);
  check(cudaStreamWaitEvent(stream, mark, 0), "cudaStreamWaitEvent");
}

bool is_recorded(cudaStream_t stream) {
  if (!stream) return false;  // the default stream cannot be recorded
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  check(cudaStreamIsCapturing(stream, &status), "cudaStreamIsCapturing");
  return status != cudaStreamCaptureStatusNone;
}

void synchronize_stream(int index, cudaStream_t stream) {
  use_device(index);
  weft::check(!is_recorded(stream), "a stream cannot be waited for while it is being recorded as a graph");
  {
    OthersRun others;
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  }
  raise_index_error(index);
}

cudaStream_t stream() {
  int index = kernel_device().index;
  use_device(index);
  return stream_of(index);
}

void check_launch() {
  check(cudaGetLastError(), "the start of a kernel");
  if (!synchronous() || capture()) return;
  int index = kernel_device().index;
  {
    OthersRun others;
    check(cudaStreamSynchronize(stream_of(index)), "a kernel");
  }
  raise_index_error(index);
}

namespace {

IndexError* record_of(int index) {
  static std::mutex mutex;
  static IndexError* records[kMaxDevices] = {};
  std::lock_guard lock(mutex);
  IndexError*& record = records[index];
  if (!record) {
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, sizeof(IndexError), cudaHostAllocPortable | cudaHostAllocMapped), "cudaHostAlloc");
    record = new (memory) IndexError{};
  }
  return record;
}

}  // namespace

IndexError* index_error() { return record_of(kernel_device().index); }

void raise_index_error(int index) {
  auto* record = static_cast<volatile IndexError*>(record_of(index));
  if (record->found != 1) return;
  const char* op = record->op;
  int64_t value = record->index, size = record->size;
  record->found = 0;
  // The bindings know by these words that the op is not the one that is called (bindings/argument_errors.cpp).
  const char* rest = "'; the op ran before this call and its result must not be used";
  if (size == 0 && value == 0) fail(op, ": integer division by zero, on 'cuda:", index, rest);
  fail<ErrorKind::Index>(op, ": index ", value, " is out of range for size ", size, ", on 'cuda:", index, rest);
}

}  // namespace weft::cuda
