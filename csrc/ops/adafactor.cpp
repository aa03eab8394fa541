// Adafactor's step: one call of a kernel, or while a graph is traced an op whose numbers are read when it runs.
#include "kernels/adafactor.h"
#include "core/small_vector.h"
#include "kernels/elementwise.h"
#include "op/apply.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/node.h"
#include "op/op.h"
#include "op/registry.h"
#include "ops/optimizer.h"

namespace weft {

constinit KernelTable<AdafactorKernel> adafactor_kernel{"adafactor_step"};

namespace {

AdafactorItem item_of(const Tensor& p, const Tensor& grad, const Tensor& rows, const Tensor& columns) {
  const bool matrix = rows.defined();
  const int64_t height = matrix ? p.size(-2) : 1, width = matrix ? p.size(-1) : p.numel();
  return {p.data(), grad.data(), matrix ? rows.data() : nullptr, columns.data(), p.numel() / (height * width), height,
          width,    p.dtype()};
}

// Inputs: the parameter, its gradient, the running means of squares over rows (none for a vector) and over columns (for
// a vector of elements), and the numbers. The outputs are the new parameter and means.
struct AdafactorStep : OpOf<AdafactorStep> {
  static constexpr const char* kName = "adafactor_step";
  static constexpr Traits kTraits{.differentiable = false, .scratch = true};
  bool matrix;
  double eps;
  bool maximize, decays;
  WEFT_FIELDS(matrix, eps, maximize, decays);
  AdafactorStep(bool m, double e, bool negative, bool shrinks)
      : matrix(m), eps(e), maximize(negative), decays(shrinks) {}
  int numbers() const { return matrix ? 4 : 3; }
  void check_inputs(const InputCheck& in) const {
    in.count(numbers() + 1).floating(0).that(in[0].numel() > 0 && (!matrix || in[0].ndim() > 1), "a parameter");
    in.that(in[0].dtype() == DType::Float32 || in[0].dtype() == DType::Float64, "float32 or float64");
    for (int i = 0; i < numbers(); i++) in.same_dtype(0, i).contiguous(i);
    in.same_shape(0, 1);
    if (matrix) in.shape(2, without(-1, in[0])).shape(3, without(-2, in[0]));
    if (!matrix) in.same_shape(0, 2);
    in.dtype(numbers(), DType::Float64).shape(numbers(), {kAdafactorNumbers}).contiguous(numbers());
  }
  // The shape of a mean over a dimension.
  static Shape without(int dim, const Tensor& p) {
    Shape shape = p.shape();
    shape[p.ndim() + dim] = 1;
    return shape;
  }
  int num_outputs() const override { return matrix ? 3 : 2; }
  int overwrites(int output) const override { return output == 0 ? 0 : output + 1; }
  Device device(Inputs in) const override { return in[0].device(); }
  void infer(Inputs in, OutputSpec* out) const override {
    for (int i = 0; i < num_outputs(); i++) {
      const Tensor& t = in[overwrites(i)];
      out[i] = {t.shape(), t.dtype(), t.strides()};
    }
  }
  void run_on(const Tensor& p, const Tensor& grad, const Tensor* means, const Tensor& given) const {
    const AdafactorItem item = item_of(p, grad, matrix ? means[0] : Tensor{}, means[matrix ? 1 : 0]);
    adafactor_kernel(p.device(), item, given.data_as<double>(), eps, maximize, decays);
  }
  void run(Inputs in, const Tensor* out) const override {
    for (int i = 0; i < num_outputs(); i++) {
      const Tensor& before = in[overwrites(i)];
      if (out[i].data() != before.data()) copy_kernel(out[i].device(), view_of(out[i]), view_of(before));
    }
    run_on(out[0], in[1], out + 1, in[numbers()]);
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    run_on(out[0], in[1], out + 1, in[numbers()]);  // as far as its scratch memory: nothing is copied
    return 0;
  }
};

WEFT_OP(AdafactorStep);

}  // namespace

bool has_adafactor_step(const Tensor& p, const TensorList& means) {
  if (!adafactor_kernel.has(p.device()) || p.numel() == 0) return false;
  if (p.dtype() != DType::Float32 && p.dtype() != DType::Float64) return false;
  for (const Tensor& mean : means)
    if (!mean.is_contiguous()) return false;
  return p.is_contiguous();
}

void adafactor_step(const Tensor& p, const Tensor& grad, const TensorList& means, const Tensor& numbers,
                    const AdafactorOptions& options) {
  const char* name = AdafactorStep::kName;
  const bool matrix = means.size() == 2;
  const AdafactorStep step(matrix, options.eps, options.maximize, options.decays);
  SmallVector<const Tensor*, 8> inputs;
  inputs.push_back(&p);
  inputs.push_back(&grad);
  for (const Tensor& mean : means) inputs.push_back(&mean);
  inputs.push_back(&numbers);
  const Inputs in(inputs.data(), inputs.size());
  check(means.size() == 1 || matrix, name, ": expected one or two means, got ", means.size());
  step.check_inputs(InputCheck(name, in));
  GradModeGuard no_grad(false);
  int targets[3];
  for (int i = 0; i < step.num_outputs(); i++) {
    targets[i] = step.overwrites(i);
    const Tensor& t = in[targets[i]];
    check(!has_tangent(t), name,
          ": a tensor has a tangent of forward-mode differentiation, for which a step has no rule");
    check(t.impl()->storage->writable(), name, ": a tensor is read-only");
  }
  if (options.record) {
    check(interpreter != nullptr, name, ": only for tracing");
    interpreter->record_inplace(step, in, targets);
  } else {
    for (int i = 0; i < in.size(); i++) check_values_known(name, in[i]);
    set_allocation_tag(name);
    const Tensor out[] = {p, means[0], means.back()};
    step.run(in, out);
  }
  for (int i = 0; i < step.num_outputs(); i++) in[targets[i]].impl()->storage->bump_version(name);
}

}  // namespace weft
