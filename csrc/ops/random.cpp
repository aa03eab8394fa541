#include "ops/random.h"

#include <cmath>

#include "kernels/random.h"
#include "op/interpreter.h"
#include "op/registry.h"
#include "op/tile_code.h"
#include "ops/batching.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/kept_layout.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/require.h"
#include "ops/source_op.h"

namespace weft {

constinit KernelTable<RandomKernel> random_kernel{"random numbers"};
constinit KernelTable<BernoulliTensorKernel> bernoulli_tensor_kernel{"bernoulli"};
constinit KernelTable<MaskedScaleKernel> masked_scale_kernel{"dropout"};
constinit KernelTable<PermutationKernel> permutation_kernel{"randperm"};
constinit KernelTable<MultinomialKernel> multinomial_kernel{"multinomial"};

WEFT_FIELDS_OF(RandomParams, a, b, low, span);
template <>
constexpr int64_t kEnumSize<Distribution> = 8;

namespace {

// What both forms of a draw share.
struct Draw {
  Distribution distribution;
  RandomParams params;
  Ref<Generator> generator;
  WEFT_FIELDS(distribution, params, generator);
  // Of an op from a file.
  void check_against(const InputCheck& in, DType dtype) const {
    const bool counts = distribution == Distribution::Integer || distribution == Distribution::Bernoulli ||
                        distribution == Distribution::Geometric;
    in.that(counts || is_real_floating(dtype), "a floating point dtype");
    in.that(distribution != Distribution::Integer || params.span > 0, "numbers to choose from");
  }

  void fill(const Tensor& out) const {
    // Numbers are made in row-major order; other layouts are filled through a contiguous tensor.
    Tensor target = out.is_contiguous() ? out : empty(out.shape(), out.dtype(), out.device());
    uint64_t blocks = random_blocks(distribution, out.dtype(), out.numel());
    random_kernel(out.device(), distribution, view_of(target), generator->reserve(blocks), params);
    if (!target.same(out)) copy_kernel(out.device(), view_of(out), view_of(target));
  }
};

struct Random : SourceOp<Random> {
  static constexpr const char* kName = "random";
  static constexpr Traits kTraits{.pure = false, .random = true, .differentiable = false};
  Draw draw;
  Shape shape;
  DType dtype;
  WEFT_FIELDS(draw, shape, dtype, place);
  void check_inputs(const InputCheck& in) const {
    in.count(0).sizes(shape);
    draw.check_against(in, dtype);
  }
  Random(const Draw& r, const Shape& s, DType t, Device d) : SourceOp(d), draw(r), shape(s), dtype(t) {}
  void infer(Inputs, OutputSpec* out) const override { out[0] = {shape, dtype, {}}; }
  void run(Inputs, const Tensor* out) const override { draw.fill(out[0]); }
};

// Writes over its input; only used in place. The old values do not matter, so their gradient is zero.
struct RandomInPlace : OpOf<RandomInPlace> {
  static constexpr const char* kName = "random";
  static constexpr Traits kTraits{.elementwise = true, .pure = false, .random = true};
  Draw draw;
  WEFT_FIELDS(draw);
  void check_inputs(const InputCheck& in) const {
    in.count(1);
    draw.check_against(in, in[0].dtype());
  }
  explicit RandomInPlace(const Draw& r) : draw(r) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), {}}; }
  void run(Inputs, const Tensor* out) const override { draw.fill(out[0]); }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = zeros_like(v.grad()); }
};

struct BernoulliTensor : OpOf<BernoulliTensor> {
  static constexpr const char* kName = "bernoulli";
  static constexpr Traits kTraits{.pure = false, .random = true};
  Ref<Generator> generator;
  WEFT_FIELDS(generator);
  void check_inputs(const InputCheck& in) const { in.count(1).floating(0).contiguous(0); }
  explicit BernoulliTensor(const Ref<Generator>& g) : generator(g) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    uint64_t blocks = random_blocks(Distribution::Bernoulli, DType::Float32, out[0].numel());
    bernoulli_tensor_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), generator->reserve(blocks));
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = zeros_like(v.grad()); }
};

struct MaskedScale : OpOf<MaskedScale> {
  static constexpr const char* kName = "dropout";
  static constexpr Traits kTraits{.elementwise = true};
  double scale;
  WEFT_FIELDS(scale);
  void check_inputs(const InputCheck& in) const { in.count(2).floating(0).dtype(1, DType::Bool).same_shape(1, 0); }
  explicit MaskedScale(double s) : scale(s) {}
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype(), kept_strides(in[0].shape(), in)};
  }
  void run(Inputs in, const Tensor* out) const override {
    masked_scale_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), compute_type(out[0].dtype()),
                        scale);
  }
  int tile(TileCode& code, Inputs in, const int* operands) const override {
    DType dtype = in[0].dtype();
    return compute_type(dtype) == code.compute()
               ? code.add(TileOp::MaskedScale, dtype, operands[0], operands[1], -1, 0, {scale})
               : -1;
  }
  Saves saves(uint32_t) const override { return {.inputs = 2, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = apply(*this, v.grad(), v.input(1)); }
};

struct Permutation : SourceOp<Permutation> {
  static constexpr const char* kName = "randperm";
  static constexpr Traits kTraits{.pure = false, .random = true, .differentiable = false};
  int64_t n;
  Ref<Generator> generator;
  WEFT_FIELDS(n, place, generator);
  void check_inputs(const InputCheck& in) const { in.count(0).sizes({n}); }
  Permutation(int64_t count, Device d, const Ref<Generator>& g) : SourceOp(d), n(count), generator(g) {}
  void infer(Inputs, OutputSpec* out) const override { out[0] = {{n}, DType::Int64, {}}; }
  void run(Inputs, const Tensor* out) const override {
    permutation_kernel(place, view_of(out[0]), generator->reserve(static_cast<uint64_t>(n)));
  }
};

// Raises an error where rows of weights cannot be drawn from.
struct MultinomialWeights : OpOf<MultinomialWeights> {
  static constexpr const char* kName = "multinomial";
  static constexpr Traits kTraits{.pure = false, .differentiable = false};
  int64_t num_samples;
  bool replacement;
  WEFT_FIELDS(num_samples, replacement);
  void check_inputs(const InputCheck& in) const { in.count(1).dtype(0, DType::Float64).ndim(0, 2).contiguous(0); }
  MultinomialWeights(int64_t n, bool r) : num_samples(n), replacement(r) {}
  int num_outputs() const override { return 0; }
  void infer(Inputs, OutputSpec*) const override {}
  void run(Inputs in, const Tensor*) const override;
};

void MultinomialWeights::run(Inputs in, const Tensor*) const {
  const Tensor seen = on_host(in[0]);
  for (int64_t r = 0; r < seen.size(0); r++) {
    double total = 0;
    int64_t positive = 0;
    for (int64_t c = 0; c < seen.size(1); c++) {
      double x = seen.data_as<double>()[r * seen.size(1) + c];
      check(x >= 0 && std::isfinite(x), "multinomial: weights must be finite and not negative, got ", x);
      total += x;
      positive += x > 0;
    }
    check(total > 0, "multinomial: the weights of row ", r, " are all zero");
    check(replacement || positive >= num_samples, "multinomial: cannot draw ", num_samples,
          " samples without replacement from ", positive, " categories with positive weight");
  }
}

struct Multinomial : OpOf<Multinomial> {
  static constexpr const char* kName = "multinomial";
  static constexpr Traits kTraits{.pure = false, .random = true, .differentiable = false};
  int64_t num_samples;
  bool replacement;
  Ref<Generator> generator;
  WEFT_FIELDS(num_samples, replacement, generator);
  void check_inputs(const InputCheck& in) const {
    in.count(1).dtype(0, DType::Float64).ndim(0, 2).contiguous(0).sizes({in[0].size(0), num_samples});
    in.that(in[0].size(1) > 0 && (replacement || num_samples <= in[0].size(1)), "categories to draw from");
  }
  Multinomial(int64_t n, bool r, const Ref<Generator>& g) : num_samples(n), replacement(r), generator(g) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {{in[0].size(0), num_samples}, DType::Int64, {}}; }
  void run(Inputs in, const Tensor* out) const override {
    int64_t blocks = in[0].size(0) * (replacement ? num_samples : in[0].size(1));
    multinomial_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), replacement,
                       generator->reserve(static_cast<uint64_t>(blocks)));
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    return multinomial_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), replacement, {}), 0;
  }
};

const Ref<Generator>& chosen(const Ref<Generator>& g) { return g ? g : default_generator(); }

const char* distribution_name(Distribution d) {
  switch (d) {
    case Distribution::Uniform:
      return "uniform";
    case Distribution::Normal:
      return "normal";
    case Distribution::LogNormal:
      return "log_normal";
    case Distribution::Exponential:
      return "exponential";
    default:
      return "random";
  }
}

void check_numbers(Distribution d, const RandomParams& p, DType dtype) {
  if (d == Distribution::Uniform) check(p.a <= p.b, "uniform: expected from <= to, got from ", p.a, " and to ", p.b);
  if (d == Distribution::Normal || d == Distribution::LogNormal)
    check(p.b >= 0, "normal: the standard deviation std must not be negative, got ", p.b);
  if (d == Distribution::Bernoulli) check(p.a >= 0 && p.a <= 1, "bernoulli: p must be between 0 and 1, got ", p.a);
  if (d == Distribution::Exponential) check(p.a > 0, "exponential: lambda must be positive, got ", p.a);
  if (d == Distribution::Geometric) check(p.a > 0 && p.a < 1, "geometric: p must be between 0 and 1, got ", p.a);
  if (d == Distribution::Integer) {
    // Bits of the numbers without sign that every value of the dtype can be told apart by.
    int bits = dtype == DType::Bool ? 1 : static_cast<int>(item_size(dtype)) * 8;
    bool has_sign = is_integral(dtype) && is_signed(dtype);
    int64_t high = bits == 64 ? INT64_MAX : (int64_t{1} << (bits - has_sign)) - 1, low = has_sign ? -high - 1 : 0;
    int64_t last = static_cast<int64_t>(static_cast<uint64_t>(p.low) + p.span - 1);
    check(is_real_floating(dtype) || (p.low >= low && last <= high), "randint: numbers from ", p.low, " to ", last,
          " do not fit dtype ", dtype);
  }
  bool any_dtype = d == Distribution::Integer || d == Distribution::Bernoulli || d == Distribution::Geometric;
  check(any_dtype || is_real_floating(dtype), distribution_name(d), ": expected a floating point dtype, got ", dtype);
}

// Rows of weights as float64, checked.
Tensor checked_weights(const Tensor& weights, int64_t num_samples, bool replacement) {
  check(weights.ndim() == 1 || weights.ndim() == 2, "multinomial: expected weights of 1 or 2 dimensions, got shape ",
        weights.shape());
  check(is_real_floating(weights.dtype()), "multinomial: expected floating point weights, got dtype ", weights.dtype());
  check(num_samples > 0, "multinomial: num_samples must be positive, got ", num_samples);
  Tensor w = contiguous(to_dtype(weights.ndim() == 1 ? unsqueeze(weights, 0) : weights, DType::Float64));
  check(w.size(1) > 0, "multinomial: there are no categories in weights of shape ", weights.shape());
  apply_check(MultinomialWeights(num_samples, replacement), w);
  return w;
}

// Of numbers whose parts are drawn independently, each with half the variance of a normal distribution.
RandomParams of_parts(Distribution d, RandomParams params) {
  if (d == Distribution::Normal) params.b *= std::sqrt(0.5);
  return params;
}
bool has_parts(Distribution d, DType dtype) {
  return is_complex(dtype) && (d == Distribution::Normal || d == Distribution::Uniform);
}

}  // namespace

Tensor random(Distribution d, const RandomParams& params, const Shape& shape, DType dtype, Device device,
              const Ref<Generator>& generator) {
  if (has_parts(d, dtype)) {
    Shape parts = shape;
    parts.push_back(2);
    return view_as_complex(random(d, of_parts(d, params), parts, to_real(dtype), device, generator));
  }
  check_numbers(d, params, dtype);
  DrawScope draw(generator);
  return apply(Random({d, params, chosen(generator)}, shape, dtype, device));
}

Tensor random_(Distribution d, const RandomParams& params, const Tensor& x, const Ref<Generator>& generator) {
  if (has_parts(d, x.dtype())) {
    random_(d, of_parts(d, params), view_as_real(x), generator);
    return x;
  }
  check_numbers(d, params, x.dtype());
  DrawScope draw(generator);
  return apply_inplace(RandomInPlace({d, params, chosen(generator)}), x);
}

Tensor bernoulli(const Tensor& p, const Ref<Generator>& generator) {
  check(is_real_floating(p.dtype()), "bernoulli: expected floating point probabilities, got dtype ", p.dtype());
  require_all(logical_and(ge(p, Scalar(0.0)), le(p, Scalar(1.0))), "bernoulli: probabilities must be between 0 and 1");
  DrawScope draw(generator);
  return apply(BernoulliTensor(chosen(generator)), contiguous(p));
}

Tensor randperm(int64_t n, DType dtype, Device device, const Ref<Generator>& generator) {
  check(n >= 0, "randperm: n must not be negative, got ", n);
  DrawScope draw(generator);
  return to_dtype(apply(Permutation(n, device, chosen(generator))), dtype);
}

Tensor multinomial(const Tensor& weights, int64_t num_samples, bool replacement, const Ref<Generator>& generator) {
  GradModeGuard no_grad(false);
  Tensor rows = checked_weights(weights, num_samples, replacement);
  DrawScope draw(generator);
  Tensor drawn = apply(Multinomial(num_samples, replacement, chosen(generator)), rows);
  return weights.ndim() == 1 ? select(drawn, 0, 0) : drawn;
}

Tensor dropout(const Tensor& x, double p, bool training, bool features) {
  check<ErrorKind::Value>(p >= 0 && p <= 1, "dropout: p must be between 0 and 1, got ", p);
  if (!training || p == 0 || x.numel() == 0) return x;
  check(is_real_floating(x.dtype()), "dropout: expected a floating point tensor, got dtype ", x.dtype());
  Shape shape = x.shape();
  for (int d = 2; features && d < shape.size(); d++) shape[d] = 1;
  DrawScope draw(nullptr);
  Tensor mask = random(Distribution::Bernoulli, {1 - p, 0}, shape, DType::Bool, x.device());
  return apply(MaskedScale(p == 1 ? 0.0 : 1 / (1 - p)), x, mask);
}

// Batch rules

namespace {

WEFT_BATCH_RULE(Random) {
  Shape shape = op.shape;
  shape.insert(0, call.size);
  call.out[0] = {apply_list(Random(op.draw, shape, op.dtype, op.place), {})[0], true};
}
WEFT_BATCH_SHIFT(RandomInPlace, op);
WEFT_BATCH_SHIFT(BernoulliTensor, op);
WEFT_BATCH_RULE(Multinomial) { apply_folded(op, call, 1); }
WEFT_BATCH_RULE(MultinomialWeights) { apply_folded(op, call, 1); }
WEFT_BATCH_RULE(Permutation) {
  std::vector<Tensor> all;
  for (int64_t b = 0; b < call.size; b++) all.push_back(apply_list(op, {})[0]);
  call.out[0] = {all.empty() ? zeros({0, op.n}, DType::Int64, op.place) : stack(all, 0), true};
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Random);
WEFT_OP_AS(RandomInPlace, "random_", 1);
WEFT_OP(BernoulliTensor);
WEFT_OP(MaskedScale);
WEFT_OP(Permutation);
WEFT_OP_AS(MultinomialWeights, "check_multinomial", 1);
WEFT_OP(Multinomial);

}  // namespace

}  // namespace weft
