#include "memory/block_pool.h"

#include <cassert>
#include <utility>

#include "memory/poison.h"

namespace weft {

namespace {

char* align_up(char* p, size_t alignment) {
  return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(p) + alignment - 1) / alignment * alignment);
}

char* align_down(char* p, size_t alignment) {
  return reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(p) / alignment * alignment);
}

}  // namespace

BlockPool::BlockPool(SystemMemory& system) : system_(system) { spares_.reserve(16); }

void* BlockPool::take(size_t size, size_t alignment, size_t requested, const char* tag) {
  for (auto key = free_.lower_bound({size, nullptr}); key != free_.end(); ++key) {
    char* data = align_up(key->data, alignment);
    auto lead = static_cast<size_t>(data - key->data);
    if (lead + size > key->size) continue;
    size_t tail = key->size - lead - size;
    reserve_spares(2);
    auto it = blocks_.find(key->data);
    erase_free(it);
    if (lead) {
      it->second.size = lead;
      insert_free(it);
      it = insert_block(data, size);
    }
    it->second.size = size;
    it->second.requested = requested;
    it->second.tag = tag;
    it->second.free = false;
    if (tail) insert_free(insert_block(data + size, tail));
    unpoison(data, size);
    return data;
  }
  return nullptr;
}

void BlockPool::give(void* data) noexcept {
  auto it = blocks_.find(static_cast<char*>(data));
  assert(it != blocks_.end() && !it->second.free && "freed memory that is not in use");
  poison(data, it->second.size);
  it->second.free = true;
  it->second.freed_at = ++clock_;
  insert_free(merge(it));
}

bool BlockPool::grow(size_t nbytes) {
  reserve_spares(1);
  auto* data = static_cast<char*>(system_.map(nbytes));
  if (!data) return false;
  poison(data, nbytes);
  reserved_ += nbytes;
  insert_free(merge(insert_block(data, nbytes)));
  return true;
}

bool BlockPool::trim(size_t keep) noexcept {
  uint64_t tried = 0;
  uint64_t newest = clock_;
  bool done = true;
  while (free_bytes_ > keep) {
    auto oldest = blocks_.end();
    for (auto it = blocks_.begin(); it != blocks_.end(); ++it) {
      bool candidate = it->second.free && it->second.freed_at > tried && it->second.freed_at <= newest;
      if (candidate && (oldest == blocks_.end() || it->second.freed_at < oldest->second.freed_at)) oldest = it;
    }
    if (oldest == blocks_.end()) return done;
    tried = oldest->second.freed_at;
    done &= release(oldest);
  }
  return done;
}

// Unmaps what can be unmapped of a free block; the rest stays as one or two smaller free blocks. False: the system has
// failed to take back a part.
bool BlockPool::release(Blocks::iterator it) noexcept {
  char* begin = it->first;
  char* end = begin + it->second.size;
  bool opens = it == blocks_.begin() || std::prev(it)->first + std::prev(it)->second.size != begin;
  bool closes = std::next(it) == blocks_.end() || std::next(it)->first != end;
  char* from = opens ? begin : align_up(begin, kHugePage);
  char* to = closes ? end : align_down(end, kHugePage);
  if (from >= to || (system_.whole_mappings_only() && (from != begin || to != end || !opens || !closes))) return true;
  try {
    reserve_spares(1);
  } catch (...) {
    return true;  // no memory for bookkeeping: this block stays
  }
  auto asked = static_cast<size_t>(to - from);
  unpoison(from, asked);
  size_t released = system_.unmap(from, asked);
  to = from + released;
  if (released < asked) poison(to, asked - released);
  if (released == 0) return false;
  erase_free(it);
  if (from != begin) {
    it->second.size = static_cast<size_t>(from - begin);
    insert_free(it);
  } else {
    erase_block(it);
  }
  if (to != end) insert_free(insert_block(to, static_cast<size_t>(end - to)));
  reserved_ -= released;
  return released == asked;
}

// Joins a free block that is not in the free set with its free neighbours.
BlockPool::Blocks::iterator BlockPool::merge(Blocks::iterator it) noexcept {
  auto next = std::next(it);
  if (next != blocks_.end() && next->second.free && it->first + it->second.size == next->first) {
    erase_free(next);
    it->second.size += next->second.size;
    erase_block(next);
  }
  if (it == blocks_.begin()) return it;
  auto before = std::prev(it);
  if (before->second.free && before->first + before->second.size == it->first) {
    erase_free(before);
    before->second.size += it->second.size;
    before->second.freed_at = it->second.freed_at;
    erase_block(it);
    return before;
  }
  return it;
}

// A bad_alloc here leaves all as it was.
void BlockPool::reserve_spares(size_t n) {
  while (spares_.size() < n) {
    Blocks block;
    FreeSet key;
    key.insert(FreeKey{0, nullptr});
    block[nullptr].key = key.extract(key.begin());
    spares_.push_back(block.extract(block.begin()));
  }
}

// A free block, not yet in the free set.
BlockPool::Blocks::iterator BlockPool::insert_block(char* data, size_t size) noexcept {
  Blocks::node_type node = std::move(spares_.back());
  spares_.pop_back();
  node.key() = data;
  node.mapped().size = size;
  node.mapped().free = true;
  node.mapped().freed_at = ++clock_;
  return blocks_.insert(std::move(node)).position;
}

void BlockPool::erase_block(Blocks::iterator it) noexcept {
  auto node = blocks_.extract(it);
  if (spares_.size() < spares_.capacity()) spares_.push_back(std::move(node));
}

void BlockPool::insert_free(Blocks::iterator it) noexcept {
  it->second.key.value() = {it->second.size, it->first};
  free_.insert(std::move(it->second.key));
  free_bytes_ += it->second.size;
}

void BlockPool::erase_free(Blocks::iterator it) noexcept {
  it->second.key = free_.extract(FreeKey{it->second.size, it->first});
  free_bytes_ -= it->second.size;
}

}  // namespace weft
