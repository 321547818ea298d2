"""Runs side by side, paired draw by draw."""

from collections.abc import Mapping
from functools import cached_property
from itertools import product
from types import MappingProxyType

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sim.errors import InputError, nearest
from sim.results.quantiles import quantiles
from sim.results.run import Results
from sim.results.totals import column_labels, with_totals
from sim.variables import CELL_DIMS

COLUMNS = (
    "run", "variable", *CELL_DIMS, "statistic", "value", "difference", "difference_p05", "difference_p95", "ratio",
)  # fmt: skip

STATISTICS = ("mean", "p10", "p50", "p90")

FloatArray = NDArray[np.float64]

_KEYS = ["variable", *CELL_DIMS, "statistic"]


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
    def _outputs(self) -> Mapping[str, xr.DataArray]:
        return _outputs(self.run)

    @cached_property
    def _numbers(self) -> pd.DataFrame:
        return _numbers(self.run).rename(columns={"value": "base"})

    def against(self, run: Results) -> pd.DataFrame:
        """The rows of another run: columns as `comparison.csv` has them, without the first."""
        frame = _numbers(run).merge(self._numbers, on=_KEYS, how="left")
        frame["difference"] = _apart(frame["value"].to_numpy(np.float64), frame["base"].to_numpy(np.float64))
        frame["ratio"] = frame["value"] / frame["base"].where(np.isfinite(frame["base"]) & (frame["base"] != 0))
        return frame.drop(columns="base").merge(self._differences(run), on=_KEYS, how="left")

    def _differences(self, run: Results) -> pd.DataFrame:
        """Percentiles of what another run's draws are above this one's: none where there is no pair to subtract."""
        columns = [*_KEYS, "difference_p05", "difference_p95"]
        if not paired(run, self.run):
            return pd.DataFrame(columns=columns).astype(dict.fromkeys(_KEYS, str) | dict.fromkeys(columns[-2:], float))
        own, base = run.outputs, self._outputs
        found = [_difference(_of_cells(own[name]), base[str(name)]) for name in own.data_vars if str(name) in base]
        keys = [key for part, _, _ in found for key in part]
        frame = pd.DataFrame(keys, columns=_KEYS)
        for name, place in (("difference_p05", 1), ("difference_p95", 2)):
            frame[name] = np.concatenate([part[place] for part in found])
        return frame


def paired(run: Results, base: Results) -> bool:
    """Whether two runs share their random numbers, so that their draws can be subtracted."""
    return run.has_draws and base.has_draws and _design(run) == _design(base)


def _design(run: Results) -> tuple[object, ...]:
    sampling = run.configuration["sampling"]
    made = run.provenance["draws"]  # which may be fewer than were allowed
    return (*(sampling[name] for name in ("method", "replicates", "seed")), made)


def _outputs(run: Results) -> Mapping[str, xr.DataArray]:
    """The outputs with their totals, where their draws were kept: [+ strata, draw] each."""
    return {str(name): _of_cells(array) for name, array in run.outputs.data_vars.items()} if run.has_draws else {}


def _numbers(run: Results) -> pd.DataFrame:
    """The statistics that runs are compared by."""
    return run.summary.loc[run.summary["statistic"].isin(STATISTICS), [*_KEYS, "value"]].astype({"year": str})


def _of_cells(array: xr.DataArray) -> xr.DataArray:
    """With its totals, the draws of a cell side by side, which is many times faster than their cells."""
    return with_totals(array.transpose(..., "draw"), dtype=np.float64, order="C")


def _difference(first: xr.DataArray, second: xr.DataArray) -> tuple[list[tuple[str, ...]], FloatArray, FloatArray]:
    """The keys of a variable's means, and the ends of the difference of [+ strata, draw]: [cell] each."""
    if any(not first.indexes[name].equals(second.indexes[name]) for name in first.dims if name in first.indexes):
        first, second = xr.align(first, second, join="inner")
    apart = np.moveaxis(_apart(first.to_numpy(), second.to_numpy()), -1, 0)
    low, high = quantiles(apart, [0.05, 0.95], overwrite=True)
    labels = [[str(label) for label in column] for column in column_labels(first)]
    keys = [(str(first.name), *cell, "mean") for cell in product(*labels)]
    return keys, low.ravel(), high.ravel()


def _apart(own: FloatArray, other: FloatArray) -> FloatArray:
    """Differences; none between what never comes and what never comes either."""
    with np.errstate(invalid="ignore"):
        apart = own - other
    if (unknown := np.isnan(apart)).any():
        apart[unknown & np.isinf(own) & (own == other)] = 0
    return apart
