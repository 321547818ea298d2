"""Runs side by side, paired draw by draw."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from math import prod
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import InputError, nearest
from sim.results.quantiles import quantiles
from sim.results.run import Results
from sim.results.totals import added_axes, columns_of, longer, put_added_up
from sim.variables import CELL_DIMS, TOTAL

COLUMNS = (
    "run", "variable", *CELL_DIMS, "statistic", "value", "difference", "difference_p05", "difference_p95", "ratio",
)  # fmt: skip

STATISTICS = ("mean", "p10", "p50", "p90")

FloatArray = NDArray[np.float64]

_KEYS = ["variable", *CELL_DIMS, "statistic"]

_Key = tuple[str, ...]


def compare(
    runs: Mapping[str, Results],
    baseline: str | None = None,
    known: Mapping[str, pd.DataFrame] = MappingProxyType({}),
) -> pd.DataFrame:
    """Every run against one of them.

    Parameters
    ----------
    runs : label → run, in the order they are to be shown.
    baseline : the label of the run the others are compared with; None takes the first.
    known : label → its rows against that run, as `Baseline` gives them, where they are worked out already.

    Returns
    -------
    One row per run, variable, stratum, year and statistic, columns as `comparison.csv` has them. The 5th and 95th
    percentile of the draw-by-draw difference stand on the rows of the mean, where both runs share their draws.

    Raises
    ------
    InputError : when the baseline is none of the runs.
    """
    chosen = next(iter(runs)) if baseline is None else baseline
    if chosen not in runs:
        raise InputError(f"report.baseline: '{chosen}' is no run of this sweep{nearest(chosen, runs)}")
    base = Baseline(runs[chosen])
    frames = []
    for label, run in runs.items():
        frames.append((known[label] if label in known else base.against(run)).assign(run=label))
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


class Baseline:
    """A run that others are compared with.

    Parameters
    ----------
    run : the run.
    """

    def __init__(self, run: Results) -> None:
        """Work out nothing yet."""
        self.run = run

    @cached_property
    def _cells(self) -> Mapping[str, "_Cells"]:
        return dict(_cells(self.run))

    @cached_property
    def _values(self) -> Mapping[_Key, float]:
        numbers = _numbers(self.run)
        return dict(zip(_keys(numbers), numbers["value"].tolist(), strict=True))

    def against(self, run: Results) -> pd.DataFrame:
        """The rows of another run: columns as `comparison.csv` has them, without the first."""
        frame = _numbers(run)
        keys, values = _keys(frame), frame["value"].to_numpy(np.float64)
        base = np.array([self._values.get(key, np.nan) for key in keys])
        frame["difference"] = _apart(values.copy(), base)
        frame["ratio"] = values / np.where(np.isfinite(base) & (base != 0), base, np.nan)
        ends = self._differences(run)
        for place, name in enumerate(("difference_p05", "difference_p95")):
            frame[name] = [ends[key][place] if key in ends else np.nan for key in keys]
        return frame

    def _differences(self, run: Results) -> dict[_Key, list[float]]:
        """Percentiles of what another run's draws are above this one's: none where there is no pair to subtract."""
        if not paired(run, self.run):
            return {}
        found: dict[_Key, list[float]] = {}
        room = np.empty(max((cells.draws.size for cells in self._cells.values()), default=0))
        for name, cells in _cells(run, room):
            if name in self._cells:
                own, base = _common(cells, self._cells[name])
                apart = _apart(own.draws, base.draws)
                ends = quantiles(np.moveaxis(apart, -1, 0), [0.05, 0.95], overwrite=True)
                found |= zip(own.keys, ends.T.tolist(), strict=True)
        return found


def paired(run: Results, base: Results) -> bool:
    """Whether two runs share their random numbers, so that their draws can be subtracted."""
    return run.has_draws and base.has_draws and _design(run) == _design(base)


def _design(run: Results) -> tuple[object, ...]:
    sampling = run.configuration["sampling"]
    made = run.provenance["draws"]  # which may be fewer than were allowed
    return (*(sampling[name] for name in ("method", "replicates", "seed")), made)


def _numbers(run: Results) -> pd.DataFrame:
    """The statistics that runs are compared by."""
    return run.summary.loc[run.summary["statistic"].isin(STATISTICS), [*_KEYS, "value"]].astype({"year": str})


def _keys(numbers: pd.DataFrame) -> list[_Key]:
    """What each of their rows is a number of."""
    return list(zip(*(numbers[name].tolist() for name in _KEYS), strict=True))


class _Cells(NamedTuple):
    """The draws of a variable by cell, totals included.

    Attributes
    ----------
    keys : of the mean of each cell.
    draws : [cell, draw], those of a cell side by side, which is many times faster than their cells.
    """

    keys: list[_Key]
    draws: FloatArray


def _cells(run: Results, room: FloatArray | None = None) -> Iterator[tuple[str, _Cells]]:
    """The outputs of a run by name, where their draws were kept.

    Parameters
    ----------
    run : the run.
    room : where the draws of one variable after the other are put, if they fit, each until the next comes: memory that
        is used again is at hand at once. None gives each its own.
    """
    if not run.has_draws:
        return
    outputs = run.outputs
    known = {str(name): one.to_numpy().tolist() for name, one in outputs.coords.items() if name in outputs.dims}
    for name in map(str, outputs.data_vars):
        one = outputs.variables[name].transpose(..., "draw")
        labels = {str(dimension): known[str(dimension)] for dimension in one.dims[:-1]}
        added = added_axes(name, one.dims, labels)
        shape = longer(one.shape, added.values())
        draws = np.empty(shape) if room is None or room.size < prod(shape) else room[: prod(shape)].reshape(shape)
        put_added_up(one.to_numpy(), list(added.values()), draws)
        columns = columns_of({name: [*own, TOTAL] if name in added else own for name, own in labels.items()})
        keys = [(name, *map(str, cell), "mean") for cell in product(*columns)]
        yield name, _Cells(keys, draws.reshape(len(keys), -1))


def _common(first: _Cells, second: _Cells) -> tuple[_Cells, _Cells]:
    """Those that both have, in the same order."""
    if first.keys == second.keys:
        return first, second
    places = {key: place for place, key in enumerate(second.keys)}
    keys = [key for key in first.keys if key in places]
    own = [place for place, key in enumerate(first.keys) if key in places]
    return _Cells(keys, first.draws[own]), _Cells(keys, second.draws[[places[key] for key in keys]])


def _apart(own: FloatArray, other: FloatArray) -> FloatArray:
    """Differences, put in the place of their own; none between what never comes and what never comes either."""
    alike = np.isinf(other)
    if alike.any():
        alike &= own == other
    with np.errstate(invalid="ignore"):
        own -= other
    own[alike] = 0
    return own
