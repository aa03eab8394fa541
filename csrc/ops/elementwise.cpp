#include "ops/elementwise.h"

#include <array>
#include <optional>

#include "kernels/elementwise.h"
#include "kernels/tile.h"
#include "op/apply.h"
#include "op/registry.h"
#include "op/tile_code.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/kept_layout.h"
#include "ops/promotion.h"
#include "ops/tensor_math.h"

namespace weft {

constinit KernelTable<TileKernel> tile_kernel{"tile"};
constinit KernelTable<TileEpilogueKernel> tile_epilogue_kernel{"tile epilogue"};
constinit KernelTable<FoldTilesKernel> fold_tiles_kernel{"fold of tiles"};
constinit KernelTable<UnaryKernel> unary_kernel{"elementwise unary"};
constinit KernelTable<UnaryBackwardKernel> unary_backward_kernel{"elementwise unary backward"};
constinit KernelTable<BinaryKernel> binary_kernel{"elementwise binary"};
constinit KernelTable<WhereKernel> where_kernel{"where"};
constinit KernelTable<CopyKernel> copy_kernel{"copy"};
constinit KernelTable<CopyRunsKernel> copy_runs_kernel{"copy of runs"};
constinit KernelTable<HasZeroKernel> has_zero_kernel{"has_zero"};
constinit KernelTable<FillKernel> fill_kernel{"fill"};

WEFT_FIELDS_OF(scalar::Params, a, b, c);

// A function by its place in the list; saved and printed by its name.
template <class List>
struct FunctionIn {
  int place = 0;
  operator int() const { return place; }
  bool operator==(const FunctionIn&) const = default;
};

template <class... Entries>
constexpr std::array<const char*, sizeof...(Entries)> names_in(scalar::EntryList<Entries...>) {
  return {Entries::name...};
}
template <class List>
const char* field_value_name(FunctionIn<List> f) {
  return names_in(List{})[static_cast<size_t>(f.place)];
}
template <class List>
void hash_field(size_t& seed, FunctionIn<List> f) {
  hash_field(seed, f.place);
}
template <class List>
struct FieldCodec<FunctionIn<List>> {
  static SavedField save(FunctionIn<List> f) { return {std::string(field_value_name(f))}; }
  static FunctionIn<List> load(const SavedField& f) {
    const auto& name = saved_as<std::string>(f, "the name of a function");
    constexpr auto names = names_in(List{});
    for (size_t i = 0; i < names.size(); i++)
      if (name == names[i]) return {static_cast<int>(i)};
    fail<ErrorKind::Value>("there is no function ", name.substr(0, 60));
  }
};

enum class NumberSide : uint8_t { None, Left, Right };
template <>
constexpr int64_t kEnumSize<NumberSide> = 3;

namespace {

using scalar::Params;
using UnaryFunction = FunctionIn<scalar::UnaryList>;
using BinaryFunction = FunctionIn<scalar::BinaryList>;

// What the ops know of an entry of the unary list.
struct UnaryInfo {
  const char* name;
  scalar::Result result;
  scalar::Keep keep;
  scalar::Backward backward;
  bool complex;
  Tensor (*df)(const Tensor& g, const Tensor& x, const Tensor& y, const Params& p);
};

template <class Entry>
Tensor unary_df(const Tensor& g, const Tensor& x, const Tensor& y, const Params& p) {
  return Entry::template df<Tensor>(g, x, y, p);
}

template <class... Entries>
const UnaryInfo& unary_info(scalar::EntryList<Entries...>, int i) {
  static constexpr UnaryInfo infos[] = {{Entries::name, Entries::result, Entries::keep, Entries::backward,
                                         scalar::contains<Entries>(scalar::ComplexUnaryList{}), &unary_df<Entries>}...};
  return infos[i];
}
const UnaryInfo& unary_info(int function) { return unary_info(scalar::UnaryList{}, function); }

// "elu(0.5)": the numbers up to the last that is not zero.
std::string text_of(const std::string& name, const Params& p) {
  std::string numbers;
  const double all[] = {p.a, p.b, p.c};
  for (int last = 2, i = 0; last >= 0 && numbers.empty(); last--)
    if (all[last] != 0)
      for (; i <= last; i++) numbers += concat(i ? ", " : "", all[i]);
  return concat(name, "(", numbers, ")");
}

struct UnaryBackward : OpOf<UnaryBackward> {
  static constexpr const char* kName = "unary_backward";
  static constexpr Traits kTraits{.elementwise = true, .decomposes = true};
  UnaryFunction function;
  Params params;
  WEFT_FIELDS(function, params);
  void check_inputs(const InputCheck& in) const { in.count(2).floating(0).floating(1); }
  UnaryBackward(UnaryFunction f, const Params& p) : function(f), params(p) {}
  std::string text() const override { return text_of(concat(unary_info(function).name, "_backward"), params); }

  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {broadcast_shapes(kName, in[0].shape(), in[1].shape()), in[1].dtype(), {}};
    out[0].strides = kept_strides(out[0].shape, in);
  }
  void run(Inputs in, const Tensor* out) const override {
    unary_backward_kernel(out[0].device(), function, view_of(out[0]), view_of(in[0]), view_of(in[1]),
                          compute_type(out[0].dtype()), params);
  }
  int tile(TileCode& code, Inputs in, const int* operands) const override {
    DType dtype = in[1].dtype();
    if (compute_type(dtype) != code.compute()) return -1;
    return code.add(TileOp::UnaryBackward, dtype, operands[0], operands[1], -1, function, params);
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    return {unary_info(function).df(in[0], in[1], in[1], params)};
  }
};

// Do small relative errors of the argument, or the range of the result, spoil it in a half type?
bool is_sensitive(int function) {
  using namespace scalar;
  constexpr UnaryList all{};
  constexpr int list[] = {
      index_in<Exp>(all),        index_in<Exp2>(all),  index_in<Expm1>(all),  index_in<Log>(all),
      index_in<Log2>(all),       index_in<Log10>(all), index_in<Log1p>(all),  index_in<Rsqrt>(all),
      index_in<Reciprocal>(all), index_in<Tan>(all),   index_in<Asin>(all),   index_in<Acos>(all),
      index_in<Sinh>(all),       index_in<Cosh>(all),  index_in<Erfinv>(all), index_in<Softplus>(all)};
  for (int f : list)
    if (f == function) return true;
  return false;
}

struct Unary : OpOf<Unary> {
  static constexpr const char* kName = "unary";
  static constexpr Traits kTraits{.elementwise = true};
  UnaryFunction function;
  Params params;
  WEFT_FIELDS(function, params);
  void check_inputs(const InputCheck& in) const { in.count(1); }
  Unary(UnaryFunction f, const Params& p) : function(f), params(p) {
    traits_.differentiable = unary_info(function).keep != scalar::Keep::Never;
    traits_.complex = unary_info(function).complex;
    if (is_sensitive(function)) traits_.autocast = AutocastRule::Float32;
  }

  const char* name() const override { return unary_info(function).name; }
  std::string text() const override { return text_of(name(), params); }
  void infer(Inputs in, OutputSpec* out) const override {
    const UnaryInfo& info = unary_info(function);
    DType t = in[0].dtype();
    bool negates_bool = t == DType::Bool && function == index_in<scalar::Neg>(scalar::UnaryList{});
    check(!negates_bool, "neg: bool tensors have no negative; use logical_not (~) instead");
    if (info.result == scalar::Result::Bool) t = DType::Bool;
    if (info.result == scalar::Result::Float && !is_inexact(t)) t = default_float_dtype();
    // A power with an integer exponent.
    if (t == DType::Bool && function == index_in<scalar::Square>(scalar::UnaryList{})) t = DType::Int64;
    out[0] = {in[0].shape(), t, kept_strides(in[0].shape(), in)};
  }
  void run(Inputs in, const Tensor* out) const override {
    DType t = unary_info(function).result == scalar::Result::Float ? out[0].dtype() : in[0].dtype();
    unary_kernel(out[0].device(), function, view_of(out[0]), view_of(in[0]), compute_type(t), params);
  }
  int tile(TileCode& code, Inputs in, const int* operands) const override {
    OutputSpec out;
    infer(in, &out);
    DType t = unary_info(function).result == scalar::Result::Float ? out.dtype : in[0].dtype();
    // Truth values are numbers in any type.
    bool truth = in[0].dtype() == DType::Bool && unary_info(function).result == scalar::Result::Bool;
    if (!truth && compute_type(t) != code.compute()) return -1;
    return code.add(TileOp::Unary, out.dtype, operands[0], -1, -1, function, params);
  }
  Saves saves(uint32_t) const override {
    scalar::Keep keep = unary_info(function).keep;
    return {.inputs = keep == scalar::Keep::Input, .outputs = keep == scalar::Keep::Output};
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    const UnaryInfo& info = unary_info(function);
    switch (info.keep) {
      case scalar::Keep::Zero:
      case scalar::Keep::Never:
        grads[0] = zeros_like(v.grad());
        return;
      case scalar::Keep::Nothing:
        grads[0] = info.df(v.grad(), {}, {}, params);
        return;
      case scalar::Keep::Input:
      case scalar::Keep::Output: {
        Tensor kept = conj(info.keep == scalar::Keep::Input ? v.input(0) : v.output());
        if (info.backward == scalar::Backward::Fused && !is_complex(kept.dtype()))
          grads[0] = apply(UnaryBackward(function, params), v.grad(), kept);
        else
          grads[0] = info.df(v.grad(), kept, kept, params);
      }
    }
  }
};

struct BinaryInfo {
  const char* name;
  scalar::BinaryResult result;
  bool differentiable;
  bool complex;
  uint8_t a_keeps, b_keeps;
  Tensor (*da)(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor& y, const Params& p);
  Tensor (*db)(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor& y, const Params& p);
};

template <class... Entries>
const BinaryInfo& binary_info(scalar::EntryList<Entries...>, int i) {
  static constexpr BinaryInfo infos[] = {{Entries::name, Entries::result, Entries::differentiable,
                                          scalar::contains<Entries>(scalar::ComplexBinaryList{}), Entries::a_keeps,
                                          Entries::b_keeps, &Entries::template da<Tensor, Tensor, Tensor>,
                                          &Entries::template db<Tensor, Tensor, Tensor>}...};
  return infos[i];
}
const BinaryInfo& binary_info(int function) { return binary_info(scalar::BinaryList{}, function); }

Scalar conj(const Scalar& s) {
  return s.is_complex() ? Scalar(Complex128{s.to_complex().real, -s.to_complex().imag}) : s;
}

bool is_equality(int function) {
  constexpr scalar::BinaryList all{};
  return function == index_in<scalar::Eq>(all) || function == index_in<scalar::Ne>(all);
}

// a op b, where one of them may be a number, which is then no input but an attribute.
struct Binary : OpOf<Binary> {
  static constexpr const char* kName = "binary";
  static constexpr Traits kTraits{.elementwise = true};
  BinaryFunction function;
  NumberSide side = NumberSide::None;
  Scalar number;
  WEFT_FIELDS(function, side, number);
  void check_inputs(const InputCheck& in) const { in.count(side == NumberSide::None ? 2 : 1); }
  explicit Binary(BinaryFunction f, NumberSide s = NumberSide::None, const Scalar& n = Scalar(0))
      : function(f), side(s), number(n) {
    traits_.differentiable = binary_info(function).differentiable;
    traits_.complex = binary_info(function).complex;
    traits_.any_dtype = is_equality(function);
    if (function == index_in<scalar::Pow>(scalar::BinaryList{})) traits_.autocast = AutocastRule::Float32;
  }

  const char* name() const override { return binary_info(function).name; }
  std::string text() const override {
    if (side == NumberSide::None) return concat(name(), "()");
    return side == NumberSide::Left ? concat(name(), "(", number, ", x)") : concat(name(), "(x, ", number, ")");
  }

  DType promoted(Inputs in) const {
    return side == NumberSide::None ? result_type(in[0], in[1]) : result_type(in[0], number);
  }
  // The dtype that the formula is computed in.
  DType operand_dtype(Inputs in) const {
    DType t = promoted(in);
    return binary_info(function).result == scalar::BinaryResult::Divided && !is_inexact(t) ? default_float_dtype() : t;
  }

  void infer(Inputs in, OutputSpec* out) const override {
    const BinaryInfo& info = binary_info(function);
    DType t = operand_dtype(in);
    const bool fits =
        !number.is_big() || !is_integral(t) || (number.kind() == Scalar::Kind::UInt && t == DType::UInt64);
    if (!fits)
      fail<ErrorKind::Overflow>(info.name, ": an integer of about ", number.to_double(), " does not fit ",
                                compute_type(t), ", in which dtype ", t, " is computed");
    check<ErrorKind::NotImplemented>(takes(t), info.name, ": dtype ", in[0].dtype(), " beside the number ", number,
                                     " is computed in ", t, ", for which it is not defined");
    if (info.result == scalar::BinaryResult::Integer)
      check(!is_inexact(t), info.name, ": expected integer or bool tensors, got dtype ", t);
    bool subtracts_bool = t == DType::Bool && function == index_in<scalar::Sub>(scalar::BinaryList{});
    check(!subtracts_bool, "sub: bool tensors cannot be subtracted; use logical_xor (^) or logical_not (~) instead");
    if (info.result == scalar::BinaryResult::Bool) t = DType::Bool;
    if (side == NumberSide::None) {
      out[0] = {broadcast_shapes(info.name, in[0].shape(), in[1].shape()), t, {}};
      if (!in[0].is_contiguous() || !in[1].is_contiguous()) out[0].strides = kept_strides(out[0].shape, in);
    } else {
      out[0] = {in[0].shape(), t, in[0].is_contiguous() ? Strides{} : kept_strides(in[0].shape(), in)};
    }
  }

  void run(Inputs in, const Tensor* out) const override {
    DType compute = compute_type(operand_dtype(in));
    NumberView value(number);
    StridedView a = side == NumberSide::Left ? value.view() : view_of(in[0]);
    StridedView b = side == NumberSide::Right ? value.view() : view_of(in[side == NumberSide::None ? 1 : 0]);
    binary_kernel(out[0].device(), function, view_of(out[0]), a, b, compute);
  }

  int tile(TileCode& code, Inputs in, const int* operands) const override {
    OutputSpec out;
    infer(in, &out);
    bool truth = side == NumberSide::None && in[0].dtype() == DType::Bool && in[1].dtype() == DType::Bool &&
                 binary_info(function).result == scalar::BinaryResult::Bool;
    if (!truth && compute_type(operand_dtype(in)) != code.compute()) return -1;
    if (side == NumberSide::None) return code.add(TileOp::Binary, out.dtype, operands[0], operands[1], -1, function);
    constexpr int64_t kExact = int64_t{1} << 53;
    if (number.is_complex()) return -1;
    if (!number.is_float() && !number.is_big() && (number.to_int() > kExact || number.to_int() < -kExact)) return -1;
    int n = code.constant(number.to_double());
    bool left = side == NumberSide::Left;
    return code.add(TileOp::Binary, out.dtype, left ? n : operands[0], left ? operands[0] : n, -1, function);
  }
  // x * 1, x / 1 and x - 0. Not x + 0, which makes 0 of -0.
  int same_as_input() const override {
    using namespace scalar;
    constexpr BinaryList all{};
    if (number.is_complex()) return -1;
    double n = number.to_double();
    bool one = n == 1 && (function == index_in<Mul>(all) || function == index_in<Div>(all));
    bool zero = n == 0 && function == index_in<Sub>(all);
    return side == NumberSide::Right && (one || zero) ? 0 : -1;
  }
  Saves saves(uint32_t needs) const override {
    const BinaryInfo& info = binary_info(function);
    bool wants_a = side == NumberSide::Left ? false : needs & 1;
    bool wants_b = side == NumberSide::None ? needs & 2 : side == NumberSide::Left && (needs & 1);
    auto reads = static_cast<uint8_t>((wants_a ? info.a_keeps : 0) | (wants_b ? info.b_keeps : 0));
    uint32_t inputs = side == NumberSide::None    ? (reads & 3u)
                      : side == NumberSide::Right ? (reads & scalar::kA ? 1u : 0u)
                                                  : (reads & scalar::kB ? 1u : 0u);
    return {.inputs = inputs, .outputs = reads & scalar::kY ? 1u : 0u};
  }

  void vjp(const Vjp& v, Tensor* grads) const override {
    const BinaryInfo& info = binary_info(function);
    const Tensor& g = v.grad();
    // Powers have a branch cut, and the conjugate of a negative real number lies on its other side.
    const bool has_cut = is_complex(g.dtype()) && function == index_in<scalar::Pow>(scalar::BinaryList{});
    auto conjugate = [&](const Tensor& t) { return conj(has_cut ? to_dtype(t, g.dtype()) : t); };
    if (side == NumberSide::None) {
      auto reads = static_cast<uint8_t>((v.needs(0) ? info.a_keeps : 0) | (v.needs(1) ? info.b_keeps : 0));
      Tensor a = reads & scalar::kA ? conjugate(v.input(0)) : Tensor();
      Tensor b = reads & scalar::kB ? conjugate(v.input(1)) : Tensor();
      Tensor y = reads & scalar::kY ? conjugate(v.output()) : Tensor();
      if (v.needs(0)) grads[0] = info.da(g, a, b, y, {});
      if (v.needs(1)) grads[1] = info.db(g, a, b, y, {});
      return;
    }
    bool right = side == NumberSide::Right;
    // The two that need no tensor made of the number.
    if (function == index_in<scalar::Mul>(scalar::BinaryList{})) {
      grads[0] = mul(g, conj(number));
      return;
    }
    if (right && function == index_in<scalar::Div>(scalar::BinaryList{})) {
      grads[0] = div(g, conj(number));
      return;
    }
    uint8_t reads = right ? info.a_keeps : info.b_keeps;
    uint8_t own = right ? scalar::kA : scalar::kB;
    Tensor x = reads & own ? conjugate(v.input(0)) : Tensor();
    Tensor y = reads & scalar::kY ? conjugate(v.output()) : Tensor();
    Tensor n =
        reads & (right ? scalar::kB : scalar::kA) ? conj(scalar_tensor(number, g.dtype(), g.device())) : Tensor();
    grads[0] = right ? info.da(g, x, n, y, {}) : info.db(g, n, x, y, {});
  }
};

// Raises an error where a divisor is zero.
struct DivisorCheck : OpOf<DivisorCheck> {
  static constexpr const char* kName = "check_divisor";
  static constexpr Traits kTraits{.pure = false, .differentiable = false};
  BinaryFunction function;
  WEFT_FIELDS(function);
  void check_inputs(const InputCheck& in) const { in.count(1); }
  explicit DivisorCheck(BinaryFunction f) : function(f) {}
  int num_outputs() const override { return 0; }
  void infer(Inputs, OutputSpec*) const override {}
  void run(Inputs in, const Tensor*) const override {
    bool found = false;
    set_allocation_tag(binary_info(function).name);  // for devices that raise the error later
    if (in[0].numel()) has_zero_kernel(in[0].device(), view_of(in[0]), &found);
    check(!found, binary_info(function).name, ": integer division by zero");
  }
};

// An integer quotient by zero has no value.
void check_divisor(int function, const Tensor& b) {
  using namespace scalar;
  if (is_inexact(b.dtype())) return;
  constexpr int guarded[] = {index_in<FloorDivide>(BinaryList{}), index_in<DivFloor>(BinaryList{}),
                             index_in<TruncDivide>(BinaryList{}), index_in<Remainder>(BinaryList{}),
                             index_in<Fmod>(BinaryList{})};
  for (int f : guarded)
    if (f == function) apply_check(DivisorCheck(BinaryFunction{function}), b);
}
void check_divisor(int function, const Tensor& a, const Scalar& b) {
  if (b.is_complex() || is_complex(a.dtype())) return;
  bool fraction = function == index_in<scalar::Pow>(scalar::BinaryList{}) && !is_real_floating(a.dtype()) &&
                  !b.is_float() && b.to_double() < 0;
  check(!fraction, "pow: ", a.dtype(), " to the negative power ", b,
        " is no integer; convert the tensor with .float() first");
  if (is_real_floating(a.dtype()) || b.is_float() || b.to_double() != 0) return;
  Tensor zero = scalar_tensor(b, DType::Int64, {});
  check_divisor(function, zero);
}

// uint64 with a negative number, which uint64 does not hold: a comparison has one outcome, and other functions than
// those that wrap around have no exact one.
std::optional<Tensor> beside_negative(int function, const Tensor& x, const Scalar& number, bool number_first) {
  if (x.dtype() != DType::UInt64 || number.kind() != Scalar::Kind::Int || number.to_int() >= 0) return {};
  using namespace scalar;
  constexpr BinaryList all{};
  auto is = [&](auto... f) { return ((function == f) || ...); };
  const bool less = is(index_in<Lt>(all), index_in<Le>(all)), greater = is(index_in<Gt>(all), index_in<Ge>(all));
  if (less || greater || is_equality(function))
    return full(x.shape(), Scalar(is(index_in<Ne>(all)) || (number_first ? less : greater)), DType::Bool, x.device());
  const bool wraps = is(index_in<Add>(all), index_in<Sub>(all), index_in<Mul>(all), index_in<BitwiseAnd>(all),
                        index_in<BitwiseOr>(all), index_in<BitwiseXor>(all)) ||
                     binary_info(function).result == BinaryResult::Divided ||
                     binary_info(function).result == BinaryResult::Bool;
  check(wraps, binary_info(function).name, ": the negative number ", number,
        " does not fit dtype uint64; convert the tensor with .to(weft.int64) or .double() first");
  return {};
}

}  // namespace

Tensor unary(int function, const Tensor& x, const Params& params) {
  if (is_complex(x.dtype()))
    if (std::optional<Tensor> y = of_complex(function, x)) return *y;
  return apply(Unary(UnaryFunction{function}, params), x);
}
Tensor unary_(int function, const Tensor& x, const Params& params) {
  return apply_inplace(Unary(UnaryFunction{function}, params), x);
}

Tensor binary(int function, const Tensor& a, const Tensor& b) {
  if (is_complex(a.dtype()) || is_complex(b.dtype()))
    if (std::optional<Tensor> y = of_complex(function, a, b)) return *y;
  if (!is_inexact(a.dtype())) check_divisor(function, b);
  return apply(Binary(BinaryFunction{function}), a, b);
}
Tensor binary(int function, const Tensor& a, const Scalar& b) {
  check_divisor(function, a, b);
  if (std::optional<Tensor> known = beside_negative(function, a, b, false)) return *known;
  return apply(Binary(BinaryFunction{function}, NumberSide::Right, b), a);
}
Tensor binary(int function, const Scalar& a, const Tensor& b) {
  if (!a.is_float()) check_divisor(function, b);
  if (std::optional<Tensor> known = beside_negative(function, b, a, true)) return *known;
  return apply(Binary(BinaryFunction{function}, NumberSide::Left, a), b);
}
Tensor binary_(int function, const Tensor& a, const Tensor& b) {
  if (!is_inexact(a.dtype())) check_divisor(function, b);
  return apply_inplace(Binary(BinaryFunction{function}), a, b);
}
Tensor binary_(int function, const Tensor& a, const Scalar& b) {
  check_divisor(function, a, b);
  beside_negative(function, a, b, false);
  return apply_inplace(Binary(BinaryFunction{function}, NumberSide::Right, b), a);
}

Tensor bitwise_not(const Tensor& x) {
  check<ErrorKind::Type>(x.dtype() == DType::Bool || is_integral(x.dtype()),
                         "bitwise_not: expected an integer or bool tensor, got dtype ", x.dtype());
  return x.dtype() == DType::Bool ? logical_not(x) : unary_of<scalar::BitwiseNot>(x);
}

Tensor gelu(const Tensor& x, const std::string& approximate) {
  check(approximate == "none" || approximate == "tanh", "gelu: approximate must be 'none' or 'tanh', got '",
        approximate, "'");
  check(is_real_floating(x.dtype()), "gelu: expected a floating point tensor, got dtype ", x.dtype());
  return approximate == "tanh" ? unary_of<scalar::GeluTanh>(x) : unary_of<scalar::Gelu>(x);
}

bool is_unary(const Op& op, int function) {
  const auto* unary = dynamic_cast<const Unary*>(&op);
  return unary && unary->function == function && unary->params == Params{};
}
bool is_unary_backward(const Op& op, int function) {
  const auto* backward = dynamic_cast<const UnaryBackward*>(&op);
  return backward && backward->function == function && backward->params == Params{};
}

// What programs are saved with

namespace {

WEFT_OP(UnaryBackward);
WEFT_OP(Unary);
WEFT_OP(Binary);
WEFT_OP(DivisorCheck);

}  // namespace

}  // namespace weft
