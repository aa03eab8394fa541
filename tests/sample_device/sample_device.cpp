// A whole plug-in: a device of type "privateuse" that lives in host memory. docs/adding-a-device.md explains it.
#include <cstdlib>
#include <cstring>

#include "core/error.h"
#include "device/backend.h"
#include "kernels/elementwise.h"
#include "kernels/plugin.h"

namespace {

using namespace weft;

// Memory.
class SampleAllocator : public Allocator {
 public:
  void* allocate(size_t nbytes) override {
    void* data = nbytes ? std::aligned_alloc(64, (nbytes + 63) / 64 * 64) : nullptr;
    check<ErrorKind::OutOfMemory>(data || !nbytes, allocation_tag(), " asked for ", nbytes,
                                  " bytes of a sample device");
    allocated_ += static_cast<int64_t>(nbytes);
    return data;
  }
  void deallocate(void* data, size_t nbytes) noexcept override {
    std::free(data);
    allocated_ -= static_cast<int64_t>(nbytes);
  }
  MemoryStats stats() const override { return {.allocated = allocated_, .reserved = allocated_}; }
  void reset_peak() override {}
  void empty_cache() override {}
  void set_limit(size_t) override {}
  std::vector<MemoryHolder> holders() const override { return {}; }

 private:
  int64_t allocated_ = 0;
};

// The device itself.
class SampleBackend : public DeviceBackend {
 public:
  int count() const override { return 2; }
  Allocator* allocator(int index) override { return &allocators_[index]; }
  void copy(void* dst, Device, const void* src, Device, size_t nbytes, bool) override { std::memcpy(dst, src, nbytes); }
  void synchronize(int) override {}

 private:
  SampleAllocator allocators_[2];
};

DeviceBackend* create() {
  static SampleBackend backend;
  return &backend;
}

// Kernels. Where this device has none, an op raises NotImplementedError that names the kernel and the device.
void copy_sample(StridedView out, StridedView in) { copy_kernel(Device{}, out, in); }
void fill_sample(StridedView out, StridedView number) { fill_kernel(Device{}, out, number); }
void unary_sample(int function, StridedView out, StridedView in, DType compute, scalar::Params params) {
  unary_kernel(Device{}, function, out, in, compute, params);
}
void binary_sample(int function, StridedView out, StridedView a, StridedView b, DType compute) {
  binary_kernel(Device{}, function, out, a, b, compute);
}

WEFT_DEVICE_KERNEL(PrivateUse, copy_kernel, copy_sample);
WEFT_DEVICE_KERNEL(PrivateUse, fill_kernel, fill_sample);
WEFT_DEVICE_KERNEL(PrivateUse, unary_kernel, unary_sample);
WEFT_DEVICE_KERNEL(PrivateUse, binary_kernel, binary_sample);

}  // namespace

WEFT_PLUGIN(PrivateUse, &create)
