"""Attention whose scores a function may change, and whose blocks of queries and keys a mask may leave out.

Dong et al., "FlexAttention: a programming model for generating optimized attention kernels", 2024. The functions are
traced for one score and run inside of the attention kernel (`csrc/graph/score_program.h`). What that cannot do, a
composite over blocks of queries does: scores exist for one block at a time, in backward too, which computes them anew.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import weft
from weft import _C
from weft._checks import check_callables, check_flags, check_instances, check_numbers, check_tensors
from weft._jit_state import EXPORTING
from weft._missing import missing_names
from weft.nn import functional as F
from weft.nn.attention._block_mask import (
    BlockMask,
    and_masks,
    create_block_mask,
    create_mask,
    noop_mask,
    or_masks,
    over_indices,
)
from weft.nn.attention._captured import captured_tensors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = [
    "AuxOutput",
    "AuxRequest",
    "BlockMask",
    "and_masks",
    "create_block_mask",
    "create_mask",
    "flex_attention",
    "noop_mask",
    "or_masks",
]

_MOST_SCORES = 1 << 22  # that are held at a time where no mask sets the size of the blocks


class AuxRequest(NamedTuple):
    """What flex_attention shall return beside its output.

    Args:
        lse: the logarithm of each query's sum of exp(score). Default False.
        max_scores: each query's largest score. Default False.

    Example:
        >>> import weft
        >>> weft.nn.attention.flex_attention.AuxRequest(lse=True)
        AuxRequest(lse=True, max_scores=False)
    """

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """What flex_attention has returned beside its output.

    Args:
        lse: (B, H, L), or None where it was not asked for.
        max_scores: (B, H, L), or None where it was not asked for.

    Example:
        >>> import weft
        >>> weft.nn.attention.flex_attention.AuxOutput()
        AuxOutput(lse=None, max_scores=None)
    """

    lse: Tensor | None = None
    max_scores: Tensor | None = None


def flex_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    score_mod: Callable[..., Tensor] | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    return_lse: bool = False,
    kernel_options: dict[str, Any] | None = None,
    *,
    return_aux: AuxRequest | None = None,
) -> Any:
    """``softmax(score_mod(scale q k^T)) v`` over the keys that the mask allows. Dong et al., 2024.

    On the CPU, score_mod and mask_mod are traced for one score and become a program in the loop of the attention
    kernel, forward and backward, eager and in ``weft.jit``: no tensor of scores exists, and blocks that the mask leaves
    out are skipped for each batch and head. The program consists of elementwise functions of the score and of what
    depends on its place; tensors from outside that are indexed with b, h, q_idx and kv_idx are looked up before.
    Integers in it must stay below 2**24 (2**53 in float64).

    Everything else is a composite that holds the scores of one block of queries at a time, and takes about three times
    as long: other functions of the score (sums, sorting), tensors with gradients that are indexed with q_idx and kv_idx
    together, BLOCK_SIZE other than multiples of (64, 128), transforms (vmap, jvp), max_scores, programs that are
    exported, other devices, and everything within ``sdpa_kernel(SDPBackend.MATH)``. Second derivatives hold all scores.
    A query without keys gives 0 and lse -inf.

    Args:
        query: (B, H, L, E).
        key: (B, H_kv, S, E).
        value: (B, H_kv, S, V).
        score_mod: ``score_mod(score, b, h, q_idx, kv_idx)`` gives the score to use: a function of tensors without
            dimensions, the score and its place, which is applied to all at once. Tensors that it takes from outside get
            their gradients. By default none.
        block_mask: from create_block_mask; for at least as many queries and keys. By default all keys are seen.
        scale: factor of the scores. By default 1 / sqrt(E).
        enable_gqa: whether H may be a multiple of H_kv, several heads of query sharing one of key and value. Default
            False.
        return_lse: whether lse (B, H, L) is returned as well, the logarithm of each query's sum of exp(score). Default
            False.
        kernel_options: sizes for GPU kernels, accepted without effect: results do not depend on them.
        return_aux: an AuxRequest; an AuxOutput is returned as well.

    Returns:
        The output (B, H, L, V) of query's dtype, or (output, lse) or (output, AuxOutput).

    Raises:
        ValueError: shapes do not fit, or return_lse and return_aux are both given.
        TypeError: an argument is of another type.

    Example:
        >>> import weft
        >>> from weft.nn.attention.flex_attention import create_block_mask, flex_attention
        >>> q = weft.ones(1, 2, 4, 8)
        >>> causal = create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 4, 4)
        >>> flex_attention(q, q, q, lambda score, b, h, q_idx, kv_idx: score + q_idx - kv_idx, causal).shape == q.shape
        True
    """
    _check(query, key, value, score_mod, block_mask, enable_gqa)
    check_flags("flex_attention", return_lse=return_lse)
    check_instances((dict, type(None)), "flex_attention", kernel_options=kernel_options)
    if return_aux is not None:
        check_instances(AuxRequest, "flex_attention", return_aux=return_aux)
        if return_lse:
            raise ValueError("flex_attention: give return_lse or return_aux=AuxRequest(lse=True), not both")
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1]) if query.shape[-1] else 1.0
    check_numbers("flex_attention", scale=scale)
    aux = return_aux or AuxRequest(lse=bool(return_lse))
    if score_mod is None and block_mask is None and not any(aux):
        output = F.scaled_dot_product_attention(query, key, value, scale=float(scale), enable_gqa=enable_gqa)
        return output if return_aux is None else (output, AuxOutput())
    fused = None if aux.max_scores else _fused(query, key, value, score_mod, block_mask, float(scale))
    if fused is not None:
        output, lse, largest = *fused, None
    else:
        plan = _Plan(query, key, score_mod, block_mask, float(scale))
        output, lse, largest = _attend(plan, query, key, value)
    if return_aux is not None:
        return output, AuxOutput(lse if aux.lse else None, largest if aux.max_scores else None)
    return (output, lse) if return_lse else output


def _check(query, key, value, score_mod, block_mask, enable_gqa):
    name = "flex_attention"
    check_tensors(name, query=query, key=key, value=value)
    check_flags(name, enable_gqa=enable_gqa)
    if score_mod is not None:
        check_callables(name, score_mod=score_mod)
    if block_mask is not None:
        check_instances(BlockMask, name, block_mask=block_mask)
    shapes = f"got query {tuple(query.shape)}, key {tuple(key.shape)} and value {tuple(value.shape)}"
    if query.dim() != 4 or key.dim() != 4 or value.dim() != 4:
        raise ValueError(f"{name}: expected query, key and value with 4 dimensions (B, H, length, size), {shapes}")
    if not (query.dtype == key.dtype == value.dtype) or not query.is_floating_point():
        raise ValueError(
            f"{name}: expected query, key and value of one floating dtype, got {query.dtype}, {key.dtype} and "
            f"{value.dtype}"
        )
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"{name}: query and key must have one size (last dimension), {shapes}")
    if key.shape[:3] != value.shape[:3]:
        raise ValueError(f"{name}: key and value must have one batch size, number of heads and length, {shapes}")
    if query.shape[0] != key.shape[0]:
        raise ValueError(f"{name}: query and key must have one batch size, {shapes}")
    heads, shared = query.shape[1], key.shape[1]
    if heads != shared and not enable_gqa:
        raise ValueError(f"{name}: query and key must have as many heads, unless enable_gqa=True, {shapes}")
    if shared == 0 or heads % shared:
        if heads or shared:
            raise ValueError(f"{name}: the heads of query must be a multiple of those of key, {shapes}")
    if block_mask is None:
        return
    batch, mask_heads, queries, keys = block_mask.shape
    if batch not in (1, query.shape[0]) or mask_heads not in (1, heads):
        raise ValueError(
            f"{name}: block_mask is for batch size {batch} and {mask_heads} heads, expected 1 or as in query, {shapes}"
        )
    if queries < query.shape[2] or keys < key.shape[2]:
        raise ValueError(f"{name}: block_mask is for {queries} queries and {keys} keys, which are too few, {shapes}")


def _fused(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    score_mod: Callable[..., Tensor] | None,
    block_mask: BlockMask | None,
    scale: float,
) -> tuple[Tensor, Tensor] | None:
    """Output and lse by the kernel, or None where it cannot do what is asked for."""
    if query.device.type != "cpu" or not _C.nn._attention_kernels() & 1 or EXPORTING.get():
        return None
    if (
        not (query.numel() and key.numel() and value.numel())
        or _C._function_interpreter([query, key, value]) is not None
    ):
        return None
    compute = weft.float64 if query.dtype == weft.float64 else weft.float32
    mask_mod = None if block_mask is None else block_mask.mask_mod
    functions = [
        function and (lambda places, function=function: [function(*places)]) for function in (score_mod, mask_mod)
    ]
    try:
        program = _C.nn._score_program(compute, query.device, *functions)
        operands = None if program is None else _operands(program, (*query.shape[:3], key.shape[2]), query.device)
    except Exception:  # what is wrong with a function the composite says
        return None
    if operands is None or _C._function_interpreter(operands) is not None:  # of what functions take from outside
        return None
    if key.shape[1] != query.shape[1]:
        group = query.shape[1] // key.shape[1]
        key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    states, sizes = None, (0, 0)
    if block_mask is not None:
        states, sizes = block_mask.states(), block_mask.BLOCK_SIZE
    return _C.nn._flex_attention(program, query, key, value, operands, *sizes, scale, states)


def _operands(program: Any, sizes: tuple[int, ...], device: weft.device) -> list[Tensor] | None:
    """What the program reads beside scores, (B, H, L, S) with 1 for what it does not depend on."""
    operands = []
    for number, (places, captured, is_place) in enumerate(program.operands()):
        shape = [size if place in places else 1 for place, size in enumerate(sizes)]
        if shape[2] > 1 < shape[3] and math.prod(shape) > _MOST_SCORES:
            return None

        def values(number=number, places=places, is_place=is_place, shape=shape):
            indices = [weft.arange(sizes[place], device=device) for place in places]
            if is_place:
                return indices[0].reshape(shape)

            def function(*given):
                return program.operand(number, list(given))

            for inner in reversed(range(len(places))):
                function = weft.vmap(function, tuple(0 if i == inner else None for i in range(len(places))))
            return function(*indices).reshape(shape)

        operands.append(values() if captured else _C.nn._not_traced(values))
    return operands


class _Plan:
    """How flex_attention goes over the scores: blocks of queries, and for each the keys that some of them see."""

    def __init__(
        self,
        query: Tensor,
        key: Tensor,
        score_mod: Callable[..., Tensor] | None,
        block_mask: BlockMask | None,
        scale: float,
    ) -> None:
        self.score_mod = score_mod
        self.mask = block_mask
        self.scale = scale
        self.queries, self.keys = query.shape[2], key.shape[2]
        if block_mask is not None:
            self.rows = block_mask.BLOCK_SIZE[0]
        else:
            self.rows = max(16, _MOST_SCORES // max(1, query.shape[0] * query.shape[1] * self.keys))

    def blocks(self) -> list[tuple[slice, list[slice], list[slice]]]:
        """(queries, keys that all of them see, other keys) for each block of queries."""
        found = []
        for row, start in enumerate(range(0, self.queries, self.rows)):
            own = slice(start, min(start + self.rows, self.queries))
            if self.mask is None:
                found.append((own, [slice(0, self.keys)], []))
                continue
            full, other = self.mask.columns_of(row)
            found.append((own, self._runs(full), self._runs(other)))
        return found

    def _runs(self, columns: list[int]) -> list[slice]:
        size = self.mask.BLOCK_SIZE[1]
        runs = []
        for column in columns:
            start, stop = column * size, min((column + 1) * size, self.keys)
            if start >= stop:
                continue
            if runs and runs[-1].stop == start:
                runs[-1] = slice(runs[-1].start, stop)
            else:
                runs.append(slice(start, stop))
        return runs

    def compute(
        self, query: Tensor, key: Tensor, value: Tensor, own: slice, full: list[slice], other: list[slice]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Output, lse and largest score of the queries of one block, of which and of whose keys the tensors are."""
        device = query.device
        batch, heads, rows, _ = query.shape
        compute = weft.float64 if query.dtype == weft.float64 else weft.float32
        q, k, v = query.to(compute), key.to(compute), value.to(compute)
        shared = key.shape[1]
        if shared != heads:  # several heads of the query side by side as queries of one
            q = q.reshape(batch, shared, heads // shared * rows, q.shape[-1])
        scores = (q * self.scale) @ k.transpose(-2, -1)
        scores = scores.reshape(batch, heads, rows, key.shape[2])
        runs = [*full, *other]
        places = _places(runs, device)
        indices = weft.arange(batch, device=device), weft.arange(heads, device=device)
        indices += (weft.arange(own.start, own.stop, device=device),)
        if self.score_mod is not None:
            scores = over_indices(self.score_mod, (*indices, places), scores).to(compute)
        if other:
            allowed = self.mask.allowed(indices, own.start // self.rows, _places(other, device))
            seen = sum(run.stop - run.start for run in full)
            if seen:
                shape = (*allowed.shape[:-1], seen)
                allowed = weft.cat([weft.ones(shape, dtype=weft.bool, device=device), allowed], -1)
            scores = scores.masked_fill(~allowed, -math.inf)
        if not runs or not places.numel():
            none = scores.new_full(scores.shape[:-1], -math.inf)
            return value.new_zeros(batch, heads, rows, value.shape[-1]), none, none
        largest = scores.detach().amax(-1, True)
        safe = weft.where(largest == -math.inf, 0.0, largest)
        weights = (scores - safe).exp()
        total = weights.sum(-1, keepdim=True)
        empty = total == 0
        total = weft.where(empty, 1.0, total)
        lse = weft.where(empty, -math.inf, safe + total.log()).squeeze(-1)
        if shared != heads:
            weights = weights.reshape(batch, shared, heads // shared * rows, weights.shape[-1])
        output = (weights @ v).reshape(batch, heads, rows, v.shape[-1]) / total
        return output.to(query.dtype), lse, largest.squeeze(-1)

    def run(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Output, lse and largest score of all queries."""
        parts = []
        for own, full, other in self.blocks():
            k, v = _cut(key, full + other), _cut(value, full + other)
            parts.append(self.compute(query[:, :, own], k, v, own, full, other))
        if not parts:
            parts = [self.compute(query, key[:, :, :0], value[:, :, :0], slice(0, 0), [], [])]
        if len(parts) == 1:
            return parts[0]
        return tuple(weft.cat(pieces, 2) for pieces in zip(*parts))


def _places(runs: list[slice], device: weft.device) -> Tensor:
    parts = [weft.arange(run.start, run.stop, device=device) for run in runs] or [weft.arange(0, device=device)]
    return parts[0] if len(parts) == 1 else weft.cat(parts)


def _cut(x: Tensor, runs: list[slice]) -> Tensor:
    if len(runs) == 1:
        return x[:, :, runs[0]]
    return weft.cat([x[:, :, run] for run in runs], 2) if runs else x[:, :, :0]


def _attend(plan: _Plan, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    if not weft.is_grad_enabled() or _C._is_tracing() or _C._function_interpreter([query, key, value]) is not None:
        return plan.run(query, key, value)
    captured = captured_tensors(plan.score_mod, query.dtype, query.device) if plan.score_mod is not None else []
    if _C._function_interpreter(captured) is not None:
        return plan.run(query, key, value)
    if not any(x.requires_grad for x in (query, key, value)) and not captured:
        return plan.run(query, key, value)
    return _function().apply(plan, query, key, value, *captured)


_made = []


def _function():
    if not _made:  # at first use: most programs need no autograd.Function
        _made.append(_make_function())
    return _made[0]


def _make_function():
    class FlexAttention(weft.autograd.Function):
        @staticmethod
        def forward(ctx, plan, query, key, value, *captured):
            # What score_mod finds again are these objects, not what hooks make of saved ones.
            ctx.plan, ctx.captured = plan, captured
            ctx.save_for_backward(query, key, value, *captured)
            output, lse, largest = plan.run(query, key, value)
            ctx.mark_non_differentiable(largest)
            ctx.set_materialize_grads(False)
            return output, lse, largest

        @staticmethod
        def backward(ctx, grad, grad_lse, _):
            query, key, value = ctx.saved_tensors[:3]
            captured = ctx.captured
            if grad is None and grad_lse is None:
                return (None,) * (4 + len(captured))
            grads = [(0, grad), (1, grad_lse)]
            if weft.is_grad_enabled():
                # One tensor may be several of these: each gets the gradient of its own part.
                parts = [x.view_as(x) for x in (query, key, value)]
                inputs = [x for x in (*parts, *captured) if x.requires_grad]
                results = ctx.plan.run(*parts)
                found = iter(_gradients(results, inputs, grads, create_graph=True))
                return None, *(next(found) if x.requires_grad else None for x in (*parts, *captured))
            return None, *_backward(ctx.plan, query, key, value, captured, grads)

    return FlexAttention


def _gradients(results, inputs, grads, create_graph=False):
    pairs = [(results[i], grad) for i, grad in grads if grad is not None and results[i].requires_grad]
    if not pairs:
        return [None] * len(inputs)
    outputs, seeds = zip(*pairs)
    return weft.autograd.grad(outputs, inputs, seeds, create_graph=create_graph, allow_unused=True)


def _backward(plan, query, key, value, captured, grads):
    """Gradients of query, key, value and what score_mod takes from outside, block by block."""
    sums = [weft.zeros_like(x) for x in (query, key, value)] + [None] * len(captured)
    for own, full, other in plan.blocks():
        runs = full + other
        with weft.enable_grad():
            parts = query[:, :, own], _cut(key, runs), _cut(value, runs)
            parts = [x.detach().requires_grad_() for x in parts]
            results = plan.compute(*parts, own, full, other)
            own_grads = [(i, None if grad is None else grad[:, :, own]) for i, grad in grads]
            found = _gradients(results, [*parts, *captured], own_grads)
        if found[0] is not None:
            sums[0][:, :, own] = found[0]
        for i in (1, 2):
            start = 0
            for run in runs if found[i] is not None else ():
                size = run.stop - run.start
                sums[i][:, :, run] += found[i][:, :, start : start + size]
                start += size
        for i in range(3, len(sums)):
            if found[i] is not None:
                sums[i] = found[i] if sums[i] is None else sums[i] + found[i]
    for i, tensor in enumerate(captured, 3):
        sums[i] = weft.zeros_like(tensor) if sums[i] is None else sums[i]
    return sums
