// Replays: the work of a plan, recorded as a graph of its device (device/backend.h) and run as a whole. What differs
// from call to call reaches the recording in one of these ways:
//
//   tensors that stay put        it holds their addresses, and is used only for those. Large tensors and parameters
//                                are of this kind: in a loop the allocator gives the same addresses again
//   small inputs that move       are copied into a place of the recording's own before each run
//   small results                are copied out of such a place after each run
//   numbers in host memory       are read anew before each run, into cells of the graph from which kernels take them
//   random numbers               start where the default generator stands
//
// What a recording needs only while it runs (the arena, the places, scratch of kernels) lies in memory that all
// recordings of one stream share: they never run at the same time.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "device/backend.h"
#include "graph/plan.h"

namespace weft::graph {

class Replays {
 public:
  explicit Replays(const Plan& plan);
  ~Replays();

  // Runs the plan's work as a recording, or makes one to do so. False: nothing was done; the plan runs step by step.
  // That is so in the first call, and in all if something cannot be recorded: it is tried once.
  bool run(const Plan& plan, const Tensor* const* inputs, Tensor* results);
  std::string text() const;

 private:
  struct Stream;
  struct Recording;

  std::string obstacle(const Plan& plan);
  bool is_movable(const Plan& plan, size_t input) const;
  std::vector<const void*> addresses(const Plan& plan, const Tensor* const* inputs) const;
  Recording* find(const std::vector<const void*>& key);
  Recording* record(const Plan& plan, const Tensor* const* inputs, const Plan::Outputs& outputs,
                    std::vector<const void*> key);
  // False: nothing was done, because a number in host memory asks for other work.
  bool launch(Recording& r, const Tensor* const* inputs, const Plan::Outputs& outputs);
  void give_up(std::string reason);

  Device device_;
  std::atomic<bool> off_{false};
  mutable std::mutex mutex_;
  std::string reason_;               // why it is off
  std::vector<const void*> before_;  // addresses of the last call
  std::vector<char> used_;           // of the inputs: does the work read or write it?
  std::vector<char> moves_;          // likewise: copied into a place
  std::vector<int> numbers_;         // inputs in host memory
  std::vector<std::unique_ptr<Recording>> recordings_;
  int64_t recorded_ = 0, replayed_ = 0;
  int wasted_ = 0;  // rises with every recording that is made, falls with every one that is found
};

}  // namespace weft::graph
