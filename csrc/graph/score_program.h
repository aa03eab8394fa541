// ScoreProgram: what the functions of flex_attention do to one score, traced, split into operands that do not depend on
// the score and programs for the tile loop of attention's kernels.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "graph/scalar_code.h"
#include "graph/tiled.h"
#include "graph/tracer.h"

namespace weft::graph {

// The place of a score: batch, head, query, key. Functions get each as a 0-dimensional int64 tensor.
constexpr int kScorePlaces = 4;

// Something that the programs read beside the score: computed from some of the places, and from tensors outside.
struct ScoreOperand {
  std::vector<int> places;  // increasing
  Graph graph;              // from those places, then constants, to the one result
  bool captured = false;    // does it read tensors from outside?
  bool is_place() const { return graph.nodes.empty() && !captured; }
};

class ScoreProgram : public RefCounted {
 public:
  // The traces (Purpose::Transform) of score_mod(score, places...) and mask_mod(places...); one may be missing. Null
  // where a program of elementwise instructions cannot say what they do. detached: no gradient comes to the new score.
  static Ref<ScoreProgram> make(const Traced* score_mod, const Traced* mask_mod, bool detached, DType compute,
                                Device device);

  const std::vector<ScoreOperand>& operands() const { return operands_; }
  DType operand_dtype(size_t i) const { return types_[i].dtype; }
  // The new scores, and where keys are seen (undefined: everywhere), as a composite, for tensors that broadcast to the
  // scores.
  Tensor changed(const Tensor& scores, const std::vector<Tensor>& operands) const;
  Tensor seen(const Tensor& scores, const std::vector<Tensor>& operands) const;
  // The gradients of the scores and of the operands in `wanted`, in this order, from that of the new scores.
  std::vector<Tensor> gradients(const Tensor& scores, const std::vector<Tensor>& operands, const Tensor& grad,
                                uint32_t wanted) const;

  // Makes the kernel's programs for these operands, (batch, heads, queries, keys) with 1 for places that they do not
  // depend on. False: integers may be too large for the programs, which compute in floating point numbers.
  // Without `recorded` there is no program of the derivative.
  bool compile(const std::vector<Tensor>& operands, const Shape& scores, bool recorded, uint32_t wanted);
  const Tiled& open() const { return *open_; }
  const Tiled& masked() const { return *masked_; }
  // For the operands in `wanted` of compile().
  const Tiled* backward() const { return backward_.get(); }

 private:
  class Splitter;
  const Graph& derivative(uint32_t wanted) const;
  // The program of a graph, with hidden scores where a mask's graph says so. Null: not possible.
  Ref<Tiled> code_of(const Graph& g, const Graph* mask, const std::vector<Range>& operands, bool with_grad) const;
  std::vector<Tensor> evaluate(const Graph& g, const Tensor& scores, const std::vector<Tensor>& operands,
                               const Tensor& grad = {}) const;

  DType compute_ = DType::Float32;
  bool detached_ = false;
  Device device_;
  std::vector<ScoreOperand> operands_;
  std::vector<Value> types_;   // of the operands, for one score
  Graph score_;                // inputs: the score, the operands; constants
  std::optional<Graph> mask_;  // the same inputs
  Ref<Tiled> open_, masked_, backward_;
  mutable std::mutex mutex_;
  mutable std::map<uint32_t, Graph> derivatives_;
};

}  // namespace weft::graph
