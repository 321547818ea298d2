"""What the views read of a trial: its plan, and its dates and probabilities as people write them."""

import calendar
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sim.dates import MONTH, day_name, day_of, months_after, window
from sim.results.run import Results
from sim.results.trial import NEVER, READOUT
from sim.views.estimates import Estimate, Estimates
from sim.views.numbers import ABSENT, NO_BREAK, error_text, rounded

ENDPOINTS = {"response": "complete response", "survival": "survival at day 100"}
"""Endpoints as people read them."""

TESTS = {"fisher": "Fisher's exact test", "pearson": "Pearson's test", "stratified": "stratified test"}
"""Tests as people read them."""

_DAYS_KNOWN = 3.5  # a date whose error is larger is written as a month
_SAME = 14  # days: a range that is shorter and within a month is written by its days


@dataclass(frozen=True)
class Trial:
    """The plan of a run's trial.

    Attributes
    ----------
    title : as people read it.
    start : its first day.
    target : patients of the prospective arm.
    promise : first and last day of the window in which results were promised.
    primary : the endpoint that decides.
    levels : the two-sided level of the tests, and the one shown beside it.
    has_controls : whether there is a control arm.
    seen : patients enrolled by an interim date; None where nothing was seen.
    seen_dates : 5th, 50th and 95th percentile of that date, decimal years.
    """

    title: str
    start: date
    target: int
    promise: tuple[date, date] | None
    primary: str
    levels: tuple[float, float]
    has_controls: bool
    seen: int | None
    seen_dates: tuple[float, float, float] | None

    def day(self, months: float) -> date:
        """The day so many months after the start."""
        return months_after(self.start, months)

    def day_text(self, found: Estimate) -> str:
        """Months since the start as a date: a day where its error supports one, else a month."""
        if not math.isfinite(found.value):
            return "never" if math.isinf(found.value) else ABSENT
        day = self.day(found.value)
        return day_name(day) if found.error * MONTH <= _DAYS_KNOWN else month_text(day)

    def span_text(self, low: float, high: float) -> str:
        """Two such as a range of months: `January to April 2008`."""
        if math.isnan(low + high):
            return ABSENT
        if math.isinf(low):
            return "never"
        first = self.day(low)
        if math.isinf(high):
            return f"{month_text(first)} to never"
        last = self.day(high)
        if (first.year, first.month) == (last.year, last.month):
            near = (last - first).days <= _SAME
            return f"{first.day} to {day_name(last)}" if near and first < last else month_text(last)
        begins = calendar.month_name[first.month] if first.year == last.year else month_text(first)
        return f"{begins} to {month_text(last)}"

    @property
    def promised_by(self) -> str:
        """The last day of the promised window; empty where nothing was promised."""
        return "" if self.promise is None else day_name(self.promise[1])


def trial_of(results: Results) -> Trial | None:
    """The trial of a run; None where it has none."""
    plan = results.configuration.get("trial")
    if not plan or READOUT not in results.tables:
        return None
    promise = plan.get("promise")
    interim = plan.get("interim")
    return Trial(
        title=" ".join(str(plan["title"]).split()),
        start=date.fromisoformat(str(plan["start"])),
        target=int(plan["target"]),
        promise=None if promise is None else window("trial.promise", str(promise)),
        primary=str(plan["primary"]),
        levels=(float(plan["alpha"]), float(plan["alpha_beside"])),
        has_controls=bool(plan.get("control")),
        seen=_seen(interim),
        seen_dates=_seen_dates(results) if interim else None,
    )


def month_text(day: date) -> str:
    """`March 2008`."""
    return f"{calendar.month_name[day.month]} {day.year}"


def level_text(level: float) -> str:
    """A level of a test: `0.05`."""
    return rounded(level, 0)


def chance_text(found: Estimate) -> str:
    """A probability in per cent: `21.5 %`, with no more digits than its error supports; yes or no where it is exact."""
    if found.error == 0 and found.value in (0, 1):
        return "yes" if found.value else "no"
    return ABSENT if math.isnan(found.value) else f"{rounded(100 * found.value, 100 * found.error)}{NO_BREAK}%"


def chance_error(found: Estimate, draws: int) -> str:
    """The error of a probability in points; in words where no draw or every draw had the event."""
    if math.isnan(found.error) and found.value in (0, 1):
        return f"{'all' if found.value else 'none of'} {rounded(draws, 0)} draws"
    return error_text(100 * found.error)


def chance(results: Results, name: str) -> Estimate:
    """A probability of the trial."""
    return Estimates(results)(name)


def never(results: Results) -> Estimate:
    """The probability that the target is never enrolled."""
    found = chance(results, "prob_enrolled")
    return Estimate(1 - found.value, found.error)


def no_readout(results: Results) -> Estimate:
    """The probability that the trial never reads out, for want of patients or of controls."""
    table = results.tables[READOUT]
    rows = table[table["quarter"] == NEVER]
    return Estimate(float(rows["probability"].sum()), float(rows["mcse"].iloc[0]) if len(rows) else math.nan)


def days_text(error: float) -> str:
    """The Monte Carlo error of a date, given in months, in days."""
    words = error_text(error * MONTH)
    return f"{words} {'day' if words == '± 1' else 'days'}" if words.startswith("±") else words


def seen_text(trial: Trial) -> str:
    """When the interim was: `7 December 2007`, or a range of two lines."""
    if trial.seen_dates is None:
        return ""
    first, _, last = map(day_of, trial.seen_dates)
    if first == last:
        return f"by {day_name(first)}"
    early = day_name(first) if first.year != last.year else day_name(first).rpartition(" ")[0]
    return f"by a day from {early}\nto {day_name(last)} (P5–P95)"


def _seen(interim: Mapping[str, Any] | None) -> int | None:
    if not interim:
        return None
    if interim.get("enrolled") is not None:
        return int(interim["enrolled"])
    return sum(int(site["enrolled"]) for site in interim.get("sites") or ())


def _seen_dates(results: Results) -> tuple[float, float, float] | None:
    rows = results.assumptions
    found = rows[rows["quantity"] == "trial.interim.date"]
    if found.empty:
        return None
    low, middle, high = (float(found[name].iloc[0]) for name in ("p05", "p50", "p95"))
    return low, middle, high
