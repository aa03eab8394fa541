"""Program: a traced function with its tensors."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import weft
from weft import _C
from weft._jit import Graph
from weft.export import tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class ExportGraphSignature(NamedTuple):
    """Names: of arguments, parameters, buffers and constants, and of those that a run changes.

    >>> import weft
    >>> program = weft.export.export(weft.nn.Linear(2, 1), (weft.ones(3, 2),))
    >>> program.graph_signature.user_inputs, program.graph_signature.parameters
    (('input',), ('weight', 'bias'))
    """

    user_inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    buffers: tuple[str, ...]
    constants: tuple[str, ...]
    buffers_to_mutate: tuple[str, ...]
    user_inputs_to_mutate: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Signature:
    """How a program is called: the specs (weft.export.tree) of its arguments and result."""

    names: list[str]  # of the positional arguments
    args: list[Any]
    kwargs: dict[str, Any]
    order: list[int]  # for each tensor argument of the graph, its number among the tensors of args and kwargs
    result: dict[str, Any]

    def tensors(self, args: Any, kwargs: Any) -> list[weft.Tensor]:
        """The tensors of a call, as the graph takes them. TypeError or ValueError names an argument that differs."""
        args, kwargs = self._by_position(list(args), dict(kwargs))
        found = []
        for name, spec, value in zip(self.names, self.args, args):
            tree.match(spec, value, name, found)
        for name, spec in self.kwargs.items():
            tree.match(spec, kwargs[name], name, found)
        return [found[i] for i in self.order]

    def _by_position(self, args, kwargs):
        if len(args) > len(self.names):
            raise TypeError(f"program: expected {len(self.names)} positional arguments, got {len(args)}")
        for name in self.names[len(args) :]:
            if name not in kwargs:
                raise TypeError(f"program: argument '{name}' is missing")
            args.append(kwargs.pop(name))
        if kwargs.keys() != self.kwargs.keys():
            lacking = [name for name in self.kwargs if name not in kwargs]
            if lacking:
                raise TypeError(f"program: argument '{lacking[0]}' is missing")
            unknown = next(name for name in kwargs if name not in self.kwargs)
            raise TypeError(f"program: there was no argument '{unknown}' when the program was exported")
        return args, kwargs


class Program:
    r"""What :func:`export` gives: call it like the function. Its results take no part in autograd.

    Raises TypeError where it is made in another way than by :func:`export` and :func:`load`. It cannot be copied or
    pickled (TypeError): save it.

    >>> import weft
    >>> program = weft.export.export(lambda x, y: {"sum": x + y}, (weft.ones(2), weft.ones(2)))
    >>> program(weft.tensor([1., 2.]), weft.tensor([3., 4.]))
    {'sum': tensor([4., 6.])}
    >>> print(str(program).partition("\n")[0])
    Program(x: float32 (2,), y: float32 (2,))
    """

    def __init__(self, compiled: Any, signature: Signature) -> None:
        if not isinstance(compiled, _C._Program) or not isinstance(signature, Signature):
            raise TypeError("Program: made by weft.export.export and weft.export.load alone")
        self._compiled = compiled
        self._signature = signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the program. TypeError or ValueError names an argument that is not as when it was exported."""
        results = self._compiled.run(self._signature.tensors(args, kwargs))
        return tree.build(self._signature.result, results)

    def __repr__(self) -> str:
        types = []
        places = self._compiled.places
        for number, (name, (dtype, shape, _)) in enumerate(
            zip(self._compiled.arguments, self._compiled.argument_types)
        ):
            shape = [str(n) for n in shape]
            for argument, d, dim, *_ in places:
                if argument == number:
                    shape[d] = dim
            comma = "," if len(shape) == 1 else ""
            types.append(f"{name}: {str(dtype).rpartition('.')[2]} ({', '.join(shape)}{comma})")
        ranges = {f"\n{dim} from {least} to {most}" for _, _, dim, least, most in places}
        return f"Program({', '.join(types)}){''.join(sorted(ranges))}\n{self.graph}"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        import html

        head, _, graph = repr(self).partition("\n")
        return f"<details><summary><code>{html.escape(head)}</code></summary><pre>{html.escape(graph)}</pre></details>"

    def __deepcopy__(self, memo: Any) -> Any:
        raise TypeError("Program: export it twice, or save and load it, for a second one")

    def __copy__(self) -> Any:
        _refuse_copy()

    def __reduce__(self) -> Any:
        _refuse_copy()

    @property
    def graph(self) -> Graph:
        """The graph before optimization: ``print()`` shows it as text, ``svg()`` draws it.

        >>> import weft
        >>> "mul" in str(weft.export.export(lambda x: x * 2, (weft.ones(2),)).graph)
        True
        """
        return Graph(self._compiled, False)

    def to_dot(self) -> str:
        """The graph in graphviz's language.

        >>> import weft
        >>> weft.export.export(lambda x: x * 2, (weft.ones(2),)).to_dot()[:7]
        'digraph'
        """
        return self._compiled.dot()

    def _named(self, kind):
        return [(name, tensor) for own, name, _, tensor, _ in self._compiled.state if own == kind]

    def named_parameters(self) -> Iterator[tuple[str, weft.Tensor]]:
        """(name, tensor) of every parameter, once each.

        >>> import weft
        >>> [name for name, _ in weft.export.export(weft.nn.Linear(2, 1), (weft.ones(2),)).named_parameters()]
        ['weight', 'bias']
        """
        return iter(self._named("parameter"))

    def parameters(self) -> Iterator[weft.Tensor]:
        """Every parameter, once.

        >>> import weft
        >>> [tuple(p.shape) for p in weft.export.export(weft.nn.Linear(2, 1), (weft.ones(2),)).parameters()]
        [(1, 2), (1,)]
        """
        return (tensor for _, tensor in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, weft.Tensor]]:
        """(name, tensor) of every buffer, once each.

        >>> import weft
        >>> program = weft.export.export(weft.nn.BatchNorm1d(2).eval(), (weft.ones(3, 2),))
        >>> [name for name, _ in program.named_buffers()]
        ['running_mean', 'running_var', 'num_batches_tracked']
        """
        return iter(self._named("buffer"))

    def buffers(self) -> Iterator[weft.Tensor]:
        """Every buffer, once.

        >>> import weft
        >>> list(weft.export.export(weft.nn.Linear(2, 1), (weft.ones(2),)).buffers())
        []
        """
        return (tensor for _, tensor in self.named_buffers())

    @property
    def constants(self) -> dict[str, weft.Tensor]:
        """Tensors that the program has captured beside parameters and buffers, by names of their own.

        >>> import weft
        >>> table = weft.tensor([1., 2.])
        >>> list(weft.export.export(lambda x: x + table, (weft.ones(2),)).constants.values())
        [tensor([1., 2.])]
        """
        return dict(self._named("constant"))

    def state_dict(self) -> dict[str, weft.Tensor]:
        """Parameters and persistent buffers by name, as in the module's ``state_dict()``: the program's own tensors.

        >>> import weft
        >>> sorted(weft.export.export(weft.nn.Linear(2, 1), (weft.ones(2),)).state_dict())
        ['bias', 'weight']
        """
        state = {}
        for kind, name, aliases, tensor, persistent in self._compiled.state:
            if kind != "constant" and persistent:
                state.update(dict.fromkeys([name, *aliases], tensor))
        return state

    def load_state_dict(self, state: dict[str, weft.Tensor]) -> None:
        """Copies tensors of these names into the program. Nothing is changed where a name, shape or dtype differs.

        Args:
            state: what :meth:`state_dict` of a program or module gave; TypeError for what is no dict.

        Raises:
            KeyError: names are missing or too many.
            ValueError: another shape or dtype.

        >>> import weft
        >>> layer = weft.nn.Linear(2, 1)
        >>> program = weft.export.export(layer, (weft.ones(2),))
        >>> program.load_state_dict({"weight": weft.zeros(1, 2), "bias": weft.ones(1)})
        >>> program(weft.ones(2))
        tensor([1.])
        """
        if not isinstance(state, dict):
            raise TypeError(f"load_state_dict: expected a dict from names to tensors, got {type(state).__name__}")
        own = self.state_dict()
        if own.keys() != state.keys():
            raise KeyError(f"load_state_dict: names differ: {sorted(own.keys() ^ state.keys())[:10]}")
        for name, tensor in own.items():
            if tensor.shape != state[name].shape or tensor.dtype != state[name].dtype:
                raise ValueError(
                    f"load_state_dict: {name} is {tensor.dtype} {tuple(tensor.shape)}, got {state[name].dtype} "
                    f"{tuple(state[name].shape)}"
                )
        with weft.no_grad():
            for name, tensor in own.items():
                tensor.copy_(state[name])

    @property
    def graph_signature(self) -> ExportGraphSignature:
        """Names: of arguments, parameters, buffers and constants, and of those that a run changes.

        >>> import weft
        >>> weft.export.export(lambda x, y: x + y, (weft.ones(2), weft.ones(2))).graph_signature.user_inputs
        ('x', 'y')
        """
        arguments, state = self._compiled.changed()
        names = self._compiled.arguments
        all_state = self._compiled.state
        return ExportGraphSignature(
            tuple(names),
            tuple(name for name, _ in self._named("parameter")),
            tuple(name for name, _ in self._named("buffer")),
            tuple(name for name, _ in self._named("constant")),
            tuple(all_state[i][1] for i in state),
            tuple(names[i] for i in arguments),
        )

    def module(self) -> weft.nn.Module:
        """The program as a Module, whose forward runs it.

        >>> import weft
        >>> weft.export.export(lambda x: x * 2, (weft.ones(2),)).module()(weft.ones(2))
        tensor([2., 2.])
        """
        return _module_class()(self)


def _refuse_copy():
    raise TypeError("Program: save it with weft.export.save; it cannot be copied or pickled")


def _module_class():
    class ProgramModule(weft.nn.Module):
        def __init__(self, program):
            super().__init__()
            self.program = program

        def forward(self, *args, **kwargs):
            return self.program(*args, **kwargs)

    return ProgramModule
