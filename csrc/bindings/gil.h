// Python's global lock, given up and taken again.
//
// When Python ends, daemon threads may still compute. Up to Python 3.13 it ends such a thread where it asks for the
// lock, by unwinding its stack (pthread_exit). C++ cannot be unwound so: destructors would touch Python's objects
// without the lock, and the process would abort in the first function that is noexcept. So the thread stops for ever,
// as it does from Python 3.14 on, and goes with the process: where it asks for the lock (GilHeld), and before it enters
// what calls Python's functions in many places (CallsPython).
#pragma once

#include <pybind11/pytypes.h>
#include <unistd.h>

#include <atomic>

namespace weft::python {

// For scopes that have the lock at their end, and may lose it in between: calls of Python's functions. A scope that
// ends without the lock is being unwound.
class GilHeld {
 public:
  GilHeld() = default;
  ~GilHeld() {
    if (!PyGILState_Check()) [[unlikely]]
      while (true) pause();
  }
  GilHeld(const GilHeld&) = delete;
  GilHeld& operator=(const GilHeld&) = delete;
};

// function(*args, **kwargs); raises what it raises.
inline pybind11::object call_python(pybind11::handle function, const pybind11::tuple& args,
                                    pybind11::handle kwargs = {}) {
  auto call = [&] {
    GilHeld held;
    return PyObject_Call(function.ptr(), args.ptr(), kwargs.ptr());
  };
  PyObject* result = call();
  if (!result) throw pybind11::error_already_set();
  return pybind11::reinterpret_steal<pybind11::object>(result);
}

inline void restore_gil(PyThreadState* state) {
  GilHeld held;
  PyEval_RestoreThread(state);
}

// Gives up the lock for a scope.
class GilRelease {
 public:
  GilRelease() : state_(PyEval_SaveThread()) {}
  ~GilRelease() { restore_gil(state_); }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* state_;
};

// The scope of a binding that calls Python's functions from C++ in many places: tracing, backward. Before Python ends
// it waits until no thread is in one (a minute at most), and threads that would enter one stop.
class CallsPython {
 public:
  CallsPython() {
    if (depth_++ == 0) enter();
  }
  ~CallsPython() {
    if (--depth_ == 0) inside_.fetch_sub(1);
  }
  CallsPython(const CallsPython&) = delete;
  CallsPython& operator=(const CallsPython&) = delete;
  // For Python's atexit.
  static void wait_for_all();
  // From now on a forked child, which has only the thread that forked, waits for no other.
  static void watch_forks();

 private:
  static void enter();
  static thread_local int depth_;
  static std::atomic<int> inside_;
  static std::atomic<bool> ending_;
};

// The object that make() gives, made by whoever needs it first and kept for ever. A local static would be a deadlock:
// make() may give up the lock while others, who have it, wait for the static. Here two threads may both make one, and
// one of the two is kept.
template <class F>
PyObject* made_once(std::atomic<PyObject*>& place, const F& make) {
  if (PyObject* known = place.load(std::memory_order_acquire)) return known;
  pybind11::object fresh = make();
  PyObject* kept = nullptr;
  return place.compare_exchange_strong(kept, fresh.ptr()) ? fresh.release().ptr() : kept;
}

// Has the lock for a scope.
class GilAcquire {
 public:
  GilAcquire() {
    GilHeld held;
    state_ = PyGILState_Ensure();
  }
  ~GilAcquire() {
    {
      GilHeld held;
    }
    PyGILState_Release(state_);
  }
  GilAcquire(const GilAcquire&) = delete;
  GilAcquire& operator=(const GilAcquire&) = delete;

 private:
  PyGILState_STATE state_;
};

}  // namespace weft::python
