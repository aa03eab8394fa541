#include "device/cuda/libraries.h"

#include <dlfcn.h>
#include <link.h>

#include <filesystem>

#include "device/plugin.h"

namespace weft::cuda {

namespace {

void* cublaslt = nullptr;
void* cudnn = nullptr;
void* nvrtc = nullptr;

// Folders below one that holds NVIDIA's wheels ("nvidia") or libraries themselves.
constexpr const char* kPlaces[] = {"", "cu13/lib", "cudnn/lib", "cuda_runtime/lib", "cuda_nvrtc/lib", "cublas/lib"};

std::vector<std::filesystem::path> search_path() {
  std::vector<std::filesystem::path> found;
  for (const std::string& folder : library_folders())
    for (const char* place : kPlaces) found.push_back(std::filesystem::path(folder) / place);
  return found;
}

void* open(const char* name, const std::vector<std::filesystem::path>& folders) {
  if (void* library = dlopen(name, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD)) return library;
  for (const std::filesystem::path& folder : folders) {
    std::filesystem::path path = folder / name;
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) return library;
  }
  return dlopen(name, RTLD_NOW | RTLD_GLOBAL);
}

// NVRTC asks the system for a library that lies beside it, which the system may not know.
void open_builtins_of(void* library) {
  link_map* map = nullptr;
  if (!library || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 || !map) return;
  std::error_code error;
  for (auto& file : std::filesystem::directory_iterator(std::filesystem::path(map->l_name).parent_path(), error))
    if (file.path().filename().string().starts_with("libnvrtc-builtins.so.13"))
      dlopen(file.path().c_str(), RTLD_NOW | RTLD_GLOBAL);
}

}  // namespace

std::vector<std::string> open_libraries() {
  std::vector<std::string> missing;
#ifndef WEFT_CUDA_SIMULATOR
  std::vector<std::filesystem::path> folders = search_path();
  // cuDNN looks for these two itself, but only where the system does.
  if (!open("libcudart.so.13", folders)) missing.push_back("libcudart.so.13");
  nvrtc = open("libnvrtc.so.13", folders);
  if (!nvrtc) missing.push_back("libnvrtc.so.13");
  open_builtins_of(nvrtc);
  cublaslt = open("libcublasLt.so.13", folders);
  if (!cublaslt) missing.push_back("libcublasLt.so.13");
  open("libcublas.so.13", folders);
  cudnn = open("libcudnn.so.9", folders);
  if (!cudnn) missing.push_back("libcudnn.so.9");
#else
  static_cast<void>(search_path);
  static_cast<void>(open);
  static_cast<void>(open_builtins_of);
  Dl_info own{};
  dladdr(reinterpret_cast<void*>(&open_libraries), &own);
  cublaslt = nvrtc = dlopen(own.dli_fname, RTLD_NOW);  // the simulator brings the functions
#endif
  return missing;
}

void* cublaslt_library() { return cublaslt; }
void* cudnn_library() { return cudnn; }
void* nvrtc_library() { return nvrtc; }

}  // namespace weft::cuda
