// Pack: neighbours that are loaded or stored at once. Its address must be a multiple of 16 bytes, or of its size if
// that is smaller. Kernels compiled at run time include this file.
#pragma once

namespace weft::cuda {

constexpr int kPack = 8;

template <class T, int N = kPack>
struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Pack {
  T v[N];
};

}  // namespace weft::cuda
