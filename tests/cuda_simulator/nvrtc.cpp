// NVRTC for the simulated device: gcc compiles the source for the host, and "machine code" is a shared library with its
// length in front. Used where WEFT_CUDA_NVRTC=1 asks for it.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "simulator.h"

namespace fs = std::filesystem;

namespace {

// Words of CUDA C++ that the sources use; what they mean is in include/cuda_runtime.h.
constexpr const char* kBefore = R"(
#define __global__
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
struct dim3 {
  unsigned x, y, z;
};
namespace simulator {
extern dim3 thread_index, block_index, block_size, grid_size;
}
#define threadIdx simulator::thread_index
#define blockIdx simulator::block_index
#define blockDim simulator::block_size
#define gridDim simulator::grid_size
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>((static_cast<unsigned long>(a) * b) >> 32); }
)";
constexpr const char* kAfter = R"(
extern "C" {
extern const unsigned long tile_bytes = sizeof(weft::cuda::Call);
void tile_on_host(const void* call) { weft::cuda::tile(*static_cast<const weft::cuda::Call*>(call)); }
}
)";

struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "weft_simulator_XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path, error);
  }
};

struct Program {
  std::string source;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string log, code;
};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

int copy_out(const std::string& text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return 0;
}

}  // namespace

extern "C" {

int nvrtcCreateProgram(Program** program, const char* source, const char*, int count, const char* const* texts,
                       const char* const* names) {
  *program = new Program{source, {}, {}, {}};
  for (int i = 0; i < count; i++) (*program)->headers.emplace_back(names[i], texts[i]);
  return 0;
}
int nvrtcDestroyProgram(Program** program) {
  delete *program;
  return 0;
}
int nvrtcCompileProgram(Program* program, int, const char* const*) {
  {
    simulator::Lock lock(simulator::mutex);
    simulator::stay_while_held(lock);
  }
  Folder folder;
  // Not the stand-ins for the standard library.
  for (auto& [name, text] : program->headers)
    if (name.find('/') != std::string::npos) write_file(folder.path / name, text);
  write_file(folder.path / "tile.cpp", kBefore + program->source + kAfter);
  Dl_info own{};
  dladdr(reinterpret_cast<void*>(&nvrtcCompileProgram), &own);
  std::string command = std::string(WEFT_SIMULATOR_COMPILER) + " -std=gnu++20 -shared -fPIC -w -Wl,-Bsymbolic -I'" +
                        folder.path.string() + "' '" + (folder.path / "tile.cpp").string() + "' '" + own.dli_fname +
                        "' -o '" + (folder.path / "tile.so").string() + "' 2> '" + (folder.path / "log").string() + "'";
  bool done = std::system(command.c_str()) == 0;
  program->log = read_file(folder.path / "log");
  if (!done) return 6;
  std::string library = read_file(folder.path / "tile.so");
  uint64_t size = library.size();
  program->code = std::string(reinterpret_cast<const char*>(&size), sizeof size) + library;
  return 0;
}
int nvrtcGetProgramLogSize(Program* program, size_t* size) {
  *size = program->log.size() + 1;
  return 0;
}
int nvrtcGetProgramLog(Program* program, char* log) { return copy_out(program->log + '\0', log); }
int nvrtcGetCUBINSize(Program* program, size_t* size) {
  *size = program->code.size();
  return 0;
}
int nvrtcGetCUBIN(Program* program, char* code) { return copy_out(program->code, code); }
int nvrtcVersion(int* major, int* minor) {
  *major = *minor = 0;
  return 0;
}
const char* nvrtcGetErrorString(int) { return "simulated NVRTC error"; }

}  // extern "C"

namespace simulator {

struct Kernel {
  void (*run)(const void* call);
  size_t bytes;
};

}  // namespace simulator

cudaError_t cudaLibraryLoadData(cudaLibrary_t* library, const void* code, void*, void*, unsigned, void*, void*,
                                unsigned) {
  uint64_t size = 0;
  std::memcpy(&size, code, sizeof size);
  Folder folder;
  fs::path path = folder.path / "tile.so";
  write_file(path, std::string(static_cast<const char*>(code) + sizeof size, size));
  *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  return *library ? cudaSuccess : cudaErrorInvalidValue;
}
cudaError_t cudaLibraryGetKernel(cudaKernel_t* kernel, cudaLibrary_t library, const char* name) {
  auto* run = reinterpret_cast<void (*)(const void*)>(dlsym(library, (std::string(name) + "_on_host").c_str()));
  auto* bytes = static_cast<const size_t*>(dlsym(library, (std::string(name) + "_bytes").c_str()));
  if (!run || !bytes) return cudaErrorInvalidValue;
  *kernel = new simulator::Kernel{run, *bytes};
  return cudaSuccess;
}
cudaError_t cudaLaunchKernel(const void* function, dim3 blocks, dim3 threads, void** arguments, size_t shared,
                             cudaStream_t stream) {
  auto* kernel = static_cast<const simulator::Kernel*>(function);
  std::vector<std::max_align_t> call(kernel->bytes / sizeof(std::max_align_t) + 1);
  std::memcpy(call.data(), arguments[0], kernel->bytes);
  return simulator::run([run = kernel->run, call = std::move(call)] { run(call.data()); }, blocks, threads, shared,
                        stream);
}
