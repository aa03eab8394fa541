#include "tensor/generator.h"

namespace weft {

constinit thread_local CountedDraws* CountedDraws::current = nullptr;
constinit thread_local uint64_t drawn_blocks = 0;

CountedDraws::CountedDraws(const Generator& g) : generator(&g), start(g.state()) { current = this; }

PhiloxState Generator::count(CountedDraws& counted, uint64_t blocks) const {
  counted.others |= counted.generator != this;
  if (counted.generator != this) return state();
  PhiloxState drawn = counted.start;
  drawn.offset += counted.blocks;
  counted.blocks += blocks;
  return drawn;
}

const Ref<Generator>& default_generator() {
  static const auto* generator = new Ref<Generator>(make_ref<Generator>());
  return *generator;
}

}  // namespace weft
