"""Stress: the run in the draws in which some inputs lie where they are said to, without running anything."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sim.analysis.sensitivity.columns import Found, input_of, lies
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.surface import BoolArray
from sim.analysis.sensitivity.target import Target, named_target
from sim.assumptions.statements import place
from sim.dates import day_name, day_of
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.results.batches import Batches
from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES

STRESS = "stress"
"""The name of the method, and of its table."""

COLUMNS = (
    "variable", "statistic", "given", "given_error", "of_all", "of_all_error", "draws", "share", "condition", "note",
    "target", "year", "unit",
)  # fmt: skip

FEWEST = 100
"""Draws left, below which nothing is said of them."""

HEADLINES = (
    HEADLINE, "deaths_day100", "readout_date", "prob_readout_by_promise", "prob_success_response",
    "prob_success_survival", "prob_approval", "peak_sales", "net_present_value", "prob_npv_positive",
)  # fmt: skip
"""What is shown beside the target, as far as a run gives it."""

_QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
_CONDITION = "; "  # between the parts of a condition
_KEY = "sensitivity.given"
_WHOLE = 1000  # from here on numbers are shown without decimals
_RATES, _BY_COHORT, _CHOSEN = "vod.", "vod=cohorts", "vod.cohort"  # other rates; a run that has them has the choice


def stress(question: Question) -> dict[str, pd.DataFrame]:
    """The table of a stress test, the target first.

    Parameters
    ----------
    question : with `given`.

    Returns
    -------
    A row per output and statistic: variable; statistic; what it is given the condition and in all draws, with Monte
    Carlo errors; the draws that are left and their share of all; the condition, and a note of what holds in every draw.
    Draws in which an output is missing are left out of it on both sides; of one that never comes in some draws there
    is no mean.

    Raises
    ------
    InputError : for an input that there is not, or when fewer than 100 draws are left; where an input never lies there,
        with where it does.
    """
    results, asked = question.results, question.asked
    source = results.provenance
    batches = Batches.of(str(source["method"]), int(source["replicates"]), int(source["draws"]))
    given = asked.given or {}
    parts = {name: lies(results, name, place(text), f"{_KEY}.{name}") for name, text in given.items()}
    inside = _left(results, given, parts)
    told = {
        "draws": int(inside.sum()),
        "share": float(inside.mean()),
        "condition": _CONDITION.join(f"{name}: {text}" for name, text in given.items()),
        "note": _CONDITION.join(f"{name}: {given[name]} holds in every draw" for name in given if parts[name].all()),
    }
    rows = [
        {**row, **told, **target.marks}
        for target in _targets(question)
        for row in _rows(target, target.of(results.draws), inside, batches)
    ]
    return {STRESS: pd.DataFrame(rows)[list(COLUMNS)]}


def _left(results: Results, given: Mapping[str, str], parts: Mapping[str, BoolArray]) -> BoolArray:
    """The draws in which every input lies where it is said to; too few are refused."""
    inside: BoolArray = np.logical_and.reduce(list(parts.values()))
    for name, part in parts.items():
        if not part.any():
            raise InputError(f"{_KEY}.{name}: '{given[name]}' holds in no draw: {_ways(results, name)}")
    if inside.sum() < FEWEST:
        raise InputError(
            f"{_KEY}: {inside.sum()} of {len(inside)} draws are left, below {FEWEST}; say less, or run more draws"
        )
    return inside


def _ways(results: Results, name: str) -> str:
    """Where an input lies in a run, and what would have it lie elsewhere."""
    key = _settable(results.configuration, name)
    ways = [f"set the value itself ({key}=…)"] if key else []
    if name.startswith(_RATES):
        ways.append(
            "choose other rates by vod=…" if _CHOSEN in results.draws else f"choose other rates such as {_BY_COHORT}"
        )
    found = input_of(results, name, _KEY)
    low, high = (_end(found, end) for end in (found.numbers.min(), found.numbers.max()))
    return f"{name} lies between {low} and {high} in this run{'; ' if ways else ''}{', or '.join(ways)}"


def _settable(configuration: Mapping[str, Any], name: str) -> str:
    """The key by which an input is given another value; nothing where there is no single one."""
    path, _, label = name.rstrip("]").partition("[")
    node: Any = configuration
    for part in path.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping):
        return ""
    if label and isinstance(values := node.get("values"), Mapping) and label in values:
        return f"{path}.values.{label}"
    return f"{path}.value" if not label and node.get("value") is not None else ""


def _end(of: Found, value: float) -> str:
    if of.dated and math.isfinite(value):
        return day_name(day_of(value))
    return f"{value:.3g}" if abs(value) < _WHOLE else f"{value:,.0f}"


def _targets(question: Question) -> Iterator[Target]:
    """The target, then the headlines that the run gives."""
    yield question.target
    for name in HEADLINES:
        if name in question.results.draws and name != question.target.variable:
            yield named_target(question.results, name)


def _rows(target: Target, answer: FloatArray, inside: BoolArray, batches: Batches) -> Iterator[dict[str, object]]:
    """The statistics of one output."""
    only_mean = VARIABLES[target.variable].only_mean
    for name in ("mean",) if only_mean else ("mean", *_QUANTILES):
        given, given_error = _estimate(name, answer, inside, batches)
        of_all, of_all_error = _estimate(name, answer, np.ones(len(answer), dtype=bool), batches)
        if not (math.isnan(given) and math.isnan(of_all)):
            yield {
                "variable": target.variable,
                "statistic": name,
                "given": given,
                "given_error": given_error,
                "of_all": of_all,
                "of_all_error": of_all_error,
            }


def _estimate(name: str, answer: FloatArray, among: BoolArray, batches: Batches) -> tuple[float, float]:
    """A statistic among some draws, and its Monte Carlo error."""
    value = _statistic(name, answer[among])
    parts = zip(batches.split(answer), batches.split(among), strict=True) if batches.number else ()
    by_batch = np.array([_statistic(name, own[inside.astype(bool)]) for own, inside in parts])
    seen = name not in _QUANTILES or batches.see(_QUANTILES[name], int(among.sum()))
    if not seen or not np.isfinite(by_batch).all():
        return value, math.nan
    error = float(batches.error(by_batch))
    return value, error if error > 0 or batches.exact or name in _QUANTILES else math.nan


def _statistic(name: str, answer: FloatArray) -> float:
    there = answer[~np.isnan(answer)]
    if not len(there):
        return math.nan
    if name == "mean":
        return float(there.mean()) if np.isfinite(there).all() else math.nan
    return float(np.quantile(there, _QUANTILES[name], method="inverted_cdf" if np.isinf(there).any() else "linear"))
