// Programs from their JSON.
#pragma once

#include <functional>
#include <string>

#include "export/program.h"

namespace weft::exported {

// The tensor of a name in the file, in this layout and on its device. Raises ValueError where it is not there, or of
// another dtype or shape.
using TensorReader = std::function<Tensor(const std::string& name, const graph::Value& type)>;

// Raises ValueError that says what is wrong with the text. Nothing in it is taken on trust.
Ref<Program> program_from_json(const std::string& json, const TensorReader& tensor);

}  // namespace weft::exported
