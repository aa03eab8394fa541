// Reductions of what a tile program computes, in the order in which reduction.cpp adds up what lies in memory.
#include "kernels/cpu/reducers.h"
#include "kernels/cpu/tile_interpreter.h"
#include "kernels/fold_types.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class F, class C, class T>
void fold_tiles_as(const TileProgram& program, const StridedView& space, const StridedView* out, int num_outputs,
                   const StridedView* in, int num_inputs, const TileFold& fold) {
  ReduceLoop plan(fold.out, {}, fold.in, fold.reduced, false);
  const double count = static_cast<double>(plan.count);
  Interpreter<C> source(program, space, out, num_outputs, in, num_inputs);
  source.streamed = false;  // what is reduced may be read again soon
  reduce_from<FoldReducer<F, C, T>>(
      plan, source, [&](T* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t) {
        finish_fold(fold.fold, totals, n, count);
        store_run(advance(fold.out.data, place.out, fold.out.dtype), fold.out.dtype, step, totals, n);
      });
}

void fold_tiles_cpu(TileProgram program, StridedView space, const StridedView* out, int num_outputs,
                    const StridedView* in, int num_inputs, TileFold fold) {
  visit_fold(fold.fold, fold.in.dtype, fold.out.dtype,
             [&]<class F, class C, class T>(TypeTag<F>, TypeTag<C>, TypeTag<T>) {
               if constexpr (!__is_same(C, int64_t) && !__is_same(C, uint64_t))
                 fold_tiles_as<F, C, T>(program, space, out, num_outputs, in, num_inputs, fold);
             });
}
WEFT_CPU_KERNEL(fold_tiles_kernel, fold_tiles_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
