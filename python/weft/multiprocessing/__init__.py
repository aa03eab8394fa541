"""Python's multiprocessing, with tensors in shared memory: the names are those of torch.multiprocessing.

A tensor that goes through a queue, a pipe or to a new process is not copied: its memory is moved to shared memory, and
both processes see what either changes. The memory is freed when the last of them lets go of it, however it ends.
"""

import multiprocessing as _multiprocessing
from multiprocessing import *  # noqa: F403

from weft._missing import missing_names
from weft.multiprocessing.reductions import (
    get_all_sharing_strategies,
    get_sharing_strategy,
    init_reductions,
    set_sharing_strategy,
)
from weft.multiprocessing.spawn import (
    ProcessContext,
    ProcessException,
    ProcessExitedException,
    ProcessRaisedException,
    SpawnContext,
    spawn,
    start_processes,
)

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    *_multiprocessing.__all__,
    "ProcessContext",
    "ProcessException",
    "ProcessExitedException",
    "ProcessRaisedException",
    "SpawnContext",
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "init_reductions",
    "set_sharing_strategy",
    "spawn",
    "start_processes",
]

init_reductions()
