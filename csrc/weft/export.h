// Programs that weft.export has saved, run without Python (docs/export.md):
//
//   weft::Ref<weft::exported::Program> program = weft::exported::load("digits.safetensors");
//   std::vector<weft::Tensor> results = program->run({images});
#pragma once

#include "export/file.h"
