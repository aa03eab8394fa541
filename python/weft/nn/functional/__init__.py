"""Functions of neural networks: those of the C++ core, and composites of them written here.

The names, arguments and defaults are those of torch.nn.functional.
"""
# ruff: noqa: F401

from weft._C import nn as _native
from weft._missing import missing_names as _missing_names
from weft.nn.functional.activation import bilinear, gumbel_softmax, rrelu, softmin
from weft.nn.functional.distance import cosine_similarity, normalize, pairwise_distance
from weft.nn.functional.dropout import alpha_dropout, dropout1d, dropout2d, dropout3d
from weft.nn.functional.losses import (
    cosine_embedding_loss,
    gaussian_nll_loss,
    hinge_embedding_loss,
    kl_div,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    poisson_nll_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from weft.nn.functional.spatial import (
    channel_shuffle,
    conv1d,
    fold,
    instance_norm,
    local_response_norm,
    pixel_shuffle,
    pixel_unshuffle,
    unfold,
)

__getattr__ = _missing_names(__name__)

# Where the core has a function it is the one to use.
globals().update({_name: getattr(_native, _name) for _name in dir(_native) if not _name.startswith("_")})

__all__ = [_name for _name in globals() if not _name.startswith("_")]
