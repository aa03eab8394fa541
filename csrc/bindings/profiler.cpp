// weft._C._profiler: what weft.profiler is made of.

#include <map>

#include "bindings/gil.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"
#include "op/profile.h"

#include <frameobject.h>

namespace weft::python {

namespace {

// "FILE(LINE): FUNCTION" of the calls outside of this package and in it, innermost first.
std::vector<const char*> python_stack() {
  constexpr int kDeepest = 128;
  std::vector<const char*> stack;
  if (!Py_IsInitialized()) return stack;
  GilAcquire gil;
  // Names last for ever, and so may the code that they are of: an address would be another code's later.
  static auto* names = new std::map<std::pair<PyObject*, int>, const char*>;
  PyFrameObject* frame = PyEval_GetFrame();
  Py_XINCREF(frame);
  while (frame && static_cast<int>(stack.size()) < kDeepest) {
    PyCodeObject* code = PyFrame_GetCode(frame);
    const int line = PyFrame_GetLineNumber(frame);
    auto [place, fresh] = names->try_emplace({reinterpret_cast<PyObject*>(code), line}, nullptr);
    if (fresh) {
      Py_INCREF(code);
      const py::handle object(reinterpret_cast<PyObject*>(code));
      place->second = lasting_name(concat(object.attr("co_filename").cast<std::string>(), "(", line,
                                          "): ", object.attr("co_name").cast<std::string>()));
    }
    stack.push_back(place->second);
    Py_DECREF(code);
    PyFrameObject* outer = PyFrame_GetBack(frame);
    Py_DECREF(frame);
    frame = outer;
  }
  Py_XDECREF(frame);
  return stack;
}

py::object details_of(const ProfileEvent& e, const std::vector<ProfileResult::Base>& bases) {
  if (!e.details) return py::none();
  const ProfileDetails& d = *e.details;
  py::list shapes, dtypes, stack;
  for (const ProfileDetails::Input& in : d.inputs) {
    const bool none = in.shape.size() == 1 && in.shape[0] == -1;
    py::tuple shape(none ? 0 : static_cast<size_t>(in.shape.size()));
    for (int i = 0; !none && i < in.shape.size(); i++) shape[static_cast<size_t>(i)] = in.shape[i];
    shapes.append(none ? py::object(py::none()) : py::object(shape));
    dtypes.append(none ? py::object(py::none()) : py::cast(concat(in.dtype)));
  }
  for (const char* frame : d.stack) stack.append(frame);
  py::object on_device = py::none();
  if (d.device_begin && d.device_end)
    for (const ProfileResult::Base& base : bases)
      if (base.device == e.device)
        on_device = py::make_tuple(base.time + static_cast<int64_t>(base.event->elapsed(*d.device_begin) * 1e6),
                                   static_cast<int64_t>(d.device_begin->elapsed(*d.device_end) * 1e6), d.stream);
  return py::make_tuple(shapes, dtypes, stack, d.flops, on_device);
}

// (begin, end, [(thread, lost, [events])])
py::tuple stop_and_collect() {
  ProfileResult result = stop_profile();
  {
    GilRelease release;
    for (const ProfileResult::Base& base : result.bases) backend_of(base.device).synchronize(base.device.index);
  }
  static constexpr const char* kKinds[] = {"op",        "backward", "graph",  "step",  "user",
                                           "optimizer", "loader",   "module", "memory"};
  py::list threads;
  for (const ProfileThread& thread : result.threads) {
    py::list events;
    for (const ProfileEvent& e : thread.events)
      events.append(py::make_tuple(kKinds[static_cast<int>(e.kind)], e.name, e.begin, e.end, e.serial, e.depth,
                                   e.sequence, concat(e.device), e.bytes, e.memory, details_of(e, result.bases)));
    threads.append(py::make_tuple(thread.id, thread.lost, events));
  }
  return py::make_tuple(result.begin, result.end, threads);
}

ProfileKind kind_named(const std::string& name) {
  if (name == "user") return ProfileKind::User;
  if (name == "optimizer") return ProfileKind::Optimizer;
  if (name == "loader") return ProfileKind::Loader;
  check<ErrorKind::Value>(name == "module", "profiler: there is no kind of scope '", name, "'");
  return ProfileKind::Module;
}

}  // namespace

void bind_profiler(Family& m) {
  set_stack_recorder(python_stack);
  Family f = m.submodule("_profiler", "What weft.profiler is made of.");
  f.function("start", "(shapes, memory, stacks, flops, devices, temporaries, limit)",
             [](bool shapes, bool memory, bool stacks, bool flops, bool devices, bool temporaries, int64_t limit) {
               check<ErrorKind::Value>(limit > 0, "profiler: expected a positive limit, got ", limit);
               start_profile({shapes, memory, stacks, flops, devices, temporaries, static_cast<size_t>(limit)});
             });
  f.function("stop", "()", &stop_and_collect);
  f.function("is_on", "()", [] { return profiling(); });
  f.function("clock", "()", &profile_clock);
  f.function("begin", "(kind, name)", [](const std::string& kind, const std::string& name) -> int64_t {
    if (!profiling()) return 0;
    return static_cast<int64_t>(begin_profile_scope(kind_named(kind), lasting_name(name)));
  });
  f.function("end", "(scope)", [](int64_t scope) { end_profile_scope(static_cast<uint64_t>(scope)); });
  f.function("set_ranges", "(push, pop)", [](int64_t push, int64_t pop) {
    set_profile_ranges(reinterpret_cast<void (*)(const char*)>(push), reinterpret_cast<void (*)()>(pop));
  });
}

}  // namespace weft::python
