"""Layers that find out at their first call how large their parameters are."""

from __future__ import annotations

import weft
from weft._checks import check_tensors
from weft.nn.linear import Linear
from weft.nn.module import Module
from weft.nn.parameter import UninitializedParameter, is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from weft import Tensor
    from weft.nn._types import Device


class LazyModuleMixin:
    """A base class, before a Module, of layers whose parameters get their shape from the first input.

    Such a layer registers UninitializedParameters and UninitializedBuffers and defines ``initialize_parameters``, which
    takes what forward takes and materializes them. It runs before the first forward; then the layer becomes an object
    of the class ``cls_to_become``. A state_dict of an initialised layer can be loaded before the first call, too.

    Example:
        >>> import weft
        >>> class LazyScale(weft.nn.modules.lazy.LazyModuleMixin, weft.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.scale = weft.nn.UninitializedParameter()
        ...     def initialize_parameters(self, x):
        ...         self.scale.materialize(x.shape[-1:])
        ...         weft.nn.init.ones_(self.scale)
        ...     def forward(self, x):
        ...         return self.scale * x
        >>> layer = LazyScale()
        >>> layer(weft.tensor([1.0, 2.0])).tolist()
        [1.0, 2.0]
        >>> layer.scale.shape == (2,)
        True
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        module: Any = self
        module.register_forward_pre_hook(_initialize, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materializes the parameters and buffers from the arguments of forward; every lazy class defines it.

        Raises:
            NotImplementedError: it does not.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define initialize_parameters()")

    def has_uninitialized_params(self) -> bool:
        """Is there a parameter or a buffer of this module whose shape is not known yet?

        Example:
            >>> import weft
            >>> weft.nn.LazyLinear(3).has_uninitialized_params()
            True
        """
        module: Any = self
        return any(is_lazy(tensor) for group in (module._parameters, module._buffers) for tensor in group.values())


def _initialize(module: Any, args: Any, kwargs: Any) -> None:
    """The hook before the first forward, which takes itself away."""
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(
            f"{type(module).__name__}: initialize_parameters() has left parameters or buffers without a shape"
        )
    for number, entry in list(module._hooks.items()):
        if entry[1] is _initialize:
            del module._hooks[number]
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become


class LazyLinear(LazyModuleMixin, Linear):
    """A Linear whose in_features is the last dimension of the first input. It becomes a Linear at its first call.

    Args:
        out_features: size of the output's last dimension.
        bias: whether b is learned; without, there is none. Default True.
        device, dtype: of weight and bias. By default the default ones.

    Shape:
        Input (..., in_features), output (..., out_features).

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyLinear(3)
        >>> layer(weft.ones(5, 2)).shape == (5, 3)
        True
        >>> layer
        Linear(in_features=2, out_features=3, bias=True)
    """

    bias: UninitializedParameter
    in_features: Any
    weight: UninitializedParameter

    cls_to_become: Any = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Device = None, dtype: weft.dtype | None = None
    ) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Makes weight and bias for an input, if they are not there yet.

        Args:
            input: (..., in_features).
        """
        check_tensors(type(self).__name__, input=input)
        if not self.has_uninitialized_params():  # a state_dict has been loaded
            self.in_features = self.weight.shape[1]
            return
        self.in_features = input.shape[-1]
        self.weight.materialize((self.out_features, self.in_features))
        if self.bias is not None:
            self.bias.materialize((self.out_features,))
        self.reset_parameters()
