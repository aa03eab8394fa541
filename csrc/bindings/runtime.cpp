// Threads, build information, errors: what belongs to the process rather than to a tensor.
#include <pybind11/pybind11.h>
#include <chrono>
#include <thread>

#include "bindings/gil.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"
#include "core/interrupt.h"
#include "core/other_threads.h"
#include "device/backend.h"
#include "device/cpu/isa.h"
#include "device/cpu/threads.h"
#include "kernels/libraries.h"

namespace weft::python {

namespace {

PyObject* out_of_memory_error = nullptr;

PyObject* exception_type(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Value:
      return PyExc_ValueError;
    case ErrorKind::Type:
      return PyExc_TypeError;
    case ErrorKind::Index:
      return PyExc_IndexError;
    case ErrorKind::Key:
      return PyExc_KeyError;
    case ErrorKind::Buffer:
      return PyExc_BufferError;
    case ErrorKind::NotImplemented:
      return PyExc_NotImplementedError;
    case ErrorKind::Overflow:
      return PyExc_OverflowError;
    case ErrorKind::OutOfMemory:
      return out_of_memory_error;
    case ErrorKind::Runtime:
      break;
  }
  return PyExc_RuntimeError;
}

// The thread that answers signals: the one that imports this module, as a rule the main one.
const std::thread::id main_thread = std::this_thread::get_id();

// The thread state of a thread that gave up the GIL, or nullptr if it had none.
void* release_gil() { return PyGILState_Check() ? PyEval_SaveThread() : nullptr; }
void take_gil_back(void* state) { restore_gil(static_cast<PyThreadState*>(state)); }

// Raises KeyboardInterrupt and what other signal handlers raise. A thread without the GIL asks for it every 50 ms.
void raise_interrupt() {
  using Clock = std::chrono::steady_clock;
  static thread_local Clock::time_point next{};
  if (PyGILState_Check()) {
    if (PyErr_CheckSignals() < 0) throw py::error_already_set();
    return;
  }
  if (std::this_thread::get_id() != main_thread) return;
  Clock::time_point now = Clock::now();
  if (now < next) return;
  next = now + std::chrono::milliseconds(50);
  GilAcquire gil;
  if (PyErr_CheckSignals() < 0) throw py::error_already_set();
}

py::dict build_info() {
  py::dict info;
  info["version"] = WEFT_VERSION;
#ifdef __clang__
  info["compiler"] = __VERSION__;
#else
  info["compiler"] = "gcc " __VERSION__;
#endif
  info["isa"] = isa_name();
  info["threads"] = num_threads();
  info["onednn"] = onednn_version();
  std::string reason = unavailable_reason(DeviceType::CUDA);
  info["cuda"] = reason.empty() ? concat(backend_of({DeviceType::CUDA, 0}).count(), " x ",
                                         backend_of({DeviceType::CUDA, 0}).properties(0).name)
                                : concat("not available: ", reason);
  return info;
}

void bind_threads(Family& m) {
  num_threads();  // an environment variable that is no number of threads is an error now
  m.function(
      "set_num_threads", "(int)",
      [](int64_t n) {
        check<ErrorKind::Value>(n == static_cast<int>(n), "set_num_threads: expected from 1 to 1024 threads, got ", n);
        set_num_threads(static_cast<int>(n));
      },
      "Sets how many threads CPU kernels may use, the calling one included; for all threads of the process.\n\n"
      "int: from 1 to 1024; raises ValueError otherwise. Results do not depend on it. An op that another thread\n"
      "has begun goes on with the number it has.\n\n"
      ">>> import weft\n"
      ">>> before = weft.get_num_threads()\n"
      ">>> weft.set_num_threads(1)\n"
      ">>> weft.get_num_threads()\n"
      "1\n"
      ">>> weft.set_num_threads(before)\n");
  def_setting(
      m, "get_num_threads", [] { return num_threads(); },
      "How many threads CPU kernels may use, the calling one included.\n\n"
      "At the start: the environment variable WEFT_NUM_THREADS, else OMP_NUM_THREADS, else as many as the\n"
      "process may use cores, by its affinity and by the quota of its control group.\n\n"
      ">>> import weft\n"
      ">>> weft.get_num_threads() >= 1\n"
      "True\n");
}

}  // namespace

void set_python_error(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (py::error_already_set& e) {
    e.restore();
  } catch (const Error& e) {
    PyErr_SetString(exception_type(e.kind()), e.what());
  } catch (const py::cast_error& e) {
    PyErr_SetString(PyExc_TypeError, e.what());
  } catch (const py::reference_cast_error&) {
    PyErr_SetString(PyExc_TypeError, "expected an object of one of Weft's classes, got None");
  } catch (const py::builtin_exception& e) {
    e.set_error();
  } catch (const std::bad_alloc&) {
    PyErr_SetString(out_of_memory_error, "out of host memory");
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_RuntimeError, e.what());
  }
}

void bind_runtime(Family& m) {
  PyObject* bases = PyTuple_Pack(2, PyExc_RuntimeError, PyExc_MemoryError);
  out_of_memory_error = PyErr_NewExceptionWithDoc(
      "weft.OutOfMemoryError",
      "A device has no memory left; the message says who holds how much. Nothing has changed.\n\n"
      ">>> import weft\n"
      ">>> issubclass(weft.OutOfMemoryError, MemoryError) and issubclass(weft.OutOfMemoryError, RuntimeError)\n"
      "True\n",
      bases, nullptr);
  Py_DECREF(bases);
  if (!out_of_memory_error) throw py::error_already_set();
  m.scope().attr("OutOfMemoryError") = py::handle(out_of_memory_error);
  py::register_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const Error& e) {
      PyErr_SetString(exception_type(e.kind()), e.what());
    } catch (const py::reference_cast_error&) {
      throw;
    } catch (const py::cast_error& e) {  // an argument of another type
      PyErr_SetString(PyExc_TypeError, e.what());
    }
  });
  interrupt_check = &raise_interrupt;
  set_other_threads_hooks({release_gil, take_gil_back});
  CallsPython::watch_forks();
  import_module("atexit").attr("register")(py::cpp_function(&CallsPython::wait_for_all));
  bind_threads(m);
  m.scope().attr("__version__") = WEFT_VERSION;
  m.function("_build_info", "()", &build_info);
  m.function("_onednn_enabled", "()", &onednn_enabled);
  m.function("_enable_onednn", "(on)", &enable_onednn);
}

}  // namespace weft::python
