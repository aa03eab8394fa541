// (N, C, ...) channel by channel. A channel is looked at in runs, up to kRun adjacent pixels of an image, whose sums
// are added in order; and where the channels lie innermost (in (N, C), too) as rows of channels, in runs of the same
// pixels, so that both layouts give the same bits.
#pragma once

#include "device/cpu/scratch.h"
#include "kernels/cpu/norm_runs.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kChannels = 128;  // of a row at once: their sums stay in the L1 cache

struct Images {
  int64_t n, channels, inner = 1;
  explicit Images(const StridedView& x) : n(x.shape[0]), channels(x.shape[1]) {
    for (int d = 2; d < x.ndim; d++) inner *= x.shape[d];
  }
  double count() const { return static_cast<double>(n * inner); }
};

WEFT_INLINE bool is_rows(const StridedView& x) { return Images(x).inner == 1 || !x.is_contiguous(); }

// Calls f(first element, length) for the runs of one channel.
template <class F>
WEFT_INLINE void for_runs(const Images& s, int64_t channel, const F& f) {
  for (int64_t i = 0; i < s.n; i++)
    for (int64_t k = 0; k < s.inner; k += kRun)
      f((i * s.channels + channel) * s.inner + k, s.inner - k < kRun ? s.inner - k : kRun);
}

template <class F>
void for_channels(const Images& s, const F& f) {
  parallel_for(s.channels, kNormGrain / (s.n * s.inner + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; c++) f(c);
  });
}

// The rows: one for every pixel, in runs.
struct ChannelRows {
  int64_t channels, images, inner, runs_of_image, runs;
  explicit ChannelRows(const Images& s) : channels(s.channels), images(s.n), inner(s.inner) {
    if (inner == 1) inner = images, images = 1;
    runs_of_image = (inner + kRun - 1) / kRun;
    runs = images * runs_of_image;
  }
  int64_t first(int64_t run) const { return run / runs_of_image * inner + run % runs_of_image * kRun; }
  int64_t length(int64_t run) const {
    const int64_t left = inner - run % runs_of_image * kRun;
    return left < kRun ? left : kRun;
  }
};

// Calls f(run, first row, rows, first channel, channels) for all of them, at most `width` channels at a time.
template <int64_t width, class F>
WEFT_INLINE void for_blocks(const ChannelRows& s, const F& f) {
  const int64_t blocks = ceil_div(s.channels, width);
  const int64_t elements = smaller(s.inner, kRun) * smaller(s.channels, width);
  parallel_for(s.runs * blocks, kNormGrain / (elements + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t run = i / blocks, c = i % blocks * width;
      f(run, s.first(run), s.length(run), c, smaller(width, s.channels - c));
    }
  });
}

constexpr int64_t kFewChannels = 8;  // whose sums of runs are put together at once: a cache line

// Calls f(first channel, channels) for groups of channels that look at what all runs have given.
template <class F>
WEFT_INLINE void for_few_channels(const ChannelRows& s, const F& f) {
  parallel_for(ceil_div(s.channels, kFewChannels), kNormGrain / (s.runs * kFewChannels + 1) + 1,
               [&](int64_t begin, int64_t end) {
                 for (int64_t c = begin * kFewChannels; c < smaller(end * kFewChannels, s.channels); c += kFewChannels)
                   f(c, smaller(kFewChannels, s.channels - c));
               });
}

// sums[0][k], sums[1][k], ...: what add(row, sums) adds up over the rows [first, first + rows) of a run.
template <int count, class C, class F>
WEFT_INLINE void sum_rows(int64_t first, int64_t rows, int64_t m, C (&sums)[kLanes<C>][count][kChannels],
                          const F& add) {
  for (auto& sum : sums)
    for (int s = 0; s < count; s++)
      for (int64_t k = 0; k < m; k++) sum[s][k] = 0;
  for (int64_t r = 0; r < rows; r++) add(first + r, sums[r % kLanes<C>]);
  for (int half = kLanes<C> / 2; half > 0; half /= 2)
    for (int j = 0; j < half; j++)
      for (int s = 0; s < count; s++)
        for (int64_t k = 0; k < m; k++) sums[j][s][k] += sums[j + half][s][k];
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
