// Tensors in memory of several processes (memory/shared_memory.h), and what the workers of a DataLoader are made of.
#include <cstring>

#include "bindings/containers.h"
#include "bindings/gil.h"
#include "bindings/tensor_object.h"
#include "device/cpu/threads.h"
#include "memory/libc_heap.h"
#include "ops/elementwise.h"
#include "tensor/generator.h"

namespace weft::python {

namespace {

constexpr size_t kGap = 64;             // tensors of a segment begin at multiples of this
constexpr size_t kCopiedBytes = 16384;  // smaller tensors must not keep a segment that is 16 times as large

size_t bytes_of(const Tensor& t) { return static_cast<size_t>(t.numel()) * item_size(t.dtype()); }
size_t place_of(size_t nbytes) { return (nbytes + kGap - 1) / kGap * kGap; }

std::shared_ptr<SharedMemory> memory_of(const Tensor& segment) {
  SharedMemory* shared = segment.impl()->storage->shared();
  check<ErrorKind::Value>(shared && shared->nbytes() >= kSegmentHeader, "segment: the tensor is in no shared memory");
  return shared->shared_from_this();
}

Tensor flat(const Ref<Storage>& storage) {
  return Tensor(
      make_ref<TensorImpl>(storage, Shape{static_cast<int64_t>(storage->nbytes())}, Strides{1}, 0, DType::UInt8));
}

Tensor new_segment(int64_t nbytes) {
  check<ErrorKind::Value>(nbytes >= 0, "segment: expected a number of bytes, got ", nbytes);
  auto memory = SharedMemory::create(static_cast<size_t>(nbytes));
  return flat(Storage::open(memory, 0, memory->nbytes()));
}

Tensor open_segment(int64_t fd, int64_t nbytes) {
  auto memory = SharedMemory::open(static_cast<int>(fd), static_cast<size_t>(nbytes));
  return flat(Storage::open(memory, 0, memory->nbytes()));
}

// The tensor as it can be packed: all of its memory is its elements.
Tensor packable(const Tensor& t) { return is_dense(t) && t.device().type == DeviceType::CPU ? t : contiguous(t); }

int64_t packed_size(const std::vector<Tensor>& tensors) {
  size_t total = kSegmentHeader;
  for (const Tensor& t : tensors) total += place_of(bytes_of(t));
  return static_cast<int64_t>(total);
}

// Copies the tensors into a segment; false while the last ones are still read.
bool pack(const Tensor& segment, const std::vector<Tensor>& tensors) {
  auto memory = memory_of(segment);
  check<ErrorKind::Value>(static_cast<size_t>(packed_size(tensors)) <= memory->nbytes(), "pack: the segment is small");
  if (!take_segment(*memory)) return false;
  char* at = memory->data() + kSegmentHeader;
  for (const Tensor& t : tensors) {
    const size_t nbytes = bytes_of(t);
    if (nbytes) std::memcpy(at, t.data(), nbytes);
    at += place_of(nbytes);
  }
  return true;
}

// The tensors that pack() has put there, each described by dtype, shape and strides (None: contiguous). They keep the
// segment; with `copied` they do not.
py::list unpack(const Tensor& segment, const py::list& described, bool copied) {
  auto lease = std::make_shared<LeasedSegment>(memory_of(segment));
  SharedMemory& memory = *lease->memory();
  py::list out;
  size_t begin = kSegmentHeader;
  for (py::handle item : described) {
    auto parts = py::reinterpret_borrow<py::tuple>(item);
    auto dtype = parts[0].cast<DType>();
    Shape shape(parts[1].cast<Dims>());
    Strides strides = parts[2].is_none() ? contiguous_strides(shape) : Strides(parts[2].cast<Dims>());
    const size_t nbytes = static_cast<size_t>(checked_numel(shape)) * item_size(dtype);
    check<ErrorKind::Value>(begin + nbytes <= memory.nbytes(), "unpack: the segment is too small");
    const bool small = nbytes <= kCopiedBytes && nbytes * 16 < memory.nbytes();
    Tensor t = from_memory(memory.data() + begin, shape, strides, dtype, lease);
    t.impl()->storage->set_leased();
    if (copied || small) {
      Tensor own = empty_strided(shape, strides, dtype, Device{});
      if (nbytes) std::memcpy(own.data(), t.data(), nbytes);
      t = own;
    }
    out.append(py::cast(t));
    begin += place_of(nbytes);
  }
  return out;
}

// Moves the tensor's storage to shared memory: descriptor, bytes of the memory, and where the storage is in it.
py::tuple share(const Tensor& t) {
  Storage& storage = *t.impl()->storage;
  check<ErrorKind::Value>(t.device().type == DeviceType::CPU, "share: only tensors in host memory can be shared");
  storage.share();
  return py::make_tuple(storage.shared()->fd(), storage.shared()->nbytes(), storage.shared_begin(), storage.nbytes());
}

Tensor open_shared(int64_t fd, int64_t memory_bytes, int64_t begin, int64_t nbytes, DType dtype, const Dims& shape,
                   const Dims& strides, int64_t offset) {
  auto memory = SharedMemory::open(static_cast<int>(fd), static_cast<size_t>(memory_bytes));
  const auto item = static_cast<int64_t>(item_size(dtype));
  int64_t last = offset;
  bool valid = begin >= 0 && nbytes >= 0 && begin % item == 0 && offset >= 0 && shape.size() == strides.size();
  for (int i = 0; valid && i < shape.size(); i++) {
    valid = shape[i] >= 0 && strides[i] >= 0;
    last += (shape[i] - 1) * strides[i];
  }
  valid = valid && begin + nbytes <= static_cast<int64_t>(memory->nbytes());
  valid = valid && (checked_numel(Shape(shape)) == 0 || (last + 1) * item <= nbytes);
  check<ErrorKind::Value>(valid, "shared memory: this is no tensor of the memory");
  auto storage = Storage::open(memory, static_cast<size_t>(begin), static_cast<size_t>(nbytes));
  return Tensor(make_ref<TensorImpl>(std::move(storage), Shape(shape), Strides(strides), offset, dtype));
}

// [dataset[i] for i in indices], each with random numbers of its own.
py::list fetch_samples(const py::object& dataset, const py::object& indices, uint64_t seed) {
  auto list = py::reinterpret_steal<py::object>(PySequence_List(indices.ptr()));
  if (!list) throw py::error_already_set();
  const Py_ssize_t n = PyList_GET_SIZE(list.ptr());
  py::list samples(static_cast<size_t>(n));
  uint64_t place = 0;
  for (Py_ssize_t i = 0; i < n && i < PyList_GET_SIZE(list.ptr()); i++) {
    auto index = py::reinterpret_borrow<py::object>(PyList_GET_ITEM(list.ptr(), i));
    uint64_t key = ~place++;
    if (PyLong_CheckExact(index.ptr())) {
      key = static_cast<uint64_t>(PyLong_AsUnsignedLongLongMask(index.ptr()));
      PyErr_Clear();
    }
    KeyedDraws::key(seed, key);
    PyObject* sample = PyObject_GetItem(dataset.ptr(), index.ptr());
    if (!sample) throw py::error_already_set();
    PyList_SET_ITEM(samples.ptr(), i, sample);
  }
  return samples;
}

void bind_keyed_draws(Family& f) {
  f.function("_begin_keyed_draws", "() -> Any", []() -> py::object {
    auto before = KeyedDraws::begin();
    return before ? py::object(py::make_tuple(before->seed, before->offset)) : py::none();
  });
  f.function("_key_draws", "(seed, index)", [](uint64_t seed, uint64_t index) { KeyedDraws::key(seed, index); });
  f.function("_set_keyed_draws", "(seed, offset)", [](uint64_t seed, uint64_t offset) {
    if (default_stand_in) default_stand_in->set_state({seed, offset});
  });
  f.function("_end_keyed_draws", "(before: Any=None)", [](const py::object& before) {
    if (before.is_none()) return KeyedDraws::end({});
    auto state = py::reinterpret_borrow<py::tuple>(before);
    KeyedDraws::end(PhiloxState{state[0].cast<uint64_t>(), state[1].cast<uint64_t>()});
  });
  f.function("_fetch_samples", "(dataset: Any, indices: Any, seed) -> list[Any]", &fetch_samples);
}

}  // namespace

void bind_sharing(Family& f) {
  bind_keyed_draws(f);
  f.function("_keep_freed_heap", "() -> bool", &keep_freed_heap);
  f.function("_compute_alone", "() -> None", [] { compute_alone(); });
  f.function("_new_segment", "(nbytes)", &new_segment);
  f.function("_open_segment", "(fd, nbytes)", &open_segment);
  f.function("_packable", "(tensor)", &packable);
  f.function("_packed_size", "(tensors)", &packed_size);
  f.function("_pack", "(segment, tensors)", &pack);
  f.function("_unpack", "(segment, described: Any, copied) -> list[Tensor]", &unpack);
  f.function("_share", "(tensor) -> tuple[int, int, int, int]", &share);
  f.function("_open_shared", "(fd, memory_bytes, begin, nbytes, dtype, shape, strides, offset)", &open_shared);
  f.method(
      "is_shared", "(self)",
      [](const Tensor& t) {
        const Storage& storage = *t.impl()->storage;
        return storage.shared() || storage.leased() || t.device().type == DeviceType::CUDA;
      },
      "Whether other processes can see the tensor's memory: after share_memory_(), when it came from another\n"
      "process, and always on a GPU.\n\n"
      ">>> import weft\n"
      ">>> weft.ones(2).is_shared(), weft.ones(2).share_memory_().is_shared()\n"
      "(False, True)\n");
  f.method(
      "share_memory_", "(self) -> Tensor",
      [](const py::object& self) {
        unwrap(self.ptr()).impl()->storage->share();
        return self;
      },
      "Moves the tensor's memory, with all its views, into memory that forked children and processes it is sent\n"
      "to share: changes of one are seen by all. Returns the tensor; one on a GPU stays as it is.\n\n"
      "Arrays made by numpy() before keep the old memory. Raises RuntimeError when the system has no more.\n\n"
      ">>> import weft\n"
      ">>> x = weft.ones(4)\n"
      ">>> x[:2].share_memory_().is_shared(), x.is_shared()\n"
      "(True, True)\n");
}

}  // namespace weft::python
