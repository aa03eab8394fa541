// The gradient by the weights.
#include "kernels/cpu/winograd.h"

#include "kernels/cpu/winograd_tiles.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The units are cut into `parts` sums, added in order at the end; the inputs into ranges for the threads.
struct WeightParts {
  int64_t parts, ranges, range;
};

WeightParts split(const Tiling& t, int64_t inputs, int64_t outputs, int64_t workers) {
  const int64_t sums = kPoints * inputs * outputs * static_cast<int64_t>(sizeof(float));
  // As many sums as memory allows; their number depends on the shapes alone, as the result does.
  int64_t parts = smaller(smaller(16, (4 << 20) / sums), t.units());
  if (parts < 1) parts = 1;
  const int64_t ranges = ceil_div(workers, parts), range = ceil_div(ceil_div(inputs, ranges), kWidth) * kWidth;
  return {parts, ceil_div(inputs, range), range};
}

// Adds up the transformed gradient of the weights of a range of inputs over some units.
struct WeightTileRunner {
  const Tiling& t;
  BoxReader x, gy;
  int64_t at_once, x_stride, gy_stride;
  float *x_box, *gy_box, *line, *inputs, *grads, *packed;

  static int64_t tiles(int64_t outputs) { return outputs <= 64 ? 48 : 96; }
  static int64_t elements(const BoxReader& x, const BoxReader& gy) {
    const int64_t n = tiles(gy.g.inputs);
    return x.elements() + gy.elements() + x.line_elements() + gy.line_elements() +
           kPoints * n * (row_stride(x.g.inputs) + row_stride(gy.g.inputs)) + 8 * kLanesF + n * kWidth;
  }
  WeightTileRunner(const Tiling& tiling, const BoxReader& x_, const BoxReader& gy_, float* memory)
      : t(tiling),
        x(x_),
        gy(gy_),
        at_once(tiles(gy_.g.inputs)),
        x_stride(row_stride(x_.g.inputs)),
        gy_stride(row_stride(gy_.g.inputs)) {
    auto take = [&](int64_t n) {
      float* p = memory;
      memory += ceil_div(n, kLanesF) * kLanesF;
      return p;
    };
    packed = take(at_once * kWidth);
    inputs = take(kPoints * at_once * x_stride + kLanesF);
    grads = take(kPoints * at_once * gy_stride + kLanesF);
    x_box = take(x.elements());
    gy_box = take(gy.elements());
    line = take(x.line_elements() + gy.line_elements());
  }

  // sums[(point * outputs + o) * row + c] of the units [first_unit, end_unit)
  void run(int64_t first_unit, int64_t end_unit, float* sums, int64_t row) {
    bool started = false;
    for (int64_t i = first_unit; i < end_unit; i++) {
      const TileUnit u = unit_of(t, i);
      x.fill(u, x_box, line);
      gy.fill(u, gy_box, line);
      const int64_t tiles = u.images * u.rows * t.columns;
      for (int64_t first = 0; first < tiles; first += at_once) {
        const int64_t count = smaller(at_once, tiles - first);
        transform_inputs(x, t, u, x_box, first, count, inputs, at_once, x_stride);
        transform_tiles<2>(gy, t, u, gy_box, first, count, grads, at_once, gy_stride,
                           [](const V(&g)[2][2], V(&m)[4][4])
                               __attribute__((always_inline)) { transform_gradient(g, m); });
        add(count, sums, row, started);
        started = true;
      }
    }
  }
  void add(int64_t count, float* sums, int64_t row, bool started) {
    const int64_t outputs = gy.g.inputs, channels = x.g.inputs;
    for (int64_t p = 0; p < kPoints; p++) {
      const Matrix<const float> a{grads + p * at_once * gy_stride, 1, gy_stride};
      for (int64_t c = 0; c < channels; c += kWidth) {
        const float* b = inputs + p * at_once * x_stride + c;
        const int64_t width = smaller(kWidth, channels - c);
        int64_t b_row = x_stride;
        if (width != kWidth && width != kLanesF) {
          pack_strip<float, kWidth>(packed, {b, 1, x_stride}, width, count);
          b = packed, b_row = kWidth;
        }
        float* to = sums + p * outputs * row + c;
        if (width <= kLanesF)
          panel<float, 1>(outputs, width, count, a, false, b, b_row, to, row, started ? to : nullptr, row);
        else
          panel<float, kTileVectors>(outputs, width, count, a, false, b, b_row, to, row, started ? to : nullptr, row);
      }
    }
  }
};

// gw of output o from the sums of the parts
void write_weights(const StridedView& gw, int64_t o, const float* sums, int64_t parts, int64_t row) {
  const int64_t outputs = gw.shape[0], all = kPoints * outputs * row;
  for (int64_t c = 0; c < gw.shape[1]; c += kLanesF) {
    V u[4][4], w[3][3];
    for (int p = 0; p < kPoints; p++) {
      const float* from = sums + (p * outputs + o) * row + c;
      V sum = load(from);
      for (int64_t part = 1; part < parts; part++) sum += load(from + part * all);
      u[p / 4][p % 4] = sum;
    }
    transform_weight_gradient(u, w);
    const int64_t count = smaller(kLanesF, gw.shape[1] - c);
    for (int i = 0; i < 9; i++) {
      float lanes[kLanesF];
      store(lanes, w[i / 3][i % 3]);
      float* to =
          gw.as<float>() + o * gw.strides[0] + c * gw.strides[1] + i / 3 * gw.strides[3] + i % 3 * gw.strides[4];
      for (int64_t l = 0; l < count; l++) to[l * gw.strides[1]] = lanes[l];
    }
  }
}

}  // namespace

bool winograd_convolution_weight(const StridedView& gw, const StridedView& gy, const StridedView& x,
                                 const ConvGeometry& g) {
  if (gy.shape[2] != 1 || x.shape[2] != 1 || !winograd_applies(gw, gy.shape[0], gy.shape[3], gy.shape[4], g))
    return false;
  const int64_t inputs = gw.shape[1], outputs = gw.shape[0];
  const int64_t at_once = WeightTileRunner::tiles(outputs);
  const int64_t larger = inputs > outputs ? inputs : outputs;
  // Units whose number does not depend on that of the threads: the order of the sums is theirs.
  const Tiling t(gy.shape[0], gy.shape[3], gy.shape[4], larger, at_once, 1);
  const int64_t workers = winograd_workers(t.tiles(), inputs, outputs);
  const WeightParts s = split(t, inputs, outputs, workers);
  auto readers = [&](int64_t begin) {
    return BoxReader(x, begin, smaller(s.range, inputs - begin), t, -g.padding[1], -g.padding[2], 2);
  };
  const BoxReader grads(gy, 0, outputs, t, 0, 0, 0);
  const int64_t row = row_stride(inputs), all = kPoints * outputs * row;
  const int64_t runner_elements = ceil_div(WeightTileRunner::elements(readers(0), grads), kLanesF) * kLanesF;
  Scratch scratch(static_cast<size_t>(s.parts * all + workers * runner_elements + kLanesF) * sizeof(float));
  if (scratch_only_asked()) return true;
  float* sums = reinterpret_cast<float*>(scratch.data());
  const int64_t jobs = s.parts * s.ranges, units = t.units();
  parallel_for(workers, 1, [&](int64_t first, int64_t last) {
    float* memory = sums + s.parts * all + first * runner_elements;
    for (int64_t job = jobs * first / workers; job < jobs * last / workers; job++) {
      const int64_t part = job % s.parts, begin = job / s.parts * s.range;
      WeightTileRunner runner(t, readers(begin), grads, memory);
      runner.run(units * part / s.parts, units * (part + 1) / s.parts, sums + part * all + begin, row);
    }
  });
  parallel_for(outputs, ceil_div(1 << 14, inputs * kPoints), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; o++) write_weights(gw, o, sums, s.parts, row);
  });
  return true;
}

}  // namespace WEFT_ISA
}  // namespace weft
