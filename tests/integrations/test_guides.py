"""The examples of docs/integrations.md are one program, which runs."""

import re
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_integrations(tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "integrations.md").read_text(), re.M | re.S)
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "hub.load")
        exec(compile("".join(blocks), "integrations.md", "exec"), {"__name__": "guide"})
    assert {path.name for path in tmp_path.iterdir()} == {"loss.png", "confusion.png", "images.png", "grid.png", "bert"}
