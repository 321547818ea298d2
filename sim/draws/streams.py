"""Named random streams: a uniform number is a function of seed, name, draw and year, and of nothing else.

The key is the first 64 bits of SHA-256("seed/name"); the counter is (draw, year, word). One Philox block serves four
neighbouring draws, lane by lane, and word 0 gives the upper 32 bits of the uniform, word 1 the lower: an engine that
needs the lower half only in doubtful cases can leave it out, and still every bit here is the bit there.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.draws.philox import Words, philox4x32

FloatArray = NDArray[np.float64]

_LANES = 4
_LOW = 0xFFFFFFFF


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
        first, last = draws.start // _LANES, -(-draws.stop // _LANES)
        block = np.arange(first, last, dtype=np.uint64)
        fixed = np.zeros_like(block)
        counter = (block & np.uint64(_LOW), block >> np.uint64(32), fixed + np.uint64(year), fixed + np.uint64(word))
        lanes = np.stack(philox4x32(counter, self.key), axis=-1).ravel()
        return lanes[draws.start - first * _LANES :][: len(draws)]

    def uniform(self, draws: range, year: int = 0) -> FloatArray:
        """Uniform numbers strictly between 0 and 1, symmetric about 1/2: [draw].

        Fifty-two random bits and a half: the smallest is 2**-53, the largest 1 - 2**-53, so that no quantile function
        ever sees 0 or 1.
        """
        return to_uniform(self.words(draws, year, word=0), self.words(draws, year, word=1))


def to_uniform(high: Words, low: Words) -> FloatArray:
    """The uniform number whose leading 64 bits are these two words; 52 of them count."""
    bits = ((high << np.uint64(32)) | low) >> np.uint64(12)
    return (bits.astype(np.float64) + 0.5) * 2.0**-52
