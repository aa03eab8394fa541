// Python's global lock, as the floors below the bindings see it: a thread that waits lets other Python threads run,
// without these floors knowing of Python.
//
// A thread that waits inside of a scope may hold mutexes, and takes the global lock again before it gives them back. So
// every mutex under which a thread may wait is locked with PatientLock: nobody keeps the global lock while he waits for
// one.
#pragma once

#include <mutex>
#include <utility>

namespace weft {

// let() gives the lock up and returns what take_back() gets; nullptr if the thread did not have it.
struct OtherThreadsHooks {
  void* (*let)() = nullptr;
  void (*take_back)(void*) = nullptr;
};
void set_other_threads_hooks(OtherThreadsHooks hooks);

// Other Python threads run for a scope: around waits, compilations and long kernels.
class OthersRun {
 public:
  OthersRun();
  ~OthersRun();
  OthersRun(const OthersRun&) = delete;
  OthersRun& operator=(const OthersRun&) = delete;

 private:
  void* state_;
};

// Locks a mutex for a scope. Whoever waits for it lets other Python threads run, so that a holder that waits for them
// in turn gets on.
template <class Mutex>
class PatientLock {
 public:
  explicit PatientLock(Mutex& mutex) : mutex_(mutex) {
    if (mutex_.try_lock()) return;
    OthersRun others;
    mutex_.lock();
  }
  ~PatientLock() { mutex_.unlock(); }
  PatientLock(const PatientLock&) = delete;
  PatientLock& operator=(const PatientLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace weft
