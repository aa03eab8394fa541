"""Tensors of a file into a model whose names are nearly the same."""

from __future__ import annotations

import re
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from weft import Tensor, nn
    from weft.hub._kinds import Kind

# What files hold that models compute, or that models make anew
_COMPUTED = re.compile(r"(\.attn\.(masked_)?bias|position_ids|rotary_emb\.inv_freq|relative_attention_bias\.mask)$")


def _with_prefix(state, expected, prefix):
    """Names of a base model where the model has a head, and the other way round."""
    if not prefix:
        return state
    inside = any(name.startswith(prefix) for name in state)
    if any(name.startswith(prefix) for name in expected):
        return state if inside else {name if name in expected else prefix + name: v for name, v in state.items()}
    return {n[len(prefix) :]: v for n, v in state.items() if n.startswith(prefix)} if inside else state


def _some(names):
    names = sorted(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def fill(
    folder: Path, model: nn.Module, kind: Kind, state: dict[str, Tensor], config: dict[str, Any], strict: bool
) -> None:
    """Put the tensors into the model. Raises ValueError, before anything changes, where they do not fit."""
    # TensorFlow's names, which old files of BERT have
    state = {re.sub("LayerNorm.gamma$", "LayerNorm.weight", name): value for name, value in state.items()}
    state = {re.sub("LayerNorm.beta$", "LayerNorm.bias", name): value for name, value in state.items()}
    if kind.convert is not None:
        state = kind.convert(state, config)
    expected = model.state_dict()
    state = _with_prefix(state, expected, kind.prefix)
    places = {expected[name].data_ptr(): name for name in state if name in expected}
    for name, tensor in expected.items():  # one tensor under two names, of which files may hold one
        if name not in state and tensor.numel() and tensor.data_ptr() in places:
            state[name] = state[places[tensor.data_ptr()]]
    counters = {name for name in expected if name.endswith("num_batches_tracked")}
    missing = expected.keys() - state.keys() - counters
    other = [name for name in state if name not in expected and not _COMPUTED.search(name)]
    wrong = [name for name in expected if name in state and state[name].shape != expected[name].shape]
    if wrong and strict:
        shapes = f"{tuple(state[wrong[0]].shape)}, the model {tuple(expected[wrong[0]].shape)}"
        raise ValueError(f"hub.load: {wrong[0]} in {folder} has the shape {shapes}; strict=False leaves it as made")
    if missing and strict:
        raise ValueError(
            f"hub.load: the weights in {folder} lack {_some(missing)} of {type(model).__name__}; strict=False leaves "
            "them as they are made"
        )
    if len(missing) == len(expected.keys() - counters):
        raise ValueError(f"hub.load: the weights in {folder} have nothing of {type(model).__name__}: {_some(state)}")
    if other:
        warnings.warn(f"hub.load: {type(model).__name__} has no place for {_some(other)}", UserWarning, stacklevel=3)
    new = {*missing, *wrong}
    if new:
        warnings.warn(f"hub.load: the weights lack {_some(new)}, which are new", UserWarning, stacklevel=3)
    model.load_state_dict({n: v for n, v in state.items() if n in expected and n not in new}, strict=False)
