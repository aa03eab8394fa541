// What the files of the simulated device share.
//
// A stream is a queue: what it is given waits there, and is run by whoever waits for it. Which stream goes on next is
// drawn by chance, so that a program that relies on more than the order of a stream and the events it waits for gives
// other results. WEFT_SIMULATED_ORDER says how:
//
//   random:SEED   queues are run late, in an order that the number decides. The default is random:1
//   immediate     work is done when it is given, by the thread that gives it
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "cuda.h"
#include "cuda_runtime.h"

namespace simulator {

constexpr int kDevices = 2;
constexpr size_t kMemory = size_t{4} << 30;  // of each

// Held while anything here is read or changed, and while work runs.
extern std::mutex mutex;
using Lock = std::unique_lock<std::mutex>;

extern thread_local int current_device;
// Remembers an error for cudaGetLastError.
cudaError_t note(cudaError_t error);
// Has a test asked for this call to fail (weft_simulator_fail)?
bool must_fail(const char* call);

// Memory. `devices` below are sets, a bit for each.
// The device whose memory this is; -1 for the host's.
int device_of(const void* data);
// Gives the device's memory at [data, data + nbytes) its protection: only work of that device may touch it.
void protect(void* data, size_t nbytes, int device);
void note_mapped(char* data, size_t nbytes, int device);
void note_unmapped(char* data);
size_t used(int device);

// Device memory of these devices may be touched while one of these lives.
class Access {
 public:
  explicit Access(unsigned devices);
  ~Access();
  Access(const Access&) = delete;
};

// A place in a stream, which events and waits mean.
struct Mark {
  bool passed = false;
  std::chrono::steady_clock::time_point time{};
};

struct Item {
  std::function<void()> work;          // or
  std::shared_ptr<Mark> sets, awaits;  // one of these
  unsigned devices = 0;                // whose memory the work touches
};

// Nodes of a graph, by number.
using Nodes = std::vector<size_t>;
struct Graph {
  std::vector<Item> work;
  std::vector<Nodes> after;  // what each node waits for: earlier ones
};
struct Capture {
  Stream* origin;
  Graph graph;
  bool invalid = false;
};
struct Stream {
  int device;
  std::deque<Item> items{};
  std::shared_ptr<Capture> capture{};
  Nodes last{};  // what the next node that is captured from the stream waits for
  bool destroyed = false;
};
struct Event {
  int device;
  bool timing;
  std::shared_ptr<Mark> mark{};        // nullptr: never recorded
  std::shared_ptr<Capture> capture{};  // recorded into a graph
  Nodes last{};                        // then: what who waits for the event waits for
};

// The stream a handle means for the calling thread, or nullptr.
Stream* stream_of(cudaStream_t stream);
// Gives the stream an item, or the graph that is recorded from it.
cudaError_t submit(Stream& stream, Item item);
// Runs work until the device has none left.
void drain(Lock& lock, int device);
// Waits as a host thread does: runs work until the mark is passed.
void wait_for(Lock& lock, const std::shared_ptr<Mark>& mark);
// A test can hold back all waits (weft_simulator_hold).
void stay_while_held(Lock& lock);

void run_blocks(const std::function<void()>& thread, dim3 blocks, dim3 threads, size_t shared);

}  // namespace simulator
