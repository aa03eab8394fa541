// Parts of a tensor, and tensors made of several.
#include "bindings/joining.h"

#include "bindings/jit_guards.h"
#include "bindings/out.h"
#include "bindings/sizes.h"
#include "ops/creation.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

// A list or tuple of tensors; raises TypeError naming `op` for anything else.
std::vector<Tensor> tensors_of(const char* op, py::handle list) {
  bool sequence = PyList_Check(list.ptr()) || PyTuple_Check(list.ptr());
  check<ErrorKind::Type>(sequence, op, ": expected a list or tuple of Tensors, got ", Py_TYPE(list.ptr())->tp_name);
  std::vector<Tensor> tensors;
  for (py::handle t : items_of(op, list)) {
    check<ErrorKind::Type>(is_tensor(t.ptr()), op, ": expected Tensors in the list, got ", Py_TYPE(t.ptr())->tp_name,
                           " at place ", tensors.size());
    tensors.push_back(unwrap(t.ptr()));
  }
  return tensors;
}
// f(a, b) and f([a, b])
std::vector<Tensor> tensors_of_args(const char* op, const py::args& args) {
  return args.size() == 1 && !is_tensor(py::handle(args[0]).ptr()) ? tensors_of(op, args[0]) : tensors_of(op, args);
}

// Integers in a sequence; raises TypeError naming `op` for anything else.
Dims dims_in(const char* op, const py::object& given) {
  std::optional<Dims> dims = read_dims(given.ptr());
  check<ErrorKind::Type>(dims.has_value(), op, ": expected an integer or a sequence of integers, got ",
                         std::string(Py_TYPE(given.ptr())->tp_name));
  return *dims;
}

void bind_parts(Family& f) {
  f.def("select", "(input, dim, index)", &select,
        "A view of one element along dim: the result lacks that dimension. A negative index counts from the\n"
        "end.\n\n"
        "Raises IndexError for a dim that is not there and an index outside of it.\n\n"
        ">>> import weft\n"
        ">>> weft.tensor([[1, 2], [3, 4]]).select(1, 0)\n"
        "tensor([1, 3])\n");
  f.def("narrow", "(input, dim, start, length)", &narrow,
        "A view of the elements start, ..., start + length - 1 along dim. A negative start counts from the\n"
        "end.\n\n"
        "Raises RuntimeError or IndexError where they are not all there.\n\n"
        ">>> import weft\n"
        ">>> weft.arange(5).narrow(0, 1, 3)\n"
        "tensor([1, 2, 3])\n");
  f.def("diagonal", "(input, offset=0, dim1=0, dim2=1)", &diagonal,
        "A view of the elements with index i in dim1 and i + offset in dim2, as the last dimension in place\n"
        "of these two.\n\n"
        "Raises RuntimeError where dim1 and dim2 are the same, IndexError for one that is not there.\n\n"
        ">>> import weft\n"
        ">>> weft.tensor([[1, 2], [3, 4]]).diagonal()\n"
        "tensor([1, 4])\n"
        ">>> weft.tensor([[1, 2], [3, 4]]).diagonal(1)\n"
        "tensor([2])\n");
  f.method("unfold", "(self, dimension, size, step)", &unfold,
           "A view of the windows of `size` elements, `step` apart, along a dimension: its size becomes their\n"
           "number, and the elements of each are a new last dimension.\n\n"
           "Raises RuntimeError where size is larger than the dimension or step is not positive.\n\n"
           ">>> import weft\n"
           ">>> weft.arange(4).unfold(0, 2, 1)\n"
           "tensor([[0, 1],\n"
           "        [1, 2],\n"
           "        [2, 3]])\n");
  f.def(
      "as_strided", "(input, size, stride, storage_offset=None)",
      [](const Tensor& x, const Dims& size, const Dims& stride, std::optional<int64_t> offset) {
        if (offset) check_known_while_tracing("as_strided: storage_offset", x, true);
        return as_strided(x, size, stride, offset.value_or(x.offset()));
      },
      "A view of any elements of the storage: element [i, j, ...] lies storage_offset + i * stride[0] + j *\n"
      "stride[1] + ... elements after its start. Without storage_offset the tensor's own.\n\n"
      "Raises RuntimeError where that leaves the storage or size and stride differ in length.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(6).as_strided((2, 2), (1, 3), 1)\n"
      "tensor([[1, 4],\n"
      "        [2, 5]])\n");
  auto split_any = [](const Tensor& x, const py::object& sizes, int64_t dim) {
    return tuple_of(PyIndex_Check(sizes.ptr()) ? split(x, sizes.cast<int64_t>(), dim)
                                               : split(x, dims_in("split", sizes), dim));
  };
  const char* doc =
      "Views of parts that follow each other along dim: of the given size, where the last may be smaller,\n"
      "or of each of a sequence of sizes.\n\n"
      "Raises RuntimeError where the sizes do not add up to that of the dimension, or one is negative.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(3).split(2)\n"
      "(tensor([0, 1]), tensor([2]))\n"
      ">>> weft.split(weft.arange(3), [1, 2])\n"
      "(tensor([0]), tensor([1, 2]))\n";
  f.function("split", "(tensor, split_size_or_sections: int | Sequence[int], dim=0) -> tuple[Tensor, ...]", split_any,
             doc);
  f.method("split", "(self, split_size: int | Sequence[int], dim=0) -> tuple[Tensor, ...]", split_any, doc);
  f.def(
      "split_with_sizes", "(input, split_sizes, dim=0) -> tuple[Tensor, ...]",
      [](const Tensor& x, const Dims& sizes, int64_t dim) { return tuple_of(split(x, sizes, dim)); },
      "Views of parts of the given sizes that follow each other along dim.\n\n"
      "Raises RuntimeError where the sizes do not add up to that of the dimension, or one is negative.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(4).split_with_sizes([1, 3])\n"
      "(tensor([0]), tensor([1, 2, 3]))\n");
  f.def(
      "chunk", "(input, chunks, dim=0) -> tuple[Tensor, ...]",
      [](const Tensor& x, int64_t chunks, int64_t dim) { return tuple_of(chunk(x, chunks, dim)); },
      "Views of parts that follow each other along dim, each of ceil(size / chunks) elements; the last may\n"
      "be smaller, and there may be fewer than `chunks` of them.\n\n"
      "Raises RuntimeError unless chunks is positive.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(5).chunk(2)\n"
      "(tensor([0, 1, 2]), tensor([3, 4]))\n"
      ">>> len(weft.arange(5).chunk(4))\n"
      "3\n");
  auto split_evenly = [](const Tensor& x, const py::object& given, int64_t dim) {
    py::object sections = given;  // of a tensor its numbers
    if (is_tensor(given.ptr())) {
      const Tensor& t = unwrap(given.ptr());
      check(t.ndim() <= 1 && is_integral(t.dtype()),
            "tensor_split: expected a number of sections or a vector of indices in the tensor, got shape ", t.shape(),
            " of dtype ", t.dtype());
      sections = given.attr("tolist")();
    }
    return tuple_of(PyIndex_Check(sections.ptr()) ? tensor_split(x, sections.cast<int64_t>(), dim)
                                                  : tensor_split_at(x, dims_in("tensor_split", sections), dim));
  };
  f.def("tensor_split", "(input, indices_or_sections: Tensor | int | Sequence[int], dim=0) -> tuple[Tensor, ...]",
        split_evenly,
        "Views of parts that follow each other along dim: as many as a number says, with sizes that differ by\n"
        "at most 1 and the larger ones first, or cut before each of the places in a sequence or an integer\n"
        "vector.\n\n"
        "Raises RuntimeError unless the number is positive.\n\n"
        ">>> import weft\n"
        ">>> weft.arange(5).tensor_split(2)\n"
        "(tensor([0, 1, 2]), tensor([3, 4]))\n"
        ">>> weft.tensor_split(weft.arange(5), [1, 3])\n"
        "(tensor([0]), tensor([1, 2]), tensor([3, 4]))\n");
  auto split_exactly = [=](const char* op, const Tensor& x, const py::object& sections, int dim) {
    check(x.ndim() > dim, op, ": expected at least ", dim + 1, " dimensions, got shape ", x.shape());
    if (PyIndex_Check(sections.ptr())) {
      const auto n = sections.cast<int64_t>();
      check(n > 0 && x.size(dim) % n == 0, op, ": dimension ", dim, " of shape ", x.shape(), " does not split into ", n,
            " parts of one size; use tensor_split");
    }
    return split_evenly(x, sections, dim);
  };
  f.def(
      "hsplit", "(input, indices_or_sections: Tensor | int | Sequence[int]) -> tuple[Tensor, ...]",
      [=](const Tensor& x, const py::object& sections) {
        return split_exactly("hsplit", x, sections, x.ndim() <= 1 ? 0 : 1);
      },
      "tensor_split() along columns: the second dimension, of a vector the only one.\n\n"
      "Raises RuntimeError where a number of parts does not divide the size, and for a tensor without\n"
      "dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([[1, 2], [3, 4]]).hsplit(2)\n"
      "(tensor([[1],\n"
      "        [3]]), tensor([[2],\n"
      "        [4]]))\n");
  f.def(
      "vsplit", "(input, indices_or_sections: Tensor | int | Sequence[int]) -> tuple[Tensor, ...]",
      [=](const Tensor& x, const py::object& sections) {
        check(x.ndim() >= 2, "vsplit: expected at least 2 dimensions, got shape ", x.shape());
        return split_exactly("vsplit", x, sections, 0);
      },
      "tensor_split() along rows, the first dimension.\n\n"
      "Raises RuntimeError where a number of parts does not divide the size, and for fewer than 2\n"
      "dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([[1, 2], [3, 4]]).vsplit(2)\n"
      "(tensor([[1, 2]]), tensor([[3, 4]]))\n");
  f.def(
      "unbind", "(input, dim=0) -> tuple[Tensor, ...]",
      [](const Tensor& x, int64_t dim) { return tuple_of(unbind(x, dim)); },
      "The elements along dim as a tuple of views, which lack that dimension.\n\n"
      "Raises IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([[1, 2], [3, 4]]).unbind()\n"
      "(tensor([1, 2]), tensor([3, 4]))\n");
}

void bind_joins(Family& f) {
  for (const char* name : {"cat", "concat", "concatenate"}) {
    f.function(
        name, "(tensors: Sequence[Tensor], dim=0, *, out=None)",
        [=](const py::object& tensors, int64_t dim, const Tensor& out) {
          return write_out(name, out, [&] { return cat(tensors_of(name, tensors), dim, name); });
        },
        concat("Joins tensors end to end along a dimension they have; the other sizes are the same. The result has\n"
               "the dtype that all promote to. An empty vector fits tensors of any shape.\n\n"
               "Raises RuntimeError for other sizes and for no tensors, TypeError for anything but a list or tuple\n"
               "of tensors.\n\n"
               ">>> import weft\n"
               ">>> weft.",
               name,
               "([weft.ones(1), weft.zeros(2)])\n"
               "tensor([1., 0., 0.])\n"
               ">>> weft.",
               name,
               "([weft.ones(2, 1), weft.zeros(2, 2)], dim=1).shape\n"
               "weft.Size([2, 3])\n")
            .c_str());
    f.function(name, "(tensors: Sequence[Tensor], *, axis)",
               [=](const py::object& tensors, int64_t axis) { return cat(tensors_of(name, tensors), axis, name); });
  }
  f.function(
      "stack", "(tensors: Sequence[Tensor], dim=0, *, out=None)",
      [](const py::object& tensors, int64_t dim, const Tensor& out) {
        return write_out("stack", out, [&] { return stack(tensors_of("stack", tensors), dim); });
      },
      "Joins tensors of one shape along a new dimension dim, which has one place for each. The result has\n"
      "the dtype that all promote to.\n\n"
      "Raises RuntimeError where shapes differ and for no tensors.\n\n"
      ">>> import weft\n"
      ">>> weft.stack([weft.tensor([1, 2]), weft.tensor([3, 4])], dim=1)\n"
      "tensor([[1, 3],\n"
      "        [2, 4]])\n");
  // The NumPy family: numbers and vectors first get the dimensions that are joined.
  auto def_join = [&](const char* name, int64_t dim, auto prepare, const char* doc) {
    f.function(
        name, "(tensors: Sequence[Tensor], *, out=None)",
        [=](const py::object& tensors, const Tensor& out) {
          std::vector<Tensor> list = tensors_of(name, tensors);
          for (Tensor& t : list) t = prepare(t);
          return write_out(name, out, [&] { return cat(list, !list.empty() && list[0].ndim() == 1 ? 0 : dim, name); });
        },
        doc);
  };
  auto rows = [](const Tensor& t) { return t.ndim() < 2 ? reshape(t, {1, -1}) : t; };
  for (const char* name : {"vstack", "row_stack"})
    def_join(name, 0, rows,
             concat("Joins tensors along rows, the first dimension; a vector or a number is one row.\n\n"
                    "Raises RuntimeError where the other sizes differ.\n\n"
                    ">>> import weft\n"
                    ">>> weft.",
                    name,
                    "([weft.tensor([1, 2]), weft.tensor([3, 4])])\n"
                    "tensor([[1, 2],\n"
                    "        [3, 4]])\n")
                 .c_str());
  def_join(
      "hstack", 1, [](const Tensor& t) { return t.ndim() == 0 ? reshape(t, {1}) : t; },
      "Joins tensors along columns, the second dimension; vectors and numbers end to end.\n\n"
      "Raises RuntimeError where the other sizes differ.\n\n"
      ">>> import weft\n"
      ">>> weft.hstack([weft.tensor([1, 2]), weft.tensor([3, 4])])\n"
      "tensor([1, 2, 3, 4])\n");
  def_join(
      "column_stack", 1, [](const Tensor& t) { return t.ndim() < 2 ? reshape(t, {-1, 1}) : t; },
      "Joins tensors along columns, the second dimension; a vector or a number is one column.\n\n"
      "Raises RuntimeError where the other sizes differ.\n\n"
      ">>> import weft\n"
      ">>> weft.column_stack([weft.tensor([1, 2]), weft.tensor([3, 4])])\n"
      "tensor([[1, 3],\n"
      "        [2, 4]])\n");
  def_join(
      "dstack", 2,
      [](const Tensor& t) { return t.ndim() < 2    ? reshape(t, {1, -1, 1})
                                   : t.ndim() == 2 ? unsqueeze(t, 2)
                                                   : t; },
      "Joins tensors along the third dimension; a vector of n elements counts as shape (1, n, 1), a matrix\n"
      "(n, m) as (n, m, 1).\n\n"
      "Raises RuntimeError where the other sizes differ.\n\n"
      ">>> import weft\n"
      ">>> weft.dstack([weft.tensor([1, 2]), weft.tensor([3, 4])])\n"
      "tensor([[[1, 3],\n"
      "         [2, 4]]])\n");
}

void bind_broadcasts(Family& f) {
  f.function(
      "broadcast_tensors", "(*args: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]",
      [](const py::args& args) {
        std::vector<Tensor> list = tensors_of_args("broadcast_tensors", args);
        Shape shape;
        for (const Tensor& t : list) shape = broadcast_shapes("broadcast_tensors", shape, t.shape());
        for (Tensor& t : list) t = expand(t, shape);
        return tuple_of(list);
      },
      "Views of the tensors in the one shape they broadcast to.\n\n"
      "Raises RuntimeError where their shapes do not fit.\n\n"
      ">>> import weft\n"
      ">>> a, b = weft.broadcast_tensors(weft.ones(3, 1), weft.ones(4))\n"
      ">>> a.shape, b.shape\n"
      "(weft.Size([3, 4]), weft.Size([3, 4]))\n");
  f.function(
      "broadcast_shapes", "(*shapes: int | Sequence[int]) -> Size",
      [](const py::args& shapes) {
        Shape shape;
        for (py::handle s : shapes) {
          std::optional<Dims> sizes = read_dims(s.ptr());
          check<ErrorKind::Type>(sizes.has_value(), "broadcast_shapes: expected shapes, got ",
                                 Py_TYPE(s.ptr())->tp_name);
          shape = broadcast_shapes("broadcast_shapes", shape, checked_sizes("broadcast_shapes", *sizes));
        }
        return import_module("weft._size").attr("Size")(shape.to_vector());
      },
      "The shape that shapes broadcast to: compared from the last dimension on, sizes are equal or one of\n"
      "them is 1.\n\n"
      "Raises RuntimeError where they do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.broadcast_shapes((3, 1), (4,))\n"
      "weft.Size([3, 4])\n");
  auto def_atleast = [&](const char* name, auto grow, const char* doc) {
    f.function(
        name, "(*args: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]",
        [=](const py::args& args) -> py::object {
          std::vector<Tensor> list = tensors_of_args(name, args);
          for (Tensor& t : list) t = grow(t);
          if (args.size() == 1 && is_tensor(py::handle(args[0]).ptr())) return py::cast(list[0]);
          return tuple_of(list);
        },
        doc);
  };
  def_atleast(
      "atleast_1d", [](const Tensor& t) { return t.ndim() == 0 ? reshape(t, {1}) : t; },
      "Numbers as vectors of one element, other tensors as they are: one tensor, or a tuple where several\n"
      "or a sequence are given.\n\n"
      ">>> import weft\n"
      ">>> weft.atleast_1d(weft.tensor(5))\n"
      "tensor([5])\n");
  def_atleast(
      "atleast_2d", [](const Tensor& t) { return t.ndim() < 2 ? reshape(t, {1, -1}) : t; },
      "Numbers and vectors as matrices of one row, other tensors as they are: one tensor, or a tuple where\n"
      "several or a sequence are given.\n\n"
      ">>> import weft\n"
      ">>> weft.atleast_2d(weft.tensor([1, 2]))\n"
      "tensor([[1, 2]])\n");
  def_atleast(
      "atleast_3d",
      [](const Tensor& t) { return t.ndim() < 2    ? reshape(t, {1, -1, 1})
                                   : t.ndim() == 2 ? unsqueeze(t, 2)
                                                   : t; },
      "Tensors with at least 3 dimensions: a vector of n elements in the shape (1, n, 1), a matrix (n, m)\n"
      "in the shape (n, m, 1). One tensor, or a tuple where several or a sequence are given.\n\n"
      ">>> import weft\n"
      ">>> weft.atleast_3d(weft.ones(2, 3)).shape\n"
      "weft.Size([2, 3, 1])\n");
  f.function(
      "block_diag", "(*args: Tensor | Sequence[Tensor])",
      [](const py::args& args) {
        std::vector<Tensor> list = tensors_of_args("block_diag", args), bands;
        int64_t columns = 0, at = 0;
        for (Tensor& t : list) {
          check(t.ndim() <= 2, "block_diag: expected at most 2 dimensions, got shape ", t.shape());
          if (t.ndim() < 2) t = reshape(t, {1, -1});
          columns += t.size(1);
        }
        for (const Tensor& t : list) {
          bands.push_back(pad(t, {at, columns - at - t.size(1)}));
          at += t.size(1);
        }
        return bands.empty() ? zeros({1, 0}, default_dtype(), default_device()) : cat(bands, 0, "block_diag");
      },
      "The matrix with the given matrices one after the other along its diagonal and zeros elsewhere;\n"
      "vectors and numbers count as one row. Its shape is the sum of theirs.\n\n"
      "Raises RuntimeError for more than 2 dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.block_diag(weft.tensor([[1, 2]]), weft.tensor([[3], [4]]))\n"
      "tensor([[1, 2, 0],\n"
      "        [0, 0, 3],\n"
      "        [0, 0, 4]])\n");
}

}  // namespace

void bind_joining(Family& f) {
  bind_parts(f);
  bind_joins(f);
  bind_broadcasts(f);
}

}  // namespace weft::python
