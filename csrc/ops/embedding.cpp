#include "ops/embedding.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/embedding.h"
#include "op/apply.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/registry.h"
#include "op/trace_values.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/reduction.h"
#include "ops/require.h"

namespace weft {

constinit KernelTable<EmbeddingKernel> embedding_kernel{"embedding"};
constinit KernelTable<EmbeddingBackwardKernel> embedding_backward_kernel{"embedding backward"};
constinit KernelTable<FirstOutsideKernel> first_outside_kernel{"index check"};

namespace {

template <ErrorKind kind>
void check_rows(const char* op, const Tensor& index, const Shape& weight) {
  int64_t position = -1, n = weight[0];
  // Kernels that report a bad index later read the first row instead: there must be one.
  check<kind>(n > 0 || index.numel() == 0 || index.device().type == DeviceType::CPU, op,
              ": no index is in range for a weight of shape ", weight);
  first_outside_kernel(index.device(), view_of(index), n, &position);
  check<kind>(position < 0, op, ": index ", position < 0 ? 0 : index.data_as<int64_t>()[position],
              " is out of range for a weight of shape ", weight, " (expected 0 to ", n - 1, ")");
}

}  // namespace

void check_row_numbers(const char* op, const Tensor& index, const Shape& weight, ErrorKind kind) {
  (kind == ErrorKind::Index ? check_rows<ErrorKind::Index> : check_rows<ErrorKind::Runtime>)(op, index, weight);
}

Tensor one_over_counts(const Tensor& index, int64_t rows, DType dtype) {
  const Tensor flat = reshape(index, {index.numel()});
  const Tensor one = ones({index.numel()}, DType::Int64, index.device());
  const Tensor counts = scatter_add(zeros({rows}, DType::Int64, index.device()), 0, flat, one);
  // Counts may be beyond a half type, their reciprocals are not.
  const Tensor each = to_dtype(reshape(index_select(counts, 0, flat), index.shape()), scaling_dtype(dtype));
  return to_dtype(div(Scalar(1.0), each), dtype);
}

namespace {

// inputs: gradient of the result, index.
struct EmbeddingBackward : OpOf<EmbeddingBackward> {
  static constexpr const char* kName = "embedding_backward";
  int64_t rows, padding;
  WEFT_FIELDS(rows, padding);
  void check_inputs(const InputCheck& in) const {
    in.count(2).floating(0).ndim_between(0, 1, kMaxDims).contiguous(0).dtype(1, DType::Int64).contiguous(1);
    Shape shape = in[1].shape();
    shape.push_back(in[0].shape().back());
    in.shape(0, shape).sizes({rows, shape.back()});
  }
  EmbeddingBackward(int64_t r, int64_t p) : rows(r), padding(p) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {{rows, in[0].shape().back()}, in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    fill_kernel(out[0].device(), view_of(out[0]), NumberView(Scalar(0)).view());
    if (out[0].numel())
      embedding_backward_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), padding);
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    if (out[0].numel())
      embedding_backward_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), padding);
    return 0;
  }
  Saves saves(uint32_t) const override { return {.inputs = 2, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor index = v.input(1), rows_of = embedding(index, v.grad(), -1);
    grads[0] = padding < 0 ? rows_of : where(unsqueeze(ne(index, Scalar(padding)), -1), rows_of, Scalar(0.0));
  }
};

// inputs: weight, index (contiguous int64).
template <class Self>
struct EmbeddingOf : OpOf<Self> {
  static constexpr Traits kTraits{.may_fail = true};
  int64_t padding;
  WEFT_FIELDS(padding);
  void check_inputs(const InputCheck& in) const { in.count(2).ndim(0, 2).dtype(1, DType::Int64).contiguous(1); }
  explicit EmbeddingOf(int64_t p) : padding(p) {}
  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape = in[1].shape();
    shape.push_back(in[0].size(1));
    out[0] = {shape, in[0].dtype(), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    check_row_numbers("embedding", in[1], in[0].shape());
    if (out[0].numel()) embedding_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]));
  }
  Saves saves(uint32_t) const override { return {.inputs = 2, .outputs = 0}; }
  Tensor gradient(const Vjp& v, const Tensor& g) const {
    return apply(EmbeddingBackward(v.input_shape(0)[0], padding), contiguous(g), v.input(1));
  }
};

struct Embedding : EmbeddingOf<Embedding> {
  static constexpr const char* kName = "embedding";
  using EmbeddingOf::EmbeddingOf;
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = gradient(v, v.grad()); }
};

struct EmbeddingByFrequency : EmbeddingOf<EmbeddingByFrequency> {
  static constexpr const char* kName = "embedding_by_frequency";
  using EmbeddingOf::EmbeddingOf;
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor share = one_over_counts(v.input(1), v.input_shape(0)[0], v.grad().dtype());
    grads[0] = gradient(v, mul(v.grad(), unsqueeze(share, -1)));
  }
};

Tensor as_index(const char* op, const Tensor& index) {
  check(is_integral(index.dtype()), op, ": expected a tensor of row numbers of dtype int64 or int32, got dtype ",
        index.dtype());
  return contiguous(to_dtype(index, DType::Int64));
}

struct ClassRange : OpOf<ClassRange> {
  static constexpr const char* kName = "one_hot";
  static constexpr Traits kTraits{.pure = false, .differentiable = false};
  int64_t classes;
  WEFT_FIELDS(classes);
  void check_inputs(const InputCheck& in) const { in.count(1).dtype(0, DType::Int64).contiguous(0); }
  explicit ClassRange(int64_t n) : classes(n) {}
  int num_outputs() const override { return 0; }
  void infer(Inputs, OutputSpec*) const override {}
  void run(Inputs in, const Tensor*) const override {
    int64_t position = -1;
    first_outside_kernel(in[0].device(), view_of(in[0]), classes, &position);
    check(position < 0, "one_hot: class ", position < 0 ? 0 : in[0].data_as<int64_t>()[position],
          " is outside of 0 to ", classes - 1);
  }
};

}  // namespace

Tensor embedding(const Tensor& index, const Tensor& weight, int64_t padding) {
  check(weight.ndim() == 2, "embedding: expected a weight of shape (rows, size), got shape ", weight.shape());
  return apply(Embedding(padding), weight, as_index("embedding", index));
}

Tensor embedding_by_frequency(const Tensor& index, const Tensor& weight, int64_t padding) {
  check(weight.ndim() == 2, "embedding: expected a weight of shape (rows, size), got shape ", weight.shape());
  return apply(EmbeddingByFrequency(padding), weight, as_index("embedding", index));
}

void renormalize_rows_(const char* op, const Tensor& weight, const Tensor& given, double max_norm, double p) {
  check(weight.ndim() == 2, op, ": expected a weight of shape (rows, size), got shape ", weight.shape());
  const GradModeGuard no_grad(false);
  const Tensor index = reshape(as_index(op, given), {given.numel()});
  const Tensor rows = embedding(index, detach(weight));
  const Tensor norms = vector_norm(rows, p, {1}, true, scaling_dtype(rows.dtype()));
  // The small number keeps the rounded row from being larger again.
  const Tensor scale = div(Scalar(max_norm), add(norms, Scalar(1e-7)));
  const Tensor smaller = to_dtype(mul(rows, scale), rows.dtype());
  index_put_(weight, {index}, where(gt(norms, Scalar(max_norm)), smaller, rows));
}

Tensor one_hot(const Tensor& x, int64_t num_classes) {
  check(x.dtype() == DType::Int64, "one_hot: expected an int64 tensor of class numbers, got dtype ", x.dtype());
  check(num_classes != 0 && num_classes >= -1,
        "one_hot: num_classes must be positive, or -1 for the largest entry plus one, got ", num_classes);
  Tensor index = contiguous(x);
  if (num_classes < 0) {
    check(index.numel() > 0, "one_hot: num_classes must be given for an empty tensor of shape ", x.shape());
    check(!index.is_meta(),
          "one_hot: the number of classes depends on the data, which a tensor on the meta device does not have; give "
          "num_classes");
    check_values_readable("one_hot without num_classes", x);
    NotTraced now;
    Tensor values = on_host(x);
    const auto* p = values.data_as<int64_t>();
    num_classes = *std::max_element(p, p + values.numel()) + 1;
  }
  apply_check(ClassRange(num_classes), index);
  return to_dtype(eq(unsqueeze(index, -1), arange(num_classes, x.device())), DType::Int64);
}

// Batch rules

namespace {

// Rows of `size` tables that follow each other.
Tensor rows_of_all(const BatchCall& call, int i, int64_t rows) {
  const Tensor index = call.whole(i);
  Shape shape = Shape::filled(index.ndim(), 1);
  shape[0] = call.size;
  return add(index, reshape(mul(arange(call.size, index.device()), Scalar(rows)), shape));
}

WEFT_BATCH_RULE(Embedding) {
  if (!call.in[0].batched) {
    call.out[0] = {apply(op, call.in[0].tensor, call.whole(1)), true};
    return;
  }
  const Tensor weight = call.in[0].tensor, index = call.whole(1);
  const int64_t rows = weight.size(1);
  require_all(logical_and(ge(index, Scalar(0)), lt(index, Scalar(rows))), "embedding: an index is out of range");
  Tensor found = apply(Embedding(-1), merge_first(weight), rows_of_all(call, 1, rows));
  // The row of the padding gets no gradient.
  if (op.padding >= 0) found = where(unsqueeze(eq(index, Scalar(op.padding)), -1), detach(found), found);
  call.out[0] = {found, true};
}
WEFT_BATCH_RULE(EmbeddingBackward) {
  Tensor g = call.whole(0);
  if (op.padding >= 0)
    g = masked_fill(g, unsqueeze(eq(call.whole(1), Scalar(op.padding)), -1), zeros({}, g.dtype(), g.device()));
  Tensor all = apply(EmbeddingBackward(op.rows * call.size, -1), g, rows_of_all(call, 1, op.rows));
  call.out[0] = {split_first(all, call.size), true};
}
WEFT_BATCH_SHIFT(ClassRange, op);

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Embedding);
WEFT_OP(EmbeddingByFrequency);
WEFT_OP(EmbeddingBackward);
WEFT_OP_AS(ClassRange, "check_one_hot", 1);

}  // namespace

}  // namespace weft
