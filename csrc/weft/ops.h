// All ops, as functions of tensors and with operators, and how tensors come from numbers and become numbers again.
#pragma once

#include <cstring>
#include <vector>

#include "ops/attention.h"
#include "ops/complex.h"
#include "ops/convolution.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/embedding.h"
#include "ops/indexing.h"
#include "ops/loss.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/normalization.h"
#include "ops/pooling.h"
#include "ops/promotion.h"
#include "ops/random.h"
#include "ops/reduction.h"
#include "ops/resampling.h"
#include "ops/softmax.h"
#include "ops/sorting.h"
#include "ops/tensor_math.h"
#include "tensor/generator.h"

namespace weft {

// A tensor of this shape with a copy of the values, in their order.
template <class T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape) {
  Tensor t = empty(shape, dtype_of<T>);
  check<ErrorKind::Value>(t.numel() == static_cast<int64_t>(values.size()), "from_vector: expected ", t.numel(),
                          " values for shape ", shape, ", got ", values.size());
  if (!values.empty()) std::memcpy(t.data(), values.data(), values.size() * sizeof(T));
  return t;
}

// The values of a tensor on any device, in the order of its dimensions. Raises TypeError unless T is of its dtype.
template <class T>
std::vector<T> to_vector(const Tensor& x) {
  check<ErrorKind::Type>(x.dtype() == dtype_of<T>, "to_vector: expected a tensor of dtype ", dtype_of<T>, ", got ",
                         x.dtype(), "; convert it with to_dtype()");
  const Tensor t = on_host(x);
  const T* data = t.data_as<T>();
  return std::vector<T>(data, data + t.numel());
}

// The value of a tensor of one element.
inline double item(const Tensor& x) {
  check(x.numel() == 1, "item: only a tensor of one element can be turned into a number, got shape ", x.shape());
  return *on_host(to_dtype(x, DType::Float64)).data_as<double>();
}

// What random ops draw from now on, unless they are given a generator, follows from the seed alone.
inline void manual_seed(uint64_t seed) { default_generator()->manual_seed(seed); }

inline Tensor uniform(const Shape& shape, double low = 0, double high = 1, DType dtype = DType::Float32,
                      Device device = {}) {
  return random(Distribution::Uniform, {.a = low, .b = high}, shape, dtype, device);
}
inline Tensor normal(const Shape& shape, double mean = 0, double std = 1, DType dtype = DType::Float32,
                     Device device = {}) {
  return random(Distribution::Normal, {.a = mean, .b = std}, shape, dtype, device);
}

}  // namespace weft
