"""Which code counts the patients of a run, and its draws: it changes how long that takes, no count and no histogram."""

import math
from typing import NamedTuple

from sim.assumptions.schema import Assumptions
from sim.draws.cells import (
    WORTH_COMPILING,
    CountCells,
    CountInto,
    can_compile,
    compiled_count_into,
    compiled_counts_of_cells,
    compiled_uniform,
    counts_of_cells,
)
from sim.draws.singles import count_into
from sim.draws.streams import Stream, Uniforms
from sim.errors import InputError
from sim.results import kernels
from sim.results.kernels import Kernels
from sim.variables import RATES, STRATA


class Engine(NamedTuple):
    """What a run is worked out with.

    Attributes
    ----------
    patients : counts the patients of several cells who go on.
    into : the same, in four bytes each, into an array.
    uniforms : makes the uniform numbers of the inputs.
    kernels : what draws are counted with.
    """

    patients: CountCells
    into: CountInto
    uniforms: Uniforms
    kernels: Kernels

    @property
    def is_compiled(self) -> bool:
        """Whether it is compiled code."""
        return self.kernels is not kernels.PLAIN


def engine_of(assumptions: Assumptions, counts: int | None = None) -> Engine:
    """What a run is worked out with: compiled code where it is asked for, or where it pays.

    Parameters
    ----------
    assumptions : of the run.
    counts : of patients that there are to be made; None for those of the run itself.

    Raises
    ------
    InputError : when it is asked for and there is no compiler.
    """
    engine = assumptions.execution.engine
    if engine == "numba" and not can_compile():
        raise InputError(
            "execution.engine: numba is not installed, or does not work here; execution=auto does without it"
        )
    number = _counts(assumptions) if counts is None else counts
    pays = engine == "auto" and number >= WORTH_COMPILING and can_compile()
    if engine == "numba" or pays:
        return Engine(compiled_counts_of_cells, compiled_count_into, compiled_uniform, kernels.compiled())
    return Engine(counts_of_cells, count_into, Stream.uniform, kernels.PLAIN)


def _counts(assumptions: Assumptions) -> int:
    """How many counts the funnel of a run has, and what the enrolment by sites takes in their stead; roughly."""
    strata = math.prod(len(assumptions.transplants.strata.of(name)) for name in STRATA)
    return assumptions.sampling.draws * (strata * len(assumptions.all_years.all) * len(RATES) + enrolled(assumptions))


def enrolled(assumptions: Assumptions) -> int:
    """Random numbers of a trial's enrolment, where compiled code works it out: each takes NumPy as long as a count."""
    trial = assumptions.trial
    sites = None if trial is None or trial.enrolment.model != "sites" else trial.enrolment.sites
    if trial is None or sites is None or trial.interim is not None or trial.engine != "law":
        return 0
    is_capped = sites.cap is not None or bool(sites.country_caps)
    return 0 if is_capped else 2 * len(sites.countries) + trial.target
