// Kernel tables of the reduction family. The input's dimensions come as kept ones, in the order of the output's
// dimensions, and then the `reduced` last ones to be reduced; strides are any. Inputs are converted to float32, float64
// or int64 as they are read. The order of additions depends on shapes only.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

enum class Fold : uint8_t { Sum, NanSum, Mean, SumAbs, Norm2, CountNonzero, Prod, Max, Min, MaxAbs, MinAbs, Any, All };
using FoldKernel = void(Fold fold, StridedView out, StridedView in, int reduced);
extern KernelTable<FoldKernel> fold_kernel;

// The largest (smallest) value and the row-major position of the first one among the reduced dimensions; NaN is
// larger (smaller) than all. Either output may have no data and is then not written.
using ArgFoldKernel = void(bool largest, StridedView values, StridedView indices, StridedView in, int reduced);
extern KernelTable<ArgFoldKernel> arg_fold_kernel;

// sum((x - mean)^2) / max(0, n - correction), or its root, and the mean, which may have no data.
using VarianceKernel = void(bool root, StridedView variance, StridedView mean, StridedView in, int reduced,
                            double correction);
extern KernelTable<VarianceKernel> variance_kernel;

// Running results along the last dimension, of the input's shape.
enum class Scan : uint8_t { Sum, Prod, LogSumExp };
using ScanKernel = void(Scan scan, StridedView out, StridedView in, bool reverse);
extern KernelTable<ScanKernel> scan_kernel;

// out[i] = b[i] + a[i] * out[i - 1] along the last dimension (reverse: of out[i + 1]); before the first element it is
// 0.
using RecurrenceKernel = void(StridedView out, StridedView a, StridedView b, bool reverse);
extern KernelTable<RecurrenceKernel> recurrence_kernel;

// Running maximum (minimum) along the last dimension and the position of the last one among equals.
using ArgScanKernel = void(bool largest, StridedView values, StridedView indices, StridedView in);
extern KernelTable<ArgScanKernel> arg_scan_kernel;

}  // namespace weft
