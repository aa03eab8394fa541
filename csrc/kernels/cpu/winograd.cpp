// Forward, and the gradient by the input.
#include "kernels/cpu/winograd.h"

#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/winograd_tiles.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// A convolution y(n, o, p) = sum of x(n, c, p + origin + t) w(o, c, t) over c and t; strides of w in elements.
struct Filter {
  StridedView y, x;
  const float *weights, *weights_end;
  int64_t output, input, tap[2];  // strides of the weights
  int64_t origin[2];
  const float* bias;
  int64_t bias_stride;
  int64_t inputs() const { return x.shape[1]; }
  int64_t outputs() const { return y.shape[1]; }
};

// Tiles whose products are made at once: whole tiles of gemm, few enough that they stay in the L2 cache.
int64_t tiles_at_once(int64_t channels) { return channels <= 128 ? 48 : 96; }

// w of outputs [o, o + lanes) and input c, as vectors over the outputs; 0 past the last output.
WEFT_INLINE void load_weights(const Filter& f, int64_t o, int64_t c, V (&w)[9]) {
  const int64_t count = smaller(kLanesF, f.outputs() - o);
  const float* from = f.weights + o * f.output + c * f.input;
  // Where a kernel's nine weights are adjacent, forwards or backwards, whole vectors of them are transposed.
  const int64_t turned = f.tap[1] < 0 ? 8 : 0;
  const float* first = from - turned;
  constexpr int64_t reach = (9 + kLanesF - 1) / kLanesF * kLanesF;
  if (f.tap[1] * f.tap[1] == 1 && f.tap[0] == 3 * f.tap[1] && count == kLanesF &&
      first + (kLanesF - 1) * f.output + reach <= f.weights_end) {
#pragma GCC unroll 3
    for (int t = 0; t < 9; t += kLanesF) {
      V r[kLanesF];
#pragma GCC unroll 16
      for (int l = 0; l < kLanesF; l++) r[l] = load(first + l * f.output + t);
      transpose_block<float>(r);
#pragma GCC unroll 16
      for (int i = 0; i < kLanesF; i++)
        if (t + i < 9) w[turned ? 8 - t - i : t + i] = r[i];
    }
    return;
  }
  for (int i = 0; i < 9; i++) {
    float lanes[kLanesF];
    const float* tap = from + i / 3 * f.tap[0] + i % 3 * f.tap[1];
    for (int64_t l = 0; l < kLanesF; l++) lanes[l] = l < count ? tap[l * f.output] : 0.0f;
    w[i] = load(lanes);
  }
}

// Outputs of the panel that begins at o: the last one may be half as wide.
WEFT_INLINE int64_t panel_width(const Filter& f, int64_t o) { return f.outputs() - o <= kLanesF ? kLanesF : kWidth; }

// panel[(point * inputs + c) * width + j]: the transformed weights of outputs o + j, 0 past the last.
void pack_panel(const Filter& f, int64_t o, float* panel) {
  const int64_t inputs = f.inputs(), width = panel_width(f, o);
  for (int64_t j = 0; j < width; j += kLanesF)
    for (int64_t c = 0; c < inputs; c++) {
      V flat[9], w[3][3], u[4][4];
      load_weights(f, o + j, c, flat);
#pragma GCC unroll 9
      for (int i = 0; i < 9; i++) w[i / 3][i % 3] = flat[i];
      transform_weight(w, u);
#pragma GCC unroll 16
      for (int p = 0; p < kPoints; p++) store(panel + (p * inputs + c) * width + j, u[p / 4][p % 4]);
    }
}

// Computes one unit's outputs.
struct TileRunner {
  const Filter& f;
  const Tiling& t;
  BoxReader reader;
  int64_t at_once, stride;
  float *box, *line, *inputs, *products, *outputs;

  static BoxReader reader_of(const Filter& f, const Tiling& t) {
    return {f.x, 0, f.inputs(), t, f.origin[0], f.origin[1], 2};
  }
  static size_t bytes(const Filter& f, const Tiling& t) {
    const BoxReader r = reader_of(f, t);
    const int64_t n = tiles_at_once(f.inputs());
    const int64_t elements = r.elements() + r.line_elements() + kPoints * n * row_stride(f.inputs()) +
                             (kPoints + 4) * n * kWidth + 8 * kLanesF;
    return round_up(static_cast<size_t>(elements) * sizeof(float));
  }
  TileRunner(const Filter& filter, const Tiling& tiling, char* memory)
      : f(filter),
        t(tiling),
        reader(reader_of(filter, tiling)),
        at_once(tiles_at_once(filter.inputs())),
        stride(row_stride(filter.inputs())) {
    auto take = [&](int64_t elements) {
      float* p = reinterpret_cast<float*>(memory);
      memory += ceil_div(elements, kLanesF) * kLanesF * static_cast<int64_t>(sizeof(float));
      return p;
    };
    products = take(kPoints * at_once * kWidth);
    outputs = take(4 * at_once * kWidth);
    inputs = take(kPoints * at_once * stride + kLanesF);
    box = take(reader.elements());
    line = take(reader.line_elements());
  }

  void run(const TileUnit& u, const float* weights) {
    reader.fill(u, box, line);
    const int64_t tiles = u.images * u.rows * t.columns;
    for (int64_t first = 0; first < tiles; first += at_once) {
      const int64_t count = smaller(at_once, tiles - first);
      transform_inputs(reader, t, u, box, first, count, inputs, at_once, stride);
      for (int64_t o = 0; o < f.outputs(); o += kWidth) {
        multiply(weights + o * kPoints * f.inputs(), panel_width(f, o), count);
        write(u, o, first, count);
      }
    }
  }
  void multiply(const float* weights, int64_t width, int64_t count) {
    const int64_t depth = f.inputs(), step = ceil_div(depth, ceil_div(depth, kMaxDepth<float>));
    for (int64_t p = 0; p < kPoints; p++) {
      float* c = products + p * at_once * kWidth;
      for (int64_t k = 0; k < depth; k += step) {
        const Matrix<const float> a{inputs + p * at_once * stride + k, stride, 1};
        const float *b = weights + (p * depth + k) * width, *base = k ? c : nullptr;
        if (width == kWidth)
          panel<float, kTileVectors>(count, width, smaller(step, depth - k), a, false, b, width, c, kWidth, base,
                                     kWidth);
        else
          panel<float, 1>(count, width, smaller(step, depth - k), a, false, b, width, c, kWidth, base, kWidth);
      }
    }
  }
  // Transforms the products of outputs [o, o + kWidth) and puts them where they belong, a run of tiles in one row after
  // the other.
  void write(const TileUnit& u, int64_t o, int64_t first, int64_t count) {
    float bias[kWidth];
    for (int64_t j = 0; j < kWidth; j++)
      bias[j] = f.bias && o + j < f.outputs() ? f.bias[(o + j) * f.bias_stride] : 0.0f;
    const int64_t channels = smaller(kWidth, f.outputs() - o), height = f.y.shape[3], width = f.y.shape[4];
    const int64_t panel = panel_width(f, o), *strides = f.y.strides;
    const bool directly = strides[1] == 1 && channels == panel;
    for (int64_t done = 0; done < count;) {
      const TileAt at = tile_at(t, u, first + done);
      const int64_t length = smaller(t.columns - at.column, count - done);
      const int64_t row = 2 * (u.row + at.row), column = 2 * at.column;
      float* to =
          f.y.as<float>() + (u.image + at.image) * strides[0] + o * strides[1] + row * strides[3] + column * strides[4];
      if (directly) {
        for (int64_t i = 0; i < length; i++) {
          const int64_t rows = smaller(2, height - row), columns = smaller(2, width - column - 2 * i);
          transform_tile(done + i, to + 2 * i * strides[4], strides[3], strides[4], rows, columns, bias, panel);
        }
      } else {
        for (int64_t i = 0; i < length; i++)
          transform_tile(done + i, outputs + 2 * i * kWidth, 2 * length * kWidth, kWidth, 2, 2, bias, panel);
        for (int64_t r = 0; r < 2 && row + r < height; r++)
          put_pixels<float, float>(to + r * strides[3], strides[1], strides[4], outputs + r * 2 * length * kWidth,
                                   kWidth, smaller(2 * length, width - column), channels);
      }
      done += length;
    }
  }
  // to[r * row + c * column + j] = output j of the tile's pixel (r, c), for the first rows and columns of them
  WEFT_INLINE void transform_tile(int64_t tile, float* to, int64_t row, int64_t column, int64_t rows, int64_t columns,
                                  const float* bias, int64_t width) {
    for (int64_t j = 0; j < width; j += kLanesF) {
      V m[4][4], y[2][2];
#pragma GCC unroll 16
      for (int p = 0; p < kPoints; p++) m[p / 4][p % 4] = load(products + (p * at_once + tile) * kWidth + j);
      transform_output(m, y);
      const V b = load(bias + j);
#pragma GCC unroll 4
      for (int q = 0; q < 4; q++)
        if (q / 2 < rows && q % 2 < columns) store(to + q / 2 * row + q % 2 * column + j, y[q / 2][q % 2] + b);
    }
  }
};

// Calls the epilogue for the outputs of a unit.
void finish_unit(const Epilogue& then, const Filter& f, const TileUnit& u) {
  const int64_t height = f.y.shape[3], width = f.y.shape[4], *strides = f.y.strides;
  const int64_t rows = smaller(2 * u.rows, height - 2 * u.row);
  for (int64_t i = 0; i < u.images; i++)
    finish_pixels(then, strides, (u.image + i) * strides[0] + 2 * u.row * width * strides[4], f.outputs(),
                  rows * width);
}

void run_filter(const Filter& f, const Epilogue* then) {
  const int64_t images = f.y.shape[0], panels = ceil_div(f.outputs(), kWidth);
  const int64_t all = images * ceil_div(f.y.shape[3], 2) * ceil_div(f.y.shape[4], 2);
  const int64_t workers = winograd_workers(all, f.inputs(), f.outputs());
  const Tiling t(images, f.y.shape[3], f.y.shape[4], f.inputs(), tiles_at_once(f.inputs()), workers);
  const int64_t panel_elements = kPoints * f.inputs() * kWidth;
  const size_t weight_bytes = round_up(static_cast<size_t>(panels * panel_elements) * sizeof(float));
  const size_t runner_bytes = TileRunner::bytes(f, t);
  Scratch scratch(weight_bytes + static_cast<size_t>(workers) * runner_bytes);
  if (scratch_only_asked()) return;
  float* weights = reinterpret_cast<float*>(scratch.data());
  char* memory = scratch.data() + weight_bytes;
  parallel_for(panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) pack_panel(f, i * kWidth, weights + i * panel_elements);
  });
  parallel_for(workers, 1, [&](int64_t begin, int64_t end) {
    TileRunner runner(f, t, memory + static_cast<size_t>(begin) * runner_bytes);
    for (int64_t i = t.units() * begin / workers; i < t.units() * end / workers; i++) {
      const TileUnit unit = unit_of(t, i);
      runner.run(unit, weights);
      if (then) finish_unit(*then, f, unit);
    }
  });
}

// Past the last weight.
const float* end_of(const StridedView& w) {
  const float* last = w.as<const float>();
  for (int d = 0; d < 5; d++) last += (w.shape[d] - 1) * w.strides[d];
  return last + 1;
}

}  // namespace

bool winograd_convolution(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                          const ConvGeometry& g, const Epilogue* then) {
  if (y.shape[2] != 1 || x.shape[2] != 1 || !winograd_applies(w, y.shape[0], y.shape[3], y.shape[4], g)) return false;
  run_filter({y,
              x,
              w.as<const float>(),
              end_of(w),
              w.strides[0],
              w.strides[1],
              {w.strides[3], w.strides[4]},
              {-g.padding[1], -g.padding[2]},
              bias.as<const float>(),
              bias.data ? bias.strides[0] : 0},
             then);
  return true;
}

bool winograd_convolution_input(const StridedView& gx, const StridedView& gy, const StridedView& w,
                                const ConvGeometry& g) {
  if (gx.shape[2] != 1 || gy.shape[2] != 1 || !winograd_applies(w, gx.shape[0], gx.shape[3], gx.shape[4], g))
    return false;
  run_filter({gx,
              gy,
              w.as<const float>() + 2 * w.strides[3] + 2 * w.strides[4],  // turned by 180 degrees
              end_of(w),
              w.strides[1],
              w.strides[0],
              {-w.strides[3], -w.strides[4]},
              {g.padding[1] - 2, g.padding[2] - 2},
              nullptr,
              0},
             nullptr);
  return true;
}

}  // namespace WEFT_ISA
}  // namespace weft
