"""Random-effects pooling of proportions on the logit scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from sim.errors import InputError

FloatArray = npt.NDArray[np.float64]


@final
@dataclass(frozen=True)
class Pooled:
    """What several studies say together.

    Parameters
    ----------
    mean_logit
        Logit of the typical proportion.
    tau2
        Variance of the true logits between populations.
    se_wald, se_hartung_knapp
        Standard errors of `mean_logit`: from the weights alone, and from the observed spread (to be used with a t
        distribution on `studies` - 1 degrees of freedom).
    studies
        How many there were.
    """

    mean_logit: float
    tau2: float
    se_wald: float
    se_hartung_knapp: float
    studies: int


def pool(counts: Sequence[tuple[int, int]]) -> Pooled:
    """Pool proportions by restricted maximum likelihood, with the standard error of Hartung and Knapp.

    The between-study variance is the REML estimate (Viechtbauer 2005, J Educ Behav Stat 30), the standard error that of
    Hartung & Knapp 2001 (Stat Med 20), unmodified. A study in which nobody or everybody had the event has no finite
    logit: half an event is added to both its sides, and to no other study's.

    Parameters
    ----------
    counts
        Events and patients of each study.

    Raises
    ------
    InputError
        For fewer than two studies, or events that do not lie between 0 and the number of patients.
    """
    if len(counts) < 2:
        raise InputError(f"pooling {len(counts)} study: needs at least 2")
    logits, variances = np.array([_logit(events, n) for events, n in counts]).T
    tau2 = _reml(logits, variances)
    weights = 1.0 / (variances + tau2)
    mean = float(weights @ logits / weights.sum())
    spread = float(weights @ (logits - mean) ** 2) / (len(counts) - 1)
    wald = math.sqrt(1.0 / float(weights.sum()))
    return Pooled(mean, tau2, wald, wald * math.sqrt(spread), len(counts))


def _logit(events: int, n: int) -> tuple[float, float]:
    """Logit of one proportion and its variance."""
    if n <= 0 or not 0 <= events <= n:
        raise InputError(f"{events} events among {n} patients: events must lie between 0 and the number of patients")
    half = 0.5 if events in (0, n) else 0.0
    with_event, without = events + half, n - events + half
    return math.log(with_event / without), 1.0 / with_event + 1.0 / without


def _reml(logits: FloatArray, variances: FloatArray) -> float:
    """The between-study variance at which the score of the restricted likelihood is zero, or 0 if it is never."""
    from scipy.optimize import brentq

    def score(tau2: float) -> float:
        weights = 1.0 / (variances + tau2)
        mean = weights @ logits / weights.sum()
        return float(weights**2 @ (logits - mean) ** 2 - weights.sum() + (weights**2).sum() / weights.sum())

    if score(0.0) <= 0.0:
        return 0.0
    high = float(np.var(logits)) + float(variances.max())
    while score(high) > 0.0:
        high *= 2.0
    return float(brentq(score, 0.0, high, xtol=1e-15, rtol=1e-13))
