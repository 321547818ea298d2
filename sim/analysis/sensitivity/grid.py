"""The target at every combination of some configuration values, on the same draws and the same chance.

The uniform numbers of the inputs and of chance are those of the run, so that a difference between two points is free of
noise from drawing, and the point at the run's own values gives the run's own answer.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis.sensitivity.model_surface import answers, hangs_on
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.target import Target
from sim.assumptions.schema import Assumptions
from sim.draws.designs import Design
from sim.draws.parameters import design_of, sample
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.results.batches import Batches
from sim.results.quantiles import quantiles
from sim.variables import VARIABLES

GRID = "grid"
"""The name of the method, and of its table."""

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
"""The quantiles of each point."""

_BEFORE, _AFTER = ("point",), ("statistic", "value", "error", "note", "target", "year", "unit")

Found = list[tuple[str, float, float]]


@dataclass(frozen=True)
class Point:
    """What one combination gave.

    Attributes
    ----------
    typed : one value of each key.
    found : statistic, value and Monte Carlo error; none where it was refused.
    note : why it was refused.
    """

    typed: tuple[Any, ...]
    found: Found
    note: str = ""


def grid(question: Question) -> dict[str, pd.DataFrame]:
    """The table of the grid, the last key changing first.

    Parameters
    ----------
    question : with `over`, and with what gives the assumptions of a point.

    Returns
    -------
    A row per point and statistic: point, from 0; a column for each key, with its value as typed; statistic; value and
    its Monte Carlo error; note. A point that was refused has one row, without statistic and value, that says why.

    Raises
    ------
    InputError : when every point was refused, with the reason of the first.
    """
    own, over, anew = question.model(GRID), question.asked.over or {}, question.reassume
    if anew is None:
        raise InputError("sensitivity.over: other values need a configuration that they are laid over")
    evaluate = Evaluation.of(question, own)
    done = dict(enumerate(_kept(question.points)))
    points = []
    for place, values in enumerate(product(*over.values())):
        point = done.get(place)
        if point is None:
            point = _point(evaluate, anew, dict(zip(over, values, strict=True)))
            _keep(question.points, point)
        points.append(point)
    if not any(point.found for point in points):
        raise InputError(f"sensitivity.over: no point can be computed; the first: {points[0].note}")
    return {GRID: _table(points, tuple(over)).assign(**question.target.marks)[[*_BEFORE, *over, *_AFTER]]}


@dataclass(frozen=True)
class Evaluation:
    """The target of assumptions, in the draws of a run.

    Attributes
    ----------
    target : the answer.
    rows : draws of it.
    design : their uniform numbers.
    seed : of the run.
    has_chance : whether patients are whole.
    batches : how draws fall into independent batches.
    """

    target: Target
    rows: int
    design: Design
    seed: int
    has_chance: bool
    batches: Batches

    @classmethod
    def of(cls, question: Question, assumptions: Assumptions) -> "Evaluation":
        """In all draws of the run; in `sensitivity.draws` of them where a trial is to be computed at each point."""
        reached = int(question.results.provenance["draws"])
        sampling = assumptions.sampling.model_copy(update={"draws": reached})
        is_dear = "trial" in question.target.sections
        rows = min(reached, question.asked.rows) if is_dear else reached
        batches = Batches.of(sampling.method, sampling.replicates, rows)
        design = KeptDesign(design_of(sampling))
        return cls(question.target, rows, design, sampling.seed, sampling.chance, batches)

    def __call__(self, assumptions: Assumptions) -> FloatArray:
        """The target, [draw], in its unit.

        Parameters
        ----------
        assumptions : of a point.
        """
        kept, draws = hangs_on(assumptions, self.target), range(self.rows)
        first = np.zeros(self.rows, dtype=bool) if self.has_chance else None
        parameters = sample(kept, draws, self.design)
        return answers(kept, parameters, draws, self.target, (self.seed, self.seed), first)


@dataclass(frozen=True)
class KeptDesign(Design):
    """A design that draws each stream once, for points that share their draws.

    Attributes
    ----------
    of : the design.
    """

    of: Design
    kept: dict[tuple[str, range, int], FloatArray] = field(default_factory=dict)

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        asked = name, draws, year
        if asked not in self.kept:
            self.kept[asked] = self.of.uniform(name, draws, year)
        return self.kept[asked]


def _point(evaluate: Evaluation, anew: Any, changes: Mapping[str, object]) -> Point:
    values = tuple(changes.values())
    try:
        answer = evaluate(anew(changes))
    except (ArithmeticError, ValueError) as fault:
        return Point(values, [], " ".join(str(fault).split()))
    only_mean = VARIABLES[evaluate.target.variable].only_mean
    return Point(values, statistics(answer, evaluate.batches, only_mean=only_mean))


def statistics(answer: FloatArray, batches: Batches, *, only_mean: bool = False) -> Found:
    """Mean, standard deviation and quantiles of an answer, with their Monte Carlo errors.

    Parameters
    ----------
    answer : [draw]; missing draws are left out; of one that never comes in some draws there are quantiles alone.
    batches : how draws fall into independent batches.
    only_mean : whether the mean says all, as of a probability.
    """
    whole = _numbers(answer)
    parts = [np.asarray(part, dtype=np.float64) for part in batches.split(answer)] if batches.number else [answer]
    by_batch = [_numbers(part) for part in parts]
    found = []
    for name, value in whole.items():
        each = np.array([numbers[name] for numbers in by_batch])
        error = float(batches.error(np.where(np.isfinite(each), each, np.nan)))
        unseen = name in QUANTILES and not batches.see(QUANTILES[name], int(np.isfinite(answer).sum()))
        still = error == 0 and name not in QUANTILES and not (np.ptp(answer) == 0 and not only_mean)
        found.append((name, value, math.nan if unseen or still else error))
    return found[:1] if only_mean else found


def _numbers(answer: FloatArray) -> dict[str, float]:
    there = answer[~np.isnan(answer)]
    if len(there) == 0:
        return dict.fromkeys(("mean", "sd", *QUANTILES), math.nan)
    ever = bool(np.isfinite(there).all())
    mean, spread = (float(there.mean()), float(there.std(ddof=1))) if ever and len(there) > 1 else (math.nan, math.nan)
    levels = quantiles(there, list(QUANTILES.values()))
    return {"mean": mean, "sd": spread, **dict(zip(QUANTILES, levels.tolist(), strict=True))}


def _table(points: list[Point], keys: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for place, point in enumerate(points):
        named = {"point": place, **dict(zip(keys, map(_as_typed, point.typed), strict=True))}
        for statistic, value, error in point.found or [("", math.nan, math.nan)]:
            rows.append({**named, "statistic": statistic, "value": value, "error": error, "note": point.note})
    return pd.DataFrame(rows)


def _as_typed(value: Any) -> Any:
    """A value that a cell holds: numbers and texts as they are, anything longer as text."""
    return value if isinstance(value, (int, float, str)) else json.dumps(value, default=str)


def _kept(file: Path | None) -> Iterator[Point]:
    """The points of an earlier start, in order, up to the first that was not written to its end."""
    if file is None or not file.exists():
        return
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n"):
            return
        values, found, note = json.loads(line)
        yield Point(tuple(values), [(str(name), float(value), float(error)) for name, value, error in found], note)


def _keep(file: Path | None, point: Point) -> None:
    if file is None:
        return
    with file.open("a", encoding="utf-8", newline="\n") as kept:
        kept.write(json.dumps([point.typed, point.found, point.note], default=str) + "\n")
