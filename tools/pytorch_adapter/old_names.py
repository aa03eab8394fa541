"""A pytest plugin for both sides: names that the helpers of PyTorch 2.6 had and those of 2.13 call otherwise.

The tests are older than the installed PyTorch, whose helpers they use.
"""

import importlib
import importlib.util
import sys

_INTERNAL = "torch.testing._internal."


def _add(module, **names):
    for name, value in names.items():
        if not hasattr(module, name):
            setattr(module, name, value)


def _on_and_off(*arguments):
    """In place of a decorator that repeats a test with reduced precision on GPUs."""
    return lambda test: test


def _new_module_tests(module, name):
    if name != "new_module_tests":
        raise AttributeError(f"{module.__name__} has no attribute {name!r}", name=name)
    return module.get_new_module_tests()


def _none_of_none(parametrize):
    """Tests for each item of a list; none for an empty one (Weft lacks all), which PyTorch takes for a mistake."""

    def parametrized(*args, **kwargs):
        try:
            yield from parametrize(*args, **kwargs)
        except ValueError as error:
            if "An empty " not in str(error):
                raise

    return parametrized


def add_names(name, module):
    """Adds what the helper module ``name`` once had."""
    if name == "common_nn":
        module.__getattr__ = lambda name: _new_module_tests(module, name)
    elif name == "common_mkldnn":
        _add(module, bf32_on_and_off=_on_and_off)
    elif name == "common_cuda":
        _add(module, tf32_is_not_fp32=lambda: False)
    elif name == "common_device_type":
        module.ops._parametrize_test = _none_of_none(module.ops._parametrize_test)
    elif name == "common_utils":
        module.parametrize._parametrize_test = _none_of_none(module.parametrize._parametrize_test)
    elif name == "common_methods_invocations":
        from torch.testing._internal import common_device_type as current

        binary = [op for op in module.op_db if type(op).__name__ == "BinaryUfuncInfo"]
        _add(module, skip=current.skip, xfail=current.xfail, binary_ufuncs_and_refs=binary)
        _add(module, skipOps=lambda case, test, ops: current.skipOps(ops))
        _add(module, ops_and_refs=module.op_db + module.python_ref_db)


class _After:
    """A finder that adds the names when a helper module has been loaded."""

    def find_spec(self, name, path=None, target=None):
        short = name.removeprefix(_INTERNAL)
        if not name.startswith(_INTERNAL) or short not in NAMES:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            add_names(short, module)

        spec.loader.exec_module = exec_module
        return spec


NAMES = "common_nn common_mkldnn common_device_type common_utils common_cuda common_methods_invocations".split()
sys.meta_path.insert(0, _After())
