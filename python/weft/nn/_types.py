"""Types that the annotations of weft.nn share. Programs do not import it, only type checkers do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeAlias, TypeVar

import weft

if TYPE_CHECKING:
    from weft.nn.containers import ModuleList, Sequential
    from weft.nn.embedding import Embedding, EmbeddingBag
    from weft.nn.module import Module
    from weft.nn.parameter_containers import ParameterDict, ParameterList

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result", covariant=True)
Other = TypeVar("Other")

# What a method returns that returns its own object
ModuleT = TypeVar("ModuleT", bound="Module")
SequentialT = TypeVar("SequentialT", bound="Sequential")
ModuleListT = TypeVar("ModuleListT", bound="ModuleList")
ParameterDictT = TypeVar("ParameterDictT", bound="ParameterDict")
ParameterListT = TypeVar("ParameterListT", bound="ParameterList")
EmbeddingT = TypeVar("EmbeddingT", bound="Embedding")
EmbeddingBagT = TypeVar("EmbeddingBagT", bound="EmbeddingBag")

# One number for all dimensions, or one for each
Ints: TypeAlias = int | Sequence[int]
# Shares of a size, likewise
Ratios: TypeAlias = float | Sequence[float]
# What adaptive pooling makes: None for a size that stays
OutputSize: TypeAlias = int | Sequence[int | None] | None
Device: TypeAlias = str | int | weft.device | None


class HasForward(Protocol[Arguments, Result]):
    """What has a ``forward``: calling a module takes the arguments of its forward, and gives its result."""

    def forward(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result: ...
