#include "ops/movement.h"
#include "ops/complex.h"

#include "autograd/inplace.h"
#include "bindings/autograd.h"
#include "bindings/joining.h"
#include "bindings/out.h"
#include "bindings/sizes.h"
#include "ops/reduction.h"

namespace weft::python {

namespace {

// x.f((2, 3)) and x.f(2, 3); the argument may be named in the first.
template <class Function>
void method_of_dims(Family& f, const char* name, const char* argument, Function function, const char* doc) {
  f.method(name, concat("(self, ", argument, ")").c_str(), function, doc);
  f.method(name, concat("(self, *", argument, ": int)").c_str(), [=](const Tensor& x, const py::args& args) {
    check<ErrorKind::Type>(args.size() > 0, name, ": expected ", argument);
    return function(x, dims_of(name, args));
  });
}
// The same, and weft.f(x, (2, 3)).
template <class Function>
void def_dims(Family& f, const char* name, const char* argument, Function function, const char* doc) {
  method_of_dims(f, name, argument, function, doc);
  f.function(name, concat("(input, ", argument, ")").c_str(), function, doc);
}

void bind_shapes(Family& f) {
  def_dims(f, "reshape", "shape", &reshape,
           "The elements, counted row by row, in another shape, of which one size may be -1: it follows from the\n"
           "others. A view where the strides allow it, else a copy.\n\n"
           "Raises RuntimeError where the number of elements differs.\n\n"
           ">>> import weft\n"
           ">>> weft.arange(4).reshape(2, 2)\n"
           "tensor([[0, 1],\n"
           "        [2, 3]])\n");
  // Before the form of several sizes, which takes one argument of any type.
  f.method(
      "view", "(self, size)", [](const Tensor& x, const Dims& size) { return view_as(x, size); },
      "The same memory in another shape, of which one size may be -1; or, given a dtype, the same bytes as\n"
      "numbers of that dtype, where the last size changes as the size of a number does.\n\n"
      "Raises RuntimeError where the strides do not allow a view; reshape() copies then.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(4).view(-1, 2).shape\n"
      "weft.Size([2, 2])\n"
      ">>> weft.ones(2).view(weft.int32)\n"
      "tensor([1065353216, 1065353216], dtype=weft.int32)\n");
  f.method("view", "(self, dtype: dtype)", [](const Tensor& x, const py::object& dtype) {
    const auto read = PyType_Check(dtype.ptr()) ? std::nullopt : read_dtype(dtype.ptr());
    check<ErrorKind::Type>(read.has_value(), "view: expected integers or one sequence of integers, or a dtype, got ",
                           std::string(py::repr(dtype)), " with ", Py_TYPE(dtype.ptr())->tp_name);
    return view_dtype(x, *read);
  });
  f.method("view", "(self, *size: int)", [](const Tensor& x, const py::args& size) {
    check<ErrorKind::Type>(size.size() > 0, "view: expected size");
    return view_as(x, dims_of("view", size));
  });
  f.method(
      "view_as", "(self, other)",
      [](const Tensor& x, const Tensor& other) {
        note_layout(other);
        return view_as(x, other.shape());
      },
      "view() in the shape of another tensor, of which only the shape counts.\n\n"
      "Raises RuntimeError where the number of elements differs or the strides do not allow a view.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(4).view_as(weft.zeros(2, 2))\n"
      "tensor([[0, 1],\n"
      "        [2, 3]])\n");
  f.method(
      "reshape_as", "(self, other)",
      [](const Tensor& x, const Tensor& other) {
        note_layout(other);
        return reshape(x, other.shape());
      },
      "reshape() to the shape of another tensor, of which only the shape counts.\n\n"
      "Raises RuntimeError where the number of elements differs.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(4).reshape_as(weft.zeros(2, 2))\n"
      "tensor([[0, 1],\n"
      "        [2, 3]])\n");
  f.def("flatten", "(input, start_dim=0, end_dim=-1)", &flatten,
        "Makes one dimension of those from start_dim to end_dim, both included, of the product of their\n"
        "sizes. A view where the strides allow it; a tensor without dimensions becomes a vector.\n\n"
        "Raises IndexError for a dim that is not there, RuntimeError where start_dim comes after end_dim.\n\n"
        ">>> import weft\n"
        ">>> weft.zeros(2, 3, 4).flatten(1).shape\n"
        "weft.Size([2, 12])\n");
  f.def(
      "ravel", "(input)", [](const Tensor& x) { return reshape(x, {-1}); },
      "The elements as a vector, row by row. A view where the strides allow it, else a copy.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([[1, 2], [3, 4]]).ravel()\n"
      "tensor([1, 2, 3, 4])\n");
  f.def("unflatten", "(input, dim, sizes)", &unflatten,
        "Splits dimension dim into several of the given sizes, of which one may be -1; their product is its\n"
        "size.\n\n"
        "Raises RuntimeError where the sizes do not multiply to it, IndexError for a dim that is not there.\n\n"
        ">>> import weft\n"
        ">>> weft.zeros(2, 12).unflatten(1, (3, -1)).shape\n"
        "weft.Size([2, 3, 4])\n");
  f.def(
      "squeeze", "(input, dim=None)", [](const Tensor& x, const std::optional<Dims>& dim) { return squeeze(x, dim); },
      "A view without the dimensions of size 1: all of them, or those that dim names. A named one of\n"
      "another size stays.\n\n"
      "Raises IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(1, 3, 1).squeeze().shape\n"
      "weft.Size([3])\n"
      ">>> weft.zeros(1, 3, 1).squeeze(0).shape\n"
      "weft.Size([3, 1])\n");
  f.def("unsqueeze", "(input, dim)", &unsqueeze,
        "A view with a new dimension of size 1 at place dim of the result; -1 is the last place.\n\n"
        "Raises IndexError where the result has no such place.\n\n"
        ">>> import weft\n"
        ">>> weft.zeros(3).unsqueeze(0).shape\n"
        "weft.Size([1, 3])\n"
        ">>> weft.zeros(3).unsqueeze(-1).shape\n"
        "weft.Size([3, 1])\n");
  def_dims(f, "broadcast_to", "size", &expand,
           "A view in a shape that the tensor broadcasts to: new dimensions come first, and those of size 1\n"
           "repeat their elements without a copy.\n\n"
           "Raises RuntimeError where the shapes do not fit.\n\n"
           ">>> import weft\n"
           ">>> weft.broadcast_to(weft.arange(2), (2, 2))\n"
           "tensor([[0, 1],\n"
           "        [0, 1]])\n");
  method_of_dims(
      f, "expand", "size", [](const Tensor& x, const Dims& size) { return expand(x, size); },
      "A view in which dimensions of size 1 repeat their element as often as size says, without a copy, and\n"
      "new ones come first; -1 keeps a size.\n\n"
      "Raises RuntimeError where a dimension of another size than 1 would change.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(3, 1).expand(-1, 4).shape\n"
      "weft.Size([3, 4])\n"
      ">>> weft.arange(2).expand(2, 2)\n"
      "tensor([[0, 1],\n"
      "        [0, 1]])\n");
  f.method("expand", "(self, size, *, implicit)",
           [](const Tensor& x, const Dims& size, bool) { return expand(x, size); });
  f.method(
      "sum_to_size", "(self, *size: int | Sequence[int])",
      [](const Tensor& x, const py::args& size) {
        const Dims shape = dims_of("sum_to_size", size);
        check(broadcastable_to(shape, x.shape()), "sum_to_size: a shape ", shape,
              " that cannot be broadcast to the shape ", x.shape(), " of the tensor cannot be reached by summing");
        return sum_to(x, shape);
      },
      "The sum over the dimensions that broadcasting from size to the tensor's shape would repeat: the\n"
      "reverse of expand().\n\n"
      "Raises RuntimeError where size does not broadcast to the tensor's shape.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2, 3).sum_to_size(3)\n"
      "tensor([2., 2., 2.])\n");
  f.method(
      "expand_as", "(self, other)",
      [](const Tensor& x, const Tensor& other) {
        note_layout(other);
        return expand(x, other.shape());
      },
      "expand() to the shape of another tensor, of which only the shape counts.\n\n"
      "Raises RuntimeError where a dimension of another size than 1 would change.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(2).expand_as(weft.zeros(2, 2))\n"
      "tensor([[0, 1],\n"
      "        [0, 1]])\n");
}

Tensor transpose_matrix(const Tensor& x) {
  check(x.ndim() <= 2, "t: expected at most 2 dimensions, got shape ", x.shape(), "; use transpose() or mT");
  return x.ndim() == 2 ? transpose(x, 0, 1) : x;
}

void bind_order(Family& f) {
  def_dims(f, "permute", "dims", &permute,
           "A view with the dimensions in another order: dimension i of the result is dimension dims[i].\n\n"
           "Raises RuntimeError unless dims names each dimension once, IndexError for one that is not there.\n\n"
           ">>> import weft\n"
           ">>> weft.zeros(2, 3, 4).permute(2, 0, 1).shape\n"
           "weft.Size([4, 2, 3])\n");
  for (const char* name : {"transpose", "swapaxes", "swapdims"}) {
    bool numpy = name[4] == 'a';
    f.def(name, concat("(input, ", numpy ? "axis0" : "dim0", ", ", numpy ? "axis1" : "dim1", ")").c_str(), &transpose,
          concat("A view in which two dimensions have changed places.\n\n"
                 "Raises IndexError for a dim that is not there.\n\n"
                 ">>> import weft\n"
                 ">>> weft.tensor([[1, 2], [3, 4]]).",
                 name,
                 "(0, 1)\n"
                 "tensor([[1, 3],\n"
                 "        [2, 4]])\n")
              .c_str());
  }
  f.def("t", "(input)", &transpose_matrix,
        "The transpose of a matrix, a view: shape (n, m) becomes (m, n). A vector or a number stays as it is.\n\n"
        "Raises RuntimeError for more than 2 dimensions.\n\n"
        ">>> import weft\n"
        ">>> weft.tensor([[1, 2], [3, 4]]).t()\n"
        "tensor([[1, 3],\n"
        "        [2, 4]])\n");
  f.def(
      "adjoint", "(input)",
      [](const Tensor& x) {
        check(x.ndim() >= 2, "adjoint: expected a tensor of at least 2 dimensions, got shape ", x.shape());
        return transpose(conj(x), -2, -1);
      },
      "The conjugates with the last two dimensions exchanged: out[..., i, j] = conj(input[..., j, i]).\n\n"
      "Raises RuntimeError for fewer than 2 dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.adjoint(weft.tensor([[1 + 2j, 3j]]))\n"
      "tensor([[1.-2.j],\n"
      "        [0.-3.j]])\n");
  for (const char* name : {"movedim", "moveaxis"})
    f.def(name, "(input, source, destination)", &movedim,
          concat("A view in which the dimensions that source names are at the places that destination names; the\n"
                 "others keep their order.\n\n"
                 "Raises RuntimeError where the two differ in length or name a dimension twice, IndexError for one\n"
                 "that is not there.\n\n"
                 ">>> import weft\n"
                 ">>> weft.zeros(2, 3, 4).",
                 name,
                 "(0, -1).shape\n"
                 "weft.Size([3, 4, 2])\n")
              .c_str());
}

// x.f_(...): x itself takes the shape and strides of x.f(...), which shares its memory.
template <class... Args>
void def_reshaping(Family& f, const char* name, const char* text, Tensor (*function)(const Tensor&, Args...),
                   const char* doc) {
  f.method((std::string(name) + '_').c_str(), text,
           [=](const py::object& self, Args... args) {
             const Tensor& x = unwrap(self.ptr());
             GradModeGuard record(x.requires_grad());  // its history is that of the view, also under no_grad
             become_view(name, x, function(x, args...));
             return self;
           },
           doc);
}

Tensor squeezed(const Tensor& x, const std::optional<Dims>& dim) { return squeeze(x, dim); }

void bind_reshaping(Family& f) {
  def_reshaping(f, "unsqueeze", "(self, dim) -> Tensor", &unsqueeze,
                "unsqueeze() in place: the tensor itself gets a dimension of size 1 at place dim.\n\n"
                "Raises IndexError where there is no such place, RuntimeError for a leaf that requires grad.\n\n"
                ">>> import weft\n"
                ">>> weft.zeros(3).unsqueeze_(0).shape\n"
                "weft.Size([1, 3])\n");
  def_reshaping(f, "squeeze", "(self, dim=None) -> Tensor", &squeezed,
                "squeeze() in place: the tensor itself loses its dimensions of size 1, or those of them that dim\n"
                "names.\n\n"
                "Raises IndexError for a dim that is not there, RuntimeError for a leaf that requires grad.\n\n"
                ">>> import weft\n"
                ">>> weft.zeros(1, 3, 1).squeeze_().shape\n"
                "weft.Size([3])\n");
  def_reshaping(f, "t", "(self) -> Tensor", &transpose_matrix,
                "t() in place: the matrix itself becomes its transpose.\n\n"
                "Raises RuntimeError for more than 2 dimensions and for a leaf that requires grad.\n\n"
                ">>> import weft\n"
                ">>> weft.tensor([[1, 2], [3, 4]]).t_()\n"
                "tensor([[1, 3],\n"
                "        [2, 4]])\n");
  for (const char* plain : {"transpose", "swapdims", "swapaxes"})
    def_reshaping(
        f, plain,
        plain == std::string_view("swapaxes") ? "(self, axis0, axis1) -> Tensor" : "(self, dim0, dim1) -> Tensor",
        &transpose,
        concat("The tensor itself with two dimensions exchanged: ", plain,
               "() in place.\n\n"
               "Raises IndexError for a dim that is not there, RuntimeError for a leaf that requires grad.\n\n"
               ">>> import weft\n"
               ">>> weft.zeros(2, 3).",
               plain,
               "_(0, 1).shape\n"
               "weft.Size([3, 2])\n")
            .c_str());
}

void bind_flips(Family& f) {
  def_dims(f, "flip", "dims", &flip,
           "A copy with the elements in reverse order along each of dims.\n\n"
           "Raises IndexError for a dim that is not there, RuntimeError for one given twice.\n\n"
           ">>> import weft\n"
           ">>> weft.arange(3).flip(0)\n"
           "tensor([2, 1, 0])\n");
  f.def(
      "fliplr", "(input)",
      [](const Tensor& x) {
        check(x.ndim() >= 2, "fliplr: expected at least 2 dimensions, got shape ", x.shape());
        return flip(x, {1});
      },
      "A copy with the columns, the second dimension, in reverse order.\n\n"
      "Raises RuntimeError for fewer than 2 dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.fliplr(weft.tensor([[1, 2], [3, 4]]))\n"
      "tensor([[2, 1],\n"
      "        [4, 3]])\n");
  f.def(
      "flipud", "(input)",
      [](const Tensor& x) {
        check(x.ndim() >= 1, "flipud: expected at least 1 dimension, got a number");
        return flip(x, {0});
      },
      "A copy with the rows, the first dimension, in reverse order.\n\n"
      "Raises RuntimeError for a tensor without dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.flipud(weft.tensor([[1, 2], [3, 4]]))\n"
      "tensor([[3, 4],\n"
      "        [1, 2]])\n");
  f.def("rot90", "(input, k=1, dims=(0, 1))", &rot90,
        "A copy turned by k times 90 degrees in the plane of two dimensions, from the first of dims towards\n"
        "the second; a negative k turns the other way.\n\n"
        "Raises RuntimeError unless dims are two different ones.\n\n"
        ">>> import weft\n"
        ">>> weft.rot90(weft.tensor([[1, 2], [3, 4]]))\n"
        "tensor([[2, 4],\n"
        "        [1, 3]])\n");
  f.def(
      "roll", "(input, shifts, dims=None)",
      [](const Tensor& x, const Dims& shifts, const std::optional<Dims>& dims) {
        return roll(x, shifts, dims.value_or(Dims{}));
      },
      "A copy with each element moved by shifts along dims; what leaves at one end enters at the other.\n"
      "Without dims as if the tensor were flattened.\n\n"
      "Raises RuntimeError where shifts and dims differ in length.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(4).roll(1)\n"
      "tensor([3, 0, 1, 2])\n");
}

void bind_repeats(Family& f) {
  method_of_dims(
      f, "repeat", "repeats", [](const Tensor& x, const Dims& repeats) { return repeat(x, repeats); },
      "The whole tensor so many times along each dimension, copied; more counts than dimensions make new\n"
      "ones in front.\n\n"
      "Raises RuntimeError for fewer counts than dimensions and for negative ones.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(2).repeat(2)\n"
      "tensor([0, 1, 0, 1])\n"
      ">>> weft.arange(2).repeat(2, 1)\n"
      "tensor([[0, 1],\n"
      "        [0, 1]])\n");
  def_dims(f, "tile", "dims", &tile,
           "The whole tensor so many times along the last dimensions, as many as there are counts, copied; more\n"
           "counts than dimensions make new ones in front.\n\n"
           "Raises RuntimeError for negative counts.\n\n"
           ">>> import weft\n"
           ">>> weft.tile(weft.tensor([[1, 2], [3, 4]]), (2,))\n"
           "tensor([[1, 2, 1, 2],\n"
           "        [3, 4, 3, 4]])\n");
  auto interleave = [](const Tensor& x, const py::object& repeats, std::optional<int64_t> dim,
                       std::optional<int64_t> output_size) {
    Tensor source = dim ? x : reshape(x, {-1});
    Tensor y = is_tensor(repeats.ptr()) ? repeat_interleave(source, unwrap(repeats.ptr()), dim.value_or(0))
                                        : repeat_interleave(source, repeats.cast<int64_t>(), dim.value_or(0));
    check(!output_size || *output_size == y.size(static_cast<int>(dim.value_or(0))),
          "repeat_interleave: output_size is ", output_size.value_or(0), ", but the result has shape ", y.shape());
    return y;
  };
  f.def("repeat_interleave", "(input, repeats: Tensor | int, dim=None, *, output_size=None)", interleave,
        "Each element along dim (without it, of the flattened tensor) as often as repeats says, a number or a\n"
        "vector with one for each element, copied one after the other. output_size, where given, is the size\n"
        "that dim has then.\n\n"
        "Raises RuntimeError for negative counts, a vector of another length and another output_size.\n\n"
        ">>> import weft\n"
        ">>> weft.arange(2).repeat_interleave(2)\n"
        "tensor([0, 0, 1, 1])\n"
        ">>> weft.arange(2).repeat_interleave(weft.tensor([1, 3]))\n"
        "tensor([0, 1, 1, 1])\n");
}

void bind_triangles(Family& f) {
  auto def_triangle = [&](const char* name, auto function, const char* doc, const char* in_place_doc) {
    f.def(
        name, "(input, diagonal=0, *, out=None)",
        [=](const Tensor& x, int64_t diagonal, const Tensor& out) {
          return write_out(name, out, [&] { return function(x, diagonal); });
        },
        doc);
    f.method((std::string(name) + "_").c_str(), "(self, diagonal=0)",
             [=](const Tensor& x, int64_t diagonal) { return copy_(x, function(x, diagonal)); }, in_place_doc);
  };
  def_triangle("tril", &tril,
               "A copy of the lower triangle of the last two dimensions, with zeros elsewhere: out[..., i, j] =\n"
               "input[..., i, j] where j <= i + diagonal.\n\n"
               "Raises RuntimeError for fewer than 2 dimensions.\n\n"
               ">>> import weft\n"
               ">>> weft.tril(weft.ones(2, 2))\n"
               "tensor([[1., 0.],\n"
               "        [1., 1.]])\n",
               "tril() in place: the elements above the diagonal become zeros.\n\n"
               "Raises RuntimeError for fewer than 2 dimensions and for a leaf that requires grad.\n\n"
               ">>> import weft\n"
               ">>> weft.ones(2, 2).tril_()\n"
               "tensor([[1., 0.],\n"
               "        [1., 1.]])\n");
  def_triangle("triu", &triu,
               "A copy of the upper triangle of the last two dimensions, with zeros elsewhere: out[..., i, j] =\n"
               "input[..., i, j] where j >= i + diagonal.\n\n"
               "Raises RuntimeError for fewer than 2 dimensions.\n\n"
               ">>> import weft\n"
               ">>> weft.triu(weft.ones(2, 2))\n"
               "tensor([[1., 1.],\n"
               "        [0., 1.]])\n",
               "triu() in place: the elements below the diagonal become zeros.\n\n"
               "Raises RuntimeError for fewer than 2 dimensions and for a leaf that requires grad.\n\n"
               ">>> import weft\n"
               ">>> weft.ones(2, 2).triu_()\n"
               "tensor([[1., 1.],\n"
               "        [0., 1.]])\n");
  f.def(
      "diag", "(input, diagonal=0, *, out=None)",
      [](const Tensor& x, int64_t diagonal_, const Tensor& out) {
        check(x.ndim() == 1 || x.ndim() == 2, "diag: expected a vector or a matrix, got shape ", x.shape());
        return write_out("diag", out, [&] {
          return x.ndim() == 1 ? diag_embed(x, diagonal_, 0, 1) : clone(diagonal(x, diagonal_));
        });
      },
      "Of a matrix a copy of a diagonal, the elements [i, i + diagonal]; of a vector the square matrix with\n"
      "it there and zeros elsewhere.\n\n"
      "Raises RuntimeError unless there are 1 or 2 dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.diag(weft.tensor([1, 2]))\n"
      "tensor([[1, 0],\n"
      "        [0, 2]])\n"
      ">>> weft.diag(weft.tensor([[1, 2], [3, 4]]))\n"
      "tensor([1, 4])\n");
  f.def("diag_embed", "(input, offset=0, dim1=-2, dim2=-1)", &diag_embed,
        "Zeros, but the last dimension along the diagonal [i, i + offset] of two new dimensions of the\n"
        "result, dim1 and dim2, each of size input.shape[-1] + abs(offset).\n\n"
        "Raises RuntimeError where dim1 and dim2 are the same, IndexError for one that is not there.\n\n"
        ">>> import weft\n"
        ">>> weft.diag_embed(weft.tensor([1, 2]), 1)\n"
        "tensor([[0, 1, 0],\n"
        "        [0, 0, 2],\n"
        "        [0, 0, 0]])\n");
  f.def(
      "diagflat", "(input, offset=0)",
      [](const Tensor& x, int64_t offset) { return diag_embed(reshape(x, {-1}), offset); },
      "The square matrix with the flattened tensor along the diagonal [i, i + offset] and zeros elsewhere.\n\n"
      ">>> import weft\n"
      ">>> weft.diagflat(weft.tensor([[1], [2]]))\n"
      "tensor([[1, 0],\n"
      "        [0, 2]])\n");
  f.def(
      "trace", "(input)",
      [](const Tensor& x) {
        check(x.ndim() == 2, "trace: expected a matrix, got shape ", x.shape());
        return sum(diagonal(x));
      },
      "The sum of the diagonal of a matrix, a tensor without dimensions; integers are added up in int64.\n\n"
      "Raises RuntimeError unless there are 2 dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.trace(weft.tensor([[1, 2], [3, 4]]))\n"
      "tensor(5)\n");
}

void bind_padding(Family& f, Family& nn) {
  auto padded = [](const Tensor& x, const Dims& widths, const std::string& mode, std::optional<Scalar> value) {
    return pad(x, widths, mode, value.value_or(Scalar(0)));
  };
  nn.function("pad", "(input, pad, mode='constant', value=None)", padded,
              "A copy widened at both ends of the last dimensions, or cropped where a width is negative. pad has\n"
              "the widths before and after the last dimension, then those of the one before it, and so on. The new\n"
              "elements are, by mode, value (default 0; 'constant'), mirrored without the edge ('reflect'), those\n"
              "of the edge ('replicate') or those of the other end ('circular').\n\n"
              "Raises RuntimeError for an odd number of widths, too many of them, or wider ones than the mode can\n"
              "fill.\n\n"
              ">>> import weft\n"
              ">>> weft.nn.functional.pad(weft.ones(2), (1, 2))\n"
              "tensor([0., 1., 1., 0., 0.])\n"
              ">>> weft.nn.functional.pad(weft.tensor([[1, 2, 3]]), (1, 1), mode='reflect')\n"
              "tensor([[2, 1, 2, 3, 2]])\n");
  f.function(
      "constant_pad_nd", "(input, pad, value=0)",
      [=](const Tensor& x, const Dims& widths, const Scalar& value) { return pad(x, widths, "constant", value); },
      "nn.functional.pad() with one value: pad has the widths before and after the last dimension, then\n"
      "those of the one before it, and so on.\n\n"
      "Raises RuntimeError for an odd number of widths or too many of them.\n\n"
      ">>> import weft\n"
      ">>> weft.constant_pad_nd(weft.ones(2), (1, 2), 7)\n"
      "tensor([7., 1., 1., 7., 7.])\n");
  auto written = [](const Tensor& x, const Tensor& source, auto place) {
    Tensor result = clone(x), target = place(result);
    check(target.shape() == source.shape(), "scatter: expected a source of shape ", target.shape(), ", got ",
          source.shape());
    copy_(target, source);
    return result;
  };
  f.def(
      "select_scatter", "(input, src, dim, index)",
      [=](const Tensor& x, const Tensor& src, int64_t dim, int64_t index) {
        return written(x, src, [&](const Tensor& t) { return select(t, dim, index); });
      },
      "A copy in which src stands where select(dim, index) looks.\n\n"
      "Raises RuntimeError where src has another shape than that, IndexError for an index or dim that is\n"
      "not there.\n\n"
      ">>> import weft\n"
      ">>> weft.select_scatter(weft.zeros(2, 2), weft.ones(2), 0, 1)\n"
      "tensor([[0., 0.],\n"
      "        [1., 1.]])\n");
  f.def(
      "diagonal_scatter", "(input, src, offset=0, dim1=0, dim2=1)",
      [=](const Tensor& x, const Tensor& src, int64_t offset, int64_t dim1, int64_t dim2) {
        return written(x, src, [&](const Tensor& t) { return diagonal(t, offset, dim1, dim2); });
      },
      "A copy in which src stands where diagonal(offset, dim1, dim2) looks.\n\n"
      "Raises RuntimeError where src has another shape than that.\n\n"
      ">>> import weft\n"
      ">>> weft.diagonal_scatter(weft.zeros(2, 2), weft.tensor([1., 2.]))\n"
      "tensor([[1., 0.],\n"
      "        [0., 2.]])\n");
  f.def(
      "slice_scatter", "(input, src, dim=0, start=None, end=None, step=1)",
      [=](const Tensor& x, const Tensor& src, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
          int64_t step) {
        return written(
            x, src, [&](const Tensor& t) { return slice(t, dim, start.value_or(0), end.value_or(INT64_MAX), step); });
      },
      "A copy in which src stands at the places start, start + step, ... before end along dim, which by\n"
      "default are all.\n\n"
      "Raises RuntimeError where src has another shape than they.\n\n"
      ">>> import weft\n"
      ">>> weft.slice_scatter(weft.zeros(4), weft.ones(2), start=1, end=3)\n"
      "tensor([0., 1., 1., 0.])\n");
}

}  // namespace

void bind_movement(Family& f, Family& nn) {
  bind_shapes(f);
  bind_order(f);
  bind_reshaping(f);
  bind_joining(f);
  bind_flips(f);
  bind_repeats(f);
  bind_triangles(f);
  bind_padding(f, nn);
}

}  // namespace weft::python
