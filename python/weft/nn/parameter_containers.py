"""Modules that hold parameters: in a list, in a dict."""

from __future__ import annotations

import collections
import itertools

import weft
from weft._missing import name_missing_members
from weft.nn.containers import Numbered
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
    from typing import Any, SupportsIndex, overload

    from weft import Tensor
    from weft.nn._types import Other, ParameterDictT, ParameterListT


def _as_parameter(value: Any) -> Any:
    return Parameter(value) if isinstance(value, weft.Tensor) and not isinstance(value, Parameter) else value


class ParameterList(Numbered):
    """A list of Parameters, registered so that they are found; tensors become Parameters when they are added.

    Args:
        values: what it holds at first. By default nothing.

    Raises:
        TypeError: values holds anything but tensors.

    Example:
        >>> import weft
        >>> weights = weft.nn.ParameterList([weft.ones(2) for _ in range(3)])
        >>> len(weights), weights[0].requires_grad
        (3, True)
    """

    _group = "_parameters"

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[Parameter]: ...

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        if values is not None:
            self.extend(values)

    def _set(self, name: str, member: Any) -> None:
        member = _as_parameter(member)
        if member is not None and not isinstance(member, Parameter):
            raise TypeError(f"ParameterList: expected tensors, got {type(member).__name__}")
        self.register_parameter(name, member)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: SupportsIndex) -> Parameter: ...
        @overload
        def __getitem__(self: ParameterListT, index: slice) -> ParameterListT: ...

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self._members()[index])
        return self.__dict__[self._name_at(index)]

    def __setitem__(self, index: SupportsIndex, value: Tensor) -> None:
        setattr(self, self._name_at(index), _as_parameter(value))

    def append(self: ParameterListT, value: Tensor | None) -> ParameterListT:
        """Adds a parameter at the end.

        Args:
            value: a Parameter, or a tensor, which is made one.

        Returns:
            This list.

        Raises:
            TypeError: value is no tensor.

        Example:
            >>> import weft
            >>> len(weft.nn.ParameterList().append(weft.ones(2)))
            1
        """
        self._set(str(len(self)), value)
        return self

    def extend(self: ParameterListT, values: Iterable[Tensor]) -> ParameterListT:
        """Adds parameters at the end.

        Args:
            values: Parameters, or tensors, which are made such, in their order.

        Returns:
            This list.

        Raises:
            TypeError: values is a tensor itself, or holds anything but tensors.

        Example:
            >>> import weft
            >>> len(weft.nn.ParameterList().extend([weft.ones(2), weft.zeros(3)]))
            2
        """
        if isinstance(values, weft.Tensor) or not isinstance(values, collections.abc.Iterable):
            raise TypeError(f"ParameterList.extend: expected a list of tensors, got {type(values).__name__}")
        for value in values:
            self.append(value)
        return self

    def __iadd__(self: ParameterListT, values: Iterable[Tensor]) -> ParameterListT:
        return self.extend(values)

    def extra_repr(self) -> str:
        return _describe(zip(itertools.count(), self))


class ParameterDict(Module):
    """A dict of Parameters, registered so that they are found; tensors become Parameters when they are added.

    Args:
        parameters: what it holds at first: a dict, or (name, tensor) pairs. By default nothing.

    Raises:
        TypeError: parameters holds anything but tensors.
        KeyError: a name is empty, holds a dot or is that of an attribute.

    Example:
        >>> import weft
        >>> weights = weft.nn.ParameterDict({"left": weft.ones(2), "right": weft.zeros(2)})
        >>> sorted(weights.keys())
        ['left', 'right']
    """

    def __init__(self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]] | None = None) -> None:
        super().__init__()
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Parameter:
        return self._parameters[key]

    def __setitem__(self, key: str, value: Tensor | None) -> None:
        value = _as_parameter(value)
        if value is not None and not isinstance(value, Parameter):
            raise TypeError(f"ParameterDict: expected a tensor for {key!r}, got {type(value).__name__}")
        self.register_parameter(str(key), value)

    def __delitem__(self, key: str) -> None:
        del self._parameters[key]

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    if TYPE_CHECKING:

        @overload
        def get(self, key: str, default: None = None) -> Parameter | None: ...
        @overload
        def get(self, key: str, default: Other) -> Parameter | Other: ...

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of that name, or the default.

        Args:
            key: the name.
            default: what is returned if there is none. Default None.

        Example:
            >>> import weft
            >>> weft.nn.ParameterDict({"left": weft.ones(2)}).get("right", 0)
            0
        """
        return self._parameters.get(key, default)

    def setdefault(self, key: str, default: Tensor | None = None) -> Any:
        """The parameter of that name; if there is none, the default is added and returned.

        Args:
            key: the name.
            default: a Parameter, or a tensor, which is made one. Default None.

        Example:
            >>> import weft
            >>> weights = weft.nn.ParameterDict()
            >>> weights.setdefault("left", weft.ones(2)) is weights["left"]
            True
        """
        if key not in self:
            self[key] = default
        return self[key]

    def copy(self) -> ParameterDict:
        """Another dict of the same parameters.

        Example:
            >>> import weft
            >>> weights = weft.nn.ParameterDict({"left": weft.ones(2)})
            >>> weights.copy()["left"] is weights["left"]
            True
        """
        return ParameterDict(self.items())

    def fromkeys(self, keys: Iterable[str], default: Tensor | None = None) -> ParameterDict:
        """A dict with one value for all keys.

        Args:
            keys: the names.
            default: a Parameter, or a tensor, which is made one for each name. Default None.

        Example:
            >>> import weft
            >>> list(weft.nn.ParameterDict().fromkeys(["left", "right"], weft.ones(2)))
            ['left', 'right']
        """
        return ParameterDict((key, default) for key in keys)

    def popitem(self) -> tuple[str, Parameter]:
        """Takes out the parameter that was added last: (name, parameter).

        Raises:
            KeyError: the dict is empty.

        Example:
            >>> import weft
            >>> weft.nn.ParameterDict({"left": weft.ones(2)}).popitem()[0]
            'left'
        """
        return self._parameters.popitem()

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._parameters))

    def __or__(self, other: ParameterDict) -> ParameterDict:
        if not isinstance(other, ParameterDict):
            return NotImplemented
        return ParameterDict([*self.items(), *other.items()])

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        if not isinstance(other, ParameterDict):
            return NotImplemented
        return ParameterDict([*other.items(), *self.items()])

    def __ior__(self: ParameterDictT, other: ParameterDict) -> ParameterDictT:
        if not isinstance(other, ParameterDict):
            return NotImplemented
        self.update(other)
        return self

    def clear(self) -> None:
        """Removes all parameters.

        Example:
            >>> import weft
            >>> weights = weft.nn.ParameterDict({"left": weft.ones(2)})
            >>> weights.clear()
            >>> len(weights)
            0
        """
        for key in list(self):
            del self[key]

    def pop(self, key: str) -> Parameter:
        """Takes out the parameter of that name.

        Args:
            key: the name.

        Returns:
            The parameter.

        Raises:
            KeyError: there is none.

        Example:
            >>> import weft
            >>> weft.nn.ParameterDict({"left": weft.ones(2)}).pop("left").shape
            weft.Size([2])
        """
        value = self[key]
        del self[key]
        return value

    def keys(self) -> KeysView[str]:
        """The names, in the order in which they were added.

        Example:
            >>> import weft
            >>> list(weft.nn.ParameterDict({"left": weft.ones(2)}).keys())
            ['left']
        """
        return self._parameters.keys()

    def items(self) -> ItemsView[str, Parameter]:
        """The (name, parameter) pairs, in the order in which they were added.

        Example:
            >>> import weft
            >>> [(name, p.sum().item()) for name, p in weft.nn.ParameterDict({"left": weft.ones(2)}).items()]
            [('left', 2.0)]
        """
        return self._parameters.items()

    def values(self) -> ValuesView[Parameter]:
        """The parameters, in the order in which they were added.

        Example:
            >>> import weft
            >>> [p.sum().item() for p in weft.nn.ParameterDict({"left": weft.ones(2)}).values()]
            [2.0]
        """
        return self._parameters.values()

    def update(self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]) -> None:
        """Adds parameters, in place of those of the same names.

        Args:
            parameters: a dict, or (name, tensor) pairs.

        Raises:
            TypeError: a value is no tensor.

        Example:
            >>> import weft
            >>> weights = weft.nn.ParameterDict()
            >>> weights.update({"left": weft.ones(2)})
            >>> len(weights)
            1
        """
        for key, value in parameters.items() if hasattr(parameters, "items") else parameters:
            self[key] = value

    def extra_repr(self) -> str:
        return _describe(self.items())


def _describe(members: Iterable[tuple[object, Tensor]]) -> str:
    lines = []
    for name, value in members:
        shape = "x".join(map(str, value.shape))
        lines.append(f"({name}): Parameter containing: [{value.dtype} of size {shape}]")
    return "\n".join(lines)


name_missing_members(ParameterDict, "torch.nn.ParameterDict")
