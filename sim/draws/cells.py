"""Whole patients of many cells at once: by NumPy, or by compiled code where so many are counted that it pays."""

from collections.abc import Callable, Sequence
from importlib import import_module

import numpy as np

from sim.draws.counts import Counts, binomial_quantile
from sim.draws.singles import Rates, Whole, Words
from sim.draws.streams import FloatArray, Stream

CountCells = Callable[[Sequence[Stream], Sequence[int], range, Counts, FloatArray, Counts], Counts]
"""Streams and years of the cells, [cell] each, draws, n [cell, draw], p [row, draw], row [cell] → [cell, draw]."""

CountInto = Callable[[Words, Counts, int, Whole, Counts, Rates, Counts, Whole], None]
"""See `sim.draws.singles.count_into`."""

WORTH_COMPILING = 5_000_000
"""Counts of a run from which compiled code is loaded: so many take NumPy as long as loading it."""


def counts_of_cells(
    streams: Sequence[Stream], years: Sequence[int], draws: range, n: Counts, p: FloatArray, row: Counts
) -> Counts:
    """How many of some patients go on, by NumPy.

    Parameters
    ----------
    streams, years : of the cells: [cell] each.
    draws : neighbouring draws.
    n : whole patients: [cell, draw].
    p : probabilities: [row, draw].
    row : which of these is each cell's: [cell].

    Returns
    -------
    Whole patients who go on: [cell, draw].
    """
    found = np.empty(n.shape, np.int64)
    for cell, (stream, year) in enumerate(zip(streams, years, strict=True)):
        found[cell] = binomial_quantile(stream.uniform(draws, year), n[cell], p[row[cell]])
    return found


def compiled_counts_of_cells(
    streams: Sequence[Stream], years: Sequence[int], draws: range, n: Counts, p: FloatArray, row: Counts
) -> Counts:
    """The same by compiled code: the same integers, many times faster."""
    from sim.draws.compiled import count

    keys = np.array([stream.key for stream in streams], np.uint32)
    return count(keys, np.array(years, np.int64), draws.start, n, p, row)


def compiled_count_into(
    keys: Words, years: Counts, first_draw: int, n: Whole, at: Counts, rates: Rates, row: Counts, out: Whole
) -> None:
    """See `sim.draws.singles.count_into`: the same integers by compiled code."""
    from sim.draws.compiled import count_into

    count_into(keys, years, first_draw, n, at, rates, row, out)


def compiled_uniform(stream: Stream, draws: range, year: int) -> FloatArray:
    """See `Stream.uniform`: the same numbers by compiled code."""
    from sim.draws.compiled_streams import uniform_numbers

    only: FloatArray = uniform_numbers([stream], [year], draws)[0]
    return only


def can_compile() -> bool:
    """Whether there is a compiler that works here; to find out takes as long as loading it."""
    try:
        import_module("sim.draws.compiled")
    except (ImportError, OSError, RuntimeError):  # not installed, or for other versions; nowhere to keep what it makes
        return False
    return True
