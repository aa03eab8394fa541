#include "ops/resampling.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/resampling.h"
#include "op/apply.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/forward_rules.h"
#include "ops/image_layout.h"

namespace weft {

constinit KernelTable<ResampleKernel> resample_kernel{"interpolate"};
constinit KernelTable<ResampleKernel> resample_bytes_kernel{"interpolate of bytes"};

WEFT_FIELDS_OF(ResampleRule, inputs, outputs, mode, scale, align_corners, antialias);
template <>
constexpr int64_t kEnumSize<ResampleMode> = 5;

namespace {

// The tables a kernel of the CPU reads.
class AxisTaps {
 public:
  template <class C>
  static AxisTaps of(const ResampleRule& r) {
    AxisTaps t;
    t.inputs_ = r.inputs;
    t.width_ = r.width();
    std::vector<C> weight(static_cast<size_t>(t.width_ + 4));
    for (int64_t i = 0; i < r.outputs; i++) {
      const Taps taps = scalar::resample_taps<C>(r, i, weight.data());
      t.start_.push_back(taps.start);
      t.count_.push_back(taps.count);
      for (int64_t k = 0; k < t.width_; k++)
        t.weight_.push_back(k < taps.count ? static_cast<double>(weight[static_cast<size_t>(k)]) : 0);
      t.copies_ = t.copies_ && taps.count == 1 && weight[0] == 1;
    }
    return t;
  }

  // What each input is part of. Taps begin and end no earlier than those of the output before, so these outputs are
  // neighbours.
  AxisTaps transposed() const {
    AxisTaps t;
    const auto n = static_cast<size_t>(inputs_);
    t.inputs_ = outputs();
    t.start_.assign(n, 0);
    t.count_.assign(n, 0);
    for_each_tap([&](int64_t output, size_t input, double) {
      if (t.count_[input] == 0) t.start_[input] = output;
      t.count_[input] = output - t.start_[input] + 1;
    });
    t.width_ = 1;
    for (int64_t count : t.count_) t.width_ = std::max(t.width_, count);
    t.weight_.assign(n * static_cast<size_t>(t.width_), 0);
    for_each_tap([&](int64_t output, size_t input, double w) {
      t.weight_[input * static_cast<size_t>(t.width_) + static_cast<size_t>(output - t.start_[input])] = w;
    });
    t.copies_ = copies_ && t.width_ == 1 && std::ranges::all_of(t.count_, [](int64_t count) { return count == 1; });
    return t;
  }

  TapTable view() const { return {inputs_, outputs(), width_, start_.data(), count_.data(), weight_.data(), copies_}; }

 private:
  int64_t outputs() const { return static_cast<int64_t>(start_.size()); }
  template <class F>
  void for_each_tap(const F& f) const {
    for (size_t i = 0; i < start_.size(); i++)
      for (int64_t k = 0; k < count_[i]; k++)
        f(static_cast<int64_t>(i), static_cast<size_t>(start_[i] + k),
          weight_[i * static_cast<size_t>(width_) + static_cast<size_t>(k)]);
  }

  int64_t inputs_ = 1, width_ = 1;
  std::vector<int64_t> start_, count_;
  std::vector<double> weight_;
  bool copies_ = true;
};

bool is_copy(const ResampleRule& r) { return r.mode == ResampleMode::Nearest || r.mode == ResampleMode::NearestExact; }

// Resampling along the last dimensions, and its adjoint, from the outputs to the inputs: each is the other's gradient.
struct Resample : OpOf<Resample> {
  static constexpr const char* kName = "interpolate";
  static constexpr Traits kTraits{.scratch = true};
  std::vector<ResampleRule> axes;
  bool adjoint;
  bool channels_innermost;  // of the result of one whose order does not say it
  WEFT_FIELDS(axes, adjoint, channels_innermost);
  Resample(std::vector<ResampleRule> a, bool back, bool c = false)
      : axes(std::move(a)), adjoint(back), channels_innermost(c) {}
  const char* name() const override { return adjoint ? "interpolate_backward" : kName; }

  void check_inputs(const InputCheck& in) const {
    in.count(1).that(axes.size() >= 1 && axes.size() <= 3, "one to three spatial dimensions");
    in.ndim(0, static_cast<int>(axes.size()) + 2);
    check_image(in, *this, in.inputs(), 0);
    constexpr int64_t kMost = int64_t{1} << 40;
    bool copies = true;
    for (size_t d = 0; d < axes.size(); d++) {
      const ResampleRule& r = axes[d];
      in.that(r.inputs > 0 && r.outputs > 0 && r.inputs < kMost && r.outputs < kMost, "positive sizes");
      in.that((adjoint ? r.outputs : r.inputs) == in[0].size(static_cast<int>(d) + 2), "the size of the input");
      in.that(r.scale == 0 || (std::isfinite(r.scale) && r.scale > 0 && r.outputs == scaled(r.inputs, r.scale)),
              "a scale that fits the sizes");
      in.that(!r.antialias || r.mode == ResampleMode::Linear || r.mode == ResampleMode::Cubic, "a mode to antialias");
      copies = copies && is_copy(r);
    }
    if (copies && !adjoint) return;
    if (in[0].dtype() == DType::UInt8)
      in.that(!adjoint && takes_bytes(), "linear or cubic images of bytes");
    else
      in.floating(0);
  }
  static int64_t scaled(int64_t size, double scale) { return static_cast<int64_t>(static_cast<double>(size) * scale); }
  bool takes_bytes() const {
    return axes.size() == 2 && std::ranges::all_of(axes, [](const ResampleRule& r) {
             return r.mode == ResampleMode::Linear || r.mode == ResampleMode::Cubic;
           });
  }

  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape = in[0].shape();
    for (size_t d = 0; d < axes.size(); d++)
      shape[static_cast<int>(d) + 2] = adjoint ? axes[d].inputs : axes[d].outputs;
    out[0] = {shape, in[0].dtype(), strides_of_image(in[0], shape, channels_innermost)};
  }
  void run(Inputs in, const Tensor* out) const override {
    if (out[0].numel() == 0) return;  // tables could be large
    const bool bytes = in[0].dtype() == DType::UInt8 && takes_bytes();
    std::array<AxisTaps, 3> taps;
    ResampleAxes all{.table = {}, .rule = {}, .adjoint = adjoint};
    for (size_t d = 0; d < 3; d++) {
      if (d + axes.size() >= 3) all.rule[d] = axes[d + axes.size() - 3];
      const ResampleRule& r = all.rule[d];
      taps[d] = bytes || in[0].dtype() == DType::Float64 ? AxisTaps::of<double>(r) : AxisTaps::of<float>(r);
      if (adjoint) taps[d] = taps[d].transposed();
      all.table[d] = taps[d].view();
    }
    (bytes ? resample_bytes_kernel : resample_kernel)(out[0].device(), view_of(out[0]), view_of(in[0]), all);
  }
  ChannelsLast channels_last(Inputs in) const override {
    if (in[0].ndim() != static_cast<int>(axes.size()) + 2) return {};
    return {.inputs = 1, .outputs = 1, .joined = true};
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& grad = v.grad();
    const Resample back(axes, !adjoint, v.input_channels_last(0));
    grads[0] = apply(
        back, back.channels_innermost ? laid_out(grad, channels_last_strides(grad.shape())) : image_for(back, grad));
  }
};

struct ModeName {
  const char* name;
  ResampleMode mode;
  int dims;  // 0: any number
};
constexpr ModeName kModes[] = {{"nearest", ResampleMode::Nearest, 0}, {"nearest-exact", ResampleMode::NearestExact, 0},
                               {"area", ResampleMode::Area, 0},       {"linear", ResampleMode::Linear, 1},
                               {"bilinear", ResampleMode::Linear, 2}, {"bicubic", ResampleMode::Cubic, 2},
                               {"trilinear", ResampleMode::Linear, 3}};

const ModeName& mode_named(const char* op, const std::string& name) {
  for (const ModeName& m : kModes)
    if (name == m.name) return m;
  fail<ErrorKind::NotImplemented>(
      op, ": expected mode 'nearest', 'nearest-exact', 'area', 'linear', 'bilinear', 'bicubic' or 'trilinear', got '",
      name, "'");
}

void check_options(const char* op, const Tensor& x, const InterpolateOptions& o, const ModeName& mode) {
  const bool corners = mode.mode == ResampleMode::Linear || mode.mode == ResampleMode::Cubic;
  check<ErrorKind::Value>(corners || !o.align_corners, op,
                          ": align_corners is an option of modes linear, bilinear, bicubic and trilinear, got mode '",
                          mode.name, "'");
  check<ErrorKind::NotImplemented>(x.ndim() >= 3 && x.ndim() <= 5, op,
                                   ": expected an input (N, C, L), (N, C, H, W) or (N, C, D, H, W), got shape ",
                                   x.shape());
  check<ErrorKind::NotImplemented>(mode.dims == 0 || mode.dims + 2 == x.ndim(), op, ": mode '", mode.name,
                                   "' needs an input with ", mode.dims + 2, " dimensions, got shape ", x.shape());
  check<ErrorKind::Value>(!o.antialias || mode.dims == 2, op,
                          ": antialias is an option of modes bilinear and bicubic, got mode '", mode.name, "'");
  check<ErrorKind::Value>(!o.size || !o.scale_factor, op, ": expected size or scale_factor, got both");
  check<ErrorKind::Value>(o.size || o.scale_factor, op, ": expected size or scale_factor, got neither");
  check<ErrorKind::Value>(!o.recompute_scale_factor || !o.size, op,
                          ": recompute_scale_factor needs scale_factor, got size");
  const int dims = x.ndim() - 2, given = o.size ? o.size->size() : static_cast<int>(o.scale_factor->size());
  check<ErrorKind::Value>(given == 1 || given == dims, op, ": expected ", o.size ? "size" : "scale_factor",
                          " to be one number or ", dims, " for an input of shape ", x.shape(), ", got ", given);
  for (int d = 1; d < x.ndim(); d++)
    check(x.size(d) > 0, op, ": expected an input that has channels and elements in each, got shape ", x.shape());
}

std::vector<ResampleRule> rules_of(const char* op, const Tensor& x, const InterpolateOptions& o, const ModeName& mode) {
  std::vector<ResampleRule> rules;
  for (int d = 0; d + 2 < x.ndim(); d++) {
    ResampleRule r{.inputs = x.size(d + 2),
                   .mode = mode.mode,
                   .align_corners = o.align_corners.value_or(false),
                   .antialias = o.antialias};
    if (o.size) {
      r.outputs = (*o.size)[o.size->size() == 1 ? 0 : d];
      check(r.outputs > 0, op, ": expected positive sizes, got size ", *o.size);
    } else {
      const double scale = (*o.scale_factor)[o.scale_factor->size() == 1 ? 0 : static_cast<size_t>(d)];
      check<ErrorKind::Value>(std::isfinite(scale) && scale > 0, op, ": expected a positive scale_factor, got ", scale);
      check(static_cast<double>(r.inputs) * scale < 0x1p40, op, ": scale_factor ", scale,
            " is too large for an input of shape ", x.shape());
      r.outputs = Resample::scaled(r.inputs, scale);
      check(r.outputs > 0, op, ": scale_factor ", scale, " leaves nothing of an input of shape ", x.shape());
      // As in PyTorch, images whose pixels are copied once or twice follow their sizes, and antialiasing leaves an axis
      // whose size stays.
      const bool same = r.outputs == r.inputs, nearest = mode.mode == ResampleMode::Nearest && x.ndim() == 4;
      const bool whole = (nearest && (same || r.outputs == 2 * r.inputs)) || (o.antialias && same);
      if (!o.recompute_scale_factor && mode.mode != ResampleMode::Area && !whole) r.scale = scale;
    }
    rules.push_back(r);
  }
  return rules;
}

WEFT_FORWARD_LINEAR(Resample);
WEFT_BATCH_RULE(Resample) { apply_folded(op, call, 1); }
WEFT_OP(Resample);

}  // namespace

Tensor interpolate(const Tensor& x, const InterpolateOptions& o, const char* op) {
  const ModeName& mode = mode_named(op, o.mode);
  check_options(op, x, o, mode);
  const Resample resample(rules_of(op, x, o, mode), false);
  const bool bytes = x.dtype() == DType::UInt8 && resample.takes_bytes();
  check(is_real_floating(x.dtype()) || bytes || (is_copy(resample.axes[0]) && !is_complex(x.dtype())), op,
        ": expected a floating point input", is_copy(resample.axes[0]) ? " or integers" : "", ", got dtype ",
        x.dtype());
  return apply(resample, image_for(resample, x));
}

}  // namespace weft
