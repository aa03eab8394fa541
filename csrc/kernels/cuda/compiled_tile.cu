#include "kernels/cuda/compiled_tile.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "core/other_threads.h"
#include "device/cuda/libraries.h"
#include "kernels/cuda/compiled/kernel_cache.h"
#include "kernels/cuda/compiled/nvrtc.h"
#include "kernels/cuda/compiled/tile_source.h"

namespace weft::cuda {
namespace {

using Step = TileForm::Step;

// NVRTC, the kernels that this process has compiled or found on disk, and whether there is any use in asking.
class Compiler {
 public:
  // nullptr: kernels cannot be compiled.
  cudaKernel_t kernel(const TileForm& form) {
    if (off_) return nullptr;
    std::string key = form.key();
    int architecture = architecture_of(kernel_device().index);
    key.push_back(static_cast<char>(architecture));
    if (std::shared_lock lock(mutex_, std::try_to_lock); lock) {
      auto known = kernels_.find(key);
      if (known != kernels_.end()) return known->second;
    }
    OthersRun others;
    std::lock_guard lock(mutex_);
    auto [place, fresh] = kernels_.try_emplace(std::move(key), nullptr);
    if (!fresh || off_) return place->second;
    try {
      place->second = load(code_of(tile_source(form), architecture));
    } catch (const NvrtcUnavailable& e) {
      off_ = true;
      std::fprintf(stderr,
                   "weft: fused kernels are interpreted, which takes longer, because they cannot be compiled: %s "
                   "(pip install 'weft[cuda]' brings NVRTC; WEFT_CUDA_NVRTC=0 in the environment silences this)\n",
                   e.what());
    } catch (...) {
      kernels_.erase(place);
      throw;
    }
    return place->second;
  }

 private:
  static bool switched_off() {
    const char* chosen = std::getenv("WEFT_CUDA_NVRTC");
#ifdef WEFT_CUDA_SIMULATOR
    return !chosen || *chosen != '1';  // its stand-in for NVRTC needs a C++ compiler and seconds
#else
    return chosen && *chosen == '0';
#endif
  }

  static int architecture_of(int device) {
    static std::atomic<int> known[kMaxDevices] = {};
    std::atomic<int>& architecture = known[device];
    if (architecture == 0) {
      cudaDeviceProp p{};
      check(cudaGetDeviceProperties(&p, device), "cudaGetDeviceProperties");
      architecture = p.major * 10 + p.minor;
    }
    return architecture;
  }

  std::string code_of(const std::string& source, int architecture) {
    if (!nvrtc_) nvrtc_ = std::make_unique<Nvrtc>(nvrtc_library());
    std::string key = concat("NVRTC ", nvrtc_->version(), "\n");
    for (const std::string& option : Nvrtc::options(architecture)) key += option + "\n";
    for (const SourceFile& file : device_headers()) key += concat(file.name, "\n", file.text);
    key += source;
    if (std::optional<std::string> kept = disk_.find(key)) return *kept;
    std::string code = nvrtc_->compile(source, architecture);
    disk_.keep(key, code);
    return code;
  }

  static cudaKernel_t load(const std::string& code) {
    cudaLibrary_t library = nullptr;
    cudaKernel_t kernel = nullptr;
    check(cudaLibraryLoadData(&library, code.data(), nullptr, nullptr, 0, nullptr, nullptr, 0), "cudaLibraryLoadData");
    check(cudaLibraryGetKernel(&kernel, library, "tile"), "cudaLibraryGetKernel");
    return kernel;  // it stays loaded for the life of the process
  }

  std::shared_mutex mutex_;
  std::atomic<bool> off_{switched_off()};
  std::unordered_map<std::string, cudaKernel_t> kernels_;
  std::unique_ptr<Nvrtc> nvrtc_;
  const KernelCache disk_{KernelCache::default_folder()};
};

Compiler& compiler() {
  static auto* compiler = new Compiler;  // kernels may run until the process ends
  return *compiler;
}

// The bytes of a kernel's argument, member after member.
class Arguments {
 public:
  template <class T>
  void add(const T& v) {
    size_ = (size_ + alignof(T) - 1) / alignof(T) * alignof(T);
    std::memcpy(bytes_ + size_, &v, sizeof v);
    size_ += sizeof v;
  }
  void* data() { return bytes_; }

 private:
  static constexpr size_t kMost = 4096;  // of a kernel's arguments
  alignas(16) unsigned char bytes_[kMost] = {};
  size_t size_ = 0;
};

TileForm::Step step_of(const TilePart& part, int operand) {
  int32_t inner = part.plan.strides[operand][part.plan.ndim - 1];
  return inner == 1 ? Step::One : inner == 0 && operand > 0 ? Step::None : Step::Other;
}

// Do runs of `pack` neighbours lie together and aligned in every operand?
bool packs(const TilePart& part, const std::vector<Step>& steps, int pack) {
  int last = part.plan.ndim - 1;
  auto fits = [&](const void* p, DType dtype, int operand) {
    size_t run = item_size(dtype) * static_cast<size_t>(pack);
    if (reinterpret_cast<uintptr_t>(p) % (run < 16 ? run : 16) != 0) return false;
    for (int d = 0; d < last; d++)
      if (part.plan.strides[operand][d] % pack) return false;
    return true;
  };
  if (steps[0] != Step::One || (last > 0 && part.plan.size[last].d % static_cast<uint32_t>(pack))) return false;
  for (int k = 0; k < part.num_outputs; k++)
    if (!fits(part.out_data(k), part.out[k].dtype, 0)) return false;
  for (int k = 0; k < part.num_inputs; k++) {
    Step s = steps[static_cast<size_t>(k + 1)];
    if (s == Step::Other || (s == Step::One && !fits(part.in_data(k), part.in[k].dtype, k + 1))) return false;
  }
  return true;
}

TileForm form_of(const TilePart& part) {
  const TileProgram& program = part.program;
  TileForm f;
  f.compute = program.compute;
  f.instructions.assign(program.instructions, program.instructions + program.count);
  f.num_constants = program.num_constants;
  f.ndim = part.plan.ndim;
  f.registers.assign(program.outputs, program.outputs + part.num_outputs);
  for (int k = 0; k < part.num_outputs; k++) f.outputs.push_back(part.out[k].dtype);
  f.steps.push_back(step_of(part, 0));
  for (int k = 0; k < part.num_inputs; k++) {
    f.inputs.push_back(part.in[k].dtype);
    f.steps.push_back(part.is_number(k) ? Step::Number : step_of(part, k + 1));
  }
  int pack = tile_pack(f);
  if (packs(part, f.steps, pack)) f.pack = pack;
  return f;
}

template <class C>
void add_numbers(Arguments& a, const TilePart& part) {
  for (int k = 0; k < part.num_inputs; k++)
    if (part.is_number(k)) a.add(load<C>(part.in[k].data, part.in[k].dtype, 0));
  for (int k = 0; k < part.program.num_constants; k++) a.add(static_cast<C>(part.program.constants[k]));
}

// As tile_source.h describes struct Call.
Arguments arguments_of(const TilePart& part) {
  Arguments a;
  for (int k = 0; k < part.num_outputs; k++) a.add(part.out_data(k));
  for (int k = 0; k < part.num_inputs; k++) a.add(part.is_number(k) ? static_cast<void*>(nullptr) : part.in_data(k));
  part.program.compute == DType::Float64 ? add_numbers<double>(a, part) : add_numbers<float>(a, part);
  a.add(part.plan.numel);
  for (int d = 0; d < part.plan.ndim; d++) a.add(part.plan.size[d]);
  for (int k = 0; k <= part.num_inputs; k++)
    for (int d = 0; d < part.plan.ndim; d++) a.add(part.plan.strides[k][d]);
  return a;
}

}  // namespace

bool run_compiled(const TilePart& part) {
  TileForm form = form_of(part);
  cudaKernel_t kernel = compiler().kernel(form);
  if (!kernel) return false;
  Arguments arguments = arguments_of(part);
  void* list[] = {arguments.data()};
  Grid grid = grid_for(divide_up(part.plan.numel, form.pack), kTileThreads, form.pack > 1 ? 1 << 24 : 1 << 16);
  check(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid.blocks, grid.threads, list, 0, stream()),
        "cudaLaunchKernel");
  check_launch();
  return true;
}

}  // namespace weft::cuda
