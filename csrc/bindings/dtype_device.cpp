// Python's view of dtypes and devices, and the readers that turn Python arguments into core values.
#include <pybind11/pybind11.h>

#include "bindings/gil.h"
#include "bindings/sizes.h"
#include "bindings/tensor_object.h"
#include "device/backend.h"
#include "ops/elementwise.h"
#include "ops/kept_layout.h"
#include "ops/promotion.h"

namespace weft::python {

namespace {

struct PyDType {
  DType value;
};
struct PyDevice {
  Device value;
};

PyObject* dtype_objects[kNumDTypes];
PyTypeObject* dtype_type = nullptr;
PyTypeObject* device_type = nullptr;

// Scopes of `with weft.device(...)`, innermost last; outside of them weft.set_default_device's device is the default.
thread_local std::vector<Device> device_scopes;
thread_local Device outermost_device;

PyDevice make_device(const py::object& spec, std::optional<int> index) {
  if (py::isinstance<PyDevice>(spec)) return spec.cast<PyDevice>();
  if (py::isinstance<py::int_>(spec)) return {parse_device("cuda:" + py::str(spec).cast<std::string>())};
  check<ErrorKind::Type>(py::isinstance<py::str>(spec), "device: expected a string such as 'cpu' or 'cuda:0', got ",
                         std::string(py::str(py::type::of(spec))));
  auto text = spec.cast<std::string>();
  if (index) text += ":" + std::to_string(*index);
  return {parse_device(text)};
}

std::string device_type_name(const PyDevice& d) {
  std::string name = device_name(d.value);
  return name.substr(0, name.find(':'));
}

}  // namespace

PyObject* dtype_object(DType t) { return dtype_objects[static_cast<int>(t)]; }

std::optional<DType> read_dtype(PyObject* o) {
  if (Py_TYPE(o) == dtype_type) return py::handle(o).cast<PyDType&>().value;
  auto* type = reinterpret_cast<PyTypeObject*>(o);
  if (type == &PyFloat_Type) return DType::Float64;
  if (type == &PyLong_Type) return DType::Int64;
  if (type == &PyBool_Type) return DType::Bool;
  return std::nullopt;
}

PyObject* device_object(Device d) { return py::cast(PyDevice{d}).release().ptr(); }

namespace {

// An object of the package.
PyObject* package_object(std::atomic<PyObject*>& place, const char* name) {
  return made_once(place, [name] { return import_module("weft").attr(name); });
}

}  // namespace

bool is_strided_layout(PyObject* o) {
  if (o == Py_None) return true;
  static std::atomic<PyObject*> strided;
  return o == package_object(strided, "strided");
}

std::optional<FormatArgument> read_memory_format(PyObject* o) {
  if (o == Py_None) return FormatArgument{};
  static std::atomic<PyObject*> preserve, places[3];
  if (o == package_object(preserve, "preserve_format")) return FormatArgument{.preserve = true};
  for (MemoryFormat format : {MemoryFormat::Contiguous, MemoryFormat::ChannelsLast, MemoryFormat::ChannelsLast3d})
    if (o == package_object(places[static_cast<int>(format)], memory_format_name(format)))
      return FormatArgument{.ordered = true, .order = format};
  return std::nullopt;
}

Tensor in_format(const char* op, const Tensor& x, const FormatArgument& format, const Tensor& source) {
  if (format.ordered) return laid_out(x, strides_in(op, format.order, x.shape()));
  if (format.preserve && source.defined() && !source.is_contiguous()) {
    const Tensor* of[] = {&source};
    const Strides kept = kept_strides(source.shape(), Inputs(of, 1));
    if (!kept.empty()) return laid_out(x, kept);
  }
  return x;
}

std::optional<Device> read_device(PyObject* o) {
  if (Py_TYPE(o) == device_type) return py::handle(o).cast<PyDevice&>().value;
  if (PyUnicode_Check(o)) return parse_device(py::handle(o).cast<std::string>());
  if (PyLong_Check(o) && !PyBool_Check(o)) return parse_device("cuda:" + py::str(o).cast<std::string>());
  return std::nullopt;
}

namespace {

Scalar complex_scalar(PyObject* o) {
  const Py_complex z = PyComplex_AsCComplex(o);
  if (z.real == -1.0 && PyErr_Occurred()) throw py::error_already_set();
  return Scalar(Complex128{z.real, z.imag});
}

}  // namespace

std::optional<Scalar> read_scalar(PyObject* o) {
  if (PyFloat_Check(o)) return Scalar(PyFloat_AS_DOUBLE(o));
  if (PyBool_Check(o)) return Scalar(o == Py_True);
  if (PyLong_Check(o)) {
    int overflow = 0;
    int64_t value = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (overflow > 0) {
      const uint64_t bits = PyLong_AsUnsignedLongLong(o);
      if (bits != ~uint64_t{0} || !PyErr_Occurred()) return Scalar(bits);
      PyErr_Clear();
    }
    if (overflow) {
      double real = PyLong_AsDouble(o);
      if (real == -1.0 && PyErr_Occurred()) throw py::error_already_set();
      return Scalar::big_integer(real);
    }
    return Scalar(value);
  }
  if (PyComplex_Check(o)) return complex_scalar(o);
  if (is_tensor(o)) {
    if (unwrap(o).ndim() != 0) return std::nullopt;
    py::object value = py::reinterpret_steal<py::object>(item(unwrap(o)));
    return read_scalar(value.ptr());
  }
  // NumPy scalars: bool_ has its own type, integers have __index__, floats have __float__ and no length.
  const char* name = Py_TYPE(o)->tp_name;
  if (std::string_view(name).starts_with("numpy.bool")) {
    int truth = PyObject_IsTrue(o);
    if (truth < 0) throw py::error_already_set();
    return Scalar(truth == 1);
  }
  if (std::string_view(name).starts_with("numpy.complex")) return complex_scalar(o);
  PyNumberMethods* number = Py_TYPE(o)->tp_as_number;
  if (!number || PyType_Check(o)) return std::nullopt;
  if (py::object ndim = py::getattr(o, "ndim", py::none()); !ndim.is_none() && !ndim.equal(py::int_(0)))
    return std::nullopt;
  if (std::string_view(name) == "numpy.ndarray") return read_scalar(py::handle(o).attr("item")().ptr());
  if (number->nb_index) {
    py::object value = py::reinterpret_steal<py::object>(PyNumber_Index(o));
    if (!value) throw py::error_already_set();
    return read_scalar(value.ptr());
  }
  if (number->nb_float) {
    double value = PyFloat_AsDouble(o);
    if (value == -1.0 && PyErr_Occurred()) throw py::error_already_set();
    return Scalar(value);
  }
  return std::nullopt;
}

void warn_of_dropped_parts(DType from, DType to) {
  static std::atomic<bool> warned{false};
  if (!is_complex(from) || is_complex(to) || to == DType::Bool || warned.exchange(true)) return;
  if (PyErr_WarnEx(PyExc_UserWarning, "Casting complex values to real discards the imaginary part; x.real says so", 1) <
      0)
    throw py::error_already_set();
}

// Older versions of NumPy let their bools be an index.
bool is_truth(PyObject* o) {
  if (PyLong_Check(o)) return PyBool_Check(o);
  if (is_tensor(o)) return unwrap(o).dtype() == DType::Bool;
  return std::string_view(Py_TYPE(o)->tp_name).starts_with("numpy.bool");
}

bool read_flag(PyObject* o, bool& flag) {
  if (!PyBool_Check(o) && !std::string_view(Py_TYPE(o)->tp_name).starts_with("numpy.bool")) return false;
  const int truth = PyObject_IsTrue(o);
  if (truth < 0) throw py::error_already_set();
  flag = truth == 1;
  return true;
}

namespace {

// Where sizes and dimensions are meant.
bool is_int_like(PyObject* o) {
  if (is_truth(o)) return false;
  if (PyLong_Check(o)) return true;
  if (PyFloat_Check(o) || PyUnicode_Check(o) || PySequence_Check(o)) {
    if (!is_tensor(o)) return false;
    const Tensor& t = unwrap(o);
    return t.ndim() == 0 && category(t.dtype()) <= DTypeCategory::Integer;
  }
  return PyIndex_Check(o) != 0;
}

int64_t read_int(PyObject* o) {
  py::object value = py::reinterpret_steal<py::object>(PyNumber_Index(o));
  if (!value) throw py::error_already_set();
  int64_t result = PyLong_AsLongLong(value.ptr());
  if (result == -1 && PyErr_Occurred()) throw py::error_already_set();
  return result;
}

}  // namespace

std::optional<Dims> read_dims(PyObject* o) {
  Dims dims;
  if (is_int_like(o)) {
    dims.push_back(read_int(o));
    return dims;
  }
  if (!PyTuple_Check(o) && !PyList_Check(o)) return std::nullopt;
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(o);
  for (Py_ssize_t i = 0; i < n; i++) {
    // The __index__ of an entry may have changed the list.
    if (PySequence_Fast_GET_SIZE(o) != n) break;
    auto entry = py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(o, i));
    // PyTorch takes a bool for an integer after the first entry.
    if (!is_int_like(entry.ptr()) && !(i > 0 && PyBool_Check(entry.ptr()))) return std::nullopt;
    dims.push_back(read_int(entry.ptr()));
  }
  check<ErrorKind::Value>(PySequence_Fast_GET_SIZE(o) == n, "a list of integers changed while it was read");
  return dims;
}

py::tuple items_of(const std::string& what, py::handle sequence) {
  if (PyTuple_CheckExact(sequence.ptr())) return py::reinterpret_borrow<py::tuple>(sequence);
  PyObject* items =
      PyList_CheckExact(sequence.ptr()) ? PyList_AsTuple(sequence.ptr()) : PySequence_Tuple(sequence.ptr());
  if (!items && PyErr_ExceptionMatches(PyExc_TypeError)) {
    PyErr_Clear();
    fail<ErrorKind::Type>(what, ": expected a sequence, got ", std::string(Py_TYPE(sequence.ptr())->tp_name));
  }
  if (!items) throw py::error_already_set();
  return py::reinterpret_steal<py::tuple>(items);
}

std::optional<int64_t> read_integer(PyObject* object) {
  if (is_truth(object) || PyFloat_Check(object)) return std::nullopt;
  py::object number = py::reinterpret_borrow<py::object>(object);
  if (!PyLong_Check(object)) {
    if (!PyIndex_Check(object)) return std::nullopt;
    number = py::reinterpret_steal<py::object>(PyNumber_Index(object));
    if (!number) {
      if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw py::error_already_set();
      PyErr_Clear();
      return std::nullopt;
    }
  }
  int overflow = 0;
  const int64_t n = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  return overflow ? std::nullopt : std::optional(n);
}

Dims dims_from_args(const char* function, const py::args& args) {
  py::handle source = args;
  if (args.size() == 1 && !is_int_like(py::handle(args[0]).ptr())) source = args[0];
  std::optional<Dims> dims = read_dims(source.ptr());
  check<ErrorKind::Type>(dims.has_value(), function, ": expected integers or one sequence of integers, got ",
                         std::string(py::repr(args)));
  return *dims;
}

DType default_dtype() { return default_float_dtype(); }
Device default_device() { return device_scopes.empty() ? outermost_device : device_scopes.back(); }

void bind_dtype(Family& m) {
  py::class_<PyDType> type(m.scope(), "dtype",
                           "The type of a tensor's elements: weft.float32, weft.int64, weft.bool, ...\n\n"
                           ">>> import weft\n"
                           ">>> weft.ones(2).dtype, weft.float32.itemsize\n"
                           "(weft.float32, 4)\n",
                           py::is_final());
  type.def("__repr__", [](const PyDType& d) { return std::string("weft.") + dtype_name(d.value); })
      .def("__reduce__",
           [](const PyDType& d) -> py::tuple {
             return py::make_tuple(import_module("weft._C").attr("_dtype"), py::make_tuple(dtype_name(d.value)));
           })
      .def_property_readonly(
          "is_floating_point", [](const PyDType& d) { return category(d.value) == DTypeCategory::Floating; },
          "Is it a floating point dtype? Complex dtypes are none.\n\n"
          ">>> import weft\n"
          ">>> weft.float16.is_floating_point, weft.complex64.is_floating_point\n"
          "(True, False)\n")
      .def_property_readonly(
          "is_complex", [](const PyDType& d) { return is_complex(d.value); },
          "Is it a complex dtype?\n\n"
          ">>> import weft\n"
          ">>> weft.complex64.is_complex, weft.float32.is_complex\n"
          "(True, False)\n")
      .def_property_readonly(
          "is_signed", [](const PyDType& d) { return is_signed(d.value); },
          "Does it hold negative numbers?\n\n"
          ">>> import weft\n"
          ">>> weft.int8.is_signed, weft.uint8.is_signed, weft.bool.is_signed\n"
          "(True, False, False)\n")
      .def_property_readonly(
          "itemsize", [](const PyDType& d) { return item_size(d.value); },
          "The bytes of one element.\n\n"
          ">>> import weft\n"
          ">>> weft.float64.itemsize\n"
          "8\n")
      .def(
          "to_real",
          [](const PyDType& d) {
            check(category(d.value) >= DTypeCategory::Floating, "to_real: ", d.value, " is no floating point dtype");
            return to_real(d.value);
          },
          "The dtype of the parts of a complex dtype; a floating point one itself.\n\n"
          "Raises RuntimeError for other dtypes.\n\n"
          ">>> import weft\n"
          ">>> weft.complex64.to_real(), weft.float16.to_real()\n"
          "(weft.float32, weft.float16)\n")
      .def(
          "to_complex",
          [](const PyDType& d) {
            check(is_real_floating(d.value) || is_complex(d.value), "to_complex: ", d.value, " has no complex dtype");
            return to_complex(d.value);
          },
          "The complex dtype whose parts hold this floating point dtype: complex64 or complex128.\n\n"
          "Raises RuntimeError for other dtypes, and for float8.\n\n"
          ">>> import weft\n"
          ">>> weft.float64.to_complex(), weft.float16.to_complex()\n"
          "(weft.complex128, weft.complex64)\n");
  dtype_type = reinterpret_cast<PyTypeObject*>(type.ptr());
  for (int i = 0; i < kNumDTypes; i++) {
    auto t = static_cast<DType>(i);
    dtype_objects[i] = py::cast(PyDType{t}).release().ptr();
    m.scope().attr(dtype_name(t)) = py::handle(dtype_objects[i]);
  }
  constexpr std::pair<const char*, DType> synonyms[] = {{"float", DType::Float32},    {"double", DType::Float64},
                                                        {"half", DType::Float16},     {"short", DType::Int16},
                                                        {"int", DType::Int32},        {"long", DType::Int64},
                                                        {"cfloat", DType::Complex64}, {"cdouble", DType::Complex128}};
  for (auto [name, t] : synonyms) m.scope().attr(name) = py::handle(dtype_object(t));
  m.function("_dtype", "(name)", [](const std::string& name) {
    return py::reinterpret_borrow<py::object>(import_module("weft._C").attr(name.c_str()));
  });
  m.function("get_default_dtype", "()", &default_dtype,
             "The dtype of tensors made from Python floats, and of weft.zeros() and its like; at first float32.\n\n"
             ">>> import weft\n"
             ">>> weft.get_default_dtype()\n"
             "weft.float32\n");
  m.function("set_default_dtype", "(d)", &set_default_float_dtype,
             "Sets the dtype of tensors made from Python floats, and of weft.zeros() and its like.\n\n"
             "Raises TypeError unless it is a floating point dtype.\n\n"
             ">>> import weft\n"
             ">>> weft.set_default_dtype(weft.float64)\n"
             ">>> weft.tensor(0.5).dtype\n"
             "weft.float64\n"
             ">>> weft.set_default_dtype(weft.float32)\n");
}

void bind_device(Family& m) {
  py::class_<PyDevice> type(
      m.scope(), "device",
      "Where a tensor lives: weft.device('cpu'), weft.device('cuda', 1) or ('cuda:1'), weft.device('meta').\n\n"
      "A number alone is a GPU. As a context manager: where new tensors go. Raises RuntimeError for an unknown\n"
      "name, TypeError for other objects.\n\n"
      ">>> import weft\n"
      ">>> weft.device('cuda:1')\n"
      "device(type='cuda', index=1)\n"
      ">>> with weft.device('meta'):\n"
      "...     weft.ones(2).device\n"
      "device(type='meta')\n",
      py::is_final());
  type.def(py::init(&make_device), py::arg("type"), py::arg("index") = py::none())
      .def("__repr__",
           [](const PyDevice& d) {
             std::string text = "device(type='" + device_type_name(d) + "'";
             if (d.value.type == DeviceType::CUDA) text += ", index=" + std::to_string(d.value.index);
             return text + ")";
           })
      .def("__str__", [](const PyDevice& d) { return device_name(d.value); })
      .def("__eq__",
           [](const PyDevice& a, const py::object& b) {
             return py::isinstance<PyDevice>(b) && a.value == b.cast<PyDevice>().value;
           })
      .def("__hash__", [](const PyDevice& d) { return static_cast<int>(d.value.type) * 256 + d.value.index; })
      .def("__reduce__",
           [](const PyDevice& d) -> py::tuple {
             return py::make_tuple(import_module("weft._C").attr("device"), py::make_tuple(device_name(d.value)));
           })
      .def("__enter__",
           [](py::object self) {
             Device d = self.cast<PyDevice&>().value;
             backend_of(d);
             device_scopes.push_back(d);
             return self;
           })
      .def("__exit__",
           [](const PyDevice&, const py::args&) {
             check(!device_scopes.empty(), "device: this thread is in no device scope that could end");
             device_scopes.pop_back();
           })
      .def_property_readonly("type", &device_type_name,
                             "The kind of device: 'cpu', 'cuda' or 'meta'.\n\n"
                             ">>> import weft\n"
                             ">>> weft.device('cuda:1').type\n"
                             "'cuda'\n")
      .def_property_readonly(
          "index",
          [](const PyDevice& d) -> std::optional<int> {
            if (d.value.type == DeviceType::CUDA) return d.value.index;
            return std::nullopt;
          },
          "The number of the GPU; None for devices of which there is one.\n\n"
          ">>> import weft\n"
          ">>> weft.device('cuda:1').index, weft.device('cpu').index\n"
          "(1, None)\n");
  device_type = reinterpret_cast<PyTypeObject*>(type.ptr());
  m.function(
      "get_default_device", "() -> device", [] { return PyDevice{default_device()}; },
      "Where new tensors go on this thread.\n\n"
      "The device of the innermost `with weft.device(...)`, else that of set_default_device().\n\n"
      ">>> import weft\n"
      ">>> with weft.device('meta'):\n"
      "...     weft.get_default_device()\n"
      "device(type='meta')\n");
  m.function(
      "set_default_device", "(device)",
      [](const std::optional<Device>& device) {
        if (device) backend_of(*device);
        outermost_device = device.value_or(Device{});
      },
      "Sets where new tensors go on this thread, outside of `with weft.device(...)`; None is the CPU.\n\n"
      "Raises RuntimeError when the device does not exist.\n\n"
      ">>> import weft\n"
      ">>> weft.set_default_device('meta')\n"
      ">>> weft.ones(2).device, weft.get_default_device()\n"
      "(device(type='meta'), device(type='meta'))\n"
      ">>> weft.set_default_device(None)\n");
}

}  // namespace weft::python
