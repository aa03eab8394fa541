"""Embedding: a table of vectors, looked up by index; and the bag of several such vectors."""

from __future__ import annotations

import weft
from weft._checks import check_integers, check_numbers, check_sizes, check_tensors
from weft.nn import functional as F
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device, EmbeddingBagT, EmbeddingT


def _check_table(
    kind: str, num_embeddings: int, embedding_dim: int, max_norm: float | None, norm_type: float, sparse: bool
) -> None:
    if sparse:
        raise NotImplementedError(
            f"{kind}: gradients are dense tensors, Weft has no sparse ones yet; leave sparse=False"
        )
    check_integers(kind, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
    check_sizes(kind, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
    check_numbers(kind, norm_type=norm_type, **({} if max_norm is None else {"max_norm": max_norm}))


def _row(kind: str, padding_idx: int | None, num_embeddings: int) -> int | None:
    """padding_idx counted from the start."""
    if padding_idx is None:
        return None
    check_integers(kind, padding_idx=padding_idx)
    if not -num_embeddings <= padding_idx < num_embeddings:
        raise ValueError(f"{kind}: padding_idx must be within num_embeddings={num_embeddings}, got {padding_idx}")
    return padding_idx % num_embeddings


def _table(kind: str, weight: Tensor, num_embeddings: int, embedding_dim: int) -> Tensor:
    check_tensors(kind, _weight=weight)
    if tuple(weight.shape) != (num_embeddings, embedding_dim):
        raise ValueError(
            f"{kind}: expected a weight of shape {(num_embeddings, embedding_dim)}, got {tuple(weight.shape)}"
        )
    return weight


def _draw_table(weight: Tensor, padding_idx: int | None) -> None:
    init.normal_(weight)
    if padding_idx is not None:
        with weft.no_grad():
            weight[padding_idx].fill_(0)


def _check_pretrained(embeddings: Tensor) -> tuple[int, int]:
    check_tensors("from_pretrained", embeddings=embeddings)
    if embeddings.dim() != 2:
        raise ValueError(f"from_pretrained: expected a matrix, got a tensor of shape {tuple(embeddings.shape)}")
    rows, columns = embeddings.shape
    return rows, columns


class Embedding(Module):
    """Replaces every index by its row of a learned table, weight.

    weight starts normally distributed (mean 0, standard deviation 1), its row padding_idx as zeros.

    Args:
        num_embeddings: number of rows; indices go from 0 to num_embeddings - 1.
        embedding_dim: length of a row.
        padding_idx: a row that gets no gradient; negative numbers count from the end. By default none.
        max_norm: rows that are used and have a larger norm are first scaled down to it, in place. By default none are.
        norm_type: order of that norm. Default 2.
        scale_grad_by_freq: whether a row's gradient is divided by how often the input holds it. Default False.
        sparse: must be False.
        device, dtype: of weight. By default the default ones.

    Shape:
        Input (*), integers; output (*, embedding_dim).
        weight: (num_embeddings, embedding_dim).

    Raises:
        ValueError: padding_idx is not a row.
        NotImplementedError: sparse is set.
        IndexError: an index is not a row, when the layer is called.

    Example:
        >>> import weft
        >>> table = weft.nn.Embedding(10, 3)
        >>> table(weft.tensor([[1, 2], [4, 3]])).shape == (2, 2, 3)
        True
    """

    padding_idx: Any

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        _check_table("Embedding", num_embeddings, embedding_dim, max_norm, norm_type, sparse)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = _row("Embedding", padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        if _weight is None:
            self.weight = Parameter(weft.empty(num_embeddings, embedding_dim, device=device, dtype=dtype), not _freeze)
            self.reset_parameters()
        else:
            self.weight = Parameter(_table("Embedding", _weight, num_embeddings, embedding_dim), not _freeze)

    def reset_parameters(self) -> None:
        """Draws weight anew from the standard normal distribution; the row padding_idx becomes zeros."""
        _draw_table(self.weight, self.padding_idx)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        return text

    @classmethod
    def from_pretrained(
        cls: type[EmbeddingT],
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> EmbeddingT:
        """An Embedding whose table is the given tensor.

        Args:
            embeddings: the table, (num_embeddings, embedding_dim); its memory is shared.
            freeze: whether it stays as it is while training. Default True.
            padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse: as for Embedding.

        Raises:
            ValueError: embeddings is no matrix.

        Example:
            >>> import weft
            >>> weft.nn.Embedding.from_pretrained(weft.eye(3))(weft.tensor([2]))
            tensor([[0., 0., 1.]])
        """
        rows, columns = _check_pretrained(embeddings)
        return cls(
            rows,
            columns,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight=embeddings,
            _freeze=freeze,
        )


class EmbeddingBag(Module):
    """The sum, mean or maximum of the rows of a learned table, weight, whose indices lie in a bag.

    It gives what an Embedding and a reduction over its second dimension would, without the rows in between.

    weight starts normally distributed (mean 0, standard deviation 1), its row padding_idx as zeros.

    Args:
        num_embeddings: number of rows; indices go from 0 to num_embeddings - 1.
        embedding_dim: length of a row.
        max_norm: rows that are used and have a larger norm are first scaled down to it, in place. By default none are.
        norm_type: order of that norm. Default 2.
        scale_grad_by_freq: whether a row's gradient is divided by how often the input holds it. Default False.
        mode: ``'sum'``, ``'mean'`` (default) or ``'max'``.
        sparse: must be False.
        include_last_offset: whether the last of the offsets is the end of the last bag. Default False.
        padding_idx: a row that is left out and gets no gradient; negative numbers count from the end. By default none.
        device, dtype: of weight. By default the default ones.

    Shape:
        Input (B, n), a bag of n indices in each row; or (N) with offsets (B), where each bag begins.
        per_sample_weights, with ``'sum'``: the input's shape. Output (B, embedding_dim), zeros for an empty bag.
        weight: (num_embeddings, embedding_dim).

    Raises:
        ValueError: padding_idx is not a row, mode is another one, or input and offsets do not fit.
        IndexError: an index is not a row, when the layer is called.
        NotImplementedError: sparse is set.

    Example:
        >>> import weft
        >>> bag = weft.nn.EmbeddingBag.from_pretrained(weft.eye(3), mode="sum")
        >>> bag(weft.tensor([0, 1, 2]), weft.tensor([0, 1]))
        tensor([[1., 0., 0.],
                [0., 1., 1.]])
    """

    padding_idx: Any

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        _check_table("EmbeddingBag", num_embeddings, embedding_dim, max_norm, norm_type, sparse)
        if mode not in ("sum", "mean", "max"):
            raise ValueError(f"EmbeddingBag: mode must be 'sum', 'mean' or 'max', got {mode!r}")
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self.padding_idx = _row("EmbeddingBag", padding_idx, num_embeddings)
        if _weight is None:
            self.weight = Parameter(weft.empty(num_embeddings, embedding_dim, device=device, dtype=dtype))
            self.reset_parameters()
        else:
            self.weight = Parameter(_table("EmbeddingBag", _weight, num_embeddings, embedding_dim))

    def reset_parameters(self) -> None:
        """Draws weight anew from the standard normal distribution; the row padding_idx becomes zeros."""
        _draw_table(self.weight, self.padding_idx)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        text += f", mode={self.mode!r}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        return text

    @classmethod
    def from_pretrained(
        cls: type[EmbeddingBagT],
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBagT:
        """An EmbeddingBag whose table is the given tensor.

        Args:
            embeddings: the table, (num_embeddings, embedding_dim); its memory is shared.
            freeze: whether it stays as it is while training. Default True.
            max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_idx: as for
                EmbeddingBag.

        Raises:
            ValueError: embeddings is no matrix.

        Example:
            >>> import weft
            >>> weft.nn.EmbeddingBag.from_pretrained(weft.eye(2))(weft.tensor([[0, 1]]))
            tensor([[0.5000, 0.5000]])
        """
        rows, columns = _check_pretrained(embeddings)
        bag = cls(
            rows,
            columns,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            _weight=embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        bag.weight.requires_grad_(not freeze)
        return bag
