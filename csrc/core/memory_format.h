// MemoryFormat: the orders in which the elements of a dense tensor may lie, by PyTorch's names.
#pragma once

#include "core/dims.h"

namespace weft {

// Row-major; images (N, C, H, W) or volumes (N, C, D, H, W) with their channels innermost.
enum class MemoryFormat : uint8_t { Contiguous, ChannelsLast, ChannelsLast3d };

// "contiguous_format", ...
const char* memory_format_name(MemoryFormat format);
// The strides of a dense tensor. Raises RuntimeError naming `op` where a shape has no such order.
Strides strides_in(const char* op, MemoryFormat format, const Shape& shape);
// Do the elements lie so? The strides of dimensions of size 1 do not matter; a shape that has no such order: no.
bool is_in(MemoryFormat format, const Shape& shape, const Strides& strides);
// Do elements (N, C, ...) lie with the channels innermost, whatever the number of dimensions, and in no other order?
bool has_channels_last(const Shape& shape, const Strides& strides);

}  // namespace weft
