#include "ops/sorting.h"

#include <limits>

#include "kernels/elementwise.h"
#include "kernels/sorting.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "op/registry.h"
#include "op/trace_values.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/reduction.h"

namespace weft {

constinit KernelTable<SortKernel> sort_kernel{"sort"};
constinit KernelTable<TopkKernel> topk_kernel{"topk"};
constinit KernelTable<SearchSortedKernel> search_sorted_kernel{"searchsorted"};

namespace {

// Base of the ops that choose elements of the rows of a contiguous tensor: values and positions.
template <class Self>
struct ChoosingOp : OpOf<Self> {
  int num_outputs() const override { return 2; }
  Saves saves(uint32_t) const override { return {.inputs = 0, .outputs = 2}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const Tensor& g = v.grad(0);
    if (!g.defined()) return;
    grads[0] = g.ndim() == 0 ? g : scatter(zeros(v.input_shape(0), g.dtype(), g.device()), -1, v.output(1), g);
  }
};

struct Sort : ChoosingOp<Sort> {
  static constexpr const char* kName = "sort";
  static constexpr Traits kTraits{.scratch = true};
  bool descending;
  WEFT_FIELDS(descending);
  void check_inputs(const InputCheck& in) const { in.count(1).contiguous(0); }
  explicit Sort(bool d) : descending(d) {}
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype(), {}};
    out[1] = {in[0].shape(), DType::Int64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    sort_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]), descending);
  }
};

struct Topk : ChoosingOp<Topk> {
  static constexpr const char* kName = "topk";
  static constexpr Traits kTraits{.scratch = true};
  int64_t k;
  bool largest, sorted;
  WEFT_FIELDS(k, largest, sorted);
  void check_inputs(const InputCheck& in) const {
    in.count(1).contiguous(0).that(k >= 0 && k <= (in[0].ndim() ? in[0].size(-1) : 1), "as many elements as there are");
  }
  Topk(int64_t n, bool l, bool s) : k(n), largest(l), sorted(s) {}
  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape = in[0].shape();
    if (!shape.empty()) shape.back() = k;
    out[0] = {shape, in[0].dtype(), {}};
    out[1] = {shape, DType::Int64, {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    topk_kernel(out[0].device(), view_of(out[0]), view_of(out[1]), view_of(in[0]), largest, sorted);
  }
};

// Runs op on x with `dim` as the last dimension, and puts the results' back.
ValuesAndIndices along(const Op& op, const Tensor& x, int dim) {
  bool moved = x.ndim() > 1 && dim != x.ndim() - 1;
  Tensor rows = contiguous(moved ? transpose(x, dim, -1) : x), out[2];
  const Tensor* list[] = {&rows};
  apply(op, Inputs(list, 1), out);
  if (!moved) return {out[0], out[1]};
  return {transpose(out[0], dim, -1), transpose(out[1], dim, -1)};
}

ValuesAndIndices pick(const ValuesAndIndices& all, int dim, int64_t place, bool keepdim) {
  if (all.values.ndim() == 0) return all;
  if (keepdim) return {narrow(all.values, dim, place, 1), narrow(all.indices, dim, place, 1)};
  return {select(all.values, dim, place), select(all.indices, dim, place)};
}

void check_data(const char* op, const Tensor& x) {
  check(!x.is_meta(), op,
        ": the size of the result depends on the data, which a tensor on the meta device does not have");
  check_values_readable(op, x);
}

// A value chosen from all elements of x, given beside them: its gradient goes in equal parts to those that equal it.
struct ChosenValue : OpOf<ChosenValue> {
  static constexpr const char* kName = "median";
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const { in.count(2).same_dtype(0, 1).shape(1, {}); }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {{}, in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    copy_kernel(out[0].device(), view_of(out[0]), view_of(in[1]));
  }
  Saves saves(uint32_t) const override { return {.inputs = 1, .outputs = 1}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor x = v.input(0), y = v.output();
    Tensor chosen = logical_or(eq(x, y), logical_and(isnan(x), isnan(y)));
    grads[0] = where(chosen, div(v.grad(), sum(chosen)), Scalar(0));
  }
};

struct SearchSorted : OpOf<SearchSorted> {
  static constexpr const char* kName = "searchsorted";
  static constexpr Traits kTraits{.differentiable = false};
  bool right;
  WEFT_FIELDS(right);
  void check_inputs(const InputCheck& in) const {
    in.count(2).same_dtype(0, 1).ndim_between(0, 1, kMaxDims).contiguous(0).contiguous(1);
    if (in[0].ndim() > 1) {
      in.ndim(1, in[0].ndim());
      for (int d = 0; d < in[0].ndim() - 1; d++) in.that(in[0].size(d) == in[1].size(d), "rows for rows");
    }
  }
  explicit SearchSorted(bool r) : right(r) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[1].shape(), DType::Int64, {}}; }
  void run(Inputs in, const Tensor* out) const override {
    if (in[1].numel() > 0)
      search_sorted_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), right);
  }
};

// Runs of equal neighbours in a vector, or of equal rows. Their number decides the size of the result, so they are
// looked for on the host.
UniqueElements runs_of(const Tensor& values) {
  int64_t n = values.size(0);
  Tensor number = empty({n}, DType::Int64);
  std::vector<int64_t> starts;
  Tensor differs;
  if (n > 1) differs = ne(slice(values, 0, 1, n), slice(values, 0, 0, n - 1));
  if (n > 1 && values.ndim() > 1) differs = any(differs, {1}, false);
  if (n > 1) differs = on_host(differs);
  for (int64_t i = 0; i < n; i++) {
    if (i == 0 || differs.data_as<BoolByte>()[i - 1]) starts.push_back(i);
    number.data_as<int64_t>()[i] = static_cast<int64_t>(starts.size()) - 1;
  }
  auto runs = static_cast<int64_t>(starts.size());
  Tensor start = empty({runs}, DType::Int64), counts = empty({runs}, DType::Int64);
  for (int64_t i = 0; i < runs; i++) {
    start.data_as<int64_t>()[i] = starts[static_cast<size_t>(i)];
    counts.data_as<int64_t>()[i] =
        (i + 1 < runs ? starts[static_cast<size_t>(i + 1)] : n) - starts[static_cast<size_t>(i)];
  }
  Device place = values.device();
  return {index_select(values, 0, to_device(start, place)), to_device(number, place), to_device(counts, place)};
}

int slice_dim(const char* op, const Tensor& x, int64_t dim) {
  check_data(op, x);
  int d = normalize_dim(op, dim, x.shape());
  check(x.ndim() > 0, op, ": a 0-dimensional tensor has no slices along a dim; leave dim out");
  return d;
}
// The slices of x along d as rows of their elements.
Tensor slices_of(const Tensor& x, int d) {
  int64_t n = x.size(d), rest = 1;
  for (int i = 0; i < x.ndim(); i++)
    if (i != d) rest *= x.size(i);
  return reshape(movedim(x, {d}, {0}), {n, rest});
}
// Rows of slices_of() as slices along d again.
Tensor slices_along(const Tensor& rows, const Shape& shape, int d) {
  Shape moved{rows.size(0)};
  for (int i = 0; i < shape.size(); i++)
    if (i != d) moved.push_back(shape[i]);
  return contiguous(movedim(reshape(rows, moved), {0}, {d}));
}

// Where the rows in order are: sorted by their last elements, then by those before; each sort is stable.
Tensor order_of_rows(const Tensor& rows) {
  Tensor order = arange(rows.size(0), rows.device());
  for (int64_t column = rows.size(1) - 1; column >= 0; column--) {
    Tensor keys = index_select(select(rows, 1, column), 0, order);
    order = index_select(order, 0, sort(keys, 0).indices);
  }
  return order;
}

}  // namespace

ValuesAndIndices sort(const Tensor& x, int64_t dim, bool descending) {
  return along(Sort(descending), x, normalize_dim("sort", dim, x.shape()));
}

ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t dim, bool largest, bool sorted) {
  int d = normalize_dim("topk", dim, x.shape());
  int64_t n = x.ndim() == 0 ? 1 : x.size(d);
  check(k >= 0 && k <= n, "topk: k must be between 0 and the size ", n, " of dimension ", d, " of shape ", x.shape(),
        ", got ", k);
  return along(Topk(k, largest, sorted), x, d);
}

ValuesAndIndices kthvalue(const Tensor& x, int64_t k, int64_t dim, bool keepdim) {
  int d = normalize_dim("kthvalue", dim, x.shape());
  int64_t n = x.ndim() == 0 ? 1 : x.size(d);
  check(k >= 1 && k <= n, "kthvalue: k must be between 1 and the size ", n, " of dimension ", d, " of shape ",
        x.shape(), ", got ", k);
  return pick(sort(x, d), d, k - 1, keepdim);
}

ValuesAndIndices median(const Tensor& x, int64_t dim, bool keepdim) {
  int d = normalize_dim("median", dim, x.shape());
  int64_t n = x.ndim() == 0 ? 1 : x.size(d);
  check<ErrorKind::Index>(n > 0, "median: dimension ", d, " of shape ", x.shape(), " has no elements");
  ValuesAndIndices sorted = sort(x, d), middle = pick(sorted, d, (n - 1) / 2, keepdim);
  if (!is_real_floating(x.dtype())) return middle;
  ValuesAndIndices last = max(x, d, keepdim);  // the first NaN, if there is one
  Tensor spoilt = isnan(last.values);
  return {where(spoilt, last.values, middle.values), where(spoilt, last.indices, middle.indices)};
}

Tensor median(const Tensor& x) {
  check(x.numel() > 0 || is_real_floating(x.dtype()), "median: an empty tensor of dtype ", x.dtype(), " has no median");
  Tensor value;
  {
    GradModeGuard no_grad(false);
    value = x.numel() > 0 ? median(reshape(x, {-1}), 0).values
                          : full({}, Scalar(std::numeric_limits<double>::quiet_NaN()), x.dtype(), x.device());
  }
  return GradMode::enabled() && x.requires_grad() ? apply(ChosenValue(), x, value) : value;
}

UniqueElements unique(const Tensor& x) {
  check_data("unique", x);
  GradModeGuard no_grad(false);
  NotTraced now;
  ValuesAndIndices sorted = sort(reshape(x, {-1}), 0);
  UniqueElements runs = runs_of(sorted.values);
  Tensor inverse = scatter(zeros({x.numel()}, DType::Int64, x.device()), 0, sorted.indices, runs.inverse);
  return {runs.values, reshape(inverse, x.shape()), runs.counts};
}

UniqueElements unique(const Tensor& x, int64_t dim) {
  int d = slice_dim("unique", x, dim);
  GradModeGuard no_grad(false);
  NotTraced now;
  Tensor rows = slices_of(x, d), order = order_of_rows(rows);
  UniqueElements runs = runs_of(index_select(rows, 0, order));
  Tensor inverse = scatter(zeros({x.size(d)}, DType::Int64, x.device()), 0, order, runs.inverse);
  return {slices_along(runs.values, x.shape(), d), inverse, runs.counts};
}

UniqueElements unique_consecutive(const Tensor& x, int64_t dim) {
  int d = slice_dim("unique_consecutive", x, dim);
  GradModeGuard no_grad(false);
  NotTraced now;
  UniqueElements runs = runs_of(slices_of(x, d));
  return {slices_along(runs.values, x.shape(), d), runs.inverse, runs.counts};
}

UniqueElements unique_consecutive(const Tensor& x) {
  check_data("unique_consecutive", x);
  GradModeGuard no_grad(false);
  NotTraced now;
  UniqueElements runs = runs_of(contiguous(reshape(x, {-1})));
  return {runs.values, reshape(runs.inverse, x.shape()), runs.counts};
}

Tensor searchsorted(const Tensor& sequence, const Tensor& values, bool right, const Tensor& sorter) {
  const char* op = "searchsorted";
  Tensor sorted = sequence;
  if (sorter.defined()) {
    check(sorter.dtype() == DType::Int64, op, ": expected a sorter of dtype int64, got ", sorter.dtype());
    check(sorter.shape() == sequence.shape(), op, ": the sorter must have the shape of the sorted sequence, got ",
          sorter.shape(), " and ", sequence.shape());
    if (sequence.ndim() > 0) sorted = gather(sequence, -1, sorter);
  }
  check(sorted.dtype() == values.dtype(), op, ": the sorted sequence has dtype ", sorted.dtype(), " and the values ",
        values.dtype(), "; convert one of them");
  bool fits = sorted.ndim() == 1 || sorted.ndim() == values.ndim();
  for (int d = 0; fits && sorted.ndim() > 1 && d < sorted.ndim() - 1; d++) fits = sorted.size(d) == values.size(d);
  check(fits, op,
        ": the sorted sequence must be a vector, or have the dimensions of the values except the last; got shapes ",
        sorted.shape(), " and ", values.shape());
  return apply(SearchSorted(right), contiguous(sorted), contiguous(values));
}

// Batch rules

namespace {

WEFT_BATCH_SHIFT(Sort, op);
WEFT_BATCH_SHIFT(Topk, op);

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Sort);
WEFT_OP(Topk);
WEFT_OP(ChosenValue);
WEFT_OP(SearchSorted);

}  // namespace

}  // namespace weft
