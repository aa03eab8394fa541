// Methods of weft.Tensor that ask about it or convert it: size, stride, data_ptr, to, float, ...

#include "bindings/autograd.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

const Tensor& seen(const Tensor& t) {
  note_layout(t);
  return t;
}

py::object sizes(const Tensor& t) {
  note_layout(t);
  return py::reinterpret_steal<py::object>(size_object(t.shape()));
}
int64_t size(const Tensor& t, int64_t dim) {
  note_layout(t);
  return t.shape()[normalize_dim("size", dim, t.ndim())];
}

py::object strides(const Tensor& t) {
  note_layout(t);
  return py::tuple(py::cast(t.strides().to_vector()));
}
int64_t stride(const Tensor& t, int64_t dim) {
  note_layout(t);
  return t.strides()[normalize_dim("stride", dim, t.ndim())];
}

Tensor with_dtype(const Tensor& t, DType dtype) {
  warn_of_dropped_parts(t.dtype(), dtype);
  return converted(t, dtype);
}

Tensor convert(const Tensor& t, std::optional<Device> device, std::optional<DType> dtype, bool non_blocking,
               bool copy) {
  Tensor out = t;
  // The smaller of the two dtypes crosses over.
  bool narrows = dtype && item_size(*dtype) < item_size(t.dtype());
  if (narrows) out = with_dtype(out, *dtype);
  if (device) out = to_device(out, *device, non_blocking);
  if (dtype) out = with_dtype(out, *dtype);
  return copy && out.same(t) ? clone(t) : out;
}

py::object type_or_converted(const Tensor& t, const py::object& dtype) {
  constexpr std::pair<const char*, DType> names[] = {{"FloatTensor", DType::Float32},
                                                     {"DoubleTensor", DType::Float64},
                                                     {"HalfTensor", DType::Float16},
                                                     {"BFloat16Tensor", DType::BFloat16},
                                                     {"IntTensor", DType::Int32},
                                                     {"LongTensor", DType::Int64},
                                                     {"ShortTensor", DType::Int16},
                                                     {"BoolTensor", DType::Bool},
                                                     {"ByteTensor", DType::UInt8},
                                                     {"CharTensor", DType::Int8},
                                                     {"UInt16Tensor", DType::UInt16},
                                                     {"UInt32Tensor", DType::UInt32},
                                                     {"UInt64Tensor", DType::UInt64},
                                                     {"ComplexFloatTensor", DType::Complex64},
                                                     {"ComplexDoubleTensor", DType::Complex128},
                                                     {"Float8_e4m3fnTensor", DType::Float8E4M3},
                                                     {"Float8_e5m2Tensor", DType::Float8E5M2}};
  if (dtype.is_none()) {
    for (auto [name, type] : names)
      if (type == seen(t).dtype()) return py::str(std::string("weft.") + name);
  }
  if (py::isinstance<py::str>(dtype)) {
    auto name = dtype.cast<std::string>();
    for (auto [known, type] : names)
      if (name.ends_with(std::string(".") + known)) return py::cast(convert(t, std::nullopt, type, false, false));
    return py::cast(convert(t, std::nullopt,
                            import_module("weft._C").attr(name.substr(name.rfind('.') + 1).c_str()).cast<DType>(),
                            false, false));
  }
  return py::cast(convert(t, std::nullopt, dtype.cast<DType>(), false, false));
}

struct Conversion {
  const char* name;
  DType dtype;
  const char* doc;
};
constexpr Conversion conversions[] = {
    {"float", DType::Float32,
     "The elements as float32; the tensor itself where they are.\n\n"
     "Numbers that it does not hold become the nearest one. memory_format: the order in which the elements\n"
     "lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1, 2]).float()\n"
     "tensor([1., 2.])\n"},
    {"double", DType::Float64,
     "The elements as float64; the tensor itself where they are.\n\n"
     "float32 becomes wider without loss. memory_format: the order in which the elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1, 2]).double()\n"
     "tensor([1., 2.], dtype=weft.float64)\n"},
    {"half", DType::Float16,
     "The elements as float16; the tensor itself where they are.\n\n"
     "Numbers that it does not hold become the nearest one. memory_format: the order in which the elements\n"
     "lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([2049]).half()\n"
     "tensor([2048.], dtype=weft.float16)\n"},
    {"bfloat16", DType::BFloat16,
     "The elements as bfloat16; the tensor itself where they are.\n\n"
     "Numbers that it does not hold become the nearest one. memory_format: the order in which the elements\n"
     "lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([257]).bfloat16()\n"
     "tensor([256.], dtype=weft.bfloat16)\n"},
    {"int", DType::Int32,
     "The elements as int32; the tensor itself where they are.\n\n"
     "Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the\n"
     "elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1.7, -1.7]).int()\n"
     "tensor([ 1, -1], dtype=weft.int32)\n"},
    {"long", DType::Int64,
     "The elements as int64; the tensor itself where they are.\n\n"
     "Fractions are cut off. memory_format: the order in which the elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1.7, -1.7]).long()\n"
     "tensor([ 1, -1])\n"},
    {"short", DType::Int16,
     "The elements as int16; the tensor itself where they are.\n\n"
     "Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the\n"
     "elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1.7, -1.7]).short()\n"
     "tensor([ 1, -1], dtype=weft.int16)\n"},
    {"bool", DType::Bool,
     "The elements as bool; the tensor itself where they are.\n\n"
     "All but 0 is True. memory_format: the order in which the elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([0., 0.5]).bool()\n"
     "tensor([False,  True])\n"},
    {"byte", DType::UInt8,
     "The elements as uint8; the tensor itself where they are.\n\n"
     "Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the\n"
     "elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1, 257]).byte()\n"
     "tensor([1, 1], dtype=weft.uint8)\n"},
    {"char", DType::Int8,
     "The elements as int8; the tensor itself where they are.\n\n"
     "Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the\n"
     "elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1, 200]).char()\n"
     "tensor([  1, -56], dtype=weft.int8)\n"},
    {"cfloat", DType::Complex64,
     "The elements as complex64; the tensor itself where they are.\n\n"
     "The imaginary part of real numbers is 0. memory_format: the order in which the elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1.]).cfloat()\n"
     "tensor([1.+0.j])\n"},
    {"cdouble", DType::Complex128,
     "The elements as complex128; the tensor itself where they are.\n\n"
     "The imaginary part of real numbers is 0. memory_format: the order in which the elements lie.\n\n"
     ">>> import weft\n"
     ">>> weft.tensor([1.]).cdouble()\n"
     "tensor([1.+0.j], dtype=weft.complex128)\n"},
};

}  // namespace

void bind_tensor_methods(Family& f) {
  f.method("size", "(self) -> Size", &sizes,
           "The sizes of all dimensions, or of one: size() is shape, size(dim) an int.\n\n"
           "A negative dim counts from the last one. Raises IndexError for a dim that is not there.\n\n"
           ">>> import weft\n"
           ">>> x = weft.ones(2, 3)\n"
           ">>> x.size(), x.size(-1)\n"
           "(weft.Size([2, 3]), 3)\n");
  f.method("size", "(self, dim: int) -> int", &size);
  f.method("size", "(self, dim: None) -> Size", [](const Tensor& t, const py::none&) { return sizes(t); });
  f.method("stride", "(self) -> tuple[int, ...]", &strides,
           "How many elements of the storage lie between neighbours along each dimension, or along one.\n\n"
           "stride() is a tuple, stride(dim) an int. Raises IndexError for a dim that is not there.\n\n"
           ">>> import weft\n"
           ">>> x = weft.ones(2, 3)\n"
           ">>> x.stride(), x.T.stride(), x.stride(0)\n"
           "((3, 1), (1, 3), 3)\n");
  f.method("stride", "(self, dim: int) -> int", &stride);
  f.method("stride", "(self, dim: None) -> tuple[int, ...]",
           [](const Tensor& t, const py::none&) { return strides(t); });
  f.method(
      "dim", "(self)", [](const Tensor& t) { return seen(t).ndim(); },
      "The number of dimensions.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2, 3).dim(), weft.tensor(1.).dim()\n"
      "(2, 0)\n");
  f.method(
      "ndimension", "(self)", [](const Tensor& t) { return seen(t).ndim(); },
      "The number of dimensions, as dim() gives it.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2, 3).ndimension()\n"
      "2\n");
  auto count = [](const Tensor& t) { return py::reinterpret_steal<py::object>(PyLong_FromLongLong(seen(t).numel())); };
  f.def("numel", "(input) -> int", count,
        "The number of elements: the product of the sizes, 1 for a number.\n\n"
        ">>> import weft\n"
        ">>> weft.numel(weft.ones(2, 3)), weft.tensor(1.).numel()\n"
        "(6, 1)\n");
  f.method("nelement", "(self) -> int", count,
           "The number of elements, as numel() gives it.\n\n"
           ">>> import weft\n"
           ">>> weft.ones(2, 3).nelement()\n"
           "6\n");
  f.method(
      "storage_offset", "(self)",
      [](const Tensor& t) {
        check_known_while_tracing("storage_offset", t, true);
        return seen(t).offset();
      },
      "How many elements of the storage lie before this tensor's first one.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(5)[2:].storage_offset()\n"
      "2\n");
  f.method(
      "data_ptr", "(self)",
      [](const Tensor& t) {
        check_values_known("data_ptr", t);
        return reinterpret_cast<uintptr_t>(seen(t).data());
      },
      "The address of the first element, on the tensor's device; 0 where there is no memory.\n\n"
      ">>> import weft\n"
      ">>> x = weft.ones(2, 3)\n"
      ">>> x[1].data_ptr() - x.data_ptr()\n"
      "12\n");
  f.method(
      "element_size", "(self)", [](const Tensor& t) { return item_size(seen(t).dtype()); },
      "The bytes of one element.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2).element_size(), weft.arange(2).element_size()\n"
      "(4, 8)\n");
  f.method(
      "is_contiguous", "(self, memory_format=None)",
      [](const Tensor& t, const FormatArgument& format) {
        check(!format.preserve, "is_contiguous: weft.preserve_format is no order of elements");
        return is_in(format.order, seen(t).shape(), seen(t).strides());
      },
      "Do the elements lie in row-major order, or in that which memory_format names, without gaps?\n\n"
      "memory_format: weft.contiguous_format, weft.channels_last or weft.channels_last_3d. Raises RuntimeError\n"
      "for weft.preserve_format, which is no order.\n\n"
      ">>> import weft\n"
      ">>> x = weft.ones(2, 3, 4, 5).to(memory_format=weft.channels_last)\n"
      ">>> x.is_contiguous(), x.is_contiguous(memory_format=weft.channels_last)\n"
      "(False, True)\n");
  f.def(
      "is_floating_point", "(input)",
      [](const Tensor& t) { return category(seen(t).dtype()) == DTypeCategory::Floating; },
      "Is the dtype a floating point one? Complex dtypes are none.\n\n"
      ">>> import weft\n"
      ">>> weft.is_floating_point(weft.ones(2)), weft.arange(2).is_floating_point()\n"
      "(True, False)\n");
  f.def(
      "is_complex", "(input)", [](const Tensor& t) { return is_complex(seen(t).dtype()); },
      "Is the dtype a complex one?\n\n"
      ">>> import weft\n"
      ">>> weft.is_complex(weft.tensor(1j)), weft.ones(2).is_complex()\n"
      "(True, False)\n");
  f.method(
      "__complex__", "(self) -> complex",
      [](const Tensor& t) {
        auto value = py::reinterpret_steal<py::object>(item(t, "complex"));
        const auto zero = py::reinterpret_steal<py::object>(PyComplex_FromDoubles(0, 0));
        return py::reinterpret_steal<py::object>(PyNumber_Add(value.ptr(), zero.ptr()));
      },
      "The value of a tensor of one element as a complex number: what complex(tensor) calls.\n\n"
      "Raises RuntimeError for another number of elements.\n\n"
      ">>> import weft\n"
      ">>> complex(weft.tensor([2.]))\n"
      "(2+0j)\n");
  f.def(
      "is_nonzero", "(input)", [](const Tensor& t) { return py::bool_(py::cast(t)); },
      "Is the only element something else than 0? What bool(tensor) says.\n\n"
      "Raises RuntimeError for a tensor of more elements, or none.\n\n"
      ">>> import weft\n"
      ">>> weft.is_nonzero(weft.tensor([0.5])), weft.tensor(False).is_nonzero()\n"
      "(True, False)\n");
  f.method(
      "is_same_size", "(self, other)",
      [](const Tensor& t, const Tensor& other) { return seen(t).shape() == seen(other).shape(); },
      "Have the two tensors one shape?\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2, 3).is_same_size(weft.zeros(2, 3)), weft.ones(2, 3).is_same_size(weft.ones(3, 2))\n"
      "(True, False)\n");
  f.method(
      "is_set_to", "(self, tensor)",
      [](const Tensor& t, const Tensor& o) {
        check_known_while_tracing("is_set_to", t, true);
        check_known_while_tracing("is_set_to", o, true);
        return overlap_of(t, o) == Overlap::Same;
      },
      "Are both exactly the same view of the same storage: offset, shape and strides?\n\n"
      ">>> import weft\n"
      ">>> x = weft.ones(2, 3)\n"
      ">>> x.is_set_to(x.view(2, 3)), x.is_set_to(x.T), x.is_set_to(x.clone())\n"
      "(True, False, False)\n");
  f.method(
      "get_device", "(self)",
      [](const Tensor& t) { return seen(t).device().type == DeviceType::CUDA ? t.device().index : -1; },
      "The index of the tensor's GPU; -1 for a tensor that is on none.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2).get_device()\n"
      "-1\n");
  auto to = [](const Tensor& x, std::optional<Device> device, std::optional<DType> dtype, bool non_blocking, bool copy,
               const FormatArgument& format) {
    return in_format("to", convert(x, device, dtype, non_blocking, copy), format);
  };
  f.method(
      "to", "(self, dtype, non_blocking=False, copy=False, *, memory_format=None)",
      [to](const Tensor& x, DType dtype, bool non_blocking, bool copy, const FormatArgument& format) {
        return to(x, std::nullopt, dtype, non_blocking, copy, format);
      },
      "The tensor with another dtype, on another device or in another order; itself when nothing changes.\n\n"
      "to(dtype), to(device), to(device, dtype), and to(other), which takes both from a tensor. copy: a new\n"
      "tensor in any case. non_blocking: a copy between a GPU and pinned memory goes on by itself.\n"
      "memory_format: the order in which the elements lie. Fractions are cut off where the dtype has none.\n\n"
      "Raises RuntimeError for a device that is not there.\n\n"
      ">>> import weft\n"
      ">>> x = weft.tensor([1.7])\n"
      ">>> x.to(weft.int64), x.to('cpu', weft.float64), x.to(weft.float32) is x\n"
      "(tensor([1]), tensor([1.7000], dtype=weft.float64), True)\n");
  f.method("to", "(self, device=None, dtype=None, non_blocking=False, copy=False, *, memory_format=None)", to);
  f.method("to", "(self, other, non_blocking=False, copy=False, *, memory_format=None)",
           [to](const Tensor& x, const Tensor& other, bool non_blocking, bool copy, const FormatArgument& format) {
             return to(x, seen(other).device(), other.dtype(), non_blocking, copy, format);
           });
  f.method("type", "(self, dtype: dtype | str | None=None) -> Any", &type_or_converted,
           "The dtype as the name of a tensor type, or the tensor converted to a dtype, which has such a name too.\n\n"
           ">>> import weft\n"
           ">>> weft.ones(2).type(), weft.ones(2).type('weft.LongTensor')\n"
           "('weft.FloatTensor', tensor([1, 1]))\n");
  f.method(
      "type_as", "(self, other)",
      [](const Tensor& t, const Tensor& other) {
        return convert(t, seen(other).device(), other.dtype(), false, false);
      },
      "The tensor with the dtype and on the device of another; itself when nothing changes.\n\n"
      ">>> import weft\n"
      ">>> weft.tensor([1.7]).type_as(weft.tensor([0]))\n"
      "tensor([1])\n");
  f.method(
      "cpu", "(self, memory_format=None)",
      [](const Tensor& t, const FormatArgument& format) { return in_format("cpu", to_device(t, {}), format); },
      "The tensor in host memory; itself when it is there.\n\n"
      "memory_format: the order in which the elements lie.\n\n"
      ">>> import weft\n"
      ">>> x = weft.ones(2)\n"
      ">>> x.cpu() is x\n"
      "True\n");
  f.method(
      "cuda", "(self, device=None, non_blocking=False, memory_format=None)",
      [](const Tensor& t, std::optional<Device> device, bool non_blocking, const FormatArgument& format) {
        Device place = device.value_or(Device{DeviceType::CUDA, current_index(DeviceType::CUDA)});
        check<ErrorKind::Value>(place.type == DeviceType::CUDA, "cuda: expected a CUDA device, got ", place);
        return in_format("cuda", to_device(t, place, non_blocking), format);
      },
      "The tensor on an NVIDIA GPU, by default the current one; itself when it is there.\n\n"
      "With non_blocking=True the copy of a tensor in pinned memory goes on by itself.\n\n"
      "Raises RuntimeError that says what is missing when there is no GPU, ValueError for another kind of\n"
      "device.\n\n"
      ">>> import weft\n"
      ">>> x = weft.ones(2)\n"
      ">>> x.cuda().is_cuda if weft.cuda.is_available() else True\n"
      "True\n");
  for (const Conversion& c : conversions)
    f.method(
        c.name, "(self, memory_format=None)",
        [c](const Tensor& t, const FormatArgument& format) {
          return in_format(c.name, with_dtype(t, c.dtype), format);
        },
        c.doc);
  f.function(
      "is_tensor", "(obj: Any | None)", [](const py::object& o) { return is_tensor(o.ptr()); },
      "Is obj a weft.Tensor, or an object of a subclass of it?\n\n"
      ">>> import weft\n"
      ">>> weft.is_tensor(weft.ones(2)), weft.is_tensor(2.)\n"
      "(True, False)\n");
}

}  // namespace weft::python
