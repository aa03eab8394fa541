#include "graph/scalar_code.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "graph/evaluate.h"
#include "graph/passes/node_inputs.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft::graph {

// Tile programs know floating point numbers alone: integers are such numbers, and exact while they are small. Ranges
// follow from those of the inputs: an op that is monotone in each operand, or made of one product, takes its extremes
// where operands have theirs, so it is applied there.

namespace {

// Of a tensor of one element that is there.
double value_of(const Tensor& t) {
  NotTraced scope;
  GradModeGuard off(false);
  const Tensor wide = to_dtype(to_device(t, Device{}), DType::Float64);
  return *static_cast<const double*>(wide.data());
}

enum class Integers : uint8_t {
  None,     // the instruction is not used with integers
  Corners,  // extremes are where operands have theirs, or are 0
  Modulo,   // between 0 and the divisor
  Hull,     // one of the operands
  Gives,    // no integer: a truth value or a fraction
};

Integers use_of_integers(std::string_view op) {
  constexpr std::string_view corners[] = {"add",       "sub",       "mul",          "neg",       "abs",
                                          "sign",      "positive",  "square",       "maximum",   "minimum",
                                          "clamp_min", "clamp_max", "floor_divide", "div_floor", "trunc_divide"};
  constexpr std::string_view gives[] = {"eq",  "ne",          "lt",         "le",          "gt",         "ge",
                                        "div", "logical_and", "logical_or", "logical_xor", "logical_not"};
  const auto has = [&](auto& list) { return std::find(std::begin(list), std::end(list), op) != std::end(list); };
  if (has(corners)) return Integers::Corners;
  if (op == "remainder") return Integers::Modulo;
  if (op == "where" || op == "masked_fill") return Integers::Hull;
  return has(gives) ? Integers::Gives : Integers::None;
}

// Bools are integers with two values; the bitwise functions of them are logical.
int logical_function(std::string_view op) {
  constexpr scalar::BinaryList all{};
  if (op == "bitwise_and") return index_in<scalar::LogicalAnd>(all);
  if (op == "bitwise_or") return index_in<scalar::LogicalOr>(all);
  return op == "bitwise_xor" ? index_in<scalar::LogicalXor>(all) : -1;
}

class ScalarCode {
 public:
  ScalarCode(TileCode& code, const Graph& g) : code_(code), g_(g) {}

  // -1: it cannot be an instruction.
  int append(const Node& node, const std::vector<int>& operands) {
    if (node.outputs.size() != 1 || !node.op->pure() || !all_scalars(node)) return -1;
    const DType out = type(node.outputs[0]).dtype;
    const int same = node.op->is_view() ? 0 : node.op->same_as_input();
    if (same >= 0 && type(node.inputs[at(same)]).dtype == out) return operands[at(same)];
    const bool bools =
        std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId v) { return type(v).dtype == DType::Bool; });
    const std::string_view name = node.op->name();
    if (bools && node.inputs.size() == 2 && logical_function(name) >= 0)
      return code_.add(TileOp::Binary, DType::Bool, operands[0], operands[1], -1, logical_function(name));
    if (bools && name == "bitwise_not") {
      constexpr int kNot = index_in<scalar::LogicalNot>(scalar::UnaryList{});
      return code_.add(TileOp::Unary, DType::Bool, operands[0], -1, -1, kNot);
    }
    return has_numbers(node) ? append_of_integers(node, operands, out)
                             : node.op->tile(code_, NodeInputs(g_, node).get(), operands.data());
  }

  // The range of the node's output, if that is an integer. False: it may be inexact.
  bool bound(const Node& node, std::vector<Range>& ranges) const {
    const ValueId out = node.outputs[0];
    Range& range = ranges[at(out)];
    if (type(out).dtype == DType::Bool) range = {0, 1, true};
    if (!is_integral(type(out).dtype)) return true;
    for (ValueId v : node.inputs)
      if (!ranges[at(v)].known) return false;
    const int same = node.op->is_view() ? 0 : node.op->same_as_input();
    const std::string_view name = node.op->name();
    if (same >= 0 || name == "to") {
      range = ranges[at(node.inputs[at(std::max(same, 0))])];
    } else {
      switch (use_of_integers(name)) {
        case Integers::Corners:
          range = extremes(node, ranges);
          break;
        case Integers::Modulo:
          range = bounded_by_divisor(node, ranges);
          break;
        case Integers::Hull: {
          const size_t a = name == "where" ? 1 : 0;
          const Range &x = ranges[at(node.inputs[a])], &y = ranges[at(node.inputs[2])];
          range = {std::min(x.low, y.low), std::max(x.high, y.high), true};
          break;
        }
        default:
          return false;
      }
    }
    return is_exact(range, type(out).dtype);
  }

  // As a floating point number, and without wrapping around in its dtype.
  bool is_exact(const Range& r, DType dtype) const {
    if (dtype == DType::Int32 && (r.low < -0x1p31 || r.high >= 0x1p31)) return false;
    const double limit = code_.compute() == DType::Float64 ? 0x1p53 : 0x1p24;
    return r.known && r.low > -limit && r.high < limit;
  }

 private:
  const Value& type(ValueId v) const { return g_.values[at(v)]; }
  bool all_scalars(const Node& node) const {
    const auto is_scalar = [&](ValueId v) { return v != kNone && type(v).shape.empty(); };
    return std::all_of(node.inputs.begin(), node.inputs.end(), is_scalar) && is_scalar(node.outputs[0]);
  }
  bool has_numbers(const Node& node) const {
    bool any = is_integral(type(node.outputs[0]).dtype);
    for (ValueId v : node.inputs) any |= is_integral(type(v).dtype);
    return any;
  }

  // The node as it would be if its integers were floating point numbers.
  int append_of_integers(const Node& node, const std::vector<int>& operands, DType out) {
    const std::string_view name = node.op->name();
    const bool wide = out == DType::Int64 || out == DType::Int32;
    if (is_integral(out) && !wide) return -1;
    const DType stored = is_integral(out) ? code_.compute() : out;
    if (name == "to") {  // of a truth value or an integer
      const DType from = type(node.inputs[0]).dtype;
      const bool exact = from == DType::Bool || is_integral(from);
      if (!exact || !is_integral(out)) {
        if (!exact || compute_type(out) != code_.compute()) return -1;
      }
      return code_.add(TileOp::Copy, stored, operands[0]);
    }
    if (use_of_integers(name) == Integers::None) return -1;
    std::vector<Tensor> tensors;
    std::vector<const Tensor*> list;
    for (ValueId v : node.inputs) {
      Value t = type(v);
      if (is_integral(t.dtype)) t.dtype = code_.compute();
      tensors.push_back(symbolic_like(t));
    }
    for (const Tensor& t : tensors) list.push_back(&t);
    if (stored != DType::Bool && compute_type(stored) != code_.compute()) return -1;
    const size_t constants = code_.constants().size();
    const int result = node.op->tile(code_, Inputs(list.data(), static_cast<int>(list.size())), operands.data());
    if (result < 0) return -1;
    code_.store_as(stored);
    for (size_t i = constants; i < code_.constants().size(); i++) {
      const double c = code_.constants()[i].second;
      const bool exact = code_.compute() == DType::Float64 || static_cast<double>(static_cast<float>(c)) == c;
      if (!exact && std::trunc(c) == c) return -1;
    }
    return result;
  }

  static Range bounded_by_divisor(const Node& node, const std::vector<Range>& ranges) {
    if (node.inputs.size() == 2) {
      const Range& by = ranges[at(node.inputs[1])];
      return {std::min(by.low, 0.0), std::max(by.high, 0.0), by.low > 0 || by.high < 0};
    }
    return values_at(node, {{-1}, {0}, {1}});  // of a number n: -1 and 1 give what is next to it, 0 and 1 or -1
  }

  static Range extremes(const Node& node, const std::vector<Range>& ranges) {
    std::vector<std::vector<double>> points(1);
    for (ValueId v : node.inputs) {
      const Range& r = ranges[at(v)];
      std::vector<std::vector<double>> more;
      for (const auto& point : points)
        for (double x : {r.low, r.high, std::clamp(0.0, r.low, r.high)}) {
          more.push_back(point);
          more.back().push_back(x);
        }
      points = std::move(more);
    }
    return values_at(node, points);
  }

  // What the op gives at these points; not known where that is not finite.
  static Range values_at(const Node& node, const std::vector<std::vector<double>>& points) {
    NotTraced scope;
    GradModeGuard off(false);
    std::vector<Tensor> inputs;
    for (size_t i = 0; i < node.inputs.size(); i++) {
      inputs.push_back(empty({static_cast<int64_t>(points.size())}, DType::Float64));
      for (size_t k = 0; k < points.size(); k++) static_cast<double*>(inputs.back().data())[k] = points[k][i];
    }
    const Tensor found = to_dtype(apply_list(*node.op, inputs)[0], DType::Float64);
    const double* y = static_cast<const double*>(found.data());
    const bool finite = std::all_of(y, y + points.size(), [](double v) { return std::isfinite(v); });
    return {*std::min_element(y, y + points.size()), *std::max_element(y, y + points.size()), finite};
  }

  TileCode& code_;
  const Graph& g_;
};

}  // namespace

bool append_scalar_graph(TileCode& code, const Graph& g, std::vector<int>& numbers, std::vector<Range>& ranges) {
  ScalarCode scalars(code, g);
  for (const Input& input : g.inputs) {
    const Value& type = g.values[at(input.value)];
    if (input.constant.defined()) {
      if (!type.shape.empty() || !input.constant.has_values()) return false;
      if (!is_real_floating(type.dtype) && type.dtype != DType::Bool) return false;
      numbers[at(input.value)] = code.constant(value_of(input.constant));
    } else if (is_integral(type.dtype) && !scalars.is_exact(ranges[at(input.value)], type.dtype)) {
      return false;
    }
    if (type.dtype == DType::Bool) ranges[at(input.value)] = {0, 1, true};
  }
  for (const Node& node : g.nodes) {
    std::vector<int> operands;
    for (ValueId v : node.inputs) operands.push_back(v == kNone ? -1 : numbers[at(v)]);
    const int result = scalars.append(node, operands);
    if (result < 0 || !scalars.bound(node, ranges)) return false;
    numbers[at(node.outputs[0])] = result;
  }
  return true;
}

Range range_of(const Tensor& t) {
  if (t.numel() == 0) return {0, 0, true};
  NotTraced scope;
  GradModeGuard off(false);
  return {value_of(amin(t)), value_of(amax(t)), true};
}

bool is_scalar_instruction(const Graph& g, const Node& node, DType compute) {
  TileCode code(compute);
  std::vector<int> operands;
  for (size_t i = 0; i < node.inputs.size(); i++) operands.push_back(code.input());
  return ScalarCode(code, g).append(node, operands) >= 0;
}

}  // namespace weft::graph
