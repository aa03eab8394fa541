"""Streams of tokens for language models: files of numbers that are mapped into memory, and windows of them."""

from __future__ import annotations

import itertools
import operator
import os

import numpy as np

import weft
from weft._checks import check_flags
from weft.datasets._files import DataFileError, read_bytes
from weft.serialization.atomic_file import replacing
from weft.utils.data import Dataset
from weft.utils.data.collate import FetchedBatch

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

_TEXTS = 1024  # encoded at a time
_TYPES = ("uint8", "uint16", "uint32", "int32", "int64")


def write_tokens(
    path: Any, texts: Iterable[str], tokenizer: Any, *, dtype: str = "uint16", end: int | None = None
) -> int:
    """Writes the tokens of texts to a file, one number after the other; returns how many.

    Args:
        path: the file.
        texts: strings, of which only some are in memory at a time.
        tokenizer: of Hugging Face's `tokenizers`, any object whose ``encode(text)`` gives the numbers or has them as
            ``ids``, or such a function.
        dtype: of the file: "uint8", "uint16", "uint32", "int32" or "int64".
        end: a number to write after each text.

    Raises:
        ValueError: a number does not fit the dtype.
        TypeError: the tokenizer is none, or texts is a single string.

    >>> import pathlib, tempfile, weft
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "tokens.bin"
    >>> weft.datasets.write_tokens(path, ["ab", "c"], lambda text: [ord(c) for c in text], end=0)
    5
    >>> weft.datasets.TokenStream(path, 4)[0]
    (tensor([97, 98,  0, 99]), tensor([98,  0, 99,  0]))
    """
    if isinstance(texts, str):
        raise TypeError("write_tokens: texts must be an iterable of strings, got one string; put it into a list")
    if "://" in os.fspath(path):
        raise ValueError(f"write_tokens: {path} is an address; write a file on this machine and copy it there")
    kind, encode = _dtype("write_tokens", dtype), _encoder(tokenizer)
    after = [] if end is None else [operator.index(end)]
    count, texts = 0, iter(texts)
    with replacing(os.fspath(path)) as file:
        while batch := list(itertools.islice(texts, _TEXTS)):
            for numbers in encode(batch):
                tokens = np.asarray([*numbers, *after])
                if tokens.size and (tokens.min() < np.iinfo(kind).min or tokens.max() > np.iinfo(kind).max):
                    raise ValueError(f"write_tokens: token {int(tokens.max())} does not fit {kind}; give a wider dtype")
                view = memoryview(tokens.astype(kind).tobytes())
                while view:
                    view = view[file.write(view) :]
                count += len(tokens)
    return count


def _encoder(tokenizer):
    """A function from a list of texts to lists of numbers."""
    if hasattr(tokenizer, "encode_batch"):
        return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    encode = getattr(tokenizer, "encode", tokenizer)
    if not callable(encode):
        raise TypeError(f"write_tokens: tokenizer must have encode() or be a function, got {type(tokenizer).__name__}")
    return lambda texts: [getattr(numbers, "ids", numbers) for numbers in map(encode, texts)]


def _dtype(function, dtype):
    name = str(dtype).removeprefix("weft.") if isinstance(dtype, weft.dtype) else np.dtype(dtype).name
    if name not in _TYPES:
        raise ValueError(f"{function}: dtype must be one of {', '.join(_TYPES)}, got {dtype!r}")
    return np.dtype(name)


class TokenStream(Dataset["tuple[weft.Tensor, weft.Tensor]"]):
    """Windows of a long row of tokens: pairs ``(x, y)`` of block_size numbers, where y is x moved on by one.

    Files are mapped into memory, so they may be larger than it. A DataLoader has each batch with one copy, not sample
    by sample.

    Args:
        tokens: a file of numbers without header or one of NumPy (".npy"), several of them, or an array. No window
            reaches from one file into the next. An address with "://" (no header) is read whole, through fsspec.
        block_size: length of a window.
        dtype: of files without header.
        stride: how far a window begins behind the last one, by default block_size.
        random: begin windows anywhere, drawn anew whenever a sample is asked for; index and stride have no effect then.
        num_samples: with random the length of the data set, by default as many as windows would fill it.
        generator: with random where places are drawn from, by default the default generator.

    Raises:
        DataFileError: a file is no whole number of tokens.
        ValueError: there is no window of this length, or arguments do not fit together.

    >>> import weft
    >>> stream = weft.datasets.TokenStream(range(10), block_size=3)
    >>> len(stream), stream[1]
    (3, (tensor([3, 4, 5]), tensor([4, 5, 6])))
    >>> x, y = next(iter(weft.utils.data.DataLoader(stream, batch_size=2)))
    >>> y
    tensor([[1, 2, 3],
            [4, 5, 6]])
    """

    def __init__(
        self,
        tokens: Any,
        block_size: int,
        *,
        dtype: str = "uint16",
        stride: int | None = None,
        random: bool = False,
        num_samples: int | None = None,
        generator: weft.Generator | None = None,
    ) -> None:
        check_flags("TokenStream", random=random)
        self.block_size: int = _positive("block_size", block_size)
        self.stride: int = self.block_size if stride is None else _positive("stride", stride)
        if not random and (num_samples is not None or generator is not None):
            raise ValueError("TokenStream: num_samples and generator are for random=True")
        self.random: bool = random
        self.generator: weft.Generator | None = generator
        self._dtype = _dtype("TokenStream", dtype)
        self._sources = _sources(tokens)
        self._open()
        room = np.array([max(0, len(part) - self.block_size) for part in self._parts])  # places where one may begin
        step = 1 if random else self.stride
        self._ends = np.cumsum(-(-room // step))
        if not self._ends[-1]:
            longest = max(len(part) for part in self._parts)
            raise ValueError(
                f"TokenStream: no window of block_size {self.block_size} and one more; the longest part has {longest}"
            )
        self._length = int(self._ends[-1])
        if random:
            filled = max(1, sum(len(part) for part in self._parts) // self.block_size)
            self._length = filled if num_samples is None else _positive("num_samples", num_samples)

    def _open(self):
        self._parts = [_mapped(source, self._dtype) for source in self._sources]
        self._windows: list[Any] = [None] * len(self._parts)

    def __getstate__(self) -> dict[str, Any]:  # worker processes map the files themselves
        return {name: value for name, value in self.__dict__.items() if name not in ("_parts", "_windows")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def __len__(self) -> int:
        return self._length

    @property
    def num_tokens(self) -> int:
        """How many tokens there are.

        >>> import weft
        >>> weft.datasets.TokenStream(range(10), 3).num_tokens
        10
        """
        return sum(len(part) for part in self._parts)

    def __getitem__(self, index: int) -> tuple[weft.Tensor, weft.Tensor]:
        x, y = self._fetch([index])
        return x[0], y[0]

    def __getitems__(self, indices: Sequence[int]) -> Sequence[tuple[weft.Tensor, weft.Tensor]]:
        if type(self).__getitem__ is not TokenStream.__getitem__:
            return [self[index] for index in indices]
        return FetchedBatch(self._fetch(indices))

    def _fetch(self, indices):
        places = np.asarray(indices, np.int64)
        if places.size and not -self._length <= places.min() <= places.max() < self._length:
            bad = next(int(i) for i in places if not -self._length <= i < self._length)
            raise IndexError(f"TokenStream: index {bad} is out of range for {self._length} windows")
        places = places % self._length
        if self.random:
            places = weft.randint(int(self._ends[-1]), (len(places),), generator=self.generator).numpy()
        step = 1 if self.random else self.stride
        if len(self._parts) == 1:
            return list(self._gather(0, places * step))
        x = weft.empty(len(places), self.block_size, dtype=weft.int64)
        y = weft.empty(len(places), self.block_size, dtype=weft.int64)
        numbers = np.searchsorted(self._ends, places, side="right")
        for number in np.unique(numbers):
            chosen = np.flatnonzero(numbers == number)
            begins = (places[chosen] - (self._ends[number - 1] if number else 0)) * step
            rows = weft.from_numpy(chosen)
            x[rows], y[rows] = self._gather(int(number), begins)
        return [x, y]

    def _gather(self, number, begins):
        if self._windows[number] is None:
            self._windows[number] = np.lib.stride_tricks.sliding_window_view(self._parts[number], self.block_size + 1)
        rows = self._windows[number][begins]
        return weft.from_numpy(rows[:, :-1].astype(np.int64)), weft.from_numpy(rows[:, 1:].astype(np.int64))


def _positive(name, value):
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number <= 0 or isinstance(value, bool):
        raise ValueError(f"TokenStream: {name} must be a positive int, got {value!r}")
    return number


def _sources(tokens):
    if isinstance(tokens, str) and "://" in tokens:
        return [tokens]
    if isinstance(tokens, (str, os.PathLike)):
        return [os.path.abspath(os.path.expanduser(os.fspath(tokens)))]
    if isinstance(tokens, (list, tuple)) and tokens and isinstance(tokens[0], (str, os.PathLike)):
        return [source for path in tokens for source in _sources(path)]
    array = tokens.numpy() if isinstance(tokens, weft.Tensor) else np.asarray(tokens)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"TokenStream: expected a row of integers, got shape {array.shape} and dtype {array.dtype}")
    return [array]


def _mapped(source, dtype):
    """The tokens of a file, mapped into memory; of an array itself."""
    if not isinstance(source, str):
        return source
    if source.endswith(".npy") and "://" not in source:
        try:
            array = np.load(source, mmap_mode="r", allow_pickle=False)
        except OSError:
            raise
        except Exception as error:  # whatever a damaged header gives rise to
            raise DataFileError(f"{source}: this is no whole NumPy file ({error})") from None
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise DataFileError(f"{source}: expected a row of integers, got shape {array.shape}, {array.dtype}")
        return array
    content = read_bytes(source) if "://" in source else None
    size = os.stat(source).st_size if content is None else len(content)
    if not size or size % dtype.itemsize:
        raise DataFileError(
            f"{source}: {size} bytes are no whole number of tokens of {dtype}, of {dtype.itemsize} bytes"
        )
    return np.memmap(source, dtype, mode="r") if content is None else np.frombuffer(content, dtype)


class Characters(TokenStream):
    """Windows of a text, each character a number: pairs ``(x, y)`` of block_size numbers, y moved on by one.

    Args:
        text: the text itself.
        block_size: length of a window.
        characters: those that there are, in the order of their numbers; by default those of the text, sorted.
        kwargs: stride, random, num_samples and generator of :class:`TokenStream`.

    Attributes: ``characters``, a string.

    Raises ValueError for a character that has no number.

    >>> import weft
    >>> data = weft.datasets.Characters("hello world", block_size=4)
    >>> data.characters, data[0]
    (' dehlorw', (tensor([3, 2, 4, 4]), tensor([2, 4, 4, 5])))
    >>> data.decode(data[0][0])
    'hell'
    """

    def __init__(self, text: str, block_size: int, *, characters: str | None = None, **kwargs: Any) -> None:
        if not isinstance(text, str):
            raise TypeError(f"Characters: expected a string, got {type(text).__name__}; see weft.datasets.read_text")
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        if characters is None:
            characters = "".join(map(chr, np.unique(codes)))
        if len(set(characters)) != len(characters):
            raise ValueError("Characters: a character stands twice in characters")
        self.characters: str = characters
        super().__init__(self.encode(text), block_size, **kwargs)

    def encode(self, text: str) -> weft.Tensor:
        """The numbers of a text's characters, an int64 tensor.

        Args:
            text: of characters that there are; else ValueError.

        >>> import weft
        >>> weft.datasets.Characters("abc", 1).encode("cab")
        tensor([2, 0, 1])
        """
        known = np.frombuffer(self.characters.encode("utf-32-le", "surrogatepass"), np.uint32)
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        order = np.argsort(known)
        places = np.minimum(np.searchsorted(known, codes, sorter=order), max(len(known) - 1, 0))
        if len(codes) and (not len(known) or (known[order[places]] != codes).any()):
            strange = next(character for character in text if character not in self.characters)
            raise ValueError(f"Characters: {strange!r} is none of the {len(known)} characters")
        return weft.from_numpy(order[places].astype(np.int64))

    def decode(self, numbers: Any) -> str:
        """The text of numbers.

        Args:
            numbers: a tensor or sequence of them; IndexError for one that no character has.

        >>> import weft
        >>> weft.datasets.Characters("abc", 1).decode([2, 0, 1])
        'cab'
        """
        numbers = numbers.tolist() if isinstance(numbers, weft.Tensor) else list(numbers)
        if any(not 0 <= number < len(self.characters) for number in numbers):
            raise IndexError(f"Characters.decode: a number is outside of 0 to {len(self.characters) - 1}")
        return "".join(self.characters[number] for number in numbers)
