"""The metrics of texts of one batch, which weft.metrics.functional has."""

from __future__ import annotations

from weft.metrics import text
from weft.metrics._base import once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weft import Tensor


def perplexity(input: Tensor, target: Tensor, *, ignore_index: int | None = -100) -> Tensor:
    """The exponential of the mean negative log-likelihood of tokens, from logits.

    Args and Raises: as of weft.metrics.Perplexity.

    >>> import weft
    >>> weft.metrics.functional.perplexity(weft.zeros(3, 1), weft.tensor([0, 0, -100]))
    tensor(1., dtype=weft.float64)
    """
    return once(text.Perplexity(ignore_index=ignore_index), input, target)


def bleu(
    input: Sequence[str] | str,
    target: Sequence[str | Sequence[str]] | str,
    *,
    max_order: int = 4,
    tokenize: str = "13a",
    smooth: str = "exp",
    smooth_value: float | None = None,
    lowercase: bool = False,
    effective_order: bool = False,
) -> Tensor:
    """How many n-grams of texts are in their references, 0 to 100.

    Args and Raises: as of weft.metrics.BLEU.

    >>> import weft
    >>> round(weft.metrics.functional.bleu(["The cat sat on the mat."], ["The cat sat on a mat."]).item(), 2)
    48.89
    """
    return once(
        text.BLEU(
            max_order=max_order,
            tokenize=tokenize,
            smooth=smooth,
            smooth_value=smooth_value,
            lowercase=lowercase,
            effective_order=effective_order,
        ),
        input,
        target,
    )


def rouge(
    input: Sequence[str] | str,
    target: Sequence[str | Sequence[str]] | str,
    *,
    kinds: Sequence[str] = ("rouge1", "rouge2", "rougeL"),
    stemmer: Callable[[str], str] | None = None,
) -> dict[str, Tensor]:
    """How much of references is in texts.

    Args and Raises: as of weft.metrics.ROUGE.

    >>> import weft
    >>> weft.metrics.functional.rouge(["a cat"], ["a cat"])["rougeL"]
    tensor(1., dtype=weft.float64)
    """
    return once(text.ROUGE(kinds, stemmer=stemmer), input, target)


def wer(input: Sequence[str] | str, target: Sequence[str] | str) -> Tensor:
    """The edits from references to texts, by the number of words in references.

    Args and Raises: as of weft.metrics.WER.

    >>> import weft
    >>> weft.metrics.functional.wer("the cat sat", "the cat sat down")
    tensor(0.2500, dtype=weft.float64)
    """
    return once(text.WER(), input, target)


def cer(input: Sequence[str] | str, target: Sequence[str] | str) -> Tensor:
    """The edits from references to texts, by the number of characters in references.

    Args and Raises: as of weft.metrics.CER.

    >>> import weft
    >>> weft.metrics.functional.cer("cat", "cart")
    tensor(0.2500, dtype=weft.float64)
    """
    return once(text.CER(), input, target)
