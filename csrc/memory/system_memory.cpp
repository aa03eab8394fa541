#include "memory/system_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>
#include <vector>

namespace weft {

namespace {

constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// "max" and absent files mean no limit.
size_t read_limit(const std::string& path) {
  std::string text = read_file(path);
  return text.empty() || text[0] < '0' || text[0] > '9' ? kUnlimited : std::strtoull(text.c_str(), nullptr, 10);
}

// One control group that bounds this process's memory.
struct MemoryGroup {
  std::string folder;
  const char* limit_file;
  const char* usage_file;
  const char* cache_key;  // page cache, which the kernel gives back when memory is short
  size_t limit() const { return read_limit(folder + limit_file); }
  size_t available() const {
    size_t most = limit();
    if (most == kUnlimited) return most;
    size_t used = read_limit(folder + usage_file);
    size_t cache = read_memory_field(read_file(folder + "/memory.stat"), cache_key);
    used -= std::min(used, cache);
    return most - std::min(most, used);
  }
};

// The process's groups and all their ancestors, of both versions of the interface.
std::vector<MemoryGroup> find_memory_groups() {
  std::vector<MemoryGroup> groups;
  std::istringstream lines(read_file("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    bool unified = line.starts_with("0::");
    if (!unified && controllers.find("memory") == std::string_view::npos) continue;
    std::string root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    std::string path = line.substr(second + 1);
    while (true) {
      while (path.ends_with('/')) path.pop_back();
      MemoryGroup group =
          unified ? MemoryGroup{root + path, "/memory.max", "/memory.current", "file"}
                  : MemoryGroup{root + path, "/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_cache"};
      if (group.limit() != kUnlimited) groups.push_back(group);
      if (path.empty()) break;
      path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  }
  return groups;
}

class HostSystemMemory : public SystemMemory {
 public:
  HostSystemMemory() : groups_(find_memory_groups()) {
    std::string info = read_file("/proc/meminfo");
    total_ = read_memory_field(info, "MemTotal:") + read_memory_field(info, "SwapTotal:");
    if (total_ == 0) {
      total_ = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
    }
    for (const MemoryGroup& group : groups_) total_ = std::min(total_, group.limit());
  }

  void* map(size_t nbytes) override {
    // One huge page more, so that an aligned range can be cut out.
    size_t span = nbytes + kHugePage;
    void* base = mmap(nullptr, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) return nullptr;
    auto begin = reinterpret_cast<uintptr_t>(base);
    uintptr_t data = (begin + kHugePage - 1) / kHugePage * kHugePage;
    if (data != begin) munmap(base, data - begin);
    size_t behind = begin + span - (data + nbytes);
    if (behind) munmap(reinterpret_cast<void*>(data + nbytes), behind);
    // Touching 64 MB for the first time: 16 ms in pages of 4 KB, 4 ms in huge ones. A wish only; failure is harmless.
    if (nbytes >= kHugePage) madvise(reinterpret_cast<void*>(data), nbytes, MADV_HUGEPAGE);
    return reinterpret_cast<void*>(data);
  }

  size_t unmap(void* data, size_t nbytes) noexcept override { return munmap(data, nbytes) == 0 ? nbytes : 0; }

  size_t total() override { return total_; }

  size_t available(size_t reserved) override {
    std::string info = read_file("/proc/meminfo");
    size_t free = read_memory_field(info, "MemAvailable:") + read_memory_field(info, "SwapFree:");
    if (free == 0) free = total_;
    for (const MemoryGroup& group : groups_) free = std::min(free, group.available());
    // Mapped pages that were never touched are still counted as free there.
    size_t pages[2] = {0, 0};
    std::istringstream(read_file("/proc/self/statm")) >> pages[0] >> pages[1];
    size_t resident = pages[1] * static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size_t untouched = reserved - std::min(reserved, resident);
    return free - std::min(free, untouched);
  }

 private:
  std::vector<MemoryGroup> groups_;
  size_t total_ = 0;
};

}  // namespace

SystemMemory& host_system_memory() {
  static auto* memory = new HostSystemMemory;
  return *memory;
}

size_t read_memory_field(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, unit;
    size_t value = 0;
    if (words >> name >> value && name == key) return words >> unit && unit == "kB" ? value * 1024 : value;
  }
  return 0;
}

}  // namespace weft
