#include "kernels/creation.h"

namespace weft {

constinit KernelTable<RangeKernel> range_kernel{"range"};
constinit KernelTable<LinspaceKernel> linspace_kernel{"linspace"};

}  // namespace weft
