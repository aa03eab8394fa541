// Plan: a graph made ready to run. The order of its steps and the place of every value in memory are settled before the
// first run: one block on each device, the arena, holds all values that do not outlive a run.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace weft::graph {

// Where the elements of a value lie.
struct Place {
  enum class Kind : uint8_t { Input, Constant, Arena, Result };
  Kind kind = Kind::Arena;
  int index = 0;      // of the input, constant (also its input), buffer of the arena, or memory of results
  int64_t bytes = 0;  // from the first element of the input, constant, buffer or memory
};

// Memory of the arena for values that follow one another, or for what the kernels of one step take as Scratch.
struct Buffer {
  size_t bytes = 0;
  int arena = 0;
  size_t offset = 0;        // in the arena
  int first = 0, last = 0;  // steps: from the one that writes it to the last that reads it
  ValueId value = kNone;    // the first one it holds; kNone: scratch memory
};

// One block of memory on one device.
struct Arena {
  Device device;
  size_t bytes = 0;
};

struct MemoryPlan {
  std::vector<int> order;     // nodes, in the order in which they run
  int first_late = 0;         // place in `order` from which on memory from outside is written; nothing fails there
  std::vector<Place> places;  // of every value
  std::vector<Buffer> buffers;
  std::vector<ValueId> memories;  // of every memory of results: the value that fills it
  std::vector<Update> copies;     // updates that no step has written to their place
  std::vector<char> from_inputs;  // of these: does the value lie in an input as it was before?
  std::vector<std::pair<int, ValueId>>
      result_copies;             // results (by number) that need memory of their own, from a value
  std::vector<int> same_result;  // of every result: the first that shows the same value in the same memory
  std::vector<Arena> arenas;
  size_t result_bytes = 0;
  std::vector<int> scratch;         // of every step: the buffer of its scratch memory; -1: it takes none
  std::vector<size_t> temporaries;  // of every step: bytes of tensors that it makes while it runs
  size_t clone_bytes = 0;           // what the copies hold while the late steps run
  int threads = 0;                  // for which the scratch memory is enough; what more of them take is not planned
  size_t arena_bytes() const;
  // Bytes that are neither in the arena nor results.
  size_t beside_bytes() const;
  size_t peak_bytes() const { return arena_bytes() + result_bytes + beside_bytes(); }
};

MemoryPlan plan_memory(const Graph& g);
// The buffers over time and the largest holders, for people.
std::string to_text(const Graph& g, const MemoryPlan& plan);

// What one step of a run has taken.
struct StepUse {
  double seconds = 0;
  size_t scratch = 0;  // bytes, in the arena or not
};

// Bytes of scratch memory that steps have taken so far and that no plan knew of, though there were no more threads than
// planned for. 0, or an op's temporary_bytes() is wrong.
size_t unplanned_scratch();

class Replays;

class Plan : public RefCounted {
 public:
  explicit Plan(Graph g);
  ~Plan() override;
  // inputs: one for every input of the graph; those of constants are not read. Writes the results. If an op raises an
  // error, no input has been changed yet. Any number of threads may run a plan at the same time. record: work that a
  // device can record is recorded, and from then on run as a whole (graph/replay.h).
  void run(const Tensor* const* inputs, Tensor* results, bool record = false) const;

  // While it is set, every step of this thread's runs adds what it takes to the entry of its place in the order.
  static void measure_into(std::vector<StepUse>* uses);

  const Graph& graph() const { return graph_; }
  const MemoryPlan& memory() const { return memory_; }
  // Elements that all steps read and write.
  int64_t work() const { return work_; }

  // How often the plan was recorded and run so, or why it is not; empty where there is nothing to say.
  std::string recording_text() const;

 private:
  friend class Replays;
  struct Step;
  struct Context;
  // Memory that the caller gets: of each memory of results, and of results that are copied.
  struct Outputs {
    std::vector<Tensor> memories, copies;
  };
  class ContextUse;
  std::unique_ptr<Context> make_context() const;
  Outputs new_outputs() const;
  void bind(Context& c, const Tensor* const* inputs, const Outputs& outputs) const;
  // All work on devices.
  void compute(Context& c, const Tensor* const* inputs, const Outputs& outputs) const;
  void run_steps(Context& c, size_t from, size_t to) const;
  void check_inputs_not_lost(const Tensor* const* inputs) const;
  // For profiles.
  const char* name_of(const Step& step) const;
  void run_op(Context& c, const Step& step) const;
  // Returns the bytes of scratch memory that it took.
  size_t run_step(Context& c, const Step& step) const;
  // Late steps must not fail: with more threads than planned for, their scratch memory is taken before the first one.
  Ref<Storage> take_late_scratch(const Context& c) const;
  const Tensor& tensor_of(const Context& c, const Tensor* const* inputs, ValueId v) const;
  // What updates that no step writes to their place are copied from.
  std::vector<Tensor> update_sources(const Context& c, const Tensor* const* inputs) const;
  // The results, when everything is computed.
  void collect(const Tensor* const* inputs, const Outputs& outputs, Tensor* results) const;
  [[noreturn]] void fail_in(const Step& step, const Error& e) const;

  Graph graph_;
  MemoryPlan memory_;
  std::vector<Step> steps_;
  int64_t work_ = 0;
  mutable std::once_flag named_;
  mutable std::vector<const char*> step_names_;  // for profiles
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Context>> idle_;
  std::unique_ptr<Replays> replays_;
};

}  // namespace weft::graph
