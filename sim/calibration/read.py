"""Real trials as histories of their sites, and the questions that are asked of them on their way."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import pandas as pd

from sim.dates import MONTH
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.trial.plan import IntArray

IST, CSP, GAJEWSKI, GRIPS = FILES = (
    "ist_hospital_month_counts.csv",
    "csp546_site_period_counts.csv",
    "gajewski_trial_daily_counts.csv",
    "grips_daily_funnel.csv",
)
"""The files of a folder of data."""

TUNING, HELD_OUT, OTHER = "tuning", "held out", "other"
"""What a set is for: countries of IST in the order of their names are for tuning and held out by turns."""

SHARES = (0.2, 0.4, 0.6, 0.8)
"""Of a set's patients, after which its future is asked for."""

HORIZONS = (6, 12)
"""Months ahead for which patients are counted, where the data reach that far."""

LEAST_PATIENTS = 100
"""Of a country of IST that makes a set of its own."""

_DAYS = 10
"""Of a period where days are known; both such trials have a whole number of them."""

_GAJEWSKI_CLOSE = (341, 1336)
"""Patients with which that trial closed and the day of the last, as published; its daily counts end long before."""


@final
@dataclass(frozen=True)
class History:
    """What one trial enrolled, by site and period.

    Attributes
    ----------
    name : of the set.
    purpose : `tuning`, `held out` or `other`.
    period : months that a period lasts.
    opening : period in which each site opened, or had its first patient where that alone is known, [site].
    is_opening_known : whether openings are, and not just first patients.
    counts : patients, [site, period].
    close : patients in the end and the month of the last, where the counts end earlier.
    """

    name: str
    purpose: str
    period: float
    opening: IntArray
    is_opening_known: bool
    counts: IntArray
    close: tuple[int, float] | None = None

    @property
    def total(self) -> IntArray:
        """Patients of all sites by the end of each period, [period]."""
        return np.asarray(np.cumsum(self.counts.sum(axis=0)))


@final
@dataclass(frozen=True)
class Question:
    """What is asked at one moment, and the answer that came later.

    Attributes
    ----------
    share : of the patients who had been enrolled.
    seen : periods that had passed.
    enrolled : patients by then.
    missing : patients who were still to come.
    last : months from then between which the last one came.
    counts : patients within some months from then.
    """

    share: float
    seen: int
    enrolled: int
    missing: int
    last: tuple[float, float]
    counts: dict[int, int]


def questions(history: History) -> Iterator[Question]:
    """What is asked of a history: at the end of the period in which each share was reached, and where counts end."""
    total, period = history.total, history.period
    patients = int(total[-1])
    end = int(np.searchsorted(total, patients)) + 1
    for share in SHARES:
        seen = int(np.searchsorted(total, np.ceil(share * patients))) + 1
        if seen < end:
            enrolled = int(total[seen - 1])
            last = ((end - 1 - seen) * period, (end - seen) * period)
            yield Question(share, seen, enrolled, patients - enrolled, last, _counts(total, seen, period))
    if history.close is not None:
        closed, month = history.close
        seen, ahead = len(total), month - len(total) * period
        yield Question(patients / closed, seen, patients, closed - patients, (ahead - 1 / MONTH, ahead), {})


def histories(folder: Path) -> list[History]:
    """Every set of a folder: the whole International Stroke Trial, its larger countries, and three more trials.

    Raises
    ------
    InputError
        When a file is missing.
    """
    for name in FILES:
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: no such file; the folder must hold {', '.join(FILES)}")
    return [*_stroke_trial(folder / IST), _veterans(folder / CSP), _gajewski(folder / GAJEWSKI), _grips(folder / GRIPS)]


def digest(folder: Path) -> str:
    """SHA-256 of the files, one after the other in the order of their names."""
    found = hashlib.sha256()
    for name in sorted(FILES):
        found.update((folder / name).read_bytes())
    return found.hexdigest()


def _counts(total: IntArray, seen: int, period: float) -> dict[int, int]:
    """Patients within each horizon that the data reach."""
    ahead = {months: seen + round(months / period) for months in HORIZONS}
    return {months: int(total[place - 1] - total[seen - 1]) for months, place in ahead.items() if place <= len(total)}


def _stroke_trial(file: Path) -> Iterator[History]:
    rows = pd.read_csv(file)
    month = pd.PeriodIndex(rows["month"], freq="M")
    rows["period"] = month.year * 12 + month.month
    yield _of_hospitals("IST", OTHER, rows, int(rows["period"].max()))
    patients = rows.groupby("country")["n"].sum()
    for place, country in enumerate(sorted(patients.index[patients >= LEAST_PATIENTS])):
        purpose = HELD_OUT if place % 2 else TUNING
        own = rows.loc[rows["country"] == country]
        yield _of_hospitals(f"IST {country}", purpose, own, int(rows["period"].max()))


def _of_hospitals(name: str, purpose: str, rows: pd.DataFrame, last: int) -> History:
    """The history of some hospitals, from the first patient to the trial's last month."""
    first = int(rows["period"].min())
    table = rows.pivot_table(index="hospital", columns="period", values="n", aggfunc="sum", fill_value=0)
    counts = table.reindex(columns=range(first, last + 1), fill_value=0).to_numpy(dtype=np.int64)
    return History(name, purpose, 1.0, (counts > 0).argmax(axis=1), False, counts)


def _veterans(file: Path) -> History:
    rows = pd.read_csv(file)
    counts = rows.pivot_table(index="site", columns="period", values="n", aggfunc="sum", fill_value=0)
    opening = rows.groupby("site")["period"].min() - rows["period"].min()
    return History("CSP 546", OTHER, 1.0, opening.to_numpy(np.int64), True, counts.to_numpy(dtype=np.int64))


def _gajewski(file: Path) -> History:
    patients, day = _GAJEWSKI_CLOSE
    counts = _periods(pd.read_csv(file)["n"].to_numpy(np.int64))
    return History("Gajewski", OTHER, _DAYS / MONTH, np.zeros(1, np.int64), True, counts, (patients, day / MONTH))


def _grips(file: Path) -> History:
    rows = pd.read_csv(file, parse_dates=["date"])
    day = (rows["date"] - rows["date"].min()).dt.days.to_numpy()
    daily = np.bincount(day, weights=rows["enrolled"].to_numpy()).astype(np.int64)
    return History("GRIPS", OTHER, _DAYS / MONTH, np.zeros(1, np.int64), True, _periods(daily))


def _periods(daily: IntArray) -> IntArray:
    """Counts by period of one site, [1, period]."""
    return np.asarray(np.add.reduceat(daily, np.arange(0, len(daily), _DAYS))[None, :])


def first_patients(history: History, seen: int) -> tuple[FloatArray, FloatArray, IntArray]:
    """What each site that was open has shown by the end of a period, and which sites those are.

    A site whose opening is unknown opens with its first patient, the first of as many who come at any time within the
    period. That patient is then the reason why the site is looked at and no evidence of its rate.

    Returns
    -------
    Patients that are evidence, months since the opening, and the sites' places: each [open site].
    """
    place = np.flatnonzero(history.opening < seen)
    counts, opening = history.counts[place, :seen], history.opening[place].astype(np.float64)
    patients = counts.sum(axis=1).astype(np.float64)
    if not history.is_opening_known:
        opening += 1.0 / (1.0 + counts[np.arange(len(place)), history.opening[place]])
        patients -= 1.0
    return patients, (seen - opening) * history.period, place
