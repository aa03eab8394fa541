#include "export/file.h"
#include "export/graph_json.h"
#include "export/parse.h"
#include "graph/control_flow.h"
#include "op/registry.h"

namespace weft::exported {

using graph::at;
using graph::Origin;

namespace {

constexpr const char* kKinds[] = {"parameter", "buffer", "constant"};

Json state_to_json(const std::vector<State>& state) {
  Json json = Json::array();
  for (const State& s : state) {
    Json one{
        {"name", s.name}, {"kind", kKinds[static_cast<int>(s.kind)]}, {"type", type_to_json(graph::type_of(s.tensor))}};
    if (!s.aliases.empty()) one["aliases"] = s.aliases;
    if (!s.persistent) one["persistent"] = false;
    json.push_back(std::move(one));
  }
  return json;
}

void add_versions(const graph::Graph& g, Json& versions);
void add_versions(const SavedField& f, Json& versions) {
  if (const auto* list = std::get_if<SavedField::List>(&f.value))
    for (const SavedField& item : *list) add_versions(item, versions);
  if (const auto* record = std::get_if<SavedFields>(&f.value))
    for (const auto& [name, item] : *record) add_versions(item, versions);
  if (const auto* object = std::get_if<SavedField::Object>(&f.value))
    if (const auto* body = dynamic_cast<const graph::SavedGraph*>(object->get())) add_versions(body->graph, versions);
}
// Of all ops in the graph and its bodies.
void add_versions(const graph::Graph& g, Json& versions) {
  for (const graph::Node& node : g.nodes) {
    const OpEntry* entry = entry_of(*node.op);
    versions[entry->name] = entry->version;
    add_versions(SavedField{entry->save(*node.op)}, versions);
  }
}

}  // namespace

std::string to_json(const Program& program) {
  const graph::Program& p = program.traced();
  Constants constants;
  Json json, graph = graph_to_json(p.graph(), constants);
  for (size_t i = 0; i < p.graph().inputs.size(); i++) {
    const Origin& origin = p.traced.origins[i];
    if (origin.kind == Origin::Kind::Argument) graph["inputs"][i]["argument"] = origin.argument;
    if (origin.kind == Origin::Kind::Captured) graph["inputs"][i]["state"] = program.state_of(i);
  }
  graph["results"] = graph["updates"] = graph["parts"] = Json::array();
  for (const graph::Result& r : p.graph().results)
    graph["results"].push_back(
        {{"value", r.value}, {"memory", r.memory}, {"strides", to_json(r.strides)}, {"offset", r.offset}});
  for (const graph::Update& u : p.graph().updates) graph["updates"].push_back({{"input", u.input}, {"value", u.value}});
  for (const graph::Part& part : p.parts)
    graph["parts"].push_back({{"result", part.result},
                              {"whole", part.whole},
                              {"type", type_to_json(part.type)},
                              {"offset", part.offset},
                              {"base", part.base}});
  graph["returned"] = p.num_returned;
  graph["same_as"] = p.same_as;
  graph["own"] = Json::array();
  for (char own : p.is_own) graph["own"].push_back(own != 0);
  json["version"] = kSchemaVersion;
  json["graph"] = std::move(graph);
  json["arguments"] = program.arguments();
  json["state"] = state_to_json(program.state());
  json["constants"] = Json::array();
  for (const Tensor& t : constants) json["constants"].push_back(type_to_json(graph::type_of(t)));
  json["ops"] = Json::object();
  add_versions(p.graph(), json["ops"]);
  if (program.sizes()) json["dynamic"] = parse(program.sizes()->json(), "sizes");
  try {
    return json.dump();
  } catch (const Json::exception&) {
    fail<ErrorKind::Value>("export: a name is no text in UTF-8");
  }
}

std::vector<std::pair<std::string, Tensor>> tensors_of(const Program& program) {
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (const State& s : program.state()) tensors.emplace_back(s.name, s.tensor);
  std::vector<Tensor> constants;
  graph_to_json(program.graph(), constants);
  for (size_t i = 0; i < constants.size(); i++) tensors.emplace_back(concat("$constant.", i), constants[i]);
  return tensors;
}

}  // namespace weft::exported
