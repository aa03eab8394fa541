// Op: what an operation is. One small class per op in ops/<family>.cpp holds its attributes and its rules; apply()
// (op/apply.h) is the one door through which every op runs.
//
//   struct Softmax : OpOf<Softmax> {
//     static constexpr const char* kName = "softmax";
//     int dim;
//     WEFT_FIELDS(dim);                 // attributes: equality, hash, text and how the op is saved follow
//     void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }
//     void run(Inputs in, const Tensor* out) const override {
//       softmax_kernel(in[0].device(), view_of(out[0]), view_of(in[0]), dim);
//     }
//     Saves saves(uint32_t) const override { return {.outputs = 1}; }   // what vjp reads, by bit mask
//     void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = softmax_backward(v.grad(), v.output(), dim); }
//   };
//   WEFT_OP(Softmax);  // op/registry.h: programs that hold it can be saved and loaded
//   Tensor softmax(const Tensor& x, int64_t dim) { return apply(Softmax{.dim = normalize_dim("softmax", dim,
//   x.ndim())}, x); }
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <typeinfo>
#include <vector>

#include "core/ref.h"
#include "kernels/view.h"
#include "op/fields.h"
#include "tensor/tensor.h"

namespace weft {

class OpNode;
class TileCode;
struct Epilogue;
struct FoldSpec;

// What autocast does with an op's inputs. Keep: nothing. Half: cast them to its dtype. Float32: cast half types to
// float32. Widest: to float32 if any of them is that.
enum class AutocastRule : uint8_t { Keep, Half, Float32, Widest };

// Raises RuntimeError: a kernel was about to look at the values of a tensor that has none.
[[noreturn]] void fail_no_values(const Tensor& t);

inline StridedView view_of(const Tensor& t) {
  void* data = t.data();
  if (!data && t.numel() > 0) [[unlikely]]
    fail_no_values(t);
  return {data, t.shape().data(), t.strides().data(), t.ndim(), t.dtype(), t.device().type == DeviceType::CPU};
}

// Of an optional input.
inline StridedView view_or_none(const Tensor& t) { return t.defined() ? view_of(t) : StridedView{}; }

// The tensors an op is applied to. An entry may be an undefined Tensor where the op has an optional input.
class Inputs {
 public:
  Inputs(const Tensor* const* tensors, int size) : tensors_(tensors), size_(size) {}
  const Tensor& operator[](int i) const { return *tensors_[i]; }
  int size() const { return size_; }

 private:
  const Tensor* const* tensors_;
  int size_;
};

struct OutputSpec {
  Shape shape;
  DType dtype = DType::Float32;
  Strides strides{};  // empty: contiguous
};

// Bit i: input (output) i is read by vjp and must be kept until backward.
struct Saves {
  uint32_t inputs = 0;  // kAll: all of them, also of more than 32
  uint32_t outputs = 0;
  static constexpr uint32_t kAll = ~0u;
};

// What vjp sees of the recorded op.
class Vjp {
 public:
  Vjp(const OpNode& node, const Tensor* grads) : node_(node), grads_(grads) {}
  // Gradient of output i; undefined if nothing flowed back into it (only with more than one output).
  const Tensor& grad(int i = 0) const { return grads_[i]; }
  // Saved tensors; RuntimeError naming both ops if one was changed in place since.
  Tensor input(int i) const;
  Tensor output(int i = 0) const;
  // Does input i want a gradient?
  bool needs(int i) const;
  int num_inputs() const;
  // Of an input that wants a gradient.
  const Shape& input_shape(int i) const;
  DType input_dtype(int i) const;
  Device input_device(int i) const;
  // Did it lie with its channels innermost, and in no other order?
  bool input_channels_last(int i) const;

 private:
  const OpNode& node_;
  const Tensor* grads_;
};

// The operands that may be images (N, C, H, W) with their channels innermost in memory, by bit mask.
struct ChannelsLast {
  uint32_t inputs = 0, outputs = 0;
  bool joined = false;  // all of them or none
  bool gains = false;   // is the op faster then?
};

// What ops are like, as data: an op class says it as kTraits; an op whose traits follow from its fields changes its own
// copy in its constructor.
struct Traits {
  bool view : 1 = false;         // the output shares the input's storage: the op gives view(), not infer() and run()
  bool elementwise : 1 = false;  // an output may lie exactly on an input of the same geometry (in place)
  bool pure : 1 = true;          // false: it draws random numbers, or raises an error for some values, so that it runs
                                 // once wherever it is written, in the order written
  bool random : 1 = false;       // it draws random numbers
  bool may_fail : 1 = false;     // it may raise an error for some values of its inputs
  bool differentiable : 1 = true;        // false: outputs never require grad. Otherwise it gives vjp or decompose
  bool twice_differentiable : 1 = true;  // false: vjp may give gradients whose own derivative is an error
  bool cheap : 1 = false;       // it costs little more to compute it again than to read and write (elementwise ops too)
  bool decomposes : 1 = false;  // it gives decompose()
  bool scratch : 1 = false;     // its CPU kernels take scratch memory
  bool any_dtype : 1 = false;   // it moves elements whatever they are: also floats of 8 bits (views do)
  bool complex : 1 = false;     // it is defined for complex numbers
  AutocastRule autocast = AutocastRule::Keep;
};

class Op : public RefCounted {
 public:
  static constexpr Traits kTraits{};
  bool is_view() const { return traits_.view; }
  bool elementwise() const { return traits_.elementwise; }
  bool pure() const { return traits_.pure; }
  bool random() const { return traits_.random; }
  bool may_fail() const { return traits_.may_fail; }
  bool differentiable() const { return traits_.differentiable; }
  bool twice_differentiable() const { return traits_.twice_differentiable; }
  bool cheap() const { return traits_.cheap || traits_.elementwise; }
  bool has_decompose() const { return traits_.decomposes; }
  bool takes_any_dtype() const { return traits_.any_dtype || traits_.view; }
  bool takes(DType t) const { return has_arithmetic(t) || takes_any_dtype() || (traits_.complex && is_complex(t)); }
  AutocastRule autocast() const { return traits_.autocast; }

  virtual const char* name() const = 0;
  virtual int num_outputs() const { return 1; }
  // Where the outputs live. Default: on the one device of all inputs; RuntimeError naming both when they differ. An
  // elementwise op takes 0-dim tensors on the CPU beside those of any device. An op without inputs gives its own.
  virtual Device device(Inputs in) const;
  // The same op with its outputs on another device: only an op without inputs, which says itself where they live, gives
  // another one. What was recorded on meta tensors is run through it.
  virtual Ref<const Op> on(Device) const { return share(); }
  // dtypes and shapes of the outputs; raises when the inputs do not fit. Nothing has happened yet.
  virtual void infer(Inputs in, OutputSpec* out) const = 0;
  // Computes into outputs of the inferred dtype and shape (any strides): looks up the kernel, nothing else.
  virtual void run(Inputs in, const Tensor* out) const;

  // The operands that run() takes with their channels innermost as well as contiguous. Asked for ops that are not
  // computed element by element.
  virtual ChannelsLast channels_last(Inputs) const { return {}; }

  // Can run_then() run the op on the device?
  virtual bool takes_epilogue(Device) const { return false; }
  // Like run(), but calls the epilogue for every part of the one output as soon as it is ready, which is contiguous or
  // has its channels innermost.
  virtual void run_then(Inputs in, const Tensor* out, const Epilogue& epilogue) const;

  // How much memory run() takes beside its outputs on the CPU, found without computing: returns the bytes of tensors
  // that it makes, and asks its kernels for their scratch memory: where one takes any, a ScratchQuery is set when this
  // calls it (device/cpu/scratch.h). The tensors have addresses, but nothing is there. Default: as far as the kernels'
  // last scratch memory, where the traits say that they take any.
  virtual size_t temporary_bytes(Inputs in, const Tensor* out) const {
    if (traits_.scratch) run(in, out);
    return 0;
  }

  // Of a view op.
  virtual Tensor view(const Tensor& x) const;

  // The input that output i may lie on while it is computed, being its new value; -1: none in particular. The outputs
  // of an elementwise op may lie on any input.
  virtual int overwrites(int) const { return -1; }
  // Appends the op to a fused program; operands[i] is the number of input i. Returns the number of the result, or -1
  // where the op cannot be computed element by element in code.compute(). Default: it cannot.
  virtual int tile(TileCode&, Inputs, const int* /*operands*/) const { return -1; }
  // The dimensions that a reduction of the one input takes away or leaves with size 1, as a bit mask; 0 for other ops.
  virtual uint64_t reduced_dims() const { return 0; }
  // What a reduction that may end a fused program does; nullptr for other ops.
  virtual const FoldSpec* fold() const { return nullptr; }
  // The input whose values the single output has too, in another dtype, layout or shape perhaps; -1: none.
  virtual int same_as_input() const { return -1; }
  // Of an input in host memory: does run() leave it to kernels, so that recorded work reads its values anew whenever it
  // runs (device/backend.h)?
  virtual bool rereads(int /*input*/) const { return elementwise() && !may_fail(); }

  // `needs`: bit i is set when input i wants a gradient.
  virtual Saves saves(uint32_t needs) const;
  // Gradients of the inputs from those of the outputs, written with ops. An entry left undefined means zero. A
  // gradient may have a shape that broadcasting made of the input's, or another dtype: the engine sums and casts.
  // Default: differentiates decompose().
  virtual void vjp(const Vjp& v, Tensor* grads) const;

  // The same computation as a composite of other ops, of an op that decomposes.
  virtual std::vector<Tensor> decompose(Inputs in) const;

  // Where autograd does not record, a graph may hold other ops in its place, which give the same bits and which more
  // passes understand: applies them, or returns false.
  virtual bool traced_as(Inputs, Tensor* /*out*/) const { return false; }

  // A copy on the heap; for an op that already lives there, itself.
  virtual Ref<const Op> share() const = 0;
  virtual bool equals(const Op& o) const = 0;
  virtual size_t hash() const = 0;
  // "softmax(dim=1)"
  virtual std::string text() const = 0;

 protected:
  Traits traits_;
};

template <class Self>
class OpOf : public Op {
 public:
  OpOf() { traits_ = Self::kTraits; }
  const char* name() const override { return Self::kName; }
  Ref<const Op> share() const override {
    if (use_count() > 0) return Ref<const Op>(this);
    return Ref<const Op>(new Self(self()));
  }
  bool equals(const Op& o) const override {
    return typeid(o) == typeid(Self) && same_field(self(), static_cast<const Self&>(o));
  }
  size_t hash() const override {
    size_t seed = typeid(Self).hash_code();
    hash_field(seed, self());
    return seed;
  }
  std::string text() const override {
    std::string out = name();
    field_text(out, self());
    return out;
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace weft
