#include "memory/out_of_memory.h"

#include <algorithm>
#include <cstdio>

#include "core/error.h"

namespace weft {

std::atomic<int64_t> allocations_before_failure{-1};

std::string readable_size(size_t nbytes) {
  constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(nbytes);
  int unit = 0;
  while (value >= 1024 && unit < 6) {
    value /= 1024;
    unit++;
  }
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.2f %s", value, units[unit]);
  return text;
}

void fail_out_of_memory(const Allocator& allocator, const std::string& kind, size_t nbytes, size_t left,
                        const char* advice) {
  constexpr size_t kListed = 5;
  MemoryStats now = allocator.stats();
  std::string op = allocation_tag();
  std::string who;
  std::vector<MemoryHolder> list = allocator.holders();
  for (size_t i = 0; i < std::min(kListed, list.size()); i++) {
    who +=
        concat(i ? ", " : "; most is held by ", list[i].tag, ": ", readable_size(static_cast<size_t>(list[i].bytes)));
    if (list[i].blocks > 0) who += concat(" in ", list[i].blocks, list[i].blocks == 1 ? " block" : " blocks");
  }
  fail<ErrorKind::OutOfMemory>("out of memory: ", op, op.empty() ? "" : " ", "asked for ", readable_size(nbytes), " (",
                               nbytes, " bytes) of ", kind, "; tensors hold ",
                               readable_size(static_cast<size_t>(std::max<int64_t>(now.allocated, 0))), ", ",
                               readable_size(static_cast<size_t>(now.reserved)), " are reserved, the limit is ",
                               readable_size(static_cast<size_t>(now.limit)), " and the system has ",
                               readable_size(left), " left", who, ". Free some tensors or use smaller ones; ", advice);
}

void fail_after(int64_t n) { allocations_before_failure = n; }

void HolderList::add(const char* tag, size_t nbytes) {
  std::string name = *tag ? tag : "(no op)";
  auto known = std::find_if(list_.begin(), list_.end(), [&](const MemoryHolder& h) { return h.tag == name; });
  if (known == list_.end()) known = list_.insert(known, {name, 0, 0});
  known->bytes += static_cast<int64_t>(nbytes);
  known->blocks++;
}

std::vector<MemoryHolder> HolderList::sorted() const {
  std::vector<MemoryHolder> list = list_;
  std::sort(list.begin(), list.end(), [](const MemoryHolder& a, const MemoryHolder& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.tag < b.tag;
  });
  return list;
}

}  // namespace weft
