"""Event files that TensorBoard shows, with the interface of ``torch.utils.tensorboard``.

Needs the package ``tensorboard``.

>>> from weft.utils.tensorboard import SummaryWriter
>>> with SummaryWriter("runs/first") as writer:  # doctest: +SKIP
...     writer.add_scalar("loss", 0.5, global_step=1)
"""

from __future__ import annotations

from weft._missing import missing_names
from weft.utils.tensorboard.file_writer import FileWriter
from weft.utils.tensorboard.writer import SummaryWriter

TYPE_CHECKING = False

if TYPE_CHECKING:
    from tensorboard.summary.writer.record_writer import RecordWriter as RecordWriter
else:

    def __getattr__(name):
        if name == "RecordWriter":
            from weft.utils.tensorboard.protos import package

            return package("tensorboard.summary.writer.record_writer").RecordWriter
        return missing_names(__name__)(name)


__all__ = ["FileWriter", "SummaryWriter"]
