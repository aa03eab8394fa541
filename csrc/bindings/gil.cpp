#include "bindings/gil.h"

#include <pthread.h>

#include <chrono>
#include <thread>

namespace weft::python {

constinit thread_local int CallsPython::depth_ = 0;
constinit std::atomic<int> CallsPython::inside_{0};
constinit std::atomic<bool> CallsPython::ending_{false};

namespace {
std::thread::id last_thread;  // the one that ends Python
}

void CallsPython::enter() {
  inside_.fetch_add(1);
  if (!ending_.load() || std::this_thread::get_id() == last_thread) return;
  inside_.fetch_sub(1);
  PyEval_SaveThread();
  while (true) pause();
}

void CallsPython::watch_forks() {
  pthread_atfork(nullptr, nullptr, [] { inside_.store(depth_ > 0 ? 1 : 0); });
}

void CallsPython::wait_for_all() {
  last_thread = std::this_thread::get_id();
  ending_.store(true);
  const int own = depth_ > 0 ? 1 : 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (inside_.load() > own && std::chrono::steady_clock::now() < end) {
    GilRelease release;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace weft::python
