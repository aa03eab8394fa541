from __future__ import annotations

import builtins
import collections.abc
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy
import numpy as np

import weft
from weft._C import Tensor
from weft._C import device as _Device
from weft._C import dtype as _DType
"""
What weft.cuda is made of.
"""
class Event:
    """
    A mark in a stream.
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __init__(self, arg0: weft.device, arg1: builtins.bool) -> None:
        """
        On a device; timing: for elapsed().
        """
    def elapsed(self, arg0: Event) -> builtins.float:
        """
        Milliseconds from this mark to another.
        """
    def query(self) -> builtins.bool:
        """
        Is the marked work done?
        """
    def record(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Marks the work that a stream has now.
        """
    def synchronize(self) -> None:
        """
        Waits for the marked work.
        """
    def wait(self, arg0: weft.device, arg1: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Lets a stream wait for the marked work.
        """
class Graph:
    """
    Recorded work.
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def launch(self) -> None:
        """
        Runs the recorded work again, with new random numbers.
        """
def abort_capture(device: _Device | str | builtins.int) -> None:
    """Ends recording without a graph.
    """
def allow_tf32() -> builtins.bool:
    """May products on GPUs round float32 to TF32?
    """
def autocast_state(type: str) -> Any:
    """Of this thread and a type of device: is autocast on, its dtype, and are casts of parameters kept?
    """
def begin_capture(device: _Device | str | builtins.int) -> None:
    """Records the work of this thread's stream on a device from here on, instead of running it.
    """
def count(type: str) -> builtins.int:
    """How many devices of a type ('cuda') there are.
    """
def current_index(type: str) -> builtins.int:
    """The index of this thread's current device of a type.
    """
def current_stream(device: _Device | str | builtins.int) -> builtins.int:
    """The handle of this thread's stream on a device.
    """
def end_capture(device: _Device | str | builtins.int) -> Any:
    """Ends recording and gives the Graph.
    """
def enter_autocast(type: str, enabled: builtins.bool, dtype: _DType, keeps_casts: builtins.bool) -> None:
    """Sets autocast of this thread until leave_autocast().
    """
def is_pinned(tensor: Tensor) -> builtins.bool:
    """Does the tensor lie in pinned host memory?
    """
def leave_autocast() -> None:
    """Takes the last enter_autocast() of this thread back.
    """
def load_plugin(path: str) -> None:
    """Loads the library of a further type of device.
    """
def new_stream(device: _Device | str | builtins.int, priority: builtins.int) -> builtins.int:
    """The handle of a new stream; lower numbers have priority.
    """
def pin_memory(tensor: Tensor) -> Tensor:
    """The tensor in pinned host memory; itself if it is there.
    """
def properties(device: _Device | str | builtins.int) -> dict[Any, Any]:
    """The name of a device, its memory and other numbers of it, as a dict.
    """
def record_stream(tensor: Tensor, stream: builtins.int) -> None:
    """The tensor's memory is used by work on a stream too, and is not given out again before that is done.
    """
def set_allow_tf32(enabled: builtins.bool) -> None:
    """Sets whether products on GPUs may round float32 to TF32.
    """
def set_current_index(device: _Device | str | builtins.int) -> None:
    """Makes a device this thread's current one of its type.
    """
def set_current_stream(device: _Device | str | builtins.int, stream: builtins.int) -> None:
    """Makes a stream that of this thread on a device.
    """
def stream_done(device: _Device | str | builtins.int, stream: builtins.int) -> builtins.bool:
    """Has a stream done all its work?
    """
def synchronize(device: _Device | str | builtins.int) -> None:
    """Waits for all work of a device.
    """
def synchronize_stream(device: _Device | str | builtins.int, stream: builtins.int) -> None:
    """Waits for the work of a stream.
    """
def unavailable_reason(type: str) -> str:
    """Why there is no device of a type; empty where there is one.
    """
