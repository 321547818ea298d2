"""Work in several threads, given back in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")


def available() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ahead(work: Callable[[Task], Done], tasks: Iterable[Task], threads: int) -> Iterator[Done]:
    """What is done of each task, in their order; as many are under way at once as there are threads.

    Parameters
    ----------
    work : may run in several threads.
    tasks : taken one by one, so that there may be many.
    threads : 1 works in the caller's own.
    """
    if threads == 1:
        yield from map(work, tasks)
        return
    waiting: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
