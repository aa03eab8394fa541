// Samples of images and volumes at the places of a grid: Jaderberg et al., "Spatial Transformer Networks", 2015.
#include "kernels/grid_sampling.h"

#include <array>

#include "op/apply.h"
#include "op/autocast.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/image_layout.h"
#include "ops/indexing.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/reduction.h"
#include "ops/resampling.h"
#include "ops/tensor_math.h"

namespace weft {

constinit KernelTable<GridSampleKernel> grid_sample_kernel{"grid_sample"};
constinit KernelTable<GridSampleKernel> grid_sample_input_kernel{"grid_sample_input_backward"};
constinit KernelTable<GridGradientKernel> grid_sample_grid_kernel{"grid_sample_grid_backward"};

WEFT_FIELDS_OF(GridRule, mode, padding, align_corners);
template <>
constexpr int64_t kEnumSize<GridMode> = 3;
template <>
constexpr int64_t kEnumSize<GridPadding> = 3;

namespace {

// (N, C) of x, and the sizes of the grid.
Shape sampled_shape(const Shape& x, const Shape& grid) {
  Shape shape{x[0], x[1]};
  for (int d = 1; d + 1 < grid.size(); d++) shape.push_back(grid[d]);
  return shape;
}

// As a composite, which can be differentiated again and runs on every device

// One tap along one axis, of all samples (N, P).
struct AxisTap {
  Tensor place, inside, weight, slope;
};

// Along one axis of `size` places. sign: how the padded coordinate follows the given one.
class AxisSamples {
 public:
  AxisSamples(const GridRule& rule, const Tensor& coordinate, int64_t size)
      : rule_(rule), size_(size), sign_(ones_like(coordinate)) {
    const auto n = static_cast<double>(size);
    factor_ = (rule.align_corners ? n - 1 : n) / 2;
    Tensor at = rule.align_corners ? (coordinate + Scalar(1.0)) * Scalar(factor_)
                                   : ((coordinate + Scalar(1.0)) * Scalar(n) - Scalar(1.0)) * Scalar(0.5);
    at = clamp(where(isnan(at), Scalar(-100.0), at), Scalar(-1e12), Scalar(1e12));
    if (rule.mode != GridMode::Cubic) at = padded(at);
    first_ = rule.mode == GridMode::Nearest ? round(at) : floor(at);
    t_ = at - first_;
  }

  AxisTap tap(int k) {
    AxisTap tap;
    Tensor place = first_ + Scalar(static_cast<double>(rule_.mode == GridMode::Cubic ? k - 1 : k));
    if (rule_.mode == GridMode::Cubic) {
      place = padded(place);
      cubic(k, tap);
    } else if (rule_.mode == GridMode::Nearest) {
      tap.weight = ones_like(t_);
      tap.slope = zeros_like(t_);
    } else {
      tap.weight = k ? t_ : Scalar(1.0) - t_;
      tap.slope = sign_ * Scalar(k ? factor_ : -factor_);
    }
    tap.inside = (place >= Scalar(0.0)) & (place <= Scalar(static_cast<double>(size_ - 1)));
    tap.place = to_dtype(clamp(place, Scalar(0.0), Scalar(static_cast<double>(size_ - 1))), DType::Int64);
    return tap;
  }

 private:
  Tensor padded(Tensor at) {
    if (rule_.padding == GridPadding::Zeros) return at;
    if (rule_.padding == GridPadding::Reflection) at = reflected(at);
    const Scalar last(static_cast<double>(size_ - 1));
    sign_ = where((at <= Scalar(0.0)) | (at >= last), Scalar(0.0), sign_);
    return clamp(at, Scalar(0.0), last);
  }

  Tensor reflected(Tensor at) {
    const double low = rule_.align_corners ? 0 : -0.5;
    const auto span = static_cast<double>(rule_.align_corners ? size_ - 1 : size_);
    if (span == 0) return at * Scalar(0.0);
    at = at - Scalar(low);
    const Tensor there = where(at < Scalar(0.0), Scalar(-1.0), ones_like(at));
    at = at * there;
    const Tensor flips = floor(at / Scalar(span)), rest = at - flips * Scalar(span);
    const Tensor odd = remainder(flips, Scalar(2.0)) == Scalar(1.0);
    sign_ = where(odd, -there, there);
    return where(odd, Scalar(span) - rest, rest) + Scalar(low);
  }

  void cubic(int k, AxisTap& tap) const {
    constexpr double a = -0.75;
    // The distance to the sample, and how it changes with it
    const Tensor x = k == 0 ? t_ + Scalar(1.0) : k == 1 ? t_ : k == 2 ? Scalar(1.0) - t_ : Scalar(2.0) - t_;
    const Scalar way(k < 2 ? factor_ : -factor_);
    if (k == 0 || k == 3) {
      tap.weight = ((x * Scalar(a) - Scalar(5 * a)) * x + Scalar(8 * a)) * x - Scalar(4 * a);
      tap.slope = ((x * Scalar(3 * a) - Scalar(10 * a)) * x + Scalar(8 * a)) * way;
    } else {
      tap.weight = (x * Scalar(a + 2) - Scalar(a + 3)) * x * x + Scalar(1.0);
      tap.slope = (x * Scalar(3 * (a + 2)) - Scalar(2 * (a + 3))) * x * way;
    }
  }

  const GridRule& rule_;
  int64_t size_;
  double factor_;
  Tensor first_, t_, sign_;
};

// All taps of all samples: calls f(places (N, P), inside, the taps along the axes).
template <class F>
void for_each_tap(const GridRule& rule, const Tensor& grid, const Shape& image, const F& f) {
  const int dims = image.size() - 2;
  int64_t samples = 1;  // not -1 below: there may be no images
  for (int d = 1; d + 1 < grid.ndim(); d++) samples *= grid.size(d);
  const Tensor flat = reshape(grid, {grid.size(0), samples, dims});
  std::vector<std::vector<AxisTap>> axes(static_cast<size_t>(dims));
  for (int d = 0; d < dims; d++) {
    AxisSamples samples(rule, select(flat, -1, dims - 1 - d), image[d + 2]);
    for (int k = 0; k < rule.taps(); k++) axes[static_cast<size_t>(d)].push_back(samples.tap(k));
  }
  int count = 1;
  for (int d = 0; d < dims; d++) count *= rule.taps();
  for (int t = 0; t < count; t++) {
    std::vector<const AxisTap*> taps;
    for (int d = 0, rest = t; d < dims; d++, rest /= rule.taps())
      taps.push_back(&axes[static_cast<size_t>(d)][static_cast<size_t>(rest % rule.taps())]);
    Tensor place = taps[0]->place, inside = taps[0]->inside;
    for (int d = 1; d < dims; d++) {
      place = place * Scalar(image[d + 2]) + taps[static_cast<size_t>(d)]->place;
      inside = inside & taps[static_cast<size_t>(d)]->inside;
    }
    f(place, inside, taps);
  }
}

// The product of the taps' weights, with the slope of one of them in its place; 0 outside.
Tensor tap_weight(const std::vector<const AxisTap*>& taps, const Tensor& inside, size_t slope_of) {
  Tensor product;
  for (size_t d = 0; d < taps.size(); d++) {
    const Tensor& factor = d == slope_of ? taps[d]->slope : taps[d]->weight;
    product = product.defined() ? product * factor : factor;
  }
  return where(inside, product, Scalar(0.0));
}
constexpr size_t kNoSlope = 3;

// (N, P) for all channels: (N, C, P)
Tensor for_channels(const Tensor& t, int64_t channels) {
  return expand(unsqueeze(t, 1), {t.size(0), channels, t.size(1)});
}
Tensor flat_places(const Tensor& x) { return flatten(x, 2, -1); }

Tensor composite_sample(const GridRule& rule, const Tensor& x, const Tensor& grid) {
  Tensor sum;
  for_each_tap(rule, grid, x.shape(), [&](const Tensor& place, const Tensor& inside, const auto& taps) {
    Tensor term =
        gather(flat_places(x), -1, for_channels(place, x.size(1))) * unsqueeze(tap_weight(taps, inside, kNoSlope), 1);
    sum = sum.defined() ? sum + term : term;
  });
  return reshape(sum, sampled_shape(x.shape(), grid.shape()));
}

Tensor composite_input_gradient(const GridRule& rule, const Tensor& grad, const Tensor& grid, const Shape& image) {
  const Tensor g = flat_places(grad);
  int64_t places = 1;
  for (int d = 2; d < image.size(); d++) places *= image[d];
  Tensor sum = zeros({image[0], image[1], places}, grad.dtype(), grad.device());
  for_each_tap(rule, grid, image, [&](const Tensor& place, const Tensor& inside, const auto& taps) {
    sum = scatter_add(sum, -1, for_channels(place, image[1]), g * unsqueeze(tap_weight(taps, inside, kNoSlope), 1));
  });
  return reshape(sum, image);
}

Tensor composite_grid_gradient(const GridRule& rule, const Tensor& grad, const Tensor& x, const Tensor& grid) {
  const Tensor g = flat_places(grad);
  const auto dims = static_cast<size_t>(x.ndim() - 2);
  std::vector<Tensor> total(dims);  // the last dimension's first
  for_each_tap(rule, grid, x.shape(), [&](const Tensor& place, const Tensor& inside, const auto& taps) {
    const Tensor worth = sum(g * gather(flat_places(x), -1, for_channels(place, x.size(1))), Dims{1});
    for (size_t d = 0; d < dims; d++) {
      Tensor& t = total[dims - 1 - d];
      const Tensor term = worth * tap_weight(taps, inside, d);
      t = t.defined() ? t + term : term;
    }
  });
  return reshape(stack(total, -1), grid.shape());
}

// As ops

bool has_kernel(const KernelTableBase& table, Device device) {
  return device.type == DeviceType::Meta || table.cells[static_cast<int>(device.type)] != nullptr;
}

void check_grid(const InputCheck& in, const GridRule& rule, int image, int grid) {
  in.ndim_between(image, 4, 5).ndim(grid, in[image].ndim()).contiguous(grid).same_dtype(image, grid);
  in.that(in[grid].size(-1) == in[image].ndim() - 2 && in[grid].size(0) == in[image].size(0), "a grid that fits");
  in.that(in[image].ndim() == 4 || rule.mode != GridMode::Cubic, "images of two dimensions, for bicubic samples");
}
void check_places(const InputCheck& in, const Shape& image) {
  bool any = true;
  for (int d = 2; d < image.size(); d++) any = any && image[d] > 0;
  in.that(any, "images that have places");
}
void check_float(const InputCheck& in) {
  in.that(in[0].dtype() == DType::Float32 || in[0].dtype() == DType::Float64, "float32 or float64");
}

Tensor input_gradient(const GridRule& rule, const Tensor& grad, const Tensor& grid, const Shape& image,
                      bool channels_last);
Tensor grid_gradient(const GridRule& rule, const Tensor& grad, const Tensor& x, const Tensor& grid);

// What the samples' kernels take: an image in its layout.
Tensor sampled_image(const Tensor& x) { return has_channels_last(x) ? x : contiguous(x); }

// inputs: image, grid
struct GridSample : OpOf<GridSample> {
  static constexpr const char* kName = "grid_sample";
  GridRule rule;
  WEFT_FIELDS(rule);
  explicit GridSample(const GridRule& r) : rule(r) {}
  void check_inputs(const InputCheck& in) const {
    in.count(2);
    check_grid(in, rule, 0, 1);
    check_float(in);
    check_places(in, in[0].shape());
    check_image(in, *this, in.inputs(), 0);
  }
  void infer(Inputs in, OutputSpec* out) const override {
    const Shape shape = sampled_shape(in[0].shape(), in[1].shape());
    out[0] = {shape, in[0].dtype(), strides_of_image(in[0], shape)};
  }
  void run(Inputs in, const Tensor* out) const override {
    grid_sample_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), rule);
  }
  ChannelsLast channels_last(Inputs) const override { return {.inputs = 1, .outputs = 1}; }
  Saves saves(uint32_t needs) const override { return {.inputs = (needs & 2) ? 3u : 2u, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (v.needs(0)) grads[0] = input_gradient(rule, v.grad(), v.input(1), v.input_shape(0), v.input_channels_last(0));
    if (v.needs(1)) grads[1] = grid_gradient(rule, v.grad(), v.input(0), v.input(1));
  }
};

// inputs: gradient of the samples, grid. Linear in the first.
struct GridSampleInput : OpOf<GridSampleInput> {
  static constexpr const char* kName = "grid_sample_input_backward";
  GridRule rule;
  Shape image;
  bool channels_innermost;
  WEFT_FIELDS(rule, image, channels_innermost);
  GridSampleInput(const GridRule& r, const Shape& s, bool c) : rule(r), image(s), channels_innermost(c) {}
  void check_inputs(const InputCheck& in) const {
    in.count(2);
    check_grid(in, rule, 0, 1);
    check_float(in);
    in.sizes(image).that(image.size() == in[0].ndim() && image[0] == in[0].size(0), "an image that fits");
    check_places(in, image);
    in.shape(0, sampled_shape(image, in[1].shape()));
    check_image(in, *this, in.inputs(), 0);
  }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {image, in[0].dtype(), image_strides(image, channels_innermost)};
  }
  void run(Inputs in, const Tensor* out) const override {
    grid_sample_input_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), rule);
  }
  ChannelsLast channels_last(Inputs) const override { return {.inputs = 1, .outputs = 1}; }
  Saves saves(uint32_t needs) const override { return {.inputs = (needs & 2) ? 3u : 2u, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

// inputs: gradient of the samples, image, grid
struct GridSampleGrid : OpOf<GridSampleGrid> {
  static constexpr const char* kName = "grid_sample_grid_backward";
  static constexpr Traits kTraits{.decomposes = true};
  GridRule rule;
  WEFT_FIELDS(rule);
  explicit GridSampleGrid(const GridRule& r) : rule(r) {}
  void check_inputs(const InputCheck& in) const {
    in.count(3).same_dtype(0, 1);
    check_grid(in, rule, 1, 2);
    check_float(in);
    check_places(in, in[1].shape());
    in.shape(0, sampled_shape(in[1].shape(), in[2].shape()));
    check_image(in, *this, in.inputs(), 0);
    check_image(in, *this, in.inputs(), 1);
  }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[2].shape(), in[2].dtype()}; }
  void run(Inputs in, const Tensor* out) const override {
    grid_sample_grid_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), view_of(in[2]), rule);
  }
  ChannelsLast channels_last(Inputs) const override { return {.inputs = 3}; }
  std::vector<Tensor> decompose(Inputs in) const override {
    return {composite_grid_gradient(rule, in[0], in[1], in[2])};
  }
};

Tensor sample(const GridRule& rule, const Tensor& x, const Tensor& grid) {
  if (!has_kernel(grid_sample_kernel, x.device())) return composite_sample(rule, x, grid);
  return apply(GridSample(rule), sampled_image(x), contiguous(grid));
}

Tensor input_gradient(const GridRule& rule, const Tensor& grad, const Tensor& grid, const Shape& image,
                      bool channels_last) {
  if (!has_kernel(grid_sample_input_kernel, grad.device())) return composite_input_gradient(rule, grad, grid, image);
  return apply(GridSampleInput(rule, image, channels_last), sampled_image(grad), contiguous(grid));
}

Tensor grid_gradient(const GridRule& rule, const Tensor& grad, const Tensor& x, const Tensor& grid) {
  if (!has_kernel(grid_sample_grid_kernel, grad.device())) return composite_grid_gradient(rule, grad, x, grid);
  return apply(GridSampleGrid(rule), sampled_image(grad), sampled_image(x), contiguous(grid));
}

void GridSampleInput::vjp(const Vjp& v, Tensor* grads) const {
  if (v.needs(0)) grads[0] = sample(rule, v.grad(), v.input(1));
  // The product of this op's result with v.grad() is that of v.input(0) with the samples of v.grad().
  if (v.needs(1)) grads[1] = grid_gradient(rule, v.input(0), v.grad(), v.input(1));
}

WEFT_BATCH_RULE(GridSample) { apply_folded(op, call, 3); }
WEFT_BATCH_RULE(GridSampleInput) {
  apply_folded(GridSampleInput(op.rule, merged_shape(op.image, call.size), op.channels_innermost), call, 3);
}
WEFT_BATCH_RULE(GridSampleGrid) { apply_folded(op, call, 7); }

WEFT_OP(GridSample);
WEFT_OP(GridSampleInput);
WEFT_OP(GridSampleGrid);

GridRule grid_rule(const std::string& mode, const std::string& padding, bool align_corners) {
  GridRule r{.align_corners = align_corners};
  check<ErrorKind::Value>(mode == "bilinear" || mode == "nearest" || mode == "bicubic",
                          "grid_sample: expected mode 'bilinear', 'nearest' or 'bicubic', got '", mode, "'");
  check<ErrorKind::Value>(padding == "zeros" || padding == "border" || padding == "reflection",
                          "grid_sample: expected padding_mode 'zeros', 'border' or 'reflection', got '", padding, "'");
  r.mode = mode == "bilinear" ? GridMode::Linear : mode == "nearest" ? GridMode::Nearest : GridMode::Cubic;
  r.padding = padding == "zeros"    ? GridPadding::Zeros
              : padding == "border" ? GridPadding::Border
                                    : GridPadding::Reflection;
  return r;
}

// The centers of n places, from -1 to 1 as (n).
Tensor axis_coordinates(int64_t n, bool align_corners, const Tensor& like) {
  if (n == 1) return zeros({1}, like.dtype(), like.device());
  const double end = align_corners ? 1.0 : static_cast<double>(n - 1) / static_cast<double>(n);
  return linspace(Scalar(-end), Scalar(end), n, like.dtype(), like.device());
}

}  // namespace

Tensor grid_sample(const Tensor& x, const Tensor& grid, const std::string& mode, const std::string& padding_mode,
                   bool align_corners) {
  const GridRule rule = grid_rule(mode, padding_mode, align_corners);
  check(x.ndim() == 4 || x.ndim() == 5, "grid_sample: expected an input (N, C, H, W) or (N, C, D, H, W), got shape ",
        x.shape());
  const int dims = x.ndim() - 2;
  check(grid.ndim() == x.ndim() && grid.size(-1) == dims && grid.size(0) == x.size(0),
        "grid_sample: expected a grid of shape (", x.size(0), dims == 2 ? ", H, W, 2)" : ", D, H, W, 3)",
        " for an input of shape ", x.shape(), ", got ", grid.shape());
  for (int d = 2; d < x.ndim(); d++)
    check(x.size(d) > 0, "grid_sample: expected an input that is not empty, got shape ", x.shape());
  check(dims == 2 || rule.mode != GridMode::Cubic,
        "grid_sample: mode 'bicubic' needs an input (N, C, H, W), got shape ", x.shape());
  check(is_real_floating(x.dtype()), "grid_sample: expected a floating point input, got dtype ", x.dtype());
  if (x.dtype() != grid.dtype() && (full_precision_dtype(x) || full_precision_dtype(grid)))
    return grid_sample(for_full_precision(x), for_full_precision(grid), mode, padding_mode, align_corners);
  check(x.dtype() == grid.dtype(), "grid_sample: expected input and grid of one dtype, got ", x.dtype(), " and ",
        grid.dtype());
  if (item_size(x.dtype()) < 4)  // computed and added up in float32
    return to_dtype(sample(rule, to_dtype(x, DType::Float32), to_dtype(grid, DType::Float32)), x.dtype());
  return sample(rule, x, grid);
}

Tensor affine_grid(const Tensor& theta, const Dims& size, bool align_corners) {
  check<ErrorKind::Value>(is_real_floating(theta.dtype()), "affine_grid: expected a floating point theta, got dtype ",
                          theta.dtype());
  check<ErrorKind::NotImplemented>(size.size() == 4 || size.size() == 5,
                                   "affine_grid: expected size (N, C, H, W) or (N, C, D, H, W), got ", size);
  const int dims = size.size() - 2;
  check<ErrorKind::Value>(theta.ndim() == 3 && theta.size(1) == dims && theta.size(2) == dims + 1,
                          "affine_grid: expected theta of shape (N, ", dims, ", ", dims + 1, ") for size ", size,
                          ", got ", theta.shape());
  for (int64_t n : size) check<ErrorKind::Value>(n > 0, "affine_grid: expected positive sizes, got ", size);
  check(theta.size(0) == size[0], "affine_grid: expected theta of shape (", size[0], ", ", dims, ", ", dims + 1,
        ") for size ", size, ", got ", theta.shape());
  Shape places;
  for (int d = 2; d < size.size(); d++) places.push_back(size[d]);
  std::vector<Tensor> coordinates;
  for (int d = dims - 1; d >= 0; d--) {
    Shape along = Shape::filled(dims, 1);
    along[d] = size[d + 2];
    coordinates.push_back(expand(reshape(axis_coordinates(size[d + 2], align_corners, theta), along), places));
  }
  coordinates.push_back(ones(places, theta.dtype(), theta.device()));
  const Tensor base = reshape(stack(coordinates, -1), {-1, dims + 1});
  Shape shape{size[0]};
  for (int64_t n : places) shape.push_back(n);
  shape.push_back(dims);
  return reshape(matmul(base, transpose(theta, 1, 2)), shape);
}

}  // namespace weft
