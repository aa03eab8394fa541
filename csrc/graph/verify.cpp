#include "graph/graph.h"
#include "op/apply.h"

namespace weft::graph {

namespace {

class Verifier {
 public:
  explicit Verifier(const Graph& g) : g_(g), defined_(g.values.size(), 0) {}

  void run() {
    for (size_t i = 0; i < g_.inputs.size(); i++) {
      define(g_.inputs[i].value, concat("input ", i));
      const Tensor& constant = g_.inputs[i].constant;
      if (constant.defined())
        check(same_type(type_of(constant), value(g_.inputs[i].value)), "graph: the constant of input ", i,
              " is not of the input's type");
    }
    for (size_t n = 0; n < g_.nodes.size(); n++) check_node(n);
    for (const Result& r : g_.results) use(r.value, "a result");
    for (const Update& u : g_.updates) check_update(u);
  }

 private:
  const Value& value(ValueId v) const { return g_.values[static_cast<size_t>(v)]; }

  void define(ValueId v, const std::string& who) {
    check(v >= 0 && static_cast<size_t>(v) < g_.values.size(), "graph: ", who, " defines value ", v,
          ", which does not exist");
    check(!defined_[static_cast<size_t>(v)], "graph: ", who, " defines %", v, ", which is defined before");
    defined_[static_cast<size_t>(v)] = 1;
  }

  void use(ValueId v, const std::string& who) const {
    check(v >= 0 && static_cast<size_t>(v) < g_.values.size(), "graph: ", who, " reads value ", v,
          ", which does not exist");
    check(defined_[static_cast<size_t>(v)], "graph: ", who, " reads %", v, " before it is defined");
  }

  void check_node(size_t n) {
    const Node& node = g_.nodes[n];
    std::string who = concat("node ", n, " (", node.op->text(), ")");
    for (ValueId v : node.inputs)
      if (v != kNone) use(v, who);
    check(static_cast<int>(node.outputs.size()) == node.op->num_outputs(), "graph: ", who, " has ", node.outputs.size(),
          " outputs, but its op has ", node.op->num_outputs());
    check_types(node, who);
    for (ValueId v : node.outputs) define(v, who);
  }

  // The values must have the shapes and dtypes that the op infers. Strides may differ: kernels write any.
  void check_types(const Node& node, const std::string& who) const {
    std::vector<Tensor> tensors;
    for (ValueId v : node.inputs) tensors.push_back(v == kNone ? Tensor() : symbolic_like(value(v)));
    std::vector<const Tensor*> list;
    for (const Tensor& t : tensors) list.push_back(&t);
    Inputs in(list.data(), static_cast<int>(list.size()));
    auto compare = [&](ValueId v, const Shape& shape, DType dtype) {
      check(value(v).shape == shape && value(v).dtype == dtype, "graph: ", who, " gives ", shape, " ", dtype, ", but %",
            v, " is ", value(v).shape, " ", value(v).dtype);
    };
    if (node.op->is_view()) {
      Tensor out = node.op->view(tensors[0]);
      compare(node.outputs[0], out.shape(), out.dtype());
      check(value(node.outputs[0]).strides == out.strides(), "graph: ", who, " gives strides ", out.strides(),
            ", but %", node.outputs[0], " has ", value(node.outputs[0]).strides);
      return;
    }
    std::vector<OutputSpec> specs(node.outputs.size());
    infer_outputs(*node.op, in, specs.data());
    for (size_t i = 0; i < specs.size(); i++) compare(node.outputs[i], specs[i].shape, specs[i].dtype);
  }

  void check_update(const Update& u) const {
    use(u.value, "an update");
    check(u.input >= 0 && static_cast<size_t>(u.input) < g_.inputs.size(), "graph: an update of input ", u.input,
          ", which does not exist");
    const Value &to = value(g_.inputs[static_cast<size_t>(u.input)].value), &from = value(u.value);
    check(to.shape == from.shape && to.dtype == from.dtype && to.device == from.device, "graph: the update of input ",
          u.input, " has ", from.shape, " ", from.dtype, ", but the input is ", to.shape, " ", to.dtype);
  }

  const Graph& g_;
  std::vector<char> defined_;
};

}  // namespace

void verify(const Graph& g) { Verifier(g).run(); }

}  // namespace weft::graph
