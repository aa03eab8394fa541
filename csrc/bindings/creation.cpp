#include "ops/creation.h"
#include "bindings/factory.h"
#include "bindings/sizes.h"
#include "memory/allocator.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

DType natural_dtype(const Scalar& value) {
  if (value.is_complex()) return to_complex(default_dtype());
  return value.is_float() ? default_dtype() : value.default_dtype();
}

using Maker = Tensor (*)(const Shape&, DType, Device);

// Memory with undefined contents: out= keeps what it has.
Tensor uninitialized(const Shape& shape, DType dtype, Device device) {
  set_allocation_tag("empty");
  return empty(shape, dtype, device);
}

// zeros, ones and empty, and their _like and new_ forms.
void bind_filled(Family& f, const char* name, Maker make, const char* doc, const char* like_doc, const char* new_doc) {
  auto sized = [=](const FactoryOptions& o, const Dims& size) {
    const Shape& shape = checked_sizes(name, size);
    const DType dtype = o.dtype_or_default();
    o.check_format(shape);
    if (make == &uninitialized && o.out().defined()) {
      if (o.out().shape() != shape) resize_out(name, o.out(), shape);
      return o.as_leaf(o.out());
    }
    return o.finish([&] { return make(shape, dtype, o.device_or_default()); });
  };
  f.function(name, "(size, *, " WEFT_FACTORY_OUT ", memory_format=None)",
             with_options<Tensor, FormatArgument>(name, sized), doc);
  auto listed = [=](const FactoryOptions& o, const py::args& size) { return sized(o, dims_of(name, size)); };
  f.function(name, "(*size: int, " WEFT_FACTORY_OUT ", memory_format=None)",
             with_options<Tensor, FormatArgument>(name, listed));
  std::string like = std::string(name) + "_like", fresh = std::string("new_") + name;
  f.function(like.c_str(), "(input, *, " WEFT_FACTORY_LIKE ")",
             with_options<FormatArgument>(like.c_str(),
                                          [make](const FactoryOptions& o, const Tensor& x) {
                                            o.check_format(x.shape());
                                            return o.finish_like(
                                                make(x.shape(), o.dtype_or(x.dtype()), o.device_or(x.device())), x);
                                          }),
             like_doc);
  auto new_form = [=](const FactoryOptions& o, const Tensor& x, const Dims& size) {
    note_layout(x);
    return o.finish([&] { return make(checked_sizes(name, size), o.dtype_or(x.dtype()), o.device_or(x.device())); });
  };
  f.method(fresh.c_str(), "(self, size, *, " WEFT_FACTORY_ARGS ")", with_options<>(fresh.c_str(), new_form), new_doc);
  auto new_listed = [=](const FactoryOptions& o, const Tensor& x, const py::args& size) {
    return new_form(o, x, dims_of(name, size));
  };
  f.method(fresh.c_str(), "(self, *size: int, " WEFT_FACTORY_ARGS ")", with_options<>(fresh.c_str(), new_listed));
}

void bind_full(Family& f) {
  auto sized = [](const FactoryOptions& o, const Dims& size, const Scalar& value) {
    const DType t = o.dtype_or(natural_dtype(value));
    return o.finish([&] { return full(checked_sizes("full", size), value, t, o.device_or_default()); });
  };
  f.function("full", "(size, fill_value, *, " WEFT_FACTORY_OUT ")", with_options<Tensor>("full", sized),
             "A tensor of the given size in which each element is fill_value. The dtype is that of the number\n"
             "unless given: bool, int64, the default dtype or the complex one of that precision.\n\n"
             "Raises RuntimeError for negative sizes.\n\n"
             ">>> import weft\n"
             ">>> weft.full((2,), 7)\n"
             "tensor([7, 7])\n"
             ">>> weft.full((2,), 0.5)\n"
             "tensor([0.5000, 0.5000])\n");
  auto like = [](const FactoryOptions& o, const Tensor& x, const Scalar& value) {
    o.check_format(x.shape());
    return o.finish_like(full(x.shape(), value, o.dtype_or(x.dtype()), o.device_or(x.device())), x);
  };
  f.function("full_like", "(input, fill_value, *, " WEFT_FACTORY_LIKE ")",
             with_options<FormatArgument>("full_like", like),
             "A tensor of fill_value with the shape of input, and with its dtype, device and order in memory where\n"
             "no others are given.\n\n"
             ">>> import weft\n"
             ">>> weft.full_like(weft.zeros(2), 7)\n"
             "tensor([7., 7.])\n");
  auto fresh = [](const FactoryOptions& o, const Tensor& x, const Dims& size, const Scalar& value) {
    note_layout(x);
    return o.finish(
        [&] { return full(checked_sizes("new_full", size), value, o.dtype_or(x.dtype()), o.device_or(x.device())); });
  };
  f.method("new_full", "(self, size, fill_value, *, " WEFT_FACTORY_ARGS ")", with_options<>("new_full", fresh),
           "A tensor of the given size in which each element is fill_value, with this tensor's dtype and device\n"
           "where no others are given.\n\n"
           "Raises RuntimeError for negative sizes.\n\n"
           ">>> import weft\n"
           ">>> weft.zeros(1).new_full((2,), 7)\n"
           "tensor([7., 7.])\n");
  f.method(
      "new_tensor", "(self, data: Any, *, dtype=None, device=None, requires_grad=False) -> Tensor",
      [](const Tensor& x, const py::object& data, MaybeDType dtype, MaybeDevice device, bool requires_grad) {
        note_layout(x);
        return import_module("weft._C").attr("tensor")(data, py::arg("dtype") = dtype.value_or(x.dtype()),
                                                       py::arg("device") = device.value_or(x.device()),
                                                       py::arg("requires_grad") = requires_grad);
      },
      "tensor(data), a copy of numbers in nested sequences or an array, with this tensor's dtype and device\n"
      "where no others are given.\n\n"
      "Raises ValueError for sequences of different lengths.\n\n"
      ">>> import weft\n"
      ">>> weft.zeros(1).new_tensor([1, 2])\n"
      "tensor([1., 2.])\n");
  auto scalar = [](const FactoryOptions& o, const Scalar& s) {
    return o.finish([&] { return full({}, s, o.dtype_or_default(), o.device_or_default()); });
  };
  f.function("scalar_tensor", "(s, *, " WEFT_FACTORY_ARGS ")", with_options<>("scalar_tensor", scalar),
             "A tensor without dimensions that holds the number s, in the default dtype unless dtype is given.\n\n"
             ">>> import weft\n"
             ">>> weft.scalar_tensor(3)\n"
             "tensor(3.)\n");
}

Tensor make_empty_strided(const FactoryOptions& o, const Dims& size, const Dims& stride) {
  check(size.size() == stride.size(), "empty_strided: got ", size.size(), " sizes but ", stride.size(), " strides");
  Shape shape = checked_sizes("empty_strided", size);
  int64_t reach = 1;
  for (int d = 0; d < shape.size(); d++) {
    check(stride[d] >= 0, "empty_strided: negative strides are not supported, got ", stride);
    int64_t span = 0;
    bool over = shape[d] > 0 &&
                (__builtin_mul_overflow(shape[d] - 1, stride[d], &span) || __builtin_add_overflow(reach, span, &reach));
    check(!over, "empty_strided: size ", shape, " with strides ", stride, " does not fit 63 bits");
  }
  const Tensor flat = empty({reach}, o.dtype_or_default(), o.device_or_default());
  return o.finish([&] { return alias_as_strided(flat, shape, stride, 0); });
}

Tensor arange_of(const FactoryOptions& o, const Scalar& start, const Scalar& end, const Scalar& step) {
  const bool floating = start.is_float() || end.is_float() || step.is_float();
  const DType t = o.dtype_or(floating ? default_dtype() : DType::Int64);
  return o.finish([&] { return arange(start, end, step, t, o.device_or_default()); });
}

void bind_ranges(Family& f) {
  auto to_end = [](const FactoryOptions& o, const Scalar& end) { return arange_of(o, Scalar(0), end, Scalar(1)); };
  f.function("arange", "(end, *, " WEFT_FACTORY_OUT ")", with_options<Tensor>("arange", to_end),
             "The numbers start, start + step, ... before end as a vector: arange(end), arange(start, end) or\n"
             "arange(start, end, step), where start is 0 and step 1 unless given. int64 for integers, else the\n"
             "default dtype, unless dtype is given.\n\n"
             "Raises RuntimeError where step is 0 or leads away from end.\n\n"
             ">>> import weft\n"
             ">>> weft.arange(1, 7, 2)\n"
             "tensor([1, 3, 5])\n"
             ">>> weft.arange(0, 1, 0.25)\n"
             "tensor([0.0000, 0.2500, 0.5000, 0.7500])\n");
  f.function("arange", "(start, end, step=1, *, " WEFT_FACTORY_OUT ")", with_options<Tensor>("arange", &arange_of));
  auto from_zero = [](const FactoryOptions& o, const Scalar& end, const Scalar& step) {
    return arange_of(o, Scalar(0), end, step);
  };
  f.function("arange", "(*, end, step, " WEFT_FACTORY_OUT ")", with_options<Tensor>("arange", from_zero));
  auto even = [](const FactoryOptions& o, const Scalar& start, const Scalar& end, int64_t steps) {
    const DType natural = start.is_complex() || end.is_complex() ? to_complex(default_dtype()) : default_dtype();
    return o.finish([&] { return linspace(start, end, steps, o.dtype_or(natural), o.device_or_default()); });
  };
  f.function("linspace", "(start, end, steps, *, " WEFT_FACTORY_OUT ")", with_options<Tensor>("linspace", even),
             "`steps` evenly spaced numbers from start to end, both included: start + i * (end - start) / (steps -\n"
             "1). The default dtype, or the complex one of that precision for complex ends, unless dtype is given.\n\n"
             "Raises RuntimeError for negative steps.\n\n"
             ">>> import weft\n"
             ">>> weft.linspace(0, 1, 3)\n"
             "tensor([0.0000, 0.5000, 1.0000])\n");
  auto powers = [](const FactoryOptions& o, const Scalar& start, const Scalar& end, int64_t steps, double base) {
    return o.finish([&] { return logspace(start, end, steps, base, o.dtype_or_default(), o.device_or_default()); });
  };
  f.function("logspace", "(start, end, steps, base=10.0, *, " WEFT_FACTORY_OUT ")",
             with_options<Tensor>("logspace", powers),
             "base to the powers of linspace(start, end, steps), in the default dtype unless dtype is given.\n\n"
             "Raises RuntimeError for negative steps.\n\n"
             ">>> import weft\n"
             ">>> weft.logspace(0, 2, 3)\n"
             "tensor([  1.,  10., 100.])\n");
  auto diagonal = [](const FactoryOptions& o, int64_t n, std::optional<int64_t> m) {
    return o.finish([&] { return eye(n, m.value_or(n), o.dtype_or_default(), o.device_or_default()); });
  };
  f.function("eye", "(n, m=None, *, " WEFT_FACTORY_OUT ")", with_options<Tensor>("eye", diagonal),
             "An (n, m) matrix, without m (n, n), with ones on the diagonal and zeros elsewhere, in the default\n"
             "dtype unless dtype is given.\n\n"
             "Raises RuntimeError for negative sizes.\n\n"
             ">>> import weft\n"
             ">>> weft.eye(2)\n"
             "tensor([[1., 0.],\n"
             "        [0., 1.]])\n");
}

void bind_grids(Family& f) {
  for (bool upper : {false, true}) {
    const char* name = upper ? "triu_indices" : "tril_indices";
    auto indices = [upper](const FactoryOptions& o, int64_t row, int64_t col, int64_t offset) {
      return o.finish(
          [&] { return triangle_indices(row, col, offset, upper, o.dtype_or(DType::Int64), o.device_or_default()); });
    };
    f.function(
        name, "(row, col, offset=0, *, " WEFT_FACTORY_ARGS ")", with_options<>(name, indices),
        upper ? "Row numbers and below them column numbers, shape (2, count), of the places of a (row, col) matrix on\n"
                "and above the diagonal column = row + offset; int64 unless dtype is given.\n\n"
                "Raises RuntimeError for negative sizes.\n\n"
                ">>> import weft\n"
                ">>> weft.triu_indices(2, 2)\n"
                "tensor([[0, 0, 1],\n"
                "        [0, 1, 1]])\n"
              : "Row numbers and below them column numbers, shape (2, count), of the places of a (row, col) matrix on\n"
                "and below the diagonal column = row + offset; int64 unless dtype is given.\n\n"
                "Raises RuntimeError for negative sizes.\n\n"
                ">>> import weft\n"
                ">>> weft.tril_indices(2, 2)\n"
                "tensor([[0, 1, 1],\n"
                "        [0, 0, 1]])\n");
  }
  f.function(
      "meshgrid", "(*tensors: Tensor | Sequence[Tensor], indexing=None) -> tuple[Tensor, ...]",
      [](const py::args& tensors, const std::optional<std::string>& indexing) {
        py::object list = tensors.size() == 1 && !is_tensor(py::handle(tensors[0]).ptr()) ? py::object(tensors[0])
                                                                                          : py::object(tensors);
        std::vector<Tensor> vectors;
        for (py::handle t : items_of("meshgrid", list)) {
          check<ErrorKind::Type>(is_tensor(t.ptr()), "meshgrid: expected Tensors, got ", Py_TYPE(t.ptr())->tp_name,
                                 " at place ", vectors.size());
          vectors.push_back(unwrap(t.ptr()));
        }
        return py::tuple(py::cast(meshgrid(vectors, indexing.value_or("ij"))));
      },
      "Views of vectors in the shape (len(a), len(b), ...), each varying along its own dimension: the\n"
      "coordinates of a grid. indexing='ij' is that; with 'xy' the first two dimensions change places.\n\n"
      "Raises TypeError for anything but tensors, RuntimeError for other shapes, dtypes that differ and\n"
      "another indexing.\n\n"
      ">>> import weft\n"
      ">>> a, b = weft.meshgrid(weft.arange(2), weft.arange(3), indexing='ij')\n"
      ">>> b\n"
      "tensor([[0, 1, 2],\n"
      "        [0, 1, 2]])\n");
  f.function(
      "vander", "(x, N=None, increasing=False)",
      [](const Tensor& x, std::optional<int64_t> n, bool increasing) {
        check(x.ndim() == 1, "vander: expected a vector, got shape ", x.shape());
        int64_t count = n.value_or(x.numel());
        check(count >= 0, "vander: N must not be negative, got ", count);
        Tensor powers = increasing ? arange(count, x.device()) : sub(Scalar(count - 1), arange(count, x.device()));
        return pow(unsqueeze(x, 1), powers);
      },
      "The powers N - 1, ..., 1, 0 of the elements of a vector, with increasing 0, 1, ..., N - 1, one row\n"
      "per element: a Vandermonde matrix of shape (len(x), N). Without N it is square.\n\n"
      "Raises RuntimeError unless x is a vector and N not negative.\n\n"
      ">>> import weft\n"
      ">>> weft.vander(weft.tensor([2, 3]), 3)\n"
      "tensor([[4, 2, 1],\n"
      "        [9, 3, 1]])\n");
}

}  // namespace

void bind_creation(Family& f, Family&) {
  bind_filled(f, "zeros", &zeros,
              "A tensor of zeros, of the given size (numbers, or one sequence), in the default dtype unless dtype\n"
              "is given.\n\n"
              "Raises RuntimeError for negative sizes.\n\n"
              ">>> import weft\n"
              ">>> weft.zeros(2, 1)\n"
              "tensor([[0.],\n"
              "        [0.]])\n"
              ">>> weft.zeros((2,), dtype=weft.int64)\n"
              "tensor([0, 0])\n",
              "A tensor of zeros with the shape of input, and with its dtype, device and order in memory where no\n"
              "others are given.\n\n"
              ">>> import weft\n"
              ">>> weft.zeros_like(weft.tensor([3, 4]))\n"
              "tensor([0, 0])\n",
              "A tensor of zeros of the given size (numbers, or one sequence), with this tensor's dtype and device\n"
              "where no others are given.\n\n"
              "Raises RuntimeError for negative sizes.\n\n"
              ">>> import weft\n"
              ">>> weft.tensor([3, 4]).new_zeros(3)\n"
              "tensor([0, 0, 0])\n");
  bind_filled(f, "ones", &ones,
              "A tensor of ones, of the given size (numbers, or one sequence), in the default dtype unless dtype is\n"
              "given.\n\n"
              "Raises RuntimeError for negative sizes.\n\n"
              ">>> import weft\n"
              ">>> weft.ones(2)\n"
              "tensor([1., 1.])\n"
              ">>> weft.ones((2, 1), dtype=weft.bool)\n"
              "tensor([[True],\n"
              "        [True]])\n",
              "A tensor of ones with the shape of input, and with its dtype, device and order in memory where no\n"
              "others are given.\n\n"
              ">>> import weft\n"
              ">>> weft.ones_like(weft.tensor([3, 4]))\n"
              "tensor([1, 1])\n",
              "A tensor of ones of the given size (numbers, or one sequence), with this tensor's dtype and device\n"
              "where no others are given.\n\n"
              "Raises RuntimeError for negative sizes.\n\n"
              ">>> import weft\n"
              ">>> weft.tensor([3, 4]).new_ones(3)\n"
              "tensor([1, 1, 1])\n");
  bind_filled(f, "empty", &uninitialized,
              "A tensor with undefined contents, of the given size (numbers, or one sequence), in the default dtype\n"
              "unless dtype is given.\n\n"
              "Raises RuntimeError for negative sizes.\n\n"
              ">>> import weft\n"
              ">>> weft.empty(2, 3).shape\n"
              "weft.Size([2, 3])\n",
              "A tensor with undefined contents and the shape of input, and with its dtype, device and order in\n"
              "memory where no others are given.\n\n"
              ">>> import weft\n"
              ">>> weft.empty_like(weft.tensor([3, 4])).dtype\n"
              "weft.int64\n",
              "A tensor with undefined contents of the given size (numbers, or one sequence), with this tensor's\n"
              "dtype and device where no others are given.\n\n"
              "Raises RuntimeError for negative sizes.\n\n"
              ">>> import weft\n"
              ">>> x = weft.tensor([3, 4]).new_empty(2, 3)\n"
              ">>> x.shape, x.dtype\n"
              "(weft.Size([2, 3]), weft.int64)\n");
  bind_full(f);
  f.function("empty_strided", "(size, stride, *, " WEFT_FACTORY_ARGS ")",
             with_options<>("empty_strided", &make_empty_strided),
             "A tensor with undefined contents in which element [i, j, ...] lies i * stride[0] + j * stride[1] +\n"
             "... elements after the first.\n\n"
             "Raises RuntimeError for negative sizes and strides, and where size and stride differ in length.\n\n"
             ">>> import weft\n"
             ">>> weft.empty_strided((2, 3), (1, 2)).stride()\n"
             "(1, 2)\n");
  bind_ranges(f);
  bind_grids(f);
}

}  // namespace weft::python
