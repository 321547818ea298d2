"""The accrual fan: patients enrolled over calendar time, what was seen of them, and the target."""

from datetime import date, timedelta

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.dates import day_of
from sim.results.run import Results
from sim.results.trial import ACCRUAL
from sim.views.calendar_axis import mark_calendar, shade_promise
from sim.views.estimates import Estimates
from sim.views.numbers import rounded
from sim.views.style import BLUE, INK, ORANGE, Border, look, panel, plain_numbers, run_sheet
from sim.views.trial_facts import Trial, seen_text, trial_of
from sim.views.trial_words import accrual_message

_BANDS = (("p05", "p95", 0.18), ("p10", "p90", 0.28), ("p25", "p75", 0.45))
_AFTER = timedelta(days=45)  # room behind the last thing shown


def accrual(results: Results) -> Figure:
    """Patients enrolled by month: median and bands of 50, 80 and 90 % of the draws, with the interim and the target."""
    trial = trial_of(results)
    assert trial is not None
    with look():
        figure = run_sheet(results, accrual_message(results), subject=trial.title)
        axes = panel(figure, Border(left=1.3, top=1.65))
        table = results.tables[ACCRUAL]
        days = [date.fromisoformat(text).toordinal() for text in table["date"]]
        last = max([date.fromordinal(days[-1]), *(trial.promise or ())[1:]])
        mark_calendar(axes, trial.start, last + _AFTER)
        _fan(axes, table, days, trial)
        _target(axes, results, trial)
        _seen(axes, trial)
        shade_promise(axes, trial, "results promised")
        axes.set_ylim(0, max(trial.target * 1.12, float(table["p95"].max()) * 1.05))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=9, integer=True))
        axes.yaxis.set_major_formatter(plain_numbers())
        axes.grid(axis="y")
        axes.set_ylabel("patients enrolled so far")
        return figure


def _fan(axes: Axes, table: pd.DataFrame, days: list[int], trial: Trial) -> None:
    """Bands and median; a line that has reached the target stays there."""
    shown = [*days, axes.get_xlim()[1]]
    lines = {name: table[name].astype(float).tolist() for name in ("p05", "p10", "p25", "p50", "p75", "p90", "p95")}
    ends = {name: values[-1] if values[-1] >= trial.target else float("nan") for name, values in lines.items()}
    for low, high, strength in _BANDS:
        first, second = ([*lines[name], ends[name]] for name in (low, high))
        axes.fill_between(shown, first, second, color=BLUE, alpha=strength, linewidth=0)
    axes.plot(shown, [*lines["p50"], ends["p50"]], color=BLUE, linewidth=2.5)


def _target(axes: Axes, results: Results, trial: Trial) -> None:
    """The target as a line, and upon it from P10 to P90 when it is reached, with the median as a dot."""
    axes.axhline(trial.target, color=INK, linewidth=1.2, linestyle="--")
    axes.annotate(
        f"target {rounded(trial.target, 0)}",
        xy=(0, trial.target),
        xycoords=axes.get_yaxis_transform(),
        xytext=(8, 5),
        textcoords="offset points",
        weight="bold",
    )
    find = Estimates(results)
    low, middle, high = (find("enrolment_months", name).value for name in ("p10", "p50", "p90"))
    right = axes.get_xlim()[1]
    places = [trial.day(value).toordinal() if value < float("inf") else right for value in (low, middle, high)]
    if low < float("inf"):
        ends = [places[0], min(places[2], right)]
        axes.plot(ends, [trial.target] * 2, color=BLUE, linewidth=7, alpha=0.6, solid_capstyle="butt", zorder=3)
    if middle < float("inf"):
        axes.plot(places[1], trial.target, "o", color=BLUE, markeredgecolor="white", markersize=10, zorder=4)


def _seen(axes: Axes, trial: Trial) -> None:
    """What was seen at the interim: a dot, with a bar over the dates it may be of."""
    if trial.seen is None or trial.seen_dates is None:
        return
    low, middle, high = (day_of(year).toordinal() for year in trial.seen_dates)
    if low < high:
        axes.errorbar(
            middle, trial.seen, xerr=[[middle - low], [high - middle]], color=INK, elinewidth=2, capsize=5, zorder=5
        )
    axes.plot(middle, trial.seen, "o", color=ORANGE, markeredgecolor=INK, markersize=9, zorder=6)
    axes.annotate(
        f"{rounded(trial.seen, 0)} enrolled\n{seen_text(trial)}",
        xy=(high, trial.seen),
        xytext=(14, -34),
        textcoords="offset points",
        va="top",
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 4},
    )
