"""Mixed precision: ops that gain most from half types compute in them, the others in float32.

>>> import weft
>>> layer, x = weft.nn.Linear(4, 2), weft.ones(3, 4)
>>> with weft.autocast("cpu", dtype=weft.bfloat16):
...     y = layer(x)
...     loss = weft.nn.functional.mse_loss(y, weft.zeros(3, 2))
>>> y.dtype, loss.dtype
(weft.bfloat16, weft.float32)
"""

from weft._missing import missing_names
from weft.amp.autocast_mode import autocast, get_autocast_dtype, is_autocast_enabled
from weft.amp.grad_scaler import GradScaler

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = ["GradScaler", "autocast", "get_autocast_dtype", "is_autocast_enabled"]
