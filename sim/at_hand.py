"""The runs of a sweep under way: while the model of one runs, the one before is written and compared."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Self

import pandas as pd

from sim.results.compare import Baseline
from sim.results.run import Results
from sim.variables import HEADLINE


class AtHand(AbstractContextManager["AtHand"]):
    """Finishes runs one by one in a thread of its own, and keeps of each what the comparison of a sweep needs.

    Of the first run the draws are kept, of the others those of what is one number a draw, and of the headline: so a
    sweep's memory hardly grows with its runs. Leaving the block waits for what is under way.

    Attributes
    ----------
    base : the folder of the run that the others are compared with, the first one; None before it is finished. Folders
        are whole paths.
    runs : folder → run.
    against : folder → its rows against the base, as the comparison has them.
    """

    def __init__(self) -> None:
        """Begin with no run."""
        self.base: Path | None = None
        self.runs: dict[Path, Results] = {}
        self.against: dict[Path, pd.DataFrame] = {}
        self._baseline: Baseline | None = None
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Self:
        """Nothing more to begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for the last run."""
        self._worker.shutdown(wait=True)
        if kind is None and self._under_way is not None:
            self._under_way.result()

    def finish(self, folder: Path, write: Callable[[], Results | None]) -> None:
        """Finish a run beside what comes next, once the one before it is finished: never more than two are held.

        Parameters
        ----------
        folder : of the run.
        write : writes it and gives it with the draws as they are in its folder; None says that it failed, and that
            this is written down.
        """
        if self._under_way is not None:
            self._under_way.result()
        self._under_way = self._worker.submit(self._finish, folder.resolve(), write)

    def _finish(self, folder: Path, write: Callable[[], Results | None]) -> None:
        written = write()
        if written is None:
            return
        try:
            self._compare(folder, written)
        except Exception:  # the run is written; what is wrong shows when the comparison reads it
            return

    def _compare(self, folder: Path, results: Results) -> None:
        baseline = self._baseline or Baseline(results)
        against = baseline.against(results)
        if self._baseline is None:
            self.base, self._baseline = folder, baseline
        self.against[folder] = against
        self.runs[folder] = results if folder == self.base else _lightened(results)


def _lightened(results: Results) -> Results:
    """The run without its draws by region and year, of which the comparison needs the differences alone."""
    every = results.dataset.variables.items() if results.has_draws else ()
    needed = [name for name, one in every if one.dims == ("draw",) or name == HEADLINE]
    return replace(results, dataset=results.dataset[needed].copy(deep=True))  # a view would keep the rest
