"""Parameter: a tensor that a Module registers as something to be trained."""

import copy

import weft


class Parameter(weft.Tensor):
    """A tensor that becomes one of a module's parameters when it is assigned to an attribute of it.

    ``data`` is any tensor of floating dtype (by default an empty one); the parameter shares its memory.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.ones(2))
    >>> p
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data=None, requires_grad=True):
        if data is None:
            data = weft.empty(0)
        if not isinstance(data, weft.Tensor):
            raise TypeError(f"Parameter: data must be a Tensor, got {type(data).__name__}; wrap it in weft.tensor(...)")
        return weft.Tensor._make_subclass(cls, data.detach(), requires_grad)

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            twin = type(self)(self.detach().clone(), self.requires_grad)
            memo[id(self)] = twin
            twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return memo[id(self)]

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()
