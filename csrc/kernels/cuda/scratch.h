// What the host side of kernels shares: memory for the time of one op, and values read back from the device.
#pragma once

#include "core/error.h"
#include "device/cuda/runtime.h"

namespace weft::cuda {

// Memory for the time of one op. The stream order keeps it alive until the kernels that use it are done.
class DeviceScratch {
 public:
  explicit DeviceScratch(size_t nbytes);
  ~DeviceScratch();
  DeviceScratch(const DeviceScratch&) = delete;
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_;
  size_t nbytes_;
  int device_;
};

// Copies of n values from the device, after waiting for it: for results that the host needs.
void read_back(void* to, const void* from, size_t nbytes);

}  // namespace weft::cuda
