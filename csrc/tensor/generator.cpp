#include "tensor/generator.h"

namespace weft {

const Ref<Generator>& default_generator() {
  static const auto* generator = new Ref<Generator>(make_ref<Generator>());
  return *generator;
}

}  // namespace weft
