"""Optimisers and learning-rate schedules; the names are those of torch.optim."""

from weft._missing import missing_names
from weft.optim import lr_scheduler, swa_utils
from weft.optim.adadelta import Adadelta
from weft.optim.adafactor import Adafactor
from weft.optim.adagrad import Adagrad
from weft.optim.adam import Adam, AdamW
from weft.optim.adamax import Adamax
from weft.optim.asgd import ASGD
from weft.optim.lbfgs import LBFGS
from weft.optim.lion import Lion
from weft.optim.muon import Muon
from weft.optim.nadam import NAdam
from weft.optim.optimizer import Optimizer
from weft.optim.radam import RAdam
from weft.optim.rmsprop import RMSprop
from weft.optim.rprop import Rprop
from weft.optim.sgd import SGD

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LBFGS",
    "Lion",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
    "lr_scheduler",
    "swa_utils",
]
