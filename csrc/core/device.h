// Device: where a tensor lives. CPU and meta (shapes without data) are built in; other types come as plug-ins.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weft {

enum class DeviceType : uint8_t { CPU, Meta, CUDA, PrivateUse };
constexpr int kNumDeviceTypes = 4;

struct Device {
  DeviceType type = DeviceType::CPU;
  int8_t index = 0;
  bool operator==(const Device&) const = default;
};

// The index that "cuda" without a number means on this thread; 0 until it is set.
int8_t current_index(DeviceType type);
void set_current_index(DeviceType type, int8_t index);
// The device that this thread's kernel calls are for; set by the kernel table, read by the kernels of plug-ins.
Device kernel_device();
void set_kernel_device(Device d);

// "cpu", "cuda:1"
std::string device_name(Device d);
void append_text(std::string& out, Device d);
// Reads "cpu", "cuda", "cuda:1", "meta"; raises RuntimeError that lists the known names otherwise.
Device parse_device(std::string_view text);

}  // namespace weft
