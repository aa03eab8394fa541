// Methods of weft.Tensor that ask about it or convert it: size, stride, data_ptr, to, float, ...
#include <pybind11/complex.h>

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

py::object sizes(const Tensor& t, std::optional<int64_t> dim) {
  note_layout(t);
  if (dim)
    return py::reinterpret_steal<py::object>(PyLong_FromLongLong(t.shape()[normalize_dim("size", *dim, t.ndim())]));
  return py::reinterpret_steal<py::object>(size_object(t.shape()));
}

py::object strides(const Tensor& t, std::optional<int64_t> dim) {
  note_layout(t);
  if (dim) return py::int_(t.strides()[normalize_dim("stride", *dim, t.ndim())]);
  return py::tuple(py::cast(t.strides().to_vector()));
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

py::object type_of(const Tensor& t, const py::object& dtype) {
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
                            py::module_::import("weft._C").attr(name.substr(name.rfind('.') + 1).c_str()).cast<DType>(),
                            false, false));
  }
  return py::cast(convert(t, std::nullopt, dtype.cast<DType>(), false, false));
}

}  // namespace

void bind_tensor_methods(Family& f) {
  f.method("size", "(self, dim=None)", &sizes, "Sizes of all dimensions, or of one.");
  f.method("stride", "(self, dim=None)", &strides, "Elements between neighbours along all dimensions, or along one.");
  f.method("dim", "(self)", [](const Tensor& t) { return seen(t).ndim(); }, "Number of dimensions.");
  f.method("ndimension", "(self)", [](const Tensor& t) { return seen(t).ndim(); }, "Number of dimensions.");
  auto count = [](const Tensor& t) { return py::reinterpret_steal<py::object>(PyLong_FromLongLong(seen(t).numel())); };
  f.def("numel", "(input)", count, "Number of elements.");
  f.method("nelement", "(self)", count, "Number of elements.");
  f.method(
      "storage_offset", "(self)",
      [](const Tensor& t) {
        check_known_while_tracing("storage_offset", t, true);
        return seen(t).offset();
      },
      "Elements of the storage before the first one.");
  f.method(
      "data_ptr", "(self)",
      [](const Tensor& t) {
        check_values_known("data_ptr", t);
        return reinterpret_cast<uintptr_t>(seen(t).data());
      },
      "Address of the first element.");
  f.method(
      "element_size", "(self)", [](const Tensor& t) { return item_size(seen(t).dtype()); }, "Bytes of one element.");
  f.method(
      "is_contiguous", "(self, memory_format=None)",
      [](const Tensor& t, const FormatArgument& format) {
        check(!format.preserve, "is_contiguous: weft.preserve_format is no order of elements");
        return is_in(format.order, seen(t).shape(), seen(t).strides());
      },
      "Do the elements lie in row-major order, or in that which memory_format names, without gaps?\n\n"
      ">>> import weft\n>>> x = weft.ones(2, 3, 4, 5).to(memory_format=weft.channels_last)\n"
      ">>> x.is_contiguous(), x.is_contiguous(memory_format=weft.channels_last)\n(False, True)\n");
  f.def(
      "is_floating_point", "(input)",
      [](const Tensor& t) { return category(seen(t).dtype()) == DTypeCategory::Floating; },
      "Is the dtype a floating point one?");
  f.def(
      "is_complex", "(input)", [](const Tensor& t) { return is_complex(seen(t).dtype()); },
      "Is the dtype a complex one?");
  f.method(
      "__complex__", "(self)",
      [](const Tensor& t) {
        auto value = py::reinterpret_steal<py::object>(item(t, "complex"));
        return py::reinterpret_steal<py::object>(PyNumber_Add(value.ptr(), py::cast(std::complex<double>()).ptr()));
      },
      "The value of a tensor of one element as a complex number.");
  f.def(
      "is_nonzero", "(input)", [](const Tensor& t) { return py::bool_(py::cast(t)); },
      "The truth value of a tensor of one element.");
  f.method("is_same_size", "(self, other)",
           [](const Tensor& t, const Tensor& other) { return seen(t).shape() == seen(other).shape(); });
  f.method(
      "is_set_to", "(self, tensor)",
      [](const Tensor& t, const Tensor& o) {
        check_known_while_tracing("is_set_to", t, true);
        check_known_while_tracing("is_set_to", o, true);
        return overlap_of(t, o) == Overlap::Same;
      },
      "Are both exactly the same view of the same storage?");
  f.method(
      "get_device", "(self)",
      [](const Tensor& t) { return seen(t).device().type == DeviceType::CUDA ? t.device().index : -1; },
      "Index of the GPU; -1 on the CPU.");
  auto to = [](const Tensor& x, std::optional<Device> device, std::optional<DType> dtype, bool non_blocking, bool copy,
               const FormatArgument& format) {
    return in_format("to", convert(x, device, dtype, non_blocking, copy), format);
  };
  f.method(
      "to", "(self, dtype, non_blocking=False, copy=False, *, memory_format=None)",
      [to](const Tensor& x, DType dtype, bool non_blocking, bool copy, const FormatArgument& format) {
        return to(x, std::nullopt, dtype, non_blocking, copy, format);
      },
      "The tensor with another dtype or on another device; itself when nothing changes.\n\n"
      "to(dtype), to(device), to(device, dtype), to(other); keywords dtype, device, non_blocking, copy.\n\n"
      ">>> import weft\n>>> weft.tensor([1.7]).to(weft.int64)\ntensor([1])\n");
  f.method("to", "(self, device=None, dtype=None, non_blocking=False, copy=False, *, memory_format=None)", to);
  f.method("to", "(self, other, non_blocking=False, copy=False, *, memory_format=None)",
           [to](const Tensor& x, const Tensor& other, bool non_blocking, bool copy, const FormatArgument& format) {
             return to(x, seen(other).device(), other.dtype(), non_blocking, copy, format);
           });
  f.method("type", "(self, dtype=None)", &type_of, "The dtype as text, or the tensor converted to a dtype.");
  f.method(
      "type_as", "(self, other)",
      [](const Tensor& t, const Tensor& other) {
        return convert(t, seen(other).device(), other.dtype(), false, false);
      },
      "The tensor with the dtype and device of another.");
  f.method(
      "cpu", "(self, memory_format=None)",
      [](const Tensor& t, const FormatArgument& format) { return in_format("cpu", to_device(t, {}), format); },
      "The tensor in host memory.");
  f.method(
      "cuda", "(self, device=None, non_blocking=False, memory_format=None)",
      [](const Tensor& t, std::optional<Device> device, bool non_blocking, const FormatArgument& format) {
        Device place = device.value_or(Device{DeviceType::CUDA, current_index(DeviceType::CUDA)});
        check<ErrorKind::Value>(place.type == DeviceType::CUDA, "cuda: expected a CUDA device, got ", place);
        return in_format("cuda", to_device(t, place, non_blocking), format);
      },
      "The tensor on an NVIDIA GPU; from pinned memory with non_blocking=True the copy goes on by itself. Raises "
      "RuntimeError that says what is missing when there is none.");
  constexpr std::pair<const char*, DType> conversions[] = {
      {"float", DType::Float32},     {"double", DType::Float64},   {"half", DType::Float16},
      {"bfloat16", DType::BFloat16}, {"int", DType::Int32},        {"long", DType::Int64},
      {"short", DType::Int16},       {"bool", DType::Bool},        {"byte", DType::UInt8},
      {"char", DType::Int8},         {"cfloat", DType::Complex64}, {"cdouble", DType::Complex128}};
  for (auto [name, dtype] : conversions)
    f.method(
        name, "(self, memory_format=None)",
        [dtype = dtype, name = name](const Tensor& t, const FormatArgument& format) {
          return in_format(name, with_dtype(t, dtype), format);
        },
        "The tensor converted to this dtype.");
  f.function("is_tensor", "(obj)", [](const py::object& o) { return is_tensor(o.ptr()); }, "Is obj a weft.Tensor?");
}

}  // namespace weft::python
