"""Training described in YAML, which ``weft train`` reads. Objects are made of Weft's names; no other code is run."""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import re
import types

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

# Where callables are taken from. Not all of weft: cpp_extension compiles, cli runs programs, save overwrites files.
PACKAGES = ("nn", "optim", "models", "datasets", "transforms", "metrics", "training", "utils.data", "ops")
FUNCTIONS = {
    "Model",
    "arange",
    "eye",
    "full",
    "linspace",
    "ones",
    "rand",
    "randint",
    "randn",
    "randperm",
    "tensor",
    "zeros",
}
MOST_OBJECTS = 100_000


class ConfigError(ValueError):
    """What is wrong with a file, with its name, line and key in front."""


class Section(dict):
    """A mapping that knows its lines."""

    def __init__(self, line):
        super().__init__()
        self.line, self.lines = line, {}

    def line_of(self, key):
        return self.lines.get(key, self.line)


def _yaml():
    try:
        import yaml
    except ImportError as error:
        raise ImportError("weft train: reading YAML needs pyyaml: pip install pyyaml") from error
    return yaml


@functools.cache
def _loader():
    """yaml's SafeLoader, with lines, without duplicate keys, and with 1e-3 as the number it is."""
    yaml = _yaml()

    class Loader(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        loader.flatten_mapping(node)
        made = Section(node.start_mark.line + 1)
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise ConfigError(f"line {line}: keys must be words, got {key!r}")
            if key in made:
                raise ConfigError(f"line {line}: the key {key!r} is there twice, first in line {made.lines[key]}")
            made.lines[key] = line
            made[key] = loader.construct_object(value_node, deep=True)
        return made

    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    number = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$")
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+.0123456789"))
    return Loader


class Config:
    """A file that was read.

    Args:
        text: the YAML.
        name: the file's name, for errors.
        modules: whose callables may be used beside Weft's.

    Raises:
        ConfigError: the text is no YAML, or not a mapping.
        ImportError: pyyaml is missing.
    """

    def __init__(self, text: str, name: str = "config", modules: Sequence[str] = ()) -> None:
        self.name, self.modules, self.made = name, tuple(modules), 0
        try:
            self.root = self._read(text)
        except ConfigError as error:
            raise ConfigError(f"{name}: {error}") from None
        if not isinstance(self.root, Section):
            raise ConfigError(
                f"{name}: expected a mapping with model, data and trainer, got {type(self.root).__name__}"
            )

    def _read(self, text):
        yaml = _yaml()
        try:
            return yaml.load(text, Loader=_loader())  # a SafeLoader
        except yaml.YAMLError as error:
            raise ConfigError(" ".join(str(error).split())) from None
        except RecursionError:
            raise ConfigError("nested too deeply") from None

    def error(self, line: int, path: str, text: str) -> ConfigError:
        """The error for a key; line 0 is an override."""
        return ConfigError(f"{self.name}:{line}: {path}: {text}" if line else f"{path}: {text}")

    def override(self, assignment: str) -> None:
        """Changes one value: ``trainer.epochs=3``, ``model.args.0.out_features=5``."""
        path, equals, value = assignment.partition("=")
        if not equals or not path:
            raise ConfigError(f"an override is key=value, got {assignment!r}")
        *parents, last = path.split(".")
        at: Any = self.root
        for i, key in enumerate(parents):
            at = self._inside(at, key, ".".join(parents[: i + 1]))
        try:
            read = self._read(value)
        except ConfigError as error:
            raise ConfigError(f"{assignment}: {error}") from None
        if isinstance(at, list):
            self._inside(at, last, path)
            at[int(last)] = read
        elif isinstance(at, Section):
            at[last] = read
            at.lines[last] = 0
        else:
            raise ConfigError(f"{assignment}: {'.'.join(parents)} is {at!r}, which has no keys")

    def _inside(self, at, key, path):
        if isinstance(at, list):
            if key.isdecimal() and int(key) < len(at):
                return at[int(key)]
            raise ConfigError(f"{path}: the list has {len(at)} items, counted from 0")
        if isinstance(at, Section) and key in at:
            return at[key]
        raise ConfigError(f"{path}: there is no such key{_near(key, at if isinstance(at, dict) else ())}")

    def check_keys(self, section: Any, path: str, known: Sequence[str], needed: Sequence[str] = ()) -> None:
        """The section is a mapping of known keys, with those that are needed."""
        if not isinstance(section, Section):
            raise self.error(self.root.line_of(path.partition(".")[0]), path, f"expected a mapping, got {section!r}")
        for key in section:
            if key not in known:
                where = f"{path}.{key}" if path else key
                raise self.error(section.line_of(key), where, f"there is no such key{_near(key, known)}")
        for key in needed:
            if key not in section:
                raise self.error(section.line, path or key, f"{key!r} is missing")

    # Objects

    def build(self, value: Any, path: str, line: int) -> Any:
        """The value with an object for each mapping that has ``class`` or ``function``."""
        self.made += 1
        if self.made > MOST_OBJECTS:
            raise self.error(line, path, f"more than {MOST_OBJECTS} values")
        if isinstance(value, list):
            return [self.build(part, f"{path}.{i}", getattr(part, "line", line)) for i, part in enumerate(value)]
        if not isinstance(value, Section):
            return value
        if "function" in value:
            self.check_keys(value, path, ("function",))
            return self.resolve(value["function"], f"{path}.function", value.line_of("function"))
        if "class" in value:
            make, args, options = self.parts(value, path)
            return self.call(make, args, options, path, value)
        return {key: self.build(part, f"{path}.{key}", value.line_of(key)) for key, part in value.items()}

    def parts(self, value: Any, path: str) -> tuple[Any, list[Any], dict[str, Any]]:
        """(callable, positional arguments, options) of a mapping with ``class``."""
        make = self.resolve(value["class"], f"{path}.class", value.line_of("class"))
        args = value.get("args", [])
        if not isinstance(args, list):
            raise self.error(value.line_of("args"), f"{path}.args", f"expected a list, got {args!r}")
        args = self.build(args, f"{path}.args", value.line_of("args"))
        options = {
            key: self.build(part, f"{path}.{key}", value.line_of(key))
            for key, part in value.items()
            if key not in ("class", "args")
        }
        return make, args, options

    def call(self, make: Any, args: Sequence[Any], options: dict[str, Any], path: str, section: Any) -> Any:
        """make(*args, **options); what it raises names the line and key."""
        try:
            parameters = inspect.signature(make).parameters.values()
        except (TypeError, ValueError):
            parameters = ()
        if parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters):
            known = [p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY]
            for key in options:
                if key not in known:
                    told = f"{section['class']} has no argument {key!r}{_near(key, known)}"
                    raise self.error(section.line_of(key), f"{path}.{key}", told)
        try:
            return make(*args, **options)
        except ConfigError:
            raise
        except Exception as error:
            raise self.error(section.line_of("class"), path, f"{section['class']}: {error}") from error

    def resolve(self, name: Any, path: str, line: int) -> Any:
        """The callable of a dotted name, in Weft's packages or a module that was allowed."""
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", name):
            raise self.error(line, path, f"expected a name such as weft.nn.Linear, got {name!r}")
        root = next((m for m in self.modules if name.startswith(m + ".")), None)
        root = root or next((f"weft.{p}" for p in PACKAGES if name.startswith(f"weft.{p}.")), None)
        if root is None and name.startswith("weft.") and name[5:] in FUNCTIONS:
            return getattr(weft, name[5:])
        if root is None:
            where = ", ".join(f"weft.{package}" for package in PACKAGES)
            raise self.error(
                line, path, f"{name} is not allowed: names are those of {where}, or of modules given by --allow-module"
            )
        try:
            found: Any = importlib.import_module(root)
        except ImportError as error:
            raise self.error(line, path, f"{root} cannot be imported: {error}") from error
        for part in name[len(root) + 1 :].split("."):
            following = getattr(found, part, None)
            if following is None:
                raise self.error(line, path, f"{_called(found)} has no {part!r}{_near(part, _public(found))}")
            found = following
            if not _belongs(found, root.partition(".")[0]):
                raise self.error(line, path, f"{name} is not allowed: {part!r} is of another package")
        if isinstance(found, types.ModuleType) or not callable(found):
            raise self.error(line, path, f"{name} cannot be called")
        return found


def _belongs(found, root):
    """Is it a module of that package, or defined in one?"""
    own = found.__name__ if isinstance(found, types.ModuleType) else getattr(found, "__module__", None)
    return own is None or own == root or own.startswith(root + ".")


def _called(found):
    return getattr(found, "__name__", type(found).__name__)


def _public(found):
    return [name for name in dir(found) if not name.startswith("_")]


def _near(key, known):
    near = difflib.get_close_matches(key, list(known), 1, 0.5)
    return (
        f"; did you mean {near[0]!r}?"
        if near
        else f"; there are: {', '.join(sorted(known))}"
        if len(known) < 40
        else ""
    )
