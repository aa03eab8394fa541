#include "ops/matmul.h"

#include "bindings/bindings.h"
#include "bindings/former.h"
#include "bindings/out.h"
#include "ops/complex.h"

namespace weft::python {

namespace {

void bind_products(Family& f) {
  const auto with_out = [&](const char* name, Tensor (*product)(const Tensor&, const Tensor&), const char* other,
                            const char* doc) {
    f.def(
        name, concat("(input, ", other, ", *, out=None)").c_str(),
        [=](const Tensor& a, const Tensor& b, const Tensor& out) {
          return write_out(name, out, [&] { return product(a, b); });
        },
        doc);
  };
  with_out(
      "matmul", &matmul, "other",
      "Matrix product of the last two dims; the dims before them broadcast. A 1-dim input is a row vector, a 1-dim\n"
      "other a column vector, and the result lacks that dim.\n\n"
      ">>> import weft\n>>> weft.matmul(weft.ones(2, 3), weft.ones(3, 4)).shape\n"
      "weft.Size([2, 4])\n");
  with_out("mm", &mm, "mat2", "Product of two matrices, shapes (n, k) and (k, m).");
  with_out("bmm", &bmm, "mat2", "Products of two batches of matrices, shapes (b, n, k) and (b, k, m).");
  with_out("mv", &mv, "vec", "Product of a matrix (n, k) and a vector (k,).");
  with_out(
      "dot", &dot, "tensor",
      "Sum of the products of two vectors.\n\n>>> import weft\n>>> weft.dot(weft.ones(3), weft.ones(3)).item()\n3.0\n");
  with_out(
      "vdot", [](const Tensor& a, const Tensor& b) { return dot(conj(a), b); }, "other",
      "Sum of the products of the conjugates of one vector and the elements of another one.");
  with_out("inner", &inner, "other",
           "Sum of products over the last dim of both: shape input.shape[:-1] + other.shape[:-1].");
  with_out("outer", &outer, "vec2", "Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).");
  with_out("ger", &outer, "vec2", "Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).");
  with_out("kron", &kron, "other",
           "Kronecker product: every product of an element of input and one of other, in blocks.");
}

void bind_sums_of_products(Family& f) {
  using AddProduct = Tensor (*)(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&);
  const auto def = [&](const char* name, AddProduct product, const char* first, const char* second, const char* doc) {
    f.def(
        name, concat("(input, ", first, ", ", second, ", *, beta=1, alpha=1, out=None)").c_str(),
        [=](const Tensor& x, const Tensor& a, const Tensor& b, const Scalar& beta, const Scalar& alpha,
            const Tensor& out) { return write_out(name, out, [&] { return product(x, a, b, beta, alpha); }); },
        doc);
    const std::string in_place = std::string(name) + "_";
    const auto change = [=](const py::object& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                            const Scalar& alpha) {
      return rewrite(name, self, [&](const Tensor& x) { return product(x, a, b, beta, alpha); });
    };
    f.method(in_place.c_str(), concat("(self, ", first, ", ", second, ", *, beta=1, alpha=1)").c_str(), change);
    // The former forms with beta and alpha in front.
    constexpr const char* kInstead = "(..., beta=, alpha=)";
    f.function(name, concat("(beta, input, alpha, ", first, ", ", second, ")").c_str(),
               [=](const Scalar& beta, const Tensor& x, const Scalar& alpha, const Tensor& a, const Tensor& b) {
                 warn_former(name, kInstead);
                 return product(x, a, b, beta, alpha);
               });
    f.function(name, concat("(beta, input, ", first, ", ", second, ")").c_str(),
               [=](const Scalar& beta, const Tensor& x, const Tensor& a, const Tensor& b) {
                 warn_former(name, kInstead);
                 return product(x, a, b, beta, Scalar(1));
               });
    f.method(name, concat("(self, beta, alpha, ", first, ", ", second, ")").c_str(),
             [=](const Tensor& x, const Scalar& beta, const Scalar& alpha, const Tensor& a, const Tensor& b) {
               warn_former(name, kInstead);
               return product(x, a, b, beta, alpha);
             });
    f.method(name, concat("(self, beta, ", first, ", ", second, ")").c_str(),
             [=](const Tensor& x, const Scalar& beta, const Tensor& a, const Tensor& b) {
               warn_former(name, kInstead);
               return product(x, a, b, beta, Scalar(1));
             });
    f.method(in_place.c_str(), concat("(self, beta, alpha, ", first, ", ", second, ") -> Tensor").c_str(),
             [=](const py::object& self, const Scalar& beta, const Scalar& alpha, const Tensor& a, const Tensor& b) {
               warn_former(in_place, kInstead);
               return change(self, a, b, beta, alpha);
             });
    f.method(in_place.c_str(), concat("(self, beta, ", first, ", ", second, ") -> Tensor").c_str(),
             [=](const py::object& self, const Scalar& beta, const Tensor& a, const Tensor& b) {
               warn_former(in_place, kInstead);
               return change(self, a, b, beta, Scalar(1));
             });
  };
  def("addmm", &addmm, "mat1", "mat2",
      "beta * input + alpha * (mat1 @ mat2); with beta=0 input is ignored, NaN and all.");
  def("addmv", &addmv, "mat", "vec", "beta * input + alpha * (mat @ vec).");
  def("baddbmm", &baddbmm, "batch1", "batch2", "beta * input + alpha * (batch1 @ batch2), for batches of matrices.");
  def("addbmm", &addbmm, "batch1", "batch2", "beta * input + alpha * the sum over the batch of batch1 @ batch2.");
}

// einsum(a, [0, 1], b, [1, 2], [0, 2]): letters for the lists; Ellipsis stands for "...".
std::string letters_of(const py::handle& list) {
  std::string letters;
  for (py::handle item : items_of("einsum", list)) {
    if (py::isinstance<py::ellipsis>(item)) {
      letters += "...";
      continue;
    }
    const int64_t i = py::cast<int64_t>(item);
    check<ErrorKind::Value>(i >= 0 && i < 52, "einsum: expected subscripts from 0 to 51, got ", i);
    letters += static_cast<char>(i < 26 ? 'a' + i : 'A' + i - 26);
  }
  return letters;
}

Tensor einsum_call(const py::args& args) {
  check<ErrorKind::Type>(args.size() > 0, "einsum: expected an equation and tensors, got no arguments");
  std::vector<Tensor> operands;
  if (py::isinstance<py::str>(args[0])) {
    py::object rest = args[py::slice(1, static_cast<py::ssize_t>(args.size()), 1)];
    const bool is_list = args.size() == 2 && !is_tensor(args[1].ptr());
    for (py::handle item : items_of("einsum", is_list ? py::reinterpret_borrow<py::object>(args[1]) : rest)) {
      check<ErrorKind::Type>(is_tensor(item.ptr()), "einsum: expected tensors after the equation, got ",
                             std::string(py::str(py::type::of(item))));
      operands.push_back(unwrap(item.ptr()));
    }
    return einsum(py::cast<std::string>(args[0]), operands);
  }
  std::string equation;
  size_t i = 0;
  for (; i + 1 < args.size(); i += 2) {
    check<ErrorKind::Type>(is_tensor(args[i].ptr()),
                           "einsum: expected an equation, or tensors and lists of subscripts in turn");
    operands.push_back(unwrap(args[i].ptr()));
    equation += (i ? "," : "") + letters_of(args[i + 1]);
  }
  if (i < args.size()) equation += "->" + letters_of(args[i]);
  return einsum(equation, operands);
}

void bind_contractions(Family& f) {
  f.function(
      "einsum", "(*args: Any) -> Tensor", &einsum_call,
      "einsum(equation, *tensors): sums of products by the letters of the dims, as in numpy.einsum: repeated letters,\n"
      "'...', an implied result, and dims of size 1 that broadcast.\n\n"
      ">>> import weft\n>>> weft.einsum('bij,bjk->bik', weft.ones(2, 3, 4), weft.ones(2, 4, 5)).shape\n"
      "weft.Size([2, 3, 5])\n");
  f.function(
      "tensordot", "(a, b, dims=2, *, out=None)",
      [](const Tensor& a, const Tensor& b, const py::object& dims, const Tensor& out) {
        if (py::isinstance<py::int_>(dims)) {
          const int n = py::cast<int>(dims);
          check(n >= 0 && n <= a.ndim() && n <= b.ndim(), "tensordot: expected dims from 0 to ",
                std::min(a.ndim(), b.ndim()), " for shapes ", a.shape(), " and ", b.shape(), ", got ", n);
          Dims of_a, of_b;
          for (int i = 0; i < n; i++) of_a.push_back(a.ndim() - n + i), of_b.push_back(i);
          return write_out("tensordot", out, [&] { return tensordot(a, b, of_a, of_b); });
        }
        const auto pair = py::cast<std::pair<Dims, Dims>>(dims);
        return write_out("tensordot", out, [&] { return tensordot(a, b, pair.first, pair.second); });
      },
      "Sums products over the last `dims` dims of a and the first of b, or over a pair of lists of dims.");
}

}  // namespace

void bind_matmul(Family& f, Family& nn) {
  bind_products(f);
  bind_sums_of_products(f);
  bind_contractions(f);
  nn.function("linear", "(input, weight, bias=None)", &linear,
              "input (..., in) @ weight (out, in).T + bias (out,): shape (..., out).\n\n"
              ">>> import weft\n>>> weft.nn.functional.linear(weft.ones(2, 3), weft.ones(4, 3)).shape\n"
              "weft.Size([2, 4])\n");
  nn.function("bilinear", "(input1, input2, weight, bias=None)", &bilinear,
              "y[..., o] = input1[..., i] weight[o, i, j] input2[..., j] + bias[o].");
}

}  // namespace weft::python
