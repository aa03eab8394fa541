"""Batches of worker processes: tensors travel in shared memory, which is used again when the batch is gone."""

from __future__ import annotations

import copyreg
import io
import pickle
import threading
from multiprocessing.reduction import ForkingPickler

import weft
from weft import _C

_PAGE = 1 << 16
_IN_BAND = 1024  # smaller arrays are not worth a place in the segment
_HELD = 4  # segments that batches may hold for as long as they like; what is more is copied
_places = threading.local()


def _tensor(place):
    return _places.tensors[place]


def _tensor_of_type(place, cls, requires_grad, attributes):
    tensor = _places.tensors[place]
    if issubclass(cls, weft.nn.Parameter):
        tensor = cls(tensor, requires_grad)
    elif cls is not weft.Tensor:
        tensor = weft.Tensor._make_subclass(cls, tensor, requires_grad)
    elif requires_grad:
        tensor.requires_grad_()
    if attributes:
        tensor.__dict__.update(attributes)
    return tensor


class _Outside:
    """What a pickle leaves to the segment: tensors, and which of them are the bytes of arrays."""

    def __init__(self):
        self.tensors, self.arrays = [], []

    def place(self, tensor):
        self.tensors.append(_C._packable(tensor.detach()))
        return len(self.tensors) - 1

    def buffer(self, buffer):
        raw = buffer.raw()
        if raw.nbytes < _IN_BAND:
            return True
        self.arrays.append(self.place(weft.from_numpy(_bytes(raw))))
        return False


class _Pickler(pickle.Pickler):
    def __init__(self, file, outside):
        # A method of the pickler itself would keep it, and the batch, until the garbage collector comes.
        super().__init__(file, 5, buffer_callback=outside.buffer)
        self._place = outside.place
        self.dispatch_table = {**copyreg.dispatch_table, **ForkingPickler._extra_reducers}

    def reducer_override(self, value):
        if type(value) is weft.Tensor and not value.requires_grad and value.device.type == "cpu":
            if not value.__dict__:
                return _tensor, (self._place(value),)
        if not isinstance(value, weft.Tensor):
            return NotImplemented
        if value.device.type != "cpu":
            raise RuntimeError(f"a batch of a worker process holds a tensor on {value.device}; move it in the main one")
        if value.requires_grad and not value.is_leaf:
            raise RuntimeError("a tensor that autograd recorded cannot leave its process; give its detach()")
        attributes = dict(value.__dict__)
        return _tensor_of_type, (self._place(value), type(value), value.requires_grad, attributes)


def _bytes(raw):
    import numpy as np

    array = np.frombuffer(raw, np.uint8)
    return array if array.flags.writeable else array.copy()


class Packer:
    """The worker's side: its segments."""

    def __init__(self, in_flight):
        self._segments = {}  # number: segment
        self._count = 0
        self._limit = in_flight + _HELD

    def pack(self, batch):
        """(bytes, descriptors to send with them)."""
        outside, file = _Outside(), io.BytesIO()
        _Pickler(file, outside).dump(batch)
        tensors = outside.tensors
        if not tensors:
            return (None, (), file.getvalue()), []
        dropped, new, number, copied = self._into_segment(tensors)
        described = [(t.dtype, tuple(t.shape), None if t.is_contiguous() else t.stride()) for t in tensors]
        size = self._segments[number].nbytes
        descriptors = [_C._share(self._segments[number])[0]] if new else []
        return (number, (size, described, outside.arrays, copied, dropped), file.getvalue()), descriptors

    def _into_segment(self, tensors):
        size, dropped, busy = _C._packed_size(tensors), [], 0
        for number, segment in list(self._segments.items()):
            if segment.nbytes >= size:
                if _C._pack(segment, tensors):
                    return dropped, False, number, False
                busy += 1
            elif _C._pack(segment, []):  # nobody reads it, and it is too small
                del self._segments[number]
                dropped.append(number)
            else:
                busy += 1
        number = self._count
        self._count += 1
        self._segments[number] = _C._new_segment(-(-(size + size // 8) // _PAGE) * _PAGE)
        _C._pack(self._segments[number], tensors)
        return dropped, True, number, busy >= self._limit


class Unpacker:
    """The main process's side of one worker."""

    def __init__(self):
        self._segments = {}

    def unpack(self, packed, descriptors, wanted=True):
        number, about, pickled = packed
        if number is None:
            return pickle.loads(pickled) if wanted else None
        size, described, arrays, copied, dropped = about
        for old in dropped:
            self._segments.pop(old, None)
        if descriptors:
            self._segments[number] = _C._open_segment(descriptors[0], size)
        if not wanted:
            _C._unpack(self._segments[number], [], False)
            return None
        _places.tensors = tensors = _C._unpack(self._segments[number], described, copied)
        try:
            return pickle.loads(pickled, buffers=[tensors[place].numpy() for place in arrays])
        finally:
            _places.tensors = None
