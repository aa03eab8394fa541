"""The page of errors: docs/errors.md explains kinds of errors, this adds the messages of each, read from the source.

A kind is a section of that page. The comments behind its heading, ``<!-- match: REGEX -->``, say which messages are of
it; the first kind that matches takes a message, ``ExceptionType: text`` with an ellipsis for what is filled in.
"""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "errors.md"
FILLED = "…"
CALL = re.compile(r"\b(?:check|fail|fail_here)(?:<(?:ErrorKind::)?(\w+)>)?\s*\(")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
HEADING = re.compile(r"^## .*\{ #([\w-]+) \}$", re.MULTILINE)
EXCEPTIONS = {
    "Value": "ValueError",
    "Type": "TypeError",
    "Index": "IndexError",
    "Key": "KeyError",
    "Buffer": "BufferError",
}
EXCEPTIONS |= {
    "NotImplemented": "NotImplementedError",
    "Overflow": "OverflowError",
    "OutOfMemory": "weft.OutOfMemoryError",
}


@dataclass
class Kind:
    anchor: str
    patterns: list[re.Pattern]
    end: int  # of its text in the page
    messages: list[str] = field(default_factory=list)


def messages():
    """ "ExceptionType: text" of every error that the source raises, sorted, once each."""
    found = set()
    for path in sorted((ROOT / "python" / "weft").rglob("*.py")):
        found.update(_of_python(ast.parse(path.read_text(encoding="utf-8"))))
    for pattern in ("*.cpp", "*.h"):
        for path in sorted((ROOT / "csrc").rglob(pattern)):
            if "kernels" not in path.parts:  # which raise nothing of their own
                found.update(_of_cpp(path.read_text(encoding="utf-8")))
    # A text without words comes from elsewhere, where it is found.
    return sorted(m for m in found if len(re.findall(r"[a-z]{2,}", m.partition(": ")[2])) > 1)


def _of_python(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            name = ast.unparse(node.exc.func).rpartition(".")[2]
            if name.endswith("Error"):
                yield f"{name}: {_text(node.exc.args[0])}"


def _text(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(v) if isinstance(v, ast.Constant) else FILLED for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    return FILLED


def _of_cpp(source):
    for call in CALL.finditer(source):
        arguments = _arguments(source, call.end())
        parts = arguments if call[0].startswith("fail") else arguments[1:]  # the first of check is the condition
        text = "".join(_cpp_text(part) for part in parts)
        yield f"{EXCEPTIONS.get(call[1], 'RuntimeError')}: {re.sub(f'{FILLED}+', FILLED, text)}"


def _cpp_text(part):
    literals = LITERAL.findall(part)
    whole = literals and not LITERAL.sub("", part).strip()
    return "".join(literals).replace('\\"', '"') if whole else FILLED


def _arguments(source, start):
    """The texts of the arguments of a call whose parenthesis opens before start."""
    depth, begin, i, found = 1, start, start, []
    while depth and i < len(source):
        char = source[i]
        if char == '"':
            i = LITERAL.match(source, i).end()
            continue
        if char == "'":
            i += 4 if source[i + 1] == "\\" else 3
            continue
        depth += (char in "([{") - (char in ")]}")
        if (char == "," and depth == 1) or depth == 0:
            found.append(source[begin:i])
            begin = i + 1
        i += 1
    return found


def kinds(page=None):
    page = PAGE.read_text(encoding="utf-8") if page is None else page
    headings = list(HEADING.finditer(page))
    ends = [heading.start() for heading in headings[1:]] + [len(page)]
    return [
        Kind(heading[1], [re.compile(p) for p in re.findall(r"<!-- match: (.*?) -->", page[heading.end() : end])], end)
        for heading, end in zip(headings, ends)
    ]


def classified(page=None):
    """The kinds with their messages, and the messages of no kind."""
    found, rest = kinds(page), []
    for message in messages():
        kind = next((k for k in found if any(p.search(message) for p in k.patterns)), None)
        (kind.messages if kind else rest).append(message)
    return found, rest


def anchor(message):
    """Of a message: its first words, and a few letters that tell it from others which begin the same."""
    words = re.findall(r"[a-z0-9]+", message.lower())[1:7]
    return "-".join([*words, hashlib.sha1(message.encode()).hexdigest()[:6]])


def page_with_messages(page):
    out, begin = [], 0
    for kind in classified(page)[0]:
        out.append(page[begin : kind.end].rstrip("\n"))
        begin = kind.end
        rows = "\n".join(f'    - <span id="{anchor(m)}"></span>`` {m.replace(chr(10), " ")} ``' for m in kind.messages)
        out.append(f'\n\n??? note "{len(kind.messages)} messages of this kind"\n\n{rows}\n\n')
    return "".join(out)


if __name__ == "__main__":
    found, rest = classified()
    for kind in found:
        print(kind.anchor, len(kind.messages))
    print(f"{len(rest)} messages of no kind", *rest, sep="\n")
