// SystemMemory: the operating system as the allocator sees it: pages to map, and how many there are. Tests fake it.
#pragma once

#include <cstddef>
#include <string>

namespace weft {

constexpr size_t kPage = size_t{4} << 10;
constexpr size_t kHugePage = size_t{2} << 20;

class SystemMemory {
 public:
  virtual ~SystemMemory() = default;
  // A multiple of kPage, aligned to kHugePage; nullptr when the system refuses.
  virtual void* map(size_t nbytes) = 0;
  // Gives back any range of whole pages of what map() gave. Returns how many bytes from its start on the system took
  // back: all, unless that failed; unmap_problem() then says why.
  virtual size_t unmap(void* data, size_t nbytes) noexcept = 0;
  virtual std::string unmap_problem() const { return "the system did not take memory back"; }
  // True where unmap() takes back only what one map() gave, as a whole; such mappings must never touch each other.
  virtual bool whole_mappings_only() const { return false; }
  // All the memory this process could ever have.
  virtual size_t total() = 0;
  // What it could get now, when it has mapped `reserved` bytes, some of them not yet touched.
  virtual size_t available(size_t reserved) = 0;
};

// Maps anonymous memory with huge pages. Its total and available memory count physical memory and swap, and respect the
// limits of the process's control groups, because the kernel would kill the process for more.
SystemMemory& host_system_memory();

// The bytes of a line "key: 123 kB" of /proc/meminfo, or of "key 123" of a control group's memory.stat; 0 if absent.
size_t read_memory_field(const std::string& text, const std::string& key);

}  // namespace weft
