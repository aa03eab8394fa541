#include "device/cpu/thread_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "core/error.h"

namespace weft {

namespace {

[[gnu::tls_model("initial-exec")]] constinit thread_local bool in_chunk = false, owns_job = false;
std::atomic<int> forks{0};  // between the first process of the program and this one

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// How long to look for something before sleeping. A thread that lost its core while it looked is not alone on the
// machine: it gives up sooner from then on, and patience comes back slowly.
class Patience {
 public:
  // Did it become true while we looked?
  template <class F>
  bool wait_for(const F& ready) {
    using Clock = std::chrono::steady_clock;
    Clock::time_point start = Clock::now(), last = start;
    while (true) {
      for (int i = 0; i < 32; i++) {
        if (ready()) {
          limit_ = std::min(limit_ + limit_ / 8 + kLeast / 8, kMost);
          return true;
        }
        relax();
      }
      Clock::time_point now = Clock::now();
      if (now - last > kLostCore) {
        limit_ = std::max(limit_ / 4, kLeast);
        return ready();
      }
      if (now - start > limit_) return false;
      last = now;
    }
  }

 private:
  using Time = std::chrono::nanoseconds;
  static constexpr Time kLostCore{200'000}, kLeast{4'000}, kMost{200'000};
  Time limit_ = kMost;
};

// Waits in the kernel until ready(), which is looked at again when the flag is cleared by wake().
template <class F>
void sleep_until(std::atomic<int>& asleep, const F& ready) {
  while (true) {
    asleep.store(1);
    if (ready()) break;
    asleep.wait(1);
    if (ready()) break;
  }
  asleep.store(0);
}
// What ready() looks at was changed before, in the one order of all such operations.
void wake(std::atomic<int>& asleep) {
  if (asleep.load() == 1 && asleep.exchange(0) == 1) asleep.notify_one();
}

uint64_t pack(int64_t first, int64_t end) { return static_cast<uint64_t>(first) << 32 | static_cast<uint64_t>(end); }

}  // namespace

bool ThreadPool::Share::empty() const {
  uint64_t r = range.load();
  return r >> 32 >= (r & 0xffffffff);
}

int64_t ThreadPool::Share::take_first() {
  uint64_t r = range.load(std::memory_order_relaxed);
  while (r >> 32 < (r & 0xffffffff))
    if (range.compare_exchange_weak(r, r + (uint64_t{1} << 32))) return static_cast<int64_t>(r >> 32);
  return -1;
}

int64_t ThreadPool::Share::take_last() {
  uint64_t r = range.load(std::memory_order_relaxed);
  while (r >> 32 < (r & 0xffffffff))
    if (range.compare_exchange_weak(r, r - 1)) return static_cast<int64_t>((r & 0xffffffff) - 1);
  return -1;
}

// Made when the library is loaded: a child forked while another thread made it would wait for that thread for ever.
ThreadPool* const ThreadPool::only_ = new ThreadPool;

ThreadPool& ThreadPool::instance() { return *only_; }

ThreadPool::ThreadPool() {
  pthread_atfork(nullptr, nullptr, [] { instance().after_fork(); });
}

bool ThreadPool::inside() { return in_chunk; }

// Only the thread that forked goes on in the child.
void ThreadPool::after_fork() {
  forks.fetch_add(1);
  const int shares = std::exchange(started_, 0) + 1;
  refused_ = false;
  if (owns_job) return;  // it takes over what nobody has begun; run() sees what was lost
  for (int slot = 0; slot < shares; slot++) shares_[slot].range.store(0);
  owned_.store(false);
}

void ThreadPool::start_workers(int count) {
  if (started_ >= count || refused_) return;
  sigset_t all, before;  // signals are for the threads of the program, but for those of a thread's own faults
  sigfillset(&all);
  for (int fault : {SIGBUS, SIGSEGV, SIGFPE, SIGILL}) sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    for (; started_ < count; started_++) {
      shares_[started_ + 1].asleep.store(0);
      std::thread([this, slot = started_ + 1] { work_for_ever(slot); }).detach();
    }
  } catch (const std::exception&) {
    refused_ = true;  // the system gives no more threads: the others take the chunks
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ThreadPool::work_for_ever(int slot) {
  const int forks_before = forks.load();
  Share& own = shares_[slot];
  auto ready = [&own] { return !own.empty(); };
  Patience patience;
  while (true) {
    if (!patience.wait_for(ready)) sleep_until(own.asleep, ready);
    run_chunks(slot);
    if (forks.load() == forks_before) continue;
    // In a child there is nobody to whom this thread could go back.
    std::fputs("weft: a part of a parallel loop called fork() and returned in the child\n", stderr);
    std::abort();
  }
}

void ThreadPool::run_chunks(int slot) {
  in_chunk = true;
  for (int64_t i; (i = shares_[slot].take_first()) >= 0;) run_chunk(i);
  const int members = members_.load(std::memory_order_relaxed);
  for (int k = 1; k < members; k++) {
    Share& other = shares_[(slot + k) % members];
    for (int64_t i; (i = other.take_last()) >= 0;) run_chunk(i);
  }
  in_chunk = false;
}

void ThreadPool::run_chunk(int64_t i) {
  const int64_t all = chunks_;
  if (!failed_.load(std::memory_order_relaxed)) {
    try {
      chunk_(context_, i);
    } catch (...) {
      if (!failed_.exchange(true)) error_ = std::current_exception();
    }
  }
  if (done_.fetch_add(1) + 1 == all) wake(owner_asleep_);
}

void ThreadPool::wait_for_others() {
  thread_local Patience patience;
  auto ready = [this] { return done_.load() == chunks_; };
  if (!ready() && !patience.wait_for(ready)) sleep_until(owner_asleep_, ready);
}

bool ThreadPool::run(int threads, int64_t chunks, void (*chunk)(void*, int64_t), void* context) {
  if (in_chunk || owned_.exchange(true)) return false;
  owns_job = true;
  const int forks_before = forks.load(std::memory_order_relaxed);
  const int members = static_cast<int>(std::min<int64_t>({threads, chunks, kMostThreads}));
  chunk_ = chunk;
  context_ = context;
  chunks_ = chunks;
  failed_.store(false, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  members_.store(members, std::memory_order_relaxed);
  start_workers(members - 1);
  for (int slot = members - 1; slot >= 0; slot--) {
    shares_[slot].range.store(pack(chunks * slot / members, chunks * (slot + 1) / members));
    if (slot > 0) wake(shares_[slot].asleep);
  }
  run_chunks(0);
  const bool forked = forks.load(std::memory_order_relaxed) != forks_before;
  const bool lost = forked && done_.load() != chunks;
  if (!lost) wait_for_others();
  std::exception_ptr error = failed_.load(std::memory_order_relaxed) ? std::exchange(error_, nullptr) : nullptr;
  owns_job = false;
  owned_.store(false);
  if (error) std::rethrow_exception(error);
  check(!lost, "fork() was called in a parallel loop, and the child has lost the parts that other threads were in");
  return true;
}

}  // namespace weft
