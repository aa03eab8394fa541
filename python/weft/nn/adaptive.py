"""The softmax for very many classes of very different frequency."""

from __future__ import annotations

import collections

import weft
from weft._checks import check_integers, check_tensors
from weft.nn import functional as F
from weft.nn.containers import ModuleList, Sequential
from weft.nn.linear import Linear
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NamedTuple

    from weft import Tensor
    from weft.nn._types import Device

    class _Result(NamedTuple):
        output: Tensor
        loss: Tensor
else:
    _Result = collections.namedtuple("ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log-probability of each sample's class, among classes that are sorted by their frequency. Grave et al., 2017.

    The frequent classes below cutoffs[0] and one class for each cluster of rarer ones make up the head, a Linear.
    Cluster i, the classes from cutoffs[i] up to the next cutoff, is a product of two smaller matrices, which only the
    samples of that cluster go through. The log-probability of its classes is that of the cluster plus that within it.

    Args:
        in_features: size of the input's last dimension.
        n_classes: number of classes, the most frequent ones first.
        cutoffs: classes where clusters begin, increasing, from 1 to n_classes - 1.
        div_value: cluster i goes through in_features / div_value^(i + 1) features. Default 4.
        head_bias: whether the head has a bias. Default False.
        device, dtype: of the parameters. By default the default ones.

    Shape:
        Input (N, in_features) or (in_features), target (N) or ().
        Output is a named tuple: output, the log-probabilities of the targets, of the target's shape; loss, minus their
        mean.

    Raises:
        ValueError: cutoffs are not as described.
        RuntimeError: input and target do not fit, or a target is not a class, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.AdaptiveLogSoftmaxWithLoss(8, 10, cutoffs=[2, 5])
        >>> output, loss = layer(weft.zeros(3, 8), weft.tensor([0, 3, 9]))
        >>> output.detach().exp()  # 1/4, 1/4 of 1/3, 1/4 of 1/5
        tensor([0.2500, 0.0833, 0.0500])
    """

    cutoffs: Any
    head: Linear
    head_size: Any
    n_clusters: int
    shortlist_size: Any
    tail: ModuleList

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        check_integers(name, in_features=in_features, n_classes=n_classes)
        cutoffs = list(cutoffs)
        for cutoff in cutoffs:
            check_integers(name, cutoffs=cutoff)
        if not cutoffs or cutoffs != sorted(set(cutoffs)) or cutoffs[0] < 1 or cutoffs[-1] >= n_classes:
            raise ValueError(
                f"{name}: cutoffs must be increasing integers from 1 to n_classes - 1 = {n_classes - 1}, got {cutoffs}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        made: Any = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **made)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // div_value ** (i + 1))
            classes = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(Linear(in_features, hidden, bias=False, **made), Linear(hidden, classes, bias=False, **made))
            )

    def reset_parameters(self) -> None:
        """Draws all parameters anew, as Linear does."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input: Tensor, target: Tensor) -> _Result:
        rows, classes = self._batch(input, target)
        head = F.log_softmax(self.head(rows), 1)
        place = classes  # of the class, or of its cluster, in the head
        within = weft.zeros(classes.shape, dtype=head.dtype, device=head.device)
        for i in range(self.n_clusters):
            low, high = self.cutoffs[i], self.cutoffs[i + 1]
            members = ((classes >= low) & (classes < high)).nonzero().squeeze(1)
            if members.shape[0] == 0:
                continue
            logs = F.log_softmax(self.tail[i](rows.index_select(0, members)), 1)
            chosen = logs.gather(1, (classes.index_select(0, members) - low).unsqueeze(1)).squeeze(1)
            within = within.index_copy(0, members, chosen.to(within.dtype))
            place = place.index_fill(0, members, self.shortlist_size + i)
        output = head.gather(1, place.unsqueeze(1)).squeeze(1) + within
        loss = -output.mean()
        return _Result(output if target.dim() else output.squeeze(0), loss)

    def _batch(self, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Both with the batch dimension; checked."""
        name = type(self).__name__
        check_tensors(name, input=input, target=target)
        if target.dim() > 1:
            raise RuntimeError(f"{name}: expected a target of shape (N) or (), got {tuple(target.shape)}")
        if tuple(input.shape) != (*target.shape, self.in_features):
            raise RuntimeError(
                f"{name}: expected input of shape {(*target.shape, self.in_features)} for a target of shape "
                f"{tuple(target.shape)}, got {tuple(input.shape)}"
            )
        if not target.is_meta:
            weft._C.nn._require_all(
                (target >= 0) & (target < self.n_classes),
                f"{name}: a target is not a class from 0 to n_classes - 1 = {self.n_classes - 1}",
            )
        return (input, target) if target.dim() else (input.unsqueeze(0), target.unsqueeze(0))

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes, (N, n_classes).

        Args:
            input: (N, in_features).

        Example:
            >>> import weft
            >>> layer = weft.nn.AdaptiveLogSoftmaxWithLoss(8, 4, cutoffs=[2])
            >>> probabilities = layer.log_prob(weft.zeros(1, 8)).exp()
            >>> bool((probabilities.sum(1) - 1).abs() < 1e-5)
            True
        """
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            parts.append(F.log_softmax(cluster(input), 1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return weft.cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class of each sample, (N): log_prob(input).argmax(1).

        The clusters are looked at only for samples whose most probable place in the head is a cluster.

        Args:
            input: (N, in_features).

        Example:
            >>> import weft
            >>> layer = weft.nn.AdaptiveLogSoftmaxWithLoss(8, 4, cutoffs=[2])
            >>> layer.predict(weft.zeros(1, 8)).shape == (1,)
            True
        """
        best = self.head(input).argmax(1)
        rare = (best >= self.shortlist_size).nonzero().squeeze(1)
        if rare.shape[0] == 0:
            return best
        return best.index_copy(0, rare, self.log_prob(input.index_select(0, rare)).argmax(1))
