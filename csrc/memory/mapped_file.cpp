#include "memory/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/error.h"

namespace weft {

constinit std::atomic<int> lost_files{0};

namespace {

// What the handler looks at: it must not allocate, lock or wait. A slot with begin 0 is free.
struct Slot {
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<bool> lost{false};
};
constexpr int kMostFiles = 4096;
constinit std::array<Slot, kMostFiles> slots;
constinit std::atomic<int> used_slots{0};  // slots from here on were never taken
constinit std::atomic<uintptr_t> page_size{4096};

std::mutex slots_mutex;  // of the names, and of who takes a slot
std::array<std::string, kMostFiles>& names() {
  static auto* list = new std::array<std::string, kMostFiles>();  // tensors may outlive the statics
  return *list;
}

struct sigaction handler_before;
constinit thread_local int chained = 0;  // a handler that was put on top of this one may call it again

Slot* slot_of(uintptr_t address) {
  for (int i = 0; i < used_slots.load(std::memory_order_acquire); i++) {
    Slot& slot = slots[static_cast<size_t>(i)];
    const uintptr_t begin = slot.begin.load(std::memory_order_acquire);
    if (begin && begin <= address && address < slot.end.load(std::memory_order_relaxed)) return &slot;
  }
  return nullptr;
}

// What is behind the page that could not be read has gone too: the file ends before.
bool put_zeros(uintptr_t address) {
  Slot* slot = slot_of(address);
  if (!slot) return false;
  if (!slot->lost.exchange(true)) lost_files.fetch_add(1);
  const uintptr_t page = address & ~(page_size.load(std::memory_order_relaxed) - 1);
  void* at = reinterpret_cast<void*>(page);  // NOLINT(performance-no-int-to-ptr): the kernel gave an address
  return mmap(at, slot->end.load() - page, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == at;
}

void die(int signal) {
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void pass_on(int signal, siginfo_t* info, void* context) {
  if (chained) return die(signal);
  chained++;
  if (handler_before.sa_flags & SA_SIGINFO) {
    handler_before.sa_sigaction(signal, info, context);
  } else if (handler_before.sa_handler == SIG_DFL) {
    die(signal);
  } else if (handler_before.sa_handler != SIG_IGN) {
    handler_before.sa_handler(signal);
  } else if (info->si_code > 0) {
    die(signal);  // the instruction would be tried again for ever
  }
  chained--;
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  // A positive code: the kernel says where; else a program has sent the signal.
  if (info->si_code <= 0 || !put_zeros(reinterpret_cast<uintptr_t>(info->si_addr))) pass_on(signal, info, context);
  errno = error;
}

// Again before each mapping: a program may have put a handler of its own in between, which is then the one before.
void install_handler() {
  struct sigaction now{};
  sigaction(SIGBUS, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == &on_bus_error) return;
  handler_before = now;
  struct sigaction own{};
  own.sa_sigaction = &on_bus_error;
  own.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&own.sa_mask);
  sigaction(SIGBUS, &own, nullptr);
}

int take_slot(void* data, size_t nbytes, std::string name) {
  std::lock_guard lock(slots_mutex);
  install_handler();
  for (int i = 0; i < kMostFiles; i++) {
    Slot& slot = slots[static_cast<size_t>(i)];
    if (slot.begin.load()) continue;
    names()[static_cast<size_t>(i)] = std::move(name);
    const uintptr_t page = page_size.load();
    const auto begin = reinterpret_cast<uintptr_t>(data);
    slot.lost = false;
    slot.end = begin + (nbytes + page - 1) / page * page;
    slot.begin = begin;
    if (i >= used_slots) used_slots = i + 1;
    return i;
  }
  return -1;
}

}  // namespace

MappedFile::MappedFile(int handle, std::string name) {
  struct stat about{};
  check(fstat(handle, &about) == 0, "load: ", name, " cannot be mapped: ", std::strerror(errno));
  nbytes_ = static_cast<size_t>(about.st_size);
  if (nbytes_ == 0) return;
  page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  void* data = mmap(nullptr, nbytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, handle, 0);
  check(data != MAP_FAILED, "load: ", name, " cannot be mapped: ", std::strerror(errno));
  slot_ = take_slot(data, nbytes_, std::move(name));
  if (slot_ < 0) {
    munmap(data, nbytes_);
    fail("load: ", kMostFiles, " files are mapped already, which is the most; load without mmap=True");
  }
  data_ = data;
}

MappedFile::~MappedFile() {
  if (!data_) return;
  std::lock_guard lock(slots_mutex);
  Slot& slot = slots[static_cast<size_t>(slot_)];
  slot.begin = 0;
  if (slot.lost.exchange(false)) lost_files.fetch_sub(1);
  munmap(data_, nbytes_);
}

std::string lost_file(const void* address) {
  std::lock_guard lock(slots_mutex);
  const Slot* slot = slot_of(reinterpret_cast<uintptr_t>(address));
  return slot && slot->lost.load() ? names()[static_cast<size_t>(slot - slots.data())] : "";
}

}  // namespace weft
