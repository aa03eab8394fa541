#include "ops/indexing.h"

#include "core/small_vector.h"
#include "kernels/elementwise.h"
#include "kernels/indexing.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "op/refusal.h"
#include "op/registry.h"
#include "ops/batching.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/forward_rules.h"
#include "ops/movement.h"
#include "ops/view_op.h"

namespace weft {

constinit KernelTable<IndexOffsetsKernel> index_offsets_kernel{"index offsets"};
constinit KernelTable<GatherRowsKernel> gather_rows_kernel{"gather rows"};
constinit KernelTable<ScatterRowsKernel> scatter_rows_kernel{"scatter rows"};
constinit KernelTable<CountNonzeroKernel> count_nonzero_kernel{"count nonzero"};
constinit KernelTable<NonzeroKernel> nonzero_kernel{"nonzero"};

namespace {

struct BasicIndex : ViewOp<BasicIndex> {
  static constexpr const char* kName = "index";
  BasicKey key;
  WEFT_FIELDS(key);
  void check_inputs(const InputCheck& in) const {
    const int n = in.count(1)[0].ndim();
    in.that(key.starts.size() == n && key.steps.size() == n && key.counts.size() == n, "a place in every dimension");
    int shown = 0;
    for (int d = 0; d < n; d++) {
      const int64_t size = in[0].size(d), count = key.counts[d];
      in.that(key.starts[d] >= 0 && (key.starts[d] < size || (count == 0 && key.starts[d] <= size)),
              "a place in the input");
      if (count < 0) continue;
      in.that(count <= size && key.steps[d] > 0, "places in the input");
      if (count > 1) in.that((size - 1 - key.starts[d]) / key.steps[d] >= count - 1, "places in the input");
      shown++;
    }
    for (int64_t at : key.new_axes)
      in.that(at >= 0 && at <= shown++ && shown <= kMaxDims, "new dimensions among the others");
  }
  explicit BasicIndex(const BasicKey& k) : key(k) {}
  Tensor view(const Tensor& x) const override {
    Shape shape;
    Strides strides;
    int64_t offset = x.offset();
    for (int d = 0; d < x.ndim(); d++) {
      offset += key.starts[d] * x.strides()[d];
      if (key.counts[d] < 0) continue;
      shape.push_back(key.counts[d]);
      strides.push_back(x.strides()[d] * key.steps[d]);
    }
    for (int64_t at : key.new_axes) {
      shape.insert(static_cast<int>(at), 1);
      strides.insert(static_cast<int>(at), 1);
    }
    return alias_as_strided(x, shape, strides, checked_numel(shape) == 0 ? x.offset() : offset);
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = place_in_zeros(*this, v.grad(), v.input_shape(0)); }
};

// How the index tensors of an op name places of x. Rows are what one position names: the dimensions behind the indices.
struct Places {
  const char* op;
  bool gather;  // the index has x's dimensions and chooses along `dim`; else `count` dimensions from `dim` are replaced
  bool wrap;    // negative numbers count from the end
  int dim;
  int count;
  bool distinct = false;  // no place is named twice
  bool select = false;  // the indices are 0-dimensional, and the result is laid out like the view that ints would give
  WEFT_FIELDS(op, gather, wrap, dim, count, distinct, select);

  // Of an op from a file, whose indices are its last inputs.
  void check_against(const InputCheck& in, int first) const {
    in.that(in.size() > first && in.has(0) && count == in.size() - first && dim >= 0, "indices").count(in.size());
    const int ndim = in[0].ndim();
    in.that(gather ? count == 1 && (ndim == 0 ? dim == 0 : dim < ndim) : count <= ndim && dim <= ndim - count,
            "dimensions to index");
    for (int k = first; k < in.size(); k++)
      in.dtype(k, DType::Int64).that(in[k].shape() == in[first].shape(), "indices of one shape");
    in.that(ndim - count + in[first].ndim() <= kMaxDims, "no more dimensions than tensors have");
    if (select) in.that(!gather && in[first].ndim() == 0, "indices without dimensions");
    if (!gather) return;
    in.ndim(first, ndim);
    for (int d = 0; d < ndim; d++) in.that(d == dim || in[first].size(d) <= in[0].size(d), "an index that fits");
  }
};

Shape positions_of(const Places& places, const Shape& x, const Tensor* const* indices) {
  if (places.gather) return indices[0]->shape();
  Shape shape(x.data(), places.dim);
  for (int64_t n : indices[0]->shape()) shape.push_back(n);  // the indices have been broadcast
  return shape;
}
int row_start(const Places& places, const Shape& x) { return places.gather ? x.size() : places.dim + places.count; }

Shape result_shape(const Places& places, const Shape& x, const Tensor* const* indices) {
  Shape shape = positions_of(places, x, indices);
  for (int d = row_start(places, x); d < x.size(); d++) shape.push_back(x[d]);
  return shape;
}

// The strides of what is left of x when one place is chosen along the dimensions that are replaced.
Strides selected_strides(const Places& places, const Tensor& x) {
  Shape shape;
  Strides strides;
  for (int d = 0; d < x.ndim(); d++) {
    if (d >= places.dim && d < places.dim + places.count) continue;
    shape.push_back(x.size(d));
    strides.push_back(x.strides()[d]);
  }
  return strides;
}

// The offsets, relative to x's first element, of the rows that the indices name. Raises IndexError.
Tensor offsets_of(const Places& places, const Tensor& x, const Tensor* const* indices) {
  Shape positions = positions_of(places, x.shape(), indices);
  int ndim = positions.size();
  Strides strides = Strides::filled(ndim, 0);
  for (int d = 0; d < (places.gather ? ndim : places.dim); d++)
    if (d != places.dim || !places.gather) strides[d] = x.strides()[d];
  SmallVector<Strides, 4> index_strides;
  SmallVector<IndexSource, 4> sources;
  for (int k = 0; k < places.count; k++) {
    const Tensor& i = *indices[k];
    Strides own = Strides::filled(ndim - i.ndim(), 0);
    for (int64_t s : i.strides()) own.push_back(s);
    index_strides.emplace_back(std::move(own));
  }
  for (int k = 0; k < places.count; k++)
    sources.push_back(
        {indices[k]->data_as<int64_t>(), index_strides[k].data(), x.size(places.dim + k), x.strides()[places.dim + k]});
  Tensor offsets = empty({checked_numel(positions)}, DType::Int64, x.device());
  // Kernels that report a bad index later read the first element instead: there must be one.
  for (int k = 0; k < places.count && offsets.numel() && x.device().type != DeviceType::CPU; k++)
    check<ErrorKind::Index>(x.size(places.dim + k) > 0, places.op, ": no index is in range for dimension ",
                            places.dim + k, " of a tensor of shape ", x.shape(), ", which has size 0");
  BadIndex bad;
  if (offsets.numel()) {
    index_offsets_kernel(x.device(), offsets.data_as<int64_t>(),
                         {nullptr, positions.data(), strides.data(), ndim, DType::Int64}, sources.data(), places.count,
                         places.wrap, &bad);
  } else if (!places.gather &&
             indices[0]->ndim() == 0) {  // as an int, which is looked at also where nothing lies there
    Tensor nowhere = empty({indices[0]->numel()}, DType::Int64, x.device());
    for (int k = 0; k < places.count; k++) sources[k].strides += places.dim;
    index_offsets_kernel(
        x.device(), nowhere.data_as<int64_t>(),
        {nullptr, positions.data() + places.dim, strides.data() + places.dim, ndim - places.dim, DType::Int64},
        sources.data(), places.count, places.wrap, &bad);
  }
  check<ErrorKind::Index>(!bad.found, places.op, ": index ", bad.value, " is out of range for dimension ",
                          places.dim + bad.source, " of a tensor of shape ", x.shape(), ", which has size ",
                          bad.found ? x.size(places.dim + bad.source) : 0);
  return offsets;
}

size_t tensor_bytes(int64_t numel, DType dtype) { return static_cast<size_t>(numel) * item_size(dtype); }

StridedView row_of(const Places& places, const Tensor& x) {
  int first = row_start(places, x.shape());
  return {x.data(), x.shape().data() + first, x.strides().data() + first, x.ndim() - first, x.dtype()};
}

Tensor with_indices(const Op& op, const Tensor& x, const Tensor* source, const std::vector<Tensor>& indices,
                    bool in_place = false) {
  SmallVector<const Tensor*, 6> inputs;
  inputs.push_back(&x);
  if (source) inputs.push_back(source);
  for (const Tensor& i : indices) inputs.push_back(&i);
  if (in_place) return apply_inplace(op, Inputs(inputs.data(), inputs.size()));
  Tensor out;
  apply(op, Inputs(inputs.data(), inputs.size()), &out);
  return out;
}

std::vector<Tensor> saved_indices(const Vjp& v, int first, int count) {
  std::vector<Tensor> indices;
  for (int k = 0; k < count; k++) indices.push_back(v.input(first + k));
  return indices;
}

Tensor put(const Places& places, const Tensor& x, const Tensor& source, const std::vector<Tensor>& indices,
           PutMode mode, bool in_place = false);

// inputs: x, the indices
struct Pick : OpOf<Pick> {
  static constexpr const char* kName = "index";
  static constexpr Traits kTraits{.may_fail = true, .any_dtype = true};
  Places places;
  WEFT_FIELDS(places);
  void check_inputs(const InputCheck& in) const { places.check_against(in, 1); }
  explicit Pick(const Places& p) : places(p) {}
  const char* name() const override { return places.op; }
  void infer(Inputs in, OutputSpec* out) const override {
    const Tensor* indices[kMaxDims];
    for (int k = 0; k < places.count; k++) indices[k] = &in[1 + k];
    out[0] = {result_shape(places, in[0].shape(), indices), in[0].dtype(),
              places.select ? selected_strides(places, in[0]) : Strides{}};
  }
  void run(Inputs in, const Tensor* out) const override {
    const Tensor* indices[kMaxDims];
    for (int k = 0; k < places.count; k++) indices[k] = &in[1 + k];
    Tensor offsets = offsets_of(places, in[0], indices);
    Tensor result = out[0].is_contiguous() ? out[0] : empty(out[0].shape(), out[0].dtype(), out[0].device());
    gather_rows_kernel(out[0].device(), result.data(), row_of(places, in[0]), offsets.data_as<int64_t>(),
                       offsets.numel());
    if (!result.same(out[0])) copy_kernel(out[0].device(), view_of(out[0]), view_of(result));
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    const Tensor* indices[kMaxDims];
    for (int k = 0; k < places.count; k++) indices[k] = &in[1 + k];
    int64_t rows = checked_numel(positions_of(places, in[0].shape(), indices));
    gather_rows_kernel(out[0].device(), out[0].data(), row_of(places, in[0]), nullptr, rows);
    return tensor_bytes(rows, DType::Int64) +
           (out[0].is_contiguous() ? 0 : tensor_bytes(out[0].numel(), out[0].dtype()));
  }
  Saves saves(uint32_t) const override { return {.inputs = ~1u, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    Tensor nothing = zeros(v.input_shape(0), v.grad().dtype(), v.grad().device());
    // Adding to the zeros would make 0 of -0.
    grads[0] = put(places, nothing, v.grad(), saved_indices(v, 1, places.count),
                   places.select ? PutMode::Assign : PutMode::Add);
  }
};

Tensor pick(const Places& places, const Tensor& x, const std::vector<Tensor>& indices) {
  return with_indices(Pick(places), x, nullptr, indices);
}

// inputs: x, what is put into it (broadcast), the indices
struct Put : OpOf<Put> {
  static constexpr const char* kName = "index_put";
  static constexpr Traits kTraits{.may_fail = true};
  Places places;
  PutMode mode;
  WEFT_FIELDS(places, mode);
  void check_inputs(const InputCheck& in) const { places.check_against(in, 2); }
  Put(const Places& p, PutMode m) : places(p), mode(m) {
    traits_.differentiable = mode == PutMode::Assign || mode == PutMode::Add;
    traits_.any_dtype = mode == PutMode::Assign;
  }
  const char* name() const override { return places.op; }
  int overwrites(int) const override { return 0; }
  void infer(Inputs in, OutputSpec* out) const override {
    const Tensor* indices[kMaxDims];
    for (int k = 0; k < places.count; k++) indices[k] = &in[2 + k];
    Shape wanted = result_shape(places, in[0].shape(), indices);
    check(broadcastable_to(in[1].shape(), wanted), places.op, ": a source of shape ", in[1].shape(),
          " cannot be broadcast to the shape ", wanted, " of what is indexed in a tensor of shape ", in[0].shape());
    out[0] = {in[0].shape(), in[0].dtype(), {}};
  }
  void run(Inputs in, const Tensor* out) const override {
    const Tensor* indices[kMaxDims];
    for (int k = 0; k < places.count; k++) indices[k] = &in[2 + k];
    Tensor target = out[0];
    bool half = sums_in_float(target);
    if (half) target = empty(target.shape(), DType::Float32, target.device());
    Tensor offsets = offsets_of(places, target, indices);
    Tensor source = prepare(in[1], result_shape(places, in[0].shape(), indices), target);
    if (overlap_of(target, in[0]) != Overlap::Same) copy_kernel(target.device(), view_of(target), view_of(in[0]));
    scatter_rows_kernel(target.device(), row_of(places, target), offsets.data_as<int64_t>(), offsets.numel(),
                        source.data(), source.numel() == 1, mode);
    if (half) copy_kernel(target.device(), view_of(out[0]), view_of(target));
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    const Tensor* indices[kMaxDims];
    for (int k = 0; k < places.count; k++) indices[k] = &in[2 + k];
    const Shape wanted = result_shape(places, in[0].shape(), indices);
    int64_t rows = checked_numel(positions_of(places, in[0].shape(), indices));
    bool half = sums_in_float(out[0]);
    // In float a copy of the target has the strides of a new tensor.
    scatter_rows_kernel(out[0].device(), half ? StridedView{} : row_of(places, out[0]), nullptr, rows, nullptr, false,
                        mode);
    bool one = in[1].numel() == 1;
    bool right = in[1].dtype() == (half ? DType::Float32 : out[0].dtype()) &&
                 (one || (in[1].is_contiguous() && in[1].shape() == wanted));
    return tensor_bytes(rows, DType::Int64) + (half ? tensor_bytes(out[0].numel(), DType::Float32) : 0) +
           (right ? 0 : tensor_bytes(one ? 1 : checked_numel(wanted), half ? DType::Float32 : out[0].dtype()));
  }
  Saves saves(uint32_t) const override { return {.inputs = ~3u, .outputs = 0}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    std::vector<Tensor> indices = saved_indices(v, 2, places.count);
    if (v.needs(0))
      grads[0] = mode == PutMode::Add
                     ? v.grad()
                     : put(places, v.grad(), zeros({}, v.grad().dtype(), v.grad().device()), indices, PutMode::Assign);
    if (!v.needs(1)) return;
    grads[1] = pick(places, v.grad(), indices);
    if (mode == PutMode::Assign && !places.distinct && indices[0].numel() > 1 && grads[1].numel() > 0)
      grads[1] = where(stays(indices, v.grad().shape()), grads[1], Scalar(0.0));
  }

  // Where an element of the source is the last that is put into its place; the others never reach the result. Has the
  // shape of what is indexed, but for size 1 where that is the same for all.
  Tensor stays(const std::vector<Tensor>& indices, const Shape& x) const {
    Places own{places.op, places.gather, places.wrap, places.gather ? places.dim : 0, places.count};
    Shape shape = places.gather ? x : Shape(x.data() + places.dim, places.count);
    const Tensor& first = indices[0];
    Tensor number = reshape(arange(first.numel(), first.device()), first.shape());
    Tensor last = put(own, zeros(shape, DType::Int64, first.device()), number, indices, PutMode::Assign);
    Tensor stay = eq(pick(own, last, indices), number);
    if (places.gather) return stay;
    Shape spread = stay.shape();
    for (int d = places.dim + places.count; d < x.size(); d++) spread.push_back(1);
    return reshape(stay, spread);
  }

 private:
  bool sums_in_float(const Tensor& target) const {
    return item_size(target.dtype()) == 2 && is_real_floating(target.dtype()) && mode == PutMode::Add;
  }
  // One number, or contiguous rows of the target's dtype apart from its memory.
  static Tensor prepare(const Tensor& source, const Shape& wanted, const Tensor& target) {
    bool right = source.dtype() == target.dtype() && overlap_of(source, target) == Overlap::None;
    if (right && (source.numel() == 1 || (source.is_contiguous() && source.shape() == wanted))) return source;
    Tensor rows = empty(source.numel() == 1 ? Shape{} : wanted, target.dtype(), target.device());
    Tensor from = source.numel() == 1 ? alias_as_strided(source, {}, {}, source.offset()) : source;
    copy_kernel(target.device(), view_of(rows), view_of(from));
    return rows;
  }
};

Tensor put(const Places& places, const Tensor& x, const Tensor& source, const std::vector<Tensor>& indices,
           PutMode mode, bool in_place) {
  if (is_complex(x.dtype()) && mode == PutMode::Add) {  // part by part
    std::vector<Tensor> of_parts = indices;
    for (Tensor& index : of_parts) {
      if (!places.gather) break;
      Shape shape = index.shape();
      shape.push_back(2);
      index = expand(unsqueeze(index, -1), shape);
    }
    const Tensor parts =
        put(places, view_as_real(x), view_as_real(to_dtype(source, x.dtype())), of_parts, mode, in_place);
    return in_place ? x : view_as_complex(parts);
  }
  return with_indices(Put(places, mode), x, &source, indices, in_place);
}

template <ErrorKind kind = ErrorKind::Runtime>
Tensor checked_index(const char* op, const Tensor& index) {
  check<kind>(is_integral(index.dtype()), op, ": expected an index of dtype int64, got ", index.dtype());
  return to_dtype(index, DType::Int64);
}

Places along(const char* op, const Tensor& x, int64_t dim, bool gather) {
  return {op, gather, false, normalize_dim(op, dim, x.ndim()), 1};
}
// 0-dimensional tensors are treated as vectors of one element.
Tensor at_least_vector(const Tensor& x) { return x.ndim() ? x : reshape(x, {1}); }

// x seen with the indexed dimensions first where they are no neighbours, the indices broadcast together.
struct Advanced {
  Places places;
  Dims order;  // of the dimensions, when they change
  std::vector<Tensor> indices;
};

Advanced prepare_advanced(const char* op, const Tensor& x, const std::vector<Tensor>& given) {
  std::vector<Tensor> masks_expanded = expand_masks(x, given);
  Advanced a;
  int masks = 0, others = 0;
  for (const Tensor& i : given)
    if (i.defined()) (i.dtype() == DType::Bool ? masks : others)++;
  Dims dims;
  Shape common;
  for (size_t d = 0; d < masks_expanded.size(); d++) {
    if (!masks_expanded[d].defined()) continue;
    dims.push_back(static_cast<int64_t>(d));
    // Indices that a list was made into may be on the CPU.
    bool elsewhere = x.is_meta() && !masks_expanded[d].is_meta();
    const Tensor& given_index = masks_expanded[d];
    check<ErrorKind::Index>(given_index.dtype() != DType::UInt8, op,
                            ": uint8 tensors are not used as masks; convert to bool or int64");
    a.indices.push_back(checked_index<ErrorKind::Index>(
        op, elsewhere ? empty(given_index.shape(), given_index.dtype(), x.device()) : given_index));
    const Shape& own = a.indices.back().shape();
    bool fits = true;
    for (int i = 1; i <= std::min(own.size(), common.size()); i++) {
      int64_t m = own[own.size() - i], n = common[common.size() - i];
      fits &= m == n || m == 1 || n == 1;
    }
    check<ErrorKind::Index>(fits, op, ": the index tensors of shapes ", common, " and ", own,
                            " cannot be broadcast together");
    common = broadcast_shapes(op, common, own);
  }
  for (Tensor& i : a.indices)
    if (i.shape() != common) i = expand(i, common);
  check<ErrorKind::Index>(!dims.empty(), op, ": expected at least one index tensor");
  int first = static_cast<int>(dims[0]), count = dims.size();
  if (dims.back() - dims[0] != count - 1) {
    a.order = dims;
    for (int d = 0, k = 0; d < x.ndim(); d++) {
      if (k < count && dims[k] == d)
        k++;
      else
        a.order.push_back(d);
    }
    first = 0;
  }
  a.places = {op, false, true, first, count, masks == 1 && others == 0};
  return a;
}

Tensor put_by(const char* op, const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, PutMode mode,
              bool in_place) {
  check(source.dtype() == x.dtype(), op, ": expected a source of the tensor's dtype ", x.dtype(), ", got ",
        source.dtype());
  Tensor i = checked_index(op, index);
  check<ErrorKind::Index>(i.ndim() <= 1, op, ": expected a vector of indices, got shape ", i.shape());
  Tensor target = at_least_vector(x), from = at_least_vector(source);
  Places places = along(op, target, dim, false);
  Shape wanted = target.shape();
  wanted[places.dim] = i.numel();
  check(from.numel() == 1 || from.shape() == wanted, op, ": expected a source of shape ", wanted, " for ", i.numel(),
        " indices along dimension ", places.dim, " of a tensor of shape ", x.shape(), ", got ", source.shape());
  Tensor out = put(places, target, from, {at_least_vector(i)}, mode, in_place);
  if (in_place) return x;
  return x.ndim() ? out : reshape(out, {});
}

// Without leading dimensions of size 1 that what is indexed does not have.
Tensor without_leading_ones(const Advanced& a, const Tensor& x, const Tensor& values) {
  const int wanted = x.ndim() - a.places.count + a.indices[0].ndim();
  int ones = 0;
  while (values.ndim() - ones > wanted && values.size(ones) == 1) ones++;
  if (ones == 0) return values;
  return reshape(values, Shape(values.shape().begin() + ones, values.ndim() - ones));
}

}  // namespace

Tensor basic_index(const Tensor& x, const BasicKey& key) { return apply(BasicIndex(key), x); }

std::vector<Tensor> expand_masks(const Tensor& x, const std::vector<Tensor>& given) {
  std::vector<Tensor> out;
  for (const Tensor& i : given) {
    if (!i.defined() || i.dtype() != DType::Bool) {
      out.push_back(i);
      continue;
    }
    int at = static_cast<int>(out.size());
    bool fits = at + i.ndim() <= x.ndim();
    for (int d = 0; d < i.ndim() && fits; d++) fits = i.size(d) == x.size(at + d);
    check<ErrorKind::Index>(fits, "index: a mask of shape ", i.shape(), " does not fit dimensions ", at,
                            " and following of a tensor of shape ", x.shape());
    for (Tensor& column : nonzero_tuple(i)) out.push_back(std::move(column));
  }
  check<ErrorKind::Index>(static_cast<int>(out.size()) <= x.ndim(), "index: ", out.size(),
                          " indices are too many for a tensor of shape ", x.shape());
  return out;
}

Tensor index(const Tensor& x, const std::vector<Tensor>& indices) {
  Advanced a = prepare_advanced("index", x, indices);
  return pick(a.places, a.order.empty() ? x : permute(x, a.order), a.indices);
}

namespace {
bool at_index(const std::vector<Tensor>& indices, int d) {
  return d < static_cast<int>(indices.size()) && indices[static_cast<size_t>(d)].defined();
}
}  // namespace

Tensor select_at(const Tensor& x, const std::vector<Tensor>& indices) {
  // Of repeated elements one: the result repeats it.
  Tensor once = x;
  Shape shape;
  for (int d = 0; d < x.ndim(); d++) {
    if (at_index(indices, d)) continue;
    shape.push_back(x.size(d));
    if (x.strides()[d] == 0 && x.size(d) > 1) once = slice(once, d, 0, 1);
  }
  check_traceable(!has_internal_overlap(once), "index: elements of the tensor of shape ", x.shape(), " with strides ",
                  x.strides(), " share memory, and the value of the index is not known; clone() the tensor first");
  Advanced a = prepare_advanced("index", once, indices);
  a.places.select = true;
  Tensor out = pick(a.places, a.order.empty() ? once : permute(once, a.order), a.indices);
  if (interpreter) interpreter->note_shown(out, x);
  return out.shape() == shape ? out : expand(out, shape);
}

Tensor index_put(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& values, bool accumulate) {
  check(values.dtype() == x.dtype(), "index_put: expected values of the tensor's dtype ", x.dtype(), ", got ",
        values.dtype());
  Advanced a = prepare_advanced("index_put", x, indices);
  PutMode mode = accumulate ? PutMode::Add : PutMode::Assign;
  const Tensor source = without_leading_ones(a, x, values);
  if (a.order.empty()) return put(a.places, x, source, a.indices, mode);
  Dims inverse = a.order;
  for (int i = 0; i < a.order.size(); i++) inverse[static_cast<int>(a.order[i])] = i;
  return permute(put(a.places, permute(x, a.order), source, a.indices, mode), inverse);
}

Tensor index_put_(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& values, bool accumulate) {
  check(values.dtype() == x.dtype(), "index_put_: expected values of the tensor's dtype ", x.dtype(), ", got ",
        values.dtype());
  Advanced a = prepare_advanced("index_put", x, indices);
  put(a.places, a.order.empty() ? x : permute(x, a.order), without_leading_ones(a, x, values), a.indices,
      accumulate ? PutMode::Add : PutMode::Assign, true);
  return x;
}

namespace {

// The index of gather and scatter may be smaller than x except along dim.
Tensor checked_gather_index(const char* op, const Tensor& x, const Tensor& given, int dim) {
  Tensor index = at_least_vector(checked_index(op, given));
  bool fits = index.ndim() == x.ndim();
  for (int d = 0; d < x.ndim() && fits; d++) fits = d == dim || index.size(d) <= x.size(d);
  check(fits || (index.numel() == 0 && index.ndim() == x.ndim()), op,
        ": expected an index of at most the tensor's shape ", x.shape(), " apart from dimension ", dim, ", got ",
        given.shape());
  return index;
}

// The part of source that an index uses.
Tensor used_part(const char* op, const Tensor& source, const Tensor& index) {
  if (source.ndim() == 0) return source;  // one number for all
  check(source.ndim() == index.ndim(), op, ": expected a source with the ", index.ndim(), " dimensions of the index ",
        index.shape(), ", got shape ", source.shape());
  Tensor part = source;
  for (int d = 0; d < index.ndim(); d++) {
    check(source.size(d) >= index.size(d), op, ": the source of shape ", source.shape(),
          " is smaller than the index of shape ", index.shape());
    if (source.size(d) != index.size(d)) part = slice(part, d, 0, index.size(d));
  }
  return part;
}

Tensor scatter_by(const char* op, const Tensor& x, int64_t dim, const Tensor& given, const Tensor& source, PutMode mode,
                  bool in_place, bool distinct = false) {
  check(source.dtype() == x.dtype(), op, ": expected a source of the tensor's dtype ", x.dtype(), ", got ",
        source.dtype());
  Tensor target = at_least_vector(x);
  Places places = along(op, target, dim, true);
  places.distinct = distinct;
  Tensor index = checked_gather_index(op, target, given, places.dim);
  Tensor out = put(places, target, x.ndim() == 0 ? at_least_vector(source) : used_part(op, source, index), {index},
                   mode, in_place);
  if (in_place) return x;
  return x.ndim() ? out : reshape(out, {});
}

const char* scatter_name(PutMode mode) { return mode == PutMode::Add ? "scatter_add" : "scatter"; }

}  // namespace

Tensor gather(const Tensor& x, int64_t dim, const Tensor& given) {
  if (given.numel() == 0 && x.ndim() != given.ndim()) {  // nothing is asked for, whatever the dimensions
    normalize_dim("gather", dim, x.shape());
    checked_index("gather", given);
    return reshape(slice(reshape(x, {-1}), 0, 0, 0), given.shape());
  }
  Tensor source = at_least_vector(x);
  Places places = along("gather", source, dim, true);
  Tensor index = checked_gather_index("gather", source, given, places.dim);
  Tensor out = pick(places, source, {index});
  return given.ndim() == 0 ? reshape(out, {}) : out;
}

Tensor scatter(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, PutMode mode) {
  return scatter_by(scatter_name(mode), x, dim, index, source, mode, false);
}
Tensor scatter_as(const char* op, const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  return scatter_by(op, x, dim, index, source, PutMode::Assign, false, true);
}
Tensor scatter_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, PutMode mode) {
  return scatter_by(scatter_name(mode), x, dim, index, source, mode, true);
}

Tensor index_select(const Tensor& x, int64_t dim, const Tensor& given) {
  Tensor index = checked_index("index_select", given), source = at_least_vector(x);
  check<ErrorKind::Index>(index.ndim() <= 1, "index_select: expected a vector of indices, got shape ", given.shape());
  Tensor out = pick(along("index_select", source, dim, false), source, {at_least_vector(index)});
  return x.ndim() ? out : reshape(out, {});
}

Tensor index_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, const Scalar& alpha) {
  Tensor scaled = alpha == Scalar(1) ? source : mul(source, alpha);
  return put_by("index_add", x, dim, index, scaled, PutMode::Add, false);
}
Tensor index_add_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, const Scalar& alpha) {
  Tensor scaled = alpha == Scalar(1) ? source : mul(source, alpha);
  return put_by("index_add", x, dim, index, scaled, PutMode::Add, true);
}
Tensor index_copy(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  return put_by("index_copy", x, dim, index, source, PutMode::Assign, false);
}
Tensor index_copy_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  return put_by("index_copy", x, dim, index, source, PutMode::Assign, true);
}
namespace {

// True in the slices that index names: each place counts once, also where it is named twice.
Tensor filled_places(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& value) {
  check(value.ndim() == 0, "index_fill: expected a number, got a tensor of shape ", value.shape());
  Tensor none = full(x.shape(), Scalar(false), DType::Bool, x.device());
  return put_by("index_fill", none, dim, index, full({}, Scalar(true), DType::Bool, x.device()), PutMode::Assign,
                false);
}

}  // namespace

Tensor index_fill(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& value) {
  return masked_fill(x, filled_places(x, dim, index, value), to_dtype(value, x.dtype()));
}
Tensor index_fill_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& value) {
  return masked_fill_(x, filled_places(x, dim, index, value), to_dtype(value, x.dtype()));
}

Tensor pick_rows(const char* op, const Tensor& x, const Tensor& index) {
  return pick({op, false, false, 0, 1}, x, {checked_index(op, index)});
}

Tensor take(const Tensor& x, const Tensor& given) {
  Tensor index = checked_index("take", given);
  // The message names x's own shape
  Tensor flat = reshape(x, {-1});
  try {
    return pick({"take", false, true, 0, 1}, flat, {index});
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::Index) throw;
    fail<ErrorKind::Index>(e.message(), " (the input has shape ", x.shape(), ")");
  }
}

Tensor take_along_dim(const Tensor& x, const Tensor& given, std::optional<int64_t> dim) {
  constexpr const char* kOp = "take_along_dim";
  Tensor index = checked_index(kOp, given);
  if (!dim) return pick({kOp, false, true, 0, 1}, reshape(x, {-1}), {reshape(index, {-1})});
  check(x.ndim() == index.ndim(), kOp, ": expected an index with the ", x.ndim(), " dimensions of the input of shape ",
        x.shape(), ", got shape ", given.shape());
  int d = normalize_dim(kOp, *dim, x.ndim());
  if (x.ndim() == 0) return reshape(pick({kOp, false, true, 0, 1}, reshape(x, {1}), {reshape(index, {1})}), {});
  Shape left = x.shape(), right = index.shape();
  left[d] = right[d] = 1;
  Shape common = broadcast_shapes(kOp, left, right), x_shape = common, index_shape = common;
  x_shape[d] = x.size(d);
  index_shape[d] = index.size(d);
  Places places{kOp, true, true, d, 1};
  return pick(places, expand(x, x_shape), {expand(index, index_shape)});
}

// Batch rules

namespace {

BasicKey behind_one(const BasicKey& key, int64_t size) {
  BasicKey shifted = key;
  shifted.starts.insert(0, 0);
  shifted.steps.insert(0, 1);
  shifted.counts.insert(0, size);
  shifted.new_axes = behind(key.new_axes);
  return shifted;
}
BasicIndex behind_one(const BasicIndex& op, int64_t size) { return BasicIndex(behind_one(op.key, size)); }
const BatchByShift<BasicIndex, behind_one, false> batch_BasicIndex;

// With the dimensions that the indices replace first, behind the batch's, and those before them behind these.
struct Rearranged {
  Dims order, back;  // of x; back: of the result, to where the program sees its dimensions
  Rearranged(const Places& places, int ndim, int index_dims) {
    const int lead = places.dim, rest = ndim - lead - places.count;
    order.push_back(0);
    for (int d = 0; d < places.count; d++) order.push_back(1 + lead + d);
    for (int d = 0; d < lead; d++) order.push_back(1 + d);
    for (int d = 0; d < rest; d++) order.push_back(1 + lead + places.count + d);
    // (B, index, lead, rest) as (B, lead, index, rest)
    back.push_back(0);
    for (int d = 0; d < lead; d++) back.push_back(1 + index_dims + d);
    for (int d = 0; d < index_dims; d++) back.push_back(1 + d);
    for (int d = 0; d < rest; d++) back.push_back(1 + index_dims + lead + d);
  }
};
Dims inverse_of(const Dims& order) {
  Dims inverse = order;
  for (int i = 0; i < order.size(); i++) inverse[static_cast<int>(order[i])] = i;
  return inverse;
}

// The indices of the batch's elements, and the given ones.
std::vector<Tensor> with_elements(const BatchCall& call, int first, int count) {
  std::vector<Tensor> indices;
  Shape shape = Shape::filled(call.logical[first].ndim() + 1, 1);
  shape[0] = call.size;
  Tensor elements = reshape(arange(call.size, call.in[first].tensor.device()), shape);
  Shape whole = call.whole(first).shape();
  indices.push_back(expand(elements, whole));
  for (int k = 0; k < count; k++) indices.push_back(call.whole(first + k));
  return indices;
}
Places behind_one(const Places& places) {
  Places shifted = places;
  shifted.dim++;
  shifted.select = false;
  return shifted;
}
bool any_index_batched(const BatchCall& call, int first) {
  for (int i = first; i < call.count; i++)
    if (call.in[i].batched) return true;
  return false;
}
std::vector<Tensor> indices_of(const BatchCall& call, int first, bool whole) {
  std::vector<Tensor> indices;
  for (int i = first; i < call.count; i++) indices.push_back(whole ? call.whole(i) : call.in[i].tensor);
  return indices;
}

WEFT_FORWARD_LINEAR(Pick);
WEFT_FORWARD_RULE(Put) { return op.differentiable() && forward_linear(call); }

WEFT_BATCH_RULE(Pick) {
  const Places& places = op.places;
  if (places.gather || !any_index_batched(call, 1)) {
    call.out[0] = {pick(behind_one(places), call.whole(0), indices_of(call, 1, places.gather)), true};
    return;
  }
  if (!call.in[0].batched) {  // the batch is one more dimension of the indices
    Places own = places;
    own.select = false;
    const Tensor found = pick(own, call.in[0].tensor, indices_of(call, 1, true));
    call.out[0] = {movedim(found, {places.dim}, {0}), true};
    return;
  }
  const Rearranged r(places, call.logical[0].ndim(), call.logical[1].ndim());
  const Places all{places.op, false, places.wrap, 0, places.count + 1};
  Tensor found = pick(all, permute(call.whole(0), r.order), with_elements(call, 1, places.count));
  call.out[0] = {permute(found, r.back), true};
}
WEFT_BATCH_RULE(Put) {
  const Places& places = op.places;
  const Tensor* logical[kMaxDims];
  for (int k = 0; k < places.count; k++) logical[k] = &call.logical[2 + k];
  Shape wanted = result_shape(places, call.logical[0].shape(), logical);
  Shape lined = call.logical[1].shape();
  while (lined.size() < wanted.size()) lined.insert(0, 1);
  Tensor source = call.whole(1);
  lined.insert(0, call.size);
  wanted.insert(0, call.size);
  source = expand(reshape(source, lined), wanted);
  if (places.gather || !any_index_batched(call, 2)) {
    call.out[0] = {put(behind_one(places), call.whole(0), source, indices_of(call, 2, places.gather), op.mode), true};
    return;
  }
  const Rearranged r(places, call.logical[0].ndim(), call.logical[2].ndim());
  Places all{places.op, false, places.wrap, 0, places.count + 1, places.distinct};
  Tensor done = put(all, permute(call.whole(0), r.order), permute(source, inverse_of(r.back)),
                    with_elements(call, 2, places.count), op.mode);
  call.out[0] = {permute(done, inverse_of(r.order)), true};
}

}  // namespace

// What programs are saved with

namespace {

WEFT_OP_AS(BasicIndex, "basic_index", 1);
WEFT_OP(Pick);
WEFT_OP(Put);

}  // namespace

}  // namespace weft
