"""Metrics of text: perplexity, BLEU, ROUGE, word and character error rates."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np

import weft
from weft._checks import check_flags, check_instances, check_integers
from weft.metrics._base import Metric, warn_undefined
from weft.metrics._inputs import check_no_nan, check_option, check_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weft import Tensor


class Perplexity(Metric):
    """The exponential of the mean negative log-likelihood of tokens, from logits.

    Args:
        ignore_index: a token in target that does not count.

    Shape:
        update(input, target): logits (..., V) and tokens (...). compute: ().

    Raises:
        ValueError: shapes do not fit, a token is out of range, or a logit is NaN.

    >>> import weft
    >>> metric = weft.metrics.Perplexity()
    >>> metric.update(weft.zeros(2, 3, 8), weft.tensor([[1, 2, 3], [4, -100, -100]]))
    >>> round(metric.compute().item(), 6)
    8.0
    """

    ignore_index: int | None
    loss: Tensor
    tokens: Tensor

    higher_is_better: bool | None = False

    def __init__(self, ignore_index: int | None = -100) -> None:
        if ignore_index is not None:
            check_instances(int, "Perplexity", ignore_index=ignore_index)
        self.ignore_index = ignore_index
        self.add_state("loss", weft.zeros((), dtype=weft.float64))
        self.add_state("tokens", weft.zeros((), dtype=weft.int64))

    def update(self, input: Tensor, target: Tensor) -> None:
        where = f"{self.name}.update"
        check_instances(weft.Tensor, where, input=input, target=target)
        if input.ndim != target.ndim + 1 or input.shape[:-1] != target.shape or not input.shape[-1]:
            raise ValueError(
                f"{where}: expected logits (..., V) and tokens (...), got {tuple(input.shape)} and "
                f"{tuple(target.shape)}"
            )
        if not input.is_floating_point() or target.is_floating_point():
            raise TypeError(f"{where}: expected logits and integer tokens, got {input.dtype} and {target.dtype}")
        input, target = input.detach(), target.to(input.device, weft.int64)
        keep = weft.ones_like(target) if self.ignore_index is None else (target != self.ignore_index).to(weft.int64)
        target = weft.where(keep == 0, 0, target)
        if self.validate:
            check_range(where, "target", target, input.shape[-1])
            check_no_nan(where, input)
        if input.dtype not in (weft.float32, weft.float64):
            input = input.float()
        own = input.gather(-1, target[..., None])[..., 0]
        loss = (input.logsumexp(-1) - own).to(weft.float64)
        self.loss = self.loss + weft.where(keep == 0, 0.0, loss).sum()
        self.tokens = self.tokens + keep.sum()

    def compute(self) -> Tensor:
        if not bool(self.tokens):
            warn_undefined(f"{self.name} is undefined without tokens, and NaN")
        return (self.loss / self.tokens).exp()


def _texts(where, name, texts):
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{where}: expected a string or a list of strings as {name}")
    return list(texts)


def _pairs(where, input, target):
    """Each text with the list of its references."""
    input = _texts(where, "input", input)
    target = [target] if isinstance(target, str) else target
    if not isinstance(target, (list, tuple)):
        raise TypeError(f"{where}: expected strings, or lists of references, as target, got {type(target).__name__}")
    if len(input) != len(target):
        raise ValueError(f"{where}: expected a target for each of {len(input)} texts, got {len(target)}")
    references = [_texts(where, "target", each) for each in target]
    if not all(references):
        raise ValueError(f"{where}: text {references.index([])} has no reference")
    return list(zip(input, references))


_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_SPLITS = [
    (re.compile(r"([{-~\[-` -&(-+:-@/])"), r" \1 "),  # symbols of ASCII, but not ' , - .
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),  # points and commas outside of numbers
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
]


def _tokens_13a(text):
    """The words that NIST's mteval-v13a counts, which sacreBLEU does as well."""
    text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, symbol in _ENTITIES:
        text = text.replace(entity, symbol)
    text = f" {text} "
    for pattern, parts in _SPLITS:
        text = pattern.sub(parts, text)
    return text.split()


_TOKENIZERS = {"13a": _tokens_13a, "none": str.split, "char": lambda text: list("".join(text.split()))}
_SMOOTHING = {"none": 0.0, "floor": 0.1, "add-k": 1.0, "exp": 0.0}


def _grams(tokens, n):
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


class BLEU(Metric):
    """How many n-grams of texts are in their references (Papineni et al., 2002), 0 to 100; as sacreBLEU's corpus_bleu.

    Args:
        max_order: n-grams of up to so many words.
        tokenize: "13a", "char", or "none" for words between spaces.
        smooth: what a count of 0 becomes: "exp", "floor", "add-k" or "none".
        smooth_value: of "floor" (None: 0.1) and "add-k" (None: 1).
        lowercase: whether upper case does not count.
        effective_order: whether orders that no text is long enough for do not count, as is usual for single sentences.

    Shape:
        update(input, target): a list of texts, and for each a reference or a list of references. compute: ().

    Raises:
        ValueError: there is no reference for a text, or an option is unknown.
        TypeError: a text is no string.

    >>> import weft
    >>> metric = weft.metrics.BLEU()
    >>> metric.update(["The cat sat on the mat."], [["The cat sat on a mat.", "A cat is here."]])
    >>> round(metric.compute().item(), 2)
    48.89
    """

    max_order: int
    tokenize: str
    smooth: str
    smooth_value: float
    lowercase: bool
    effective_order: bool
    matches: Tensor
    grams: Tensor
    lengths: Tensor

    name: str = "bleu"
    higher_is_better: bool | None = True

    def __init__(
        self,
        max_order: int = 4,
        *,
        tokenize: str = "13a",
        smooth: str = "exp",
        smooth_value: float | None = None,
        lowercase: bool = False,
        effective_order: bool = False,
    ) -> None:
        check_integers("BLEU", max_order=max_order)
        check_flags("BLEU", lowercase=lowercase, effective_order=effective_order)
        check_option("BLEU", "tokenize", tokenize, tuple(_TOKENIZERS))
        check_option("BLEU", "smooth", smooth, tuple(_SMOOTHING))
        if max_order < 1:
            raise ValueError(f"BLEU: max_order must be positive, got {max_order}")
        if smooth_value is not None and smooth not in ("floor", "add-k"):
            raise ValueError(f"BLEU: smooth_value is for 'floor' and 'add-k', got smooth={smooth!r}")
        self.max_order, self.tokenize, self.smooth = max_order, tokenize, smooth
        self.smooth_value = _SMOOTHING[smooth] if smooth_value is None else float(smooth_value)
        self.lowercase, self.effective_order = lowercase, effective_order
        self.add_state("matches", weft.zeros(max_order, dtype=weft.int64))
        self.add_state("grams", weft.zeros(max_order, dtype=weft.int64))
        self.add_state("lengths", weft.zeros(2, dtype=weft.int64))  # of texts, of references

    def _words(self, text):
        text = text.lower() if self.lowercase else text
        return _TOKENIZERS[self.tokenize](text.rstrip())

    def update(self, input: Sequence[str] | str, target: Sequence[str | Sequence[str]] | str) -> None:
        matches, grams, lengths = np.zeros(self.max_order, int), np.zeros(self.max_order, int), np.zeros(2, int)
        for text, references in _pairs(f"{self.name}.update", input, target):
            words, others = self._words(text), [self._words(each) for each in references]
            nearest = min((len(other) for other in others), key=lambda n: (abs(n - len(words)), n))
            lengths += (len(words), nearest)
            for n in range(1, self.max_order + 1):
                counts, most = _grams(words, n), Counter()
                for other in others:
                    most |= _grams(other, n)
                matches[n - 1] += (counts & most).total()
                grams[n - 1] += counts.total()
        for name, more in (("matches", matches), ("grams", grams), ("lengths", lengths)):
            setattr(self, name, getattr(self, name) + weft.from_numpy(more).to(self.device))

    def compute(self) -> Tensor:
        matches, grams = self.matches.tolist(), self.grams.tolist()
        length, wanted = self.lengths.tolist()
        score = 0.0
        if any(matches):
            short = min(0.0, 1 - wanted / length) if length else -math.inf
            score = 100 * math.exp(short + self._log_precision(matches, grams))
        return weft.full((), score, dtype=weft.float64, device=self.device)

    def _log_precision(self, matches, grams):
        """The mean of the logarithms of the smoothed precisions."""
        logs, halvings = [], 0
        for n, (found, of) in enumerate(zip(matches, grams)):
            if self.smooth == "add-k" and n:
                found, of = found + self.smooth_value, of + self.smooth_value
            if not of:
                break
            if not found and self.smooth == "exp":
                halvings += 1
                found = 0.5**halvings
            elif not found and self.smooth == "floor":
                found = self.smooth_value
            logs.append(math.log(found / of) if found else -math.inf)
        if not self.effective_order and len(logs) < self.max_order:
            return -math.inf
        return sum(logs) / len(logs)


def _longest_common(a, b):
    """The length of the longest common subsequence, a row of the table at a time."""
    row = np.zeros(len(b) + 1, int)
    for word in a:
        equal = np.fromiter((word == other for other in b), bool, len(b))
        row[1:] = np.maximum(row[1:], row[:-1] + equal)
        np.maximum.accumulate(row, out=row)
    return int(row[-1])


def _longest_places(a, b):
    """The places in a of a longest common subsequence; of several, the one that comes back from the ends along a."""
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    for i, word in enumerate(a):
        equal = np.fromiter((word == other for other in b), bool, len(b))
        table[i + 1, 1:] = np.maximum(table[i, 1:], table[i, :-1] + equal)
        np.maximum.accumulate(table[i + 1], out=table[i + 1])
    places, i, j = set(), len(a), len(b)
    while i and j:
        if a[i - 1] == b[j - 1]:
            places.add(i - 1)
            i, j = i - 1, j - 1
        elif table[i, j - 1] > table[i - 1, j]:
            j -= 1
        else:
            i -= 1
    return places


def _common_of_sentences(sentences, wanted):
    """Of each wanted sentence, the words in its longest common subsequences with all sentences; each counts once."""
    left = [Counter(word for sentence in group for word in sentence) for group in (sentences, wanted)]
    common = 0
    for sentence in wanted:
        for place in sorted(set().union(*(_longest_places(sentence, other) for other in sentences))):
            word = sentence[place]
            if left[0][word] > 0 and left[1][word] > 0:
                common += 1
                left[0][word] -= 1
                left[1][word] -= 1
    return common


class ROUGE(Metric):
    """How much of references is in texts (Lin, 2004), by n-grams or common subsequences; as rouge-score counts it.

    Args:
        kinds: of "rouge1" to "rouge9", "rougeL", and "rougeLsum": of texts whose sentences stand on lines of their own.
        stemmer: gives the stem of a word, say ``nltk.stem.PorterStemmer().stem``; called for words of more than three
            letters, as rouge-score does.

    Shape:
        update(input, target): a list of texts, and for each a reference or a list, of which the best counts. compute:
        a dict of the means over texts: "rouge1" is the F1, "rouge1_precision" and "rouge1_recall" its parts, ...

    Raises:
        ValueError: there is no reference for a text, or a kind is unknown.
        TypeError: a text is no string.

    >>> import weft
    >>> metric = weft.metrics.ROUGE()
    >>> metric.update(["the cat sat"], ["the cat was here"])
    >>> {name: round(value.item(), 3) for name, value in metric.compute().items() if "_" not in name}
    {'rouge1': 0.571, 'rouge2': 0.4, 'rougeL': 0.571}
    """

    kinds: tuple[str, ...]
    stemmer: Callable[[str], str] | None
    sums: Tensor
    texts: Tensor

    name: str = "rouge"
    higher_is_better: bool | None = True

    def __init__(
        self, kinds: Sequence[str] = ("rouge1", "rouge2", "rougeL"), *, stemmer: Callable[[str], str] | None = None
    ) -> None:
        kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
        for kind in kinds:
            check_option("ROUGE", "kinds", kind, tuple(f"rouge{k}" for k in (*range(1, 10), "L", "Lsum")))
        if stemmer is not None and not callable(stemmer):
            raise TypeError(f"ROUGE: stemmer must be a function of a word, got {type(stemmer).__name__}")
        if not kinds:
            raise ValueError("ROUGE: kinds is empty")
        self.kinds, self.stemmer = kinds, stemmer
        self.add_state("sums", weft.zeros(len(kinds), 3, dtype=weft.float64))
        self.add_state("texts", weft.zeros((), dtype=weft.int64))

    def update(self, input: Sequence[str] | str, target: Sequence[str | Sequence[str]] | str) -> None:
        pairs = _pairs(f"{self.name}.update", input, target)
        sums = np.zeros((len(self.kinds), 3))
        for text, references in pairs:
            lines, others = self._lines(text), [self._lines(other) for other in references]
            for row, kind in zip(sums, self.kinds):
                scores = [self._score(kind, lines, other) for other in others]
                row += scores[int(np.argmax([f1 for _, _, f1 in scores]))]
        self.sums = self.sums + weft.from_numpy(sums).to(self.device)
        self.texts = self.texts + len(pairs)

    def _lines(self, text):
        """The words of each line."""
        stem = self.stemmer
        lines = [re.findall("[a-z0-9]+", line) for line in text.lower().split("\n")]
        return [[stem(word) if stem and len(word) > 3 else word for word in line] for line in lines]

    @staticmethod
    def _score(kind, lines, others):
        words, wanted = ([word for line in each for word in line] for each in (lines, others))
        if kind == "rougeLsum":
            common, of, to = _common_of_sentences(lines, others), len(words), len(wanted)
        elif kind == "rougeL":
            common, of, to = _longest_common(words, wanted), len(words), len(wanted)
        else:
            ours, theirs = _grams(words, int(kind[5:])), _grams(wanted, int(kind[5:]))
            common, of, to = (ours & theirs).total(), ours.total(), theirs.total()
        precision, recall = common / max(of, 1), common / max(to, 1)
        return precision, recall, 2 * precision * recall / (precision + recall) if common else 0.0

    def compute(self) -> dict[str, Tensor]:
        if not bool(self.texts):
            warn_undefined(f"{self.name} is undefined without texts, and NaN")
        means, result = self.sums / self.texts, {}
        for kind, (precision, recall, f1) in zip(self.kinds, means):
            result.update({kind: f1, f"{kind}_precision": precision, f"{kind}_recall": recall})
        return result


def _distance(a, b):
    """The number of insertions, deletions and substitutions from one list to the other (Levenshtein, 1966)."""
    codes: dict[str, int] = {}
    a, b = ([codes.setdefault(item, len(codes)) for item in each] for each in (a, b))
    b, places = np.array(b, int), np.arange(len(b) + 1)
    row = places.copy()
    for i, item in enumerate(a):
        new = np.empty_like(row)
        new[0] = i + 1
        np.minimum(row[1:] + 1, row[:-1] + (b != item), out=new[1:])
        row = np.minimum.accumulate(new - places) + places  # insertions: one more at each place
    return int(row[-1])


class WER(Metric):
    """The edits from references to texts, by the number of words in references; as jiwer's wer.

    Shape:
        update(input, target): two lists of texts, or two texts. compute: (). Where all references are empty, the
        number of inserted words.

    Raises:
        ValueError: there are not as many texts as references.
        TypeError: a text is no string.

    >>> import weft
    >>> metric = weft.metrics.WER()
    >>> metric.update(["the cat sat"], ["the cat sat down"])
    >>> metric.compute()
    tensor(0.2500, dtype=weft.float64)
    """

    edits: Tensor
    length: Tensor

    name: str = "wer"
    higher_is_better: bool | None = False

    def __init__(self) -> None:
        self.add_state("edits", weft.zeros((), dtype=weft.int64))
        self.add_state("length", weft.zeros((), dtype=weft.int64))

    def _units(self, text):
        return [word for word in re.sub(r"\s\s+", " ", text).strip().split(" ") if word]

    def update(self, input: Sequence[str] | str, target: Sequence[str] | str) -> None:
        where = f"{self.name}.update"
        input, target = _texts(where, "input", input), _texts(where, "target", target)
        if len(input) != len(target):
            raise ValueError(f"{where}: expected a reference for each of {len(input)} texts, got {len(target)}")
        pairs = [(self._units(a), self._units(b)) for a, b in zip(input, target)]
        self.edits = self.edits + sum(_distance(a, b) for a, b in pairs)
        self.length = self.length + sum(len(b) for _, b in pairs)

    def compute(self) -> Tensor:
        return self.edits.to(weft.float64) / self.length.clamp(min=1)


class CER(WER):
    """The edits from references to texts, by the number of characters in references; as jiwer's cer.

    Shape:
        As of WER.

    Raises:
        ValueError: as WER.

    >>> import weft
    >>> metric = weft.metrics.CER()
    >>> metric.update(["cat"], ["cart"])
    >>> metric.compute()
    tensor(0.2500, dtype=weft.float64)
    """

    name: str = "cer"

    def _units(self, text):
        return list(text.strip())
