// Attention's backward kernel: weights are computed again, block by block, from the scores and the logarithm of their
// sum of exp. With P the weights, dP = dO V' and D the sums of dO O over each row:
//   dS = scale P (dP - D),  dV = P' dO,  dQ = dS K,  dK = dS' Q
// Where a program changes scores, P (dP - D) is the gradient of what it makes, and it says what that of the scores is.
// Heads are independent. Where there are too few of them for the threads, gradients of the keys and of the queries are
// computed separately, each part of them alone: 7 products instead of 5, with the same bits.
#include "kernels/cpu/attention_blocks.h"
#include "kernels/cpu/score_change.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class C>
constexpr int64_t kQueryBlock = 2 * kTileColumns<C>;

// What a part computes: blocks of queries and of keys, and which gradients.
struct Part {
  int64_t head, query_begin, query_end, key_begin, key_end;
  bool of_queries, of_keys;
};

template <class C>
struct BackwardSpace {
  C *packed_q, *packed_grad;                                 // (size, lanes) in panels
  C *weights, *slopes;                                       // (keys, lanes): P and dS
  C *scores, *registers;                                     // of a change: (keys, lanes), and its program's
  C *log_sum, *products;                                     // (lanes): the log-sum-exp and D
  C *queries, *grads, *outs, *keys, *values, *dq, *dk, *dv;  // copies of what is not plain
  char* gemm;
  const ScoreChanger<C>& changer;
  size_t bytes;

  WEFT_INLINE BackwardSpace(char* start, const AttentionSizes& s, const AttentionBackwardViews& t, int64_t rows_dk,
                            const ScoreChanger<C>& change)
      : changer(change) {
    Pieces pieces{start};
    const int64_t lanes = kQueryBlock<C>, block = smaller(kKeyBlock, s.keys);
    packed_q = pieces.take<C>(lanes * s.size);
    packed_grad = pieces.take<C>(lanes * s.value_size);
    weights = pieces.take<C>(block * lanes);
    slopes = pieces.take<C>(block * lanes);
    scores = pieces.take<C>(change ? block * lanes : 0);
    registers = pieces.take<C>(change.register_elements());
    log_sum = pieces.take<C>(lanes);
    products = pieces.take<C>(lanes);
    queries = pieces.take<C>(copy_elements<C>(t.q, lanes));
    grads = pieces.take<C>(copy_elements<C>(t.grad, lanes));
    outs = pieces.take<C>(copy_elements<C>(t.out, lanes));
    keys = pieces.take<C>(copy_elements<C>(t.k, block));
    values = pieces.take<C>(copy_elements<C>(t.v, block));
    dq = pieces.take<C>(copy_elements<C>(t.dq, lanes));
    dk = pieces.take<C>(copy_elements<C>(t.dk, rows_dk));
    dv = pieces.take<C>(copy_elements<C>(t.dv, rows_dk));
    const int64_t size = s.size > s.value_size ? s.size : s.value_size, depth = block > lanes ? block : lanes;
    const Product<C> product{depth, size, depth, {nullptr, 1, 0}, {nullptr, 0, 1}, nullptr, 0, nullptr, 0};
    gemm = pieces.take<char>(static_cast<int64_t>(product.scratch_bytes()));
    bytes = pieces.used;
  }
};

// Rows of a result that are summed into: where they lie, or in `buffer` until store_rows().
template <class C>
WEFT_INLINE Matrix<C> sums_of(C* buffer, const StridedView& v, int64_t head, int64_t first) {
  if (is_plain<C>(v)) return {reinterpret_cast<C*>(row_of(v, head, first)), v.strides[2], 1};
  return {buffer, v.shape[3], 1};
}

template <class C>
void clear_rows(Matrix<C> rows, int64_t count, int64_t size) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t e = 0; e < size; e++) rows.data[i * rows.row + e] = 0;
}

// Queries that are worked on together, padded to whole vectors.
template <class C>
struct Queries {
  int64_t first, count, lanes;
  Matrix<const C> q, grad;
};

template <class C>
void pack_panels(C* to, Matrix<const C> rows, int64_t count, int64_t size, C scale) {
  for (int64_t i = 0; i < count; i += kTileColumns<C>) {
    const int64_t width = smaller(kTileColumns<C>, count - i);
    with_vectors<C>(width, [&](auto vectors) {
      pack_rows<C, decltype(vectors)::value>(to + i * size, rows.at(i, 0), width, size, scale);
    });
  }
}

// to[key][lane] = rows(key) . packed(lane), where the lane's query sees the key.
template <class C>
void multiply_panels(C* to, Matrix<const C> rows, int64_t keys, int64_t diagonal, const C* packed,
                     const Queries<C>& queries, int64_t size) {
  for (int64_t i = 0; i < queries.lanes; i += kTileColumns<C>)
    with_vectors<C>(queries.lanes - i, [&](auto vectors) {
      constexpr int n = decltype(vectors)::value, width = n * kLanes<C>;
      const int64_t seen = smaller(keys, diagonal + i + width);
      if (seen > 0)
        panel<C, n>(seen, width, size, rows, false, packed + i * size, width, to + i, queries.lanes, nullptr, 0);
    });
}

template <class C>
Queries<C> prepare_queries(const AttentionBackwardViews& t, const AttentionSizes& s, double scale, int64_t head,
                           int64_t first, int64_t count, BackwardSpace<C>& space) {
  Queries<C> x{first, count, ceil_div(count, kLanes<C>) * kLanes<C>, rows_of(space.queries, t.q, head, first, count),
               rows_of(space.grads, t.grad, head, first, count)};
  const Matrix<const C> out = rows_of(space.outs, t.out, head, first, count);
  pack_panels(space.packed_q, x.q, count, s.size, static_cast<C>(scale));
  pack_panels(space.packed_grad, x.grad, count, s.value_size, C(1));
  for (int64_t i = 0; i < x.lanes; i++) space.log_sum[i] = space.products[i] = 0;
  for (int64_t i = 0; i < count; i++) {
    const C *g = x.grad.at(i, 0).data, *y = out.at(i, 0).data;
    C sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t e = 0; e < s.value_size; e++) sum += g[e] * y[e];
    if (t.grad_stats.data) sum -= *reinterpret_cast<const C*>(row_of(t.grad_stats, head, first + i));
    space.products[i] = sum;
    const C log_sum = *reinterpret_cast<const C*>(row_of(t.stats, head, first + i));
    const bool unseen = space.changer && log_sum == -static_cast<C>(__builtin_inff());
    space.log_sum[i] = unseen ? C(0) : log_sum;  // its weights are 0
  }
  return x;
}

// Turns scores into weights P and dP into dS. Row j belongs to a key that queries before number j - diagonal do not
// see.
template <class C, bool Changed>
void differentiate(C* weights, C* slopes, int64_t keys, int64_t lanes, int64_t diagonal, C scale, const C* log_sum,
                   const C* products) {
  for (int64_t j = 0; j < keys; j++) {
    C *p = weights + j * lanes, *d = slopes + j * lanes;
    const int64_t hidden = j > diagonal ? j - diagonal : 0;
    for (int64_t i = hidden / kLanes<C> * kLanes<C>; i < lanes; i++) {
      const C score = p[i], e = scalar::exp(score - log_sum[i]), slope = e * (d[i] - products[i]) * scale;
      p[i] = e;
      // A change hides keys with -inf: then no number that is not finite gets through.
      d[i] = Changed && score == -static_cast<C>(__builtin_inff()) ? C(0) : slope;
    }
    for (int64_t i = 0; i < hidden; i++) p[i] = d[i] = 0;
  }
}

// One block of queries meets one block of keys.
template <class C>
struct Block {
  int64_t head, key, keys,
      diagonal;  // the last key of the block that the first query sees; all of them without a causal rule
  Matrix<const C> k, v;
  Matrix<C> dq, dk, dv;
  bool add_to_queries, add_to_keys, of_queries, of_keys;
  BlockState state;
};

// Where the diagonal crosses the block, products are made a few rows at a time without what is hidden, which is 0.
template <class C>
void block_gradients(const AttentionBackwardViews& t, const Block<C>& b, const Queries<C>& x, const AttentionSizes& s,
                     C scale, BackwardSpace<C>& space) {
  const ScoreBlock place{b.head, x.first, x.count, b.key, b.keys, x.lanes};
  C* scores = space.changer ? space.scores : space.weights;
  multiply_panels(scores, b.k, b.keys, b.diagonal, space.packed_q, x, s.size);
  multiply_panels(space.slopes, b.v, b.keys, b.diagonal, space.packed_grad, x, s.value_size);
  if (space.changer) {
    space.changer.change(b.state, place, scores, space.weights, space.registers);
    differentiate<C, true>(space.weights, space.slopes, b.keys, x.lanes, b.diagonal, C(1), space.log_sum,
                           space.products);
    space.changer.differentiate(place, scores, space.slopes, scale, t, space.registers);
  } else {
    differentiate<C, false>(space.weights, space.slopes, b.keys, x.lanes, b.diagonal, scale, space.log_sum,
                            space.products);
  }
  const Matrix<const C> p{space.weights, x.lanes, 1}, ds{space.slopes, x.lanes, 1};
  // Times what is not finite a 0 would make NaN: then row by row, where nothing hidden is met.
  const bool crossed = b.keys > b.diagonal + 1;
  const auto rows_at_once = [&](bool finite, int64_t all) { return !crossed ? all : finite ? kTileRows : 1; };
  if (b.of_keys) {
    const bool finite = !crossed || (all_finite(x.grad, x.count, s.value_size) && all_finite(x.q, x.count, s.size));
    const int64_t step = rows_at_once(finite, b.keys);
    for (int64_t j = 0; j < b.keys; j += step) {
      const int64_t from = j > b.diagonal ? j - b.diagonal : 0, rows = smaller(step, b.keys - j);
      multiply_rows<C>(rows, s.value_size, x.count - from, p.at(j, from), x.grad.at(from, 0), b.dv.at(j, 0),
                       b.add_to_keys, space.gemm);
      multiply_rows<C>(rows, s.size, x.count - from, ds.at(j, from), x.q.at(from, 0), b.dk.at(j, 0), b.add_to_keys,
                       space.gemm);
    }
  }
  if (b.of_queries) {
    const int64_t step = rows_at_once(!crossed || all_finite(b.k, b.keys, s.size), x.count);
    for (int64_t i = 0; i < x.count; i += step) {
      const int64_t rows = smaller(step, x.count - i), depth = smaller(b.keys, b.diagonal + i + rows);
      if (depth > 0)
        multiply_rows<C>(rows, s.size, depth, {ds.data + i, 1, x.lanes}, b.k, b.dq.at(i, 0), b.add_to_queries,
                         space.gemm);
    }
  }
}

template <class C>
void part_gradients(const AttentionBackwardViews& t, const AttentionSizes& s, const AttentionRule& rule,
                    const Part& part, BackwardSpace<C>& space) {
  const Matrix<C> dk = sums_of(space.dk, t.dk, part.head, part.key_begin);
  const Matrix<C> dv = sums_of(space.dv, t.dv, part.head, part.key_begin);
  int64_t seen = part.key_begin;  // keys before this one have sums already
  auto clear_to = [&](int64_t end) {
    clear_rows(dk.at(seen - part.key_begin, 0), end - seen, s.size);
    clear_rows(dv.at(seen - part.key_begin, 0), end - seen, s.value_size);
  };
  if (rule.change && part.of_keys) {  // blocks may be left out in any order
    clear_to(part.key_end);
    seen = part.key_end;
  }
  for (int64_t first = part.query_begin; first < part.query_end; first += kQueryBlock<C>) {
    const int64_t count = smaller(kQueryBlock<C>, part.query_end - first);
    const int64_t key_end = visible_keys(part.key_end, first + count, rule.causal);
    if (key_end <= part.key_begin) continue;
    bool started = false;  // have the queries met a key?
    const Queries<C> x = prepare_queries(t, s, rule.scale, part.head, first, count, space);
    const Matrix<C> dq = sums_of(space.dq, t.dq, part.head, first);
    for (int64_t key0 = part.key_begin; key0 < key_end; key0 += kKeyBlock) {
      const int64_t keys = smaller(kKeyBlock, key_end - key0);
      const BlockState state = space.changer.state(part.head, first, key0);
      if (state == BlockState::Hidden) continue;
      const Matrix<const C> k = rows_of(space.keys, t.k, part.head, key0, keys);
      const Matrix<const C> v = rows_of(space.values, t.v, part.head, key0, keys);
      const bool add_to_keys = key0 < seen;
      if (part.of_keys && add_to_keys && seen < key0 + keys) clear_to(key0 + keys);
      const int64_t own = key0 - part.key_begin;
      const Block<C> block{part.head,
                           key0,
                           keys,
                           rule.causal ? first - key0 : keys,
                           k,
                           v,
                           dq,
                           dk.at(own, 0),
                           dv.at(own, 0),
                           started,
                           add_to_keys,
                           part.of_queries,
                           part.of_keys,
                           state};
      block_gradients(t, block, x, s, static_cast<C>(rule.scale), space);
      started = true;
      if (seen < key0 + keys) seen = key0 + keys;
    }
    if (part.of_queries && !started) clear_rows(dq, count, s.size);
    if (part.of_queries) store_rows(t.dq, part.head, first, count, dq.data);
  }
  if (part.of_keys) {
    clear_to(part.key_end);  // keys that no query sees
    store_rows(t.dk, part.head, part.key_begin, part.key_end - part.key_begin, dk.data);
    store_rows(t.dv, part.head, part.key_begin, part.key_end - part.key_begin, dv.data);
  }
}

template <class C>
void attention_backward_as(const AttentionBackwardViews& t, const AttentionSizes& s, const AttentionRule& rule) {
  const int64_t workers = s.workers(s.heads * s.queries * s.keys * (3 * s.size + 2 * s.value_size));
  // Sums over a whole head are made by one thread.
  const bool by_heads = t.num_wanted > 0 || ceil_div(s.heads, workers) * 5 * workers <= s.heads * 7;
  const ScoreChanger<C> changer(rule.change, t.q.shape[1]);
  const int64_t key_step = by_heads ? s.keys : kKeyBlock, query_step = kQueryBlock<C>;
  const size_t bytes = BackwardSpace<C>(nullptr, s, t, smaller(s.keys, key_step), changer).bytes;
  Scratch scratch(bytes * static_cast<size_t>(workers));
  if (scratch_only_asked()) return;
  for (int k = 0; k < t.num_wanted; k++)
    for (int64_t i = 0; i < t.operand_grads[k].numel(); i++) t.operand_grads[k].template as<C>()[i] = 0;
  auto run = [&](int64_t worker, const Part& part) {
    BackwardSpace<C> space(scratch.data() + bytes * static_cast<size_t>(worker), s, t, smaller(s.keys, key_step),
                           changer);
    part_gradients(t, s, rule, part, space);
  };
  if (by_heads) {
    for_units(workers, s.heads,
              [&](int64_t worker, int64_t head) { run(worker, {head, 0, s.queries, 0, s.keys, true, true}); });
    return;
  }
  const int64_t key_parts = ceil_div(s.keys, key_step), query_parts = ceil_div(s.queries, query_step);
  for_units(workers, s.heads * key_parts, [&](int64_t worker, int64_t unit) {
    const int64_t first = unit / s.heads * key_step;
    run(worker, {unit % s.heads, 0, s.queries, first, smaller(s.keys, first + key_step), false, true});
  });
  for_units(workers, s.heads * query_parts, [&](int64_t worker, int64_t unit) {
    const int64_t first = unit / s.heads * query_step;
    run(worker, {unit % s.heads, first, smaller(s.queries, first + query_step), 0, s.keys, true, false});
  });
}

void attention_backward_cpu(const AttentionBackwardViews& t, AttentionRule rule) {
  const AttentionSizes sizes(t.q, t.v);
  t.q.dtype == DType::Float64 ? attention_backward_as<double>(t, sizes, rule)
                              : attention_backward_as<float>(t, sizes, rule);
}
WEFT_CPU_KERNEL(attention_backward_kernel, attention_backward_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
