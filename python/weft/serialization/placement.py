"""map_location: on which device the tensors of a file are put."""

from __future__ import annotations

import re

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def placer(map_location: Any, name: str) -> Callable[..., Any]:
    """A function from (tensor on the CPU, device it was saved on) to the tensor where map_location says.

    map_location is None (the device it was saved on), a device or its name, a dict from such names to others, or a
    function of a storage (given as a 1-D tensor on the CPU) and a name, which returns the storage where it is to be, or
    None for where it was saved. TypeError for anything else; an unknown or missing device is an error at once.
    """
    if map_location is None:
        return lambda tensor, location: _as_saved(tensor, location, name)
    if isinstance(map_location, (str, weft.device)):
        device = weft.empty(0, device=map_location).device
        return lambda tensor, location: tensor.to(device)
    if isinstance(map_location, dict):
        return lambda tensor, location: _mapped(map_location, tensor, location, name)
    if callable(map_location):
        return lambda tensor, location: _called(map_location, tensor, location, name)
    raise TypeError(
        f"load: map_location must be None, a device, its name, a dict or a function, got {type(map_location).__name__}"
    )


def _mapped(places, tensor, location, name):
    if location not in places:
        return _as_saved(tensor, location, name)
    place = places[location]
    if not isinstance(place, (str, weft.device)):
        raise TypeError(f"load: map_location[{location!r}] must be a device or its name, got {type(place).__name__}")
    return _restore(tensor, str(place), name)


# The kinds of devices that PyTorch and Weft write, with a number or without
_DEVICE = re.compile(
    r"(cpu|cuda|hip|meta|mps|xpu|hpu|xla|mtia|maia|ipu|npu|ve|vulkan|lazy|mkldnn|opencl|opengl|ideep|ort|fpga"
    r"|privateuseone)(:[0-9]{1,4})?"
)


def _as_saved(tensor, location, name):
    """On the device that the file names."""
    if not _DEVICE.fullmatch(location):
        raise ValueError(
            f"load: {name} is damaged, or was made by a program with devices of its own: it holds a tensor of the "
            f"unknown device {location[:50]!r}; load(..., map_location='cpu') puts it on the CPU"
        )
    return _restore(tensor, location, name)


def _restore(tensor, location, name):
    if location == "cpu":
        return tensor
    try:
        return tensor.to(location)
    except weft.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, TypeError) as error:
        raise RuntimeError(
            f"load: {name} holds a tensor of device {location!r}, which is not available here ({error}); "
            f"load(..., map_location='cpu') puts it on the CPU"
        ) from None


def _called(function, tensor, location, name):
    storage = tensor.reshape(-1)
    placed = function(storage, location)
    if placed is None:
        return _as_saved(tensor, location, name)
    if not isinstance(placed, weft.Tensor):
        raise TypeError(
            f"load: map_location must return the storage it was given, moved or not, or None, "
            f"got {type(placed).__name__}"
        )
    if placed.dtype != storage.dtype or tuple(placed.shape) != tuple(storage.shape):
        raise ValueError(
            f"load: map_location returned a storage of dtype {placed.dtype} and shape {tuple(placed.shape)} for one of "
            f"dtype {storage.dtype} and shape {tuple(storage.shape)}"
        )
    return tensor if placed is storage else placed.reshape(tensor.shape)
