"""The site that `nox -s site` or .ci/run has built: every link leads somewhere, and pages work in a browser."""

import functools
import http.server
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = ROOT / "build" / "site"
sys.path[:0] = [str(ROOT / "tools" / "site"), str(ROOT / "tests" / "python")]  # whose helpers are used

import errors  # noqa: E402
from browser import open_page  # noqa: E402
from reference import Reference, members  # noqa: E402

TUTORIALS = sorted(path.stem for path in (ROOT / "docs" / "tutorials").glob("*.py"))


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.sources = set(), [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.update(filter(None, (attributes.get("id"), attributes.get("name"))))
        self.links += [attributes["href"]] if tag in ("a", "link") and attributes.get("href") else []
        self.sources += [attributes["src"]] if attributes.get("src") else []


@functools.cache
def pages():
    return {path: Page(path) for path in SITE.rglob("*.html")}


@pytest.fixture(scope="module")
def server():
    handler = functools.partial(QuietHandler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def test_links_are_whole():
    assert len(pages()) > 100
    broken = []
    for path, page in pages().items():
        for link in [*page.links, *page.sources]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                assert parts.scheme in ("data", "") or "tutorials" in path.parts or parts.scheme == "https", link
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            found = target.exists()
            if found and parts.fragment and target.suffix == ".html" and not parts.fragment.startswith("__"):
                found = unquote(parts.fragment) in pages()[target].ids
            if not found:
                broken.append(f"{path.relative_to(SITE)}: {link}")
    assert not broken, broken[:20]


def test_every_public_name_is_in_the_reference():
    reference = Reference()
    lacking = []
    for name, module in reference.modules.items():
        for member, _ in members(module):
            page, _, anchor = reference.anchors[f"{name}.{member}"].partition("#")
            if anchor not in pages()[(SITE / page).with_suffix(".html")].ids:
                lacking.append(f"{name}.{member}")
    assert len(reference.anchors) > 2000
    assert not lacking, lacking[:20]


def test_every_message_has_an_anchor():
    ids = pages()[SITE / "errors.html"].ids
    kinds, rest = errors.classified()
    assert not rest
    assert all(kind.anchor in ids and kind.messages for kind in kinds)
    assert sum(len(kind.messages) for kind in kinds) > 1500
    assert not [m for kind in kinds for m in kind.messages if errors.anchor(m) not in ids]


@pytest.mark.parametrize("name", ["index", "errors", "reference/weft.nn", "from/pytorch", "tutorials/images"])
def test_pages_in_a_browser(server, name):
    dom, console = open_page(f"{server}/{name}.html")
    assert "</main>" in dom
    assert not [text for severity, text in console if severity == "ERROR"], console


@pytest.mark.parametrize("name", TUTORIALS)
def test_tutorials_have_their_pictures(name):
    text = (SITE / "tutorials" / f"{name}.html").read_text(encoding="utf-8")
    assert text.count("data:image/png;base64") >= 1
    assert "Traceback" not in text


def test_search_finds_an_op():
    text = (SITE / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "scaled_dot_product_attention" in text
