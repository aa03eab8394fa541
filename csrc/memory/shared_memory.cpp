#include "memory/shared_memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/error.h"

namespace weft {

namespace {

std::atomic<uint32_t>& readers_of(SharedMemory& segment) {
  return *reinterpret_cast<std::atomic<uint32_t>*>(segment.data());
}

[[noreturn]] void fail_system(const char* what, size_t nbytes) {
  const int error = errno;
  if (error == EMFILE || error == ENFILE)
    fail("shared memory: too many open files (each shared block of tensors is one); raise the limit with `ulimit -n`");
  fail("shared memory: ", what, " of ", nbytes, " bytes failed: ", std::strerror(error));
}

int open_anonymous(size_t nbytes) {
  int fd = memfd_create("weft", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd >= 0) return fd;
  if (errno != ENOSYS && errno != EPERM) fail_system("memfd_create", nbytes);
  // A sandbox without memfd_create: a file that loses its name at once.
  char name[64];
  static std::atomic<uint64_t> count{0};
  std::snprintf(name, sizeof name, "/weft-%ld-%llu", static_cast<long>(getpid()),
                static_cast<unsigned long long>(count++));
  fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail_system("shm_open", nbytes);
  shm_unlink(name);
  return fd;
}

}  // namespace

// What this process has mapped, so that memory that comes twice is the same here too. Never destroyed.
struct SharedMemory::Known {
  std::mutex mutex;
  std::map<Identity, std::weak_ptr<SharedMemory>> all;
  static Known& instance() {
    static Known* known = [] {
      auto* made = new Known;
      pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); },
                     [] { instance().mutex.unlock(); });
      return made;
    }();
    return *known;
  }
};

std::shared_ptr<SharedMemory> SharedMemory::adopt(int fd, size_t nbytes) {
  struct stat file{};
  check<ErrorKind::Value>(fstat(fd, &file) == 0, "shared memory: this is no open descriptor");
  const auto size = static_cast<size_t>(file.st_size);
  const Identity identity{file.st_dev, file.st_ino};
  std::lock_guard lock(Known::instance().mutex);
  auto& all = Known::instance().all;
  if (auto found = all.find(identity); found != all.end())
    if (std::shared_ptr<SharedMemory> known = found->second.lock()) {
      close(fd);
      check<ErrorKind::Value>(size >= nbytes, "shared memory: expected ", nbytes, " bytes, got ", size);
      return known;
    }
  void* data = nullptr;
  if (!S_ISREG(file.st_mode) || size < nbytes) {
    close(fd);
    fail<ErrorKind::Value>("shared memory: the descriptor is no shared memory of at least ", nbytes, " bytes");
  }
  if (size > 0) data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (data == MAP_FAILED) {
    const int error = errno;
    close(fd);
    errno = error;
    fail_system("mmap", size);
  }
  std::shared_ptr<SharedMemory> made(new SharedMemory(fd, static_cast<char*>(data), size, identity));
  all[identity] = made;
  return made;
}

std::shared_ptr<SharedMemory> SharedMemory::create(size_t nbytes) {
  const int fd = open_anonymous(nbytes);
  // All pages now: later the lack of memory would be a signal, not an error.
  int status = nbytes > 0 ? posix_fallocate(fd, 0, static_cast<off_t>(nbytes)) : 0;
  if (status == EOPNOTSUPP) status = ftruncate(fd, static_cast<off_t>(nbytes)) == 0 ? 0 : errno;
  if (status != 0) {
    close(fd);
    errno = status;
    fail_system("allocation", nbytes);
  }
  fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);  // nobody can take the pages from under a mapping
  return adopt(fd, nbytes);
}

std::shared_ptr<SharedMemory> SharedMemory::open(int fd, size_t nbytes) { return adopt(fd, nbytes); }

SharedMemory::~SharedMemory() {
  if (data_) munmap(data_, nbytes_);
  {
    Known& known = Known::instance();
    std::lock_guard lock(known.mutex);
    auto place = known.all.find(identity_);
    if (place != known.all.end() && place->second.expired()) known.all.erase(place);
  }
  close(fd_);  // from here on another file may have this identity
}

RefCounted* SharedMemory::find(size_t begin) {
  std::lock_guard lock(mutex_);
  auto place = objects_.find(begin);
  return place != objects_.end() && place->second->try_retain() ? place->second : nullptr;
}

void SharedMemory::remember(size_t begin, RefCounted* object) {
  std::lock_guard lock(mutex_);
  objects_[begin] = object;
}

void SharedMemory::forget(RefCounted* object) noexcept {
  std::lock_guard lock(mutex_);
  std::erase_if(objects_, [&](const auto& entry) { return entry.second == object; });
}

bool take_segment(SharedMemory& segment) {
  uint32_t nobody = 0;
  return readers_of(segment).compare_exchange_strong(nobody, 1, std::memory_order_acquire);
}

// All leases of this process, for forks. Never destroyed.
struct Leases {
  std::mutex mutex;
  LeasedSegment* first = nullptr;

  static Leases& instance() {
    static Leases* leases = [] {
      auto* made = new Leases;
      pthread_atfork([] { instance().before_fork(); }, [] { instance().mutex.unlock(); },
                     [] { instance().after_fork(); });
      return made;
    }();
    return *leases;
  }
  void before_fork() {
    mutex.lock();
    for (LeasedSegment* lease = first; lease; lease = lease->next_)
      if (!lease->private_) readers_of(*lease->memory_).fetch_add(1, std::memory_order_relaxed);
  }
  void after_fork() {
    for (LeasedSegment* lease = first; lease; lease = lease->next_)
      if (!lease->private_) make_private(*lease);
    mutex.unlock();
  }
  static void make_private(LeasedSegment& lease) {
    SharedMemory& memory = *lease.memory_;
    void* copy = mmap(nullptr, memory.nbytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) return;  // stays a reader that nobody counts down: the writer leaves the segment alone
    std::memcpy(copy, memory.data(), memory.nbytes());
    readers_of(memory).fetch_sub(1, std::memory_order_release);
    if (mremap(copy, memory.nbytes(), memory.nbytes(), MREMAP_MAYMOVE | MREMAP_FIXED, memory.data()) == MAP_FAILED)
      _exit(127);
    lease.private_ = true;
  }
};

LeasedSegment::LeasedSegment(std::shared_ptr<SharedMemory> memory) : memory_(std::move(memory)) {
  Leases& leases = Leases::instance();
  std::lock_guard lock(leases.mutex);
  next_ = std::exchange(leases.first, this);
  if (next_) next_->previous_ = this;
}

LeasedSegment::~LeasedSegment() {
  Leases& leases = Leases::instance();
  std::lock_guard lock(leases.mutex);
  (previous_ ? previous_->next_ : leases.first) = next_;
  if (next_) next_->previous_ = previous_;
  if (!private_) readers_of(*memory_).fetch_sub(1, std::memory_order_release);
}

}  // namespace weft
