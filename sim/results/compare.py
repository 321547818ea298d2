"""Runs side by side, paired draw by draw."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sim.errors import InputError, nearest
from sim.results.run import Results
from sim.results.totals import column_labels, with_totals
from sim.variables import CELL_DIMS

COLUMNS = (
    "run", "variable", *CELL_DIMS, "statistic", "value", "difference", "difference_p05", "difference_p95", "ratio",
)  # fmt: skip

STATISTICS = ("mean", "p10", "p50", "p90")

FloatArray = NDArray[np.float64]

_NEVER, _SURELY_NEVER = 1e300, 1e200  # stand for infinity where quantiles are interpolated

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
    frames = [_against(label, run, base) for label, run in runs.items()]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def paired(run: Results, base: Results) -> bool:
    """Whether two runs share their random numbers, so that their draws can be subtracted."""
    return run.has_draws and base.has_draws and _design(run) == _design(base)


def _design(run: Results) -> tuple[object, ...]:
    sampling = run.configuration["sampling"]
    return tuple(sampling[name] for name in ("method", "draws", "replicates", "seed"))


def _against(label: str, run: Results, base: Results) -> pd.DataFrame:
    own, other = (table[table["statistic"].isin(STATISTICS)] for table in (run.summary, base.summary))
    other = other[[*_KEYS, "value"]].astype({"year": str}).rename(columns={"value": "base"})
    frame = own[[*_KEYS, "value"]].astype({"year": str}).merge(other, on=_KEYS, how="left")
    frame.insert(0, "run", label)
    frame["difference"] = _apart(frame["value"].to_numpy(np.float64), frame["base"].to_numpy(np.float64))
    frame["ratio"] = frame["value"] / frame["base"].where(np.isfinite(frame["base"]) & (frame["base"] != 0))
    return frame.merge(_differences(run, base), on=_KEYS, how="left")


def _differences(run: Results, base: Results) -> pd.DataFrame:
    """Percentiles of the difference draw by draw, where there is a pair to subtract."""
    columns = [*_KEYS, "difference_p05", "difference_p95"]
    if not paired(run, base):
        return pd.DataFrame(columns=columns).astype(dict.fromkeys(_KEYS, str) | dict.fromkeys(columns[-2:], float))
    common = [name for name in run.outputs.data_vars if name in base.outputs]
    return pd.concat([_difference(run.outputs[name], base.outputs[name]) for name in common], ignore_index=True)


def _difference(own: xr.DataArray, other: xr.DataArray) -> pd.DataFrame:
    first, second = xr.align(with_totals(own.astype(np.float64)), with_totals(other.astype(np.float64)), join="inner")
    low, high = _quantiles(_apart(first.to_numpy(), second.to_numpy()), [0.05, 0.95])
    frame = pd.MultiIndex.from_product(column_labels(first), names=list(CELL_DIMS)).to_frame(index=False).astype({"year": str})
    frame["variable"], frame["statistic"] = str(own.name), "mean"
    frame["difference_p05"], frame["difference_p95"] = low.ravel(), high.ravel()
    return frame


def _apart(own: FloatArray, other: FloatArray) -> FloatArray:
    """Differences; none between what never comes and what never comes either."""
    alike = np.isinf(own) & (own == other)
    return np.subtract(own, other, where=~alike, out=np.zeros(own.shape))


def _quantiles(values: FloatArray, levels: list[float]) -> FloatArray:
    """Quantiles over the draws, where some may be infinite: [level, …]."""
    held = np.where(np.isinf(values), np.copysign(_NEVER, values), values)
    found = np.quantile(held, levels, axis=0)
    return np.where(np.abs(found) > _SURELY_NEVER, np.copysign(np.inf, found), found)
