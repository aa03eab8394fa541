#include <utility>

#include "graph/graph.h"

namespace weft::graph {

namespace {

std::string type_text(const Value& v) {
  std::string text = concat(v.dtype, " ", v.shape);
  if (!is_contiguous(v.shape, v.strides)) text += concat(" strides ", v.strides);
  if (v.device.type != DeviceType::CPU) text += concat(" on ", v.device);
  return text;
}

std::string list_text(const std::vector<ValueId>& values) {
  std::string text;
  for (ValueId v : values) {
    if (!text.empty()) text += ", ";
    v == kNone ? append_text(text, "none") : append_text(text, concat("%", v));
  }
  return text;
}

std::string types_text(const Graph& g, const std::vector<ValueId>& values) {
  std::string text;
  for (ValueId v : values) text += concat(text.empty() ? "" : ", ", type_text(g.values[static_cast<size_t>(v)]));
  return text;
}

// For a string in quotes.
std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string to_text(const Graph& g) {
  std::string text = "graph(\n", last_source;
  for (const Input& input : g.inputs) {
    text += concat("  %", input.value, ": ", type_text(g.values[static_cast<size_t>(input.value)]));
    text += input.constant.defined() ? "  # constant\n" : "\n";
  }
  text += ") {\n";
  for (const Node& node : g.nodes) {
    text += "  ";
    if (!node.outputs.empty()) text += list_text(node.outputs) + " = ";
    text += concat(node.op->text(), "(", list_text(node.inputs), ")");
    if (!node.outputs.empty()) text += ": " + types_text(g, node.outputs);
    const std::string& source = g.sources[static_cast<size_t>(node.source)];
    if (source != std::exchange(last_source, source) && !source.empty()) text += "  # " + source;
    text += "\n";
  }
  for (const Update& u : g.updates)
    text += concat("  update %", g.inputs[static_cast<size_t>(u.input)].value, " <- %", u.value, "\n");
  std::vector<ValueId> results;
  for (const Result& r : g.results) results.push_back(r.value);
  return text + "  return " + list_text(results) + "\n}\n";
}

std::string to_dot(const Graph& g) {
  std::string text = "digraph weft {\n  node [shape=box, fontname=monospace, fontsize=10];\n";
  Uses uses(g);
  auto name = [&](ValueId v) {
    int maker = uses.maker[static_cast<size_t>(v)];
    return maker < 0 ? concat("v", v) : concat("n", maker);
  };
  auto edge = [&](ValueId v, const std::string& to) {
    text += concat("  ", name(v), " -> ", to, " [label=\"", type_text(g.values[static_cast<size_t>(v)]),
                   "\", fontsize=8];\n");
  };
  for (const Input& input : g.inputs)
    text += concat("  v", input.value, " [label=\"%", input.value, input.constant.defined() ? " constant" : "",
                   "\", style=filled, fillcolor=\"", input.constant.defined() ? "#eeeeee" : "#ddeeff", "\"];\n");
  for (size_t n = 0; n < g.nodes.size(); n++) {
    const Node& node = g.nodes[n];
    text += concat("  n", n, " [label=\"", escaped(node.op->text()), "\", tooltip=\"",
                   escaped(g.sources[static_cast<size_t>(node.source)]), "\"];\n");
    for (ValueId v : node.inputs)
      if (v != kNone) edge(v, concat("n", n));
  }
  for (size_t i = 0; i < g.results.size(); i++) {
    text += concat("  r", i, " [label=\"result ", i, "\", style=filled, fillcolor=\"#ddffdd\"];\n");
    edge(g.results[i].value, concat("r", i));
  }
  for (size_t i = 0; i < g.updates.size(); i++) {
    text += concat("  u", i, " [label=\"update %", g.inputs[static_cast<size_t>(g.updates[i].input)].value,
                   "\", style=filled, fillcolor=\"#ffeedd\"];\n");
    edge(g.updates[i].value, concat("u", i));
  }
  return text + "}\n";
}

}  // namespace weft::graph
