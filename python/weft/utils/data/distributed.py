"""The name under which PyTorch has its DistributedSampler."""

from weft.utils.data.sampler import DistributedSampler

__all__ = ["DistributedSampler"]
