// Runs the threads of simulated blocks, one at a time: each is a coroutine with a stack of its own that gives way where
// CUDA's threads wait for each other. Blocks and threads are run in an order that changes from launch to launch, so
// that a result that depends on it shows up in tests.
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include <memory>
#include <vector>

#include "simulator.h"

namespace simulator {

dim3 thread_index, block_index, block_size, grid_size;

namespace {

constexpr size_t kStack = size_t{128} << 10;

enum class State { Ready, AtWarp, AtBlock, Done };

struct Fiber {
  std::unique_ptr<char[]> stack;
  ucontext_t start;
  jmp_buf here;
  bool started = false;
  State state = State::Done;
  dim3 index;
};

std::vector<std::unique_ptr<Fiber>> fibers;
jmp_buf scheduler;
Fiber* running = nullptr;
const std::function<void()>* body = nullptr;
std::vector<uint64_t> slots;
std::vector<unsigned char> shared_bytes;
unsigned launches = 0;

[[noreturn]] void fail(const char* what) {
  fprintf(stderr, "CUDA simulator: %s (block %u %u %u of %u threads)\n", what, block_index.x, block_index.y,
          block_index.z, block_size.x * block_size.y * block_size.z);
  abort();
}

void give_way(State state) {
  Fiber* self = running;
  self->state = state;
  if (_setjmp(self->here) == 0) _longjmp(scheduler, 1);
  running = self;
  thread_index = self->index;
}

void fiber_main() {
  for (;;) {
    (*body)();
    give_way(State::Done);
  }
}

void resume(Fiber& fiber) {
  running = &fiber;
  thread_index = fiber.index;
  if (_setjmp(scheduler) != 0) return;
  if (fiber.started) _longjmp(fiber.here, 1);
  fiber.started = true;
  setcontext(&fiber.start);
}

void prepare(Fiber& fiber) {
  fiber.stack.reset(new char[kStack]);
  getcontext(&fiber.start);
  fiber.start.uc_stack.ss_sp = fiber.stack.get();
  fiber.start.uc_stack.ss_size = kStack;
  fiber.start.uc_link = nullptr;
  makecontext(&fiber.start, &fiber_main, 0);
}

void make_fibers(size_t count) {
  while (fibers.size() < count) {
    fibers.push_back(std::make_unique<Fiber>());
    prepare(*fibers.back());
  }
}

void run_block(size_t threads, bool backwards) {
  for (size_t t = 0; t < threads; t++) {
    Fiber& fiber = *fibers[t];
    fiber.state = State::Ready;
    auto n = static_cast<unsigned>(t);
    fiber.index = {n % block_size.x, n / block_size.x % block_size.y, n / block_size.x / block_size.y};
  }
  for (size_t alive = threads; alive > 0;) {
    for (size_t k = 0; k < threads; k++) {
      Fiber& fiber = *fibers[backwards ? threads - 1 - k : k];
      if (fiber.state != State::Ready) continue;
      resume(fiber);
      if (fiber.state == State::Done) alive--;
    }
    bool released = false;
    size_t at_block = 0;
    for (size_t first = 0; first < threads; first += 32) {
      size_t waiting = 0, elsewhere = 0, last = first + 32 < threads ? first + 32 : threads;
      for (size_t t = first; t < last; t++) {
        waiting += fibers[t]->state == State::AtWarp;
        elsewhere += fibers[t]->state == State::AtBlock;
      }
      at_block += elsewhere;
      if (waiting && elsewhere) fail("some threads of a warp wait for the warp, others for the block");
      for (size_t t = first; waiting && t < last; t++)
        if (fibers[t]->state == State::AtWarp) fibers[t]->state = State::Ready;
      released |= waiting > 0;
    }
    if (released || alive == 0) continue;
    if (at_block != alive) fail("threads wait for each other for ever");
    for (size_t t = 0; t < threads; t++)
      if (fibers[t]->state == State::AtBlock) fibers[t]->state = State::Ready;
  }
}

}  // namespace

void wait_for_block() { give_way(State::AtBlock); }
void wait_for_warp() { give_way(State::AtWarp); }
uint64_t* warp_slots() {
  unsigned me = thread_index.x + block_size.x * (thread_index.y + block_size.y * thread_index.z);
  return &slots[me / 32 * 32];
}
unsigned char* dynamic_shared() {
  auto p = reinterpret_cast<uintptr_t>(shared_bytes.data());
  return reinterpret_cast<unsigned char*>((p + 127) / 128 * 128);
}

void run_blocks(const std::function<void()>& thread, dim3 blocks, dim3 threads, size_t shared) {
  block_size = threads;
  grid_size = blocks;
  body = &thread;
  size_t per_block = static_cast<size_t>(threads.x) * threads.y * threads.z;
  make_fibers(per_block);
  slots.assign((per_block + 31) / 32 * 32, 0);
  shared_bytes.assign(shared + 128, 0xa5);
  unsigned order = launches++;
  size_t count = static_cast<size_t>(blocks.x) * blocks.y * blocks.z;
  for (size_t k = 0; k < count; k++) {
    size_t b = order & 1 ? count - 1 - k : k;
    block_index = {static_cast<unsigned>(b % blocks.x), static_cast<unsigned>(b / blocks.x % blocks.y),
                   static_cast<unsigned>(b / blocks.x / blocks.y)};
    run_block(per_block, (order >> 1 ^ k) & 1);
  }
}

}  // namespace simulator
