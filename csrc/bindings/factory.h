// What functions that make new tensors share: dtype, device, requires_grad and out, and PyTorch's hints about memory.
#pragma once

#include "bindings/autograd.h"
#include "bindings/bindings.h"
#include "bindings/out.h"

namespace weft::python {

using MaybeDType = std::optional<DType>;
using MaybeDevice = std::optional<Device>;
using MaybeFlag = std::optional<bool>;

// What the keyword arguments of a function that makes a tensor ask for.
class FactoryOptions {
 public:
  // Raises RuntimeError unless `out`, where it is given, has that dtype and device and may be written.
  FactoryOptions(const char* name, MaybeDType dtype, MaybeDevice device, MaybeFlag requires_grad)
      : name_(name), dtype_(dtype), device_(device), requires_grad_(requires_grad.value_or(false)) {}
  void set(const Tensor& out) {
    out_ = out;
    if (!out.defined()) return;
    check(!dtype_ || *dtype_ == out.dtype(), name_, ": dtype is ", *dtype_, " but out= has dtype ", out.dtype());
    check(!device_ || *device_ == out.device(), name_, ": device is ", *device_, " but out= is on ", out.device());
    check_out(name_, out, false);
  }
  void set(const FormatArgument& format) { format_ = format; }

  // The dtype of the new tensor, `natural` where none is given. Raises RuntimeError, before memory is taken, if it
  // cannot require grad but shall.
  DType dtype_or(DType natural) const {
    const DType t = out_.defined() ? out_.dtype() : dtype_.value_or(natural);
    check(!requires_grad_ || is_differentiable(t), name_, ": only floating point tensors can require grad, got dtype ",
          t, "; use a float dtype");
    return t;
  }
  DType dtype_or_default() const { return dtype_or(default_dtype()); }
  Device device_or(Device natural) const { return out_.defined() ? out_.device() : device_.value_or(natural); }
  Device device_or_default() const { return device_or(default_device()); }

  // Before memory is taken.
  void check_format(const Shape& shape) const {
    if (format_.ordered) strides_in(name_, format_.order, shape);
  }

  bool given() const { return dtype_ || device_ || requires_grad_; }
  const Tensor& out() const { return out_; }
  // The new tensor, or out with its values.
  template <class F>
  Tensor finish(F make) const {
    return as_leaf(write_out(name_, out_, [&] { return in_format(name_, make(), format_); }));
  }
  // Of the _like form of a function: laid out like x unless something else is given.
  Tensor finish_like(const Tensor& made, const Tensor& x) const {
    note_layout(x);
    return as_leaf(in_format(name_, made, format_.given() ? format_ : FormatArgument{.preserve = true}, x));
  }
  Tensor as_leaf(const Tensor& t) const {
    if (requires_grad_) change_requires_grad(t, true);
    return t;
  }

 private:
  const char* name_;
  MaybeDType dtype_;
  MaybeDevice device_;
  bool requires_grad_;
  FormatArgument format_;
  Tensor out_;
};

// make(options, arguments...) as a function of the arguments and then WEFT_FACTORY_ARGS, followed by those that More
// names: a Tensor is out=, a FormatArgument memory_format=.
template <class... More, class F, class R, class... Args>
auto with_options(const char* name, F make, R (*)(const FactoryOptions&, Args...)) {
  return [name = std::string(name), make = std::move(make)](Args... args, MaybeDType dtype, MaybeDevice device,
                                                            MaybeFlag requires_grad, MaybeFlag, StridedLayout,
                                                            const More&... more) -> R {
    FactoryOptions options(name.c_str(), dtype, device, requires_grad);
    (options.set(more), ...);
    return make(options, static_cast<Args>(args)...);
  };
}
template <class... More, class F>
auto with_options(const char* name, F make) {
  return with_options<More...>(name, std::move(make), static_cast<py::detail::function_signature_t<F>*>(nullptr));
}

// dtype, device and requires_grad; and of PyTorch's arguments pin_memory, a hint, and layout, of which there is one.
#define WEFT_FACTORY_ARGS "dtype=None, device=None, requires_grad=None, pin_memory=None, layout=None"
#define WEFT_FACTORY_OUT WEFT_FACTORY_ARGS ", out=None"
#define WEFT_FACTORY_LIKE WEFT_FACTORY_ARGS ", memory_format=None"

}  // namespace weft::python
