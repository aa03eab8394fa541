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
//
// The loop knows a reducer by its Steps, functions that work on whole blocks and rows: so it is compiled once for each
// type computed in, and not for each of some fifty reducers.
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

constexpr int64_t kTotalBytes = 24, kTileBytes = 24 * kColumns;  // the largest there are

// A reducer whose elements are of type C, without its type.
template <class C>
struct Steps {
  int64_t total_bytes;
  bool any_order;
  void (*init)(void* totals, int64_t n);
  void (*block)(void* total, const C* x, int64_t n, int64_t at);
  void (*join)(void* totals, const void* later, int64_t n);  // each of n
  struct OfTile {
    void (*begin)(void* tile, int64_t n);
    void (*row)(void* tile, const C* x, int64_t n, int64_t r);
    void (*flush)(const void* tile, void* totals, int64_t n, int64_t rows, int64_t at);
  };
  OfTile tile, wide;
  bool (*left_range)(const void* tile, int64_t n, int64_t rows);  // nullptr: never
};

template <class R>
struct StepsOf {
  using C = typename R::Compute;
  using Total = typename R::Total;
  static void init(void* totals, int64_t n) {
    for (int64_t i = 0; i < n; i++) R::init(static_cast<Total*>(totals)[i]);
  }
  static void block(void* total, const C* x, int64_t n, int64_t at) { R::block(*static_cast<Total*>(total), x, n, at); }
  static void join(void* totals, const void* later, int64_t n) {
    for (int64_t i = 0; i < n; i++) R::join(static_cast<Total*>(totals)[i], static_cast<const Total*>(later)[i]);
  }
  template <class Tile>
  static void begin(void* tile, int64_t n) {
    R::begin(*static_cast<Tile*>(tile), n);
  }
  template <class Tile>
  static void row(void* tile, const C* x, int64_t n, int64_t r) {
    R::row(*static_cast<Tile*>(tile), x, n, r);
  }
  template <class Tile>
  static void flush(const void* tile, void* totals, int64_t n, int64_t rows, int64_t at) {
    R::flush(*static_cast<const Tile*>(tile), static_cast<Total*>(totals), n, rows, at);
  }
  static bool left_range(const void* tile, int64_t n, int64_t rows) {
    return R::left_range(*static_cast<const typename R::Tile*>(tile), n, rows);
  }
  static constexpr Steps<C> make() {
    using Tile = typename R::Tile;
    static_assert(sizeof(Total) <= kTotalBytes && sizeof(Tile) <= kTileBytes);
    Steps<C> steps = {
        sizeof(Total), R::kTakesAnyOrder, &init, &block, &join, {&begin<Tile>, &row<Tile>, &flush<Tile>}, {}, nullptr};
    if constexpr (R::kWidens) {
      using Wide = typename R::WideTile;
      static_assert(sizeof(Wide) <= kTileBytes);
      steps.wide = {&begin<Wide>, &row<Wide>, &flush<Wide>};
      steps.left_range = &left_range;
    }
    return steps;
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
template <class C, class Source>
void reduce_blocks(void* total, const Steps<C>& steps, const ReduceLoop& plan, const Source& in,
                   typename Source::State& state, int64_t base, int64_t begin, int64_t end) {
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
      steps.block(total, in.template run<C>(state, buffer, base + walk.offset, filled), filled, at);
      walk.advance_by(filled);
    } else {
      int64_t wanted = end - at < kBlock ? end - at : kBlock;
      while (filled < wanted) {
        int64_t n = walk.run() < wanted - filled ? walk.run() : wanted - filled;
        in.template load<C>(state, buffer + filled, base + walk.offset, step, n);
        walk.advance_by(n);
        filled += n;
      }
      steps.block(total, buffer, filled, at);
    }
    at += filled;
  }
}

// Fills a tile with rows of n neighbouring outputs, `column_step` apart in the input.
template <class C, class Source>
void fill_tile(void* tile, const typename Steps<C>::OfTile& steps, ReducedWalk& walk, const Source& in,
               typename Source::State& state, int64_t base, int64_t column_step, int64_t n, int64_t rows) {
  const bool direct = in.template direct<C>() && column_step == 1;
  C buffer[kColumns];
  steps.begin(tile, n);
  for (int64_t r = 0; r < rows; r++) {
    const C* x = buffer;
    if (direct)
      x = in.template run<C>(state, buffer, base + walk.offset, n);
    else
      in.template load<C>(state, buffer, base + walk.offset, column_step, n);
    steps.row(tile, x, n, r);
    walk.advance_by(1);
  }
}

// As reduce_blocks() for n neighbouring outputs, `column_step` apart in the input.
template <class C, class Source>
void reduce_rows(void* totals, const Steps<C>& steps, const ReduceLoop& plan, const Source& in,
                 typename Source::State& state, int64_t base, int64_t column_step, int64_t n, int64_t begin,
                 int64_t end) {
  alignas(64) char tile[kTileBytes];
  ReducedWalk walk(plan, begin);
  for (int64_t at = begin; at < end; at += kRowBlock) {
    const int64_t rows = end - at < kRowBlock ? end - at : kRowBlock;
    fill_tile<C>(tile, steps.tile, walk, in, state, base, column_step, n, rows);
    const bool again = steps.left_range && steps.left_range(tile, n, rows);
    if (again) {
      ReducedWalk back(plan, at);
      fill_tile<C>(tile, steps.wide, back, in, state, base, column_step, n, rows);
    }
    (again ? steps.wide : steps.tile).flush(tile, totals, n, rows, at);
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

// Called with (totals, n, place, out step, out2 step) for runs of finished outputs.
class Finish {
 public:
  template <class F>
  explicit Finish(const F& f)
      : f_(&f),
        call_([](const void* function, void* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t step2) {
          (*static_cast<const F*>(function))(totals, n, place, step, step2);
        }) {}
  void operator()(void* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t step2) const {
    call_(f_, totals, n, place, step, step2);
  }

 private:
  const void* f_;
  void (*call_)(const void*, void*, int64_t, const KeptPlace&, int64_t, int64_t);
};

template <class C, class Source>
void reduce_each(const ReduceLoop& plan, const Steps<C>& steps, const Source& in, const Finish& finish);

// Few neighbours belong to different outputs, and all lie side by side: (n, 2) say. Seen as rows of several of these,
// they fill vectors; what such a row has seen is joined at the end.
constexpr int64_t kNarrow = 16, kWideRow = 128;
WEFT_INLINE bool is_narrow(const ReduceLoop& plan) {
  const int64_t width = plan.kept_shape[plan.kept - 1];
  return width > 0 && plan.by_columns && plan.reduced == 1 && plan.kept_in[plan.kept - 1] == 1 && width <= kNarrow &&
         plan.reduced_in[0] == width && plan.count >= 4 * kWideRow / width;
}
template <class C, class Source>
void reduce_narrow(const ReduceLoop& plan, const Steps<C>& steps, const Source& in, const Finish& finish) {
  const int last = plan.kept - 1;
  const int64_t width = plan.kept_shape[last], row = plan.count * width < 4 * kColumns ? kWideRow : kColumns;
  const int64_t together = row / width, whole = plan.count / together * together;
  ReduceLoop wide = plan;
  wide.kept_shape[last] = width * together;
  wide.outputs = plan.outputs * together;
  wide.reduced_shape[0] = wide.count = plan.count / together;
  wide.reduced_in[0] = width * together;
  const auto joined = [&](void* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t step2) {
    for (int64_t i = width; i < n; i += width)
      steps.join(totals, static_cast<char*>(totals) + i * steps.total_bytes, width);
    if (whole < plan.count) {
      typename Source::State state(in);
      reduce_rows<C>(totals, steps, plan, in, state, place.in, 1, width, whole, plan.count);
    }
    finish(totals, width, place, step, step2);
  };
  reduce_each<C>(wide, steps, in, Finish(joined));
}

template <class C, class Source>
void reduce_each(const ReduceLoop& plan, const Steps<C>& steps, const Source& in, const Finish& finish) {
  if (plan.outputs == 0) return;
  const int last = plan.kept - 1;
  const int64_t width = plan.kept_shape[last];
  const int64_t most = plan.by_columns ? kColumns : plan.count < 128 ? 64 : plan.count < 4096 ? 8192 / plan.count : 1;
  const int64_t columns = width < most ? width : most;  // outputs of one task
  const int64_t tiles = divide_up(width, columns);
  const int64_t tasks = plan.outputs / width * tiles;
  const int64_t parts = parts_of(tasks, plan.count * columns);
  const int64_t part_length = divide_up(divide_up(plan.count, parts), kRowBlock) * kRowBlock;
  const int64_t bytes = columns * steps.total_bytes;  // the totals of a part of a task
  Scratch partial(parts > 1 ? static_cast<size_t>(tasks * parts * bytes) : 0);
  if (scratch_only_asked()) return;
  char* seen = static_cast<char*>(static_cast<void*>(partial.data()));
  const int64_t grain = kPartWork / (divide_up(plan.count, parts) * columns + 1) + 1;

  auto first_of = [&](int64_t task) { return task / tiles * width + task % tiles * columns; };
  auto size_of = [&](int64_t task) {
    int64_t left = width - task % tiles * columns;
    return left < columns ? left : columns;
  };
  auto one_part = [&](typename Source::State& state, char* totals, int64_t task, int64_t part) {
    int64_t begin = part * part_length, end = begin + part_length < plan.count ? begin + part_length : plan.count;
    KeptPlace place(plan, first_of(task));
    steps.init(totals, columns);
    if (begin >= end) return;
    if (plan.by_columns) {
      reduce_rows<C>(totals, steps, plan, in, state, place.in, plan.kept_in[last], size_of(task), begin, end);
    } else {
      for (int64_t i = 0, n = size_of(task); i < n; i++)
        reduce_blocks<C>(totals + i * steps.total_bytes, steps, plan, in, state, place.in + i * plan.kept_in[last],
                         begin, end);
    }
  };
  auto done = [&](char* totals, int64_t task) {
    finish(totals, size_of(task), KeptPlace(plan, first_of(task)), plan.kept_out[last], plan.kept_out2[last]);
  };

  if (parts == 1) {
    parallel_for(tasks, grain, [&](int64_t begin, int64_t end) {
      alignas(64) char totals[kColumns * kTotalBytes];
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
    for (int64_t i = begin; i < end; i++) one_part(state, seen + i * bytes, i / parts, i % parts);
  });
  for (int64_t task = 0; task < tasks; task++) {
    char* totals = seen + task * parts * bytes;
    for (int64_t part = 1; part < parts; part++) steps.join(totals, totals + part * bytes, columns);
    done(totals, task);
  }
}

template <class C, class Source>
__attribute__((noinline)) void reduce_with(const ReduceLoop& plan, const Steps<C>& steps, const Source& in,
                                           const Finish& finish) {
  if (steps.any_order && is_narrow(plan))
    reduce_narrow<C>(plan, steps, in, finish);
  else
    reduce_each<C>(plan, steps, in, finish);
}

// finish(R::Total* totals, n, place, out step, out2 step)
template <class R, class Source, class F>
void reduce_from(const ReduceLoop& plan, const Source& in, const F& finish) {
  static constexpr Steps<typename R::Compute> steps = StepsOf<R>::make();
  const auto typed = [&](void* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t step2) {
    finish(static_cast<typename R::Total*>(totals), n, place, step, step2);
  };
  reduce_with(plan, steps, in, Finish(typed));
}

template <class R, class F>
void reduce(const ReduceLoop& plan, const StridedView& in, const F& finish) {
  reduce_from<R>(plan, MemorySource{in}, finish);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
