"""What the views read out of a comparison: each run's estimate and its difference to the baseline, in one year."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.variables import STRATA, TOTAL
from sim.views.numbers import ABSENT, UNKNOWN, coarse_error, rounded, signed, span

_NUMBERS = ("value", "difference", "difference_p05", "difference_p95", "ratio")

_Cells = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Contrast:
    """One variable of one run against the baseline.

    Attributes
    ----------
    run : its label.
    year : the calendar year the numbers are of.
    mean, p10, p90 : of the run; in place of the mean what the rows were asked for.
    difference : of the means; NaN where the baseline lacks the year.
    low, high : 5th and 95th percentile of the difference draw by draw; NaN where the draws are not shared.
    ratio : of the means.
    is_baseline : whether this is the run the others are compared with.
    """

    run: str
    year: str
    mean: float
    p10: float
    p90: float
    difference: float
    low: float
    high: float
    ratio: float
    is_baseline: bool

    @property
    def is_paired(self) -> bool:
        """Whether the run shares its draws with the baseline."""
        return not math.isnan(self.low)

    @property
    def base_mean(self) -> float:
        """Of the baseline in the same year; NaN where it lacks the year."""
        return self.mean - self.difference

    @property
    def mean_text(self) -> str:
        """The mean, for people."""
        return _known(self.mean)

    @property
    def spread_text(self) -> str:
        """From P10 to P90."""
        return ABSENT if math.isnan(self.p10) else span(_known(self.p10), _known(self.p90))

    @property
    def difference_text(self) -> str:
        """With its sign; of runs that do not share their draws with no more digits than the means themselves."""
        error = UNKNOWN if self.is_paired else coarse_error(self.mean)
        return signed(rounded(self.difference, error))

    @property
    def interval_text(self) -> str:
        """From the 5th to the 95th percentile of the difference."""
        return ABSENT if not self.is_paired else f"{signed(_known(self.low))} to {signed(_known(self.high))}"

    @property
    def ratio_text(self) -> str:
        """To the baseline's mean."""
        return _known(self.ratio)


def contrasts(comparison: pd.DataFrame, variable: str, statistic: str = "mean") -> list[Contrast]:
    """Every run's row, of the first year that all runs share; else of each run's own first year.

    Parameters
    ----------
    comparison : columns as `comparison.csv` has them.
    variable : its name; runs that lack it are left out.
    statistic : in place of the mean, such as the median of what never comes in some draws.
    """
    if comparison.empty:
        return []
    base = baseline_of(comparison)
    rows = comparison[comparison["variable"] == variable]
    rows = rows[(rows[list(STRATA)].astype(str) == TOTAL).all(axis=1)]
    columns = (rows[name].astype(str).tolist() for name in ("run", "year", "statistic"))
    numbers = rows[list(_NUMBERS)].to_numpy(np.float64).tolist()
    by_run: dict[str, dict[str, _Cells]] = {}
    for run, year, name, found in zip(*columns, numbers, strict=True):
        by_run.setdefault(run, {}).setdefault(year, {})[name] = dict(zip(_NUMBERS, found, strict=True))
    shared = set.intersection(*map(set, by_run.values())) if by_run else set()
    chosen = {run: min(shared or years) for run, years in by_run.items()}
    return [_contrast(run, years[chosen[run]], chosen[run], base, statistic) for run, years in by_run.items()]


def baseline_of(comparison: pd.DataFrame) -> str:
    """The run that differs from the baseline in nothing: the first such, since another may equal it."""
    known = comparison[comparison["value"].notna()]  # what never comes in some draws has no mean to differ
    apart = known["difference"].fillna(1).abs().groupby(known["run"], sort=False).max()
    alike = apart[apart == 0]
    return str(alike.index[0] if len(alike) else apart.index[0])


def _contrast(run: str, cells: _Cells, year: str, base: str, statistic: str) -> Contrast:
    """Of one run.

    Parameters
    ----------
    cells : statistic → number, of one year.
    """
    mean, own = cells["mean"], cells[statistic]
    return Contrast(
        run=run,
        year=year,
        mean=own["value"],
        p10=cells["p10"]["value"] if "p10" in cells else math.nan,
        p90=cells["p90"]["value"] if "p90" in cells else math.nan,
        difference=own["difference"],
        low=mean["difference_p05"],
        high=mean["difference_p95"],
        ratio=own["ratio"],
        is_baseline=run == base,
    )


def _known(value: float) -> str:
    return rounded(value, UNKNOWN)
