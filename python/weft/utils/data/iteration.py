"""One epoch of a DataLoader: which batch is asked of whom, and given in which order."""

from __future__ import annotations

import warnings

import weft
from weft import _C
from weft.utils.data.fetching import OF_ORDER, Ended, make_fetcher
from weft.utils.data.loader_state import stateful_sampler
from weft.utils.data.sampler import BatchSampler, SequentialSampler


class Order:
    """The indices of the batches. What a sampler draws from the default generator depends on the epoch's seed alone."""

    def __init__(self, loader, base_seed, progress):
        self._stream = loader._stream
        self.sampler = None if self._stream else stateful_sampler(loader)
        if self._stream:
            self.step = lambda: None
            return
        before = _C._begin_keyed_draws()
        try:
            _C._key_draws(base_seed ^ OF_ORDER, 0)
            if self.sampler is not None and progress.sampler is not None:
                self.sampler.load_state_dict(progress.sampler)
            elif self.sampler is not None and not progress.next:
                progress.sampler = self.sampler.state_dict()
            self._indices = iter(loader.sampler if loader.batch_sampler is None else loader.batch_sampler)
            self._random = _C._begin_keyed_draws()
        finally:
            _C._end_keyed_draws(before)
        inner = loader.sampler if loader.batch_sampler is None else getattr(loader.batch_sampler, "sampler", None)
        if type(inner) is SequentialSampler and type(loader.batch_sampler) in (type(None), BatchSampler):
            self.step = self._indices.__next__  # draws nothing

    def step(self):
        """The next index or list of indices; StopIteration at the end. None for an iterable dataset."""
        before = _C._begin_keyed_draws()
        try:
            _C._set_keyed_draws(*self._random)
            return next(self._indices)
        finally:
            self._random = _C._begin_keyed_draws()
            _C._end_keyed_draws(before)

    def skip(self, count):
        """Goes on as if so many batches had been given."""
        for done in range(count):
            try:
                self.step()
            except StopIteration:
                raise RuntimeError(
                    f"DataLoader.load_state_dict: the state is of an epoch after {count} batches, but the sampler "
                    f"gives {done} now; the dataset or the sampler is another one"
                ) from None


class Iteration:
    """What iter(loader) gives."""

    def __init__(self, loader, progress):
        self._loader, self._progress = loader, progress
        self._plan = loader._plan()
        self._pin = loader.pin_memory and weft.cuda.is_available()
        self._order = Order(loader, progress.base_seed, progress)
        if not loader._stream and (self._order.sampler is None or progress.sampler is None):
            self._order.skip(progress.next)

    def __iter__(self):
        return self

    def __len__(self):
        return len(self._loader)

    def __next__(self):
        batch = self._take()
        progress = self._progress
        progress.given += 1
        asked = self._loader._length_asked
        if asked is not None and progress.given > asked:
            warnings.warn(
                f"DataLoader: len() of the iterable dataset says that there are {asked} batches, and there are more; "
                f"with workers each takes its share by get_worker_info()",
                stacklevel=2,
            )
        return pinned(batch) if self._pin else batch

    def _finish(self):
        self._progress.finished = True
        raise StopIteration

    def close(self):
        """Lets go of what belongs to the epoch."""

    def __reduce__(self):
        raise TypeError("an iterator of a DataLoader cannot be pickled; pickle the loader")


class LocalIteration(Iteration):
    """In this process."""

    def __init__(self, loader, progress):
        super().__init__(loader, progress)
        states = progress.workers or [None]
        self._fetcher = make_fetcher(self._plan, 0, progress.base_seed, states[0])
        self._with_state = loader._keeps_states()
        self._begun = False

    def _take(self):
        progress = self._progress
        if progress.finished:
            raise StopIteration
        try:
            number = progress.next
            index = self._order.step()
            while number in progress.beyond:
                progress.beyond.remove(number)
                number += 1
                progress.next = number
                index = self._order.step()
            progress.next = number + 1
            batch = self._fetcher.fetch(number, index)
        except (StopIteration, Ended):
            self._finish()
        if self._with_state:
            progress.fetcher = self._fetcher
        if self._order.sampler is not None:
            progress.sampler = self._order.sampler.state_dict()
        return batch


class WorkerIteration(Iteration):
    """In workers: tasks go to them in turn, prefetch_factor each; batches are given in order, or as they come."""

    def __init__(self, loader, progress, pool, owned):
        super().__init__(loader, progress)
        self._pool, self._owned, self._in_order = pool, owned, loader.in_order
        self._workers = pool.processes()  # which programs for PyTorch watch
        self._stream = loader._stream
        self._owner = {}  # task: its worker; tasks whose batch has not been given
        self._ready = {}  # task: its result, where another one was wanted
        self._sampler_states = {}
        self._sent, self._exhausted, self._dead = progress.next, False, False
        self._active = [True] * pool.count
        self._turn = 0
        states = progress.workers or [None] * pool.count
        progress.workers = list(states)
        try:
            pool.begin(progress.base_seed, states, loader._keeps_states())
            self._begin(loader.prefetch_factor * pool.count)
        except BaseException:
            self._abandon()
            raise

    def _begin(self, count):
        progress = self._progress
        pending, progress.pending = progress.pending, []
        for worker in pending or ():  # an iterable dataset goes on with the turns it had
            self._submit(worker)
        if pending:
            self._turn = progress.turn
        while len(self._owner) < count and self._submit():
            pass
        self._note()

    def _submit(self, worker=None):
        if self._exhausted:
            return False
        worker = self._next_worker(worker)
        if worker is None:
            return False
        progress = self._progress
        try:
            index = self._order.step()
            self._keep_sampler_state()
            while self._sent in progress.beyond:
                self._sent += 1
                index = self._order.step()
                self._keep_sampler_state()
        except StopIteration:
            self._exhausted = True
            return False
        self._owner[self._sent] = worker
        self._pool.send(worker, self._sent, index)
        self._sent += 1
        return True

    def _keep_sampler_state(self):
        if self._order.sampler is not None:
            self._sampler_states[self._sent] = self._order.sampler.state_dict()

    def _next_worker(self, wanted):
        if wanted is not None and self._active[wanted]:
            return wanted
        for _ in range(self._pool.count):
            worker, self._turn = self._turn, (self._turn + 1) % self._pool.count
            if self._active[worker]:
                return worker
        return None

    def _take(self):
        if self._progress.finished or self._dead:
            raise StopIteration
        if not self._pool.alive:
            raise RuntimeError(
                "DataLoader: the workers of this iterator belong to the process that made it, and this one was forked "
                "from it; call iter() of the loader here"
            )
        try:
            return self._receive()
        except (StopIteration, _WorkerError) as end:
            if isinstance(end, _WorkerError):
                raise end.error from None
            raise
        except BaseException:  # the pool is broken, timed out, or interrupted
            self._abandon()
            raise

    def _receive(self):
        progress = self._progress
        while self._owner:
            first = next(iter(self._owner))
            if first in self._ready:
                worker, number, kind, result, state = self._ready.pop(first)
            else:
                worker, number, kind, result, state = self._pool.receive(self._owner[first] if self._in_order else None)
                if self._in_order and number != first:
                    self._ready[number] = worker, number, kind, result, state
                    continue
            del self._owner[number]
            if state is not None:
                progress.workers[worker] = state
            if kind == "ended":
                self._active[worker] = False
                self._submit()
                self._note(number)
                continue
            self._submit(None if self._in_order else worker)
            self._note(number)
            if kind == "failure":
                raise _WorkerError(result.error())
            return result
        self._end_epoch()
        self._finish()

    def _note(self, given=None):
        """Where the epoch stands, for state_dict()."""
        progress = self._progress
        progress.next = next(iter(self._owner), self._sent)
        if given is not None and given > progress.next:
            progress.beyond.add(given)
        if progress.beyond:
            progress.beyond = {number for number in progress.beyond if number >= progress.next}
        progress.turn = self._turn
        progress.pending = list(self._owner.values()) if self._stream else []
        while self._sampler_states and (first := next(iter(self._sampler_states))) < progress.next:
            progress.sampler = self._sampler_states.pop(first)  # as it was before the first batch that is left

    def _end_epoch(self):
        if self._owned and self._pool is not None:
            self._pool.close()
        self._loader._give_pool(self._pool)
        self._pool = None

    def _abandon(self):
        """After an error of the pool: it is not used again."""
        self._dead = True
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.close(quickly=True)
            self._loader._give_pool(pool)

    def close(self):
        pool, self._pool = self._pool, None
        if pool is None:
            return
        self._dead = True
        if self._owned:
            pool.close(quickly=True)
        self._loader._give_pool(pool)

    def __del__(self):
        if getattr(self, "_pool", None) is not None:
            self.close()


class _WorkerError(Exception):
    def __init__(self, error):
        self.error = error


def pinned(batch):
    """The batch with its tensors in pinned memory."""
    if isinstance(batch, weft.Tensor):
        return batch.pin_memory() if batch.device.type == "cpu" else batch
    if hasattr(batch, "pin_memory"):
        return batch.pin_memory()
    if isinstance(batch, dict):
        return type(batch)((key, pinned(value)) for key, value in batch.items())
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*map(pinned, batch))
    if isinstance(batch, (list, tuple)):
        return type(batch)(map(pinned, batch))
    return batch
