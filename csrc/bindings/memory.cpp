// weft._C.memory: statistics and limits of the allocators.
#include "bindings/gil.h"
#include "bindings/tensor_object.h"
#include "device/backend.h"
#include "memory/allocator.h"

namespace weft::python {

namespace {

Allocator& allocator_of(Device device) {
  Allocator* allocator = backend_of(device).allocator(device.index);
  check(allocator != nullptr, "memory: device '", device, "' has none");
  return *allocator;
}

py::dict stats_dict(Device device) {
  MemoryStats now = allocator_of(device).stats();
  py::dict out;
  out["allocated"] = now.allocated;
  out["reserved"] = now.reserved;
  out["peak"] = now.peak;
  out["limit"] = now.limit;
  out["allocations"] = now.allocations;
  out["cache_hits"] = now.cache_hits;
  return out;
}

py::list holders_list(Device device) {
  py::list out;
  for (const MemoryHolder& holder : allocator_of(device).holders()) {
    out.append(py::make_tuple(holder.tag, holder.bytes, holder.blocks));
  }
  return out;
}

void set_limit(std::optional<int64_t> nbytes, Device device) {
  check<ErrorKind::Value>(!nbytes || *nbytes > 0, "set_limit: expected a positive number of bytes or None, got ",
                          nbytes.value_or(0));
  allocator_of(device).set_limit(static_cast<size_t>(nbytes.value_or(0)));
}

}  // namespace

void bind_memory(py::module_& m) {
  py::module_ memory = m.def_submodule("memory", "What weft.memory and weft.cuda's memory functions are made of.");
  py::arg_v device("device", py::str("cpu"), "'cpu'");
  memory.def("allocated", [](Device d) { return allocator_of(d).stats().allocated; }, device);
  memory.def("reserved", [](Device d) { return allocator_of(d).stats().reserved; }, device);
  memory.def("peak", [](Device d) { return allocator_of(d).stats().peak; }, device);
  memory.def("reset_peak", [](Device d) { allocator_of(d).reset_peak(); }, device);
  memory.def("empty_cache", [](Device d) { allocator_of(d).empty_cache(); }, device, py::call_guard<GilRelease>());
  memory.def("stats", &stats_dict, device);
  memory.def("holders", &holders_list, device);
  memory.def("set_limit", &set_limit, py::arg("nbytes"), device);
  memory.def("set_layer", &set_allocation_layer, py::arg("path"),
             "New blocks are labelled with this layer beside their op; '' ends that.");
  memory.def("_fail_after", [](int64_t n) { fail_after(n); }, py::arg("n"));
}

}  // namespace weft::python
