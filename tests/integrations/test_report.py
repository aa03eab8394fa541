"""The HTML report in a headless Chromium: no error in its console, curves drawn, links whole, buttons and keys at work.

Needs the program chromium (`apt-get install chromium`) or chrome, or its path in WEFT_CHROMIUM.
"""

import html.parser
import re

import pytest
import weft
from browser import open_page, screenshot
from weft.training.loggers import HTMLReport, TensorBoardLogger
from weft.training.report import make_report, read_runs

WIDTH, HEIGHT = 460, 230  # of a chart


def browse(page, script="", fragment="", width=1300):
    """The document after its scripts have run, and what was printed in the console. ``script`` runs at its end."""
    if script:
        changed = page.with_name(f"driven-{page.name}")
        changed.write_text(page.read_text().replace("</body>", f"<script>{script}</script></body>"))
        page = changed
    return open_page(f"file://{page}{fragment}", budget=2000, width=width)


class Document(html.parser.HTMLParser):
    """Attributes of all elements by tag, and the text of those with an id."""

    def __init__(self, text):
        super().__init__()
        self.found, self.current, self.text = {}, None, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.found.setdefault(tag, []).append(attributes)
        self.current = attributes.get("id", self.current)

    def handle_data(self, data):
        self.text[self.current] = self.text.get(self.current, "") + data

    def of_class(self, tag, name):
        return [entry for entry in self.found.get(tag, []) if name in (entry.get("class") or "").split()]


def numbers(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"[ML]?(-?[\d.]+) (-?[\d.]+)", path["d"])]


def check_links(document):
    ids = {entry["id"] for entries in document.found.values() for entry in entries if "id" in entry}
    links = [
        entry[name]
        for entries in document.found.values()
        for entry in entries
        for name in ("href", "src")
        if name in entry
    ]
    assert len(links) > 3
    for link in links:
        assert link.startswith("data:") or link.removeprefix("#") in ids, link


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    with HTMLReport(path, title="Ünïcode & <digits>") as report:
        report.log_hyperparameters({"lr": 0.1, "note": "</script><script>throw 1</script>"})
        for step in range(3000):
            values = {"train_loss": 2 / (step + 1), "lr": 0.1, "grad_norm/a": 1.0, "grad_norm/b": step % 7}
            values["accuracy"] = float("nan") if 1000 < step < 1200 else step / 3000
            report.log(values, step)
            if step % 300 == 299:
                report.log(
                    {"val_loss": 0.5, "tokens_per_second": 1e6 + step, "memory_bytes": 2.0**30, "epoch": 1}, step
                )
        report.log({"once": 3, "only nan": float("nan"), "</title>'\"&": -1e-9, "huge": 1e300}, 3000)
        report.log({"huge": -1e300}, 3001)
        report.add_confusion_matrix(weft.tensor([[5, 1], [2, 7]]), ["cat", "dog"])
        report.add_worst_samples(weft.rand(3, 1, 8, 8), [1.0, 2.0, 3.0], [0, 1, 0], [1, 1, 1])
        report.add_table("Table", [["a", 1.0]], ["name", "value"])
    return path


def test_curves_are_drawn_without_an_error(page):
    text, console = browse(page)
    assert console == []
    document = Document(text)
    check_links(document)
    lines = document.of_class("path", "line")
    labels = [entry["aria-label"] for entry in document.found["svg"]]
    assert len(labels) == 10 and labels[0].startswith("loss: train 0.0006667, val 0.5")
    assert len(lines) == 12  # each line of each chart
    drawn = [numbers(line) for line in lines]
    assert [len(points) > 300 for points in drawn[:2]] == [True, False] and len(drawn[1]) == 10
    for points in drawn:
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
        assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert drawn[0][0][1] < drawn[0][-1][1]  # the loss falls
    accuracy = lines[2]["d"]
    assert accuracy.count("M") == 2  # a gap where it was NaN
    assert document.of_class("path", "band") and document.of_class("path", "raw")
    assert document.found["html"][0]["data-theme"] in ("dark", "light")


def test_a_broken_page_is_seen(page, tmp_path):
    """These tests can fail."""
    broken = tmp_path / "broken.html"
    broken.write_text(page.read_text().replace('"use strict";', "undefined_name();"))
    text, console = browse(broken)
    assert any("undefined_name is not defined" in text for _, text in console)
    assert not Document(text).of_class("path", "line")
    broken.write_text('<img src="missing.png">')
    with pytest.raises(AssertionError):
        check_links(Document(browse(broken)[0]))


DRIVE = """
const out = {};
const paths = (card) => Array.from(card.querySelectorAll("path.line"), (p) => p.getAttribute("d"));
const card = document.querySelector("[data-chart]"), svg = card.querySelector("svg");
const values = () => Array.from(card.querySelectorAll(".legend b"), (b) => b.textContent).join();
const before = paths(card);
out.log = card.querySelector("button.log").getAttribute("aria-pressed");
card.querySelector("button.log").click();
out.linear = paths(card)[0] !== before[0];
card.querySelector("button.log").click();
out.again = paths(card)[0] === before[0];
const smooth = document.getElementById("smooth");
smooth.value = 0; smooth.dispatchEvent(new Event("input"));
out.rough = paths(card)[0] !== before[0] && !card.querySelector("path.raw");
const axis = document.getElementById("x");
axis.value = "time"; axis.dispatchEvent(new Event("change"));
out.time = Array.from(svg.querySelectorAll("text"), (t) => t.textContent).some((t) => / s$/.test(t));
axis.value = "step"; axis.dispatchEvent(new Event("change"));
const rest = values(), box = svg.getBoundingClientRect();
svg.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left + box.width * 52 / 460, clientY: box.top + 50 }));
out.pointed = values(); out.where = svg.lastChild.textContent; out.seen = svg.lastChild.getAttribute("visibility");
svg.dispatchEvent(new PointerEvent("pointerleave"));
out.left = values() === rest && svg.lastChild.getAttribute("visibility") === "hidden";
svg.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
svg.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
out.key = svg.lastChild.textContent;
const legend = card.querySelectorAll(".legend button");
legend[0].click();
out.hidden = paths(card).length; out.pressed = legend[0].getAttribute("aria-pressed");
legend[0].click();
const theme = document.documentElement.dataset.theme;
document.getElementById("theme").click();
out.theme = document.documentElement.dataset.theme !== theme;
document.querySelectorAll("nav a").forEach((a) => a.click());
out.hash = location.hash;
const told = document.createElement("p");
told.id = "told"; told.textContent = JSON.stringify(out); document.body.appendChild(told);
"""


def test_buttons_pointer_and_keys(page):
    import json

    text, console = browse(page, script=DRIVE)
    assert console == []
    told = json.loads(Document(text).text["told"].partition("}")[0] + "}")
    assert re.fullmatch(r"#smooth=0&x=step&theme=(dark|light)", told.pop("hash"))
    assert re.fullmatch(r"step \d, [\d.]+ s", told.pop("where")) and re.fullmatch(r"step 29\d\d, .*", told.pop("key"))
    first = told.pop("pointed").split(",")
    assert float(first[0]) > 0.5 and first[1] == "0.5"
    expected = dict.fromkeys(("linear", "again", "rough", "time", "left", "theme"), True)
    assert told == {**expected, "log": "true", "seen": "visible", "hidden": 1, "pressed": "false"}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_was_chosen_is_in_the_address(page, theme):
    text, console = browse(page, fragment=f"#smooth=0.9&x=time&theme={theme}")
    assert console == [] and f'data-theme="{theme}"' in text
    assert browse(page, fragment="#smooth=x&x=y&theme=z&&=")[1] == []


def test_a_running_and_an_empty_report(tmp_path):
    report = HTMLReport(tmp_path / "empty.html", interval=0)
    text, console = browse(tmp_path / "empty.html")
    assert console == [] and "Nothing has been logged yet" in text and 'id="live"' in text
    report.log({"loss": 1}, 1)
    text, console = browse(tmp_path / "empty.html")
    assert console == [] and len(Document(text).of_class("path", "line")) == 1
    report.close()


def test_several_runs_of_tensorboards_files(tmp_path):
    for name in ("first", "second"):
        with TensorBoardLogger(tmp_path / name) as logger:
            logger.log_hyperparameters({"name": name, "lr": 0.1})
            for step in range(50):
                logger.log({"train/loss": 1 / (step + 1), "accuracy": 0.5}, step)
            logger.writer.add_scalar("new", 0.25, 1, new_style=True)
    (tmp_path / "first" / "events.out.tfevents.1.torn").write_bytes(b"\x18\x00\x00")
    runs = read_runs([tmp_path])
    assert [run["name"] for run in runs] == ["first", "second"]
    assert runs[0]["hyperparameters"] == {"name": "first", "lr": 0.1}
    assert runs[0]["series"]["train/loss"]["last"] == [49, pytest.approx(0.02)]
    assert runs[0]["series"]["new"]["last"] == [1, 0.25]
    assert make_report([tmp_path], tmp_path / "compare.html") == ["first", "second"]
    text, console = browse(tmp_path / "compare.html")
    assert console == [] and len(Document(text).of_class("path", "line")) == 6
    check_links(Document(text))


def test_the_screen(page, tmp_path):
    """Pixels of the curves' colours are on the screen, and nothing is wider than it, on a narrow one either."""
    import numpy as np
    from PIL import Image

    for width, height in ((1280, 900), (400, 900)):
        shot = tmp_path / f"{width}.png"
        screenshot(f"file://{page}#theme=light", shot, width, height)
        pixels = np.asarray(Image.open(shot).convert("RGB")).astype(int)
        blue = np.abs(pixels - [0x25, 0x63, 0xC9]).sum(2) < 30
        assert pixels.shape[1] == width and blue.sum() > 200
    wide = (
        "const p = document.createElement('p'); p.id = 'wide';"
        "p.textContent = document.documentElement.scrollWidth + ' '; document.body.append(p);"
    )
    text, _ = browse(page, script=wide, width=700)
    assert int(Document(text).text["wide"].split()[0]) <= 700
