"""Balance a pole on a cart by deep Q-learning, with the equations of the cart written out.

Usage: python examples/cartpole_dqn.py

The cart is that of Barto, Sutton and Anderson, "Neuronlike adaptive elements that can solve difficult learning control
problems", 1983, without friction. An episode ends when the pole leans more than 12 degrees, the cart leaves its 2.4 m
of track, or after 500 steps. As in that paper the one reward is -1 for a failure. Solved means 475 steps on average
over 100 episodes. Learnt is a double Q-function (van Hasselt, Guez and Silver, 2016) from a memory of former steps
(Mnih et al., 2015).
"""

import argparse
import copy
import time

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F

GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
LONGEST = 500


def step(state, action):
    """The states (n, 4) of carts 0.02 s later, pushed to the left (0) or right (1), and which of them have failed."""
    x, speed, angle, turning = state.T
    force = np.where(action == 1, FORCE, -FORCE)
    sin, cos = np.sin(angle), np.cos(angle)
    push = (force + POLE * HALF_LENGTH * turning**2 * sin) / (CART + POLE)
    turn = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4 / 3 - POLE * cos**2 / (CART + POLE)))
    move = push - POLE * HALF_LENGTH * turn * cos / (CART + POLE)
    state = np.stack(
        [x + SECONDS * speed, speed + SECONDS * move, angle + SECONDS * turning, turning + SECONDS * turn], 1
    )
    return state, (np.abs(state[:, 0]) > 2.4) | (np.abs(state[:, 2]) > np.radians(12))


def network():
    return nn.Sequential(nn.Linear(4, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))


@weft.no_grad()
def best_action(model, state):
    return model(weft.from_numpy(state).float()).argmax(1).numpy()


def evaluate(model, rng, episodes):
    """The mean length of episodes, all played at once."""
    state, lengths = rng.uniform(-0.05, 0.05, (episodes, 4)), np.zeros(episodes)
    alive = np.ones(episodes, bool)
    for _ in range(LONGEST):
        lengths += alive
        state, failed = step(state, best_action(model, state))
        alive &= ~failed
        if not alive.any():
            break
        state[~alive] = 0  # these no longer count, and must not run away
    return lengths.mean()


class Memory:
    """The last transitions: state, action, next state, whether the pole fell."""

    def __init__(self, size):
        self.arrays = [np.zeros((size, 4), np.float32), np.zeros(size, np.int64), np.zeros((size, 4), np.float32)]
        self.arrays.append(np.zeros(size, np.float32))
        self.size, self.count = size, 0

    def add(self, *transitions):
        places = (self.count + np.arange(len(transitions[0]))) % self.size
        for array, values in zip(self.arrays, transitions, strict=True):
            array[places] = values
        self.count += len(places)

    def draw(self, rng, count):
        places = rng.integers(0, min(self.count, self.size), count)
        return [weft.from_numpy(array[places]) for array in self.arrays]


def learn(model, target, optimizer, batch, discount=0.99):
    state, action, after, failed = batch
    with weft.no_grad():  # the action is chosen by the one network, valued by the other
        chosen = model(after).argmax(1, keepdim=True)
        aim = -failed + discount * (1 - failed) * target(after).gather(1, chosen).squeeze(1)
    value = model(state).gather(1, action.unsqueeze(1)).squeeze(1)
    optimizer.zero_grad()
    F.smooth_l1_loss(value, aim).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 10.0)
    optimizer.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40000, help="at most so many steps of learning")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    carts, batch = 8, 128

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    model = network()
    target = copy.deepcopy(model)
    optimizer = weft.optim.Adam(model.parameters(), lr=1e-3)
    memory = Memory(50_000)
    start = time.perf_counter()
    state, age = rng.uniform(-0.05, 0.05, (carts, 4)), np.zeros(carts, int)
    for taken in range(1, args.steps + 1):
        random = rng.random(carts) < max(0.05, 1 - taken / 2000)
        action = np.where(random, rng.integers(0, 2, carts), best_action(model, state))
        after, failed = step(state, action)
        memory.add(state, action, after, failed)
        age += 1
        ended = failed | (age >= LONGEST)
        state = np.where(ended[:, None], rng.uniform(-0.05, 0.05, (carts, 4)), after)
        age[ended] = 0
        if taken > 200:
            learn(model, target, optimizer, memory.draw(rng, batch))
            with weft.no_grad():
                for slow, fast in zip(target.parameters(), model.parameters(), strict=True):
                    slow.lerp_(fast, 0.01)
        if taken % 1000 == 0:
            length = evaluate(model, rng, 20)
            print(f"step {taken}: {length:.0f} steps, {time.perf_counter() - start:.0f} s", flush=True)
            if length >= 490 and evaluate(model, rng, 50) >= 475:
                break
    print(f"mean length of 100 episodes: {evaluate(model, rng, 100):.1f}")


if __name__ == "__main__":
    main()
