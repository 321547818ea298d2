"""The chance of success by endpoint, level and test, with the treatment's effect uncertain (assurance).

The word is that of O'Hagan, Stevens and Campbell (2005).
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sim.results.run import Results
from sim.views.numbers import NO_BREAK
from sim.views.style import BLUE, INK, PALE, QUIET, Border, look, panel, run_sheet
from sim.views.trial_facts import ENDPOINTS, TESTS, Trial, chance_error, chance_text, level_text, trial_of
from sim.views.trial_words import Judged, success_message, verdicts

_MARKS = ("D", "^", "s", "v")
_THICK, _APART = 0.26, 0.19
_ROOM = 102  # per cent of the axis, so that a mark at its end is whole


def success(results: Results) -> Figure:
    """A pair of bars for each endpoint, at the level of the trial and at the one beside it; other tests as marks."""
    trial = trial_of(results)
    assert trial is not None
    with look():
        figure = run_sheet(results, success_message(results), subject=trial.title)
        axes = panel(figure, Border(left=2.9, top=1.75, bottom=1.35))
        rows = verdicts(results)
        endpoints = list(dict.fromkeys(row.endpoint for row in rows))
        others = list(dict.fromkeys(row.test for row in rows if not row.decides))
        for row in rows:
            _mark(axes, row, endpoints.index(row.endpoint), trial, others, int(results.provenance["draws"]))
        _names(axes, rows, endpoints)
        _key(axes, rows, trial, others)
        axes.set_xlim(0, _ROOM)
        axes.set_ylim(len(endpoints) - 0.4, -0.6)
        axes.set_xticks(range(0, 101, 20))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:.0f} %"))
        axes.grid(axis="x")
        axes.set_xlabel("chance of success")
        return figure


def _mark(axes: Axes, row: Judged, place: int, trial: Trial, others: list[str], draws: int) -> None:
    """A bar with its number for the deciding test, a small mark for another."""
    is_first = row.level == trial.levels[0]
    height = place + (-_APART if is_first else _APART)
    share = 100 * row.probability.value
    if not row.decides:
        shape = _MARKS[others.index(row.test) % len(_MARKS)]
        axes.plot(share, height, shape, color=INK, markerfacecolor="none", markersize=6, zorder=3)
        return
    axes.barh(height, share, _THICK, color=BLUE if is_first else PALE)
    error = chance_error(row.probability, draws)
    text = f"{chance_text(row.probability)} {error}" if error.startswith("±") else chance_text(row.probability)
    inside = share > 30  # per cent: a bar that holds its number
    axes.annotate(
        f"{level_text(row.level)}:  {text}",
        xy=(0 if inside else share, height),
        xytext=(10 if inside else 12, 0),
        textcoords="offset points",
        va="center",
        size=14 if is_first else 12,
        weight="bold" if is_first else "normal",
        color="white" if inside and is_first else INK,
    )


def _names(axes: Axes, rows: list[Judged], endpoints: list[str]) -> None:
    """The endpoints at the left, the primary one named."""
    primary = {row.endpoint for row in rows if row.is_primary}
    axes.set_yticks([])
    for place, endpoint in enumerate(endpoints):
        words = ENDPOINTS.get(endpoint, endpoint)
        is_primary = endpoint in primary
        axes.text(
            -0.02, place - 0.05, words.capitalize(), transform=axes.get_yaxis_transform(), ha="right", va="center",
            weight="bold" if is_primary else "normal", size=13,
        )  # fmt: skip
        role = "primary endpoint" if is_primary else "shown beside it"
        axes.text(
            -0.02, place + 0.1, role, transform=axes.get_yaxis_transform(), ha="right", va="center", color=QUIET,
            size=11,
        )  # fmt: skip


def _key(axes: Axes, rows: list[Judged], trial: Trial, others: list[str]) -> None:
    """What bars and marks stand for, above the axes."""
    signs = {"D": "◇", "^": "△", "s": "□", "v": "▽"}
    decides = next((row.test for row in rows if row.decides), "")
    first, beside = map(level_text, trial.levels)
    words = [f"bars: {TESTS.get(decides, decides)}, two-sided at {first} (dark) and {beside} (pale)"]
    words += [
        f"{signs[_MARKS[place % len(_MARKS)]]}{NO_BREAK}{TESTS.get(test, test)}" for place, test in enumerate(others)
    ]
    axes.text(0, 1.02, "     ".join(words), transform=axes.transAxes, color=QUIET, size=11)
