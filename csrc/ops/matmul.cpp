#include "ops/matmul.h"

#include <atomic>

#include "kernels/matmul.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/flops.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/complex.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/reduction.h"

namespace weft {

constinit KernelTable<MatmulKernel> matmul_kernel{"matmul"};
constinit KernelTable<ScaledMatmulKernel> scaled_matmul_kernel{"scaled matmul"};
constinit KernelTable<MatmulThenKernel> matmul_then_kernel{"matmul with an epilogue"};
constinit KernelTable<LibraryMatmulKernel> library_matmul_kernel{"matmul of a library"};

namespace {
std::atomic<bool> tf32{false};
}  // namespace

bool allow_tf32() { return tf32.load(std::memory_order_relaxed); }
void set_allow_tf32(bool allow) { tf32 = allow; }

namespace {

void check_product_dtypes(const char* op, const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), op, ": expected operands of one dtype, got ", a.dtype(), " and ", b.dtype(),
        "; convert one with .to(dtype)");
  check(a.dtype() != DType::Bool, op, ": not defined for dtype bool; convert the operands with .to(dtype)");
}

// A tensor as the product kernel wants it: expanded to the product's batch dims by stride 0.
class ProductView {
 public:
  // `added`: where a one-dim tensor gets a dim of size 1: 0 the row, 1 the column, -1 nowhere.
  ProductView(const Tensor& t, const Shape& batch, int added = -1) : ProductView(t, batch.size() + 2, added) {
    for (int d = 0; d < batch.size(); d++) expand(d, batch[d]);
  }
  // The whole of t expanded to `shape`.
  static ProductView broadcast(const Tensor& t, const Shape& shape, int added = -1) {
    ProductView v(t, shape.size(), added);
    for (int d = 0; d < shape.size(); d++) v.expand(d, shape[d]);
    return v;
  }
  ProductView transposed() const {
    ProductView v = *this;
    std::swap(v.shape_[ndim_ - 1], v.shape_[ndim_ - 2]);
    std::swap(v.strides_[ndim_ - 1], v.strides_[ndim_ - 2]);
    return v;
  }
  StridedView view() const { return {data_, shape_, strides_, ndim_, dtype_}; }

 private:
  ProductView(const Tensor& t, int ndim, int added) : data_(t.data()), ndim_(ndim), dtype_(t.dtype()) {
    const int missing = ndim - t.ndim() - (added >= 0);
    for (int d = 0, from = 0; d < ndim; d++) {
      const bool own = d >= missing && !(added >= 0 && d == ndim - 2 + added);
      shape_[d] = own ? t.shape()[from] : 1;
      strides_[d] = own ? t.strides()[from] : 0;
      from += own;
    }
  }
  void expand(int d, int64_t size) {
    if (shape_[d] != size) strides_[d] = 0;
    shape_[d] = size;
  }

  void* data_;
  int ndim_;
  DType dtype_;
  int64_t shape_[kMaxDims];
  int64_t strides_[kMaxDims];
};

Shape batch_of(const Tensor& t) { return t.ndim() <= 2 ? Shape{} : Shape(t.shape().data(), t.ndim() - 2); }

Tensor as_rows(const Tensor& t) {
  if (t.ndim() == 2) return t;
  int64_t rows = 1;  // reshape cannot find it where the last dim has size 0
  for (int d = 0; d < t.ndim() - 1; d++) rows *= t.size(d);
  return reshape(t, {rows, t.size(-1)});
}

// The gradients of a @ b for operands of two dims or more.
Tensor left_gradient(const Tensor& grad, const Tensor& b) { return matmul(grad, transpose(b, -1, -2)); }
Tensor right_gradient(const Tensor& grad, const Tensor& a, int b_ndim) {
  // A matrix shared by a batch: one product over all rows sums the batch on the way.
  if (b_ndim == 2 && a.ndim() > 2 && a.numel() > 0 && a.ndim() == grad.ndim())
    return matmul(transpose(as_rows(a), 0, 1), as_rows(grad));
  return matmul(transpose(a, -1, -2), grad);
}

// An op that is one product: Self::with_views(in, out, kernel) calls kernel(out, a, b, base) with the kernels' views.
template <class Self>
struct ProductOf : OpOf<Self> {
  void run(Inputs in, const Tensor* out) const override {
    Self::with_views(in, out,
                     [&](const StridedView& y, const StridedView& a, const StridedView& b, const StridedView& base) {
                       matmul_kernel(out[0].device(), y, a, b, base);
                     });
  }
  bool takes_epilogue(Device device) const override { return matmul_then_kernel.has(device); }
  void run_then(Inputs in, const Tensor* out, const Epilogue& epilogue) const override {
    Self::with_views(in, out,
                     [&](const StridedView& y, const StridedView& a, const StridedView& b, const StridedView& base) {
                       matmul_then_kernel(out[0].device(), y, a, b, base, epilogue);
                     });
  }
};

struct Matmul : ProductOf<Matmul> {
  static constexpr const char* kName = "matmul";
  static constexpr Traits kTraits{.scratch = true, .autocast = AutocastRule::Half};
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const { in.count(2); }

  static Shape batch(const Tensor& a, const Tensor& b) { return broadcast_shapes(kName, batch_of(a), batch_of(b)); }

  void infer(Inputs in, OutputSpec* out) const override {
    const Tensor &a = in[0], &b = in[1];
    check(a.ndim() > 0 && b.ndim() > 0, "matmul: expected operands of at least one dim, got shapes ", a.shape(),
          " and ", b.shape(), "; multiply by a 0-dim tensor with *");
    check_product_dtypes(kName, a, b);
    const int64_t inner_a = a.size(-1), inner_b = b.size(b.ndim() == 1 ? 0 : -2);
    check(inner_a == inner_b, "matmul: the last dim of the left operand of shape ", a.shape(), " is ", inner_a,
          ", but the ", b.ndim() == 1 ? "only" : "second-last", " dim of the right one of shape ", b.shape(), " is ",
          inner_b, "; they must be equal");
    Shape shape;
    if (a.ndim() > 2 || b.ndim() > 2) {
      if (a.ndim() > 2 && b.ndim() > 2) check_batches(a, b);
      shape = batch(a, b);
    }
    if (a.ndim() > 1) shape.push_back(a.size(-2));
    if (b.ndim() > 1) shape.push_back(b.size(-1));
    out[0] = {shape, a.dtype()};
  }
  static void check_batches(const Tensor& a, const Tensor& b) {
    for (int d = 3; d <= a.ndim() && d <= b.ndim(); d++)
      check(a.size(-d) == b.size(-d) || a.size(-d) == 1 || b.size(-d) == 1, "matmul: the batch dims of shapes ",
            a.shape(), " and ", b.shape(), " do not broadcast: ", a.size(-d), " and ", b.size(-d));
  }
  template <class F>
  static void with_views(Inputs in, const Tensor* out, F&& kernel) {
    const Tensor &a = in[0], &b = in[1];
    const Shape dims = a.ndim() <= 2 && b.ndim() <= 2 ? Shape{} : batch(a, b);
    // A one-dim operand adds a dim of size 1 to the product, too.
    Shape shape = out[0].shape();
    Strides strides = out[0].strides();
    if (a.ndim() == 1) shape.insert(dims.size(), 1), strides.insert(dims.size(), 0);
    if (b.ndim() == 1) shape.push_back(1), strides.push_back(0);
    const StridedView product{out[0].data(), shape.data(), strides.data(), shape.size(), out[0].dtype()};
    kernel(product, ProductView(a, dims, a.ndim() == 1 ? 0 : -1).view(),
           ProductView(b, dims, b.ndim() == 1 ? 1 : -1).view(), StridedView{});
  }
  Saves saves(uint32_t needs) const override { return {.inputs = ((needs & 1) ? 2u : 0u) | ((needs & 2) ? 1u : 0u)}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const int a_ndim = v.needs(0) ? v.input_shape(0).size() : v.input(0).ndim();
    const int b_ndim = v.needs(1) ? v.input_shape(1).size() : v.input(1).ndim();
    Tensor grad = v.grad();
    if (b_ndim == 1) grad = unsqueeze(grad, -1);
    if (a_ndim == 1) grad = unsqueeze(grad, -2);
    if (v.needs(0)) grads[0] = left_gradient(grad, b_ndim == 1 ? unsqueeze(v.input(1), -1) : v.input(1));
    if (v.needs(1)) {
      grads[1] = right_gradient(grad, a_ndim == 1 ? unsqueeze(v.input(0), 0) : v.input(0), b_ndim);
      if (b_ndim == 1) grads[1] = squeeze(grads[1], -1);
    }
  }
};

// base + a @ b in one pass; base is broadcast to the product. Operands have two dims or more and fit.
struct AddMatmul : ProductOf<AddMatmul> {
  static constexpr const char* kName = "addmm";
  static constexpr Traits kTraits{.scratch = true, .autocast = AutocastRule::Half};
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const {
    in.count(3).same_dtype(0, 1);
    check_product_dtypes(kName, in[1], in[2]);
    in.that(in[1].ndim() >= 2 && in[2].ndim() == in[1].ndim() && batch_of(in[1]) == batch_of(in[2]),
            "matrices of one batch");
    Shape product = batch_of(in[1]);
    product.push_back(in[1].size(-2));
    product.push_back(in[2].size(-1));
    in.that(in[1].size(-1) == in[2].size(-2), "matrices that fit").broadcasts(0, product);
  }
  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape = batch_of(in[1]);
    shape.push_back(in[1].size(-2));
    shape.push_back(in[2].size(-1));
    out[0] = {shape, in[1].dtype()};
  }
  template <class F>
  static void with_views(Inputs in, const Tensor* out, F&& kernel) {
    const Shape dims = batch_of(out[0]);
    kernel(view_of(out[0]), ProductView(in[1], dims).view(), ProductView(in[2], dims).view(),
           ProductView::broadcast(in[0], out[0].shape()).view());
  }
  Saves saves(uint32_t needs) const override { return {.inputs = ((needs & 2) ? 4u : 0u) | ((needs & 4) ? 2u : 0u)}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (v.needs(0)) grads[0] = v.grad();
    if (v.needs(1)) grads[1] = left_gradient(v.grad(), v.input(2));
    if (v.needs(2)) grads[2] = right_gradient(v.grad(), v.input(1), v.input_shape(2).size());
  }
};

// beta x + alpha (a @ b) of half types, which the kernel scales and adds before it rounds; x may be left out.
// symmetric: b is the transpose of a, and x is symmetric.
struct ScaledMatmul : OpOf<ScaledMatmul> {
  static constexpr const char* kName = "scaled_matmul";
  static constexpr Traits kTraits{.decomposes = true, .scratch = true};
  double beta, alpha;
  bool symmetric;
  WEFT_FIELDS(beta, alpha, symmetric);
  ScaledMatmul(double of_x, double of_product, bool half_will_do)
      : beta(of_x), alpha(of_product), symmetric(half_will_do) {}
  void check_inputs(const InputCheck& in) const {
    in.count(3, 4).same_dtype(0, 1).ndim(0, 2).ndim(1, 2);
    in.that(is_half(in[0].dtype()), "matrices of a half type")
        .that(in[0].size(1) == in[1].size(0), "matrices that fit")
        .that(!symmetric || in[0].size(0) == in[1].size(1), "a square product");
    if (in.has(2)) in.same_dtype(0, 2).broadcasts(2, {in[0].size(0), in[1].size(1)});
  }
  static bool is_half(DType t) { return t == DType::Float16 || t == DType::BFloat16; }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {{in[0].size(0), in[1].size(1)}, in[0].dtype()}; }
  void run(Inputs in, const Tensor* out) const override {
    const auto run_with = [&](const StridedView& base) {
      scaled_matmul_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), base, beta, alpha,
                           symmetric);
    };
    if (in[2].defined())
      run_with(ProductView::broadcast(in[2], out[0].shape()).view());
    else
      run_with({});
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    constexpr DType wide = DType::Float32;
    Tensor y = mul(matmul(to_dtype(in[0], wide), to_dtype(in[1], wide)), Scalar(alpha));
    if (in[2].defined()) y = add(y, mul(to_dtype(in[2], wide), Scalar(beta)));
    return {to_dtype(y, in[0].dtype())};
  }
};

struct Linear : ProductOf<Linear> {
  static constexpr const char* kName = "linear";
  static constexpr Traits kTraits{.scratch = true, .autocast = AutocastRule::Half};
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const { in.count(3, 4); }
  void infer(Inputs in, OutputSpec* out) const override {
    const Tensor &x = in[0], &weight = in[1], &bias = in[2];
    check(x.ndim() > 0 && weight.ndim() == 2,
          "linear: expected an input of at least one dim and a weight of shape (out, in)", ", got input of shape ",
          x.shape(), " and weight of shape ", weight.shape());
    check_product_dtypes(kName, x, weight);
    check(x.size(-1) == weight.size(1), "linear: expected ", weight.size(1), " input features (weight of shape ",
          weight.shape(), "), got ", x.size(-1), " in input of shape ", x.shape());
    if (bias.defined()) {
      check(bias.ndim() == 1 && bias.size(0) == weight.size(0), "linear: expected a bias of shape (", weight.size(0),
            ",) for weight of shape ", weight.shape(), ", got shape ", bias.shape());
      check(bias.dtype() == x.dtype(), "linear: expected a bias of dtype ", x.dtype(), ", got ", bias.dtype());
    }
    Shape shape = x.shape();
    shape.back() = weight.size(0);
    out[0] = {shape, x.dtype()};
  }
  template <class F>
  static void with_views(Inputs in, const Tensor* out, F&& kernel) {
    const Tensor &x = in[0], &weight = in[1], &bias = in[2];
    const Shape dims = batch_of(x);
    const int added = x.ndim() == 1 ? 0 : -1;
    const ProductView product(out[0], dims, added);
    auto run_with = [&](const StridedView& base) {
      kernel(product.view(), ProductView(x, dims, added).view(), ProductView(weight, dims).transposed().view(), base);
    };
    if (bias.defined())
      run_with(ProductView::broadcast(bias, x.ndim() == 1 ? Shape{1, weight.size(0)} : out[0].shape()).view());
    else
      run_with({});
  }
  Saves saves(uint32_t needs) const override { return {.inputs = ((needs & 1) ? 2u : 0u) | ((needs & 2) ? 1u : 0u)}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& grad = v.grad();
    if (v.needs(0)) grads[0] = matmul(grad, v.input(1));
    if (v.needs(1)) {
      Tensor x = v.input(0);
      if (x.ndim() == 1) x = unsqueeze(x, 0);
      grads[1] = matmul(transpose(as_rows(grad.ndim() == 1 ? unsqueeze(grad, 0) : grad), 0, 1), as_rows(x));
    }
    if (v.needs(2)) grads[2] = grad;
  }
};

void check_ndim(const char* op, const char* what, const Tensor& t, int ndim) {
  check(t.ndim() == ndim, op, ": expected ", what, " of ", ndim, ndim == 1 ? " dim" : " dims", ", got shape ",
        t.shape());
}

void check_inner(const char* op, const Tensor& a, const Tensor& b, int64_t inner_a, int64_t inner_b) {
  check(inner_a == inner_b, op, ": cannot multiply shapes ", a.shape(), " and ", b.shape(), ": ", inner_a, " and ",
        inner_b, " must be equal");
  check_product_dtypes(op, a, b);
}

void check_mm(const char* op, const Tensor& a, const Tensor& b) {
  check_ndim(op, "a matrix", a, 2);
  check_ndim(op, "a matrix", b, 2);
  check_inner(op, a, b, a.size(1), b.size(0));
}

void check_bmm(const char* op, const Tensor& a, const Tensor& b) {
  check_ndim(op, "a batch of matrices", a, 3);
  check_ndim(op, "a batch of matrices", b, 3);
  check(a.size(0) == b.size(0), op, ": expected batches of one size, got shapes ", a.shape(), " and ", b.shape(),
        "; matmul broadcasts batches");
  check_inner(op, a, b, a.size(2), b.size(1));
}

bool is_one(const Scalar& s) { return s.to_complex() == Complex128{1, 0}; }
bool is_zero(const Scalar& s) { return s.to_complex() == Complex128{0, 0}; }

// beta x + alpha product(dtype), where the product has the given shape and is asked for in the dtype of `factor` or a
// wider one. For integers alpha and beta are cut to integers, as PyTorch does.
template <class F>
Tensor add_scaled(const char* op, const Tensor& x, const Tensor& factor, const Shape& shape, const Scalar& given_beta,
                  const Scalar& given_alpha, F product) {
  check(broadcastable_to(x.shape(), shape), op, ": cannot add input of shape ", x.shape(), " to a product of shape ",
        shape);
  // Half types are rounded once: the product may be too large for them before it is scaled.
  const DType dtype = factor.dtype();
  if (!is_inexact(dtype) && !is_inexact(x.dtype()) && (given_alpha.is_float() || given_beta.is_float()))
    return add_scaled(op, x, factor, shape, Scalar(given_beta.to_int()), Scalar(given_alpha.to_int()), product);
  const Scalar &alpha = given_alpha, &beta = given_beta;
  const bool scaled = !is_one(alpha) || (!is_one(beta) && !is_zero(beta));
  const DType wide = scaled ? scaling_dtype(dtype) : dtype;
  Tensor result = product(wide);
  if (!is_one(alpha)) result = mul(result, alpha);
  if (!is_zero(beta)) {
    const DType sum = result_type(result, x);
    result = add(result, is_one(beta) ? x : mul(to_dtype(x, scaling_dtype(sum)), beta));
  }
  return wide == dtype ? result : to_dtype(result, result_type(x, factor));
}

// Is there a kernel that scales as it adds?
bool scales_in_kernel(const Tensor& x, const Tensor& a, const Shape& shape, const Scalar& beta, const Scalar& alpha) {
  return ScaledMatmul::is_half(a.dtype()) && x.dtype() == a.dtype() && broadcastable_to(x.shape(), shape) &&
         !beta.is_complex() && !alpha.is_complex() && scaled_matmul_kernel.has(a.device());
}
Tensor scaled_matmul(const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta, const Scalar& alpha,
                     bool symmetric) {
  const ScaledMatmul op(beta.to_double(), alpha.to_double(), symmetric);
  return is_zero(beta) ? apply(op, a, b, Tensor{}) : apply(op, a, b, x);
}

// One real product: (ar + i ai)(br + i bi) = [ar ai] [br bi; -bi br], where the left side and the result lie in memory
// as complex numbers do. Only the right side is written anew.
Tensor product_of_complex(const Tensor& a, const Tensor& b) {
  NoAutocastGuard full;  // it would not halve complex numbers
  const Tensor* list[] = {&a, &b};
  OutputSpec checked;
  Matmul{}.infer(Inputs(list, 2), &checked);
  if (a.ndim() == 1) return select(product_of_complex(unsqueeze(a, 0), b), b.ndim() == 1 ? 0 : -2, 0);
  if (b.ndim() == 1) return select(product_of_complex(a, unsqueeze(b, 1)), -1, 0);
  Shape of_a = a.shape(), of_b = b.shape();
  of_a.back() *= 2;
  of_b.back() *= 2;
  of_b[of_b.size() - 2] *= 2;
  const Tensor parts = view_as_real(b), turned = stack({neg(imag(b)), real(b)}, -1);
  Tensor y = matmul(reshape(view_as_real(a), of_a), reshape(stack({parts, turned}, -3), of_b));
  Shape pairs = y.shape();
  pairs.back() /= 2;
  pairs.push_back(2);
  return view_as_complex(reshape(y, pairs));
}

const FlopRuleOf<Matmul> matmul_flops([](const Matmul&, Inputs in, const Tensor* out) {
  return product_flops(out[0], in[0].size(-1));
});
const FlopRuleOf<AddMatmul> addmm_flops([](const AddMatmul&, Inputs in, const Tensor* out) {
  return product_flops(out[0], in[1].size(-1));
});
const FlopRuleOf<ScaledMatmul> scaled_matmul_flops([](const ScaledMatmul&, Inputs in, const Tensor* out) {
  return product_flops(out[0], in[0].size(1));
});
const FlopRuleOf<Linear> linear_flops([](const Linear&, Inputs in, const Tensor* out) {
  return product_flops(out[0], in[1].size(1));
});

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  return is_complex(a.dtype()) || is_complex(b.dtype()) ? product_of_complex(a, b) : apply(Matmul{}, a, b);
}

Tensor mm(const Tensor& given_a, const Tensor& given_b) {
  const Tensor a = for_half(given_a), b = for_half(given_b);
  check_mm("mm", a, b);
  return matmul(a, b);
}

Tensor bmm(const Tensor& given_a, const Tensor& given_b) {
  const Tensor a = for_half(given_a), b = for_half(given_b);
  check_bmm("bmm", a, b);
  return matmul(a, b);
}

Tensor mv(const Tensor& given_a, const Tensor& given_x) {
  const Tensor a = for_half(given_a), x = for_half(given_x);
  check_ndim("mv", "a matrix", a, 2);
  check_ndim("mv", "a vector", x, 1);
  check_inner("mv", a, x, a.size(1), x.size(0));
  return matmul(a, x);
}

Tensor dot(const Tensor& given_a, const Tensor& given_b) {
  const Tensor a = for_half(given_a), b = for_half(given_b);
  check_ndim("dot", "a vector", a, 1);
  check_ndim("dot", "a vector", b, 1);
  check_inner("dot", a, b, a.size(0), b.size(0));
  return matmul(a, b);
}

Tensor inner(const Tensor& given_a, const Tensor& given_b) {
  const Tensor a = for_half(given_a), b = for_half(given_b);
  if (a.ndim() == 0 || b.ndim() == 0) return mul(a, b);
  check_inner("inner", a, b, a.size(-1), b.size(-1));
  if (b.ndim() <= 2) return matmul(a, b.ndim() == 2 ? transpose(b, 0, 1) : b);
  return tensordot(a, b, {-1}, {-1});
}

Tensor outer(const Tensor& a, const Tensor& b) {
  check_ndim("outer", "a vector", a, 1);
  check_ndim("outer", "a vector", b, 1);
  return mul(unsqueeze(a, 1), b);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (weight.ndim() == 1) {
    Tensor product = matmul(x, weight);
    return bias.defined() ? add(product, bias) : product;
  }
  if (is_complex(x.dtype()) || is_complex(weight.dtype())) {
    const Tensor* list[] = {&x, &weight, &bias};
    OutputSpec checked;
    Linear{}.infer(Inputs(list, 3), &checked);
    const Tensor product = matmul(x, transpose(weight, 0, 1));
    return bias.defined() ? add(product, bias) : product;
  }
  return apply(Linear{}, x, weight, bias);
}

Tensor addmm(const Tensor& given_x, const Tensor& given_a, const Tensor& given_b, const Scalar& beta,
             const Scalar& alpha) {
  const Tensor x = for_half(given_x), a = for_half(given_a), b = for_half(given_b);
  check_mm("addmm", a, b);
  const Shape shape{a.size(0), b.size(1)};
  if (is_one(beta) && is_one(alpha) && x.dtype() == a.dtype() && broadcastable_to(x.shape(), shape) &&
      !is_complex(x.dtype()))
    return apply(AddMatmul{}, x, a, b);
  if (scales_in_kernel(x, a, shape, beta, alpha)) return scaled_matmul(x, a, b, beta, alpha, false);
  return add_scaled("addmm", x, a, shape, beta, alpha, [&](DType t) { return matmul(to_dtype(a, t), to_dtype(b, t)); });
}

Tensor add_gram(const Tensor& x, const Tensor& a, const Scalar& beta, const Scalar& alpha) {
  check_ndim("add_gram", "a matrix", a, 2);
  const Shape shape{a.size(0), a.size(0)};
  if (x.shape() == shape && scales_in_kernel(x, a, shape, beta, alpha))
    return scaled_matmul(x, a, transpose(a, 0, 1), beta, alpha, true);
  return addmm(x, a, transpose(a, 0, 1), beta, alpha);
}

Tensor addmv(const Tensor& given_x, const Tensor& given_a, const Tensor& given_v, const Scalar& beta,
             const Scalar& alpha) {
  const Tensor x = for_half(given_x), a = for_half(given_a), v = for_half(given_v);
  check_ndim("addmv", "a matrix", a, 2);
  check_ndim("addmv", "a vector", v, 1);
  check_inner("addmv", a, v, a.size(1), v.size(0));
  return add_scaled("addmv", x, a, {a.size(0)}, beta, alpha,
                    [&](DType t) { return matmul(to_dtype(a, t), to_dtype(v, t)); });
}

Tensor baddbmm(const Tensor& given_x, const Tensor& given_a, const Tensor& given_b, const Scalar& beta,
               const Scalar& alpha) {
  const Tensor x = for_half(given_x), a = for_half(given_a), b = for_half(given_b);
  check_bmm("baddbmm", a, b);
  const Shape shape{a.size(0), a.size(1), b.size(2)};
  if (is_one(beta) && is_one(alpha) && x.dtype() == a.dtype() && broadcastable_to(x.shape(), shape) &&
      !is_complex(x.dtype()))
    return apply(AddMatmul{}, x, a, b);
  return add_scaled("baddbmm", x, a, shape, beta, alpha,
                    [&](DType t) { return matmul(to_dtype(a, t), to_dtype(b, t)); });
}

Tensor addbmm(const Tensor& given_x, const Tensor& given_a, const Tensor& given_b, const Scalar& beta,
              const Scalar& alpha) {
  const Tensor x = for_half(given_x), a = for_half(given_a), b = for_half(given_b);
  check_bmm("addbmm", a, b);
  // A sum of products is one product with the batch as part of the inner dim.
  auto product = [&](DType t) {
    Tensor left = reshape(permute(to_dtype(a, t), {1, 0, 2}), {a.size(1), a.size(0) * a.size(2)});
    return matmul(left, reshape(to_dtype(b, t), {b.size(0) * b.size(1), b.size(2)}));
  };
  return add_scaled("addbmm", x, a, {a.size(1), b.size(2)}, beta, alpha, product);
}

// Batch rules

namespace {

// A batched operand with dimensions of size 1 behind the batch's, so that it has `ndim` beside it.
Tensor aligned(const BatchCall& call, int i, int ndim) {
  const Tensor& t = call.in[i].tensor;
  if (!t.defined() || !call.in[i].batched || call.logical[i].ndim() >= ndim) return t;
  Shape shape = t.shape();
  for (int d = call.logical[i].ndim(); d < ndim; d++) shape.insert(1, 1);
  return reshape(t, shape);
}

WEFT_FORWARD_MULTILINEAR(Matmul);
WEFT_FORWARD_RULE(AddMatmul) {
  apply(op, call.in, call.out);
  Tensor& along = call.out_tangents[0];
  if (call.tangents[1].defined()) add_term(along, matmul(call.tangents[1], call.in[2]));
  if (call.tangents[2].defined()) add_term(along, matmul(call.in[1], call.tangents[2]));
  if (call.tangents[0].defined()) add_term(along, expand(call.tangents[0], call.out[0].shape()));
  return true;
}
WEFT_FORWARD_RULE(Linear) {
  apply(op, call.in, call.out);
  Tensor& along = call.out_tangents[0];
  if (call.tangents[0].defined()) add_term(along, linear(call.tangents[0], call.in[1]));
  if (call.tangents[1].defined()) add_term(along, linear(call.in[0], call.tangents[1]));
  if (call.tangents[2].defined()) add_term(along, expand(call.tangents[2], call.out[0].shape()));
  return true;
}

WEFT_BATCH_RULE(Matmul) {
  const bool row = call.logical[0].ndim() == 1, column = call.logical[1].ndim() == 1;
  const int ndim = std::max({call.logical[0].ndim(), call.logical[1].ndim(), 2});
  // Vectors as matrices first: their only dimension is no batch dimension.
  Tensor a = call.in[0].tensor, b = call.in[1].tensor;
  if (row) a = unsqueeze(a, -2);
  if (column) b = unsqueeze(b, -1);
  const auto with_dims = [&](const Tensor& t, bool batched) {
    if (!batched) return t;
    Shape shape = t.shape();
    while (shape.size() <= ndim) shape.insert(1, 1);
    return reshape(t, shape);
  };
  Tensor y = matmul(with_dims(a, call.in[0].batched), with_dims(b, call.in[1].batched));
  if (column) y = squeeze(y, -1);
  if (row) y = squeeze(y, column ? -1 : -2);
  call.out[0] = {y, true};
}
WEFT_BATCH_RULE(AddMatmul) {
  const int ndim = std::max(call.logical[1].ndim(), call.logical[2].ndim());
  Tensor base = aligned(call, 0, ndim), a = call.whole(1), b = call.whole(2);
  call.out[0] = {apply(op, base, a, b), true};
}
WEFT_BATCH_RULE(Linear) {
  const Tensor &x = call.in[0].tensor, &weight = call.in[1].tensor, &bias = call.in[2].tensor;
  if (!call.in[1].batched && !call.in[2].batched) {
    call.out[0] = {apply(op, x, weight, bias), true};
    return;
  }
  // One product of matrices for each element of the batch.
  const Shape& seen = call.logical[0].shape();
  Tensor rows = reshape(call.in[0].batched ? x : call.whole(0), {call.size, -1, seen.back()});
  if (!call.in[0].batched) rows = reshape(x, {1, -1, seen.back()});
  Tensor y = matmul(rows, transpose(call.in[1].batched ? weight : unsqueeze(weight, 0), -2, -1));
  if (bias.defined()) y = add(y, call.in[2].batched ? unsqueeze(bias, 1) : bias);
  Shape shape = seen;
  shape.back() = weight.size(-2);
  shape.insert(0, call.size);
  call.out[0] = {reshape(y, shape), true};
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Matmul);
WEFT_OP(AddMatmul);
WEFT_OP(ScaledMatmul);
WEFT_OP(Linear);

}  // namespace

}  // namespace weft
