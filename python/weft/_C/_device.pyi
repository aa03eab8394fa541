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
def abort_capture(arg0: weft.device) -> None:
    """
    Ends recording without a graph.
    """
def autocast_state(arg0: str) -> tuple[builtins.bool, typing.Any, builtins.bool]:
    """
    Of this thread and a type of device: is autocast on, its dtype, and are casts of parameters kept?
    """
def begin_capture(arg0: weft.device) -> None:
    """
    Records the work of this thread's stream on a device from here on, instead of running it.
    """
def count(arg0: str) -> builtins.int:
    """
    How many devices of a type ('cuda') there are.
    """
def current_index(arg0: str) -> builtins.int:
    """
    The index of this thread's current device of a type.
    """
def current_stream(arg0: weft.device) -> builtins.int:
    """
    The handle of this thread's stream on a device.
    """
def end_capture(arg0: weft.device) -> Graph:
    """
    Ends recording and gives the Graph.
    """
def enter_autocast(arg0: str, arg1: builtins.bool, arg2: weft.dtype, arg3: builtins.bool) -> None:
    """
    Sets autocast of this thread until leave_autocast().
    """
def is_pinned(arg0: weft.Tensor) -> builtins.bool:
    """
    Does the tensor lie in pinned host memory?
    """
def leave_autocast() -> None:
    """
    Takes the last enter_autocast() of this thread back.
    """
def load_plugin(path: str) -> None:
    """
    Loads the library of a further type of device.
    """
def new_stream(arg0: weft.device, arg1: typing.SupportsInt | typing.SupportsIndex) -> builtins.int:
    """
    The handle of a new stream; lower numbers have priority.
    """
def pin_memory(arg0: weft.Tensor) -> weft.Tensor:
    """
    The tensor in pinned host memory; itself if it is there.
    """
def properties(arg0: weft.device) -> dict[Any, Any]:
    """
    The name of a device, its memory and other numbers of it, as a dict.
    """
def record_stream(arg0: weft.Tensor, arg1: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    The tensor's memory is used by work on a stream too, and is not given out again before that is done.
    """
def set_allow_tf32(arg0: builtins.bool) -> None:
    """
    Sets whether products on GPUs may round float32 to TF32.
    """
def set_current_index(arg0: weft.device) -> None:
    """
    Makes a device this thread's current one of its type.
    """
def set_current_stream(arg0: weft.device, arg1: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Makes a stream that of this thread on a device.
    """
def stream_done(arg0: weft.device, arg1: typing.SupportsInt | typing.SupportsIndex) -> builtins.bool:
    """
    Has a stream done all its work?
    """
def synchronize(arg0: weft.device) -> None:
    """
    Waits for all work of a device.
    """
def synchronize_stream(arg0: weft.device, arg1: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Waits for the work of a stream.
    """
def unavailable_reason(arg0: str) -> str:
    """
    Why there is no device of a type; empty where there is one.
    """
def allow_tf32() -> builtins.bool:
    """May products on GPUs round float32 to TF32?
    """
