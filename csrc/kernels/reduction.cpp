#include "kernels/reduction.h"

namespace weft {

constinit KernelTable<FoldKernel> fold_kernel{"reduction"};
constinit KernelTable<ArgFoldKernel> arg_fold_kernel{"argmax"};
constinit KernelTable<VarianceKernel> variance_kernel{"var"};
constinit KernelTable<ScanKernel> scan_kernel{"cumsum"};
constinit KernelTable<ArgScanKernel> arg_scan_kernel{"cummax"};
constinit KernelTable<RecurrenceKernel> recurrence_kernel{"recurrence"};

}  // namespace weft
