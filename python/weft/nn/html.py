"""Models in notebooks: a tree of layers that opens and closes."""

from __future__ import annotations

import html

TYPE_CHECKING = False

if TYPE_CHECKING:
    from weft.nn.module import Module


def module_html(module: Module, name: str = "", depth: int = 0) -> str:
    """A module as HTML: its layers with their options and numbers of parameters; two levels are open.

    >>> import weft
    >>> from weft.nn.html import module_html
    >>> "2 parameters" in module_html(weft.nn.Linear(1, 1))
    True
    """
    own = {id(p): p for p in module.parameters() if not hasattr(p, "materialize")}
    count = sum(p.numel() for p in own.values())
    frozen = sum(p.numel() for p in own.values() if not p.requires_grad)
    options = module.extra_repr()
    text = f"<b>{html.escape(type(module).__name__)}</b>" + (f"({html.escape(options)})" if options else "")
    if name:
        text = f"{html.escape(name)}: {text}"
    if count:
        note = f", {frozen:,} frozen" if frozen else ""
        text += f' <span style="color:gray">{count:,} parameters{note}</span>'
    style = ' style="margin-left:1.2em"' if depth else ' style="font-family:monospace"'
    children = [(child_name, child) for child_name, child in module._modules.items() if child is not None]
    shapes = [f"{n}: {tuple(p.shape)}" for n, p in module._parameters.items() if p is not None and id(p) in own]
    lines = "".join(f'<div style="margin-left:1.2em;color:gray">{html.escape(line)}</div>' for line in shapes)
    lines += "".join(module_html(child, child_name, depth + 1) for child_name, child in children)
    if not lines:
        return f"<div{style}>{text}</div>"
    shown = " open" if children and depth < 2 else ""
    return f"<details{shown}{style}><summary>{text}</summary>{lines}</details>"
