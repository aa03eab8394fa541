#include "tensor/generator.h"

namespace weft {

constinit thread_local DrawObserver* DrawObserver::current = nullptr;
constinit thread_local uint64_t drawn_blocks = 0;

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
  static const auto* generator = new Ref<Generator>(make_ref<Generator>());
  return *generator;
}

}  // namespace weft
