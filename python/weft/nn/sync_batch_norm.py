"""Batch normalisation over the batches of several processes."""

from __future__ import annotations

import os

import weft
from weft._checks import check_instances
from weft.nn.module import Module
from weft.nn.normalization import _BatchNorm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation whose mean and variance are those of the batches of all processes. In one process: BatchNorm.

    Weft does not train in several processes yet, so a program of several processes is refused.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: share of the batch in new running statistics; None for their average over all batches. Default 0.1.
        affine: whether weight and bias are learned; without, there are none. Default True.
        track_running_stats: whether there are running statistics; without, evaluation is as training. Default True.
        process_group: must be None.
        device, dtype: of parameters and statistics. By default the default ones.
        bias: whether there is a bias. Default True.

    Shape:
        Input and output: (N, C, ...).
        weight, bias, running_mean, running_var: (C); they start as ones, zeros, zeros and ones.

    Raises:
        NotImplementedError: a process group is given, or the program is one of several processes.
        ValueError: the input has fewer than 2 dimensions, or one value per channel while training.

    Example:
        >>> import weft
        >>> weft.nn.SyncBatchNorm(3)(weft.ones(2, 3, 4, 4)).shape == (2, 3, 4, 4)
        True
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any | None = None,
        device: Device = None,
        dtype: weft.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        _check_single_process("SyncBatchNorm", process_group)
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(
                f"SyncBatchNorm: expected input with at least 2 dimensions, got shape {tuple(input.shape)}"
            )

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any | None = None) -> Module:
        """The module with SyncBatchNorm in place of every BatchNorm in it, whose parameters and statistics it keeps.

        Args:
            module: a module, which is changed; a BatchNorm itself is replaced by what is returned.
            process_group: must be None.

        Raises:
            NotImplementedError: a process group is given, or the program is one of several processes.

        Example:
            >>> import weft
            >>> model = weft.nn.Sequential(weft.nn.Conv2d(1, 2, 3), weft.nn.BatchNorm2d(2))
            >>> model = weft.nn.SyncBatchNorm.convert_sync_batchnorm(model)
            >>> type(model[1]).__name__
            'SyncBatchNorm'
        """
        check_instances(Module, "convert_sync_batchnorm", module=module)
        _check_single_process("convert_sync_batchnorm", process_group)
        converted = module
        if isinstance(module, _BatchNorm):
            converted = cls(module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats)
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(converted, name, getattr(module, name))
            converted.train(module.training)
        for name, child in list(module._modules.items()):
            if child is not None:
                converted.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted


def _check_single_process(name: str, process_group: Any) -> None:
    processes = os.environ.get("WORLD_SIZE", "1")
    if process_group is not None or processes not in ("", "1"):
        asked = f"WORLD_SIZE={processes}" if process_group is None else f"process_group={process_group!r}"
        raise NotImplementedError(
            f"{name}: Weft has no process groups yet, so batches of several processes cannot be normalised together; "
            f"got {asked}"
        )
