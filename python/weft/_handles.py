"""What registering a hook returns."""


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

    def __init__(self):
        raise TypeError("RemovableHandle: register a hook to get one")

    def remove(self):
        """Removes the hook; does nothing when it is gone already."""
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.remove()
