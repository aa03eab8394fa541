// Cross entropy of a linear layer: the logits are computed for some rows at a time, and once more for the gradients, so
// that they are never all there.
#include <algorithm>
#include <array>
#include <optional>

#include "kernels/elementwise.h"
#include "kernels/loss.h"
#include "kernels/matmul.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/flops.h"
#include "op/registry.h"
#include "ops/class_loss.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/reduced_loss.h"
#include "ops/reduction.h"

namespace weft {

namespace {

// Rows [begin, begin + n) of a contiguous tensor, and a matrix with rows and columns swapped: for kernels alone.
Tensor rows_of(const Tensor& t, int64_t begin, int64_t n) {
  Shape shape = t.shape();
  shape[0] = n;
  return alias_as_strided(t, shape, t.strides(), t.offset() + begin * t.strides()[0]);
}
Tensor swapped(const Tensor& t) {
  return alias_as_strided(t, {t.size(1), t.size(0)}, {t.strides()[1], t.strides()[0]}, t.offset());
}
size_t bytes_of(const Tensor& t) { return static_cast<size_t>(t.numel()) * item_size(t.dtype()); }

struct LinearClasses {
  int64_t ignore_index;
  double smoothing;
  int64_t chunk;  // rows at a time; 0: as many as make the logits about as large as the layer's input
  WEFT_FIELDS(ignore_index, smoothing, chunk);
  CrossEntropyRule rule() const { return {ignore_index, smoothing}; }
  int64_t rows_at_once(const Tensor& x, int64_t classes) const {
    constexpr int64_t kLeast = 128;  // fewer leave too little to do for each element of the weight
    int64_t rows = chunk ? chunk : std::max(kLeast, x.numel() / std::max<int64_t>(classes, 1));
    return std::max<int64_t>(std::min(rows, x.size(0)), 1);
  }
};

// Of an op from a file: x (N, D), linear weight (C, D), bias (C) or nothing, target (N), weight (C) or nothing.
void check_linear(const InputCheck& in, const std::array<int, 5>& at, int64_t chunk) {
  const auto [x, w, bias, target, weight] = at;
  in.floating(x).ndim(x, 2).contiguous(x).same_dtype(w, x).ndim(w, 2).contiguous(w).that(chunk >= 0, "a chunk");
  in.that(in[x].size(1) == in[w].size(1), "a weight for the input's features");
  const int64_t classes = in[w].size(0);
  in.same_dtype(bias, x).shape(bias, {classes}).contiguous(bias);
  in.dtype(target, DType::Int64).shape(target, {in[x].size(0)}).contiguous(target);
  in.same_dtype(weight, x).shape(weight, {classes}).contiguous(weight);
}

// out = a @ b + base, which may be undefined or out itself.
void multiply(const Tensor& out, const Tensor& a, const Tensor& b, const Tensor& base = {}) {
  matmul_kernel(out.device(), view_of(out), view_of(a), view_of(b), view_or_none(base));
}
// logits = x @ w.T + bias
void logits_of(const Tensor& logits, const Tensor& x, const Tensor& w, const Tensor& bias) {
  Tensor base;
  if (bias.defined()) base = alias_as_strided(bias, logits.shape(), {0, bias.strides()[0]}, bias.offset());
  multiply(logits, x, swapped(w), base);
}

// A sum of products, chunk by chunk: that of half types in float32.
class SumOfProducts {
 public:
  explicit SumOfProducts(const Tensor& out) : out_(out), sum_(out) {
    const DType wide = scaling_dtype(out.dtype());
    if (wide == out.dtype()) return;
    sum_ = empty(out.shape(), wide, out.device());
    product_ = empty(out.shape(), out.dtype(), out.device());
  }
  void add(const Tensor& a, const Tensor& b, bool only_asked) {
    multiply(product_.defined() ? product_ : sum_, a, b, first_ || product_.defined() ? Tensor() : sum_);
    if (product_.defined() && !only_asked) {
      const StridedView sum = view_of(sum_), product = view_of(product_);
      if (first_)
        copy_kernel(out_.device(), sum, product);
      else
        binary_kernel(out_.device(), index_in<scalar::Add>(scalar::BinaryList{}), sum, sum, product, sum_.dtype());
    }
    first_ = false;
  }
  void finish() {
    if (first_) fill_kernel(out_.device(), view_of(sum_), NumberView(Scalar(0)).view());
    if (product_.defined()) copy_kernel(out_.device(), view_of(out_), view_of(sum_));
  }
  size_t bytes() const { return product_.defined() ? bytes_of(sum_) + bytes_of(product_) : 0; }

 private:
  Tensor out_, sum_, product_;
  bool first_ = true;
};

// inputs: gradient per row (float64), x, linear weight, bias or nothing, log of the sums (float64), target, weight or
// nothing. Outputs: the gradients of x, the linear weight and the bias that are wanted, by bit mask.
struct LinearCrossEntropyBackward : OpOf<LinearCrossEntropyBackward> {
  static constexpr const char* kName = "linear_cross_entropy_backward";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true};
  LinearClasses classes;
  int64_t wanted;
  WEFT_FIELDS(classes, wanted);
  void check_inputs(const InputCheck& in) const {
    in.count(7, 8 | 64);
    check_linear(in, {1, 2, 3, 5, 6}, classes.chunk);
    for (int i : {0, 4}) in.dtype(i, DType::Float64).same_shape(i, 5).contiguous(i);
    in.that(wanted > 0 && wanted < 8 && (wanted < 4 || in.has(3)), "gradients of what is there");
  }
  LinearCrossEntropyBackward(const LinearClasses& c, int64_t w) : classes(c), wanted(w) {}
  int num_outputs() const override { return __builtin_popcountll(static_cast<uint64_t>(wanted)); }
  void infer(Inputs in, OutputSpec* out) const override {
    for (int i = 0, o = 0; i < 3; i++)
      if (wanted >> i & 1) out[o++] = {in[1 + i].shape(), in[1 + i].dtype(), {}};
  }
  void run(Inputs in, const Tensor* out) const override { compute(in, out, false); }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override { return compute(in, out, true); }

  size_t compute(Inputs in, const Tensor* out, bool only_asked) const {
    const Tensor &x = in[1], &w = in[2];
    const Device device = x.device();
    const int64_t count = x.size(0), rows = classes.rows_at_once(x, w.size(0));
    const Tensor logits = empty({rows, w.size(0)}, x.dtype(), device);
    const Tensor slopes = empty({rows, w.size(0)}, x.dtype(), device);
    const Tensor* dx = wanted & 1 ? out++ : nullptr;
    std::optional<SumOfProducts> dw, dbias;
    Tensor ones;
    if (wanted & 2) dw.emplace(*out++);
    if (wanted & 4) {
      dbias.emplace(alias_as_strided(*out, {1, w.size(0)}, {w.size(0), 1}, out->offset()));
      ones = empty({1, rows}, x.dtype(), device);
      if (!only_asked) fill_kernel(device, view_of(ones), NumberView(Scalar(1)).view());
    }
    for (int64_t begin = 0; begin < count; begin += rows) {
      const int64_t n = std::min(rows, count - begin);
      const Tensor part = rows_of(x, begin, n), y = rows_of(logits, 0, n), slope = rows_of(slopes, 0, n);
      logits_of(y, part, w, in[3]);
      if (!only_asked)
        cross_entropy_backward_kernel(device, view_of(slope), view_of(rows_of(in[0], begin, n)), view_of(y),
                                      view_of(rows_of(in[4], begin, n)), view_of(rows_of(in[5], begin, n)),
                                      view_or_none(in[6]), classes.rule());
      if (dx) multiply(rows_of(*dx, begin, n), slope, w);
      if (dw) dw->add(swapped(slope), part, only_asked);
      if (dbias) dbias->add(alias_as_strided(ones, {1, n}, {rows, 1}, 0), slope, only_asked);
    }
    if (only_asked)
      return bytes_of(logits) + bytes_of(slopes) + (dw ? dw->bytes() : 0) +
             (dbias ? dbias->bytes() + bytes_of(ones) : 0);
    if (dw) dw->finish();
    if (dbias) dbias->finish();
    return 0;
  }

  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor logits = linear(in[1], in[2], in[3]);
    const Tensor slopes = class_losses_backward(in[0], logits, in[4], in[5], in[6], classes.rule());
    std::vector<Tensor> grads;
    if (wanted & 1) grads.push_back(matmul(slopes, in[2]));
    if (wanted & 2) grads.push_back(matmul(transpose(slopes, 0, 1), in[1]));
    if (wanted & 4) grads.push_back(sum(slopes, {0}));
    return grads;
  }
};

// inputs: x (N, D), linear weight (C, D), bias or nothing, target, weight or nothing. Outputs: those of CrossEntropy.
struct LinearCrossEntropy : OpOf<LinearCrossEntropy> {
  static constexpr const char* kName = "linear_cross_entropy";
  static constexpr Traits kTraits{.may_fail = true, .decomposes = true, .scratch = true};
  LinearClasses classes;
  WEFT_FIELDS(classes);
  void check_inputs(const InputCheck& in) const {
    in.count(5, 4 | 16);
    check_linear(in, {0, 1, 2, 3, 4}, classes.chunk);
  }
  explicit LinearCrossEntropy(const LinearClasses& c) : classes(c) {}
  int num_outputs() const override { return 3; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = out[1] = out[2] = {in[3].shape(), DType::Float64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    check_classes(kName, in[3], {in[0].size(0), in[1].size(0)}, classes.ignore_index);
    compute(in, out, false);
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override { return compute(in, out, true); }
  size_t compute(Inputs in, const Tensor* out, bool only_asked) const {
    const Tensor &x = in[0], &w = in[1];
    const int64_t count = x.size(0), rows = classes.rows_at_once(x, w.size(0));
    const Tensor logits = empty({rows, w.size(0)}, x.dtype(), x.device());
    for (int64_t begin = 0; begin < count; begin += rows) {
      const int64_t n = std::min(rows, count - begin);
      const Tensor y = rows_of(logits, 0, n);
      logits_of(y, rows_of(x, begin, n), w, in[2]);
      if (only_asked) continue;
      auto part = [&](const Tensor& all) { return rows_of(all, begin, n); };
      cross_entropy_kernel(x.device(), view_of(part(out[0])), view_of(part(out[1])), view_of(part(out[2])), view_of(y),
                           view_of(part(in[3])), view_or_none(in[4]), classes.rule());
    }
    return only_asked ? bytes_of(logits) : 0;
  }
  Saves saves(uint32_t) const override { return {.inputs = 31, .outputs = 2}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    const int64_t wanted = (v.needs(0) ? 1 : 0) | (v.needs(1) ? 2 : 0) | (v.needs(2) ? 4 : 0);
    if (!wanted) return;
    Tensor g = contiguous(v.grad(0)), x = v.input(0), w = v.input(1), bias = v.input(2), target = v.input(3),
           weight = v.input(4), log_sums = detach(v.output(1)), out[3];
    const Tensor* list[] = {&g, &x, &w, &bias, &log_sums, &target, &weight};
    apply(LinearCrossEntropyBackward(classes, wanted), Inputs(list, 7), out);
    for (int i = 0, o = 0; i < 3; i++)
      if (wanted >> i & 1) grads[i] = out[o++];
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor logits = linear(in[0], in[1], in[2]);
    std::vector<Tensor> out(3);
    class_losses(logits, in[3], in[4], classes.rule(), out.data());
    return out;
  }
};

const FlopRuleOf<LinearCrossEntropy> linear_cross_entropy_flops([](const LinearCrossEntropy&, Inputs in,
                                                                   const Tensor*) {
  return product_flops(in[0], in[1].size(0));
});
// The logits once more, and a product for the gradient of the input and for that of the weight.
const FlopRuleOf<LinearCrossEntropyBackward> linear_cross_entropy_backward_flops(
    [](const LinearCrossEntropyBackward& op, Inputs in, const Tensor*) {
      return (1 + (op.wanted & 1) + (op.wanted >> 1 & 1)) * product_flops(in[1], in[2].size(0));
    });

}  // namespace

Tensor linear_cross_entropy(const Tensor& given, const Tensor& given_linear_weight, const Tensor& target,
                            const Tensor& given_bias, const ClassLossOptions& o, int64_t chunk) {
  const char* op = "linear_cross_entropy";
  check_reduction(op, o.reduction);
  check(o.label_smoothing >= 0.0 && o.label_smoothing <= 1.0, op, ": label_smoothing must be between 0 and 1, got ",
        o.label_smoothing);
  check<ErrorKind::Value>(chunk >= 0, op, ": expected a positive number of rows per chunk, got ", chunk);
  const Tensor x = for_half(given), w = for_half(given_linear_weight), bias = for_half(given_bias);
  check(x.ndim() == 1 || x.ndim() == 2, op, ": expected an input of shape (features) or (N, features), got ",
        x.shape());
  check(w.ndim() >= 2, op, ": expected a linear weight of shape (classes, ..., features), got ", w.shape());
  check(x.size(-1) == w.size(-1), op, ": expected ", w.size(-1), " features for a linear weight of shape ", w.shape(),
        ", got an input of shape ", x.shape());
  check(is_real_floating(x.dtype()) && x.dtype() == w.dtype(), op,
        ": expected an input and a linear weight of one floating dtype, got ", x.dtype(), " and ", w.dtype());
  Shape logits = w.shape();
  logits.erase(logits.size() - 1);
  if (bias.defined()) {
    check(bias.shape() == logits && bias.dtype() == x.dtype(), op, ": expected a bias of shape ", logits, " and dtype ",
          x.dtype(), ", got ", bias.shape(), " and ", bias.dtype());
  }
  const bool unbatched = x.ndim() == 1;
  check(!unbatched || w.ndim() == 2, op, ": a linear weight of shape ", w.shape(),
        " needs a batch of inputs (N, features), got ", x.shape());
  if (w.ndim() > 2 || is_real_floating(target.dtype())) {
    // Probabilities as targets are as large as the logits.
    if (!unbatched) logits.insert(0, x.size(0));
    const Tensor flat = bias.defined() ? reshape(bias, {bias.numel()}) : bias;
    int64_t outputs = 1;
    for (int d = 0; d < w.ndim() - 1; d++) outputs *= w.size(d);
    return cross_entropy(reshape(linear(x, reshape(w, {outputs, w.size(-1)}), flat), logits), target, o);
  }
  if (!unbatched) logits.insert(0, x.size(0));
  const Tensor weight = o.weight.defined() ? contiguous(to_dtype(o.weight, x.dtype())) : Tensor();
  check_class_operands(op, logits, x.dtype(), target, weight);
  const Tensor rows = contiguous(unbatched ? unsqueeze(x, 0) : x);
  const Tensor classes = contiguous(unbatched ? unsqueeze(target, 0) : target);
  const Tensor table = contiguous(w), added = bias.defined() ? contiguous(bias) : bias;
  Tensor out[3];
  const Tensor* list[] = {&rows, &table, &added, &classes, &weight};
  apply(LinearCrossEntropy({o.ignore_index, o.label_smoothing, chunk}), Inputs(list, 5), out);
  return finish_class_loss(o, out[0], out[2], unbatched, for_full_precision(x).dtype());
}

// What programs are saved with

namespace {

WEFT_OP(LinearCrossEntropy);
WEFT_OP(LinearCrossEntropyBackward);

}  // namespace

}  // namespace weft
