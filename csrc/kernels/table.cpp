#include "kernels/table.h"

#include "core/error.h"
#include "device/cpu/isa.h"

// The linker defines these around the section that WEFT_KERNEL_ fills.
extern "C" {
extern weft::KernelEntry __start_weft_kernels[] __attribute__((visibility("hidden")));
extern weft::KernelEntry __stop_weft_kernels[] __attribute__((visibility("hidden")));
}

namespace weft {

void KernelTableBase::missing(Device device) const {
  fail<ErrorKind::NotImplemented>("'", name, "' is not implemented on device '", device,
                                  "'; move the tensors to the CPU for this op");
}

void register_kernel(const KernelEntry& entry) {
  KernelTableBase& table = *entry.table;
  if (entry.device == static_cast<int8_t>(DeviceType::CPU) && entry.isa > isa_level()) return;
  if (table.isa[entry.device] > entry.isa) return;
  table.cells[entry.device] = entry.kernel;
  table.isa[entry.device] = entry.isa;
}

namespace {

const bool registered = [] {
  for (KernelEntry* e = __start_weft_kernels; e != __stop_weft_kernels; e++) register_kernel(*e);
  return true;
}();

}  // namespace

}  // namespace weft
