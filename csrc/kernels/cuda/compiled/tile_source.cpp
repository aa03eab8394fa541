#include "kernels/cuda/compiled/tile_source.h"

#include <charconv>
#include <cmath>

#include "core/error.h"

namespace weft::cuda {

namespace {

using Step = TileForm::Step;

const char* type_name(DType t) {
  switch (t) {
#define WEFT_X(T, name) \
  case DType::name:     \
    return #T;
    WEFT_DTYPES(WEFT_X)
#undef WEFT_X
  }
  return "";
}

template <class... Entries>
const char* entry_name(scalar::EntryList<Entries...>, int i) {
  static constexpr const char* names[] = {Entries::name...};
  return names[i];
}

std::string number(double v) {
  if (std::isnan(v)) return "__builtin_nan(\"\")";
  if (std::isinf(v)) return v < 0 ? "-__builtin_inf()" : "__builtin_inf()";
  char text[40];  // not by printf, whose decimal point is the locale's
  char* end = std::to_chars(text, text + sizeof text, std::fabs(v), std::chars_format::hex).ptr;
  return concat(std::signbit(v) ? "-0x" : "0x", std::string(text, end));
}

std::string params(const scalar::Params& p) {
  return concat("Params{", number(p.a), ", ", number(p.b), ", ", number(p.c), "}");
}

class Writer {
 public:
  explicit Writer(const TileForm& form)
      : f_(form), inputs_(static_cast<int>(form.inputs.size())), outputs_(static_cast<int>(form.outputs.size())) {
    for (Step s : f_.steps) numbers_ += s == Step::Number;
  }

  std::string run() {
    line("#include \"kernels/cuda/compiled/program.h\"");
    line("namespace weft::cuda {");
    line("using C = ", f_.compute == DType::Float64 ? "double" : "float", ";");
    write_call();
    write_program();
    write_locate();
    write_element();
    f_.pack > 1 ? write_packed() : write_strided();
    line("}");
    return std::move(text_);
  }

 private:
  template <class... Parts>
  void line(const Parts&... parts) {
    text_ += concat(parts...);
    text_ += '\n';
  }
  Step step(int operand) const { return f_.steps[static_cast<size_t>(operand)]; }
  const char* in_type(int k) const { return type_name(f_.inputs[static_cast<size_t>(k)]); }
  const char* out_type(int k) const { return type_name(f_.outputs[static_cast<size_t>(k)]); }

  void write_call() {
    int numbers = numbers_ + f_.num_constants;
    line("struct Call {");
    line("  void* out[", outputs_, "];");
    if (inputs_) line("  const void* in[", inputs_, "];");
    if (numbers) line("  C number[", numbers, "];");
    line("  uint32_t numel;");
    line("  Divisor size[", f_.ndim, "];");
    line("  int32_t strides[", inputs_ + 1, "][", f_.ndim, "];");
    line("};");
  }

  // y = the program's outputs for inputs x.
  void write_program() {
    line("__device__ __forceinline__ void program(const Call& call, const C* x, C* y) {");
    std::vector<std::string> r(kMaxTileRegisters);
    int next_number = 0;
    for (int k = 0; k < inputs_; k++)
      r[static_cast<size_t>(k)] =
          step(k + 1) == Step::Number ? concat("call.number[", next_number++, "]") : concat("x[", k, "]");
    for (int k = 0; k < f_.num_constants; k++)
      r[static_cast<size_t>(inputs_ + k)] = concat("call.number[", numbers_ + k, "]");
    int next = 0;
    for (const TileInstruction& i : f_.instructions) {
      std::string name = concat("v", next++);
      line("  const C ", name, " = ", rounded(value(i, r), i.dtype), ";", remark(i));
      r[i.result] = name;
    }
    for (int k = 0; k < outputs_; k++) line("  y[", k, "] = ", r[f_.registers[static_cast<size_t>(k)]], ";");
    line("}");
  }

  static std::string value(const TileInstruction& i, const std::vector<std::string>& r) {
    const std::string &a = r[i.operands[0]], &b = r[i.operands[1]], &c = r[i.operands[2]];
    switch (i.op) {
      case TileOp::Unary:
        return concat("static_cast<C>(Unary<", int{i.function}, ">::f<C>(", a, ", ", params(i.params), "))");
      case TileOp::UnaryBackward:
        return concat("Unary<", int{i.function}, ">::df<C>(", a, ", ", b, ", ", b, ", ", params(i.params), ")");
      case TileOp::Binary:
        return concat("static_cast<C>(Binary<", int{i.function}, ">::f<C>(", a, ", ", b, ", ", params(i.params), "))");
      case TileOp::Where:
        return concat(a, " != C(0) ? ", b, " : ", c);
      case TileOp::MaskedScale:
        return concat(b, " != C(0) ? ", a, " * static_cast<C>(", number(i.params.a), ") : C(0)");
      case TileOp::Copy:
        return a;
    }
    return a;
  }

  static std::string rounded(const std::string& v, DType dtype) {
    switch (dtype) {
      case DType::Float16:
      case DType::BFloat16:
        return concat("convert<C>(convert<", type_name(dtype), ">(static_cast<C>(", v, ")))");
      case DType::Float32:
        return concat("static_cast<C>(static_cast<float>(", v, "))");
      default:
        return v;
    }
  }

  static std::string remark(const TileInstruction& i) {
    if (i.op == TileOp::Unary) return concat("  // ", entry_name(scalar::UnaryList{}, i.function));
    if (i.op == TileOp::UnaryBackward) return concat("  // ", entry_name(scalar::UnaryList{}, i.function), " backward");
    if (i.op == TileOp::Binary) return concat("  // ", entry_name(scalar::BinaryList{}, i.function));
    return {};
  }

  // at[k] = where element i of operand k lies; the outputs are operand 0.
  void write_locate() {
    int last = f_.ndim - 1;
    line("__device__ __forceinline__ void locate(const Call& call, uint32_t i, int64_t* at) {");
    std::string rest = "i";
    for (int d = last; d > 0; d--) {
      line("  const uint32_t q", d, " = call.size[", d, "].divide(", rest, "), r", d, " = ", rest, " - q", d,
           " * call.size[", d, "].d;");
      rest = concat("q", d);
    }
    line("  const uint32_t r0 = ", rest, ";");
    for (int k = 0; k <= inputs_; k++) {
      if (step(k) == Step::Number) continue;
      std::string sum = step(k) == Step::One    ? concat("static_cast<int64_t>(r", last, ")")
                        : step(k) == Step::None ? std::string("0")
                                                : product(k, last);
      for (int d = last - 1; d >= 0; d--) sum += " + " + product(k, d);
      line("  at[", k, "] = ", sum, ";");
    }
    line("}");
  }
  static std::string product(int operand, int d) {
    return concat("static_cast<int64_t>(r", d, ") * call.strides[", operand, "][", d, "]");
  }

  // One element.
  void write_element() {
    line("__device__ __forceinline__ void element(const Call& call, const int64_t* at) {");
    line("  C x[", std::max(inputs_, 1), "], y[", outputs_, "];");
    for (int k = 0; k < inputs_; k++)
      if (step(k + 1) != Step::Number)
        line("  x[", k, "] = convert<C>(*input<", in_type(k), ">(call.in[", k, "], at[", k + 1, "]));");
    line("  program(call, x, y);");
    for (int k = 0; k < outputs_; k++)
      line("  *output<", out_type(k), ">(call.out[", k, "], at[0]) = convert<", out_type(k), ">(y[", k, "]);");
    line("}");
  }

  void open_kernel() {
    line("extern \"C\" __global__ void __launch_bounds__(", kTileThreads, ") tile(const Call call) {");
    line("  int64_t at[", inputs_ + 1, "];");
  }

  void write_strided() {
    open_kernel();
    line("  const uint32_t step = gridDim.x * blockDim.x;");
    line("  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < call.numel; i += step) {");
    line("    locate(call, i, at);");
    line("    element(call, at);");
    line("  }");
    line("}");
  }

  void write_packed() {
    open_kernel();
    line("  uint32_t i = (blockIdx.x * blockDim.x + threadIdx.x) * ", f_.pack, ";");
    line("  if (i >= call.numel) return;");
    line("  locate(call, i, at);");
    if (f_.ndim == 1) {  // the end of a single run
      line("  if (call.numel - i < ", f_.pack, ") {");
      line("    for (; i < call.numel; i++) {");
      line("      element(call, at);");
      for (int k = 0; k <= inputs_; k++)
        if (step(k) == Step::One) line("      at[", k, "]++;");
      line("    }");
      line("    return;");
      line("  }");
    }
    for (int k = 0; k < inputs_; k++) {
      if (step(k + 1) == Step::One)
        line("  const Pack<", in_type(k), ", ", f_.pack, "> in", k, " = *reinterpret_cast<const Pack<", in_type(k),
             ", ", f_.pack, ">*>(input<", in_type(k), ">(call.in[", k, "], at[", k + 1, "]));");
      else if (step(k + 1) == Step::None)
        line("  const C in", k, " = convert<C>(*input<", in_type(k), ">(call.in[", k, "], at[", k + 1, "]));");
    }
    for (int k = 0; k < outputs_; k++) line("  Pack<", out_type(k), ", ", f_.pack, "> out", k, ";");
    line("#pragma unroll");
    line("  for (int e = 0; e < ", f_.pack, "; e++) {");
    line("    C x[", std::max(inputs_, 1), "], y[", outputs_, "];");
    for (int k = 0; k < inputs_; k++) {
      if (step(k + 1) == Step::One) line("    x[", k, "] = convert<C>(in", k, ".v[e]);");
      if (step(k + 1) == Step::None) line("    x[", k, "] = in", k, ";");
    }
    line("    program(call, x, y);");
    for (int k = 0; k < outputs_; k++) line("    out", k, ".v[e] = convert<", out_type(k), ">(y[", k, "]);");
    line("  }");
    for (int k = 0; k < outputs_; k++)
      line("  *reinterpret_cast<Pack<", out_type(k), ", ", f_.pack, ">*>(output<", out_type(k), ">(call.out[", k,
           "], at[0])) = out", k, ";");
    line("}");
  }

  const TileForm& f_;
  int inputs_, outputs_, numbers_ = 0;
  std::string text_;
};

}  // namespace

std::string TileForm::key() const {
  std::string key;
  auto add = [&](auto v) { key.append(reinterpret_cast<const char*>(&v), sizeof v); };
  add(compute);
  add(static_cast<uint8_t>(num_constants));
  add(static_cast<uint8_t>(ndim));
  add(static_cast<uint8_t>(pack));
  add(static_cast<uint8_t>(inputs.size()));
  add(static_cast<uint8_t>(outputs.size()));
  for (DType t : inputs) add(t);
  for (DType t : outputs) add(t);
  for (uint8_t r : registers) add(r);
  for (Step s : steps) add(s);
  for (const TileInstruction& i : instructions) {
    add(i.op);
    add(i.result);
    for (uint8_t operand : i.operands) add(operand);
    add(i.dtype);
    add(i.function);
    add(i.params);
  }
  return key;
}

int tile_pack(const TileForm& form) {
  constexpr size_t kLong = 12;
  return form.compute == DType::Float64 || form.instructions.size() > kLong ? 4 : 8;
}

std::string tile_source(const TileForm& form) { return Writer(form).run(); }

}  // namespace weft::cuda
