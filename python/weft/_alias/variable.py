"""torch.autograd.variable: tensors under the name that they had before 2018."""

from weft._C import Tensor as Variable

__all__ = ["Variable"]
