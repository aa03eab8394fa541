"""Taking over memory of others, and lending ours: every owner is freed exactly once, on every path out."""

import ctypes
import gc
import sys
import weakref

import numpy as np
import pytest
from support import weft_only

pytestmark = weft_only


# --- DLPack capsules, made by hand


class DLDevice(ctypes.Structure):
    _fields_ = [("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32)]


class DLDataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", DLDevice),
        ("ndim", ctypes.c_int32),
        ("dtype", DLDataType),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
Destructor = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)


class Managed(ctypes.Structure):
    _fields_ = [("tensor", DLTensor), ("context", ctypes.c_void_p), ("deleter", Deleter)]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", Deleter),
        ("flags", ctypes.c_uint64),
        ("tensor", DLTensor),
    ]


api = ctypes.pythonapi
api.PyCapsule_New.restype = ctypes.py_object
api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, Destructor]
api.PyCapsule_IsValid.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
FLOAT32 = (2, 32, 1)


class Exporter:
    """Makes one capsule, and counts how often its tensor is freed."""

    def __init__(self, shape=(2, 3), strides=None, dtype=FLOAT32, device=(1, 0), offset=0, null=False, **options):
        self.memory = np.arange(64, dtype=np.float32)
        self.freed = 0
        self.shape = (ctypes.c_int64 * max(len(shape), 1))(*shape)
        self.strides = (ctypes.c_int64 * max(len(shape), 1))(*strides) if strides is not None else None
        self.deleter = Deleter(self._free)
        versioned = options.get("versioned")
        self.managed = Versioned() if versioned else Managed()
        if versioned:
            self.managed.major, self.managed.flags = versioned, options.get("flags", 0)
        self.managed.deleter = self.deleter
        t = self.managed.tensor
        t.data = None if null else self.memory.ctypes.data
        t.device, t.dtype = DLDevice(*device), DLDataType(*dtype)
        t.ndim = options.get("ndim", len(shape))
        t.shape = ctypes.cast(self.shape, ctypes.POINTER(ctypes.c_int64))
        if self.strides is not None:
            t.strides = ctypes.cast(self.strides, ctypes.POINTER(ctypes.c_int64))
        t.byte_offset = offset
        self.name = options.get("name", b"dltensor_versioned" if versioned else b"dltensor")
        self.destructor = Destructor(self._destroy)

    def _free(self, _):
        self.freed += 1

    def _destroy(self, capsule):
        if api.PyCapsule_IsValid(capsule, self.name):  # nobody took it over
            self.freed += 1

    def capsule(self):
        return api.PyCapsule_New(ctypes.addressof(self.managed), self.name, self.destructor)


GOOD = {
    "plain": {},
    "strided": {"shape": (3, 2), "strides": (1, 3)},
    "step": {"shape": (4,), "strides": (3,)},
    "overlapping": {"shape": (4, 2), "strides": (0, 1)},
    "0-dim": {"shape": ()},
    "empty": {"shape": (0, 3)},
    "empty without memory": {"shape": (2, 0), "null": True},
    "empty with strides": {"shape": (2, 0), "strides": (-1, 5), "null": True},
    "offset": {"shape": (2,), "offset": 8},
    "versioned": {"versioned": 1},
    "read-only": {"versioned": 1, "flags": 1},
}
BAD = {
    "complex32": {"dtype": (5, 32, 1)},
    "uint128": {"dtype": (1, 128, 1)},
    "float128": {"dtype": (2, 128, 1)},
    "float8": {"dtype": (2, 8, 1)},
    "opaque": {"dtype": (3, 64, 1)},
    "lanes": {"dtype": (2, 32, 4)},
    "no lanes": {"dtype": (2, 32, 0)},
    "bits": {"dtype": (0, 24, 1)},
    "vulkan": {"device": (7, 0)},
    "unknown device": {"device": (99, 0)},
    "CUDA device 1000": {"device": (2, 1000)},
    "negative stride": {"shape": (3,), "strides": (-1,)},
    "negative size": {"shape": (-3,)},
    "huge": {"shape": (2**40, 2**40)},
    "huge without strides to count": {"shape": (0, 2**40, 2**40)},
    "huge strides": {"shape": (2, 2), "strides": (2**62, 2**62)},
    "no memory": {"null": True},
    "too many dims": {"shape": (1,) * 65},
    "negative dims": {"shape": (1,), "ndim": -1},
    "version": {"versioned": 9},
    "name": {"name": b"something else"},
}


@pytest.mark.parametrize("case", GOOD)
def test_capsules_that_are_taken(w, case):
    exporter = Exporter(**GOOD[case])
    references = sys.getrefcount(exporter)
    capsule = exporter.capsule()
    x = w.from_dlpack(capsule)
    assert tuple(x.shape) == GOOD[case].get("shape", (2, 3))
    for _ in range(2):
        with pytest.raises((TypeError, BufferError)):  # a capsule is taken once
            w.from_dlpack(capsule)
    view = x.detach() if case == "read-only" else x[...]
    del capsule, x
    gc.collect()
    assert exporter.freed == 0
    view.clone()
    del view
    gc.collect()
    assert exporter.freed == 1 and sys.getrefcount(exporter) == references


def test_values_and_read_only_memory(w):
    x = w.from_dlpack(Exporter(shape=(3, 2), strides=(1, 3)).capsule())
    assert x.tolist() == [[0, 3], [1, 4], [2, 5]]
    exporter = Exporter(versioned=1, flags=1)
    y = w.from_dlpack(exporter.capsule())
    with pytest.raises(RuntimeError, match="read-only"):
        y.add_(1)


@pytest.mark.parametrize("case", BAD)
def test_capsules_that_are_refused(w, case):
    exporter = Exporter(**BAD[case])
    references = sys.getrefcount(exporter)
    capsule = exporter.capsule()
    for _ in range(2):
        with pytest.raises((TypeError, BufferError, RuntimeError)):
            w.from_dlpack(capsule)
    del capsule
    gc.collect()
    assert exporter.freed == 1 and sys.getrefcount(exporter) == references


def test_a_refused_import_frees_once(w):
    for _ in range(200):
        with pytest.raises((TypeError, BufferError)):
            w.from_dlpack(np.zeros(1000, np.clongdouble))
        with pytest.raises((TypeError, BufferError)):
            w.from_dlpack(np.zeros(1000, np.longdouble))


def test_exporters_that_fail(w):
    class Broken:
        def __init__(self, what):
            self.what = what

        def __dlpack__(self, **options):
            if self.what == "error":
                raise ZeroDivisionError
            return self.what

        def __dlpack_device__(self):
            return (1, 0)

    with pytest.raises(ZeroDivisionError):
        w.from_dlpack(Broken("error"))
    for wrong in (None, 3, "capsule", object()):
        with pytest.raises(TypeError):
            w.from_dlpack(Broken(wrong))
        with pytest.raises(TypeError):
            w.from_dlpack(wrong)

    class BadDevice(Broken):
        def __dlpack_device__(self):
            return "cpu"

    with pytest.raises(TypeError):
        w.from_dlpack(BadDevice(None))


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_our_capsules_are_freed(w, version):
    gc.collect()
    before = w.memory.allocated()
    x = w.ones(1000)
    used, unused = x.__dlpack__(max_version=version), x.__dlpack__(max_version=version)
    y = w.from_dlpack(used)
    x.data = w.zeros(3)  # what was exported stays
    assert y.shape == (1000,) and y.sum().item() == 1000
    del used, unused, x
    assert y[999].item() == 1.0
    del y
    assert w.memory.allocated() == before


def test_exports_that_are_refused(w):
    x = w.ones(1000, requires_grad=True)
    references, before = sys.getrefcount(x), w.memory.allocated()
    for _ in range(50):
        with pytest.raises(BufferError):
            x.__dlpack__()
        with pytest.raises((BufferError, RuntimeError)):
            memoryview(x)
        with pytest.raises(RuntimeError):
            x.numpy()
        with pytest.raises(TypeError):
            x.detach().bfloat16().numpy()
    assert sys.getrefcount(x) == references and w.memory.allocated() == before


# --- NumPy and the buffer protocol


def import_ways(w):
    return {
        "from_numpy": w.from_numpy,
        "as_tensor": w.as_tensor,
        "tensor": w.tensor,
        "asarray": w.asarray,
        "from_dlpack": w.from_dlpack,
        "as an index": lambda a: w.ones(3)[a],
        "as an operand": lambda a: w.ones(2, dtype=w.float64) + a,
        "as a value": lambda a: w.ones(2).__setitem__(slice(None), a),
    }


REFUSED = {
    "long complex": lambda: np.zeros(2, np.clongdouble),
    "text": lambda: np.array(["a", "b"]),
    "objects": lambda: np.array([object(), None]),
    "dates": lambda: np.zeros(2, "datetime64[s]"),
    "records": lambda: np.zeros(2, [("a", "i4")]),
    "long double": lambda: np.zeros(2, np.longdouble),
}


@pytest.mark.parametrize("way", import_ways(__import__("weft")))
@pytest.mark.parametrize("what", REFUSED)
def test_refused_arrays_are_not_kept(w, what, way):
    array = REFUSED[what]()
    references = sys.getrefcount(array)
    for _ in range(20):
        with pytest.raises((TypeError, ValueError, BufferError, IndexError, RuntimeError)):
            import_ways(w)[way](array)
    gc.collect()
    assert sys.getrefcount(array) == references


@pytest.mark.parametrize("way", ["from_numpy", "as_tensor", "asarray", "from_dlpack"])
def test_arrays_live_as_long_as_their_tensors(w, way):
    class Array(np.ndarray):
        pass

    array = np.arange(4.0).view(Array)
    alive = weakref.ref(array)
    x = getattr(w, way)(array)
    view = x[1:]
    array[1] = 7.0
    del array, x
    gc.collect()
    assert view.tolist() == [7.0, 2.0, 3.0]
    del view
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("kind", ["rows", "columns", "unaligned"])
def test_odd_strides(w, kind):
    plain, unaligned = np.arange(12.0).reshape(3, 4), np.frombuffer(bytes(17), "u1")[1:].view("f4")
    array = {"rows": plain[::-1], "columns": plain[:, ::-1], "unaligned": unaligned}[kind]
    references = sys.getrefcount(array)
    try:
        assert w.from_numpy(array).tolist() == array.tolist()
    except ValueError as error:
        assert "strides" in str(error)
    gc.collect()
    assert sys.getrefcount(array) == references


def test_fields_of_records_have_odd_strides(w):
    records = np.zeros(3, [("a", "i1"), ("b", "f4")])
    references = sys.getrefcount(records)
    with pytest.raises(ValueError, match="strides"):
        w.from_numpy(records["b"])
    gc.collect()
    assert sys.getrefcount(records) == references


def test_array_interface(w):
    class Shares:
        def __init__(self, array, **changes):
            self.array = array
            self.__array_interface__ = {**array.__array_interface__, **changes}

    array = np.arange(3.0)
    shares = Shares(array)
    references = sys.getrefcount(shares)
    x = w.as_tensor(shares)
    array[0] = 5.0
    assert x.tolist() == [5.0, 1.0, 2.0]
    assert sys.getrefcount(shares) > references
    del x
    gc.collect()
    assert sys.getrefcount(shares) == references
    for wrong in ({"typestr": "<c32"}, {"shape": "x"}, {"typestr": "?x"}, {"shape": (-1,)}):
        broken = Shares(array, **wrong)
        for _ in range(5):
            with pytest.raises((TypeError, ValueError)):
                w.as_tensor(broken)
        gc.collect()
        assert sys.getrefcount(broken) == 2


def test_buffers(w):
    data = bytearray(16)
    x = w.frombuffer(data, dtype=w.int32)
    with pytest.raises(BufferError):
        data.extend(b"x")  # it is in use
    data[0] = 3
    assert x.tolist() == [3, 0, 0, 0]
    del x
    gc.collect()
    data.extend(b"x")
    references = sys.getrefcount(data)
    for arguments in (
        {"count": 100},
        {"offset": 99},
        {"offset": -1},
        {"dtype": w.bfloat16},
        {"dtype": w.int64},
    ):
        with pytest.raises((ValueError, TypeError)):
            w.frombuffer(data, **{"dtype": w.int32, **arguments})
    with pytest.raises(TypeError):
        w.frombuffer("text", dtype=w.int8)
    gc.collect()
    assert sys.getrefcount(data) == references
    data.extend(b"x")


@pytest.mark.parametrize("export", [lambda x: x.numpy(), memoryview, lambda x: np.asarray(memoryview(x))])
def test_exported_memory_stays(w, export):
    """Also when the tensor gets other memory, or goes."""
    gc.collect()
    before = w.memory.allocated()
    x = w.ones(1000)
    lent = export(x)
    x.data = w.zeros(5)
    w.full((1000,), 9.0)
    assert lent[999] == 1.0
    del x
    gc.collect()
    assert lent[0] == 1.0
    del lent
    gc.collect()
    assert w.memory.allocated() == before


def test_a_buffer_that_is_asked_for_in_the_wrong_way(w):
    x = w.ones(3, 2).t()
    for _ in range(20):
        with pytest.raises((BufferError, TypeError)):
            (ctypes.c_char * 24).from_buffer(x)
    y = w.from_numpy(np.frombuffer(bytes(8), "f4"))
    with pytest.raises((BufferError, TypeError)):
        (ctypes.c_char * 8).from_buffer(y)
    assert sys.getrefcount(x) == 2 and sys.getrefcount(y) == 2
