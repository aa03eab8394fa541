// A list of samples becomes a batch: what weft.utils.data.default_collate does with the types that samples mostly have.
// All else is left to the Python function behind it.
#include <pybind11/numpy.h>

#include <cstring>

#include "bindings/gil.h"
#include "bindings/recursion.h"
#include "bindings/tensor_object.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

// From so many bytes on rows are copied by several threads.
constexpr int64_t kManyBytes = 4 << 20;

PyObject* sample(const py::tuple& samples, Py_ssize_t i) { return PyTuple_GET_ITEM(samples.ptr(), i); }
Py_ssize_t count_of(const py::tuple& samples) { return PyTuple_GET_SIZE(samples.ptr()); }

bool is_plain_tensor(PyObject* o) { return Py_TYPE(o) == tensor_type(); }

// nullopt for what has no counterpart, which the Python function says more about.
std::optional<DType> dtype_of_column(const py::dtype& d) {
  if (d.byteorder() == '>') return std::nullopt;
  const auto size = d.itemsize();
  auto one_of = [&](DType of1, DType of2, DType of4, DType of8) -> std::optional<DType> {
    return size == 1 ? of1 : size == 2 ? of2 : size == 4 ? of4 : of8;
  };
  switch (d.kind()) {
    case 'b':
      return DType::Bool;
    case 'u':
      return one_of(DType::UInt8, DType::UInt16, DType::UInt32, DType::UInt64);
    case 'i':
      return one_of(DType::Int8, DType::Int16, DType::Int32, DType::Int64);
    case 'f':
      return size <= 8 ? one_of(DType::Float64, DType::Float16, DType::Float32, DType::Float64) : std::nullopt;
    case 'c':
      if (size <= 16) return size == 8 ? DType::Complex64 : DType::Complex128;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

class Collator {
 public:
  explicit Collator(py::object fallback) : fallback_(std::move(fallback)) {}

  // `lists`: what is not joined is handed on as a list, as the samples of a dict are.
  py::object operator()(const py::tuple& samples, bool lists) const {
    RecursionGuard guard(" in default_collate()");
    if (count_of(samples) == 0) return left(samples, lists);
    PyObject* first = sample(samples, 0);
    py::object batch;
    if (is_plain_tensor(first))
      batch = tensors(samples);
    else if (PyTuple_CheckExact(first) || PyList_CheckExact(first))
      batch = sequences(samples);
    else if (PyDict_CheckExact(first))
      batch = dicts(samples);
    else if (PyUnicode_CheckExact(first) || PyBytes_CheckExact(first))
      return handed(samples, lists);
    else if (interpreter || default_device().type != DeviceType::CPU)
      return left(samples, lists);
    else if (PyFloat_CheckExact(first) || PyLong_CheckExact(first) || PyBool_Check(first))
      batch = numbers(samples);
    else if (py::isinstance<py::array>(first))
      batch = arrays(samples);
    else if (is_scalar(first))
      batch = scalars(samples);
    return batch ? batch : left(samples, lists);
  }

 private:
  static py::object handed(const py::tuple& samples, bool lists) {
    if (!lists) return samples;
    return py::reinterpret_steal<py::object>(PySequence_List(samples.ptr()));
  }
  py::object left(const py::tuple& samples, bool lists) const {
    return call_python(fallback_, py::make_tuple(handed(samples, lists)));
  }

  static Shape batch_shape(Py_ssize_t count, const Shape& row) {
    Shape shape{static_cast<int64_t>(count)};
    for (int64_t n : row) shape.push_back(n);
    checked_numel(shape);
    return shape;
  }
  static py::object wrapped(const Tensor& t) { return py::reinterpret_steal<py::object>(wrap(t)); }

  // row(i): the tensor of sample i. Undefined where weft.stack is to decide.
  template <class Row>
  py::object stacked(Py_ssize_t count, const Tensor& first, const Row& row) const {
    const Shape shape = batch_shape(count, first.shape());
    const auto bytes = static_cast<size_t>(first.numel()) * item_size(first.dtype());
    if (count > 1 && static_cast<int64_t>(bytes) * count >= kManyBytes) {
      std::vector<Tensor> rows;
      for (Py_ssize_t i = 0; i < count; i++) rows.push_back(row(i));
      return wrapped(stack(rows));
    }
    Tensor out = empty(shape, first.dtype());
    auto* at = static_cast<char*>(out.data());
    for (Py_ssize_t i = 0; i < count; i++, at += bytes) {
      const Tensor& t = row(i);
      if (!t.is_contiguous())
        copy_(select(out, 0, i), t);
      else if (bytes)
        std::memcpy(at, t.data(), bytes);
    }
    return wrapped(out);
  }

  py::object tensors(const py::tuple& samples) const {
    if (interpreter) return {};
    const Tensor first = unwrap(sample(samples, 0));
    for (Py_ssize_t i = 0; i < count_of(samples); i++) {
      PyObject* o = sample(samples, i);
      if (!is_plain_tensor(o)) return {};
      const Tensor& t = unwrap(o);
      if (t.device().type != DeviceType::CPU || !t.has_values() || (t.requires_grad() && GradMode::enabled()))
        return {};
      if (t.dtype() != first.dtype() || t.shape() != first.shape()) return {};
    }
    GradModeGuard no_grad(false);
    return stacked(count_of(samples), first, [&](Py_ssize_t i) -> const Tensor& { return unwrap(sample(samples, i)); });
  }

  py::object arrays(const py::tuple& samples) const {
    const auto first = py::reinterpret_borrow<py::array>(sample(samples, 0));
    const py::dtype descr = first.dtype();
    const std::optional<DType> dtype = dtype_of_column(descr);
    if (!dtype || first.ndim() >= kMaxDims) return {};
    Shape row;
    for (py::ssize_t i = 0; i < first.ndim(); i++) row.push_back(first.shape(i));
    bool contiguous = true;
    for (Py_ssize_t i = 0; i < count_of(samples); i++) {
      if (!py::isinstance<py::array>(sample(samples, i))) return {};
      const auto array = py::reinterpret_borrow<py::array>(sample(samples, i));
      const py::dtype own = array.dtype();
      if (!own.is(descr) &&
          (own.kind() != descr.kind() || own.itemsize() != descr.itemsize() || own.byteorder() == '>'))
        return {};
      if (array.ndim() != row.size()) return {};
      for (py::ssize_t d = 0; d < array.ndim(); d++)
        if (array.shape(d) != row[static_cast<int>(d)]) return {};
      contiguous = contiguous && (array.flags() & py::array::c_style);
    }
    return contiguous ? rows_of_arrays(samples, row, *dtype) : strided_arrays(samples, *dtype);
  }
  py::object rows_of_arrays(const py::tuple& samples, const Shape& row, DType dtype) const {
    const Shape shape = batch_shape(count_of(samples), row);
    const auto bytes = static_cast<size_t>(checked_numel(row)) * item_size(dtype);
    if (static_cast<int64_t>(bytes) * count_of(samples) >= kManyBytes) return strided_arrays(samples, dtype);
    Tensor out = empty(shape, dtype);
    auto* at = static_cast<char*>(out.data());
    if (bytes)
      for (Py_ssize_t i = 0; i < count_of(samples); i++, at += bytes)
        std::memcpy(at, py::reinterpret_borrow<py::array>(sample(samples, i)).data(), bytes);
    return wrapped(out);
  }
  py::object strided_arrays(const py::tuple& samples, DType dtype) const {
    const auto item = static_cast<py::ssize_t>(item_size(dtype));
    std::vector<Tensor> rows;
    for (Py_ssize_t i = 0; i < count_of(samples); i++) {
      const auto array = py::reinterpret_borrow<py::array>(sample(samples, i));
      for (py::ssize_t d = 0; d < array.ndim(); d++)
        if (array.strides(d) % item != 0 || (array.strides(d) < 0 && array.shape(d) > 1)) return {};
      rows.push_back(from_numpy(array));
    }
    return stacked(count_of(samples), rows[0],
                   [&](Py_ssize_t i) -> const Tensor& { return rows[static_cast<size_t>(i)]; });
  }

  // Calls read(sample, value) for each; false ends it.
  template <class T, class Read>
  py::object filled(const py::tuple& samples, DType dtype, const Read& read) const {
    std::vector<T> values(static_cast<size_t>(count_of(samples)));
    for (size_t i = 0; i < values.size(); i++)
      if (!read(sample(samples, static_cast<Py_ssize_t>(i)), values[i])) return {};
    Tensor out = empty({static_cast<int64_t>(values.size())}, dtype);
    std::memcpy(out.data(), values.data(), values.size() * sizeof(T));
    return wrapped(out);
  }
  static bool read_int(PyObject* o, int64_t& value) {
    int overflow = 0;
    value = PyLong_AsLongLongAndOverflow(o, &overflow);
    return overflow == 0;
  }
  py::object numbers(const py::tuple& samples) const {
    PyObject* first = sample(samples, 0);
    if (PyFloat_CheckExact(first))
      return filled<double>(samples, DType::Float64, [](PyObject* o, double& value) {
        if (!PyFloat_CheckExact(o)) return false;
        value = PyFloat_AS_DOUBLE(o);
        return true;
      });
    if (PyBool_Check(first))
      return filled<uint8_t>(samples, DType::Bool, [](PyObject* o, uint8_t& value) {
        value = o == Py_True;
        return static_cast<bool>(PyBool_Check(o));
      });
    return filled<int64_t>(samples, DType::Int64,
                           [](PyObject* o, int64_t& value) { return PyLong_CheckExact(o) && read_int(o, value); });
  }

  // NumPy's scalars of one type: of integers through __index__, of the rest through float().
  static bool is_scalar(PyObject* o) {
    const int answer = PyObject_IsInstance(o, import_module("numpy").attr("generic").ptr());
    if (answer < 0) throw py::error_already_set();
    return answer == 1;
  }
  py::object scalars(const py::tuple& samples) const {
    PyTypeObject* type = Py_TYPE(sample(samples, 0));
    const std::optional<DType> dtype = dtype_of_column(py::handle(sample(samples, 0)).attr("dtype").cast<py::dtype>());
    if (!dtype || is_complex(*dtype) || *dtype == DType::Float16) return {};
    if (*dtype == DType::Bool)
      return filled<uint8_t>(samples, *dtype, [&](PyObject* o, uint8_t& value) {
        const int truth = Py_TYPE(o) == type ? PyObject_IsTrue(o) : -1;
        value = truth == 1;
        return truth >= 0;
      });
    return visit_dtype(*dtype, [&](auto tag) -> py::object {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_floating_point_v<T>)
        return filled<T>(samples, *dtype, [&](PyObject* o, T& value) {
          if (Py_TYPE(o) != type) return false;
          value = static_cast<T>(PyFloat_AsDouble(o));
          return true;
        });
      else if constexpr (std::is_integral_v<T>)
        return filled<T>(samples, *dtype, [&](PyObject* o, T& value) {
          if (Py_TYPE(o) != type) return false;
          auto index = py::reinterpret_steal<py::object>(PyNumber_Index(o));
          if (!index) throw py::error_already_set();
          value = static_cast<T>(std::is_same_v<T, uint64_t> ? PyLong_AsUnsignedLongLong(index.ptr())
                                                             : static_cast<uint64_t>(PyLong_AsLongLong(index.ptr())));
          return true;
        });
      else
        return {};
    });
  }

  py::object sequences(const py::tuple& samples) const {
    PyTypeObject* type = Py_TYPE(sample(samples, 0));
    const bool tuples = type == &PyTuple_Type;
    const Py_ssize_t width = PySequence_Fast_GET_SIZE(sample(samples, 0));
    for (Py_ssize_t i = 0; i < count_of(samples); i++)
      if (Py_TYPE(sample(samples, i)) != type || PySequence_Fast_GET_SIZE(sample(samples, i)) != width) return {};
    py::list batch;
    for (Py_ssize_t column = 0; column < width; column++) {
      py::tuple members(static_cast<size_t>(count_of(samples)));
      for (Py_ssize_t i = 0; i < count_of(samples); i++) {
        PyObject* o = sample(samples, i);
        if (!tuples && column >= PyList_GET_SIZE(o)) return {};  // the fallback has changed it
        PyObject* member = tuples ? PyTuple_GET_ITEM(o, column) : PyList_GET_ITEM(o, column);
        PyTuple_SET_ITEM(members.ptr(), i, Py_NewRef(member));
      }
      batch.append((*this)(members, false));
    }
    return batch;
  }
  py::object dicts(const py::tuple& samples) const {
    auto keys = py::reinterpret_steal<py::object>(PyDict_Keys(sample(samples, 0)));
    py::dict batch;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(keys.ptr()); k++) {
      PyObject* key = PyList_GET_ITEM(keys.ptr(), k);
      py::tuple members(static_cast<size_t>(count_of(samples)));
      for (Py_ssize_t i = 0; i < count_of(samples); i++) {
        if (!PyDict_CheckExact(sample(samples, i))) return {};
        PyObject* member = PyDict_GetItemWithError(sample(samples, i), key);
        if (!member && PyErr_Occurred()) throw py::error_already_set();
        if (!member) return {};
        PyTuple_SET_ITEM(members.ptr(), i, Py_NewRef(member));
      }
      batch[py::handle(key)] = (*this)(members, true);
    }
    return batch;
  }

  py::object fallback_;
};

}  // namespace

void bind_collate(Family& f) {
  f.function(
      "_collate", "(batch: Sequence[object], fallback)",
      [](const py::object& batch, const py::object& fallback) -> py::object {
        const auto samples = py::reinterpret_steal<py::tuple>(PySequence_Tuple(batch.ptr()));
        if (!samples) throw py::error_already_set();
        return Collator(fallback)(samples, !PyTuple_Check(batch.ptr()));
      },
      "The samples as a batch of new tensors. fallback(samples) has those\n"
      "that have another type than a tensor, array, number, string, tuple, list or dict, or do not go together.\n");
}

}  // namespace weft::python
