// The simulated devices: which there are, their memory and the host's, copies, and what tests ask of the simulator.
#include "simulator.h"

#include <sys/mman.h>

#include <atomic>
#include <map>
#include <string>
#include <utility>

namespace simulator {

std::mutex mutex;
thread_local int current_device = 0;

namespace {

thread_local cudaError_t last_error = cudaSuccess;

struct Range {
  size_t nbytes;
  int device;
};
using Ranges = std::map<char*, Range>;
Ranges on_devices;  // all memory of devices
Ranges pinned;      // what cudaHostAlloc gave
size_t in_use[kDevices] = {};

// The entry that holds data, or end().
Ranges::const_iterator find(const Ranges& ranges, const void* data) {
  auto it = ranges.upper_bound(static_cast<char*>(const_cast<void*>(data)));
  if (it == ranges.begin()) return ranges.end();
  --it;
  return data < it->first + it->second.nbytes ? it : ranges.end();
}

// Where the processor has protection keys, each device's memory has one, closed while no work of that device runs.
// Elsewhere the memory of a device is closed while work of another one runs.
int key_of(int device) {
  static const std::pair<int, int> keys = {pkey_alloc(0, PKEY_DISABLE_ACCESS), pkey_alloc(0, PKEY_DISABLE_ACCESS)};
  return keys.second < 0 ? -1 : device == 0 ? keys.first : keys.second;
}
thread_local unsigned open_devices = 0;              // with keys
unsigned accessible_devices = (1u << kDevices) - 1;  // without

void set_keys(unsigned devices) {
  for (int d = 0; d < kDevices; d++) pkey_set(key_of(d), devices >> d & 1 ? 0 : PKEY_DISABLE_ACCESS);
  open_devices = devices;
}

int page_access(int device) { return accessible_devices >> device & 1 ? PROT_READ | PROT_WRITE : PROT_NONE; }

void make_accessible(unsigned devices) {
  unsigned changed = devices ^ std::exchange(accessible_devices, devices);
  for (auto it = on_devices.begin(); changed && it != on_devices.end();) {
    // Neighbours are changed together.
    auto [begin, range] = *it;
    char* end = begin + range.nbytes;
    for (++it; it != on_devices.end() && it->first == end && it->second.device == range.device; ++it)
      end += it->second.nbytes;
    if (changed >> range.device & 1) mprotect(begin, static_cast<size_t>(end - begin), page_access(range.device));
  }
}

// What tests ask for.
std::map<std::string, int> failures;
bool held = false;
int waiting = 0;
std::condition_variable released;

}  // namespace

cudaError_t note(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

bool must_fail(const char* call) {
  auto it = failures.find(call);
  return it != failures.end() && it->second-- > 0;
}

void stay_while_held(Lock& lock) {
  if (!held) return;
  waiting++;
  released.wait(lock, [] { return !held; });
  waiting--;
}

int device_of(const void* data) {
  auto it = find(on_devices, data);
  return it == on_devices.end() ? -1 : it->second.device;
}

void note_mapped(char* data, size_t nbytes, int device) {
  on_devices[data] = {nbytes, device};
  in_use[device] += nbytes;
}

void note_unmapped(char* data) {
  auto it = on_devices.find(data);
  in_use[it->second.device] -= it->second.nbytes;
  on_devices.erase(it);
}

size_t used(int device) { return in_use[device]; }

void protect(void* data, size_t nbytes, int device) {
  if (key_of(device) < 0) {
    mprotect(data, nbytes, page_access(device));
    return;
  }
  pkey_mprotect(data, nbytes, PROT_READ | PROT_WRITE, key_of(device));
  // A thread starts with the keys closed only if the thread that made it had them closed.
  if (open_devices == 0) set_keys(0);
}

Access::Access(unsigned devices) {
  if (key_of(0) >= 0)
    set_keys(devices);
  else if (devices != 0)
    make_accessible(devices);
}
Access::~Access() {
  if (key_of(0) >= 0) set_keys(0);
}

}  // namespace simulator

using namespace simulator;

// The next `times` calls of a function of CUDA fail.
void weft_simulator_fail(const char* call, int times) {
  Lock lock(mutex);
  failures[call] = times;
}
// Until hold(0) no wait of a host thread ends, and waiting() says how many threads are in one.
void weft_simulator_hold(int hold) {
  Lock lock(mutex);
  held = hold != 0;
  if (!held) released.notify_all();
}
int weft_simulator_waiting() {
  Lock lock(mutex);
  return waiting;
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = kDevices;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= kDevices) return note(cudaErrorInvalidDevice);
  current_device = device;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int) {
  *p = {"simulated device", 9, 0, kMemory, 4, 32, 2048, size_t{48} << 10, size_t{227} << 10, 1 << 20};
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }

cudaError_t cudaMalloc(void** data, size_t nbytes) {
  Lock lock(mutex);
  size_t whole = (nbytes + 4095) / 4096 * 4096;
  if (used(current_device) + whole > kMemory) return note(cudaErrorMemoryAllocation);
  *data = mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  protect(*data, whole, current_device);
  note_mapped(static_cast<char*>(*data), whole, current_device);
  return cudaSuccess;
}
// Waits for the device, as CUDA does.
cudaError_t cudaFree(void* data) {
  Lock lock(mutex);
  if (!data) return cudaSuccess;
  auto it = on_devices.find(static_cast<char*>(data));
  if (it == on_devices.end() || must_fail("cudaFree")) return note(cudaErrorInvalidValue);
  Range range = it->second;
  drain(lock, range.device);
  note_unmapped(static_cast<char*>(data));
  munmap(data, range.nbytes);
  return cudaSuccess;
}
// A copy that still goes on when this memory is freed is caught, because the pages are gone.
cudaError_t cudaHostAlloc(void** data, size_t nbytes, unsigned) {
  Lock lock(mutex);
  size_t whole = (nbytes + 4095) / 4096 * 4096;
  *data = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (*data == MAP_FAILED) return note(cudaErrorMemoryAllocation);
  pinned[static_cast<char*>(*data)] = {whole, -1};
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* data) {
  Lock lock(mutex);
  auto it = pinned.find(static_cast<char*>(data));
  if (it == pinned.end()) return note(cudaErrorInvalidValue);
  munmap(data, it->second.nbytes);
  pinned.erase(it);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
  Lock lock(mutex);
  *total = kMemory;
  *available = kMemory - used(current_device);
  return cudaSuccess;
}

// As CUDA: of host memory that is not pinned, the source may be changed when this returns, and a target is written.
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t nbytes, cudaMemcpyKind, cudaStream_t stream) {
  Lock lock(mutex);
  Stream* s = stream_of(stream);
  if (!s) return note(cudaErrorInvalidResourceHandle);
  int to_device = device_of(to), from_device = device_of(from);
  unsigned devices = (to_device < 0 ? 0 : 1u << to_device) | (from_device < 0 ? 0 : 1u << from_device);
  auto pageable = [](const void* p, int device) { return device < 0 && find(pinned, p) == pinned.end(); };
  if (!s->capture && pageable(from, from_device)) {
    auto* bytes = static_cast<const char*>(from);
    std::vector<char> staged(bytes, bytes + nbytes);
    cudaError_t error = submit(
        *s, {[to, staged = std::move(staged)] { std::memcpy(to, staged.data(), staged.size()); }, {}, {}, devices});
    if (error != cudaSuccess || to_device >= 0) return error;
  } else {
    cudaError_t error = submit(*s, {[=] { std::memmove(to, from, nbytes); }, {}, {}, devices});
    if (error != cudaSuccess || s->capture || !pageable(to, to_device)) return error;
  }
  auto done = std::make_shared<Mark>();
  submit(*s, {{}, done, {}, 0});
  wait_for(lock, done);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* to, int value, size_t nbytes, cudaStream_t stream) {
  Lock lock(mutex);
  Stream* s = stream_of(stream);
  if (!s) return note(cudaErrorInvalidResourceHandle);
  return submit(*s, {[=] { std::memset(to, value, nbytes); }, {}, {}, 1u << s->device});
}

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
const char* cudaGetErrorName(cudaError_t error) {
  static thread_local std::map<int, std::string> texts;
  return texts.try_emplace(error, "simulated error " + std::to_string(error)).first->second.c_str();
}
const char* cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }
