"""A keyed pseudo-random permutation of 0 … size-1, point by point and in constant memory.

A Feistel network on the smallest power of two that holds the size, walked along its cycle until it lands inside
(Black & Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). Its round function is a 32-bit integer hash.
"""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.uint64]
Bits = NDArray[np.uint64] | np.uint64

ROUNDS = 8
FEWEST_BITS = 8
"""Halves of fewer than four bits mix badly; a small permutation is walked inside a larger one."""

_LOW = np.uint64(0xFFFFFFFF)


def _mix(value: Integers) -> Integers:
    """Hash 32-bit words: two multiplications between shifts, all bits of the input reaching all of the output."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        value = ((value ^ (value >> np.uint64(shift))) * np.uint64(factor)) & _LOW
    return value ^ (value >> np.uint64(16))


def _feistel(value: Integers, left_bits: Bits, right_bits: Bits, keys: Integers) -> Integers:
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


def permute_each(index: Integers, place: Integers, sizes: Integers, keys: Integers) -> Integers:
    """The same where few permutations serve many indices: small ones are walked in a table of the whole network.

    Parameters
    ----------
    index : [draw], each below the size of its permutation.
    place : [draw], which permutation each index is of.
    sizes : [permutation], their lengths.
    keys : [permutation, round], 32-bit words.

    Returns
    -------
    Images: [draw], each below the size of its permutation.
    """
    inside, size = 1 << FEWEST_BITS, sizes[place]
    if sizes.max() >= inside:
        return permute(index, size, keys[place])
    points = np.broadcast_to(np.arange(inside, dtype=np.uint64), (len(sizes), inside))
    half = np.uint64(FEWEST_BITS // 2)
    table = _feistel(points, half, half, keys[:, None, :])
    image = table[place, index]
    while (outside := image >= size).any():
        image[outside] = table[place[outside], image[outside]]
    return image
