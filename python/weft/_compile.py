"""weft.compile: weft.jit with PyTorch's arguments."""

import functools

from weft._jit import jit

_BACKENDS = ("weft", "inductor", "eager")
_MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")
_OPTIONS = ("check", "cuda_graphs", "recompute", "triton.cudagraphs")


def compile(model=None, *, fullgraph=False, dynamic=None, backend="inductor", mode=None, options=None, disable=False):
    """Compiles a function or a Module as :func:`weft.jit` does, with the arguments of ``torch.compile``.

    What cannot be traced runs eagerly for its signature, with one warning that names the line; with fullgraph it is an
    error. dynamic says that sizes are expected to vary: each new size is traced once either way, but the warning about
    many traces does not count them. backend is "inductor", "weft" or None, all Weft's own compiler, or "eager", which
    compiles nothing. mode "reduce-overhead" and "max-autotune" are the default, which captures CUDA graphs;
    "max-autotune-no-cudagraphs" does not. options, a dict: ``cuda_graphs`` (or ``triton.cudagraphs``), ``recompute``
    and ``check``, as in :func:`weft.jit`. With disable the model is returned as it is.

    Without a model it gives a decorator. Unlike ``torch.compile`` it returns a Module itself, whose ``forward`` is
    compiled from then on: state_dict has the same names as before, attributes are the module's own, and other
    references to the module run the compiled forward too.

    Raises ValueError for an unknown backend, mode or option, and for a mode beside options; TypeError for what is
    neither a function nor a Module.

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
