#include "ops/complex.h"

#include "bindings/out.h"
#include "ops/creation.h"
#include "ops/elementwise.h"

namespace weft::python {

void bind_complex(Family& f, Family&) {
  f.function(
      "view_as_real", "(input)", &view_as_real,
      "A complex tensor as a real one with one dimension more, of size 2: the real and the imaginary parts. A view.\n"
      "\n"
      "Raises RuntimeError for other dtypes.\n\n"
      ">>> import weft\n>>> weft.view_as_real(weft.tensor([1 + 2j]))\ntensor([[1., 2.]])\n");
  f.function(
      "view_as_complex", "(input)", &view_as_complex,
      "A real tensor of shape (..., 2), whose last dimension holds the real and the imaginary parts, as a complex "
      "one of shape (...). A view.\n\n"
      "Raises RuntimeError for other dtypes than float32 and float64, another size of the last dimension, and "
      "parts that are no neighbours in memory.\n\n"
      ">>> import weft\n>>> weft.view_as_complex(weft.tensor([[1.0, 2.0]]))\ntensor([1.+2.j])\n");
  f.def(
      "real", "(input)", &real,
      "The real part of a tensor: of a complex one a view, of a real one itself.\n\n"
      ">>> import weft\n>>> weft.real(weft.tensor([1.0])), weft.tensor([1 + 2j]).real\n(tensor([1.]), tensor([1.]))\n");
  f.def(
      "imag", "(input)", [](const Tensor& x) { return is_complex(x.dtype()) ? imag(x) : zeros_like(x); },
      "The imaginary part of a tensor: of a complex one a view, of a real one new zeros.\n\n"
      ">>> import weft\n>>> weft.tensor([1 + 2j]).imag\ntensor([2.])\n");
  f.def("conj", "(input)", &conj,
        "The complex conjugate: a new tensor; a real tensor itself.\n\n"
        ">>> import weft\n>>> weft.tensor([1 + 2j]).conj()\ntensor([1.-2.j])\n");
  f.def(
      "conj_physical", "(input, *, out=None)",
      [](const Tensor& x, const Tensor& out) { return write_out("conj_physical", out, [&] { return conj(x); }); },
      "The complex conjugate, as conj() gives it.\n\n"
      ">>> import weft\n>>> weft.conj_physical(weft.tensor([1 + 2j]))\ntensor([1.-2.j])\n");
  f.method(
      "conj_physical_", "(self) -> Tensor",
      [](const py::object& self) {
        unary_(index_in<scalar::Conj>(scalar::UnaryList{}), unwrap(self.ptr()));
        return self;
      },
      "conj_physical() in place.\n\n"
      ">>> import weft\n>>> weft.tensor([1 + 2j]).conj_physical_()\ntensor([1.-2.j])\n");
  f.def(
      "angle", "(input, *, out=None)",
      [](const Tensor& x, const Tensor& out) { return write_out("angle", out, [&] { return angle(x); }); },
      "The angle of complex numbers in radians, in (-pi, pi]: of real numbers pi where they are negative, else 0. NaN "
      "stays; integers give floats of the default dtype.\n\n"
      ">>> import weft\n>>> weft.angle(weft.tensor([1j, -1 + 0j]))\ntensor([1.5708, 3.1416])\n");
  f.def(
      "sgn", "(input, *, out=None)",
      [](const Tensor& x, const Tensor& out) { return write_out("sgn", out, [&] { return sgn(x); }); },
      "input / |input|, and 0 for 0: of real tensors the sign, in their dtype.\n\n"
      ">>> import weft\n>>> weft.sgn(weft.tensor([3 + 4j, 0j]))\ntensor([0.6000+0.8000j, 0.0000+0.0000j])\n");
  f.method(
      "sgn_", "(self) -> Tensor",
      [](const py::object& self) { return rewrite("sgn", self, [](const Tensor& x) { return sgn(x); }); },
      "sgn() in place.\n\n>>> import weft\n>>> weft.tensor([3 + 4j]).sgn_()\ntensor([0.6000+0.8000j])\n");
  f.def("isreal", "(input)", &isreal,
        "Is the imaginary part 0? A bool tensor, True everywhere for a real tensor.\n\n"
        ">>> import weft\n>>> weft.isreal(weft.tensor([1 + 0j, 2j]))\ntensor([ True, False])\n");
  f.function(
      "complex", "(real, imag, *, out=None)",
      [](const Tensor& re, const Tensor& im, const Tensor& out) {
        return write_out("complex", out, [&] { return complex(re, im); });
      },
      "A complex tensor of two parts of one dtype, float32 or float64, which are broadcast together.\n\n"
      "Raises RuntimeError for other dtypes and for shapes that cannot be broadcast.\n\n"
      ">>> import weft\n>>> weft.complex(weft.tensor([1.0]), weft.tensor([2.0]))\ntensor([1.+2.j])\n");
  f.function(
      "polar", "(abs, angle, *, out=None)",
      [](const Tensor& abs, const Tensor& angle, const Tensor& out) {
        return write_out("polar", out, [&] { return polar(abs, angle); });
      },
      "abs (cos(angle) + i sin(angle)): a complex tensor of two real ones of one dtype, float32 or float64, which are "
      "broadcast together.\n\n"
      "Raises RuntimeError for other dtypes and for shapes that cannot be broadcast.\n\n"
      ">>> import weft\n>>> weft.polar(weft.tensor([2.0]), weft.tensor([0.0]))\ntensor([2.+0.j])\n");
}

}  // namespace weft::python
