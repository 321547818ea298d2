"""A run in shards: neighbouring draws that are worked out apart, anywhere and in any order, and added up in order.

What a shard gives hangs on its draws alone, so that a shard that was lost is simply worked out again. Finished ones are
kept on disk, a file each, until the run is finished: a run that is killed, or whose machine goes down, goes on with
them.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

from sim.assumptions.schema import Assumptions
from sim.assumptions.settings import Execution
from sim.execution.accounts import Accounts, Progress, is_funnel_alone
from sim.execution.funnel import JOINED
from sim.results.parts import NOT_WHOLE, Parts, read, write

Done = tuple[range, Parts]
"""Draws, and what was taken in of them."""

Work = Callable[[Accounts, Sequence[range], int], Iterator[Done]]
"""Accounts of a run, its shards, draws per pass → what is taken in of each, in any order."""

PATIENTS_AT_STAKE, DRAWS_AT_STAKE = 1 << 23, 1 << 18
"""Draws that a machine alone works out in one go, of patients alone and of more than these: a minute or two."""

_MOST = 64  # shards of a run that says nothing of them
_EVEN = 1024  # draws by which a shard's size goes, so that no block of draws is cut
_MANY = 16  # passes of a shard that is made of whole ones


class Shelf:
    """Finished shards of a run, in a folder.

    Parameters
    ----------
    folder : where they are; made when the first one comes. None keeps none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def there(self) -> list[range]:
        """Which there are, in order."""
        found = [] if self._folder is None else [path.stem.split("-") for path in self._folder.glob("*-*.npz")]
        return sorted((range(int(start), int(stop)) for start, stop in found), key=lambda draws: draws.start)

    def read(self, draws: range) -> Parts:
        """What was taken in of these draws."""
        with self._path(draws).open("rb") as file:
            return read(file)

    def whole(self) -> Iterator[Done]:
        """Those whose files can be read, in order, read one by one; the others are removed."""
        stop = 0
        for draws in self.there():
            try:
                parts = self.read(draws)
            except NOT_WHOLE:
                self._path(draws).unlink()
                continue
            if draws.start < stop:  # the same draws are not taken twice
                self._path(draws).unlink()
                continue
            stop = draws.stop
            yield draws, parts

    def put(self, draws: range, parts: Parts) -> None:
        """Keep what was taken in of these draws; under its name there is a whole file or none.

        Raises
        ------
        OSError : when it cannot be written, as on a full disk.
        """
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(draws)
        part = path.with_suffix(".part")
        try:
            with part.open("wb") as file:
                write(file, parts)
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def _path(self, draws: range) -> Path:
        assert self._folder is not None
        return self._folder / f"{draws.start}-{draws.stop}.npz"


def number_of_shards(assumptions: Assumptions) -> int:
    """Into how many shards the draws of a run fall: as many as are asked for, else what keeps little at stake."""
    execution = assumptions.execution
    if execution.shards is not None:
        return execution.shards
    at_stake = PATIENTS_AT_STAKE if is_funnel_alone(assumptions) else DRAWS_AT_STAKE
    return _MOST if execution.backend == "dask" else min(max(assumptions.sampling.draws // at_stake, 1), _MOST)


def layout(draws: range, number: int, there: Sequence[range] = (), together: int = _EVEN) -> list[range]:
    """The shards that are still to be worked out.

    Parameters
    ----------
    draws : all of the run that go in shards.
    number : of shards, at most.
    there : shards that are finished, of this layout or of another: neighbours in order.
    together : draws that are worked out as one; a shard of many has all of them whole, as some cost as much as all.
    """
    size = -(-len(draws) // number)
    size += -size % (together if size >= _MANY * together else _EVEN)
    ends = [*range(draws.start, draws.stop, size), draws.stop]
    found, start = [], draws.start
    for done in [*there, range(draws.stop, draws.stop)]:
        cuts = [start, *(end for end in ends if start < end < done.start), done.start]
        found += [range(*pair) for pair in pairwise(cuts) if pair[0] < pair[1]]
        start = done.stop
    return found


@contextmanager
def workers(execution: Execution) -> Iterator[Work]:
    """Who works shards out: this process, or a cluster.

    Raises
    ------
    InputError, BrokenOffError : as `sim.execution.cluster.on_cluster`.
    """
    if execution.backend == "dask":
        from sim.execution.cluster import on_cluster

        with on_cluster(execution) as work:
            yield work
    else:
        yield _here


def work_out(
    work: Work,
    assumptions: Assumptions,
    accounts: Accounts,
    draws: range,
    chunk: int,
    kept: Path | None,
    progress: Progress,
) -> None:
    """Take further draws of a run into its accounts, in shards where it has several.

    Parameters
    ----------
    work : who works them out.
    assumptions : how many shards there are, and where.
    accounts : of the run, which took in its first draws.
    draws : the others.
    chunk : draws per pass.
    kept : the folder of finished shards; None keeps none.
    progress : told of draws that are done.

    Raises
    ------
    InputError : when draws cannot be made.
    BrokenOffError : when a cluster is lost.
    OSError : when a shard cannot be kept.
    """
    if not draws:
        return
    number = number_of_shards(assumptions)
    shelf = Shelf(kept)
    if assumptions.execution.backend == "local" and number == 1 and not shelf.there():
        accounts.take(draws, chunk, progress)
        return
    total, there = _InOrder(accounts, draws.start, progress), list[range]()
    for one, parts in shelf.whole():
        total.add(one, parts, partial(shelf.read, one))
        there.append(one)
    for one, parts in work(accounts, layout(draws, number, there, chunk * JOINED), chunk):
        shelf.put(one, parts)
        total.add(one, parts)
        del parts
    total.check(draws.stop)


def shard(own: Accounts, draws: range, chunk: int) -> tuple[Parts, Accounts]:
    """What accounts in which nothing is taken in take in of these draws, and accounts for the next shard."""
    own.take(draws, chunk, lambda _: None)
    return own.handed_over()


def _here(accounts: Accounts, todo: Sequence[range], chunk: int) -> Iterator[Done]:
    """Shard by shard in this process, in the same memory."""
    own = accounts.fresh()
    for draws in todo:
        parts, own = shard(own, draws, chunk)
        yield draws, parts
        del parts  # is not held while the next are made


class _InOrder:
    """Adds up shards that come in any order, in the order of their draws: so sums are the same to the last bit.

    Parameters
    ----------
    accounts : of the run.
    first : draw of the first shard.
    progress : told of draws that are added.
    """

    def __init__(self, accounts: Accounts, first: int, progress: Progress) -> None:
        self._accounts, self._next, self._progress = accounts, first, progress
        self._waiting: dict[int, tuple[int, Callable[[], Parts]]] = {}

    def add(self, draws: range, parts: Parts, again: Callable[[], Parts] | None = None) -> None:
        """Add a shard, or let it wait for those before it; what can be had again is not held for so long."""
        self._waiting[draws.start] = draws.stop, again or (lambda: parts)
        while self._next in self._waiting:
            start, (stop, found) = self._next, self._waiting.pop(self._next)
            self._accounts.add_parts(parts if start == draws.start else found())
            self._progress(stop - start)
            self._next = stop

    def check(self, stop: int) -> None:
        """Make sure that all draws were added."""
        if self._next != stop or self._waiting:
            raise AssertionError(f"of the draws up to {stop} those from {self._next} on were not added up")
