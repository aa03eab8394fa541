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

// "cpu", "cuda:1"
std::string device_name(Device d);
void append_text(std::string& out, Device d);
// Reads "cpu", "cuda", "cuda:1", "meta"; raises RuntimeError that lists the known names otherwise.
Device parse_device(std::string_view text);

}  // namespace weft
