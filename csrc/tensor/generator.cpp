#include "tensor/generator.h"

namespace weft {

constinit thread_local DrawObserver* DrawObserver::current = nullptr;
constinit thread_local uint64_t drawn_blocks = 0;
constinit thread_local Generator* default_stand_in = nullptr;

CountedDraws::CountedDraws(const Generator& g) : generator(&g), start(g.state()) {}

PhiloxState CountedDraws::draw(Generator& g, uint64_t taken) {
  others |= generator != &g;
  if (generator != &g) return g.state();
  PhiloxState drawn = start;
  drawn.offset += blocks;
  blocks += taken;
  return drawn;
}

const Ref<Generator>& default_generator() {
  static const auto* generator = new Ref<Generator>(make_ref<Generator>(Generator::Default()));
  return *generator;
}

namespace {

// The output function of SplitMix64 (Steele, Lea and Flood, 2014): a bijection whose values look independent.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

std::optional<PhiloxState> KeyedDraws::begin() {
  static thread_local Generator own;
  if (default_stand_in) return own.state();
  default_stand_in = &own;
  return {};
}

void KeyedDraws::key(uint64_t seed, uint64_t index) {
  // Of 63 bits, so that what initial_seed() says fits in an int64 tensor.
  if (default_stand_in) default_stand_in->manual_seed(mix(mix(seed) ^ index) >> 1);
}

void KeyedDraws::end(std::optional<PhiloxState> before) {
  if (before && default_stand_in)
    default_stand_in->set_state(*before);
  else
    default_stand_in = nullptr;
}

}  // namespace weft
