"""weft.profiler: what is recorded, how it is summed up, the files, and that it changes nothing."""

import ctypes
import gzip
import json
import os
import threading
import warnings
import xml.dom.minidom

import pytest
import support
import weft
from weft import nn
from weft.autograd import profiler as old
from weft.profiler import ProfilerAction, ProfilerActivity, profile, record_function, schedule

pytestmark = pytest.mark.skipif(not support.IS_WEFT, reason="these are Weft's files and events")


def small_step(**options):
    """(profile of a step of training, its model)."""
    weft.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    optimizer = weft.optim.Adam(model.parameters())
    x, y = weft.randn(5, 8), weft.tensor([0, 1, 2, 3, 0])
    with profile(**options) as prof:
        with record_function("forward"):
            loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return prof, model


def names(prof):
    return [event.name for event in prof.events()]


def event_of(prof, name):
    (event,) = [e for e in prof.events() if e.name == name]
    return event


def test_ops_scopes_backward_and_optimizer_are_events():
    prof, _ = small_step()
    seen = names(prof)
    assert seen.count("linear") == 2 and seen.count("LinearBackward0") == 2 and "AccumulateGrad" in seen
    assert "Optimizer.step#Adam.step" in seen and "adam_step" in seen
    forward = event_of(prof, "forward")
    assert "linear" in [child.name for child in forward.cpu_children] and forward.is_user_annotation
    assert event_of(prof, "adam_step").cpu_parent is event_of(prof, "Optimizer.step#Adam.step")
    for event in prof.events():
        assert event.time_range.end >= event.time_range.start
        assert 0 <= event.self_cpu_time_total <= event.cpu_time_total
        for child in event.cpu_children:
            assert event.time_range.start <= child.time_range.start <= child.time_range.end <= event.time_range.end


def test_backward_has_the_sequence_number_of_its_op():
    prof, _ = small_step()
    forward = {e.sequence_nr: e for e in prof.events() if e.kind == "op" and e.sequence_nr >= 0}
    pairs = [(e, forward[e.sequence_nr]) for e in prof.events() if e.name == "LinearBackward0"]
    assert [op.name for _, op in pairs] == ["linear", "linear"]
    assert all(node.fwd_thread == op.thread for node, op in pairs)


def test_nothing_is_recorded_outside_and_results_are_the_same():
    x = weft.randn(4, 4, requires_grad=True)

    def run():
        x.grad = None
        (x.exp() @ x).sum().backward()
        return x.grad.clone()

    plain = run()
    with profile(record_shapes=True, profile_memory=True, with_stack=True, with_flops=True, with_modules=True) as prof:
        profiled = run()
    count = len(prof.events())
    run()
    assert weft.equal(plain, profiled) and len(prof.events()) == count
    assert not weft._C._profiler.is_on()


def test_shapes_and_groups():
    with profile(record_shapes=True) as prof:
        weft.ones(2, 3) @ weft.ones(3, 4)
        weft.ones(5, 3) @ weft.ones(3, 4)
    groups = [e for e in prof.key_averages(group_by_input_shape=True) if e.key == "matmul"]
    assert sorted(e.input_shapes for e in groups) == ["[(2, 3), (3, 4)]", "[(5, 3), (3, 4)]"]
    (one,) = [e for e in prof.key_averages() if e.key == "matmul"]
    assert one.count == 2 and one.cpu_time_total == pytest.approx(sum(e.cpu_time_total for e in groups))
    assert one.cpu_time == pytest.approx(one.cpu_time_total / 2)
    matmul = next(e for e in prof.events() if e.name == "matmul")
    assert matmul.input_dtypes == ["float32", "float32"]


def test_an_optional_input_has_no_shape():
    with profile(record_shapes=True) as prof:
        nn.functional.linear(weft.ones(2, 3), weft.ones(4, 3))
    assert event_of(prof, "linear").input_shapes == [(2, 3), (4, 3), None]


def test_flops_of_forward_and_backward():
    prof, _ = small_step(with_flops=True)
    products = 2 * 5 * (8 * 16 + 16 * 4)
    by_name = {e.key: e.flops for e in prof.key_averages()}
    assert by_name["linear"] == products
    # The input needs no gradient, so that the first layer has one product in backward
    total = prof.events().total_average().flops
    assert total == products * 2 + 2 * 5 * 16 * 4
    assert "Total FLOPs" in prof.key_averages().table()


def test_memory_belongs_to_ops_and_adds_up():
    x = weft.ones(1000)
    with profile(profile_memory=True) as prof:
        before = weft.memory.allocated()
        y = x * 2
        with record_function("scope"):
            z = (y + 1).exp()
        after = weft.memory.allocated()
    assert event_of(prof, "mul").self_cpu_memory_usage == 4000
    scope = event_of(prof, "scope")
    assert (
        scope.cpu_memory_usage
        == 4000
        == scope.self_cpu_memory_usage + sum(child.cpu_memory_usage for child in scope.cpu_children)
    )
    assert sum(change.bytes for change in prof._memory) == after - before == 8000
    assert "CPU Mem" in prof.key_averages().table() and z.numel() == 1000


def test_stacks_name_this_file(tmp_path):
    with profile(with_stack=True) as prof:
        weft.ones(300, 300).exp()
    assert any("test_profiler.py(" in frame and "test_stacks" in frame for frame in event_of(prof, "exp").stack)
    prof.export_stacks(tmp_path / "stacks")
    lines = (tmp_path / "stacks").read_text().splitlines()
    assert lines and all(line.rpartition(" ")[2].isdigit() and " " not in line.rpartition(" ")[0] for line in lines)
    grouped = prof.key_averages(group_by_stack_n=2)
    assert any(len(e.stack) == 2 for e in grouped) and "Source Location" in grouped.table()
    with profile() as bare, pytest.raises(ValueError, match="metric"):
        prof.export_stacks(tmp_path / "stacks", "cpu_time")
    with pytest.raises(RuntimeError, match="with_stack=True"):
        bare.export_stacks(tmp_path / "stacks")


def test_backward_has_the_stack_of_its_op():
    def forward(x):
        return x.exp()

    x = weft.ones(3, requires_grad=True)
    with profile(with_stack=True) as prof:
        forward(x).sum().backward()
    backward = event_of(prof, "ExpBackward0")
    assert any(frame.endswith(": forward") for frame in backward.stack)


def test_modules_are_scopes():
    prof, _ = small_step(with_modules=True)
    layers = [e for e in prof.events() if e.kind == "module"]
    assert [e.name for e in layers] == ["Sequential", "0 (Linear)", "1 (ReLU)", "2 (Linear)"]
    assert all(e.cpu_parent is layers[0] for e in layers[1:])
    assert not nn.Module()._hooks and not weft.nn.hooks.global_hooks


def test_modules_whose_forward_raises():
    class Bad(nn.Module):
        def forward(self, x):
            raise KeyError("own")

    with profile(with_modules=True) as prof:
        for _ in range(2):
            with pytest.raises(KeyError):
                nn.Sequential(nn.Identity(), Bad())(weft.ones(1))
    outer = [e for e in prof.events() if e.name == "Sequential"]
    assert len(outer) == 2 and all(e.cpu_parent is None for e in outer)


def test_table_sorts_cuts_and_refuses():
    prof, _ = small_step(record_shapes=True)
    averages = prof.key_averages()
    table = averages.table(sort_by="self_cpu_time_total", row_limit=3, max_name_column_width=8, header="The step")
    lines = table.splitlines()
    assert lines[0] == "The step" and len(lines) == 1 + 3 + 3 + 1 + 1 and "Self CPU time total" in lines[-1]
    assert all(len(line.split("  ")[0]) <= 8 for line in lines[4:7])
    most = max(e.count for e in averages)
    assert averages.table(sort_by="count", row_limit=1).splitlines()[3].split("  ")[-3:] != [] and most >= 2
    assert "us" not in averages.table(time_unit="ms").splitlines()[3]
    assert len(averages.table(row_limit=-1).splitlines()) == len(averages) + 5
    with pytest.raises(ValueError, match="sort_by"):
        averages.table(sort_by="nonsense")
    with pytest.raises(ValueError, match="time_unit"):
        averages.table(time_unit="h")
    top = prof.events().table(top_level_events_only=True)
    assert "forward" in top and "adam_step" not in top
    with profile() as empty:
        pass
    assert empty.key_averages().table() == "" and str(prof.events()) != ""


def test_schedule_matches_the_plan():
    plan = schedule(skip_first=2, wait=1, warmup=1, active=2, repeat=2)
    letters = {"NONE": "-", "WARMUP": "w", "RECORD": "r", "RECORD_AND_SAVE": "S"}
    assert "".join(letters[plan(i).name] for i in range(14)) == "---wrS-wrS----"
    eager = schedule(wait=1, warmup=0, active=1, skip_first_wait=1)
    assert [eager(i).name for i in range(3)] == ["RECORD_AND_SAVE", "NONE", "RECORD_AND_SAVE"]
    for wrong in ({"active": 0}, {"wait": -1}, {"repeat": -1}):
        with pytest.raises(ValueError):
            schedule(**{"wait": 1, "warmup": 1, "active": 1, **wrong})
    with pytest.raises(TypeError):
        schedule(wait=1.5, warmup=0, active=1)
    with pytest.raises(ValueError):
        plan(-1)


@pytest.mark.parametrize("accumulate", [False, True])
def test_cycles_hand_over_their_events(accumulate):
    handed = []

    def ready(prof):
        handed.append([e.name for e in prof.events() if e.name.startswith("Prof")])

    plan = schedule(wait=1, warmup=1, active=2, repeat=2)
    with profile(schedule=plan, on_trace_ready=ready, acc_events=accumulate) as prof:
        for _ in range(10):
            weft.ones(3).exp()
            prof.step()
    first, second = ["ProfilerStep#2", "ProfilerStep#3"], ["ProfilerStep#6", "ProfilerStep#7"]
    assert handed == [first, first + second if accumulate else second]
    assert prof.step_num == 10


def test_recording_that_ends_early_is_handed_over():
    handed = []
    with profile(schedule=schedule(wait=0, warmup=0, active=5), on_trace_ready=handed.append) as prof:
        weft.ones(3).exp()
        prof.step()
    assert handed == [prof] and names(prof).count("ProfilerStep#0") == 1 and "exp" in names(prof)


def test_a_schedule_that_loses_its_recording_warns():
    with profile(schedule=lambda step: ProfilerAction.RECORD if step == 0 else ProfilerAction.NONE) as prof:
        with pytest.warns(UserWarning, match="RECORD_AND_SAVE"):
            prof.step()
    with pytest.raises(TypeError, match="ProfilerAction"):
        profile(schedule=lambda step: 3)


def test_one_profile_at_a_time():
    with profile():
        with pytest.raises(RuntimeError, match="runs already"):
            profile().start()
    with profile() as prof:
        weft.ones(2).exp()
    assert "exp" in names(prof)
    with pytest.raises(RuntimeError, match="nothing has been recorded"):
        profile().events()


def test_after_an_exception_it_is_off():
    with pytest.raises(KeyError), profile() as prof:
        weft.ones(2).exp()
        raise KeyError
    assert "exp" in names(prof) and not weft._C._profiler.is_on()
    with profile() as prof, pytest.raises(RuntimeError):
        weft.ones(2) @ weft.ones(3)
    with profile() as prof:
        weft.ones(2).exp()
    assert event_of(prof, "exp").cpu_parent is None


@pytest.mark.parametrize(
    "wrong, error",
    [
        ({"activities": []}, ValueError),
        ({"activities": ["cpu"]}, TypeError),
        ({"schedule": 3}, TypeError),
        ({"on_trace_ready": 3}, TypeError),
        ({"experimental_config": 3}, NotImplementedError),
        ({"execution_trace_observer": 3}, NotImplementedError),
    ],
)
def test_wrong_arguments(wrong, error):
    with pytest.raises(error, match="profile"):
        profile(**wrong)


def test_record_function_decorates_nests_and_counts():
    @record_function("twice")
    def f(x):
        return x.exp()

    with profile() as prof:
        f(f(weft.ones(2)))
        with record_function("outer", "3"), record_function("inner"):
            pass
    seen = [e for e in prof.events() if e.is_user_annotation]
    assert [e.name for e in seen] == ["twice", "twice", "outer(3)", "inner"]
    assert seen[3].cpu_parent is seen[2]
    with pytest.raises(TypeError):
        record_function(3)
    with record_function("without a profile"):
        pass


def test_scopes_open_at_the_end_count_until_then():
    scope = record_function("open")
    with profile() as prof:
        scope.__enter__()
        weft.ones(2).exp()
    scope.__exit__(None, None, None)
    event = event_of(prof, "open")
    assert event.cpu_time_total > 0 and event_of(prof, "exp").cpu_parent is event
    with profile() as second:
        weft.ones(2).exp()
    assert "open" not in names(second)


def test_a_scope_within_itself_counts_once_in_total():
    with profile() as prof:
        with record_function("same"), record_function("same"):
            weft.ones(2).exp()
    (average,) = [e for e in prof.key_averages() if e.key == "same"]
    outer = next(e for e in prof.events() if e.name == "same")
    assert average.count == 2 and average.cpu_time_total == outer.cpu_time_total


def test_all_threads_are_recorded():
    def work():
        with record_function("in a thread"):
            weft.ones(10).exp()

    with profile(profile_memory=True) as prof:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    scopes = [e for e in prof.events() if e.name == "in a thread"]
    assert len({e.thread for e in scopes}) == 4 and names(prof).count("exp") == 4
    assert all("exp" in [child.name for child in e.cpu_children] for e in scopes)


def test_threads_that_go_on_while_profiles_come_and_go():
    stop = threading.Event()

    def work():
        x = weft.ones(64, requires_grad=True)
        while not stop.is_set():
            with record_function("work"):
                (x * 2).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            with profile(profile_memory=True, record_shapes=True) as prof:
                weft.ones(2).exp()
            assert names(prof).count("exp") == 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_jitted_functions_are_graphs_of_steps():
    f = weft.jit(lambda x, w: ((x @ w).relu() * 2).sum())
    x, w = weft.ones(4, 8), weft.ones(8, 3, requires_grad=True)
    f(x, w)
    traces = f.traces
    with profile(with_flops=True) as prof:
        f(x, w).backward()
    assert f.traces == traces
    graphs = [e for e in prof.events() if e.kind == "graph"]
    steps = [e for e in prof.events() if e.kind == "step"]
    assert len(graphs) == 2 and steps and all(e.cpu_parent.kind == "graph" for e in steps)
    assert any("matmul" in e.name for e in steps)
    assert sum(e.flops for e in prof.events()) == 2 * (2 * 4 * 8 * 3)


def test_data_loader_waits():
    data = weft.utils.data.TensorDataset(weft.arange(6.0))
    with profile() as prof:
        batches = [batch for (batch,) in weft.utils.data.DataLoader(data, batch_size=2)]
    assert len(batches) == 3
    assert names(prof).count("enumerate(DataLoader).__next__") == 4  # the last one finds the end


def test_chrome_trace(tmp_path):
    prof, _ = small_step(record_shapes=True, profile_memory=True, with_stack=True, with_flops=True)
    prof.add_metadata("model", "small")
    prof.add_metadata_json("sizes", "[8, 16]")
    prof.export_chrome_trace(str(tmp_path / "trace.json"))
    prof.export_chrome_trace(str(tmp_path / "trace.json.gz"))
    trace = json.loads((tmp_path / "trace.json").read_text())
    with gzip.open(tmp_path / "trace.json.gz") as file:
        again = json.loads(file.read())
    assert again["traceEvents"] == trace["traceEvents"] and trace["model"] == "small" and trace["sizes"] == [8, 16]
    spans = [e for e in trace["traceEvents"] if e["ph"] == "X"]
    assert len(spans) == len(prof.events()) and all(e["dur"] >= 0 for e in spans)
    linear = next(e for e in spans if e["name"] == "linear")
    assert linear["args"]["Input Dims"][1] == [16, 8] and linear["args"]["flops"] == 2 * 5 * 8 * 16
    starts = {e["id"] for e in trace["traceEvents"] if e["ph"] == "s"}
    ends = {e["id"] for e in trace["traceEvents"] if e["ph"] == "f"}
    assert starts and starts == ends
    memory = [e for e in trace["traceEvents"] if e["name"] == "[memory]"]
    assert memory and all(e["args"]["Total Allocated"] >= 0 for e in memory)
    with pytest.raises(ValueError):
        prof.add_metadata_json("bad", "{")


def test_trace_handler(tmp_path):
    handler = weft.profiler.tensorboard_trace_handler(tmp_path / "runs", use_gzip=True)
    with profile(on_trace_ready=handler):
        weft.ones(2).exp()
    (file,) = (tmp_path / "runs").iterdir()
    assert file.name.endswith(".pt.trace.json.gz") and json.loads(gzip.decompress(file.read_bytes()))["traceEvents"]


def test_flame_graphs(tmp_path):
    prof, _ = small_step(with_stack=True)
    prof.export_flame_graph(tmp_path / "flames.svg")
    text = (tmp_path / "flames.svg").read_text()
    xml.dom.minidom.parseString(text)
    assert "small_step" in text and "linear" in text
    prof.export_flame_graph(tmp_path / "flames.html")
    assert "<script>" in (tmp_path / "flames.html").read_text()
    with pytest.raises(ValueError, match=".svg"):
        prof.export_flame_graph(tmp_path / "flames.png")
    with pytest.raises(ValueError, match="metric"):
        prof.export_flame_graph(tmp_path / "flames.svg", "count")


def test_memory_timeline(tmp_path):
    weft.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 256), nn.ReLU(), nn.Linear(256, 4))
    optimizer = weft.optim.Adam(model.parameters())
    x = weft.randn(64, 8)
    with profile(profile_memory=True) as prof:
        allocated = weft.memory.allocated()
        model(x).sum().backward()
        optimizer.step()
        end = weft.memory.allocated()
    prof.export_memory_timeline(tmp_path / "m.json")
    times, sizes = json.loads((tmp_path / "m.json").read_text())
    assert len(times) == len(sizes) and times == sorted(times)
    assert all(min(row) >= 0 for row in sizes)
    assert sum(sizes[-1]) - prof._allocated["cpu"] == end - allocated
    parameters = sum(p.nbytes for p in model.parameters())
    _, activations, gradients, state, _ = sizes[-1]
    assert activations == 0 and gradients == parameters and 2 * parameters <= state <= 2 * parameters + 1000
    layer = 64 * 256 * 4  # the ReLU's output is kept; what it was made of is gone when it is there
    assert layer <= max(row[1] for row in sizes) < 2 * layer <= max(row[1] + row[4] for row in sizes)
    prof.export_memory_timeline(tmp_path / "m.raw.json.gz")
    prof.export_memory_timeline(tmp_path / "m.html", "cpu")
    assert "<polygon" in (tmp_path / "m.html").read_text()
    with pytest.raises(ValueError, match=".html"):
        prof.export_memory_timeline(tmp_path / "m.txt")
    with profile() as bare:
        pass
    with pytest.raises(RuntimeError, match="profile_memory=True"):
        bare.export_memory_timeline(tmp_path / "m.html")


def test_events_beyond_the_limit_are_lost_with_a_count():
    start = weft._C._profiler.start
    start(False, False, False, False, False, False, 2048)
    x = weft.ones(2)
    for _ in range(5000):
        x.exp()
    _, _, ((_, lost, events),) = weft._C._profiler.stop()
    assert lost + len(events) >= 5000 and len(events) <= 2048 + 1024 and lost % 1024 == 0
    with pytest.raises(RuntimeError, match="no profile runs"):
        weft._C._profiler.stop()


def test_older_interface():
    with old.profile(record_shapes=True, use_cpu=True) as prof:
        weft.ones(2).exp()
    assert "exp" in [e.name for e in prof.function_events] and prof.self_cpu_time_total > 0
    assert "exp" in prof.key_averages().table() and "exp" in str(prof) and prof.total_average().count
    with old.profile(enabled=False):
        with profile():
            pass
    with pytest.raises(ValueError, match="use_device"):
        old.profile(use_device="tpu")
    assert old.record_function is record_function


def test_ranges_of_nvtx(monkeypatch):
    seen = []
    push = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda name: seen.append(name.decode()))
    pop = ctypes.CFUNCTYPE(None)(lambda: seen.append("end"))
    monkeypatch.setattr(old, "_nvtx_functions", lambda: (push, pop))
    with old.emit_nvtx():
        with record_function("scope"):
            x = weft.ones(2)
            x.exp()
    after = len(seen)
    weft.ones(2).exp()
    assert len(seen) == after and seen[0] == "scope" and seen[-3:] == ["exp", "end", "end"]
    assert seen.count("end") * 2 == len(seen)


def test_nvtx_that_is_missing(monkeypatch):
    monkeypatch.setattr(old, "_LIBRARIES", ("libno_such_library.so",))
    with pytest.raises(RuntimeError, match="nvidia-nvtx"), old.emit_nvtx():
        pass
    assert not weft._C._profiler.is_on()


def test_activities():
    assert ProfilerActivity.CPU in weft.profiler.supported_activities()
    with profile(activities=[ProfilerActivity.CUDA]) as prof:
        weft.ones(2).exp()
    assert names(prof) == []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        profile(use_cuda=False)
    assert any("use_cuda" in str(w.message) for w in seen)
    prof = profile(custom_trace_id_callback=lambda: "mine")
    assert prof.get_trace_id() is None
    with prof:
        pass
    assert prof.get_trace_id() == "mine"


def test_functions_of_the_program_in_backward():
    class Double(weft.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = weft.ones(2, requires_grad=True)
    with profile() as prof:
        Double.apply(x).sum().backward()
    assert "DoubleBackward" in "".join(names(prof))


@pytest.mark.skipif(not weft.cuda.is_available(), reason="needs a device beside the host, if only the simulated one")
def test_time_and_memory_on_devices(tmp_path):
    x = weft.ones(64, 64, device="cuda", requires_grad=True)
    both = [ProfilerActivity.CPU, ProfilerActivity.CUDA]
    with profile(activities=both, profile_memory=True) as prof:
        (x @ x).relu().sum().backward()
    kernels = [kernel for event in prof.events() for kernel in event.kernels]
    assert {"matmul", "relu", "sum"} <= {kernel.name for kernel in kernels}
    assert all(kernel.duration >= 0 and kernel.device == 0 for kernel in kernels)
    product = next(e for e in prof.events() if e.name == "matmul")
    assert product.self_device_memory_usage == 64 * 64 * 4 and product.self_cpu_memory_usage == 0
    table = prof.key_averages().table(sort_by="cuda_time_total")
    assert "CUDA Mem" in table
    prof.export_chrome_trace(tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert sum(e.get("cat") == "kernel" for e in trace) == len(kernels)
    with profile(activities=[ProfilerActivity.CUDA]) as prof:
        x.exp()
    assert [e.name for e in prof.events()] == ["exp"]
    compiled = weft.jit(lambda t: (t * 2).cumsum(0).tanh().cumsum(1))  # several steps; one alone is not captured
    with profile(activities=both) as prof, weft.no_grad():
        for _ in range(5):
            compiled(x)
    launched = [e for e in prof.events() if e.name == "device graph"]
    assert launched and all(len(e.kernels) == 1 for e in launched)


def test_a_forked_child_records_nothing():
    with profile() as prof:
        weft.ones(2).exp()
        child = os.fork()
        if child == 0:
            weft.ones(2).exp()
            os._exit(int(weft._C._profiler.is_on()))
        _, status = os.waitpid(child, 0)
        weft.ones(2).exp()
    assert status == 0 and names(prof).count("exp") == 2


@pytest.mark.parametrize("name", ["", "a;b c\t<&\"'>", "\u00e9\U0001f600", "x" * 5000, "{}%s\\"])
def test_names_of_all_kinds(name, tmp_path):
    with profile(with_stack=True) as prof, record_function(name):
        weft.ones(200, 200).exp()
    assert name in names(prof)
    prof.export_chrome_trace(tmp_path / "trace.json")
    assert name in [e["name"] for e in json.loads((tmp_path / "trace.json").read_text())["traceEvents"]]
    prof.export_flame_graph(tmp_path / "flames.svg")
    xml.dom.minidom.parseString((tmp_path / "flames.svg").read_bytes())
    prof.export_stacks(tmp_path / "stacks")
    assert prof.key_averages().table()


def test_scopes_that_end_in_another_order_or_thread():
    def numbers():
        with record_function("generator"):
            yield 1
            yield 2

    with profile() as prof:
        first, second = numbers(), numbers()
        next(first), next(second)
        first.close()
        weft.ones(2).exp()
        scope = record_function("moves")
        scope.__enter__()
        thread = threading.Thread(target=scope.__exit__, args=(None, None, None))
        thread.start()
        thread.join()
        second.close()
        weft.ones(2).exp()
    assert names(prof).count("generator") == 2 and names(prof).count("moves") == 1
    last = [e for e in prof.events() if e.name == "exp"][-1]
    assert last.cpu_parent is None and all(e.cpu_time_total >= 0 for e in prof.events())


def test_a_step_outside_of_a_recording_starts_none():
    prof = profile(schedule=schedule(wait=0, warmup=0, active=1))
    with pytest.warns(UserWarning, match="nothing is profiled before start"):
        prof.step()
    with profile() as other:
        weft.ones(2).exp()
    with pytest.warns(UserWarning, match="and after stop"):
        other.step()
    with profile() as another:
        weft.ones(2).exp()
    assert "exp" in [event.name for event in another.events()] and prof.step_num == other.step_num == 0


def test_a_profile_that_was_not_stopped_is_in_nobodys_way():
    prof = profile()
    prof.start()
    del prof
    with pytest.raises(ZeroDivisionError), profile(custom_trace_id_callback=lambda: 1 / 0):
        pass
    with profile() as other:
        weft.ones(2).exp()
    assert "exp" in [event.name for event in other.events()]


def test_a_table_without_rows():
    with profile() as prof:
        weft.ones(2).exp()
    assert "Self CPU time total" in prof.key_averages().table(row_limit=0)
