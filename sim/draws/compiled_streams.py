"""The uniform numbers of many streams at once, by compiled code: those of `sim.draws.streams`, to the last bit."""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.draws.doubles import uniforms
from sim.draws.streams import FloatArray, Stream

Keys = NDArray[np.uint32]
Years = NDArray[np.int64]


@njit(nogil=True, cache=True)
def fill(keys: Keys, years: Years, first_draw: int, out: FloatArray) -> None:
    """Fill with uniform numbers.

    Parameters
    ----------
    keys, years : of the streams, [row, 2] and [row].
    first_draw : the number of the first draw.
    out : [row, draw].
    """
    draws, ahead = out.shape[1], first_draw % 4
    is_whole = ahead == 0 and draws % 4 == 0
    room = np.empty(draws + 8)
    for row in range(len(out)):
        if is_whole:
            uniforms(out[row], first_draw // 4, years[row], keys[row, 0], keys[row, 1])
        else:
            words = room[: (draws + ahead + 3) // 4 * 4]
            uniforms(words, first_draw // 4, years[row], keys[row, 0], keys[row, 1])
            out[row] = words[ahead : ahead + draws]


def keys_of(streams: Sequence[Stream]) -> Keys:
    """The keys of some streams: [stream, 2]."""
    return np.array([stream.key for stream in streams], np.uint32).reshape(-1, 2)


def uniform_numbers(streams: Sequence[Stream], years: Sequence[int], draws: range) -> FloatArray:
    """The uniform numbers of some streams and years, one of each a row: [row, draw].

    Parameters
    ----------
    streams, years : of the rows.
    draws : neighbouring draw numbers.
    """
    out = np.empty((len(streams), len(draws)))
    fill(keys_of(streams), np.array(years, np.int64), draws.start, out)
    return out
