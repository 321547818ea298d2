"""What the picture of a comparison shows of each run: which variables, in which unit, and where its marks lie."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from sim.results.run import Results
from sim.variables import HEADLINE, VARIABLES
from sim.views.contrast import Contrast
from sim.views.leading import READOUT, subject
from sim.views.market_facts import AS_IT_IS, IF_WON, MILLION, month_of
from sim.views.numbers import UNKNOWN, coarse_error, rounded, signed
from sim.views.style import BLUE, GREEN, RED
from sim.views.value_contrast import VALUE, VALUE_IF_WON, moneys

_ABOVE, _BELOW = -0.18, 0.18  # place of two variables within a run's row
_MONTHS = 12  # of a year
_BEYOND = 0.5  # years that an interval without end is drawn beyond the others


class Line(NamedTuple):
    """One variable: a line in each run's row."""

    variable: str
    name: str
    colour: str
    offset: float


class Plan(NamedTuple):
    """What is shown of the runs.

    Attributes
    ----------
    lines : the variables.
    statistic : which of their numbers the dot is.
    what, unit : of the dot and its interval, and of both axes.
    scale : what values are divided by; `difference_scale` what differences are multiplied by besides.
    from_zero : whether the axis begins at zero.
    """

    lines: tuple[Line, ...]
    statistic: str
    what: str
    unit: str
    difference_unit: str
    scale: float = 1.0
    difference_scale: float = 1.0
    from_zero: bool = False

    @property
    def is_dated(self) -> bool:
        """Whether values are dates."""
        return self.lines[0].variable == READOUT


def plan_of(runs: Mapping[str, Results], comparison: pd.DataFrame) -> Plan:
    """What is shown of some runs: what they are compared by first.

    Parameters
    ----------
    runs : label → run.
    comparison : columns as `comparison.csv` has them.
    """
    leads = subject(runs, comparison)
    if leads == "value":
        worth = (Line(VALUE, AS_IT_IS, BLUE, _ABOVE), Line(VALUE_IF_WON, IF_WON, GREEN, _BELOW))
        unit = f"million {next(iter(moneys(runs).values()))}"
        return Plan(worth, "mean", "net present value: mean and P10–P90", unit, unit, scale=MILLION)
    if leads == "readout":
        return Plan(
            (Line(READOUT, VARIABLES[READOUT].long_name, BLUE, 0.0),),
            "p50",
            "median and P10–P90",
            "",
            "months",
            difference_scale=_MONTHS,
        )
    shown = ((HEADLINE, BLUE, _ABOVE), ("deaths_day100", RED, _BELOW))
    lines = tuple(Line(name, VARIABLES[name].long_name, colour, place) for name, colour, place in shown)
    unit = VARIABLES[HEADLINE].unit
    return Plan(lines, "mean", "mean and P10–P90", unit, unit, from_zero=True)


def value_mark(row: Contrast, plan: Plan, rows: Mapping[str, Sequence[Contrast]]) -> tuple[float, float, float, str]:
    """Dot, interval and words of a run's value; what never comes in a tenth of the draws ends beyond the others."""
    middle, low, high = (number / plan.scale for number in (row.mean, row.p10, row.p90))
    if not plan.is_dated:
        return middle, low, high, rounded(middle, UNKNOWN)
    known = [number for one in rows[READOUT] for number in (one.mean, one.p90) if math.isfinite(number)]
    if not math.isfinite(middle):
        return math.nan, math.nan, math.nan, ""
    words = month_of(middle)
    if math.isinf(high):
        return middle, low, max(known) + _BEYOND, f"{words}, P90 never"
    return middle, low, high, words


def difference_mark(row: Contrast, plan: Plan) -> tuple[float, float, float, str]:
    """Dot, interval and words of a run's difference to the baseline."""
    scale = plan.difference_scale / plan.scale
    middle, low, high = (number * scale if math.isfinite(number) else math.nan for number in (
        row.difference, row.low, row.high
    ))  # fmt: skip
    if row.is_baseline:
        return middle, math.nan, math.nan, "baseline"
    if math.isnan(low + high):
        low = high = math.nan
    error = UNKNOWN if row.is_paired or plan.is_dated else coarse_error(row.mean * scale)
    return middle, low, high, signed(rounded(middle, error))
