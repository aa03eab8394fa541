// StridedView: all that a kernel sees of a tensor. No Tensor, no autograd, no Python; strides count elements.
#pragma once

#include <cstdint>

#include "core/dtype.h"

namespace weft {

struct StridedView {
  void* data = nullptr;  // of the first element
  const int64_t* shape = nullptr;
  const int64_t* strides = nullptr;
  int ndim = 0;
  DType dtype = DType::Float32;
  // The data lies in host memory. Elementwise kernels of other devices take such operands if they have no dims.
  bool on_host = false;

  template <class T>
  WEFT_INLINE T* as() const {
    return static_cast<T*>(data);
  }
  WEFT_INLINE int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < ndim; i++) n *= shape[i];
    return n;
  }
  WEFT_INLINE bool is_contiguous() const {
    int64_t step = 1;
    for (int i = ndim - 1; i >= 0; i--) {
      if (shape[i] != 1 && strides[i] != step) return false;
      step *= shape[i];
    }
    return true;
  }
  // Images (N, C, ...), dense, with the channels innermost?
  WEFT_INLINE bool has_channels_last() const {
    if (ndim < 3 || (shape[1] != 1 && strides[1] != 1)) return false;
    int64_t step = shape[1];
    for (int i = ndim - 1; i > 1; i--) {
      if (shape[i] != 1 && strides[i] != step) return false;
      step *= shape[i];
    }
    return shape[0] == 1 || strides[0] == step;
  }
};

}  // namespace weft
