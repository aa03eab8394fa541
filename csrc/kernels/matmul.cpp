#include "kernels/matmul.h"

namespace weft {

constinit KernelTable<MatmulKernel> matmul_kernel{"matmul"};

}  // namespace weft
