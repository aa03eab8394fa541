// weft._C._device: what weft.cuda is made of: availability, properties, streams, events, graphs, pinned memory.
#include <pybind11/pybind11.h>

#include "device/backend.h"

#include "bindings/gil.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"
#include "device/plugin.h"
#include "kernels/matmul.h"
#include "op/autocast.h"
#include "ops/elementwise.h"
#include "tensor/generator.h"

namespace weft::python {

namespace {

py::dict device_properties(Device device) {
  DeviceProperties p = backend_of(device).properties(device.index);
  py::dict out;
  out["name"] = p.name;
  out["major"] = p.major;
  out["minor"] = p.minor;
  out["total_memory"] = p.total_memory;
  out["multi_processor_count"] = p.multi_processor_count;
  out["warp_size"] = p.warp_size;
  out["max_threads_per_multi_processor"] = p.max_threads_per_multi_processor;
  out["shared_memory_per_block"] = p.shared_memory_per_block;
  out["L2_cache_size"] = p.l2_cache_size;
  return out;
}

// Folders of NVIDIA's wheels beside this interpreter's packages.
std::vector<std::string> nvidia_folders() {
  GilAcquire gil;
  std::vector<std::string> folders;
  py::object spec = import_module("importlib.util").attr("find_spec")("nvidia");
  if (spec.is_none() || spec.attr("submodule_search_locations").is_none()) return folders;
  const py::object places = spec.attr("submodule_search_locations");
  for (py::handle folder : places) folders.push_back(folder.cast<std::string>());
  return folders;
}

// The backend whose pinned memory is meant: that of the GPUs.
DeviceBackend& pinning_backend() {
  DeviceBackend& backend = backend_of({DeviceType::CUDA, 0});
  check<ErrorKind::NotImplemented>(backend.pinned_allocator() != nullptr,
                                   "pin_memory: this device has no pinned memory");
  return backend;
}

bool is_pinned(const Tensor& t) {
  if (t.device().type != DeviceType::CPU || !t.data()) return false;
  DeviceBackend* backend = find_backend(DeviceType::CUDA);
  return backend && backend->count() > 0 && backend->is_pinned(t.data());
}

Tensor pin_memory(const Tensor& t) {
  check(t.device().type == DeviceType::CPU, "pin_memory: only tensors in host memory can be pinned, got one on ",
        t.device());
  if (is_pinned(t)) return t;
  Allocator* allocator = pinning_backend().pinned_allocator();
  size_t nbytes = static_cast<size_t>(t.numel()) * item_size(t.dtype());
  void* data = allocator->allocate(nbytes);
  std::shared_ptr<void> owner(data, [=](void* p) { allocator->deallocate(p, nbytes); });
  GradModeGuard no_grad(false);
  Tensor pinned = from_memory(data, t.shape(), contiguous_strides(t.shape()), t.dtype(), owner);
  return copy_(pinned, t);
}

// A graph, and how many random numbers each of its runs draws.
struct RecordedGraph {
  Ref<DeviceGraph> graph;
  uint64_t random_blocks;
};

thread_local PhiloxState random_before;  // recording began

void begin_capture(Device d) {
  PhiloxState random = default_generator()->state();
  backend_of(d).begin_capture(d.index, {random});
  random_before = random;
}

RecordedGraph end_capture(Device d) {
  uint64_t blocks = default_generator()->state().offset - random_before.offset;
  default_generator()->set_state(random_before);  // nothing has been drawn yet
  return {backend_of(d).end_capture(d.index), blocks};
}

void bind_streams(Family& m) {
  m.function(
      "current_stream", "(device)", [](Device d) { return backend_of(d).current_stream(d.index); },
      "The handle of this thread's stream on a device.");
  m.function(
      "set_current_stream", "(device, stream)",
      [](Device d, StreamHandle s) { backend_of(d).set_current_stream(d.index, s); },
      "Makes a stream that of this thread on a device.");
  m.function(
      "new_stream", "(device, priority)",
      [](Device d, int priority) { return backend_of(d).new_stream(d.index, priority); },
      "The handle of a new stream; lower numbers have priority.");
  m.function(
      "stream_done", "(device, stream)", [](Device d, StreamHandle s) { return backend_of(d).stream_done(d.index, s); },
      "Has a stream done all its work?");
  m.function(
      "synchronize_stream", "(device, stream)",
      [](Device d, StreamHandle s) {
        GilRelease release;
        backend_of(d).synchronize_stream(d.index, s);
      },
      "Waits for the work of a stream.");
  m.function(
      "synchronize", "(device)",
      [](Device d) {
        GilRelease release;
        backend_of(d).synchronize(d.index);
      },
      "Waits for all work of a device.");
  m.function(
      "record_stream", "(tensor, stream)",
      [](const Tensor& t, StreamHandle s) {
        backend_of(t.device()).record_stream(t.device().index, t.impl()->storage->data(), s);
      },
      "The tensor's memory is used by work on a stream too, and is not given out again before that is done.");

  py::class_<Ref<DeviceEvent>>(m.scope(), "Event", "A mark in a stream.")
      .def(py::init([](Device d, bool timing) { return backend_of(d).new_event(d.index, timing); }),
           "On a device; timing: for elapsed().")
      .def(
          "record", [](Ref<DeviceEvent>& e, StreamHandle s) { e->record(s); }, "Marks the work that a stream has now.")
      .def(
          "wait", [](Ref<DeviceEvent>& e, Device d, StreamHandle s) { e->wait(d.index, s); },
          "Lets a stream wait for the marked work.")
      .def(
          "query", [](Ref<DeviceEvent>& e) { return e->query(); }, "Is the marked work done?")
      .def(
          "synchronize", [](Ref<DeviceEvent>& e) { e->synchronize(); }, py::call_guard<GilRelease>(),
          "Waits for the marked work.")
      .def(
          "elapsed", [](Ref<DeviceEvent>& e, Ref<DeviceEvent>& end) { return e->elapsed(*end); },
          "Milliseconds from this mark to another.");

  py::class_<RecordedGraph>(m.scope(), "Graph", "Recorded work.")
      .def(
          "launch", [](RecordedGraph& g) { g.graph->launch(default_generator()->reserve(g.random_blocks)); },
          "Runs the recorded work again, with new random numbers.");
  m.function("begin_capture", "(device)", &begin_capture,
             "Records the work of this thread's stream on a device from here on, instead of running it.");
  m.function("end_capture", "(device)", &end_capture, "Ends recording and gives the Graph.");
  m.function(
      "abort_capture", "(device)",
      [](Device d) {
        default_generator()->set_state(random_before);
        backend_of(d).abort_capture(d.index);
      },
      "Ends recording without a graph.");
}

}  // namespace

void bind_devices(Family& all) {
  Family m = all.submodule("_device", "What weft.cuda is made of.");
  set_library_folders(&nvidia_folders);
  m.function(
      "count", "(type)",
      [](const std::string& type) {
        DeviceBackend* backend = find_backend(parse_device(type).type);
        return backend ? backend->count() : 0;
      },
      "How many devices of a type ('cuda') there are.");
  m.function(
      "unavailable_reason", "(type)",
      [](const std::string& type) { return unavailable_reason(parse_device(type).type); },
      "Why there is no device of a type; empty where there is one.");
  m.function("properties", "(device)", &device_properties,
             "The name of a device, its memory and other numbers of it, as a dict.");
  m.function(
      "current_index", "(type)",
      [module = py::handle(m.scope())](const std::string& type) {
        const int index = current_index(parse_device(type).type);
        if (tracing()) {
          const py::object again = import_module("functools").attr("partial")(module.attr("current_index"), type);
          note_setting(concat("the current ", type, " device"), again, py::cast(index));
        }
        return index;
      },
      "The index of this thread's current device of a type.");
  m.function(
      "set_current_index", "(device)",
      [](Device d) {
        backend_of(d);
        set_current_index(d.type, d.index);
      },
      "Makes a device this thread's current one of its type.");
  m.function("load_plugin", "(path)", &load_plugin, "Loads the library of a further type of device.");
  m.function("pin_memory", "(tensor)", &pin_memory, "The tensor in pinned host memory; itself if it is there.");
  m.function("is_pinned", "(tensor)", &is_pinned, "Does the tensor lie in pinned host memory?");
  def_setting(m, "allow_tf32", &allow_tf32, "May products on GPUs round float32 to TF32?");
  m.function("set_allow_tf32", "(enabled)", &set_allow_tf32,
             "Sets whether products on GPUs may round float32 to TF32.");
  bind_streams(m);

  m.function(
      "autocast_state", "(type)",
      [](const std::string& type) {
        AutocastState& state = autocast_state(parse_device(type).type);
        return py::make_tuple(state.enabled, py::reinterpret_borrow<py::object>(dtype_object(state.dtype)),
                              state.keeps_casts);
      },
      "Of this thread and a type of device: is autocast on, its dtype, and are casts of parameters kept?");
  m.function(
      "enter_autocast", "(type, enabled, dtype, keeps_casts)",
      [](const std::string& type, bool enabled, DType dtype, bool keeps_casts) {
        check<ErrorKind::Value>(is_real_floating(dtype) && item_size(dtype) <= 4,
                                "autocast: expected dtype float16 or bfloat16, got ", dtype);
        enter_autocast(parse_device(type).type, {enabled, dtype, keeps_casts});
      },
      "Sets autocast of this thread until leave_autocast().");
  m.function("leave_autocast", "()", &leave_autocast, "Takes the last enter_autocast() of this thread back.");
}

}  // namespace weft::python
