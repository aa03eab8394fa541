#pragma once

namespace weft {

// The smallest multiple of step that is not below n.
template <class T>
constexpr T round_up(T n, T step) {
  return (n + step - 1) / step * step;
}

}  // namespace weft
