"""
The named tuples of weft.return_types.
"""
from __future__ import annotations
from weft.return_types import aminmax
from weft.return_types import cummax
from weft.return_types import cummin
from weft.return_types import kthvalue
from weft.return_types import max
from weft.return_types import median
from weft.return_types import min
from weft.return_types import sort
from weft.return_types import topk
__all__: list[str] = ['aminmax', 'cummax', 'cummin', 'kthvalue', 'max', 'median', 'min', 'sort', 'topk']
