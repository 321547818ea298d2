"""Two endpoints of the same patient: complete response, and survival to the day of the endpoint.

Who responds more often survives, so the three numbers that describe an arm hang together: survival is that of the
responders and of the others in their shares, S = r s1 + (1 - r) s0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from sim.draws.counts import binomial_quantile
from sim.draws.streams import FloatArray
from sim.model.trial.plan import IntArray, TrialStreams

_ROUNDING = 1e-9
"""A share that is outside its bounds by less is inside them."""

_HALVINGS = 64
"""Of the interval in which an intercept is looked for: to rounding."""


@dataclass(frozen=True)
class Strata:
    """Groups of different risk within an arm, such as who needs a ventilator or dialysis at entry.

    Attributes
    ----------
    shares : of the patients, [stratum], adding up to 1.
    log_odds : by how much the log odds of both endpoints differ, [stratum]; only differences between strata count.
    """

    shares: FloatArray
    log_odds: FloatArray


ALL_ALIKE = Strata(np.ones(1), np.zeros(1))
"""An arm whose patients are not told apart."""


@dataclass(frozen=True)
class Arm:
    """The endpoints of an arm, as shares of its patients.

    Attributes
    ----------
    response : share who have a complete response, [draw].
    survival : share who survive, [draw].
    survival_given_response : share of the responders who survive, [draw], as drawn; see `Arm.survival_responders`.
    """

    response: FloatArray
    survival: FloatArray
    survival_given_response: FloatArray

    @property
    def survival_responders(self) -> FloatArray:
        """Share of the responders who survive, at the nearer end of what the other two allow: [draw]."""
        return np.clip(self.survival_given_response, *feasible(self.response, self.survival))

    @property
    def survival_others(self) -> FloatArray:
        """Share of those without a response who survive, [draw]; where all respond it is as good as any."""
        return _ratio(self.survival - self.response * self.survival_responders, 1.0 - self.response, self.survival)

    @property
    def held(self) -> NDArray[np.bool_]:
        """Where the drawn survival given response contradicted the other two: [draw]."""
        return np.abs(self.survival_responders - self.survival_given_response) > _ROUNDING


@dataclass(frozen=True)
class Outcomes:
    """What became of an arm's patients, in whole patients.

    Attributes
    ----------
    patients : [draw, stratum].
    responders : with a complete response, [draw, stratum].
    survivors : [draw, stratum].
    both : responders who survived, [draw, stratum].
    """

    patients: IntArray
    responders: IntArray
    survivors: IntArray
    both: IntArray


def feasible(response: FloatArray, survival: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least and the greatest survival given response that these shares of all patients allow: [draw] each.

    They are the bounds of Fréchet 1951 for two events, given the first. Where nobody responds anything is allowed.
    """
    least = _ratio(np.maximum(survival + response - 1.0, 0.0), response, np.zeros(response.shape))
    greatest = _ratio(np.minimum(survival, response), response, np.ones(response.shape))
    return least, np.maximum(least, greatest)


def outcomes(arm: Arm, patients: IntArray, streams: TrialStreams, name: str, strata: Strata = ALL_ALIKE) -> Outcomes:
    """Whole patients of an arm, each count the binomial quantile of one uniform number.

    Parameters
    ----------
    arm : its endpoints.
    patients : of the arm, [draw]; they may differ from draw to draw, and be none.
    streams : of the trial.
    name : of the arm, which its streams bear.
    strata : into which its patients fall by chance.
    """
    count = len(strata.shares)
    response, responders_survive, others_survive = by_stratum(arm, strata)
    inside = _fallen(patients, strata.shares, streams.numbered(f"{name}_strata", count - 1))
    responders = binomial_quantile(streams.numbered(f"{name}_response", count), inside, response)
    both = binomial_quantile(streams.numbered(f"{name}_survival_responders", count), responders, responders_survive)
    others = binomial_quantile(streams.numbered(f"{name}_survival_others", count), inside - responders, others_survive)
    return Outcomes(inside, responders, both + others, both)


def by_stratum(arm: Arm, strata: Strata) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The endpoints of each stratum, which together are those of the arm.

    The log odds of response and of survival shift by the same. The responders who survive lie as far between the bounds
    of their stratum as makes them those of the arm, or at the nearer end where the strata leave no room for that.

    Returns
    -------
    Response, survival of the responders and survival of the others: [draw, stratum] each.
    """
    response, survival = shifted(arm.response, strata), shifted(arm.survival, strata)
    least, greatest = np.maximum(response + survival - 1.0, 0.0), np.minimum(response, survival)
    low, high = least @ strata.shares, greatest @ strata.shares
    place = np.clip(_ratio(arm.response * arm.survival_responders - low, high - low, np.zeros(low.shape)), 0.0, 1.0)
    both = least + place[:, None] * (greatest - least)
    return response, _ratio(both, response, survival), _ratio(survival - both, 1.0 - response, survival)


def shifted(margin: FloatArray, strata: Strata) -> FloatArray:
    """Shares by stratum whose log odds differ as the strata do and whose mean is the margin.

    The intercept lies where all patients would be of the best or of the worst stratum; halving finds it.

    Parameters
    ----------
    margin : share of all patients, [draw].
    strata : of the arm.

    Returns
    -------
    [draw, stratum].
    """
    is_certain = ((margin <= 0.0) | (margin >= 1.0))[:, None]  # a share of 0 or 1 is that of every stratum
    middle = logit(np.where(is_certain, 0.5, margin[:, None]))
    low, high = middle - strata.log_odds.max(), middle - strata.log_odds.min()
    for _ in range(_HALVINGS):
        intercept = (low + high) / 2.0
        above = (expit(intercept + strata.log_odds) @ strata.shares > margin)[:, None]
        low, high = np.where(above, low, intercept), np.where(above, intercept, high)
    return np.where(is_certain, margin[:, None], expit((low + high) / 2.0 + strata.log_odds))


def _fallen(patients: IntArray, shares: FloatArray, u: FloatArray) -> IntArray:
    """Patients by stratum, one stratum after the other from who is left: [draw, stratum]."""
    columns, left, rest = [], patients, 1.0
    for place, share in enumerate(shares[:-1]):
        columns.append(binomial_quantile(u[:, place], left, np.clip(np.array(share / rest), 0.0, 1.0)))
        left, rest = left - columns[-1], rest - share
    return np.stack([*columns, left], axis=-1)


def _ratio(part: FloatArray, whole: FloatArray, otherwise: FloatArray) -> FloatArray:
    """A share between 0 and 1, or what it is otherwise where there is no whole."""
    share = np.divide(part, whole, out=np.array(otherwise, dtype=np.float64), where=whole > 0)
    return np.clip(share, 0.0, 1.0)
