"""What a run has of the draws that went through it, and what it does with more."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.assumptions.schema import Assumptions
from sim.execution.ahead import ahead, available
from sim.execution.engine import Engine, engine_of
from sim.execution.funnel import BlockFunnel, joined
from sim.execution.gathering import CHUNK, Counted, Gathered, gathering
from sim.execution.portion import Portion, through_model
from sim.results.batches import Batches
from sim.results.kernels import PLAIN
from sim.results.moments import Moments
from sim.results.parts import Parts, named, of
from sim.results.totals import with_totals

if TYPE_CHECKING:
    from sim.execution.trial import TrialRun

PILOT = 1_024
"""Draws with which a run of patients alone begins: whole numbers need no more to be counted."""

Progress = Callable[[int], object]
"""Is told of draws that are done."""


class Accounts:
    """Takes in draws; those that others took in are added.

    Parameters
    ----------
    assumptions : what is assumed.
    engine : what the run is worked out with.
    gathered : the draws or their histograms.
    spread : of each output the moments without chance.
    trial : what is counted of a trial; None where there is none.
    """

    def __init__(
        self,
        assumptions: Assumptions,
        engine: Engine,
        gathered: Gathered,
        spread: dict[str, Moments],
        trial: "TrialRun | None",
    ) -> None:
        self._assumptions, self._engine = assumptions, engine
        self.gathered, self.spread, self.trial = gathered, spread, trial

    def take(self, draws: range, chunk: int, progress: Progress) -> None:
        """Let further draws, which neighbour each other, go through the model.

        Parameters
        ----------
        draws : their numbers.
        chunk : draws per pass.
        progress : told of each pass.

        Raises
        ------
        InputError : when they cannot be made.
        """
        portions = (range(start, min(start + chunk, draws.stop)) for start in range(draws.start, draws.stop, chunk))
        if isinstance(self.gathered, Counted) and is_funnel_alone(self._assumptions):
            funnel = BlockFunnel(self._assumptions, self.gathered.tallies, self.spread, self._engine)
            for counted in ahead(funnel.work_out, joined(portions), self._assumptions.execution.threads or available()):
                funnel.add(counted)  # in the order of the draws, whichever thread was first
                progress(len(counted.draws))
            return
        for portion in portions:
            self._add(through_model(self._assumptions, portion, self.trial, self._engine), portion.start)
            progress(len(portion))

    def _add(self, portion: Portion, first_draw: int) -> None:
        self.gathered.add(portion.parameters, portion.outputs, first_draw)
        kernels = self._engine.kernels if isinstance(self.gathered, Counted) else PLAIN  # of kept draws to the last bit
        for name, array in portion.expected.data_vars.items():
            moments = self.spread.setdefault(str(name), Moments(self.gathered.batches, kernels))
            moments.add(with_totals(array).to_numpy(), first_draw)

    def handed_over(self) -> "tuple[Parts, Accounts]":
        """What it took in so far, for `add_parts`, and `fresh`, perhaps in the same memory: this one is done with."""
        draws, gathered = self.gathered.handed_over()
        found: dict[str, NDArray[np.generic]] = named("draws", draws)
        for name, moments in self.spread.items():
            found |= named(f"spread/{name}", moments.parts())
        if self.trial is not None:
            found |= named("trial", self.trial.parts())
        return found, self._with(gathered)

    def add_parts(self, parts: Parts) -> None:
        """Take in what others of the same run took in of the draws that come next."""
        self.gathered.add_parts(of("draws", parts))
        for name, moments in self.spread.items():
            moments.add_parts(of(f"spread/{name}", parts))
        if self.trial is not None:
            self.trial.add_parts(of("trial", parts))

    def fresh(self) -> "Accounts":
        """Of the same run, for other draws than its first: nothing is taken in yet."""
        return self._with(self.gathered.fresh())

    def _with(self, gathered: Gathered) -> "Accounts":
        spread = {name: moments.fresh() for name, moments in self.spread.items()}
        trial = None if self.trial is None else self.trial.fresh()
        return Accounts(self._assumptions, self._engine, gathered, spread, trial)


def is_funnel_alone(assumptions: Assumptions) -> bool:
    """Whether a run can go on without labelled arrays, many times faster, once its first draws are counted."""
    sampling = assumptions.sampling
    return sampling.chance and not (sampling.smooth or assumptions.trial or assumptions.market)


def begun(assumptions: Assumptions, batches: Batches, chunk: int, file: Path | None) -> tuple[Accounts, int]:
    """A run with its first draws, which say whether and how further ones are counted.

    Parameters
    ----------
    assumptions : what is assumed.
    batches : how draws fall into independent batches.
    chunk : draws per pass; of many draws the first pass has `CHUNK`, or `PILOT`.
    file : takes draws that are kept and do not fit the memory; None holds them too.

    Returns
    -------
    The accounts and how many draws they have taken in.

    Raises
    ------
    InputError : when the draws cannot be made.
    """
    draws = assumptions.sampling.draws
    most = min(PILOT, CHUNK) if is_funnel_alone(assumptions) else CHUNK
    first = range(min(most if draws > CHUNK else chunk, draws))
    engine = engine_of(assumptions)
    if assumptions.trial is not None:
        from sim.execution.trial import TrialRun  # patients alone do not wait for it

        trial = TrialRun(assumptions, batches, engine)
    else:
        trial = None
    portion = through_model(assumptions, first, trial, engine)
    gathered = gathering(assumptions, (portion.parameters, portion.outputs), batches, engine, file)
    accounts = Accounts(assumptions, engine, gathered, {}, trial)
    accounts._add(portion, 0)
    return accounts, len(first)
