"""Programs in files: safetensors with the graph as JSON in the metadata, which C++ reads."""

from __future__ import annotations

import json
import os
import zlib

import weft
from weft import _C
from weft.export import tree
from weft.export.program import Program, Signature
from weft.serialization import atomic_file, safetensors_file

_PROGRAM, _SIGNATURE, _CHECKSUM = _C._PROGRAM_KEYS
_VERSION = 1


def save(program: Program, f: str | os.PathLike[str]) -> None:
    """Saves a program: its graph, its tensors and how it is called, in one safetensors file that can run no code.

    Other programs read the parameters from it as from any safetensors file. The lines of the source that ops come from
    are kept, with the names of their files.

    Args:
        program: from :func:`export`.
        f: a path. The file is written under a temporary name, synced and renamed, as by :func:`weft.save`.

    Raises:
        TypeError: anything but a program.
        ValueError: no file can hold an op, which is named (one that draws from a generator of its own, or the gradients
            of max pooling and ``while_loop``).
        OSError: the file cannot be written.

    >>> import weft, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "program.safetensors")
    >>> weft.export.save(weft.export.export(lambda x: x * 2, (weft.ones(2),)), path)
    >>> weft.export.load(path)(weft.tensor([1., 2.]))
    tensor([2., 4.])
    """
    _C._refuse_while_tracing("export.save")
    if not isinstance(program, Program):
        raise TypeError(f"export.save: expected a program from weft.export.export, got {type(program).__name__}")
    path = os.fsdecode(f)
    described = program._compiled.to_json()
    signature = json.dumps(_signature_to_json(program._signature), separators=(",", ":"))
    tensors = {name: tensor.cpu().contiguous() for name, tensor in program._compiled.tensors()}
    pairs = {name: weft.view_as_real(t) for name, t in tensors.items() if t.is_complex()}  # which the program says
    tensors |= pairs
    metadata = {_PROGRAM: described, _SIGNATURE: signature}
    _, *contents = safetensors_file.parts(tensors, {}, {})
    checksum = zlib.crc32(signature.encode(), zlib.crc32(described.encode()))
    for part in contents:
        checksum = zlib.crc32(part, checksum)
    metadata[_CHECKSUM] = f"{checksum:08x}"
    with atomic_file.replacing(path) as file:
        for part in safetensors_file.parts(tensors, {}, metadata):
            while len(part):
                part = memoryview(part)[file.write(part) :]


def load(f: str | os.PathLike[str]) -> Program:
    """The program in a file that :func:`save` has written. Nothing in the file is run, or taken on trust.

    Args:
        f: a path.

    Raises:
        ValueError: the file is cut off, damaged, of another kind, or written by a newer Weft.
        OSError: it cannot be read; FileNotFoundError where there is none.

    >>> import weft, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "program.safetensors")
    >>> weft.export.save(weft.export.export(weft.nn.Linear(2, 1), (weft.ones(2),)), path)
    >>> [name for name, _ in weft.export.load(path).named_parameters()]
    ['weight', 'bias']
    """
    _C._refuse_while_tracing("export.load")
    path = os.fsdecode(f)
    with open(path, "rb"):  # raises what the system says
        pass
    compiled = _C._load_program(path)
    try:
        signature = _signature_from_json(json.loads(compiled.signature), compiled)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        reason = error if isinstance(error, ValueError) else "its signature is damaged"
        raise ValueError(f"load: {path} is no program that can be read: {reason}") from None
    return Program(compiled, signature)


def _signature_to_json(signature):
    return {
        "version": _VERSION,
        "names": signature.names,
        "args": signature.args,
        "kwargs": signature.kwargs,
        "order": signature.order,
        "result": signature.result,
    }


def _signature_from_json(described, compiled):
    version = described["version"]
    if type(version) is not int or version > _VERSION:
        raise ValueError(f"it was written by a newer Weft (signature version {str(version)[:20]})")
    names, args, kwargs = described["names"], described["args"], described["kwargs"]
    order, result = described["order"], described["result"]
    if type(names) is not list or type(args) is not list or len(names) != len(args) or type(kwargs) is not dict:
        raise ValueError("its arguments are damaged")
    if not all(type(name) is str for name in (*names, *kwargs)) or len({*names, *kwargs}) != len(names) + len(kwargs):
        raise ValueError("its names of arguments are damaged")
    used, returned = [], []
    for spec in (*args, *kwargs.values()):
        tree.check(spec, used)
    tree.check(result, returned)
    if sorted(order) != used or any(type(i) is not int for i in order) or len(order) != len(compiled.arguments):
        raise ValueError("its arguments are not those of its graph")
    if len(returned) != compiled.num_returned:
        raise ValueError("its results are not those of its graph")
    return Signature(names, args, kwargs, order, result)
