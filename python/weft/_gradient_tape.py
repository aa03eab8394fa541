"""GradientTape: TensorFlow's habit of asking for gradients, over the same engine as ``backward()``."""

from __future__ import annotations

import threading

import weft
from weft._checks import is_differentiable
from weft.func._derivatives import is_inside
from weft.func._trees import flatten, tensors_only

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, Literal, TypeVar

    _Self = TypeVar("_Self", bound="GradientTape")


_UNCONNECTED = "GradientTape: unconnected_gradients must be 'none' or 'zero', got "


class _Open(threading.local):
    """How many scopes of tapes this thread is in: what is computed there may be differentiated again."""

    tapes = 0


_open = _Open()
_tapes_of = {}  # id of a tensor that requires grad because tapes watch (and hold) it -> how many


class GradientTape:
    """Records what is computed in its scope from the tensors it watches; then tells gradients.

    Tensors that require grad are watched anyway, unless watch_accessed_variables is False; others by :meth:`watch`, for
    as long as the tape may be asked: once, or with persistent until it is reset or gone.

    Raises RuntimeError for a second gradient of a tape that is not persistent, or one of a scope that was not entered.

    Args:
        persistent: it may be asked for gradients more than once.
        watch_accessed_variables: False leaves out what requires grad but was not given to :meth:`watch`.

    >>> import weft
    >>> x = weft.tensor(3.)
    >>> with weft.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x ** 2
    >>> tape.gradient(y, x)
    tensor(6.)
    """

    _made_leaves = ()  # also where __init__ raises

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        for name, value in (("persistent", persistent), ("watch_accessed_variables", watch_accessed_variables)):
            if not isinstance(value, bool):
                raise TypeError(f"GradientTape: {name} must be a bool, got {value!r}")
        self._persistent, self._all = persistent, watch_accessed_variables
        self._watched, self._made_leaves, self._state, self._scope = [], [], "new", None

    def __enter__(self: _Self) -> _Self:
        if self._scope is not None:
            raise RuntimeError("GradientTape: its scope was entered already")
        self._scope, self._state = weft.enable_grad(), "recorded"
        self._scope.__enter__()
        _open.tapes += 1
        return self

    def __exit__(self, *exception: object) -> None:
        scope, self._scope = self._scope, None
        _open.tapes -= 1
        scope.__exit__(*exception)

    def __del__(self) -> None:
        self._forget()

    def watch(self, tensor: Any) -> None:
        """Watches a tensor, or those in a structure: what is computed from them is recorded.

        Args:
            tensor: of a floating or complex dtype, or a tuple, list or dict of such; TypeError for others.

        >>> import weft
        >>> x = weft.tensor([1., 2.])
        >>> with weft.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = (x * x).sum()
        >>> tape.gradient(y, x)
        tensor([2., 4.])
        """
        leaves, _ = flatten(tensor)
        tensors_only(leaves, "GradientTape.watch")
        for leaf in leaves:
            if not is_differentiable(leaf):
                raise TypeError(f"GradientTape.watch: expected a floating or complex tensor, got {leaf.dtype}")
        for leaf in leaves:
            if not leaf.requires_grad:
                leaf.requires_grad_()
                _tapes_of[id(leaf)] = 0
            if id(leaf) in _tapes_of:  # which no tape has left as it was
                _tapes_of[id(leaf)] += 1
                self._made_leaves.append(leaf)
            self._watched.append(leaf)

    def watched_variables(self) -> tuple[weft.Tensor, ...]:
        """The tensors that were given to :meth:`watch`.

        >>> import weft
        >>> with weft.GradientTape() as tape:
        ...     tape.watch(weft.tensor(1.))
        >>> tape.watched_variables()
        (tensor(1., requires_grad=True),)
        """
        return tuple(self._watched)

    def stop_recording(self) -> weft.no_grad:
        """A scope in which nothing is recorded.

        >>> import weft
        >>> x = weft.tensor(3., requires_grad=True)
        >>> with weft.GradientTape() as tape:
        ...     with tape.stop_recording():
        ...         y = x * x
        >>> y.requires_grad
        False
        """
        return weft.no_grad()

    def reset(self) -> None:
        """Forgets what is watched.

        >>> import weft
        >>> with weft.GradientTape() as tape:
        ...     tape.watch(weft.tensor(1.))
        >>> tape.reset()
        >>> tape.watched_variables()
        ()
        """
        self._forget()

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Literal["none", "zero"] = "none",
    ) -> Any:
        """The gradients of target by sources, in the structure of sources.

        Inside the scope gradients can be differentiated again.

        Args:
            target: a tensor, or a structure of them whose sum counts.
            sources: a tensor, or a structure of them.
            output_gradients: what each target is multiplied by, ones if None.
            unconnected_gradients: None ("none") or zeros ("zero") for sources that target does not depend on; else
                ValueError.

        Raises RuntimeError where nothing was recorded, or a tape that is not persistent is asked again.

        >>> import weft
        >>> x, y = weft.tensor(3., requires_grad=True), weft.tensor(1., requires_grad=True)
        >>> with weft.GradientTape() as tape:
        ...     z = x * x
        >>> tape.gradient(z, {"x": x, "y": y})
        {'x': tensor(6.), 'y': None}
        """
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(
                f"GradientTape: unconnected_gradients must be 'none' or 'zero', got {unconnected_gradients!r}"
            )
        targets, leaves, tree = self._asked(target, sources)
        given = [None] * len(targets) if output_gradients is None else flatten(output_gradients)[0]
        if output_gradients is not None:
            tensors_only(given, "GradientTape: output_gradients")
        if len(given) != len(targets):
            raise ValueError(f"GradientTape: got {len(given)} output_gradients for {len(targets)} targets")
        found = self._gradients(targets, leaves, given)
        if unconnected_gradients == "zero":
            found = [weft.zeros_like(x) if g is None else g for x, g in zip(leaves, found)]
        self._used()
        return tree.build(found)

    def jacobian(
        self, target: weft.Tensor, sources: Any, unconnected_gradients: Literal["none", "zero"] = "none"
    ) -> Any:
        """The derivatives of every element of target by sources: for shapes T and S, T + S.

        Args:
            target: a tensor.
            sources: a tensor, or a structure of them.
            unconnected_gradients: None ("none") or zeros ("zero") for sources that target does not depend on; else
                ValueError.

        Raises RuntimeError where nothing was recorded, or a tape that is not persistent is asked again.

        >>> import weft
        >>> x = weft.tensor([1., 2.], requires_grad=True)
        >>> with weft.GradientTape() as tape:
        ...     y = x * x
        >>> tape.jacobian(y, x)
        tensor([[2., 0.],
                [0., 4.]])
        """
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(
                f"GradientTape: unconnected_gradients must be 'none' or 'zero', got {unconnected_gradients!r}"
            )
        targets, leaves, tree = self._asked(target, sources)
        if len(targets) != 1:
            raise TypeError("GradientTape.jacobian: expected one tensor as target")
        (y,) = targets
        connected = [g is not None for g in self._gradients([y], leaves, [None], keep=True)]
        wanted = [x for x, is_connected in zip(leaves, connected) if is_connected]
        basis = weft.eye(y.numel(), dtype=y.dtype, device=y.device).reshape(y.numel(), *y.shape)
        rows = iter(
            weft.vmap(lambda u: tuple(self._gradients([y], wanted, [u], keep=True)))(basis)
            if wanted and y.numel()
            else ()
        )
        zero = unconnected_gradients == "zero" or not y.numel()
        found = []
        for x, is_connected in zip(leaves, connected):
            if is_connected and y.numel():
                found.append(next(rows).reshape(*y.shape, *x.shape))
            else:
                found.append(weft.zeros(*y.shape, *x.shape, dtype=x.dtype, device=x.device) if zero else None)
        self._used()
        return tree.build(found)

    def _asked(self, target, sources):
        if self._state != "recorded":
            raise RuntimeError(
                "GradientTape: a tape that is not persistent tells gradients once; use persistent=True"
                if self._state == "used"
                else "GradientTape: nothing was recorded; enter its scope first"
            )
        targets, _ = flatten(target)
        leaves, tree = flatten(sources)
        tensors_only(targets, "GradientTape: target")
        tensors_only(leaves, "GradientTape: source")
        return targets, leaves, tree

    def _gradients(self, targets, leaves, given, keep=False):
        known = {id(x) for x in self._watched}
        asked = [x for x in leaves if x.requires_grad and (self._all or id(x) in known)]
        pairs = [(y, weft.ones_like(y) if u is None else u) for y, u in zip(targets, given) if y.requires_grad]
        if not asked or not pairs:
            return [None] * len(leaves)
        found = weft.autograd.grad(
            [y for y, _ in pairs],
            asked,
            [u for _, u in pairs],
            retain_graph=keep or self._persistent or _open.tapes > 0 or is_inside(),
            create_graph=(_open.tapes > 0 or is_inside()) and weft.is_grad_enabled(),
            allow_unused=True,
        )
        by_object = {id(x): g for x, g in zip(asked, found)}
        return [by_object.get(id(x)) for x in leaves]

    def _used(self):
        if not self._persistent:
            self._state = "used"
            if self._scope is None:
                self._forget()

    def _forget(self):
        for leaf in self._made_leaves:
            _tapes_of[id(leaf)] -= 1
            if _tapes_of[id(leaf)] == 0:
                del _tapes_of[id(leaf)]
                leaf.requires_grad_(False)
        self._made_leaves, self._watched = [], []
