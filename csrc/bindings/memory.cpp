// weft._C.memory: statistics and limits of the allocators.
#include "bindings/gil.h"
#include "bindings/tensor_object.h"
#include "device/backend.h"
#include "memory/allocator.h"
#include "memory/mapped_file.h"

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

// All bytes of an open file, as a vector that is read when it is touched; changes stay in memory.
Tensor map_file(int64_t handle, const std::string& name) {
  auto file = std::make_shared<MappedFile>(static_cast<int>(handle), name);
  const Shape shape{static_cast<int64_t>(file->nbytes())};
  return from_memory(file->data(), shape, contiguous_strides(shape), DType::UInt8, file);
}

}  // namespace

void bind_memory(Family& m) {
  Family memory = m.submodule("memory", "What weft.memory and weft.cuda's memory functions are made of.");
  memory.function(
      "allocated", "(device='cpu')", [](Device d) { return allocator_of(d).stats().allocated; },
      "The bytes that tensors on a device hold now.\n\n"
      ">>> import weft\n"
      ">>> before = weft._C.memory.allocated()\n"
      ">>> x = weft.zeros(1000)\n"
      ">>> weft._C.memory.allocated() - before\n"
      "4000\n");
  memory.function(
      "reserved", "(device='cpu')", [](Device d) { return allocator_of(d).stats().reserved; },
      "The bytes taken from a device: those that tensors hold and those kept for later ones.\n\n"
      ">>> import weft\n"
      ">>> weft._C.memory.reserved() >= weft._C.memory.allocated()\n"
      "True\n");
  memory.function(
      "peak", "(device='cpu')", [](Device d) { return allocator_of(d).stats().peak; },
      "The largest value of allocated() since the start or the last reset_peak().\n\n"
      ">>> import weft\n"
      ">>> weft._C.memory.peak() >= weft._C.memory.allocated()\n"
      "True\n");
  memory.function(
      "reset_peak", "(device='cpu')", [](Device d) { allocator_of(d).reset_peak(); },
      "Lets peak() count anew, from the bytes that tensors hold now.\n\n"
      ">>> import weft\n"
      ">>> weft._C.memory.reset_peak()\n");
  memory.function(
      "empty_cache", "(device='cpu')",
      [](Device d) {
        GilRelease release;
        allocator_of(d).empty_cache();
      },
      "Gives memory that is kept for later tensors back to the device.\n\n"
      ">>> import weft\n"
      ">>> weft._C.memory.empty_cache()\n");
  memory.function(
      "stats", "(device='cpu')", &stats_dict,
      "What the allocator of a device counts, as a dict.\n\n"
      "Bytes: 'allocated', 'reserved', 'peak' and 'limit'. Requests: 'allocations', and 'cache_hits', those of\n"
      "them that the cache answered.\n\n"
      ">>> import weft\n"
      ">>> sorted(weft._C.memory.stats())\n"
      "['allocated', 'allocations', 'cache_hits', 'limit', 'peak', 'reserved']\n");
  memory.function(
      "holders", "(device='cpu')", &holders_list,
      "Who holds memory of a device: a tuple of name, bytes and number of blocks for each op that made tensors.\n\n"
      ">>> import weft\n"
      ">>> x = weft.zeros(100000)\n"
      ">>> [holder for holder in weft._C.memory.holders() if holder[1] >= x.nbytes] != []\n"
      "True\n");
  memory.function("set_limit", "(nbytes, device='cpu')", &set_limit,
                  "Sets how many bytes may be taken from a device; None: as many as there are.\n\n"
                  "A request beyond that raises weft.OutOfMemoryError. Raises ValueError unless nbytes is positive.\n\n"
                  ">>> import weft\n"
                  ">>> weft._C.memory.set_limit(None)\n");
  memory.function("set_layer", "(path)", &set_allocation_layer,
                  "Labels new blocks with this layer beside their op, on this thread; '' ends that.\n\n"
                  ">>> import weft\n"
                  ">>> weft._C.memory.set_layer('encoder.0')\n"
                  ">>> weft._C.memory.set_layer('')\n");
  memory.function("_lost_files", "()", [] { return lost_files.load(); });
  memory.function("_map_file", "(handle, name)", &map_file);
  memory.function("_fail_after", "(n)", [](int64_t n) { fail_after(n); });
}

}  // namespace weft::python
