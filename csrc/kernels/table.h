// KernelTable: one named cell per device type, filled with the best kernel for this machine. kernels/<family>.h
// declares the tables of a family, ops/<family>.cpp defines them, kernels/cpu/<family>.cpp (and cuda/) fill them.
//
//   // kernels/softmax.h
//   using SoftmaxKernel = void(StridedView out, StridedView in, int dim);
//   extern KernelTable<SoftmaxKernel> softmax_kernel;
//   // ops/softmax.cpp
//   constinit KernelTable<SoftmaxKernel> softmax_kernel{"softmax"};
//   // kernels/cpu/softmax.cpp, compiled once per ISA level, at the end:
//   WEFT_CPU_KERNEL(softmax_kernel, softmax_cpu);
//   // ops/softmax.cpp
//   softmax_kernel(x.device(), view_of(out), view_of(x), dim);
//
// Registration is constant data in a linker section, so that no code compiled for AVX-512 runs at load time.
#pragma once

#include "core/device.h"

namespace weft {

using AnyKernel = void (*)();

struct KernelTableBase {
  const char* name;
  AnyKernel cells[kNumDeviceTypes] = {};
  int8_t isa[kNumDeviceTypes] = {-1, -1, -1, -1};

  // Raises NotImplemented naming the kernel and the device.
  [[noreturn]] void missing(Device device) const;
};

template <class Signature>
struct KernelTable;

template <class... Args>
struct KernelTable<void(Args...)> : KernelTableBase {
  using Function = void (*)(Args...);
  void operator()(Device device, Args... args) const {
    AnyKernel cell = cells[static_cast<int>(device.type)];
    if (!cell) [[unlikely]]
      missing(device);
    if (device.type != DeviceType::CPU) set_kernel_device(device);
    reinterpret_cast<Function>(cell)(args...);
  }
  bool has(Device device) const { return cells[static_cast<int>(device.type)] != nullptr; }
};

// A kernel that may decline: it returns false, having done nothing, where it does not serve the case. So does a table
// without one for the device. Libraries' kernels are such; own kernels try them first.
template <class... Args>
struct KernelTable<bool(Args...)> : KernelTableBase {
  using Function = bool (*)(Args...);
  [[gnu::always_inline]] bool operator()(Device device, Args... args) const {
    AnyKernel cell = cells[static_cast<int>(device.type)];
    if (!cell) return false;
    if (device.type != DeviceType::CPU) set_kernel_device(device);
    return reinterpret_cast<Function>(cell)(args...);
  }
};

struct KernelEntry {
  KernelTableBase* table;
  AnyKernel kernel;
  int8_t device;
  int8_t isa;
};

// The same with the kernel's own type, because a constant initialiser must not cast it.
template <class Function>
struct TypedKernelEntry {
  KernelTableBase* table;
  Function kernel;
  int8_t device;
  int8_t isa;
};

// Puts the kernel into its table unless a better one for this machine is there already.
void register_kernel(const KernelEntry& entry);

}  // namespace weft

#define WEFT_CONCAT_(a, b) a##b
#define WEFT_CONCAT(a, b) WEFT_CONCAT_(a, b)
// The entries are read as one array: their own alignment keeps the compiler from choosing a larger one for each.
#define WEFT_KERNEL_(table_, kernel_, device_, isa_, id_)                                                        \
  static_assert(__is_same(decltype(&(kernel_)), decltype(table_)::Function),                                     \
                "the kernel's signature is not its table's");                                                    \
  [[gnu::section("weft_kernels"), gnu::used,                                                                     \
    gnu::aligned(alignof(::weft::KernelEntry))]] static constinit ::weft::TypedKernelEntry<decltype(&(kernel_))> \
  WEFT_CONCAT(kernel_entry_, id_) = {&(table_), &(kernel_), static_cast<int8_t>(device_), isa_}

// In a file compiled once per ISA level (csrc/kernels/cpu/*.cpp).
#define WEFT_CPU_KERNEL(table, kernel) WEFT_KERNEL_(table, kernel, ::weft::DeviceType::CPU, WEFT_ISA_LEVEL, __COUNTER__)
// In a file compiled once (csrc/kernels/cpu/onednn/*.cpp).
#define WEFT_CPU_LIBRARY_KERNEL(table, kernel) WEFT_KERNEL_(table, kernel, ::weft::DeviceType::CPU, 0, __COUNTER__)
