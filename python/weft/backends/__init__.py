"""Switches of the libraries behind ops, and which of them there are.

>>> import weft
>>> weft.backends.cuda.matmul.allow_tf32
False
>>> weft.backends.cudnn.benchmark = True  # a hint: it keeps its value and changes nothing
>>> weft.backends.cudnn.benchmark
True
"""

from weft._missing import missing_names
from weft.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

# Settings that keep their value and change no result, as paths of attributes; each one's documentation says why.
HINTS = ("weft.backends.cudnn.benchmark", "weft.backends.cudnn.deterministic", "weft.backends.cudnn.benchmark_limit")

__all__ = ["HINTS", "cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
