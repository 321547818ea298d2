"""What would bring the read-out in time: each lever alone, from where it is to where it would have to be."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.results.run import Results
from sim.views.lever_words import GOAL, Lever, lever_rows, levers_message
from sim.views.style import BLUE, GREEN, INK, ORANGE, QUIET, Border, look, panel, run_sheet
from sim.views.trial_facts import chance_text, trial_of


def levers(results: Results) -> Figure:
    """For each lever the probability of a read-out by the promise, now and with the lever moved."""
    trial = trial_of(results)
    assert trial is not None
    with look():
        figure = run_sheet(results, levers_message(results), subject=trial.title)
        axes = panel(figure, Border(left=4.6, right=0.8, top=1.65))
        rows = lever_rows(results)
        for place, row in enumerate(rows):
            _draw(axes, place, row)
        axes.axvline(GOAL, color=GREEN, linewidth=1.8, linestyle="--")
        axes.annotate(
            f"{GOAL} %", (GOAL, 1), (0, 5), axes.get_xaxis_transform(), "offset points", ha="center", color=GREEN,
            weight="bold",
        )  # fmt: skip
        axes.set_xlim(0, 100)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks([])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0f} %"))
        axes.grid(axis="x")
        axes.set_xlabel(f"probability of a read-out by {trial.promised_by}: now (dot) and with this alone changed")
        return figure


def _draw(axes: Axes, place: int, row: Lever) -> None:
    """A line from now to then, the lever's name at the left and what it would take below the name."""
    before, after = 100 * row.before.value, 100 * row.after.value
    colour = BLUE if row.needed else ORANGE
    axes.plot([before, after], [place, place], color=colour, linewidth=6, alpha=0.55, solid_capstyle="butt")
    axes.plot(before, place, "o", color=QUIET, markersize=8)
    axes.plot(after, place, "o", color=colour, markeredgecolor=INK, markersize=11)
    axes.annotate(chance_text(row.after), (after, place), (0, 12), textcoords="offset points", ha="center", size=11)
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right"}
    axes.text(-0.03, place - 0.04, row.name[:1].upper() + row.name[1:], va="bottom", weight="bold", size=13, **beside)
    axes.text(-0.03, place + 0.02, _wrapped(row.words), va="top", color=QUIET, size=11, **beside)


def _wrapped(words: str) -> str:
    """A note in two lines at its comma."""
    return words.replace(", ", ",\n", 1) if len(words) > 40 else words
