#include "export/reader.h"

#include <algorithm>
#include <set>

#include "export/file.h"
#include "export/graph_json.h"
#include "export/parse.h"
#include "op/registry.h"

namespace weft::exported {

using graph::at;
using graph::Graph;
using graph::Origin;
using graph::Value;
using graph::ValueId;

namespace {

std::map<std::string, int64_t> versions_of(const Json& json) {
  std::map<std::string, int64_t> versions;
  check<ErrorKind::Value>(json.is_object(), "'ops' are no versions of ops");
  for (const auto& [name, number] : json.items()) {
    const OpEntry* entry = entry_named(name);
    const int64_t version = integer(number, "the version of an op");
    check<ErrorKind::Value>(entry != nullptr, "it needs the op ", name.substr(0, 60),
                            ", which this Weft does not have; load it with a newer one");
    check<ErrorKind::Value>(version <= entry->version, "it needs version ", version, " of the op ", name,
                            ", this Weft knows ", entry->version, "; load it with a newer one");
    check<ErrorKind::Value>(version >= 1, "there is no version ", version, " of the op ", name);
    versions[name] = version;
  }
  return versions;
}

class ProgramReader {
 public:
  ProgramReader(const Json& json, const TensorReader& tensor) : json_(json), tensor_(tensor) {}

  Ref<Program> read() {
    const std::map<std::string, int64_t> versions = versions_of(member(json_, "ops"));
    for (const Json& s : list(member(json_, "state"), "state")) read_state(s);
    read_constants();
    for (const Json& name : list(member(json_, "arguments"), "arguments"))
      arguments_.push_back(text(name, "the name of an argument"));
    const Json& graph = member(json_, "graph");
    GraphReader reader{versions, [this](int64_t number, const Value& type) { return constant(number, type); }};
    program_.traced.graph = reader.read(graph);
    Uses uses(program_.graph());
    makers_ = uses.maker;
    read_origins(graph);
    read_updates(graph);
    read_results(graph);
    graph::verify(program_.graph());
    return make_ref<Program>(std::move(program_), std::move(arguments_), std::move(state_));
  }

 private:
  using Uses = graph::Uses;
  Graph& g() { return program_.traced.graph; }

  void read_state(const Json& json) {
    State s;
    s.name = text(member(json, "name"), "a name");
    const std::string kind = text(member(json, "kind"), "a kind");
    check<ErrorKind::Value>(kind == "parameter" || kind == "buffer" || kind == "constant",
                            "there is no kind of tensor ", kind.substr(0, 60));
    s.kind = kind == "parameter" ? State::Kind::Parameter
             : kind == "buffer"  ? State::Kind::Buffer
                                 : State::Kind::Constant;
    if (json.contains("persistent")) s.persistent = flag(json["persistent"], "persistent");
    name(s.name);
    if (json.contains("aliases"))
      for (const Json& alias : list(json["aliases"], "aliases")) {
        s.aliases.push_back(text(alias, "a name"));
        name(s.aliases.back());
      }
    s.tensor = tensor_(s.name, type_from_json(member(json, "type")));
    state_.push_back(std::move(s));
  }
  void name(const std::string& n) {
    check<ErrorKind::Value>(names_.insert(n).second, "two tensors have the name ", n.substr(0, 200));
  }

  void read_constants() {
    for (const Json& type : list(member(json_, "constants"), "constants"))
      constants_.push_back(tensor_(concat("$constant.", constants_.size()), type_from_json(type)));
  }
  Tensor constant(int64_t number, const Value& type) const {
    check<ErrorKind::Value>(static_cast<size_t>(number) < constants_.size(), "there is no constant ", number);
    const Tensor& t = constants_[static_cast<size_t>(number)];
    check<ErrorKind::Value>(same_type(graph::type_of(t), type), "constant ", number, " is of another type");
    return t;
  }

  void read_origins(const Json& graph) {
    size_t i = 0;
    std::set<int64_t> seen;
    for (const Json& json : graph["inputs"]) {
      const graph::Input& input = g().inputs[i++];
      Origin origin;
      if (input.constant.defined()) {
        origin.kind = Origin::Kind::Constant;
        origin.tensor = input.constant;
      } else if (json.contains("argument")) {
        origin.kind = Origin::Kind::Argument;
        origin.argument = static_cast<int>(
            integer_in(json["argument"], "the number of an argument", 0, static_cast<int64_t>(arguments_.size())));
      } else {
        const int64_t s =
            integer_in(member(json, "state"), "the number of a tensor", 0, static_cast<int64_t>(state_.size()));
        check<ErrorKind::Value>(seen.insert(s).second, "a tensor is two inputs");
        origin.kind = Origin::Kind::Captured;
        origin.tensor = state_[static_cast<size_t>(s)].tensor;
        check<ErrorKind::Value>(same_type(graph::type_of(origin.tensor), g().values[at(input.value)]), "'",
                                state_[static_cast<size_t>(s)].name, "' is of another type than its input");
      }
      program_.traced.origins.push_back(std::move(origin));
    }
  }

  ValueId made_value(const Json& json, const char* what) {
    const auto v =
        static_cast<ValueId>(integer_in(json, what, 0, static_cast<int64_t>(program_.graph().values.size())));
    const auto& inputs = program_.graph().inputs;
    const bool is_input = std::any_of(inputs.begin(), inputs.end(), [&](const auto& i) { return i.value == v; });
    check<ErrorKind::Value>(is_input || makers_[at(v)] >= 0, what, " is made by no op");
    return v;
  }

  void read_updates(const Json& graph) {
    std::set<int> seen;
    for (const Json& json : list(member(graph, "updates"), "updates")) {
      graph::Update u;
      u.input = static_cast<int>(
          integer_in(member(json, "input"), "the input of an update", 0, static_cast<int64_t>(g().inputs.size())));
      u.value = made_value(member(json, "value"), "the value of an update");
      check<ErrorKind::Value>(seen.insert(u.input).second, "an input is updated twice");
      check<ErrorKind::Value>(!g().inputs[at(u.input)].constant.defined(), "a constant is updated");
      g().updates.push_back(u);
    }
  }

  // The value whose memory a value is a view of.
  ValueId root_of(ValueId v) const {
    for (;;) {
      const int maker = makers_[at(v)];
      if (maker < 0 || !program_.graph().nodes[at(maker)].op->is_view()) return v;
      v = program_.graph().nodes[at(maker)].inputs[0];
    }
  }

  void check_inside(const Value& part, const Strides& strides, int64_t offset, const Value& whole, const char* what) {
    check<ErrorKind::Value>(part.device == whole.device && strides.size() == part.shape.size(), what,
                            " does not lie where it is said to");
    const Tensor all = graph::symbolic_like(whole), *list[] = {&all};
    // Offsets count elements of the part's dtype.
    InputCheck in(what, Inputs(list, 1));
    in.layout(part.shape, strides);
    const auto item = static_cast<int64_t>(item_size(part.dtype)),
               of_whole = static_cast<int64_t>(item_size(whole.dtype));
    __int128 last = offset, end = 0;
    for (int d = 0; d < part.shape.size(); d++)
      if (part.shape[d] > 0) last += static_cast<__int128>(part.shape[d] - 1) * strides[d];
    for (int d = 0; d < whole.shape.size(); d++)
      if (whole.shape[d] > 0) end += static_cast<__int128>(whole.shape[d] - 1) * whole.strides[d];
    const bool empty = part.numel() == 0;
    check<ErrorKind::Value>(empty ? offset == 0 || whole.numel() == 0 || (offset >= 0 && offset <= end)
                                  : whole.numel() > 0 && offset >= 0 && (last + 1) * item <= (end + 1) * of_whole,
                            what, " does not lie in the memory that it is said to");
  }

  void read_result(const Json& json, int64_t count) {
    graph::Result r;
    r.value = made_value(member(json, "value"), "a result");
    r.memory = static_cast<int>(
        integer_in(member(json, "memory"), "the memory of a result", -static_cast<int64_t>(g().inputs.size()), count));
    r.strides = dims(member(json, "strides"), "the strides of a result");
    r.offset = integer(member(json, "offset"), "the offset of a result");
    const Value& type = g().values[at(r.value)];
    if (r.memory < 0) {
      const graph::Input& input = g().inputs[at(~r.memory)];
      check_inside(type, r.strides, r.offset, g().values[at(input.value)], "a result");
    } else {
      check<ErrorKind::Value>(r.strides.size() == type.shape.size(), "the strides of a result do not fit its shape");
      for (const graph::Result& other : g().results)
        check<ErrorKind::Value>(other.memory != r.memory || root_of(other.value) == root_of(r.value),
                                "results share memory that do not come from one value");
    }
    g().results.push_back(std::move(r));
  }

  void read_results(const Json& graph) {
    const Json& results = list(member(graph, "results"), "results");
    const auto count = static_cast<int64_t>(results.size());
    for (const Json& json : results) read_result(json, count);
    program_.num_results = static_cast<int>(count);
    program_.num_returned =
        static_cast<int>(integer_in(member(graph, "returned"), "the number of results", 0, count + 1));
    for (const Json& json : list(member(graph, "own"), "'own'")) program_.is_own.push_back(flag(json, "'own'"));
    for (const Json& json : list(member(graph, "same_as"), "'same_as'"))
      program_.same_as.push_back(static_cast<int>(
          integer_in(json, "the number of a result", 0, static_cast<int64_t>(program_.same_as.size()) + 1)));
    check<ErrorKind::Value>(program_.is_own.size() == results.size() && program_.same_as.size() == results.size(),
                            "what is said of results is not said of each");
    for (const Json& json : list(member(graph, "parts"), "parts")) read_part(json, count);
  }

  void read_part(const Json& json, int64_t count) {
    graph::Part part;
    part.result = static_cast<int>(integer_in(member(json, "result"), "a part", 0, count));
    part.whole = static_cast<int>(integer_in(member(json, "whole"), "the whole of a part", 0, count));
    part.type = type_from_json(member(json, "type"));
    part.offset = integer(member(json, "offset"), "the offset of a part");
    part.base = static_cast<int>(integer_in(member(json, "base"), "the base of a part", -1, count));
    for (const graph::Part& other : program_.parts)
      check<ErrorKind::Value>(other.result != part.result && other.result != part.whole && other.whole != part.result,
                              "a part of a result is a whole, or twice there");
    check<ErrorKind::Value>(part.result != part.whole, "a result is a part of itself");
    const graph::Result &result = g().results[at(part.result)], &whole = g().results[at(part.whole)];
    check<ErrorKind::Value>(result.memory >= 0 && whole.memory >= 0, "a part of a result lies in an input");
    const Value &of_result = g().values[at(result.value)], &of_whole = g().values[at(whole.value)];
    check<ErrorKind::Value>(part.type.shape == of_result.shape && part.type.dtype == of_result.dtype,
                            "a part of a result has another type than the result");
    check_inside(part.type, part.type.strides, part.offset, of_whole, "a part of a result");
    program_.parts.push_back(std::move(part));
  }

  const Json& json_;
  const TensorReader& tensor_;
  graph::Program program_;
  std::vector<std::string> arguments_;
  std::vector<State> state_;
  std::vector<Tensor> constants_;
  std::set<std::string> names_;
  std::vector<int> makers_;
};

}  // namespace

Ref<Program> program_from_json(const std::string& described, const TensorReader& tensor) {
  const Json json = parse(described, "its program");
  const int64_t version = integer(member(json, "version"), "its version");
  check<ErrorKind::Value>(version <= kSchemaVersion, "it was written by a newer Weft (schema version ", version,
                          ", this one knows ", kSchemaVersion, ")");
  check<ErrorKind::Value>(version >= 1, "there is no schema version ", version);
  Ref<Program> program = ProgramReader(json, tensor).read();
  if (json.contains("dynamic")) program->set_sizes(json["dynamic"].dump());
  return program;
}

}  // namespace weft::exported
