// parallel_for: every index once, nesting, exceptions, limits on threads, and what is left of it after a fork.
#include "device/cpu/threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/error.h"
#include "device/cpu/cpu_count.h"
#include "device/cpu/thread_pool.h"

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

TEST_F(Threads, RefusesLessThanOneAndMoreThanThePoolHolds) {
  for (int n : {0, -3, ThreadPool::kMostThreads + 1, 2147483647}) {
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

// Of this process, as the system counts them.
int64_t threads_alive() {
  std::filesystem::directory_iterator tasks("/proc/self/task");
  return std::distance(begin(tasks), end(tasks));
}

TEST_F(Threads, TeamsOfChangingSizeStartNoNewThreads) {
  set_num_threads(4);
  auto work = [](int64_t n) { parallel_for(n, 1, [](int64_t, int64_t) {}); };
  work(64);
  int64_t before = threads_alive();
  for (int i = 0; i < 200; i++) {
    set_num_threads(1 + i % 4);
    work(1 + i % 7);
  }
  EXPECT_EQ(threads_alive(), before);
}

TEST_F(Threads, ManyShortLoops) {
  for (int threads : {2, 3, 16}) {
    set_num_threads(threads);
    for (int64_t i = 0; i < 20000; i++) {
      std::atomic<int64_t> sum{0};
      int64_t n = i % 37;
      parallel_for(n, 1 + i % 3, [&](int64_t b, int64_t e) {
        for (int64_t k = b; k < e; k++) sum += k + 1;
      });
      ASSERT_EQ(sum, n * (n + 1) / 2);
    }
  }
}

// Looks again and again; false after a time that nothing but a fault takes.
template <class F>
bool comes_true(const F& condition) {
  using Clock = std::chrono::steady_clock;
  for (const Clock::time_point end = Clock::now() + std::chrono::minutes(1); !condition(); std::this_thread::yield())
    if (Clock::now() > end) return false;
  return true;
}

TEST_F(Threads, NobodyWaitsForAThreadThatDoesNotCome) {
  set_num_threads(2);
  parallel_for(2, 1, [](int64_t, int64_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the other thread sleeps by now and must be woken
  // The other thread stays in the first part that it takes until all others are done, those of its own share too.
  const int64_t n = 8;
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<int64_t> by_caller{0}, by_other{0};
  bool came = true, left_alone = false;
  parallel_for(n, 1, [&](int64_t begin, int64_t end) {
    if (std::this_thread::get_id() == caller) {
      came = came && comes_true([&] { return by_other > 0; });
      by_caller += end - begin;
    } else {
      by_other += end - begin;
      left_alone = left_alone || !comes_true([&] { return by_caller + by_other == n; });
    }
  });
  EXPECT_TRUE(came) << "the other thread took no part";
  EXPECT_FALSE(left_alone) << "parts were left to a thread that was held up, which has taken " << by_other;
  EXPECT_EQ(by_caller + by_other, n);
}

TEST_F(Threads, AnExceptionInAPartIsRaisedInTheCaller) {
  for (int threads : {1, 2, 4}) {
    set_num_threads(threads);
    for (int64_t bad : {0, 7, 31}) {
      auto work = [&] {
        parallel_for(32, 1, [&](int64_t b, int64_t e) {
          if (b <= bad && bad < e) throw std::runtime_error("part");
        });
      };
      EXPECT_THROW(work(), std::runtime_error);
      std::atomic<int64_t> sum{0};
      parallel_for(32, 1, [&](int64_t b, int64_t e) { sum += e - b; });
      EXPECT_EQ(sum, 32);
    }
  }
}

TEST_F(Threads, TheNumberChangesWhileOthersCompute) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> users;
  std::atomic<int64_t> wrong{0};
  for (int t = 0; t < 2; t++) {
    users.emplace_back([&] {
      while (!stop) {
        std::atomic<int64_t> sum{0};
        parallel_for(64, 1, [&](int64_t b, int64_t e) { sum += e - b; });
        wrong += sum != 64;
      }
    });
  }
  for (int i = 0; i < 2000; i++) set_num_threads(1 + i % 9);
  stop = true;
  for (auto& user : users) user.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Threads, WorkersLeaveSignalsToTheProgram) {
  set_num_threads(3);
  std::atomic<int> blocked{0}, others{0};
  std::thread::id caller = std::this_thread::get_id();
  for (int i = 0; i < 1000 && others == 0; i++) {
    parallel_for(64, 1, [&](int64_t, int64_t) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
      if (std::this_thread::get_id() == caller) return;
      sigset_t mask;
      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      others++;
      blocked += sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1;
    });
  }
  EXPECT_GT(others, 0);
  EXPECT_EQ(blocked, others);
}

// The status of a child that runs f, which ends it with _exit.
template <class F>
int status_of_child(const F& f) {
  pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a hang ends the child
    f();
    _exit(99);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST_F(Threads, AForkedChildUsesSeveralThreads) {
  set_num_threads(3);
  parallel_for(64, 1, [](int64_t, int64_t) {});
  int status = status_of_child([] {
    bool good = num_threads() == 3 && threads_alive() == 1;
    set_num_threads(4);
    std::atomic<int64_t> sum{0};
    parallel_for(64, 1, [&](int64_t b, int64_t e) { sum += e - b; });
    _exit(good && sum == 64 && threads_alive() == 4 ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
}

TEST_F(Threads, ForkWhileAnotherThreadIsInALoop) {
  set_num_threads(2);
  std::atomic<bool> stop{false};
  std::thread user([&] {
    while (!stop) parallel_for(16, 1, [](int64_t, int64_t) {});
  });
  for (int i = 0; i < 100; i++) {
    int status = status_of_child([] {
      std::atomic<int64_t> sum{0};
      for (int k = 0; k < 10; k++) parallel_for(64, 1, [&](int64_t b, int64_t e) { sum += e - b; });
      _exit(sum == 640 ? 0 : 1);
    });
    EXPECT_EQ(status, 0);
  }
  stop = true;
  user.join();
}

TEST_F(Threads, ForkInsideAPart) {
  set_num_threads(2);
  std::thread::id caller = std::this_thread::get_id();
  // In the caller: the child loses the part that the other thread is in, and says so; or loses none, and goes on.
  std::atomic<bool> other_in_part{false}, forked{false};
  int status = -1;
  bool in_child = false;
  try {
    parallel_for(8, 1, [&](int64_t, int64_t) {
      if (std::this_thread::get_id() != caller) {
        other_in_part = true;
        for (int i = 0; i < 5000 && !forked; i++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return;
      }
      for (int i = 0; i < 5000 && !other_in_part; i++) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (forked) return;
      pid_t child = fork();
      if (child == 0) {
        alarm(20);
        in_child = true;
      } else {
        waitpid(child, &status, 0);
      }
      forked = true;
    });
    if (in_child) _exit(1);
  } catch (const Error&) {
    if (!in_child) throw;
    std::atomic<int64_t> sum{0};  // the next loop is a loop like any other
    parallel_for(64, 1, [&](int64_t b, int64_t e) { sum += e - b; });
    _exit(sum == 64 ? 0 : 2);
  }
  EXPECT_EQ(status, 0);

  // In another thread: the child may leave by _exit or exec, and ends when it does not.
  std::atomic<int> left{-1}, returned{-1};
  for (std::atomic<int>* how : {&left, &returned}) {
    for (int tries = 0; tries < 1000 && *how == -1; tries++) {
      parallel_for(8, 1, [&](int64_t, int64_t) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
        if (std::this_thread::get_id() == caller || *how != -1) return;
        pid_t child = fork();
        if (child == 0) {
          alarm(20);
          if (how == &left) _exit(0);
          *how = 0;
          return;
        }
        int s = -1;
        waitpid(child, &s, 0);
        *how = s;
      });
    }
  }
  EXPECT_EQ(left, 0);
  EXPECT_TRUE(WIFSIGNALED(returned.load()) && WTERMSIG(returned.load()) == SIGABRT) << returned;
}

TEST_F(Threads, TheSystemGivesNoThreads) {
  int status = status_of_child([] {
    rlimit none{1, 1};
    bool refused = setrlimit(RLIMIT_NPROC, &none) == 0 && (getuid() != 0 || setuid(65534) == 0);
    set_num_threads(8);
    std::atomic<int64_t> sum{0};
    for (int i = 0; i < 3; i++) parallel_for(64, 1, [&](int64_t b, int64_t e) { sum += e - b; });
    _exit(refused && sum == 3 * 64 && threads_alive() < 8 ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
}

// A file system with the limits of a control group.
class ControlGroup : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/weft-cgroup-XXXXXX";
    root_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  std::string root_;
};

TEST_F(ControlGroup, NoneOrUnlimited) {
  EXPECT_EQ(cpu_quota(root_), 0);
  write("/proc/self/cgroup", "0::/a\n");
  EXPECT_EQ(cpu_quota(root_), 0);
  write("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(cpu_quota(root_), 0);
  write("/proc/self/cgroup", "nonsense\n0:\n7:memory:/a\n0::no-slash\n");
  EXPECT_EQ(cpu_quota(root_), 0);
}

TEST_F(ControlGroup, TheLeastOfAllLevels) {
  write("/proc/self/cgroup", "0::/a/b/c\n");
  write("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
  write("/sys/fs/cgroup/a/b/cpu.max", "800000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 8);
  write("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 2);
  write("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 1);
}

TEST_F(ControlGroup, AContainerSeesItsGroupAsTheRoot) {
  write("/proc/self/cgroup", "0::/docker/0123\n");
  write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(cpu_quota(root_), 3);
}

TEST_F(ControlGroup, VersionOne) {
  write("/proc/self/cgroup", "12:cpuset:/x\n4:cpu,cpuacct:/a\n1:name=systemd:/\n");
  write("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cpu_quota(root_), 0);
  write("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "250000\n");
  EXPECT_EQ(cpu_quota(root_), 3);
}

}  // namespace
}  // namespace weft
