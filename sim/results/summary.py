"""The tidy table of a run: every variable, stratum, year and statistic with its Monte Carlo error."""

from collections.abc import Iterable, Mapping
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.results.batches import Batches
from sim.results.moments import Moments
from sim.results.sample import QUANTILES, Sample
from sim.variables import CELL_DIMS, TRANSPLANTS

FloatArray = NDArray[np.float64]

COLUMNS = ("variable", *CELL_DIMS, "statistic", "value", "mcse", "unit")

_ROUNDING = 1e-12  # relative: shares that add up to 1 miss a certain total by what rounding does


def summarise(samples: Iterable[Sample], spread: Mapping[str, Moments], batches: Batches) -> pd.DataFrame:
    """Summarise the outputs of a run.

    Parameters
    ----------
    samples : the draws of each output; infinity is what never comes.
    spread : running moments of the same outputs, totals included, without chance: what parameters alone do; not of
        those whose mean says all.
    batches : how draws fall into independent batches.

    Returns
    -------
    One row per variable, stratum (totals included), year and statistic; columns as `summary.csv` has them.
    """
    return pd.concat([_summary(sample, spread.get(sample.name), batches) for sample in samples], ignore_index=True)


def _summary(sample: Sample, spread: Moments | None, batches: Batches) -> pd.DataFrame:
    whole = dict(sample.whole())
    error = dict(sample.errors(batches))
    for name, quantile in QUANTILES.items():
        if not batches.see(quantile, sample.draws):
            error[name] = np.full_like(error[name], np.nan)
    if spread is None:
        unseen = (error["mean"] == 0) & (not batches.exact)  # an event of no draw, or of all
        error["mean"] = np.where(unseen, np.nan, error["mean"])
    else:
        whole["sd_parameters"], error["sd_parameters"] = spread.sd()
    if spread is not None and not batches.exact:
        _doubt(whole, error, spread, sample)
    order = ["mean"] if spread is None else ["mean", "sd", "sd_parameters", *QUANTILES]
    frame = pd.DataFrame(list(product(*sample.labels, order)), columns=[*CELL_DIMS, "statistic"])
    frame["value"] = np.stack([whole[name] for name in order], axis=-1).ravel()
    frame["mcse"] = np.stack([error[name] for name in order], axis=-1).ravel()
    frame.insert(0, "variable", sample.name)
    frame["unit"] = sample.unit
    return frame


def _doubt(whole: dict[str, FloatArray], error: dict[str, FloatArray], spread: Moments, sample: Sample) -> None:
    """Take back, in place, what a sample cannot know: a spread from one draw, an exact number from a rare event.

    No scatter is no error only where the value is certain: nothing varies, and the mean is the expected one; or where
    no chance is drawn that could have failed to strike.
    """
    if sample.draws == 1:
        for name in ("sd", "sd_parameters"):
            whole[name] = np.full_like(whole[name], np.nan)
    still = whole["sd_parameters"] <= _ROUNDING * np.abs(whole["mean"])
    is_root = sample.name == TRANSPLANTS.name
    certain = still & (is_root | np.isclose(whole["mean"], spread.mean(), rtol=_ROUNDING, atol=0))
    for name in ("mean", "sd"):
        error[name] = np.where((error[name] == 0) & ~certain & sample.has_chance, np.nan, error[name])
