#include "core/device.h"

#include <charconv>

#include "core/error.h"

namespace weft {

namespace {
constexpr const char* kTypeNames[kNumDeviceTypes] = {"cpu", "meta", "cuda", "privateuse"};
thread_local int8_t current_indices[kNumDeviceTypes] = {};
thread_local Device of_kernels;
}  // namespace

int8_t current_index(DeviceType type) { return current_indices[static_cast<int>(type)]; }
void set_current_index(DeviceType type, int8_t index) { current_indices[static_cast<int>(type)] = index; }
Device kernel_device() { return of_kernels; }
void set_kernel_device(Device d) { of_kernels = d; }

std::string device_name(Device d) {
  std::string name = kTypeNames[static_cast<int>(d.type)];
  if (d.type == DeviceType::CUDA || d.type == DeviceType::PrivateUse) name += ":" + std::to_string(d.index);
  return name;
}

void append_text(std::string& out, Device d) { out += device_name(d); }

Device parse_device(std::string_view text) {
  std::string_view head = text.substr(0, text.find(':'));
  for (int i = 0; i < kNumDeviceTypes; i++) {
    if (head != kTypeNames[i]) continue;
    Device d{static_cast<DeviceType>(i), current_indices[i]};
    if (head.size() == text.size()) return d;
    std::string_view digits = text.substr(head.size() + 1);
    int index = -1;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    check(error == std::errc() && end == digits.data() + digits.size() && index >= 0 && index < 128, "device: '", text,
          "' has no valid index after the colon; expected for example 'cuda:0'");
    check(index == 0 || d.type == DeviceType::CUDA || d.type == DeviceType::PrivateUse, "device: there is only one '",
          head, "' device, got '", text, "'");
    d.index = static_cast<int8_t>(index);
    return d;
  }
  fail("device: unknown device '", text, "'; expected one of cpu, cuda, cuda:N, meta");
}

}  // namespace weft
