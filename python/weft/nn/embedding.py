"""Embedding: a table of vectors, looked up by index."""

import weft
from weft._checks import check_numbers, check_tensors
from weft.nn import functional as F
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter


class Embedding(Module):
    """Replaces every index in the input, (...) of an integer dtype, by its row of weight: (..., embedding_dim).

    The row padding_idx starts as zeros and gets no gradient. With max_norm, rows that are used are scaled down to that
    norm first. IndexError for an index outside of [0, num_embeddings).

    >>> import weft
    >>> table = weft.nn.Embedding(10, 3)
    >>> table(weft.tensor([[1, 2], [4, 3]])).shape == (2, 2, 3)
    True
    """

    def __init__(
        self,
        num_embeddings,
        embedding_dim,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
        _weight=None,
        _freeze=False,
        device=None,
        dtype=None,
    ):
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

    def reset_parameters(self):
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with weft.no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input):
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self):
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
        cls,
        embeddings,
        freeze=True,
        padding_idx=None,
        max_norm=None,
        norm_type=2.0,
        scale_grad_by_freq=False,
        sparse=False,
    ):
        """An Embedding with the given (num_embeddings, embedding_dim) tensor as weight, by default not trained.

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
