"""The methods of Module that change how it and what is below it behaves, or its dtype or device."""

from __future__ import annotations

import weft
from weft.nn.conversion import zero_gradients

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from weft.nn._types import Device

    Kind = TypeVar("Kind", bound="ModuleChanges")


class ModuleChanges:
    """A base class of Module: training or evaluation, gradients, and the simple conversions."""

    training: bool

    def train(self: Kind, mode: bool = True) -> Kind:
        """Switches this module and all below it to training or evaluation, which layers such as Dropout tell apart.

        Args:
            mode: whether they train. Default True.

        Returns:
            This module.

        Raises:
            ValueError: mode is no bool.

        Example:
            >>> import weft
            >>> weft.nn.Dropout().train(False).training
            False
        """
        if not isinstance(mode, bool):
            raise ValueError(f"train: mode must be a bool, got {type(mode).__name__}")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self: Kind) -> Kind:
        """Switches this module and all below it to evaluation: ``train(False)``. Returns this module.

        Example:
            >>> import weft
            >>> weft.nn.Dropout(0.9).eval()(weft.ones(2))
            tensor([1., 1.])
        """
        return self.train(False)

    def requires_grad_(self: Kind, requires_grad: bool = True) -> Kind:
        """Sets requires_grad of every parameter: without it they are frozen.

        Args:
            requires_grad: whether gradients are computed. Default True.

        Returns:
            This module.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3).requires_grad_(False).weight.requires_grad
            False
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drops the gradients of all parameters, or fills them with zeros.

        Args:
            set_to_none: whether they are dropped. Default True.

        Example:
            >>> import weft
            >>> layer = weft.nn.Linear(2, 1)
            >>> layer(weft.ones(2)).sum().backward()
            >>> layer.zero_grad()
            >>> layer.weight.grad is None
            True
        """
        zero_gradients(list(self.parameters()), set_to_none)

    def share_memory(self: Kind) -> Kind:
        """Moves parameters, gradients and buffers into shared memory (:meth:`weft.Tensor.share_memory_`).

        Forked children and processes that the module is sent to then train the same numbers. Returns this module.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3).share_memory().weight.is_shared()
            True
        """
        for tensor in (*self.parameters(), *self.buffers()):
            for shared in (tensor, tensor.grad):
                if shared is not None:
                    shared.share_memory_()
        return self

    def _to_dtype(self: Kind, dtype: weft.dtype) -> Kind:
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def float(self: Kind) -> Kind:
        """Converts floating parameters and buffers to float32, in place. Returns this module.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3, dtype=weft.float64).float().weight.dtype
            weft.float32
        """
        return self._to_dtype(weft.float32)

    def double(self: Kind) -> Kind:
        """Converts floating parameters and buffers to float64, in place. Returns this module.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3).double().weight.dtype
            weft.float64
        """
        return self._to_dtype(weft.float64)

    def half(self: Kind) -> Kind:
        """Converts floating parameters and buffers to float16, in place. Returns this module.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3).half().weight.dtype
            weft.float16
        """
        return self._to_dtype(weft.float16)

    def bfloat16(self: Kind) -> Kind:
        """Converts floating parameters and buffers to bfloat16, in place. Returns this module.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3).bfloat16().weight.dtype
            weft.bfloat16
        """
        return self._to_dtype(weft.bfloat16)

    def cpu(self: Kind) -> Kind:
        """Moves parameters and buffers to the CPU, in place. Returns this module.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3).cpu().weight.device
            device(type='cpu')
        """
        return self._apply(lambda t: t.cpu())

    def cuda(self: Kind, device: Device = None) -> Kind:
        """Moves parameters and buffers to a CUDA device, in place.

        Args:
            device: the device or its number. By default the current one.

        Returns:
            This module.

        Raises:
            RuntimeError: there is no such device.

        Example:
            >>> import weft
            >>> layer = weft.nn.Linear(2, 3)
            >>> device = layer.cuda().weight.device.type if weft.cuda.is_available() else "cuda"
            >>> device
            'cuda'
        """
        target = "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device
        return self.to(target)
