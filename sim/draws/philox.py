"""Philox4x32-10, a counter-based generator: random words as a pure function of a key and a counter.

Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011), algorithm and constants; the
tests compare it with the known answers published with Random123.
"""

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
"""32-bit words, each carried in 64 bits so that products do not overflow."""

_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def philox4x32(
    counter: tuple[Words, Words, Words, Words], key: tuple[int, int] | tuple[Words, Words]
) -> tuple[Words, Words, Words, Words]:
    """Encrypt a counter of four 32-bit words under a key of two.

    Parameters
    ----------
    counter : four arrays that broadcast together, each value below 2**32.
    key : two words below 2**32, or two arrays of them that broadcast with the counter.

    Returns
    -------
    Four arrays of random words below 2**32.
    """
    a, b, c, d = counter
    keys = [np.asarray(word, dtype=np.uint64) for word in key]
    for number in range(_ROUNDS):
        first, second = ((word + np.uint64(number * weyl)) & _LOW for word, weyl in zip(keys, _WEYL, strict=True))
        left, right = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b, c, d = (
            (right >> _SHIFT) ^ b ^ first,
            right & _LOW,
            (left >> _SHIFT) ^ d ^ second,
            left & _LOW,
        )
    return a, b, c, d
