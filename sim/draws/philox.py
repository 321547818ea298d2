"""Philox4x32-10, a counter-based generator: random words as a pure function of a key and a counter.

Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011), algorithm and constants; the
tests compare it with the known answers published with Random123.
"""

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
"""32-bit words, each carried in 64 bits so that products do not overflow."""

_ROUNDS = 10
_NUMBERS = np.arange(_ROUNDS, dtype=np.uint64)
_WEYL = np.uint64(0x9E3779B9) * _NUMBERS, np.uint64(0xBB67AE85) * _NUMBERS
"""What is added to the two words of the key before each round."""

# as arrays: NumPy takes longer to look at a number than to multiply a thousand
_FIRST, _SECOND = np.array(0xD2511F53, np.uint64), np.array(0xCD9E8D57, np.uint64)
_LOW, _SHIFT = np.array(0xFFFFFFFF, np.uint64), np.array(32, np.uint64)


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
    words = [np.asarray(word, dtype=np.uint64) for word in key]
    shape = np.broadcast_shapes(*(part.shape for part in (*counter, *words)))
    left, right, a, b, c, d = (np.empty(shape, np.uint64) for _ in range(6))
    a[...], b[...], c[...], d[...] = counter
    first, second = (np.add.outer(steps, word) & _LOW for steps, word in zip(_WEYL, words, strict=True))
    for number in range(_ROUNDS):
        np.multiply(a, _FIRST, out=left)
        np.multiply(c, _SECOND, out=right)
        np.right_shift(right, _SHIFT, out=a)
        np.bitwise_xor(a, b, out=a)
        np.bitwise_xor(a, first[number, ...], out=a)
        np.bitwise_and(right, _LOW, out=b)
        np.right_shift(left, _SHIFT, out=c)
        np.bitwise_xor(c, d, out=c)
        np.bitwise_xor(c, second[number, ...], out=c)
        np.bitwise_and(left, _LOW, out=d)
    return a, b, c, d
