"""Reinforcement learning: deep Q-networks (Mnih et al., 2015) and actor and critic (Mnih et al., 2016)."""

from __future__ import annotations

import weft
from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability
from weft.nn import functional as F
from weft.ops import MLP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class DQN(nn.Module):
    """The value of each action in a state, by a perceptron.

    Args:
        state_size: numbers that describe a state.
        num_actions: number of actions.
        hidden: sizes of the hidden layers.

    Shape:
        Input: (N, state_size). Output: (N, num_actions).

    Raises:
        ValueError: an argument is not a positive int, or the states have another shape.

    Example:
        >>> import weft
        >>> weft.models.DQN(4, 2)(weft.zeros(1, 4)).shape
        weft.Size([1, 2])
    """

    layers: MLP
    num_actions: Any
    state_size: Any

    def __init__(self, state_size: int, num_actions: int, hidden: Sequence[int] = (128, 128)) -> None:
        super().__init__()
        check_positive("DQN", state_size=state_size, num_actions=num_actions)
        self.state_size, self.num_actions = state_size, num_actions
        self.layers = MLP(state_size, [*hidden, num_actions])

    def forward(self, states: Tensor) -> Tensor:
        check_input(self, "states", states, "N, S", S=self.state_size)
        return self.layers(states)

    @weft.no_grad()
    def act(self, states: Tensor, epsilon: float = 0.0) -> Tensor:
        """The best action of each state, or with probability epsilon any one.

        >>> import weft
        >>> weft.models.DQN(4, 2).act(weft.zeros(3, 4)).shape
        weft.Size([3])
        """
        check_probability("DQN.act", epsilon=epsilon)
        best = self(states).argmax(1)
        random = weft.randint(0, self.num_actions, best.shape, device=best.device)
        return weft.where(weft.rand(best.shape, device=best.device) < epsilon, random, best)


class ReplayBuffer:
    """The last steps that were made, to draw batches of.

    Args:
        capacity: how many it holds; then the oldest is overwritten.

    Raises:
        ValueError: capacity is not a positive int, or a batch is drawn of nothing.

    Example:
        >>> import weft
        >>> buffer = weft.models.ReplayBuffer(100)
        >>> buffer.add(weft.zeros(4), 1, 0.5, weft.ones(4), False)
        >>> [each.shape for each in buffer.sample(2)]
        [weft.Size([2, 4]), weft.Size([2]), weft.Size([2]), weft.Size([2, 4]), weft.Size([2])]
    """

    def __init__(self, capacity: int) -> None:
        check_positive("ReplayBuffer", capacity=capacity)
        self.capacity = capacity
        self._steps: list[tuple[Tensor, ...]] = []
        self._next = 0

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, state: Tensor, action: int, reward: float, next_state: Tensor, done: bool) -> None:
        """Keeps a step: the action taken in a state, what it brought, and whether that was the end.

        >>> import weft
        >>> buffer = weft.models.ReplayBuffer(1)
        >>> buffer.add(weft.zeros(1), 0, 1.0, weft.zeros(1), True)
        >>> len(buffer)
        1
        """
        step = (state, weft.tensor(action), weft.tensor(float(reward)), next_state, weft.tensor(bool(done)))
        if len(self._steps) < self.capacity:
            self._steps.append(step)
        else:
            self._steps[self._next] = step
        self._next = (self._next + 1) % self.capacity

    def sample(self, count: int, generator: weft.Generator | None = None) -> tuple[Tensor, ...]:
        """States, actions, rewards, next states and ends of steps drawn with replacement.

        >>> import weft
        >>> buffer = weft.models.ReplayBuffer(1)
        >>> buffer.add(weft.zeros(1), 0, 1.0, weft.zeros(1), True)
        >>> buffer.sample(1)[2]
        tensor([1.])
        """
        check_positive("ReplayBuffer.sample", count=count)
        if not self._steps:
            raise ValueError("ReplayBuffer.sample: nothing was added yet")
        chosen = weft.randint(0, len(self._steps), (count,), generator=generator).tolist()
        return tuple(weft.stack(parts) for parts in zip(*(self._steps[i] for i in chosen)))


def dqn_loss(
    online: nn.Module, target: nn.Module, batch: Sequence[Tensor], gamma: float = 0.99, double: bool = True
) -> Tensor:
    """Huber loss of the values of actions taken against ``reward + gamma * value of the best next action``.

    The value is the target's; with double the online network chooses the action (van Hasselt et al., 2016).

    Args:
        online: the network in training.
        target: its older copy.
        batch: states (N, S), actions, rewards, next states (N, S) and ends, as :meth:`ReplayBuffer.sample` gives.
        gamma: how much a later reward counts.
        double: choose the next action by the online network.

    Raises:
        ValueError: gamma is not between 0 and 1, or batch is not five tensors.

    >>> import weft
    >>> net = weft.models.DQN(4, 2)
    >>> batch = (weft.zeros(3, 4), weft.zeros(3).long(), weft.ones(3), weft.zeros(3, 4), weft.ones(3).bool())
    >>> weft.models.dqn_loss(net, net, batch).shape
    weft.Size([])
    """
    check_probability("dqn_loss", gamma=gamma)
    if len(batch) != 5:
        raise ValueError(f"dqn_loss: batch must be states, actions, rewards, next states and ends, got {len(batch)}")
    states, actions, rewards, next_states, done = batch
    values = online(states).gather(1, actions[:, None]).squeeze(1)
    with weft.no_grad():
        next_values = target(next_states)
        best = (online(next_states) if double else next_values).argmax(1, keepdim=True)
        later = next_values.gather(1, best).squeeze(1)
        wanted = rewards + gamma * later * (~done).to(later.dtype)
    return F.smooth_l1_loss(values, wanted)


class ActorCritic(nn.Module):
    """A policy and the value of states, on one perceptron.

    Args:
        state_size: numbers that describe a state.
        num_actions: number of actions.
        hidden: sizes of the hidden layers, at least one.

    Shape:
        Input: (N, state_size). Output: logits of the actions, (N, num_actions), and values, (N,).

    Raises:
        ValueError: an argument is not a positive int, or the states have another shape.

    Example:
        >>> import weft
        >>> logits, values = weft.models.ActorCritic(4, 2)(weft.zeros(3, 4))
        >>> logits.shape, values.shape
        (weft.Size([3, 2]), weft.Size([3]))
    """

    actor: nn.Linear
    body: MLP
    critic: nn.Linear

    def __init__(self, state_size: int, num_actions: int, hidden: Sequence[int] = (128, 128)) -> None:
        super().__init__()
        check_positive("ActorCritic", state_size=state_size, num_actions=num_actions)
        if not hidden:
            raise ValueError("ActorCritic: hidden must name at least one size, got none")
        self.state_size = state_size
        self.body = MLP(state_size, list(hidden), activation_layer=nn.Tanh)
        self.actor = nn.Linear(hidden[-1], num_actions)
        self.critic = nn.Linear(hidden[-1], 1)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        check_input(self, "states", states, "N, S", S=self.state_size)
        features = weft.tanh(self.body(states))
        return self.actor(features), self.critic(features).squeeze(1)

    @weft.no_grad()
    def act(self, states: Tensor, generator: weft.Generator | None = None) -> Tensor:
        """An action for each state, drawn by the policy.

        >>> import weft
        >>> weft.models.ActorCritic(4, 2).act(weft.zeros(3, 4)).shape
        weft.Size([3])
        """
        return weft.multinomial(self(states)[0].softmax(1), 1, generator=generator).squeeze(1)


def advantages(
    rewards: Tensor, values: Tensor, done: Tensor, last_value: Tensor, gamma: float = 0.99, decay: float = 0.95
) -> Tensor:
    """How much better each step went than the critic thought (Schulman et al., 2016), without gradients.

    ``A_t = d_t + gamma decay A_{t+1}``, ``d_t = r_t + gamma V_{t+1} - V_t``; nothing flows back over an end. The
    returns are these plus values.

    Args:
        rewards: (T, ...), what each step brought.
        values: of the states before it, of the same shape.
        done: whether it was the end, of the same shape.
        last_value: of the state after the last step, (...).
        gamma: how much a later reward counts.
        decay: between what one step tells (0) and what all tell (1).

    Raises:
        ValueError: shapes differ, or gamma or decay is not between 0 and 1.

    >>> import weft
    >>> rewards, values = weft.tensor([1.0, 1.0]), weft.zeros(2)
    >>> weft.models.advantages(rewards, values, weft.tensor([False, True]), weft.tensor(9.0), 0.5, 1.0)
    tensor([1.5000, 1.0000])
    """
    check_probability("advantages", gamma=gamma, decay=decay)
    if not rewards.shape == values.shape == done.shape or last_value.shape != rewards.shape[1:]:
        shapes = ", ".join(str(tuple(each.shape)) for each in (rewards, values, done, last_value))
        raise ValueError(
            f"advantages: expected rewards, values and done of one shape (T, ...), last (...), got {shapes}"
        )
    with weft.no_grad():
        goes_on = (~done).to(values.dtype)
        result, later, next_value = [], weft.zeros_like(last_value), last_value
        for t in range(len(rewards) - 1, -1, -1):
            difference = rewards[t] + gamma * next_value * goes_on[t] - values[t]
            later = difference + gamma * decay * goes_on[t] * later
            next_value = values[t]
            result.append(later)
        return weft.stack(result[::-1]) if result else weft.zeros_like(values)


def actor_critic_loss(
    logits: Tensor,
    values: Tensor,
    actions: Tensor,
    returns: Tensor,
    value_weight: float = 0.5,
    entropy_weight: float = 0.01,
) -> Tensor:
    """``mean(-log p(action) (return - value)) + value_weight mse(value, return) - entropy_weight entropy``.

    The difference of return and value counts as a constant in the first term.

    Args:
        logits: (N, actions), of the policy.
        values: (N,), of the critic.
        actions: (N,), those taken.
        returns: (N,), what came of them.
        value_weight: factor of the critic's error.
        entropy_weight: factor of the policy's entropy, which keeps it from settling early.

    Raises:
        ValueError: shapes do not fit.

    >>> import weft
    >>> zeros = weft.zeros(2)
    >>> weft.models.actor_critic_loss(weft.zeros(2, 2), zeros, zeros.long(), zeros, entropy_weight=0.0)
    tensor(0.)
    """
    if logits.ndim != 2 or not values.shape == actions.shape == returns.shape == logits.shape[:1]:
        shapes = ", ".join(str(tuple(each.shape)) for each in (logits, values, actions, returns))
        raise ValueError(f"actor_critic_loss: expected logits (N, A), values, actions and returns (N,), got {shapes}")
    logs = logits.log_softmax(1)
    chosen = logs.gather(1, actions[:, None]).squeeze(1)
    policy = -(chosen * (returns - values).detach()).mean()
    entropy = -(logs.exp() * logs).sum(1).mean()
    return policy + value_weight * F.mse_loss(values, returns) - entropy_weight * entropy
