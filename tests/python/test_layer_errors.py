"""What layers and losses say of inputs that do not fit: their own name, what they expected and what came."""

import pytest
import weft
from weft import nn

WRONG = [
    (nn.KLDivLoss(), [(2,), (3,)], "in KLDivLoss: kl_div: shapes (3,) and (2,)"),
    (nn.PoissonNLLLoss(), [(2,), (3,)], "in PoissonNLLLoss: poisson_nll_loss: shapes (3,) and (2,)"),
    (nn.HingeEmbeddingLoss(), [(2,), (3,)], "in HingeEmbeddingLoss: hinge_embedding_loss: shapes (3,) and (2,)"),
    (nn.MarginRankingLoss(), [(2,), (3,), (2,)], "in MarginRankingLoss: margin_ranking_loss: shapes (2,) and (3,)"),
    (nn.CosineEmbeddingLoss(), [(2, 3), (2, 3), (3,)], "in CosineEmbeddingLoss: cosine_embedding_loss: shapes"),
    (nn.SoftMarginLoss(), [(2,), (3,)], "in SoftMarginLoss: soft_margin_loss: shapes (3,) and (2,)"),
    (nn.MultiLabelSoftMarginLoss(), [(2, 3), (2, 4)], "multilabel_soft_margin_loss: shapes (2, 4) and (2, 3)"),
    (nn.MultiMarginLoss(), [(2, 3), (2,)], "in MultiMarginLoss: multi_margin_loss: expected an index of dtype int64"),
    (nn.MultiLabelMarginLoss(), [(2, 3), (2, 3)], "in MultiLabelMarginLoss: multilabel_margin_loss: expected an index"),
    (
        nn.BatchNorm2d(4),
        [(2, 3, 5, 5)],
        "batch_norm: expected input with 4 channels (running_mean of shape (4,)), got 3 in input of shape (2, 3, 5, 5)",
    ),
    (
        nn.BatchNorm1d(4, track_running_stats=False),
        [(2, 3)],
        "batch_norm: expected input with 4 channels (weight of shape (4,)), got 3 in input of shape (2, 3)",
    ),
    (
        nn.InstanceNorm1d(4, track_running_stats=True),
        [(2, 3, 5)],
        "instance_norm: expected input with 4 channels (running_mean of shape (4,)), got 3 in input of shape (2, 3, 5)",
    ),
    (
        nn.MultiheadAttention(4, 2),
        [(3, 2, 5)] * 3,
        "MultiheadAttention: expected query with embed_dim 4 as its last dimension, got shape (3, 2, 5)",
    ),
    (
        nn.TransformerEncoderLayer(4, 2),
        [(3, 2, 6)],
        "MultiheadAttention: expected query with embed_dim 4 as its last dimension, got shape (3, 2, 6)",
    ),
]


@pytest.mark.parametrize("layer, shapes, text", WRONG, ids=[type(row[0]).__name__ for row in WRONG])
def test_wrong_inputs(layer, shapes, text):
    with pytest.raises(RuntimeError) as caught:
        layer(*(weft.ones(*shape) for shape in shapes))
    assert text in str(caught.value)


def test_limits_that_are_no_numbers():
    p = nn.Parameter(weft.ones(2))
    with pytest.raises(TypeError, match="^clip_grad_value_: expected a number as clip_value, got str"):
        nn.utils.clip_grad_value_([p], "a")
