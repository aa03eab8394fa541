#include "ops/creation.h"

#include "kernels/elementwise.h"
#include "op/apply.h"

namespace weft {

namespace {

struct Full : OpOf<Full> {
  static constexpr const char* kName = "full";
  Shape shape;
  Scalar value;
  DType dtype;
  Device place;
  auto fields() const { return std::tie(shape, value, dtype, place); }
  Full(const Shape& s, const Scalar& v, DType t, Device d) : shape(s), value(v), dtype(t), place(d) {}
  Device device(Inputs) const override { return place; }
  void infer(Inputs, OutputSpec* out) const override { out[0] = {shape, dtype, {}}; }
  void run(Inputs, const Tensor* out) const override {
    fill_kernel(out[0].device(), view_of(out[0]), value.to_double(), value.to_int());
  }
  bool differentiable() const override { return false; }
};

}  // namespace

Tensor full(const Shape& shape, const Scalar& value, DType dtype, Device device) {
  return apply(Full(shape, value, dtype, device));
}
Tensor zeros(const Shape& shape, DType dtype, Device device) { return full(shape, Scalar(0), dtype, device); }
Tensor ones(const Shape& shape, DType dtype, Device device) { return full(shape, Scalar(1), dtype, device); }
Tensor full_like(const Tensor& x, const Scalar& value) { return full(x.shape(), value, x.dtype(), x.device()); }
Tensor zeros_like(const Tensor& x) { return full_like(x, Scalar(0)); }
Tensor ones_like(const Tensor& x) { return full_like(x, Scalar(1)); }

}  // namespace weft
