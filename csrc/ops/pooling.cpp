#include "ops/pooling.h"

#include <algorithm>
#include <vector>

#include "kernels/pooling.h"
#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/image_layout.h"
#include "ops/indexing.h"
#include "ops/movement.h"

namespace weft {

constinit KernelTable<MaxPoolKernel> max_pool_kernel{"max_pool2d"};
constinit KernelTable<MaxPoolBackwardKernel> max_pool_backward_kernel{"max_pool2d_backward"};
constinit KernelTable<AvgPoolKernel> avg_pool_kernel{"avg_pool2d"};
constinit KernelTable<AvgPoolKernel> avg_pool_backward_kernel{"avg_pool2d_backward"};

WEFT_FIELDS_OF(PoolRule, inputs, outputs, adaptive, kernel, stride, padding, dilation, count_padding, divisor);

namespace {

struct Rule {
  PoolRule rows, columns;
  WEFT_FIELDS(rows, columns);

  // Of an op from a file.
  void check_against(const InputCheck& in, const Shape& image) const {
    constexpr int64_t kMost = int64_t{1} << 40;
    for (int i = 0; i < 2; i++) {
      const PoolRule& r = i ? columns : rows;
      in.that(r.inputs == image[image.size() - 2 + i] && r.inputs < kMost, "the size of the image");
      in.that(r.outputs >= 0 && r.outputs <= kMost, "a size of the result");
      for (int64_t n : {r.kernel, r.stride, r.dilation}) in.that(n >= 1 && n < kMost, "sizes of windows");
      in.that(r.padding >= 0 && r.padding <= r.kernel / 2 && r.kernel < kMost / r.dilation,
              "windows inside of the image");
      if (r.adaptive) in.that(r.inputs > 0 || r.outputs == 0, "an image");
      if (r.adaptive || r.outputs == 0) continue;
      in.that((r.outputs - 1) <= (r.inputs + r.padding) / r.stride, "windows inside of the image");
    }
  }
};

// The tables a kernel reads.
class Windows {
 public:
  explicit Windows(const Rule& rule) : rows_(rule.rows), columns_(rule.columns) {}
  PoolWindows view() const { return {rows_.view(), columns_.view()}; }

 private:
  struct Axis {
    explicit Axis(const PoolRule& r) : rule(r) {
      for (int64_t i = 0; i < r.outputs; i++) {
        start.push_back(r.start(i));
        end.push_back(r.end(i));
        divisor.push_back(r.divisor_of(i));
      }
    }
    PoolAxis view() const { return {rule, start.data(), end.data(), divisor.data()}; }
    PoolRule rule;
    std::vector<int64_t> start, end, divisor;
  };
  Axis rows_, columns_;
};

Shape pooled_shape(const Rule& rule, const Shape& image) {
  Shape shape = image;
  shape[shape.size() - 2] = rule.rows.outputs;
  shape.back() = rule.columns.outputs;
  return shape;
}

// (..., H, W) to (..., H W)
Tensor flat_planes(const Tensor& t) { return flatten(t, -2, -1); }

// Images (N, C, H, W) alone: of (C, H, W) the rows would be taken for channels.
ChannelsLast pooled_images(const Tensor& x, uint32_t inputs, uint32_t outputs) {
  if (x.ndim() != 4 || x.size(2) * x.size(3) >= int64_t{1} << 31) return {};  // positions in a plane are 32 bits then
  return {.inputs = inputs, .outputs = outputs, .joined = true};
}

// inputs: gradient of the result, positions. Of the image's shape and layout.
struct MaxPoolBackward : OpOf<MaxPoolBackward> {
  static constexpr const char* kName = "max_pool2d_backward";
  static constexpr Traits kTraits{.scratch = true};
  Rule rule;
  Shape image;
  bool channels_innermost;
  WEFT_FIELDS(rule, image, channels_innermost);
  MaxPoolBackward(const Rule& r, const Shape& s, bool c) : rule(r), image(s), channels_innermost(c) {}
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {image, in[0].dtype(), strides_of_image(in[1], image, channels_innermost)};
  }
  void run(Inputs in, const Tensor* out) const override {
    Windows windows(rule);
    max_pool_backward_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), windows.view());
  }
  ChannelsLast channels_last(Inputs in) const override { return pooled_images(in[0], 3, 1); }
  Saves saves(uint32_t) const override { return {.inputs = 2, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor index = v.input(1);
    grads[0] = reshape(gather(flat_planes(v.grad()), -1, flat_planes(index)), index.shape());
  }
};

struct MaxPool : OpOf<MaxPool> {
  static constexpr const char* kName = "max_pool2d";
  static constexpr Traits kTraits{.scratch = true};
  Rule rule;
  WEFT_FIELDS(rule);
  void check_inputs(const InputCheck& in) const {
    in.count(1).ndim_between(0, 2, kMaxDims).that(in[0].dtype() != DType::Bool, "numbers");
    check_image(in, *this, in.inputs(), 0);
    rule.check_against(in, in[0].shape());
  }
  explicit MaxPool(const Rule& r) : rule(r) {}
  const char* name() const override { return rule.rows.adaptive ? "adaptive_max_pool2d" : kName; }
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {pooled_shape(rule, in[0].shape()), in[0].dtype(), {}};
    out[0].strides = strides_of_image(in[0], out[0].shape);
    out[1] = {out[0].shape, DType::Int64, out[0].strides};
  }
  void run(Inputs in, const Tensor* out) const override {
    Windows windows(rule);
    max_pool_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]), windows.view());
  }
  ChannelsLast channels_last(Inputs in) const override { return pooled_images(in[0], 1, 3); }
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
  Rule rule;
  bool backward;
  Shape image;
  bool channels_innermost;  // of the result of one whose order does not say it
  WEFT_FIELDS(rule, backward, image, channels_innermost);
  void check_inputs(const InputCheck& in) const {
    in.count(1).floating(0).ndim_between(0, 2, kMaxDims).sizes(image);
    check_image(in, *this, in.inputs(), 0);
    in.that(image.size() >= 2, "images");
    rule.check_against(in, image);
    in.shape(0, backward ? pooled_shape(rule, image) : image);
  }
  AvgPool(const Rule& r, bool b, const Shape& s, bool c = false)
      : rule(r), backward(b), image(s), channels_innermost(c) {}
  const char* name() const override {
    if (backward) return rule.rows.adaptive ? "adaptive_avg_pool2d_backward" : "avg_pool2d_backward";
    return rule.rows.adaptive ? "adaptive_avg_pool2d" : kName;
  }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {backward ? image : pooled_shape(rule, image), in[0].dtype(), {}};
    out[0].strides = strides_of_image(in[0], out[0].shape, channels_innermost);
  }
  void run(Inputs in, const Tensor* out) const override {
    Windows windows(rule);
    (backward ? avg_pool_backward_kernel : avg_pool_kernel)(out[0].device(), view_of(out[0]), view_of(in[0]),
                                                            windows.view());
  }
  ChannelsLast channels_last(Inputs in) const override { return pooled_images(in[0], 1, 1); }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& grad = v.grad();
    const AvgPool back(rule, !backward, image, v.input_channels_last(0));
    grads[0] = apply(
        back, back.channels_innermost ? laid_out(grad, channels_last_strides(grad.shape())) : image_for(back, grad));
  }
};

// The shape that the caller gave.
Shape given_shape(const PoolName& name, const Shape& image) {
  Shape shape = image;
  if (name.sequence) shape.erase(shape.size() - 2);
  return shape;
}

void check_image(const PoolName& name, const Tensor& x) {
  const char *op = name.op, *sizes = name.sequence ? "channels and length" : "channels, height and width";
  check(x.ndim() == 3 || x.ndim() == 4, op, ": expected an input of shape (N, C, H, W) or (C, H, W), got ", x.shape());
  for (int d = x.ndim() - 3; d < x.ndim(); d++)
    check(x.size(d) > 0, op, ": ", sizes, " must not be empty, got an input of shape ", given_shape(name, x.shape()));
}

PoolRule axis_rule(const PoolName& name, const Shape& image, const PoolOptions& o, size_t k) {
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
  check(a.padding >= 0 && a.padding <= a.kernel / 2, op, ": padding must be between 0 and half of the kernel_size ",
        a.kernel, ", got ", a.padding);
  int64_t n = a.inputs = image[image.size() - 2 + static_cast<int>(k)], reach = 0, padded = 0;
  check(!__builtin_mul_overflow(a.kernel - 1, a.dilation, &reach) && reach < INT64_MAX / 4 &&
            a.padding < INT64_MAX / 8 && !__builtin_add_overflow(n, 2 * a.padding, &padded) && padded < INT64_MAX / 4,
        op, ": kernel_size ", a.kernel, ", dilation ", a.dilation, " and padding ", a.padding,
        " are too large for an input of shape ", given_shape(name, image));
  reach += 1;
  int64_t room = padded - reach;
  // With ceil_mode one window may reach beyond the end, but starts inside.
  check(o.ceil_mode ? room > -a.stride : room >= 0, op, ": a window of ", reach,
        " elements does not fit an input of shape ", given_shape(name, image), " with padding ", a.padding);
  a.outputs = o.ceil_mode ? (room > 0 ? (room - 1) / a.stride + 2 : 1) : room / a.stride + 1;
  // The last one must start inside.
  if (o.ceil_mode && a.outputs > 1 && a.outputs - 1 > (n + a.padding - 1) / a.stride) a.outputs--;
  // Places far apart may all lie in the padding.
  for (int64_t i = 0; a.dilation > 1 && a.padding > 0 && i < a.outputs; i++)
    check(a.start(i) < a.end(i), op, ": window ", i, " along the ",
          name.sequence ? "length"
          : k == 0      ? "height"
                        : "width",
          " lies in the padding alone: kernel_size ", a.kernel, ", dilation ", a.dilation, " and padding ", a.padding,
          " for an input of shape ", given_shape(name, image));
  return a;
}

Rule pool_rule(const PoolName& name, const Tensor& x, const PoolOptions& o) {
  check_image(name, x);
  return {axis_rule(name, x.shape(), o, 0), axis_rule(name, x.shape(), o, 1)};
}

Rule adaptive_rule(const PoolName& name, const Tensor& x, const std::array<int64_t, 2>& size) {
  check_image(name, x);
  check(size[0] >= 0 && size[1] >= 0, name.op, ": output_size must not be negative, got ",
        name.sequence ? concat(size[1]) : concat("(", size[0], ", ", size[1], ")"));
  return {{.inputs = x.size(-2), .outputs = size[0], .adaptive = true},
          {.inputs = x.size(-1), .outputs = size[1], .adaptive = true}};
}

PooledAndIndices max_pool(const Rule& rule, const Tensor& x) {
  const MaxPool pool(rule);
  Tensor image = image_for(pool, x), out[2];
  const Tensor* list[] = {&image};
  apply(pool, Inputs(list, 1), out);
  return {out[0], out[1]};
}

// Sums of the windows, divided as integers are: towards zero.
Tensor avg_pool_of_integers(const Rule& rule, const Tensor& x) {
  Rule sums = rule;
  sums.rows.divisor = sums.columns.divisor = 1;
  Tensor total =
      to_dtype(apply(AvgPool(sums, false, x.shape()), contiguous(to_dtype(x, DType::Float64))), DType::Int64);
  Tensor divisors = empty({rule.rows.outputs, rule.columns.outputs}, DType::Int64);
  auto* d = divisors.data_as<int64_t>();
  for (int64_t i = 0; i < rule.rows.outputs; i++)
    for (int64_t j = 0; j < rule.columns.outputs; j++) *d++ = rule.rows.divisor_of(i) * rule.columns.divisor_of(j);
  return to_dtype(trunc_divide(total, to_device(divisors, x.device())), x.dtype());
}

Tensor avg_pool(const char* op, const Rule& rule, const Tensor& x) {
  if (is_integral(x.dtype()) && !rule.rows.adaptive) return avg_pool_of_integers(rule, x);
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  const AvgPool pool(rule, false, x.shape());
  return apply(pool, image_for(pool, x));
}

}  // namespace

PooledAndIndices max_pool2d(const Tensor& x, const PoolOptions& o, const PoolName& name) {
  return max_pool(pool_rule(name, x, o), x);
}

Tensor avg_pool2d(const Tensor& x, const PoolOptions& o, const PoolName& name) {
  check(!o.divisor || *o.divisor != 0, name.op, ": divisor_override must not be zero");
  return avg_pool(name.op, pool_rule(name, x, o), x);
}

PooledAndIndices adaptive_max_pool2d(const Tensor& x, const std::array<int64_t, 2>& size, const PoolName& name) {
  return max_pool(adaptive_rule(name, x, size), x);
}

Tensor adaptive_avg_pool2d(const Tensor& x, const std::array<int64_t, 2>& size, const PoolName& name) {
  return avg_pool(name.op, adaptive_rule(name, x, size), x);
}

// Batch rules

namespace {

Shape with_images(const Shape& image, int64_t size) {
  Shape all = image;
  all[0] *= size;  // images, or the channels of one
  return all;
}
WEFT_FORWARD_LINEAR(AvgPool);

WEFT_BATCH_RULE(MaxPool) { apply_folded(op, call, 1); }
WEFT_BATCH_RULE(MaxPoolBackward) {
  apply_folded(MaxPoolBackward(op.rule, with_images(op.image, call.size), op.channels_innermost), call, 3);
}
WEFT_BATCH_RULE(AvgPool) {
  apply_folded(AvgPool(op.rule, op.backward, with_images(op.image, call.size), op.channels_innermost), call, 1);
}

}  // namespace

bool is_max_pool2d(const Op& op) {
  const auto* pool = dynamic_cast<const MaxPool*>(&op);
  return pool && !pool->rule.rows.adaptive;
}
bool is_max_pool2d_backward(const Op& op) {
  const auto* pool = dynamic_cast<const MaxPoolBackward*>(&op);
  return pool && !pool->rule.rows.adaptive;
}

// What programs are saved with

namespace {

WEFT_OP(MaxPool);
WEFT_OP(AvgPool);

}  // namespace

}  // namespace weft
