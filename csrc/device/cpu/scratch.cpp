#include "device/cpu/scratch.h"

#include <utility>

#include "core/round_up.h"
#include "memory/allocator.h"

namespace weft {

constinit thread_local ScratchThread scratch_thread;

namespace {
constexpr size_t kAlignment = 64;

void count(ScratchThread& t, size_t bytes) {
  t.taken += bytes;
  if (t.taken > t.most) t.most = t.taken;
}
}  // namespace

void* scratch_allocate_even_if_asked(size_t bytes) {
  ScratchThread& t = scratch_thread;
  size_t whole = round_up(bytes, kAlignment);
  const bool fits = static_cast<size_t>(t.end - t.free) >= whole;
  void* data = fits ? std::exchange(t.free, t.free + whole) : host_allocator().allocate(bytes);
  if (!fits) tell_memory_hook(data, static_cast<int64_t>(bytes), Device{});
  count(t, whole);
  return data;
}

void* scratch_allocate(size_t bytes) {
  if (!scratch_thread.only_asked) return scratch_allocate_even_if_asked(bytes);
  count(scratch_thread, round_up(bytes, kAlignment));
  return nullptr;
}

void scratch_free(void* data, size_t bytes) noexcept {
  ScratchThread& t = scratch_thread;
  t.taken -= round_up(bytes, kAlignment);
  auto* place = static_cast<char*>(data);
  if (place >= t.begin && place < t.end)
    t.free = place;  // what was taken last is given back first
  else if (place) {
    tell_memory_hook(place, -static_cast<int64_t>(bytes), Device{});
    host_allocator().deallocate(place, bytes);
  }
}

ScratchScope::ScratchScope(void* place, size_t bytes, bool only_asked) : before_(scratch_thread) {
  auto* begin = static_cast<char*>(place);
  scratch_thread = {begin, begin, begin ? begin + bytes : nullptr, 0, 0, only_asked};
}

}  // namespace weft
