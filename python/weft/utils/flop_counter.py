"""FlopCounterMode: floating point operations of what runs, by layer and by operation."""

from __future__ import annotations

from weft.profiler._profile import ProfilerActivity, _KinetoProfile
from weft.profiler._table import format_count

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, TypeVar

    from weft.nn import Module

    _Self = TypeVar("_Self", bound="FlopCounterMode")

__all__ = ["FlopCounterMode"]


class FlopCounterMode:
    """Counts floating point operations in a with block: of products, convolutions, attention and recurrent layers,
    their gradients too. A multiplication and an addition are two. It uses the profiler, of which one runs at a time.

    Args:
        mods: modules; accepted, all that run are seen.
        depth: how deeply nested layers the table shows.
        display: print the table at the end.
        custom_mapping: not supported, NotImplementedError.

    >>> import weft
    >>> from weft.utils.flop_counter import FlopCounterMode
    >>> with FlopCounterMode(display=False) as counter:
    ...     y = weft.nn.Linear(4, 2)(weft.ones(3, 4))
    >>> counter.get_total_flops()
    48
    """

    def __init__(
        self,
        mods: Module | list[Module] | None = None,
        depth: int = 2,
        display: bool = True,
        custom_mapping: dict[Any, Any] | None = None,
    ) -> None:
        if custom_mapping:
            raise NotImplementedError("FlopCounterMode: custom_mapping is not supported; leave it out")
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 0:
            raise ValueError(f"FlopCounterMode: expected depth to be an int of at least 0, got {depth!r}")
        self.mods: Module | list[Module] | None = mods
        self.depth: int = depth
        self.display: bool = display
        self.flop_counts: dict[str, dict[str, int]] = {}

    def __enter__(self: _Self) -> _Self:
        self._profile = _KinetoProfile(activities=[ProfilerActivity.CPU], with_flops=True, with_modules=True)
        self._profile.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._profile.stop()
        self.flop_counts = {"Global": {}}
        places: dict[int, list[str]] = {}
        for event in self._profile.events():
            if event.kind == "op" and event.sequence_nr >= 0:
                places[event.sequence_nr] = self._layers(event)
        for event in self._profile.events():
            if not event.flops:
                continue
            for name in ["Global", *self._layers(event, places)]:
                counts = self.flop_counts.setdefault(name, {})
                counts[event.name] = counts.get(event.name, 0) + event.flops
        if self.display:
            print(self.get_table())

    def _layers(self, event, places=None):
        """The layers that it ran in; of backward those of the operation that it is the gradient of."""
        names = []
        outer = event.cpu_parent
        while outer is not None:
            if places is not None and outer.kind == "backward" and outer.sequence_nr in places:
                return places[outer.sequence_nr]
            if outer.kind == "module":
                names.append(outer.name)
            outer = outer.cpu_parent
        names.reverse()
        if not names:
            return []
        root = names[0].rpartition("(")[2].rstrip(")")
        return [root, *(f"{root}.{name.partition(' ')[0]}" for name in names[1:])]

    def get_total_flops(self) -> int:
        """The sum.

        >>> from weft.utils.flop_counter import FlopCounterMode
        >>> with FlopCounterMode(display=False) as counter:
        ...     pass
        >>> counter.get_total_flops()
        0
        """
        return sum(self.flop_counts.get("Global", {}).values())

    def get_flop_counts(self) -> dict[str, dict[str, int]]:
        """By layer ("Global": all) and operation.

        >>> import weft
        >>> from weft.utils.flop_counter import FlopCounterMode
        >>> with FlopCounterMode(display=False) as counter:
        ...     y = weft.nn.Linear(4, 2)(weft.ones(3, 4))
        >>> counter.get_flop_counts()
        {'Global': {'linear': 48}, 'Linear': {'linear': 48}}
        """
        return {name: dict(counts) for name, counts in self.flop_counts.items()}

    def get_table(self, depth: int | None = None) -> str:
        """A table for people.

        Args:
            depth: how deeply nested layers; by default what the counter was made with.

        >>> from weft.utils.flop_counter import FlopCounterMode
        >>> with FlopCounterMode(display=False) as counter:
        ...     pass
        >>> "Global" in counter.get_table()
        True
        """
        depth = self.depth if depth is None else depth
        total = self.get_total_flops() or 1
        lines = [("Module", "FLOP", "% Total")]
        for name, counts in self.flop_counts.items():
            level = 0 if name == "Global" else name.count(".") + 1
            if level > depth:
                continue
            lines.append(
                (" " * level + name, format_count(sum(counts.values())), f"{100 * sum(counts.values()) / total:.2f}%")
            )
            for op, flops in counts.items():
                lines.append((" " * level + f" - {op}", format_count(flops), f"{100 * flops / total:.2f}%"))
        size = [max(len(line[i]) for line in lines) for i in range(3)]
        rows = [f"{a:<{size[0]}}  {b:>{size[1]}}  {c:>{size[2]}}" for a, b, c in lines]
        return "\n".join([rows[0], "  ".join("-" * n for n in size), *rows[1:]])
