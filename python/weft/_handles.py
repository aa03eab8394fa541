"""What registering a hook returns."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import TypeVar

    _Self = TypeVar("_Self", bound="RemovableHandle")


class RemovableHandle:
    """``remove()`` takes the hook away again. Also a context manager, which removes the hook at its end.

    >>> import weft
    >>> layer = weft.nn.Identity()
    >>> handle = layer.register_forward_hook(lambda module, args, output: output + 1)
    >>> layer(weft.zeros(2))
    tensor([1., 1.])
    >>> handle.remove()
    >>> layer(weft.zeros(2))
    tensor([0., 0.])
    >>> isinstance(handle, weft.utils.hooks.RemovableHandle)
    True
    """

    def __init__(self) -> None:
        raise TypeError("RemovableHandle: register a hook to get one")

    def remove(self) -> None:
        """Removes the hook; does nothing when it is gone already.

        >>> import weft
        >>> x = weft.ones(2, requires_grad=True)
        >>> handle = x.register_hook(print)
        >>> handle.remove()
        >>> x.sum().backward()
        """
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
