#include "kernels/sorting.h"

namespace weft {

constinit KernelTable<SortKernel> sort_kernel{"sort"};
constinit KernelTable<TopkKernel> topk_kernel{"topk"};
constinit KernelTable<SearchSortedKernel> search_sorted_kernel{"searchsorted"};

}  // namespace weft
