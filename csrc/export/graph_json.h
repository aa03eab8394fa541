// Graphs as JSON, and checked graphs from JSON that anybody may have written.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "graph/graph.h"
#include "op/saved_field.h"

namespace weft::exported {

using Json = nlohmann::json;

// Constants of a graph and of the bodies in it, in the order in which they are met.
using Constants = std::vector<Tensor>;

// Values, inputs, nodes and lines. Raises ValueError, naming op and line, where an op cannot be saved.
Json graph_to_json(const graph::Graph& g, Constants& constants);

struct GraphReader {
  const std::map<std::string, int64_t>& versions;  // of the ops
  std::function<Tensor(int64_t number, const graph::Value& type)> constant;

  // Everything but results and updates: all types are what the ops make of the types of their inputs.
  graph::Graph read(const Json& json, int level = 0) const;
};

// Members of JSON objects; ValueError names what is missing or of another kind.
const Json& member(const Json& object, const char* name);
int64_t integer(const Json& json, const char* what);
int64_t integer_in(const Json& json, const char* what, int64_t least, int64_t beyond);
std::string text(const Json& json, const char* what);
bool flag(const Json& json, const char* what);
const Json& list(const Json& json, const char* what);
Dims dims(const Json& json, const char* what);
Json to_json(const Dims& d);

Json type_to_json(const graph::Value& v);
// Sizes whose elements can be counted and that no stride leads out of 63 bits.
graph::Value type_from_json(const Json& json);

}  // namespace weft::exported
