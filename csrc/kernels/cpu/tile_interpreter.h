// The interpreter of tile programs: as a loop of its own, and as the source of a reduction.
#pragma once

#include "device/cpu/scratch.h"
#include "kernels/cpu/tile_instructions.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kShortestTile = 128;  // with all registers in use
constexpr int64_t kShortestRun = 256;   // of an input, that is read where it lies rather than copied for a longer tile

// How the operands of a program lie along the elements of the output: as LoopPlan, for any number of operands.
struct TilePlan {
  int ndim = 0;
  int64_t shape[kMaxLoopDims];
  int64_t strides[kMaxTileInputs][kMaxLoopDims];

  TilePlan(const StridedView& out, const StridedView* in, int num_inputs) {
    int64_t out_strides[kMaxLoopDims];
    for (int d = 0; d < out.ndim; d++) {
      if (out.shape[d] == 1) continue;
      int at = ndim;
      for (; at > 0 && out_strides[at - 1] < out.strides[d]; at--) {
        shape[at] = shape[at - 1];
        out_strides[at] = out_strides[at - 1];
        for (int k = 0; k < num_inputs; k++) strides[k][at] = strides[k][at - 1];
      }
      shape[at] = out.shape[d];
      out_strides[at] = out.strides[d];
      for (int k = 0; k < num_inputs; k++) {
        int own = d - (out.ndim - in[k].ndim);
        strides[k][at] = own < 0 || in[k].shape[own] == 1 ? 0 : in[k].strides[own];
      }
      ndim++;
    }
    int kept = 0;
    for (int d = 1; d < ndim; d++) {
      bool mergeable = true;
      for (int k = 0; k < num_inputs; k++) mergeable &= strides[k][kept] == strides[k][d] * shape[d];
      shape[kept + !mergeable] = mergeable ? shape[kept] * shape[d] : shape[d];
      kept += !mergeable;
      for (int k = 0; k < num_inputs; k++) strides[k][kept] = strides[k][d];
    }
    ndim = ndim ? kept + 1 : 1;
    if (out.numel() == 1) {
      shape[0] = 1;
      for (int k = 0; k < num_inputs; k++) strides[k][0] = 0;
    }
  }
};

template <class C>
struct Interpreter {
  TileProgram program;
  StridedView space;
  const StridedView* out;
  int num_outputs;
  const StridedView* in;
  int num_inputs;
  TilePlan plan;
  int64_t tile;
  // Where inputs are broadcast along outer dimensions a tile ends with a run of the innermost one; 0: it may go on.
  int64_t run_length = 0;
  // How an input comes to its register: from where it lies, from where a run of it lies, loaded for every tile, or
  // loaded once.
  enum class Way : uint8_t { Direct, DirectRun, Loaded, Once } way[kMaxTileInputs];
  bool direct_out[kMaxTileOutputs];
  bool streamed;
  TileInstructions<C> instructions;

  // space: what the program runs over, laid out like the outputs. in_cache: what it reads and writes is there already.
  Interpreter(const TileProgram& p, const StridedView& s, const StridedView* o, int no, const StridedView* i, int ni,
              bool in_cache = false)
      : program(p), space(s), out(o), num_outputs(no), in(i), num_inputs(ni), plan(s, i, ni), instructions(p) {
    tile = kMaxTileRegisters * kShortestTile / p.num_registers / 32 * 32;
    tile = tile < kLongestTile ? tile : kLongestTile;
    const int last = plan.ndim - 1;
    for (int k = 0; k < ni; k++) {
      bool constant = true, direct = in[k].dtype == dtype_of<C>;
      int64_t step = 1;
      for (int d = plan.ndim - 1; d >= 0; step *= plan.shape[d--]) {
        constant &= plan.strides[k][d] == 0;
        direct &= plan.strides[k][d] == step;
      }
      way[k] = constant ? Way::Once : direct ? Way::Direct : Way::Loaded;
      bool run = way[k] == Way::Loaded && plan.strides[k][last] == 1 && in[k].dtype == dtype_of<C>;
      if (!run || plan.shape[last] < kShortestRun) continue;
      way[k] = Way::DirectRun;
      run_length = plan.shape[last];
    }
    if (run_length > tile) {
      const int64_t parts = (run_length + tile - 1) / tile;
      tile = (run_length + parts - 1) / parts;
    }
    int64_t bytes = 0;
    for (int k = 0; k < no; k++) bytes += out[k].numel() * static_cast<int64_t>(sizeof(C));
    streamed = (p.streamed || bytes >= kStreamBytes) && !in_cache;
    for (int k = 0; k < no; k++) {
      // Written where it lies only if no operand is read from there afterwards.
      direct_out[k] = out[k].dtype == dtype_of<C> && !streamed;
      for (int j = 0; j < ni; j++) direct_out[k] &= out[k].data != in[j].data;
      for (int j = 0; j < k; j++) direct_out[k] &= program.outputs[j] != program.outputs[k];
    }
  }

  // How many of the next n elements from number `at` on are one tile.
  int64_t tile_at(int64_t at, int64_t n) const {
    n = n < tile ? n : tile;
    if (run_length == 0) return n;
    const int64_t left = run_length - at % run_length;
    return n < left ? n : left;
  }

  C* place(int k, int64_t start) const {
    int64_t offset = 0;
    for (int d = plan.ndim - 1; d >= 0; d--) {
      offset += start % plan.shape[d] * plan.strides[k][d];
      start /= plan.shape[d];
    }
    return in[k].template as<C>() + offset;
  }

  void load(int k, C* to, int64_t start, int64_t n) const {
    const int last = plan.ndim - 1;
    const int64_t step = plan.strides[k][last], inner = plan.shape[last];
    if (last == 0) return load_run(to, advance(in[k].data, start * step, in[k].dtype), in[k].dtype, step, n);
    int64_t index[kMaxLoopDims], offset = 0;
    for (int d = last; d >= 0; d--) {
      index[d] = start % plan.shape[d];
      start /= plan.shape[d];
      offset += index[d] * plan.strides[k][d];
    }
    const bool plain = in[k].dtype == dtype_of<C>;
    for (int64_t done = 0; done < n;) {
      int64_t m = inner - index[last] < n - done ? inner - index[last] : n - done;
      const char* from = advance(in[k].data, offset, in[k].dtype);
      if (plain && step <= 1) {
        const C* x = reinterpret_cast<const C*>(from);
        C* y = to + done;
        if (step == 0) {
          const C v = x[0];
          for (int64_t i = 0; i < m; i++) y[i] = v;
        } else {
          for (int64_t i = 0; i < m; i++) y[i] = x[i];
        }
      } else {
        load_run(to + done, from, in[k].dtype, step, m);
      }
      done += m;
      index[last] += m;
      offset += m * step;
      for (int d = last; d > 0 && index[d] == plan.shape[d]; d--) {
        offset += plan.strides[k][d - 1] - index[d] * plan.strides[k][d];
        index[d] = 0;
        index[d - 1]++;
      }
    }
  }

  // Registers of one thread.
  struct State {
    alignas(64) C own[kMaxTileRegisters * kShortestTile];
    C* r[kMaxTileRegisters];

    explicit State(const Interpreter& x) {
      for (int k = 0; k < x.program.num_registers; k++) r[k] = own + k * x.tile;
      for (int k = 0; k < x.program.num_constants; k++) {
        const C v = static_cast<C>(x.program.constants[k]);
        for (int64_t i = 0; i < x.tile; i++) r[x.num_inputs + k][i] = v;
      }
      for (int k = 0; k < x.num_inputs; k++)
        if (x.way[k] == Way::Once) load_run(r[k], x.in[k].data, x.in[k].dtype, 0, x.tile);
    }
  };

  // The n <= tile elements from number `at` on, in the order in which they lie in memory.
  void one_tile(State& state, int64_t at, int64_t n) const {
    C** r = state.r;
    for (int k = 0; k < num_inputs; k++) {
      if (way[k] == Way::Direct)
        r[k] = in[k].template as<C>() + at;
      else if (way[k] == Way::DirectRun)
        r[k] = place(k, at);
      else if (way[k] == Way::Loaded)
        load(k, r[k], at, n);
    }
    for (int k = 0; k < num_outputs; k++)
      if (direct_out[k]) r[program.outputs[k]] = out[k].template as<C>() + at;
    instructions.execute(r, n);
    for (int k = 0; k < num_outputs; k++) {
      if (direct_out[k]) continue;
      const C* x = r[program.outputs[k]];
      if (streamed && out[k].dtype == dtype_of<C>)
        stream(out[k].template as<C>() + at, x, n);
      else
        store_run(advance(out[k].data, at, out[k].dtype), out[k].dtype, 1, x, n);
    }
  }

  void run_elements(State& state, int64_t begin, int64_t end) const {
    for (int64_t at = begin, n; at < end; at += n) {
      n = tile_at(at, end - at);
      one_tile(state, at, n);
    }
  }
  void run() const {
    int64_t n = space.numel();
    if (n == 0) return;
    int64_t grain = 2 * kElementwiseGrain / (program.count + 1);
    grain = grain < 2 * kLongestTile ? 2 * kLongestTile : grain;
    parallel_for(n, grain, [&](int64_t begin, int64_t end) {
      State state(*this);
      run_elements(state, begin, end);
      if (streamed) stream_end();
    });
  }

  // As the source of a reduction of register `program.folded`; space is contiguous.
  template <class T>
  bool direct() const {
    return __is_same(T, C);
  }
  template <class T>
  const T* run(State& state, T* buffer, int64_t offset, int64_t n) const {
    if constexpr (__is_same(T, C)) {
      if (tile_at(offset, n) == n) {
        one_tile(state, offset, n);
        return state.r[program.folded];
      }
    }
    load(state, buffer, offset, 1, n);
    return buffer;
  }
  template <class T>
  void load(State& state, T* buffer, int64_t offset, int64_t step, int64_t n) const {
    for (int64_t i = 0, m; i < n; i += m) {
      m = step == 1 ? tile_at(offset + i, n - i) : 1;
      one_tile(state, offset + i * step, m);
      const C* x = state.r[program.folded];
      for (int64_t k = 0; k < m; k++) buffer[i + k] = x[k];
    }
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
