"""What was pooled for a run: the table of its studies, by quantity and in words."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from sim.results.run import Results
from sim.views.numbers import UNKNOWN, coarse_error, rounded, span

POOLING = "pooling"
"""The table of a run that holds the pooled studies."""

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Mark(NamedTuple):
    """A share with its 95 % interval.

    Attributes
    ----------
    name : what it is of.
    counts : `56/631`; empty for a result.
    estimate, low, high : shares.
    weight : among the studies, adding up to 1; 0 for a result.
    recalled : whether nobody has verified it.
    """

    name: str
    counts: str
    estimate: float
    low: float
    high: float
    weight: float = 0.0
    recalled: bool = False

    def __str__(self) -> str:
        """In per cent: `8.87 (6.9–11.3) %`."""
        estimate, low, high = (rounded(100 * share, UNKNOWN) for share in (self.estimate, self.low, self.high))
        return f"{estimate} ({span(low, high)}) %"


class Pooling(NamedTuple):
    """A pooled quantity.

    Attributes
    ----------
    quantity : its name, with labels.
    unit : of the quantity.
    studies : in the order they were named.
    mean, prediction : over populations, and of a new one.
    takes_mean : whether the run draws the mean, and not new populations.
    """

    quantity: str
    unit: str
    studies: Sequence[Mark]
    mean: Mark
    prediction: Mark
    takes_mean: bool


def poolings(results: Results) -> list[Pooling]:
    """Every pooling of a run, in the order of its quantities."""
    table = results.tables.get(POOLING, pd.DataFrame())
    if table.empty:
        return []
    units = dict(zip(results.assumptions["quantity"], results.assumptions["unit"], strict=True))
    # a prediction ends each pooling, of which a mixture may hold several
    blocks = (table["kind"] == "prediction").shift(fill_value=False).cumsum()
    return [_pooling(rows, units) for _, rows in table.groupby(blocks, sort=False)]


def forest_message(results: Results) -> str:
    """What the first pooling comes to: `Five cohorts put VOD cases per transplant at 7.2 %; …`."""
    first, *others = poolings(results)
    text = f"{_counted(len(first.studies))} cohorts put {first.unit} at {_short(first.mean.estimate)} %; "
    text += f"a new population lies between {_short(first.prediction.low)} and {_short(first.prediction.high)} %"
    return f"{text}; {_counted(len(others)).lower()} more pooled" if others else text


def _pooling(rows: pd.DataFrame, units: dict[str, str]) -> Pooling:
    marks = {kind: [_mark(row) for _, row in part.iterrows()] for kind, part in rows.groupby("kind", sort=False)}
    name = str(rows["quantity"].iloc[0])
    takes_mean = rows["method"].iloc[0] == "pooled_mean"
    mean, prediction = marks["mean"][0], marks["prediction"][0]
    return Pooling(name, units.get(name, ""), marks["study"], mean, prediction, bool(takes_mean))


def _mark(row: "pd.Series[str]") -> Mark:
    estimate, low, high = (float(row[name]) for name in ("estimate", "low", "high"))
    if row["kind"] != "study":
        return Mark(
            "Mean of populations" if row["kind"] == "mean" else "A new population, median", "", estimate, low, high
        )
    counts = f"{rounded(float(row['k']), 0)}/{rounded(float(row['n']), 0)}"
    recalled = row["verified"] == "recalled"
    return Mark(str(row["label"]), counts, estimate, low, high, float(row["weight"]), recalled)


def _short(share: float) -> str:
    """In per cent, to two digits."""
    return rounded(100 * share, 10 * coarse_error(100 * share))


def _counted(number: int) -> str:
    """A whole number as a sentence begins with: `Five`; figures from thirteen on."""
    return _WORDS[number].capitalize() if number < len(_WORDS) else str(number)
