// The movement ops that copy: joins, flips, shifts, pads, repeats and triangles.
#include <algorithm>
#include <cstdlib>

#include "kernels/elementwise.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "op/registry.h"
#include "op/trace_values.h"
#include "ops/batching.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/image_layout.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/view_op.h"

namespace weft {

namespace {

// `n` slices of t along dim, from `start` on.
Tensor part_of(const Tensor& t, int dim, int64_t start, int64_t n) {
  Shape shape = t.shape();
  shape[dim] = n;
  return alias_as_strided(t, shape, t.strides(), t.offset() + (n > 0 ? start * t.strides()[dim] : 0));
}

// Copies run along whatever dimension is innermost.
constexpr ChannelsLast kCopiedImages{.inputs = ~0u, .outputs = 1, .joined = true};

struct Cat : OpOf<Cat> {
  static constexpr const char* kName = "cat";
  static constexpr Traits kTraits{.any_dtype = true, .autocast = AutocastRule::Widest};
  int dim;
  std::vector<int64_t> sizes{};  // of the inputs along dim; kLeftOut for an empty vector beside tensors of any shape
  static constexpr int64_t kLeftOut = -1;
  WEFT_FIELDS(dim, sizes);
  void check_inputs(const InputCheck& in) const {
    in.that(in.size() > 0 && sizes.size() == static_cast<size_t>(in.size()), "the sizes of all inputs");
    bool any = false;
    for (int i = 0; i < in.size(); i++) {
      in.that(in.has(i), "tensors");
      const int64_t size = sizes[static_cast<size_t>(i)];
      if (size == kLeftOut) {
        in.that(in[i].numel() == 0, "an empty tensor where one is left out");
        continue;
      }
      any = true;
      in.that(dim >= 0 && dim < in[i].ndim() && in[i].size(dim) == size, "the sizes of all inputs");
    }
    in.that(any, "an input");
  }
  explicit Cat(int d, std::vector<int64_t> s = {}) : dim(d), sizes(std::move(s)) {}
  void infer(Inputs in, OutputSpec* out) const override {
    int first = 0;
    while (sizes[static_cast<size_t>(first)] == kLeftOut) first++;
    Shape shape = in[first].shape();
    DType dtype = in[0].dtype();
    for (int i = 1; i < in.size(); i++) dtype = promote(dtype, in[i].dtype());
    for (int i = first + 1; i < in.size(); i++) {
      if (sizes[static_cast<size_t>(i)] == kLeftOut) continue;
      const Shape& own = in[i].shape();
      bool fits = own.size() == shape.size();
      for (int d = 0; fits && d < shape.size(); d++) fits = d == dim || own[d] == shape[d];
      check(fits, "cat: tensors must have the same sizes except along dimension ", dim, ", got shapes ",
            in[first].shape(), " and ", own, " (number ", i, ")");
      check(!__builtin_add_overflow(shape[dim], own[dim], &shape[dim]), "cat: the joined size does not fit 63 bits");
    }
    bool channels_last = shape.size() >= 4;  // if all have
    for (int i = first; i < in.size(); i++)
      channels_last &= sizes[static_cast<size_t>(i)] == kLeftOut || has_channels_last(in[i]);
    out[0] = {shape, dtype, image_strides(shape, channels_last)};
  }
  void run(Inputs in, const Tensor* out) const override {
    int64_t at = 0;
    for (int i = 0; i < in.size(); i++) {
      if (in[i].numel() == 0) continue;
      int64_t n = in[i].size(dim);
      Tensor place = part_of(out[0], dim, at, n);
      copy_kernel(out[0].device(), view_of(place), view_of(in[i]));
      at += n;
    }
  }
  ChannelsLast channels_last(Inputs) const override {
    for (int64_t n : sizes)
      if (n == kLeftOut) return {};
    return kCopiedImages;
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    int64_t at = 0;
    for (size_t i = 0; i < sizes.size(); i++) {
      const bool needed = v.needs(static_cast<int>(i));
      if (sizes[i] == kLeftOut) {
        if (needed) grads[i] = zeros({0}, v.grad().dtype(), v.grad().device());
        continue;
      }
      if (needed) grads[i] = slice(v.grad(), dim, at, at + sizes[i]);
      at += sizes[i];
    }
  }
};

struct Flip : OpOf<Flip> {
  static constexpr const char* kName = "flip";
  static constexpr Traits kTraits{.any_dtype = true};
  Dims dims;
  WEFT_FIELDS(dims);
  void check_inputs(const InputCheck& in) const {
    in.count(1).dims(dims, in[0].ndim()).that(dims.empty() || in[0].ndim() > 0, "dimensions");
  }
  explicit Flip(const Dims& d) : dims(d) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    if (in[0].numel() == 0) return;
    Strides strides = in[0].strides();
    int64_t last = 0;
    for (int64_t dim : dims) {
      int d = static_cast<int>(dim);
      last += (in[0].size(d) - 1) * strides[d];
      strides[d] = -strides[d];
    }
    StridedView reversed = view_of(in[0]);
    reversed.data = static_cast<char*>(in[0].data()) + last * static_cast<int64_t>(item_size(in[0].dtype()));
    reversed.strides = strides.data();
    copy_kernel(out[0].device(), view_of(out[0]), reversed);
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = flip(v.grad(), dims); }
};

struct Roll : OpOf<Roll> {
  static constexpr const char* kName = "roll";
  static constexpr Traits kTraits{.any_dtype = true};
  int dim;
  int64_t shift;  // in [0, size)
  WEFT_FIELDS(dim, shift);
  void check_inputs(const InputCheck& in) const {
    in.count(1).that(dim >= 0 && dim < in[0].ndim() && shift >= 0 && shift <= in[0].size(dim),
                     "a shift inside of a dimension");
  }
  Roll(int d, int64_t s) : dim(d), shift(s) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    if (in[0].numel() == 0) return;
    int64_t n = in[0].size(dim);
    auto copy = [&](int64_t to, int64_t from, int64_t count) {
      if (count == 0) return;
      Tensor target = part_of(out[0], dim, to, count), source = part_of(in[0], dim, from, count);
      copy_kernel(out[0].device(), view_of(target), view_of(source));
    };
    copy(shift, 0, n - shift);
    copy(0, n - shift, shift);
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = roll(v.grad(), {-shift}, {dim}); }
};

// A tensor of a constant around x; negative widths crop.
int64_t padded_size(const Shape& shape, int d, int64_t before, int64_t after) {
  int64_t n = 0;
  bool over = __builtin_add_overflow(before, after, &n) || __builtin_add_overflow(n, shape[d], &n);
  check(!over && n >= 0, "pad: widths ", before, " and ", after, " leave no valid size for dimension ", d, " of shape ",
        shape);
  return n;
}

struct Pad : OpOf<Pad> {
  static constexpr const char* kName = "pad";
  static constexpr Traits kTraits{.any_dtype = true};
  Dims before, after;
  Scalar value;
  WEFT_FIELDS(before, after, value);
  void check_inputs(const InputCheck& in) const {
    in.count(1).that(before.size() == in[0].ndim() && after.size() == in[0].ndim(), "widths for every dimension");
  }
  Pad(const Dims& b, const Dims& a, const Scalar& v) : before(b), after(a), value(v) {}
  void infer(Inputs in, OutputSpec* out) const override {
    Shape shape = in[0].shape();
    for (int d = 0; d < shape.size(); d++) shape[d] = padded_size(in[0].shape(), d, before[d], after[d]);
    out[0] = {shape, in[0].dtype(), image_strides(shape, shape.size() >= 4 && has_channels_last(in[0]))};
  }
  void run(Inputs in, const Tensor* out) const override {
    fill_kernel(out[0].device(), view_of(out[0]), NumberView(value).view());
    Tensor source = in[0], target = out[0];
    for (int d = 0; d < source.ndim(); d++) {
      int64_t from = std::max<int64_t>(-before[d], 0), to = std::max<int64_t>(before[d], 0);
      int64_t n = source.size(d) - from - std::max<int64_t>(-after[d], 0);
      if (n <= 0) return;
      source = part_of(source, d, from, n);
      target = part_of(target, d, to, n);
    }
    copy_kernel(out[0].device(), view_of(target), view_of(source));
  }
  ChannelsLast channels_last(Inputs) const override { return kCopiedImages; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Dims b = before, a = after;
    for (int64_t& n : b) n = -n;
    for (int64_t& n : a) n = -n;
    grads[0] = apply(Pad(b, a, Scalar(0)), v.grad());
  }
};

// Where the elements of a padded dimension come from.
Tensor source_indices(const std::string& mode, int64_t n, int64_t before, int64_t after, Device device) {
  Tensor indices = empty({std::max<int64_t>(n + before + after, 0)}, DType::Int64);
  auto* p = indices.data_as<int64_t>();
  for (int64_t i = -before; i < n + after; i++) {
    int64_t from = i;
    if (mode == "replicate")
      from = std::clamp<int64_t>(i, 0, n - 1);
    else if (mode == "circular")
      from = (i % n + n) % n;
    else if (i < 0)
      from = -i;
    else if (i >= n)
      from = 2 * (n - 1) - i;
    *p++ = from;
  }
  return to_device(indices, device);
}

Tensor pad_by_copies(const Tensor& x, const Dims& before, const Dims& after, const std::string& mode) {
  bool crops = false;
  for (int d = 0; d < x.ndim(); d++) crops |= before[d] < 0 || after[d] < 0;
  if (crops && mode == "circular") {  // what is cropped does not come back at the other end
    Dims less_before = before, less_after = after, more_before = before, more_after = after;
    for (int d = 0; d < x.ndim(); d++) {
      less_before[d] = std::min<int64_t>(before[d], 0);
      less_after[d] = std::min<int64_t>(after[d], 0);
      more_before[d] = std::max<int64_t>(before[d], 0);
      more_after[d] = std::max<int64_t>(after[d], 0);
    }
    return pad_by_copies(apply(Pad(less_before, less_after, Scalar(0)), x), more_before, more_after, mode);
  }
  for (int d = 0; d < x.ndim(); d++) {
    if (before[d] == 0 && after[d] == 0) continue;
    int64_t limit = mode == "reflect" ? x.size(d) - 1 : x.size(d);
    bool fits = mode == "replicate" ? x.size(d) > 0 : before[d] <= limit && after[d] <= limit && x.size(d) > 0;
    check(fits, "pad: mode '", mode, "' cannot widen dimension ", d, " of shape ", x.shape(), " by ", before[d],
          " and ", after[d], "; at most ", limit, " is possible");
    check(padded_size(x.shape(), d, before[d], after[d]) > 0, "pad: widths ", before[d], " and ", after[d],
          " leave nothing of dimension ", d, " of shape ", x.shape());
  }
  Tensor y = x;
  for (int d = x.ndim() - 1; d >= 0; d--)
    if (before[d] != 0 || after[d] != 0)
      y = index_select(y, d, source_indices(mode, x.size(d), before[d], after[d], x.device()));
  return y;
}

Tensor triangle(const char* op, const Tensor& x, int64_t diagonal, bool upper) {
  check(x.ndim() >= 2, op, ": expected at least 2 dimensions, got shape ", x.shape());
  constexpr int64_t kFar = int64_t{1} << 62;  // beyond every row and column, and no row and it overflow
  diagonal = std::max(-kFar, std::min(diagonal, kFar));
  Tensor rows = add(unsqueeze(arange(x.size(-2), x.device()), 1), Scalar(diagonal)),
         columns = arange(x.size(-1), x.device());
  return where(upper ? le(rows, columns) : ge(rows, columns), x, x.dtype() == DType::Bool ? Scalar(false) : Scalar(0));
}

}  // namespace

Tensor cat(const std::vector<Tensor>& tensors, int64_t dim, const char* op) {
  check(!tensors.empty(), op, ": expected at least one tensor, got an empty list");
  // An empty vector may stand beside tensors of any shape, as the start of a list that grows.
  const Tensor* first = &tensors[0];
  auto empty_vector = [](const Tensor& t) { return t.ndim() == 1 && t.numel() == 0; };
  for (const Tensor& t : tensors) {
    check(t.ndim() > 0, op, ": 0-dimensional tensors cannot be joined; use stack()");
    if (empty_vector(*first)) first = &t;
  }
  Cat cat(normalize_dim(op, dim, first->ndim()));
  for (const Tensor& t : tensors) {
    const bool left_out = first->ndim() > 1 && empty_vector(t);
    check(left_out || t.ndim() == first->ndim(), op, ": tensors must have the same number of dimensions, got shapes ",
          first->shape(), " and ", t.shape());
    cat.sizes.push_back(left_out ? Cat::kLeftOut : t.size(cat.dim));
  }
  return apply_list(cat, tensors)[0];
}

Tensor stack(const std::vector<Tensor>& tensors, int64_t dim) {
  check(!tensors.empty(), "stack: expected at least one tensor, got an empty list");
  int d = normalize_dim("stack", dim, tensors[0].ndim() + 1);
  std::vector<Tensor> list;
  for (const Tensor& t : tensors) {
    check(t.shape() == tensors[0].shape(), "stack: tensors must have one shape, got ", tensors[0].shape(), " and ",
          t.shape());
    list.push_back(unsqueeze(t, d));
  }
  return cat(list, d, "stack");
}

Tensor flip(const Tensor& x, const Dims& dims) {
  if (dims.empty() || x.ndim() == 0) {
    for (int64_t d : dims) normalize_dim("flip", d, x.shape());
    return clone(x);
  }
  return apply(Flip(normalize_dims("flip", dims, x.ndim())), x);
}

Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims) {
  check(!shifts.empty(), "roll: expected at least one shift");
  if (dims.empty()) {
    check(shifts.size() == 1, "roll: without dims there can be one shift only, got ", shifts);
    return reshape(roll(reshape(x, {-1}), shifts, {0}), x.shape());
  }
  check(shifts.size() == dims.size(), "roll: got ", shifts.size(), " shifts for ", dims.size(),
        " dims; give one for each");
  Tensor y = x;
  for (int i = 0; i < dims.size(); i++) {
    int d = normalize_dim("roll", dims[i], x.shape());
    int64_t n = x.ndim() == 0 ? 1 : x.size(d);
    if (x.ndim() > 0) y = apply(Roll(d, n == 0 ? 0 : (shifts[i] % n + n) % n), y);
  }
  return x.ndim() == 0 ? clone(x) : y;
}

Tensor rot90(const Tensor& x, int64_t k, const Dims& dims) {
  check(dims.size() == 2, "rot90: expected 2 dims, got ", dims);
  Dims d = normalize_dims("rot90", dims, x.ndim());
  switch ((k % 4 + 4) % 4) {
    case 1:
      return transpose(flip(x, {d[1]}), d[0], d[1]);
    case 2:
      return flip(x, d);
    case 3:
      return transpose(flip(x, {d[0]}), d[0], d[1]);
    default:
      return clone(x);
  }
}

Tensor pad(const Tensor& x, const Dims& widths, const std::string& mode, const Scalar& value) {
  check(widths.size() % 2 == 0, "pad: widths come in pairs, before and after for each dimension from the last on, got ",
        widths.size(), ": ", widths);
  check(widths.size() / 2 <= x.ndim(), "pad: expected up to ", x.ndim(), " pairs of widths for shape ", x.shape(),
        ", got ", widths);
  Dims before = Dims::filled(x.ndim(), 0), after = before;
  for (int i = 0; i < widths.size() / 2; i++) {
    before[x.ndim() - 1 - i] = widths[2 * i];
    after[x.ndim() - 1 - i] = widths[2 * i + 1];
  }
  if (mode == "constant") {
    check_storable("pad", value, x.dtype());
    return apply(Pad(before, after, value), x);
  }
  check<ErrorKind::NotImplemented>(mode == "reflect" || mode == "replicate" || mode == "circular",
                                   "pad: mode must be 'constant', 'reflect', 'replicate' or 'circular', got '", mode,
                                   "'");
  return pad_by_copies(x, before, after, mode);
}

Tensor repeat(const Tensor& x, const Dims& counts, const char* op) {
  check(counts.size() >= x.ndim(), op, ": expected at least ", x.ndim(), " counts for shape ", x.shape(), ", got ",
        counts);
  int lead = counts.size() - x.ndim();
  Shape spaced, grown, result;
  for (int d = 0; d < counts.size(); d++) {
    int64_t n = d < lead ? 1 : x.size(d - lead), total = 0;
    check(counts[d] >= 0, op, ": counts must not be negative, got ", counts);
    check(!__builtin_mul_overflow(n, counts[d], &total), op, ": size ", n, " times ", counts[d],
          " does not fit 63 bits");
    spaced.push_back(1);
    spaced.push_back(n);
    grown.push_back(counts[d]);
    grown.push_back(n);
    result.push_back(total);
  }
  checked_numel(result);
  // A plain copy where nothing is repeated: the result never shares memory with x.
  return reshape(clone(expand(reshape(x, spaced), grown)), result);
}

Tensor tile(const Tensor& x, const Dims& counts) {
  Dims all = counts;
  while (all.size() < x.ndim()) all.insert(0, 1);
  return repeat(x, all, "tile");
}

Tensor repeat_interleave(const Tensor& x, int64_t count, int64_t dim) {
  check(count >= 0, "repeat_interleave: repeats must not be negative, got ", count);
  int d = normalize_dim("repeat_interleave", dim, x.shape());
  if (x.ndim() == 0) return repeat(x, {count}, "repeat_interleave");
  Shape grown = x.shape(), result = x.shape();
  grown.insert(d + 1, count);
  check(!__builtin_mul_overflow(result[d], count, &result[d]), "repeat_interleave: the size does not fit 63 bits");
  checked_numel(result);
  return reshape(clone(expand(unsqueeze(x, d + 1), grown)), result);
}

Tensor repeat_interleave(const Tensor& x, const Tensor& counts, int64_t dim) {
  check(counts.dtype() == DType::Int64 || counts.dtype() == DType::Int32,
        "repeat_interleave: repeats must be int64 or int32, got ", counts.dtype());
  check(counts.ndim() <= 1, "repeat_interleave: repeats must have at most one dimension, got shape ", counts.shape());
  check(!counts.is_meta(),
        "repeat_interleave: the size of the result depends on the data, which repeats on the meta device do not have");
  check_values_readable("repeat_interleave", counts);
  Tensor values = [&] {
    NotTraced now;
    return on_host(to_dtype(counts, DType::Int64));
  }();
  const auto* c = values.data_as<int64_t>();
  if (values.numel() == 1) return repeat_interleave(x, c[0], dim);
  int d = normalize_dim("repeat_interleave", dim, x.shape());
  check(x.ndim() > 0 && values.numel() == x.size(d), "repeat_interleave: got ", values.numel(),
        " repeats for dimension ", d, " of shape ", x.shape());
  int64_t total = 0;
  for (int64_t i = 0; i < values.numel(); i++) {
    check(c[i] >= 0, "repeat_interleave: repeats must not be negative, got ", c[i]);
    check(!__builtin_add_overflow(total, c[i], &total), "repeat_interleave: the size does not fit 63 bits");
  }
  Tensor index = empty({total}, DType::Int64);
  auto* p = index.data_as<int64_t>();
  for (int64_t i = 0; i < values.numel(); i++)
    for (int64_t k = 0; k < c[i]; k++) *p++ = i;
  return index_select(x, d, to_device(index, x.device()));
}

Tensor tril(const Tensor& x, int64_t diagonal) { return triangle("tril", x, diagonal, false); }
Tensor triu(const Tensor& x, int64_t diagonal) { return triangle("triu", x, diagonal, true); }

// Batch rules

namespace {

Cat behind_one(const Cat& op) {
  Cat shifted = op;
  shifted.dim++;
  return shifted;
}
Dims after_zero(const Dims& dims) {
  Dims all = dims;
  all.insert(0, 0);
  return all;
}
WEFT_BATCH_SHIFT(Cat, behind_one(op));
WEFT_BATCH_SHIFT(Flip, Flip(behind(op.dims)));
WEFT_BATCH_SHIFT(Roll, Roll(op.dim + 1, op.shift));
WEFT_BATCH_SHIFT(Pad, Pad(after_zero(op.before), after_zero(op.after), op.value));

WEFT_FORWARD_LINEAR(Cat);
WEFT_FORWARD_LINEAR(Flip);
WEFT_FORWARD_LINEAR(Roll);
WEFT_FORWARD_RULE(Pad) {
  call.out[0] = apply(op, call.in[0]);
  call.out_tangents[0] = apply(Pad(op.before, op.after, 0), call.tangents[0]);
  return true;
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP(Cat);
WEFT_OP(Flip);
WEFT_OP(Roll);
WEFT_OP(Pad);

}  // namespace

}  // namespace weft
