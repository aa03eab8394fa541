"""GPUs: streams, events, graphs, memory, errors. Without a GPU these run on the simulated device, if it is built."""

import copy
import pickle

import pytest
from support import devices, weft_only

pytestmark = [weft_only, pytest.mark.skipif("cuda" not in devices(), reason="no GPU")]


@pytest.fixture
def cuda(w):
    yield w.cuda
    w.cuda.set_device(0)
    w.cuda.synchronize()


def small_model(w):
    w.manual_seed(3)
    layers = [w.nn.Linear(10, 20), w.nn.ReLU(), w.nn.Dropout(0.3), w.nn.LayerNorm(20), w.nn.Linear(20, 3)]
    return w.nn.Sequential(*layers).cuda()


def test_properties(cuda):
    assert cuda.is_available() and cuda.device_count() >= 1 and cuda.unavailable_reason() == ""
    properties = cuda.get_device_properties()
    assert properties.total_memory > 2**20 and properties.warp_size == 32
    assert cuda.get_device_name(0) == properties.name and len(cuda.get_device_capability()) == 2
    with pytest.raises(RuntimeError, match="does not exist: there are"):
        cuda.get_device_properties(100)
    with pytest.raises(ValueError, match="expected a CUDA device"):
        cuda.synchronize("cpu")


def test_moving(w):
    x = w.arange(6.0).reshape(2, 3)
    y = x.cuda()
    assert y.device == w.device("cuda", 0) and y.is_cuda and not x.is_cuda
    assert y.cuda() is y and y.cpu().equal(x) and y.to("cpu").device.type == "cpu"
    assert y.to(w.float16).cpu().equal(x.half()) and x.to("cuda", w.int32).dtype == w.int32
    assert x.to(y).device == y.device and w.ones(2, device="cuda").tolist() == [1.0, 1.0]
    turned = x.t().cuda()
    assert turned.stride() == x.t().stride() and turned.cpu().equal(x.t())
    assert x[:, ::2].cuda().cpu().equal(x[:, ::2]) and w.empty(0, 3).cuda().cpu().shape == (0, 3)
    with w.device("cuda"):
        assert w.zeros(2).is_cuda
    with pytest.raises(RuntimeError, match="add: expected all tensors on one device, got cuda:0 and cpu"):
        y + x
    assert (y + w.tensor(1.0)).cpu().equal(x + 1), "numbers on the CPU go along"
    z = w.zeros(2, 3)
    z.copy_(y)
    assert z.equal(x)
    y.copy_(x * 2)
    assert y.cpu().equal(x * 2)
    with pytest.raises(TypeError, match="cpu"):
        y.numpy()


def test_dlpack(w, cuda):
    x = w.arange(6.0, device="cuda").reshape(2, 3)
    assert x.__dlpack_device__() == (2, 0) and w.ones(2).__dlpack_device__() == (1, 0)
    y = w.from_dlpack(x.t())
    assert y.device == x.device and y.stride() == x.t().stride() and y.data_ptr() == x.data_ptr()
    y.add_(1)
    assert x[1, 2].item() == 6
    with cuda.stream(cuda.Stream()):
        assert w.from_dlpack(x).sum().item() == 21


def test_gradients_cross_over(w):
    x = w.ones(3, requires_grad=True)
    ((x.cuda() * 2).cpu() * 3).sum().backward()
    assert x.grad.tolist() == [6.0] * 3 and x.grad.device.type == "cpu"


def test_several_devices(w, cuda):
    if cuda.device_count() < 2:
        pytest.skip("one GPU")
    x = w.arange(4.0, device="cuda:1")
    assert x.to("cuda:0").tolist() == x.tolist()
    with pytest.raises(RuntimeError, match="got cuda:1 and cuda:0"):
        x + x.to("cuda:0")
    with cuda.device(1):
        assert cuda.current_device() == 1 and w.ones(2).cuda().device == x.device
    assert cuda.current_device() == 0
    assert pickle.loads(pickle.dumps(x)).device == x.device


def test_pinned_memory(w):
    x = w.arange(1000.0)
    pinned = x.pin_memory()
    assert pinned.is_pinned() and not x.is_pinned() and pinned.pin_memory() is pinned and pinned.equal(x)
    moved = pinned.to("cuda", non_blocking=True)
    del pinned
    for _ in range(20):
        w.zeros(1000).pin_memory()
    assert moved.cpu().equal(x)
    with pytest.raises(RuntimeError, match="host memory"):
        moved.pin_memory()
    loader = w.utils.data.DataLoader(w.utils.data.TensorDataset(x), batch_size=10, pin_memory=True)
    assert next(iter(loader))[0].is_pinned()


def test_a_current_stream_outlives_its_object(w, cuda):
    default = cuda.current_stream()
    try:
        cuda.set_stream(cuda.Stream())
        current = cuda.current_stream()
        assert current != default
        assert (w.ones(3, device="cuda") * 2).sum().item() == 6
        current.synchronize()
    finally:
        cuda.set_stream(default)
    for _ in range(3):
        with cuda.stream(cuda.Stream()):
            assert cuda.current_stream() != default
    with pytest.raises(TypeError, match="Stream"):
        cuda.set_stream(3)


def test_streams_and_events(w, cuda):
    side = cuda.Stream()
    assert cuda.current_stream() == cuda.default_stream() != side
    x = w.ones(1000, device="cuda")
    with cuda.stream(side):
        assert cuda.current_stream() == side
        side.wait_stream(cuda.default_stream())
        y = x * 2
        done = side.record_event()
    assert cuda.current_stream() == cuda.default_stream()
    cuda.current_stream().wait_event(done)
    y.record_stream(cuda.current_stream())
    assert (y + 1).sum().item() == 3000
    side.synchronize()
    assert side.query() and done.query()
    start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    with pytest.raises(RuntimeError, match="enable_timing"):
        start.elapsed_time(end)
    start.record()
    end.record()
    assert start.elapsed_time(end) >= 0
    start.record(side)
    end.record()
    assert isinstance(start.elapsed_time(end), float)  # whichever comes first


def test_memory(w, cuda):
    before = cuda.memory_allocated()
    x = w.zeros(100_000, device="cuda")
    assert cuda.memory_allocated() - before == 400_000 <= cuda.memory_reserved()
    cuda.reset_peak_memory_stats()
    w.zeros(200_000, device="cuda")
    assert cuda.max_memory_allocated() - cuda.memory_allocated() == 800_000
    with w.memory.label_layers(w.nn.Sequential(w.nn.Linear(4, 40_000).cuda())) as model:
        y = model(w.ones(2, 4, device="cuda"))
    assert any(holder.op == "linear in 0" for holder in cuda.memory_snapshot()), cuda.memory_summary()
    del x, y, model
    cuda.empty_cache()
    free, total = cuda.mem_get_info()
    assert 0 < free <= total


def test_out_of_memory(w, cuda):
    held = w.zeros(100_000, device="cuda")
    cuda.set_memory_limit(cuda.memory_reserved() + 2**22)
    try:
        with pytest.raises(w.OutOfMemoryError, match=r"asked for .* of memory of cuda:0; .*most is held by"):
            w.empty(2**24, device="cuda")
        with pytest.raises(w.OutOfMemoryError):
            held.repeat(1000)
    finally:
        cuda.set_memory_limit(None)
    assert held.sum().item() == 0
    with pytest.raises(ValueError):
        cuda.set_per_process_memory_fraction(2)


def test_index_out_of_range(w, cuda):
    """Raised by the next wait, or where WEFT_CUDA_SYNC=1 makes every op wait, by the op."""
    weight = w.arange(10.0, device="cuda").reshape(5, 2)
    with pytest.raises(IndexError, match="embedding: index 7 is out of range for size 5"):
        w.nn.functional.embedding(w.tensor([1, 7], device="cuda"), weight)
        cuda.synchronize()
    with pytest.raises(IndexError, match="index: index -6 is out of range for size 5"):
        weight[w.tensor([0, -6], device="cuda")]
        weight.cpu()
    with pytest.raises(IndexError, match="gather: index 5"):
        w.gather(weight, 0, w.tensor([[5, 0]], device="cuda"))
        cuda.current_stream().synchronize()
    with pytest.raises(IndexError, match="cross_entropy: index 2 is out of range for size 2"):
        w.nn.functional.cross_entropy(weight, w.tensor([0, 1, 2, 0, 1], device="cuda"))
        cuda.synchronize()
    with pytest.raises(RuntimeError, match="floor_divide: integer division by zero"):
        w.tensor([4], device="cuda") // w.tensor([0], device="cuda")
        cuda.synchronize()
    assert weight.sum().item() == 45, "the process and its tensors live on"


def test_an_error_of_a_kernel_names_op_and_shapes(w):
    many = w.zeros(1_100_000, 1, dtype=w.int32, device="cuda")
    with pytest.raises(RuntimeError, match=r"matmul was applied to \(1100000, 1\) int32, \(1, 1\) int32"):
        many @ w.ones(1, 1, dtype=w.int32, device="cuda")
    assert many[0].item() == 0


def test_random_numbers_are_those_of_the_cpu(w):
    def draw(device):
        w.manual_seed(11)
        return [
            w.rand(1001, device=device),
            w.rand(33, device=device, dtype=w.float64),
            w.rand(50, device=device).half(),
            w.randint(-5, 1000, (77,), device=device),
            w.randperm(100, device=device),
            w.bernoulli(w.full((55,), 0.3, device=device)),
            w.nn.functional.dropout(w.ones(99, device=device), 0.4),
            w.multinomial(w.arange(1.0, 20.0, device=device), 30, replacement=True),
            w.multinomial(w.arange(1.0, 20.0, device=device), 10),
        ]

    for here, there in zip(draw("cpu"), draw("cuda"), strict=True):
        assert there.is_cuda and here.equal(there.cpu())
    w.manual_seed(11)
    here = w.randn(1000)
    w.manual_seed(11)
    assert w.allclose(here, w.randn(1000, device="cuda").cpu(), atol=1e-6)


def train(w, model, optimizer, x, y):
    optimizer.zero_grad(set_to_none=False)
    loss = w.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


@pytest.mark.parametrize("kind", ["AdamW", "SGD"])
def test_graph_of_a_training_step(w, cuda, kind):
    """A graph's runs give what the same steps without it give, bit for bit, with dropout and Adam's step count."""
    model = small_model(w)
    x, y = w.randn(16, 10, device="cuda"), w.randint(0, 3, (16,), device="cuda")
    options = {"lr": 0.01} if kind == "AdamW" else {"lr": 0.01, "momentum": 0.9}
    optimizer = getattr(w.optim, kind)(model.parameters(), **options)
    for _ in range(3):
        train(w, model, optimizer, x, y)
    states = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict()), w.get_rng_state()
    wanted = [train(w, model, optimizer, x, y).item() for _ in range(4)]
    end = {name: value.cpu() for name, value in model.state_dict().items()}, optimizer.state_dict()

    model.load_state_dict(states[0])
    optimizer.load_state_dict(states[1])
    w.set_rng_state(states[2])
    graph = cuda.CUDAGraph()
    with pytest.raises(RuntimeError, match="nothing has been recorded"):
        graph.replay()
    with cuda.graph(graph):
        assert cuda.is_current_stream_capturing()
        loss = train(w, model, optimizer, x, y)
    assert not cuda.is_current_stream_capturing()
    got = []
    for _ in range(4):
        graph.replay()
        got.append(loss.item())
    assert got == wanted
    for name, value in model.state_dict().items():
        assert value.cpu().equal(end[0][name]), name
    assert optimizer.state_dict()["state"][0].get("step") == end[1]["state"][0].get("step")


def test_graph_takes_new_inputs_and_owns_its_memory(w, cuda):
    x = w.zeros(100_000, device="cuda")
    graph = cuda.CUDAGraph()
    with cuda.graph(graph):
        y = (x + 1) * 2
    others = [w.full((100_000,), 7.0, device="cuda") for _ in range(3)]
    for value in (1.0, 2.0):
        x.fill_(value)
        graph.replay()
        assert y[0].item() == (value + 1) * 2 and y.sum().item() == 100_000 * (value + 1) * 2
    assert all(t.sum().item() == 700_000 for t in others)


def test_error_while_recording(w, cuda):
    x = w.ones(3, device="cuda")
    with pytest.raises(RuntimeError, match="while a graph is recorded"), cuda.graph(cuda.CUDAGraph()):
        w.nonzero(x)
    assert (x + 1).sum().item() == 6 and not cuda.is_current_stream_capturing()
    with pytest.raises(NotImplementedError):
        cuda.make_graphed_callables(None, None)
    with pytest.raises(NotImplementedError, match="share a memory pool"), cuda.graph(cuda.CUDAGraph(), pool=1):
        pass
    assert cuda.current_stream() == cuda.default_stream()


def test_training_agrees_with_the_cpu(w):
    """The same model, data and seed on both devices."""

    def losses(device):
        w.manual_seed(5)
        layers = [w.nn.Conv2d(1, 4, 3), w.nn.BatchNorm2d(4), w.nn.ReLU(), w.nn.MaxPool2d(2), w.nn.Flatten()]
        model = w.nn.Sequential(*layers, w.nn.Dropout(0.2), w.nn.Linear(36, 5)).to(device)
        x, y = w.randn(8, 1, 8, 8).to(device), w.randint(0, 5, (8,)).to(device)
        optimizer = w.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        out = []
        for _ in range(6):
            loss = train(w, model, optimizer, x, y)
            w.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            out.append(loss.item())
        return out

    assert losses("cuda") == pytest.approx(losses("cpu"), rel=2e-4)


def test_a_jitted_step_with_values_on_both_devices(w):
    model = w.nn.Linear(4, 3).cuda()
    optimizer = w.optim.Adam(model.parameters(), lr=0.1)
    copies = [p.detach().cpu().requires_grad_() for p in model.parameters()]
    other = w.optim.Adam(copies, lr=0.1)

    @w.jit
    def step(x):
        optimizer.zero_grad()
        loss = (model(x.cuda()) * 2).square().mean()
        loss.backward()
        optimizer.step()
        host = loss.detach().cpu()
        return host * 3 + host.exp()

    for _ in range(3):
        x = w.randn(5, 4)
        got = step(x)
        other.zero_grad()
        loss = (w.nn.functional.linear(x, *copies) * 2).square().mean()
        loss.backward()
        other.step()
        assert got.device.type == "cpu"
        assert abs(got.item() - (loss * 3 + loss.exp()).item()) < 1e-3 * abs(got.item())
    for p, q in zip(model.parameters(), copies, strict=True):
        assert (p.detach().cpu() - q).abs().max().item() < 1e-4
