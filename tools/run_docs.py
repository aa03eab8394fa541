"""Run the examples of the documentation: README.md, the pages in docs/, and docs/adding-an-op.md on a copy of the tree.

In adding-an-op.md a block that begins with the comment `file: PATH` is put into that file, where it says: `after: TEXT`
behind the first line that holds TEXT, `append` at the end. The changed copy is built, and the tests that the page names
must pass. Needs the packages that build Weft, cmake and ninja.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAD = re.compile(r"^(?://|#) file: (\S+) (?:after: (.*)|(append))\n")


def copy_tree(target):
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    for name in filter(None, names):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def apply_block(tree, body):
    path, after, append = HEAD.match(body).groups()
    text, new = (tree / path).read_text(), body[HEAD.match(body).end() :]
    if append:
        (tree / path).write_text(text + new)
        return
    lines = text.splitlines(keepends=True)
    place = next((i for i, line in enumerate(lines) if after.strip() in line), None)
    if place is None:
        sys.exit(f"adding-an-op.md: no line with {after.strip()!r} in {path}")
    (tree / path).write_text("".join(lines[: place + 1]) + new + "".join(lines[place + 1 :]))


def run_readme():
    for language, body in BLOCK.findall((ROOT / "README.md").read_text()):
        if language == "python":
            subprocess.run([sys.executable, "-c", body], check=True)
            print("README.md: the example runs")


def guides():
    """The pages whose blocks of Python run; the others have runners of their own."""
    pages = sorted((ROOT / "docs").rglob("*.md"))
    names = [path.relative_to(ROOT / "docs").as_posix() for path in pages if "```python" in path.read_text()]
    return [name for name in names if name not in ("cpp.md", "adding-an-op.md", "adding-a-device.md")]


def run_guide(name):
    """The blocks of a page are one program."""
    blocks = [body for language, body in BLOCK.findall((ROOT / "docs" / name).read_text()) if language == "python"]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "guide.py"
        program.write_text("".join(blocks))
        subprocess.run([sys.executable, program], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    print(f"{name}: the examples run")


def run_cpp():
    """Blocks that name a file are written to it; then the commands run, and the Python blocks as one program."""
    blocks = BLOCK.findall((ROOT / "docs" / "cpp.md").read_text())
    with tempfile.TemporaryDirectory() as folder:
        for _, body in blocks:
            if named := re.match(r"(?://|#) file: (\S+)\n", body):
                (Path(folder) / named.group(1)).write_text(body[named.end() :])
        (Path(folder) / "guide.py").write_text("".join(body for language, body in blocks if language == "python"))
        environment = {**os.environ, "WEFT_EXTENSIONS_DIR": folder}
        for language, body in blocks:
            if language == "sh":
                out = subprocess.check_output(["bash", "-ec", body], cwd=folder, text=True, env=environment)
                assert out.endswith("y = 3.000 x + 1.000\n"), out
        subprocess.run([sys.executable, "guide.py"], check=True, cwd=folder, env=environment)
    print("cpp.md: the examples are built and run")


def run_adding_an_op():
    page = (ROOT / "docs" / "adding-an-op.md").read_text()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "weft"
        copy_tree(tree)
        blocks = [body for _, body in BLOCK.findall(page) if HEAD.match(body)]
        for body in blocks:
            apply_block(tree, body)
        # A folder and flags as `pip install .` has them: ccache finds there what the changes leave alone
        build = tree / "build" / "release"
        build.mkdir(parents=True)
        (tree / "build" / "venv").symlink_to(sys.prefix)
        python = tree / "build" / "venv" / "bin" / "python"
        options = ["-G", "Ninja", f"-DPython_EXECUTABLE={python}"]
        options += [f"-DWEFT_{name}" for name in ("CUDA=OFF", "UNITY=ON", "WERROR=ON")]
        environment = {**os.environ, "CCACHE_BASEDIR": str(tree)}
        command = ["cmake", "-S", tree, "-B", build, *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        subprocess.run(["ninja", "-C", build, "--quiet"], check=True, env=environment)
        (words,) = re.findall(r'pytest tests/python -k "(.*)"', page)
        environment = {**os.environ, "PYTHONPATH": str(tree / "python")}
        command = [sys.executable, "-m", "pytest", "-q", "tests/python", "-k", words]
        subprocess.run(command, check=True, cwd=tree, env=environment)
        print(f"adding-an-op.md: {len(blocks)} changes, built and tested")


if __name__ == "__main__":
    run_readme()
    for page in guides():
        run_guide(page)
    run_cpp()
    run_adding_an_op()
