"""Goal seek: which value of a configuration key brings a statistic of the target to its bound.

Every value is a configuration of its own, computed in the same draws and with the same chance, so that the statistic
moves with the key alone. A few values between the ends show its course; the first change of side among them is closed
in by Brent's method ("Algorithms for Minimization without Derivatives", 1973).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis.sensitivity.aim import AT_LEAST, AT_MOST, Aim
from sim.analysis.sensitivity.grid import QUANTILES, Evaluation
from sim.analysis.sensitivity.question import Question
from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Goal
from sim.draws.streams import FloatArray
from sim.errors import InputError

GOAL = "goal"
"""The name of the method, and of its table."""

COLUMNS = (
    "key", "value", "value_error", "statistic", "answer", "error", "level", "is_found", "crossings", "draws", "wish",
    "bound", "target", "year", "unit",
)  # fmt: skip

PROBABILITY = "probability"
"""The statistic that says how likely the bound is reached."""

_POINTS = 9  # values at which the course is seen before any is sought
_DECADE = 10.0  # from this ratio of the ends on they are spaced by ratios
_CLOSE = 1e-3  # of the step between these, to which the value is found
_SETTLED = 0.1  # of its Monte Carlo error, to which the statistic meets its level: nearer says nothing
_MOST = 40  # evaluations of a search


@dataclass(frozen=True)
class _Course:
    """The statistic along the key; every value is computed once.

    Attributes
    ----------
    question : what is asked.
    aim : the bound, and the side of it that counts.
    evaluate : the target in the run's draws, of assumptions.
    anew : other values of keys → assumptions.
    seen : value → the statistic and its Monte Carlo error.
    """

    question: Question
    aim: Aim
    evaluate: Evaluation
    anew: Callable[[Mapping[str, object]], Assumptions]
    seen: dict[float, tuple[float, float]] = field(default_factory=dict)

    @property
    def goal(self) -> Goal:
        """What is sought."""
        assert self.question.asked.goal is not None
        return self.question.asked.goal

    @property
    def level(self) -> float:
        """What the statistic is to be."""
        return self.aim.bound if self.goal.probability is None else self.goal.probability

    def beyond(self, value: float) -> float:
        """By how much the statistic is above its level at a value of the key."""
        if value not in self.seen:
            try:
                answer = self.evaluate(self.anew({self.goal.key: value}))
            except InputError as fault:
                raise InputError(f"sensitivity.goal: at {value:.6g}: {fault}") from fault
            self.seen[value] = self._statistic(answer)
        return self.seen[value][0] - self.level

    def settled(self, value: float) -> float:
        """The same, and 0 where the draws cannot tell it from its level."""
        apart = self.beyond(value)
        return 0.0 if abs(apart) <= _SETTLED * self.seen[value][1] else apart

    def _statistic(self, answer: FloatArray) -> tuple[float, float]:
        batches, whole = self.evaluate.batches, self._of(answer)
        if not math.isfinite(whole):
            raise InputError(
                f"sensitivity.goal: {self.question.target.variable} has no {self.goal.statistic}: it is missing, or "
                "never comes, in too many draws; ask for statistic: probability"
            )
        parts = (
            np.array([self._of(part.astype(np.float64)) for part in batches.split(answer)])
            if batches.number
            else np.empty(0)
        )
        seen = self.goal.statistic not in QUANTILES or batches.see(QUANTILES[self.goal.statistic], len(answer))
        error = float(batches.error(parts)) if seen else math.nan
        return whole, error if error > 0 or batches.exact else math.nan

    def _of(self, answer: FloatArray) -> float:
        if self.goal.statistic == PROBABILITY:
            return float(self.aim.met(answer).mean())
        there = answer[~np.isnan(answer)]
        if not len(there):
            return math.nan
        if self.goal.statistic == "mean":
            return float(there.mean())
        return float(np.quantile(there, QUANTILES[self.goal.statistic]))


def goal(question: Question) -> dict[str, pd.DataFrame]:
    """The table of a search.

    Parameters
    ----------
    question : with `goal`, a bound, and with what gives the assumptions at another value.

    Returns
    -------
    A row per value that was computed, the lowest first: key; value; of the value that was found its error, which is
    that of the statistic divided by the slope there; statistic, what it is there and its Monte Carlo error; the level
    it is to reach; whether this is the value found; how often the course changes sides; draws of each; the bound.

    Raises
    ------
    InputError : when the statistic stays on one side of its level, or a value is refused.
    """
    own, anew, asked = question.model(GOAL), question.reassume, question.asked
    if anew is None:
        raise InputError("sensitivity.goal: other values need a configuration that they are laid over")
    aim = Aim(AT_MOST, asked.at_most) if asked.at_least is None and asked.at_most is not None else None
    aim = aim or Aim(AT_LEAST, float(asked.at_least or 0.0))
    course = _Course(question, aim, Evaluation.of(question, own), anew)
    value, crossings = _first(course)
    slope = _slope(course, value)
    rows = [
        {
            "value": at,
            "answer": answer,
            "error": error,
            "is_found": at == value,
            "value_error": error / abs(slope) if at == value and slope else math.nan,
        }
        for at, (answer, error) in sorted(course.seen.items())
    ]
    told: dict[str, Any] = {
        "key": course.goal.key,
        "statistic": course.goal.statistic,
        "level": course.level,
        "crossings": crossings,
    }
    table = pd.DataFrame(rows).assign(**told, draws=course.evaluate.rows, wish=aim.wish, bound=aim.bound)
    return {GOAL: table.assign(**question.target.marks)[list(COLUMNS)]}


def _first(course: _Course) -> tuple[float, int]:
    """The first value at which the statistic changes sides, and how often it does along the course."""
    from scipy.optimize import brentq

    low, high = course.goal.between
    is_wide = low > 0 and high / low > _DECADE
    points = [float(at) for at in (np.geomspace if is_wide else np.linspace)(low, high, _POINTS)]
    points[0], points[-1] = low, high
    above = [course.beyond(point) >= 0 for point in points]
    changes = [place for place in range(1, _POINTS) if above[place] != above[place - 1]]
    if not changes:
        (first, _), (last, _) = course.seen[low], course.seen[high]
        raise InputError(
            f"sensitivity.goal: {course.goal.statistic} of {course.question.target.variable} never crosses "
            f"{course.level:.6g} between: it is {first:.6g} at {course.goal.key}={low:g} and {last:.6g} at {high:g}"
        )
    start, end = points[changes[0] - 1], points[changes[0]]
    found = float(brentq(course.settled, start, end, xtol=_CLOSE * (end - start), rtol=1e-12, maxiter=_MOST))
    course.beyond(found)
    return found, len(changes)


def _slope(course: _Course, value: float) -> float:
    """How much the statistic changes for each unit of the key near a value, from those of the coarse course."""
    low, high = course.goal.between
    ats = sorted(course.seen)
    apart = (high - low) / _POINTS / 10  # nearer neighbours differ by the grain of the draws
    below = max((at for at in ats if at < value - apart), default=value)
    above = min((at for at in ats if at > value + apart), default=value)
    if below == above:
        return 0.0
    return (course.seen[above][0] - course.seen[below][0]) / (above - below)
