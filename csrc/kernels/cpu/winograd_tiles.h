// What Winograd's algorithm works on: transforms of tiles, and the tiles of a batch of images.
#pragma once

#include "device/cpu/threads.h"
#include "kernels/cpu/conv_gather.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kPoints = 16;  // products of a tile: 4x4
constexpr int64_t kLanesF = kLanes<float>, kWidth = kTileColumns<float>;
constexpr int64_t kFewestChannels = 16, kFewestTiles = 8;
constexpr int64_t kTileBoxBytes = 192 * 1024;  // of a box, which shares the L2 cache with what is made of it
constexpr int64_t kFewTiles = 48;              // that pay for reading the weights: whole tiles of gemm at every level

// --- the transforms -----------------------------------------------------------------------------------------------
// One-dimensional ones, of the columns and then of the rows. V: a vector of channels.

using V = Vector<float>;

// m = B' d B for 4x4 inputs d
WEFT_INLINE void transform_input(const V (&d)[4][4], V (&m)[4][4]) {
  V half[4][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    half[0][j] = d[0][j] - d[2][j];
    half[1][j] = d[1][j] + d[2][j];
    half[2][j] = d[2][j] - d[1][j];
    half[3][j] = d[1][j] - d[3][j];
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    m[i][0] = half[i][0] - half[i][2];
    m[i][1] = half[i][1] + half[i][2];
    m[i][2] = half[i][2] - half[i][1];
    m[i][3] = half[i][1] - half[i][3];
  }
}

// A' m A: the 2x2 outputs of a tile from its 4x4 products
WEFT_INLINE void transform_output(const V (&m)[4][4], V (&y)[2][2]) {
  V half[2][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    half[0][j] = m[0][j] + m[1][j] + m[2][j];
    half[1][j] = m[1][j] - m[2][j] - m[3][j];
  }
#pragma GCC unroll 2
  for (int i = 0; i < 2; i++) {
    y[i][0] = half[i][0] + half[i][1] + half[i][2];
    y[i][1] = half[i][1] - half[i][2] - half[i][3];
  }
}

// A g A': the transpose of transform_output
WEFT_INLINE void transform_gradient(const V (&g)[2][2], V (&m)[4][4]) {
  V half[4][2];
#pragma GCC unroll 2
  for (int j = 0; j < 2; j++) {
    half[0][j] = g[0][j];
    half[1][j] = g[0][j] + g[1][j];
    half[2][j] = g[0][j] - g[1][j];
    half[3][j] = -g[1][j];
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    m[i][0] = half[i][0];
    m[i][1] = half[i][0] + half[i][1];
    m[i][2] = half[i][0] - half[i][1];
    m[i][3] = -half[i][1];
  }
}

// G w G'
WEFT_INLINE void transform_weight(const V (&w)[3][3], V (&u)[4][4]) {
  V half[4][3];
#pragma GCC unroll 3
  for (int j = 0; j < 3; j++) {
    const V ends = 0.5f * (w[0][j] + w[2][j]), middle = 0.5f * w[1][j];
    half[0][j] = w[0][j];
    half[1][j] = ends + middle;
    half[2][j] = ends - middle;
    half[3][j] = w[2][j];
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const V ends = 0.5f * (half[i][0] + half[i][2]), middle = 0.5f * half[i][1];
    u[i][0] = half[i][0];
    u[i][1] = ends + middle;
    u[i][2] = ends - middle;
    u[i][3] = half[i][2];
  }
}

// G' u G: the transpose of transform_weight
WEFT_INLINE void transform_weight_gradient(const V (&u)[4][4], V (&w)[3][3]) {
  V half[3][4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    const V sum = 0.5f * (u[1][j] + u[2][j]);
    half[0][j] = u[0][j] + sum;
    half[1][j] = 0.5f * (u[1][j] - u[2][j]);
    half[2][j] = sum + u[3][j];
  }
#pragma GCC unroll 3
  for (int i = 0; i < 3; i++) {
    const V sum = 0.5f * (half[i][1] + half[i][2]);
    w[i][0] = half[i][0] + sum;
    w[i][1] = 0.5f * (half[i][1] - half[i][2]);
    w[i][2] = sum + half[i][3];
  }
}

// --- tiles --------------------------------------------------------------------------------------------------------

// The tiles of a plane of rows x columns pixels, of all images; a unit is so many images (whole) or so many rows of
// tiles of one image.
struct Tiling {
  int64_t images, rows, columns;  // columns and rows of tiles in an image
  int64_t unit_images, unit_rows, image_units, row_units;

  // channels: of what the units' boxes hold. `workers` only shapes the units, never a result.
  Tiling(int64_t images_, int64_t height, int64_t width, int64_t channels, int64_t at_once, int64_t workers)
      : images(images_), rows(ceil_div(height, 2)), columns(ceil_div(width, 2)) {
    const int64_t line = (2 * columns + 2) * channels * static_cast<int64_t>(sizeof(float));
    const int64_t image = line * (2 * rows + 2);
    unit_images = 1, unit_rows = rows;
    if (image <= kTileBoxBytes && images >= workers) {
      const int64_t fitting = kTileBoxBytes / image, useful = ceil_div(kFewTiles, rows * columns);
      unit_images = smaller(ceil_div(at_once, rows * columns), fitting > useful ? fitting : useful);
      unit_images = smaller(unit_images, ceil_div(images, workers));
    } else {
      const int64_t fitting = (kTileBoxBytes / line - 2) / 2, useful = ceil_div(at_once, columns);
      const int64_t shared = ceil_div(rows, ceil_div(workers, images));
      unit_rows = smaller(shared, fitting > useful ? fitting : useful);
    }
    image_units = ceil_div(images, unit_images);
    row_units = ceil_div(rows, unit_rows);
  }
  int64_t units() const { return image_units * row_units; }
  int64_t tiles() const { return images * rows * columns; }
};

// One unit's tiles, numbered by image, row and column.
struct TileUnit {
  int64_t image, images, row, rows;
};
WEFT_INLINE TileUnit unit_of(const Tiling& t, int64_t index) {
  const int64_t row = index % t.row_units * t.unit_rows, image = index / t.row_units * t.unit_images;
  return {image, smaller(t.unit_images, t.images - image), row, smaller(t.unit_rows, t.rows - row)};
}

struct TileAt {
  int64_t image, row, column;  // within the unit
};
WEFT_INLINE TileAt tile_at(const Tiling& t, const TileUnit& u, int64_t index) {
  return {index / (t.columns * u.rows), index / t.columns % u.rows, index % t.columns};
}
WEFT_INLINE void next(const Tiling& t, const TileUnit& u, TileAt& at) {
  if (++at.column < t.columns) return;
  at.column = 0;
  if (++at.row == u.rows) at.row = 0, at.image++;
}

// Distance of two rows of `channels` elements; not a power of two, so that rows do not compete for cache lines.
WEFT_INLINE int64_t row_stride(int64_t channels) {
  const int64_t whole = ceil_div(channels, kLanesF) * kLanesF;
  return whole % 256 == 0 ? whole + kLanesF : whole;
}

// Reads boxes of a tensor's channels [first, first + channels): the pixels of a unit's tiles, `reach` of them per tile
// row, with zeros around the tensor.
struct BoxReader {
  Gather<float> g{};
  int64_t margin;

  BoxReader(const StridedView& v, int64_t first, int64_t channels, const Tiling& t, int64_t origin_row,
            int64_t origin_column, int64_t margin_)
      : margin(margin_) {
    g.inputs = channels;
    g.in = {v.as<float>() + first * v.strides[1],
            {v.strides[0], v.strides[1], v.strides[2], v.strides[3], v.strides[4]},
            {1, v.shape[3], v.shape[4]}};
    g.step[0] = g.step[1] = g.step[2] = 1;
    g.origin[1] = origin_row, g.origin[2] = origin_column;
    g.box[0] = 1, g.box[1] = 2 * t.unit_rows + margin, g.box[2] = 2 * t.columns + margin;
    g.unit_images = t.unit_images;
  }
  int64_t elements() const { return g.box_elements(); }
  int64_t line_elements() const { return g.line_elements(); }
  void fill(const TileUnit& u, float* box, float* line) {
    g.box[1] = 2 * u.rows + margin;
    fill_box<float, float>(g, {u.image, u.images, 0, 1, 2 * u.row, 2 * u.rows}, 0, box, line);
  }
  // The first pixel of a tile.
  const float* at(const float* box, const TileAt& t) const {
    return box + ((t.image * g.box[1] + 2 * t.row) * g.box[2] + 2 * t.column) * g.inputs;
  }
  int64_t line() const { return g.box[2] * g.inputs; }
};

// to[(point * at_once + i) * stride + channel] = transform of the n x n pixels of tile first + i, for `count` tiles.
// The box may be read, and a row written, a vector past its end.
template <int n, class F>
WEFT_INLINE void transform_tiles(const BoxReader& reader, const Tiling& t, const TileUnit& u, const float* box,
                                 int64_t first, int64_t count, float* to, int64_t at_once, int64_t stride,
                                 F&& transform) {
  const int64_t channels = reader.g.inputs, line = reader.line();
  TileAt at = tile_at(t, u, first);
  for (int64_t i = 0; i < count; i++, next(t, u, at)) {
    const float* from = reader.at(box, at);
    for (int64_t c = 0; c < channels; c += kLanesF) {
      V d[n][n], m[4][4];
#pragma GCC unroll 4
      for (int y = 0; y < n; y++)
#pragma GCC unroll 4
        for (int x = 0; x < n; x++) d[y][x] = load(from + y * line + x * channels + c);
      transform(d, m);
      float* out = to + i * stride + c;
#pragma GCC unroll 16
      for (int p = 0; p < kPoints; p++) store(out + p * at_once * stride, m[p / 4][p % 4]);
    }
  }
}
WEFT_INLINE void transform_inputs(const BoxReader& reader, const Tiling& t, const TileUnit& u, const float* box,
                                  int64_t first, int64_t count, float* to, int64_t at_once, int64_t stride) {
  transform_tiles<4>(reader, t, u, box, first, count, to, at_once, stride,
                     [](const V(&d)[4][4], V(&m)[4][4]) __attribute__((always_inline)) { transform_input(d, m); });
}

// Does it apply, for a result of height x width pixels and kernels of the shape of w?
WEFT_INLINE bool winograd_applies(const StridedView& w, int64_t images, int64_t height, int64_t width,
                                  const ConvGeometry& g) {
  if (w.dtype != DType::Float32 || g.groups != 1 || w.shape[2] != 1 || w.shape[3] != 3 || w.shape[4] != 3) return false;
  for (int d = 0; d < 3; d++)
    if (g.stride[d] != 1 || (d > 0 && g.dilation[d] != 1)) return false;
  if (g.padding[0] != 0 || w.shape[0] < kFewestChannels || w.shape[1] < kFewestChannels) return false;
  const int64_t tiles = ceil_div(height, 2) * ceil_div(width, 2);
  return images * tiles >= kFewestTiles && kPoints * tiles * 10 <= 9 * height * width * 6;  // few hang over the edge
}

WEFT_INLINE int64_t winograd_workers(int64_t tiles, int64_t inputs, int64_t outputs) {
  const int64_t workers = smaller(num_threads(), tiles * kPoints * inputs * outputs / (1 << 18));
  return workers < 1 ? 1 : workers;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
