"""A keyed pseudo-random permutation of 0 … size-1, point by point and in constant memory.

A Feistel network on the smallest power of two that holds the size, walked along its cycle until it lands inside
(Black & Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). Its round function is a 32-bit integer hash.
"""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.uint64]

ROUNDS = 8
FEWEST_BITS = 8
"""Halves of fewer than four bits mix badly; a small permutation is walked inside a larger one."""

_LOW = np.uint64(0xFFFFFFFF)


def _mix(value: Integers) -> Integers:
    """Hash 32-bit words: two multiplications between shifts, all bits of the input reaching all of the output."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        value = ((value ^ (value >> np.uint64(shift))) * np.uint64(factor)) & _LOW
    return value ^ (value >> np.uint64(16))


def _feistel(value: Integers, left_bits: Integers, right_bits: Integers, keys: Integers) -> Integers:
    """One pass through the network; halves of unequal length change places each round and end where they began."""
    left, right = value >> right_bits, value & ((np.uint64(1) << right_bits) - np.uint64(1))
    for number in range(ROUNDS):
        left_mask = (np.uint64(1) << (left_bits if number % 2 == 0 else right_bits)) - np.uint64(1)
        left, right = right, left ^ (_mix((right + keys[..., number]) & _LOW) & left_mask)
    return (left << right_bits) | right


def permute(index: Integers, size: Integers, keys: Integers) -> Integers:
    """Where each index goes in the permutation that its keys name.

    Parameters
    ----------
    index : [draw], each below its size.
    size : [draw], lengths of the permutations, from 1 to 2**32.
    keys : [draw, round], 32-bit words: equal keys name one permutation.

    Returns
    -------
    Images: [draw], each below its size.
    """
    bits = np.maximum(np.ceil(np.log2(size)), FEWEST_BITS).astype(np.uint64)
    left_bits = bits // np.uint64(2)
    right_bits = bits - left_bits
    image = _feistel(index, left_bits, right_bits, keys)
    while (outside := image >= size).any():
        image[outside] = _feistel(image[outside], left_bits[outside], right_bits[outside], keys[outside])
    return image
