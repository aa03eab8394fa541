// Programs in files: a safetensors file whose metadata holds the graph as JSON. Reading one runs no code, and checks
// everything before it takes memory for it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "export/program.h"

namespace weft::exported {

// Rises when the JSON changes its meaning. Every version stays readable.
constexpr int kSchemaVersion = 1;

// Where the parts stand in the file's metadata.
constexpr const char* kProgramKey = "weft.program";
constexpr const char* kSignatureKey = "weft.signature";
constexpr const char* kChecksumKey = "weft.checksum";

// The graph and the names of its tensors, as JSON. Raises ValueError, naming op and line, for what no file can hold.
std::string to_json(const Program& program);
// The tensors that belong to it, by their names in the file.
std::vector<std::pair<std::string, Tensor>> tensors_of(const Program& program);
// CRC-32 of these parts one after another: the program's JSON, the signature and all bytes of tensors.
uint32_t checksum(uint32_t before, const void* data, size_t size);

// Raises ValueError that says what is wrong with a file that is damaged, of another kind or from a newer Weft.
Ref<Program> load(const std::string& path);

}  // namespace weft::exported
