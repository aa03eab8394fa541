// Checks of compiled programs against eager runs: which values eager ops made, what a program reads and changes, and
// the first op of a program whose value no eager op made.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "graph/function.h"
#include "op/interpreter.h"
#include "tensor/generator.h"

namespace weft::graph {

// A hash of dtype, shape and values; all NaNs are equal. Strides do not count.
uint64_t fingerprint(const Tensor& t);
// The same dtype, shape and bits; all NaNs are equal.
bool same_bits(const Tensor& a, const Tensor& b);

// Hears of eager ops, and remembers the fingerprints of what they made.
class Listener : public Interpreter {
 public:
  Listener() : Interpreter(false, nullptr) {}
  void handle(const Op& op, Inputs inputs, Tensor* outputs) override;
  void handle_inplace(const Op& op, Inputs inputs) override;
  void add(const Tensor& t) { made_.insert(fingerprint(t)); }
  bool has(const Tensor& t) const { return made_.count(fingerprint(t)) > 0; }

 private:
  std::unordered_set<uint64_t> made_;
};

// What was drawn from a generator: the blocks from `start` on.
struct Drawn {
  Ref<Generator> generator;
  PhiloxState start;
  uint64_t blocks;
};

// Remembers what this thread draws. The observer around it draws.
class DrawLog final : public DrawObserver {
 public:
  explicit DrawLog(DrawObserver* outer = DrawObserver::current) : outer_(outer) {}
  PhiloxState draw(Generator& g, uint64_t blocks) override;
  const std::vector<Drawn>& drawn() const { return drawn_; }
  // Where the generators stood before.
  std::vector<std::pair<Ref<Generator>, PhiloxState>> before() const;

 private:
  DrawObserver* outer_;
  std::vector<Drawn> drawn_;
};

// While it lives, this thread draws once more what was drawn before; no generator moves. RuntimeError for more.
class DrawAgain final : public DrawObserver {
 public:
  explicit DrawAgain(std::vector<Drawn> drawn) : drawn_(std::move(drawn)) {}
  PhiloxState draw(Generator& g, uint64_t blocks) override;

 private:
  std::vector<Drawn> drawn_;
};

// Tensors as they are now, with all of their memory, their gradients and their history.
class Snapshot {
 public:
  explicit Snapshot(const std::vector<Tensor>& tensors);
  void restore() const;

 private:
  struct Memory {
    Tensor bytes, copy;
    uint32_t version;
  };
  struct State {
    Tensor tensor, grad;
    Ref<weft::Node> grad_fn;
    uint32_t output_index = 0, view_version = 0;
    bool requires_grad = false, has_meta = false;
  };
  void add_memory(const Tensor& t);
  void add_state(const Tensor& t);
  std::vector<Memory> memories_;
  std::vector<State> states_;
};

// Tensors from outside that the program reads or changes, also through their .grad; not its arguments.
std::vector<Tensor> captured_tensors(const Program& program);

// The first op of the traced program (or where that is right, of the compiled one) that leads to a wrong result and
// whose value is none of those that `eager` has heard of, with the line it comes from. `cotangents`: of the
// differentiable results; `gradients`: look at the gradients, not at the results. Everything must be as before the
// call.
std::string first_difference(const Program& program, const Function& compiled, const std::vector<Tensor>& arguments,
                             const std::vector<Tensor>& cotangents, const Listener& eager, bool gradients);

}  // namespace weft::graph
