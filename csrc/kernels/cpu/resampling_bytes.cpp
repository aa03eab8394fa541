// Resampling of images of bytes: along rows, then along columns, each result rounded to a byte. Weights are integers of
// 16 bits, with as many bits behind the point as the largest weight of the axis leaves, as Pillow has them.
#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/cpu/vector.h"
#include "kernels/resampling.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kByteGrain = 16384;

struct ByteWeights {
  const TapTable& t;
  int16_t* weight;
  int shift = 0;
  static size_t bytes(const TapTable& t) {
    return (static_cast<size_t>(t.outputs * t.width) * sizeof(int16_t) + 63) / 64 * 64;
  }
  ByteWeights(const TapTable& table, char* memory) : t(table), weight(reinterpret_cast<int16_t*>(memory)) {}
  void fill() {
    double most = 0;
    for (int64_t i = 0; i < t.outputs * t.width; i++)
      if (t.weight[i] > most) most = t.weight[i];
    while (shift < 22 && static_cast<int>(0.5 + most * (1 << (shift + 1))) < 1 << 15) shift++;
    for (int64_t i = 0; i < t.outputs * t.width; i++) {
      const double w = t.weight[i] * (1 << shift);
      weight[i] = static_cast<int16_t>(w < 0 ? w - 0.5 : w + 0.5);
    }
  }
  // The sum of the taps of output j, `step` bytes apart, from the first one on.
  WEFT_INLINE uint8_t sum(const uint8_t* from, int64_t step, int64_t j) const {
    const int16_t* w = weight + j * t.width;
    int32_t sum = shift > 0 ? 1 << (shift - 1) : 0;
    for (int64_t k = 0; k < t.count[j]; k++) sum += w[k] * from[k * step];
    sum >>= shift;
    return static_cast<uint8_t>(sum < 0 ? 0 : sum > 255 ? 255 : sum);
  }
};

void resample_bytes_cpu(StridedView out, StridedView in, ResampleAxes axes) {
  if (out.numel() == 0) return;
  const bool channels_last = !out.is_contiguous() || !in.is_contiguous();
  const int64_t inner = channels_last ? out.shape[1] : 1,
                images = channels_last ? out.shape[0] : out.shape[0] * out.shape[1];
  const TapTable &rows = axes.table[1], &columns = axes.table[2];
  const int64_t row_in = columns.inputs * inner, row_out = columns.outputs * inner;
  const size_t column_bytes = ByteWeights::bytes(columns), row_bytes = ByteWeights::bytes(rows);
  Scratch scratch(column_bytes + row_bytes + static_cast<size_t>(images * rows.inputs * row_out));
  if (scratch_only_asked()) return;
  ByteWeights across(columns, scratch.data()), down(rows, scratch.data() + column_bytes);
  across.fill();
  down.fill();
  auto* between = reinterpret_cast<uint8_t*>(scratch.data() + column_bytes + row_bytes);
  parallel_for(images * rows.inputs, kByteGrain / (row_out * columns.width) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++)
      for (int64_t j = 0; j < columns.outputs; j++)
        for (int64_t c = 0; c < inner; c++)
          between[r * row_out + j * inner + c] =
              across.sum(in.as<uint8_t>() + r * row_in + columns.start[j] * inner + c, inner, j);
  });
  parallel_for(images * rows.outputs, kByteGrain / (row_out * rows.width) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const int64_t image = r / rows.outputs, row = r % rows.outputs;
      const uint8_t* from = between + (image * rows.inputs + rows.start[row]) * row_out;
      for (int64_t i = 0; i < row_out; i++) out.as<uint8_t>()[r * row_out + i] = down.sum(from + i, row_out, row);
    }
  });
}
WEFT_CPU_KERNEL(resample_bytes_kernel, resample_bytes_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
