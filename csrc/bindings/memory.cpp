// weft._C.memory: statistics and limits of the host allocator.
#include "bindings/tensor_object.h"
#include "memory/allocator.h"

namespace weft::python {

namespace {

py::dict stats_dict() {
  MemoryStats now = host_allocator().stats();
  py::dict out;
  out["allocated"] = now.allocated;
  out["reserved"] = now.reserved;
  out["peak"] = now.peak;
  out["limit"] = now.limit;
  out["allocations"] = now.allocations;
  out["cache_hits"] = now.cache_hits;
  return out;
}

py::list holders_list() {
  py::list out;
  for (const MemoryHolder& holder : host_allocator().holders()) {
    out.append(py::make_tuple(holder.tag, holder.bytes, holder.blocks));
  }
  return out;
}

void set_limit(std::optional<int64_t> nbytes) {
  check<ErrorKind::Value>(!nbytes || *nbytes > 0, "set_limit: expected a positive number of bytes or None, got ",
                          nbytes.value_or(0));
  host_allocator().set_limit(static_cast<size_t>(nbytes.value_or(0)));
}

}  // namespace

void bind_memory(py::module_& m) {
  py::module_ memory = m.def_submodule("memory", "What weft.memory is made of.");
  memory.def("allocated", [] { return host_allocator().stats().allocated; });
  memory.def("reserved", [] { return host_allocator().stats().reserved; });
  memory.def("peak", [] { return host_allocator().stats().peak; });
  memory.def("reset_peak", [] { host_allocator().reset_peak(); });
  memory.def("empty_cache", [] { host_allocator().empty_cache(); }, py::call_guard<py::gil_scoped_release>());
  memory.def("stats", &stats_dict);
  memory.def("holders", &holders_list);
  memory.def("set_limit", &set_limit, py::arg("nbytes"));
  memory.def("_fail_after", [](int64_t n) { fail_after(n); }, py::arg("n"));
}

}  // namespace weft::python
