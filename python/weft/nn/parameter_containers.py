"""Modules that hold parameters: in a list, in a dict."""

from __future__ import annotations

import collections
import itertools
import operator

import weft
from weft._checks import check_text
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


def _keep(module: Module, name: str, value: Any) -> None:
    """Makes value an attribute of a container: tensors and None as parameters, anything else as it is."""
    value = _as_parameter(value)
    own, is_parameter = module._parameters, value is None or isinstance(value, Parameter)
    if name in module.__dict__ and name not in own and name in _names_of(module):  # was something else
        delattr(module, name)
    if is_parameter or name not in own:
        module._check_new("parameter", name, "_parameters")
    if is_parameter:
        module.register_parameter(name, value)
        return
    own.pop(name, None)
    setattr(module, name, value)


def _names_of(module: Module) -> Any:
    return module._keys if isinstance(module, ParameterDict) else (str(i) for i in range(len(module)))


class ParameterList(Numbered):
    """A list of Parameters, registered so that they are found; tensors become Parameters when they are added.

    Other values are kept as they are, and are no part of the state.

    Args:
        values: what it holds at first. By default nothing.

    Raises:
        TypeError: values cannot be iterated over.

    Example:
        >>> import weft
        >>> weights = weft.nn.ParameterList([weft.ones(2) for _ in range(3)])
        >>> len(weights), weights[0].requires_grad
        (3, True)
    """

    _group = "_parameters"

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[Parameter]: ...

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _members(self) -> list[Any]:
        return [self.__dict__[str(i)] for i in range(self._size)]

    def _name_at(self, index: SupportsIndex) -> str:
        position = operator.index(index)
        if not -self._size <= position < self._size:
            raise IndexError(f"index {position} is out of range for {type(self).__name__} of length {self._size}")
        return str(position % self._size)

    def __len__(self) -> int:
        return self._size

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: SupportsIndex) -> Parameter: ...
        @overload
        def __getitem__(self: ParameterListT, index: slice) -> ParameterListT: ...

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self._members()[index])
        return self.__dict__[self._name_at(index)]

    def __setitem__(self, index: SupportsIndex, value: Any) -> None:
        _keep(self, self._name_at(index), value)

    def append(self: ParameterListT, value: Any) -> ParameterListT:
        """Adds a parameter at the end.

        Args:
            value: a Parameter, or a tensor, which is made one; anything else is kept as it is.

        Returns:
            This list.

        Example:
            >>> import weft
            >>> len(weft.nn.ParameterList().append(weft.ones(2)))
            1
        """
        _keep(self, str(self._size), value)
        self._size += 1
        return self

    def extend(self: ParameterListT, values: Iterable[Any]) -> ParameterListT:
        """Adds parameters at the end.

        Args:
            values: Parameters, or tensors, which are made such, in their order.

        Returns:
            This list.

        Raises:
            TypeError: values is a tensor itself, or cannot be iterated over.

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

    def __iadd__(self: ParameterListT, values: Iterable[Any]) -> ParameterListT:
        return self.extend(values)

    def extra_repr(self) -> str:
        return _describe(zip(itertools.count(), self))


class ParameterDict(Module):
    """A dict of Parameters, registered so that they are found; tensors become Parameters when they are added.

    Other values are kept as they are, and are no part of the state. Like PyTorch it adds the items of a plain dict in
    the order of their names.

    Args:
        parameters: what it holds at first: a dict, or (name, tensor) pairs. By default nothing.

    Raises:
        TypeError: a name is no string.
        KeyError: a name is empty, holds a dot or is that of an attribute.

    Example:
        >>> import weft
        >>> weights = weft.nn.ParameterDict({"left": weft.ones(2), "right": weft.zeros(2)})
        >>> sorted(weights.keys())
        ['left', 'right']
    """

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return self.__dict__[key]

    def __setitem__(self, key: str, value: Any) -> None:
        check_text("ParameterDict", key=key)
        _keep(self, key, value)
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

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
        return self[key] if key in self else default

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
        if not self._keys:
            raise KeyError("popitem: the ParameterDict is empty")
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def __reversed__(self) -> Iterator[str]:
        return reversed(list(self._keys))

    def __or__(self, other: ParameterDict | Mapping[str, Any]) -> ParameterDict:
        if not hasattr(other, "items"):
            return NotImplemented
        made = self.copy()
        made.update(other)
        return made

    def __ror__(self, other: Mapping[str, Any]) -> ParameterDict:
        if not hasattr(other, "items"):
            return NotImplemented
        made = ParameterDict(other)
        made.update(self)
        return made

    def __ior__(self: ParameterDictT, other: ParameterDict | Mapping[str, Any]) -> ParameterDictT:
        if not hasattr(other, "items"):
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
        return self._keys.keys()

    def items(self) -> ItemsView[str, Any]:
        """The (name, parameter) pairs, in the order in which they were added.

        Example:
            >>> import weft
            >>> [(name, p.sum().item()) for name, p in weft.nn.ParameterDict({"left": weft.ones(2)}).items()]
            [('left', 2.0)]
        """
        return {key: self.__dict__[key] for key in self._keys}.items()

    def values(self) -> ValuesView[Any]:
        """The parameters, in the order in which they were added.

        Example:
            >>> import weft
            >>> [p.sum().item() for p in weft.nn.ParameterDict({"left": weft.ones(2)}).values()]
            [2.0]
        """
        return {key: self.__dict__[key] for key in self._keys}.values()

    def update(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Adds parameters, in place of those of the same names.

        Args:
            parameters: a dict, whose items are added in the order of their names unless it is an OrderedDict or a
                ParameterDict; or (name, tensor) pairs.

        Raises:
            TypeError: a name is no string.

        Example:
            >>> import weft
            >>> weights = weft.nn.ParameterDict()
            >>> weights.update({"left": weft.ones(2)})
            >>> len(weights)
            1
        """
        pairs = parameters.items() if hasattr(parameters, "items") else parameters
        if isinstance(parameters, collections.abc.Mapping) and not isinstance(parameters, collections.OrderedDict):
            pairs = sorted(pairs)
        for key, value in pairs:
            self[key] = value

    def extra_repr(self) -> str:
        return _describe(self.items())


def _describe(members: Iterable[tuple[object, Any]]) -> str:
    lines = []
    for name, value in members:
        if isinstance(value, weft.Tensor):
            shape = "x".join(map(str, value.shape))
            lines.append(f"  ({name}): Parameter containing: [{value.dtype} of size {shape}]")
        else:
            lines.append(f"  ({name}): Object of type: {type(value).__name__}")
    return "\n".join(lines)


name_missing_members(ParameterDict, "torch.nn.ParameterDict")
