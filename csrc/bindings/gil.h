// Python's global lock, given up and taken again.
//
// When Python ends, daemon threads may still compute. Up to Python 3.13 it ends such a thread where it asks for the
// lock, by unwinding its stack (pthread_exit). C++ cannot be unwound so: destructors would touch Python's objects
// without the lock, and the process would abort in the first function that is noexcept. So the thread stops there for
// ever, as it does from Python 3.14 on, and goes with the process.
#pragma once

#include <pybind11/pybind11.h>
#include <unistd.h>

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

// Has the lock for a scope.
class GilAcquire {
 public:
  GilAcquire() {
    GilHeld held;
    state_ = PyGILState_Ensure();
  }
  ~GilAcquire() {
    { GilHeld held; }
    PyGILState_Release(state_);
  }
  GilAcquire(const GilAcquire&) = delete;
  GilAcquire& operator=(const GilAcquire&) = delete;

 private:
  PyGILState_STATE state_;
};

}  // namespace weft::python
