"""When the trial reads out: its distribution against the promised window, and which arm it waits for."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.dates import to_ordinal
from sim.results.run import Results
from sim.results.trial import NEVER, READOUT
from sim.views.calendar_axis import mark_calendar, months_between, shade_promise
from sim.views.estimates import Estimates
from sim.views.style import BLUE, INK, ORANGE, QUIET, Border, look, panel, plain_numbers, run_sheet
from sim.views.trial_facts import Trial, chance, chance_text, no_readout, trial_of
from sim.views.trial_words import readout_message

FloatArray = NDArray[np.float64]

_TAIL = 0.001  # of the read-outs, on either side, that the picture leaves outside
_MONTHS, _QUARTERS = 40, 160  # months up to which bars are months, and quarters; beyond they are years
_EDGE = timedelta(days=1)


class Bars(NamedTuple):
    """The distribution as bars.

    Attributes
    ----------
    days : their edges, the first days of months, quarters or years.
    treated, control : per cent of the draws in each that wait for the treated arm, for the control arm.
    each : what a bar stands for.
    told : whether it is known which arm came last.
    """

    days: Sequence[date]
    treated: FloatArray
    control: FloatArray
    each: str
    told: bool


def readout(results: Results) -> Figure:
    """The share of the draws that read out in each month, the promised window shaded, by the arm that came last."""
    trial = trial_of(results)
    assert trial is not None
    with look():
        figure = run_sheet(results, readout_message(results), subject=trial.title)
        axes = panel(figure, Border(left=1.3, top=1.65))
        bars = _by_draw(results, trial) if results.has_draws else _by_table(results)
        widths = np.diff([day.toordinal() for day in bars.days])
        lefts = [day.toordinal() for day in bars.days[:-1]]
        axes.bar(lefts, bars.treated, widths * 0.94, align="edge", color=BLUE)
        axes.bar(lefts, bars.control, widths * 0.94, bottom=bars.treated, align="edge", color=ORANGE)
        window = trial.promise or (bars.days[0], bars.days[0])
        mark_calendar(axes, min(bars.days[0], window[0]), max(bars.days[-1], window[1] + _EDGE))
        axes.set_ylim(0, float((bars.treated + bars.control).max()) * 1.12 or 1)
        _words(axes, results, trial, bars)
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.grid(axis="y")
        axes.set_ylabel(f"share of draws, % per {bars.each}")
        return figure


def _by_draw(results: Results, trial: Trial) -> Bars:
    """From the draws."""
    found = results.draws
    days = to_ordinal(found["readout_date"].to_numpy().astype(np.float64))
    finite = np.isfinite(days)
    last = found["prob_control_last"].to_numpy() > 0 if "prob_control_last" in found else np.zeros(len(days), bool)
    if not finite.any():
        return Bars([trial.start, trial.start + _EDGE], np.zeros(1), np.zeros(1), "month", trial.has_controls)
    ends = [date.fromordinal(int(day)) for day in np.quantile(days[finite], [_TAIL, 1 - _TAIL])]
    edges, each = _edges(ends[0], ends[1])
    places = [day.toordinal() for day in edges]
    treated, control = (np.histogram(days[finite & arm], places)[0] * 100 / len(days) for arm in (~last, last))
    return Bars(edges, treated, control, each, trial.has_controls)


def _edges(first: date, last: date) -> tuple[list[date], str]:
    """The first days of the months, quarters or years that hold two days, and of the one after, and what they are."""
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    step, each = (1, "month") if months <= _MONTHS else (3, "quarter") if months <= _QUARTERS else (12, "year")
    begin = date(first.year, (first.month - 1) // step * step + 1, 1)
    days = [day for day in months_between(begin, last + timedelta(days=31 * step)) if (day.month - 1) % step == 0]
    after = next(place for place, day in enumerate(days) if day > last)
    return days[: after + 1], each


def _by_table(results: Results) -> Bars:
    """From the table by quarter, where the draws were not kept."""
    table = results.tables[READOUT]
    rows = table[table["quarter"] != NEVER]
    days = [date(int(name[:4]), int(name[-1]) * 3 - 2, 1) for name in rows["quarter"]]
    shares = 100 * rows["probability"].to_numpy().astype(np.float64)
    if not days:
        start = date.fromisoformat(str(results.configuration["trial"]["start"]))
        return Bars([start, start + _EDGE], np.zeros(1), np.zeros(1), "quarter", told=False)
    end = date(days[-1].year + days[-1].month // 12, days[-1].month % 12 + 1, 1)
    after = next(day for day in months_between(end, end + timedelta(days=100)) if day.month % 3 == 1)
    return Bars([*days, after], shares, np.zeros(len(shares)), "quarter", told=False)


def _words(axes: Axes, results: Results, trial: Trial, bars: Bars) -> None:
    """The median, the share by the promise, what never comes, and the key of the colours."""
    median = Estimates(results)("readout_months", "p50")
    if trial.promise is not None:
        share = chance_text(chance(results, "prob_readout_by_promise"))
        shade_promise(axes, trial, f"promised window; by its end: {share}")
    if math.isfinite(median.value):
        day = trial.day(median.value).toordinal()
        axes.axvline(day, color=INK, linewidth=1.8)
        axes.annotate(
            f" median {trial.day_text(median)}",
            xy=(day, 0.97),
            xycoords=axes.get_xaxis_transform(),
            weight="bold",
            va="top",
        )
    key = [("■ treated arm comes last", BLUE)] if bars.told else []
    if bars.told:
        key.append((f"■ control arm comes last: {chance_text(chance(results, 'prob_control_last'))}", ORANGE))
    if (silent := no_readout(results)).value:
        key.append((f"never: {chance_text(silent)} of the draws, not shown", QUIET))
    for place, (words, colour) in enumerate(key):
        axes.text(0.99, 0.88 - 0.06 * place, words, transform=axes.transAxes, ha="right", color=colour, weight="bold")
