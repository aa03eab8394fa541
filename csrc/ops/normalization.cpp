#include "ops/normalization.h"

#include "kernels/normalization.h"
#include "op/apply.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/node.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/image_layout.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/reduction.h"

namespace weft {

constinit KernelTable<ChannelMomentsKernel> channel_moments_kernel{"batch_norm"};
constinit KernelTable<ChannelNormKernel> channel_norm_kernel{"batch_norm"};
constinit KernelTable<BatchNormLineKernel> batch_norm_line_kernel{"batch_norm_line"};
constinit KernelTable<ChannelNormBackwardKernel> channel_norm_backward_kernel{"batch_norm_backward"};
constinit KernelTable<RowNormKernel> row_norm_kernel{"layer_norm"};
constinit KernelTable<RowNormBackwardKernel> row_norm_backward_kernel{"layer_norm_backward"};

WEFT_FIELDS_OF(RowNormGeometry, rows, n, groups, inner);

namespace {

// --- batch norm -----------------------------------------------------------------------------------------------------

// All dimensions but the channels.
Dims but_channels(const Tensor& x) {
  Dims dims;
  for (int d = 0; d < x.ndim(); d++)
    if (d != 1) dims.push_back(d);
  return dims;
}
// (C) with the channels along dimension 1 of x.
Tensor as_channels(const Tensor& t, const Tensor& x) {
  Shape shape = Shape::filled(x.ndim(), 1);
  shape[1] = t.numel();
  return reshape(t, shape);
}

// inputs: gradient, x, mean, variance, weight or nothing. Outputs: gradients of x, weight, bias.
struct BatchNormBackward : OpOf<BatchNormBackward> {
  static constexpr const char* kName = "batch_norm_backward";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true};
  bool training;
  double eps;
  WEFT_FIELDS(training, eps);
  void check_inputs(const InputCheck& in) const {
    in.count(5, 16).floating(0).floating(1).same_dtype(0, 1).same_shape(0, 1).ndim_between(1, 2, kMaxDims);
    for (int i = 2; i < 5; i++) in.floating(i).shape(i, {in[1].size(1)}).contiguous(i);
    for (int i = 0; i < 2; i++) check_image(in, *this, in.inputs(), i);
    in.that(has_channels_last(in[0]) == has_channels_last(in[1]), "a gradient that is laid out like the input");
  }
  BatchNormBackward(bool t, double e) : training(t), eps(e) {}
  int num_outputs() const override { return 3; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[1].shape(), in[1].dtype(), strides_of_image(in[1], in[1].shape())};
    out[1] = out[2] = {{in[1].size(1)}, in[4].defined() ? in[4].dtype() : in[1].dtype(), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    channel_norm_backward_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(out[2]), view_of(in[0]),
                                 {view_of(in[1]), view_of(in[2]), view_of(in[3]), view_or_none(in[4]), {}, eps},
                                 training);
  }
  ChannelsLast channels_last(Inputs) const override { return {.inputs = 3, .outputs = 1, .joined = true}; }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor &g = in[0], &x = in[1], &weight = in[4];
    Dims dims = but_channels(x);
    Scalar count(x.size(1) ? static_cast<double>(x.numel() / x.size(1)) : 0.0);
    Tensor centered = sub(x, training ? mean(x, dims, true) : as_channels(in[2], x));
    Tensor variance = training ? mean(square(centered), dims, true) : as_channels(in[3], x);
    Tensor scale = rsqrt(add(variance, Scalar(eps))), normal = mul(centered, scale);
    Tensor grads = sum(g, dims, true), products = sum(mul(g, normal), dims, true);
    if (weight.defined()) scale = mul(scale, as_channels(weight, x));
    Tensor dx =
        training ? mul(scale, sub(sub(g, div(grads, count)), mul(normal, div(products, count)))) : mul(scale, g);
    return {dx, view_as(products, {x.size(1)}), view_as(grads, {x.size(1)})};
  }
};

// inputs: mean, variance, weight and bias or nothing. Outputs: what batch norm with known statistics multiplies every
// element of a channel by, and what it adds then; with `ones` dimensions after that of the channels.
struct BatchNormLine : OpOf<BatchNormLine> {
  static constexpr const char* kName = "batch_norm_line";
  static constexpr Traits kTraits{.differentiable = false};
  double eps;
  int ones;
  DType dtype;
  WEFT_FIELDS(eps, ones, dtype);
  void check_inputs(const InputCheck& in) const {
    in.count(4, 12).ndim(0, 1).that(ones >= 0 && ones < kMaxDims && is_real_floating(dtype), "a layout of channels");
    for (int i = 0; i < 4; i++) in.floating(i).same_shape(i, 0).contiguous(i);
  }
  BatchNormLine(double e, int o, DType t) : eps(e), ones(o), dtype(t) {}
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape = in[0].shape();
    for (int i = 0; i < ones; i++) shape.push_back(1);
    out[0] = out[1] = {shape, dtype, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    batch_norm_line_kernel(out[0].device(), view_of(out[0]), view_of(out[1]),
                           {{}, view_of(in[0]), view_of(in[1]), view_or_none(in[2]), view_or_none(in[3]), eps});
  }
};

// inputs: x, weight and bias or nothing, and unless training mean and variance. Outputs: the result, and in training
// the mean and the (biased) variance.
struct BatchNorm : OpOf<BatchNorm> {
  static constexpr const char* kName = "batch_norm";
  static constexpr Traits kTraits{.cheap = true, .scratch = true};
  bool training;
  double eps;
  WEFT_FIELDS(training, eps);
  void check_inputs(const InputCheck& in) const {
    in.count(training ? 3 : 5, 6).floating(0).ndim_between(0, 2, kMaxDims);
    check_image(in, *this, in.inputs(), 0);
    for (int i = 1; i < in.size(); i++) in.floating(i).shape(i, {in[0].size(1)}).contiguous(i);
  }
  BatchNorm(bool t, double e) : training(t), eps(e) {}
  int num_outputs() const override { return training ? 3 : 1; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype(), strides_of_image(in[0], in[0].shape())};
    if (training) out[1] = out[2] = {{in[0].size(1)}, compute_type(in[0].dtype()), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    if (training) channel_moments_kernel(out[0].device(), view_of(out[1]), view_of(out[2]), view_of(in[0]));
    const Tensor &mean = training ? out[1] : in[3], &variance = training ? out[2] : in[4];
    channel_norm_kernel(
        out[0].device(), view_of(out[0]),
        {view_of(in[0]), view_of(mean), view_of(variance), view_or_none(in[1]), view_or_none(in[2]), eps});
  }
  ChannelsLast channels_last(Inputs) const override { return {.inputs = 1, .outputs = 1, .joined = true}; }
  // With known statistics elementwise ops, which can be fused with others: the kernel does the same in one go.
  bool traced_as(Inputs in, Tensor* out) const override {
    const Tensor& x = in[0];
    if (training || compute_type(x.dtype()) != x.dtype() || !batch_norm_line_kernel.has(x.device())) return false;
    const Tensor* statistics[] = {&in[3], &in[4], &in[1], &in[2]};
    Tensor scale_and_shift[2];
    apply(BatchNormLine(eps, x.ndim() - 2, x.dtype()), Inputs(statistics, 4), scale_and_shift);
    out[0] = add(mul(x, scale_and_shift[0]), scale_and_shift[1]);
    return true;
  }
  Saves saves(uint32_t) const override { return {.inputs = training ? 3u : 27u, .outputs = training ? 6u : 0u}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    Tensor x = v.input(0), g = laid_out(v.grad(0), x.strides()), weight = v.input(1), out[3];
    Tensor mean = training ? detach(v.output(1)) : v.input(3), variance = training ? detach(v.output(2)) : v.input(4);
    const Tensor* list[] = {&g, &x, &mean, &variance, &weight};
    apply(BatchNormBackward(training, eps), Inputs(list, 5), out);
    for (int i = 0; i < 3; i++)
      if (v.needs(i)) grads[i] = out[i];
  }
};

void check_per_channel(const char* op, const char* what, const Tensor& t, const Tensor& x) {
  if (!t.defined()) return;
  check(t.ndim() == 1, op, ": expected ", what, " of shape (", x.size(1), ",) for the ", x.size(1),
        " channels of an input of shape ", x.shape(), ", got ", t.shape());
  check(t.numel() == x.size(1), op, ": expected input with ", t.numel(), " channels (", what, " of shape ", t.shape(),
        "), got ", x.size(1), " in input of shape ", x.shape());
  check(is_real_floating(t.dtype()), op, ": expected a floating point ", what, ", got dtype ", t.dtype());
}

// What the running statistics become; undefined where there are none.
Tensor moved(const char* op, const Tensor& running, const Tensor& fresh, double momentum) {
  if (!running.defined()) return {};
  check_inplace_allowed(op, running);
  return add(mul(running, Scalar(1.0 - momentum)), mul(fresh, Scalar(momentum)));
}

// --- layer and group norm -------------------------------------------------------------------------------------------

struct RowRule {
  RowNormGeometry g;
  bool by_group;
  WEFT_FIELDS(g, by_group);
  // Of an op from a file.
  void check_against(const InputCheck& in, const Tensor& x, const Shape& parameters) const {
    in.sizes(parameters).that(g.rows >= 0 && g.n >= 0 && g.groups >= 0 && g.inner >= 0, "sizes of rows");
    in.sizes({g.rows, g.n}).that(g.rows * g.n == x.numel(), "rows that make up the input");
    in.sizes({g.groups, g.n}).sizes({checked_numel(parameters), g.inner});
    in.that(x.numel() == 0 || (g.groups > 0 && g.rows % g.groups == 0), "groups that divide the rows");
    in.that(x.numel() == 0 || checked_numel(parameters) * g.inner == g.groups * g.n, "a parameter for every element");
  }
  Shape rows_shape() const { return {g.groups ? g.rows / g.groups : 0, g.groups, g.n}; }
  // A parameter for each element of (1, groups, n).
  Tensor spread(const Tensor& parameter) const {
    const int64_t per_group = parameter.numel() / g.groups;
    Tensor p = reshape(parameter, {1, g.groups, per_group, 1});
    return reshape(expand(p, {1, g.groups, per_group, g.inner}), {1, g.groups, g.n});
  }
  // The reverse, summed over samples and runs.
  Tensor collect(const Tensor& t, const Shape& shape) const {
    return reshape(sum(reshape(t, {t.size(0), g.groups, checked_numel(shape) / g.groups, g.inner}), {0, 3}), shape);
  }
};

// inputs: gradient, x, mean, 1 / standard deviation, weight or nothing. Outputs: gradients of x, weight, bias.
struct RowNormBackward : OpOf<RowNormBackward> {
  static constexpr const char* kName = "layer_norm_backward";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true};
  RowRule rule;
  double eps;
  Shape parameters;
  WEFT_FIELDS(rule, eps, parameters);
  void check_inputs(const InputCheck& in) const {
    rule.check_against(in.count(5, 16), in[1], parameters);
    in.floating(0).floating(1).same_dtype(0, 1).same_shape(0, 1).contiguous(0).contiguous(1);
    for (int i = 2; i < 4; i++) in.dtype(i, compute_type(in[1].dtype())).shape(i, {rule.g.rows}).contiguous(i);
    in.floating(4).shape(4, parameters).contiguous(4);
  }
  RowNormBackward(const RowRule& r, double e, const Shape& p) : rule(r), eps(e), parameters(p) {}
  const char* name() const override { return rule.by_group ? "group_norm_backward" : kName; }
  int num_outputs() const override { return 3; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[1].shape(), in[1].dtype(), {}};
    out[1] = out[2] = {parameters, in[4].defined() ? in[4].dtype() : in[1].dtype(), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    row_norm_backward_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(out[2]),
                             {view_of(in[0]), view_of(in[1]), view_of(in[2]), view_of(in[3]), view_or_none(in[4])},
                             rule.g);
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    Tensor g = reshape(in[0], rule.rows_shape()), x = reshape(in[1], rule.rows_shape());
    Tensor centered = sub(x, mean(x, {2}, true));
    Tensor scale = rsqrt(add(mean(square(centered), {2}, true), Scalar(eps))), normal = mul(centered, scale);
    Tensor weighted = in[4].defined() ? mul(g, rule.spread(in[4])) : g;
    Tensor dx =
        mul(scale, sub(sub(weighted, mean(weighted, {2}, true)), mul(normal, mean(mul(weighted, normal), {2}, true))));
    return {reshape(dx, in[1].shape()), rule.collect(mul(g, normal), parameters), rule.collect(g, parameters)};
  }
};

// inputs: x, weight and bias or nothing. Outputs: the result; mean and 1 / standard deviation of every row.
struct RowNorm : OpOf<RowNorm> {
  static constexpr const char* kName = "layer_norm";
  static constexpr Traits kTraits{.cheap = true, .scratch = true, .autocast = AutocastRule::Float32};
  RowRule rule;
  double eps;
  Shape parameters;
  WEFT_FIELDS(rule, eps, parameters);
  void check_inputs(const InputCheck& in) const {
    rule.check_against(in.count(3, 6), in[0], parameters);
    in.floating(0).contiguous(0);
    for (int i = 1; i < 3; i++) in.floating(i).shape(i, parameters).contiguous(i);
  }
  RowNorm(const RowRule& r, double e, const Shape& p) : rule(r), eps(e), parameters(p) {}
  const char* name() const override { return rule.by_group ? "group_norm" : kName; }
  int num_outputs() const override { return 3; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype(), {}};
    out[1] = out[2] = {{rule.g.rows}, compute_type(in[0].dtype()), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    if (out[0].numel() == 0) return;
    row_norm_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(out[2]), view_of(in[0]),
                    view_or_none(in[1]), view_or_none(in[2]), rule.g, eps);
  }
  Saves saves(uint32_t) const override { return {.inputs = 3, .outputs = 6}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    Tensor g = contiguous(v.grad(0)), x = v.input(0), mean = detach(v.output(1)), rstd = detach(v.output(2)),
           weight = v.input(1), out[3];
    const Tensor* list[] = {&g, &x, &mean, &rstd, &weight};
    apply(RowNormBackward(rule, eps, parameters), Inputs(list, 5), out);
    for (int i = 0; i < 3; i++)
      if (v.needs(i)) grads[i] = out[i];
  }
};

Tensor row_norm(const RowRule& rule, const Tensor& x, const Shape& parameters, const Tensor& weight, const Tensor& bias,
                double eps) {
  Tensor in = contiguous(x), w = contiguous_or_none(weight), b = contiguous_or_none(bias), out[3];
  const Tensor* list[] = {&in, &w, &b};
  apply(RowNorm(rule, eps, parameters), Inputs(list, 3), out);
  return out[0];
}

// How many rows of `shape` x consists of.
int64_t rows_of(const char* op, const Tensor& x, const Shape& shape) {
  check(!shape.empty(), op, ": normalized_shape must name at least one dimension");
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  bool fits = x.ndim() >= shape.size();
  int64_t rows = 1;
  for (int d = 0; fits && d < x.ndim(); d++) {
    int own = d - (x.ndim() - shape.size());
    if (own < 0)
      rows *= x.size(d);
    else
      fits = x.size(d) == shape[own];
  }
  check(fits, op, ": the last dimensions of the input must be normalized_shape ", shape, ", got an input of shape ",
        x.shape());
  return rows;
}

void check_parameter(const char* op, const char* what, const Tensor& t, const Shape& shape) {
  check(!t.defined() || t.shape() == shape, op, ": expected a ", what, " of shape ", shape, ", got ",
        t.defined() ? t.shape() : Shape{});
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps) {
  const char* op = "batch_norm";
  if (x.shape() == Shape{0})  // no samples of no channels
    return reshape(batch_norm(reshape(x, {0, 0}), running_mean, running_var, weight, bias, training, momentum, eps),
                   {0});
  check(x.ndim() >= 2, op, ": expected an input of shape (N, C, ...), got ", x.shape());
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  check(training || (running_mean.defined() && running_var.defined()), op,
        ": outside of training it needs running_mean and running_var");
  check_per_channel(op, "running_mean", running_mean, x);
  check_per_channel(op, "running_var", running_var, x);
  check_per_channel(op, "weight", weight, x);
  check_per_channel(op, "bias", bias, x);
  int64_t count = x.size(1) ? x.numel() / x.size(1) : 0;
  check<ErrorKind::Value>(!training || count != 1, op,
                          ": expected more than one value per channel when training, got an input of shape ",
                          x.shape());
  const BatchNorm norm(training, eps);
  Tensor in = image_for(norm, x), w = contiguous_or_none(weight), b = contiguous_or_none(bias), out[3];
  if (!training) {
    Tensor mean = contiguous(running_mean), variance = contiguous(running_var);
    const Tensor* list[] = {&in, &w, &b, &mean, &variance};
    apply(norm, Inputs(list, 5), out);
    return out[0];
  }
  const Tensor* list[] = {&in, &w, &b};
  apply(norm, Inputs(list, 3), out);
  if (count > 0 && (running_mean.defined() || running_var.defined())) {
    GradModeGuard no_grad(false);
    double unbias = count > 1 ? static_cast<double>(count) / static_cast<double>(count - 1) : 1.0;
    const Tensor mean = moved(op, running_mean, out[1], momentum);
    const Tensor variance = moved(op, running_var, mul(out[2], Scalar(unbias)), momentum);
    if (mean.defined()) copy_(running_mean, mean);
    if (variance.defined()) copy_(running_var, variance);
  }
  return out[0];
}

Tensor layer_norm(const Tensor& x, const Shape& shape, const Tensor& weight, const Tensor& bias, double eps) {
  int64_t rows = rows_of("layer_norm", x, shape);
  check_parameter("layer_norm", "weight", weight, shape);
  check_parameter("layer_norm", "bias", bias, shape);
  int64_t n = checked_numel(shape);
  return row_norm({{rows, n, 1, 1}, false}, x, shape, weight, bias, eps);
}

Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps) {
  const char* op = "group_norm";
  check(x.ndim() >= 2, op, ": expected an input of shape (N, C, ...), got ", x.shape());
  check(is_real_floating(x.dtype()), op, ": expected a floating point input, got dtype ", x.dtype());
  int64_t channels = x.size(1);
  check(groups > 0 && channels % groups == 0, op, ": num_groups ", groups, " must be positive and divide the ",
        channels, " channels of an input of shape ", x.shape());
  check_parameter(op, "weight", weight, {channels});
  check_parameter(op, "bias", bias, {channels});
  int64_t inner = 1;
  for (int d = 2; d < x.ndim(); d++) inner *= x.size(d);
  const Tensor y = row_norm({{x.size(0) * groups, channels / groups * inner, groups, inner}, true}, x, {channels},
                            weight, bias, eps);
  // The kernel's groups are rows, so that the layout is made anew.
  return has_channels_last(x) || is_part_of_channels_last(x) ? laid_out(y, channels_last_strides(y.shape())) : y;
}

Tensor rms_norm(const Tensor& x, const Shape& shape, const Tensor& weight, double eps) {
  rows_of("rms_norm", x, shape);
  check_parameter("rms_norm", "weight", weight, shape);
  Dims dims;
  for (int i = 0; i < shape.size(); i++) dims.push_back(x.ndim() - shape.size() + i);
  Tensor wide = to_dtype(x, compute_type(x.dtype()));
  Tensor y = to_dtype(mul(wide, rsqrt(add(mean(square(wide), dims, true), Scalar(eps)))), x.dtype());
  return weight.defined() ? mul(y, weight) : y;
}

// Batch rules

namespace {

// Statistics and parameters (B, C) as those of B * C channels.
Tensor all_channels(const BatchCall& call, int i) {
  Tensor t = call.whole(i);
  return t.defined() ? contiguous(reshape(t, {-1})) : t;
}
void give_channels(const BatchCall& call, Tensor* out, int count) {
  call.out[0] = {from_groups(out[0], call.size), true};
  for (int i = 1; i < count; i++) call.out[i] = {split_first(out[i], call.size), true};
}

WEFT_BATCH_RULE(BatchNormLine) {
  Tensor list[4], out[2];
  for (int i = 0; i < 4; i++) list[i] = all_channels(call, i);
  const Tensor* inputs[] = {&list[0], &list[1], &list[2], &list[3]};
  apply(op, Inputs(inputs, 4), out);
  for (int i = 0; i < 2; i++) call.out[i] = {split_first(out[i], call.size), true};
}
WEFT_BATCH_RULE(BatchNorm) {
  Tensor list[5], out[3];
  list[0] = contiguous(as_groups(call.whole(0)));
  for (int i = 1; i < call.count; i++) list[i] = all_channels(call, i);
  const Tensor* inputs[] = {&list[0], &list[1], &list[2], &list[3], &list[4]};
  apply(op, Inputs(inputs, call.count), out);
  give_channels(call, out, op.num_outputs());
}
WEFT_BATCH_RULE(BatchNormBackward) {
  Tensor list[5], out[3];
  for (int i = 0; i < 2; i++) list[i] = contiguous(as_groups(call.whole(i)));
  for (int i = 2; i < call.count; i++) list[i] = all_channels(call, i);
  const Tensor* inputs[] = {&list[0], &list[1], &list[2], &list[3], &list[4]};
  apply(op, Inputs(inputs, call.count), out);
  give_channels(call, out, 3);
}
// A parameter for each element of the batch, in its place behind other dimensions of x.
Tensor in_place_of(const Tensor& parameter, bool batched, const RowNorm& op, int ndim) {
  Shape shape = parameter.shape();
  const int own = shape.size() - batched, behind = op.rule.by_group ? ndim - 2 : 0;
  for (int d = own + behind; d < ndim; d++) shape.insert(batched, 1);
  for (int d = 0; d < behind; d++) shape.push_back(1);
  return reshape(parameter, shape);
}
WEFT_BATCH_RULE(RowNorm) {
  const bool own = call.in[1].batched || call.in[2].batched;
  RowRule rule = op.rule;
  rule.g.rows *= call.size;
  Tensor x = contiguous(call.whole(0)), none, out[3];
  const Tensor* list[] = {&x, own ? &none : &call.in[1].tensor, own ? &none : &call.in[2].tensor};
  apply(RowNorm(rule, op.eps, op.parameters), Inputs(list, 3), out);
  const int ndim = call.logical[0].ndim();
  if (own && call.in[1].tensor.defined())
    out[0] = mul(out[0], in_place_of(call.in[1].tensor, call.in[1].batched, op, ndim));
  if (own && call.in[2].tensor.defined())
    out[0] = add(out[0], in_place_of(call.in[2].tensor, call.in[2].batched, op, ndim));
  call.out[0] = {out[0], true};
  for (int i = 1; i < 3; i++) call.out[i] = {split_first(out[i], call.size), true};
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(BatchNormBackward);
WEFT_OP(BatchNorm);
WEFT_OP(BatchNormLine);
WEFT_OP(RowNormBackward);
WEFT_OP(RowNorm);

}  // namespace

}  // namespace weft
