"""Modules that hold other modules or parameters: in a row, in a list, in a dict."""

import collections
import itertools
import operator

import weft
from weft._missing import name_missing_members
from weft.nn.module import Module
from weft.nn.parameter import Parameter


class _Numbered(Module):
    """A container whose members are attributes named "0", "1", ..."""

    _group = "_modules"

    def _members(self):
        return list(self.__dict__[self._group].values())

    def _replace_all(self, members):
        for name in list(self.__dict__[self._group]):
            delattr(self, name)
        for i, member in enumerate(members):
            self._set(str(i), member)

    def _set(self, name, member):
        if name not in self.__dict__[self._group]:
            self.add_module(name, member)
        else:
            setattr(self, name, member)

    def _name_at(self, index):
        names = list(self.__dict__[self._group])
        position = operator.index(index)
        if not -len(names) <= position < len(names):
            raise IndexError(f"index {position} is out of range for {type(self).__name__} of length {len(names)}")
        return names[position]

    def __len__(self):
        return len(self.__dict__[self._group])

    def __iter__(self):
        return iter(self._members())

    def __setitem__(self, index, member):
        setattr(self, self._name_at(index), member)


class Sequential(_Numbered):
    """Calls its modules one after the other, each with the result of the one before.

    Takes modules, or one OrderedDict of name -> module.

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

    def __init__(self, *args):
        super().__init__()
        if len(args) == 1 and isinstance(args[0], collections.OrderedDict):
            named = args[0].items()
        else:
            named = ((str(i), module) for i, module in enumerate(args))
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input):
        for module in self._modules.values():
            input = module(input)
        return input

    def __getitem__(self, index):
        if isinstance(index, slice):
            names = list(self._modules)[index]
            return type(self)(collections.OrderedDict((name, self.__dict__[name]) for name in names))
        return self.__dict__[self._name_at(index)]

    def __delitem__(self, index):
        chosen = list(self._modules)[index] if isinstance(index, slice) else [self._name_at(index)]
        kept = [(name, self.__dict__[name]) for name in self._modules if name not in chosen]
        numbered = all(name == str(i) for i, name in enumerate(self._modules))
        for name in list(self._modules):
            delattr(self, name)
        for i, (name, module) in enumerate(kept):
            self.add_module(str(i) if numbered else name, module)

    def __add__(self, other):
        if not isinstance(other, Sequential):
            return NotImplemented
        return Sequential(*self, *other)

    def __iadd__(self, other):
        if not isinstance(other, Sequential):
            return NotImplemented
        return self.extend(list(other))

    def __mul__(self, times):
        if not isinstance(times, int):
            return NotImplemented
        if times <= 0:
            raise ValueError(f"Sequential can only be repeated a positive number of times, got {times}")
        return Sequential(*(list(self) * times))

    __rmul__ = __mul__

    def __imul__(self, times):
        if not isinstance(times, int):
            return NotImplemented
        return self.extend(list(self) * (times - 1))

    def append(self, module):
        """Adds a module at the end; returns this one."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Adds modules at the end; returns this one."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index, module):
        """Puts a module before the one at the index; returns this one."""
        if not isinstance(module, Module):
            raise TypeError(f"Sequential.insert: expected a Module, got {type(module).__name__}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Sequential.insert: index {index} is out of range for length {len(self)}")
        modules = list(self)
        modules.insert(index + len(modules) if index < 0 else index, module)
        self._replace_all(modules)
        return self

    def pop(self, index):
        """Takes out the module at the index and returns it."""
        module = self[index]
        del self[index]
        return module


class ModuleList(_Numbered):
    """A list of modules, registered so that their parameters are found. Has no forward of its own.

    >>> import weft
    >>> layers = weft.nn.ModuleList([weft.nn.Linear(2, 2) for _ in range(3)])
    >>> len(list(layers.parameters()))
    6
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(self._members()[index])
        return self.__dict__[self._name_at(index)]

    def __delitem__(self, index):
        members = self._members()
        if not isinstance(index, slice):
            self._name_at(index)
        del members[index]
        self._replace_all(members)

    def __add__(self, other):
        return ModuleList([*self, *other])

    def __iadd__(self, other):
        return self.extend(other)

    def append(self, module):
        """Adds a module at the end; returns the list."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Adds modules at the end; returns the list."""
        if not isinstance(modules, collections.abc.Iterable):
            raise TypeError(f"ModuleList.extend: expected modules, got {type(modules).__name__}")
        for module in modules:
            self.append(module)
        return self

    def insert(self, index, module):
        """Puts a module before the one at the index."""
        members = self._members()
        members.insert(index, module)
        self._replace_all(members)

    def pop(self, key):
        """Takes out the module at the index and returns it."""
        module = self[key]
        del self[key]
        return module

    def __repr__(self):
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

    >>> import weft
    >>> layers = weft.nn.ModuleDict({"linear": weft.nn.Linear(2, 3), "act": weft.nn.ReLU()})
    >>> layers["act"]
    ReLU()
    >>> "pool" in layers, list(layers)
    (False, ['linear', 'act'])
    """

    def __init__(self, modules=None):
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key):
        return self._modules[key]

    def __setitem__(self, key, module):
        self.add_module(key, module)

    def __delitem__(self, key):
        del self._modules[key]

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules)

    def __contains__(self, key):
        return key in self._modules

    def clear(self):
        """Removes all modules."""
        for key in list(self):
            del self[key]

    def pop(self, key):
        """Takes out the module of that name and returns it."""
        module = self[key]
        del self[key]
        return module

    def keys(self):
        """The names."""
        return self._modules.keys()

    def items(self):
        """(name, module) pairs."""
        return self._modules.items()

    def values(self):
        """The modules."""
        return self._modules.values()

    def update(self, modules):
        """Adds the modules of a dict, or of (name, module) pairs."""
        for key, module in modules.items() if hasattr(modules, "items") else modules:
            self[key] = module


def _as_parameter(value):
    return Parameter(value) if isinstance(value, weft.Tensor) and not isinstance(value, Parameter) else value


class ParameterList(_Numbered):
    """A list of Parameters, registered; tensors become Parameters when they are added.

    >>> import weft
    >>> weights = weft.nn.ParameterList([weft.ones(2) for _ in range(3)])
    >>> len(weights), weights[0].requires_grad
    (3, True)
    """

    _group = "_parameters"

    def __init__(self, values=None):
        super().__init__()
        if values is not None:
            self.extend(values)

    def _set(self, name, member):
        member = _as_parameter(member)
        if member is not None and not isinstance(member, Parameter):
            raise TypeError(f"ParameterList: expected tensors, got {type(member).__name__}")
        self.register_parameter(name, member)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return type(self)(self._members()[index])
        return self.__dict__[self._name_at(index)]

    def __setitem__(self, index, value):
        setattr(self, self._name_at(index), _as_parameter(value))

    def append(self, value):
        """Adds a parameter at the end; returns the list."""
        self._set(str(len(self)), value)
        return self

    def extend(self, values):
        """Adds parameters at the end; returns the list."""
        if isinstance(values, weft.Tensor) or not isinstance(values, collections.abc.Iterable):
            raise TypeError(f"ParameterList.extend: expected a list of tensors, got {type(values).__name__}")
        for value in values:
            self.append(value)
        return self

    def __iadd__(self, values):
        return self.extend(values)

    def extra_repr(self):
        return _describe(zip(itertools.count(), self))


class ParameterDict(Module):
    """A dict of Parameters, registered; tensors become Parameters when they are added.

    >>> import weft
    >>> weights = weft.nn.ParameterDict({"left": weft.ones(2), "right": weft.zeros(2)})
    >>> sorted(weights.keys())
    ['left', 'right']
    """

    def __init__(self, parameters=None):
        super().__init__()
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key):
        return self._parameters[key]

    def __setitem__(self, key, value):
        value = _as_parameter(value)
        if value is not None and not isinstance(value, Parameter):
            raise TypeError(f"ParameterDict: expected a tensor for {key!r}, got {type(value).__name__}")
        self.register_parameter(str(key), value)

    def __delitem__(self, key):
        del self._parameters[key]

    def __len__(self):
        return len(self._parameters)

    def __iter__(self):
        return iter(self._parameters)

    def __contains__(self, key):
        return key in self._parameters

    def get(self, key, default=None):
        """The parameter of that name, or the default."""
        return self._parameters.get(key, default)

    def clear(self):
        """Removes all parameters."""
        for key in list(self):
            del self[key]

    def pop(self, key):
        """Takes out the parameter of that name and returns it."""
        value = self[key]
        del self[key]
        return value

    def keys(self):
        """The names."""
        return self._parameters.keys()

    def items(self):
        """(name, parameter) pairs."""
        return self._parameters.items()

    def values(self):
        """The parameters."""
        return self._parameters.values()

    def update(self, parameters):
        """Adds the parameters of a dict, or of (name, tensor) pairs."""
        for key, value in parameters.items() if hasattr(parameters, "items") else parameters:
            self[key] = value

    def extra_repr(self):
        return _describe(self.items())


def _describe(members):
    lines = []
    for name, value in members:
        shape = "x".join(map(str, value.shape))
        lines.append(f"({name}): Parameter containing: [{value.dtype} of size {shape}]")
    return "\n".join(lines)


name_missing_members(ParameterDict, "torch.nn.ParameterDict")
