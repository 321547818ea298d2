"""Joint questions: how likely several things come true together, in the same draws."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from sim.analysis.sensitivity.columns import Found, said
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.surface import BoolArray
from sim.assumptions.statements import Statement, statement
from sim.draws.streams import FloatArray
from sim.results.batches import Batches
from sim.variables import TOTAL

JOINT, POINTS = "joint", "joint_draws"
"""The name of the method and of its table; the table of draws that its picture shows."""

COLUMNS = ("kind", "event", "year", "probability", "error", "missing", "draws", "unit")
POINT_COLUMNS = (
    "one", "other", "one_bound", "other_bound", "one_name", "other_name", "one_year", "other_year", "one_unit",
    "other_unit", "one_side", "other_side",
)  # fmt: skip

EVENT, TOGETHER, INDEPENDENT, GIVEN = "event", "all together", "if independent", "given the others"
"""The kinds of rows: each event; all; the product of their probabilities; each, where all the others come true."""

_DATE = "decimal year"  # the unit of dates in a table
_SHOWN = 2000  # draws in a picture, the first of the run: of each replicate as many


def joint(question: Question) -> dict[str, pd.DataFrame]:
    """The tables of a joint question.

    Parameters
    ----------
    question : with `events`.

    Returns
    -------
    `joint`: a row per event, for all together, for what independence would give, and for each event given the others:
    kind; event; its year; probability and its Monte Carlo error; draws in which its variable is missing, which do not
    meet it; draws. `joint_draws`, of two events: the values of both in some draws, the bounds and the side of
    each that comes true, names, years and units.

    Raises
    ------
    InputError : for a variable that there is not, naming the nearest.
    """
    results, source = question.results, question.results.provenance
    read = [statement(text) for text in question.asked.events or ()]
    columns = [said(results, one, "sensitivity.events") for one in read]
    events = np.stack([met for _, met in columns], axis=1)
    batches = Batches.of(str(source["method"]), int(source["replicates"]), len(events))

    def row(
        kind: str, event: str, of: Callable[[BoolArray], float], missing: int, year: int | None = None
    ) -> dict[str, object]:
        value, error = _estimate(of, events, batches)
        told = {"kind": kind, "event": event, "year": TOTAL if year is None else str(year)}
        return {**told, "probability": value, "error": error, "missing": missing}

    gaps = [int(np.isnan(found.numbers).sum()) for found, _ in columns]
    any_gap = int(np.logical_or.reduce([np.isnan(found.numbers) for found, _ in columns]).sum())
    years = [found.year for found, _ in columns]
    rows = [row(EVENT, one.text, _share(place), gaps[place], years[place]) for place, one in enumerate(read)]
    if len(read) > 1:
        everything = " and ".join(one.text for one in read)
        rows.append(row(TOGETHER, everything, lambda own: float(own.all(axis=1).mean()), any_gap))
        rows.append(row(INDEPENDENT, everything, lambda own: float(own.mean(axis=0).prod()), any_gap))
        rows += [row(GIVEN, one.text, _given(place), gaps[place], years[place]) for place, one in enumerate(read)]
    tables = {JOINT: pd.DataFrame(rows).assign(draws=len(events), unit="probability")[list(COLUMNS)]}
    if len(read) == 2:
        tables[POINTS] = _points(read, [found for found, _ in columns])
    return tables


def _share(place: int) -> Callable[[BoolArray], float]:
    return lambda own: float(own[:, place].mean())


def _given(place: int) -> Callable[[BoolArray], float]:
    """The probability of an event among the draws in which all the others come true; missing where none does."""

    def share(own: BoolArray) -> float:
        others = np.delete(own, place, axis=1).all(axis=1)
        return float(own[others, place].mean()) if others.any() else math.nan

    return share


def _estimate(of: Callable[[BoolArray], float], events: BoolArray, batches: Batches) -> tuple[float, float]:
    """A probability of all draws and its Monte Carlo error, which is unknown of what no draw meets, or every draw."""
    value = of(events)
    if not batches.number:
        return value, float(batches.error(np.empty(0)))
    parts = np.array([of(part.astype(bool)) for part in batches.split(events)])
    error = float(batches.error(parts)) if np.isfinite(parts).all() else math.nan
    return value, error if error > 0 else math.nan


def _points(read: list[Statement], found: list[Found]) -> pd.DataFrame:
    """The values of two variables in some draws, and where the statements draw the line."""
    table: dict[str, FloatArray | float | str] = {}
    for side, one, of in zip(("one", "other"), read, found, strict=True):
        before, until = one.comparison.ends(dated=of.dated)
        table |= {
            side: of.numbers[:_SHOWN],
            f"{side}_bound": until if one.comparison.sign in ("<=", ">") else before,
            f"{side}_name": of.name,
            f"{side}_year": TOTAL if of.year is None else str(of.year),
            f"{side}_unit": _DATE if of.dated else of.unit,
            f"{side}_side": "below" if one.comparison.sign in ("<", "<=") else "above",
        }
    return pd.DataFrame(table)[list(POINT_COLUMNS)]
