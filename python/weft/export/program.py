"""Program: a traced function with its tensors."""

import collections
import dataclasses

import weft
from weft import _C
from weft._jit import Graph
from weft.export import tree

ExportGraphSignature = collections.namedtuple(
    "ExportGraphSignature", "user_inputs parameters buffers constants buffers_to_mutate user_inputs_to_mutate"
)


@dataclasses.dataclass(frozen=True)
class Signature:
    """How a program is called: the specs (weft.export.tree) of its arguments and result."""

    names: list  # of the positional arguments
    args: list
    kwargs: dict
    order: list  # for each tensor argument of the graph, its number among the tensors of args and kwargs
    result: dict

    def tensors(self, args, kwargs):
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
    """What :func:`export` gives: call it like the function. Its results take no part in autograd.

    >>> import weft
    >>> program = weft.export.export(lambda x, y: {"sum": x + y}, (weft.ones(2), weft.ones(2)))
    >>> program(weft.tensor([1., 2.]), weft.tensor([3., 4.]))
    {'sum': tensor([4., 6.])}
    >>> print(str(program).partition("\\n")[0])
    Program(x: float32 (2,), y: float32 (2,))
    """

    def __init__(self, compiled, signature):
        if not isinstance(compiled, _C._Program) or not isinstance(signature, Signature):
            raise TypeError("Program: made by weft.export.export and weft.export.load alone")
        self._compiled = compiled
        self._signature = signature

    def __call__(self, *args, **kwargs):
        """Runs the program. TypeError or ValueError names an argument that is not as when it was exported."""
        results = self._compiled.run(self._signature.tensors(args, kwargs))
        return tree.build(self._signature.result, results)

    def __repr__(self):
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

    def __deepcopy__(self, memo):
        raise TypeError("Program: export it twice, or save and load it, for a second one")

    __copy__ = __reduce__ = lambda self: _refuse_copy()

    @property
    def graph(self):
        """The graph before optimization: ``print()`` shows it as text, ``svg()`` draws it."""
        return Graph(self._compiled, False)

    def to_dot(self):
        """The graph in graphviz's language."""
        return self._compiled.dot()

    def _named(self, kind):
        return [(name, tensor) for own, name, _, tensor, _ in self._compiled.state if own == kind]

    def named_parameters(self):
        """(name, tensor) of every parameter, once each."""
        return iter(self._named("parameter"))

    def parameters(self):
        """Every parameter, once."""
        return (tensor for _, tensor in self.named_parameters())

    def named_buffers(self):
        """(name, tensor) of every buffer, once each."""
        return iter(self._named("buffer"))

    def buffers(self):
        """Every buffer, once."""
        return (tensor for _, tensor in self.named_buffers())

    @property
    def constants(self):
        """Tensors that the program has captured beside parameters and buffers, by names of their own."""
        return dict(self._named("constant"))

    def state_dict(self):
        """Parameters and persistent buffers by name, as in the module's ``state_dict()``: the program's own tensors."""
        state = {}
        for kind, name, aliases, tensor, persistent in self._compiled.state:
            if kind != "constant" and persistent:
                state.update(dict.fromkeys([name, *aliases], tensor))
        return state

    def load_state_dict(self, state):
        """Copies tensors of these names into the program. Nothing is changed where a name, shape or dtype differs.

        KeyError for names that are missing or too many, ValueError for other shapes or dtypes.
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
    def graph_signature(self):
        """Names: of arguments, parameters, buffers and constants, and of those that a run changes."""
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

    def module(self):
        """The program as a Module, whose forward runs it."""
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
