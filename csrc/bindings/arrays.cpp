// Sharing memory with NumPy and others: the array interface, the buffer protocol and DLPack, in both directions.
#include <pybind11/numpy.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "bindings/autograd.h"
#include "bindings/dlpack.h"
#include "bindings/gil.h"
#include "bindings/jit_guards.h"
#include "bindings/tensor_object.h"
#include "device/backend.h"
#include "op/grad_mode.h"
#include "op/trace_values.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

// Codes of the buffer protocol (struct module, and PEP 3118 for complex numbers); nullptr for what NumPy lacks.
const char* format_of(DType t) {
  constexpr const char* formats[kNumDTypes] = {"?",     "B",     "H", "I",     "L", "b", "h",  "i", "l",
                                               nullptr, nullptr, "e", nullptr, "f", "d", "Zf", "Zd"};
  return formats[static_cast<int>(t)];
}
py::dtype numpy_dtype(DType t) {
  if (is_complex(t)) return py::dtype(t == DType::Complex64 ? "c8" : "c16");
  return py::dtype(format_of(t));
}

void check_exportable(const char* what, const Tensor& t) {
  check(!GradMode::enabled() || !t.requires_grad(), what,
        ": the tensor requires grad, and autograd could not see what is done to the array; use tensor.detach()");
  check<ErrorKind::Type>(t.device().type == DeviceType::CPU, what, ": the tensor is on ", t.device(),
                         "; copy it with .cpu() first");
  check<ErrorKind::Type>(format_of(t.dtype()) != nullptr, what, ": NumPy has no ", t.dtype(),
                         "; convert with .float() first");
}

// Calls f(first byte, count, stride) for runs that make up the elements of a bool tensor: few and long ones, where the
// memory allows it. What stride 0 repeats is seen once.
template <class F>
void each_run(const Tensor& t, const F& f) {
  if (t.numel() == 0) return;
  std::vector<std::pair<int64_t, int64_t>> dims;  // stride, size
  for (int i = 0; i < t.ndim(); i++)
    if (t.size(i) > 1 && t.strides()[i] != 0) dims.emplace_back(t.strides()[i], t.size(i));
  std::sort(dims.begin(), dims.end(), std::greater<>());
  for (size_t i = dims.size(); i-- > 1;) {
    auto [stride, size] = dims[i];
    if (dims[i - 1].first != stride * size) continue;
    dims[i - 1] = {stride, size * dims[i - 1].second};
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(i));
  }
  std::pair<int64_t, int64_t> last{1, 1};
  if (!dims.empty()) {
    last = dims.back();
    dims.pop_back();
  }
  auto walk = [&](const auto& self, char* at, size_t dim) -> void {
    if (dim == dims.size()) return f(at, last.second, last.first);
    for (int64_t i = 0; i < dims[dim].second; i++) self(self, at + i * dims[dim].first, dim + 1);
  };
  walk(walk, static_cast<char*>(t.data()), 0);
}

// Are all bytes of a run 0 or 1? Eight at a time where they lie side by side.
bool are_plain(const char* at, int64_t count, int64_t stride) {
  uint64_t all = 0;
  int64_t i = 0;
  for (; stride == 1 && i + 8 <= count; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, at + i, 8);
    all |= eight;
  }
  for (; i < count; i++) all |= static_cast<unsigned char>(at[i * stride]);
  return (all & ~uint64_t{0x0101010101010101}) == 0;
}

// A tensor as others may see it. In a bool every byte but 0 is true for Weft, but NumPy computes wrongly with bytes
// other than 0 and 1. Of a tensor with such bytes a copy is lent, for reading only: its memory may be seen by other
// tensors, or belong to somebody else, and does not change by being looked at.
struct Lent {
  explicit Lent(const Tensor& t) : tensor(t), writable(t.impl()->storage->writable()) {
    if (t.dtype() != DType::Bool || t.device().type != DeviceType::CPU) return;
    bool plain = true;
    each_run(t, [&](const char* at, int64_t count, int64_t stride) { plain = plain && are_plain(at, count, stride); });
    if (plain) return;
    tensor = clone(t);
    writable = false;
    copied = true;
    each_run(tensor, [](char* at, int64_t count, int64_t stride) {
      for (int64_t i = 0; i < count; i++) at[i * stride] = at[i * stride] != 0;
    });
  }
  Tensor tensor;
  bool writable;
  bool copied = false;
};

py::array to_numpy(const Tensor& self, const char* what = "numpy", bool may_copy = true) {
  check_values_readable(what, self);
  check_exportable(what, self);
  Lent lent(self);
  check<ErrorKind::Value>(may_copy || !lent.copied, what, ": a bool tensor with bytes other than 0 and 1 needs a copy");
  const Tensor& t = lent.tensor;
  std::vector<py::ssize_t> strides;
  for (int64_t s : t.strides()) strides.push_back(s * static_cast<py::ssize_t>(item_size(t.dtype())));
  py::object owner = py::cast(alias_of(t));
  t.impl()->storage->lend();
  py::dtype dtype = numpy_dtype(t.dtype());
  static char nothing;
  py::array array(dtype, t.shape().to_vector(), strides, t.data() ? t.data() : &nothing, owner);
  if (!lent.writable) array.attr("flags").attr("writeable") = false;
  return array;
}

DType dtype_of_numpy(const char* what, const py::dtype& d) {
  char kind = d.kind();
  auto size = d.itemsize();
  check<ErrorKind::Type>(d.byteorder() != '>', what,
                         ": big-endian arrays are not supported; use array.astype(array.dtype.newbyteorder('='))");
  if (kind == 'b') return DType::Bool;
  if (kind == 'u')
    return size == 1 ? DType::UInt8 : size == 2 ? DType::UInt16 : size == 4 ? DType::UInt32 : DType::UInt64;
  if (kind == 'i') return size == 1 ? DType::Int8 : size == 2 ? DType::Int16 : size == 4 ? DType::Int32 : DType::Int64;
  if (kind == 'f' && size <= 8) return size == 2 ? DType::Float16 : size == 4 ? DType::Float32 : DType::Float64;
  if (kind == 'c' && size <= 16) return size == 8 ? DType::Complex64 : DType::Complex128;
  fail<ErrorKind::Type>(what, ": NumPy dtype ", std::string(py::str(d)),
                        " has no counterpart; supported are bool, uint8 to uint64, int8 to int64, float16 to float64, "
                        "complex64 and complex128");
}

uint8_t code_of(DType t) {
  switch (t) {
    case DType::Bool:
      return dlpack::kBool;
    case DType::BFloat16:
      return dlpack::kBfloat;
    case DType::Float8E4M3:
      return dlpack::kFloat8E4M3;
    case DType::Float8E5M2:
      return dlpack::kFloat8E5M2;
    default:
      if (is_complex(t)) return dlpack::kComplex;
      return is_real_floating(t) ? dlpack::kFloat : is_signed(t) ? dlpack::kInt : dlpack::kUInt;
  }
}

// Keeps a Python object alive from C++ threads that may not hold the GIL.
std::shared_ptr<void> keep_alive(py::object owner) {
  return {owner.release().ptr(), [](void* p) {
            if (!Py_IsInitialized()) return;
            GilAcquire gil;
            Py_DECREF(static_cast<PyObject*>(p));
          }};
}

// What a DLPack tensor says of itself, checked: nothing is owned yet.
struct Described {
  char* data;
  Shape shape;
  Strides strides;
  DType dtype;
  Device device;
};

DType dtype_of_dlpack(dlpack::DLDataType type) {
  check<ErrorKind::Buffer>(type.lanes == 1, "from_dlpack: vector element types (", type.lanes,
                           " lanes) are not supported");
  for (int i = 0; i < kNumDTypes; i++) {
    auto t = static_cast<DType>(i);
    if (code_of(t) == type.code && item_size(t) * 8 == type.bits) return t;
  }
  fail<ErrorKind::Buffer>("from_dlpack: element type code ", static_cast<int>(type.code), " with ",
                          static_cast<int>(type.bits), " bits has no counterpart");
}

Described described(const dlpack::DLTensor& d) {
  int32_t type = d.device.device_type;
  check<ErrorKind::Buffer>(
      type == dlpack::kCpu || type == dlpack::kCudaHost || type == dlpack::kCuda,
      "from_dlpack: only memory of the CPU and of CUDA devices can be taken over, got DLPack device type ", type);
  Described out{};
  if (type == dlpack::kCuda) {
    check<ErrorKind::Buffer>(d.device.device_id >= 0 && d.device.device_id < 128, "from_dlpack: CUDA device ",
                             d.device.device_id, " does not exist");
    out.device = {DeviceType::CUDA, static_cast<int8_t>(d.device.device_id)};
  }
  backend_of(out.device);
  out.dtype = dtype_of_dlpack(d.dtype);
  check<ErrorKind::Buffer>(d.ndim >= 0 && d.ndim <= kMaxDims && (d.ndim == 0 || d.shape), "from_dlpack: expected 0 to ",
                           kMaxDims, " dimensions, got ", d.ndim);
  if (d.ndim > 0) out.shape = Shape(d.shape, d.ndim);
  for (int64_t n : out.shape) check<ErrorKind::Buffer>(n >= 0, "from_dlpack: negative size in shape ", out.shape);
  const bool empty = checked_numel(out.shape) == 0;
  out.strides = d.strides && d.ndim > 0 ? Strides(d.strides, d.ndim) : contiguous_strides(out.shape);
  if (empty) out.strides = contiguous_strides(out.shape);
  for (int64_t s : out.strides)
    check<ErrorKind::Buffer>(s >= 0, "from_dlpack: negative strides (", out.strides,
                             ") are not supported; export a copy");
  check<ErrorKind::Buffer>(d.data || empty, "from_dlpack: a tensor of shape ", out.shape, " without memory");
  out.data = static_cast<char*>(d.data) + d.byte_offset;
  check<ErrorKind::Buffer>(
      type == dlpack::kCuda || empty || reinterpret_cast<uintptr_t>(out.data) % item_size(to_real(out.dtype)) == 0,
      "from_dlpack: the memory is not aligned to elements of ", out.dtype, "; export a copy");
  return out;
}

// Checks, then renames the capsule, whose destructor then leaves the tensor alone, then owns it: in whatever way this
// fails, one of capsule, producer and owner frees it.
template <class Managed>
Tensor taken_over(PyObject* capsule, const char* name, const char* used_name, bool writable) {
  auto* managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  if (!managed) throw py::error_already_set();
  Described d = described(managed->dl_tensor);
  if (PyCapsule_SetName(capsule, used_name) != 0) throw py::error_already_set();
  std::shared_ptr<void> owner(managed, [](void* p) {
    auto* m = static_cast<Managed*>(p);
    if (m->deleter) m->deleter(m);
  });
  return from_memory(d.data, d.shape, d.strides, d.dtype, std::move(owner), writable, d.device);
}

Tensor from_dlpack(const py::object& source) {
  py::object capsule = source;
  if (py::hasattr(source, "__dlpack__")) {
    // The exporter makes its data ready for this stream; the protocol's 1 is the default one.
    py::dict options;
    auto place = py::hasattr(source, "__dlpack_device__")
                     ? source.attr("__dlpack_device__")().cast<std::pair<int, int>>()
                     : std::pair<int, int>(dlpack::kCpu, 0);
    if (place.first == dlpack::kCuda) {
      check<ErrorKind::Buffer>(place.second >= 0 && place.second < 128, "from_dlpack: CUDA device ", place.second,
                               " does not exist");
      Device device{DeviceType::CUDA, static_cast<int8_t>(place.second)};
      StreamHandle stream = backend_of(device).current_stream(device.index);
      options["stream"] = stream ? stream : 1;
    }
    try {
      capsule = source.attr("__dlpack__")(py::arg("max_version") = py::make_tuple(1, 0), **options);
    } catch (py::error_already_set& e) {
      if (!e.matches(PyExc_TypeError)) throw;
      capsule = source.attr("__dlpack__")(**options);
    }
  }
  PyObject* p = capsule.ptr();
  if (PyCapsule_IsValid(p, "dltensor_versioned")) {
    auto* managed = static_cast<dlpack::DLManagedTensorVersioned*>(PyCapsule_GetPointer(p, "dltensor_versioned"));
    check<ErrorKind::Buffer>(managed->version.major == 1, "from_dlpack: DLPack version ", managed->version.major,
                             " is not supported");
    return taken_over<dlpack::DLManagedTensorVersioned>(p, "dltensor_versioned", "used_dltensor_versioned",
                                                        !(managed->flags & dlpack::kReadOnly));
  }
  check<ErrorKind::Type>(
      PyCapsule_IsValid(p, "dltensor"),
      "from_dlpack: expected an object with __dlpack__ or a DLPack capsule that was not used yet, got ",
      std::string(Py_TYPE(p)->tp_name));
  return taken_over<dlpack::DLManagedTensor>(p, "dltensor", "used_dltensor", true);
}

dlpack::DLDevice dlpack_device(const Tensor& t) {
  if (t.device().type == DeviceType::CUDA) return {dlpack::kCuda, t.device().index};
  return {dlpack::kCpu, 0};
}

void fill(dlpack::DLTensor& d, const Tensor& t) {
  d = {t.data(),
       dlpack_device(t),
       t.ndim(),
       {code_of(t.dtype()), static_cast<uint8_t>(item_size(t.dtype()) * 8), 1},
       t.impl()->shape.data(),
       t.impl()->strides.data(),
       0};
}

// The capsule owns a view of its own, whose Dims hold shape and strides.
template <class Managed>
py::object capsule_of(const Tensor& t, const char* name, std::unique_ptr<Managed> managed) {
  check_values_readable("dlpack", t);
  auto owned = std::make_unique<Tensor>(alias_of(t));
  t.impl()->storage->lend();
  fill(managed->dl_tensor, *owned);
  managed->manager_ctx = owned.get();
  managed->deleter = [](Managed* m) {
    delete static_cast<Tensor*>(m->manager_ctx);
    delete m;
  };
  PyObject* capsule = PyCapsule_New(managed.get(), name, [](PyObject* c) {
    py::error_scope pending;
    // The name changes when somebody takes the tensor over.
    for (const char* unused : {"dltensor", "dltensor_versioned"}) {
      if (!PyCapsule_IsValid(c, unused)) continue;
      auto* m = static_cast<Managed*>(PyCapsule_GetPointer(c, unused));
      m->deleter(m);
      return;
    }
  });
  if (!capsule) throw py::error_already_set();
  owned.release();
  managed.release();
  return py::reinterpret_steal<py::object>(capsule);
}

py::object to_dlpack(const Tensor& self, const std::optional<int64_t>& stream,
                     const std::optional<std::pair<int, int>>& max_version, const py::object&,
                     std::optional<bool> copy) {
  check<ErrorKind::Buffer>(!self.requires_grad(), "__dlpack__: the tensor requires grad; export tensor.detach()");
  check_values_readable("dlpack", self);
  Device device = self.device();
  check<ErrorKind::Buffer>(device.type == DeviceType::CPU || device.type == DeviceType::CUDA, "__dlpack__: tensors on ",
                           device, " cannot be exported");
  Lent lent(copy.value_or(false) ? clone(self) : self);
  check<ErrorKind::Buffer>(copy.value_or(true) || !lent.copied,
                           "__dlpack__: a bool tensor with bytes other than 0 and 1 needs a copy");
  const Tensor& t = lent.tensor;
  if (device.type == DeviceType::CUDA && stream != -1) {  // -1: the importer takes care itself
    DeviceBackend& backend = backend_of(device);
    StreamHandle own = backend.current_stream(device.index);
    bool same = stream && static_cast<StreamHandle>(*stream <= 1 ? 0 : *stream) == own;
    if (!same) backend.synchronize_stream(device.index, own);
  }
  if (max_version && max_version->first >= 1) {
    auto managed = std::make_unique<dlpack::DLManagedTensorVersioned>();
    managed->version = {1, 0};
    managed->flags = lent.writable ? 0 : dlpack::kReadOnly;
    return capsule_of(t, "dltensor_versioned", std::move(managed));
  }
  check<ErrorKind::Buffer>(lent.writable, "__dlpack__: read-only memory needs DLPack version 1; clone() the tensor");
  return capsule_of(t, "dltensor", std::make_unique<dlpack::DLManagedTensor>());
}

}  // namespace

Tensor alias_of(const Tensor& t) {
  return Tensor(make_ref<TensorImpl>(t.impl()->storage, t.shape(), t.strides(), t.offset(), t.dtype()));
}

Tensor from_numpy(const py::object& source) {
  check<ErrorKind::Type>(py::isinstance<py::array>(source), "from_numpy: expected a NumPy array, got ",
                         std::string(Py_TYPE(source.ptr())->tp_name));
  auto array = py::reinterpret_borrow<py::array>(source);
  note_array(array);
  DType dtype = dtype_of_numpy("from_numpy", array.dtype());
  auto item = static_cast<int64_t>(item_size(dtype));
  Shape shape;
  Strides strides;
  for (py::ssize_t i = 0; i < array.ndim(); i++) {
    check<ErrorKind::Value>(
        array.strides(i) % item == 0,
        "from_numpy: strides that are no multiple of the item size are not supported; pass array.copy()");
    check<ErrorKind::Value>(array.strides(i) >= 0 || array.shape(i) <= 1,
                            "from_numpy: negative strides are not supported; pass array.copy()");
    shape.push_back(array.shape(i));
    strides.push_back(array.strides(i) / item);
  }
  bool writable = array.writeable();
  return from_memory(const_cast<void*>(array.data()), shape, strides, dtype, keep_alive(array), writable);
}

namespace {

// What a buffer holds while it is used: the memory, and its sizes and strides in bytes.
struct Exported {
  explicit Exported(const Tensor& t) : storage(t.impl()->storage), dims(static_cast<size_t>(2 * t.ndim())) {
    for (int i = 0; i < t.ndim(); i++) {
      dims[static_cast<size_t>(i)] = t.size(i);
      dims[static_cast<size_t>(t.ndim() + i)] = t.strides()[i] * static_cast<Py_ssize_t>(item_size(t.dtype()));
    }
  }
  Ref<Storage> storage;
  std::vector<Py_ssize_t> dims;
};

}  // namespace

int tensor_get_buffer(PyObject* self, Py_buffer* view, int flags) {
  int status = guarded([&]() -> int {
    const Tensor& own = unwrap(self);
    check_exportable("buffer", own);
    check_values_readable("buffer", own);
    Lent lent(own);
    const Tensor& t = lent.tensor;
    bool writable = lent.writable;
    check<ErrorKind::Buffer>(writable || !(flags & PyBUF_WRITABLE), "buffer: the tensor lies on read-only memory");
    check<ErrorKind::Buffer>(t.is_contiguous() || (flags & PyBUF_STRIDES) == PyBUF_STRIDES,
                             "buffer: the tensor is not contiguous");
    auto exported = std::make_unique<Exported>(t);
    t.impl()->storage->lend();
    Py_ssize_t* dims = exported->dims.data();
    static char nothing;
    *view = {};
    view->buf = t.data() ? t.data() : &nothing;
    view->obj = Py_NewRef(self);
    view->len = t.numel() * static_cast<Py_ssize_t>(item_size(t.dtype()));
    view->itemsize = static_cast<Py_ssize_t>(item_size(t.dtype()));
    view->readonly = !writable;
    view->ndim = t.ndim();
    view->format = (flags & PyBUF_FORMAT) ? const_cast<char*>(format_of(t.dtype())) : nullptr;
    view->shape = (flags & PyBUF_ND) ? dims : nullptr;
    view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? dims + t.ndim() : nullptr;
    view->internal = exported.release();
    return 0;
  });
  if (status < 0) {
    view->obj = nullptr;
    // Consumers expect BufferError from this slot.
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_SetObject(PyExc_BufferError, value ? value : Py_None);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
  }
  return status;
}

void tensor_release_buffer(PyObject*, Py_buffer* view) { delete static_cast<Exported*>(view->internal); }

void bind_arrays(Family& f) {
  f.function(
      "from_numpy", "(ndarray)",
      [](const py::object& array) {
        Tensor t = from_numpy(array);
        if (!t.impl()->storage->writable() &&
            PyErr_WarnEx(PyExc_UserWarning,
                         "from_numpy: the array is read-only, and so is the tensor; pass array.copy() to change it",
                         1) < 0)
          throw py::error_already_set();
        return t;
      },
      "A tensor on the memory of a NumPy array, with its shape and dtype; changes of one are seen in the other.\n\n"
      "Of a read-only array the tensor is read-only too, with a warning.\n\n"
      "Raises TypeError for other objects and dtypes that Weft lacks, ValueError for negative strides.\n\n"
      ">>> import numpy, weft\n"
      ">>> a = numpy.zeros(2)\n"
      ">>> weft.from_numpy(a).add_(1)\n"
      "tensor([1., 1.], dtype=weft.float64)\n"
      ">>> a\n"
      "array([1., 1.])\n");
  f.function(
      "frombuffer", "(buffer, *, dtype, count=-1, offset=0, requires_grad=False)",
      [](const py::object& buffer, DType dtype, int64_t count, int64_t offset, bool requires_grad) {
        py::object numpy = import_module("numpy");
        // NumPy reads the elements of dtypes that it lacks as integers.
        const bool lacks = format_of(dtype) == nullptr;
        const DType read = !lacks ? dtype : item_size(dtype) == 1 ? DType::UInt8 : DType::Int16;
        Tensor t = from_numpy(numpy.attr("frombuffer")(buffer, numpy_dtype(read), count, offset));
        if (lacks) t = view_dtype(t, dtype);
        if (requires_grad) change_requires_grad(t, true);
        return t;
      },
      "A vector on the memory of an object with the buffer protocol, read as elements of dtype.\n\n"
      "It has count elements (-1: all there are) and begins at the byte offset. Changes of one are seen in the\n"
      "other, unless the buffer is read-only.\n\n"
      "Raises ValueError when the elements are not all there.\n\n"
      ">>> import weft\n"
      ">>> weft.frombuffer(bytearray([1, 0, 2, 0]), dtype=weft.int16, offset=2)\n"
      "tensor([2], dtype=weft.int16)\n");
  f.method(
      "numpy", "(self, *, force=False)", [](const Tensor& t, bool force) { return to_numpy(force ? detach(t) : t); },
      "A NumPy array on the same memory, with the same shape, strides and dtype.\n\n"
      "Of a bool tensor whose bytes are not all 0 and 1 (a view of other bytes) it is a copy, for reading only.\n"
      "force: detach first.\n\n"
      "Raises RuntimeError when the tensor requires grad, TypeError for bfloat16 and float8, which NumPy lacks,\n"
      "and for a tensor that is not in host memory.\n\n"
      ">>> import weft\n"
      ">>> weft.arange(3).numpy()\n"
      "array([0, 1, 2])\n");
  f.method(
      "__array__", "(self, dtype: Any=None, copy=None)",
      [](const Tensor& t, const py::object& dtype, std::optional<bool> copy) -> py::object {
        py::object array = to_numpy(t, "__array__", copy.value_or(true));
        bool convert = !dtype.is_none() && !py::dtype::from_args(dtype).equal(array.attr("dtype"));
        check<ErrorKind::Value>(!convert || copy.value_or(true), "__array__: converting to another dtype needs a copy");
        if (convert) return array.attr("astype")(dtype);
        return copy.value_or(false) ? array.attr("copy")() : array;
      },
      "The NumPy array that numpy.asarray(tensor) gives: numpy(), converted where dtype is another one.\n\n"
      "copy: True for a new array in any case. Raises ValueError for copy=False where one is needed, else what\n"
      "numpy() raises.\n\n"
      ">>> import numpy, weft\n"
      ">>> numpy.asarray(weft.arange(3), dtype='float32')\n"
      "array([0., 1., 2.], dtype=float32)\n");
  f.method("__dlpack__",
           "(self, *, stream=None, max_version=None, dl_device: tuple[int, int] | None=None, copy=None) -> Any",
           &to_dlpack,
           "A DLPack capsule of this tensor's memory: what from_dlpack() of Weft, NumPy and others calls.\n\n"
           "stream: the consumer's, which the data are made ready for (-1: not at all). max_version: the newest\n"
           "version of DLPack that the consumer reads. copy: True for memory of its own.\n\n"
           "Raises BufferError for a tensor that requires grad, on the meta device, or on read-only memory before\n"
           "version 1.\n\n"
           ">>> import numpy, weft\n"
           ">>> numpy.from_dlpack(weft.ones(2))\n"
           "array([1., 1.], dtype=float32)\n");
  f.method(
      "__dlpack_device__", "(self) -> tuple[int, int]",
      [](const Tensor& t) {
        dlpack::DLDevice d = dlpack_device(t);
        return py::make_tuple(d.device_type, d.device_id);
      },
      "The device in DLPack's numbers: (1, 0) for host memory, (2, index) for an NVIDIA GPU.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2).__dlpack_device__()\n"
      "(1, 0)\n");
  f.function("from_dlpack", "(ext_tensor)", &from_dlpack,
             "A tensor on the memory of another library's array or tensor that speaks DLPack, or of its capsule.\n\n"
             "Changes of one are seen in the other. The capsule is used up.\n\n"
             "Raises TypeError for other objects, BufferError for devices, dtypes and layouts that Weft lacks.\n\n"
             ">>> import numpy, weft\n"
             ">>> weft.from_dlpack(numpy.ones(2))\n"
             "tensor([1., 1.], dtype=weft.float64)\n");
}

}  // namespace weft::python
