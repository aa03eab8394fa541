// Graph: a traced computation in static single assignment form. Nodes hold the same Op objects that autograd records;
// values have a dtype, a shape, strides and a device, and never change. What the traced program changed in place is
// listed apart, as updates of inputs.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/small_vector.h"
#include "op/op.h"

namespace weft::graph {

using ValueId = int32_t;
constexpr ValueId kNone = -1;

// Values, nodes and inputs are numbered by ints, and lie in vectors.
inline size_t at(int i) { return static_cast<size_t>(i); }

struct Value {
  Shape shape;
  Strides strides;
  DType dtype = DType::Float32;
  Device device;
  int64_t numel() const {
    int64_t n = 1;
    for (int64_t s : shape) n *= s;
    return n;
  }
  size_t bytes() const { return static_cast<size_t>(numel()) * item_size(dtype); }
};
bool same_type(const Value& a, const Value& b);
// A tensor of the value's type without memory.
Tensor symbolic_like(const Value& v);
Value type_of(const Tensor& t);

// What is known before the graph runs: given for each run, or a constant.
struct Input {
  ValueId value = kNone;
  Tensor constant{};
};

// Some of the inputs of a node.
class InputSet {
 public:
  static InputSet all() {
    InputSet every;
    every.all_ = true;
    return every;
  }
  bool is_all() const { return all_; }
  bool any() const { return all_ || std::find(inputs_.begin(), inputs_.end(), true) != inputs_.end(); }
  bool has(size_t i) const { return all_ || (i < inputs_.size() && inputs_[i]); }
  void add(size_t i) {
    if (inputs_.size() <= i) inputs_.resize(i + 1);
    inputs_[i] = true;
  }

 private:
  bool all_ = false;
  std::vector<bool> inputs_;
};

struct Node {
  Ref<const Op> op;
  std::vector<ValueId> inputs;   // kNone: left out
  std::vector<ValueId> outputs;  // none for an op that only checks
  int source = 0;                // place in Graph::sources
  // Of a traced program; passes that make nodes do not keep them. Which inputs autograd followed into the op (all of
  // one that autograd does not see and passes gradients through), and which the program has detached.
  InputSet followed{}, detached{};
  // The call of utils.checkpoint that made it, counted from 1, and whether that call returned what it gives; or
  // backward, but for what runs inside of such a call, which is computed again as a whole.
  static constexpr int kBackward = -1;
  int checkpoint = 0;
  bool checkpoint_result = false;
};

// A result. Results with the same `memory` share their memory, as they did when traced. ~i: that of input i; then the
// strides and the offset from the input's first element say where in it the result lies.
struct Result {
  ValueId value = kNone;
  int memory = 0;
  Strides strides{};
  int64_t offset = 0;
  // Of a body of control flow: gradients do not go into it, because autograd did not follow it; and neither do
  // tangents, because it was detached.
  bool detached = false, still = false;
};

// The memory of an input is to hold `value` after the run.
struct Update {
  int input = 0;
  ValueId value = kNone;
};

struct Graph {
  std::vector<Value> values;
  std::vector<Input> inputs;
  std::vector<Node> nodes;  // in an order in which they can run
  std::vector<Result> results;
  std::vector<Update> updates;
  std::vector<std::string> sources{""};  // lines of the program that nodes come from

  ValueId add_value(const Value& type);
  int add_input(const Value& type, const Tensor& constant = {});
};

// Where values are made and used.
struct Uses {
  explicit Uses(const Graph& g);
  std::vector<int> maker;    // node that makes a value; -1 for inputs
  std::vector<int> count;    // reads by nodes, results and updates
  std::vector<int> as_root;  // of these, reads by results and updates
};

// Replaces uses of values: new_of[v] is what to read instead of v.
void replace_uses(Graph& g, const std::vector<ValueId>& new_of);
// Drops values that are not used by any node, input or result, and numbers the others anew.
void compact(Graph& g);

// Raises RuntimeError that names the first thing wrong with the graph: uses before definitions, types that an op would
// not infer, an update of another shape.
void verify(const Graph& g);

// The graph as text, one line per node:
//   %2 = matmul(false, false)(%0, %1): float32 (64, 10)
std::string to_text(const Graph& g);
// The graph in graphviz's language.
std::string to_dot(const Graph& g);

}  // namespace weft::graph
