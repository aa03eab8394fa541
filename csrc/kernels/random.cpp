#include "kernels/random.h"

namespace weft {

constinit KernelTable<RandomKernel> random_kernel{"random numbers"};
constinit KernelTable<BernoulliTensorKernel> bernoulli_tensor_kernel{"bernoulli"};
constinit KernelTable<MaskedScaleKernel> masked_scale_kernel{"dropout"};
constinit KernelTable<PermutationKernel> permutation_kernel{"randperm"};
constinit KernelTable<MultinomialKernel> multinomial_kernel{"multinomial"};

}  // namespace weft
