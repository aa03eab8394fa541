// Convolutions on the CPU: forward, and the gradients by the input and by the weights, as gathers (conv_gather.h).
#include "kernels/convolution.h"

#include "core/dtype.h"
#include "device/cpu/threads.h"
#include "kernels/cpu/conv_gather.h"
#include "kernels/cpu/conv_lines.h"
#include "kernels/cpu/depthwise.h"
#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/winograd.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kPartOperations = 1 << 18;  // multiply-adds that are worth waking a thread for

template <class T>
Volume<T> volume_of(const StridedView& v) {
  return {v.as<T>(),
          {v.strides[0], v.strides[1], v.strides[2], v.strides[3], v.strides[4]},
          {v.shape[2], v.shape[3], v.shape[4]}};
}

template <class T>
int64_t workers_for(const Gather<T>& g) {
  const int64_t depth = g.taps[0].count * g.taps[1].count * g.taps[2].count * g.inputs;
  const int64_t operations = g.images * g.groups * g.outputs * g.pixels() * (depth + 1);
  const int64_t workers = smaller(num_threads(), operations / kPartOperations);
  return workers < 1 ? 1 : workers;
}

// Memory for the runs and taps of a gather with a kernel of these sizes.
size_t lists_bytes(const int64_t* kernel) {
  return round_up(static_cast<size_t>(kernel[0] * kernel[1] * kernel[2]) * sizeof(Run) +
                  static_cast<size_t>(kernel[0] + kernel[1] + kernel[2]) * 2 * sizeof(int64_t));
}
template <class T>
void place_lists(Gather<T>& g, const int64_t* kernel, char* memory) {
  g.runs = reinterpret_cast<Run*>(memory);
  int64_t* next = reinterpret_cast<int64_t*>(g.runs + kernel[0] * kernel[1] * kernel[2]);
  for (int d = 0; d < 3; d++) {
    g.taps[d] = {0, next, next + kernel[d]};
    next += 2 * kernel[d];
  }
}

// --- forward, and the gradient by the input -----------------------------------------------------------------------

// Columns of the panel of output channels that begins at o.
template <class S>
WEFT_INLINE int64_t panel_columns(int64_t outputs, int64_t o) {
  return outputs - o <= kLanes<S> ? kLanes<S> : kTileColumns<S>;
}
// Columns of all panels together.
template <class S>
WEFT_INLINE int64_t padded_outputs(int64_t outputs) {
  const int64_t whole = (outputs - 1) / kTileColumns<S> * kTileColumns<S>;
  return whole + panel_columns<S>(outputs, whole);
}

// c(count x columns) = rows @ packed weights + bias
template <class T, class S, class A>
void multiply_rows(const Gather<T>& g, const A& rows, int64_t count, const S* weights, const S* bias, S* c) {
  const int64_t columns = padded_outputs<S>(g.outputs);
  const int64_t step =
      g.depth <= kMaxDepth<S> ? (g.depth > 0 ? g.depth : 1) : ceil_div(g.depth, ceil_div(g.depth, kMaxDepth<S>));
  for (int64_t k = 0; k == 0 || k < g.depth; k += step) {
    const int64_t depth = smaller(step, g.depth - k);
    for (int64_t o = 0; o < g.outputs; o += kTileColumns<S>) {
      const int64_t width = panel_columns<S>(g.outputs, o);
      const S* b = weights + o * g.depth + k * width;
      const S* base = k ? c + o : bias ? bias + o : nullptr;
      if (width == kTileColumns<S>)
        panel<S, kTileVectors>(count, width, depth, rows.at(0, k), false, b, width, c + o, columns, base,
                               k ? columns : 0);
      else
        panel<S, 1>(count, width, depth, rows.at(0, k), false, b, width, c + o, columns, base, k ? columns : 0);
    }
  }
}

// Runs a planned gather of one group over one unit. memory: as unit_bytes().
template <class T>
struct UnitRunner {
  using S = typename SumOf<T>::type;
  const Gather<T>& g;
  S *box, *line, *rows, *c;
  int64_t* offsets = nullptr;  // of a row's elements in the box

  // Are rows read where they lie, line by line, because copying their runs would cost more than the tiles at the end of
  // each line that are not whole? Tiles of one and two rows take as long as those of four; copying takes about as long
  // as the sums of four outputs.
  static bool in_place(const Gather<T>& g) {
    const int64_t width = g.out.size[2], rest = width % kRowsAtOnce % kTileRows;
    const bool shared = kTileRows == 6 && rest == 2 && width >= 8;  // by two tiles of four rows
    const int64_t idle = shared ? 0 : ((rest & 1) ? 3 : 0) + ((rest & 2) ? 2 : 0);
    return g.inputs < kLanes<S> || idle * g.outputs < 4 * width;
  }
  static size_t bytes(const Gather<T>& g) {
    const int64_t elements = g.box_elements() + g.line_elements() + kRowsAtOnce * padded_outputs<S>(g.outputs);
    if (in_place(g)) return round_up(static_cast<size_t>(elements) * sizeof(S) + g.depth * sizeof(int64_t)) + 256;
    const int64_t row_elements = kRowsAtOnce * g.row_stride(g.depth) + kLanes<S>;
    return round_up(static_cast<size_t>(elements + row_elements) * sizeof(S)) + 256;
  }
  UnitRunner(const Gather<T>& gather, char* memory) : g(gather) {
    box = reinterpret_cast<S*>(memory);
    c = align(box + g.box_elements());
    rows = align(c + kRowsAtOnce * padded_outputs<S>(g.outputs));
    line = rows + kRowsAtOnce * g.row_stride(g.depth) + kLanes<S>;
    if (!in_place(g)) return;
    offsets = reinterpret_cast<int64_t*>(rows);
    line = reinterpret_cast<S*>(offsets + g.depth);
    int64_t k = 0;
    for (int64_t r = 0; r < g.num_runs; r++)
      for (int64_t i = 0; i < g.runs[r].length; i++) offsets[k++] = g.runs[r].offset + i;
  }
  static S* align(S* p) { return reinterpret_cast<S*>((reinterpret_cast<uintptr_t>(p) + 63) & ~uintptr_t{63}); }

  void run(const Unit& u, int64_t group, const S* weights, const S* bias) {
    fill_box<T, S>(g, u, group, box, line);
    if (in_place(g)) return run_lines(u, group, weights, bias);
    const int64_t pixels = u.images * u.planes * u.rows * g.out.size[2];
    const int64_t columns = padded_outputs<S>(g.outputs);
    for (int64_t first = 0; first < pixels; first += kRowsAtOnce) {
      const int64_t count = smaller(kRowsAtOnce, pixels - first);
      gather_rows<T, S>(g, u, g.runs, g.num_runs, g.row_stride(g.depth), box, first, count, rows);
      multiply_rows<T, S>(g, Matrix<const S>{rows, g.row_stride(g.depth), 1}, count, weights, bias, c);
      for_stretches(g, u, first, count, [&](T* out, int64_t done, int64_t length) {
        put_pixels<T, S>(out + group * g.outputs * g.out.stride[1], g.out.stride[1], g.out.stride[4],
                         c + done * columns, columns, length, g.outputs);
      });
    }
  }

  // Line by line: within one, pixels are evenly spaced in the box.
  void run_lines(const Unit& u, int64_t group, const S* weights, const S* bias) {
    const int64_t columns = padded_outputs<S>(g.outputs), width = g.out.size[2], step = g.step[2] * g.inputs;
    T* out = g.out.data + u.image * g.out.stride[0] + group * g.outputs * g.out.stride[1];
    for (int64_t n = 0; n < u.images; n++)
      for (int64_t z = 0; z < u.planes; z++)
        for (int64_t y = 0; y < u.rows; y++)
          for (int64_t x = 0; x < width; x += kRowsAtOnce) {
            const int64_t count = smaller(kRowsAtOnce, width - x);
            const S* corner = box + ((n * g.box[0] + z * g.step[0]) * g.box[1] + y * g.step[1]) * g.box[2] * g.inputs;
            multiply_rows<T, S>(g, Windows<S>{corner + x * step, step, offsets}, count, weights, bias, c);
            put_pixels<T, S>(out + n * g.out.stride[0] + (u.plane + z) * g.out.stride[2] +
                                 (u.row + y) * g.out.stride[3] + x * g.out.stride[4],
                             g.out.stride[1], g.out.stride[4], c, columns, count, g.outputs);
          }
  }
};

// Calls the epilogue for the outputs of a unit and a group.
template <class T>
void finish_unit(const Epilogue& then, const Gather<T>& g, const Unit& u, int64_t group) {
  const int64_t plane = g.out.size[1] * g.out.size[2];
  for (int64_t i = 0; i < u.images; i++)
    finish_pixels(then, g.out.stride,
                  (u.image + i) * g.out.stride[0] + group * g.outputs * g.out.stride[1] +
                      (u.plane * plane + u.row * g.out.size[2]) * g.out.stride[4],
                  g.outputs, u.planes == 1 ? u.rows * g.out.size[2] : u.planes * plane);
}

// bias: of all outputs, nullptr for none. then: nullptr for none.
template <class T>
void run_gather(Gather<T>& g, const Weights<T>& w, const T* bias, int64_t bias_stride, const Epilogue* then) {
  using S = typename SumOf<T>::type;
  if (g.images == 0 || g.groups * g.outputs == 0 || g.pixels() == 0) return;
  const int64_t workers = workers_for(g);
  plan(g, workers);
  const int64_t columns = padded_outputs<S>(g.outputs), panels = ceil_div(g.outputs, kTileColumns<S>);
  const size_t weight_bytes = round_up(static_cast<size_t>(g.groups * columns * g.depth) * sizeof(S));
  const size_t bias_bytes = bias ? round_up(static_cast<size_t>(g.groups * columns) * sizeof(S)) : 0;
  const size_t unit_bytes = UnitRunner<T>::bytes(g);
  Scratch scratch(weight_bytes + bias_bytes + static_cast<size_t>(workers) * unit_bytes);
  if (scratch_only_asked()) return;
  S* weights = reinterpret_cast<S*>(scratch.data());
  S* packed_bias = bias ? reinterpret_cast<S*>(scratch.data() + weight_bytes) : nullptr;
  if (bias)
    for (int64_t i = 0; i < g.groups * columns; i++)
      packed_bias[i] =
          i % columns < g.outputs ? convert<S>(bias[(i / columns * g.outputs + i % columns) * bias_stride]) : S(0);
  parallel_for(g.groups * panels, ceil_div(1 << 15, g.depth * kTileColumns<S> + 1), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t group = i / panels, o = i % panels * kTileColumns<S>;
      pack_weights<T, S>(g, w, group, o, smaller(kTileColumns<S>, g.outputs - o), panel_columns<S>(g.outputs, o),
                         weights + (group * columns + o) * g.depth);
    }
  });
  const int64_t units = g.num_units() * g.groups;
  char* memory = scratch.data() + weight_bytes + bias_bytes;
  parallel_for(workers, 1, [&](int64_t begin, int64_t end) {
    UnitRunner<T> runner(g, memory + static_cast<size_t>(begin) * unit_bytes);
    for (int64_t i = units * begin / workers; i < units * end / workers; i++) {
      const int64_t group = i % g.groups;
      const Unit unit = unit_at(g, i / g.groups);
      runner.run(unit, group, weights + group * columns * g.depth, bias ? packed_bias + group * columns : nullptr);
      if (then) finish_unit(*then, g, unit, group);
    }
  });
}

template <class T>
Weights<T> weights_of(const StridedView& w, int64_t group_stride, int64_t output, int64_t input) {
  return {w.as<const T>(), group_stride, output, input, {w.strides[2], w.strides[3], w.strides[4]}};
}

// The gather that computes y from x.
template <class T>
Gather<T> forward_gather(const StridedView& y, const StridedView& x, const StridedView& w, const ConvGeometry& geometry,
                         char* lists) {
  Gather<T> g;
  g.images = x.shape[0];
  g.groups = geometry.groups;
  g.inputs = w.shape[1];
  g.outputs = w.shape[0] / geometry.groups;
  g.in = volume_of<T>(x);
  g.out = volume_of<T>(y);
  place_lists(g, w.shape + 2, lists);
  for (int d = 0; d < 3; d++) {
    g.step[d] = geometry.stride[d];
    g.origin[d] = -geometry.padding[d];
    g.taps[d].count = w.shape[2 + d];
    for (int64_t t = 0; t < w.shape[2 + d]; t++) {
      g.taps[d].offset[t] = t * geometry.dilation[d];
      g.taps[d].source[t] = t;
    }
  }
  return g;
}

template <class F>
WEFT_INLINE void visit_float(DType t, F&& f) {
  visit_real_dtype(t, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (__is_same(T, float) || __is_same(T, double) || __is_same(T, Float16) || __is_same(T, BFloat16))
      f(tag);
  });
}

// One image with many weights and few pixels: the weights are read once, where they lie, and the input is spread out to
// a matrix of a row for every weight of an output and a column for every pixel.
bool has_few_pixels(const StridedView& y, const StridedView& x, const StridedView& w, const ConvGeometry& geometry) {
  return y.dtype == DType::Float32 && geometry.groups == 1 && x.shape[0] == 1 && y.shape[2] == 1 && x.shape[2] == 1 &&
         w.shape[2] == 1 && w.is_contiguous() && y.strides[3] == y.shape[4] * y.strides[4] &&
         y.shape[3] * y.shape[4] <= 64 && w.numel() >= 1 << 18;
}

void spread_row(float* to, const StridedView& y, const StridedView& x, const ConvGeometry& g, int64_t channel,
                int64_t row, int64_t column) {
  const float* from = x.as<const float>() + channel * x.strides[1];
  for (int64_t i = 0; i < y.shape[3]; i++) {
    const int64_t r = i * g.stride[1] - g.padding[1] + row * g.dilation[1];
    for (int64_t j = 0; j < y.shape[4]; j++) {
      const int64_t c = j * g.stride[2] - g.padding[2] + column * g.dilation[2];
      const bool inside = r >= 0 && r < x.shape[3] && c >= 0 && c < x.shape[4];
      *to++ = inside ? from[r * x.strides[3] + c * x.strides[4]] : 0.0f;
    }
  }
}

void convolve_few_pixels(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                         const ConvGeometry& geometry) {
  const int64_t outputs = w.shape[0], kernel = w.shape[3] * w.shape[4], depth = w.shape[1] * kernel;
  const int64_t pixels = y.shape[3] * y.shape[4];
  // Rows of whole vectors: narrower ones would have to be packed.
  const int64_t width = pixels <= kLanes<float> ? kLanes<float> : kTileColumns<float>;
  const int64_t columns = ceil_div(pixels, width) * width;
  const int64_t blocks = ceil_div(outputs, kTileRows), workers = smaller(num_threads(), blocks);
  const size_t matrix_bytes = round_up(static_cast<size_t>(depth * columns) * sizeof(float));
  Scratch scratch(matrix_bytes + static_cast<size_t>(outputs * columns) * sizeof(float));
  if (scratch_only_asked()) return;
  float* matrix = reinterpret_cast<float*>(scratch.data());
  float* result = reinterpret_cast<float*>(scratch.data() + matrix_bytes);
  parallel_for(depth, ceil_div(1 << 13, columns), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; k++) {
      float* row = matrix + k * columns;
      spread_row(row, y, x, geometry, k / kernel, k % kernel / w.shape[4], k % w.shape[4]);
      for (int64_t p = pixels; p < columns; p++) row[p] = 0.0f;
    }
  });
  parallel_for(workers, 1, [&](int64_t first, int64_t last) {
    const int64_t begin = blocks * first / workers * kTileRows;
    const int64_t end = smaller(blocks * last / workers * kTileRows, outputs), step = kMaxDepth<float>;
    for (int64_t k = 0; k < depth; k += step) {
      const int64_t length = smaller(step, depth - k);
      const Matrix<const float> rows{w.as<const float>() + begin * depth + k, depth, 1};
      for (int64_t p = 0; p < columns; p += width) {
        float* c = result + begin * columns + p;
        const float* b = matrix + k * columns + p;
        if (width == kLanes<float>)
          panel<float, 1>(end - begin, width, length, rows, false, b, columns, c, columns, k ? c : nullptr, columns);
        else
          panel<float, kTileVectors>(end - begin, width, length, rows, false, b, columns, c, columns, k ? c : nullptr,
                                     columns);
      }
    }
    for (int64_t o = begin; o < end; o++) {
      const float b = bias.data ? bias.as<const float>()[o * bias.strides[0]] : 0.0f;
      float* to = y.as<float>() + o * y.strides[1];
      for (int64_t p = 0; p < pixels; p++) to[p * y.strides[4]] = result[o * columns + p] + b;
    }
  });
}

void convolve(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
              const ConvGeometry& geometry, const Epilogue* then) {
  if (winograd_convolution(y, x, w, bias, geometry, then)) return;
  if (has_few_pixels(y, x, w, geometry)) {
    convolve_few_pixels(y, x, w, bias, geometry);
    if (then) run_whole(*then, y.numel());
    return;
  }
  if (has_few_lines(y, x, w, geometry)) {
    convolve_lines(y, x, w, bias, geometry);
    if (then) run_whole(*then, y.numel());
    return;
  }
  if (library_convolution_kernel(Device{}, y, x, w, bias, geometry)) {
    if (then) run_whole(*then, y.numel());
    return;
  }
  if (is_depthwise(y, x, w, geometry)) {
    visit_float(y.dtype, [&](auto tag) {
      sum_taps<typename decltype(tag)::type>(y, x, w, bias, ReadsInput{geometry, x.shape + 2});
    });
    if (then) run_whole(*then, y.numel());
    return;
  }
  Scratch lists(lists_bytes(w.shape + 2), Scratch::EvenIfAsked());
  visit_float(y.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Gather<T> g = forward_gather<T>(y, x, w, geometry, lists.data());
    run_gather<T>(g, weights_of<T>(w, g.outputs * w.strides[0], w.strides[0], w.strides[1]), bias.as<const T>(),
                  bias.data ? bias.strides[0] : 0, then);
  });
}

void convolution_cpu(StridedView y, StridedView x, StridedView w, StridedView bias, const ConvGeometry& geometry) {
  convolve(y, x, w, bias, geometry, nullptr);
}
WEFT_CPU_KERNEL(convolution_kernel, convolution_cpu);

void convolution_then_cpu(StridedView y, StridedView x, StridedView w, StridedView bias, const ConvGeometry& geometry,
                          const Epilogue& epilogue) {
  convolve(y, x, w, bias, geometry, &epilogue);
}
WEFT_CPU_KERNEL(convolution_then_kernel, convolution_then_cpu);

// Of the input's places i = first + stride q along one dim, which read y at q + offset through tap `source`.
void phase_taps(Taps& taps, int64_t& origin, int64_t kernel, int64_t first, int64_t stride, int64_t padding,
                int64_t dilation) {
  taps.count = 0;
  for (int64_t t = kernel - 1; t >= 0; t--) {  // offsets ascend
    const int64_t at = first + padding - t * dilation;
    if (at % stride != 0) continue;
    taps.offset[taps.count] = at / stride;
    taps.source[taps.count++] = t;
  }
  origin = taps.count ? taps.offset[0] : 0;
  for (int64_t i = 0; i < taps.count; i++) taps.offset[i] -= origin;
}

void convolution_input_cpu(StridedView gx, StridedView gy, StridedView w, const ConvGeometry& geometry) {
  if (winograd_convolution_input(gx, gy, w, geometry)) return;
  if (library_convolution_input_kernel(Device{}, gx, gy, w, geometry)) return;
  if (is_depthwise(gy, gx, w, geometry))
    return visit_float(gx.dtype, [&](auto tag) {
      sum_taps<typename decltype(tag)::type>(gx, gy, w, {}, ReadsOutput{geometry, gy.shape + 2});
    });
  Scratch lists(lists_bytes(w.shape + 2), Scratch::EvenIfAsked());
  visit_float(gx.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Gather<T> g;
    g.images = gx.shape[0];
    g.groups = geometry.groups;
    g.inputs = w.shape[0] / geometry.groups;
    g.outputs = w.shape[1];
    g.in = volume_of<T>(gy);
    g.step[0] = g.step[1] = g.step[2] = 1;
    const int64_t* stride = geometry.stride;
    int64_t phases[3];  // later ones have no places
    for (int d = 0; d < 3; d++) phases[d] = smaller(stride[d], gx.shape[2 + d]);
    for (int64_t phase = 0; phase < phases[0] * phases[1] * phases[2]; phase++) {
      const int64_t first[3] = {phase / phases[2] / phases[1], phase / phases[2] % phases[1], phase % phases[2]};
      g.out = volume_of<T>(gx);
      place_lists(g, w.shape + 2, lists.data());
      for (int d = 0; d < 3; d++) {
        phase_taps(g.taps[d], g.origin[d], w.shape[2 + d], first[d], stride[d], geometry.padding[d],
                   geometry.dilation[d]);
        g.out.data += first[d] * g.out.stride[2 + d];
        g.out.stride[2 + d] *= stride[d];
        g.out.size[d] = first[d] < g.out.size[d] ? ceil_div(g.out.size[d] - first[d], stride[d]) : 0;
      }
      run_gather<T>(g, weights_of<T>(w, g.inputs * w.strides[0], w.strides[1], w.strides[0]), nullptr, 0, nullptr);
    }
  });
}
WEFT_CPU_KERNEL(convolution_input_kernel, convolution_input_cpu);

// --- the gradient by the weights ----------------------------------------------------------------------------------

// The images are cut into `parts` sums, added in order at the end; the columns (taps x inputs) into ranges for the
// threads.
struct WeightSplit {
  int64_t parts, ranges, range;
};

template <class T>
WeightSplit split_weights(const Gather<T>& g, int64_t workers) {
  using S = typename SumOf<T>::type;
  // Many small sums are as quick as few large ones; their number depends on the shapes alone, as the result does.
  const int64_t tiles = g.groups * ceil_div(g.outputs, kTileRows) * ceil_div(g.depth, 32);
  int64_t parts = smaller(smaller(16, g.images), ceil_div(32, tiles));
  if (g.images * g.pixels() < 2048) parts = 1;
  parts = smaller(parts, g.num_units());
  int64_t ranges = smaller(ceil_div(workers, parts * g.groups), ceil_div(g.depth, 4 * kLanes<S>));
  const int64_t range = ceil_div(ceil_div(g.depth, ranges), kLanes<S>) * kLanes<S>;
  return {parts, ceil_div(g.depth, range), range};
}

// The runs of columns [begin, end) of a row.
int64_t clip_runs(const Run* runs, int64_t count, int64_t begin, int64_t end, Run* clipped) {
  int64_t at = 0, result = 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t from = at > begin ? at : begin, to = smaller(at + runs[i].length, end);
    if (from < to) clipped[result++] = {runs[i].offset + from - at, to - from};
    at += runs[i].length;
  }
  return result;
}

// Sums have rows of whole vectors; what lies in them past the last column is never read.
template <class S>
WEFT_INLINE int64_t whole_vectors(int64_t columns) {
  return ceil_div(columns, kLanes<S>) * kLanes<S>;
}

constexpr int64_t kSumPixels = 192;  // pixels whose products are summed before the sums are written

// Adds up the gradient of one group's weights, columns [begin, end), over some images.
template <class T>
struct WeightRunner {
  using S = typename SumOf<T>::type;
  const Gather<T>& g;
  S *box, *line, *rows, *grads;
  char* product_scratch;
  Run* runs;

  static Product<S> product(const Gather<T>& g, int64_t range) {
    const int64_t row = whole_vectors<S>(g.depth);
    return {g.outputs,
            whole_vectors<S>(range),
            kSumPixels,
            {nullptr, kSumPixels, 1},
            {nullptr, g.row_stride(range), 1},
            nullptr,
            row,
            nullptr,
            row};
  }
  static size_t bytes(const Gather<T>& g, int64_t range) {
    const int64_t elements =
        g.box_elements() + g.line_elements() + kSumPixels * (g.row_stride(range) + g.outputs) + 4 * kLanes<S>;
    return round_up(static_cast<size_t>(elements) * sizeof(S)) + round_up(product(g, range).scratch_bytes()) +
           round_up(static_cast<size_t>(g.num_runs) * sizeof(Run));
  }
  WeightRunner(const Gather<T>& gather, int64_t range, char* memory) : g(gather) {
    product_scratch = memory;
    memory += round_up(product(g, range).scratch_bytes());
    runs = reinterpret_cast<Run*>(memory);
    box = reinterpret_cast<S*>(memory + round_up(static_cast<size_t>(g.num_runs) * sizeof(Run)));
    line = box + g.box_elements();
    grads = line + g.line_elements();
    rows = grads + kSumPixels * g.outputs + kLanes<S>;
  }

  void run(int64_t group, int64_t begin, int64_t end, int64_t first_unit, int64_t end_unit, S* sums) {
    const int64_t num_runs = clip_runs(g.runs, g.num_runs, begin, end, runs), stride = g.row_stride(end - begin);
    bool started = false;
    for (int64_t unit = first_unit; unit < end_unit; unit++) {
      const Unit u = unit_at(g, unit);
      fill_box<T, S>(g, u, group, box, line);
      const int64_t pixels = u.images * u.planes * u.rows * g.out.size[2];
      for (int64_t first = 0; first < pixels; first += kSumPixels) {
        const int64_t count = smaller(kSumPixels, pixels - first);
        gather_rows<T, S>(g, u, runs, num_runs, stride, box, first, count, rows);
        get_grads(u, group, first, count);
        Product<S> x = product(g, end - begin);
        x.k = count;
        if (channels_innermost())
          x.a = {grads, 1, g.outputs};
        else
          x.a.data = grads;
        x.b.data = rows;
        x.c = sums + begin;
        x.base = started ? x.c : nullptr;
        gemm<S>(x, product_scratch);
        started = true;
      }
    }
  }
  bool channels_innermost() const { return g.out.stride[1] == 1; }
  // grads[o * kSumPixels + i], or [i * outputs + o] = gradient of channel o of pixel first + i
  void get_grads(const Unit& u, int64_t group, int64_t first, int64_t count) {
    for_stretches(g, u, first, count, [&](const T* from, int64_t done, int64_t length) {
      from += group * g.outputs * g.out.stride[1];
      const int64_t step = g.out.stride[4];
      if (channels_innermost())
        return put_pixels<S, T>(grads + done * g.outputs, 1, g.outputs, from, step, length, g.outputs);
      for (int64_t o = 0; o < g.outputs; o++) {
        S* to = grads + o * kSumPixels + done;
        const T* channel = from + o * g.out.stride[1];
        if (step == 1)
          for (int64_t i = 0; i < length; i++) to[i] = convert<S>(channel[i]);
        else
          for (int64_t i = 0; i < length; i++) to[i] = convert<S>(channel[i * step]);
      }
    });
  }
};

// gw = the sum of the parts, in the weights' own order.
template <class T, class S>
void write_weights(const Gather<T>& g, const StridedView& gw, const S* sums, int64_t parts) {
  const int64_t row = whole_vectors<S>(g.depth), all = g.groups * g.outputs * row;
  for (int64_t o = 0; o < g.groups * g.outputs; o++) {
    const S* sum = sums + o * row;
    for (int64_t z = 0; z < g.taps[0].count; z++)
      for (int64_t y = 0; y < g.taps[1].count; y++)
        for (int64_t x = 0; x < g.taps[2].count; x++)
          for (int64_t c = 0; c < g.inputs; c++, sum++) {
            S total = *sum;
            for (int64_t part = 1; part < parts; part++) total += sum[part * all];
            gw.as<T>()[o * gw.strides[0] + c * gw.strides[1] + z * gw.strides[2] + y * gw.strides[3] +
                       x * gw.strides[4]] = convert<T>(total);
          }
  }
}

template <class T>
void sum_weights(Gather<T>& g, const StridedView& gw) {
  using S = typename SumOf<T>::type;
  const int64_t workers = workers_for(g);
  plan(g, 1);  // the units' order is the order of the sums
  const WeightSplit split = split_weights(g, workers);
  const int64_t row = whole_vectors<S>(g.depth), all = g.groups * g.outputs * row, units = g.num_units();
  const size_t sums_bytes = round_up(static_cast<size_t>(split.parts * all) * sizeof(S));
  const size_t runner_bytes = WeightRunner<T>::bytes(g, split.range);
  Scratch scratch(sums_bytes + static_cast<size_t>(workers) * runner_bytes);
  if (scratch_only_asked()) return;
  S* sums = reinterpret_cast<S*>(scratch.data());
  const int64_t jobs = split.parts * split.ranges * g.groups;
  parallel_for(workers, 1, [&](int64_t first, int64_t last) {
    WeightRunner<T> runner(g, split.range, scratch.data() + sums_bytes + static_cast<size_t>(first) * runner_bytes);
    for (int64_t job = jobs * first / workers; job < jobs * last / workers; job++) {
      const int64_t group = job % g.groups, part = job / g.groups % split.parts,
                    begin = job / g.groups / split.parts * split.range;
      runner.run(group, begin, smaller(begin + split.range, g.depth), units * part / split.parts,
                 units * (part + 1) / split.parts, sums + part * all + group * g.outputs * row);
    }
  });
  write_weights<T, S>(g, gw, sums, split.parts);
}

void convolution_weight_cpu(StridedView gw, StridedView gy, StridedView x, const ConvGeometry& geometry) {
  if (winograd_convolution_weight(gw, gy, x, geometry)) return;
  if (is_depthwise(gy, x, gw, geometry))
    return visit_float(gw.dtype,
                       [&](auto tag) { sum_depthwise_weights<typename decltype(tag)::type>(gw, gy, x, geometry); });
  Scratch lists(lists_bytes(gw.shape + 2), Scratch::EvenIfAsked());
  visit_float(gw.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Gather<T> g = forward_gather<T>(gy, x, gw, geometry, lists.data());
    if (gw.numel() == 0) return;
    if (g.images == 0 || g.pixels() == 0) {
      if (scratch_only_asked()) return;
      const StridedView& v = gw;
      for (int64_t o = 0; o < v.shape[0]; o++)
        for (int64_t c = 0; c < v.shape[1]; c++)
          for (int64_t z = 0; z < v.shape[2]; z++)
            for (int64_t y = 0; y < v.shape[3]; y++)
              for (int64_t i = 0; i < v.shape[4]; i++)
                v.as<T>()[o * v.strides[0] + c * v.strides[1] + z * v.strides[2] + y * v.strides[3] +
                          i * v.strides[4]] = T{};
      return;
    }
    sum_weights<T>(g, gw);
  });
}
WEFT_CPU_KERNEL(convolution_weight_kernel, convolution_weight_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
