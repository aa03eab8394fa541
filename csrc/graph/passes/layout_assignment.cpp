#include <numeric>

#include "graph/passes/node_inputs.h"
#include "graph/passes/passes.h"

namespace weft::graph {

namespace {

// Values are joined to sets that must have one layout. A set gets its channels innermost where all nodes that make or
// read its members can do with that, and a convolution gains by it: no value is ever copied to another layout.
class LayoutAssignment {
 public:
  explicit LayoutAssignment(Graph& g)
      : g_(g), uses_(g), parent_(g.values.size()), fixed_(g.values.size(), 0), gains_(g.values.size(), 0) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }

  void run() {
    for (size_t v = 0; v < g_.values.size(); v++)
      if (is_image(static_cast<ValueId>(v)) &&
          (uses_.maker[v] < 0 || uses_.as_root[v] || !is_suitable(static_cast<ValueId>(v))))
        fixed_[v] = 1;
    for (const Node& node : g_.nodes) visit(node);
    std::vector<char> fixed(g_.values.size(), 0), gains(g_.values.size(), 0);
    for (size_t v = 0; v < g_.values.size(); v++) {
      fixed[at(set_of(static_cast<ValueId>(v)))] |= fixed_[v];
      gains[at(set_of(static_cast<ValueId>(v)))] |= gains_[v];
    }
    for (size_t v = 0; v < g_.values.size(); v++) {
      const ValueId set = set_of(static_cast<ValueId>(v));
      if (gains[at(set)] && !fixed[at(set)]) g_.values[v].strides = channels_last_strides(g_.values[v].shape);
    }
  }

 private:
  const Value& value(ValueId v) const { return g_.values[at(v)]; }

  // Of another layout with the channels innermost than without?
  bool is_image(ValueId v) const {
    if (v == kNone) return false;
    const Value& type = value(v);
    return type.shape.size() == 4 && type.numel() > 0 && type.shape[1] > 1 && type.shape[2] * type.shape[3] > 1 &&
           is_contiguous(type.shape, type.strides);
  }
  // Loops along fewer channels are slower than those along rows, and positions in a plane are 32 bits then.
  bool is_suitable(ValueId v) const {
    const Value& type = value(v);
    return type.shape[1] >= 16 && type.shape[2] * type.shape[3] < int64_t{1} << 31;
  }

  ValueId set_of(ValueId v) {
    while (parent_[at(v)] != v) v = parent_[at(v)] = parent_[at(parent_[at(v)])];
    return v;
  }
  void join(ValueId& all, ValueId v) {
    if (all != kNone) parent_[at(set_of(v))] = set_of(all);
    all = v;
  }

  void visit(const Node& node) {
    const bool one = node.outputs.size() == 1 && node.op->pure() && !node.op->is_view();  // random numbers are in order
    if (one && is_by_element(g_, node)) return join_operands(node);
    const ChannelsLast able = node.op->channels_last(NodeInputs(g_, node).get());
    ValueId together = kNone;
    auto visit_value = [&](ValueId v, bool possible) {
      if (!is_image(v)) return;
      if (!possible) fixed_[at(v)] = 1;
      if (possible && able.joined) join(together, v);
      if (able.gains) gains_[at(v)] = 1;
    };
    auto holds = [](uint32_t mask, size_t place) { return place < 32 && (mask >> place & 1); };
    for (size_t i = 0; i < node.inputs.size(); i++) visit_value(node.inputs[i], holds(able.inputs, i));
    for (size_t i = 0; i < node.outputs.size(); i++) visit_value(node.outputs[i], holds(able.outputs, i));
  }

  // Loops over elements run as fast in any order, as long as it is that of all operands.
  void join_operands(const Node& node) {
    ValueId together = kNone;
    const Shape& shape = value(node.outputs[0]).shape;
    for (const auto* values : {&node.inputs, &node.outputs})
      for (ValueId v : *values) {
        if (!is_image(v)) continue;
        if (value(v).shape == shape)
          join(together, v);
        else
          fixed_[at(v)] = 1;
      }
  }

  Graph& g_;
  Uses uses_;
  std::vector<ValueId> parent_;  // of the sets
  std::vector<char> fixed_;      // to the layout it has
  std::vector<char> gains_;
};

}  // namespace

void assign_layouts(Graph& g) { LayoutAssignment(g).run(); }

}  // namespace weft::graph
