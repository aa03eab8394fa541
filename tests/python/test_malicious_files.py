"""load: pickles that would run code, or exhaust memory or time. None does; each is a clear error."""

import contextlib
import io
import os
import pickle
import struct
import sys
import tracemalloc

import pytest
import weft
from torch_pickles import (
    Call,
    Global,
    Persistent,
    Raw,
    dump,
    legacy_file,
    ordered_dict,
    rebuild,
    storage,
    tensor,
    zip_file,
)

CANARY = "canary"
COMMAND = f"touch {CANARY}"
PYTHON = f"open({CANARY!r}, 'w').close()"
# What Python reports when code runs, processes start, files are written or modules are loaded.
WATCHED = ("os.", "subprocess.", "exec", "compile", "import", "pty.", "ctypes.", "socket.", "marshal.", "pickle.")
SEEN = None

for make in (zip_file, legacy_file):  # what Weft itself imports to read files is imported now
    weft.load(io.BytesIO(make(dump([1]))))


def watch(event, arguments):
    if SEEN is not None and (event.startswith(WATCHED) or event == "open" and arguments[1] not in ("r", "rb", None)):
        SEEN.append((event, arguments))


sys.addaudithook(watch)


def g(dotted):
    module, _, name = dotted.rpartition(".")
    return Global(module, name)


def stack_global(module, name):
    text = [b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, name)]
    return Raw(text[0] + text[1] + b"\x93")


class Reduced:
    """What pickle itself makes of an object with its own __reduce__."""

    def __init__(self, *reduction):
        self.reduction = reduction

    def __reduce__(self):
        return self.reduction


eval_, getattr_ = g("builtins.eval"), g("builtins.getattr")
two = storage("0", 2)
ONE = {"0": bytes(8)}

# Each is a value for dump(), or the bytes of a whole pickle.
CALLS = {
    "os.system": g("os.system")(COMMAND),
    "posix.system": g("posix.system")(COMMAND),
    "nt.system": g("nt.system")(COMMAND),
    "os.popen": g("os.popen")(COMMAND),
    "os.execl": g("os.execl")("/bin/sh", "sh", "-c", COMMAND),
    "os.spawnlp": g("os.spawnlp")(0, "sh", "sh", "-c", COMMAND),
    "eval": eval_(PYTHON),
    "exec": g("builtins.exec")(PYTHON),
    "python 2 eval": g("__builtin__.eval")(PYTHON),
    "python 2 execfile": g("__builtin__.execfile")("x.py"),
    "compile": g("builtins.exec")(g("builtins.compile")(PYTHON, "x", "exec")),
    "open": g("builtins.open")(CANARY, "w"),
    "io.open": g("io.open")(CANARY, "w"),
    "breakpoint": g("builtins.breakpoint")(),
    "__import__": g("builtins.__import__")("antigravity"),
    "getattr of an import": Call(getattr_(g("builtins.__import__")("os"), "system"), (COMMAND,)),
    "getattr of a tensor": getattr_(tensor(two, (1,), (1,)), "numpy"),
    "getattr of a name": getattr_(rebuild, "__globals__"),
    "setattr": g("builtins.setattr")(ordered_dict(), "x", 1),
    "globals": g("builtins.globals")(),
    "type": g("builtins.type")("X", (), {}),
    "object.__subclasses__": g("builtins.object.__subclasses__")(),
    "importlib": g("importlib.import_module")("antigravity"),
    "subprocess.Popen": g("subprocess.Popen")(["touch", CANARY]),
    "subprocess.check_output": g("subprocess.check_output")(["touch", CANARY]),
    "runpy": g("runpy._run_code")(PYTHON, {}),
    "pty": g("pty.spawn")("/bin/sh"),
    "timeit": g("timeit.timeit")(PYTHON),
    "pdb": g("pdb.run")(PYTHON),
    "cProfile": g("cProfile.run")(PYTHON),
    "code.interact": g("code.InteractiveInterpreter.runcode")(PYTHON),
    "types.CodeType": g("types.CodeType")(0, 0, 0, 0, 0, 0, b"", (), (), (), "", "", "", 0, b"", b""),
    "types.FunctionType": g("types.FunctionType")(g("types.CodeType"), {}),
    "marshal.loads": g("marshal.loads")(b"\xe3"),
    "pickle.loads": g("pickle.loads")(pickle.dumps(Reduced(os.mkdir, (CANARY,)))),
    "_pickle.loads": g("_pickle.loads")(pickle.dumps(Reduced(os.mkdir, (CANARY,)))),
    "torch.load in torch.load": g("torch.storage._load_from_bytes")(b""),
    "torch.load": g("torch.serialization.load")("x"),
    "torch.hub": g("torch.hub.load")("a", "b"),
    "torch._dynamo": g("torch._dynamo.guards.exec")(PYTHON),
    "torch.jit": g("torch.jit.unsupported_tensor_ops.execWrapper")(PYTHON, {}, {}),
    "torch.serialization.os.system": g("torch.serialization.os.system")(COMMAND),
    "torch._utils.getattr": g("torch._utils.getattr")(rebuild, "x"),
    "numpy.load": g("numpy.load")("x", None, True),
    "numpy.f2py": g("numpy.f2py.crackfortran.myeval")(PYTHON),
    "numpy.testing": g("numpy.testing._private.utils.runstring")(PYTHON, {}),
    "operator.attrgetter": Call(g("operator.attrgetter")("system"), (g("builtins.__import__")("os"),)),
    "operator.methodcaller": Call(g("operator.methodcaller")("system", COMMAND), (g("os"),)),
    "functools.partial": Call(g("functools.partial")(g("os.system"), COMMAND), ()),
    "functools.reduce": g("functools.reduce")(eval_, [PYTHON]),
    "builtins.map": g("builtins.map")(eval_, [PYTHON]),
    "logging config": g("logging.config.listen")(0),
    "ctypes": g("ctypes.CDLL")("libc.so.6"),
    "weft's own functions": g("weft.serialization.pickle_globals._set")([1]),
    "weft.load": g("weft.load")("x"),
    "STACK_GLOBAL": Call(stack_global("os", "system"), (COMMAND,)),
    "STACK_GLOBAL, dotted name": Call(stack_global("torch", "serialization.os.system"), (COMMAND,)),
    "STACK_GLOBAL, dotted allowed": Call(stack_global("collections", "OrderedDict.fromkeys"), ([1],)),
    "STACK_GLOBAL of a tensor": Raw(b"K\x01K\x02\x93"),
    "STACK_GLOBAL, name with a space": stack_global("torch._utils _rebuild_tensor_v2", ""),
    "GLOBAL across lines": Raw(b"cos\nsystem\n(X\x05\x00\x00\x00touchtR"),
    "GLOBAL with a carriage return": Raw(b"cbuiltins\r\neval\r\n"),
    "GLOBAL that is empty": Raw(b"c\n\n"),
    "INST": Raw(b"(X\x0c\x00\x00\x00touch canary" + b"ios\nsystem\n"),
    "OBJ": Raw(b"(cos\nsystem\nX\x0c\x00\x00\x00touch canaryo"),
    "OBJ of an allowed name": Raw(b"(ccollections\nOrderedDict\no"),
    "NEWOBJ": Raw(b"csubprocess\nPopen\n(]t\x81"),
    "NEWOBJ of an allowed name": Raw(b"ctorch\nSize\n)\x81"),
    "NEWOBJ_EX": Raw(b"ccollections\nOrderedDict\n)}\x92"),
    "EXT1": Raw(b"\x82\xf0)R"),
    "EXT2": Raw(b"\x83\xf0\xf0)R"),
    "EXT4": Raw(b"\x84\xf0\xf0\xf0\x00)R"),
    "PERSID": Raw(b"Pos.system\n"),
    "BINPERSID of text": Raw(b"X\x01\x00\x00\x00aQ"),
    "BINPERSID of a call": Persistent("storage", g("os.system"), "0", "cpu", 2),
    "BINPERSID in BINPERSID": Persistent("storage", Persistent("storage", g("torch.FloatStorage"), "0", "cpu", 2), "0"),
    "BINPERSID of nothing": Persistent(),
    "NEXT_BUFFER": Raw(b"\x97"),
    "BUILD of a name": Call(Global("torch._utils", "_rebuild_tensor_v2"), (), {"x": 1}),
    "BUILD of a function": Raw(b"ctorch._utils\n_rebuild_tensor_v2\n}X\x08\x00\x00\x00__code__Nsb"),
    "BUILD of a class": Raw(b"ccollections\nOrderedDict\n}X\x08\x00\x00\x00__init__Nsb"),
    "BUILD of slots": Raw(b"ccollections\nOrderedDict\nN}X\x08\x00\x00\x00__init__Ns\x86b"),
    "BUILD of a dict": Raw(b"}}X\x01\x00\x00\x00aNsb"),
    "BUILD of __class__": Call(ordered_dict, (), {"__class__": eval_}),
    "BUILD of __reduce__": Call(ordered_dict, (), {"__reduce__": 1}),
    "BUILD of a tensor": Call(rebuild, (two, 0, (1,), (1,), False, ordered_dict()), {"x": 1}),
    "BUILD of an array of objects": Call(
        g("numpy.core.multiarray._reconstruct"),
        (g("numpy.ndarray"), (0,), b"b"),
        (1, (1,), Call(g("numpy.dtype"), ("O8", False, True)), False, [eval_]),
    ),
    "REDUCE of a storage": Call(two, ()),
    "REDUCE of text": Call("os.system", (COMMAND,)),
    "REDUCE of a value": Call(g("torch.float32"), ()),
    "REDUCE with a list": Raw(b"ctorch\nSize\n]R"),
    "_codecs.encode with another codec": g("_codecs.encode")("x", "rot13"),
    "_codecs.encode with an object": g("_codecs.encode")(rebuild, "latin1"),
    "_codecs.decode": g("_codecs.decode")(b"x", "zlib"),
    "codecs.lookup": g("codecs.lookup")("x"),
    "defaultdict of a function": g("collections.defaultdict")(g("os.getcwd")),
    "defaultdict of an allowed function": g("collections.defaultdict")(rebuild),
    "defaultdict of a storage class": g("collections.defaultdict")(g("torch.FloatStorage")),
    "tensor of a function": rebuild(eval_, 0, (1,), (1,), False, ordered_dict()),
    "tensor with hooks": rebuild(two, 0, (1,), (1,), False, {1: eval_}),
    "tensor of too few arguments": rebuild(two),
    "tensor of too many arguments": rebuild(*[two] * 20),
    "tensor with text": rebuild(two, "0", "1", "1", "False", ""),
    "tensor with None": rebuild(None, None, None, None, None, None),
    "tensor of a size of sizes": rebuild(two, 0, ((1,),), ((1,),), False, ordered_dict()),
    "old tensor with odd arguments": g("torch._utils._rebuild_tensor")(two, -(2**63), (2**63,), (2**63,)),
    "typed tensor with a dtype": g("torch._utils._rebuild_tensor_v3")(two, 0, (1,), (1,), False, {}, g("torch.int8")),
    "rebuild with a function of its own": g("torch._tensor._rebuild_from_type_v2")(
        eval_, g("torch.Tensor"), (PYTHON,), {}
    ),
    "rebuild of a class of its own": g("torch._tensor._rebuild_from_type_v2")(
        rebuild, g("mymod.Tensor"), (two, 0, (1,), (1,), False, ordered_dict()), {}
    ),
    "rebuild in itself": g("torch._tensor._rebuild_from_type_v2")(
        g("torch._tensor._rebuild_from_type_v2"), g("torch.Tensor"), (), {}
    ),
    "parameter of a number": g("torch._utils._rebuild_parameter")(3, False, ordered_dict()),
    "device of code": g("torch.device")("cpu; import os"),
    "size of floats": g("torch.Size")((1.5, float("inf"))),
    "dtype of objects": g("numpy.dtype")("O8", False, True),
    "dtype of fields": g("numpy.dtype")([("a", "O")], False, True),
    "scalar of an object": g("numpy.core.multiarray.scalar")(g("numpy.dtype")("O8", False, True), b"12345678"),
    "scalar of too few bytes": g("numpy.core.multiarray.scalar")(g("numpy.dtype")("f8", False, True), b"1"),
    "array of a subclass": g("numpy.core.multiarray._reconstruct")(g("numpy.matrix"), (0,), b"b"),
    "array of a size": g("numpy.core.multiarray._reconstruct")(g("numpy.ndarray"), (10**12,), b"b"),
    "SETITEM of a tensor": Raw(b"ctorch\nSize\n((tt" + b"RK\x00K\x01s"),
    "SETITEM of a list": Raw(b"]K\x00K\x01s"),
    "SETITEM of nothing": Raw(b"K\x00K\x01s"),
    "SETITEMS of an odd number": Raw(b"}(K\x00K\x01K\x02u"),
    "APPEND to a dict": Raw(b"}K\x01a"),
    "APPEND to a name": Raw(b"cos\nsystem\nK\x01a"),
    "ADDITEMS to a list": Raw(b"](K\x01\x90"),
    "a key that is a list": Raw(b"}]K\x01s"),
    "GET of nothing": Raw(b"h\x05"),
    "GET of a negative number": Raw(b"g-1\n"),
    "POP of nothing": Raw(b"00000"),
    "TUPLE without a mark": Raw(b"K\x01t"),
    "MARK without an end": Raw(b"((((K\x01"),
    "unknown instruction": Raw(b"\xff"),
    "protocol 0 of code": b"cos\nsystem\n(S'touch canary'\ntR.",
    "two pickles": b"\x80\x02N.\x80\x02cos\nsystem\n(U\x0ctouch canarytR.",
    "an own __reduce__": pickle.dumps(Reduced(os.mkdir, (CANARY,))),
    "an own __reduce__, protocol 5": pickle.dumps({"a": [Reduced(os.mkdir, (CANARY,))]}, 5),
}
HARMLESS = {"two pickles"}  # only the first is read


@pytest.mark.parametrize("kind", ["zip", "legacy"])
@pytest.mark.parametrize("name", CALLS)
def test_none_runs_and_each_is_a_clear_error(tmp_path, monkeypatch, name, kind):
    global SEEN
    monkeypatch.chdir(tmp_path)
    value = CALLS[name]
    pickled = value if isinstance(value, bytes) else dump(value)
    file = io.BytesIO(zip_file(pickled, ONE) if kind == "zip" else legacy_file(pickled, [("0", 2, bytes(8))]))
    before = set(sys.modules)
    SEEN = []
    try:
        weft.load(file, weights_only=False)
    except ValueError as error:
        message = str(error)
    else:
        message = None
    seen, SEEN = SEEN, None
    assert not seen and set(sys.modules) == before and os.listdir(tmp_path) == []
    assert message is None if name in HARMLESS and kind == "zip" else message.startswith("load: the file is")
    assert message is None or len(message) < 600


def test_there_are_many_of_them():
    assert len(CALLS) >= 50


def test_the_watch_sees_code_that_runs(tmp_path, monkeypatch):
    global SEEN
    monkeypatch.chdir(tmp_path)
    SEEN = []
    pickle.loads(dump(g("os.mkdir")(CANARY)))
    eval("1")
    seen, SEEN = [event for event, _ in SEEN], None
    assert {"os.mkdir", "pickle.find_class", "compile", "exec"} <= set(seen) and os.listdir(tmp_path) == [CANARY]


def test_extension_codes_that_a_program_has_registered(tmp_path, monkeypatch):
    import copyreg

    monkeypatch.chdir(tmp_path)
    copyreg.add_extension("os", "mkdir", 240)
    try:
        pickle.loads(b"\x80\x02\x82\xf0X\x06\x00\x00\x00canary\x85R.")  # now it is in pickle's own cache
        assert os.listdir(tmp_path) == [CANARY]
        os.rmdir(CANARY)
        with pytest.raises(ValueError, match="EXT1"):
            weft.load(io.BytesIO(zip_file(b"\x80\x02\x82\xf0X\x06\x00\x00\x00canary\x85R.")))
    finally:
        copyreg.remove_extension("os", "mkdir", 240)
    assert os.listdir(tmp_path) == []


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value


def again(value, code):
    """A list of what the code makes of memo 0, the value, 20,000 times."""
    return Raw(b"](" + value + b"q\x000" + code * 20000 + b"e")


COLLIDING = [i * (2**61 - 1) + 2**62 for i in range(20000)]
BOMBS = {
    "memo index": Raw(b"Nr\xff\xff\xff\xff0N"),
    "text memo index": Raw(b"Np99999999999999999999\n0N"),
    "length of text": Raw(b"X\xff\xff\xff\xff"),
    "length of text, 64 bits": Raw(b"\x8d" + b"\xff" * 7 + b"\x7f"),
    "length of bytes, 64 bits": Raw(b"\x8e" + b"\xff" * 5 + b"\x00\x00\x00"),
    "length of a bytearray": Raw(b"\x96" + b"\xff" * 5 + b"\x00\x00\x00"),
    "length of an int": Raw(b"\x8b\xff\xff\xff\x7f"),
    "length of a frame": Raw(b"\x95" + b"\xff" * 8 + b"N"),
    "digits": Raw(b"I" + b"9" * 100000 + b"\n"),
    "long digits": Raw(b"L" + b"9" * 100000 + b"L\n"),
    "a line without an end": Raw(b"S'" + b"a" * 10**6),
    "encoding again and again": again(text(b"a" * 10**5), b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"),
    "sets again and again": again(dump(list(range(9999)))[2:-1], b"c__builtin__\nset\nh\x00\x85R"),
    "bytearrays again and again": again(dump(bytes(10**5))[2:-1], b"c__builtin__\nbytearray\nh\x00\x85R"),
    "keys of one hash": dict.fromkeys(COLLIDING),
    "members of one hash": g("builtins.set")(COLLIDING),
    "keys that are nested tuples": Raw(b"})" + b"\x85" * 100000 + b"Ns"),
    "keys that double": Raw(b"}K\x01" + b"2\x86" * 200 + b"Ns"),
    "keys that are huge": again(b"\x8b" + struct.pack("<I", 10**6) + b"\x01" * 10**6, b"}h\x00Ns"),
}


CHEAP = {"memo index", "text memo index", "length of a frame"}  # they say much and cost nothing


@pytest.mark.parametrize("kind", ["zip", "legacy"])
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_take_no_memory(name, kind):
    pickled = dump(BOMBS[name])
    data = zip_file(pickled) if kind == "zip" else legacy_file(pickled)
    tracemalloc.start()
    try:
        with contextlib.nullcontext() if name in CHEAP else pytest.raises(ValueError, match="^load: the file is"):
            weft.load(io.BytesIO(data))
        assert tracemalloc.get_traced_memory()[1] < 60 * len(data) + 10**7
    finally:
        tracemalloc.stop()


def test_structures_without_end_are_read_as_they_are():
    deep = weft.load(io.BytesIO(zip_file(dump(Raw(b"]" * 50000 + b"a" * 49999)))))
    assert len(deep) == 1
    while deep:
        deep = deep[0]
    loop = weft.load(io.BytesIO(zip_file(dump(Raw(b"]q\x00h\x00a")))))
    assert loop[0] is loop
    double = weft.load(io.BytesIO(zip_file(dump(Raw(b"]" + b"2\x86" * 200)))))
    assert double[0] is double[1]
