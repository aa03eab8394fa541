"""Modules that hold other modules: in a row, in a list, in a dict."""

from __future__ import annotations

import collections
import itertools
import operator

from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import OrderedDict
    from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
    from typing import Any, SupportsIndex, overload

    from weft import Tensor
    from weft.nn._types import ModuleListT, SequentialT


class Numbered(Module):
    """A container whose members are attributes named "0", "1", ..."""

    _group = "_modules"

    def _members(self) -> list[Any]:
        return list(self.__dict__[self._group].values())

    def _replace_all(self, members: Iterable[Any]) -> None:
        for name in list(self.__dict__[self._group]):
            delattr(self, name)
        for i, member in enumerate(members):
            self._set(str(i), member)

    def _set(self, name: str, member: Any) -> None:
        if name not in self.__dict__[self._group]:
            self.add_module(name, member)
        else:
            setattr(self, name, member)

    def _name_at(self, index: SupportsIndex) -> str:
        names = list(self.__dict__[self._group])
        position = operator.index(index)
        if not -len(names) <= position < len(names):
            raise IndexError(f"index {position} is out of range for {type(self).__name__} of length {len(names)}")
        return names[position]

    def __len__(self) -> int:
        return len(self.__dict__[self._group])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._members())

    def __setitem__(self, index: SupportsIndex, member: Any) -> None:
        setattr(self, self._name_at(index), member)


class Sequential(Numbered):
    """Calls its modules one after the other, each with the result of the one before.

    Members are read by index or slice, and changed as those of a list; ``+`` and ``*`` make longer ones.

    Args:
        *args: the modules, or one OrderedDict of name -> module. Without names they are "0", "1", ...

    Shape:
        Input that of the first module, output that of the last one; without modules the input is returned.

    Raises:
        TypeError: an argument is no module.

    Example:
        >>> import weft
        >>> from weft import nn
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> model(weft.ones(3, 4)).shape == (3, 2)
        True
        >>> model[1]
        ReLU()
        >>> len(model[:2])
        2
    """

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[Module]: ...

        @overload
        def __init__(self, *args: Module | None) -> None: ...
        @overload
        def __init__(self, arg: OrderedDict[str, Module], /) -> None: ...

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], collections.OrderedDict):
            named = args[0].items()
        else:
            named = ((str(i), module) for i, module in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input: Any) -> Tensor:
        for module in self._modules.values():
            input = module(input)
        return input

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: SupportsIndex) -> Module: ...
        @overload
        def __getitem__(self: SequentialT, index: slice) -> SequentialT: ...

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        if isinstance(index, slice):
            names = list(self._modules)[index]
            return type(self)(collections.OrderedDict((name, self.__dict__[name]) for name in names))
        return self.__dict__[self._name_at(index)]

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        chosen = list(self._modules)[index] if isinstance(index, slice) else [self._name_at(index)]
        kept = [(name, self.__dict__[name]) for name in self._modules if name not in chosen]
        numbered = all(name == str(i) for i, name in enumerate(self._modules))
        for name in list(self._modules):
            delattr(self, name)
        for i, (name, module) in enumerate(kept):
            self.add_module(str(i) if numbered else name, module)

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)

    def __iadd__(self: SequentialT, other: Sequential) -> SequentialT:
        if not isinstance(other, Sequential):
            return NotImplemented
        return self.extend(list(other))

    def __mul__(self, times: int) -> Sequential:
        if not isinstance(times, int):
            return NotImplemented
        if times <= 0:
            raise ValueError(f"Sequential can only be repeated a positive number of times, got {times}")
        return Sequential(*(list(self) * times))

    __rmul__ = __mul__

    def __imul__(self: SequentialT, times: int) -> SequentialT:
        if not isinstance(times, int):
            return NotImplemented
        return self.extend(list(self) * (times - 1))

    def append(self: SequentialT, module: Module | None) -> SequentialT:
        """Adds a module at the end.

        Args:
            module: the module.

        Returns:
            This Sequential.

        Example:
            >>> import weft
            >>> weft.nn.Sequential().append(weft.nn.ReLU())
            Sequential(
              (0): ReLU()
            )
        """
        self.add_module(str(len(self)), module)
        return self

    def extend(self: SequentialT, modules: Iterable[Module | None]) -> SequentialT:
        """Adds modules at the end.

        Args:
            modules: the modules, in their order.

        Returns:
            This Sequential.

        Example:
            >>> import weft
            >>> len(weft.nn.Sequential(weft.nn.Tanh()).extend([weft.nn.ReLU(), weft.nn.ReLU()]))
            3
        """
        for module in modules:
            self.append(module)
        return self

    def insert(self: SequentialT, index: int, module: Module) -> SequentialT:
        """Puts a module before the one at the index; those after it get new numbers.

        Args:
            index: from -len to len; negative numbers count from the end.
            module: the module.

        Returns:
            This Sequential.

        Raises:
            TypeError: module is no module.
            IndexError: there is no such index.

        Example:
            >>> import weft
            >>> weft.nn.Sequential(weft.nn.ReLU()).insert(0, weft.nn.Tanh())[0]
            Tanh()
        """
        if not isinstance(module, Module):
            raise TypeError(f"Sequential.insert: expected a Module, got {type(module).__name__}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Sequential.insert: index {index} is out of range for length {len(self)}")
        modules = list(self)
        modules.insert(index + len(modules) if index < 0 else index, module)
        self._replace_all(modules)
        return self

    def pop(self, index: int | slice) -> Module:
        """Takes out the module at the index.

        Args:
            index: negative numbers count from the end.

        Returns:
            The module.

        Raises:
            IndexError: there is no such index.

        Example:
            >>> import weft
            >>> weft.nn.Sequential(weft.nn.Tanh(), weft.nn.ReLU()).pop(-1)
            ReLU()
        """
        module = self[index]
        del self[index]
        return module


class ModuleList(Numbered):
    """A list of modules, registered so that their parameters are found. Has no forward of its own.

    Args:
        modules: what it holds at first. By default nothing.

    Raises:
        TypeError: modules holds anything but modules.

    Example:
        >>> import weft
        >>> layers = weft.nn.ModuleList([weft.nn.Linear(2, 2) for _ in range(3)])
        >>> len(list(layers.parameters()))
        6
        >>> layers
        ModuleList(
          (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
        )
    """

    if TYPE_CHECKING:

        def __iter__(self) -> Iterator[Module]: ...

    def __init__(self, modules: Iterable[Module | None] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: SupportsIndex) -> Module: ...
        @overload
        def __getitem__(self: ModuleListT, index: slice) -> ModuleListT: ...

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(self._members()[index])
        return self.__dict__[self._name_at(index)]

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        members = self._members()
        if not isinstance(index, slice):
            self._name_at(index)
        del members[index]
        self._replace_all(members)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self: ModuleListT, other: Iterable[Module]) -> ModuleListT:
        return self.extend(other)

    def append(self: ModuleListT, module: Module | None) -> ModuleListT:
        """Adds a module at the end.

        Args:
            module: the module.

        Returns:
            This list.

        Example:
            >>> import weft
            >>> weft.nn.ModuleList().append(weft.nn.ReLU())[0]
            ReLU()
        """
        self.add_module(str(len(self)), module)
        return self

    def extend(self: ModuleListT, modules: Iterable[Module | None]) -> ModuleListT:
        """Adds modules at the end.

        Args:
            modules: the modules, in their order.

        Returns:
            This list.

        Raises:
            TypeError: modules cannot be iterated over, or holds anything but modules.

        Example:
            >>> import weft
            >>> len(weft.nn.ModuleList().extend([weft.nn.Tanh(), weft.nn.ReLU()]))
            2
        """
        if not isinstance(modules, collections.abc.Iterable):
            raise TypeError(f"ModuleList.extend: expected modules, got {type(modules).__name__}")
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module | None) -> None:
        """Puts a module before the one at the index, as list.insert; those after it get new numbers.

        Args:
            index: negative numbers count from the end.
            module: the module.

        Example:
            >>> import weft
            >>> layers = weft.nn.ModuleList([weft.nn.ReLU()])
            >>> layers.insert(0, weft.nn.Tanh())
            >>> layers[0]
            Tanh()
        """
        members = self._members()
        members.insert(index, module)
        self._replace_all(members)

    def pop(self, key: int) -> Module:
        """Takes out the module at the index.

        Args:
            key: the index; negative numbers count from the end.

        Returns:
            The module.

        Raises:
            IndexError: there is no such index.

        Example:
            >>> import weft
            >>> weft.nn.ModuleList([weft.nn.Tanh(), weft.nn.ReLU()]).pop(0)
            Tanh()
        """
        module = self[key]
        del self[key]
        return module

    def __repr__(self) -> str:
        if not len(self):
            return "ModuleList()"
        lines, first = [], 0
        texts = [repr(module) for module in self]
        for text, run in itertools.groupby(texts):
            count = len(list(run))
            name, times = (f"({first})", "") if count == 1 else (f"({first}-{first + count - 1})", f"{count} x ")
            lines.append(f"{name}: {times}{text}".replace("\n", "\n  "))
            first += count
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """A dict of modules, registered so that their parameters are found. Has no forward of its own.

    Args:
        modules: what it holds at first: a dict, or (name, module) pairs. By default nothing.

    Raises:
        TypeError: modules holds anything but modules.
        KeyError: a name is empty, holds a dot or is that of an attribute.

    Example:
        >>> import weft
        >>> layers = weft.nn.ModuleDict({"linear": weft.nn.Linear(2, 3), "act": weft.nn.ReLU()})
        >>> layers["act"]
        ReLU()
        >>> "pool" in layers, list(layers)
        (False, ['linear', 'act'])
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module | None) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Removes all modules.

        Example:
            >>> import weft
            >>> layers = weft.nn.ModuleDict({"act": weft.nn.ReLU()})
            >>> layers.clear()
            >>> len(layers)
            0
        """
        for key in list(self):
            del self[key]

    def pop(self, key: str) -> Module:
        """Takes out the module of that name.

        Args:
            key: the name.

        Returns:
            The module.

        Raises:
            KeyError: there is none.

        Example:
            >>> import weft
            >>> weft.nn.ModuleDict({"act": weft.nn.ReLU()}).pop("act")
            ReLU()
        """
        module = self[key]
        del self[key]
        return module

    def keys(self) -> KeysView[str]:
        """The names, in the order in which they were added.

        Example:
            >>> import weft
            >>> list(weft.nn.ModuleDict({"act": weft.nn.ReLU()}).keys())
            ['act']
        """
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module]:
        """The (name, module) pairs, in the order in which they were added.

        Example:
            >>> import weft
            >>> list(weft.nn.ModuleDict({"act": weft.nn.ReLU()}).items())
            [('act', ReLU())]
        """
        return self._modules.items()

    def values(self) -> ValuesView[Module]:
        """The modules, in the order in which they were added.

        Example:
            >>> import weft
            >>> list(weft.nn.ModuleDict({"act": weft.nn.ReLU()}).values())
            [ReLU()]
        """
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Adds modules, in place of those of the same names.

        Args:
            modules: a dict, or (name, module) pairs.

        Example:
            >>> import weft
            >>> layers = weft.nn.ModuleDict({"act": weft.nn.ReLU()})
            >>> layers.update({"act": weft.nn.Tanh()})
            >>> layers["act"]
            Tanh()
        """
        for key, module in modules.items() if hasattr(modules, "items") else modules:
            self[key] = module
