#include "kernels/elementwise.h"

#include "kernels/tile.h"

namespace weft {

constinit KernelTable<TileKernel> tile_kernel{"tile"};
constinit KernelTable<TileEpilogueKernel> tile_epilogue_kernel{"tile epilogue"};
constinit KernelTable<FoldTilesKernel> fold_tiles_kernel{"fold of tiles"};
constinit KernelTable<UnaryKernel> unary_kernel{"elementwise unary"};
constinit KernelTable<UnaryBackwardKernel> unary_backward_kernel{"elementwise unary backward"};
constinit KernelTable<BinaryKernel> binary_kernel{"elementwise binary"};
constinit KernelTable<WhereKernel> where_kernel{"where"};
constinit KernelTable<CopyKernel> copy_kernel{"copy"};
constinit KernelTable<CopyRunsKernel> copy_runs_kernel{"copy of runs"};
constinit KernelTable<HasZeroKernel> has_zero_kernel{"has_zero"};
constinit KernelTable<FillKernel> fill_kernel{"fill"};

}  // namespace weft
