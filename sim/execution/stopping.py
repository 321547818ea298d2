"""A run that ends when it is precise enough: the draws double until a stop rule is met, or all that may be are made.

The rule is on a mean: its relative Monte Carlo error, or how likely the conclusion "the mean is at least so much" would
be the other way round with endless draws. Of the latter the estimate and its error are taken as Student's t, with one
degree of freedom less than there are batches.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

from scipy.special import stdtr

from sim.assumptions.settings import Sampling, Stop
from sim.errors import InputError
from sim.results.batches import Batches
from sim.results.run import Results


@dataclass(frozen=True)
class Reached:
    """How far a run came with its stop rule.

    Attributes
    ----------
    rule : `relative_error` or `flip`.
    of : the variable whose mean it is about.
    bound : what was asked.
    reached : the rule's own number at the end; None where it is unknown.
    is_met : whether it is at most the bound.
    at_least, at_most : the bound of the conclusion.
    """

    rule: str
    of: str
    bound: float
    reached: float | None
    is_met: bool
    at_least: float | None = None
    at_most: float | None = None


def until_stopped(run: Callable[[int], Results], sampling: Sampling) -> Results:
    """The run of the first number of draws that meets the stop rule, or of all.

    Every size is a run of its own: so the last is what it would be had its number of draws been asked for, whatever the
    design. Sobol' points and random draws keep the earlier ones; a Latin hypercube of another size is another one.

    Parameters
    ----------
    run : number of draws → the run.
    sampling : the settings, with a stop rule.

    Returns
    -------
    The run, its provenance holding under `stop` how far it came.

    Raises
    ------
    InputError : when the run does not give the rule's variable, or that has no mean.
    """
    assert sampling.stop is not None
    for draws in sizes(sampling):
        results = run(draws)
        found = judged(results, sampling.stop, Batches.of(sampling.method, sampling.replicates, draws))
        if found.is_met:
            break
    return replace(results, provenance={**results.provenance, "stop": asdict(found)})


def sizes(sampling: Sampling) -> Iterator[int]:
    """Numbers of draws: the first size, doubled again and again, at last all."""
    assert sampling.stop is not None
    size = max(sampling.stop.first, 2 * sampling.replicates)
    while size < sampling.draws:
        yield size
        size *= 2
    yield sampling.draws


def judged(results: Results, stop: Stop, batches: Batches) -> Reached:
    """How far a run came with a stop rule.

    Raises
    ------
    InputError : naming the rule's variable, when it is not there or has no mean.
    """
    try:
        mean, error = results.value(stop.of, "mean"), results.error(stop.of, "mean")
    except InputError as fault:
        raise InputError(f"sampling.stop.of: {fault}") from fault
    if math.isnan(mean):
        raise InputError(f"sampling.stop.of: {stop.of} never comes in some draws and has no mean")
    if stop.relative_error is not None:
        found = abs(error / mean) if mean else math.nan
        return _reached("relative_error", stop, stop.relative_error, found)
    assert stop.flip is not None
    bound = stop.at_least if stop.at_least is not None else stop.at_most
    assert bound is not None
    return _reached("flip", stop, stop.flip, flips(mean - bound, error, batches))


def flips(distance: float, error: float, batches: Batches) -> float:
    """How likely a conclusion is on the wrong side: the tail of Student's t beyond the bound.

    Parameters
    ----------
    distance : of the estimate from the bound.
    error : the Monte Carlo error, as `Batches.error` gives it; NaN is unknown.
    batches : that it comes from.

    Returns
    -------
    Between 0 and 1/2; NaN where the error is unknown.
    """
    if error == 0:
        return 0.5 if distance == 0 else 0.0
    if math.isnan(error) or batches.number == 0:
        return math.nan
    scatter = error / math.sqrt((batches.number - 1) / (batches.number - 3))  # the widening is in Student's t already
    return float(stdtr(batches.number - 1, -abs(distance) / scatter))


def _reached(rule: str, stop: Stop, bound: float, found: float) -> Reached:
    known = None if math.isnan(found) else found
    return Reached(rule, stop.of, bound, known, known is not None and known <= bound, stop.at_least, stop.at_most)
