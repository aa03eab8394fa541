// Machine code of kernels kept on disk from one process to the next. Whatever goes wrong with a file, a folder or the
// disk, the cache only answers that it does not have the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace weft::cuda {

class KernelCache {
 public:
  // folder: empty for a cache that keeps nothing. The least recently used kernels go when all take more than max_bytes.
  explicit KernelCache(std::string folder, uint64_t max_bytes = uint64_t{256} << 20)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  // What $WEFT_KERNEL_CACHE names (0: nothing), else weft/kernels in $XDG_CACHE_HOME or ~/.cache.
  static std::string default_folder();

  // key: all that the code depends on, of any length. It is compared as a whole.
  std::optional<std::string> find(const std::string& key) const noexcept;
  void keep(const std::string& key, const std::string& code) const noexcept;
  // Where the code of a key lies, if it does.
  std::string path_of(const std::string& key) const;

 private:
  void trim(const std::string& newest) const;

  std::string folder_;
  uint64_t max_bytes_;
};

}  // namespace weft::cuda
