// Between Python and the core's types: readers of arguments, and casters for pybind11. Of pybind11 only objects and
// casters are included: with pybind11.h, which has classes and functions, a file takes 6 s longer to compile.
// Files that bind a class, or cast to one, need it (else the linker misses make_default_metaclass()).
#pragma once

#include <pybind11/cast.h>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/device.h"
#include "core/dims.h"
#include "core/dtype.h"
#include "core/memory_format.h"
#include "core/scalar.h"
#include "op/apply.h"
#include "op/interpreter.h"
#include "tensor/tensor.h"

namespace weft::python {

namespace py = pybind11;

inline py::object import_module(const char* name) {
  PyObject* module = PyImport_ImportModule(name);
  if (!module) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(module);
}

// The raw Python type `weft.Tensor`.
PyTypeObject* tensor_type();
bool is_tensor(PyObject* object);
// The tensor inside a weft.Tensor; TypeError for any other object.
const Tensor& unwrap(PyObject* object);
// A new reference: the tensor's own Python object if it has one, else a new weft.Tensor. Undefined gives None.
PyObject* wrap(const Tensor& t);

// The Python object of a dtype (weft.float32) and back; also reads Python's float, int and bool.
PyObject* dtype_object(DType t);
std::optional<DType> read_dtype(PyObject* object);
// A new reference to a weft.device, and back; also reads "cuda:0" and a device index.
PyObject* device_object(Device d);
std::optional<Device> read_device(PyObject* object);
// Python (or NumPy) numbers; nullopt for anything else. Integers beyond 64 bits are big ones (core/scalar.h);
// OverflowError for those that no double comes near.
std::optional<Scalar> read_scalar(PyObject* object);
// PyTorch's warning, once, where a program converts complex numbers to real ones.
void warn_of_dropped_parts(DType from, DType to);
// An integer of Python, NumPy or a tensor (what has __index__); nullopt for bools, for what would have to be cut to one
// (a float in a tensor, say) and beyond 64 bits.
std::optional<int64_t> read_integer(PyObject* object);
// A bool of Python or NumPy; false for anything else.
bool read_flag(PyObject* object, bool& flag);
// An int or a sequence of ints (0-dim integer tensors count as ints).
std::optional<Dims> read_dims(PyObject* object);

// The items of a list, tuple or other sequence as they are now: code that runs while they are read may change the
// sequence. Raises what its methods raise; TypeError that begins with `what` for anything else.
py::tuple items_of(const std::string& what, py::handle sequence);

// The items of a sequence, for a list of C++; false for a string, bytes and what is no sequence.
bool read_sequence(PyObject* object, py::tuple& items);

// The second operand of x + y: a tensor or a number.
using Operand = std::variant<Tensor, Scalar>;

// Arguments of PyTorch's with which it chooses how elements lie in memory. Here a tensor is strided (`weft.strided`),
// and its elements lie in an order (core/memory_format.h) or as those of its source (`weft.preserve_format`).
struct StridedLayout {};
struct FormatArgument {
  bool preserve = false, ordered = false;
  MemoryFormat order = MemoryFormat::Contiguous;  // where `ordered`
  bool given() const { return preserve || ordered; }
};
// False for another object than None and these.
bool is_strided_layout(PyObject* object);
std::optional<FormatArgument> read_memory_format(PyObject* object);
// x in the order that is given, else itself. With preserve: laid out like `source`, without its gaps.
Tensor in_format(const char* op, const Tensor& x, const FormatArgument& format, const Tensor& source = {});

// The dims of f(2, 3), f((2, 3)) and f([2, 3]). Raises TypeError naming `function` for anything else.
Dims dims_from_args(const char* function, const py::args& args);

// Where and as what to create a tensor: fills in the defaults (weft.set_default_dtype, weft.device scopes).
DType default_dtype();
Device default_device();

}  // namespace weft::python

namespace pybind11::detail {

template <>
struct type_caster<weft::Tensor> {
  PYBIND11_TYPE_CASTER(weft::Tensor, const_name("weft.Tensor"));
  bool load(handle source, bool) {
    if (!weft::python::is_tensor(source.ptr())) return false;
    value = weft::python::unwrap(source.ptr());
    return true;
  }
  static handle cast(const weft::Tensor& t, return_value_policy, handle) { return weft::python::wrap(t); }
};

#define WEFT_READ_CASTER(Type, text, read, write)                        \
  template <>                                                            \
  struct type_caster<Type> {                                             \
    PYBIND11_TYPE_CASTER(Type, const_name(text));                        \
    bool load(handle source, bool) {                                     \
      auto result = read(source.ptr());                                  \
      if (!result) return false;                                         \
      value = *result;                                                   \
      return true;                                                       \
    }                                                                    \
    static handle cast(const Type& v, return_value_policy, handle) write \
  }
WEFT_READ_CASTER(weft::DType, "weft.dtype", weft::python::read_dtype,
                 { return handle(weft::python::dtype_object(v)).inc_ref(); });
template <>
struct type_caster<weft::python::StridedLayout> {
  PYBIND11_TYPE_CASTER(weft::python::StridedLayout, const_name("weft.layout | None"));
  bool load(handle source, bool) { return weft::python::is_strided_layout(source.ptr()); }
  static handle cast(const weft::python::StridedLayout&, return_value_policy, handle) { return none().release(); }
};
WEFT_READ_CASTER(weft::python::FormatArgument, "weft.memory_format | None", weft::python::read_memory_format,
                 { return v.given() ? handle() : none().release(); });
WEFT_READ_CASTER(weft::Scalar, "complex", weft::python::read_scalar, {
  if (v.kind() == weft::Scalar::Kind::Bool) return bool_(v.to_bool()).release();
  if (v.kind() == weft::Scalar::Kind::Int) return int_(v.to_int()).release();
  if (v.kind() == weft::Scalar::Kind::UInt) return PyLong_FromUnsignedLongLong(v.to_bits());
  if (v.is_complex()) return PyComplex_FromDoubles(v.to_complex().real, v.to_complex().imag);
  return float_(v.to_double()).release();
});
// In place of pybind11's, which would cut numbers of other types.
template <>
struct type_caster<int64_t> {
  PYBIND11_TYPE_CASTER(int64_t, io_name("typing.SupportsIndex", "int"));
  bool load(handle source, bool) {
    std::optional<int64_t> result = weft::python::read_integer(source.ptr());
    if (!result) return false;
    value = *result;
    return true;
  }
  static handle cast(int64_t v, return_value_policy, handle) { return PyLong_FromLongLong(v); }
};
WEFT_READ_CASTER(weft::Dims, "typing.Sequence[int]", weft::python::read_dims, {
  pybind11::tuple sizes(static_cast<size_t>(v.size()));
  for (int i = 0; i < v.size(); i++) PyTuple_SET_ITEM(sizes.ptr(), i, PyLong_FromLongLong(v[i]));
  return sizes.release();
});
WEFT_READ_CASTER(weft::Device, "weft.device", weft::python::read_device, { return weft::python::device_object(v); });
#undef WEFT_READ_CASTER

}  // namespace pybind11::detail
