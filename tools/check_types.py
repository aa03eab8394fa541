"""Check what type checkers know of Weft: `pyright --verifytypes` at least 95 %, no errors in the programs of README.md
and docs/ nor in tests/python/typed_program.py.

Needs pyright (or basedpyright, which brings Node.js along) for the Python that has Weft installed.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAST = 95.0
PAGES = ["README.md", *(f"docs/{name}.md" for name in ("jit", "files", "threads", "func", "export", "alias"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(checker, *arguments, folder=None):
    command = [checker, "--pythonpath", sys.executable, "--outputjson", *map(str, arguments)]
    text = subprocess.run(command, capture_output=True, text=True, cwd=folder).stdout
    return json.loads(text[text.index("{") :])


def completeness(checker):
    report = run(checker, "--verifytypes", "weft", "--ignoreexternal", folder=tempfile.gettempdir())
    score = 100 * report["typeCompleteness"]["completenessScore"]
    for symbol in report["typeCompleteness"]["symbols"]:
        if symbol["isExported"] and not symbol["isTypeKnown"]:
            print("unknown:", symbol["name"])
    print(f"types known: {score:.1f} % (at least {LEAST:g})")
    return score >= LEAST


def programs(checker):
    """Those of a page are one program; PyTorch's own names in them stand for Weft's and are not checked."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyrightconfig.json").write_text('{"typeCheckingMode": "standard"}')
        for page in PAGES:
            blocks = [b for b in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")) if "import torch" not in b]
            if blocks:
                (Path(folder) / f"{Path(page).stem.lower()}_page.py").write_text("\n".join(blocks), encoding="utf-8")
        shutil.copy(ROOT / "tests" / "python" / "typed_program.py", folder)
        report = run(checker, "-p", folder, folder=folder)
        errors = [d for d in report["generalDiagnostics"] if d["severity"] == "error"]
        for d in errors:
            print(f"{Path(d['file']).name}:{d['range']['start']['line'] + 1}: {d['message']}")
        count = report["summary"]["filesAnalyzed"]
    print(f"{count} programs: {len(errors)} errors")
    return not errors and count > len(PAGES) // 2


def main():
    checker = shutil.which("pyright") or shutil.which("basedpyright")
    if not checker:
        sys.exit("check_types.py: pyright is missing; pip install basedpyright")
    if not (completeness(checker) & programs(checker)):
        sys.exit(1)


if __name__ == "__main__":
    main()
