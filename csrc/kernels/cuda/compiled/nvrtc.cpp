#include "kernels/cuda/compiled/nvrtc.h"

#include <dlfcn.h>

#include <memory>

#include "core/error.h"
#include "kernels/cuda/compiled/tile_source.h"

namespace weft::cuda {

namespace {

constexpr int kSuccess = 0, kCompilationError = 6;  // of nvrtcResult

template <class F>
void find(void* library, F& function, const char* name) {
  function = library ? reinterpret_cast<F>(dlsym(library, name)) : nullptr;
  if (!function) throw NvrtcUnavailable(concat("libnvrtc.so.13 lacks the function ", name));
}

}  // namespace

Nvrtc::Nvrtc(void* library) {
  if (!library) throw NvrtcUnavailable("libnvrtc.so.13 is missing");
  find(library, create_, "nvrtcCreateProgram");
  find(library, destroy_, "nvrtcDestroyProgram");
  find(library, compile_, "nvrtcCompileProgram");
  find(library, log_size_, "nvrtcGetProgramLogSize");
  find(library, log_, "nvrtcGetProgramLog");
  find(library, code_size_, "nvrtcGetCUBINSize");
  find(library, code_, "nvrtcGetCUBIN");
  find(library, version_function_, "nvrtcVersion");
  find(library, error_string_, "nvrtcGetErrorString");
  int major = 0, minor = 0;
  version_function_(&major, &minor);
  version_ = concat(major, ".", minor);
}

// As nvcc is told for all other kernels: multiplications and additions are fused where the source says so, and nothing
// is computed less exactly.
std::vector<std::string> Nvrtc::options(int architecture) {
  return {concat("--gpu-architecture=sm_", architecture),
          "--std=c++20",
          "--fmad=false",
          "--ftz=false",
          "--prec-div=true",
          "--prec-sqrt=true",
          "-default-device"};
}

std::string Nvrtc::compile(const std::string& source, int architecture) const {
  auto check_call = [&](int result) {
    if (result != kSuccess) throw NvrtcUnavailable(concat("NVRTC ", version_, ": ", error_string_(result)));
  };
  std::vector<const char*> names, texts, flags;
  for (const SourceFile& file : device_headers()) {
    names.push_back(file.name);
    texts.push_back(file.text);
  }
  std::vector<std::string> chosen = options(architecture);
  for (const std::string& option : chosen) flags.push_back(option.c_str());
  Program program = nullptr;
  check_call(create_(&program, source.c_str(), "tile.cu", static_cast<int>(names.size()), texts.data(), names.data()));
  auto destroy = [this](Program* p) { destroy_(p); };
  std::unique_ptr<Program, decltype(destroy)> owner(&program, destroy);
  int result = compile_(program, static_cast<int>(flags.size()), flags.data());
  size_t size = 0;
  if (result != kSuccess) {
    std::string log;
    if (log_size_(program, &size) == kSuccess) {
      log.resize(size);
      log_(program, log.data());
      log = log.c_str();
    }
    if (result != kCompilationError)
      throw NvrtcUnavailable(concat("NVRTC ", version_, " for sm_", architecture, ": ", error_string_(result),
                                    log.empty() ? "" : ": ", log.substr(0, log.find('\n'))));
    fail("jit: internal error: NVRTC ", version_, " does not compile a fused kernel for sm_", architecture,
         "; please report it (WEFT_CUDA_NVRTC=0 in the environment does without compiled kernels):\n", log, "\n",
         source);
  }
  check_call(code_size_(program, &size));
  std::string code(size, '\0');
  check_call(code_(program, code.data()));
  return code;
}

}  // namespace weft::cuda
