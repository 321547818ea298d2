"""Named random streams: a uniform number is a function of seed, name, draw and year, and of nothing else.

The key is the first 64 bits of SHA-256("seed/name"); the counter is (draw, year, word). One Philox block serves four
neighbouring draws, lane by lane, and word 0 gives the upper 32 bits of the uniform, word 1 the lower: an engine that
needs the lower half only in doubtful cases can leave it out, and still every bit here is the bit there.
"""

import hashlib
from abc import ABC
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.draws.philox import Words, philox4x32

FloatArray = NDArray[np.float64]

_LANES = 4
_LOW = 0xFFFFFFFF
_BOTH = np.arange(2, dtype=np.uint64)


@dataclass(frozen=True)
class Stream:
    """The random numbers that belong to one name.

    Attributes
    ----------
    seed : the run's one seed.
    name : the quantity or stage, labels included, such as `severe_vod[europe, allogeneic, adult]`.
    """

    seed: int
    name: str

    @property
    def key(self) -> tuple[int, int]:
        """The Philox key: two words from the digest of seed and name."""
        digest = hashlib.sha256(f"{self.seed}/{self.name}".encode()).digest()
        return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")

    def words(self, draws: range, year: int = 0, word: int = 0) -> Words:
        """Random 32-bit words, one a draw.

        Parameters
        ----------
        draws : neighbouring draw numbers, from 0.
        year : a calendar year, or 0 for what does not change from year to year.
        word : which of the independent words of that draw and year.

        Returns
        -------
        Words below 2**32: [draw].
        """
        only: Words = self._words(draws, year, np.array([word], dtype=np.uint64))[0]
        return only

    def _words(self, draws: range, year: int, word: Words) -> Words:
        """Several of the words of each draw at once: [word, draw]."""
        return _words(self.key, draws, year, word)

    def uniform(self, draws: range, year: int = 0) -> FloatArray:
        """Uniform numbers strictly between 0 and 1, symmetric about 1/2: [draw].

        Fifty-two random bits and a half: the smallest is 2**-53, the largest 1 - 2**-53, so that no quantile function
        ever sees 0 or 1.
        """
        return to_uniform(*self._words(draws, year, _BOTH))


Uniforms = Callable[[Stream, range, int], FloatArray]
"""What makes the uniform numbers of a stream in some draws and a year, to the bit the same: NumPy or compiled code."""


@dataclass(frozen=True)
class RoomStreams(ABC):
    """The random numbers of one room of the model, each from the stream of its own name.

    Attributes
    ----------
    room : what the names begin with.
    seed : the run's seed.
    draws : the draws they are for.
    """

    room: ClassVar[str]
    seed: int
    draws: range

    def stream(self, name: str) -> Stream:
        """The stream of a name of the room."""
        return Stream(self.seed, f"{self.room}.{name}")

    def one(self, name: str) -> FloatArray:
        """A uniform number a draw: [draw]."""
        return self.stream(name).uniform(self.draws)


def words_of(streams: Sequence[Stream], draws: range) -> Words:
    """The words of several streams, as `Stream.words` gives each: [stream, draw]."""
    first, second = np.array([stream.key for stream in streams], dtype=np.uint64).T[:, :, None]
    return _words((first, second), draws, 0, np.zeros(len(streams), dtype=np.uint64))


def _words(key: tuple[int, int] | tuple[Words, Words], draws: range, year: int, word: Words) -> Words:
    """Words under a key, or each under its own, [word, 1]: [word, draw]."""
    first, last = draws.start // _LANES, -(-draws.stop // _LANES)
    block = np.arange(first, last, dtype=np.uint64)
    of_year = np.full_like(block, year)
    counter = (block & np.uint64(_LOW), block >> np.uint64(32), of_year, word[:, None])
    lanes = np.stack(philox4x32(counter, key), axis=-1).reshape(len(word), -1)
    return lanes[:, draws.start - first * _LANES :][:, : len(draws)]


def to_uniform(high: Words, low: Words) -> FloatArray:
    """The uniform number whose leading 64 bits are these two words; 52 of them count."""
    bits = ((high << np.uint64(32)) | low) >> np.uint64(12)
    return (bits.astype(np.float64) + 0.5) * 2.0**-52
