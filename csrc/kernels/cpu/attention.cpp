// Attention's forward kernel: a strip of queries keeps, while it walks over the blocks of keys, the largest score so
// far, the sum of exp and the weighted sum of values relative to it (Milakov and Gimelshein, "Online normalizer
// calculation for softmax", 2018).
#include "kernels/cpu/attention_blocks.h"
#include "kernels/cpu/gemv.h"
#include "kernels/cpu/score_change.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kFewQueries = 4;  // so few that most of a vector would be empty: each is computed alone
constexpr int64_t kMaxStrips = 4;   // that share a block of keys: it is converted, or read into the caches, once

struct ForwardViews {
  StridedView out, stats, q, k, v;
};

template <class C>
struct Strip {
  int64_t first, count;  // queries
  C* packed;             // (size, width): the queries times the scale
  C* result;             // (count, value_size)
  C *top, *sum;          // (width): the largest score, the sum of exp(score - top)
  bool started;          // has it met a key?
};

template <class C>
struct ForwardSpace {
  Strip<C> strips[kMaxStrips];
  C *scores, *queries, *keys, *values, *registers;
  char* gemm;
  const ScoreChanger<C>& changer;
  size_t bytes;

  WEFT_INLINE ForwardSpace(char* start, const AttentionSizes& s, const ForwardViews& t, int64_t num_strips, bool few,
                           const ScoreChanger<C>& change)
      : changer(change) {
    constexpr int64_t width = kTileColumns<C>;
    Pieces pieces{start};
    for (int64_t i = 0; i < num_strips; i++)
      strips[i] = {0,
                   0,
                   pieces.take<C>(width * s.size),
                   pieces.take<C>(width * s.value_size),
                   pieces.take<C>(width),
                   pieces.take<C>(width),
                   false};
    const int64_t block = smaller(kKeyBlock, s.keys);
    scores = pieces.take<C>(few ? s.keys : block * width);
    queries = pieces.take<C>(copy_elements<C>(t.q, width));
    keys = pieces.take<C>(copy_elements<C>(t.k, block));
    values = pieces.take<C>(copy_elements<C>(t.v, block));
    registers = pieces.take<C>(change.register_elements());
    const Product<C> product{width, s.value_size, block, {nullptr, 1, width}, {nullptr, 0, 1}, nullptr, 0, nullptr, 0};
    gemm = pieces.take<char>(static_cast<int64_t>(product.scratch_bytes()));
    bytes = pieces.used;
  }
};

template <class C>
constexpr C kMinusInfinity = -static_cast<C>(__builtin_inff());

// Row j of the scores belongs to a key that queries before number j - diagonal do not see.
template <class C, int Width>
void mask_later_keys(C* scores, int64_t keys, int64_t diagonal) {
  for (int64_t j = diagonal > 0 ? diagonal : 0; j < keys; j++) {
    const int hidden = static_cast<int>(smaller(j - diagonal, Width));
    C* row = scores + j * Width;
    for (int i = 0; i < Width; i++) row[i] = i < hidden ? kMinusInfinity<C> : row[i];
  }
}

// Turns scores into weights relative to the largest score so far; factor: what earlier ones must be multiplied by.
// Returns whether any factor is not 1. A query that has seen nothing but -inf keeps the sum 0, as NaN keeps NaN.
template <class C, int Width>
bool weigh(C* scores, int64_t keys, C* top, C* sum, C* factor) {
  C high[Width], shift[Width], part[Width];
  for (int i = 0; i < Width; i++) high[i] = top[i];
  for (int64_t j = 0; j < keys; j++)
    for (int i = 0; i < Width; i++) {
      C x = scores[j * Width + i];
      high[i] = x > high[i] ? x : high[i];
    }
  for (int i = 0; i < Width; i++) {
    shift[i] = high[i] == kMinusInfinity<C> ? C(0) : high[i];
    factor[i] = scalar::exp(top[i] - shift[i]);
    top[i] = high[i];
    part[i] = 0;
  }
  for (int64_t j = 0; j < keys; j++)
    for (int i = 0; i < Width; i++) {
      C e = scalar::exp(scores[j * Width + i] - shift[i]);
      scores[j * Width + i] = e;
      part[i] += e;
    }
  int changed = 0;
  for (int i = 0; i < Width; i++) {
    sum[i] = sum[i] * factor[i] + part[i];
    changed |= factor[i] == C(1) ? 0 : 1;
  }
  return changed != 0;
}

// One strip meets one block of keys, of which the first is number `key0`.
template <class C, int Vectors>
void attend(Strip<C>& strip, const AttentionSizes& s, int64_t head, int64_t key0, int64_t keys, Matrix<const C> k,
            Matrix<const C> v, bool causal, ForwardSpace<C>& space) {
  constexpr int kWidth = Vectors * kLanes<C>;
  keys = visible_keys(keys, strip.first + strip.count - key0, causal);
  const BlockState state = space.changer.state(head, strip.first, key0);
  if (keys <= 0 || state == BlockState::Hidden) return;
  const int64_t diagonal = strip.first - key0;  // the last key that the first query sees
  const bool masked = causal && keys > diagonal + 1;
  panel<C, Vectors>(keys, kWidth, s.size, k, false, strip.packed, kWidth, space.scores, kWidth, nullptr, 0);
  if (space.changer)
    space.changer.change(state, {head, strip.first, strip.count, key0, keys, kWidth}, space.scores, space.scores,
                         space.registers);
  if (masked) mask_later_keys<C, kWidth>(space.scores, keys, diagonal);
  C factor[kWidth];
  const bool add = strip.started;
  strip.started = true;
  if (weigh<C, kWidth>(space.scores, keys, strip.top, strip.sum, factor) && add)
    for (int64_t i = 0; i < strip.count; i++)
      for (int64_t e = 0; e < s.value_size; e++) strip.result[i * s.value_size + e] *= factor[i];
  // Weights of hidden keys are 0; times a value that is not finite that would still make NaN.
  const int64_t from = diagonal > 0 ? diagonal : 0;
  const bool one_by_one = masked && !all_finite(v.at(from, 0), keys - from, s.value_size);
  const int64_t step = one_by_one ? 1 : masked ? kTileRows : strip.count;
  for (int64_t i = 0; i < strip.count; i += step) {
    const int64_t count = smaller(step, strip.count - i);
    const int64_t depth = masked ? smaller(keys, diagonal + i + count) : keys;
    if (depth > 0)
      multiply_rows<C>(count, s.value_size, depth, {space.scores + i, 1, kWidth}, v,
                       {strip.result + i * s.value_size, s.value_size, 1}, add, space.gemm);
  }
}

template <class C>
void finish_strip(const Strip<C>& strip, const AttentionSizes& s, int64_t head, const ForwardViews& t,
                  const ScoreChanger<C>& changer) {
  constexpr int kWidth = kTileColumns<C>;
  C log_sum[kWidth], factor[kWidth];
  for (int i = 0; i < kWidth; i++) {
    log_sum[i] = strip.top[i] + scalar::log(strip.sum[i]);
    factor[i] = changer.without_keys(strip.sum[i]) ? C(0) : C(1) / strip.sum[i];
  }
  if (!strip.started)
    for (int64_t i = 0; i < strip.count * s.value_size; i++) strip.result[i] = 0;
  for (int64_t i = 0; i < strip.count; i++) {
    for (int64_t e = 0; e < s.value_size; e++) strip.result[i * s.value_size + e] *= factor[i];
    *reinterpret_cast<C*>(row_of(t.stats, head, strip.first + i)) = log_sum[i];
  }
  store_rows(t.out, head, strip.first, strip.count, strip.result);
}

// Queries first to last of one head.
template <class C>
void attend_queries(const ForwardViews& t, const AttentionSizes& s, const AttentionRule& rule, int64_t head,
                    int64_t first, int64_t last, ForwardSpace<C>& space) {
  constexpr int64_t width = kTileColumns<C>;
  const int64_t num_strips = ceil_div(last - first, width);
  for (int64_t i = 0; i < num_strips; i++) {
    Strip<C>& strip = space.strips[i];
    strip.first = first + i * width;
    strip.count = smaller(width, last - strip.first);
    strip.started = false;
    const Matrix<const C> rows = rows_of(space.queries, t.q, head, strip.first, strip.count);
    with_vectors<C>(strip.count, [&](auto vectors) {
      pack_rows<C, decltype(vectors)::value>(strip.packed, rows, strip.count, s.size, static_cast<C>(rule.scale));
    });
    for (int64_t l = 0; l < width; l++) strip.top[l] = kMinusInfinity<C>, strip.sum[l] = 0;
  }
  const int64_t keys = visible_keys(s.keys, last, rule.causal);
  for (int64_t key0 = 0; key0 < keys; key0 += kKeyBlock) {
    const int64_t count = smaller(kKeyBlock, keys - key0);
    if (space.changer.state(head, first, key0) == BlockState::Hidden) continue;  // all strips are of one block
    const Matrix<const C> k = rows_of(space.keys, t.k, head, key0, count);
    const Matrix<const C> v = rows_of(space.values, t.v, head, key0, count);
    for (int64_t i = 0; i < num_strips; i++)
      with_vectors<C>(space.strips[i].count, [&](auto vectors) {
        attend<C, decltype(vectors)::value>(space.strips[i], s, head, key0, count, k, v, rule.causal, space);
      });
  }
  for (int64_t i = 0; i < num_strips; i++) finish_strip(space.strips[i], s, head, t, space.changer);
}

// One query of one head: what a model does for each token it writes. Keys and values are read once, in their own order.
template <class C>
void attend_alone(const ForwardViews& t, const AttentionSizes& s, const AttentionRule& rule, int64_t head,
                  int64_t query, ForwardSpace<C>& space) {
  const int64_t keys = visible_keys(s.keys, query + 1, rule.causal);
  const Matrix<const C> q = rows_of(space.queries, t.q, head, query, 1);
  const Strip<C>& strip = space.strips[0];
  C *scores = space.scores, *scaled = strip.packed, top = kMinusInfinity<C>, sum = 0;
  for (int64_t e = 0; e < s.size; e++) scaled[e] = q.data[e] * static_cast<C>(rule.scale);
  for (int64_t key0 = 0; key0 < keys; key0 += kKeyBlock) {
    const int64_t count = smaller(kKeyBlock, keys - key0);
    const BlockState state = space.changer.state(head, query, key0);
    if (state == BlockState::Hidden) {
      for (int64_t j = key0; j < key0 + count; j++) scores[j] = kMinusInfinity<C>;
      continue;
    }
    const Matrix<const C> k = rows_of(space.keys, t.k, head, key0, count);
    gemv<C>(count, s.size, scaled, {k.data, 1, k.row}, scores + key0, nullptr, 0, s.keys);
    if (space.changer)
      space.changer.change(state, {head, query, 1, key0, count, 1}, scores + key0, scores + key0, space.registers);
  }
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < keys; j++) top = scores[j] > top ? scores[j] : top;
  const C shift = top == kMinusInfinity<C> ? C(0) : top;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < keys; j++) {
    C e = scalar::exp(scores[j] - shift);
    scores[j] = e;
    sum += e;
  }
  bool started = false;
  for (int64_t key0 = 0; key0 < keys; key0 += kKeyBlock) {
    const int64_t count = smaller(kKeyBlock, keys - key0);
    if (space.changer.state(head, query, key0) == BlockState::Hidden) continue;
    const Matrix<const C> v = rows_of(space.values, t.v, head, key0, count);
    gemv<C>(s.value_size, count, scores + key0, v, strip.result, started ? strip.result : nullptr, 1, s.value_size);
    started = true;
  }
  const C factor = space.changer.without_keys(sum) ? C(0) : C(1) / sum;
  for (int64_t e = 0; e < s.value_size; e++) strip.result[e] = started ? strip.result[e] * factor : C(0);
  *reinterpret_cast<C*>(row_of(t.stats, head, query)) = top + scalar::log(sum);
  store_rows(t.out, head, query, 1, strip.result);
}

template <class C>
void attention_as(const ForwardViews& t, const AttentionSizes& s, const AttentionRule& rule) {
  const bool few = s.queries <= kFewQueries;
  const ScoreChanger<C> changer(rule.change, t.q.shape[1]);
  const int64_t strips = ceil_div(s.queries, kTileColumns<C>);
  const int64_t workers = s.workers(s.heads * s.queries * s.keys * (s.size + s.value_size));
  int64_t group = smaller(strips, kMaxStrips);
  if (rule.change)  // all strips of a group are in one block of the table
    for (group = kMaxStrips; group > 1 && (group > strips || group * kTileColumns<C> > kScoreBlockRows);) group /= 2;
  while (group > 1 && s.heads * ceil_div(strips, group) < 4 * workers) group /= 2;
  const int64_t step = few ? 1 : group * kTileColumns<C>, groups = ceil_div(s.queries, step);
  const size_t bytes = ForwardSpace<C>(nullptr, s, t, group, few, changer).bytes;
  Scratch scratch(bytes * static_cast<size_t>(workers));
  if (scratch_only_asked()) return;
  for_units(workers, s.heads * groups, [&](int64_t worker, int64_t unit) {
    ForwardSpace<C> space(scratch.data() + bytes * static_cast<size_t>(worker), s, t, group, few, changer);
    const int64_t head = unit % s.heads, first = unit / s.heads * step;
    if (few)
      attend_alone(t, s, rule, head, first, space);
    else
      attend_queries(t, s, rule, head, first, smaller(s.queries, first + step), space);
  });
}

void attention_cpu(StridedView out, StridedView stats, StridedView q, StridedView k, StridedView v,
                   AttentionRule rule) {
  const ForwardViews views{out, stats, q, k, v};
  const AttentionSizes sizes(q, v);
  q.dtype == DType::Float64 ? attention_as<double>(views, sizes, rule) : attention_as<float>(views, sizes, rule);
}
WEFT_CPU_KERNEL(attention_kernel, attention_cpu);

void attention_support_cpu(StridedView q, StridedView k, StridedView v, AttentionRule, bool* supported) {
  *supported = is_real_floating(q.dtype) && q.numel() > 0 && k.numel() > 0 && v.numel() > 0;
  for (int d = 0; d < 2; d++) *supported &= k.shape[d] == q.shape[d] && v.shape[d] == q.shape[d];
}
WEFT_CPU_KERNEL(attention_support_kernel, attention_support_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
