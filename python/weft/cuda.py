"""NVIDIA GPUs. The CUDA plug-in is not part of this version: is_available() is False."""

from weft import _C


def is_available():
    """Is there a GPU that tensors can live on?

    >>> import weft
    >>> weft.cuda.is_available() == (weft.cuda.device_count() > 0)
    True
    """
    return device_count() > 0


def device_count():
    """The number of GPUs that tensors can live on."""
    return _C._device_count("cuda")


def synchronize(device=None):
    """Wait for all work of a GPU. Raises RuntimeError that says what is missing when there is none."""
    _C._synchronize("cuda" if device is None else str(device))
