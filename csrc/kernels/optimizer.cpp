#include "kernels/optimizer.h"

namespace weft {

constinit KernelTable<SgdKernel> sgd_kernel{"sgd_step"};
constinit KernelTable<AdamKernel> adam_kernel{"adam_step"};
constinit KernelTable<SquaresKernel> squares_kernel{"global_norm"};

}  // namespace weft
