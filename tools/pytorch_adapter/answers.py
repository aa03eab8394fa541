"""What stand-ins answer where PyTorch's helpers need a real value to be loaded: paths and values."""

import contextlib
import importlib
import multiprocessing


def _no_scope(*args, **kwargs):
    return contextlib.nullcontext()


class _AlwaysCalled:
    """Weft's hooks of all modules that are always called, as the table of PyTorch's that tests count."""

    def __len__(self):
        from weft.nn.hooks import global_hooks

        return sum(kind == "forward" and always for kind, _, _, always in global_hooks.values())


def _same_metadata(assert_equal, first, second):
    """In place of a helper of tests that reads PyTorch's private descriptions of tensors."""
    for of in (
        lambda t: (t.dtype, t.shape, t.requires_grad, t.is_leaf, t.is_inference(), t.stride(), t.storage_offset()),
        lambda t: t.grad is None,
        lambda t: t._base is None,
    ):
        assert_equal(of(first), of(second))


def _only(value, name):
    """A setter of what can have one value only."""

    def set_to(given):
        if given != value:
            raise NotImplementedError(f"Weft has no {name}({given})")

    return set_to


def _pruning(name):
    """A private function of Weft's pruning that does what PyTorch's does."""
    return lambda *args, **kwargs: getattr(importlib.import_module("weft.nn.utils.pruning_methods"), name)(
        "prune", *args, **kwargs
    )


ANSWERS = {
    "torch.nn.utils.prune._validate_pruning_amount_init": lambda amount: _pruning("_checked_amount")(amount),
    "torch.nn.utils.prune._validate_pruning_amount": lambda amount, tensor_size: _pruning("_count")(
        amount, tensor_size
    ),
    "torch.nn.utils.prune._compute_nparams_toprune": lambda amount, tensor_size: _pruning("_count")(
        amount, tensor_size
    ),
    "torch.nn.modules.module._global_forward_hooks_always_called": _AlwaysCalled(),
    "torch._subclasses.meta_utils.assert_metadata_eq": _same_metadata,
    "torch.cpu._is_avx2_supported": lambda: True,
    "torch.multiprocessing.get_all_start_methods": multiprocessing.get_all_start_methods,
    "torch._dynamo.compiled_autograd.reset": lambda: None,
    "torch._dynamo.config.compiled_autograd": False,
    "torch._utils._element_size": lambda dtype: dtype.itemsize,
    "torch.sparse.check_sparse_tensor_invariants.is_enabled": lambda: False,
    "torch.sparse.check_sparse_tensor_invariants.enable": lambda: None,
    "torch.sparse.check_sparse_tensor_invariants.disable": lambda: None,
    "torch._C._len_torch_function_stack": lambda: 0,
    "torch._C._get_torch_function_state": lambda: 1,
    "torch._dynamo.reset": lambda: None,
    "torch._dynamo.config.suppress_errors": False,
    "torch.compiler.set_stance": _no_scope,
    "torch.backends.disable_global_flags": lambda: None,
    "torch._C._get_privateuse1_backend_name": lambda: "privateuseone",
    "torch.utils._foreach_utils._get_foreach_kernels_supported_devices": lambda: [],
    "torch.utils._foreach_utils._get_fused_kernels_supported_devices": lambda: [],
    "torch._prims_common.wrappers._maybe_remove_out_wrapper": lambda function: function,
    "torch.is_warn_always_enabled": lambda: True,
    "torch.set_warn_always": _only(True, "torch.set_warn_always"),
    "torch._dynamo.disable": lambda function=None, **options: function,  # nothing compiles the tests
    "torch.cuda.is_tf32_supported": lambda: False,
    "torch.compiler.is_compiling": lambda: False,
    "torch._library.opaque_object.is_opaque_type": lambda kind: False,
    # What these turn off is not there.
    "torch.utils._mode_utils.no_dispatch": _no_scope,
    "torch._C._DisableFuncTorch": _no_scope,
}

# What PyTorch lacks, too, although it looks private.
NOT_THERE = {"torch._foreach_zero", "torch._foreach_copy"}

# Methods of tensors that tables of operators mention.
DUNDERS = ("__rdiv__", "__rmod__", "__rpow__", "__rsub__", "__radd__", "__rmul__", "__rand__", "__ror__", "__rxor__")

# Private modules that are plain Python: loaded from the installed PyTorch as they are.
FILES = {"torch.utils._import_utils", "torch.utils._pytree", "torch.testing._utils"}
