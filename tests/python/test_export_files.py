"""Files of programs: every schema version stays loadable; what is damaged is a ValueError that says what is wrong."""

import random

import golden_program
import pytest
import weft
from damaged_programs import SIGNATURE, changed, mutated, parts, run
from support import assert_same, weft_only

pytestmark = weft_only


@pytest.mark.parametrize("version", [1])
def test_golden_files(w, version):
    """A file of each schema version, as it was once written, gives the results that were recorded with it."""
    program = w.export.load(golden_program.DATA / f"program_v{version}.safetensors")
    recorded = w.export.load(golden_program.DATA / f"program_v{version}_call.safetensors")()
    images, words, scale = recorded[:3]
    for _ in range(2):
        results = golden_program.flat(program(images, words, scale=scale))
        for one, two in zip(results, recorded[3:]):
            assert_same(one, two)
    assert program.state_dict()["calls"].item() == 2


@pytest.fixture(scope="module")
def file(w, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "golden.safetensors"
    args, kwargs = golden_program.call(w)
    w.export.save(w.export.export(golden_program.model(w), args, kwargs), path)
    return path.read_bytes()


def load(w, folder, data):
    path = folder / "damaged.safetensors"
    path.write_bytes(data)
    return w.export.load(path)


def test_cut_off(w, file, tmp_path):
    length = int.from_bytes(file[:8], "little")
    places = {0, 1, 7, 8, 9, 8 + length - 1, 8 + length, 8 + length + 1, len(file) - 1, *range(0, len(file), 997)}
    for place in sorted(places):
        with pytest.raises(ValueError, match="is no program that can be read"):
            load(w, tmp_path, file[:place])
    with pytest.raises(ValueError, match="bytes"):
        load(w, tmp_path, file + b"\0")


def test_flipped_bits(w, file, tmp_path):
    rng = random.Random(1)
    for _ in range(300):
        data = bytearray(file)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        try:
            load(w, tmp_path, bytes(data))
        except ValueError:
            continue
        assert parts(bytes(data)) == parts(file)  # a blank in the header


def test_other_files(w, tmp_path):
    w.save({"a": w.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="holds no program"):
        w.export.load(tmp_path / "a.safetensors")
    with pytest.raises(FileNotFoundError):
        w.export.load(tmp_path / "nothing")
    with pytest.raises(ValueError, match="cut off"):
        load(w, tmp_path, b"")


def test_newer_versions(w, file, tmp_path):
    for change, match in [
        (lambda p: p.update(version=2), "newer Weft .schema version 2"),
        (lambda p: p["ops"].update(matmul=7), "version 7 of the op matmul"),
        (lambda p: p["ops"].update(flux_capacitor=1), "the op flux_capacitor, which this Weft does not have"),
    ]:
        with pytest.raises(ValueError, match=match):
            load(w, tmp_path, changed(file, change))
    with pytest.raises(ValueError, match="newer Weft .signature version 2"):
        load(w, tmp_path, changed(file, lambda s: s.update(version=2), SIGNATURE))


def node_of(program, name):
    return next(node for node in program["graph"]["nodes"] if node["op"] == name)


def test_crafted_programs(w, file, tmp_path):
    """Files whose checksum is right, and whose program would read or write memory that is not its own."""
    for change in [
        lambda p: node_of(p, "select")["fields"].update(index=10**6),
        lambda p: node_of(p, "select")["fields"].update(dim=70),
        lambda p: node_of(p, "convolution")["fields"]["geometry"].update(stride=[0, 0]),
        lambda p: node_of(p, "convolution")["inputs"].pop(),
        lambda p: node_of(p, "max_pool2d")["fields"]["rule"]["rows"].update(dilation=0),
        lambda p: node_of(p, "embedding")["inputs"].reverse(),
        lambda p: node_of(p, "scan")["fields"].update(length=10**9),
        lambda p: node_of(p, "while_loop")["fields"].update(carried=-1),
        lambda p: p["graph"]["results"][0].update(memory=10**9),
        lambda p: p["graph"]["results"][0].update(value=10**9),
        lambda p: p["graph"]["parts"][0].update(offset=10**9),
        lambda p: p["graph"]["updates"][0].update(input=0),
        lambda p: p["graph"]["nodes"].reverse(),
        lambda p: p["graph"]["values"][0].update(shape=[2**40, 2**40]),
        lambda p: p["graph"]["values"].pop(),
        lambda p: p["state"][0].update(name=p["state"][1]["name"]),
        lambda p: p["state"][0]["type"].update(dtype="int64"),
        lambda p: p["state"].pop(),
        lambda p: p["arguments"].pop(),
        lambda p: p["constants"].pop(),
        lambda p: p.pop("graph"),
    ]:
        with pytest.raises(ValueError, match="is no program that can be read"):
            load(w, tmp_path, changed(file, change))


def saved(w, tmp_path, function, *args):
    path = tmp_path / "whole.safetensors"
    w.export.save(w.export.export(function, args), path)
    return path.read_bytes()


def test_crafted_samples(w, tmp_path):
    """Volumes have no cubic samples: their taps would be more than kernels have room for."""
    f = w.nn.functional
    x, grid = w.ones(1, 1, 3, 3, 3), w.zeros(1, 2, 2, 2, 3)

    def gradients(x, grid):
        with w.enable_grad():
            x, grid = x.detach().requires_grad_(), grid.detach().requires_grad_()
            return w.autograd.grad(f.grid_sample(x, grid, align_corners=False).sum(), (x, grid))

    data = saved(
        w, tmp_path, lambda x, grid: (f.grid_sample(x, grid, align_corners=False), *gradients(x, grid)), x, grid
    )
    load(w, tmp_path, data)(x, grid)
    for op in ("grid_sample", "grid_sample_input_backward", "grid_sample_grid_backward"):
        with pytest.raises(ValueError, match="two dimensions, for bicubic"):
            load(w, tmp_path, changed(data, lambda p, op=op: node_of(p, op)["fields"]["rule"].update(mode=2)))


def test_crafted_pools(w, tmp_path):
    """Windows that means do not have, that no machine has time for, and divisors that cannot be multiplied."""
    f = w.nn.functional
    mean = saved(w, tmp_path, lambda x: f.avg_pool2d(x, 2, 1, 1), w.ones(0, 1, 3, 3))
    best = saved(w, tmp_path, lambda x: f.max_pool2d(x, 2, 1, 1), w.ones(0, 1, 3, 3))
    override = saved(w, tmp_path, lambda x: f.avg_pool2d(x, 2, divisor_override=2**50), w.ones(1, 1, 2, 2))
    assert load(w, tmp_path, override)(w.ones(1, 1, 2, 2)).tolist() == [[[[4 / 2**50]]]]
    far = {"kernel": 2**37, "dilation": 4, "stride": 4, "padding": 2**38 - 4, "outputs": 2**36}
    for data, name, change in [
        (mean, "avg_pool2d", {"dilation": 2}),
        (mean, "avg_pool2d", {"divisor": 2**62}),
        (override, "avg_pool2d", {"divisor": 2**62}),
        (best, "max_pool2d", far),
        (best, "max_pool2d", {**far, "dilation": 2, "stride": 1, "padding": 2**37 - 2}),
    ]:
        with pytest.raises(ValueError, match="is no program that can be read"):
            load(
                w,
                tmp_path,
                changed(data, lambda p, c=change, n=name: node_of(p, n)["fields"]["rule"]["columns"].update(c)),
            )


def test_fuzzed_programs(w, file, tmp_path):
    """Changed at random, with the checksum put right: a ValueError, or a program that runs."""
    rng = random.Random(3)
    args, kwargs = golden_program.call(w)
    loaded = 0
    for _ in range(3000):
        try:
            program = load(w, tmp_path, mutated(file, rng))
        except ValueError:
            continue
        loaded += 1
        run(program, args, kwargs)
    assert loaded > 0


def test_dtypes_that_no_format_has(tmp_path):
    """Complex numbers, floats of 8 bits and large unsigned integers, as tensors and as numbers in the graph."""
    numbers = weft.tensor([1 + 2j, 3j])

    class Model(weft.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("numbers", numbers)
            self.register_buffer("large", weft.tensor([2**63 + 5, 7], dtype=weft.uint64))
            self.register_buffer("small", weft.tensor([0.5, 2.0]).to(weft.float8_e5m2))

        def forward(self, x):
            full = weft.full((2,), 2.0 - 1j, dtype=weft.complex128)
            most = weft.full((2,), 2**64 - 1, dtype=weft.uint64)
            return weft.cat([x, self.numbers]), self.large + 1, self.small.float(), full, most

    program = weft.export.export(Model(), (weft.tensor([5j, 6]),))
    path = tmp_path / "program.safetensors"
    weft.export.save(program, path)
    found = weft.export.load(path)(weft.tensor([1j, 2]))
    assert [x.tolist() for x in found] == [
        [1j, 2, 1 + 2j, 3j],
        [2**63 + 6, 8],
        [0.5, 2],
        [2 - 1j] * 2,
        [2**64 - 1] * 2,
    ]
