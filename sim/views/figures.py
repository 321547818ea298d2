"""The pictures of one run: the funnel, the fan over the years, the distribution; and which of them a run can show."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from sim.results.run import Results
from sim.results.totals import headline_total
from sim.variables import FUNNEL, HEADLINE, STRATA, TOTAL, VARIABLES, Variable
from sim.views import messages
from sim.views.convergence import convergence
from sim.views.estimates import Estimates, is_point, stages
from sim.views.numbers import percent, rounded
from sim.views.side_by_side import comparison
from sim.views.style import BLUE, FAINT, INK, ORANGE, QUIET, RED, Border, look, panel, run_sheet, save

__all__ = ["comparison", "convergence", "distribution", "fan", "figures_for", "funnel", "save"]

FloatArray = NDArray[np.float64]

_BANDS = (("p05", "p95", 0.18), ("p10", "p90", 0.28), ("p25", "p75", 0.45))
_MARKS = (("p10", QUIET, "--"), ("p50", BLUE, "-"), ("mean", RED, "-"), ("p90", QUIET, "--"))
_BINS = 60
_TAIL = 0.001  # of the draws, on either side, that the distribution leaves outside the picture
_thousands = FuncFormatter(lambda value, _: rounded(value, 0))


def figures_for(results: Results) -> dict[str, Callable[[Results], Figure]]:
    """The pictures that say something about this run, by name, the funnel first."""
    found: dict[str, Callable[[Results], Figure]] = {"funnel": funnel}
    if is_point(results):
        return found
    if len(results.years) > 1:
        found["fan"] = fan
    if results.has_draws or f"{HEADLINE}_histogram" in results.dataset:
        found["distribution"] = distribution
    if results.has_draws:
        found["convergence"] = convergence
    return found


def funnel(results: Results) -> Figure:
    """The stages of the first year, with mean and P10–P90 on a logarithmic axis, and the share that leads to each."""
    with look():
        figure = run_sheet(results, messages.funnel_message(results))
        axes = panel(figure, Border(left=3.4, right=3.0))
        find, shown = Estimates(results), stages(results)
        left = _log_axis(axes, [find(stage.name, name).value for stage in shown for name in ("mean", "p10", "p90")])
        for row, stage in enumerate(shown):
            _stage(axes, row, stage, find, left, is_point(results))
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{_unit()} in {results.years[0]} (logarithmic scale)")
        return figure


def fan(results: Results) -> Figure:
    """Severe VOD by year: the median and the bands of 50, 80 and 90 % of the draws."""
    with look():
        figure = run_sheet(results, messages.fan_message(results))
        axes = panel(figure, Border(left=1.3, right=2.6))
        find, years = Estimates(results), list(results.years)
        lines = {
            name: [find(HEADLINE, name, year).value for year in years]
            for name in ("p05", "p10", "p25", "p50", "p75", "p90", "p95")
        }
        for low, high, strength in _BANDS:
            axes.fill_between(years, lines[low], lines[high], color=BLUE, alpha=strength, linewidth=0)
        axes.plot(years, lines["p50"], color=BLUE, linewidth=2.5)
        axes.set_xlim(years[0], years[-1])
        axes.set_ylim(0, max(lines["p95"]) * 1.12 or 1)
        _right_labels(
            axes, {name: (values[-1], str(find(HEADLINE, name, years[-1]))) for name, values in lines.items()}
        )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
        axes.yaxis.set_major_formatter(_thousands)
        axes.grid(axis="y")
        axes.set_xlabel("calendar year of transplant")
        axes.set_ylabel(_label())
        return figure


def distribution(results: Results) -> Figure:
    """Severe VOD in the first year: a histogram of the draws, with mean, P10, P50 and P90."""
    with look():
        figure = run_sheet(results, messages.distribution_message(results))
        axes = panel(figure, Border(left=1.3, top=2.0))
        shares, edges = _shares(results)
        find = Estimates(results)
        low, high = (find(statistic=name).value for name in ("p10", "p90"))
        middle = (edges[:-1] + edges[1:]) / 2
        inside = (middle >= low) & (middle <= high)
        axes.bar(edges[:-1], shares, np.diff(edges), align="edge", color=np.where(inside, BLUE, "#9ecae9"))
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, shares.max() * 1.05)
        _marks(axes, {name: (find(statistic=name).value, str(find(statistic=name))) for name, _, _ in _MARKS})
        axes.xaxis.set_major_formatter(_thousands)
        axes.yaxis.set_major_formatter(_thousands)
        axes.set_xlabel(f"{_label()}, in {results.years[0]}")
        axes.set_ylabel(f"share of draws, % per {rounded(edges[1] - edges[0], np.nan)} patients")
        return figure


def _unit() -> str:
    root = FUNNEL[0]
    return f"{VARIABLES[HEADLINE].unit} ({root.long_name[:1].lower()}{root.long_name[1:]}: {root.unit})"


def _label() -> str:
    return f"{VARIABLES[HEADLINE].long_name}, {VARIABLES[HEADLINE].unit}"


def _log_axis(axes: Axes, values: list[float]) -> float:
    """A logarithmic axis that holds the positive values; zeros end at its left edge, which is returned."""
    positive = [value for value in values if value > 0] or [1.0]
    left, right = 10 ** np.floor(np.log10(min(positive) / 1.5)), max(positive) * 1.5
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    axes.xaxis.set_major_formatter(_thousands)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x")
    return float(left)


def _stage(axes: Axes, row: int, stage: Variable, find: Estimates, left: float, point: bool) -> None:
    """One row: the name and its share to the left, bar, interval and dot, the numbers to the right."""
    mean, low, high = (find(stage.name, name) for name in ("mean", "p10", "p90"))
    beside = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.barh(row, max(mean.value, left) - left, 0.62, left=left, color=BLUE, alpha=0.13)
    if not point:
        axes.plot([max(low.value, left), max(high.value, left)], [row, row], color=BLUE, linewidth=5, alpha=0.75)
        axes.text(1.03, row + 0.17, f"P10–P90: {find.spread(stage.name)}", color=QUIET, size=11, **beside)
    axes.plot(max(mean.value, left), row, "o", color=ORANGE, markersize=11, markeredgecolor=INK, clip_on=False)
    axes.text(1.03, row - 0.15, str(mean), weight="bold", size=15, **beside)
    axes.text(-0.03, row - 0.12, stage.long_name, ha="right", weight="bold", size=14, **beside)
    if stage.of is not None and find(stage.of).value > 0:
        share = f"{percent(mean.value / find(stage.of).value)} of {messages.lowered(VARIABLES[stage.of].long_name)}"
        axes.text(-0.03, row + 0.2, share, ha="right", color=QUIET, size=11, **beside)


def _right_labels(axes: Axes, labels: dict[str, tuple[float, str]]) -> None:
    """Names and numbers at the right ends of lines, moved apart where they would touch."""
    heights = spread_apart([height for height, _ in labels.values()], 0.042 * axes.get_ylim()[1])
    for (name, (value, text)), height in zip(labels.items(), heights, strict=True):
        words = f"median  {text}" if name == "p50" else f"{name.upper()}  {text}"
        axes.annotate(
            words,
            xy=(1, value),
            xycoords=axes.get_yaxis_transform(),
            xytext=(1.045, height),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            weight="bold" if name == "p50" else "normal",
            arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.7, "shrinkA": 2, "shrinkB": 0},
            annotation_clip=False,
        )


def spread_apart(heights: list[float], gap: float) -> list[float]:
    """Ascending heights moved as little as need be to lie a gap apart, around the same centre."""
    order = np.arange(len(heights)) * gap
    free = np.array(heights) - order
    blocks: list[list[float]] = []
    for height in free:  # pool adjacent violators: whoever would overlap moves as one block to its mean
        blocks.append([float(height)])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    return [float(height) for height in np.concatenate([[np.mean(b)] * len(b) for b in blocks]) + order]


def _shares(results: Results) -> tuple[FloatArray, FloatArray]:
    """Per cent of the draws in each bin, and the bins' edges: from the draws, or from the histogram kept of them."""
    if not results.has_draws:
        return _kept_shares(results)
    year = headline_total(results.draws[HEADLINE]).sel(year=results.years[0])
    values = year.to_numpy().astype(np.float64)
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    whole = bool((values == np.round(values)).all())
    width = max((high - low) / _BINS, 0.0) or 1.0
    if whole:  # bins of equally many whole numbers each, else the picture has teeth that the draws have not
        width, low = np.ceil(width), low - 0.5
    edges = low + width * np.arange(int(np.ceil((high - low) / width)) + 1)
    edges = edges if len(edges) > 1 else np.array([low, low + width])
    return np.histogram(values, edges)[0] * 100 / len(values), edges


def _kept_shares(results: Results) -> tuple[FloatArray, FloatArray]:
    cell = {name: TOTAL for name in STRATA} | {"year": results.years[0]}
    counts = results.dataset[f"{HEADLINE}_histogram"].sel(cell).to_numpy()
    edges = results.dataset[f"{HEADLINE}_edges"].sel(cell).to_numpy().astype(np.float64)
    starts = np.arange(0, len(counts), max(len(counts) // _BINS, 1))
    return np.add.reduceat(counts, starts) * 100 / counts.sum(), edges[np.append(starts, len(counts))]


def _marks(axes: Axes, marks: dict[str, tuple[float, str]]) -> None:
    """Vertical lines with their names and numbers above the axes, each on a line of its own."""
    for level, (name, colour, dashes) in enumerate(_MARKS):
        value, text = marks[name]
        axes.axvline(value, color=colour, linestyle=dashes, linewidth=1.8)
        words = {"p50": "median", "mean": "mean"}.get(name, name.upper())
        side = "right" if name in ("p10", "p50") else "left"
        axes.annotate(
            f" {words} {text} ",
            xy=(value, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 4 if level in (0, 3) else 24),
            textcoords="offset points",
            ha=side,
            color=colour,
            weight="bold",
            annotation_clip=False,
        )
