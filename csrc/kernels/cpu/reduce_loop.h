// The loop under every reduction: brings any input to contiguous blocks or rows of one type and feeds them to a
// reducer.
//
// A reducer R works on elements of R::Compute and has
//   R::Total                                           what has been seen so far, for one output
//   R::init(total)                                     nothing seen
//   R::block(total, x, n, at)                          n <= kBlock contiguous elements, the first being number `at`
//   R::Tile; R::begin(tile, n); R::row(tile, x, n, r)  one element for each of n <= kColumns outputs, row r < kRowBlock
//   R::flush(tile, totals, n, rows, at)                adds the rows of a tile to totals; the first row is number `at`
//   R::join(total, later)                              adds what another part of the same output has seen
//   R::kTakesAnyOrder                                  the number of an element does not matter
//   R::kWidens                                         has R::WideTile with the same functions, for tiles that
//                                                      R::left_range(tile, n, rows) says have left the range of Compute
#pragma once

#include "device/cpu/scratch.h"
#include "kernels/cpu/elementwise_loop.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kBlock = 2048;
constexpr int64_t kColumns = 1024;
constexpr int64_t kRowBlock = 32;
constexpr int64_t kShortRun = 256;    // shorter contiguous runs are packed into blocks first
constexpr int64_t kPartWork = 32768;  // elements that are worth a task of their own
constexpr int64_t kWantedTasks = 128;

struct ReduceLoop {
  int kept = 0, reduced = 0;
  int64_t kept_shape[kMaxLoopDims], kept_in[kMaxLoopDims], kept_out[kMaxLoopDims], kept_out2[kMaxLoopDims];
  int64_t reduced_shape[kMaxLoopDims], reduced_in[kMaxLoopDims];
  int64_t outputs = 1, count = 1;
  bool by_columns;  // neighbours in memory belong to different outputs

  // ordered: the reduced dimensions keep their order, because positions are counted in it.
  ReduceLoop(const StridedView& out, const StridedView& out2, const StridedView& in, int num_reduced, bool ordered) {
    int num_kept = in.ndim - num_reduced;
    for (int d = 0; d < num_kept; d++) {
      outputs *= in.shape[d];
      if (in.shape[d] == 1) continue;
      int at = kept++;
      for (; at > 0 && kept_in[at - 1] < in.strides[d]; at--) copy_kept(at, at - 1);
      kept_shape[at] = in.shape[d];
      kept_in[at] = in.strides[d];
      kept_out[at] = out.data ? out.strides[d] : 0;
      kept_out2[at] = out2.data ? out2.strides[d] : 0;
    }
    for (int d = num_kept; d < in.ndim; d++) {
      count *= in.shape[d];
      if (in.shape[d] == 1) continue;
      int at = reduced++;
      for (; !ordered && at > 0 && reduced_in[at - 1] < in.strides[d]; at--) {
        reduced_shape[at] = reduced_shape[at - 1];
        reduced_in[at] = reduced_in[at - 1];
      }
      reduced_shape[at] = in.shape[d];
      reduced_in[at] = in.strides[d];
    }
    merge();
    bool tiny = reduced_shape[reduced - 1] < 16 && kept_shape[kept - 1] >= 64;
    by_columns = kept_in[kept - 1] < reduced_in[reduced - 1] || (tiny && reduced == 1);
    if (outputs == 1) by_columns = false;
  }

 private:
  void copy_kept(int to, int from) {
    kept_shape[to] = kept_shape[from];
    kept_in[to] = kept_in[from];
    kept_out[to] = kept_out[from];
    kept_out2[to] = kept_out2[from];
  }
  void merge() {
    if (kept == 0) {
      kept_shape[0] = 1;
      kept_in[0] = kept_out[0] = kept_out2[0] = 0;
      kept = 1;
    }
    if (reduced == 0) {
      reduced_shape[0] = 1;
      reduced_in[0] = 1;
      reduced = 1;
    }
    int last = 0;
    for (int d = 1; d < kept; d++) {
      int64_t n = kept_shape[d];
      if (kept_in[last] == kept_in[d] * n && kept_out[last] == kept_out[d] * n && kept_out2[last] == kept_out2[d] * n) {
        n *= kept_shape[last];
      } else {
        last++;
      }
      copy_kept(last, d);
      kept_shape[last] = n;
    }
    kept = last + 1;
    last = 0;
    for (int d = 1; d < reduced; d++) {
      int64_t n = reduced_shape[d];
      if (reduced_in[last] == reduced_in[d] * n)
        n *= reduced_shape[last];
      else
        last++;
      reduced_shape[last] = n;
      reduced_in[last] = reduced_in[d];
    }
    reduced = last + 1;
  }
};

// Walks the reduced dimensions in row-major order.
struct ReducedWalk {
  const ReduceLoop& plan;
  int64_t index[kMaxLoopDims];
  int64_t offset = 0;

  ReducedWalk(const ReduceLoop& p, int64_t at) : plan(p) {
    for (int d = plan.reduced - 1; d >= 0; d--) {
      index[d] = 0;
      if (at == 0) continue;
      index[d] = at % plan.reduced_shape[d];
      at /= plan.reduced_shape[d];
      offset += index[d] * plan.reduced_in[d];
    }
  }
  // Elements left in the innermost run.
  int64_t run() const { return plan.reduced_shape[plan.reduced - 1] - index[plan.reduced - 1]; }
  // n <= run()
  void advance_by(int64_t n) {
    int d = plan.reduced - 1;
    index[d] += n;
    offset += n * plan.reduced_in[d];
    for (; d > 0 && index[d] == plan.reduced_shape[d]; d--) {
      offset += plan.reduced_in[d - 1] - index[d] * plan.reduced_in[d];
      index[d] = 0;
      index[d - 1]++;
    }
  }
};

// Where a reduction reads its input: memory. Another source is the result of a tile program (tile_interpreter.h).
struct MemorySource {
  StridedView in;
  // What a thread needs beside.
  struct State {
    explicit State(const MemorySource&) {}
  };
  // Can runs be read without conversion?
  template <class C>
  bool direct() const {
    return in.dtype == dtype_of<C>;
  }
  // n neighbours; only where direct() holds.
  template <class C>
  const C* run(State&, C*, int64_t offset, int64_t n) const {
    (void)n;
    return in.as<C>() + offset;
  }
  template <class C>
  void load(State&, C* buffer, int64_t offset, int64_t step, int64_t n) const {
    load_run(buffer, advance(in.data, offset, in.dtype), in.dtype, step, n);
  }
};

// Elements [begin, end) of the reduced dimensions of one output.
template <class R, class Source>
void reduce_blocks(typename R::Total& total, const ReduceLoop& plan, const Source& in, typename Source::State& state,
                   int64_t base, int64_t begin, int64_t end) {
  using C = typename R::Compute;
  const int last = plan.reduced - 1;
  const int64_t step = plan.reduced_in[last];
  const bool direct = in.template direct<C>() && step == 1 && (last == 0 || plan.reduced_shape[last] >= kShortRun);
  ReducedWalk walk(plan, begin);
  C buffer[kBlock];
  for (int64_t at = begin; at < end;) {
    int64_t filled = 0;
    if (direct) {
      filled = walk.run() < end - at ? walk.run() : end - at;
      filled = filled < kBlock ? filled : kBlock;
      R::block(total, in.template run<C>(state, buffer, base + walk.offset, filled), filled, at);
      walk.advance_by(filled);
    } else {
      int64_t wanted = end - at < kBlock ? end - at : kBlock;
      while (filled < wanted) {
        int64_t n = walk.run() < wanted - filled ? walk.run() : wanted - filled;
        in.template load<C>(state, buffer + filled, base + walk.offset, step, n);
        walk.advance_by(n);
        filled += n;
      }
      R::block(total, buffer, filled, at);
    }
    at += filled;
  }
}

// Fills a tile with rows of n neighbouring outputs, `column_step` apart in the input.
template <class R, class Tile, class Source>
WEFT_INLINE void fill_tile(Tile& tile, ReducedWalk& walk, const Source& in, typename Source::State& state, int64_t base,
                           int64_t column_step, int64_t n, int64_t rows) {
  using C = typename R::Compute;
  const bool direct = in.template direct<C>() && column_step == 1;
  C buffer[kColumns];
  R::begin(tile, n);
  for (int64_t r = 0; r < rows; r++) {
    const C* x = buffer;
    if (direct)
      x = in.template run<C>(state, buffer, base + walk.offset, n);
    else
      in.template load<C>(state, buffer, base + walk.offset, column_step, n);
    R::row(tile, x, n, r);
    walk.advance_by(1);
  }
}

// The rows from number `at` on once more, in a wide tile.
template <class R, class Source>
__attribute__((noinline)) void widen_rows(typename R::Total* totals, const ReduceLoop& plan, const Source& in,
                                          typename Source::State& state, int64_t base, int64_t column_step, int64_t n,
                                          int64_t rows, int64_t at) {
  typename R::WideTile tile;
  ReducedWalk walk(plan, at);
  fill_tile<R>(tile, walk, in, state, base, column_step, n, rows);
  R::flush(tile, totals, n, rows, at);
}

// As reduce_blocks() for n neighbouring outputs, `column_step` apart in the input.
template <class R, class Source>
void reduce_rows(typename R::Total* totals, typename R::Tile& tile, const ReduceLoop& plan, const Source& in,
                 typename Source::State& state, int64_t base, int64_t column_step, int64_t n, int64_t begin,
                 int64_t end) {
  ReducedWalk walk(plan, begin);
  for (int64_t at = begin; at < end; at += kRowBlock) {
    int64_t rows = end - at < kRowBlock ? end - at : kRowBlock;
    fill_tile<R>(tile, walk, in, state, base, column_step, n, rows);
    if constexpr (R::kWidens) {
      if (R::left_range(tile, n, rows)) {
        widen_rows<R>(totals, plan, in, state, base, column_step, n, rows, at);
        continue;
      }
    }
    R::flush(tile, totals, n, rows, at);
  }
}

// Where output number `at` (in the plan's order) lies.
struct KeptPlace {
  int64_t in = 0, out = 0, out2 = 0;
  KeptPlace(const ReduceLoop& plan, int64_t at) {
    for (int d = plan.kept - 1; d >= 0; d--) {
      int64_t i = at % plan.kept_shape[d];
      at /= plan.kept_shape[d];
      in += i * plan.kept_in[d];
      out += i * plan.kept_out[d];
      out2 += i * plan.kept_out2[d];
    }
  }
};

WEFT_INLINE int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Into how many parts the reduced elements of one task are cut: by size alone.
WEFT_INLINE int64_t parts_of(int64_t tasks, int64_t elements_per_task) {
  int64_t wanted = divide_up(kWantedTasks, tasks), possible = elements_per_task / kPartWork;
  int64_t parts = wanted < possible ? wanted : possible;
  return parts < 1 ? 1 : parts;
}

// Calls finish(totals, n, place, out step, out2 step) for runs of finished outputs.
template <class R, class Source, class Finish>
void reduce_each(const ReduceLoop& plan, const Source& in, const Finish& finish);

// Few neighbours belong to different outputs, and all lie side by side: (n, 2) say. Seen as rows of several of these,
// they fill vectors; what such a row has seen is joined at the end.
constexpr int64_t kNarrow = 16, kWideRow = 128;
WEFT_INLINE bool is_narrow(const ReduceLoop& plan) {
  const int64_t width = plan.kept_shape[plan.kept - 1];
  return width > 0 && plan.by_columns && plan.reduced == 1 && plan.kept_in[plan.kept - 1] == 1 && width <= kNarrow &&
         plan.reduced_in[0] == width && plan.count >= 4 * kWideRow / width;
}
template <class R, class Source, class Finish>
void reduce_narrow(const ReduceLoop& plan, const Source& in, const Finish& finish) {
  using Total = typename R::Total;
  const int last = plan.kept - 1;
  const int64_t width = plan.kept_shape[last], row = plan.count * width < 4 * kColumns ? kWideRow : kColumns;
  const int64_t together = row / width, whole = plan.count / together * together;
  ReduceLoop wide = plan;
  wide.kept_shape[last] = width * together;
  wide.outputs = plan.outputs * together;
  wide.reduced_shape[0] = wide.count = plan.count / together;
  wide.reduced_in[0] = width * together;
  reduce_each<R>(wide, in, [&](Total* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t step2) {
    for (int64_t i = width; i < n; i++) R::join(totals[i % width], totals[i]);
    if (whole < plan.count) {
      typename Source::State state(in);
      typename R::Tile tile;
      reduce_rows<R>(totals, tile, plan, in, state, place.in, 1, width, whole, plan.count);
    }
    finish(totals, width, place, step, step2);
  });
}

template <class R, class Source, class Finish>
void reduce_from(const ReduceLoop& plan, const Source& in, const Finish& finish) {
  if constexpr (R::kTakesAnyOrder) {
    if (is_narrow(plan)) return reduce_narrow<R>(plan, in, finish);
  }
  reduce_each<R>(plan, in, finish);
}

template <class R, class Source, class Finish>
void reduce_each(const ReduceLoop& plan, const Source& in, const Finish& finish) {
  using Total = typename R::Total;
  if (plan.outputs == 0) return;
  const int last = plan.kept - 1;
  const int64_t width = plan.kept_shape[last];
  const int64_t most = plan.by_columns ? kColumns : plan.count < 128 ? 64 : plan.count < 4096 ? 8192 / plan.count : 1;
  const int64_t columns = width < most ? width : most;  // outputs of one task
  const int64_t tiles = divide_up(width, columns);
  const int64_t tasks = plan.outputs / width * tiles;
  const int64_t parts = parts_of(tasks, plan.count * columns);
  const int64_t part_length = divide_up(divide_up(plan.count, parts), kRowBlock) * kRowBlock;
  Scratch partial(parts > 1 ? static_cast<size_t>(tasks * parts * columns) * sizeof(Total) : 0);
  if (scratch_only_asked()) return;
  Total* seen = reinterpret_cast<Total*>(partial.data());
  const int64_t grain = kPartWork / (divide_up(plan.count, parts) * columns + 1) + 1;

  auto first_of = [&](int64_t task) { return task / tiles * width + task % tiles * columns; };
  auto size_of = [&](int64_t task) {
    int64_t left = width - task % tiles * columns;
    return left < columns ? left : columns;
  };
  auto one_part = [&](typename Source::State& state, Total* totals, int64_t task, int64_t part) {
    int64_t begin = part * part_length, end = begin + part_length < plan.count ? begin + part_length : plan.count;
    KeptPlace place(plan, first_of(task));
    for (int64_t i = 0; i < columns; i++) R::init(totals[i]);
    if (begin >= end) return;
    if (plan.by_columns) {
      typename R::Tile tile;
      reduce_rows<R>(totals, tile, plan, in, state, place.in, plan.kept_in[last], size_of(task), begin, end);
    } else {
      for (int64_t i = 0, n = size_of(task); i < n; i++)
        reduce_blocks<R>(totals[i], plan, in, state, place.in + i * plan.kept_in[last], begin, end);
    }
  };
  auto done = [&](Total* totals, int64_t task) {
    finish(totals, size_of(task), KeptPlace(plan, first_of(task)), plan.kept_out[last], plan.kept_out2[last]);
  };

  if (parts == 1) {
    parallel_for(tasks, grain, [&](int64_t begin, int64_t end) {
      Total totals[kColumns];
      typename Source::State state(in);
      for (int64_t task = begin; task < end; task++) {
        one_part(state, totals, task, 0);
        done(totals, task);
      }
    });
    return;
  }
  parallel_for(tasks * parts, grain, [&](int64_t begin, int64_t end) {
    typename Source::State state(in);
    for (int64_t i = begin; i < end; i++) one_part(state, seen + i * columns, i / parts, i % parts);
  });
  for (int64_t task = 0; task < tasks; task++) {
    Total* totals = seen + task * parts * columns;
    for (int64_t part = 1; part < parts; part++)
      for (int64_t i = 0; i < columns; i++) R::join(totals[i], totals[part * columns + i]);
    done(totals, task);
  }
}

template <class R, class Finish>
void reduce(const ReduceLoop& plan, const StridedView& in, const Finish& finish) {
  reduce_from<R>(plan, MemorySource{in}, finish);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
