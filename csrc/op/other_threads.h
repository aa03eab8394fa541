// Locks that a thread may wait for while it holds Python's global lock, without this floor knowing of Python.
#pragma once

#include <mutex>

namespace weft {

// Locks a mutex for a scope. Whoever waits for it lets other Python threads run, so that a holder that waits for them
// in turn gets on.
class PatientLock {
 public:
  explicit PatientLock(std::recursive_mutex& mutex);
  ~PatientLock() { mutex_.unlock(); }
  PatientLock(const PatientLock&) = delete;

 private:
  std::recursive_mutex& mutex_;
};

}  // namespace weft
