// parallel_for: every index once, nesting, limits on threads, and what is left of it after a fork.
#include "device/cpu/threads.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/error.h"

namespace weft {
namespace {

class Threads : public ::testing::Test {
 protected:
  void TearDown() override { set_num_threads(before_); }
  int before_ = num_threads();
};

TEST_F(Threads, EveryIndexOnce) {
  for (int threads : {1, 2, 3, 8}) {
    set_num_threads(threads);
    EXPECT_EQ(num_threads(), threads);
    for (int64_t n : {0, 1, 7, 100, 1001}) {
      for (int64_t grain : {1, 10, 5000}) {
        std::vector<std::atomic<int>> hits(static_cast<size_t>(n));
        parallel_for(n, grain, [&](int64_t begin, int64_t end) {
          EXPECT_LT(begin, end);
          for (int64_t i = begin; i < end; i++) hits[static_cast<size_t>(i)]++;
        });
        for (auto& hit : hits) ASSERT_EQ(hit, 1);
      }
    }
  }
}

TEST_F(Threads, SmallWorkStaysInTheCallingThread) {
  set_num_threads(4);
  std::thread::id caller = std::this_thread::get_id();
  int calls = 0;
  parallel_for(100, 100, [&](int64_t begin, int64_t end) {
    calls++;
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 100);
  });
  EXPECT_EQ(calls, 1);
}

TEST_F(Threads, NestedWorkIsDoneOnce) {
  set_num_threads(2);
  std::atomic<int64_t> sum{0};
  parallel_for(8, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      parallel_for(100, 1, [&](int64_t b, int64_t e) { sum += e - b; });
    }
  });
  EXPECT_EQ(sum, 800);
}

TEST_F(Threads, SeveralPythonLikeThreadsAtOnce) {
  set_num_threads(2);
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; i++) parallel_for(64, 1, [&](int64_t b, int64_t e) { sum += e - b; });
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(sum, 4 * 50 * 64);
}

TEST_F(Threads, RefusesLessThanOne) {
  for (int n : {0, -3}) {
    try {
      set_num_threads(n);
      ADD_FAILURE() << n;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::Value);
    }
  }
}

TEST_F(Threads, AForkedChildComputesAfterAParallelParent) {
  set_num_threads(2);
  std::atomic<int64_t> sum{0};
  auto work = [&] { parallel_for(1000, 1, [&](int64_t b, int64_t e) { sum += e - b; }); };
  work();
  pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a hang ends the child
    sum = 0;
    work();
    _exit(sum == 1000 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  work();
  EXPECT_EQ(sum, 2000);
}

}  // namespace
}  // namespace weft
