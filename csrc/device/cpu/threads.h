// Threads of the CPU kernels: how many, and parallel_for over a range (docs/threads.md). Which thread computes what is
// left to chance; a kernel whose result depends on the order of additions must split its work by size alone.
#pragma once

#include <cstdint>

#include "core/inline.h"

namespace weft {

// Of the whole process: WEFT_NUM_THREADS, OMP_NUM_THREADS, or as many as it may use cores (device/cpu/cpu_count.h).
// Raises ValueError when WEFT_NUM_THREADS is not a number from 1 to 1024, as long as nobody has set one.
int num_threads();
// From 1 to 1024; raises ValueError otherwise. Loops that run go on as they are.
void set_num_threads(int n);

// From now on loops of the calling thread run in it alone: a thread that works beside a program's own ones.
void compute_alone();

// Calls body(context, begin, end) on parts of [0, n), each at least `grain` long, on up to num_threads() threads; there
// may be more parts than threads. Runs in the calling thread alone when n <= grain, when already inside a parallel
// part, and while another thread uses the pool. What a body throws is raised here; parts that have not begun are left
// out.
void parallel_run(int64_t n, int64_t grain, void (*body)(void*, int64_t, int64_t), void* context);

// std::remove_reference_t without a standard header.
template <class T>
struct RemoveReference {
  using type = T;
};
template <class T>
struct RemoveReference<T&> {
  using type = T;
};

template <class F>
WEFT_INLINE void parallel_for(int64_t n, int64_t grain, F&& f) {
  if (n <= grain) {
    if (n > 0) f(static_cast<int64_t>(0), n);
    return;
  }
  auto body = [](void* context, int64_t begin, int64_t end) {
    (*static_cast<typename RemoveReference<F>::type*>(context))(begin, end);
  };
  parallel_run(n, grain, body, const_cast<void*>(static_cast<const void*>(&f)));
}

}  // namespace weft
