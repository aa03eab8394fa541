"""Files of programs (weft.export), taken apart, changed at random, and put together with a checksum that is right."""

import copy
import json
import zlib

PROGRAM, SIGNATURE, CHECKSUM = "weft.program", "weft.signature", "weft.checksum"
NUMBERS = [0, 1, 2, 3, 7, 63, 64, -1, -2, 255, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, 2**63, -(2**63), 1.5, 1e300]
OTHERS = [None, True, False, "", "float64", "int64", "bool", "cpu", "cuda:3", "meta", [], {}, [[]], "sum", "relu"]


def parts(data):
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def joined(header, contents):
    metadata = header["__metadata__"]
    checksum = zlib.crc32(metadata[SIGNATURE].encode(), zlib.crc32(metadata[PROGRAM].encode()))
    metadata[CHECKSUM] = f"{zlib.crc32(contents, checksum):08x}"
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + contents


def changed(data, change, key=PROGRAM):
    """The file with what ``change`` makes, in place, of its program or signature."""
    header, contents = parts(data)
    described = json.loads(header["__metadata__"][key])
    change(described)
    header["__metadata__"][key] = json.dumps(described)
    return joined(header, contents)


def mutate(value, rng):
    """One random change somewhere in a JSON value; returns it."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.92:
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        kind = rng.random()
        if kind < 0.04:
            del value[key]
        elif kind < 0.08 and isinstance(value, list):
            value.insert(key, copy.deepcopy(value[rng.randrange(len(value))]))
        elif kind < 0.12 and isinstance(value, list):
            other = rng.randrange(len(value))
            value[key], value[other] = value[other], value[key]
        else:
            value[key] = mutate(value[key], rng)
        return value
    if type(value) is int and rng.random() < 0.5:
        return value + rng.choice([-1, 1, 2, 10])
    return copy.deepcopy(rng.choice(NUMBERS if rng.random() < 0.7 else OTHERS))


def mutate_fields(program, rng):
    """A change of the attributes or inputs of a node, which types do not reveal."""
    nodes = program["graph"]["nodes"]
    node = rng.choice(nodes)
    if rng.random() < 0.7 and node["fields"]:
        mutate(node["fields"], rng)
    elif rng.random() < 0.5 and node["inputs"]:
        place = rng.randrange(len(node["inputs"]))
        node["inputs"][place] = rng.choice(rng.choice(nodes)["inputs"] or [None])
    else:
        node["op"] = rng.choice(nodes)["op"]


def mutated(data, rng):
    """The file with one to three random changes."""

    def change(program):
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            if key == PROGRAM and rng.random() < 0.6 and isinstance(program.get("graph"), dict):
                try:
                    mutate_fields(program, rng)
                    continue
                except (KeyError, TypeError, IndexError, AttributeError):  # changed before
                    pass
            mutate(program, rng)

    key = SIGNATURE if rng.random() < 0.05 else PROGRAM
    return changed(data, change, key)


def run(program, args, kwargs):
    """Runs a program that may be nonsense."""
    import weft

    try:
        program(*args, **kwargs)
    except (
        ValueError,
        TypeError,
        RuntimeError,
        LookupError,
        OverflowError,
        NotImplementedError,
        weft.OutOfMemoryError,
    ):
        pass


def difference(programs, data):
    """The JSON of the program in a damaged file beside that of the whole one it was made of."""
    damaged, contents = parts(data)
    for whole, *_ in programs:
        header, own = parts(whole)
        if own == contents:
            return {key: [header["__metadata__"][key], damaged["__metadata__"][key]] for key in (PROGRAM, SIGNATURE)}
    return {}
