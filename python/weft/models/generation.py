"""Generation of text, token by token: the cache of keys and values, the choice of a token, the loop."""

from __future__ import annotations

import weft
from weft import nn
from weft.models._arguments import check_positive, check_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class KeyValueCache:
    """Keys and values of the tokens that a decoder has seen, so that a call computes those of new tokens alone.

    Example:
        >>> import weft
        >>> cache = weft.models.KeyValueCache()
        >>> keys, values = cache.extend(0, weft.zeros(1, 2, 3, 4), weft.zeros(1, 2, 3, 4))
        >>> keys, values = cache.extend(0, weft.zeros(1, 2, 1, 4), weft.zeros(1, 2, 1, 4))
        >>> keys.shape, cache.length
        (weft.Size([1, 2, 4, 4]), 4)
    """

    def __init__(self) -> None:
        self._layers: list[tuple[Tensor, Tensor]] = []

    @property
    def length(self) -> int:
        """How many tokens it holds.

        >>> import weft
        >>> weft.models.KeyValueCache().length
        0
        """
        return self._layers[0][0].shape[-2] if self._layers else 0

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Adds those of new tokens, (N, heads, L, size), in this layer, and returns all of it.

        >>> import weft
        >>> weft.models.KeyValueCache().extend(0, weft.ones(1, 1, 1, 1), weft.ones(1, 1, 1, 1))[0].shape
        weft.Size([1, 1, 1, 1])
        """
        if layer > len(self._layers):
            raise ValueError(f"KeyValueCache: layer {layer} comes before layer {len(self._layers)}")
        if layer == len(self._layers):
            self._layers.append((keys, values))
        else:
            old_keys, old_values = self._layers[layer]
            self._layers[layer] = (weft.cat([old_keys, keys], -2), weft.cat([old_values, values], -2))
        return self._layers[layer]


def causal_mask(length: int, past: int, device: weft.device) -> Tensor:
    """Which of ``past + length`` keys each of the last ``length`` queries may see, as bool.

    >>> import weft
    >>> weft.models.generation.causal_mask(2, 1, "cpu")
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    return weft.ones(length, past + length, dtype=weft.bool, device=device).tril(past)


def choose_token(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: weft.Generator | None = None,
) -> Tensor:
    """One token for each row of logits (N, V): the likeliest for temperature 0, else drawn.

    Args:
        logits: (N, V).
        temperature: what logits are divided by; 0 takes the likeliest.
        top_k: draw among so many of the likeliest only.
        top_p: draw among the fewest whose probability together reaches this (Holtzman et al., 2020).
        generator: draws; None for the default one.

    Raises:
        ValueError: an argument is out of range.

    >>> import weft
    >>> weft.models.choose_token(weft.tensor([[0.0, 3.0, 1.0]]), temperature=0)
    tensor([1])
    """
    if temperature < 0:
        raise ValueError(f"choose_token: temperature must not be negative, got {temperature}")
    if top_k is not None:
        check_positive("choose_token", top_k=top_k)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"choose_token: top_p must be above 0 and at most 1, got {top_p}")
    if temperature == 0:
        return logits.argmax(-1)
    logits = logits / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        least = logits.topk(top_k, -1).values[..., -1:]
        logits = logits.masked_fill(logits < least, -weft.inf)
    if top_p is not None:
        ordered, order = logits.sort(-1, descending=True)
        p = ordered.softmax(-1)
        unneeded = p.cumsum(-1) - p >= top_p
        logits = logits.scatter(-1, order, ordered.masked_fill(unneeded, -weft.inf))
    return weft.multinomial(logits.softmax(-1), 1, generator=generator).squeeze(-1)


class GeneratesText(nn.Module):
    """A decoder whose forward takes token ids and a :class:`KeyValueCache`; this base class gives it ``generate``.

    Example:
        >>> import weft
        >>> issubclass(weft.models.GPT2LMHeadModel, weft.models.generation.GeneratesText)
        True
    """

    @weft.no_grad()
    def generate(
        self,
        input_ids: Tensor,
        max_new_tokens: int,
        temperature: float = 0.0,
        top_k: int | None = None,
        top_p: float | None = None,
        eos_token_id: int | None = None,
        use_cache: bool = True,
        generator: weft.Generator | None = None,
    ) -> Tensor:
        """The ids with up to max_new_tokens more; rows that have met eos_token_id go on with it.

        temperature, top_k, top_p and generator: see :func:`choose_token`. Without use_cache each step computes all
        tokens anew. Dropout is off while it runs.

        >>> import weft
        >>> config = weft.models.GPT2Config(vocab_size=9, n_positions=8, n_embd=4, n_layer=1, n_head=1)
        >>> weft.models.GPT2LMHeadModel(config).generate(weft.tensor([[1, 2]]), 3).shape
        weft.Size([1, 5])
        """
        check_positive(f"{type(self).__name__}.generate", max_new_tokens=max_new_tokens)
        check_tokens(self, "input_ids", input_ids)
        was_training = self.training
        self.eval()
        try:
            return self._extended(
                input_ids, max_new_tokens, (temperature, top_k, top_p, generator), eos_token_id, use_cache
            )
        finally:
            self.train(was_training)

    def _extended(self, ids, count, choice, eos_token_id, use_cache):
        cache = KeyValueCache() if use_cache else None
        new, done = ids, weft.zeros(len(ids), dtype=weft.bool, device=ids.device)
        for _ in range(count):
            token = choose_token(self(new if use_cache else ids, cache)[:, -1], *choice)
            if eos_token_id is not None:
                token = weft.where(done, eos_token_id, token)
                done = done | (token == eos_token_id)
            new = token.unsqueeze(1)
            ids = weft.cat([ids, new], 1)
            if eos_token_id is not None and bool(done.all()):
                break
        return ids
