"""Embedding: a table of vectors, looked up by index."""

from __future__ import annotations

import weft
from weft._checks import check_numbers, check_tensors
from weft.nn import functional as F
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn._types import Device, EmbeddingT


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
        ValueError: sparse is set, or padding_idx is not a row.
        IndexError: an index is not a row, when the layer is called.

    Example:
        >>> import weft
        >>> table = weft.nn.Embedding(10, 3)
        >>> table(weft.tensor([[1, 2], [4, 3]])).shape == (2, 2, 3)
        True
    """

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
        if sparse:
            raise ValueError("Embedding: sparse gradients are not supported; leave sparse=False")
        check_numbers("Embedding", norm_type=norm_type, **({} if max_norm is None else {"max_norm": max_norm}))
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(
                f"Embedding: padding_idx must be within num_embeddings={num_embeddings}, got {padding_idx}"
            )
        if padding_idx is not None and padding_idx < 0:
            padding_idx += num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        if _weight is None:
            self.weight = Parameter(weft.empty(num_embeddings, embedding_dim, device=device, dtype=dtype), not _freeze)
            self.reset_parameters()
        else:
            check_tensors("Embedding", _weight=_weight)
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise ValueError(
                    f"Embedding: expected a weight of shape {(num_embeddings, embedding_dim)}, "
                    f"got {tuple(_weight.shape)}"
                )
            self.weight = Parameter(_weight, not _freeze)

    def reset_parameters(self) -> None:
        """Draws weight anew from the standard normal distribution; the row padding_idx becomes zeros."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with weft.no_grad():
                self.weight[self.padding_idx].fill_(0)

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
        check_tensors("from_pretrained", embeddings=embeddings)
        if embeddings.dim() != 2:
            raise ValueError(f"from_pretrained: expected a matrix, got a tensor of shape {tuple(embeddings.shape)}")
        rows, columns = embeddings.shape
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
