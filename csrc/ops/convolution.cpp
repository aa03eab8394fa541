#include "ops/convolution.h"

#include "kernels/convolution.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/reduction.h"

namespace weft {

namespace {

// The attributes that a convolution and its two gradients share; every list has an entry per spatial dim.
struct Geometry {
  Dims stride, before, after, dilation;  // before, after: padding
  int64_t groups = 1;

  auto fields() const { return std::tie(stride, before, after, dilation, groups); }

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

// Kernels on the CPU look at all channels of a pixel; channels of several groups would lie apart.
ChannelsLast images(const Tensor& x, const Geometry& geometry, uint32_t inputs, uint32_t outputs) {
  if (x.device().type != DeviceType::CPU || x.dtype() != DType::Float32 || geometry.groups != 1) return {};
  return {.inputs = inputs, .outputs = outputs, .gains = true};
}

uint32_t other_operand(uint32_t needs) { return ((needs & 1) ? 2u : 0u) | ((needs & 2) ? 1u : 0u); }

// Inputs are checked before these ops are applied.
struct Convolution : OpOf<Convolution> {
  static constexpr const char* kName = "convolution";
  AutocastRule autocast() const override { return AutocastRule::Half; }
  Geometry geometry;

  explicit Convolution(const Geometry& g) : geometry(g) {}
  auto fields() const { return geometry.fields(); }
  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape{in[0].size(0), in[1].size(0)};
    for (int d = 0; d < geometry.stride.size(); d++)
      shape.push_back(geometry.output_size(d, in[0].size(2 + d), in[1].size(2 + d)));
    out[0] = {shape, in[0].dtype()};
  }
  static StridedView bias_of(Inputs in) { return in[2].defined() ? view_of(in[2]) : StridedView{}; }
  void run(Inputs in, const Tensor* out) const override {
    convolution_kernel(in[0].device(), KernelView(out[0]).view(), KernelView(in[0]).view(), KernelView(in[1]).view(),
                       bias_of(in), geometry.for_kernel());
  }
  bool takes_epilogue(Device device) const override { return convolution_then_kernel.has(device); }
  void run_then(Inputs in, const Tensor* out, const Epilogue& epilogue) const override {
    convolution_then_kernel(in[0].device(), KernelView(out[0]).view(), KernelView(in[0]).view(),
                            KernelView(in[1]).view(), bias_of(in), geometry.for_kernel(), epilogue);
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override { return run(in, out), 0; }
  ChannelsLast channels_last(Inputs in) const override { return images(in[0], geometry, 1, 1); }
  Saves saves(uint32_t needs) const override { return {.inputs = other_operand(needs)}; }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

// The gradient of a convolution by its input of the given shape, from that of its output and the weights.
struct ConvolutionInput : OpOf<ConvolutionInput> {
  static constexpr const char* kName = "convolution_input";
  AutocastRule autocast() const override { return AutocastRule::Half; }
  Geometry geometry;
  Shape shape;

  ConvolutionInput(const Geometry& g, const Shape& s) : geometry(g), shape(s) {}
  auto fields() const { return std::tuple_cat(geometry.fields(), std::tie(shape)); }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {shape, in[0].dtype()}; }
  void run(Inputs in, const Tensor* out) const override {
    convolution_input_kernel(in[0].device(), KernelView(out[0]).view(), KernelView(in[0]).view(),
                             KernelView(in[1]).view(), geometry.for_kernel());
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override { return run(in, out), 0; }
  ChannelsLast channels_last(Inputs in) const override { return images(in[0], geometry, 1, 1); }
  Saves saves(uint32_t needs) const override { return {.inputs = other_operand(needs)}; }
  void vjp(const Vjp& v, Tensor* grads) const override;
};

// The gradient of a convolution by its weights of the given shape, from that of its output and the input.
struct ConvolutionWeight : OpOf<ConvolutionWeight> {
  static constexpr const char* kName = "convolution_weight";
  Geometry geometry;
  Shape shape;

  ConvolutionWeight(const Geometry& g, const Shape& s) : geometry(g), shape(s) {}
  auto fields() const { return std::tuple_cat(geometry.fields(), std::tie(shape)); }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {shape, in[0].dtype()}; }
  void run(Inputs in, const Tensor* out) const override {
    convolution_weight_kernel(in[0].device(), KernelView(out[0]).view(), KernelView(in[0]).view(),
                              KernelView(in[1]).view(), geometry.for_kernel());
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override { return run(in, out), 0; }
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
  auto fields() const { return std::tie(); }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {{in[0].size(1)}, in[0].dtype()}; }
  void run(Inputs in, const Tensor* out) const override {
    channel_sums_kernel(in[0].device(), view_of(out[0]), view_of(in[0]));
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override { return run(in, out), 0; }
  ChannelsLast channels_last(Inputs) const override { return {.inputs = 1}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    grads[0] = expand(reshape(v.grad(), channels_alone(v.input_shape(0))), v.input_shape(0));
  }
};

Tensor bias_gradient(const Tensor& grad) {
  const bool has_channels_last = grad.ndim() == 4 && grad.strides() == channels_last_strides(grad.shape());
  if (channel_sums_kernel.has(grad.device())) return apply(ChannelSums(), has_channels_last ? grad : contiguous(grad));
  return reshape(sum_to(grad, channels_alone(grad.shape())), {grad.size(1)});
}

// All three are linear in both operands, so the gradients of each are the other two.
void Convolution::vjp(const Vjp& v, Tensor* grads) const {
  const Tensor& grad = v.grad();
  if (v.needs(0)) grads[0] = apply(ConvolutionInput(geometry, v.input_shape(0)), grad, v.input(1));
  if (v.needs(1)) grads[1] = apply(ConvolutionWeight(geometry, v.input_shape(1)), grad, v.input(0));
  if (v.needs(2)) grads[2] = bias_gradient(grad);
}

void ConvolutionInput::vjp(const Vjp& v, Tensor* grads) const {
  const Tensor& grad = v.grad();
  if (v.needs(0)) grads[0] = apply(Convolution(geometry), grad, v.input(1), Tensor());
  if (v.needs(1)) grads[1] = apply(ConvolutionWeight(geometry, v.input_shape(1)), v.input(0), grad);
}

void ConvolutionWeight::vjp(const Vjp& v, Tensor* grads) const {
  const Tensor& grad = v.grad();
  if (v.needs(0)) grads[0] = apply(Convolution(geometry), v.input(1), grad, Tensor());
  if (v.needs(1)) grads[1] = apply(ConvolutionInput(geometry, v.input_shape(1)), v.input(0), grad);
}

// --- checks -------------------------------------------------------------------------------------------------------

// One entry for every spatial dim.
Dims per_dim(const char* name, const char* what, const Dims& values, int dims, int64_t least) {
  check(values.size() == 1 || values.size() == dims, name, ": expected ", what, " of 1 or ", dims, " numbers, got ",
        values);
  Dims all = values.size() == dims ? values : Dims::filled(dims, values[0]);
  for (int64_t n : all) check(n >= least, name, ": expected ", what, " of at least ", least, ", got ", values);
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
  check(is_floating(x.dtype()), name, ": expected a floating dtype, got ", x.dtype(), "; convert with .float()");
  for (int d = 0; d < dims; d++)
    check(weight.size(2 + d) > 0, name, ": expected a kernel of at least one element, got weight of shape ",
          weight.shape());
  if (!bias.defined()) return;
  check(bias.ndim() == 1 && bias.size(0) == outputs, name, ": expected a bias of shape (", outputs,
        ",) for weight of shape ", weight.shape(), ", got shape ", bias.shape());
  check(bias.dtype() == x.dtype(), name, ": expected a bias of dtype ", x.dtype(), ", got ", bias.dtype());
}

// Calls f on x as a batch; takes the batch dim off again if x had none.
template <class F>
Tensor batched(const Tensor& x, int dims, F&& f) {
  return x.ndim() == dims + 2 ? f(x) : squeeze(f(unsqueeze(x, 0)), 0);
}

}  // namespace

Tensor convolution(const char* name, int dims, const Tensor& given_x, const Tensor& given_weight,
                   const Tensor& given_bias, const ConvOptions& options) {
  const Tensor x = for_half(given_x), weight = for_half(given_weight), bias = for_half(given_bias);
  Geometry g = geometry_of(name, dims, options);
  check_operands(name, dims, x, weight, bias, weight.ndim() ? weight.size(0) : 0);
  const int64_t channels = x.size(-dims - 1);
  check(channels == weight.size(1) * g.groups, name, ": expected input with ", weight.size(1) * g.groups,
        " channels (weight of shape ", weight.shape(), ", groups ", g.groups, "), got ", channels,
        " in input of shape ", x.shape());
  check(weight.size(0) % g.groups == 0, name, ": expected a number of output channels that groups=", g.groups,
        " divides, got weight of shape ", weight.shape());
  if (options.padding_mode == "same") {
    for (int d = 0; d < dims; d++) {
      check(g.stride[d] == 1, name, ": padding 'same' needs stride 1, got stride ", g.stride);
      const int64_t total = g.dilation[d] * (weight.size(2 + d) - 1);
      g.before[d] = total / 2;
      g.after[d] = total - total / 2;
    }
  } else if (!options.padding_mode.empty()) {
    check(options.padding_mode == "valid", name, ": padding must be numbers, 'same' or 'valid', got '",
          options.padding_mode, "'");
    g.before = g.after = Dims::filled(dims, 0);
  }
  for (int d = 0; d < dims; d++) {
    const int64_t size = x.size(x.ndim() - dims + d), reach = g.dilation[d] * (weight.size(2 + d) - 1) + 1;
    check(size + g.before[d] + g.after[d] >= reach, name, ": a kernel that reaches over ", reach,
          " places does not fit the padded size ", size + g.before[d] + g.after[d], " of dim ", x.ndim() - dims + d,
          " of input of shape ", x.shape(), " (weight of shape ", weight.shape(), ", padding ", g.before, ", dilation ",
          g.dilation, ")");
  }
  return batched(x, dims, [&](const Tensor& batch) { return apply(Convolution(g), batch, weight, bias); });
}

Tensor conv_transpose(const char* name, int dims, const Tensor& given_x, const Tensor& given_weight,
                      const Tensor& given_bias, const ConvOptions& options) {
  const Tensor x = for_half(given_x), weight = for_half(given_weight), bias = for_half(given_bias);
  Geometry g = geometry_of(name, dims, options);
  const Dims extra = per_dim(name, "output_padding", options.output_padding, dims, 0);
  const int64_t outputs = weight.ndim() > 1 ? weight.size(1) * g.groups : 0;
  check_operands(name, dims, x, weight, bias, outputs);
  const int64_t channels = x.size(-dims - 1);
  check(channels == weight.size(0), name, ": expected input with ", weight.size(0), " channels (weight of shape ",
        weight.shape(), "), got ", channels, " in input of shape ", x.shape());
  check(channels % g.groups == 0, name, ": expected a number of input channels that groups=", g.groups,
        " divides, got weight of shape ", weight.shape());
  return batched(x, dims, [&](const Tensor& batch) {
    Shape shape{batch.size(0), outputs};
    Dims zeros_behind = Dims::filled(2 * dims, 0);  // as pad() takes them: the last dim first
    for (int d = 0; d < dims; d++) {
      check(extra[d] < std::max(g.stride[d], g.dilation[d]), name,
            ": expected output_padding smaller than stride or dilation, got output_padding ", extra, ", stride ",
            g.stride, " and dilation ", g.dilation);
      // A whole stride more would be one more place of the convolution whose gradient this is. So it takes away from
      // the padding behind, and where that is used up, nothing reaches what is left.
      int64_t added = extra[d];
      if (added >= g.stride[d]) {
        added = std::min(added, g.before[d]);
        g.after[d] = g.before[d] - added;
        zeros_behind[2 * (dims - 1 - d) + 1] = extra[d] - added;
      }
      const int64_t size = (batch.size(2 + d) - 1) * g.stride[d] - 2 * g.before[d] +
                           g.dilation[d] * (weight.size(2 + d) - 1) + added + 1;
      check(size + extra[d] - added > 0, name, ": padding ", g.before,
            " leaves nothing of the output for input of shape ", x.shape(), " and weight of shape ", weight.shape());
      shape.push_back(size);
    }
    Tensor y = apply(ConvolutionInput(g, shape), batch, weight);
    if (zeros_behind != Dims::filled(2 * dims, 0)) y = pad(y, zeros_behind, "constant", Scalar(0));
    if (!bias.defined()) return y;
    Shape spread = Shape::filled(dims + 1, 1);
    spread[0] = outputs;
    return add(y, reshape(bias, spread));
  });
}

}  // namespace weft
