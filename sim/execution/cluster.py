"""Shards worked out by the workers of a Dask cluster, which may come, go and die while they are at it.

Only so many shards are with the scheduler as keep every worker busy, and each is given back and forgotten there as soon
as it is finished: a worker that dies takes with it no more than what it is working on.
"""

import logging
import math
import pickle
import platform
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any

from sim.assumptions.settings import Execution
from sim.errors import BrokenOffError, InputError
from sim.execution.accounts import Accounts
from sim.execution.ahead import available
from sim.execution.shards import Done, Work, shard
from sim.results.parts import Parts
from sim.results.provenance import first_apart, provenance

WATCHED = ("program", "commit", "python", "libraries")
"""What of a worker must be as it is here, so that it gives the same numbers."""

_AHEAD = 2  # shards for each thread of the workers that are with the scheduler
_LOOK = 0.25  # seconds between looks whether there are workers


@contextmanager
def on_cluster(execution: Execution) -> Iterator[Work]:
    """What has shards worked out by a cluster; one with an address is looked for at once, and its workers with it.

    Parameters
    ----------
    execution : address, workers and time-out.

    Raises
    ------
    InputError : when Dask is not installed, or a worker has other versions.
    BrokenOffError : when the scheduler cannot be reached, or is lost, or has no worker.
    """
    if execution.address is None:
        with ExitStack() as opened:
            own: list[Any] = []  # started once there are shards for it, and kept for those of a longer run

            def with_own(accounts: Accounts, todo: Sequence[range], chunk: int) -> Iterator[Done]:
                if todo and not own:
                    own.append(opened.enter_context(_client(execution)))
                return _done(own[0], accounts, todo, chunk, execution) if todo else iter(())

            yield with_own
        return
    with _client(execution) as client:
        _check(client, execution)
        yield lambda accounts, todo, chunk: _done(client, accounts, todo, chunk, execution)


def _check(client: Any, execution: Execution) -> None:
    """Refuse a cluster without workers, or with one that is not as this machine."""
    with _in_words(execution):
        try:
            client.wait_for_workers(1, timeout=execution.timeout)
        except TimeoutError as fault:
            raise _without_workers(execution) from fault
        found = client.run(versions)
    for worker, has in found.items():
        check_versions(versions(), has, worker)


def _done(client: Any, accounts: Accounts, todo: Sequence[range], chunk: int, execution: Execution) -> Iterator[Done]:
    """What accounts of the same run take in of some draws, shard by shard as they are finished."""
    queue = _Queue(client, execution, pickle.dumps(accounts.fresh()), todo, chunk)
    while not queue.is_empty:
        with _in_words(execution):
            finished = queue.turn()
        yield from finished


class _Queue:
    """The shards that are not finished.

    Parameters
    ----------
    client : connected to the cluster.
    execution : its time-out.
    task : the accounts of the run, packed.
    todo : draws of the shards.
    chunk : draws per pass.
    """

    def __init__(self, client: Any, execution: Execution, task: bytes, todo: Sequence[range], chunk: int) -> None:
        self._client, self._execution, self._task, self._chunk = client, execution, task, chunk
        self._waiting = list(reversed(todo))
        self._under_way: dict[Any, range] = {}
        self._seen, self._looked, self._threads = time.monotonic(), -math.inf, 0

    @property
    def is_empty(self) -> bool:
        """Whether all are finished."""
        return not (self._waiting or self._under_way)

    def turn(self) -> list[Done]:
        """Keep the workers busy, and give what is finished by now, or soon; perhaps nothing."""
        now = time.monotonic()
        if now >= self._looked + _LOOK:
            self._looked, self._threads = now, sum(self._client.nthreads().values())
            self._seen = now if self._threads else self._seen
        if now - self._seen > self._execution.timeout + _LOOK:
            raise _without_workers(self._execution)
        while self._waiting and len(self._under_way) < max(_AHEAD * self._threads, 1):
            draws = self._waiting.pop()
            future = self._client.submit(_worked_out, self._task, draws, self._chunk, versions(), pure=False)
            self._under_way[future] = draws
        found = []
        for future in _finished(list(self._under_way)):
            if future.status == "error" and isinstance(fault := future.exception(), OSError):
                raise BrokenOffError(f"execution=dask: a worker failed ({fault})") from fault
            try:
                parts: Parts = future.result(timeout=self._execution.timeout)
            except TimeoutError:  # its worker has died since: it is worked out again
                continue
            found.append((self._under_way.pop(future), parts))
            future.release()
        return found


def _finished(under_way: Sequence[Any]) -> set[Any]:
    """Which of these tasks are finished by now, or soon."""
    from distributed import wait

    try:
        return set(wait(under_way, timeout=_LOOK, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return set()


@contextmanager
def _in_words(execution: Execution) -> Iterator[None]:
    """Say in one line what Dask says of a cluster that fails.

    Raises
    ------
    BrokenOffError : when the cluster is lost, does not have the program, or died over a shard again and again.
    """
    from distributed.scheduler import KilledWorker

    try:
        yield
    except InputError:
        raise
    except ImportError as fault:
        raise BrokenOffError(f"execution=dask: a worker does not have the program ({fault})") from fault
    except KilledWorker as fault:
        raise BrokenOffError("execution=dask: worker after worker died over the same draws") from fault
    except (OSError, CancelledError) as fault:
        raise BrokenOffError(f"execution=dask: the scheduler {_place(execution)} was lost") from fault


def _place(execution: Execution) -> str:
    return execution.address or "of this machine"


def _without_workers(execution: Execution) -> BrokenOffError:
    return BrokenOffError(
        f"execution=dask: the scheduler {_place(execution)} has had no worker for {execution.timeout:g} s"
    )


@contextmanager
def _client(execution: Execution) -> Iterator[Any]:
    """Connected to the cluster, which is started here where it has no address.

    Raises
    ------
    InputError : when Dask is not installed.
    BrokenOffError : when the scheduler does not answer.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as fault:
        raise InputError(
            "execution=dask: Dask is not installed; pip install '.[cluster]' in the project's folder"
        ) from fault
    for name in ("distributed", "distributed.client"):  # what matters of it is said in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with ExitStack() as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as on other versions, which are refused by name
        address: Any = execution.address
        if address is None:
            number = execution.workers or available()
            address = LocalCluster(
                n_workers=number, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
            )
            opened.enter_context(address)
        try:
            client = opened.enter_context(Client(address, timeout=execution.timeout))
        except OSError as fault:
            raise BrokenOffError(
                f"execution.address: no scheduler answers at {address} within {execution.timeout:g} s"
            ) from fault
        yield client


def versions() -> Mapping[str, Any]:
    """What of this machine must be the same on all."""
    return {name: provenance()[name] for name in WATCHED}


def check_versions(wanted: Mapping[str, Any], found: Mapping[str, Any], worker: str) -> None:
    """Refuse a worker whose program, Python or libraries are others.

    Raises
    ------
    InputError : naming the worker and what is first another one.
    """
    if apart := first_apart(wanted, found):
        raise InputError(f"execution=dask: the worker {worker} has {apart}; install the same on all")


def _worked_out(task: bytes, draws: range, chunk: int, wanted: Mapping[str, Any]) -> Parts:
    """A shard, on a worker.

    Raises
    ------
    InputError : when the worker is not as the machine that asks.
    """
    check_versions(wanted, versions(), platform.node())
    return shard(_accounts(task).fresh(), draws, chunk)[0]


@lru_cache(maxsize=1)
def _accounts(task: bytes) -> Accounts:
    """Those of the run, with nothing taken in; unpacked once on a worker, since its shards ask for them in turn."""
    accounts: Accounts = pickle.loads(task)  # from who runs the cluster, who may run anything on it
    return accounts
