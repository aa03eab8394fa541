"""save and load: tensors, and nested containers of them, in files that cannot run code.

``saving`` writes safetensors, ``loading`` reads safetensors and PyTorch's own files; ``tree`` is the structure around
the tensors, ``atomic_file`` replaces a file as a whole. docs/files.md is the guide.
"""

from weft.serialization.loading import load
from weft.serialization.saving import save

__all__ = ["load", "save"]
