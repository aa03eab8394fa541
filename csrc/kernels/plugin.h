// A plug-in's side of device/plugin.h. One of its files says WEFT_PLUGIN(type, create), where `create` makes its
// DeviceBackend; each of its kernels is registered with WEFT_DEVICE_KERNEL(type, table, kernel).
#pragma once

#include "device/plugin.h"
#include "kernels/table.h"

#define WEFT_DEVICE_KERNEL(type, table, kernel) WEFT_KERNEL_(table, kernel, ::weft::DeviceType::type, 0, __COUNTER__)

// The linker defines the two ends of the section that the registrations fill.
#define WEFT_PLUGIN(device_type, create_backend)                                           \
  extern "C" {                                                                             \
  extern ::weft::KernelEntry __start_weft_kernels[] __attribute__((visibility("hidden"))); \
  extern ::weft::KernelEntry __stop_weft_kernels[] __attribute__((visibility("hidden")));  \
  __attribute__((visibility("default"))) extern const ::weft::PluginInfo weft_plugin;      \
  const ::weft::PluginInfo weft_plugin = {                                                 \
      ::weft::kPluginVersion, ::weft::DeviceType::device_type, create_backend, [] {        \
        for (::weft::KernelEntry* e = __start_weft_kernels; e != __stop_weft_kernels; e++) \
            ::weft::register_kernel(*e);                                                   \
      }};                                                                                  \
  }
