#include "ops/pooling.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/pooling.h"
#include "op/apply.h"
#include "ops/batching.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/image_layout.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/pool_rules.h"
#include "ops/promotion.h"

namespace weft {

constinit KernelTable<MaxPoolKernel> max_pool_kernel{"max_pool"};
constinit KernelTable<MaxPoolBackwardKernel> max_pool_backward_kernel{"max_pool_backward"};
constinit KernelTable<AvgPoolKernel> avg_pool_kernel{"avg_pool"};
constinit KernelTable<AvgPoolKernel> avg_pool_backward_kernel{"avg_pool_backward"};

namespace {

// Images (N, C, H, W) and volumes (N, C, D, H, W) alone: of those without N the first axis would be taken for channels.
ChannelsLast pooled_images(const PoolRules& rule, const Tensor& x, uint32_t inputs, uint32_t outputs) {
  if (x.ndim() != rule.dims() + 2) return {};
  int64_t places = 1;  // positions in a plane are 32 bits then
  for (int d = 2; d < x.ndim(); d++)
    if (__builtin_mul_overflow(places, x.size(d), &places) || places >= int64_t{1} << 31) return {};
  return {.inputs = inputs, .outputs = outputs, .joined = true};
}

// Whether there are no values, or none to fill out with but 0: tables of windows could be large then.
bool spread_nothing(const Tensor& out, const Tensor& in) {
  if (out.numel() != 0 && in.numel() != 0) return false;
  if (out.numel() != 0) fill_kernel(out.device(), view_of(out), NumberView(Scalar(0)).view());
  return true;
}

// inputs: gradient of the result, positions. Of the image's shape and layout.
struct MaxPoolBackward : OpOf<MaxPoolBackward> {
  static constexpr const char* kName = "max_pool2d_backward";
  static constexpr Traits kTraits{.scratch = true};
  PoolRules rule;
  Shape image;
  bool channels_innermost;
  WEFT_FIELDS(rule, image, channels_innermost);
  const char* name() const override { return of_dims(rule, kName, "max_pool3d_backward"); }
  MaxPoolBackward(const PoolRules& r, const Shape& s, bool c) : rule(r), image(s), channels_innermost(c) {}
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {image, in[0].dtype(), strides_of_image(in[1], image, channels_innermost)};
  }
  void run(Inputs in, const Tensor* out) const override {
    if (spread_nothing(out[0], in[0])) return;
    PoolTables windows(rule);
    max_pool_backward_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), windows.view());
  }
  ChannelsLast channels_last(Inputs in) const override { return pooled_images(rule, in[0], 3, 1); }
  Saves saves(uint32_t) const override { return {.inputs = 2, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor index = v.input(1);
    const int dims = rule.dims();
    grads[0] = reshape(gather(flat_planes(v.grad(), dims), -1, flat_planes(index, dims)), index.shape());
  }
};

struct MaxPool : OpOf<MaxPool> {
  static constexpr const char* kName = "max_pool2d";
  static constexpr Traits kTraits{.scratch = true};
  PoolRules rule;
  WEFT_FIELDS(rule);
  void check_inputs(const InputCheck& in) const {
    in.count(1).ndim_between(0, 2, kMaxDims).that(in[0].dtype() != DType::Bool, "numbers");
    check_image(in, *this, in.inputs(), 0);
    rule.check_against(in, in[0].shape());
  }
  explicit MaxPool(const PoolRules& r) : rule(r) {}
  const char* name() const override {
    return rule.rows.adaptive ? of_dims(rule, "adaptive_max_pool2d", "adaptive_max_pool3d")
                              : of_dims(rule, kName, "max_pool3d");
  }
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {pooled_shape(rule, in[0].shape()), in[0].dtype(), {}};
    out[0].strides = strides_of_image(in[0], out[0].shape);
    out[1] = {out[0].shape, DType::Int64, out[0].strides};
  }
  void run(Inputs in, const Tensor* out) const override {
    if (out[0].numel() == 0) return;  // tables could be large
    PoolTables windows(rule);
    max_pool_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]), windows.view());
  }
  ChannelsLast channels_last(Inputs in) const override { return pooled_images(rule, in[0], 1, 3); }
  Saves saves(uint32_t) const override { return {.inputs = 0, .outputs = 2}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    const Tensor index = v.output(1);
    grads[0] = apply(MaxPoolBackward(rule, v.input_shape(0), v.input_channels_last(0)),
                     laid_out(v.grad(0), index.strides()), index);
  }
};

// Means and their derivative: each is the other's.
struct AvgPool : OpOf<AvgPool> {
  static constexpr const char* kName = "avg_pool2d";
  static constexpr Traits kTraits{.scratch = true};
  PoolRules rule;
  bool backward;
  Shape image;
  bool channels_innermost;  // of the result of one whose order does not say it
  WEFT_FIELDS(rule, backward, image, channels_innermost);
  void check_inputs(const InputCheck& in) const {
    in.count(1).floating(0).ndim_between(0, 2, kMaxDims).sizes(image);
    check_image(in, *this, in.inputs(), 0);
    rule.check_against(in, image);
    rule.check_means(in);
    in.shape(0, backward ? pooled_shape(rule, image) : image);
  }
  AvgPool(const PoolRules& r, bool b, const Shape& s, bool c = false)
      : rule(r), backward(b), image(s), channels_innermost(c) {}
  const char* name() const override {
    if (backward)
      return rule.rows.adaptive ? of_dims(rule, "adaptive_avg_pool2d_backward", "adaptive_avg_pool3d_backward")
                                : of_dims(rule, "avg_pool2d_backward", "avg_pool3d_backward");
    return rule.rows.adaptive ? of_dims(rule, "adaptive_avg_pool2d", "adaptive_avg_pool3d")
                              : of_dims(rule, kName, "avg_pool3d");
  }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {backward ? image : pooled_shape(rule, image), in[0].dtype(), {}};
    out[0].strides = strides_of_image(in[0], out[0].shape, channels_innermost);
  }
  void run(Inputs in, const Tensor* out) const override {
    if (spread_nothing(out[0], in[0])) return;
    PoolTables windows(rule);
    (backward ? avg_pool_backward_kernel : avg_pool_kernel)(out[0].device(), view_of(out[0]), view_of(in[0]),
                                                            windows.view());
  }
  ChannelsLast channels_last(Inputs in) const override { return pooled_images(rule, in[0], 1, 1); }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& grad = v.grad();
    const AvgPool back(rule, !backward, image, v.input_channels_last(0));
    grads[0] = apply(
        back, back.channels_innermost ? laid_out(grad, channels_last_strides(grad.shape())) : image_for(back, grad));
  }
};

template <size_t N>
PoolRule axis_rule(const PoolName& name, const Shape& image, const PoolOptionsOf<N>& o, size_t k) {
  const char* op = name.op;
  PoolRule a{.kernel = o.kernel[k],
             .stride = o.stride[k],
             .padding = o.padding[k],
             .dilation = o.dilation[k],
             .count_padding = o.count_include_pad};
  // A given divisor is for the whole window.
  if (o.divisor) a.divisor = k == 0 ? *o.divisor : 1;
  check(a.kernel > 0, op, ": kernel_size must be positive, got ", a.kernel);
  check(a.stride > 0, op, ": stride must be positive, got ", a.stride);
  check(a.dilation > 0, op, ": dilation must be positive, got ", a.dilation);
  int64_t n = a.inputs = image[image.size() - static_cast<int>(N - k)], reach = 0, padded = 0;
  check(!__builtin_mul_overflow(a.kernel - 1, a.dilation, &reach) && reach < INT64_MAX / 4 &&
            a.padding > INT64_MIN / 8 && a.padding < INT64_MAX / 8 &&
            !__builtin_add_overflow(n, 2 * a.padding, &padded) && padded < INT64_MAX / 4,
        op, ": kernel_size ", a.kernel, ", dilation ", a.dilation, " and padding ", a.padding,
        " are too large for an input of shape ", given_shape(name, image));
  reach += 1;
  check(a.padding >= 0 && a.padding <= PoolRules::most_padding(a), op, ": padding must be between 0 and half of the ",
        reach, " elements that a window of kernel_size ", a.kernel, " and dilation ", a.dilation, " reaches over, got ",
        a.padding);
  int64_t room = padded - reach;
  // With ceil_mode one window may reach beyond the end, but starts inside.
  check(o.ceil_mode ? room > -a.stride : room >= 0, op, ": a window of ", reach,
        " elements does not fit an input of shape ", given_shape(name, image), " with padding ", a.padding);
  a.outputs = o.ceil_mode ? (room > 0 ? (room - 1) / a.stride + 2 : 1) : room / a.stride + 1;
  // The last one must start inside.
  if (o.ceil_mode && a.outputs > 1 && a.outputs - 1 > (n + a.padding - 1) / a.stride) a.outputs--;
  check(PoolRules::windows_to_look_at(a) <= PoolRules::kMostToLookAt, op, ": dilation ", a.dilation, " and padding ",
        a.padding, " are too large for an input of shape ", given_shape(name, image));
  const int64_t empty = PoolRules::window_without_places(a);
  check(empty < 0, op, ": window ", empty, " along the ", axis_name(name, N, k),
        " lies in the padding alone: kernel_size ", a.kernel, ", dilation ", a.dilation, " and padding ", a.padding,
        " for an input of shape ", given_shape(name, image));
  return a;
}

template <size_t N>
PoolRules pool_rule(const PoolName& name, const Tensor& x, const PoolOptionsOf<N>& o) {
  check_pool_image(name, x, N);
  return pool_rules_of<N>([&](size_t k) { return axis_rule<N>(name, x.shape(), o, k); });
}

template <size_t N>
PoolRules adaptive_rule(const PoolName& name, const Tensor& x, const std::array<int64_t, N>& size) {
  check_pool_image(name, x, N);
  check(std::all_of(size.begin(), size.end(), [](int64_t n) { return n >= 0; }), name.op,
        ": output_size must not be negative, got ", name.sequence ? concat(size[1]) : concat(dims_of(size)));
  return pool_rules_of<N>([&](size_t k) {
    return PoolRule{.inputs = x.size(static_cast<int>(k) - static_cast<int>(N)), .outputs = size[k], .adaptive = true};
  });
}

// One image without N whose channels lie innermost: its pool is that of a batch of one, which keeps the order.
bool is_single_channels_last(const PoolRules& rule, const Tensor& x) {
  return x.ndim() == rule.dims() + 1 && has_channels_last(unsqueeze(x, 0));
}

PooledAndIndices max_pool(const PoolRules& rule, const Tensor& x) {
  if (is_single_channels_last(rule, x)) {
    const PooledAndIndices batch = max_pool(rule, unsqueeze(x, 0));
    return {squeeze(batch.values, 0), squeeze(batch.indices, 0)};
  }
  const MaxPool pool(rule);
  Tensor image = image_for(pool, x), out[2];
  const Tensor* list[] = {&image};
  apply(pool, Inputs(list, 1), out);
  return {out[0], out[1]};
}

// Sums of the windows, divided as integers are: towards zero.
Tensor avg_pool_of_integers(const PoolRules& rule, const Tensor& x) {
  PoolRules sums = rule;
  sums.rows.divisor = sums.columns.divisor = 1;
  if (sums.depth) sums.depth->divisor = 1;
  Tensor total =
      to_dtype(apply(AvgPool(sums, false, x.shape()), contiguous(to_dtype(x, DType::Float64))), DType::Int64);
  const PoolRule depth = rule.depth_rule();
  Shape shape;
  for (int k = 0; k < rule.dims(); k++) shape.push_back(rule.axis(k).outputs);
  Tensor divisors = empty(shape, DType::Int64);
  auto* d = divisors.data_as<int64_t>();
  for (int64_t h = 0; h < depth.outputs; h++)
    for (int64_t i = 0; i < rule.rows.outputs; i++)
      for (int64_t j = 0; j < rule.columns.outputs; j++)
        *d++ = depth.divisor_of(h) * rule.rows.divisor_of(i) * rule.columns.divisor_of(j);
  return to_dtype(trunc_divide(total, to_device(divisors, x.device())), x.dtype());
}

Tensor avg_pool(const char* op, const PoolRules& rule, const Tensor& x) {
  if (is_integral(x.dtype()) && !rule.rows.adaptive) return avg_pool_of_integers(rule, x);
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  if (is_single_channels_last(rule, x)) return squeeze(avg_pool(op, rule, unsqueeze(x, 0)), 0);
  const AvgPool pool(rule, false, x.shape());
  return apply(pool, image_for(pool, x));
}

template <size_t N>
Tensor avg_pool_by(const Tensor& x, const PoolOptionsOf<N>& o, const PoolName& name) {
  check(!o.divisor || *o.divisor != 0, name.op, ": divisor_override must not be zero");
  const PoolRules rule = pool_rule(name, x, o);
  check(rule.sizes_multiply(), name.op, ": windows of kernel_size ", dims_of(o.kernel), " and padding ",
        dims_of(o.padding), " hold more elements than can be counted");
  return avg_pool(name.op, rule, x);
}

}  // namespace

PooledAndIndices max_pool2d(const Tensor& x, const PoolOptions& o, const PoolName& name) {
  return max_pool(pool_rule(name, x, o), x);
}
PooledAndIndices max_pool3d(const Tensor& x, const PoolOptions3d& o, const PoolName& name) {
  return max_pool(pool_rule(name, x, o), x);
}

Tensor avg_pool2d(const Tensor& x, const PoolOptions& o, const PoolName& name) { return avg_pool_by(x, o, name); }
Tensor avg_pool3d(const Tensor& x, const PoolOptions3d& o, const PoolName& name) { return avg_pool_by(x, o, name); }

PooledAndIndices adaptive_max_pool2d(const Tensor& x, const std::array<int64_t, 2>& size, const PoolName& name) {
  return max_pool(adaptive_rule(name, x, size), x);
}
PooledAndIndices adaptive_max_pool3d(const Tensor& x, const std::array<int64_t, 3>& size, const PoolName& name) {
  return max_pool(adaptive_rule(name, x, size), x);
}

Tensor adaptive_avg_pool2d(const Tensor& x, const std::array<int64_t, 2>& size, const PoolName& name) {
  return avg_pool(name.op, adaptive_rule(name, x, size), x);
}
Tensor adaptive_avg_pool3d(const Tensor& x, const std::array<int64_t, 3>& size, const PoolName& name) {
  return avg_pool(name.op, adaptive_rule(name, x, size), x);
}

// Batch rules

namespace {

WEFT_FORWARD_LINEAR(AvgPool);

WEFT_BATCH_RULE(MaxPool) { apply_folded(op, call, 1); }
WEFT_BATCH_RULE(MaxPoolBackward) {
  apply_folded(MaxPoolBackward(op.rule, merged_shape(op.image, call.size), op.channels_innermost), call, 3);
}
WEFT_BATCH_RULE(AvgPool) {
  apply_folded(AvgPool(op.rule, op.backward, merged_shape(op.image, call.size), op.channels_innermost), call, 1);
}

}  // namespace

bool is_max_pool(const Op& op) {
  const auto* pool = dynamic_cast<const MaxPool*>(&op);
  return pool && !pool->rule.rows.adaptive;
}
bool is_max_pool_backward(const Op& op) {
  const auto* pool = dynamic_cast<const MaxPoolBackward*>(&op);
  return pool && !pool->rule.rows.adaptive;
}

// What programs are saved with

namespace {

WEFT_OP(MaxPool);
WEFT_OP(AvgPool);

}  // namespace

}  // namespace weft
