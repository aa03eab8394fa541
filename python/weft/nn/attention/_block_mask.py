"""BlockMask: which queries see which keys, as a function and as a table of blocks; and functions that make such."""

from __future__ import annotations

import math

import weft
from weft import _C
from weft._checks import check_callables, check_flags, check_instances, check_integers, check_tensors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor

_BLOCK = 128


def noop_mask(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor) -> Tensor:
    """The mask_mod with which every query sees every key.

    Args:
        batch, head, token_q, token_kv: where it is asked for.

    Example:
        >>> import weft
        >>> weft.nn.attention.flex_attention.noop_mask(*weft.zeros(4, dtype=weft.int64))
        tensor(True)
    """
    check_tensors("noop_mask", batch=batch, head=head, token_q=token_q, token_kv=token_kv)
    return weft.ones_like(batch, dtype=weft.bool)


def and_masks(*mask_mods: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The mask_mod with which a query sees the keys that all of these let it see.

    Args:
        *mask_mods: functions ``(b, h, q_idx, kv_idx)`` -> bool.

    Raises:
        TypeError: one is no function.

    Example:
        >>> import weft
        >>> from weft.nn.attention.flex_attention import and_masks, create_mask
        >>> near = and_masks(lambda b, h, q, kv: q >= kv, lambda b, h, q, kv: q - kv < 2)
        >>> create_mask(near, 1, 1, 3, 3)[0, 0].int()
        tensor([[1, 0, 0],
                [1, 1, 0],
                [0, 1, 1]], dtype=weft.int32)
    """
    return _joined("and_masks", mask_mods, True)


def or_masks(*mask_mods: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The mask_mod with which a query sees the keys that any of these lets it see.

    Args:
        *mask_mods: functions ``(b, h, q_idx, kv_idx)`` -> bool.

    Raises:
        TypeError: one is no function.

    Example:
        >>> import weft
        >>> from weft.nn.attention.flex_attention import create_mask, or_masks
        >>> create_mask(or_masks(lambda b, h, q, kv: q == kv, lambda b, h, q, kv: kv == 0), 1, 1, 3, 3)[0, 0].int()
        tensor([[1, 0, 0],
                [1, 1, 0],
                [1, 0, 1]], dtype=weft.int32)
    """
    return _joined("or_masks", mask_mods, False)


def _joined(name, mask_mods, both):
    for mask_mod in mask_mods:
        check_callables(name, mask_mod=mask_mod)

    def joined(b, h, q_idx, kv_idx):
        result = weft.full_like(b, both, dtype=weft.bool)
        for mask_mod in mask_mods:
            one = mask_mod(b, h, q_idx, kv_idx)
            result = result & one if both else result | one
        return result

    return joined


def over_indices(function: Callable[..., Tensor], indices: tuple[Tensor, ...], scores: Tensor | None = None) -> Tensor:
    """``function(b, h, q_idx, kv_idx)``, or with scores (B, H, L, S) ``function(score, ...)``, for all of the indices.

    The function sees tensors without dimensions.
    """
    first = () if scores is None else (0,)
    for dim in (3, 2, 1, 0):
        function = weft.vmap(function, (*first, *(0 if i == dim else None for i in range(4))))
    if all(len(index) for index in indices):
        return function(*(() if scores is None else (scores,)), *indices)
    shape = tuple(map(len, indices))
    return weft.empty(shape, dtype=weft.bool, device=indices[0].device) if scores is None else scores


def create_mask(
    mod_fn: Callable[..., Tensor], B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = None
) -> Tensor:
    """What a mask_mod says for all places, a bool tensor (B, H, Q_LEN, KV_LEN).

    Args:
        mod_fn: a mask_mod ``(b, h, q_idx, kv_idx)`` -> bool, or a score_mod ``(score, b, h, q_idx, kv_idx)``: then
            where it does not give -inf.
        B, H: batch size and number of heads; None for 1.
        Q_LEN, KV_LEN: numbers of queries and keys.
        device: where it lies. By default the default device.

    Raises:
        TypeError: mod_fn is no such function.

    Example:
        >>> import weft
        >>> weft.nn.attention.flex_attention.create_mask(lambda b, h, q, kv: q >= kv, None, None, 2, 2)
        tensor([[[[ True, False],
                  [ True,  True]]]])
    """
    import inspect  # slow to import

    sizes = _checked_sizes("create_mask", mod_fn, B, H, Q_LEN, KV_LEN)
    indices = tuple(weft.arange(size, device=device) for size in sizes)
    required = [
        parameter
        for parameter in inspect.signature(mod_fn).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and parameter.default is parameter.empty
    ]
    if len(required) not in (4, 5):
        raise TypeError(
            f"create_mask: expected a function of (b, h, q_idx, kv_idx), or with a score before them, got one of "
            f"{len(required)} arguments"
        )
    if len(required) == 4:
        return over_indices(mod_fn, indices)
    return over_indices(mod_fn, indices, weft.zeros(sizes, device=device)) != -math.inf


def _checked_sizes(name, function, *sizes):
    check_callables(name, mod_fn=function)
    sizes = tuple(1 if size is None and place < 2 else size for place, size in enumerate(sizes))
    for what, size in zip(("B", "H", "Q_LEN", "KV_LEN"), sizes):
        check_integers(name, **{what: size})
        if size < 0:
            raise ValueError(f"{name}: {what} must not be negative, got {size}")
    return sizes


def _block_sizes(name: str, size: int | tuple[int, int]) -> tuple[int, int]:
    sizes = (size, size) if isinstance(size, int) else tuple(size)
    if len(sizes) != 2:
        raise ValueError(f"{name}: BLOCK_SIZE must be an int or two of them, got {size!r}")
    check_integers(name, BLOCK_SIZE=sizes[0])
    check_integers(name, BLOCK_SIZE=sizes[1])
    if min(sizes) <= 0:
        raise ValueError(f"{name}: BLOCK_SIZE must be positive, got {size!r}")
    return sizes


def create_block_mask(
    mask_mod: Callable[..., Tensor],
    B: int | None,
    H: int | None,
    Q_LEN: int,
    KV_LEN: int,
    device: Any = None,
    BLOCK_SIZE: int | tuple[int, int] = _BLOCK,
    _compile: bool = False,
    separate_full_blocks: bool = True,
) -> BlockMask:
    """The BlockMask of a mask_mod: which blocks of keys are empty, full or neither for each block of queries.

    It is computed for one block of queries at a time.

    Args:
        mask_mod: a function ``(b, h, q_idx, kv_idx)`` -> bool of tensors without dimensions: is the key seen?
        B, H: batch size and number of heads; None where the mask does not depend on them.
        Q_LEN, KV_LEN: numbers of queries and keys.
        device: where its tensors lie. By default the default device.
        BLOCK_SIZE: queries and keys of a block, one number or two. Default 128.
        separate_full_blocks: whether mask_mod is left out where it holds in the whole block. Default True.

    Raises:
        TypeError: an argument is of another type.
        ValueError: a size is negative, or a block's not positive.

    Example:
        >>> import weft
        >>> from weft.nn.attention.flex_attention import create_block_mask
        >>> create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 256, 256).to_dense()
        tensor([[[[1, 0],
                  [1, 1]]]], dtype=weft.int32)
    """
    name = "create_block_mask"
    batch, heads, queries, keys = _checked_sizes(name, mask_mod, B, H, Q_LEN, KV_LEN)
    check_flags(name, separate_full_blocks=separate_full_blocks, _compile=_compile)
    rows, columns = _block_sizes(name, BLOCK_SIZE)
    lacking = -keys % columns
    places = [weft.arange(size, device=device) for size in (batch, heads, keys)]
    shape = (batch, heads, -(-queries // rows), -(-keys // columns))
    count = weft.zeros(shape, dtype=weft.int64, device=device)  # sizes that are too large fail here
    for row, start in enumerate(range(0, queries, rows)):
        own = weft.arange(start, min(start + rows, queries), device=device)
        mask = over_indices(mask_mod, (places[0], places[1], own, places[2]))
        if mask.dtype != weft.bool:
            raise TypeError(f"{name}: mask_mod must give bools, got {mask.dtype}")
        seen = weft.nn.functional.pad(mask.sum(2), (0, lacking))
        count[:, :, row] = seen.reshape(batch, heads, shape[-1], columns).sum(-1)
    full = (count == rows * columns) if separate_full_blocks else weft.zeros_like(count, dtype=weft.bool)
    lists = [*_as_lists((count > 0) & ~full), *(_as_lists(full) if separate_full_blocks else (None, None))]
    return BlockMask.from_kv_blocks(*lists, BLOCK_SIZE=(rows, columns), mask_mod=mask_mod, seq_lengths=(queries, keys))


def _as_lists(table: Tensor) -> tuple[Tensor, Tensor]:
    """For each row of a bool table how many are true, and the columns, those first."""
    table = table.to(weft.int32)
    order = table.argsort(dim=-1, descending=True, stable=True)
    return table.sum(-1, dtype=weft.int32), order.to(weft.int32)


def _as_table(count: Tensor, columns: Tensor) -> Tensor:
    """The bool table of such lists."""
    listed = weft.arange(columns.shape[-1], device=columns.device) < count.unsqueeze(-1)
    table = weft.zeros(columns.shape, dtype=weft.int32, device=columns.device)
    return table.scatter_add(-1, columns.to(weft.int64), listed.to(weft.int32)) > 0


def _as_places(index: Any, size: int, device: weft.device) -> Tensor | None:
    """Which places along a dimension an index means, None for all."""
    if isinstance(index, slice) and index == slice(None):
        return None
    if isinstance(index, int):
        if not -size <= index < size:
            raise IndexError(f"BlockMask: index {index} is out of range for size {size}")
        index = [index % size]
    return weft.arange(size, device=device)[index]


def _renumbered(
    mask_mod: Callable[..., Tensor],
    batches: Tensor | None,
    heads: Tensor | None,
    rows: Tensor | None,
    row_size: int,
) -> Callable[..., Tensor]:
    """The mask_mod that asks the given one for the batches, heads and rows of blocks at these places."""
    if batches is None and heads is None and rows is None:
        return mask_mod

    def at(places, number):
        return places[number if len(places) > 1 else weft.zeros_like(number)]

    def renumbered(b, h, q_idx, kv_idx):
        b = b if batches is None else at(batches, b)
        h = h if heads is None else at(heads, h)
        if rows is not None:
            q_idx = rows[q_idx // row_size] * row_size + q_idx % row_size
        return mask_mod(b, h, q_idx, kv_idx)

    return renumbered


def _row(least: list[int], most: list[int]) -> tuple[list[int], list[int], bool]:
    full = [column for column, low in enumerate(least) if low == 2]
    other = [column for column, (low, high) in enumerate(zip(least, most)) if low < 2 and high > 0]
    return full, other, all(least[column] == most[column] == 1 for column in other)


class BlockMask:
    """Which queries see which keys: a mask_mod, and for each block of queries the blocks of keys it must be asked for.

    ``create_block_mask`` makes one of a mask_mod, ``from_kv_blocks`` of lists. Blocks of keys that are in no list of a
    block of queries are hidden from it; in full blocks mask_mod is not asked. ``mask[b, h]`` is the mask of some
    batches and heads.

    Args:
        seq_lengths: numbers of queries and keys.
        kv_num_blocks: (B, H, rows), how many blocks of keys are partly seen.
        kv_indices: (B, H, rows, columns), which, at the front of the last dimension.
        full_kv_num_blocks, full_kv_indices: the same for blocks that are seen wholly; None for none.
        q_num_blocks, q_indices, full_q_num_blocks, full_q_indices: the same by column.
        BLOCK_SIZE: queries and keys of a block. Default (128, 128).
        mask_mod: a function ``(b, h, q_idx, kv_idx)`` -> bool. By default all is seen.

    Raises:
        TypeError: an argument is of another type.
        ValueError: shapes do not fit.

    Example:
        >>> import weft
        >>> from weft.nn.attention.flex_attention import create_block_mask
        >>> mask = create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 512, 512)
        >>> mask.shape, mask.sparsity()
        ((1, 1, 512, 512), 37.5)
    """

    def __init__(
        self,
        seq_lengths: tuple[int, int],
        kv_num_blocks: Tensor,
        kv_indices: Tensor,
        full_kv_num_blocks: Tensor | None,
        full_kv_indices: Tensor | None,
        q_num_blocks: Tensor | None,
        q_indices: Tensor | None,
        full_q_num_blocks: Tensor | None,
        full_q_indices: Tensor | None,
        BLOCK_SIZE: tuple[int, int] = (_BLOCK, _BLOCK),
        mask_mod: Callable[..., Tensor] = noop_mask,
    ) -> None:
        check_callables("BlockMask", mask_mod=mask_mod)
        for count, columns, what in (
            (kv_num_blocks, kv_indices, "kv"),
            (full_kv_num_blocks, full_kv_indices, "full_kv"),
            (q_num_blocks, q_indices, "q"),
            (full_q_num_blocks, full_q_indices, "full_q"),
        ):
            if (count is None) != (columns is None):
                raise ValueError(f"BlockMask: {what}_num_blocks and {what}_indices must be given both or neither")
            optional = () if what == "kv" else (f"{what}_num_blocks", f"{what}_indices")
            check_tensors("BlockMask", optional, **{f"{what}_num_blocks": count, f"{what}_indices": columns})
            if count is not None and (columns.dim() < 2 or count.shape != columns.shape[:-1]):
                raise ValueError(
                    f"BlockMask: expected {what}_num_blocks (B, H, rows) and {what}_indices (B, H, rows, columns), got "
                    f"{tuple(count.shape)} and {tuple(columns.shape)}"
                )
        check_instances((tuple, list), "BlockMask", seq_lengths=seq_lengths)
        if len(seq_lengths) != 2:
            raise ValueError(f"BlockMask: seq_lengths must be two numbers, of queries and keys, got {seq_lengths!r}")
        for length in seq_lengths:
            check_integers("BlockMask", seq_lengths=length)
        blocks, sizes = tuple(kv_indices.shape[-2:]), _block_sizes("BlockMask", BLOCK_SIZE)
        if any(count * size < length for count, size, length in zip(blocks, sizes, seq_lengths)):
            raise ValueError(
                f"BlockMask: {blocks[0]} x {blocks[1]} blocks of {sizes[0]} queries and {sizes[1]} keys do not reach "
                f"{seq_lengths[0]} queries and {seq_lengths[1]} keys (seq_lengths)"
            )
        if full_kv_indices is not None and full_kv_indices.shape != kv_indices.shape:
            raise ValueError(
                f"BlockMask: expected full_kv_indices and kv_indices of one shape, got "
                f"{tuple(full_kv_indices.shape)} and {tuple(kv_indices.shape)}"
            )
        self.seq_lengths = tuple(seq_lengths)
        self.kv_num_blocks, self.kv_indices = kv_num_blocks, kv_indices
        self.full_kv_num_blocks, self.full_kv_indices = full_kv_num_blocks, full_kv_indices
        self.q_num_blocks, self.q_indices = q_num_blocks, q_indices
        self.full_q_num_blocks, self.full_q_indices = full_q_num_blocks, full_q_indices
        self.BLOCK_SIZE = sizes
        self.mask_mod = mask_mod
        # 0, 1 or 2 for each block: empty, partly seen, full
        self._states = _as_table(kv_num_blocks, kv_indices).to(weft.int8)
        if full_kv_num_blocks is not None:
            self._states = weft.where(_as_table(full_kv_num_blocks, full_kv_indices), 2, self._states).to(weft.int8)
        # For each row: the columns that are full for all, those that some see, and whether all see a part of these.
        # None in a trace, which does not know them: then no block is skipped
        self._rows: list[tuple[list[int], list[int], bool]] | None = None
        if not _C._is_tracing() and self._states.device.type != "meta":
            states = self._states.reshape(-1 if self._states.numel() else 0, *self._states.shape[-2:])
            least, most = (states.amin(0), states.amax(0)) if states.numel() else (states.sum(0), states.sum(0))
            self._rows = [_row(*bounds) for bounds in zip(least.tolist(), most.tolist())]

    @classmethod
    def from_kv_blocks(
        cls,
        kv_num_blocks: Tensor,
        kv_indices: Tensor,
        full_kv_num_blocks: Tensor | None = None,
        full_kv_indices: Tensor | None = None,
        BLOCK_SIZE: int | tuple[int, int] = _BLOCK,
        mask_mod: Callable[..., Tensor] | None = None,
        seq_lengths: tuple[int, int] | None = None,
        compute_q_blocks: bool = True,
    ) -> BlockMask:
        """A BlockMask of lists of blocks of keys; those of blocks of queries follow.

        Args:
            kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices: as those of BlockMask.
            BLOCK_SIZE: queries and keys of a block, one number or two. Default 128.
            mask_mod: a function ``(b, h, q_idx, kv_idx)`` -> bool. By default all is seen.
            seq_lengths: numbers of queries and keys. By default those of whole blocks.
            compute_q_blocks: whether the lists by column are made. Default True.

        Raises:
            TypeError: an argument is of another type.
            ValueError: shapes do not fit.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import BlockMask
            >>> count, columns = weft.tensor([[[1, 1]]]), weft.tensor([[[[0, 1], [1, 0]]]])
            >>> BlockMask.from_kv_blocks(count, columns).to_dense()
            tensor([[[[1, 0],
                      [0, 1]]]], dtype=weft.int32)
        """
        check_tensors("from_kv_blocks", kv_num_blocks=kv_num_blocks, kv_indices=kv_indices)
        if kv_indices.dim() < 2:
            raise ValueError(
                f"from_kv_blocks: expected kv_indices (B, H, rows, columns), got shape {tuple(kv_indices.shape)}"
            )
        sizes = _block_sizes("from_kv_blocks", BLOCK_SIZE)
        if seq_lengths is None:
            seq_lengths = tuple(n * size for n, size in zip(kv_indices.shape[-2:], sizes))
        by_column = [None] * 4
        if compute_q_blocks:
            by_column[:2] = _as_lists(_as_table(kv_num_blocks, kv_indices).transpose(-2, -1))
            if full_kv_num_blocks is not None and full_kv_indices is not None:
                by_column[2:] = _as_lists(_as_table(full_kv_num_blocks, full_kv_indices).transpose(-2, -1))
        return cls(
            seq_lengths,
            kv_num_blocks,
            kv_indices,
            full_kv_num_blocks,
            full_kv_indices,
            *by_column,
            BLOCK_SIZE=sizes,
            mask_mod=noop_mask if mask_mod is None else mask_mod,
        )

    def _tensors(self) -> tuple[Tensor | None, ...]:
        return (
            self.kv_num_blocks,
            self.kv_indices,
            self.full_kv_num_blocks,
            self.full_kv_indices,
            self.q_num_blocks,
            self.q_indices,
            self.full_q_num_blocks,
            self.full_q_indices,
        )

    def as_tuple(self, flatten: bool = True) -> tuple[Any, ...]:
        """All arguments of the class, in their order.

        Args:
            flatten: whether lengths and block sizes are numbers of their own, not tuples. Default True.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask, noop_mask
            >>> create_block_mask(noop_mask, None, None, 256, 128).as_tuple()[:2]
            (256, 128)
        """
        lengths, sizes = self.seq_lengths, self.BLOCK_SIZE
        if not flatten:
            lengths, sizes = (lengths,), (sizes,)
        return (*lengths, *self._tensors(), *sizes, self.mask_mod)

    @property
    def shape(self) -> tuple[int, ...]:
        """(B, H, queries, keys).

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask, noop_mask
            >>> create_block_mask(noop_mask, None, None, 256, 128).shape
            (1, 1, 256, 128)
        """
        return (*self.kv_indices.shape[:-2], *self.seq_lengths)

    def numel(self) -> int:
        """How many pairs of a query and a key there are.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask, noop_mask
            >>> create_block_mask(noop_mask, None, None, 256, 128).numel()
            32768
        """
        return math.prod(self.shape)

    def sparsity(self) -> float:
        """The percentage of pairs that are in empty blocks.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask
            >>> create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 256, 256).sparsity()
            25.0
        """
        computed = int((self._states > 0).sum()) * self.BLOCK_SIZE[0] * self.BLOCK_SIZE[1]
        return 100 * (1 - computed / max(1, self.numel()))

    def to_dense(self) -> Tensor:
        """The table of blocks (B, H, rows, columns): 1 where there is something to compute, else 0.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask, noop_mask
            >>> create_block_mask(noop_mask, None, None, 256, 128).to_dense()
            tensor([[[[1],
                      [1]]]], dtype=weft.int32)
        """
        return (self._states > 0).to(weft.int32)

    def to_string(self, grid_size: int | tuple[int, int] = (20, 20), limit: int = 4) -> str:
        """A drawing of the blocks: full ones dark, partly seen ones light, empty ones dots.

        Args:
            grid_size: most rows and columns that are drawn, one number or two; -1 for all. Default (20, 20).
            limit: of how many batches and heads. Default 4.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask
            >>> causal = create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 256, 256)
            >>> print(causal.to_string())
            (0, 0)
            ░░..
            ██░░
        """
        check_integers("to_string", limit=limit)
        sizes = (grid_size, grid_size) if isinstance(grid_size, int) else tuple(grid_size)
        states = self._states.reshape(-1 if self._states.numel() else 0, *self._states.shape[-2:])
        heads = self._states.shape[-3] if self._states.dim() > 2 else 1
        lines = []
        for i in range(min(len(states), limit)):
            table = states[i].tolist()
            steps = [1 if most < 0 else max(1, -(-n // most)) for n, most in zip(states.shape[1:], sizes)]
            lines.append(f"({i // heads}, {i % heads})" if self._states.dim() > 2 else "")
            for row in range(0, len(table), steps[0]):
                text = ""
                for column in range(0, len(table[row]), steps[1]):
                    cells = {x for line in table[row : row + steps[0]] for x in line[column : column + steps[1]]}
                    text += "██" if cells == {2} else ".." if cells == {0} else "░░"
                lines.append(text)
        if len(states) > limit:
            lines.append("...")
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"BlockMask(shape={self.shape}, sparsity={self.sparsity():.2f}%,\n{self.to_string()}\n)"

    def __repr__(self) -> str:
        return f"BlockMask(shape={self.shape}, sparsity={self.sparsity():.2f}%, mask_mod={self.mask_mod!r})"

    def __getitem__(self, index: Any) -> BlockMask:
        """The mask of some batches, heads and rows of blocks, which its mask_mod then counts from 0."""
        index = index if isinstance(index, tuple) else (index,)
        if len(index) > 3:
            raise IndexError(f"BlockMask: expected at most three indices (batch, head, row), got {len(index)}")
        sizes = self.kv_indices.shape
        kept = tuple(_as_places(i, size, self.kv_indices.device) for i, size in zip(index, sizes))
        tensors = list(self._tensors()[:4])
        for dim, places in enumerate(kept):
            if places is not None:
                tensors = [None if x is None else x.index_select(dim, places) for x in tensors]
        lengths = self.seq_lengths
        rows = kept[2] if len(kept) == 3 else None
        if rows is not None:
            lengths = (min(len(rows) * self.BLOCK_SIZE[0], lengths[0]), lengths[1])
        # A dimension of size 1 goes for all
        maps = [None if size == 1 else places for places, size in zip(kept[:2], sizes)] + [None] * (2 - len(kept[:2]))
        mask_mod = _renumbered(self.mask_mod, *maps, rows, self.BLOCK_SIZE[0])
        return BlockMask.from_kv_blocks(*tensors, self.BLOCK_SIZE, mask_mod, lengths, self.q_indices is not None)

    def to(self, device: Any) -> BlockMask:
        """The mask with its tensors on a device; what mask_mod refers to stays where it is.

        Args:
            device: the device.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask, noop_mask
            >>> create_block_mask(noop_mask, None, None, 256, 128).to("cpu").shape
            (1, 1, 256, 128)
        """
        tensors = [None if x is None else x.to(device) for x in self._tensors()]
        return BlockMask(self.seq_lengths, *tensors, self.BLOCK_SIZE, self.mask_mod)

    def states(self) -> Tensor:
        """The table of blocks (B, H, rows, columns), uint8: 0 where nothing is seen, 1 where mask_mod says, 2 all.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask
            >>> create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 256, 256).states()
            tensor([[[[1, 0],
                      [2, 1]]]], dtype=weft.uint8)
        """
        states = self._states
        while states.dim() < 4:
            states = states.unsqueeze(0)
        return states.to(weft.uint8)

    def columns_of(self, row: int) -> tuple[list[int], list[int]]:
        """The blocks of keys that a block of queries sees wholly in all batches and heads, and others that some see.

        Args:
            row: which block of queries.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask
            >>> causal = create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 256, 256)
            >>> causal.columns_of(1)
            ([0], [1])
        """
        if self._rows is None:
            return [], list(range(self._states.shape[-1]))
        return self._rows[row][:2]

    def allowed(self, indices: tuple[Tensor, ...], row: int, places: Tensor) -> Tensor:
        """Which keys the queries of one block see.

        Args:
            indices: batches, heads and queries.
            row: which block of queries it is.
            places: the keys, of blocks that not all see wholly.

        Example:
            >>> import weft
            >>> from weft.nn.attention.flex_attention import create_block_mask
            >>> causal = create_block_mask(lambda b, h, q_idx, kv_idx: q_idx >= kv_idx, None, None, 2, 2)
            >>> causal.allowed((weft.arange(1), weft.arange(1), weft.arange(2)), 0, weft.arange(2))
            tensor([[[[ True, False],
                      [ True,  True]]]])
        """
        asked = over_indices(self.mask_mod, (*indices, places))
        if self._rows is not None and self._rows[row][2]:
            return asked
        states = self._states[..., row, :][..., places // self.BLOCK_SIZE[1]].unsqueeze(-2)
        return (states == 2) | ((states == 1) & asked)
