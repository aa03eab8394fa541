// Images that ops take in the layout they have: contiguous, or with the channels innermost.
#pragma once

#include "core/memory_format.h"
#include "op/input_check.h"
#include "ops/elementwise.h"

namespace weft {

// Does x lie with its channels innermost, and in no other order?
inline bool has_channels_last(const Tensor& x) { return has_channels_last(x.shape(), x.strides()); }
// Are the channels innermost in a part of an image, which lies with gaps?
inline bool is_part_of_channels_last(const Tensor& x) {
  if (x.ndim() < 4 || x.numel() == 0 || x.size(1) == 1 || x.strides()[1] == 0) return false;
  int64_t least = x.strides()[1] * x.size(1);
  for (int i = x.ndim() - 1; i >= 1; i--) {
    const int d = i == 1 ? 0 : i;  // the images come last
    if (x.size(d) == 1) continue;
    if (x.strides()[d] < least) return false;
    least = x.strides()[d] * x.size(d);
  }
  return least > x.strides()[1] * x.size(1);  // of single pixels the order says nothing
}
// x itself where op takes its one image so, else a copy: with the channels innermost as they are, or contiguous.
inline Tensor image_for(const Op& op, const Tensor& x) {
  const Tensor* list[] = {&x, &x};
  if (!(op.channels_last(Inputs(list, 2)).inputs & 1)) return contiguous(x);
  if (has_channels_last(x)) return x;
  return is_part_of_channels_last(x) ? laid_out(x, channels_last_strides(x.shape())) : contiguous(x);
}
inline Strides image_strides(const Shape& shape, bool channels_last) {
  return channels_last ? channels_last_strides(shape) : Strides{};
}
// The strides of an image that is made of x: laid out like it. Of one pixel or one channel, whose order says nothing,
// as `channels_last` says.
inline Strides strides_of_image(const Tensor& x, const Shape& shape, bool channels_last = false) {
  const MemoryFormat format = x.ndim() == 5 ? MemoryFormat::ChannelsLast3d : MemoryFormat::ChannelsLast;
  channels_last = channels_last && is_in(format, x.shape(), x.strides());
  return image_strides(shape, channels_last || has_channels_last(x));
}
// Of an op from a file: may it read the image so?
inline void check_image(const InputCheck& in, const Op& op, Inputs list, int i) {
  if (!has_channels_last(list[i]) || !(op.channels_last(list).inputs >> i & 1)) in.contiguous(i);
}

}  // namespace weft
