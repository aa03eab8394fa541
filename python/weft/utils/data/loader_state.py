"""Where a DataLoader stands: DataLoader.state_dict() and load_state_dict()."""

from __future__ import annotations

import copy

import weft
from weft.utils.data.fetching import is_stateful

_FORMAT = 1


class Progress:
    """Of one epoch. Owned by the loader and by the epoch's iterator."""

    def __init__(self, base_seed, generators):
        self.base_seed = base_seed
        self.generators = generators  # their states before the epoch
        self.next = 0  # the first batch that has not been given
        self.beyond = set()  # later ones that have been (in_order=False)
        self.given = 0
        self.finished = False
        self.sampler = None  # its own state
        self.workers = None  # states of the workers' fetchers
        self.fetcher = None  # without workers: the fetcher, asked when the state is
        self.pending = []  # of iterable datasets: whose turn the next batches are
        self.turn = 0

    def worker_states(self):
        if self.fetcher is not None:
            return [self.fetcher.state()]
        return self.workers if self.workers and any(self.workers) else None


def stateful_sampler(loader):
    """The sampler that has a state of its own, if there is one."""
    inner = getattr(loader.batch_sampler, "sampler", None)
    for sampler in (loader.batch_sampler, inner, loader.sampler):
        if sampler is not None and is_stateful(sampler):
            return sampler
    return None


def generators_of(loader):
    """What the order is drawn from, by name."""
    inner = getattr(loader.batch_sampler, "sampler", None)
    found = {
        "loader": loader.generator,
        "batch_sampler": getattr(loader.batch_sampler, "generator", None),
        "sampler": getattr(loader.sampler if inner is None else inner, "generator", None),
    }
    return {name: g for name, g in found.items() if isinstance(g, weft.Generator)}


def generator_states(loader):
    return {name: g.get_state().tolist() for name, g in generators_of(loader).items()}


def _set_generators(loader, states):
    for name, generator in generators_of(loader).items():
        if name in states:
            generator.set_state(weft.tensor(states[name], dtype=weft.uint8))


def _identity(loader):
    try:
        length = len(loader.dataset)
    except (TypeError, NotImplementedError):
        length = None
    batch = loader.batch_size if loader.batch_sampler is None or loader.batch_size is not None else "batch_sampler"
    return {"length": length, "batch_size": batch, "drop_last": loader.drop_last, "iterable": loader._stream}


def save(loader, progress):
    """The state as plain data. progress None: no epoch has begun."""
    state = {"format": _FORMAT, "loader": _identity(loader), "workers": loader.num_workers}
    if loader.generator is None:
        state["default_generator"] = weft.get_rng_state().tolist()
    running = progress is not None and not progress.finished
    state["generators"] = progress.generators if running else generator_states(loader)
    state["epoch"] = None
    if running:
        state["epoch"] = {
            "base_seed": progress.base_seed,
            "next": progress.next,
            "beyond": sorted(progress.beyond),
            "given": progress.given,
            "sampler": progress.sampler,
            "states": progress.worker_states(),
            "pending": list(progress.pending),
            "turn": progress.turn,
        }
    elif (sampler := stateful_sampler(loader)) is not None:
        state["sampler"] = sampler.state_dict()
    return copy.deepcopy(state)


def load(loader, state):
    """Checks the state, then sets the generators. Returns the epoch to go on with, or None."""
    epoch = _checked(loader, state)
    state = copy.deepcopy(state)
    _set_generators(loader, state["generators"])
    if loader.generator is None and "default_generator" in state:
        weft.set_rng_state(weft.tensor(state["default_generator"], dtype=weft.uint8))
    if epoch is None:
        if "sampler" in state and (sampler := stateful_sampler(loader)) is not None:
            sampler.load_state_dict(state["sampler"])
        return None
    epoch = state["epoch"]
    progress = Progress(epoch["base_seed"], state["generators"])
    for name in ("next", "given", "sampler", "pending", "turn"):
        setattr(progress, name, epoch[name])
    progress.beyond, progress.workers = set(epoch["beyond"]), epoch["states"]
    return progress


def _checked(loader, state):
    if (
        not isinstance(state, dict)
        or state.get("format") != _FORMAT
        or not {"loader", "generators", "epoch"} <= set(state)
    ):
        raise ValueError("DataLoader.load_state_dict: expected what state_dict() of a DataLoader gave")
    own = _identity(loader)
    for name, value in own.items():
        saved = state["loader"].get(name)
        if saved != value:
            what = {"length": "the length of the dataset"}.get(name, name)
            raise ValueError(
                f"DataLoader.load_state_dict: {what} was {saved!r} when the state was made, here it is {value!r}; "
                f"make the loader with the same arguments"
            )
    epoch = state["epoch"]
    states = epoch and epoch["states"]
    if states is not None and (state["workers"] or 1) != (loader.num_workers or 1):
        raise ValueError(
            f"DataLoader.load_state_dict: each of {state['workers']} workers has a state of its own (an iterable "
            f"dataset, or one with state_dict()); this loader has {loader.num_workers}"
        )
    return epoch
