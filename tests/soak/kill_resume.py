"""Kills a training with SIGKILL at random moments: it must go on as if nothing had happened.

    python tests/soak/kill_resume.py [--kills 200] [--steps 1500] [--seed N] [--workers 2]

A small network with dropout is trained on shuffled batches, with a checkpoint in the background every few steps. A
second process kills it and starts it again. Then: no checkpoint that the training has reported as complete is lost,
unless to later ones; every checkpoint that is there passes its checksums; nothing is left half written; and the final
weights, optimiser and losses are to the bit those of a training that nobody has killed. Otherwise the exit status is 1.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EVERY = 4  # steps between checkpoints
TIMEOUT = 120  # seconds without a sign of life


class Position:
    """Where a training is: the step, the sum of its losses, and, for loaders without a state, the place in the data."""

    def __init__(self, loader):
        self.step, self.losses, self._loader = 0, [], loader
        self._stateful = hasattr(loader, "state_dict")
        self._done, self._order = 0, None

    def batches(self):
        """For ever, from where the position is."""
        import weft

        while True:
            if self._stateful:
                yield from self._loader
                continue
            if self._order is None:
                self._order = self._loader.generator.get_state()
            self._loader.generator.set_state(self._order)
            skip = self._done
            for number, batch in enumerate(self._loader):
                if number >= skip:
                    self._done = number + 1
                    yield batch
            self._done, self._order = 0, weft.Generator().manual_seed(self.step).get_state()

    def state_dict(self):
        state = {"step": self.step, "losses": list(self.losses)}
        if self._stateful:
            return state | {"loader": self._loader.state_dict()}
        return state | {"done": self._done, "order": self._order}

    def load_state_dict(self, state):
        self.step, self.losses = state["step"], state["losses"]
        if self._stateful:
            self._loader.load_state_dict(state["loader"])
        else:
            self._done, self._order = state["done"], state["order"]


def train(folder, steps, workers):
    """The training, as a user would write it. Reports what is complete, and at the end what came out."""
    import weft
    from weft import nn
    from weft.training import CheckpointManager, RandomState
    from weft.utils.data import DataLoader, TensorDataset

    weft.set_num_threads(1)
    weft.manual_seed(1)
    random.seed(1)
    data = TensorDataset(weft.randn(103, 16), weft.randint(0, 4, (103,)))
    loader = DataLoader(
        data, batch_size=8, shuffle=True, num_workers=workers, generator=weft.Generator().manual_seed(7)
    )
    model = nn.Sequential(nn.Linear(16, 64), nn.Dropout(0.2), nn.Linear(64, 64), nn.BatchNorm1d(64), nn.Linear(64, 4))
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = weft.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    position = Position(loader)
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule, "position": position}
    parts["random"] = RandomState()
    manager = CheckpointManager(folder, keep_last=2, keep_best=1, monitor="loss", max_shard_bytes=20_000)
    info = manager.restore(parts)
    print("start", info.step if info else 0, flush=True)
    batches = position.batches() if position.step < steps else None
    reported = 0
    while position.step < steps:
        x, y = next(batches)
        loss = nn.functional.cross_entropy(model(x + 0.01 * random.random()), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        position.step += 1
        position.losses.append(loss.item())
        if position.step % EVERY == 0 or position.step == steps:
            manager.save(position.step, parts, {"loss": loss.item()})
        complete = manager.checkpoints()
        if complete and complete[-1].step > reported:
            reported = complete[-1].step
            print("complete", reported, flush=True)
    manager.close()
    digest = hashlib.sha256(repr(position.losses).encode())
    for state in (model.state_dict(), *optimizer.state_dict()["state"].values()):
        for name, value in state.items():
            digest.update(
                name.encode() + (repr(value).encode() if isinstance(value, float) else value.numpy().tobytes())
            )
    print("end", digest.hexdigest(), flush=True)


def start(folder, steps, workers):
    command = [sys.executable, __file__, "--child", str(folder), "--steps", str(steps), "--workers", str(workers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def words(line):
    """A word and a value; of a line that the kill has cut, nothing."""
    return line.split() if line.endswith("\n") and len(line.split()) == 2 else ["", ""]


def run_until(process, moment):
    """Reads what the training says until `moment` seconds after it began; the last complete step, and the result."""
    killer, lines = None, []
    reported, result = 0, None
    import threading

    def kill():
        process.send_signal(signal.SIGKILL)

    guard = threading.Timer(TIMEOUT, kill)
    guard.start()
    if moment is not None and moment < 0:  # while it is still starting
        killer = threading.Timer(-moment, kill)
        killer.start()
    for line in process.stdout:
        lines.append(line)
        word, value = words(line)
        if word == "start" and moment is not None and moment >= 0:
            killer = threading.Timer(moment, kill)
            killer.start()
        elif word == "complete":
            reported = int(value)
        elif word == "end":
            result = value
    status = process.wait()
    guard.cancel()
    if killer:
        killer.cancel()
    if status not in (0, -signal.SIGKILL):
        raise SystemExit(f"kill_resume: the training failed with status {status}: {''.join(lines)[-500:]}")
    return reported, result, status != 0


def check(folder, reported):
    """What is on the disk after a kill."""
    from weft.training import CheckpointManager

    manager = CheckpointManager(folder)
    steps = [info.step for info in manager.verify()]
    if reported and max(steps, default=0) < reported:
        raise SystemExit(f"kill_resume: step {reported} was reported as complete, and is lost; there are {steps}")
    if len(steps) != len(manager.checkpoints()):
        raise SystemExit("kill_resume: a checkpoint cannot be read")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--longest", type=float, default=0.6, help="seconds from a start to the kill")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return train(args.child, args.steps, args.workers)
    seed = random.SystemRandom().randrange(2**31) if args.seed is None else args.seed
    rng = random.Random(seed)
    print(f"kill_resume: seed {seed}, {args.kills} kills", flush=True)
    kills, trainings, begin = 0, 0, time.time()
    with tempfile.TemporaryDirectory() as folder:
        _, expected, _ = run_until(start(Path(folder) / "whole", args.steps, args.workers), None)
        while kills < args.kills:
            place, result, reported = Path(folder) / f"killed{trainings}", None, 0
            while result is None:
                moment = None
                if kills < args.kills:
                    moment = -rng.uniform(0.01, 0.5) if rng.random() < 0.1 else rng.uniform(0, args.longest)
                seen, result, killed = run_until(start(place, args.steps, args.workers), moment)
                reported = max(reported, seen)
                kills += killed
                check(place, reported)
            trainings += 1
            if result != expected:
                raise SystemExit(f"kill_resume: after kills the result differs: {result} instead of {expected}")
            left = [name for name in os.listdir(place) if not name.startswith("step-")]
            if left:
                raise SystemExit(f"kill_resume: {left} was left behind")
    seconds = time.time() - begin
    print(f"kill_resume: {kills} kills in {trainings} trainings, all results equal to the bit, {seconds:.0f} s")


if __name__ == "__main__":
    main()
