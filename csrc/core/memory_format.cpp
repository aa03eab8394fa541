#include "core/memory_format.h"

#include "core/error.h"

namespace weft {

namespace {

int dims_of(MemoryFormat format) { return format == MemoryFormat::ChannelsLast ? 4 : 5; }

}  // namespace

const char* memory_format_name(MemoryFormat format) {
  constexpr const char* names[] = {"contiguous_format", "channels_last", "channels_last_3d"};
  return names[static_cast<int>(format)];
}

Strides strides_in(const char* op, MemoryFormat format, const Shape& shape) {
  if (format == MemoryFormat::Contiguous) return contiguous_strides(shape);
  check(shape.size() == dims_of(format), op, ": memory_format=weft.", memory_format_name(format), " is an order of ",
        dims_of(format), " dimensions, got shape ", shape);
  return channels_last_strides(shape);
}

bool is_in(MemoryFormat format, const Shape& shape, const Strides& strides) {
  if (format == MemoryFormat::Contiguous) return is_contiguous(shape, strides);
  if (shape.size() != dims_of(format)) return false;
  const Strides wanted = channels_last_strides(shape);
  for (int d = 0; d < shape.size(); d++) {
    if (shape[d] == 0) return true;
    if (shape[d] != 1 && strides[d] != wanted[d]) return false;
  }
  return true;
}

bool has_channels_last(const Shape& shape, const Strides& strides) {
  if (shape.size() < 3 || shape[1] == 1 || strides[1] != 1) return false;
  const Strides wanted = channels_last_strides(shape);
  for (int d = 0; d < shape.size(); d++)
    if (shape[d] != 1 && strides[d] != wanted[d]) return false;
  return !is_contiguous(shape, strides);
}

}  // namespace weft
