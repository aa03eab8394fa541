#include "kernels/indexing.h"

namespace weft {

constinit KernelTable<IndexOffsetsKernel> index_offsets_kernel{"index offsets"};
constinit KernelTable<GatherRowsKernel> gather_rows_kernel{"gather rows"};
constinit KernelTable<ScatterRowsKernel> scatter_rows_kernel{"scatter rows"};
constinit KernelTable<CountNonzeroKernel> count_nonzero_kernel{"count nonzero"};
constinit KernelTable<NonzeroKernel> nonzero_kernel{"nonzero"};

}  // namespace weft
