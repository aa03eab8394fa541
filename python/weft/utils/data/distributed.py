"""DistributedSampler under the name of the module that PyTorch's programs import it from."""

from weft.utils.data.sampler import DistributedSampler as DistributedSampler

__all__ = ["DistributedSampler"]
