"""The trials of a sweep's runs side by side: when they read out, how likely in time, and with what success."""

import math
from typing import NamedTuple

import pandas as pd

from sim.dates import day_of
from sim.results.run import Results
from sim.variables import STRATA, TOTAL
from sim.views.estimates import Estimates
from sim.views.numbers import ABSENT, percent
from sim.views.trial_facts import ENDPOINTS, month_text, trial_of

_PROMISE, _READOUT = "prob_readout_by_promise", "readout_date"
_SUCCESS = {f"prob_success_{endpoint}": name for endpoint, name in ENDPOINTS.items()}
HEADS = ("median read-out", "by the promise", *(f"success: {name}" for name in ENDPOINTS.values()))
"""The heads of the columns behind the run's name."""

_MATTERS = 0.01  # a probability that differs by less is not worth a word


class TrialContrast(NamedTuple):
    """The trial of one run, in words: as the heads say."""

    run: str
    readout: str
    by_promise: str
    successes: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Below the heads."""
        return self.readout, self.by_promise, *self.successes


def trial_contrasts(comparison: pd.DataFrame) -> list[TrialContrast]:
    """A row for each run where any run has a trial.

    Parameters
    ----------
    comparison : columns as `comparison.csv` has them.
    """
    if comparison.empty or not (comparison["variable"] == _READOUT).any():
        return []
    rows = comparison[(comparison[list(STRATA)].astype(str) == TOTAL).all(axis=1)]
    keys = zip(rows["run"].astype(str), rows["variable"], rows["statistic"], strict=True)
    found = dict(zip(keys, rows["value"].astype(float), strict=True))
    return [_contrast(run, found) for run in dict.fromkeys(rows["run"].astype(str))]


def contrast_lines(comparison: pd.DataFrame) -> list[list[str]]:
    """The same as rows of text for a terminal, with a title; a single empty row where no run has a trial."""
    rows = trial_contrasts(comparison)
    if not rows:
        return [[""]]
    return [["The trial"], ["", *HEADS], *([row.run, *row.cells] for row in rows)]


def trial_sentence(run: Results, base: Results) -> str:
    """How the trial of a run differs from the baseline's; empty where either has none, or nothing differs.

    Parameters
    ----------
    run, base : a run and the one it is compared with.
    """
    if trial_of(run) is None or trial_of(base) is None:
        return ""
    own, other = Estimates(run), Estimates(base)
    parts = []
    months = [_month(find("readout_date", "p50").value) for find in (own, other)]
    if months[0] != months[1]:
        parts.append(f"the median read-out is {months[0]}, not {months[1]}")
    chances = [(_PROMISE, "by the promise"), *((key, f"success by {words}") for key, words in _SUCCESS.items())]
    for key, words in chances:
        here, there = own(key).value, other(key).value
        if abs(here - there) >= _MATTERS:
            parts.append(f"{words} {_whole(here)}, not {_whole(there)}")
    text = "; ".join(parts)
    return f" In the trial {text}." if text else ""


def _contrast(run: str, found: dict[tuple[str, str, str], float]) -> TrialContrast:
    def chance(variable: str) -> str:
        value = found.get((run, variable, "mean"), math.nan)
        return ABSENT if math.isnan(value) else percent(value)

    median = found.get((run, _READOUT, "p50"), math.nan)
    return TrialContrast(run, _month(median), chance(_PROMISE), tuple(chance(name) for name in _SUCCESS))


def _month(year: float) -> str:
    """A decimal year as a month."""
    return ABSENT if math.isnan(year) else "never" if math.isinf(year) else month_text(day_of(year))


def _whole(share: float) -> str:
    return f"{round(100 * share)} %"
