"""Networks on graphs: GCN (Kipf and Welling, 2017) and GAT (Velickovic et al., 2018).

A graph is a list of edges, (2, E): row 0 the nodes that send, row 1 those that receive. An undirected link is two
edges.
The names are those of PyTorch Geometric.
"""

from __future__ import annotations

import weft
from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


def _check(layer, x, edge_index):
    check_input(layer, "nodes", x, "N, F", F=layer.in_channels)
    if edge_index.ndim != 2 or edge_index.shape[0] != 2 or edge_index.is_floating_point():
        got = f"{edge_index.dtype} {tuple(edge_index.shape)}"
        raise ValueError(f"{type(layer).__name__}: expected edges as integers (2, E), got {got}")


def _with_loops(edge_index, nodes):
    """The edges, those from a node to itself left out, and one such edge for each node.

    A loop that the graph has becomes an edge of weight 0, so that shapes do not depend on values.
    """
    source, target = edge_index
    loops = weft.arange(nodes, device=edge_index.device, dtype=edge_index.dtype)
    counts = weft.cat([source != target, weft.ones(nodes, dtype=weft.bool, device=edge_index.device)])
    return weft.cat([source, loops]), weft.cat([target, loops]), counts


class GCNConv(nn.Module):
    """Graph convolution: ``D^-1/2 (A + I) D^-1/2 X W^T + b``, D the degrees of A + I.

    Args:
        in_channels: features of a node.
        out_channels: features of a node of the result.
        bias: add b.

    Shape:
        Input: (N, in_channels), edges (2, E). Output: (N, out_channels).

    Raises:
        ValueError: an argument is not a positive int, or an input has another shape.

    Example:
        >>> import weft
        >>> layer = weft.models.GCNConv(3, 2)
        >>> layer(weft.ones(4, 3), weft.tensor([[0, 1], [1, 0]])).shape
        weft.Size([4, 2])
    """

    bias: Any
    lin: nn.Linear

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        super().__init__()
        check_positive("GCNConv", in_channels=in_channels, out_channels=out_channels)
        self.in_channels = in_channels
        self.lin = nn.Linear(in_channels, out_channels, bias=False)
        self.bias = nn.Parameter(weft.zeros(out_channels)) if bias else None
        nn.init.xavier_uniform_(self.lin.weight)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        _check(self, x, edge_index)
        source, target, counts = _with_loops(edge_index, len(x))
        counts = counts.to(x.dtype)
        scale = weft.zeros(len(x), dtype=x.dtype, device=x.device).index_add(0, target, counts).rsqrt()
        weights = scale[source] * scale[target] * counts
        y = self.lin(x)
        y = weft.zeros_like(y).index_add(0, target, y[source] * weights[:, None])
        return y if self.bias is None else y + self.bias


class GATConv(nn.Module):
    """Graph attention: each node receives a mean of its neighbours and itself, with learnt weights.

    The weights are a softmax over incoming edges of ``leaky_relu(a_src . W x_j + a_dst . W x_i)``, for each head.

    Args:
        in_channels: features of a node.
        out_channels: features of a node for each head.
        heads: number of heads.
        concat: join the heads; without it their mean.
        negative_slope: of the leaky ReLU.
        dropout: probability of a zero of the weights.

    Shape:
        Input: (N, in_channels), edges (2, E). Output: (N, heads * out_channels), or (N, out_channels) without concat.

    Raises:
        ValueError: an argument is out of range, or an input has another shape.

    Example:
        >>> import weft
        >>> layer = weft.models.GATConv(3, 2, heads=4)
        >>> layer(weft.ones(4, 3), weft.tensor([[0, 1], [1, 0]])).shape
        weft.Size([4, 8])
    """

    att_dst: nn.Parameter
    att_src: nn.Parameter
    bias: nn.Parameter
    concat: Any
    dropout: Any
    heads: Any
    in_channels: Any
    lin: nn.Linear
    negative_slope: Any

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        heads: int = 1,
        concat: bool = True,
        negative_slope: float = 0.2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_positive("GATConv", in_channels=in_channels, out_channels=out_channels, heads=heads)
        check_probability("GATConv", dropout=dropout)
        self.in_channels, self.heads, self.concat = in_channels, heads, concat
        self.negative_slope, self.dropout = negative_slope, dropout
        self.lin = nn.Linear(in_channels, heads * out_channels, bias=False)
        self.att_src = nn.Parameter(nn.init.xavier_uniform_(weft.empty(1, heads, out_channels)))
        self.att_dst = nn.Parameter(nn.init.xavier_uniform_(weft.empty(1, heads, out_channels)))
        self.bias = nn.Parameter(weft.zeros(heads * out_channels if concat else out_channels))
        nn.init.xavier_uniform_(self.lin.weight)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        _check(self, x, edge_index)
        source, target, counts = _with_loops(edge_index, len(x))
        y = self.lin(x).reshape(len(x), self.heads, -1)
        sent, received = (y * self.att_src).sum(-1), (y * self.att_dst).sum(-1)
        scores = F.leaky_relu(sent[source] + received[target], self.negative_slope)
        scores = scores.masked_fill(~counts[:, None], -weft.inf)
        # Softmax over the edges of each target; the greatest score is taken off against overflow.
        index = target[:, None].expand_as(scores)
        greatest = weft.full((len(x), self.heads), -weft.inf, dtype=x.dtype, device=x.device)
        greatest = greatest.scatter_reduce(0, index, scores.detach(), "amax")
        weights = (scores - greatest[target]).exp()
        totals = weft.zeros(len(x), self.heads, dtype=x.dtype, device=x.device).index_add(0, target, weights)
        weights = F.dropout(weights / totals[target], self.dropout, self.training)
        y = weft.zeros_like(y).index_add(0, target, y[source] * weights[:, :, None])
        return (y.flatten(1) if self.concat else y.mean(1)) + self.bias


class GCN(nn.Module):
    """Two or more graph convolutions with ReLU and dropout before each but the first.

    Args:
        in_channels: features of a node.
        hidden_channels: features between the layers.
        num_classes: size of the result for each node.
        num_layers: number of convolutions.
        dropout: probability of a zero of what each layer reads.

    Shape:
        Input: (N, in_channels), edges (2, E). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or an input has another shape.

    Example:
        >>> import weft
        >>> weft.models.GCN(3, 8, 2)(weft.ones(4, 3), weft.tensor([[0, 1], [1, 0]])).shape
        weft.Size([4, 2])
    """

    convs: nn.ModuleList

    def __init__(
        self, in_channels: int, hidden_channels: int, num_classes: int, num_layers: int = 2, dropout: float = 0.5
    ) -> None:
        super().__init__()
        check_positive("GCN", in_channels=in_channels, hidden_channels=hidden_channels, num_classes=num_classes)
        check_positive("GCN", num_layers=num_layers)
        check_probability("GCN", dropout=dropout)
        sizes = [in_channels, *[hidden_channels] * (num_layers - 1), num_classes]
        self.convs = nn.ModuleList([GCNConv(a, b) for a, b in zip(sizes, sizes[1:])])
        self.dropout = dropout

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        for i, conv in enumerate(self.convs):
            x = F.relu(x) if i else x
            x = conv(F.dropout(x, self.dropout, self.training), edge_index)
        return x


class GAT(nn.Module):
    """Two layers of graph attention with ELU between: several heads joined, then one.

    Args:
        in_channels: features of a node.
        hidden_channels: features of a node for each head.
        num_classes: size of the result for each node.
        heads: heads of the first layer.
        dropout: probability of a zero of what each layer reads and of attention weights.

    Shape:
        Input: (N, in_channels), edges (2, E). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or an input has another shape.

    Example:
        >>> import weft
        >>> weft.models.GAT(3, 4, 2)(weft.ones(4, 3), weft.tensor([[0, 1], [1, 0]])).shape
        weft.Size([4, 2])
    """

    convs: nn.ModuleList

    def __init__(
        self, in_channels: int, hidden_channels: int, num_classes: int, heads: int = 8, dropout: float = 0.6
    ) -> None:
        super().__init__()
        check_positive("GAT", in_channels=in_channels, hidden_channels=hidden_channels, num_classes=num_classes)
        self.convs = nn.ModuleList(
            [
                GATConv(in_channels, hidden_channels, heads, dropout=dropout),
                GATConv(heads * hidden_channels, num_classes, 1, concat=False, dropout=dropout),
            ]
        )
        self.dropout = dropout

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.convs[0](F.dropout(x, self.dropout, self.training), edge_index)
        return self.convs[1](F.dropout(F.elu(x), self.dropout, self.training), edge_index)
