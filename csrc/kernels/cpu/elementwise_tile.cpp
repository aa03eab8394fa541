#include "kernels/cpu/tile_interpreter.h"

namespace weft {
namespace WEFT_ISA {
namespace {

void tile_cpu(TileProgram program, const StridedView* out, int num_outputs, const StridedView* in, int num_inputs) {
  if (program.compute == DType::Float32)
    Interpreter<float>(program, out[0], out, num_outputs, in, num_inputs).run();
  else
    Interpreter<double>(program, out[0], out, num_outputs, in, num_inputs).run();
}
WEFT_CPU_KERNEL(tile_kernel, tile_cpu);

template <class C>
void run_part(const void* program, int64_t first, int64_t rows, int64_t row_stride, int64_t columns) {
  const auto& interpreter = *static_cast<const Interpreter<C>*>(program);
  typename Interpreter<C>::State state(interpreter);
  const bool adjacent = row_stride == columns;
  for (int64_t i = 0; i < (adjacent ? 1 : rows); i++)
    interpreter.run_elements(state, first + i * row_stride, first + i * row_stride + columns * (adjacent ? rows : 1));
}

void tile_epilogue_cpu(TileProgram program, const StridedView* out, int num_outputs, const StridedView* in,
                       int num_inputs, void (*body)(void*, const Epilogue&), void* context) {
  auto run = [&](auto compute) {
    using C = decltype(compute);
    const Interpreter<C> interpreter(program, out[0], out, num_outputs, in, num_inputs, true);
    body(context, {run_part<C>, &interpreter});
  };
  program.compute == DType::Float32 ? run(0.0f) : run(0.0);
}
WEFT_CPU_KERNEL(tile_epilogue_kernel, tile_epilogue_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
