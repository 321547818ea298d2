"""Every forecast of every set with its score, and what they come to."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from sim.calibration.forecast import DRAWS, Forecast, Variant, forecast
from sim.calibration.read import History, Question, questions
from sim.calibration.score import Place, crps, place
from sim.draws.streams import FloatArray

LAST_PATIENT = "months to the last patient"

LEVELS = (0.5, 0.9)
"""Of the central intervals that are scored."""

KEYS = ["variant", "answer"]

_QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
_HALF = 0.5
"""Added to both sides of a ratio, so that none is infinite."""


def counted(months: int) -> str:
    """The name of the answer that counts patients within some months."""
    return f"patients in {months} months"


def scored(sets: Iterable[History], variants: Sequence[Variant], draws: int = DRAWS) -> pd.DataFrame:
    """A row for every set, question, variant and answer: the forecast, what happened, and the score."""
    rows = [
        row
        for history in sets
        for question in questions(history)
        for variant in variants
        for row in _rows(history, question, variant, forecast(history, question, variant, draws))
    ]
    return pd.DataFrame(rows)


def _rows(
    history: History, question: Question, variant: Variant, made: Forecast
) -> Iterator[dict[str, str | int | float]]:
    asked: dict[str, str | int | float] = {
        "set": history.name,
        "purpose": history.purpose,
        "share": round(question.share, 2),
        "enrolled": question.enrolled,
        "sites": made.sites,
        "variant": variant.name,
    }
    middle = sum(question.last) / 2.0
    found = place(made.months, *question.last)
    yield {**asked, "answer": LAST_PATIENT, "observed": middle, **_score(made.months, found, middle)}
    for months, count in question.counts.items():
        sample = made.counts[months]
        found = place(sample, count, count)
        yield {**asked, "answer": counted(months), "observed": float(count), **_score(sample, found, count)}


def _score(sample: FloatArray, found: Place, answer: float) -> dict[str, float]:
    quantiles = dict(zip(_QUANTILES, np.quantile(sample, list(_QUANTILES.values())).tolist(), strict=True))
    covered = {f"inside_{level:.0%}".rstrip("%"): found.inside(level) for level in LEVELS}
    log_ratio = float(np.log((quantiles["p50"] + _HALF) / (answer + _HALF)))
    return {
        **quantiles,
        "pit": found.middle,
        "pit_below": found.below,
        "pit_upto": found.upto,
        **covered,
        "bias": log_ratio,
        "crps": crps(sample, answer),
    }


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Means over forecasts by variant and answer, in the order in which they first come.

    Returns
    -------
    Columns `forecasts`, the shares inside the intervals, mean `pit`, `bias` (how far the median lies above what
    happened, as a share) and `crps` in the unit of the answer.
    """
    groups = rows.groupby(KEYS, sort=False)
    means = groups[["inside_50", "inside_90", "pit", "bias", "crps"]].mean()
    means["bias"] = np.expm1(means["bias"])
    means.insert(0, "forecasts", groups.size())
    return means
