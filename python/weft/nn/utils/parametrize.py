"""Parameters that modules compute from others: ``module.weight`` is a function of what is trained."""

from __future__ import annotations

import collections
import contextlib
import copy

import weft
from weft._checks import check_flags, check_instances, check_text
from weft._missing import missing_names
from weft.nn.containers import ModuleDict, ModuleList
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from weft import Tensor
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]

_cache_users = 0
_cache: dict[tuple[int, str], Tensor] = {}


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """In a with statement each parametrized tensor is computed once, when it is first read, and kept until the end.

    Example:
        >>> import weft
        >>> from weft.nn.utils import parametrize
        >>> layer = weft.nn.utils.parametrizations.weight_norm(weft.nn.Linear(2, 3))
        >>> with parametrize.cached():
        ...     layer.weight is layer.weight
        True
    """
    global _cache_users
    _cache_users += 1
    try:
        yield
    finally:
        _cache_users -= 1
        if not _cache_users:
            _cache.clear()


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, called one after the other, and the tensors that the first one is given.

    These are ``original``, or ``original0``, ``original1``, ... if the right_inverse of the first gives several. It is
    what ``module.parametrizations[name]`` holds.

    Args:
        modules: the parametrizations.
        original: the tensor that is parametrized.
        unsafe: whether dtype and shape may change. Default False.

    Raises:
        ValueError: a parametrization changes dtype or shape, or right_inverse gives something that does not fit.
        TypeError: a parametrization gives no tensor.

    Example:
        >>> import weft
        >>> from weft.nn.utils.parametrize import ParametrizationList
        >>> squares = ParametrizationList([weft.nn.Softplus()], weft.nn.Parameter(weft.zeros(2)))
        >>> squares().shape
        weft.Size([2])
    """

    is_tensor: Any
    ntensors: Any

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        modules = list(modules)
        name = "ParametrizationList"
        if not modules:
            raise ValueError(f"{name}: expected at least one module")
        for module in modules:
            check_instances(Module, name, modules=module)
        check_instances(weft.Tensor, name, original=original)
        check_flags(name, unsafe=unsafe)
        super().__init__(modules)
        self.unsafe = unsafe
        with weft.no_grad():
            made = original
            for module in reversed(modules):
                if hasattr(module, "right_inverse"):
                    made = _inverse(module, made)
        self.is_tensor = isinstance(made, weft.Tensor)
        if not self.is_tensor:
            made = _checked_originals(name, made)
        self.ntensors = 1 if self.is_tensor else len(made)
        for place, value in zip(self._original_names(), (made,) if self.is_tensor else made):
            self._keep(place, value, original)
        if not unsafe:
            self._check_result(original)

    def _original_names(self) -> list[str]:
        return ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]

    def _keep(self, place: str, value: Tensor, original: Tensor) -> None:
        if self.is_tensor:
            if value.dtype != original.dtype and not self.unsafe:
                raise ValueError(
                    f"register_parametrization: right_inverse gives dtype {value.dtype}, the tensor has "
                    f"{original.dtype}; unsafe=True allows it"
                )
            if value is not original and value.dtype == original.dtype and isinstance(original, Parameter):
                # The tensor that optimizers know stays the one that is trained
                with weft.no_grad():
                    original.data = value.detach()
                value = original
        if isinstance(original, Parameter):
            value = value if isinstance(value, Parameter) else Parameter(value.detach(), original.requires_grad)
            self.register_parameter(place, value.requires_grad_(original.requires_grad))
        else:
            self.register_buffer(place, value)

    def _check_result(self, original: Tensor) -> None:
        result = self()
        what = f"register_parametrization: the parametrization must give a Tensor of dtype {original.dtype} and shape "
        what += f"{tuple(original.shape)}, as without it"
        if not isinstance(result, weft.Tensor):
            raise ValueError(f"{what}, got {type(result).__name__}; unsafe=True allows another dtype or shape")
        if result.dtype != original.dtype or result.shape != original.shape:
            raise ValueError(
                f"{what}, got {result.dtype} and {tuple(result.shape)}; unsafe=True allows another dtype or shape"
            )

    def right_inverse(self, value: Tensor) -> None:
        """Sets the originals such that the parametrized tensor becomes value, through the right_inverse of each module.

        Args:
            value: the tensor.

        Raises:
            NotImplementedError: a parametrization has no right_inverse.
            ValueError: right_inverse gives something that does not fit.

        Example:
            >>> import weft
            >>> layer = weft.nn.utils.parametrizations.weight_norm(weft.nn.Linear(1, 1))
            >>> layer.parametrizations.weight.right_inverse(weft.tensor([[3.0]]))
            >>> layer.parametrizations.weight.original0
            Parameter containing:
            tensor([[3.]], requires_grad=True)
        """
        with weft.no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise NotImplementedError(
                        f"right_inverse: {type(module).__name__} does not define right_inverse(), so the tensor that "
                        "it parametrizes cannot be assigned to"
                    )
                value = _inverse(module, value)
            if self.is_tensor:
                if not isinstance(value, weft.Tensor):
                    raise ValueError(f"right_inverse: expected a Tensor, got {type(value).__name__}")
                values = [value]
            else:
                values = _checked_originals("right_inverse", value)
                if len(values) != self.ntensors:
                    raise ValueError(f"right_inverse: expected {self.ntensors} tensors, got {len(values)}")
            targets = [getattr(self, name) for name in self._original_names()]
            for target, one in zip(targets, values):
                if one.dtype != target.dtype:
                    raise ValueError(f"right_inverse: expected dtype {target.dtype}, got {one.dtype}")
            for target, one in zip(targets, values):
                target.data = one.detach().clone() if one is not target else one.detach()

    def forward(self) -> Tensor:
        modules = list(self._modules.values())
        result = modules[0](*(getattr(self, name) for name in self._original_names()))
        for module in modules[1:]:
            result = module(result)
        return result


def _inverse(module: Module, value: Any) -> Any:
    return module.right_inverse(value)


def _checked_originals(name: str, values: Any) -> list[Tensor]:
    if not isinstance(values, collections.abc.Sequence):
        raise ValueError(f"{name}: right_inverse must give a Tensor or a sequence of them, got {type(values).__name__}")
    for value in values:
        if not isinstance(value, weft.Tensor):
            raise ValueError(f"{name}: right_inverse must give Tensors, got {type(value).__name__} among them")
    return list(values)


def _computed(name: str) -> property:
    """The attribute of a parametrized module: computed when read, through right_inverse when set."""

    def get(module):
        if not _cache_users:
            return module.parametrizations[name]()
        key = (id(module), name)
        if key not in _cache:
            _cache[key] = module.parametrizations[name]()
        return _cache[key]

    def set(module, value):
        module.parametrizations[name].right_inverse(value)

    return property(get, set)


def _set_attribute(self: Module, name: str, value: Any) -> None:
    if name in type(self)._computed:
        if isinstance(value, Parameter):
            raise KeyError(
                f"{name!r} of {type(self).__name__} is computed by its parametrization: assign a tensor that is no "
                "Parameter, or remove the parametrization"
            )
        object.__setattr__(self, name, value)
        return
    super(type(self), self).__setattr__(name, value)


def _copy(self: Module, memo: dict[int, Any]) -> Module:
    made = type(self).__new__(type(self))
    memo[id(self)] = made
    made.__setstate__(copy.deepcopy(self.__dict__, memo))
    return made


def _refuse_pickling(self: Module, protocol: Any) -> Any:
    raise RuntimeError(
        f"{type(self).__name__} is parametrized and cannot be pickled: save its state_dict(), and load that into a "
        "module with the same parametrizations"
    )


def _set_names(module: Module, names: list[str]) -> None:
    """Gives the module a class of its own in which these attributes are computed; without any its first one."""
    base = type_before_parametrizations(module)
    if not names:
        module.__class__ = base
        return
    members = {name: _computed(name) for name in names}
    members |= {
        "_computed": frozenset(names),
        "__setattr__": _set_attribute,
        "__reduce_ex__": _refuse_pickling,
        "__module__": base.__module__,
        "__doc__": base.__doc__,
    }
    if not hasattr(base, "__deepcopy__"):  # a class that copies itself goes on doing so
        members["__deepcopy__"] = _copy
    module.__class__ = type(f"Parametrized{base.__name__}", (base,), members)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Makes a parameter or buffer the output of another module, which is called whenever the tensor is read.

    What is trained and saved is the input of that module, ``module.parametrizations.<name>.original``: at first the
    tensor itself, or what the module's ``right_inverse(tensor)`` gives, a tensor or a sequence of tensors. With
    right_inverse the tensor can be assigned to. Further parametrizations take the output of those before.

    Args:
        module: the module, which is changed; its class becomes ``Parametrized<class>``.
        tensor_name: the name of the parameter or buffer.
        parametrization: the module that computes it.
        unsafe: whether its output may have another dtype or shape; else that is checked. Default False.

    Returns:
        The module.

    Raises:
        ValueError: there is no such tensor; or dtype or shape change.

    Example:
        >>> import weft
        >>> class Symmetric(weft.nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).t()
        >>> layer = weft.nn.Linear(3, 3)
        >>> layer = weft.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
        >>> weft.equal(layer.weight, layer.weight.t())
        True
        >>> sorted(layer.state_dict())
        ['bias', 'parametrizations.weight.original']
    """
    name = "register_parametrization"
    check_instances(Module, name, module=module, parametrization=parametrization)
    check_text(name, tensor_name=tensor_name)
    check_flags(name, unsafe=unsafe)
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        _add(module, tensor_name, parametrization, unsafe)
        return module
    for group in ("_parameters", "_buffers"):
        if isinstance(module.__dict__[group].get(tensor_name), weft.Tensor):
            break
    else:
        raise ValueError(f"{name}: {type(module).__name__} has no parameter or buffer {tensor_name!r}")
    original = module.__dict__[group][tensor_name]
    before = original.detach()
    try:
        made = ParametrizationList([parametrization], original, unsafe)
    except BaseException:
        if original.data_ptr() != before.data_ptr():
            original.data = before
        raise
    del module.__dict__[group][tensor_name]
    if not is_parametrized(module):
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = made
    _set_names(module, list(module.parametrizations))
    return module


def _add(module: Module, tensor_name: str, parametrization: Module, unsafe: bool) -> None:
    known = module.parametrizations[tensor_name]
    if not unsafe:
        with weft.no_grad():
            before = getattr(module, tensor_name)
            after = parametrization(before)
            if not isinstance(after, weft.Tensor) or after.dtype != before.dtype or after.shape != before.shape:
                got = (
                    f"{after.dtype} and {tuple(after.shape)}"
                    if isinstance(after, weft.Tensor)
                    else type(after).__name__
                )
                raise ValueError(
                    f"register_parametrization: the parametrization must keep dtype {before.dtype} and shape "
                    f"{tuple(before.shape)}, got {got}; unsafe=True allows others"
                )
            if hasattr(parametrization, "right_inverse"):
                inverse = parametrization.right_inverse(after)
                if (
                    not isinstance(inverse, weft.Tensor)
                    or inverse.dtype != before.dtype
                    or inverse.shape != before.shape
                ):
                    raise ValueError(
                        "register_parametrization: only the first parametrization's right_inverse may give something "
                        f"other than a Tensor of dtype {before.dtype} and shape {tuple(before.shape)}"
                    )
    known.append(parametrization)
    known.unsafe |= unsafe


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Has the module a parametrization?

    Args:
        module: the module.
        tensor_name: of which tensor; by default of any.

    Example:
        >>> import weft
        >>> weft.nn.utils.parametrize.is_parametrized(weft.nn.Linear(2, 3))
        False
    """
    check_instances(Module, "is_parametrized", module=module)
    if tensor_name is not None:
        check_text("is_parametrized", tensor_name=tensor_name)
    parametrizations = module._modules.get("parametrizations")
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Takes all parametrizations of a tensor away.

    Args:
        module: the module, which is changed.
        tensor_name: the name of the tensor.
        leave_parametrized: whether it keeps the value that it has; else it becomes the original, which must be a single
            tensor. Default True.

    Returns:
        The module.

    Raises:
        ValueError: the tensor has none; or leave_parametrized is False and there are several originals.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.parametrizations.weight_norm(weft.nn.Linear(2, 3))
        >>> weft.nn.utils.parametrize.remove_parametrizations(layer, "weight")
        Linear(in_features=2, out_features=3, bias=True)
    """
    check_flags("remove_parametrizations", leave_parametrized=leave_parametrized)
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"remove_parametrizations: {tensor_name!r} of {type(module).__name__} has no parametrization")
    known = module.parametrizations[tensor_name]
    if not known.is_tensor and not leave_parametrized:
        raise ValueError(
            f"remove_parametrizations: {tensor_name!r} has {known.ntensors} originals, so it can only be left "
            "parametrized"
        )
    original = getattr(known, known._original_names()[0])
    tensor = original
    if leave_parametrized:
        with weft.no_grad():
            value = getattr(module, tensor_name)
        if known.is_tensor and isinstance(original, Parameter) and value.dtype == original.dtype:
            original.data = value.detach()  # the tensor that optimizers know stays
        elif isinstance(original, Parameter):
            tensor = Parameter(value.detach(), original.requires_grad)
        else:
            tensor = value.detach()
    del module.parametrizations[tensor_name]
    _set_names(module, list(module.parametrizations))
    if not len(module.parametrizations):
        del module.parametrizations
    if isinstance(original, Parameter):
        module.register_parameter(tensor_name, tensor)
    else:
        module.register_buffer(tensor_name, tensor)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class that the module had before it was parametrized.

    Args:
        module: the module.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.parametrizations.weight_norm(weft.nn.Linear(2, 3))
        >>> weft.nn.utils.parametrize.type_before_parametrizations(layer) is weft.nn.Linear
        True
    """
    check_instances(Module, "type_before_parametrizations", module=module)
    return type(module).__bases__[0] if "_computed" in vars(type(module)) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Gives a module the parametrizations of another one, and the parameters that they compute from.

    Args:
        from_module: whose parametrizations are copied.
        to_module: that gets them, with a parameter of that name or none.
        tensor_name: for which tensor. By default for all.

    Returns:
        to_module.

    Raises:
        ValueError: from_module has none.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.parametrizations.weight_norm(weft.nn.Linear(2, 3))
        >>> other = weft.nn.utils.parametrize.transfer_parametrizations_and_params(layer, weft.nn.Linear(2, 3))
        >>> weft.equal(layer.weight, other.weight)
        True
    """
    check_instances(Module, "transfer_parametrizations_and_params", from_module=from_module, to_module=to_module)
    if not is_parametrized(from_module, tensor_name):
        raise ValueError(
            f"transfer_parametrizations_and_params: {type(from_module).__name__} has no parametrization"
            + ("" if tensor_name is None else f" of {tensor_name!r}")
        )
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        known = from_module.parametrizations[name]
        if is_parametrized(to_module, name):
            remove_parametrizations(to_module, name)
        if not hasattr(to_module, name):
            value = getattr(from_module, name)
            is_parameter = isinstance(getattr(known, known._original_names()[0]), Parameter)
            if is_parameter:
                to_module.register_parameter(name, Parameter(value.detach()))
            else:
                to_module.register_buffer(name, value.detach())
        for parametrization in known:
            register_parametrization(to_module, name, parametrization, unsafe=known.unsafe)
        target = to_module.parametrizations[name]
        for original in known._original_names():
            setattr(target, original, getattr(known, original))
    return to_module
