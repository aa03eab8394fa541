// The instructions of a tile program, each one loop over the elements of its registers.
#pragma once

#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/elementwise_runs.h"
#include "kernels/tile.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kLongestTile = 1024;

template <class C>
struct TileInstructions {
  const TileInstruction* list;
  int count;
  struct Run {
    UnaryRun<C> unary;
    BinaryRun<C> binary;
    BackwardRun<C> backward;
  };
  Run runs[kMaxTileInstructions];

  explicit TileInstructions(const TileProgram& program) : list(program.instructions), count(program.count) {
    find_runs();
  }

  // On the first n <= kLongestTile elements of the registers.
  void execute(C* const* r, int64_t n) const {
    for (int i = 0; i < count; i++) execute(list[i], runs[i], r, n);
  }

 private:
  static void round_to(DType dtype, C* x, int64_t n) {
    visit_dtype(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (int64_t i = 0; i < n; i++) x[i] = convert<C>(convert<T>(x[i]));
    });
  }

  void execute(const TileInstruction& i, const Run& run, C* const* r, int64_t n) const {
    C* y = r[i.result];
    const C *a = r[i.operands[0]], *b = r[i.operands[1]], *c = r[i.operands[2]];
    bool truths[kLongestTile];
    auto widen = [&] {
      for (int64_t j = 0; j < n; j++) y[j] = static_cast<C>(truths[j]);
    };
    switch (i.op) {
      case TileOp::Unary:
        if (run.unary.same) {
          run.unary.same(a, y, n, i.params);
        } else {
          run.unary.truth(a, truths, n, i.params);
          widen();
        }
        break;
      case TileOp::UnaryBackward:
        run.backward(a, b, y, n, i.params);
        break;
      case TileOp::Binary:
        if (run.binary.same) {
          run.binary.same(a, b, y, n);
        } else {
          run.binary.truth(a, b, truths, n);
          widen();
        }
        break;
      case TileOp::Where:
#pragma omp simd
        for (int64_t j = 0; j < n; j++) y[j] = a[j] != C(0) ? b[j] : c[j];
        break;
      case TileOp::MaskedScale: {
        const C scale = static_cast<C>(i.params.a);
#pragma omp simd
        for (int64_t j = 0; j < n; j++) y[j] = b[j] != C(0) ? a[j] * scale : C(0);
        break;
      }
      case TileOp::Copy:
#pragma omp simd
        for (int64_t j = 0; j < n; j++) y[j] = a[j];
        break;
    }
    if (i.dtype != dtype_of<C> && i.dtype != DType::Bool) round_to(i.dtype, y, n);
  }

  void find_runs() {
    for (int i = 0; i < count; i++) {
      const TileInstruction& instruction = list[i];
      if (instruction.op == TileOp::Unary) find_run(instruction.function, runs[i].unary);
      if (instruction.op == TileOp::UnaryBackward) find_run(instruction.function, runs[i].backward);
      if (instruction.op == TileOp::Binary) find_run(instruction.function, runs[i].binary);
    }
  }
};

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
