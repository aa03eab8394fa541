#include "ops/convolution.h"

#include "kernels/convolution.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/flops.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/image_layout.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/reduction.h"

namespace weft {

constinit KernelTable<ConvolutionKernel> convolution_kernel{"convolution"};
constinit KernelTable<ConvolutionThenKernel> convolution_then_kernel{"convolution with an epilogue"};
constinit KernelTable<ChannelSumsKernel> channel_sums_kernel{"channel_sums"};
constinit KernelTable<ConvolutionInputKernel> convolution_input_kernel{"convolution_input"};
constinit KernelTable<ConvolutionWeightKernel> convolution_weight_kernel{"convolution_weight"};
constinit KernelTable<LibraryConvolutionKernel> library_convolution_kernel{"convolution of a library"};
constinit KernelTable<LibraryConvolutionInputKernel> library_convolution_input_kernel{"convolution_input of a library"};
constinit KernelTable<LibraryConvolutionWeightKernel> library_convolution_weight_kernel{
    "convolution_weight of a library"};

namespace {

// The attributes that a convolution and its two gradients share; every list has an entry per spatial dim.
struct Geometry {
  Dims stride, before, after, dilation;  // before, after: padding
  int64_t groups = 1;

  WEFT_FIELDS(stride, before, after, dilation, groups);

  // In the kernel's three dims; those that lack come first.
  ConvGeometry for_kernel() const {
    ConvGeometry g{{1, 1, 1}, {0, 0, 0}, {1, 1, 1}, groups};
    const int missing = 3 - stride.size();
    for (int d = 0; d < stride.size(); d++) {
      g.stride[missing + d] = stride[d];
      g.padding[missing + d] = before[d];
      g.dilation[missing + d] = dilation[d];
    }
    return g;
  }
  int64_t output_size(int d, int64_t size, int64_t kernel) const {
    const int64_t reach = size + before[d] + after[d] - dilation[d] * (kernel - 1) - 1;
    return reach < 0 ? 0 : reach / stride[d] + 1;
  }

  // Of an op from a file: x (N, C, ...), weight (C', C / groups, ...), y (N, C', ...).
  void check_shapes(const InputCheck& in, const Shape& x, const Shape& weight) const {
    const int dims = stride.size();
    in.that(dims >= 1 && dims <= 3 && before.size() == dims && after.size() == dims && dilation.size() == dims,
            "one to three spatial dimensions");
    in.that(x.size() == dims + 2 && weight.size() == dims + 2, "batches of images and kernels for them");
    constexpr int64_t kMost = int64_t{1} << 40;
    for (int d = 0; d < dims; d++) {
      in.that(stride[d] >= 1 && dilation[d] >= 1 && stride[d] < kMost && dilation[d] < kMost, "strides and dilations");
      in.that(before[d] >= -kMost && after[d] >= -kMost && before[d] < kMost && after[d] < kMost, "paddings");
      in.that(weight[2 + d] < kMost / dilation[d] && x[2 + d] < kMost, "sizes that can be computed");
    }
    in.that(groups >= 1 && weight[0] % groups == 0 && x[1] % groups == 0 && x[1] / groups == weight[1],
            "channels that the groups divide");
  }
  void check_operands(const InputCheck& in, const Tensor& x, const Tensor& weight) const {
    in.floating(0);
    check_shapes(in, x.shape(), weight.shape());
  }
  void check_gradient(const InputCheck& in, const Shape& x, const Shape& weight, const Shape& y) const {
    in.floating(0);
    check_shapes(in, x, weight);
    in.that(y.size() == x.size() && y[0] == x[0] && y[1] == weight[0], "a gradient of the result's shape");
    for (int d = 0; d < stride.size(); d++)
      in.that(y[2 + d] == output_size(d, x[2 + d], weight[2 + d]), "a gradient of the result's shape");
  }
};

// A tensor with three spatial dims for the kernel.
class KernelView {
 public:
  explicit KernelView(const Tensor& t) : data_(t.data()), dtype_(t.dtype()) {
    const int missing = 5 - t.ndim();
    for (int d = 0; d < 5; d++) {
      const bool added = d >= 2 && d < 2 + missing;
      const int from = d < 2 ? d : d - missing;
      shape_[d] = added ? 1 : t.shape()[from];
      strides_[d] = added ? 0 : t.strides()[from];
    }
  }
  StridedView view() const { return {data_, shape_, strides_, 5, dtype_}; }

 private:
  void* data_;
  DType dtype_;
  int64_t shape_[5], strides_[5];
};

// Kernels take any strides, but a graph must give the same bits as the program: of several groups' channels that lie
// innermost other kernels may be in charge. What gains is known for the CPU.
ChannelsLast images(const Tensor& x, const Geometry& geometry, uint32_t inputs, uint32_t outputs) {
  if (geometry.groups != 1) return {};
  const bool gains = x.device().type == DeviceType::CPU && x.dtype() == DType::Float32;
  return {.inputs = inputs, .outputs = outputs, .gains = gains};
}

uint32_t other_operand(uint32_t needs) { return ((needs & 1) ? 2u : 0u) | ((needs & 2) ? 1u : 0u); }

// Inputs are checked before these ops are applied.
struct Convolution : OpOf<Convolution> {
  static constexpr const char* kName = "convolution";
  static constexpr Traits kTraits{.scratch = true, .autocast = AutocastRule::Half};
  Geometry geometry;

  explicit Convolution(const Geometry& g) : geometry(g) {}
  WEFT_FIELDS(geometry);
  void check_inputs(const InputCheck& in) const {
    in.count(3, 4);
    geometry.check_operands(in, in[0], in[1]);
    in.same_dtype(0, 1).same_dtype(2, 0).shape(2, {in[1].size(0)});
  }
  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape{in[0].size(0), in[1].size(0)};
    for (int d = 0; d < geometry.stride.size(); d++)
      shape.push_back(geometry.output_size(d, in[0].size(2 + d), in[1].size(2 + d)));
    out[0] = {shape, in[0].dtype(), strides_of_image(in[0], shape)};
  }
  static StridedView bias_of(Inputs in) { return view_or_none(in[2]); }
  void run(Inputs in, const Tensor* out) const override {
    convolution_kernel(in[0].device(), KernelView(out[0]).view(), KernelView(in[0]).view(), KernelView(in[1]).view(),
                       bias_of(in), geometry.for_kernel());
  }
  bool takes_epilogue(Device device) const override { return convolution_then_kernel.has(device); }
  void run_then(Inputs in, const Tensor* out, const Epilogue& epilogue) const override {
    convolution_then_kernel(in[0].device(), KernelView(out[0]).view(), KernelView(in[0]).view(),
                            KernelView(in[1]).view(), bias_of(in), geometry.for_kernel(), epilogue);
  }
  ChannelsLast channels_last(Inputs in) const override { return images(in[0], geometry, 1, 1); }
  Saves saves(uint32_t needs) const override { return {.inputs = other_operand(needs)}; }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

// The gradient of a convolution by its input of the given shape and layout, from that of its output and the weights.
struct ConvolutionInput : OpOf<ConvolutionInput> {
  static constexpr const char* kName = "convolution_input";
  static constexpr Traits kTraits{.scratch = true, .autocast = AutocastRule::Half};
  Geometry geometry;
  Shape shape;
  bool channels_innermost;

  ConvolutionInput(const Geometry& g, const Shape& s, bool innermost)
      : geometry(g), shape(s), channels_innermost(innermost) {}
  WEFT_FIELDS(geometry, shape, channels_innermost);
  void check_inputs(const InputCheck& in) const {
    in.count(2).same_dtype(0, 1).sizes(shape);
    geometry.check_gradient(in, shape, in[1].shape(), in[0].shape());
  }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {shape, in[0].dtype(), image_strides(shape, channels_innermost)};
  }
  void run(Inputs in, const Tensor* out) const override {
    convolution_input_kernel(in[0].device(), KernelView(out[0]).view(), KernelView(in[0]).view(),
                             KernelView(in[1]).view(), geometry.for_kernel());
  }
  ChannelsLast channels_last(Inputs in) const override { return images(in[0], geometry, 1, 1); }
  Saves saves(uint32_t needs) const override { return {.inputs = other_operand(needs)}; }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

// The gradient of a convolution by its weights of the given shape and layout, from that of its output and the input.
struct ConvolutionWeight : OpOf<ConvolutionWeight> {
  static constexpr const char* kName = "convolution_weight";
  static constexpr Traits kTraits{.scratch = true};
  Geometry geometry;
  Shape shape;
  bool channels_innermost;

  ConvolutionWeight(const Geometry& g, const Shape& s, bool innermost)
      : geometry(g), shape(s), channels_innermost(innermost) {}
  WEFT_FIELDS(geometry, shape, channels_innermost);
  void check_inputs(const InputCheck& in) const {
    in.count(2).same_dtype(0, 1).sizes(shape);
    geometry.check_gradient(in, in[1].shape(), shape, in[0].shape());
  }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {shape, in[0].dtype(), image_strides(shape, channels_innermost)};
  }
  void run(Inputs in, const Tensor* out) const override {
    convolution_weight_kernel(in[0].device(), KernelView(out[0]).view(), KernelView(in[0]).view(),
                              KernelView(in[1]).view(), geometry.for_kernel());
  }
  ChannelsLast channels_last(Inputs in) const override { return images(in[0], geometry, 3, 0); }
  Saves saves(uint32_t needs) const override { return {.inputs = other_operand(needs)}; }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

Shape channels_alone(const Shape& shape) {
  Shape kept = Shape::filled(shape.size(), 1);
  kept[1] = shape[1];
  return kept;
}

// The sum over all dims but the channels, in an order that does not depend on the layout.
struct ChannelSums : OpOf<ChannelSums> {
  static constexpr const char* kName = "channel_sums";
  static constexpr Traits kTraits{.scratch = true};
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const {
    in.count(1).floating(0).ndim_between(0, 2, 5);
    check_image(in, *this, in.inputs(), 0);
  }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {{in[0].size(1)}, in[0].dtype()}; }
  void run(Inputs in, const Tensor* out) const override {
    channel_sums_kernel(in[0].device(), view_of(out[0]), view_of(in[0]));
  }
  ChannelsLast channels_last(Inputs) const override { return {.inputs = 1}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    grads[0] = expand(reshape(v.grad(), channels_alone(v.input_shape(0))), v.input_shape(0));
  }
};

Tensor bias_gradient(const Tensor& grad) {
  const ChannelSums sums;
  if (channel_sums_kernel.has(grad.device())) return apply(sums, image_for(sums, grad));
  return reshape(sum_to(grad, channels_alone(grad.shape())), {grad.size(1)});
}

ConvolutionInput input_gradient(const Geometry& g, const Vjp& v, int i) {
  return {g, v.input_shape(i), v.input_channels_last(i)};
}
ConvolutionWeight weight_gradient(const Geometry& g, const Vjp& v, int i) {
  return {g, v.input_shape(i), v.input_channels_last(i)};
}

// All three are linear in both operands, so the gradients of each are the other two.
void Convolution::vjp(const Vjp& v, Tensor* grads) const {
  const Tensor& grad = v.grad();
  if (v.needs(0)) grads[0] = apply(input_gradient(geometry, v, 0), grad, v.input(1));
  if (v.needs(1)) grads[1] = apply(weight_gradient(geometry, v, 1), grad, v.input(0));
  if (v.needs(2)) grads[2] = bias_gradient(grad);
}

void ConvolutionInput::vjp(const Vjp& v, Tensor* grads) const {
  Tensor grad = v.grad();  // the convolution's result lies as it does
  if (v.needs(0) && v.input_channels_last(0)) grad = laid_out(grad, channels_last_strides(grad.shape()));
  if (v.needs(0)) grads[0] = apply(Convolution(geometry), grad, v.input(1), Tensor());
  if (v.needs(1)) grads[1] = apply(weight_gradient(geometry, v, 1), v.input(0), grad);
}

void ConvolutionWeight::vjp(const Vjp& v, Tensor* grads) const {
  const Tensor& grad = v.grad();
  if (v.needs(0)) grads[0] = apply(Convolution(geometry), v.input(1), grad, Tensor());
  if (v.needs(1)) grads[1] = apply(input_gradient(geometry, v, 1), v.input(0), grad);
}

// --- checks -------------------------------------------------------------------------------------------------------

// One entry for every spatial dim.
Dims per_dim(const char* name, const char* what, const Dims& values, int dims, int64_t least) {
  check(values.size() == 1 || values.size() == dims, name, ": expected ", what, " of 1 or ", dims, " numbers, got ",
        values);
  Dims all = values.size() == dims ? values : Dims::filled(dims, values[0]);
  constexpr int64_t kMost = int64_t{1} << 40;  // strides in memory times these stay in range
  for (int64_t n : all) {
    check(n >= least, name, ": expected ", what, " of at least ", least, ", got ", values);
    check(n <= kMost, name, ": expected ", what, " of at most ", kMost, ", got ", values);
  }
  return all;
}

Geometry geometry_of(const char* name, int dims, const ConvOptions& o) {
  Geometry g;
  g.stride = per_dim(name, "stride", o.stride, dims, 1);
  g.before = per_dim(name, "padding", o.padding, dims, 0);
  g.after = g.before;
  g.dilation = per_dim(name, "dilation", o.dilation, dims, 1);
  g.groups = o.groups;
  check(o.groups >= 1, name, ": expected groups of at least 1, got ", o.groups);
  return g;
}

void check_operands(const char* name, int dims, const Tensor& x, const Tensor& weight, const Tensor& bias,
                    int64_t outputs) {
  check(weight.ndim() == dims + 2, name, ": expected a weight of ", dims + 2, " dims, got shape ", weight.shape());
  check(x.ndim() == dims + 2 || x.ndim() == dims + 1, name, ": expected input of ", dims + 2, " dims (a batch) or ",
        dims + 1, " dims, got shape ", x.shape());
  check(x.dtype() == weight.dtype(), name, ": expected input and weight of one dtype, got ", x.dtype(), " and ",
        weight.dtype(), "; convert one with .to(dtype)");
  check(x.dtype() != DType::Bool, name, ": not defined for dtype bool; convert the operands with .to(dtype)");
  for (int d = 0; d < dims; d++)
    check(weight.size(2 + d) > 0, name, ": expected a kernel of at least one element, got weight of shape ",
          weight.shape());
  if (!bias.defined()) return;
  check(bias.ndim() == 1 && bias.size(0) == outputs, name, ": expected a bias of shape (", outputs,
        ",) for weight of shape ", weight.shape(), ", got shape ", bias.shape());
  check(bias.dtype() == x.dtype(), name, ": expected a bias of dtype ", x.dtype(), ", got ", bias.dtype());
}

// A size that was computed wide, for strides, paddings and dilations of any size.
int64_t checked_size(const char* name, __int128 size, const Shape& input, const Shape& weight, const Geometry& g) {
  check(size < (__int128{1} << 61), name, ": stride ", g.stride, ", padding ", g.before, " and dilation ", g.dilation,
        " are too large for input of shape ", input, " and weight of shape ", weight);
  return static_cast<int64_t>(size);
}

// A convolution of integers: products of matrices over the windows of the padded input.
Tensor convolution_of_integers(const Tensor& x, const Tensor& weight, const Geometry& g) {
  const int dims = g.stride.size();
  Dims widths;
  for (int d = dims - 1; d >= 0; d--) {
    widths.push_back(g.before[d]);
    widths.push_back(g.after[d]);
  }
  const Tensor padded = contiguous(pad(x, widths, "constant", Scalar(0)));
  const int64_t samples = x.size(0), groups = g.groups, inputs = x.size(1) / groups, outputs = weight.size(0) / groups;
  Shape shape{samples, groups, inputs}, result{samples, weight.size(0)};
  Strides strides{padded.strides()[0], padded.strides()[1] * inputs, padded.strides()[1]};
  Dims order{0, 1};  // (sample, group, places of the output, channel, places of the kernel)
  int64_t places = 1, row = inputs;
  for (int d = 0; d < dims; d++) {
    const int64_t size = g.output_size(d, x.size(2 + d), weight.size(2 + d));
    shape.push_back(size);
    result.push_back(size);
    strides.push_back(padded.strides()[2 + d] * g.stride[d]);
    order.push_back(3 + d);
    places *= size;
  }
  order.push_back(2);
  for (int d = 0; d < dims; d++) {
    shape.push_back(weight.size(2 + d));
    strides.push_back(padded.strides()[2 + d] * g.dilation[d]);
    order.push_back(3 + dims + d);
    row *= weight.size(2 + d);
  }
  const Tensor windows =
      reshape(permute(as_strided(padded, shape, strides, padded.offset()), order), {samples, groups, places, row});
  const Tensor rows = transpose(reshape(weight, {groups, outputs, row}), 1, 2);
  return reshape(transpose(matmul(windows, rows), 2, 3), result);
}

// The transposed convolution of integers: a convolution of the input with zeros between its elements.
Tensor transposed_of_integers(const Tensor& x, const Tensor& weight, const Geometry& g, const Dims& extra) {
  const int dims = g.stride.size();
  Tensor spread = x, turned = weight;
  Geometry direct = g;
  for (int d = 0; d < dims; d++) {
    Shape wide = spread.shape();
    wide[2 + d] = wide[2 + d] == 0 ? 0 : (wide[2 + d] - 1) * g.stride[d] + 1;
    const Tensor zero = zeros(wide, x.dtype(), x.device());
    if (spread.numel()) copy_(slice(zero, 2 + d, 0, wide[2 + d], g.stride[d]), spread);
    spread = zero;
    turned = flip(turned, {2 + d});
    const int64_t around = g.dilation[d] * (weight.size(2 + d) - 1) - g.before[d];
    direct.stride[d] = 1;
    direct.before[d] = around;
    direct.after[d] = around + extra[d];
  }
  const int64_t inputs = weight.size(0) / g.groups, outputs = weight.size(1);
  Shape by_group{g.groups, inputs, outputs}, joined{g.groups * outputs, inputs};
  for (int d = 0; d < dims; d++) {
    by_group.push_back(weight.size(2 + d));
    joined.push_back(weight.size(2 + d));
  }
  return convolution_of_integers(spread, reshape(transpose(reshape(turned, by_group), 1, 2), joined), direct);
}

// The bias as it is added to images.
Tensor as_channels(const Tensor& bias, int dims) {
  Shape shape = Shape::filled(dims + 1, 1);
  shape[0] = bias.numel();
  return reshape(bias, shape);
}

// No tensor has as many channels as do not fit.
int64_t of_all_groups(int64_t channels, int64_t groups) {
  int64_t all = 0;
  return __builtin_mul_overflow(channels, groups, &all) ? INT64_MAX : all;
}

// Calls f on x as a batch; takes the batch dim off again if x had none.
template <class F>
Tensor batched(const Tensor& x, int dims, F&& f) {
  return x.ndim() == dims + 2 ? f(x) : squeeze(f(unsqueeze(x, 0)), 0);
}

// A weight (A, B, ...) as the real one (2 A, 2 B, ...) that multiplies the parts of complex numbers: x by i has -imag
// as its real part and real as its imaginary one.
Tensor weight_of_parts(const Tensor& w, bool transposed) {
  const Tensor re = real(w), im = imag(w);
  const Tensor first = stack({re, transposed ? im : neg(im)}, 2), second = stack({transposed ? neg(im) : im, re}, 2);
  return flatten(flatten(stack({first, second}, 1), 0, 1), 1, 2);
}

// The convolution of complex numbers as one of real numbers, with a channel for each part: convolve(x, weight).
template <class F>
Tensor convolve_parts(const Tensor& x, const Tensor& weight, bool transposed, const F& convolve) {
  NoAutocastGuard full;  // it would not halve complex numbers
  const Tensor channels = flatten(movedim(view_as_real(x), {-1}, {2}), 1, 2);
  const Tensor y = unflatten(convolve(contiguous(channels), weight_of_parts(weight, transposed)), 1, {-1, 2});
  return view_as_complex(contiguous(movedim(y, {2}, {-1})));
}

}  // namespace

Tensor convolution(const char* name, int dims, const Tensor& given_x, const Tensor& given_weight,
                   const Tensor& given_bias, const ConvOptions& options) {
  const Tensor x = for_half(given_x), weight = for_half(given_weight), bias = for_half(given_bias);
  Geometry g = geometry_of(name, dims, options);
  check_operands(name, dims, x, weight, bias, weight.ndim() ? weight.size(0) : 0);
  const int64_t channels = x.size(-dims - 1);
  const int64_t inputs = of_all_groups(weight.size(1), g.groups);
  check(channels == inputs, name, ": expected input with ", inputs, " channels (weight of shape ", weight.shape(),
        ", groups ", g.groups, "), got ", channels, " in input of shape ", x.shape());
  check(weight.size(0) % g.groups == 0, name, ": expected a number of output channels that groups=", g.groups,
        " divides, got weight of shape ", weight.shape());
  if (options.padding_mode == "same") {
    for (int d = 0; d < dims; d++) {
      check(g.stride[d] == 1, name, ": padding 'same' needs stride 1, got stride ", g.stride);
      const int64_t total = checked_size(name, static_cast<__int128>(g.dilation[d]) * (weight.size(2 + d) - 1),
                                         x.shape(), weight.shape(), g);
      g.before[d] = total / 2;
      g.after[d] = total - total / 2;
    }
  } else if (!options.padding_mode.empty()) {
    check(options.padding_mode == "valid", name, ": padding must be numbers, 'same' or 'valid', got '",
          options.padding_mode, "'");
    g.before = g.after = Dims::filled(dims, 0);
  }
  for (int d = 0; d < dims; d++) {
    const int64_t reach = checked_size(name, static_cast<__int128>(g.dilation[d]) * (weight.size(2 + d) - 1) + 1,
                                       x.shape(), weight.shape(), g);
    const int64_t padded =
        checked_size(name, static_cast<__int128>(x.size(x.ndim() - dims + d)) + g.before[d] + g.after[d], x.shape(),
                     weight.shape(), g);
    check(padded >= reach, name, ": a kernel that reaches over ", reach, " places does not fit the padded size ",
          padded, " of dim ", x.ndim() - dims + d, " of input of shape ", x.shape(), " (weight of shape ",
          weight.shape(), ", padding ", g.before, ", dilation ", g.dilation, ")");
  }
  return batched(x, dims, [&](const Tensor& batch) {
    if (is_real_floating(x.dtype())) return apply(Convolution(g), batch, weight, bias);
    Tensor y = !is_complex(x.dtype()) ? convolution_of_integers(batch, weight, g)
                                      : convolve_parts(batch, weight, false, [&](const Tensor& parts, const Tensor& w) {
                                          return apply(Convolution(g), parts, w, Tensor());
                                        });
    return bias.defined() ? add(y, as_channels(bias, dims)) : y;
  });
}

Tensor conv_transpose(const char* name, int dims, const Tensor& given_x, const Tensor& given_weight,
                      const Tensor& given_bias, const ConvOptions& options) {
  const Tensor x = for_half(given_x), weight = for_half(given_weight), bias = for_half(given_bias);
  Geometry g = geometry_of(name, dims, options);
  const Dims extra = per_dim(name, "output_padding", options.output_padding, dims, 0);
  const int64_t outputs = weight.ndim() > 1 ? of_all_groups(weight.size(1), g.groups) : 0;
  check_operands(name, dims, x, weight, bias, outputs);
  const int64_t channels = x.size(-dims - 1);
  check(channels == weight.size(0), name, ": expected input with ", weight.size(0), " channels (weight of shape ",
        weight.shape(), "), got ", channels, " in input of shape ", x.shape());
  check(channels % g.groups == 0, name, ": expected a number of input channels that groups=", g.groups,
        " divides, got weight of shape ", weight.shape());
  return batched(x, dims, [&](const Tensor& batch) {
    Shape shape{batch.size(0), outputs};
    const bool of_integers = !is_inexact(x.dtype());
    Dims zeros_behind = Dims::filled(2 * dims, 0);  // as pad() takes them: the last dim first
    for (int d = 0; d < dims; d++) {
      check(extra[d] < std::max(g.stride[d], g.dilation[d]), name,
            ": expected output_padding smaller than stride or dilation, got output_padding ", extra, ", stride ",
            g.stride, " and dilation ", g.dilation);
      checked_size(name, g.before[d], x.shape(), weight.shape(), g);
      // A whole stride more would be one more place of the convolution whose gradient this is. So it takes away from
      // the padding behind, and where that is used up, nothing reaches what is left.
      int64_t added = extra[d];
      if (!of_integers && added >= g.stride[d]) {
        added = std::min(added, g.before[d]);
        g.after[d] = g.before[d] - added;
        zeros_behind[2 * (dims - 1 - d) + 1] = extra[d] - added;
      }
      const int64_t size = checked_size(name,
                                        static_cast<__int128>(batch.size(2 + d) - 1) * g.stride[d] -
                                            static_cast<__int128>(2) * g.before[d] +
                                            static_cast<__int128>(g.dilation[d]) * (weight.size(2 + d) - 1) + added + 1,
                                        x.shape(), weight.shape(), g);
      check(size + extra[d] - added > 0, name, ": padding ", g.before,
            " leaves nothing of the output for input of shape ", x.shape(), " and weight of shape ", weight.shape());
      shape.push_back(size);
    }
    auto transpose_real = [&](const Tensor& parts, const Tensor& w) {
      shape[1] = w.size(1) * g.groups;
      return apply(ConvolutionInput(g, shape, has_channels_last(parts)), parts, w);
    };
    Tensor y = of_integers && batch.numel() == 0 ? zeros(shape, x.dtype(), x.device())
               : of_integers                     ? transposed_of_integers(batch, weight, g, extra)
               : is_complex(x.dtype())           ? convolve_parts(batch, weight, true, transpose_real)
                                                 : transpose_real(batch, weight);
    if (zeros_behind != Dims::filled(2 * dims, 0)) y = pad(y, zeros_behind, "constant", Scalar(0));
    return bias.defined() ? add(y, as_channels(bias, dims)) : y;
  });
}

// Batch rules

namespace {

Geometry grouped(const Geometry& g, int64_t size) {
  Geometry many = g;
  many.groups *= size;
  return many;
}

WEFT_FORWARD_RULE(Convolution) {
  apply(op, call.in, call.out);
  const Tensor &x = call.in[0], &weight = call.in[1];
  const Tensor &dx = call.tangents[0], &dweight = call.tangents[1], &dbias = call.tangents[2];
  Tensor& along = call.out_tangents[0];
  if (dx.defined()) add_term(along, apply(op, contiguous(dx), weight, Tensor()));
  if (dweight.defined()) add_term(along, apply(op, x, contiguous(dweight), Tensor()));
  if (dbias.defined()) add_term(along, expand(as_channels(dbias, x.ndim() - 2), call.out[0].shape()));
  return true;
}
WEFT_FORWARD_MULTILINEAR(ConvolutionInput);
WEFT_FORWARD_MULTILINEAR(ConvolutionWeight);

WEFT_BATCH_RULE(Convolution) {
  if (!call.in[1].batched && !call.in[2].batched && apply_folded(op, call, 1)) return;
  Tensor bias = call.in[2].tensor.defined() ? merge_first(unsqueeze(call.whole(2), 2)) : Tensor();
  if (bias.defined()) bias = reshape(bias, {-1});
  Tensor y =
      apply(Convolution(grouped(op.geometry, call.size)), as_groups(call.whole(0)), merge_first(call.whole(1)), bias);
  call.out[0] = {from_groups(y, call.size), true};
}
WEFT_BATCH_RULE(ConvolutionInput) {
  Shape shape = op.shape;
  shape[0] *= call.size;
  if (apply_folded(ConvolutionInput(op.geometry, shape, op.channels_innermost), call, 1)) return;
  shape = op.shape;
  shape[1] *= call.size;
  Tensor x = apply(ConvolutionInput(grouped(op.geometry, call.size), shape, op.channels_innermost),
                   as_groups(call.whole(0)), merge_first(call.whole(1)));
  call.out[0] = {from_groups(x, call.size), true};
}
WEFT_BATCH_RULE(ConvolutionWeight) {
  Shape shape = op.shape;
  shape[0] *= call.size;
  Tensor w = apply(ConvolutionWeight(grouped(op.geometry, call.size), shape, op.channels_innermost),
                   as_groups(call.whole(0)), as_groups(call.whole(1)));
  call.out[0] = {split_first(w, call.size), true};
}
WEFT_BATCH_RULE(ChannelSums) {
  Dims dims{1};
  for (int d = 3; d < call.in[0].tensor.ndim(); d++) dims.push_back(d);
  call.out[0] = {sum(call.in[0].tensor, dims), true};
}

// Each element of a result sums over the kernel and the channels of its group; the gradients are the same products.
int64_t per_result(const Shape& weight) {
  int64_t count = 1;
  for (int d = 1; d < weight.size(); d++) count *= weight[d];
  return count;
}
const FlopRuleOf<Convolution> convolution_flops([](const Convolution&, Inputs in, const Tensor* out) {
  return product_flops(out[0], per_result(in[1].shape()));
});
const FlopRuleOf<ConvolutionInput> convolution_input_flops([](const ConvolutionInput&, Inputs in, const Tensor*) {
  return product_flops(in[0], per_result(in[1].shape()));
});
const FlopRuleOf<ConvolutionWeight> convolution_weight_flops([](const ConvolutionWeight& op, Inputs in, const Tensor*) {
  return product_flops(in[0], per_result(op.shape));
});

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Convolution);
WEFT_OP(ConvolutionInput);
WEFT_OP(ConvolutionWeight);
WEFT_OP(ChannelSums);

}  // namespace

}  // namespace weft
