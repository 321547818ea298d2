"""An axis of calendar time for the pictures of a trial, and what stands on it in all of them."""

import calendar
from collections.abc import Iterator
from datetime import date

from matplotlib.axes import Axes

from sim.views.style import GREEN
from sim.views.trial_facts import Trial

_NEAR = 0.2  # of the axis: words nearer to its end begin, or end, where the window does
_FEW, _SOME, _MANY = 20, 66, 132  # months on the axis: each is named, each third, each sixth, or the years alone


def mark_calendar(axes: Axes, first: date, last: date) -> None:
    """Limits and names of months on an axis counted in `date.toordinal`.

    Parameters
    ----------
    axes : with days on its horizontal axis.
    first, last : the ends of the axis.
    """
    months = max((last.year - first.year) * 12 + last.month - first.month, 1)
    step = 1 if months <= _FEW else 3 if months <= _SOME else 6 if months <= _MANY else 12
    years = -(-months // _MANY)  # between names, where the years alone are named
    days = [day for day in months_between(first, last) if (day.month - 1) % step == 0 and day.year % years == 0]
    axes.set_xlim(first.toordinal(), last.toordinal())
    axes.set_xticks(
        [day.toordinal() for day in days], [_name(day, is_first=place == 0) for place, day in enumerate(days)]
    )


def months_between(first: date, last: date) -> Iterator[date]:
    """The firsts of the months from one day to another."""
    place = first.year * 12 + first.month - (1 if first.day == 1 else 0)
    while (day := date(place // 12, place % 12 + 1, 1)) <= last:
        yield day
        place += 1


def shade_promise(axes: Axes, trial: Trial, words: str) -> None:
    """The window in which results were promised, with words above it."""
    if trial.promise is None:
        return
    first, last = (day.toordinal() for day in trial.promise)
    axes.axvspan(first, last + 1, color=GREEN, alpha=0.13, linewidth=0, zorder=0)
    left, right = axes.get_xlim()
    middle = (max(first, left) + min(last + 1, right)) / 2
    place = (middle - left) / (right - left)
    side = "left" if place < _NEAR else "right" if place > 1 - _NEAR else "center"
    axes.annotate(
        words,
        xy=({"left": max(first, left), "right": min(last + 1, right)}.get(side, middle), 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 5),
        textcoords="offset points",
        ha=side,
        color=GREEN,
        weight="bold",
        annotation_clip=False,
    )


def _name(day: date, *, is_first: bool) -> str:
    """A month's short name, with the year below where it is January or the first named."""
    name = calendar.month_abbr[day.month]
    return f"{name}\n{day.year}" if day.month == 1 or is_first else name
