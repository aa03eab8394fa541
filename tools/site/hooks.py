"""Hooks of MkDocs: adds the pages of the API reference, and leaves links to files outside of docs/ as text."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).resolve().parent))

from errors import page_with_messages  # noqa: E402
from reference import Reference, uri  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
ELSEWHERE = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*/[^)]*\)")
OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./[^)]*\)")
_reference = None


def on_config(config):
    global _reference
    _reference = Reference()
    pages = [{name: uri(name)} for name in sorted(_reference.contents)]
    config.nav.append({"API reference": ["reference/index.md", *pages]})
    return config


def on_files(files, config):
    for path, text in _reference.pages():
        files.append(File.generated(config, path, content=text))
    for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY"):  # stand at the root of the tree
        text = (ROOT / f"{name}.md").read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, f"{name.lower()}.md", content=ELSEWHERE.sub(r"`\1`", text)))
    return files


def on_page_markdown(markdown, page, **_):
    if page.file.src_uri == "errors.md":
        return page_with_messages(markdown)
    if "/" not in page.file.src_uri:  # from deeper folders ../ leads to other pages
        return OUTSIDE.sub(r"`\1`", markdown)
    return markdown
