"""Runs side by side, paired draw by draw."""

from collections.abc import Mapping
from itertools import product

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


def compare(runs: Mapping[str, Results], baseline: str | None = None) -> pd.DataFrame:
    """Every run against one of them.

    Parameters
    ----------
    runs : label → run, in the order they are to be shown.
    baseline : the label of the run the others are compared with; None takes the first.

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
    base = runs[chosen]
    totals = {str(name): with_totals(array.astype(np.float64)) for name, array in _outputs(base).items()}
    frames = [_against(label, run, base, totals) for label, run in runs.items()]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def paired(run: Results, base: Results) -> bool:
    """Whether two runs share their random numbers, so that their draws can be subtracted."""
    return run.has_draws and base.has_draws and _design(run) == _design(base)


def _design(run: Results) -> tuple[object, ...]:
    sampling = run.configuration["sampling"]
    made = run.provenance["draws"]  # which may be fewer than were allowed
    return (*(sampling[name] for name in ("method", "replicates", "seed")), made)


def _outputs(run: Results) -> Mapping[str, xr.DataArray]:
    """The outputs by draw, where they were kept."""
    return {str(name): array for name, array in run.outputs.data_vars.items()} if run.has_draws else {}


def _against(label: str, run: Results, base: Results, totals: Mapping[str, xr.DataArray]) -> pd.DataFrame:
    own, other = (table[table["statistic"].isin(STATISTICS)] for table in (run.summary, base.summary))
    other = other[[*_KEYS, "value"]].astype({"year": str}).rename(columns={"value": "base"})
    frame = own[[*_KEYS, "value"]].astype({"year": str}).merge(other, on=_KEYS, how="left")
    frame.insert(0, "run", label)
    frame["difference"] = _apart(frame["value"].to_numpy(np.float64), frame["base"].to_numpy(np.float64))
    frame["ratio"] = frame["value"] / frame["base"].where(np.isfinite(frame["base"]) & (frame["base"] != 0))
    return frame.merge(_differences(run, base, totals), on=_KEYS, how="left")


def _differences(run: Results, base: Results, totals: Mapping[str, xr.DataArray]) -> pd.DataFrame:
    """Percentiles of the difference draw by draw, where there is a pair to subtract; of the base its totals too."""
    columns = [*_KEYS, "difference_p05", "difference_p95"]
    if not paired(run, base):
        return pd.DataFrame(columns=columns).astype(dict.fromkeys(_KEYS, str) | dict.fromkeys(columns[-2:], float))
    found = [_difference(array, totals[name]) for name, array in _outputs(run).items() if name in totals]
    keys = [key for part, _, _ in found for key in part]
    frame = pd.DataFrame(keys, columns=_KEYS)
    for name, place in (("difference_p05", 1), ("difference_p95", 2)):
        frame[name] = np.concatenate([part[place] for part in found])
    return frame


def _difference(own: xr.DataArray, second: xr.DataArray) -> tuple[list[tuple[str, ...]], FloatArray, FloatArray]:
    """The keys of a variable's means, and the ends of their difference: [cell] each."""
    first = with_totals(own.astype(np.float64))
    if any(not first.indexes[name].equals(second.indexes[name]) for name in first.dims if name in first.indexes):
        first, second = xr.align(first, second, join="inner")
    low, high = quantiles(_apart(first.to_numpy(), second.to_numpy()), [0.05, 0.95])
    labels = [[str(label) for label in column] for column in column_labels(first)]
    keys = [(str(own.name), *cell, "mean") for cell in product(*labels)]
    return keys, low.ravel(), high.ravel()


def _apart(own: FloatArray, other: FloatArray) -> FloatArray:
    """Differences; none between what never comes and what never comes either."""
    with np.errstate(invalid="ignore"):
        apart = own - other
    if (unknown := np.isnan(apart)).any():
        apart[unknown & np.isinf(own) & (own == other)] = 0
    return apart
