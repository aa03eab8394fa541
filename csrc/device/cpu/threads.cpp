#include "device/cpu/threads.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

#include "core/error.h"
#include "device/cpu/cpu_count.h"
#include "device/cpu/thread_pool.h"

namespace weft {

namespace {

// More parts than threads, so that one that is late or has lost its core leaves little to wait for.
constexpr int64_t kPartsPerThread = 4;
// Parts of long ranges begin at multiples of this: whole vectors, whole cache lines.
constexpr int64_t kPartUnit = 64;

std::atomic<int> threads{0};  // 0: not known yet

// 0 unless it is a number from 1 to the most.
int parse(const char* text) {
  char* end = nullptr;
  long n = std::strtol(text, &end, 10);
  return end != text && *end == 0 && n >= 1 && n <= ThreadPool::kMostThreads ? static_cast<int>(n) : 0;
}

int default_threads() {
  if (const char* text = std::getenv("WEFT_NUM_THREADS"); text && *text) {
    int n = parse(text);
    check<ErrorKind::Value>(n > 0, "WEFT_NUM_THREADS: expected a number of threads from 1 to ",
                            ThreadPool::kMostThreads, ", got '", text, "'");
    return n;
  }
  if (const char* text = std::getenv("OMP_NUM_THREADS")) {  // a list is for nested loops
    std::string first(text);
    if (int n = parse(first.substr(0, first.find(',')).c_str())) return n;
  }
  return std::min(available_cpus(), ThreadPool::kMostThreads);
}

struct Loop {
  int64_t n, parts, unit, units;
  void (*body)(void*, int64_t, int64_t);
  void* context;
  int64_t begin_of(int64_t part) const {
    return std::min(n, (units / parts * part + std::min(part, units % parts)) * unit);
  }
  void run(int64_t part) const {
    int64_t begin = begin_of(part), end = begin_of(part + 1);
    if (begin < end) body(context, begin, end);
  }
};

}  // namespace

int num_threads() {
  int n = threads.load(std::memory_order_relaxed);
  if (n > 0) [[likely]]
    return n;
  int fresh = default_threads();
  return threads.compare_exchange_strong(n, fresh) ? fresh : n;
}

void set_num_threads(int n) {
  check<ErrorKind::Value>(n >= 1, "set_num_threads: expected a positive number of threads, got ", n);
  check<ErrorKind::Value>(n <= ThreadPool::kMostThreads, "set_num_threads: expected at most ", ThreadPool::kMostThreads,
                          " threads, got ", n);
  threads.store(n);
}

namespace {
constinit thread_local bool alone = false;
}

void compute_alone() { alone = true; }

void parallel_run(int64_t n, int64_t grain, void (*body)(void*, int64_t, int64_t), void* context) {
  const int64_t most = (n - 1) / std::max<int64_t>(grain, 1) + 1, count = num_threads();
  if (most > 1 && count > 1 && !alone) {
    const int64_t parts = most <= count ? most : count * std::min(most / count, kPartsPerThread);
    const int64_t unit = n / parts >= 4 * kPartUnit ? kPartUnit : 1;
    Loop loop{n, parts, unit, (n - 1) / unit + 1, body, context};
    auto run = [](void* l, int64_t part) { static_cast<Loop*>(l)->run(part); };
    if (ThreadPool::instance().run(static_cast<int>(count), parts, run, &loop)) return;
  }
  if (n > 0) body(context, 0, n);
}

}  // namespace weft
