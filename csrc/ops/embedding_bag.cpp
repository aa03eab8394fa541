#include "ops/embedding_bag.h"

#include "core/small_vector.h"
#include "kernels/embedding.h"
#include "op/apply.h"
#include "op/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/embedding.h"
#include "ops/forward_rules.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft {

constinit KernelTable<BagSumKernel> bag_sum_kernel{"embedding_bag"};
constinit KernelTable<BagSumWeightKernel> bag_sum_weight_kernel{"embedding_bag backward"};
constinit KernelTable<BagSumScaleKernel> bag_sum_scale_kernel{"embedding_bag backward"};
constinit KernelTable<BagMaxKernel> bag_max_kernel{"embedding_bag"};

namespace {

constexpr const char* kBag = "embedding_bag";

// Of an op whose inputs from `first` on are the index (n), the bounds (bags + 1) and, with `scale`, the items' scale.
void check_bags(const InputCheck& in, int first, int scale, int floating) {
  in.dtype(first, DType::Int64).ndim(first, 1).contiguous(first);
  in.dtype(first + 1, DType::Int64).ndim(first + 1, 1).contiguous(first + 1).that(in[first + 1].numel() > 0, "bounds");
  if (scale >= 0 && in.has(scale)) in.same_dtype(scale, floating).shape(scale, in[first].shape()).contiguous(scale);
}

// Kernels rely on the values of the index and the bounds.
void check_values(const Tensor& index, const Tensor& bounds, const Shape& weight) {
  const int64_t count = bounds.numel() - 1, items = index.numel();
  if (bounds.device().type == DeviceType::CPU) {
    const auto* b = bounds.data_as<int64_t>();
    check(b[0] == 0, kBag, ": expected offsets that begin with 0, got ", b[0]);
    for (int64_t i = 0; i < count; i++)
      check(b[i] <= b[i + 1], kBag, ": expected offsets that do not decrease and lie within the ", items,
            " items, got ", b[i], " before ", b[i + 1]);
    check(b[count] <= items, kBag, ": offset ", b[count], " lies behind the ", items, " items");
  }
  check_row_numbers(kBag, index, weight, ErrorKind::Runtime);
}

struct BagRule {
  int64_t padding;
  bool mean;
  WEFT_FIELDS(padding, mean);
  Bags of(const Tensor& index, const Tensor& bounds, const Tensor& scale) const {
    return {view_of(index), view_of(bounds), view_or_none(scale), padding, mean};
  }
};

Tensor sum_weight(const BagRule& rule, int64_t rows, const Tensor& g, const Tensor& index, const Tensor& bounds,
                  const Tensor& scale);
Tensor sum_scale(const BagRule& rule, const Tensor& weight, const Tensor& g, const Tensor& index, const Tensor& bounds);
Tensor sum_bags(const BagRule& rule, bool by_freq, const Tensor& weight, const Tensor& index, const Tensor& bounds,
                const Tensor& scale);

// The three ops are linear in the table, in the gradient and in the scale: each one's derivatives are the others.
// inputs: weight (rows, size), index, bounds, scale or nothing. Output (bags, size).
struct BagSum : OpOf<BagSum> {
  static constexpr const char* kName = "embedding_bag";
  static constexpr Traits kTraits{.may_fail = true};
  BagRule rule;
  bool by_freq;
  WEFT_FIELDS(rule, by_freq);
  void check_inputs(const InputCheck& in) const {
    in.count(4, 8).floating(0).ndim(0, 2);
    check_bags(in, 1, 3, 0);
  }
  BagSum(const BagRule& r, bool f) : rule(r), by_freq(f) {}
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {{in[2].numel() - 1, in[0].size(1)}, in[0].dtype(), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    check_values(in[1], in[2], in[0].shape());
    bag_sum_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), rule.of(in[1], in[2], in[3]));
  }
  Saves saves(uint32_t needs) const override { return {.inputs = 14u | (needs & 8 ? 1u : 0u)}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor g = contiguous(v.grad()), index = v.input(1), bounds = v.input(2), scale = v.input(3);
    if (v.needs(0)) {
      const int64_t rows = v.input_shape(0)[0];
      Tensor own = scale;
      if (by_freq) {
        own = one_over_counts(index, rows, g.dtype());
        if (scale.defined()) own = mul(own, scale);
      }
      grads[0] = sum_weight(rule, rows, g, index, bounds, own);
    }
    if (v.needs(3)) grads[3] = sum_scale(rule, v.input(0), g, index, bounds);
  }
};

// inputs: gradient (bags, size), index, bounds, scale or nothing. Output (rows, size).
struct BagSumWeight : OpOf<BagSumWeight> {
  static constexpr const char* kName = "embedding_bag_backward";
  static constexpr Traits kTraits{.may_fail = true, .scratch = true};
  BagRule rule;
  int64_t rows;
  WEFT_FIELDS(rule, rows);
  void check_inputs(const InputCheck& in) const {
    in.count(4, 8).floating(0).ndim(0, 2).contiguous(0);
    check_bags(in, 1, 3, 0);
    in.that(in[0].size(0) == in[2].numel() - 1, "a gradient for each bag").sizes({rows, in[0].size(1)});
  }
  BagSumWeight(const BagRule& r, int64_t n) : rule(r), rows(n) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {{rows, in[0].size(1)}, in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    check_values(in[1], in[2], out[0].shape());
    bag_sum_weight_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), rule.of(in[1], in[2], in[3]));
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    bag_sum_weight_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), rule.of(in[1], in[2], in[3]));
    return 0;
  }
  Saves saves(uint32_t needs) const override { return {.inputs = 14u | (needs & 8 ? 1u : 0u)}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor index = v.input(1), bounds = v.input(2);
    if (v.needs(0)) grads[0] = sum_bags(rule, false, v.grad(), index, bounds, v.input(3));
    if (v.needs(3)) grads[3] = sum_scale(rule, v.grad(), v.input(0), index, bounds);
  }
};

// inputs: weight (rows, size), gradient (bags, size), index, bounds. Output (n).
struct BagSumScale : OpOf<BagSumScale> {
  static constexpr const char* kName = "embedding_bag_scale_backward";
  static constexpr Traits kTraits{.may_fail = true};
  BagRule rule;
  WEFT_FIELDS(rule);
  void check_inputs(const InputCheck& in) const {
    in.count(4).floating(0).ndim(0, 2).same_dtype(1, 0).ndim(1, 2).contiguous(1);
    check_bags(in, 2, -1, 0);
    in.shape(1, {in[3].numel() - 1, in[0].size(1)});
  }
  explicit BagSumScale(const BagRule& r) : rule(r) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[2].shape(), in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    check_values(in[2], in[3], in[0].shape());
    bag_sum_scale_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), rule.of(in[2], in[3], {}));
  }
  Saves saves(uint32_t) const override { return {.inputs = 15}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor along = contiguous(v.grad()), index = v.input(2), bounds = v.input(3);
    if (v.needs(0)) grads[0] = sum_weight(rule, v.input_shape(0)[0], v.input(1), index, bounds, along);
    if (v.needs(1)) grads[1] = sum_bags(rule, false, v.input(0), index, bounds, along);
  }
};

Tensor sum_weight(const BagRule& rule, int64_t rows, const Tensor& g, const Tensor& index, const Tensor& bounds,
                  const Tensor& scale) {
  return apply(BagSumWeight(rule, rows), contiguous(g), index, bounds, scale);
}
Tensor sum_scale(const BagRule& rule, const Tensor& weight, const Tensor& g, const Tensor& index,
                 const Tensor& bounds) {
  return apply(BagSumScale(rule), weight, contiguous(g), index, bounds);
}
Tensor sum_bags(const BagRule& rule, bool by_freq, const Tensor& weight, const Tensor& index, const Tensor& bounds,
                const Tensor& scale) {
  return apply(BagSum(rule, by_freq), weight, index, bounds, scale);
}

// inputs: weight (rows, size), index, bounds. Outputs (bags, size): the maxima, and the items that they come from.
struct BagMax : OpOf<BagMax> {
  static constexpr const char* kName = "embedding_bag_max";
  static constexpr Traits kTraits{.may_fail = true};
  int64_t padding;
  WEFT_FIELDS(padding);
  void check_inputs(const InputCheck& in) const {
    in.count(3).floating(0).ndim(0, 2);
    check_bags(in, 1, -1, 0);
  }
  explicit BagMax(int64_t p) : padding(p) {}
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    const Shape shape{in[2].numel() - 1, in[0].size(1)};
    out[0] = {shape, in[0].dtype(), {}};
    out[1] = {shape, DType::Int64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    check_values(in[1], in[2], in[0].shape());
    bag_max_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]),
                   BagRule{padding, false}.of(in[1], in[2], {}));
  }
  Saves saves(uint32_t) const override { return {.inputs = 2, .outputs = 2}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (!v.grad(0).defined()) return;
    const Tensor index = v.input(1), item = v.output(1),
                 none = zeros(v.input_shape(0), v.grad(0).dtype(), index.device());
    if (index.numel() == 0) {
      grads[0] = none;
      return;
    }
    const Tensor row = take(index, clamp_min(item, Scalar(0)));
    grads[0] = scatter_add(none, 0, row, where(ge(item, Scalar(0)), v.grad(0), Scalar(0.0)));
  }
};

// Where each bag begins, and the end of the last one.
Tensor bounds_of(const Tensor& index, const Tensor& offsets, bool include_last) {
  if (index.ndim() == 2) {
    check<ErrorKind::Value>(!offsets.defined(), kBag, ": bags of an input of shape ", index.shape(),
                            " are its rows; leave offsets out");
    return mul(arange(index.size(0) + 1, index.device()), Scalar(index.size(1)));
  }
  check<ErrorKind::Value>(index.ndim() == 1, kBag, ": expected an input of 1 or 2 dimensions, got shape ",
                          index.shape());
  check<ErrorKind::Value>(offsets.defined(), kBag, ": an input of shape ", index.shape(),
                          " needs offsets, where each bag begins");
  check<ErrorKind::Value>(offsets.ndim() == 1, kBag, ": expected a vector of offsets, got shape ", offsets.shape());
  check(is_integral(offsets.dtype()) && offsets.dtype() != DType::Bool, kBag, ": expected offsets of integers, got ",
        offsets.dtype());
  const Tensor starts = to_dtype(offsets, DType::Int64);
  if (!include_last) return cat({starts, full({1}, Scalar(index.size(0)), DType::Int64, index.device())}, 0);
  check(offsets.numel() > 0, kBag, ": include_last_offset needs the offset of the end, got no offsets");
  return contiguous(starts);
}

}  // namespace

Tensor embedding_bag(const Tensor& given, const Tensor& weight, const Tensor& offsets, const EmbeddingBagOptions& o) {
  check(weight.ndim() == 2, kBag, ": expected a weight of shape (rows, size), got shape ", weight.shape());
  check(is_real_floating(weight.dtype()), kBag, ": expected a floating point weight, got dtype ", weight.dtype());
  check<ErrorKind::Value>(o.mode == "sum" || o.mode == "mean" || o.mode == "max", kBag,
                          ": mode must be 'sum', 'mean' or 'max', got '", o.mode, "'");
  check(is_integral(given.dtype()) && given.dtype() != DType::Bool, kBag,
        ": expected row numbers of dtype int64 or int32, got dtype ", given.dtype());
  const Tensor bounds = bounds_of(given, offsets, o.include_last);
  const Tensor index = contiguous(reshape(to_dtype(given, DType::Int64), {given.numel()}));
  if (o.scale.defined()) {
    check<ErrorKind::NotImplemented>(o.mode == "sum", kBag, ": per_sample_weights need mode 'sum', got '", o.mode, "'");
    check<ErrorKind::Value>(o.scale.shape() == given.shape(), kBag,
                            ": expected per_sample_weights of the input's shape ", given.shape(), ", got ",
                            o.scale.shape());
    check(o.scale.dtype() == weight.dtype(), kBag, ": expected per_sample_weights of the weight's dtype ",
          weight.dtype(), ", got ", o.scale.dtype());
  }
  if (o.mode == "max") {
    check(!o.scale_by_freq, kBag, ": scale_grad_by_freq has no meaning with mode 'max', where rows are not summed");
    Tensor out[2];
    const Tensor* list[] = {&weight, &index, &bounds};
    apply(BagMax(o.padding), Inputs(list, 3), out);
    return out[0];
  }
  const Tensor scale = o.scale.defined() ? contiguous(reshape(o.scale, {given.numel()})) : Tensor();
  return sum_bags({o.padding, o.mode == "mean"}, o.scale_by_freq, weight, index, bounds, scale);
}

// Forward rules, and what programs are saved with

namespace {

bool forward_bags(const ForwardCall& call) {
  SmallVector<Tensor, 4> dense;
  for (int i = 0; i < call.in.size(); i++)
    dense.push_back(call.tangents[i].defined() ? contiguous(call.tangents[i]) : Tensor());
  return forward_multilinear({call.op, call.in, dense.data(), call.out, call.out_tangents});
}
const ForwardRuleOf<BagSum, forward_bags> forward_sum;
const ForwardRuleOf<BagSumWeight, forward_bags> forward_sum_weight;
const ForwardRuleOf<BagSumScale, forward_bags> forward_sum_scale;

WEFT_OP(BagSum);
WEFT_OP(BagSumWeight);
WEFT_OP(BagSumScale);
WEFT_OP(BagMax);

}  // namespace

}  // namespace weft
