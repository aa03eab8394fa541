// KernelOp: the base of an op with kernels of one's own. Autograd, weft.jit and all other transforms treat it as one of
// Weft's (op/op.h says what else an op may give).
//
//   struct Cube : KernelOp<Cube> {
//     static constexpr const char* kName = "my_cube";
//     double scale;
//     WEFT_FIELDS(scale);                 // the attributes
//     explicit Cube(double s) : scale(s) {}
//     void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }
//     void run_cpu(Inputs in, const Tensor* out) const {
//       for_dtype<float, double>(kName, in[0].dtype(), [&]<class T>() {
//         const T* x = in[0].data_as<T>();
//         T* y = out[0].data_as<T>();
//         parallel_for(in[0].numel(), 1 << 14, [&](int64_t begin, int64_t end) {
//           for (int64_t i = begin; i < end; i++) y[i] = T(scale) * x[i] * x[i] * x[i];
//         });
//       });
//     }
//     Saves saves(uint32_t) const override { return {.inputs = 1}; }  // input 0 is what vjp reads
//     void vjp(const Vjp& v, Tensor* grads) const override {
//       grads[0] = v.grad() * square(v.input(0)) * (3 * scale);
//     }
//   };
//   Tensor cube(const Tensor& x, double scale) { return apply(Cube(scale), x); }
//
// apply() is all that the function does: while a program is traced tensors have no values, which only run_cpu() may
// look at.
#pragma once

#include "core/small_vector.h"
#include "device/backend.h"
#include "device/cpu/threads.h"
#include "kernels/elementwise.h"
#include "op/apply.h"
#include "op/registry.h"

namespace weft {

// Calls f.operator()<T>() for the one of the types whose dtype it is; TypeError where there is none.
template <class... T, class F>
void for_dtype(const char* op, DType dtype, F&& f) {
  if (((dtype == dtype_of<T> && (f.template operator()<T>(), true)) || ...)) return;
  std::string known;
  ((known += concat(known.empty() ? "" : ", ", dtype_of<T>)), ...);
  fail<ErrorKind::Type>(op, ": expected a tensor of dtype ", known, ", got ", dtype);
}

// An op whose class gives run_cpu(in, out), run_cuda(in, out, stream), or both. They get contiguous tensors: where
// others come, copies are made. run_cuda() gives its work to the stream and waits for nothing.
template <class Self>
class KernelOp : public OpOf<Self> {
 public:
  void run(Inputs given, const Tensor* results) const final {
    const int inputs = given.size(), outputs = this->num_outputs();
    SmallVector<Tensor, 4> in, out;
    SmallVector<const Tensor*, 4> list;
    in.reserve(inputs);
    for (int i = 0; i < inputs; i++) list.push_back(&in.emplace_back(given[i]));
    for (int i = 0; i < inputs; i++)
      if (is_spread(in[i])) in[i] = copied(in[i], empty(in[i].shape(), in[i].dtype(), in[i].device()));
    for (int i = 0; i < outputs; i++) {
      const Tensor& t = results[i];
      out.push_back(is_spread(t) ? empty(t.shape(), t.dtype(), t.device()) : t);
    }
    call(this->device(given), Inputs(list.data(), inputs), out.data());
    for (int i = 0; i < outputs; i++)
      if (!out[i].same(results[i])) copied(out[i], results[i]);
  }

  size_t temporary_bytes(Inputs in, const Tensor* out) const final {
    size_t bytes = 0;
    for (int i = 0; i < in.size(); i++) bytes += bytes_of_copy(in[i]);
    for (int i = 0; i < this->num_outputs(); i++) bytes += bytes_of_copy(out[i]);
    return bytes;
  }

 private:
  static bool is_spread(const Tensor& t) { return t.defined() && !t.is_contiguous(); }
  static size_t bytes_of_copy(const Tensor& t) {
    return is_spread(t) ? static_cast<size_t>(t.numel()) * item_size(t.dtype()) : 0;
  }
  static const Tensor& copied(const Tensor& from, const Tensor& to) {
    copy_kernel(to.device(), view_of(to), view_of(from));
    return to;
  }

  void call(Device device, Inputs in, const Tensor* out) const {
    const Self& self = static_cast<const Self&>(*this);
    if constexpr (requires { self.run_cpu(in, out); })
      if (device.type == DeviceType::CPU) return self.run_cpu(in, out);
    if constexpr (requires { self.run_cuda(in, out, StreamHandle{}); })
      if (device.type == DeviceType::CUDA)
        return self.run_cuda(in, out, backend_of(device).current_stream(device.index));
    fail<ErrorKind::NotImplemented>(this->name(), ": there is no kernel of this op for tensors on ", device,
                                    "; move them to another device with .to(device)");
  }
};

}  // namespace weft
