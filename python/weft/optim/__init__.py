"""Optimisers and learning-rate schedules; the names are those of torch.optim."""

from weft._missing import missing_names
from weft.optim import lr_scheduler
from weft.optim.adam import Adam, AdamW
from weft.optim.optimizer import Optimizer
from weft.optim.sgd import SGD

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = ["Adam", "AdamW", "Optimizer", "SGD", "lr_scheduler"]
