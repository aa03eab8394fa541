"""Tools around training."""

import os

from weft import _C
from weft._missing import missing_names
from weft._swap import swap_tensors as swap_tensors
from weft.utils import checkpoint, data, hooks
from weft.utils.images import make_grid as make_grid
from weft.utils.images import save_image as save_image

TYPE_CHECKING = False

if not TYPE_CHECKING:
    _missing = missing_names(__name__)

    def __getattr__(name):
        if name == "tensorboard":  # loaded at first use
            import weft.utils.tensorboard

            return weft.utils.tensorboard
        return _missing(name)


__all__ = ["checkpoint", "cmake_prefix_path", "data", "hooks", "make_grid", "save_image", "swap_tensors"]

# Where CMake finds Weft: cmake -DCMAKE_PREFIX_PATH=...
cmake_prefix_path: str = os.path.dirname(os.path.abspath(_C.__file__))
