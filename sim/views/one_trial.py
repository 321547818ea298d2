"""One played trial, a row for each patient, with the control review and the close-out below (after Gantt, 1910)."""

import math
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.dates import MONTH, months_after
from sim.results.run import Results
from sim.results.trial import EVENTS
from sim.views.calendar_axis import mark_calendar, shade_promise
from sim.views.played import Course, courses, happened, one_trial_message
from sim.views.style import BLUE, GREEN, INK, ORANGE, PALE, QUIET, RED, Border, look, panel, run_sheet
from sim.views.trial_facts import trial_of

_BELOW = 4  # rows between the last patient and the axis, for what happens to the trial as a whole
_AFTER = timedelta(days=20)


def one_trial(results: Results) -> Figure:
    """A row for each patient, from transplant to death or the last visit; bars of the trial as a whole below."""
    trial = trial_of(results)
    assert trial is not None
    with look():
        figure = run_sheet(results, one_trial_message(results), subject=trial.title)
        axes = panel(figure, Border(left=1.9, top=1.85))
        log, known = results.tables[EVENTS], courses(results)

        def place(month: float) -> float:
            return trial.start.toordinal() + month * MONTH

        thick = min(6.0, 300 / max(len(known), 1))
        for row, course in enumerate(known):
            _patient(axes, row, course, place, thick)
        _whole(axes, log, len(known), place)
        _frame(axes, log, known, trial.start)
        shade_promise(axes, trial, "results promised")
        _key(axes)
        return figure


def _patient(axes: Axes, row: int, course: Course, place: Callable[[float], float], thick: float) -> None:
    """From transplant to enrolment a thin line, treatment a dark one, follow-up a pale one, and marks upon them."""

    def line(first: float, last: float, colour: str, width: float) -> None:
        axes.plot([place(first), place(last)], [row, row], color=colour, linewidth=width, solid_capstyle="butt")

    def mark(month: float, shape: str, colour: str) -> None:
        if not math.isnan(month):
            axes.plot(place(month), row, shape, color=colour, markersize=max(2.5, thick), zorder=3)

    line(course.transplant, course.enrolled, QUIET, thick * 0.3)
    mark(course.transplant, ".", QUIET)
    line(course.enrolled, course.end, PALE, thick)
    if not math.isnan(course.treatment_end):
        line(course.enrolled, min(course.treatment_end, course.end), BLUE, thick)
    mark(course.response, "D", GREEN)
    mark(course.death, "X", RED)
    if math.isnan(course.death):
        mark(course.visit, "|", INK)


def _whole(axes: Axes, log: pd.DataFrame, patients: int, place: Callable[[float], float]) -> None:
    """The control review and the close-out as bars below the patients."""
    step = max(1.0, patients / 16)
    bars = (
        ("control review", "begins to read charts", "control arm is complete", ORANGE),
        ("lock", "monitoring and database lock begin", "database is locked", QUIET),
        ("analysis", "database is locked", "read-out", INK),
    )
    end = float(log["month"].max())
    for row, (name, begins, ends, colour) in enumerate(bars):
        first, last = happened(log, begins), happened(log, ends)
        if not math.isnan(first):
            height = patients + step * (row + 0.8)
            axes.barh(height, place(end if math.isnan(last) else last) - place(first), step * 0.6, left=place(first),
                      color=colour)  # fmt: skip
            axes.text(-0.01, height, name, transform=axes.get_yaxis_transform(), ha="right", va="center", size=11)


def _frame(axes: Axes, log: pd.DataFrame, known: list[Course], start: date) -> None:
    """The calendar below, the numbers of patients at the left."""
    patients = len(known)
    first = min([0.0, *(course.transplant for course in known if not math.isnan(course.transplant))])
    mark_calendar(axes, months_after(start, first), months_after(start, float(log["month"].max())) + _AFTER)
    axes.set_ylim(patients + max(1.0, patients / 16) * _BELOW, -1)
    numbers = [1, *range(10, patients + 1, max(10, patients // 80 * 10))]
    axes.set_yticks([number - 1 for number in numbers], [str(number) for number in numbers])
    axes.set_ylabel("patients in order of enrolment", labelpad=28)
    axes.grid(axis="x")


def _key(axes: Axes) -> None:
    """What lines and marks stand for, above the axes."""
    marks: list[tuple[str, dict[str, Any]]] = [
        ("transplant", {"color": QUIET, "marker": ".", "linewidth": 1}),
        ("treatment", {"color": BLUE, "linewidth": 5}),
        ("follow-up", {"color": PALE, "linewidth": 5}),
        ("complete response", {"color": GREEN, "marker": "D", "linewidth": 0}),
        ("death", {"color": RED, "marker": "X", "linewidth": 0}),
        ("last visit", {"color": INK, "marker": "|", "linewidth": 0}),
    ]
    handles = [Line2D([], [], label=name, **how) for name, how in marks]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.01, 1.04), ncols=len(handles), fontsize=11)
