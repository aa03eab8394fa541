"""HTMLReport and `weft report`: what stands in the file, and that it is finished however the program ends."""

import html.parser
import json
import math
import os
import random
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pytest
import support
import weft
from weft import cli
from weft.training.loggers import CSVLogger, HTMLReport, JSONLinesLogger
from weft.training.report import make_report, read_runs
from weft.training.report.page import parse
from weft.training.report.series import Series, charts, place_of

VOID = {"meta", "link", "img", "input", "br"}


class Checked(html.parser.HTMLParser):
    """Tags are closed in order; keeps text, ids and links."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.words, self.tags = [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)


def check(path):
    """The page is whole: tags, ids, links within; gives its data and its text."""
    text = path.read_text(encoding="utf-8")
    page = Checked(text)
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        assert link.startswith("data:") or link[0] == "#" and link[1:] in page.ids, link
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "") and "https://" not in text
    return parse(text), " ".join(page.words)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs" / "report.html"


def run(path, steps=100, **options):
    report = HTMLReport(path, **options)
    for step in range(steps):
        report.log(
            {"train_loss": 1 / (step + 1), "val_loss": 0.5, "lr": 0.1, "grad_norm": 2, "epoch": step // 10}, step
        )
    return report


def test_the_page(path):
    with run(path, title="A <run> & more") as report:
        report.log({"tokens_per_second": 1e6, "memory_bytes": 2**30}, 99)
        report.log_hyperparameters({"optimizer": {"lr": 0.1}, "note": "<b>"})
        report.add_table("Table", [["cat", 0.5], ["dog </script>", weft.tensor(2)]], ["class", "F1"])
        report.add_text("Text", "<script>alert(1)</script>")
    data, words = check(path)
    assert data["title"] == "A <run> & more"
    assert [(chart["section"], chart["title"]) for chart in data["charts"]] == [
        ("Curves", "loss"),
        ("Learning rate", "learning rate"),
        ("Gradient norms", "gradient norms"),
        ("Throughput", "tokens_per_second"),
        ("Memory", "memory_bytes"),
    ]
    assert [line[2] for line in data["charts"][0]["lines"]] == ["train", "val"]
    for word in ("finished", "epoch 9", "optimizer.lr", "<b>", "dog </script>", "<script>alert(1)</script>", "oneDNN"):
        assert word in words, word
    (entry,) = data["runs"]
    assert entry["series"]["train_loss"]["last"] == [99, 0.01] and entry["status"] == "finished"


def test_names_find_their_section():
    expected = {
        "lr": "Learning rate",
        "lr-AdamW/pg1": "Learning rate",
        "learning_rate": "Learning rate",
        "train/lr": "Learning rate",
        "lr0": "Learning rate",
        "grad_norm": "Gradient norms",
        "gradient_norm/conv1": "Gradient norms",
        "samples_per_second": "Throughput",
        "tokens/s": "Throughput",
        "epoch_time": "Throughput",
        "memory": "Memory",
        "gpu_mem": "Memory",
        "peak_mib": "Memory",
        "loss": "Curves",
        "val_accuracy": "Curves",
        "lrp": "Curves",
        "times_seen": "Curves",
        "remember": "Curves",
    }
    assert {key: place_of(key)[0] for key in expected} == expected
    assert place_of("loss/val") == ("Curves", "loss", "val") and place_of("Train Loss")[1:] == ("Loss", "Train")
    assert [line[2] for line in charts([("run", ["loss", "val_loss"])])[0]["lines"]] == ["train", "val"]
    many = charts([("run", [f"grad_norm/{i}" for i in range(20)])])
    assert [len(chart["lines"]) for chart in many] == [8, 8, 4] and many[1]["title"] == "gradient norms (2)"
    both = charts([("a", ["train_loss"]), ("b", ["train_loss", "x"])])
    assert [line[2] for line in both[0]["lines"]] == ["a: train", "b: train"] and both[1]["lines"] == [[1, "x", "b"]]


def test_series_keep_mean_range_and_extremes():
    rng = np.random.default_rng(0)
    for count in (0, 1, 2, 599, 600, 601, 5000):
        values = rng.normal(size=count)
        series = Series()
        for step, value in enumerate(values.tolist()):
            series.add(step, step / 2, value)
        found = json.loads(json.dumps(series.to_json()))
        assert len(found["points"]) <= 600 and found["count"] == count
        if not count:
            continue
        width = found["width"]
        parts = [values[i : i + width] for i in range(0, count, width)]
        assert len(parts) == len(found["points"])
        for part, point in zip(parts, found["points"]):
            shown = point[2:] * (1 if len(point) > 3 else 3)
            assert shown == pytest.approx([part.mean(), part.min(), part.max()], rel=1e-5)
        assert found["least"] == [values.argmin(), values.min()] and found["last"] == [count - 1, values[-1]]
        again = Series.from_json(found)
        series.add(count, 0.0, 1.0)
        again.add(count, 0.0, 1.0)
        assert [point[0] for point in again.points] == [point[0] for point in series.points]
        assert [point[5:] for point in again.points] == [point[5:] for point in series.points]


def test_values_that_are_not_finite_are_told_of(path):
    with HTMLReport(path) as report:
        for step in range(2000):
            report.log({"loss": math.nan if step in (700, 701) else 1.0, "bad": math.inf, "large": 1e308 - step}, step)
    data, words = check(path)
    assert "loss: 2 values are NaN or infinite, first at step 700" in words
    assert "bad: 2,000 values are NaN or infinite, first at step 0" in words
    series = data["runs"][0]["series"]
    assert series["bad"]["last"] == [1999, "inf"] and all(point[2] is None for point in series["bad"]["points"])
    assert all(math.isfinite(point[2]) for point in series["large"]["points"])
    with HTMLReport(path, append=True) as report:
        report.log({"bad": 1}, 2000)
    assert parse(path.read_text())["runs"][0]["series"]["bad"]["bad"] == [2000, 0]


def test_confusion_matrix(path):
    matrix = weft.tensor([[8, 2], [0, 0]])
    with HTMLReport(path) as report:
        report.add_confusion_matrix(matrix, ["<cat>", "dog"])
        report.add_confusion_matrix([[1]], title="Other")
        report.add_confusion_matrix(np.eye(30))
    _, words = check(path)
    assert "Other" in words and "<cat>" not in words  # the second of this title has replaced the first
    report = HTMLReport(path)
    report.add_confusion_matrix(matrix, ["<cat>", "dog"])
    report.close()
    words = check(path)[1].split()
    assert "<cat>" in words and "80.0%" in words and "–" in words
    bad = [
        (np.ones((2, 3)), None, "expected a matrix"),
        (np.ones(3), None, "expected a matrix"),
        ([[1.0, -1], [0, 1]], None, "negative"),
        ([[math.nan]], None, "finite"),
        (np.ones((2, 2)), ["a"], "2 classes and 1 labels"),
        (np.ones((0, 0)), None, "expected a matrix"),
    ]
    report = HTMLReport(path)
    for matrix, labels, says in bad:
        with pytest.raises(ValueError, match=says):
            report.add_confusion_matrix(matrix, labels)
    report.close()


def test_worst_samples(path):
    losses = weft.tensor([0.1, 3.0, math.nan, 2.0])
    with HTMLReport(path) as report:
        report.add_worst_samples(weft.rand(4, 1, 8, 8), losses, weft.tensor([1, 2, 3, 4]), [1, 5, 3, "x<"], count=3)
        report.add_worst_samples(["first", "<i>second", "third", "fourth"], losses, title="Texts", count=2)
        report.add_image("Image", np.zeros((4, 6, 3), np.uint8))
    _, words = check(path)
    words = " ".join(words.split())
    assert words.index("loss nan") < words.index("loss 3") < words.index("loss 2") and "loss 0.1" not in words
    assert "true 2 predicted 5" in words and "predicted x<" in words
    assert (
        "<i>second" in words and "third" in words and "first" not in words.partition("Texts")[2].partition("Image")[0]
    )
    report = HTMLReport(path)
    with pytest.raises(ValueError, match="2 losses and 1 samples"):
        report.add_worst_samples(["a"], [1, 2])
    with pytest.raises(ValueError, match="2 losses and 3 targets"):
        report.add_worst_samples(["a", "b"], [1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="count must be a positive int"):
        report.add_worst_samples(["a"], [1], count=0)
    with pytest.raises(ValueError, match="5 channels"):
        report.add_worst_samples(np.zeros((1, 7, 7, 5)), [1])
    with pytest.raises(ValueError, match="row 1 has 1 cells, expected 2"):
        report.add_table("T", [[1, 2], [3]])
    with pytest.raises(TypeError, match="rows must be a list of lists, got int"):
        report.add_table("T", 3)
    with pytest.raises(TypeError, match="columns must be a list"):
        report.add_table("T", [[3]], "a")
    with pytest.raises(TypeError, match="samples must be a sequence of 1, got None"):
        report.add_worst_samples(None, [1])
    with pytest.raises(TypeError, match="a title must be a string"):
        report.add_text("", "x")
    report.close()
    with pytest.raises(ValueError, match="closed"):
        report.add_text("a", "b")


def test_continuing(path):
    with run(path, steps=1500, title="Run") as report:
        report.log_hyperparameters({"lr": 0.1})
        report.add_text("Notes", "kept <!--panel 0--> text")
    with HTMLReport(path, append=True, purge_step=1000) as report:
        report.log({"train_loss": 7}, 1000)
        report.add_table("More", [[1]])
    data, words = check(path)
    assert data["title"] == "Run" and "kept <!--panel 0--> text" in words and "More" in words
    series = data["runs"][0]["series"]["train_loss"]
    steps = [point[0] for point in series["points"]]
    assert steps == sorted(steps) and steps[-1] == 1000 and series["last"] == [1000, 7]
    assert data["runs"][0]["hyperparameters"] == {"lr": 0.1}
    for text in ("", "<html>", path.read_text().replace('"format":1', '"format":2'), path.read_text()[:-9000][:5000]):
        path.write_text(text)
        with pytest.raises(ValueError, match="cannot continue .*this is no report"):
            HTMLReport(path, append=True)
        assert path.read_text() == text


def test_it_is_written_while_training(path):
    report = HTMLReport(path, interval=0)
    report.log({"loss": 1}, 1)
    data, words = check(path)
    assert (
        data["runs"][0]["status"] == "running"
        and "running" in words
        and data["runs"][0]["series"]["loss"]["count"] == 1
    )
    assert 'id="live"' in path.read_text()
    report.close()
    report = HTMLReport(path, interval=1000)
    report.log({"loss": 1}, 1)
    assert not check(path)[0]["runs"][0]["series"]
    report.flush()
    assert check(path)[0]["runs"][0]["series"]
    report.close()
    report.close()
    assert 'id="live"' not in path.read_text()


def test_an_exception_is_told(path):
    with pytest.raises(ZeroDivisionError):
        with run(path):
            raise ZeroDivisionError("lr < 0")
    data, words = check(path)
    assert data["runs"][0]["status"] == "failed" and "ZeroDivisionError: lr < 0" in words
    with pytest.raises(KeyboardInterrupt):
        report = run(path)
        try:
            raise KeyboardInterrupt
        finally:
            report.close()
    assert check(path)[0]["runs"][0]["status"] == "interrupted"


DRIVER = """
import os, signal, sys, time
from weft.training.loggers import HTMLReport
for number, end in enumerate({ends!r}):
    pid = os.fork()
    if pid == 0:  # a program of its own
        report = HTMLReport(f"{folder}/{{number}}.html", interval=0 if "SIGKILL" in end else 1000)
        report.log({{"loss": 1}}, 1)
        exec(end)
        break
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
ENDS = {  # the rest of a program: status, message, exit status
    "": ("finished", "", 0),
    "raise ValueError('bad')": ("failed", "ValueError: bad", 1),
    "sys.exit(3)": ("finished", "", 3),
    "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)": ("interrupted", "KeyboardInterrupt", -signal.SIGINT),
    "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)": ("interrupted", "ended by SIGTERM", -signal.SIGTERM),
    "os.kill(os.getpid(), signal.SIGKILL)": ("running", "", -signal.SIGKILL),
    # Processes that it forks leave its report alone, whether they are terminated or end by themselves.
    "os.fork() or os.kill(os.getpid(), signal.SIGTERM); os.wait(); report.log({'loss': 2}, 2)": ("finished", "", 0),
    "if os.fork() == 0: sys.exit(0)\nos.wait(); report.log({'loss': 2}, 2)": ("finished", "", 0),
}


def test_however_a_program_ends_the_report_is_finished(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", DRIVER.format(ends=list(ENDS), folder=tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        env=support.environment(),
    )
    found = {}
    for number, (end, code) in enumerate(zip(ENDS, done.stdout.split(), strict=True)):
        (entry,) = check(tmp_path / f"{number}.html")[0]["runs"]
        assert entry["series"]["loss"]["count"] == (2 if "'loss': 2" in end else 1), end
        found[end] = entry["status"], entry["message"], int(code)
    assert found == ENDS


def test_a_handler_of_the_programs_own_stays(path):
    handler = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        own = signal.getsignal(signal.SIGTERM)
        with HTMLReport(path):
            assert signal.getsignal(signal.SIGTERM) is own
        assert signal.getsignal(signal.SIGTERM) is own
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with HTMLReport(path), HTMLReport(path.parent / "second.html"):
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, handler)


def test_a_disk_that_fills_up_does_not_end_the_training(path):
    report = HTMLReport(path, interval=0)
    report.log({"loss": 1}, 1)
    before = path.read_bytes()
    says = "HTMLReport: cannot write the file: File too large"
    with support.full_disk(1000):
        with pytest.warns(UserWarning, match=f"{says}.*training goes on"):
            report.log({"loss": 2}, 2)
        with pytest.raises(OSError, match=says):
            report.flush()
        with pytest.raises(OSError, match=says):
            report.close()
    assert path.read_bytes() == before and [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    report.close()
    (entry,) = check(path)[0]["runs"]
    assert entry["series"]["loss"]["count"] == 2 and entry["status"] == "finished"


def test_paths_that_cannot_be_written(tmp_path):
    with pytest.raises(IsADirectoryError, match="HTMLReport: cannot write the file"):
        HTMLReport(tmp_path)
    with pytest.raises(OSError, match="HTMLReport: cannot write the file"):
        HTMLReport("/dev/full")
    with pytest.raises(TypeError, match="HTMLReport: expected a path"):
        HTMLReport(None)
    with pytest.raises(ValueError, match="interval"):
        HTMLReport(tmp_path / "a.html", interval=-1)


def write_runs(folder):
    for name, kind in (("a.csv", CSVLogger), ("inner/b.jsonl", JSONLinesLogger)):
        with kind(folder / name) as logger:
            logger.log_hyperparameters({"kind": name})
            for step in range(5):
                logger.log({"train_loss": step, "accuracy": math.nan if step == 2 else 1}, step)


def test_command(tmp_path, capsys, monkeypatch):
    def command(*arguments):
        status = cli.main(["report", *map(str, arguments)])
        return status, *capsys.readouterr()

    monkeypatch.chdir(tmp_path)
    write_runs(tmp_path)
    assert command(tmp_path) == (0, f"{tmp_path}/report.html: 2 runs (a, inner/b)\n", "")
    data, words = check(tmp_path / "report.html")
    assert [entry["name"] for entry in data["runs"]] == ["a", "inner/b"]
    assert [line[2] for line in data["charts"][0]["lines"]] == ["a: train", "inner/b: train"]
    assert "a: accuracy: 1 value is NaN" in words and "kind" in words
    assert "2 runs" in command(tmp_path)[1]  # the report itself is no run of the folder
    assert command(tmp_path / "a.csv", "--title", "One")[1] == f"{tmp_path}/a.html: 1 run (a)\n"
    assert check(tmp_path / "a.html")[0]["title"] == "One"
    assert command("a.html", "inner", "-o", "out/c.html")[1] == "out/c.html: 2 runs (a, b)\n"
    status, out, error = command("none")
    assert (status, out) == (1, "") and "there is no such file or folder" in error
    check(tmp_path / "out" / "c.html")


@pytest.mark.parametrize(
    "name, text, says",
    [
        ("x.jsonl", "{}\nnonsense\n{}\n", "line 2 of .* is no JSON"),
        ("x.jsonl", "[1]\n", "no JSON object"),
        ("x.jsonl", '{"step": "a", "loss": 1}\n', "step 'a'"),
        ("x.jsonl", "", "has no values"),
        ("x.csv", "a,b\n1,2\n", "has no column step or epoch"),
        ("x.csv", "", "is empty"),
        ("x.html", "<p>", "no report of Weft"),
        ("folder/x.txt", "", "holds no"),
    ],
)
def test_broken_files_are_named(tmp_path, name, text, says):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with pytest.raises(ValueError, match=says):
        make_report([path.parent if "folder" in name else path], tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize("part", ["hyperparameters", "environment", "series", "name", "panels", "runs"])
def test_a_report_without_a_part(tmp_path, part):
    with HTMLReport(tmp_path / "run.html") as report:
        report.log({"loss": 0.5}, 1)
    text = (tmp_path / "run.html").read_text()
    (tmp_path / "run.html").write_text(text.replace(f'"{part}":', '"other":', 1))
    with pytest.raises(ValueError, match="the data of this report are damaged"):
        make_report([tmp_path / "run.html"], tmp_path / "out.html")


@pytest.mark.parametrize("step", ["1e999", "nan", "-inf", "9" * 400])
def test_a_step_that_is_no_number(tmp_path, step):
    (tmp_path / "run.csv").write_text(f"step,loss\n1,0.5\n{step},0.25\n")
    assert make_report([tmp_path / "run.csv"], tmp_path / "out.html") == ["run"]


def test_files_of_others(tmp_path):
    (tmp_path / "keras.csv").write_text("epoch,loss,val_loss\n0,1.0,2.0\n1,0.5,\n2,oops,1\n3,")
    (found,) = read_runs([tmp_path / "keras.csv"])
    assert found["series"]["loss"]["count"] == 2 and found["series"]["val_loss"]["last"] == [2, 1.0]
    (tmp_path / "torn.jsonl").write_text('{"step": 1, "loss": 1}\n{"step": 2, "lo')
    assert read_runs([tmp_path / "torn.jsonl"])[0]["series"]["loss"]["count"] == 1


def test_random_names_and_values(tmp_path):
    chance = random.Random(1)
    letters = [
        "loss",
        "/",
        "_",
        "train",
        "val",
        "<",
        "&",
        '"',
        "'",
        "</script>",
        "ä",
        " ",
        "lr",
        "-->",
        "\\",
        "{",
        "%s",
    ]
    for number in range(30):
        path = tmp_path / f"{number}.html"
        keys = {"".join(chance.choices(letters, k=chance.randint(1, 5))) for _ in range(chance.randint(0, 12))}
        with HTMLReport(path, title="".join(chance.choices(letters, k=3)) + "x") as report:
            for step in range(chance.choice([0, 1, 2, 40])):
                values = [0, -1.5, 1e-300, 1e300, math.nan, math.inf, 10**18]
                report.log({key: chance.choice(values) for key in keys if key.strip()}, step - 5)
            report.log_hyperparameters({key: chance.choice([key, 1, None, [key]]) for key in keys})
        data, _ = check(path)
        with HTMLReport(path, append=True):
            pass
        again, _ = check(path)
        assert again["runs"][0]["series"] == data["runs"][0]["series"]


def test_the_file_keeps_its_permissions_and_is_small(path):
    run(path, steps=5000).close()
    assert path.stat().st_size < 150_000
    os.chmod(path, 0o640)
    began = time.time()
    run(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 and path.stat().st_mtime >= began - 1
