"""Recommenders: matrix factorisation (Koren et al., 2009) and DLRM (Naumov et al., 2019)."""

from __future__ import annotations

import weft
from weft import nn
from weft.models._arguments import check_input, check_positive
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor


class MatrixFactorization(nn.Module):
    """Ratings as ``mean + b_user + b_item + p_user . q_item``.

    Args:
        num_users: number of users.
        num_items: number of items.
        size: size of the factors p and q.
        mean: of all ratings; it is not trained.

    Shape:
        Input: users and items, integers of one shape. Output: ratings of that shape.

    Raises:
        ValueError: an argument is not a positive int, or users and items differ in shape.

    Example:
        >>> import weft
        >>> model = weft.models.MatrixFactorization(10, 20, size=4, mean=3.5)
        >>> model(weft.tensor([0, 9]), weft.tensor([3, 19])).shape
        weft.Size([2])
    """

    item_bias: nn.Embedding
    item_factors: nn.Embedding
    user_bias: nn.Embedding
    user_factors: nn.Embedding

    mean: Tensor

    def __init__(self, num_users: int, num_items: int, size: int = 32, mean: float = 0.0) -> None:
        super().__init__()
        check_positive("MatrixFactorization", num_users=num_users, num_items=num_items, size=size)
        self.user_factors = nn.Embedding(num_users, size)
        self.item_factors = nn.Embedding(num_items, size)
        self.user_bias = nn.Embedding(num_users, 1)
        self.item_bias = nn.Embedding(num_items, 1)
        self.register_buffer("mean", weft.tensor(float(mean)))
        for factors in (self.user_factors, self.item_factors):
            nn.init.normal_(factors.weight, std=0.1)
        for bias in (self.user_bias, self.item_bias):
            nn.init.zeros_(bias.weight)

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        if users.shape != items.shape:
            shapes = f"{tuple(users.shape)} and {tuple(items.shape)}"
            raise ValueError(f"MatrixFactorization: users and items must have the same shape, got {shapes}")
        products = (self.user_factors(users) * self.item_factors(items)).sum(-1)
        return self.mean + self.user_bias(users).squeeze(-1) + self.item_bias(items).squeeze(-1) + products


def _perceptron(sizes):
    layers = []
    for size, next_size in zip(sizes, sizes[1:]):
        layers += [nn.Linear(size, next_size), nn.ReLU()]
    return layers


class DLRM(nn.Module):
    """Deep recommendation: a perceptron of the numbers, embeddings of the categories, products of all pairs.

    The products, and what the perceptron gives, go through a second perceptron. The names are those of the original.

    Args:
        num_dense: how many numbers describe a case.
        table_sizes: for each category how many values it has.
        size: of the embeddings.
        bottom: hidden sizes of the first perceptron; its last layer has ``size``.
        top: hidden sizes of the second one; its last layer has 1.

    Shape:
        Input: numbers (N, num_dense), categories (N, len(table_sizes)), integers. Output: (N,), logits.

    Raises:
        ValueError: an argument is not a positive int, or an input has another shape.

    Example:
        >>> import weft
        >>> model = weft.models.DLRM(4, [10, 20], size=8, bottom=[16], top=[16])
        >>> model(weft.zeros(3, 4), weft.zeros(3, 2, dtype=weft.int64)).shape
        weft.Size([3])
    """

    bot_l: nn.Sequential
    emb_l: nn.ModuleList
    top_l: nn.Sequential

    def __init__(
        self,
        num_dense: int,
        table_sizes: Sequence[int],
        size: int = 16,
        bottom: Sequence[int] = (64,),
        top: Sequence[int] = (64,),
    ) -> None:
        super().__init__()
        check_positive("DLRM", num_dense=num_dense, size=size)
        if not table_sizes or min(*table_sizes, *bottom, *top, 1) < 1:
            got = f"{list(table_sizes)}, {list(bottom)} and {list(top)}"
            raise ValueError(f"DLRM: table_sizes, bottom and top must be positive ints, some of the first, got {got}")
        self.num_dense = num_dense
        self.emb_l = nn.ModuleList([nn.Embedding(count, size) for count in table_sizes])
        self.bot_l = nn.Sequential(*_perceptron([num_dense, *bottom, size]))
        vectors = len(table_sizes) + 1
        joined = size + vectors * (vectors - 1) // 2
        self.top_l = nn.Sequential(*_perceptron([joined, *top, 1])[:-1])
        for table in self.emb_l:
            bound = table.num_embeddings**-0.5
            nn.init.uniform_(table.weight, -bound, bound)

    def forward(self, dense: Tensor, categories: Tensor) -> Tensor:
        check_input(self, "dense", dense, "N, D", D=self.num_dense)
        wanted = (len(dense), len(self.emb_l))
        if tuple(categories.shape) != wanted or categories.is_floating_point():
            got = f"{categories.dtype} {tuple(categories.shape)}"
            raise ValueError(f"DLRM: expected categories as integers {wanted}, got {got}")
        x = self.bot_l(dense)
        vectors = weft.stack([x, *(table(categories[:, i]) for i, table in enumerate(self.emb_l))], 1)
        rows, columns = weft.tril_indices(vectors.shape[1], vectors.shape[1], -1, device=x.device)
        products = (vectors @ vectors.transpose(1, 2))[:, rows, columns]
        return self.top_l(weft.cat([x, products], 1)).squeeze(1)


def ranking_loss(better: Tensor, worse: Tensor) -> Tensor:
    """Bayesian personalised ranking: ``-log sigmoid(better - worse)``, on average (Rendle et al., 2009).

    Args:
        better: scores of what users took.
        worse: scores of what they did not, of the same shape.

    Raises:
        ValueError: the shapes differ.

    >>> import weft
    >>> weft.models.ranking_loss(weft.tensor([1.0]), weft.tensor([1.0]))
    tensor(0.6931)
    """
    if better.shape != worse.shape:
        shapes = f"{tuple(better.shape)} and {tuple(worse.shape)}"
        raise ValueError(f"ranking_loss: better and worse must have the same shape, got {shapes}")
    return F.softplus(worse - better).mean()
