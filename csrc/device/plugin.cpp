#include "device/plugin.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "core/error.h"
#include "device/backend.h"

namespace weft {

namespace {

std::string problems[kNumDeviceTypes];
LibraryFolders folders_hook = nullptr;
std::vector<std::string> known_folders;

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
  info->register_kernels();
  register_backend(info->type, info->create());  // last: from now on other threads find the device
}

void load_default_plugin(DeviceType type) {
  static std::atomic<bool> done{false};
  if (type != DeviceType::CUDA || done) return;
  // Asked before the lock is taken: the hook may have to wait for a thread that waits for the lock.
  std::vector<std::string> folders = folders_hook ? folders_hook() : std::vector<std::string>();
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  if (done) return;
  known_folders = std::move(folders);
  const char* chosen = std::getenv("WEFT_CUDA_PLUGIN");
  bool named = chosen && *chosen;
  std::filesystem::path path = named ? chosen : own_folder() / "libweft_cuda.so";
  std::string& problem = problems[static_cast<int>(type)];
  if (!std::filesystem::exists(path)) {
    problem = named ? concat("$WEFT_CUDA_PLUGIN names ", path.string(), ", which does not exist")
                    : "this Weft was built without the CUDA plug-in (libweft_cuda.so); install it on a machine where "
                      "nvcc is found";
  } else {
    try {
      load_plugin(path.string());
    } catch (const Error& e) {
      problem = e.message();
    }
  }
  done = true;
}

std::string plugin_problem(DeviceType type) {
  const std::string& problem = problems[static_cast<int>(type)];
  return problem.empty() ? "no plug-in for it is loaded" : problem;
}

void set_library_folders(LibraryFolders hook) { folders_hook = hook; }
const std::vector<std::string>& library_folders() { return known_folders; }

}  // namespace weft
