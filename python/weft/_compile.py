"""weft.compile: weft.jit with PyTorch's arguments."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, overload

from weft._jit import jit

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])


_BACKENDS = ("weft", "inductor", "eager")
_MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")
_OPTIONS = ("check", "cuda_graphs", "recompute", "triton.cudagraphs")


@overload
def compile(
    model: _F,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | None = "inductor",
    mode: str | None = None,
    options: dict[str, bool] | None = None,
    disable: bool = False,
) -> _F: ...
@overload
def compile(
    model: None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | None = "inductor",
    mode: str | None = None,
    options: dict[str, bool] | None = None,
    disable: bool = False,
) -> Callable[[_F], _F]: ...
def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | None = "inductor",
    mode: str | None = None,
    options: dict[str, bool] | None = None,
    disable: bool = False,
) -> Any:
    """Compiles a function or a Module as :func:`weft.jit` does, with the arguments of ``torch.compile``.

    Unlike ``torch.compile`` it returns a Module itself, whose ``forward`` is compiled from then on: state_dict has the
    same names as before, attributes are the module's own, and other references to the module run the compiled forward
    too.

    Args:
        model: a function of tensors or a Module; without one it gives a decorator.
        fullgraph: False runs what cannot be traced eagerly for its signature, with one warning that names the line;
            True makes it an error.
        dynamic: sizes are expected to vary: each new size is traced once either way, but the warning about many traces
            does not count them.
        backend: "inductor", "weft" or None, all Weft's own compiler, or "eager", which compiles nothing.
        mode: "default", "reduce-overhead" and "max-autotune" capture CUDA graphs; "max-autotune-no-cudagraphs" does
            not.
        options: ``cuda_graphs`` (or ``triton.cudagraphs``), ``recompute`` and ``check``, as in :func:`weft.jit`.
        disable: return the model as it is.

    Raises:
        ValueError: unknown backend, mode or option, or a mode beside options.
        TypeError: the model is neither a function nor a Module, or an option no bool.

    >>> import weft
    >>> @weft.compile
    ... def f(x):
    ...     return (x * 2 + 1).relu()
    >>> f(weft.tensor([1., -2.]))
    tensor([3., 0.])
    """
    for name, value in (("fullgraph", fullgraph), ("disable", disable)):
        if not isinstance(value, bool):
            raise TypeError(f"compile: {name} must be a bool, got {value!r}")
    if dynamic is not None and not isinstance(dynamic, bool):
        raise TypeError(f"compile: dynamic must be None or a bool, got {dynamic!r}")
    settings = {"dynamic_dims": bool(dynamic), "fallback": not fullgraph, **_settings(backend, mode, options)}
    if model is None:
        arguments = {"fullgraph": fullgraph, "dynamic": dynamic, "backend": backend, "mode": mode, "options": options}
        return functools.partial(compile, disable=disable, **arguments)
    if not callable(model):
        raise TypeError(f"compile: expected a function or a Module, got {type(model).__name__}")
    if disable or backend == "eager":
        return model
    return jit(model, **settings)


def _settings(backend, mode, options):
    """Options of weft.jit."""
    if backend is not None and backend not in _BACKENDS:
        raise ValueError(f"compile: unknown backend {backend!r}; there are {', '.join(map(repr, _BACKENDS))}")
    if mode is not None and mode not in _MODES:
        raise ValueError(f"compile: unknown mode {mode!r}; there are {', '.join(map(repr, _MODES))}")
    if mode is not None and options:
        raise ValueError("compile: give either a mode or options, not both")
    settings = {"cuda_graphs": mode != "max-autotune-no-cudagraphs"}
    if options is not None and not isinstance(options, dict):
        raise TypeError(f"compile: options must be a dict, got {type(options).__name__}")
    for name, value in (options or {}).items():
        if name not in _OPTIONS:
            raise ValueError(f"compile: unknown option {name!r}; there are {', '.join(map(repr, _OPTIONS))}")
        if not isinstance(value, bool):
            raise TypeError(f"compile: the option {name!r} must be a bool, got {value!r}")
        settings["cuda_graphs" if name == "triton.cudagraphs" else name] = value
    return settings
