"""The named tuples that functions with several results return: ``weft.return_types.max`` and so on.

>>> import weft
>>> isinstance(weft.max(weft.ones(2), 0), weft.return_types.max)
True
"""

from weft._C import _return_types

for _name in dir(_return_types):
    if not _name.startswith("_"):
        globals()[_name] = getattr(_return_types, _name)
