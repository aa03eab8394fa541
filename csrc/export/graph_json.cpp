#include "export/graph_json.h"

#include <bit>
#include <charconv>
#include <cmath>

#include "graph/control_flow.h"
#include "op/apply.h"
#include "op/registry.h"

namespace weft::exported {

using graph::at;
using graph::Graph;
using graph::kNone;
using graph::Node;
using graph::Value;
using graph::ValueId;

namespace {

constexpr int kDeepest = 16;                 // bodies inside of bodies
constexpr int64_t kMost = int64_t{1} << 30;  // of anything that is numbered
constexpr const char *kGraph = "$graph", *kBits = "$bits";

// --- fields ---------------------------------------------------------------------------------------------------------

Json graph_with_results(const Graph& g, Constants& constants) {
  Json json = graph_to_json(g, constants);
  for (const graph::Result& r : g.results) json["results"].push_back({{"value", r.value}, {"detached", r.detached}});
  return json;
}

// JSON has no infinity and no NaN: their bits.
Json number_to_json(double v) {
  if (std::isfinite(v)) return v;
  char digits[16];
  auto end = std::to_chars(digits, digits + 16, std::bit_cast<uint64_t>(v), 16).ptr;
  return {{kBits, std::string(digits, end)}};
}
double number_from_bits(const Json& json) {
  const std::string digits = text(json, "bits of a number");
  uint64_t bits = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
  check<ErrorKind::Value>(error == std::errc() && end == digits.data() + digits.size(), "expected bits of a number");
  return std::bit_cast<double>(bits);
}

// "model.py:3: x = y / 2" of "/home/me/model.py:3: x = y / 2"
std::string without_folders(const std::string& line) {
  const size_t slash = line.rfind('/', line.find(": "));
  return line.substr(slash == std::string::npos ? 0 : slash + 1);
}

Json field_to_json(const SavedField& f, Constants& constants);
struct FieldWriter {
  Constants& constants;
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(bool v) const { return v; }
  Json operator()(int64_t v) const { return v; }
  Json operator()(double v) const { return number_to_json(v); }
  Json operator()(const std::string& v) const { return v; }
  Json operator()(const SavedField::List& v) const {
    Json json = Json::array();
    for (const SavedField& f : v) json.push_back(field_to_json(f, constants));
    return json;
  }
  Json operator()(const SavedFields& v) const {
    Json json = Json::object();
    for (const auto& [name, f] : v) json[name] = field_to_json(f, constants);
    return json;
  }
  Json operator()(const SavedField::Object& v) const {
    const auto* body = dynamic_cast<const graph::SavedGraph*>(v.get());
    check<ErrorKind::Value>(body != nullptr, "an attribute cannot be saved");
    return {{kGraph, graph_with_results(body->graph, constants)}};
  }
};
Json field_to_json(const SavedField& f, Constants& constants) { return std::visit(FieldWriter{constants}, f.value); }

// --- reading --------------------------------------------------------------------------------------------------------

class BodyReader {
 public:
  BodyReader(const GraphReader& reader, const Json& json, int level) : reader_(reader), json_(json), level_(level) {
    check<ErrorKind::Value>(level < kDeepest, "its bodies are nested too deeply");
  }

  Graph read() {
    for (const Json& type : list(member(json_, "values"), "values")) g_.values.push_back(type_from_json(type));
    known_.resize(g_.values.size());
    roots_.resize(g_.values.size());
    read_lines();
    for (const Json& input : list(member(json_, "inputs"), "inputs")) read_input(input);
    size_t n = 0;
    for (const Json& node : list(member(json_, "nodes"), "nodes")) read_node(node, n++);
    return std::move(g_);
  }

 private:
  void read_lines() {
    g_.sources.clear();
    for (const Json& line : list(member(json_, "lines"), "lines")) g_.sources.push_back(text(line, "a line"));
    check<ErrorKind::Value>(!g_.sources.empty(), "it has no list of lines");
  }

  ValueId value(const Json& json, const char* what) const {
    return static_cast<ValueId>(integer_in(json, what, 0, static_cast<int64_t>(g_.values.size())));
  }
  void define(ValueId v, const Tensor& t, const Tensor& root) {
    check<ErrorKind::Value>(!known_[at(v)].defined(), "value ", v, " is made twice");
    known_[at(v)] = t;
    roots_[at(v)] = root;
  }

  void read_input(const Json& json) {
    const ValueId v = value(member(json, "value"), "the value of an input");
    Tensor constant;
    if (json.contains("constant"))
      constant = reader_.constant(integer_in(json["constant"], "the number of a constant", 0, kMost), g_.values[at(v)]);
    g_.inputs.push_back({v, constant});
    const Tensor t = graph::symbolic_like(g_.values[at(v)]);
    define(v, t, t);
  }

  SavedField field(const Json& json) {
    switch (json.type()) {
      case Json::value_t::null:
        return {};
      case Json::value_t::boolean:
        return {json.get<bool>()};
      case Json::value_t::number_integer:
      case Json::value_t::number_unsigned:
        return {integer(json, "an attribute")};
      case Json::value_t::number_float:
        return {json.get<double>()};
      case Json::value_t::string:
        return {json.get<std::string>()};
      case Json::value_t::array: {
        SavedField::List items;
        for (const Json& item : json) items.push_back(field(item));
        return {std::move(items)};
      }
      case Json::value_t::object:
        break;
      default:
        fail<ErrorKind::Value>("an attribute is of no kind that there is");
    }
    if (json.contains(kBits)) return {number_from_bits(json[kBits])};
    if (json.contains(kGraph)) return {SavedField::Object(body(json[kGraph]))};
    SavedFields fields;
    for (const auto& [name, item] : json.items()) fields.emplace_back(name, field(item));
    return {std::move(fields)};
  }

  Ref<graph::SavedGraph> body(const Json& json) {
    BodyReader inner(reader_, json, level_ + 1);
    Graph g = inner.read();
    bool constants = false;
    for (const graph::Input& i : g.inputs) {
      check<ErrorKind::Value>(!constants || i.constant.defined(), "the constants of a body are not its last inputs");
      constants |= i.constant.defined();
    }
    for (const Json& r : list(member(json, "results"), "results")) {
      const auto v =
          static_cast<ValueId>(integer_in(member(r, "value"), "a result", 0, static_cast<int64_t>(g.values.size())));
      check<ErrorKind::Value>(inner.known_[at(v)].defined(), "a result is made by no op");
      g.results.push_back(
          {v, static_cast<int>(g.results.size()), g.values[at(v)].strides, 0, flag(member(r, "detached"), "detached")});
    }
    graph::verify(g);
    return make_ref<graph::SavedGraph>(std::move(g));
  }

  Ref<const Op> op(const Json& json) {
    const std::string name = text(member(json, "op"), "the name of an op");
    const OpEntry* entry = entry_named(name);
    check<ErrorKind::Value>(entry != nullptr, "there is no op ", name.substr(0, 60), " in this Weft");
    check<ErrorKind::Value>(reader_.versions.count(name) > 0, "the version of op ", name, " is missing");
    const SavedField fields = field(member(json, "fields"));
    return entry->load(saved_as<SavedFields>(fields, "named attributes"));
  }

  void read_node(const Json& json, size_t number) {
    std::string who = concat("node ", number);
    try {
      Node node;
      node.op = op(json);
      who += concat(" (", node.op->name(), ")");
      node.source = static_cast<int>(
          integer_in(member(json, "line"), "the line of a node", 0, static_cast<int64_t>(g_.sources.size())));
      std::vector<Tensor> tensors;
      for (const Json& v : list(member(json, "inputs"), "the inputs of a node")) {
        node.inputs.push_back(v.is_null() ? kNone : value(v, "an input of a node"));
        tensors.push_back(v.is_null() ? Tensor() : known_[at(node.inputs.back())]);
        check<ErrorKind::Value>(v.is_null() || tensors.back().defined(), "it reads a value before that is made");
      }
      for (const Json& v : list(member(json, "outputs"), "the outputs of a node"))
        node.outputs.push_back(value(v, "an output of a node"));
      std::vector<const Tensor*> pointers;
      for (const Tensor& t : tensors) pointers.push_back(&t);
      check_node(node, Inputs(pointers.data(), static_cast<int>(pointers.size())));
      g_.nodes.push_back(std::move(node));
    } catch (const Error& e) {
      fail<ErrorKind::Value>(who, ": ", e.message());
    }
  }

  void check_node(const Node& node, Inputs in) {
    const Op& op = *node.op;
    entry_of(op)->check(op, InputCheck(op.name(), in));
    check<ErrorKind::Value>(static_cast<int>(node.outputs.size()) == op.num_outputs(), "it has ", node.outputs.size(),
                            " outputs instead of ", op.num_outputs());
    if (op.is_view()) {
      const Tensor view = op.view(in[0]);
      const Tensor& root = roots_[at(node.inputs[0])];
      check<ErrorKind::Value>(lies_inside(view, root), "it shows memory outside of its input");
      check<ErrorKind::Value>(same_type(graph::type_of(view), g_.values[at(node.outputs[0])]),
                              "its output is of another type than it gives");
      define(node.outputs[0], view, root);
      return;
    }
    const Device device = op.device(in);
    std::vector<OutputSpec> specs(node.outputs.size());
    infer_outputs(op, in, specs.data());
    for (size_t i = 0; i < specs.size(); i++) {
      const Value& type = g_.values[at(node.outputs[i])];
      checked_numel(specs[i].shape);
      // Strides may differ: what is changed in place keeps its own.
      check<ErrorKind::Value>(same_type(type, {specs[i].shape, type.strides, specs[i].dtype, device}), "output ", i,
                              " is ", type.dtype, " ", type.shape, " on ", type.device, ", but the op gives ",
                              specs[i].dtype, " ", specs[i].shape, " on ", device);
      const Tensor t = graph::symbolic_like(type);
      check<ErrorKind::Value>(!has_internal_overlap(t), "elements of output ", i, " share their memory");
      define(node.outputs[i], t, t);
    }
  }

  const GraphReader& reader_;
  const Json& json_;
  int level_;
  Graph g_;
  std::vector<Tensor> known_, roots_;  // of every value, without memory; roots: what it is a view of
};

}  // namespace

Graph GraphReader::read(const Json& json, int level) const { return BodyReader(*this, json, level).read(); }

Json graph_to_json(const Graph& g, Constants& constants) {
  Json json;
  json["values"] = json["inputs"] = json["nodes"] = json["lines"] = Json::array();
  for (const Value& v : g.values) json["values"].push_back(type_to_json(v));
  for (const std::string& line : g.sources) json["lines"].push_back(without_folders(line));
  for (const graph::Input& i : g.inputs) {
    Json input{{"value", i.value}};
    if (i.constant.defined()) {
      input["constant"] = constants.size();
      constants.push_back(i.constant);
    }
    json["inputs"].push_back(std::move(input));
  }
  for (const Node& node : g.nodes) {
    const OpEntry* entry = entry_of(*node.op);
    const std::string& line = g.sources[at(node.source)];
    const std::string where = line.empty() ? "" : concat("\n  at ", line);
    check<ErrorKind::Value>(entry != nullptr, "export: the op ", node.op->name(), " cannot be saved", where);
    Json one{{"op", entry->name}, {"line", node.source}, {"outputs", node.outputs}};
    one["inputs"] = Json::array();
    for (ValueId v : node.inputs) one["inputs"].push_back(v == kNone ? Json() : Json(v));
    try {
      one["fields"] = field_to_json({entry->save(*node.op)}, constants);
    } catch (const Error& e) {
      fail<ErrorKind::Value>("export: the op ", node.op->name(), " cannot be saved: ", e.message(), where);
    }
    json["nodes"].push_back(std::move(one));
  }
  return json;
}

// --- members --------------------------------------------------------------------------------------------------------

const Json& member(const Json& object, const char* name) {
  check<ErrorKind::Value>(object.is_object() && object.contains(name), "'", name, "' is missing");
  return object[name];
}
int64_t integer(const Json& json, const char* what) {
  constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  check<ErrorKind::Value>(json.is_number_integer() && (!json.is_number_unsigned() || json.get<uint64_t>() <= kLargest),
                          what, " is no integer of 64 bits");
  return json.get<int64_t>();
}
int64_t integer_in(const Json& json, const char* what, int64_t least, int64_t beyond) {
  const int64_t v = integer(json, what);
  check<ErrorKind::Value>(v >= least && v < beyond, what, " is ", v, ", which is out of range");
  return v;
}
std::string text(const Json& json, const char* what) {
  check<ErrorKind::Value>(json.is_string(), what, " is no text");
  return json.get<std::string>();
}
bool flag(const Json& json, const char* what) {
  check<ErrorKind::Value>(json.is_boolean(), what, " is neither true nor false");
  return json.get<bool>();
}
const Json& list(const Json& json, const char* what) {
  check<ErrorKind::Value>(json.is_array() && json.size() < static_cast<size_t>(kMost), what, " are no list");
  return json;
}
Dims dims(const Json& json, const char* what) {
  check<ErrorKind::Value>(list(json, what).size() <= kMaxDims, what, ": more than tensors may have");
  Dims d;
  for (const Json& n : json) d.push_back(integer(n, what));
  return d;
}
Json to_json(const Dims& d) { return d.to_vector(); }

Json type_to_json(const Value& v) {
  Json json{{"dtype", dtype_name(v.dtype)}, {"shape", to_json(v.shape)}};
  if (!is_contiguous(v.shape, v.strides) || v.strides != contiguous_strides(v.shape))
    json["strides"] = to_json(v.strides);
  if (v.device != Device{}) json["device"] = device_name(v.device);
  return json;
}

Value type_from_json(const Json& json) {
  Value v;
  v.dtype = load_field<DType>({text(member(json, "dtype"), "a dtype")});
  v.shape = dims(member(json, "shape"), "a shape");
  const auto item = static_cast<__int128>(item_size(v.dtype));
  constexpr __int128 kLargest = __int128{1} << 62;
  __int128 elements = 1;
  for (int64_t n : v.shape) {
    check<ErrorKind::Value>(n >= 0, "a shape has a negative size");
    elements *= std::max<int64_t>(n, 1);
    check<ErrorKind::Value>(elements * item < kLargest, "a shape is too large");
  }
  v.strides = json.contains("strides") ? dims(json["strides"], "strides") : contiguous_strides(v.shape);
  check<ErrorKind::Value>(v.strides.size() == v.shape.size(), "strides do not fit a shape");
  __int128 reach = 0;
  for (int d = 0; d < v.shape.size(); d++) {
    check<ErrorKind::Value>(v.strides[d] >= 0, "a stride is negative");
    if (v.shape[d] > 1) reach += static_cast<__int128>(v.shape[d] - 1) * v.strides[d];
    check<ErrorKind::Value>((reach + 1) * item < kLargest, "strides are too large");
  }
  if (json.contains("device")) v.device = load_field<Device>({text(json["device"], "a device")});
  return v;
}

}  // namespace weft::exported
