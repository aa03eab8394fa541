#include "kernels/embedding.h"

namespace weft {

constinit KernelTable<EmbeddingKernel> embedding_kernel{"embedding"};
constinit KernelTable<EmbeddingBackwardKernel> embedding_backward_kernel{"embedding backward"};
constinit KernelTable<FirstOutsideKernel> first_outside_kernel{"index check"};

}  // namespace weft
