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
          const std::string_view own = name;
          const bool one_op = a.ndim() == 2 && b.ndim() == 2 && (own == "matmul" || own == "mm");
          const Shape shape = one_op ? Shape{a.size(0), b.size(1)} : Shape{-1};
          return compute_into(name, out, shape, [&] { return product(a, b); });
        },
        doc);
  };
  with_out("matmul", &matmul, "other",
           "The matrix product of the last two dimensions, out[..., i, j] = sum_k input[..., i, k] other[..., k,\n"
           "j]; the dimensions before them broadcast. A vector counts as a row on the left and as a column on\n"
           "the right, and the result lacks that dimension.\n\n"
           "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
           ">>> import weft\n"
           ">>> weft.matmul(weft.tensor([[1, 2], [3, 4]]), weft.tensor([1, 1]))\n"
           "tensor([3, 7])\n"
           ">>> weft.matmul(weft.ones(5, 2, 3), weft.ones(3, 4)).shape\n"
           "weft.Size([5, 2, 4])\n");
  with_out("mm", &mm, "mat2",
           "The product of two matrices: shapes (n, k) and (k, m) give (n, m).\n\n"
           "Raises RuntimeError for other shapes and dtypes that differ.\n\n"
           ">>> import weft\n"
           ">>> weft.mm(weft.tensor([[1, 2], [3, 4]]), weft.tensor([[1], [1]]))\n"
           "tensor([[3],\n"
           "        [7]])\n");
  with_out("bmm", &bmm, "mat2",
           "The products of two batches of matrices: shapes (b, n, k) and (b, k, m) give (b, n, m).\n\n"
           "Raises RuntimeError for other shapes and dtypes that differ.\n\n"
           ">>> import weft\n"
           ">>> weft.bmm(weft.ones(5, 2, 3), weft.ones(5, 3, 4)).shape\n"
           "weft.Size([5, 2, 4])\n");
  with_out("mv", &mv, "vec",
           "The product of a matrix (n, k) and a vector (k,): shape (n,).\n\n"
           "Raises RuntimeError for other shapes and dtypes that differ.\n\n"
           ">>> import weft\n"
           ">>> weft.mv(weft.tensor([[1, 2], [3, 4]]), weft.tensor([1, 10]))\n"
           "tensor([21, 43])\n");
  with_out("dot", &dot, "tensor",
           "The sum of the products of the elements of two vectors of one length, a tensor without dimensions.\n\n"
           "Raises RuntimeError for other shapes and dtypes that differ.\n\n"
           ">>> import weft\n"
           ">>> weft.dot(weft.tensor([1, 2]), weft.tensor([3, 4]))\n"
           "tensor(11)\n");
  with_out(
      "vdot", [](const Tensor& a, const Tensor& b) { return dot(conj(a), b); }, "other",
      "dot() with the conjugates of the first vector: the sum of conj(input[i]) * other[i].\n\n"
      "Raises RuntimeError for other shapes and dtypes that differ.\n\n"
      ">>> import weft\n"
      ">>> weft.vdot(weft.tensor([1j, 2]), weft.tensor([1j, 1]))\n"
      "tensor(3.+0.j)\n");
  with_out("inner", &inner, "other",
           "The sums of products over the last dimension of both, of shape input.shape[:-1] + other.shape[:-1].\n"
           "A tensor without dimensions multiplies the other.\n\n"
           "Raises RuntimeError where the last sizes or the dtypes differ.\n\n"
           ">>> import weft\n"
           ">>> weft.inner(weft.tensor([[1, 2], [3, 4]]), weft.tensor([1, 1]))\n"
           "tensor([3, 7])\n");
  for (const char* name : {"outer", "ger"})
    with_out(name, &outer, "vec2",
             concat("The products input[i] * vec2[j] of two vectors (n,) and (m,), a matrix (n, m).\n\n"
                    "Raises RuntimeError unless both are vectors.\n\n"
                    ">>> import weft\n"
                    ">>> weft.",
                    name,
                    "(weft.tensor([1, 2]), weft.tensor([3, 4]))\n"
                    "tensor([[3, 4],\n"
                    "        [6, 8]])\n")
                 .c_str());
  with_out("kron", &kron, "other",
           "The Kronecker product: each element of input times the whole of other, in blocks. Of shapes (n, m)\n"
           "and (p, q) shape (n p, m q); the one with fewer dimensions gets some of size 1 in front.\n\n"
           ">>> import weft\n"
           ">>> weft.kron(weft.tensor([[1, 2]]), weft.tensor([[1], [1]]))\n"
           "tensor([[1, 2],\n"
           "        [1, 2]])\n");
}

void bind_sums_of_products(Family& f) {
  using AddProduct = Tensor (*)(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&);
  const auto def = [&](const char* name, AddProduct product, const char* first, const char* second, const char* doc,
                       const char* in_place_doc) {
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
    f.method(in_place.c_str(), concat("(self, ", first, ", ", second, ", *, beta=1, alpha=1) -> Tensor").c_str(),
             change, in_place_doc);
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
      "beta * input + alpha * (mat1 @ mat2), where input broadcasts to the product of two matrices. With\n"
      "beta=0 input is not looked at: its NaN does not come through. The form with beta and alpha in front\n"
      "is PyTorch's former one and warns.\n\n"
      "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.addmm(weft.ones(2), weft.tensor([[1., 2.]]), weft.eye(2), alpha=10)\n"
      "tensor([[11., 21.]])\n",
      "addmm() in place: the tensor becomes beta times itself plus alpha * (mat1 @ mat2), which has its\n"
      "shape.\n\n"
      "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(1, 2).addmm_(weft.tensor([[1., 2.]]), weft.eye(2))\n"
      "tensor([[2., 3.]])\n");
  def("addmv", &addmv, "mat", "vec",
      "beta * input + alpha * (mat @ vec), where input broadcasts to the product of a matrix (n, k) and a\n"
      "vector (k,). With beta=0 input is not looked at.\n\n"
      "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.addmv(weft.ones(2), weft.eye(2), weft.tensor([3., 4.]), beta=2)\n"
      "tensor([5., 6.])\n",
      "addmv() in place: the tensor becomes beta times itself plus alpha * (mat @ vec), which has its\n"
      "shape.\n\n"
      "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2).addmv_(weft.eye(2), weft.tensor([3., 4.]))\n"
      "tensor([4., 5.])\n");
  def("baddbmm", &baddbmm, "batch1", "batch2",
      "beta * input + alpha * (batch1 @ batch2), where input broadcasts to the products of two batches of\n"
      "matrices, (b, n, k) and (b, k, m). With beta=0 input is not looked at.\n\n"
      "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.baddbmm(weft.zeros(1), weft.ones(5, 2, 3), weft.ones(5, 3, 4)).shape\n"
      "weft.Size([5, 2, 4])\n",
      "baddbmm() in place: the tensor becomes beta times itself plus alpha * (batch1 @ batch2), which has\n"
      "its shape.\n\n"
      "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(1, 1, 1).baddbmm_(weft.ones(1, 1, 3), weft.ones(1, 3, 1))\n"
      "tensor([[[4.]]])\n");
  def("addbmm", &addbmm, "batch1", "batch2",
      "beta * input + alpha * (the sum over b of batch1[b] @ batch2[b]), where input broadcasts to the sum\n"
      "of the products of two batches of matrices, (b, n, k) and (b, k, m). With beta=0 input is not looked\n"
      "at.\n\n"
      "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.addbmm(weft.zeros(1), weft.ones(5, 2, 3), weft.ones(5, 3, 2))\n"
      "tensor([[15., 15.],\n"
      "        [15., 15.]])\n",
      "addbmm() in place: the tensor becomes beta times itself plus alpha times the sum over b of batch1[b]\n"
      "@ batch2[b], which has its shape.\n\n"
      "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(1, 1).addbmm_(weft.ones(5, 1, 3), weft.ones(5, 3, 1))\n"
      "tensor([[16.]])\n");
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
  f.function("einsum", "(*args: Any) -> Tensor", &einsum_call,
             "einsum(equation, *tensors): sums of products by the letters that name the dimensions of the tensors\n"
             "and, after '->', of the result; a letter that is not there is summed over. As in numpy.einsum a\n"
             "letter may occur twice in one tensor, '...' stands for further dimensions, and without '->' the\n"
             "result has the letters that occur once, in order. Instead of letters lists of numbers may follow\n"
             "each tensor and, last, name the result.\n\n"
             "Raises RuntimeError or ValueError for an equation that does not fit the tensors, TypeError for\n"
             "anything but tensors.\n\n"
             ">>> import weft\n"
             ">>> weft.einsum('bij,bjk->bik', weft.ones(2, 3, 4), weft.ones(2, 4, 5)).shape\n"
             "weft.Size([2, 3, 5])\n"
             ">>> weft.einsum('ii', weft.tensor([[1, 2], [3, 4]]))\n"
             "tensor(5)\n");
  f.function(
      "tensordot", "(a, b, dims: int | Sequence[Sequence[int]] = 2, *, out=None)",
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
      "The sums of products over the last dims dimensions of a and the first of b, or over those that a\n"
      "pair of sequences names, in that order. The result has the other dimensions of a, then those of b.\n\n"
      "Raises RuntimeError where the sizes differ or there are too few dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.tensordot(weft.ones(2, 3, 4), weft.ones(3, 4, 5)).shape\n"
      "weft.Size([2, 5])\n"
      ">>> weft.tensordot(weft.ones(2, 3), weft.ones(2, 5), ([0], [0])).shape\n"
      "weft.Size([3, 5])\n");
}

}  // namespace

void bind_matmul(Family& f, Family& nn) {
  bind_products(f);
  bind_sums_of_products(f);
  bind_contractions(f);
  f.function("_add_gram", "(input, mat, beta, alpha)", &add_gram,
             "addmm(input, mat, mat.T, beta=beta, alpha=alpha) for a symmetric input.");
  nn.function("linear", "(input, weight, bias=None)", &linear,
              "input @ weight.T + bias: shapes (..., in), (out, in) and (out,) give (..., out).\n\n"
              "Raises RuntimeError where the shapes or dtypes do not fit.\n\n"
              ">>> import weft\n"
              ">>> weft.nn.functional.linear(weft.ones(2, 3), weft.ones(4, 3)).shape\n"
              "weft.Size([2, 4])\n");
  nn.function("bilinear", "(input1, input2, weight, bias=None)", &bilinear,
              "out[..., o] = sum over i and j of input1[..., i] weight[o, i, j] input2[..., j], plus bias[o]:\n"
              "shapes (..., n), (..., m), (out, n, m) and (out,) give (..., out).\n\n"
              "Raises RuntimeError where the shapes do not fit.\n\n"
              ">>> import weft\n"
              ">>> weft.nn.functional.bilinear(weft.ones(2, 3), weft.ones(2, 4), weft.ones(5, 3, 4)).shape\n"
              "weft.Size([2, 5])\n");
}

}  // namespace weft::python
