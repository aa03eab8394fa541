"""What a jitted function may be, and what it may return beside tensors in containers that jit takes apart."""

import dataclasses
import functools
import gc
import inspect
import types

from weft import _C

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type, types.ModuleType, types.CodeType, type(...))
_CONTAINERS = (tuple, list, dict, set, frozenset)
_MOST_OBJECTS = 100_000  # that are looked through for tensors


def refuse_lazy(what, function):
    """Raises TypeError for functions that only start to run when their result is used: generators, coroutines."""
    import weft

    if isinstance(function, weft.nn.Module):
        function = function.forward
    is_function = isinstance(function, (types.FunctionType, types.MethodType, functools.partial))
    called = function if is_function else inspect.getattr_static(type(function), "__call__", None)
    for kind, is_it in (
        ("a generator function", inspect.isgeneratorfunction),
        ("a coroutine function (async def)", inspect.iscoroutinefunction),
        ("an asynchronous generator function", inspect.isasyncgenfunction),
    ):
        if is_it(called):
            raise TypeError(
                f"{what}: {getattr(function, '__qualname__', function)} is {kind}, which runs only when its result is "
                "used; compile the functions of tensors that it calls"
            )


def attribute_names(value):
    """The names of the attributes that are all the state of a dataclass's instance or a SimpleNamespace, or None."""
    kind = type(value)
    if kind is types.SimpleNamespace:
        return tuple(vars(value))
    if not dataclasses.is_dataclass(kind) or issubclass(kind, (*_CONTAINERS, BaseException)):
        return None
    names = dict.fromkeys(field.name for field in dataclasses.fields(kind))
    names.update(dict.fromkeys(getattr(value, "__dict__", ())))  # set in __post_init__, say
    return tuple(name for name in names if hasattr(value, name))


def check_constant(value):
    """Raises TypeError for a part of a result that cannot be the same object for all calls.

    That is an iterator, which is used up by the first one, and whatever holds a tensor that the trace has made.
    """
    if isinstance(value, _PLAIN):
        return
    if any(hasattr(type(value), name) for name in ("__next__", "__anext__", "__await__")):
        raise TypeError(
            f"jit: the function returns {_article(value)}, which runs only when it is used; return a list or tuple"
        )
    if _holds_traced(value):
        raise TypeError(
            f"jit: the function returns {_article(value)} that holds a tensor, which jit cannot take apart to put "
            "other tensors in; return a tuple, list, dict or dataclass"
        )


def _article(value):
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _holds_traced(value):
    """Is a tensor without values reachable? Through classes, modules and global variables nothing is followed."""
    stack, seen = [value], {}
    while stack and len(seen) < _MOST_OBJECTS:
        one = stack.pop()
        if isinstance(one, _PLAIN) or id(one) in seen:
            continue
        seen[id(one)] = one
        if isinstance(one, _C.Tensor):
            if _C._is_symbolic(one):
                return True
        elif isinstance(one, types.FunctionType):
            stack += [one.__defaults__, one.__kwdefaults__, one.__dict__, *map(_contents, one.__closure__ or ())]
        elif not isinstance(one, (types.FrameType, types.TracebackType)):
            stack += gc.get_referents(one)
    return False


def _contents(cell):
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None
