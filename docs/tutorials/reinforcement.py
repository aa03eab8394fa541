# %% [markdown]
# # Reinforcement learning
#
# A cart balances a pole (Barto, Sutton and Anderson, 1983). Policy gradients: many carts run at once; what was done
# in long episodes becomes more likely. `examples/cartpole_dqn.py` solves it by deep Q-learning.

# %%
import matplotlib.pyplot as plt
import weft
import weft.nn as nn
from weft.distributions import Categorical

weft.manual_seed(0)
GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02


def step(state, action):
    """The states (n, 4) of carts 0.02 s later, pushed to the left (0) or right (1), and which of them have failed."""
    x, speed, angle, turning = state.unbind(1)
    force = weft.where(action == 1, FORCE, -FORCE)
    sin, cos = angle.sin(), angle.cos()
    push = (force + POLE * HALF_LENGTH * turning**2 * sin) / (CART + POLE)
    turn = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4 / 3 - POLE * cos**2 / (CART + POLE)))
    move = push - POLE * HALF_LENGTH * turn * cos / (CART + POLE)
    parts = [x + SECONDS * speed, speed + SECONDS * move, angle + SECONDS * turning, turning + SECONDS * turn]
    state = weft.stack(parts, 1)
    return state, (state[:, 0].abs() > 2.4) | (state[:, 2].abs() > 0.21)


policy = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 2))
optimizer = weft.optim.Adam(policy.parameters(), lr=1e-2)


@weft.no_grad()
def play(carts, longest):
    """States (steps, carts, 4), actions and which carts still stood, of episodes that begin near the middle."""
    state = weft.rand(carts, 4) * 0.1 - 0.05
    standing = weft.ones(carts, dtype=weft.bool)
    states, actions, alive = [], [], []
    for _ in range(longest):
        action = Categorical(logits=policy(state)).sample()
        states.append(state)
        actions.append(action)
        alive.append(standing)
        state, failed = step(state, action)
        standing = standing & ~failed
        if not standing.any():
            break
    return weft.stack(states), weft.stack(actions), weft.stack(alive)


lengths = []
for _ in range(60):
    states, actions, alive = play(32, 300)
    rest = alive.float().flip(0).cumsum(0).flip(0)  # steps that each cart will still stand
    advantage = (rest - rest[alive].mean()) / (rest[alive].std() + 1e-6)
    likely = Categorical(logits=policy(states)).log_prob(actions)
    optimizer.zero_grad()
    loss = -(likely * advantage)[alive].mean()
    loss.backward()
    optimizer.step()
    lengths.append(alive.sum(0).float().mean().item())
print(f"mean length of the first 5 rounds {sum(lengths[:5]) / 5:.0f}, of the last 5 {sum(lengths[-5:]) / 5:.0f}")
plt.plot(lengths)
plt.xlabel("round")
plt.ylabel("steps until the pole falls")
plt.show()
