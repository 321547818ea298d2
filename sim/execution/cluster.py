"""Shards worked out by the workers of a Dask cluster, which may come, go and die while they are at it.

Only so many shards are with the scheduler as keep every worker busy, and each is given back and forgotten there as soon
as it is finished: a worker that dies takes with it no more than what it is working on.
"""

import logging
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
from sim.execution.shards import Done, shard
from sim.results.parts import Parts
from sim.results.provenance import first_apart, provenance

WATCHED = ("program", "commit", "python", "libraries")
"""What of a worker must be as it is here, so that it gives the same numbers."""

_AHEAD = 2  # shards for each thread of the workers that are with the scheduler
_LOOK = 1.0  # seconds between looks whether there are workers


def on_cluster(accounts: Accounts, todo: Sequence[range], chunk: int, execution: Execution) -> Iterator[Done]:
    """What accounts of the same run take in of some draws, shard by shard as they are finished.

    Parameters
    ----------
    accounts : of the run.
    todo : draws of the shards.
    chunk : draws per pass.
    execution : address, workers and time-out.

    Raises
    ------
    InputError : when Dask is not installed, or a worker has other versions.
    BrokenOffError : when the scheduler cannot be reached, or is lost, or has no worker.
    """
    place = execution.address or "of this machine"
    task, here = pickle.dumps(accounts.fresh()), versions()
    waiting, under_way = list(reversed(todo)), dict[Any, range]()
    with _client(execution) as client:
        seen = time.monotonic()
        while waiting or under_way:
            threads = sum(client.nthreads().values()) if client.status == "running" else 0
            seen = time.monotonic() if threads else seen
            if client.status != "running":
                raise BrokenOffError(f"execution.address: the scheduler {place} was lost")
            if time.monotonic() - seen > execution.timeout:
                raise BrokenOffError(
                    f"execution.address: the scheduler {place} has had no worker for {execution.timeout:g} s"
                )
            while waiting and len(under_way) < max(_AHEAD * threads, 1):
                draws = waiting.pop()
                future = client.submit(_worked_out, task, draws, chunk, here, pure=False)
                under_way[future] = draws
            for future in _finished(list(under_way)):
                if (parts := _given(future, execution.timeout)) is not None:
                    yield under_way.pop(future), parts
                    future.release()


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
            "execution=dask: Dask is not installed; pip install 'sct-vod-market-simulator[cluster]'"
        ) from fault
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters of it is said in one line
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


def _finished(under_way: Sequence[Any]) -> set[Any]:
    """Which of these tasks are finished by now, or soon; there may be none."""
    from distributed import wait

    try:
        return set(wait(under_way, timeout=_LOOK, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return set()


def _given(future: Any, timeout: float) -> Parts | None:
    """What a task gave; None where its worker has died since, and it has to be done again.

    Raises
    ------
    InputError : as the task did, or when a worker does not have the program.
    BrokenOffError : when the task killed its workers again and again, or the cluster is lost.
    """
    from distributed.scheduler import KilledWorker

    try:
        parts: Parts = future.result(timeout=timeout)
    except TimeoutError:
        return None
    except ImportError as fault:
        raise BrokenOffError(f"execution=dask: a worker does not have the program ({fault})") from fault
    except KilledWorker as fault:
        raise BrokenOffError(f"execution=dask: workers died again and again over the same draws ({fault})") from fault
    except (OSError, CancelledError) as fault:
        raise BrokenOffError(f"execution=dask: the cluster was lost ({fault or type(fault).__name__})") from fault
    return parts


def versions() -> Mapping[str, Any]:
    """What of this machine must be the same on all."""
    return {name: provenance()[name] for name in WATCHED}


def _worked_out(task: bytes, draws: range, chunk: int, wanted: Mapping[str, Any]) -> Parts:
    """A shard, on a worker.

    Raises
    ------
    InputError : when the worker is not as the machine that asks.
    """
    if apart := first_apart(wanted, versions()):
        raise InputError(f"execution=dask: the worker on {platform.node()} has {apart}; install the same on all")
    return shard(_accounts(task), draws, chunk)


@lru_cache(maxsize=1)
def _accounts(task: bytes) -> Accounts:
    """Those of the run, with nothing taken in; unpacked once on a worker, since its shards ask for them in turn."""
    accounts: Accounts = pickle.loads(task)  # from who runs the cluster, who may run anything on it
    return accounts
