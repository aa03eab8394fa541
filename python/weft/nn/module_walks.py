"""The methods of Module that walk over it and what is below it."""

from __future__ import annotations

from weft._checks import check_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from weft import Tensor
    from weft.nn.module import Module
    from weft.nn.parameter import Parameter


class ModuleWalks:
    """A base class of Module: iterators over modules, parameters and buffers."""

    _modules: dict[str, Module | None]

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yields (path, module) for this module and all below it, each once.

        Args:
            memo: modules to leave out; those that are yielded join it. By default none.
            prefix: path of this module. Default "".
            remove_duplicate: whether a module that is used in several places comes once. Default True.

        Example:
            >>> import weft
            >>> model = weft.nn.Sequential(weft.nn.Tanh())
            >>> [path for path, module in model.named_modules()]
            ['', '0']
        """
        check_text("named_modules", prefix=prefix)
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(memo, path, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """Yields this module and all below it, each once.

        Example:
            >>> import weft
            >>> len(list(weft.nn.Sequential(weft.nn.Tanh(), weft.nn.ReLU()).modules()))
            3
        """
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yields (name, module) for the direct submodules, each once.

        Example:
            >>> import weft
            >>> list(weft.nn.Sequential(weft.nn.Tanh(), weft.nn.ReLU()).named_children())
            [('0', Tanh()), ('1', ReLU())]
        """
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """Yields the direct submodules, each once.

        Example:
            >>> import weft
            >>> list(weft.nn.Sequential(weft.nn.Tanh(), weft.nn.ReLU()).children())
            [Tanh(), ReLU()]
        """
        for _, child in self.named_children():
            yield child

    def _named_members(
        self, group: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        walk = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in walk:
            for name, member in module.__dict__[group].items():
                if member is None or (remove_duplicate and id(member) in seen):
                    continue
                seen.add(id(member))
                yield f"{path}.{name}" if path else name, member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yields (path, parameter) for the parameters of this module and all below it.

        Args:
            prefix: path of this module. Default "".
            recurse: whether those below it count. Default True.
            remove_duplicate: whether a parameter that is used in several places comes once. Default True.

        Example:
            >>> import weft
            >>> [path for path, p in weft.nn.Sequential(weft.nn.Linear(2, 3)).named_parameters()]
            ['0.weight', '0.bias']
        """
        check_text("named_parameters", prefix=prefix)
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yields the parameters of this module and all below it, each once.

        Args:
            recurse: whether those below it count. Default True.

        Example:
            >>> import weft
            >>> sum(p.numel() for p in weft.nn.Linear(2, 3).parameters())
            9
        """
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yields (path, buffer) for the buffers of this module and all below it.

        Args:
            prefix: path of this module. Default "".
            recurse: whether those below it count. Default True.
            remove_duplicate: whether a buffer that is used in several places comes once. Default True.

        Example:
            >>> import weft
            >>> [path for path, b in weft.nn.BatchNorm1d(2).named_buffers()]
            ['running_mean', 'running_var', 'num_batches_tracked']
        """
        check_text("named_buffers", prefix=prefix)
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yields the buffers of this module and all below it, each once.

        Args:
            recurse: whether those below it count. Default True.

        Example:
            >>> import weft
            >>> [b.tolist() for b in weft.nn.BatchNorm1d(2).buffers()]
            [[0.0, 0.0], [1.0, 1.0], 0]
        """
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer
