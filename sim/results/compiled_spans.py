"""Taking counts out of the histograms of many cells, and adding those of others, compiled."""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@njit(nogil=True, cache=True)
def taken(
    by_cell: Sequence[NDArray[np.uint32]], cells: Counts, starts: Counts, ends: Counts, rows: int
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """The counts of some cells, one after the other, which are then without any.

    Parameters
    ----------
    by_cell : of each cell its counts: [row, bar].
    cells : their places.
    starts : the first bar of each that is taken: [cell].
    ends : where it ends among what is given: [cell].
    rows : of the bars.

    Returns
    -------
    Of each count the lower half of its bits, and the upper: [row, bar] each; no upper ones where all are 0.
    """
    lower, upper = np.empty((rows, ends[-1] if len(ends) else 0), np.uint16), np.zeros((rows, 0), np.uint16)
    begin = 0
    for at in range(len(cells)):
        end = ends[at]
        for row in range(rows):
            own = by_cell[cells[at]][row, starts[at] : starts[at] + end - begin]
            to, bits = lower[row, begin:end], np.uint32(0)
            for bar in range(len(own)):
                bits |= own[bar]
                to[bar] = own[bar]
            if bits >> np.uint32(16):
                if upper.shape[1] == 0:
                    upper = np.zeros((rows, lower.shape[1]), np.uint16)
                upper[row, begin:end] = own >> np.uint32(16)
            own[:] = 0
        begin = end
    return lower, upper


@njit(nogil=True, cache=True)
def add_spans(
    by_cell: Sequence[NDArray[np.uint32]],
    cells: Counts,
    starts: Counts,
    begins: Counts,
    ends: Counts,
    counts: NDArray[np.integer],
) -> None:
    """See `sim.results.bars.AddSpans`."""
    for at in range(len(cells)):
        for row in range(len(counts)):
            some = counts[row, begins[at] : ends[at]]
            own = by_cell[cells[at]][row, starts[at] : starts[at] + len(some)]
            for bar in range(len(own)):
                own[bar] += some[bar]
