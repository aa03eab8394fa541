// SharedMemory: memory that several processes see. It has no name in any folder: it is an open file of the kernel,
// which others get as a descriptor, and it is freed with its last mapping and descriptor, however its users end.
//
// A ring segment is shared memory whose writer uses it again once the reader is done. It begins with a count of its
// readers; LeasedSegment is a reader. A fork would make a second reader that the count does not know, so the child gets
// a private copy in the same place.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "core/ref.h"

namespace weft {

class SharedMemory : public std::enable_shared_from_this<SharedMemory> {
 public:
  // Contents are zero. Raises OutOfMemory or RuntimeError when the system refuses.
  static std::shared_ptr<SharedMemory> create(size_t nbytes);
  // Takes the descriptor over. Memory that this process has mapped already is not mapped again.
  // Raises ValueError unless it is memory of create() with at least nbytes.
  static std::shared_ptr<SharedMemory> open(int fd, size_t nbytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;

  char* data() const { return data_; }
  size_t nbytes() const { return nbytes_; }
  int fd() const { return fd_; }

  // Which object of this process stands for the part that begins there, so that it is one object however often the part
  // is opened: retained, or nullptr. Its destructor calls forget().
  RefCounted* find(size_t begin);
  void remember(size_t begin, RefCounted* object);
  void forget(RefCounted* object) noexcept;

 private:
  using Identity = std::pair<dev_t, ino_t>;
  struct Known;
  SharedMemory(int fd, char* data, size_t nbytes, Identity identity)
      : data_(data), fd_(fd), nbytes_(nbytes), identity_(identity) {}
  static std::shared_ptr<SharedMemory> adopt(int fd, size_t nbytes);

  char* data_;
  int fd_;
  size_t nbytes_;
  Identity identity_;
  std::mutex mutex_;
  std::map<size_t, RefCounted*> objects_;
};

constexpr size_t kSegmentHeader = 64;  // of a ring segment: its count of readers

// For the writer: makes the segment one reader's; false while somebody reads it.
bool take_segment(SharedMemory& segment);

// Gives a segment back to its writer when the last owner is gone.
class LeasedSegment {
 public:
  explicit LeasedSegment(std::shared_ptr<SharedMemory> memory);
  ~LeasedSegment();
  LeasedSegment(const LeasedSegment&) = delete;
  const std::shared_ptr<SharedMemory>& memory() const { return memory_; }

 private:
  friend struct Leases;
  std::shared_ptr<SharedMemory> memory_;
  LeasedSegment* next_ = nullptr;
  LeasedSegment* previous_ = nullptr;
  bool private_ = false;  // a forked child's copy
};

}  // namespace weft
