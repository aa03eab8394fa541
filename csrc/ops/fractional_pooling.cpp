// Pooling by pseudo-random windows, and the reverse of max pooling.
#include <algorithm>

#include "kernels/pooling.h"
#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/image_layout.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/pool_rules.h"
#include "ops/pooling.h"

namespace weft {

constinit KernelTable<FractionalMaxPoolKernel> fractional_max_pool_kernel{"fractional_max_pool"};

namespace {

// inputs: images, where the windows of each plane begin (kernels/pooling.h). The kernel moves windows inside.
struct FractionalMaxPool : OpOf<FractionalMaxPool> {
  static constexpr const char* kName = "fractional_max_pool2d";
  static constexpr Traits kTraits{.scratch = true};
  PoolRules rule;  // says how many windows of which size
  WEFT_FIELDS(rule);
  void check_inputs(const InputCheck& in) const {
    in.count(2).floating(0).ndim_between(0, 2, kMaxDims).contiguous(0).contiguous(1).dtype(1, DType::Int64);
    rule.check_against(in, in[0].shape());
    for (int k = 0; k < rule.dims(); k++)
      in.that(rule.axis(k).outputs == 0 || rule.axis(k).kernel <= rule.axis(k).inputs, "windows of a size that fits");
    in.shape(1, starts_shape(in[0].shape()));
  }
  explicit FractionalMaxPool(const PoolRules& r) : rule(r) {}
  const char* name() const override { return of_dims(rule, kName, "fractional_max_pool3d"); }
  int num_outputs() const override { return 2; }
  Shape starts_shape(const Shape& image) const {
    Shape shape(image.data(), image.size() - rule.dims());
    shape.push_back(rule.depth_rule().outputs + rule.rows.outputs + rule.columns.outputs);
    return shape;
  }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {pooled_shape(rule, in[0].shape()), in[0].dtype(), {}};
    out[1] = {out[0].shape, DType::Int64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    if (out[0].numel() == 0) return;  // tables could be large
    PoolTables windows(rule);
    fractional_max_pool_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]), view_of(in[1]),
                               windows.view());
  }
  Saves saves(uint32_t) const override { return {.inputs = 0, .outputs = 2}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    const int dims = rule.dims();
    const Tensor nothing = zeros(v.input_shape(0), v.grad(0).dtype(), v.grad(0).device());
    grads[0] = reshape(
        scatter_add(flat_planes(nothing, dims), -1, flat_planes(v.output(1), dims), flat_planes(v.grad(0), dims)),
        v.input_shape(0));
  }
};

WEFT_BATCH_RULE(FractionalMaxPool) { apply_folded(op, call, 3); }
WEFT_OP(FractionalMaxPool);

// Where the windows of each plane begin along an axis, for its samples (planes): (planes, outputs). Computed in the
// dtype of the samples, step by step, as PyTorch does.
Tensor fractional_starts(const PoolRule& axis, const Tensor& samples) {
  const int64_t last = axis.inputs - axis.kernel;
  const Shape column{samples.size(0), 1};
  const Tensor end =
      full({samples.size(0), std::min<int64_t>(axis.outputs, 1)}, Scalar(last), DType::Int64, samples.device());
  if (axis.outputs <= 1) return end;
  auto number = [&](int64_t n) { return full({}, Scalar(n), samples.dtype(), samples.device()); };
  const Tensor alpha = div(number(last), number(axis.outputs - 1)), u = reshape(samples, column);
  const Tensor step = to_dtype(arange(axis.outputs - 1, samples.device()), samples.dtype());
  const Tensor places = to_dtype(mul(add(step, u), alpha), DType::Int64);
  return cat({sub(places, to_dtype(mul(u, alpha), DType::Int64)), end}, 1);
}

template <size_t N>
PooledAndIndices fractional_max_pool(const char* op, const Tensor& x, const std::array<int64_t, N>& kernel,
                                     const std::array<int64_t, N>& size, const Tensor& samples) {
  const PoolName name{op};
  check_pool_image(name, x, N);
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  const PoolRules rule = pool_rules_of<N>([&](size_t k) {
    const int64_t n = x.size(static_cast<int>(k) - static_cast<int>(N));
    check(kernel[k] > 0, op, ": kernel_size must be positive, got ", dims_of(kernel));
    check(size[k] >= 0, op, ": output_size must not be negative, got ", dims_of(size));
    check(size[k] <= n && kernel[k] - 1 <= n - size[k], op, ": ", size[k], " windows of kernel_size ", kernel[k],
          " do not fit along the ", axis_name(name, N, k), " of an input of shape ", x.shape());
    return PoolRule{.inputs = n, .outputs = size[k], .kernel = kernel[k]};
  });
  const int64_t images = x.ndim() == static_cast<int>(N) + 1 ? 1 : x.size(0),
                channels = x.size(-static_cast<int>(N) - 1);
  const Shape wanted{images, channels, static_cast<int64_t>(N)};
  check(samples.shape() == wanted, op, ": expected _random_samples of shape ", wanted, " for an input of shape ",
        x.shape(), ", got ", samples.shape());
  check(samples.dtype() == x.dtype(), op, ": expected _random_samples of the input's dtype ", x.dtype(), ", got ",
        samples.dtype());
  const Tensor planes = reshape(detach(samples), {images * channels, static_cast<int64_t>(N)});
  std::vector<Tensor> starts;
  if (N == 2) starts.push_back(zeros({images * channels, 1}, DType::Int64, x.device()));
  for (int k = 0; k < static_cast<int>(N); k++)  // those of images are for columns first
    starts.push_back(fractional_starts(rule.axis(k), select(planes, 1, N == 2 ? 1 - k : k)));
  const FractionalMaxPool pool(rule);
  Tensor image = contiguous(x), out[2];
  Tensor places = contiguous(reshape(cat(starts, 1), pool.starts_shape(x.shape())));
  const Tensor* list[] = {&image, &places};
  apply(pool, Inputs(list, 2), out);
  return {out[0], out[1]};
}

template <size_t N>
Tensor max_unpool(const char* op, const Tensor& x, const Tensor& indices, const std::array<int64_t, N>& size) {
  constexpr int dims = static_cast<int>(N);
  constexpr const char* kShapes[] = {"(N, C, L) or (C, L)", "(N, C, H, W) or (C, H, W)",
                                     "(N, C, D, H, W) or (C, D, H, W)"};
  check(x.ndim() == dims + 1 || x.ndim() == dims + 2, op, ": expected an input of shape ", kShapes[N - 1], ", got ",
        x.shape());
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  check(indices.dtype() == DType::Int64, op, ": expected indices of dtype weft.int64, got ", indices.dtype());
  check(indices.shape() == x.shape(), op, ": expected indices of the input's shape ", x.shape(), ", got ",
        indices.shape());
  Shape shape(x.shape().data(), x.ndim() - dims), flat = shape;
  for (int64_t n : size) {
    check(n >= 0, op, ": output_size must not be negative, got ", dims_of(size));
    shape.push_back(n);
  }
  checked_numel(shape);
  int64_t places = 1;
  for (int64_t n : size) places *= n;
  flat.push_back(places);
  const Tensor out = reshape(
      scatter_as(op, zeros(flat, x.dtype(), x.device()), -1, flat_planes(indices, dims), flat_planes(x, dims)), shape);
  return x.ndim() == dims + 2 && N > 1 && has_channels_last(x) ? laid_out(out, channels_last_strides(shape)) : out;
}

}  // namespace

PooledAndIndices fractional_max_pool2d(const Tensor& x, const std::array<int64_t, 2>& kernel,
                                       const std::array<int64_t, 2>& size, const Tensor& samples) {
  return fractional_max_pool("fractional_max_pool2d", x, kernel, size, samples);
}
PooledAndIndices fractional_max_pool3d(const Tensor& x, const std::array<int64_t, 3>& kernel,
                                       const std::array<int64_t, 3>& size, const Tensor& samples) {
  return fractional_max_pool("fractional_max_pool3d", x, kernel, size, samples);
}

Tensor max_unpool1d(const Tensor& x, const Tensor& indices, const std::array<int64_t, 1>& size) {
  return max_unpool("max_unpool1d", x, indices, size);
}
Tensor max_unpool2d(const Tensor& x, const Tensor& indices, const std::array<int64_t, 2>& size) {
  return max_unpool("max_unpool2d", x, indices, size);
}
Tensor max_unpool3d(const Tensor& x, const Tensor& indices, const std::array<int64_t, 3>& size) {
  return max_unpool("max_unpool3d", x, indices, size);
}

}  // namespace weft
