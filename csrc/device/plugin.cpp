#include "device/plugin.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "core/error.h"
#include "device/backend.h"

namespace weft {

namespace {

std::string problems[kNumDeviceTypes];
LibraryFolders folders_hook = nullptr;

// libweft.so's folder.
std::filesystem::path own_folder() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<void*>(&load_plugin), &info) || !info.dli_fname) return {};
  std::error_code error;
  std::filesystem::path path = std::filesystem::canonical(info.dli_fname, error);
  return error ? std::filesystem::path() : path.parent_path();
}

}  // namespace

void load_plugin(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* reason = dlerror();
    fail("the plug-in ", path, " cannot be opened: ", reason ? reason : "unknown reason");
  }
  auto* info = static_cast<const PluginInfo*>(dlsym(library, "weft_plugin"));
  check(info != nullptr, "the library ", path, " is no plug-in for Weft: it does not export 'weft_plugin'");
  check(info->version == kPluginVersion, "the plug-in ", path,
        " was built for another version of Weft (plug-in version ", info->version, ", expected ", kPluginVersion, ")");
  check(info->type != DeviceType::CPU && info->type != DeviceType::Meta, "the plug-in ", path,
        " wants to replace a built-in device");
  register_backend(info->type, info->create());
  info->register_kernels();
}

void load_default_plugin(DeviceType type) {
  if (type != DeviceType::CUDA) return;
  static std::once_flag once;
  std::call_once(once, [] {
    std::string& problem = problems[static_cast<int>(DeviceType::CUDA)];
    const char* chosen = std::getenv("WEFT_CUDA_PLUGIN");
    std::filesystem::path path = chosen && *chosen ? chosen : own_folder() / "libweft_cuda.so";
    if (!std::filesystem::exists(path)) {
      problem = chosen && *chosen ? concat("$WEFT_CUDA_PLUGIN names ", path.string(), ", which does not exist")
                                  : "this Weft was built without the CUDA plug-in (libweft_cuda.so); install it on a "
                                    "machine where nvcc is found";
      return;
    }
    try {
      load_plugin(path.string());
    } catch (const Error& e) {
      problem = e.message();
    }
  });
}

std::string plugin_problem(DeviceType type) {
  const std::string& problem = problems[static_cast<int>(type)];
  return problem.empty() ? "no plug-in for it is loaded" : problem;
}

void set_library_folders(LibraryFolders hook) { folders_hook = hook; }
std::vector<std::string> library_folders() { return folders_hook ? folders_hook() : std::vector<std::string>(); }

}  // namespace weft
