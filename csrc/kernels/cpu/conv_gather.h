// Gather: a convolution as products of matrices. A box of the (zero-padded) input is laid out with the channels
// innermost; each output pixel then is a row of runs of it, times the packed weights. Forward, the gradient by the
// input (one gather for each phase of the stride) and the gradient by the weights all work on such rows.
#pragma once

#include "device/cpu/scratch.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/sum_type.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kRowsAtOnce = 48;        // output pixels multiplied at once: whole tiles at every ISA level
constexpr int64_t kBoxBytes = 384 * 1024;  // what a box should take of the L2 cache at most
constexpr int64_t kUnitPixels = 384;       // enough rows to pay for the setting up

// Adjacent elements of the box that are adjacent in the row of a pixel.
struct Run {
  int64_t offset, length;
};

// The kernel's places along one dim: where they read relative to the pixel, in ascending order, and which weight they
// use.
struct Taps {
  int64_t count;
  int64_t *offset, *source;
};

// Strides in elements, of n, channel, d, h, w.
template <class T>
struct Volume {
  T* data;
  int64_t stride[5];
  int64_t size[3];
};

// out(n, o, p) = sum over taps t and channels c of in(n, c, p * step + origin + t) weight(o, c, t)
template <class T>
struct Gather {
  using S = typename SumOf<T>::type;
  int64_t images, groups, inputs, outputs;  // channels per group
  Volume<T> in, out;
  int64_t step[3], origin[3];
  Taps taps[3];

  // Follows from the above by plan().
  int64_t depth;  // length of a row: taps * inputs
  Run* runs;
  int64_t num_runs;
  int64_t box[3];                               // spatial size of a box
  int64_t unit_images, unit_rows;               // a unit is so many images (whole), or so many rows of one plane
  int64_t image_units, plane_units, row_units;  // how many units

  WEFT_INLINE int64_t num_units() const { return image_units * plane_units * row_units; }
  WEFT_INLINE int64_t extent(int d) const { return taps[d].count ? taps[d].offset[taps[d].count - 1] + 1 : 1; }
  WEFT_INLINE int64_t pixels() const { return out.size[0] * out.size[1] * out.size[2]; }
  // So many elements lie between two rows; not a power of two, so that rows do not compete for the same cache lines.
  WEFT_INLINE int64_t row_stride(int64_t length) const {
    const int64_t whole = ceil_div(length, kLanes<S>) * kLanes<S>;
    return whole % 256 == 0 ? whole + kLanes<S> : whole;
  }
  // With room for a vector that runs over the end.
  WEFT_INLINE int64_t box_elements() const { return unit_images * box[0] * box[1] * box[2] * inputs + 2 * kLanes<S>; }
  WEFT_INLINE int64_t line_elements() const { return in.size[2] * kLanes<S>; }
};

// a * b, or a number that is larger than any memory: dilations and strides of any size may be asked for.
constexpr int64_t kBeyondMemory = int64_t{1} << 50;
WEFT_INLINE int64_t bounded_product(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) || product > kBeyondMemory ? kBeyondMemory : product;
}

// One unit: output pixels of images [image, +images), planes [plane, +planes) and rows [row, +rows).
struct Unit {
  int64_t image, images, plane, planes, row, rows;
};

template <class T>
Unit unit_at(const Gather<T>& g, int64_t index) {
  const int64_t row = index % g.row_units * g.unit_rows;
  index /= g.row_units;
  if (g.plane_units > 1 || g.row_units > 1)  // parts of single images
    return {index / g.plane_units, 1, index % g.plane_units, 1, row, smaller(g.unit_rows, g.out.size[1] - row)};
  const int64_t image = index * g.unit_images;
  return {image, smaller(g.unit_images, g.images - image), 0, g.out.size[0], 0, g.out.size[1]};
}

// Chooses the units and finds the runs. `workers` only shapes the units, never a result.
template <class T>
void plan(Gather<T>& g, int64_t workers) {
  using S = typename SumOf<T>::type;
  const int64_t row_bytes = g.in.size[2] * g.inputs * static_cast<int64_t>(sizeof(S));
  g.unit_images = 1;
  g.unit_rows = g.out.size[1];
  g.image_units = g.images;
  g.plane_units = g.row_units = 1;
  const int64_t image_bytes = row_bytes * g.in.size[0] * g.in.size[1];
  if (image_bytes <= kBoxBytes && g.images >= workers) {
    const int64_t images = smaller(ceil_div(kUnitPixels, g.pixels()), kBoxBytes / (image_bytes + 1) + 1);
    g.unit_images = smaller(images, ceil_div(g.images, workers));
    g.image_units = ceil_div(g.images, g.unit_images);
  } else {
    g.plane_units = g.out.size[0];
    const int64_t fitting =
        kBoxBytes / (bounded_product(bounded_product(row_bytes, g.extent(0)), g.step[1]) + 1) - g.extent(1);
    const int64_t useful = ceil_div(kRowsAtOnce, g.out.size[2]);
    const int64_t shared = ceil_div(g.out.size[1], ceil_div(2 * workers, g.images * g.plane_units));
    g.unit_rows = smaller(g.out.size[1], smaller(shared, fitting > useful ? fitting : useful));
    g.row_units = ceil_div(g.out.size[1], g.unit_rows);
  }
  const int64_t planes = g.plane_units > 1 ? 1 : g.out.size[0];
  g.box[0] = (planes - 1) * g.step[0] + g.extent(0);
  g.box[1] = (g.unit_rows - 1) * g.step[1] + g.extent(1);
  g.box[2] = (g.out.size[2] - 1) * g.step[2] + g.extent(2);
  g.depth = g.taps[0].count * g.taps[1].count * g.taps[2].count * g.inputs;
  g.num_runs = 0;
  const int64_t elements = bounded_product(bounded_product(g.box[0], g.box[1]), bounded_product(g.box[2], g.inputs));
  if (bounded_product(elements, g.unit_images) == kBeyondMemory) {  // asking for its memory is the error
    g.unit_images = g.box[1] = g.box[2] = 1;
    g.box[0] = kBeyondMemory / g.inputs;
    return;
  }
  for (int64_t z = 0; z < g.taps[0].count; z++)
    for (int64_t y = 0; y < g.taps[1].count; y++)
      for (int64_t x = 0; x < g.taps[2].count; x++) {
        const int64_t offset =
            ((g.taps[0].offset[z] * g.box[1] + g.taps[1].offset[y]) * g.box[2] + g.taps[2].offset[x]) * g.inputs;
        Run* last = g.runs + g.num_runs - 1;
        if (g.num_runs > 0 && last->offset + last->length == offset)
          last->length += g.inputs;
        else
          g.runs[g.num_runs++] = {offset, g.inputs};
      }
}

// Lays one line of the input, channels [0, inputs) from `from`, out as to[x * inputs + c]. May write zeros past its
// end.
template <class T, class S>
void fill_line(const Gather<T>& g, S* to, const T* from, int64_t length, S* buffer) {
  const int64_t channels = g.inputs;
  const int64_t channel_stride = g.in.stride[1], step = g.in.stride[4];
  if (channel_stride == 1 || channels == 1) {
    const bool adjacent = step == channels;
    const int64_t run = adjacent ? length * channels : channels;
    for (int64_t x = 0; x < (adjacent ? 1 : length); x++)
      for (int64_t c = 0; c < run; c++) to[x * channels + c] = convert<S>(from[x * step + c]);
    return;
  }
  constexpr int64_t lanes = kLanes<S>;
  // The last, incomplete block of channels first: what it writes too much is then written over.
  for (int64_t c = (channels - 1) / lanes * lanes; c >= 0; c -= lanes) {
    const int64_t count = smaller(lanes, channels - c);
    if constexpr (__is_same(T, S)) {
      if (step == 1) {
        transpose_strip<S, lanes>(to + c, channels, from + c * channel_stride, channel_stride, count, length);
        continue;
      }
    }
    for (int64_t i = 0; i < count; i++)
      for (int64_t x = 0; x < length; x++)
        buffer[i * length + x] = convert<S>(from[(c + i) * channel_stride + x * step]);
    transpose_strip<S, lanes>(to + c, channels, buffer, length, count, length);
  }
}

// Fills the box of a unit and of one group's channels.
template <class T, class S>
void fill_box(const Gather<T>& g, const Unit& u, int64_t group, S* box, S* buffer) {
  const int64_t line = g.box[2] * g.inputs;
  const int64_t first = g.origin[2] < 0 ? 0 : g.origin[2];  // the input's columns that the box has
  const int64_t end = smaller(g.in.size[2], g.origin[2] + g.box[2]);
  for (int64_t n = 0; n < u.images; n++)
    for (int64_t z = 0; z < g.box[0]; z++)
      for (int64_t y = 0; y < g.box[1]; y++, box += line) {
        const int64_t from_z = u.plane * g.step[0] + g.origin[0] + z, from_y = u.row * g.step[1] + g.origin[1] + y;
        if (from_z < 0 || from_z >= g.in.size[0] || from_y < 0 || from_y >= g.in.size[1] || first >= end) {
          for (int64_t i = 0; i < line; i++) box[i] = S(0);
          continue;
        }
        const T* from = g.in.data + (u.image + n) * g.in.stride[0] + group * g.inputs * g.in.stride[1] +
                        from_z * g.in.stride[2] + from_y * g.in.stride[3] + first * g.in.stride[4];
        const int64_t left = (first - g.origin[2]) * g.inputs, right = (end - g.origin[2]) * g.inputs;
        for (int64_t i = 0; i < left; i++) box[i] = S(0);
        fill_line<T, S>(g, box + left, from, end - first, buffer);
        for (int64_t i = right; i < line; i++) box[i] = S(0);
      }
}

// A pixel of a unit, and where its row begins in the box.
struct Pixel {
  int64_t image, plane, row, column;
};
template <class T>
WEFT_INLINE Pixel pixel_at(const Gather<T>& g, const Unit& u, int64_t index) {
  Pixel p;
  p.column = index % g.out.size[2];
  index /= g.out.size[2];
  p.row = index % u.rows;
  index /= u.rows;
  p.plane = index % u.planes;
  p.image = index / u.planes;
  return p;
}

// rows[i * row_stride] = the runs of pixel first + i. May write a vector past the end of a row.
template <class T, class S>
void gather_rows(const Gather<T>& g, const Unit& u, const Run* runs, int64_t num_runs, int64_t row_stride, const S* box,
                 int64_t first, int64_t count, S* rows) {
  Pixel p = pixel_at(g, u, first);
  for (int64_t i = 0; i < count; i++) {
    const S* corner = box + (((p.image * g.box[0] + p.plane * g.step[0]) * g.box[1] + p.row * g.step[1]) * g.box[2] +
                             p.column * g.step[2]) *
                                g.inputs;
    S* to = rows + i * row_stride;
    for (int64_t r = 0; r < num_runs; r++) {
      const S* from = corner + runs[r].offset;
      for (int64_t k = 0; k < runs[r].length; k += kLanes<S>) store(to + k, load(from + k));
      to += runs[r].length;
    }
    if (++p.column == g.out.size[2]) {
      p.column = 0;
      if (++p.row == u.rows) {
        p.row = 0;
        if (++p.plane == u.planes) p.plane = 0, p.image++;
      }
    }
  }
}

// Calls f(address in out, first pixel, number of pixels) for stretches of the unit's pixels [first, first + count) that
// are evenly spaced in `out`, by out.stride[4].
template <class T, class F>
WEFT_INLINE void for_stretches(const Gather<T>& g, const Unit& u, int64_t first, int64_t count, F&& f) {
  const bool whole_rows = g.out.stride[3] == g.out.size[2] * g.out.stride[4];
  for (int64_t done = 0; done < count;) {
    const Pixel p = pixel_at(g, u, first + done);
    int64_t length = g.out.size[2] - p.column;
    if (whole_rows) length += (u.rows - p.row - 1) * g.out.size[2];
    length = smaller(length, count - done);
    T* address = g.out.data + (u.image + p.image) * g.out.stride[0] + (u.plane + p.plane) * g.out.stride[2] +
                 (u.row + p.row) * g.out.stride[3] + p.column * g.out.stride[4];
    f(address, done, length);
    done += length;
  }
}

// to[o * channel_stride + i * step] = from[i * from_row + o] for `count` pixels i and `outputs` channels o.
template <class T, class S>
void put_pixels(T* to, int64_t channel_stride, int64_t step, const S* from, int64_t from_row, int64_t count,
                int64_t outputs) {
  int64_t i = 0;
  if (channel_stride == 1) {
    for (; i < count; i++)
      for (int64_t o = 0; o < outputs; o++) to[i * step + o] = convert<T>(from[i * from_row + o]);
    return;
  }
  if constexpr (__is_same(T, S)) {
    constexpr int lanes = kLanes<S>;
    if (step == 1) {
      for (; i + lanes <= count; i += lanes)
        transpose_strip<S, lanes>(to + i, channel_stride, from + i * from_row, from_row, lanes, outputs);
      if constexpr (lanes > 4)
        for (; i + 4 <= count; i += 4)
          transpose_strip<S, 4>(to + i, channel_stride, from + i * from_row, from_row, 4, outputs);
    }
  }
  for (int64_t o = 0; o < outputs; o++)
    for (int64_t k = i; k < count; k++) to[o * channel_stride + k * step] = convert<T>(from[k * from_row + o]);
}

// --- packed weights -----------------------------------------------------------------------------------------------

// Where the weights of a gather lie: element strides of output channel, input channel and the kernel's three dims.
template <class T>
struct Weights {
  const T* data;
  int64_t group, output, input, tap[3];
};

// The panel of output channels [o, o + width): to[k * Width + j], with k in the order of the rows.
template <class T, class S>
void pack_weights(const Gather<T>& g, const Weights<T>& w, int64_t group, int64_t o, int64_t width, int64_t columns,
                  S* to) {
  const T* base = w.data + group * w.group + o * w.output;
  for (int64_t z = 0; z < g.taps[0].count; z++)
    for (int64_t y = 0; y < g.taps[1].count; y++)
      for (int64_t x = 0; x < g.taps[2].count; x++) {
        const T* tap =
            base + g.taps[0].source[z] * w.tap[0] + g.taps[1].source[y] * w.tap[1] + g.taps[2].source[x] * w.tap[2];
        for (int64_t c = 0; c < g.inputs; c++, to += columns) {
          const T* from = tap + c * w.input;
          for (int64_t j = 0; j < width; j++) to[j] = convert<S>(from[j * w.output]);
          for (int64_t j = width; j < columns; j++) to[j] = S(0);
        }
      }
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
