#include <algorithm>

#include "graph/passes/passes.h"
#include "graph/with_epilogue.h"

namespace weft::graph {

namespace {

class EpilogueFusion {
 public:
  explicit EpilogueFusion(Graph& g)
      : g_(g), uses_(g), readers_(g.values.size()), gone_(g.nodes.size(), 0), updated_(g.values.size(), 0) {
    for (size_t n = 0; n < g.nodes.size(); n++)
      for (ValueId v : g.nodes[n].inputs)
        if (v != kNone) readers_[at(v)].push_back(static_cast<int>(n));
    for (const Update& u : g.updates) updated_[at(u.value)] = 1;
  }

  void run() {
    for (int n = 0; n < static_cast<int>(g_.nodes.size()); n++) {
      const Op* op = g_.nodes[at(n)].op.get();
      if (auto* tiled = dynamic_cast<const Tiled*>(op); tiled && !tiled->reduction) join(n, *tiled);
    }
    std::vector<Node> nodes;
    for (size_t n = 0; n < g_.nodes.size(); n++)
      if (!gone_[n]) nodes.push_back(std::move(g_.nodes[n]));
    g_.nodes = std::move(nodes);
    compact(g_);
  }

 private:
  const Value& value(ValueId v) const { return g_.values[at(v)]; }

  // May the result v of a product be read part by part by node n, at whose place the product then runs?
  bool fits(ValueId v, int n) const {
    const int maker = uses_.maker[at(v)];
    if (maker < 0 || gone_[at(maker)] || g_.nodes[at(maker)].outputs.size() != 1) return false;
    const Value &from = value(v), &space = value(g_.nodes[at(n)].outputs[0]);
    if (!g_.nodes[at(maker)].op->takes_epilogue(from.device)) return false;
    if (from.shape != space.shape || from.strides != space.strides) return false;
    const bool has_channels_last = from.shape.size() == 4 && from.strides == channels_last_strides(from.shape);
    if (!is_contiguous(from.shape, from.strides) && !has_channels_last) return false;
    const std::vector<int>& readers = readers_[at(v)];
    return std::all_of(readers.begin(), readers.end(), [&](int reader) { return reader >= n; });
  }

  void join(int n, const Tiled& then) {
    Node& node = g_.nodes[at(n)];
    // What becomes the new value of an input is written over the old one, which the product must not be.
    for (ValueId v : node.outputs)
      if (updated_[at(v)]) return;
    // The latest product: the others' results are in memory by then.
    ValueId result = kNone;
    for (ValueId v : node.inputs)
      if (fits(v, n) && (result == kNone || uses_.maker[at(v)] > uses_.maker[at(result)])) result = v;
    if (result == kNone) return;
    Node& product = g_.nodes[at(uses_.maker[at(result)])];
    std::vector<ValueId> inputs = product.inputs;
    std::vector<int> reads;
    for (ValueId v : node.inputs) {
      reads.push_back(v == result ? WithEpilogue::kResult
                                  : static_cast<int>(inputs.size()) - static_cast<int>(product.inputs.size()));
      if (v != result) inputs.push_back(v);
    }
    int lies_on = -1;
    if (uses_.count[at(result)] == 1)
      for (size_t i = 0; i < node.outputs.size() && lies_on < 0; i++)
        if (same_type(value(node.outputs[i]), value(result))) lies_on = static_cast<int>(i);
    node.op = Ref<const Op>(new WithEpilogue(product.op, Ref<const Tiled>(&then),
                                             static_cast<int>(product.inputs.size()), std::move(reads), lies_on));
    node.inputs = std::move(inputs);
    if (lies_on < 0) node.outputs.push_back(result);
    gone_[at(uses_.maker[at(result)])] = 1;
  }

  Graph& g_;
  Uses uses_;
  std::vector<std::vector<int>> readers_;  // nodes that read a value
  std::vector<char> gone_, updated_;
};

}  // namespace

void fuse_epilogues(Graph& g) { EpilogueFusion(g).run(); }

}  // namespace weft::graph
