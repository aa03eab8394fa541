// The elementwise functions over contiguous runs: what the loops of single ops and of fused ones are made of. Defined
// in elementwise_<kind>.cpp, once for each instruction set.
#pragma once

#include "kernels/elementwise.h"

namespace weft {
namespace WEFT_ISA {

using scalar::Params;

// One of the two is set: bool functions write bool.
template <class C>
struct UnaryRun {
  void (*same)(const C* x, C* y, int64_t n, const Params& p);
  void (*truth)(const C* x, bool* y, int64_t n, const Params& p);
};
template <class C>
struct BinaryRun {
  void (*same)(const C* a, const C* b, C* y, int64_t n);
  void (*truth)(const C* a, const C* b, bool* y, int64_t n);
};
template <class C>
using BackwardRun = void (*)(const C* grad, const C* kept, C* y, int64_t n, const Params& p);

// The function at a position of its list; no member is set where it is not defined for the type.
void find_run(int function, UnaryRun<float>& run);
void find_run(int function, UnaryRun<double>& run);
void find_run(int function, UnaryRun<int64_t>& run);
void find_run(int function, UnaryRun<uint64_t>& run);
void find_run(int function, BinaryRun<float>& run);
void find_run(int function, BinaryRun<double>& run);
void find_run(int function, BinaryRun<int64_t>& run);
void find_run(int function, BinaryRun<uint64_t>& run);
void find_run(int function, BackwardRun<float>& run);
void find_run(int function, BackwardRun<double>& run);

}  // namespace WEFT_ISA
}  // namespace weft
