"""``import weft.as_torch``: from here on ``import torch``, and its submodules, are answered by Weft.

Nothing is installed under PyTorch's name: a finder answers the imports, before a PyTorch that is merely installed. A
name that Weft lacks raises where it is used. ``docs/alias.md`` says more; :func:`weft.torch_alias` is the same for a
while. Raises ImportError where the real PyTorch has been imported already.
"""

from weft._alias.scope import enable

enable()
