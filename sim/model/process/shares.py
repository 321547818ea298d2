"""Work on many draws, shared among processes: what is done of a draw is the same in any number of them."""

import math
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sim.errors import InputError

Done = TypeVar("Done")

FEWEST = 512
"""Draws below which no process is begun: so many are played in the time in which two have loaded what they need."""

_SHARES = 4
"""Parts that the work of a process is handed over in."""

_at_work: list[Callable[[int], object]] = []
"""Within a process that was begun for it: the work."""


def in_processes(work: Callable[[int], Done], rows: int, processes: int) -> list[Done]:
    """What is done of each of some rows, in their order.

    Parameters
    ----------
    work : on a row; of a kind that can be pickled.
    rows : how many there are, counted from 0.
    processes : that share the work; few rows are worked on in the caller's own.

    Raises
    ------
    InputError : when a process ended before its work was done.
    """
    if processes == 1 or rows < FEWEST:
        return [work(row) for row in range(rows)]
    share = math.ceil(rows / (processes * _SHARES))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "work"
        file.write_bytes(pickle.dumps(work))  # a pipe would wait for ever for a process that ends at its start
        try:
            with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(file,)) as pool:
                return list(pool.map(_done, range(rows), chunksize=share))
        except BrokenProcessPool:
            raise InputError(
                "execution.threads: a process that played trials ended before its work was done, for want of memory, or"
                ' as a script that calls it lacks `if __name__ == "__main__":`; execution.threads=1 needs no other'
            ) from None


def _begin(file: Path) -> None:
    """Take the work that this process was begun for."""
    _at_work.append(pickle.loads(file.read_bytes()))


def _done(row: int) -> Any:
    return _at_work[0](row)
