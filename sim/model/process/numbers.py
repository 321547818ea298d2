"""The random numbers of one named part of a played trial.

Each name has the Philox4x64-10 generator of Salmon et al. (2011) with key = the first 128 bits of SHA-256("seed/name")
and counter = the draw: no name and no draw disturbs another, whatever the order or the process they are played in.
"""

import hashlib
from typing import final

import numpy as np

from sim.draws.streams import FloatArray


@final
class Numbers:
    """Uniform numbers strictly between 0 and 1, one after the other.

    Parameters
    ----------
    seed : the run's seed.
    name : whose numbers they are, such as `process.site[Boston].arrivals`.
    draw : the number of the draw.
    """

    def __init__(self, seed: int, name: str, draw: int) -> None:
        key = np.frombuffer(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:16], dtype=">u8").astype(np.uint64)
        self._bits = np.random.Philox(key=key, counter=np.array((0, 0, draw, 0), dtype=np.uint64))

    def uniform(self) -> float:
        """The next number."""
        return ((int(self._bits.random_raw()) >> 12) + 0.5) * 2.0**-52

    def block(self, rows: int, columns: int) -> FloatArray:
        """The next numbers, row by row, so that the size of a block changes none of them: [row, column]."""
        bits = self._bits.random_raw(rows * columns) >> np.uint64(12)
        return ((bits.astype(np.float64) + 0.5) * 2.0**-52).reshape(rows, columns)
