"""The picture of the calibration: forecasts beside what happened, and where answers lie in their forecasts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.calibration.results import LAST_PATIENT
from sim.calibration.variants import CONSTANT_PLAN, DATES_PLAN
from sim.views.style import BLUE, DPI, INK, ORANGE, QUIET, Border, look, panel, sheet

_SHARE = 0.4
"""Of a set's patients, at which the forecasts are shown."""

_BINS = 10
_HEIGHT = 8.6  # inches
_BORDER = Border(left=1.15, right=0.5, top=1.5, bottom=1.15)
_LEFT, _RIGHT = (0.0, 0.5), (0.6, 1.0)  # of the width between the borders


def picture(rows: pd.DataFrame) -> Figure:
    """Left the forecasts of the last patient by set, right the histograms of where answers lie."""
    plain, default = (percent(_covered(rows, variant)) for variant in (CONSTANT_PLAN.name, DATES_PLAN.name))
    title = f"90 % intervals hold {plain} of what happened with constant rates, {default} with the default"
    subtitle = "Real trials, forecast at 20, 40, 60 and 80 % of their patients; openings of sites known"
    small = "Data: International Stroke Trial (ODC-By), CSP 546, Gajewski's trial, GRIPS | docs/calibration.md"
    with look():
        figure = sheet(title, subtitle, small, _HEIGHT)
        _intervals(panel(figure, _BORDER, *_LEFT), rows)
        _places(panel(figure, _BORDER, *_RIGHT), rows)
    return figure


def write(figure: Figure, file: Path) -> None:
    """Write the figure as a PNG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with look():
        figure.savefig(file, dpi=DPI, metadata={"Software": None})


def percent(share: float, sign: str = "") -> str:
    """A share as whole per cent, with its sign where that is wanted."""
    return f"{100 * share:{sign}.0f} %"


def _covered(rows: pd.DataFrame, variant: str) -> float:
    return float(rows.loc[rows["variant"] == variant, "inside_90"].mean())


def _intervals(axes: Axes, rows: pd.DataFrame) -> None:
    """90 % intervals of the months to the last patient, as multiples of what they were."""
    shown = rows.loc[(rows["answer"] == LAST_PATIENT) & (rows["share"] == _SHARE)]
    names = list(dict.fromkeys(shown["set"]))
    for variant, colour, shift in ((CONSTANT_PLAN.name, ORANGE, -0.17), (DATES_PLAN.name, BLUE, 0.17)):
        own = shown.loc[shown["variant"] == variant].set_index("set").loc[names]
        ratio = own[["p05", "p50", "p95"]].div(own["observed"], axis=0)
        height = np.arange(len(names)) + shift
        axes.hlines(height, ratio["p05"], ratio["p95"], color=colour, linewidth=2.2)
        axes.plot(ratio["p50"], height, "o", color=colour, markersize=3.5)
    axes.axvline(1.0, color=INK, linewidth=1)
    axes.set_xscale("log")
    ticks = [0.25, 0.5, 1, 2, 4, 8]
    axes.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(names)), labels=names, size=9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("months to the last patient, forecast at 40 % ÷ what they were")
    axes.grid(axis="x")


def _places(axes: Axes, rows: pd.DataFrame) -> None:
    """Histograms of the places of all answers in their forecasts (probability integral transform)."""
    edges = np.linspace(0.0, 1.0, _BINS + 1)
    for variant, colour, label in (
        (CONSTANT_PLAN.name, ORANGE, "constant rates"),
        (DATES_PLAN.name, BLUE, "default"),
    ):
        own = rows.loc[rows["variant"] == variant]
        share = spread(own["pit_below"].to_list(), own["pit_upto"].to_list(), edges)
        axes.stairs(share, edges, color=colour, linewidth=2.4, label=label)
    axes.axhline(1.0 / _BINS, color=QUIET, linewidth=1, linestyle=":", label="a perfect forecast")
    axes.set_xlabel("where the answer lies in its forecast")
    axes.set_ylabel("share of answers")
    axes.set_xlim(0.0, 1.0)
    axes.legend(loc="upper center")


def spread(
    below: Sequence[float], upto: Sequence[float], edges: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> list[float]:
    """Share of the answers in each bin, an answer that fills a piece of its forecast being spread over it."""
    total = np.zeros(len(edges) - 1)
    for low, high in zip(below, upto, strict=True):
        if high > low:
            total += np.diff(np.clip((edges - low) / (high - low), 0.0, 1.0))
        else:
            total[min(int(np.searchsorted(edges, low, side="right")) - 1, len(total) - 1)] += 1.0
    return [float(value) for value in total / len(below)]
