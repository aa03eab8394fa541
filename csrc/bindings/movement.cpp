#include "ops/movement.h"
#include "ops/complex.h"

#include "autograd/inplace.h"
#include "bindings/autograd.h"
#include "bindings/jit_guards.h"
#include "bindings/out.h"
#include "bindings/sizes.h"
#include "ops/creation.h"
#include "ops/reduction.h"

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

py::tuple tuple_of(const std::vector<Tensor>& tensors) {
  py::tuple result(tensors.size());
  for (size_t i = 0; i < tensors.size(); i++) result[i] = py::cast(tensors[i]);
  return result;
}

// Integers in a sequence; raises TypeError naming `op` for anything else.
Dims dims_in(const char* op, const py::object& given) {
  std::optional<Dims> dims = read_dims(given.ptr());
  check<ErrorKind::Type>(dims.has_value(), op, ": expected an integer or a sequence of integers, got ",
                         std::string(Py_TYPE(given.ptr())->tp_name));
  return *dims;
}

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
           "The elements in another shape; one size may be -1. A view where the strides allow it, else a copy.\n\n"
           "Raises RuntimeError when the number of elements differs.\n\n"
           ">>> import weft\n>>> weft.arange(4).reshape(2, 2)\ntensor([[0, 1],\n        [2, 3]])\n");
  // Before the form of several sizes, which takes one argument of any type.
  f.method(
      "view", "(self, size)", [](const Tensor& x, const Dims& size) { return view_as(x, size); },
      "The same memory in another shape, or (given a dtype) as another dtype.\n\n"
      "Raises RuntimeError when the strides do not allow a view.\n\n"
      ">>> import weft\n>>> weft.arange(4).view(-1, 2).shape\nweft.Size([2, 2])\n");
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
      "view() with the shape of another tensor.");
  f.method(
      "reshape_as", "(self, other)",
      [](const Tensor& x, const Tensor& other) {
        note_layout(other);
        return reshape(x, other.shape());
      },
      "reshape() with the shape of another tensor.");
  f.def("flatten", "(input, start_dim=0, end_dim=-1)", &flatten,
        "Makes one dimension of several.\n\n>>> import weft\n>>> weft.zeros(2, 3, 4).flatten(1).shape\nweft.Size([2, "
        "12])\n");
  f.def("ravel", "(input)", [](const Tensor& x) { return reshape(x, {-1}); }, "The elements as a vector.");
  f.def("unflatten", "(input, dim, sizes)", &unflatten,
        "Splits one dimension into several.\n\n"
        ">>> import weft\n>>> weft.zeros(2, 12).unflatten(1, (3, -1)).shape\nweft.Size([2, 3, 4])\n");
  f.def(
      "squeeze", "(input, dim=None)", [](const Tensor& x, const std::optional<Dims>& dim) { return squeeze(x, dim); },
      "Without the dimensions (default all) that have size 1.\n\n"
      ">>> import weft\n>>> weft.zeros(1, 3, 1).squeeze().shape\nweft.Size([3])\n");
  f.def("unsqueeze", "(input, dim)", &unsqueeze,
        "With a new dimension of size 1 at dim.\n\n>>> import weft\n>>> "
        "weft.zeros(3).unsqueeze(0).shape\nweft.Size([1, 3])\n");
  def_dims(f, "broadcast_to", "size", &expand, "expand() to a shape.");
  method_of_dims(
      f, "expand", "size", [](const Tensor& x, const Dims& size) { return expand(x, size); },
      "Repeats dimensions of size 1 without copying; -1 keeps a size.\n\n"
      ">>> import weft\n>>> weft.ones(3, 1).expand(-1, 4).shape\nweft.Size([3, 4])\n");
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
      "The sum over the dimensions that broadcasting from size to the tensor's shape would repeat. RuntimeError where "
      "size does not broadcast to it.\n\n"
      ">>> import weft\n>>> weft.ones(2, 3).sum_to_size(3)\ntensor([2., 2., 2.])\n");
  f.method(
      "expand_as", "(self, other)",
      [](const Tensor& x, const Tensor& other) {
        note_layout(other);
        return expand(x, other.shape());
      },
      "expand() to the shape of another tensor.");
}

Tensor transpose_matrix(const Tensor& x) {
  check(x.ndim() <= 2, "t: expected at most 2 dimensions, got shape ", x.shape(), "; use transpose() or mT");
  return x.ndim() == 2 ? transpose(x, 0, 1) : x;
}

void bind_order(Family& f) {
  def_dims(f, "permute", "dims", &permute,
           "The dimensions in another order.\n\n"
           ">>> import weft\n>>> weft.zeros(2, 3, 4).permute(2, 0, 1).shape\nweft.Size([4, 2, 3])\n");
  for (const char* name : {"transpose", "swapaxes", "swapdims"}) {
    bool numpy = name[4] == 'a';
    f.def(name, concat("(input, ", numpy ? "axis0" : "dim0", ", ", numpy ? "axis1" : "dim1", ")").c_str(), &transpose,
          "Exchanges two dimensions.");
  }
  f.def("t", "(input)", &transpose_matrix, "The transpose of a matrix; a vector as it is.");
  f.def(
      "adjoint", "(input)",
      [](const Tensor& x) {
        check(x.ndim() >= 2, "adjoint: expected a tensor of at least 2 dimensions, got shape ", x.shape());
        return transpose(conj(x), -2, -1);
      },
      "The conjugate transpose of the last two dimensions.");
  for (const char* name : {"movedim", "moveaxis"})
    f.def(name, "(input, source, destination)", &movedim,
          "Moves dimensions to other places; the rest keep their order.\n\n"
          ">>> import weft\n>>> weft.zeros(2, 3, 4).movedim(0, -1).shape\nweft.Size([3, 4, 2])\n");
}

// x.f_(...): x itself takes the shape and strides of x.f(...), which shares its memory.
template <class... Args>
void def_reshaping(Family& f, const char* name, const char* text, Tensor (*function)(const Tensor&, Args...)) {
  f.method((std::string(name) + '_').c_str(), text,
           [=](const py::object& self, Args... args) {
             const Tensor& x = unwrap(self.ptr());
             GradModeGuard record(x.requires_grad());  // its history is that of the view, also under no_grad
             become_view(name, x, function(x, args...));
             return self;
           },
           "The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.");
}

Tensor squeezed(const Tensor& x, const std::optional<Dims>& dim) { return squeeze(x, dim); }

void bind_reshaping(Family& f) {
  def_reshaping(f, "unsqueeze", "(self, dim) -> Tensor", &unsqueeze);
  def_reshaping(f, "squeeze", "(self, dim=None) -> Tensor", &squeezed);
  def_reshaping(f, "t", "(self) -> Tensor", &transpose_matrix);
  def_reshaping(f, "transpose", "(self, dim0, dim1) -> Tensor", &transpose);
  def_reshaping(f, "swapdims", "(self, dim0, dim1) -> Tensor", &transpose);
  def_reshaping(f, "swapaxes", "(self, axis0, axis1) -> Tensor", &transpose);
}

void bind_parts(Family& f) {
  f.def("select", "(input, dim, index)", &select, "One element along dim; the dimension goes away.");
  f.def("narrow", "(input, dim, start, length)", &narrow, "A range of elements along dim.");
  f.def("diagonal", "(input, offset=0, dim1=0, dim2=1)", &diagonal,
        "The diagonal of two dimensions, as the last one.\n\n"
        ">>> import weft\n>>> weft.tensor([[1, 2], [3, 4]]).diagonal()\ntensor([1, 4])\n");
  f.method("unfold", "(self, dimension, size, step)", &unfold,
           "Windows along a dimension, as a new last one.\n\n"
           ">>> import weft\n>>> weft.arange(4).unfold(0, 2, 1)\ntensor([[0, 1],\n        [1, 2],\n        [2, 3]])\n");
  f.def(
      "as_strided", "(input, size, stride, storage_offset=None)",
      [](const Tensor& x, const Dims& size, const Dims& stride, std::optional<int64_t> offset) {
        if (offset) check_known_while_tracing("as_strided: storage_offset", x, true);
        return as_strided(x, size, stride, offset.value_or(x.offset()));
      },
      "Any view of the storage; counted in elements.");
  auto split_any = [](const Tensor& x, const py::object& sizes, int64_t dim) {
    return tuple_of(PyIndex_Check(sizes.ptr()) ? split(x, sizes.cast<int64_t>(), dim)
                                               : split(x, dims_in("split", sizes), dim));
  };
  const char* doc =
      "Views of parts of the given size (the last may be smaller) or sizes.\n\n"
      ">>> import weft\n>>> weft.arange(3).split(2)\n(tensor([0, 1]), tensor([2]))\n";
  f.function("split", "(tensor, split_size_or_sections, dim=0)", split_any, doc);
  f.method("split", "(self, split_size, dim=0)", split_any, doc);
  f.def(
      "split_with_sizes", "(input, split_sizes, dim=0)",
      [](const Tensor& x, const Dims& sizes, int64_t dim) { return tuple_of(split(x, sizes, dim)); },
      "Views of parts of the given sizes.");
  f.def(
      "chunk", "(input, chunks, dim=0)",
      [](const Tensor& x, int64_t chunks, int64_t dim) { return tuple_of(chunk(x, chunks, dim)); },
      "Views of that many parts of one size; the last may be smaller.");
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
  f.def("tensor_split", "(input, indices_or_sections, dim=0)", split_evenly,
        "That many parts whose sizes differ by at most 1, or cuts before the given places.");
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
      "hsplit", "(input, indices_or_sections)",
      [=](const Tensor& x, const py::object& sections) {
        return split_exactly("hsplit", x, sections, x.ndim() <= 1 ? 0 : 1);
      },
      "Parts of one size along columns, or cuts before the given places; RuntimeError where the size does not divide.");
  f.def(
      "vsplit", "(input, indices_or_sections)",
      [=](const Tensor& x, const py::object& sections) {
        check(x.ndim() >= 2, "vsplit: expected at least 2 dimensions, got shape ", x.shape());
        return split_exactly("vsplit", x, sections, 0);
      },
      "Parts of one size along rows, or cuts before the given places; RuntimeError where the size does not divide.");
  f.def(
      "unbind", "(input, dim=0)", [](const Tensor& x, int64_t dim) { return tuple_of(unbind(x, dim)); },
      "The elements along dim as a tuple of views.");
}

void bind_joins(Family& f) {
  for (const char* name : {"cat", "concat", "concatenate"}) {
    f.function(
        name, "(tensors, dim=0, *, out=None)",
        [=](const py::object& tensors, int64_t dim, const Tensor& out) {
          return write_out(name, out, [&] { return cat(tensors_of(name, tensors), dim, name); });
        },
        "Joins tensors along a dimension they have.\n\n"
        ">>> import weft\n>>> weft.cat([weft.ones(1), weft.zeros(2)])\ntensor([1., 0., 0.])\n");
    f.function(name, "(tensors, *, axis)",
               [=](const py::object& tensors, int64_t axis) { return cat(tensors_of(name, tensors), axis, name); });
  }
  f.function(
      "stack", "(tensors, dim=0, *, out=None)",
      [](const py::object& tensors, int64_t dim, const Tensor& out) {
        return write_out("stack", out, [&] { return stack(tensors_of("stack", tensors), dim); });
      },
      "Joins tensors of one shape along a new dimension.\n\n"
      ">>> import weft\n>>> weft.stack([weft.ones(2), weft.zeros(2)]).shape\nweft.Size([2, 2])\n");
  // The NumPy family: numbers and vectors first get the dimensions that are joined.
  auto def_join = [&](const char* name, int64_t dim, auto prepare, const char* doc) {
    f.function(
        name, "(tensors, *, out=None)",
        [=](const py::object& tensors, const Tensor& out) {
          std::vector<Tensor> list = tensors_of(name, tensors);
          for (Tensor& t : list) t = prepare(t);
          return write_out(name, out, [&] { return cat(list, !list.empty() && list[0].ndim() == 1 ? 0 : dim, name); });
        },
        doc);
  };
  auto rows = [](const Tensor& t) { return t.ndim() < 2 ? reshape(t, {1, -1}) : t; };
  def_join("vstack", 0, rows, "Joins along rows; vectors are rows.");
  def_join("row_stack", 0, rows, "Joins along rows; vectors are rows.");
  def_join(
      "hstack", 1, [](const Tensor& t) { return t.ndim() == 0 ? reshape(t, {1}) : t; },
      "Joins along columns; vectors end to end.");
  def_join(
      "column_stack", 1, [](const Tensor& t) { return t.ndim() < 2 ? reshape(t, {-1, 1}) : t; },
      "Joins along columns; vectors are columns.");
  def_join(
      "dstack", 2,
      [](const Tensor& t) { return t.ndim() < 2    ? reshape(t, {1, -1, 1})
                                   : t.ndim() == 2 ? unsqueeze(t, 2)
                                                   : t; },
      "Joins along the third dimension.");
}

void bind_broadcasts(Family& f) {
  f.function(
      "broadcast_tensors", "(*args)",
      [](const py::args& args) {
        std::vector<Tensor> list = tensors_of_args("broadcast_tensors", args);
        Shape shape;
        for (const Tensor& t : list) shape = broadcast_shapes("broadcast_tensors", shape, t.shape());
        for (Tensor& t : list) t = expand(t, shape);
        return tuple_of(list);
      },
      "The tensors expanded to the shape they broadcast to.");
  f.function(
      "broadcast_shapes", "(*shapes)",
      [](const py::args& shapes) {
        Shape shape;
        for (py::handle s : shapes) {
          std::optional<Dims> sizes = read_dims(s.ptr());
          check<ErrorKind::Type>(sizes.has_value(), "broadcast_shapes: expected shapes, got ",
                                 Py_TYPE(s.ptr())->tp_name);
          shape = broadcast_shapes("broadcast_shapes", shape, checked_sizes("broadcast_shapes", *sizes));
        }
        return py::module_::import("weft._size").attr("Size")(shape.to_vector());
      },
      "The shape that shapes broadcast to.\n\n"
      ">>> import weft\n>>> weft.broadcast_shapes((3, 1), (4,))\nweft.Size([3, 4])\n");
  auto def_atleast = [&](const char* name, auto grow) {
    f.function(
        name, "(*args)",
        [=](const py::args& args) -> py::object {
          std::vector<Tensor> list = tensors_of_args(name, args);
          for (Tensor& t : list) t = grow(t);
          if (args.size() == 1 && is_tensor(py::handle(args[0]).ptr())) return py::cast(list[0]);
          return tuple_of(list);
        },
        "The tensors with at least so many dimensions.");
  };
  def_atleast("atleast_1d", [](const Tensor& t) { return t.ndim() == 0 ? reshape(t, {1}) : t; });
  def_atleast("atleast_2d", [](const Tensor& t) { return t.ndim() < 2 ? reshape(t, {1, -1}) : t; });
  def_atleast("atleast_3d", [](const Tensor& t) {
    return t.ndim() < 2 ? reshape(t, {1, -1, 1}) : t.ndim() == 2 ? unsqueeze(t, 2) : t;
  });
  f.function(
      "block_diag", "(*args)",
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
      "A matrix with the given ones along its diagonal and zeros elsewhere.");
}

void bind_flips(Family& f) {
  def_dims(
      f, "flip", "dims", &flip,
      "The elements in reverse order along dims.\n\n>>> import weft\n>>> weft.arange(3).flip(0)\ntensor([2, 1, 0])\n");
  f.def(
      "fliplr", "(input)",
      [](const Tensor& x) {
        check(x.ndim() >= 2, "fliplr: expected at least 2 dimensions, got shape ", x.shape());
        return flip(x, {1});
      },
      "Columns in reverse order.");
  f.def(
      "flipud", "(input)",
      [](const Tensor& x) {
        check(x.ndim() >= 1, "flipud: expected at least 1 dimension, got a number");
        return flip(x, {0});
      },
      "Rows in reverse order.");
  f.def("rot90", "(input, k=1, dims=(0, 1))", &rot90,
        "Turned by 90 degrees k times, from the first towards the second dim.");
  f.def(
      "roll", "(input, shifts, dims=None)",
      [](const Tensor& x, const Dims& shifts, const std::optional<Dims>& dims) {
        return roll(x, shifts, dims.value_or(Dims{}));
      },
      "Elements moved along dims; what leaves at one end enters at the other.\n\n"
      ">>> import weft\n>>> weft.arange(4).roll(1)\ntensor([3, 0, 1, 2])\n");
}

void bind_repeats(Family& f) {
  method_of_dims(
      f, "repeat", "repeats", [](const Tensor& x, const Dims& repeats) { return repeat(x, repeats); },
      "The whole tensor so many times along each dimension.\n\n"
      ">>> import weft\n>>> weft.arange(2).repeat(2)\ntensor([0, 1, 0, 1])\n");
  def_dims(f, "tile", "dims", &tile, "repeat() that needs no counts for the leading dimensions.");
  auto interleave = [](const Tensor& x, const py::object& repeats, std::optional<int64_t> dim,
                       std::optional<int64_t> output_size) {
    Tensor source = dim ? x : reshape(x, {-1});
    Tensor y = is_tensor(repeats.ptr()) ? repeat_interleave(source, unwrap(repeats.ptr()), dim.value_or(0))
                                        : repeat_interleave(source, repeats.cast<int64_t>(), dim.value_or(0));
    check(!output_size || *output_size == y.size(static_cast<int>(dim.value_or(0))),
          "repeat_interleave: output_size is ", output_size.value_or(0), ", but the result has shape ", y.shape());
    return y;
  };
  f.def("repeat_interleave", "(input, repeats, dim=None, *, output_size=None)", interleave,
        "Every element so many times along dim (default: of the flattened tensor).\n\n"
        ">>> import weft\n>>> weft.arange(2).repeat_interleave(2)\ntensor([0, 0, 1, 1])\n");
}

void bind_triangles(Family& f) {
  auto def_triangle = [&](const char* name, auto function, const char* doc) {
    f.def(
        name, "(input, diagonal=0, *, out=None)",
        [=](const Tensor& x, int64_t diagonal, const Tensor& out) {
          return write_out(name, out, [&] { return function(x, diagonal); });
        },
        doc);
    f.method((std::string(name) + "_").c_str(), "(self, diagonal=0)",
             [=](const Tensor& x, int64_t diagonal) { return copy_(x, function(x, diagonal)); }, "The same, in place.");
  };
  def_triangle("tril", &tril, "The lower triangle of the last two dimensions, zeros above it.");
  def_triangle("triu", &triu, "The upper triangle of the last two dimensions, zeros below it.");
  f.def(
      "diag", "(input, diagonal=0, *, out=None)",
      [](const Tensor& x, int64_t diagonal_, const Tensor& out) {
        check(x.ndim() == 1 || x.ndim() == 2, "diag: expected a vector or a matrix, got shape ", x.shape());
        return write_out("diag", out, [&] {
          return x.ndim() == 1 ? diag_embed(x, diagonal_, 0, 1) : clone(diagonal(x, diagonal_));
        });
      },
      "The diagonal of a matrix, or the matrix with a vector on its diagonal.");
  f.def("diag_embed", "(input, offset=0, dim1=-2, dim2=-1)", &diag_embed,
        "Zeros, with the last dimension along a diagonal of two new ones.");
  f.def(
      "diagflat", "(input, offset=0)",
      [](const Tensor& x, int64_t offset) { return diag_embed(reshape(x, {-1}), offset); },
      "The matrix with the flattened tensor on its diagonal.");
  f.def(
      "trace", "(input)",
      [](const Tensor& x) {
        check(x.ndim() == 2, "trace: expected a matrix, got shape ", x.shape());
        return sum(diagonal(x));
      },
      "The sum of the diagonal of a matrix.");
}

void bind_padding(Family& f, Family& nn) {
  auto padded = [](const Tensor& x, const Dims& widths, const std::string& mode, std::optional<Scalar> value) {
    return pad(x, widths, mode, value.value_or(Scalar(0)));
  };
  nn.function(
      "pad", "(input, pad, mode='constant', value=None)", padded,
      "Widens (or with negative widths crops) the last dimensions: widths before and after the last one come first.\n\n"
      "mode: 'constant' (value, default 0), 'reflect', 'replicate' or 'circular'.\n\n"
      ">>> import weft\n>>> weft.nn.functional.pad(weft.ones(2), (1, 2))\ntensor([0., 1., 1., 0., 0.])\n");
  f.function(
      "constant_pad_nd", "(input, pad, value=0)",
      [=](const Tensor& x, const Dims& widths, const Scalar& value) { return pad(x, widths, "constant", value); },
      "nn.functional.pad() with a constant.");
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
      "A copy with select(dim, index) replaced by src.");
  f.def(
      "diagonal_scatter", "(input, src, offset=0, dim1=0, dim2=1)",
      [=](const Tensor& x, const Tensor& src, int64_t offset, int64_t dim1, int64_t dim2) {
        return written(x, src, [&](const Tensor& t) { return diagonal(t, offset, dim1, dim2); });
      },
      "A copy with diagonal() replaced by src.");
  f.def(
      "slice_scatter", "(input, src, dim=0, start=None, end=None, step=1)",
      [=](const Tensor& x, const Tensor& src, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
          int64_t step) {
        return written(
            x, src, [&](const Tensor& t) { return slice(t, dim, start.value_or(0), end.value_or(INT64_MAX), step); });
      },
      "A copy with a slice replaced by src.");
}

}  // namespace

void bind_movement(Family& f, Family& nn) {
  bind_shapes(f);
  bind_order(f);
  bind_reshaping(f);
  bind_parts(f);
  bind_joins(f);
  bind_broadcasts(f);
  bind_flips(f);
  bind_repeats(f);
  bind_triangles(f);
  bind_padding(f, nn);
}

}  // namespace weft::python
