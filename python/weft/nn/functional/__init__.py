"""Functions of neural networks: those of the C++ core, and composites of them written here.

The names, arguments and defaults are those of torch.nn.functional.
"""
# ruff: noqa: F401, I001

from weft._C import nn as _native
from weft._missing import missing_names as _missing_names
from weft.nn.functional.activation import (
    bilinear as bilinear,
    gumbel_softmax as gumbel_softmax,
    rrelu as rrelu,
    rrelu_ as rrelu_,
    softmin as softmin,
)
from weft.nn.functional.attention import multi_head_attention_forward as multi_head_attention_forward
from weft.nn.functional.distance import (
    cosine_similarity as cosine_similarity,
    normalize as normalize,
    pairwise_distance as pairwise_distance,
    pdist as pdist,
)
from weft.nn.functional.dropout import (
    alpha_dropout as alpha_dropout,
    dropout1d as dropout1d,
    dropout2d as dropout2d,
    dropout3d as dropout3d,
    feature_alpha_dropout as feature_alpha_dropout,
)
from weft.nn import grad as grad
from weft.nn.functional.linear_loss import linear_cross_entropy as linear_cross_entropy
from weft.nn.functional.losses import (
    cosine_embedding_loss as cosine_embedding_loss,
    gaussian_nll_loss as gaussian_nll_loss,
    hinge_embedding_loss as hinge_embedding_loss,
    kl_div as kl_div,
    margin_ranking_loss as margin_ranking_loss,
    multi_margin_loss as multi_margin_loss,
    multilabel_margin_loss as multilabel_margin_loss,
    multilabel_soft_margin_loss as multilabel_soft_margin_loss,
    poisson_nll_loss as poisson_nll_loss,
    soft_margin_loss as soft_margin_loss,
    triplet_margin_loss as triplet_margin_loss,
    triplet_margin_with_distance_loss as triplet_margin_with_distance_loss,
)
from weft.nn.functional.pooling import (
    adaptive_max_pool1d_with_indices as adaptive_max_pool1d_with_indices,
    adaptive_max_pool2d_with_indices as adaptive_max_pool2d_with_indices,
    adaptive_max_pool3d_with_indices as adaptive_max_pool3d_with_indices,
    fractional_max_pool2d as fractional_max_pool2d,
    fractional_max_pool2d_with_indices as fractional_max_pool2d_with_indices,
    fractional_max_pool3d as fractional_max_pool3d,
    fractional_max_pool3d_with_indices as fractional_max_pool3d_with_indices,
    lp_pool1d as lp_pool1d,
    lp_pool2d as lp_pool2d,
    lp_pool3d as lp_pool3d,
    max_pool1d_with_indices as max_pool1d_with_indices,
    max_pool2d_with_indices as max_pool2d_with_indices,
    max_pool3d_with_indices as max_pool3d_with_indices,
)
from weft.nn.functional.spatial import (
    channel_shuffle as channel_shuffle,
    conv1d as conv1d,
    fold as fold,
    instance_norm as instance_norm,
    local_response_norm as local_response_norm,
    pixel_shuffle as pixel_shuffle,
    pixel_unshuffle as pixel_unshuffle,
    unfold as unfold,
)
from weft.nn.functional.unpooling import (
    max_unpool1d as max_unpool1d,
    max_unpool2d as max_unpool2d,
    max_unpool3d as max_unpool3d,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft._C.nn import *  # noqa: F403
else:
    del TYPE_CHECKING
    __getattr__ = _missing_names(__name__)

    # Where the core has a function it is the one to use.
    globals().update({_name: getattr(_native, _name) for _name in dir(_native) if not _name.startswith("_")})

    __all__ = [_name for _name in globals() if not _name.startswith("_")]
