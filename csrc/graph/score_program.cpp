#include "graph/score_program.h"

#include <algorithm>
#include <limits>
#include <set>

#include "autograd/engine.h"
#include "graph/evaluate.h"
#include "graph/sub_graph.h"
#include "kernels/attention.h"
#include "op/interpreter.h"
#include "op/saved_hooks.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::graph {

// Divides the trace of a function: what depends on the score, or on query and key, becomes instructions; what these
// read of the rest, operands. What depends on query and key and is no instruction is an operand as well, with all of
// its values.
class ScoreProgram::Splitter {
 public:
  // first_place: the argument of the function that is the batch.
  Splitter(ScoreProgram& program, const Traced& traced, int first_place)
      : program_(program), g_(traced.graph), traced_(traced), first_place_(first_place) {
    reads_.resize(g_.values.size());
    maker_.assign(g_.values.size(), -1);
    for (size_t i = 0; i < g_.inputs.size(); i++)
      if (const int place = place_of(i); traced.origins[i].kind == Origin::Kind::Argument)
        reads_[at(g_.inputs[i].value)] = place < 0 ? kScore : 1u << place;
    for (size_t n = 0; n < g_.nodes.size(); n++) {
      uint32_t all = 0;
      for (ValueId v : g_.nodes[n].inputs) all |= v == kNone ? 0 : reads_[at(v)];
      for (ValueId v : g_.nodes[n].outputs) {
        reads_[at(v)] = all;
        maker_[at(v)] = static_cast<int>(n);
      }
    }
  }

  // Finds the operands of the one result. False: no instructions can compute it.
  bool find() {
    // Checks raise for values, and functions written in Python have derivatives that are not in the trace.
    const auto says_all = [](const Node& n) { return n.op->pure() && !n.outputs.empty(); };
    if (!std::all_of(g_.nodes.begin(), g_.nodes.end(), says_all)) return false;
    if (g_.results.size() != 1 || !g_.updates.empty() || !g_.values[at(g_.results[0].value)].shape.empty())
      return false;
    return need(g_.results[0].value);
  }

  // When all operands of the program are known: the graph from the score and the operands.
  Graph finish(const Value& score) const {
    Graph to;
    std::vector<ValueId> renamed(g_.values.size(), kNone);
    const int score_input = to.add_input(score);
    for (const Value& type : program_.types_) to.add_input(type);
    for (size_t i = 0; i < g_.inputs.size(); i++)
      if (reads_[at(g_.inputs[i].value)] == kScore) renamed[at(g_.inputs[i].value)] = to.inputs[at(score_input)].value;
    for (auto [value, operand] : operand_of_) renamed[at(value)] = to.inputs[at(operand + 1)].value;
    for (int n : nodes_) copy_node(g_.nodes[at(n)], to, renamed);
    to.results.push_back({renamed[at(g_.results[0].value)], 0});
    return to;
  }

 private:
  static constexpr uint32_t kScore = 1u << kScorePlaces, kQueryAndKey = 1u << 2 | 1u << 3;

  int place_of(size_t input) const { return traced_.origins[input].argument - first_place_; }

  bool need(ValueId v) {
    const int n = maker_[at(v)];
    const uint32_t reads = reads_[at(v)];
    if (n < 0 && reads == kScore) return true;
    const bool inside = (reads & kScore) || (reads & kQueryAndKey) == kQueryAndKey;
    if (n >= 0 && inside && nodes_.count(n)) return true;
    if (n >= 0 && inside && is_scalar_instruction(g_, g_.nodes[at(n)], program_.compute_)) {
      nodes_.insert(n);
      const auto& inputs = g_.nodes[at(n)].inputs;
      return std::all_of(inputs.begin(), inputs.end(), [&](ValueId in) { return need(in); });
    }
    return !(reads & kScore) && add_operand(v);
  }

  bool add_operand(ValueId v) {
    if (operand_of_.count(v)) return true;
    const Value& type = g_.values[at(v)];
    if (!type.shape.empty()) return false;
    ScoreOperand operand = cut(v);
    if (operand.is_place())
      for (size_t i = 0; i < program_.operands_.size(); i++)
        if (program_.operands_[i].is_place() && program_.operands_[i].places == operand.places) {
          operand_of_[v] = static_cast<int>(i);
          return true;
        }
    operand_of_[v] = static_cast<int>(program_.operands_.size());
    program_.operands_.push_back(std::move(operand));
    program_.types_.push_back(type);
    return program_.operands_.size() <= kMaxScoreOperands;
  }

  // The part of the graph that computes v.
  ScoreOperand cut(ValueId v) const {
    ScoreOperand operand;
    std::vector<char> used(g_.values.size());
    std::set<int> nodes;
    used[at(v)] = 1;
    for (size_t n = g_.nodes.size(); n-- > 0;) {
      const Node& node = g_.nodes[n];
      const bool wanted = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId o) { return used[at(o)]; });
      if (!wanted) continue;
      nodes.insert(static_cast<int>(n));
      for (ValueId in : node.inputs)
        if (in != kNone) used[at(in)] = 1;
    }
    std::vector<ValueId> renamed(g_.values.size(), kNone);
    for (bool constant : {false, true})
      for (size_t i = 0; i < g_.inputs.size(); i++) {
        const Origin& origin = traced_.origins[i];
        const ValueId value = g_.inputs[i].value;
        if (!used[at(value)] || (origin.kind != Origin::Kind::Argument) != constant) continue;
        if (!constant) operand.places.push_back(place_of(i));
        operand.captured |= constant;
        const int input = operand.graph.add_input(g_.values[at(value)], constant ? origin.tensor : Tensor());
        renamed[at(value)] = operand.graph.inputs[at(input)].value;
      }
    for (int n : nodes) copy_node(g_.nodes[at(n)], operand.graph, renamed);
    operand.graph.results.push_back({renamed[at(v)], 0});
    return operand;
  }

  void copy_node(const Node& node, Graph& to, std::vector<ValueId>& renamed) const {
    Node copy = node;
    for (ValueId& v : copy.inputs)
      if (v != kNone) v = renamed[at(v)];
    for (ValueId& v : copy.outputs) v = renamed[at(v)] = to.add_value(g_.values[at(v)]);
    copy.source = 0;
    to.nodes.push_back(std::move(copy));
  }

  ScoreProgram& program_;
  const Graph& g_;
  const Traced& traced_;
  int first_place_;
  std::vector<uint32_t> reads_;  // the places, or the score, that a value depends on
  std::vector<int> maker_;
  std::set<int> nodes_;
  std::map<ValueId, int> operand_of_;
};

Ref<ScoreProgram> ScoreProgram::make(const Traced* score_mod, const Traced* mask_mod, bool detached, DType compute,
                                     Device device) {
  Ref<ScoreProgram> program(new ScoreProgram);
  program->detached_ = detached;
  program->compute_ = compute;
  program->device_ = device;
  std::optional<Splitter> score, mask;
  if (score_mod && !score.emplace(*program, *score_mod, 1).find()) return {};
  if (mask_mod && !mask.emplace(*program, *mask_mod, 0).find()) return {};
  const Value type{{}, {}, compute, device};
  if (score) {
    program->score_ = score->finish(type);
  } else {
    program->score_.add_input(type);
    for (const Value& operand : program->types_) program->score_.add_input(operand);
    program->score_.results.push_back({program->score_.inputs[0].value, 0});
  }
  if (mask) {
    program->mask_ = mask->finish(type);
    if (program->mask_->values[at(program->mask_->results[0].value)].dtype != DType::Bool) return {};
  }
  return program;
}

std::vector<Tensor> ScoreProgram::evaluate(const Graph& g, const Tensor& scores, const std::vector<Tensor>& operands,
                                           const Tensor& grad) const {
  std::vector<Tensor> inputs{scores};
  inputs.insert(inputs.end(), operands.begin(), operands.end());
  if (grad.defined()) inputs.push_back(grad);
  return evaluate_eagerly(g, inputs);
}

Tensor ScoreProgram::changed(const Tensor& scores, const std::vector<Tensor>& operands) const {
  const Tensor changed = expand(converted(evaluate(score_, scores, operands)[0], compute_), scores.shape());
  return detached_ ? detach(changed) : changed;
}

Tensor ScoreProgram::seen(const Tensor& scores, const std::vector<Tensor>& operands) const {
  return mask_ ? evaluate(*mask_, scores, operands)[0] : Tensor();
}

std::vector<Tensor> ScoreProgram::gradients(const Tensor& scores, const std::vector<Tensor>& operands,
                                            const Tensor& grad, uint32_t wanted) const {
  return evaluate(derivative(wanted), scores, operands, grad);
}

const Graph& ScoreProgram::derivative(uint32_t wanted) const {
  std::lock_guard lock(mutex_);
  if (auto known = derivatives_.find(wanted); known != derivatives_.end()) return known->second;
  NotTraced alone;
  SavedHookCall without_hooks;
  GradModeGuard record(true);  // the gradient may be differentiated once more
  Tracer tracer({}, Purpose::Transform);
  InterpreterScope scope(&tracer);
  std::vector<Tensor> inputs{tracer.argument({{}, {}, compute_, device_})};
  std::vector<Tensor> sought{inputs[0]};
  inputs[0].impl()->requires_grad = true;
  for (size_t i = 0; i < types_.size(); i++) {
    inputs.push_back(tracer.argument(types_[i]));
    if (!(wanted >> i & 1)) continue;
    inputs.back().impl()->requires_grad = true;
    sought.push_back(inputs.back());
  }
  const Tensor g = tracer.argument({{}, {}, compute_, device_});
  g.impl()->requires_grad = true;
  tracer.follow();
  const Tensor changed = converted(evaluate_eagerly(score_, inputs)[0], compute_);
  std::vector<Tensor> found(sought.size());
  if (detached_) {
    // no gradients
  } else if (changed.same(inputs[0])) {
    found[0] = g;
  } else if (changed.requires_grad()) {
    found = grad({changed}, sought, {g}, true, true, true);
  }
  for (size_t i = 0; i < found.size(); i++)
    found[i] = found[i].defined() ? converted(found[i], compute_) : full({}, Scalar(0.0), compute_, device_);
  return derivatives_[wanted] = finish_with_constants(tracer, found);
}

bool ScoreProgram::compile(const std::vector<Tensor>& operands, const Shape& scores, bool recorded, uint32_t wanted) {
  std::vector<Range> known(operands.size());
  for (size_t i = 0; i < operands.size(); i++) {
    if (!is_integral(types_[i].dtype)) continue;
    if (operands_[i].is_place())
      known[i] = {0, static_cast<double>(scores[operands_[i].places[0]]) - 1, true};
    else if (operands[i].has_values() && !(interpreter && interpreter->hides(operands[i])))
      known[i] = range_of(operands[i]);
  }
  open_ = code_of(score_, nullptr, known, false);
  masked_ = mask_ ? code_of(score_, &*mask_, known, false) : open_;
  if (!open_ || !masked_) return false;
  if (recorded) backward_ = code_of(derivative(wanted), nullptr, known, true);
  return !recorded || backward_;
}

Ref<Tiled> ScoreProgram::code_of(const Graph& g, const Graph* mask, const std::vector<Range>& operands,
                                 bool with_grad) const {
  TileCode code(compute_);
  const int inputs = 1 + static_cast<int>(operands.size()) + (with_grad ? 1 : 0);
  for (int i = 0; i < inputs; i++) code.input();
  const auto append = [&](const Graph& part, std::vector<int>& results) {
    std::vector<int> numbers(part.values.size(), -1);
    std::vector<Range> ranges(part.values.size());
    for (int i = 0; i < inputs; i++) {
      const size_t value = at(part.inputs[at(i)].value);
      numbers[value] = i;
      if (i > 0 && at(i) <= operands.size()) ranges[value] = operands[at(i - 1)];
    }
    if (!append_scalar_graph(code, part, numbers, ranges)) return false;
    for (const Result& r : part.results) results.push_back(numbers[at(r.value)]);
    return true;
  };
  std::vector<int> results, seen;
  if (!append(g, results) || (mask && !append(*mask, seen))) return {};
  if (mask) {
    const int hidden = code.constant(-std::numeric_limits<double>::infinity());
    results[0] = code.add(TileOp::Where, compute_, seen[0], results[0], hidden);
  }
  if (code.instructions().size() > kMaxTileInstructions || code.size() > kMaxTileRegisters) return {};
  Ref<Tiled> tiled(new Tiled);
  tiled->compute = compute_;
  tiled->assign_registers(code, inputs, results);
  return tiled;
}

}  // namespace weft::graph
