// Generator: the state of a counter-based random stream (Philox4x32-10): a seed and how many blocks were drawn.
// A kernel takes a range of the counter with reserve() and computes element i of its result from (seed, offset, i)
// alone, so the numbers do not depend on threads or device.
#pragma once

#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "core/philox_state.h"
#include "core/ref.h"

namespace weft {

class Generator;

// While one lives, it answers for the generators that this thread draws from.
class DrawObserver {
 public:
  DrawObserver() : before_(std::exchange(current, this)) {}
  virtual ~DrawObserver() { current = before_; }
  DrawObserver(const DrawObserver&) = delete;
  virtual PhiloxState draw(Generator& g, uint64_t blocks) = 0;
  static constinit thread_local DrawObserver* current;

 private:
  DrawObserver* before_;
};

// Draws are only counted: what is being recorded takes its numbers when it runs.
struct CountedDraws final : DrawObserver {
  explicit CountedDraws(const Generator& g);
  PhiloxState draw(Generator& g, uint64_t blocks) override;
  const Generator* const generator;
  const PhiloxState start;  // where it stands, and stays
  uint64_t blocks = 0;      // taken of it
  bool others = false;      // another generator was asked too
};

// How many blocks this thread has drawn from any generator.
extern constinit thread_local uint64_t drawn_blocks;

// While it has a generator, that one stands for the default generator on this thread (core of KeyedDraws).
extern constinit thread_local Generator* default_stand_in;

class Generator final : public RefCounted {
 public:
  struct Default {};
  explicit Generator(Default) : Generator() { is_default_ = true; }
  explicit Generator(uint64_t seed = 67280421310721ull) : state_{seed, 0} {}
  void manual_seed(uint64_t seed) { set_state({seed, 0}); }
  uint64_t seed() const { return state().seed; }
  // Takes `blocks` blocks of four 32-bit numbers.
  PhiloxState reserve(uint64_t blocks) {
    if (DrawObserver* observer = DrawObserver::current) [[unlikely]]
      return observer->draw(*this, blocks);
    return take(blocks);
  }
  // The same, whoever observes.
  PhiloxState take(uint64_t blocks) {
    if (Generator* g = stand_in()) [[unlikely]]
      return g->take(blocks);
    std::lock_guard lock(mutex_);
    PhiloxState start = state_;
    state_.offset += blocks;
    drawn_blocks += blocks;
    return start;
  }
  // Takes the last `blocks` blocks back, those from `start` on, unless somebody has drawn in between.
  void give_back(PhiloxState start, uint64_t blocks) {
    if (Generator* g = stand_in()) [[unlikely]]
      return g->give_back(start, blocks);
    std::lock_guard lock(mutex_);
    if (state_.seed == start.seed && state_.offset == start.offset + blocks) state_.offset = start.offset;
  }
  PhiloxState state() const {
    if (const Generator* g = stand_in()) [[unlikely]]
      return g->state();
    std::lock_guard lock(mutex_);
    return state_;
  }
  void set_state(PhiloxState state) {
    if (Generator* g = stand_in()) [[unlikely]]
      return g->set_state(state);
    std::lock_guard lock(mutex_);
    state_ = state;
  }

 private:
  Generator* stand_in() const { return is_default_ ? default_stand_in : nullptr; }

  mutable std::mutex mutex_;
  PhiloxState state_;
  bool is_default_ = false;
};

// Draws that depend on a key alone: from begin() to end() this thread has a default generator of its own, which key()
// starts anew. They nest: begin() gives what end() goes back to.
struct KeyedDraws {
  static std::optional<PhiloxState> begin();
  static void key(uint64_t seed, uint64_t index);
  static void end(std::optional<PhiloxState> before);
};

// The generator that is used when none is given.
const Ref<Generator>& default_generator();

// An operation that draws from a generator: when it ends with an exception, the generator is as it was.
class DrawScope {
 public:
  explicit DrawScope(const Ref<Generator>& generator)
      : generator_(generator ? generator : default_generator()),
        start_(generator_->state()),
        drawn_(drawn_blocks),
        exceptions_(std::uncaught_exceptions()) {}
  ~DrawScope() {
    if (std::uncaught_exceptions() > exceptions_) give_back();
  }
  DrawScope(const DrawScope&) = delete;
  void give_back() { generator_->give_back(start_, drawn_blocks - drawn_); }

 private:
  Ref<Generator> generator_;
  PhiloxState start_;
  uint64_t drawn_;
  int exceptions_;
};

}  // namespace weft
