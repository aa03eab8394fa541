#include "bindings/indexing.h"
#include "bindings/out.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

void bind_copies(Family& f) {
  f.def(
      "clone", "(input, *, memory_format=None)",
      [](const Tensor& x, const FormatArgument& format) {
        const Tensor y = in_format("clone", x, format);
        return y.same(x) ? clone(x) : y;
      },
      "A copy with memory of its own; gradients flow back to the original. The elements stay in their order "
      "unless memory_format names another one.\n\n"
      "Raises RuntimeError for an order of another number of dimensions.\n\n"
      ">>> import weft\n>>> x = weft.tensor([1., 2.])\n>>> y = x.clone().zero_()\n>>> x, y\n"
      "(tensor([1., 2.]), tensor([0., 0.]))\n");
  f.method(
      "contiguous", "(self, memory_format=None)",
      [](const Tensor& x, const FormatArgument& format) {
        check(!format.preserve, "contiguous: memory_format=weft.preserve_format leaves nothing to do");
        return format.ordered ? in_format("contiguous", x, format) : contiguous(x);
      },
      "The tensor itself if it is contiguous, else a contiguous copy; or in the order that memory_format names.\n\n"
      "Raises RuntimeError for weft.channels_last of a tensor that has not 4 dimensions, for weft.channels_last_3d of "
      "one that has not 5, and for weft.preserve_format.\n\n"
      ">>> import weft\n>>> weft.ones(2, 3, 4, 5).contiguous(memory_format=weft.channels_last).stride()\n"
      "(60, 1, 15, 3)\n");
  f.method(
      "copy_", "(self, src, non_blocking=False) -> Tensor",
      [](const py::object& self, const Tensor& src, bool non_blocking) {
        warn_of_dropped_parts(src.dtype(), unwrap(self.ptr()).dtype());
        copy_(unwrap(self.ptr()), src, non_blocking);
        return self;
      },
      "Copies src, which may live on another device, over this tensor: broadcast to its shape and converted to its "
      "dtype. With non_blocking a copy from or to pinned memory goes on after the call. Complex numbers lose their "
      "imaginary parts in a real tensor, with a warning.\n\n"
      "Raises RuntimeError for a shape that cannot be broadcast to this one.\n\n"
      ">>> import weft\n>>> weft.zeros(2, 2).copy_(weft.tensor([1, 2]))\n"
      "tensor([[1., 2.],\n        [1., 2.]])\n");
  f.method(
      "fill_", "(self, value) -> Tensor",
      [](const py::object& self, const Operand& value) {
        if (const Tensor* t = std::get_if<Tensor>(&value)) {
          check(t->ndim() == 0, "fill_: the value must be a number or a 0-dim tensor, got shape ", t->shape());
          copy_(unwrap(self.ptr()), *t);
        } else {
          fill_(unwrap(self.ptr()), std::get<Scalar>(value));
        }
        return self;
      },
      "Sets every element to value, a number or a tensor without dimensions, converted to the dtype of this tensor.\n\n"
      "Raises RuntimeError for a tensor that has dimensions, and for a number that does not fit the dtype.\n\n"
      ">>> import weft\n>>> weft.zeros(2).fill_(7)\ntensor([7., 7.])\n");
  f.method(
      "zero_", "(self) -> Tensor",
      [](const py::object& self) {
        fill_(unwrap(self.ptr()), Scalar(0));
        return self;
      },
      "Sets every element to 0.\n\n>>> import weft\n>>> weft.ones(2).zero_()\ntensor([0., 0.])\n");
}

void bind_where(Family& f) {
  auto chosen = [](const Tensor& given, const Operand& a, const Operand& b) {
    const Tensor condition = mask_of_bytes(given);
    const Tensor *x = std::get_if<Tensor>(&a), *y = std::get_if<Tensor>(&b);
    if (x && y) return where(condition, *x, *y);
    if (x) return where(condition, *x, std::get<Scalar>(b));
    if (y) return where(condition, std::get<Scalar>(a), *y);
    const Scalar &p = std::get<Scalar>(a), &q = std::get<Scalar>(b);
    DType t = Promotion().add(p).add(q).result();
    return where(condition, scalar_tensor(p, t, condition.device()), scalar_tensor(q, t, condition.device()));
  };
  auto choose = [chosen](const Tensor& condition, const Operand& a, const Operand& b, const Tensor& out) {
    return write_out("where", out, [&] { return chosen(condition, a, b); });
  };
  f.function("where", "(condition, input, other, *, out=None)", choose,
             "input where condition, a bool tensor, holds, and other elsewhere. The tensors are broadcast; input and "
             "other, which may be numbers, are promoted to one dtype.\n\n"
             "Raises RuntimeError for a condition of another dtype and for shapes that cannot be broadcast.\n\n"
             ">>> import weft\n>>> weft.where(weft.tensor([True, False]), weft.tensor([1., 2.]), 0)\n"
             "tensor([1., 0.])\n");
  f.method(
      "where", "(self, condition, other)",
      [choose](const Tensor& x, const Tensor& condition, const Operand& other) {
        return choose(condition, x, other, Tensor());
      },
      "This tensor where condition, a bool tensor, holds, and other elsewhere. The tensors are broadcast; this one and "
      "other, which may be a number, are promoted to one dtype.\n\n"
      "Raises RuntimeError for a condition of another dtype and for shapes that cannot be broadcast.\n\n"
      ">>> import weft\n>>> x = weft.tensor([1., -2.])\n>>> x.where(x > 0, 0)\ntensor([1., 0.])\n");
}

}  // namespace

void bind_copying(Family& f, Family&) {
  bind_copies(f);
  bind_where(f);
}

}  // namespace weft::python
