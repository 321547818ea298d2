"""The tidy table of a run: every variable, stratum, year and statistic with its Monte Carlo error."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from sim.results.batches import Batches
from sim.results.moments import Moments
from sim.results.quantiles import NEVER, SURELY_NEVER
from sim.results.totals import column_labels, with_totals
from sim.variables import CELL_DIMS, TRANSPLANTS, VARIABLES

FloatArray = NDArray[np.float64]

COLUMNS = ("variable", *CELL_DIMS, "statistic", "value", "mcse", "unit")

_ROUNDING = 1e-12  # relative: shares that add up to 1 miss a certain total by what rounding does

QUANTILES = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}


def summarise(outputs: xr.Dataset, spread: Mapping[str, Moments], batches: Batches) -> pd.DataFrame:
    """Summarise outputs by draw.

    Parameters
    ----------
    outputs : one variable per output, [draw, + strata, year] or [draw]; infinity is what never comes.
    spread : running moments of the same outputs, totals included, without chance: what parameters alone do; not of
        those whose mean says all.
    batches : how draws fall into independent batches.

    Returns
    -------
    One row per variable, stratum (totals included), year and statistic; columns as `summary.csv` has them.
    """
    return pd.concat(
        [_summary(with_totals(outputs[name]), spread.get(str(name)), batches) for name in outputs.data_vars],
        ignore_index=True,
    )


def _summary(array: xr.DataArray, spread: Moments | None, batches: Batches) -> pd.DataFrame:
    values = array.to_numpy()
    whole = _statistics(values)
    by_batch = [_statistics(part) for part in batches.split(values)] if batches.number else [whole]
    error = {name: _error(np.stack([part[name] for part in by_batch]), batches) for name in whole}
    for name, quantile in QUANTILES.items():
        if not batches.see(quantile, len(values)):
            error[name] = np.full_like(error[name], np.nan)
    if spread is None:
        unseen = (error["mean"] == 0) & (not batches.exact)  # an event of no draw, or of all
        error["mean"] = np.where(unseen, np.nan, error["mean"])
    else:
        whole["sd_parameters"], error["sd_parameters"] = spread.sd()
    if spread is not None and not batches.exact:
        _doubt(whole, error, spread, len(values), is_root=array.name == TRANSPLANTS.name)
    order = ["mean"] if spread is None else ["mean", "sd", "sd_parameters", *QUANTILES]
    frame = pd.DataFrame(list(product(*column_labels(array), order)), columns=[*CELL_DIMS, "statistic"])
    frame["value"] = np.stack([whole[name] for name in order], axis=-1).ravel()
    frame["mcse"] = np.stack([error[name] for name in order], axis=-1).ravel()
    frame.insert(0, "variable", str(array.name))
    frame["unit"] = array.attrs.get("unit", VARIABLES[str(array.name)].unit)
    return frame


def _error(by_batch: FloatArray, batches: Batches) -> FloatArray:
    """The Monte Carlo error of a statistic; unknown where it is infinite in some batch."""
    return batches.error(np.where(np.isinf(by_batch), np.nan, by_batch))


def _doubt(
    whole: dict[str, FloatArray], error: dict[str, FloatArray], spread: Moments, draws: int, *, is_root: bool
) -> None:
    """Take back, in place, what a sample cannot know: a spread from one draw, an exact number from a rare event.

    No scatter is no error only where the value is certain: nothing varies, and the mean is the expected one.
    """
    if draws == 1:
        for name in ("sd", "sd_parameters"):
            whole[name] = np.full_like(whole[name], np.nan)
    still = whole["sd_parameters"] <= _ROUNDING * np.abs(whole["mean"])
    certain = still & (is_root | np.isclose(whole["mean"], spread.mean(), rtol=_ROUNDING, atol=0))
    for name in ("mean", "sd"):
        error[name] = np.where((error[name] == 0) & ~certain, np.nan, error[name])


def _statistics(values: NDArray[np.generic]) -> dict[str, FloatArray]:
    """Mean, standard deviation and quantiles over the draws: […] each.

    What is infinite in some draws has quantiles, but no mean and no standard deviation. Draws in which it is missing
    are left out; a sample without any other is missing.
    """
    numbers = values.astype(np.float64)
    missing = np.isnan(numbers)
    if missing.any():
        return _of_those_there(numbers, missing)
    never = np.isinf(numbers)
    ever = never.any()
    finite = np.where(never, np.nan, numbers) if ever else numbers
    mean = finite.mean(axis=0)
    spread = finite.std(axis=0, ddof=1) if len(numbers) > 1 else np.zeros(numbers.shape[1:])
    ordered = np.where(never, NEVER, numbers) if ever else numbers
    quantiles = np.quantile(ordered, list(QUANTILES.values()), axis=0, overwrite_input=True)  # a copy of our own
    quantiles[quantiles > SURELY_NEVER] = np.inf
    return {"mean": mean, "sd": spread, **dict(zip(QUANTILES, quantiles, strict=True))}


def _of_those_there(numbers: FloatArray, missing: NDArray[np.bool_]) -> dict[str, FloatArray]:
    """The same of the draws in which each cell is there: […] each."""
    cells = missing.reshape(len(missing), -1)
    if (cells == cells[:, :1]).all() and not cells[:, 0].all():
        return _statistics(numbers[~cells[:, 0]])
    shape, columns = numbers.shape[1:], numbers.reshape(len(numbers), -1)
    found = [_column(columns[~cells[:, place], place]) for place in range(columns.shape[1])]
    return {name: np.array([column[name] for column in found]).reshape(shape) for name in found[0]}


def _column(values: FloatArray) -> dict[str, FloatArray]:
    """The statistics of one cell."""
    if len(values) == 0:
        return dict.fromkeys(("mean", "sd", *QUANTILES), np.array(np.nan))
    return _statistics(values)
