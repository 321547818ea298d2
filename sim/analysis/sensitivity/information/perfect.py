"""What it is worth to know everything, or some quantities exactly, before deciding.

EVPI is the mean of the best option's benefit less the best option's mean (H. Raiffa and R. Schlaifer, "Applied
Statistical Decision Theory", 1961); EVPPI is the same of the benefits' means given some quantities.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sim.analysis.sensitivity.information.options import Options, Worth
from sim.analysis.sensitivity.information.regression import FOLDS, Curve, expected_gains
from sim.draws.streams import FloatArray

Named = tuple[str, str]
"""What a set of quantities is, and its name."""


def evpi(options: Options) -> Worth:
    """The expected value of perfect information, chance included."""
    return options.mean(options.gains.max(axis=1))


def given(options: Options, numbers: FloatArray) -> Curve:
    """The mean gain of each option given some quantities.

    Parameters
    ----------
    options : what is decided.
    numbers : of the quantities, [draw, quantity].
    """
    fold = (options.batch if options.batches.number else np.arange(len(numbers))) % FOLDS
    changing = np.arange(len(options.names)) != options.best
    found = np.zeros_like(options.gains)
    curve = expected_gains(options.gains[:, changing], numbers, fold)
    found[:, changing] = curve.expected
    return Curve(found, curve.is_clear)


def evppi(options: Options, curve: Curve) -> Worth:
    """The expected value of partial perfect information.

    Parameters
    ----------
    options : what is decided.
    curve : the mean gain of each option given the quantities, as `given` estimates it.

    Returns
    -------
    What choosing by the curve brings in draws that it was not fitted to: noise in it costs a little and never adds,
    and of a curve that is noise nothing is counted, while its error stays. What the curve promises is as much too high
    as what it brings is too low: half of what lies between is added to the error, in squares.
    """
    brought = options.mean(following(options, np.eye(len(options.names))[curve.expected.argmax(axis=1)]))
    error = max(brought.error, options.resolution)
    if not curve.is_clear:
        return Worth(0.0, error)
    promised = float(curve.expected.max(axis=1).mean())
    return Worth(min(max(brought.value, 0.0), evpi(options).value), math.hypot(error, (promised - brought.value) / 2))


def following(options: Options, chosen: FloatArray) -> FloatArray:
    """What a rule brings beyond the best option, by draw: [draw].

    Parameters
    ----------
    options : what is decided.
    chosen : the probability that the rule chooses each option, [draw, option].
    """
    return np.asarray((options.gains * chosen).sum(axis=1), dtype=np.float64)


def held(found: Mapping[Named, Worth], members: Mapping[Named, Sequence[str]], whole: Worth) -> dict[Named, Worth]:
    """Values that keep their order: none below 0 or above that of everything, none below that of a part of itself.

    Parameters
    ----------
    found : set of quantities → its estimate.
    members : set of quantities → the quantities in it.
    whole : the value of knowing everything.
    """
    kept: dict[Named, Worth] = {}
    for name in sorted(found, key=lambda one: len(members[one])):
        parts = [kept[other].value for other in kept if set(members[other]) <= set(members[name])]
        value, error = found[name]
        kept[name] = Worth(min(max(value, 0.0, *parts), whole.value), error)
    return {name: kept[name] for name in found}
