"""The door to SALib's further methods: a problem as it takes them, and the model that answers.

Herman & Usher, "SALib: an open-source Python library for sensitivity analysis", J. Open Source Softw. 2 (2017). The
library itself is not needed here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.analysis.sensitivity.model_surface import surface_of
from sim.analysis.sensitivity.sobol import check_independent, correlated
from sim.analysis.sensitivity.target import target_of
from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Sensitivity
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.execution.simulate import simulate
from sim.variables import HEADLINE

_SALIB = "SALib"
_EDGE = 1e-3  # a family without ends has no quantile at 0 and 1, where some methods ask; they mean what is plausible


@dataclass(frozen=True)
class Problem:
    """A target as a function of uniform numbers, the inputs' own quantiles, in the terms of SALib.

    Attributes
    ----------
    names : of the inputs, in the order of the columns; one that has a number for each year has a column for each.
    evaluate : uniform numbers, [row, column], → the target without chance, [row]. Numbers below 0.001 and above 0.999
        stand there.
    """

    names: tuple[str, ...]
    evaluate: Callable[[FloatArray], FloatArray]

    @property
    def inputs(self) -> dict[str, Any]:
        """What SALib calls the problem: `num_vars`, `names` and `bounds`, which are 0 and 1."""
        return {"num_vars": len(self.names), "names": list(self.names), "bounds": [[0.0, 1.0]] * len(self.names)}


def problem(assumptions: Assumptions, target: str = HEADLINE, year: int | None = None) -> Problem:
    """The question that a method of SALib is asked: `morris.sample(found.inputs, 50)`, `found.evaluate(rows)`.

    Parameters
    ----------
    assumptions : from `sim.load`.
    target : a variable, all strata and regions together.
    year : of a target that has years; None is the first.

    Raises
    ------
    InputError : when there is no such target, inputs are correlated, or nothing is uncertain.
    """
    asked = Sensitivity.read({"target": target, "year": year})
    few = assumptions.sampling.model_copy(update={"draws": 1, "replicates": 1})
    surface = surface_of(assumptions, target_of(simulate(assumptions.model_copy(update={"sampling": few})), asked))
    check_independent(correlated(assumptions, surface.names), _SALIB)
    columns = {column: name for name, own in zip(surface.names, surface.columns, strict=True) for column in own}

    def evaluate(rows: FloatArray) -> FloatArray:
        given = np.asarray(rows, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != surface.width or not ((given >= 0) & (given <= 1)).all():
            raise InputError(f"rows: they must be [row, {surface.width}], each number from 0 to 1")
        return surface.at(np.clip(given, _EDGE, 1 - _EDGE), None)

    return Problem(_distinct([columns[place] for place in range(surface.width)]), evaluate)


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Names of columns, numbered where an input has several."""
    return tuple(
        f"{name} {names[:place].count(name) + 1}" if names.count(name) > 1 else name for place, name in enumerate(names)
    )
