#include "kernels/attention.h"

namespace weft {

constinit KernelTable<AttentionSupportKernel> attention_support_kernel{"attention_support"};
constinit KernelTable<AttentionKernel> attention_kernel{"attention"};
constinit KernelTable<AttentionBackwardKernel> attention_backward_kernel{"attention_backward"};

}  // namespace weft
