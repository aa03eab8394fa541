// Plug-ins: shared libraries that bring a type of device with its kernels. kernels/plugin.h is their side of it, and
// docs/adding-a-device.md shows a whole one. Nothing of a plug-in runs before it is needed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/device.h"

namespace weft {

class DeviceBackend;

// Changes whenever a plug-in built for an older Weft would not work with this one.
constexpr uint32_t kPluginVersion = 4;

struct PluginInfo {
  uint32_t version;
  DeviceType type;
  // The backend lives for ever. One whose devices cannot be used has count() 0 and says why; it does not throw.
  DeviceBackend* (*create)();
  // Fills the kernel tables.
  void (*register_kernels)();
};

// Opens the library and registers its backend and kernels. Raises RuntimeError that says why it cannot be used.
void load_plugin(const std::string& path);

// Looks for the plug-in of a type once: the file that $WEFT_CUDA_PLUGIN names, else libweft_cuda.so beside libweft.so.
void load_default_plugin(DeviceType type);
// Why there is no backend of this type.
std::string plugin_problem(DeviceType type);

// Folders in which plug-ins look for the vendor's libraries, beside those the system knows. The hook is asked
// before the default plug-in is loaded; the Python package sets it to find the folders of installed wheels.
using LibraryFolders = std::vector<std::string> (*)();
void set_library_folders(LibraryFolders hook);
const std::vector<std::string>& library_folders();

}  // namespace weft
