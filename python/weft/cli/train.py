"""train a model as a YAML file describes it

  weft train digits.yaml                                trains
  weft train digits.yaml trainer.epochs=3 seed=1        with other values
  weft train digits.yaml --resume                       goes on from the last checkpoint
  weft train digits.yaml --allow-module my_models       may use callables of my_models

The file has three parts: `model`, `data` (train and perhaps validation: data sets or loaders) and `trainer` (options of
weft.Trainer, epochs, max_steps). It may have `seed` and `save`, where the trained weights go. A mapping with `class` is
an object: its other keys are arguments, `args` those without a name. docs/training.md shows one.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """The file, changes of its values, and where to go on."""
    parser.add_argument("file", metavar="FILE", help="the YAML file")
    parser.add_argument("overrides", metavar="KEY=VALUE", nargs="*", help="other values: trainer.epochs=3")
    parser.add_argument(
        "--resume",
        nargs="?",
        const="last",
        metavar="WHICH",
        help="go on from the checkpoint last (default), best or a step",
    )
    parser.add_argument(
        "--allow-module", action="append", default=[], metavar="NAME", help="a module whose callables the file may name"
    )


def main(arguments: argparse.Namespace) -> int:
    """Trains; what is wrong with the file is said with its line and key."""
    from weft.training._config import Config, ConfigError
    from weft.training._step import NonFiniteLoss

    if arguments.allow_module and "" not in sys.path:
        sys.path.insert(0, "")  # the current folder, as for python -m
    try:
        with open(arguments.file, encoding="utf-8") as file:
            config = Config(file.read(), arguments.file, arguments.allow_module)
        for assignment in arguments.overrides:
            config.override(assignment)
        run = _Run(config)
    except (ConfigError, ImportError, OSError, UnicodeDecodeError) as error:
        return _fail(error, 2)
    which = arguments.resume
    try:
        run.train(int(which) if which is not None and which.isdecimal() else which)
    except KeyboardInterrupt:
        return _fail("interrupted" + ("; --resume goes on" if run.trainer.checkpoints is not None else ""), 130)
    except (NonFiniteLoss, ValueError, TypeError, KeyError, OSError, RuntimeError) as error:
        if arguments.allow_module:  # it may be of the program's own code, which a traceback shows
            raise
        return _fail(error, 1)
    return 0


def _fail(error, status):
    text = error.args[0] if isinstance(error, KeyError) else error
    print(f"weft train: {text}", file=sys.stderr)
    return status


class _Run:
    """The trainer, loaders and lengths of a file."""

    def __init__(self, config):
        from weft.training import _options as options

        root = config.root
        config.check_keys(root, "", ("model", "data", "trainer", "seed", "save"), ("model", "data", "trainer"))
        self.config, self.save = config, root.get("save")
        seed = root.get("seed")
        if seed is not None:
            if not isinstance(seed, int) or isinstance(seed, bool):
                raise config.error(root.line_of("seed"), "seed", f"expected an integer, got {seed!r}")
            options.seed_all(seed)  # the model's first weights too
        self.model = self._model(config, root)
        self.loaders = self._data(config, root)
        self.trainer, self.lengths = self._trainer(config, root, seed)

    def _model(self, config, root):
        from weft.nn import Module

        model = config.build(root["model"], "model", root.line_of("model"))
        if not isinstance(model, Module):
            told = f"expected a mapping with the class of a module, got {type(model).__name__}"
            raise config.error(root.line_of("model"), "model", told)
        return model

    def _data(self, config, root):
        from weft.utils.data import DataLoader

        section = root["data"]
        sets, rest = ("train", "validation"), ("batch_size", "shuffle", "num_workers", "drop_last", "pin_memory")
        config.check_keys(section, "data", (*sets, *rest), ("train",))
        options = {key: section[key] for key in rest if key in section}
        loaders = {}
        for name in sets:
            if section.get(name) is None:
                continue
            found = config.build(section[name], f"data.{name}", section.line_of(name))
            if not isinstance(found, DataLoader) and hasattr(found, "__getitem__"):
                own = {**options, "shuffle": name == "train" and options.get("shuffle", True)}
                own["drop_last"] = name == "train" and options.get("drop_last", False)
                try:
                    found = DataLoader(found, **own)
                except (ValueError, TypeError) as error:
                    raise config.error(section.line_of(name), f"data.{name}", str(error)) from error
            loaders[name] = found
        return loaders

    def _trainer(self, config, root, seed):
        import inspect

        from weft.training import Trainer
        from weft.training._config import ConfigError

        section = root["trainer"]
        known = [name for name in inspect.signature(Trainer).parameters if name not in ("model", "seed")]
        config.check_keys(section, "trainer", (*known, "epochs", "max_steps"), ("optimizer",))
        chosen = {}
        for key, value in section.items():
            made = key in ("optimizer", "schedule") and isinstance(value, dict) and "class" in value
            path = f"trainer.{key}"
            chosen[key] = self._factory(value, path) if made else config.build(value, path, section.line_of(key))
        lengths = {key: chosen.pop(key) for key in ("epochs", "max_steps") if key in chosen}
        if isinstance(chosen.get("profile"), list):
            chosen["profile"] = tuple(chosen["profile"])
        try:
            return Trainer(self.model, chosen.pop("optimizer"), chosen.pop("loss", None), seed=seed, **chosen), lengths
        except ConfigError:
            raise
        except Exception as error:
            raise config.error(root.line_of("trainer"), "trainer", str(error)) from error

    def _factory(self, section, path):
        """A function of the parameters, or of the optimizer, which come first."""
        make, args, options = self.config.parts(section, path)
        return lambda first: self.config.call(make, [first, *args], options, path, section)

    def train(self, resume):
        import weft

        history = self.trainer.fit(self.loaders["train"], self.loaders.get("validation"), resume=resume, **self.lengths)
        for logger in self.trainer.loggers:
            logger.close()
        if self.save is not None:
            weft.save(self.model.state_dict(), self.save)
        figures = {name: values[-1] for name, values in history.history.items()}
        told = ", ".join(f"{name} {value:.4g}" for name, value in figures.items() if isinstance(value, (int, float)))
        print(f"epoch {self.trainer.epoch}, step {self.trainer.step}: {told}")
