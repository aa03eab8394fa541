#include "ops/creation.h"
#include "bindings/autograd.h"
#include "bindings/sizes.h"
#include "memory/allocator.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

using MaybeDType = std::optional<DType>;
using MaybeDevice = std::optional<Device>;
using MaybeFlag = std::optional<bool>;

// dtype, device and requires_grad; and of PyTorch's arguments pin_memory, a hint, and layout, of which there is one.
#define WEFT_TENSOR_OPTIONS                                                                        \
  py::arg("dtype") = py::none(), py::arg("device") = py::none(), py::arg("requires_grad") = false, \
  py::arg("pin_memory") = py::none(), py::arg("layout") = py::none()

Tensor leaf(const Tensor& t, bool requires_grad) {
  if (requires_grad) change_requires_grad(t, true);
  return t;
}

// Raised before memory is taken.
void check_grad_dtype(const char* name, DType dtype, bool requires_grad) {
  check(!requires_grad || is_floating(dtype), name, ": only floating point tensors can require grad, got dtype ", dtype,
        "; use a float dtype");
}

// The _like form of a function lays its result out in row-major order.
void check_like_format(const char* name, const Tensor& x, MemoryFormat format) {
  note_layout(x);
  check(format != MemoryFormat::Preserve || x.is_contiguous(), name,
        "_like: memory_format=weft.preserve_format is not supported for a tensor of strides ", x.strides(),
        "; use empty_strided and fill it");
}

DType natural_dtype(const Scalar& value) {
  return value.is_float() ? default_dtype() : value.kind() == Scalar::Kind::Bool ? DType::Bool : DType::Int64;
}

using Maker = Tensor (*)(const Shape&, DType, Device);

// zeros, ones and empty, and their _like and new_ forms.
void bind_filled(Family& f, const char* name, Maker make, const char* doc) {
  f.function(
      name,
      [name, make](const py::args& size, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag,
                   StridedLayout, const std::optional<Dims>& size_keyword, MemoryFormat) {
        DType t = dtype.value_or(default_dtype());
        check_grad_dtype(name, t, requires_grad);
        return leaf(make(size_keyword ? checked_sizes(name, *size_keyword) : sizes_from_args(name, size), t,
                         device.value_or(default_device())),
                    requires_grad);
      },
      WEFT_TENSOR_OPTIONS, py::arg("size") = py::none(), py::arg("memory_format") = py::none(), doc);
  std::string like = std::string(name) + "_like", fresh = std::string("new_") + name;
  f.function(
      like.c_str(),
      [name, make](const Tensor& x, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag, StridedLayout,
                   MemoryFormat format) {
        check_like_format(name, x, format);
        check_grad_dtype(name, dtype.value_or(x.dtype()), requires_grad);
        return leaf(make(x.shape(), dtype.value_or(x.dtype()), device.value_or(x.device())), requires_grad);
      },
      py::arg("input").none(false), py::kw_only(), WEFT_TENSOR_OPTIONS, py::arg("memory_format") = py::none(),
      "The same for the shape, dtype and device of input, where they are not given.");
  f.method(
      fresh.c_str(),
      [name, make](const Tensor& x, const py::args& size, MaybeDType dtype, MaybeDevice device, bool requires_grad,
                   MaybeFlag, StridedLayout, const std::optional<Dims>& size_keyword) {
        note_layout(x);
        check_grad_dtype(name, dtype.value_or(x.dtype()), requires_grad);
        return leaf(make(size_keyword ? checked_sizes(name, *size_keyword) : sizes_from_args(name, size),
                         dtype.value_or(x.dtype()), device.value_or(x.device())),
                    requires_grad);
      },
      WEFT_TENSOR_OPTIONS, py::arg("size") = py::none(),
      "A new tensor of the given size with this tensor's dtype and device.");
}

void bind_full(Family& f) {
  f.function(
      "full",
      [](const Dims& size, const Scalar& value, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag,
         StridedLayout) {
        DType t = dtype.value_or(natural_dtype(value));
        check_grad_dtype("full", t, requires_grad);
        return leaf(full(checked_sizes("full", size), value, t, device.value_or(default_device())), requires_grad);
      },
      py::arg("size"), py::arg("fill_value"), py::kw_only(), WEFT_TENSOR_OPTIONS,
      "A tensor of one repeated value; its dtype is fill_value's unless given.\n\n"
      ">>> import weft\n>>> weft.full((2,), 7)\ntensor([7, 7])\n");
  f.function(
      "full_like",
      [](const Tensor& x, const Scalar& value, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag,
         StridedLayout, MemoryFormat format) {
        check_like_format("full", x, format);
        check_grad_dtype("full_like", dtype.value_or(x.dtype()), requires_grad);
        return leaf(full(x.shape(), value, dtype.value_or(x.dtype()), device.value_or(x.device())), requires_grad);
      },
      py::arg("input").none(false), py::arg("fill_value"), py::kw_only(), WEFT_TENSOR_OPTIONS,
      py::arg("memory_format") = py::none(),
      "full() with the shape, dtype and device of input, where they are not given.");
  f.method(
      "new_full",
      [](const Tensor& x, const Dims& size, const Scalar& value, MaybeDType dtype, MaybeDevice device,
         bool requires_grad, MaybeFlag, StridedLayout) {
        note_layout(x);
        check_grad_dtype("new_full", dtype.value_or(x.dtype()), requires_grad);
        return leaf(
            full(checked_sizes("new_full", size), value, dtype.value_or(x.dtype()), device.value_or(x.device())),
            requires_grad);
      },
      py::arg("size"), py::arg("fill_value"), py::kw_only(), WEFT_TENSOR_OPTIONS,
      "full() with this tensor's dtype and device.");
  f.method(
      "new_tensor",
      [](const Tensor& x, const py::object& data, MaybeDType dtype, MaybeDevice device, bool requires_grad) {
        note_layout(x);
        return py::module_::import("weft._C").attr("tensor")(data, py::arg("dtype") = dtype.value_or(x.dtype()),
                                                             py::arg("device") = device.value_or(x.device()),
                                                             py::arg("requires_grad") = requires_grad);
      },
      py::arg("data"), py::kw_only(), py::arg("dtype") = py::none(), py::arg("device") = py::none(),
      py::arg("requires_grad") = false, "tensor(data) with this tensor's dtype and device.");
  f.function(
      "scalar_tensor",
      [](const Scalar& s, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag, StridedLayout) {
        DType t = dtype.value_or(default_dtype());
        check_grad_dtype("scalar_tensor", t, requires_grad);
        return leaf(full({}, s, t, device.value_or(default_device())), requires_grad);
      },
      py::arg("s"), py::kw_only(), WEFT_TENSOR_OPTIONS, "A tensor without dimensions that holds one number.");
  f.function(
      "empty_strided",
      [](const Dims& size, const Dims& stride, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag,
         StridedLayout) {
        check(size.size() == stride.size(), "empty_strided: got ", size.size(), " sizes but ", stride.size(),
              " strides");
        Shape shape = checked_sizes("empty_strided", size);
        int64_t reach = 1;
        for (int d = 0; d < shape.size(); d++) {
          check(stride[d] >= 0, "empty_strided: negative strides are not supported, got ", stride);
          int64_t span = 0;
          bool over = shape[d] > 0 && (__builtin_mul_overflow(shape[d] - 1, stride[d], &span) ||
                                       __builtin_add_overflow(reach, span, &reach));
          check(!over, "empty_strided: size ", shape, " with strides ", stride, " does not fit 63 bits");
        }
        DType t = dtype.value_or(default_dtype());
        check_grad_dtype("empty_strided", t, requires_grad);
        Tensor flat = empty({reach}, t, device.value_or(default_device()));
        return leaf(alias_as_strided(flat, shape, stride, 0), requires_grad);
      },
      py::arg("size"), py::arg("stride"), py::kw_only(), WEFT_TENSOR_OPTIONS,
      "A tensor with undefined contents and the given strides.");
}

void bind_ranges(Family& f) {
  f.function(
      "arange",
      [](const py::args& bounds, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag, StridedLayout,
         std::optional<Scalar> start, std::optional<Scalar> end, std::optional<Scalar> step) {
        auto number = [](py::handle o) {
          std::optional<Scalar> s = read_scalar(o.ptr());
          check<ErrorKind::Type>(s.has_value(), "arange: expected numbers, got ", Py_TYPE(o.ptr())->tp_name);
          return s;
        };
        check<ErrorKind::Type>(bounds.size() <= 3, "arange: expected (end), (start, end) or (start, end, step), got ",
                               bounds.size(), " numbers");
        if (bounds.size() == 1)
          (start || step) && !end&& !start ? start = number(bounds[0])
          : start&& !end                   ? end = number(bounds[0])
          : end                            ? start = number(bounds[0])
                                           : end = number(bounds[0]);
        if (bounds.size() >= 2) {
          start = number(bounds[0]);
          end = number(bounds[1]);
        }
        if (bounds.size() == 3) step = number(bounds[2]);
        check<ErrorKind::Type>(end.has_value(), "arange: the end is missing");
        Scalar from = start.value_or(Scalar(0)), by = step.value_or(Scalar(1));
        bool floating = from.is_float() || end->is_float() || by.is_float();
        DType t = dtype.value_or(floating ? default_dtype() : DType::Int64);
        check_grad_dtype("arange", t, requires_grad);
        return leaf(arange(from, *end, by, t, device.value_or(default_device())), requires_grad);
      },
      WEFT_TENSOR_OPTIONS, py::arg("start") = py::none(), py::arg("end") = py::none(), py::arg("step") = py::none(),
      "arange(end), arange(start, end), arange(start, end, step): the numbers start, start + step, ... before end.\n\n"
      "int64 for integers, else the default dtype. Raises RuntimeError when step is 0 or leads away from end.\n\n"
      ">>> import weft\n>>> weft.arange(1, 7, 2)\ntensor([1, 3, 5])\n");
  f.function(
      "linspace",
      [](const Scalar& start, const Scalar& end, int64_t steps, MaybeDType dtype, MaybeDevice device,
         bool requires_grad, MaybeFlag, StridedLayout) {
        check_grad_dtype("linspace", dtype.value_or(default_dtype()), requires_grad);
        return leaf(linspace(start, end, steps, dtype.value_or(default_dtype()), device.value_or(default_device())),
                    requires_grad);
      },
      py::arg("start"), py::arg("end"), py::arg("steps"), py::kw_only(), WEFT_TENSOR_OPTIONS,
      "`steps` evenly spaced numbers from start to end, both included.\n\n"
      ">>> import weft\n>>> weft.linspace(0, 1, 3)\ntensor([0.0000, 0.5000, 1.0000])\n");
  f.function(
      "logspace",
      [](const Scalar& start, const Scalar& end, int64_t steps, double base, MaybeDType dtype, MaybeDevice device,
         bool requires_grad, MaybeFlag, StridedLayout) {
        check_grad_dtype("logspace", dtype.value_or(default_dtype()), requires_grad);
        return leaf(
            logspace(start, end, steps, base, dtype.value_or(default_dtype()), device.value_or(default_device())),
            requires_grad);
      },
      py::arg("start"), py::arg("end"), py::arg("steps"), py::arg("base") = 10.0, py::kw_only(), WEFT_TENSOR_OPTIONS,
      "base to the powers of linspace(start, end, steps).\n\n"
      ">>> import weft\n>>> weft.logspace(0, 2, 3)\ntensor([  1.,  10., 100.])\n");
  f.function(
      "eye",
      [](int64_t n, std::optional<int64_t> m, MaybeDType dtype, MaybeDevice device, bool requires_grad, MaybeFlag,
         StridedLayout) {
        check_grad_dtype("eye", dtype.value_or(default_dtype()), requires_grad);
        return leaf(eye(n, m.value_or(n), dtype.value_or(default_dtype()), device.value_or(default_device())),
                    requires_grad);
      },
      py::arg("n"), py::arg("m") = py::none(), py::kw_only(), WEFT_TENSOR_OPTIONS,
      "An (n, m) matrix with ones on the diagonal.\n\n>>> import weft\n>>> weft.eye(2)\ntensor([[1., 0.],\n        "
      "[0., 1.]])\n");
}

void bind_grids(Family& f) {
  for (bool upper : {false, true})
    f.function(
        upper ? "triu_indices" : "tril_indices",
        [upper](int64_t row, int64_t col, int64_t offset, MaybeDType dtype, MaybeDevice device, StridedLayout) {
          return triangle_indices(row, col, offset, upper, dtype.value_or(DType::Int64),
                                  device.value_or(default_device()));
        },
        py::arg("row"), py::arg("col"), py::arg("offset") = 0, py::kw_only(), py::arg("dtype") = py::none(),
        py::arg("device") = py::none(), py::arg("layout") = py::none(),
        "Row and column numbers (2, count) of a triangle of a (row, col) matrix.");
  f.function(
      "meshgrid",
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
      py::arg("indexing") = py::none(),
      "Views of the vectors of shape (len(a), len(b), ...), each varying along its own dimension.\n\n"
      ">>> import weft\n>>> a, b = weft.meshgrid(weft.arange(2), weft.arange(3), indexing='ij')\n>>> b\ntensor([[0, 1, "
      "2],\n        [0, 1, 2]])\n");
  f.function(
      "vander",
      [](const Tensor& x, std::optional<int64_t> n, bool increasing) {
        check(x.ndim() == 1, "vander: expected a vector, got shape ", x.shape());
        int64_t count = n.value_or(x.numel());
        check(count >= 0, "vander: N must not be negative, got ", count);
        Tensor powers = increasing ? arange(count, x.device()) : sub(Scalar(count - 1), arange(count, x.device()));
        return pow(unsqueeze(x, 1), powers);
      },
      py::arg("x"), py::arg("N") = py::none(), py::arg("increasing") = false,
      "The powers N-1 ... 0 of the elements of a vector, one row per element.\n\n"
      ">>> import weft\n>>> weft.vander(weft.tensor([2, 3]))\ntensor([[2, 1],\n        [3, 1]])\n");
}

}  // namespace

void bind_creation(Family& f, Family&) {
  bind_filled(f, "zeros", &zeros,
              "A tensor of zeros. Sizes as numbers or as one sequence.\n\n>>> import weft\n>>> weft.zeros(2, "
              "1)\ntensor([[0.],\n        [0.]])\n");
  bind_filled(f, "ones", &ones,
              "A tensor of ones. Sizes as numbers or as one sequence.\n\n>>> import weft\n>>> "
              "weft.ones(2)\ntensor([1., 1.])\n");
  bind_filled(
      f, "empty",
      [](const Shape& s, DType t, Device d) {
        set_allocation_tag("empty");
        return empty(s, t, d);
      },
      "A tensor with undefined contents. Sizes as numbers or as one sequence.\n\n>>> import weft\n>>> weft.empty(2, "
      "3).shape\nweft.Size([2, 3])\n");
  bind_full(f);
  bind_ranges(f);
  bind_grids(f);
}

}  // namespace weft::python
