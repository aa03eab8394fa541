"""The layers again, under the name that PyTorch's own files have for them."""
# ruff: noqa: F401, F403

# Not `from weft.nn.modules import utils`, which would find that of weft.nn
import weft.nn.modules.lazy
import weft.nn.modules.module
from weft.nn import *

import weft.nn.modules.utils  # isort: skip
