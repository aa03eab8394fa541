// Small helpers of the tests that compute with tensors.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "core/error.h"
#include "op/node.h"
#include "tensor/tensor.h"

namespace weft {

inline Tensor make_tensor(const Shape& shape, const std::vector<float>& values) {
  Tensor t = empty(shape);
  for (size_t i = 0; i < values.size(); i++) t.data_as<float>()[i] = values[i];
  return t;
}

inline Tensor make_leaf(const Shape& shape, const std::vector<float>& values) {
  Tensor t = make_tensor(shape, values);
  t.impl()->requires_grad = true;
  return t;
}

// Values from -1 to 1 that look random and are the same every time.
inline Tensor make_pattern(const Shape& shape, uint32_t seed) {
  Tensor t = empty(shape);
  for (int64_t i = 0; i < t.numel(); i++) {
    seed = seed * 1664525u + 1013904223u;
    t.data_as<float>()[i] = static_cast<float>(seed >> 8) / static_cast<float>(1 << 23) - 1;
  }
  return t;
}

// Of a contiguous float32 tensor.
inline std::vector<float> values_of(const Tensor& t) {
  EXPECT_TRUE(t.defined() && t.dtype() == DType::Float32 && t.is_contiguous());
  return {t.data_as<float>(), t.data_as<float>() + t.numel()};
}

inline Tensor grad_of(const Tensor& t) { return grad_meta(t) ? grad_meta(t)->grad : Tensor(); }

// The message of the error that f raises, whose kind must be the given one.
template <class F>
std::string message_of(F&& f, ErrorKind kind = ErrorKind::Runtime) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(static_cast<int>(e.kind()), static_cast<int>(kind)) << e.message();
    return e.message();
  }
  ADD_FAILURE() << "no error was raised";
  return "";
}

inline void expect_parts(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
}

}  // namespace weft
