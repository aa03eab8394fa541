// Reductions. `dims` lists the dimensions to reduce, none for all; keepdim keeps them with size 1. All raise IndexError
// for a dim that is not there and RuntimeError for one given twice.
#pragma once

#include <optional>

#include "tensor/tensor.h"

namespace weft {

// Sums the dimensions that broadcasting made, so that x gets `shape` again.
Tensor sum_to(const Tensor& x, const Shape& shape);
// The sum over exactly these dims, which may be none.
class ReducedDims;
Tensor sum_over(const Tensor& x, const ReducedDims& dims, DType dtype);

// Integers and bools are added up in int64 unless dtype is given.
Tensor sum(const Tensor& x, const Dims& dims = {}, bool keepdim = false, std::optional<DType> dtype = {});
Tensor nansum(const Tensor& x, const Dims& dims = {}, bool keepdim = false, std::optional<DType> dtype = {});
Tensor prod(const Tensor& x, const Dims& dims = {}, bool keepdim = false, std::optional<DType> dtype = {});
// Raises RuntimeError for integers unless dtype is a floating one.
Tensor mean(const Tensor& x, const Dims& dims = {}, bool keepdim = false, std::optional<DType> dtype = {});
Tensor nanmean(const Tensor& x, const Dims& dims = {}, bool keepdim = false, std::optional<DType> dtype = {});
// Raise RuntimeError (IndexError when dims are given) if there is nothing to choose from. Equal largest elements share
// the gradient.
Tensor amax(const Tensor& x, const Dims& dims = {}, bool keepdim = false, const char* op = "amax");
Tensor amin(const Tensor& x, const Dims& dims = {}, bool keepdim = false, const char* op = "amin");
Tensor any(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor count_nonzero(const Tensor& x, const Dims& dims = {});
Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim = false);
// (sum |x|^p)^(1/p); p may be 0 (number of nonzero elements) and infinite (largest, smallest magnitude).
Tensor vector_norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false,
                   std::optional<DType> dtype = {});

// The first of the largest (smallest) values along dim, and its position.
struct ValuesAndIndices {
  Tensor values, indices;
};
ValuesAndIndices max(const Tensor& x, int64_t dim, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, int64_t dim, bool keepdim = false);
// Positions; without dim in the flattened tensor.
Tensor argmax(const Tensor& x, std::optional<int64_t> dim = {}, bool keepdim = false);
Tensor argmin(const Tensor& x, std::optional<int64_t> dim = {}, bool keepdim = false);

// sum((x - mean)^2) / max(0, n - correction), or its root; and the mean.
struct VarianceAndMean {
  Tensor variance, mean;
};
VarianceAndMean var_mean(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false,
                         const char* op = "var_mean");
VarianceAndMean std_mean(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false,
                         const char* op = "std_mean");
Tensor var(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false);
Tensor std(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false);

// Running results along dim.
Tensor cumsum(const Tensor& x, int64_t dim, std::optional<DType> dtype = {});
Tensor cumprod(const Tensor& x, int64_t dim, std::optional<DType> dtype = {});
Tensor logcumsumexp(const Tensor& x, int64_t dim);
ValuesAndIndices cummax(const Tensor& x, int64_t dim);
ValuesAndIndices cummin(const Tensor& x, int64_t dim);

}  // namespace weft
