"""The pages of the API reference: one for each public module, made of the docstrings of what is imported."""

from __future__ import annotations

import importlib
import inspect
import logging
import re
import sys
import textwrap
import types
from pathlib import Path

import griffe
import weft

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "python"))

from public_names import COMPOSED, public_modules  # noqa: E402

logging.getLogger("griffe").setLevel(logging.ERROR)  # what it says of docstrings without types

ROLE = re.compile(r":(?:class|func|meth|mod|attr|exc|data):`~?\.?([^`]+)`")
EXAMPLE = re.compile(r"^( *)>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)


def modules():
    """Public modules by name, those that list their names or are weft itself."""
    found = dict(public_modules())
    for name in COMPOSED:
        found[f"weft.{name}"] = module = importlib.import_module(f"weft.{name}")
        for child in getattr(module, "__all__", ()):
            value = getattr(module, child)
            if isinstance(value, types.ModuleType):
                found[value.__name__] = value
    return {name: found[name] for name in sorted(found)}


def members(module):
    """(name, value) of what a module says is public, without modules."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [n for n in dir(module) if not n.startswith("_")]
    for name in sorted(set(names), key=lambda n: (n.lower(), n)):
        value = getattr(module, name, None)
        if name.startswith("_") or isinstance(value, types.ModuleType) or not documented(value):
            continue
        yield name, value


def documented(value):
    home = getattr(value, "__module__", None) or ""
    return callable(value) and home.partition(".")[0] == "weft"


def methods(cls):
    """(name, member) of the public methods and properties that the class itself, or a private base of it, defines."""
    found = {}
    for base in cls.__mro__:
        if base is not cls and not base.__name__.startswith("_"):
            continue
        if not (base.__module__ or "").startswith("weft"):
            continue
        for name, member in vars(base).items():
            inner = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
            inner = inner.fget if isinstance(inner, property) else inner
            if not name.startswith("_") and not isinstance(inner, type) and callable(inner) and inner.__doc__:
                found.setdefault(name, inner)
    return sorted(found.items())


class Reference:
    """All pages; ``anchors`` is where each name is explained, by its path."""

    def __init__(self):
        self.modules = modules()
        self.anchors = {}
        self.homes = {}  # id of a value -> the path under which it is explained
        self.contents = {}
        self._place()

    def _place(self):
        """Each value is explained once, in the page of the module with the shortest name that has it."""
        for module_name in sorted(self.modules, key=lambda n: (n.count("."), n)):
            here = []
            for name, value in members(self.modules[module_name]):
                path = f"{module_name}.{name}"
                home = self.homes.setdefault(id(value), path)
                self.anchors[path] = f"{uri(home.rpartition('.')[0])}#{home}"
                here.append((name, value, home))
                if home == path and isinstance(value, type):
                    for method, _ in methods(value):
                        self.anchors[f"{path}.{method}"] = f"{uri(module_name)}#{path}.{method}"
            if here:
                self.contents[module_name] = here

    def pages(self):
        """(uri, text) of every page, the index first."""
        yield "reference/index.md", self._index()
        for name in sorted(self.contents):
            yield uri(name), self._page(name)

    def _index(self):
        rows = [
            f"| [`{name}`]({uri(name).removeprefix('reference/')}) | {first_line(self.modules[name])} |"
            for name in sorted(self.contents)
        ]
        head = "# API reference\n\nEvery public name, from its docstring, whose examples are run as tests.\n\n"
        return head + "| module | |\n| --- | --- |\n" + "\n".join(rows) + "\n"

    def _page(self, module_name):
        module = self.modules[module_name]
        parts = [f"# {module_name}\n", self.render(module.__doc__ or "", module_name)]
        elsewhere = []
        for name, value, home in self.contents[module_name]:
            path = f"{module_name}.{name}"
            if home != path:
                elsewhere.append(f"- `{name}`: {self.link(home, home, module_name)}")
                continue
            parts.append(self._entry(path, value, module_name))
        if elsewhere:
            parts.append("## Also here\n\n" + "\n".join(elsewhere))
        return "\n\n".join(parts) + "\n"

    def _entry(self, path, value, module_name):
        kind = "class " if isinstance(value, type) else ""
        lines = [heading("##", kind + path.rpartition(".")[2], path), signature(path, value)]
        lines.append(self.render(value.__doc__ or "", module_name))
        for name, member in methods(value) if isinstance(value, type) else ():
            lines.append(heading("###", f"{path.rpartition('.')[2]}.{name}", f"{path}.{name}"))
            lines.append(signature(name, member))
            lines.append(self.render(member.__doc__ or "", module_name))
        return "\n\n".join(lines)

    def link(self, text, path, module_name):
        for full in (path, f"{module_name}.{path}", f"weft.{path}"):
            if full in self.anchors:
                page, _, anchor = self.anchors[full].partition("#")
                target = "" if page == uri(module_name) else Path(page).name
                return f"[`{text}`]({target}#{anchor})"
        return f"`{text}`"

    def render(self, doc, module_name):
        """A docstring as Markdown."""
        sections = griffe.Docstring(inspect.cleandoc(doc)).parse("google", warnings=False)
        text = "\n\n".join(filter(None, (self._section(section) for section in sections)))
        return ROLE.sub(lambda m: self.link(m[1], m[1], module_name), text)

    def _section(self, section):
        kind = section.kind.value
        if kind == "text":
            return prose(section.value)
        if kind in ("parameters", "other parameters", "attributes", "raises", "warns"):
            title = {"parameters": "Arguments"}.get(kind, kind.capitalize())
            items = [f"- **{escape(item_name(i))}**: {inline(i.description)}" for i in section.value]
            return f"**{title}**\n\n" + "\n".join(items)
        if kind in ("returns", "yields"):
            return f"**{kind.capitalize()}**\n\n" + "\n".join(f"- {inline(returned(i))}" for i in section.value)
        if kind == "examples":
            parts = [prose(t) if k.value == "text" else f"```pycon\n{t}\n```" for k, t in section.value]
            return "**Example**\n\n" + "\n\n".join(parts)
        if kind == "admonition":
            return f"**{section.title}**\n\n{prose(section.value.description)}"
        return prose(str(section.value))


def uri(module_name):
    return f"reference/{module_name}.md"


def heading(level, text, anchor):
    if "__" in anchor:  # Markdown would make it bold
        return f'{level} {escape(text)}\n\n<span id="{anchor}"></span>'
    return f"{level} {escape(text)} {{ #{anchor} }}"


def item_name(item):
    return getattr(item, "name", None) or str(item.annotation)


def returned(item):
    return ": ".join(filter(None, (str(item.annotation or ""), item.description)))


def first_line(module):
    return (module.__doc__ or "").strip().partition("\n")[0]


def escape(text):
    return text.replace("_", "\\_").replace("*", "\\*")


def inline(text):
    """A description as one paragraph of a list, with its examples and lists kept as they are."""
    return textwrap.indent(prose(text), "  ").lstrip()


def prose(text):
    """Text with its examples in blocks of code."""
    fenced = EXAMPLE.sub(lambda m: f"{m[1]}```pycon\n{m[0]}\n{m[1]}```", text.strip("\n"))
    out, code = [], False
    for line in fenced.split("\n"):
        code ^= line.lstrip().startswith("```")
        out.append(line if code else re.sub(r"(?<![\w`])\*(?=[\w*])", r"\\*", line).replace("<", "&lt;"))
    return "\n".join(out)


def signature(name, value):
    forms = getattr(value, "__forms__", None)
    shown = name.rpartition(".")[2] if "." in name else name
    if not forms:
        try:
            forms = (re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(value))),)
        except (TypeError, ValueError):
            return ""
    return "```python\n" + "\n".join(shown + form for form in forms) + "\n```"


def public_count():
    return sum(1 for module in modules().values() for _ in members(module))


if __name__ == "__main__":
    reference = Reference()
    print(len(reference.contents), "pages,", len(reference.anchors), "names of weft", weft.__version__)
