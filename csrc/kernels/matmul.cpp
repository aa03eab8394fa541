#include "kernels/matmul.h"

#include <atomic>

namespace weft {

constinit KernelTable<MatmulKernel> matmul_kernel{"matmul"};
constinit KernelTable<MatmulThenKernel> matmul_then_kernel{"matmul with an epilogue"};

namespace {
std::atomic<bool> tf32{false};
}  // namespace

bool allow_tf32() { return tf32.load(std::memory_order_relaxed); }
void set_allow_tf32(bool allow) { tf32 = allow; }

}  // namespace weft
