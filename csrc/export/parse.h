// JSON from text that may be damaged.
#pragma once

#include <string>

#include "export/graph_json.h"

namespace weft::exported {

// Raises ValueError: `what` is no JSON, or nested too deeply.
Json parse(const std::string& text, const char* what);

}  // namespace weft::exported
