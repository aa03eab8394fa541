#include "device/cpu/threads.h"

#include <omp.h>
#include <pthread.h>

#include <algorithm>

#include "core/error.h"

namespace weft {

namespace {

// libgomp's worker threads do not survive fork(); a child that starts a parallel region would wait for them for ever.
// With one thread it never starts one.
const bool fork_handler_installed = [] {
  pthread_atfork(nullptr, nullptr, [] { omp_set_num_threads(1); });
  return true;
}();

}  // namespace

int num_threads() { return omp_get_max_threads(); }

void set_num_threads(int n) {
  check<ErrorKind::Value>(n >= 1, "set_num_threads: expected a positive number of threads, got ", n);
  const int most = std::max(1024, 4 * omp_get_num_procs());  // OpenMP ends the process when it cannot start threads
  check<ErrorKind::Value>(n <= most, "set_num_threads: expected at most ", most, " threads, got ", n);
  omp_set_num_threads(n);
}

void parallel_run(int64_t n, int64_t grain, void (*body)(void*, int64_t, int64_t), void* context) {
  int64_t parts = std::min<int64_t>(num_threads(), (n + grain - 1) / std::max<int64_t>(grain, 1));
  if (parts <= 1 || omp_in_parallel()) {
    if (n > 0) body(context, 0, n);
    return;
  }
#pragma omp parallel num_threads(static_cast<int>(parts))
  {
    int64_t part = omp_get_thread_num(), count = omp_get_num_threads();
    int64_t begin = n * part / count, end = n * (part + 1) / count;
    if (begin < end) body(context, begin, end);
  }
}

}  // namespace weft
