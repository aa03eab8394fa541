"""add_graph: the traced graph of a module, its ops under the names of the layers that they belong to."""

from __future__ import annotations

import contextlib
import inspect
import json
import queue

import weft
from weft.utils.tensorboard.protos import package, proto

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


class _Recording(weft.nn.Module):
    """Calls a module, and gives beside its result what every module inside took and gave."""

    def __init__(self, model, called):
        super().__init__()
        self.model = model
        self._called = called

    def forward(self, *args):
        result = self.model(*args)
        called = []
        while not self._called.empty():
            called.append(self._called.get_nowait())
        return _tensors(result), called


@contextlib.contextmanager
def _recording(model):
    # A queue, because a list may not change while tracing; and the hooks are there before, because they may neither.
    called = queue.SimpleQueue()

    def recorder(name):
        return lambda module, args, kwargs, result: called.put((name, _tensors((args, kwargs)), _tensors(result)))

    handles = [
        module.register_forward_hook(recorder(name), with_kwargs=True) for name, module in model.named_modules() if name
    ]
    try:
        yield _Recording(model, called)
    finally:
        for handle in handles:
            handle.remove()


def _tensors(value):
    if isinstance(value, weft.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [found for item in value for found in _tensors(item)] if isinstance(value, (list, tuple)) else []


def trace(model: Any, input_to_model: Any) -> tuple[Any, str]:
    """TensorBoard's GraphDef of a module or function for these inputs, and the graph as text.

    >>> import weft
    >>> from weft.utils.tensorboard import graph
    >>> graph.trace(weft.nn.Linear(2, 1), weft.ones(1, 2))  # doctest: +SKIP
    """
    args = input_to_model if isinstance(input_to_model, (tuple, list)) else (input_to_model,)
    module = isinstance(model, weft.nn.Module)
    with _recording(model) if module else contextlib.nullcontext(model) as traced:
        program = weft.export.export(traced, tuple(args))
    described = json.loads(program._compiled.to_json())
    counts = _result_counts(program._signature.result) if module else None
    if module:  # named as the module's own forward names them, not that of _Recording
        described["arguments"] = [_argument_name(model.forward, name) for name in described["arguments"]]
    return _Graph(described, counts, type(model).__name__ if module else "").proto(), str(program.graph)


def _argument_name(forward, name):
    """``args[0].key`` of a function that takes any arguments, as this one calls the first: ``x.key``."""
    number, _, rest = name.removeprefix("args[").partition("]")
    try:
        return list(inspect.signature(forward).parameters)[int(number)] + rest
    except (ValueError, IndexError):
        return name


def _result_counts(spec):
    """How many of the results are the module's; and for each recorded call its name, how many it took and gave."""

    def items(of):
        return next(iter(of.values()))

    own, calls = items(spec)
    found = []
    for call in items(calls):
        name, taken, given = items(call)
        found.append((items(name), len(items(taken)), len(items(given))))
    return len(items(own)), found


class _Graph:
    def __init__(self, described, counts, root):
        graph = described["graph"]
        self.nodes, self.types, self.lines = graph["nodes"], graph["values"], graph["lines"]
        self.root = root
        self.results = [entry["value"] for entry in graph["results"]][: graph["returned"]]
        self.producer = {value: i for i, node in enumerate(self.nodes) for value in node["outputs"]}
        self.layer = [""] * len(self.nodes)
        if counts is not None:
            self._find_layers(*counts)
        self.names: dict[int, str] = {}
        self.inputs = self._named_inputs(described)

    def _find_layers(self, own, calls):
        """An op belongs to the innermost module between whose inputs and outputs it lies; inner ones return first."""
        place = own
        for name, taken, given in calls:
            before = {self.producer.get(value) for value in self.results[place : place + taken]}
            waiting = self.results[place + taken : place + taken + given]
            place += taken + given
            seen = set()
            while waiting:
                index = self.producer.get(waiting.pop())
                if index is None or index in before or index in seen:
                    continue
                seen.add(index)
                self.layer[index] = self.layer[index] or name
                waiting.extend(self.nodes[index]["inputs"])
        self.results = self.results[:own]

    def _scope(self, layer):
        return "/".join(part for part in [self.root, *layer.split(".")] if part)

    def _unique(self, name):
        taken = self.__dict__.setdefault("_taken", set())
        number, tried = 1, name
        while tried in taken:
            number += 1
            tried = f"{name}_{number}"
        taken.add(tried)
        return tried

    def _named_inputs(self, described):
        found = []
        for entry in described["graph"]["inputs"]:
            value = entry["value"]
            if "argument" in entry:
                kind, name = "Placeholder", f"input/{described['arguments'][entry['argument']]}"
            else:
                state = described["state"][entry["state"]]
                kind, name = state["kind"].capitalize(), state["name"]
                name = self._scope(name.removeprefix("model.") if self.root else name)
            self.names[value] = self._unique(name)
            found.append((value, kind))
        return found

    def proto(self):
        made = [self._node(self.names[value], kind, [], value) for value, kind in self.inputs]
        for node, layer in zip(self.nodes, self.layer):
            fields = node["fields"]
            op = fields.get("function") if isinstance(fields.get("function"), str) else node["op"]
            name = self._unique("/".join(part for part in (self._scope(layer), op) if part))
            inputs = [self.names[value] for value in node["inputs"] if value in self.names]
            # A node's first output has its name, others name:1, name:2, ...
            for number, value in enumerate(node["outputs"]):
                self.names[value] = f"{name}:{number}" if number else name
            value = node["outputs"][0] if node["outputs"] else None
            fields = {key: field for key, field in fields.items() if key != "function"}
            line = self.lines[node["line"]] if node.get("line") else ""
            made.append(self._node(name, op, inputs, value, fields, line))
        for number, value in enumerate(self.results):
            if value in self.names:
                made.append(self._node(f"output/{number}", "Output", [self.names[value]], value))
        versions = package("tensorboard.compat.proto.versions_pb2").VersionDef(producer=22)
        return proto("graph").GraphDef(node=made, versions=versions)

    def _node(self, name, op, inputs, value, fields=None, line=""):
        attr_value = proto("attr_value").AttrValue
        attr = {key: attr_value(s=json.dumps(field).encode()) for key, field in (fields or {}).items()}
        if line:
            attr["line"] = attr_value(s=line.encode())
        if value is not None:
            kind = proto("tensor_shape").TensorShapeProto
            shape = kind(dim=[kind.Dim(size=size) for size in self.types[value]["shape"]])
            attr["_output_shapes"] = attr_value(list=attr_value.ListValue(shape=[shape]))
            attr["dtype"] = attr_value(s=str(self.types[value]["dtype"]).encode())
        return proto("node_def").NodeDef(name=name, op=op, input=inputs, attr=attr)


def run_metadata() -> Any:
    """Metadata that say that the graph ran on one device.

    >>> from weft.utils.tensorboard import graph
    >>> graph.run_metadata()  # doctest: +SKIP
    """
    stats = proto("step_stats")
    devices = [stats.DeviceStepStats(device="/device:CPU:0")]
    return proto("config").RunMetadata(step_stats=stats.StepStats(dev_stats=devices))


def of_onnx(path: Any) -> Any:
    """The GraphDef of an ONNX file. Needs the package ``onnx``.

    >>> from weft.utils.tensorboard import graph
    >>> graph.of_onnx("model.onnx")  # doctest: +SKIP
    """
    from weft._outside import optional

    graph = optional("onnx", "onnx", "add_onnx_graph").load(path).graph
    node_def, attr_value = proto("node_def").NodeDef, proto("attr_value").AttrValue
    made, producer = [], {}
    for kind, entries in (("Placeholder", graph.input), ("Parameter", graph.initializer)):
        for entry in entries:
            if entry.name not in producer:
                producer[entry.name] = entry.name
                made.append(node_def(name=entry.name, op=kind))
    for number, node in enumerate(graph.node):
        name = node.name or f"{node.op_type}_{number}"
        name = f"{name}_{number}" if name in producer.values() else name
        inputs = [producer[value] for value in node.input if value in producer]
        producer.update(dict.fromkeys(node.output, name))
        shown = " ".join(str(list(node.attribute)).split())
        made.append(
            node_def(name=name, op=node.op_type, input=inputs, attr={"parameters": attr_value(s=shown.encode())})
        )
    for entry in graph.output:
        if entry.name in producer:
            made.append(node_def(name=f"output/{entry.name}", op="Output", input=[producer[entry.name]]))
    return proto("graph").GraphDef(node=made)
