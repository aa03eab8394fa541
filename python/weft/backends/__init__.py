"""Switches of the libraries behind ops.

>>> import weft
>>> weft.backends.cuda.matmul.allow_tf32
False
"""

from weft.backends import cuda, cudnn

__all__ = ["cuda", "cudnn"]
