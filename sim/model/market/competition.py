"""When a competitor enters, and what of the uptake is kept then."""

import numpy as np
from scipy.special import xlog1py

from sim.draws.streams import FloatArray
from sim.model.market.uptake import Uptake


def monthly(annual_probability: FloatArray | float) -> FloatArray:
    """The probability within a month of an event that has this one within a year, at a constant hazard."""
    return -np.expm1(-_hazard(annual_probability) / 12.0)


def entry(
    uniform: FloatArray | float,
    launch: FloatArray,
    exclusivity_end: FloatArray,
    during: FloatArray | float,
    after: FloatArray | float,
) -> FloatArray:
    """When a competitor enters, with one constant hazard until exclusivity ends and another from then on.

    Parameters
    ----------
    uniform : the chance of it, between 0 and 1; the later the larger, and 0.5 is the median.
    launch : decimal year; infinite never.
    exclusivity_end : decimal year; infinite never, before the launch is over from the start.
    during, after : probability of an entry within a year, before and after the end; 0 is never, 1 at once.

    Returns
    -------
    In the shape that the arrays broadcast to, decimal year; infinite never, and where nothing is launched.
    """
    launched = np.isfinite(launch)
    start = np.where(launched, launch, 0.0)
    protected = np.maximum(exclusivity_end - start, 0.0)
    due, first = _hazard(uniform), _hazard(during)
    early = _wait(due, first)
    # an endless protection and a certain entry need no remainder: nobody waits for the end of either
    left = np.maximum(due - _finite(first) * _finite(protected), 0.0)
    years = np.where(early < protected, early, protected + _wait(left, _hazard(after)))
    return np.where(launched, start + years, np.inf)


def kept_years(
    launch: FloatArray, entry: FloatArray, kept: FloatArray, uptake: Uptake, years: FloatArray
) -> FloatArray:
    """Uptake of each calendar year, less what competitors take, integrated over the year.

    Parameters
    ----------
    launch : decimal year, [draw, region]; infinite never.
    entry : of the competitor, decimal year, [draw, region]; infinite never.
    kept : share that is kept in the first, second, … year after the entry, the last one for ever after, [step] or
        [draw, region, step].
    uptake : by years since launch; what it is made of broadcasts to [draw, region, year].
    years : calendar years, [year].

    Returns
    -------
    [draw, region, year], years at the peak: 1 is a whole year at the peak with nothing lost.
    """
    since = launch[:, :, None]
    step = entry[:, :, None]
    done = uptake.integral(years - since)
    reached = uptake.integral(np.clip(step, years, years + 1.0) - since)
    total: FloatArray = np.maximum(reached - done, 0.0)
    for place in range(kept.shape[-1]):
        step = step + 1.0 if place < kept.shape[-1] - 1 else np.full(step.shape, np.inf)
        done, reached = reached, uptake.integral(np.clip(step, years, years + 1.0) - since)
        total = total + kept[..., place, None] * np.maximum(reached - done, 0.0)
    return total


def _hazard(annual_probability: FloatArray | float) -> FloatArray:
    """The constant hazard a year, infinite for a probability of 1."""
    hazard: FloatArray = np.asarray(-xlog1py(1.0, -np.asarray(annual_probability)), dtype=np.float64)
    return hazard


def _wait(due: FloatArray, hazard: FloatArray) -> FloatArray:
    """Years until so much of a hazard has added up; infinite where there is none."""
    some = hazard > 0
    with np.errstate(over="ignore"):  # a hazard next to none
        return np.where(some, due / np.where(some, hazard, 1.0), np.inf)


def _finite(numbers: FloatArray) -> FloatArray:
    """The numbers, 0 where they are infinite."""
    return np.where(np.isfinite(numbers), numbers, 0.0)
