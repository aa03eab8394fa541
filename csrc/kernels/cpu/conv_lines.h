// Convolutions of one small image that lies in rows (1, C, H, W), by strides of 1 along a row: the weights are read
// where they lie, each for two vectors of adjacent output pixels. So little is computed that laying the weights out
// anew would take as long as it gains, and more memory than input and output together.
#pragma once

#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/convolution.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/sum_type.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kLineBoxBytes = 64 * 1024;  // of the padded image: most of it stays in the L1 cache
constexpr int64_t kLongestLine = 1024;        // weights of an output
constexpr int64_t kLineGrain = 1 << 17;       // multiply-adds that are worth waking a thread for

// Output pixels as vectors: `across` of them for each line, the last of which may run over the line's end.
struct Lines {
  static constexpr int64_t lanes = kLanes<float>;
  const StridedView &y, &x, &w;
  const ConvGeometry& g;
  int64_t depth, across, box_height, box_width;

  WEFT_INLINE Lines(const StridedView& y_view, const StridedView& x_view, const StridedView& w_view,
                    const ConvGeometry& geometry)
      : y(y_view), x(x_view), w(w_view), g(geometry) {
    depth = w.shape[1] * w.shape[3] * w.shape[4];
    across = ceil_div(y.shape[4], lanes);
    box_height = (y.shape[3] - 1) * g.stride[1] + (w.shape[3] - 1) * g.dilation[1] + 1;
    box_width = y.shape[4] + (w.shape[4] - 1) * g.dilation[2];
  }
  WEFT_INLINE int64_t vectors() const { return y.shape[3] * across; }
  // With room for a vector that runs over the end.
  WEFT_INLINE int64_t box_elements() const { return x.shape[1] * box_height * box_width + lanes; }
  WEFT_INLINE const float* at(const float* box, int64_t vector) const {
    return box + vector / across * g.stride[1] * box_width + vector % across * lanes;
  }
  WEFT_INLINE float* output(int64_t channel, int64_t vector) const {
    return y.as<float>() + channel * y.strides[1] + vector / across * y.strides[3] + vector % across * lanes;
  }
  WEFT_INLINE int64_t columns(int64_t vector) const { return smaller(lanes, y.shape[4] - vector % across * lanes); }
};

bool has_few_lines(const StridedView& y, const StridedView& x, const StridedView& w, const ConvGeometry& g) {
  if (y.dtype != DType::Float32 || g.groups != 1 || x.shape[0] != 1 || y.numel() == 0 || x.numel() == 0) return false;
  if (y.shape[2] != 1 || x.shape[2] != 1 || w.shape[2] != 1 || g.padding[0] != 0 || g.stride[2] != 1) return false;
  if (x.strides[4] != 1 || y.strides[4] != 1 || !w.is_contiguous()) return false;
  if (w.shape[3] * w.shape[4] == 1) return false;  // a product of matrices
  if (w.numel() > w.shape[0] * kLongestLine) return false;
  constexpr int64_t kFar = 1 << 10;  // within it no size below overflows
  for (int d = 1; d < 3; d++)
    if (g.padding[d] < 0 || g.stride[d] > kFar || g.dilation[d] > kFar || w.shape[2 + d] > kFar ||
        y.shape[2 + d] > kFar)
      return false;
  const Lines lines(y, x, w, g);
  return 4 * y.shape[4] >= 3 * lines.across * Lines::lanes && x.shape[1] <= kLineBoxBytes &&
         x.shape[1] * lines.box_height * lines.box_width * 4 <= kLineBoxBytes;
}

// A channel of the image with zeros around it.
void fill_lines(const Lines& l, float* box, int64_t channel) {
  const float* from = l.x.as<const float>() + channel * l.x.strides[1];
  float* to = box + channel * l.box_height * l.box_width;
  const int64_t left = l.g.padding[2], first = smaller(left, l.box_width);
  const int64_t end = smaller(l.box_width, left + l.x.shape[4]);  // of the columns that the image has
  for (int64_t r = 0; r < l.box_height; r++, to += l.box_width) {
    const int64_t row = r - l.g.padding[1];
    const bool inside = row >= 0 && row < l.x.shape[3];
    const float* line = from + row * l.x.strides[3];
    for (int64_t c = 0; c < first; c++) to[c] = 0.0f;
    for (int64_t c = first; c < end; c++) to[c] = inside ? line[c - left] : 0.0f;
    for (int64_t c = end; c < l.box_width; c++) to[c] = 0.0f;
  }
}

// Two vectors of pixels of the first channel of a tile: where they are read, where they go, and how many of their
// elements are pixels. Of a last vector without another one, `columns[1]` is 0.
struct LinePair {
  const float* from[2];
  float* to[2];
  int64_t columns[2];
};

// What is added to an output, one after the other: where its pixel and its weight are.
struct LineTerm {
  int32_t pixel, weight;
};

// Rows output channels of a pair; weights: of the first. Sums of `step` terms each are added to the bias in turn, as
// products do.
template <int Rows>
[[gnu::noinline]] void line_tile(const LinePair& pair, const float* weights, int64_t depth, int64_t step,
                                 const LineTerm* terms, const float* bias, int64_t bias_step, int64_t channel_step) {
  using V = Vector<float>;
  V total[Rows][2];
  const float *b0 = pair.from[0], *b1 = pair.from[1];
  for (int64_t block = 0; block < depth; block += step) {
    const int64_t end = smaller(block + step, depth);
    V sum[Rows][2];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; i++) sum[i][0] = sum[i][1] = V{};
    for (int64_t p = block; p < end; p++) {
      const V first = load(b0 + terms[p].pixel), second = load(b1 + terms[p].pixel);
      const float* own = weights + terms[p].weight;
#pragma GCC unroll 16
      for (int i = 0; i < Rows; i++) {
        const float weight = own[i * depth];
        sum[i][0] += weight * first;
        sum[i][1] += weight * second;
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; i++)
      for (int j = 0; j < 2; j++) {
        if (block > 0)
          total[i][j] += sum[i][j];
        else
          total[i][j] = bias ? sum[i][j] + bias[i * bias_step] : sum[i][j];
      }
  }
#pragma GCC unroll 2
  for (int j = 0; j < 2; j++) {
    float* to = pair.to[j];
    if (pair.columns[j] == kLanes<float>) {
#pragma GCC unroll 16
      for (int i = 0; i < Rows; i++) store(to + i * channel_step, total[i][j]);
    } else {
      float part[Rows][kLanes<float>];
#pragma GCC unroll 16
      for (int i = 0; i < Rows; i++) store(part[i], total[i][j]);
      for (int i = 0; i < Rows; i++)
        for (int64_t k = 0; k < pair.columns[j]; k++) to[i * channel_step + k] = part[i][k];
    }
  }
}

// The same for a number of channels that is known while it runs.
template <int Rows = kTileRows, class... Args>
WEFT_INLINE void line_tile_of(int64_t rows, const Args&... args) {
  if (rows == Rows) return line_tile<Rows>(args...);
  if constexpr (Rows > 1) line_tile_of<Rows - 1>(rows, args...);
}

void convolve_lines(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                    const ConvGeometry& geometry) {
  const Lines l(y, x, w, geometry);
  const size_t box_bytes = round_up(static_cast<size_t>(l.box_elements()) * sizeof(float));
  Scratch scratch(box_bytes + static_cast<size_t>(l.depth) * sizeof(LineTerm));
  if (scratch_only_asked()) return;
  float* box = reinterpret_cast<float*>(scratch.data());
  LineTerm* terms = reinterpret_cast<LineTerm*>(scratch.data() + box_bytes);
  // Channel by channel for each place in the window: the bits are those of images that lie otherwise.
  for (int64_t p = 0; p < l.depth; p++) {
    const int64_t channels = w.shape[1], channel = p % channels, place = p / channels;
    const int64_t row = place / w.shape[4], column = place % w.shape[4];
    const int64_t line = channel * l.box_height + row * geometry.dilation[1];
    terms[p].pixel = static_cast<int32_t>(line * l.box_width + column * geometry.dilation[2]);
    terms[p].weight = static_cast<int32_t>(channel * w.shape[3] * w.shape[4] + place);
  }
  const int64_t outputs = w.shape[0], pairs = ceil_div(l.vectors(), 2), bands = ceil_div(outputs, kTileRows);
  const float* b = bias.data ? bias.as<const float>() : nullptr;
  const int64_t step = bias.data ? bias.strides[0] : 0;
  const int64_t block = ceil_div(l.depth, ceil_div(l.depth, kMaxDepth<float>));
  parallel_for(x.shape[1], ceil_div(kLineGrain, 8 * l.box_height * l.box_width), [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; c++) fill_lines(l, box, c);
  });
  const int64_t operations = kTileRows * 2 * Lines::lanes * l.depth;
  parallel_for(bands * pairs, ceil_div(kLineGrain, operations), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; unit++) {
      const int64_t vector = unit % pairs * 2, next = smaller(vector + 1, l.vectors() - 1);
      const int64_t band = unit / pairs, o = outputs * band / bands, rows = outputs * (band + 1) / bands - o;
      const LinePair pair{{l.at(box, vector), l.at(box, next)},
                          {l.output(o, vector), l.output(o, next)},
                          {l.columns(vector), next == vector ? 0 : l.columns(next)}};
      line_tile_of(rows, pair, w.as<const float>() + o * l.depth, l.depth, block, terms, b ? b + o * step : nullptr,
                   step, y.strides[1]);
    }
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
