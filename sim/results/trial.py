"""The tables of a trial: accrual by month, read-out by quarter, success by endpoint, the sites."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.dates import MONTH, months_after, quarter_name, to_decimal_year, to_ordinal
from sim.results.batches import Batches
from sim.results.moments import Moments
from sim.results.parts import Parts
from sim.results.sample import QUANTILES

FloatArray = NDArray[np.float64]

ACCRUAL, READOUT, SUCCESS, SITES = "accrual", "readout", "success", "sites"
EVENTS, PATIENTS = "events", "patients"
"""The names of the tables."""

GOAL = 0.80
"""The probability of a read-out by the promise that levers are to reach."""

NEVER = "never"
"""The quarter of a read-out that does not come."""

_ROUNDING = 1e-6  # days

_MOST_QUARTERS = 200  # between the first and the last, up to which empty ones have a row too

_REACH = 0.995  # the accrual is shown until so many of the trials that ever enrol their target have done so


def enrolled_by(times: FloatArray, months: FloatArray) -> NDArray[np.int64]:
    """Patients enrolled by some months: [draw, month], from their times, [draw, patient] in order."""
    return np.stack([(times <= month).sum(axis=1) for month in months], axis=1).astype(np.int64)


def accrual_table(times: FloatArray, start: date) -> pd.DataFrame:
    """Patients enrolled by each month.

    Parameters
    ----------
    times : when each patient is enrolled, months since the start, [draw, patient]; infinite is never.
    start : of the trial.

    Returns
    -------
    A row per month since the start: month, date, mean, p05 … p95, patients so far.
    """
    last = times[:, -1]
    seen = last[np.isfinite(last)] if np.isfinite(last).any() else times[np.isfinite(times)]
    reach = float(np.quantile(seen, _REACH)) if seen.size else 1.0
    months = np.arange(0, np.ceil(reach) + 1)
    counts = enrolled_by(times, months)
    rows = {
        "month": months.astype(int),
        "date": [months_after(start, month).isoformat() for month in months],
        "mean": counts.mean(axis=0),
        **dict(zip(QUANTILES, np.quantile(counts, list(QUANTILES.values()), axis=0), strict=True)),
    }
    return pd.DataFrame(rows)


class Quarters:
    """In which quarter a trial reads out, counted over portions of draws.

    Parameters
    ----------
    batches : how draws fall into independent batches.
    """

    def __init__(self, batches: Batches) -> None:
        """Nothing is counted yet."""
        self.batches = batches
        self.draws = np.zeros(max(batches.number, 1))
        self.hits: dict[int | None, FloatArray] = {}

    def add(self, readout_date: FloatArray, first_draw: int) -> None:
        """Count neighbouring draws: decimal years, [draw]; infinite is never."""
        finite = np.isfinite(readout_date)
        place = _quarters(np.where(finite, readout_date, 2000.0))
        batch = np.arange(first_draw, first_draw + len(place)) % len(self.draws)
        self.draws += np.bincount(batch, minlength=len(self.draws))
        for quarter in (*np.unique(place[finite]).tolist(), *([] if finite.all() else [None])):
            hits = ~finite if quarter is None else finite & (place == quarter)
            counted = self.hits.setdefault(quarter, np.zeros(len(self.draws)))
            counted += np.bincount(batch[hits], minlength=len(self.draws))

    def parts(self) -> Parts:
        """What it has counted, for `add_parts`: of never the quarter is -1."""
        quarters = [-1 if quarter is None else quarter for quarter in self.hits]
        hits = np.array(list(self.hits.values())).reshape(len(quarters), len(self.draws))
        return {"draws": self.draws, "quarters": np.array(quarters, int), "hits": hits}

    def add_parts(self, parts: Parts) -> None:
        """Count what others have counted."""
        self.draws = self.draws + parts["draws"]
        for quarter, hits in zip(parts["quarters"].tolist(), parts["hits"], strict=True):
            known = None if quarter == -1 else quarter
            self.hits[known] = self.hits.get(known, np.zeros(len(self.draws))) + hits


def readout_table(counted: Quarters) -> pd.DataFrame:
    """When the trial reads out, by quarter.

    Parameters
    ----------
    counted : the draws.

    Returns
    -------
    A row per quarter from the first to the last (of a very long time those that occur), and one for `never` where that
    happens: quarter, probability, its Monte Carlo error, and cumulative, the probability by the quarter's end.
    """
    seen = sorted(quarter for quarter in counted.hits if quarter is not None)
    is_long = bool(seen) and seen[-1] - seen[0] > _MOST_QUARTERS
    quarters: list[int | None] = [*(seen if is_long or not seen else range(seen[0], seen[-1] + 1))]
    if None in counted.hits:
        quarters.append(None)
    rows, reached = [], 0.0
    for quarter in quarters:
        hits = counted.hits.get(quarter, np.zeros(len(counted.draws)))
        probability, error = _event(hits, counted.draws, counted.batches, varies=0 < hits.sum() < counted.draws.sum())
        reached += probability
        name = NEVER if quarter is None else quarter_name(quarter)
        rows.append((name, probability, error, np.nan if quarter is None else reached))
    return pd.DataFrame(rows, columns=["quarter", "probability", "mcse", "cumulative"])


def _quarters(dates: FloatArray) -> NDArray[np.int64]:
    """Quarters since the year 0 of decimal years: [draw]. A day's date stands for its end, as in what was promised."""
    days = np.ceil(to_ordinal(dates) - _ROUNDING).astype(np.int64) - date(1970, 1, 1).toordinal()
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)  # since January 1970
    return np.asarray(4 * 1970 + months // 3)


def success_table(verdicts: Sequence[tuple[str, str, float, float, float]], primary: str, decides: str) -> pd.DataFrame:
    """The chance of success by endpoint, test and level.

    Parameters
    ----------
    verdicts : endpoint, test, two-sided level, probability of success and its Monte Carlo error.
    primary : the endpoint that decides.
    decides : the test that decides.

    Returns
    -------
    A row each: endpoint, test, alpha, probability, mcse, is_primary, is_deciding_test.
    """
    rows = [(*verdict, verdict[0] == primary, verdict[1] == decides) for verdict in verdicts]
    return pd.DataFrame(
        rows, columns=["endpoint", "test", "alpha", "probability", "mcse", "is_primary", "is_deciding_test"]
    )


def site_table(
    names: Sequence[str],
    countries: Sequence[str],
    opening: FloatArray,
    rate: FloatArray,
    seen: FloatArray,
    by_site: FloatArray,
    start: date,
) -> pd.DataFrame:
    """What is expected of each site.

    Parameters
    ----------
    names, countries : of the sites.
    opening : months since the start, [draw, site]; infinite is never.
    rate : patients that count, per month at full speed, [draw, site].
    seen : patients by the interim date, [draw, site]; 0 where nothing was seen.
    by_site : patients when the last one comes, [draw, site].
    start : of the trial.

    Returns
    -------
    A row per site: site, country, opens (the median opening, a date), never_opens (probability), rate and its p10 and
    p90, seen, enrolled and its p10 and p90.
    """
    rows = []
    for place, (name, country) in enumerate(zip(names, countries, strict=True)):
        opens = opening[:, place]
        finite = opens[np.isfinite(opens)]
        day = months_after(start, float(np.median(finite))).isoformat() if finite.size else NEVER
        speed, patients = (np.quantile(array[:, place], [0.1, 0.9]) for array in (rate, by_site))
        rows.append(
            (name, country, day, 1 - finite.size / opens.size, rate[:, place].mean(), *speed, seen[:, place].mean(),
             by_site[:, place].mean(), *patients)
        )  # fmt: skip
    columns = ["site", "country", "opens", "never_opens", "rate", "rate_p10", "rate_p90", "seen",
               "enrolled", "enrolled_p10", "enrolled_p90"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def readout_dates(months: FloatArray, start: date) -> FloatArray:
    """Months since the start as decimal years; infinity stays."""
    return to_decimal_year(start.toordinal() + months * MONTH)


def event_of(successes: Moments, batches: Batches) -> tuple[float, float]:
    """The probability of an event, and its Monte Carlo error, from 0 or 1 in each draw, or probabilities there."""
    counts, hits = successes.sums()
    return _event(hits, counts, batches, varies=bool(successes.sd()[0] > 0))


def _event(hits: FloatArray, draws: FloatArray, batches: Batches, *, varies: bool) -> tuple[float, float]:
    """The probability of an event and its Monte Carlo error, from counts of each batch: [batch] each.

    The error is NaN where it cannot be known, as of an event of no draw, or of all: where nothing varies.
    """
    probability = float(hits.sum() / draws.sum())
    if batches.exact:
        return probability, 0.0
    if not batches.number or not varies:
        return probability, float("nan")
    return probability, float(batches.error(hits / draws))
