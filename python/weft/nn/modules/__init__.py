"""The layers again, under the name that PyTorch's own files have for them."""
# ruff: noqa: F401, F403

from weft.nn import *
from weft.nn.modules import lazy, module, utils
