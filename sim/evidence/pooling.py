"""Random-effects pooling: of any effects, and of proportions on the logit scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtri, stdtrit

from sim.errors import InputError

if TYPE_CHECKING:
    from meta_analyze import MetaAnalysisResult

FloatArray = npt.NDArray[np.float64]
Interval = tuple[float, float]

COVERAGE = 0.95
"""What every interval here is to hold."""

_TOLERANCE = 1e-15
"""To which the between-study variance is solved for, absolute and relative: to rounding."""


@final
@dataclass(frozen=True)
class RandomEffects:
    """What several studies say together, in the unit of their effects; intervals hold 95 %.

    Parameters
    ----------
    mean
        The typical effect.
    tau2
        Variance of the true effects between populations.
    se_wald, se_hartung_knapp
        Standard errors of `mean`: from the weights alone, and from the observed spread.
    q
        Cochran's, about the common effect.
    i2
        The share of disagreement in the spread of a typical study: tau² / (tau² + s²).
    weights
        [study], adding up to 1.
    """

    mean: float
    tau2: float
    se_wald: float
    se_hartung_knapp: float
    q: float
    i2: float
    weights: tuple[float, ...]

    @property
    def studies(self) -> int:
        """How many there were."""
        return len(self.weights)

    @property
    def se_mean(self) -> float:
        """The standard error of Hartung and Knapp, but never below Wald's.

        Studies that agree by luck have a spread near 0, and would leave a mean more certain than all their patients
        together: the safeguard of Knapp & Hartung 2003 (Stat Med 22; Röver, Knapp & Friede 2015, BMC Med Res Methodol).
        """
        return max(self.se_hartung_knapp, self.se_wald)

    @property
    def se_prediction(self) -> float:
        """The standard error of a new population's effect: its own deviation and that of the mean."""
        return math.sqrt(self.tau2 + self.se_wald**2)

    @property
    def between(self) -> float:
        """The share of the prediction's variance that is disagreement between studies."""
        return self.tau2 / (self.tau2 + self.se_wald**2)

    @property
    def wald(self) -> Interval:
        """Of the mean, by the normal distribution."""
        return self._around(float(ndtri((1.0 + COVERAGE) / 2.0)) * self.se_wald)

    @property
    def hartung_knapp(self) -> Interval:
        """Of the mean, by Student's t on one degree of freedom less than studies, without the safeguard."""
        return self._around(_student(self.studies - 1) * self.se_hartung_knapp)

    @property
    def safeguarded(self) -> Interval:
        """Of the mean, as `hartung_knapp` with the standard error `se_mean`."""
        return self._around(_student(self.studies - 1) * self.se_mean)

    @property
    def prediction(self) -> Interval | None:
        """Of a new population, by Student's t on two degrees of freedom less than studies; None for two studies.

        Higgins, Thompson & Spiegelhalter 2009, J R Stat Soc A 172.
        """
        return self._around(_student(self.studies - 2) * self.se_prediction) if self.studies > 2 else None

    def _around(self, half: float) -> Interval:
        return self.mean - half, self.mean + half


@final
@dataclass(frozen=True)
class Pooled:
    """What several proportions say together.

    Parameters
    ----------
    logits
        The same on the logit scale.
    """

    logits: RandomEffects

    @property
    def share(self) -> float:
        """The typical proportion."""
        return float(expit(self.logits.mean))

    @property
    def wald(self) -> Interval:
        """Of the typical proportion, by the normal distribution."""
        return _shares(self.logits.wald)

    @property
    def hartung_knapp(self) -> Interval:
        """Of the typical proportion, as Hartung and Knapp have it."""
        return _shares(self.logits.hartung_knapp)

    @property
    def safeguarded(self) -> Interval:
        """Of the typical proportion, never narrower than the counts allow."""
        return _shares(self.logits.safeguarded)

    @property
    def prediction(self) -> Interval | None:
        """Of a new population's proportion; None for two studies."""
        found = self.logits.prediction
        return None if found is None else _shares(found)


def random_effects(effects: FloatArray, variances: FloatArray) -> RandomEffects:
    """Pool effects with known variances by restricted maximum likelihood.

    The between-study variance is the REML estimate (Viechtbauer 2005, J Educ Behav Stat 30), the second standard error
    that of Hartung & Knapp 2001 (Stat Med 20). PyMetaAnalysis solves for them.

    Parameters
    ----------
    effects, variances
        [study], finite; the variances above 0.

    Raises
    ------
    InputError
        For fewer than two studies.
    """
    if len(effects) < 2:
        raise InputError(f"pooling {len(effects)} {'study' if len(effects) == 1 else 'studies'}: needs at least 2")
    fit = _fit(effects, variances, "normal")
    spread = _fit(effects, variances, "hartung_knapp")
    weights = fit.study_results["normalized_weight"].to_list()
    return RandomEffects(
        fit.estimate, fit.tau2, fit.standard_error, spread.standard_error, fit.q, fit.i2, tuple(weights)
    )


def pool(counts: Sequence[tuple[int, int]]) -> Pooled:
    """Pool proportions with random effects on the logit scale.

    A study in which nobody or everybody had the event has no finite logit: half an event is added to both its sides,
    and to no other study's. `sim.evidence.beta_binomial` does without.

    Parameters
    ----------
    counts
        Events and patients of each study.

    Raises
    ------
    InputError
        For fewer than two studies, or events that do not lie between 0 and the number of patients.
    """
    logits, variances = np.array([_logit(events, n) for events, n in counts]).reshape(-1, 2).T
    return Pooled(random_effects(logits, variances))


def check_count(events: int, n: int) -> None:
    """Refuse events that do not lie between 0 and the number of patients, or no patients at all."""
    if n <= 0 or not 0 <= events <= n:
        raise InputError(f"{events} events among {n} patients: events must lie between 0 and the number of patients")


def _logit(events: int, n: int) -> tuple[float, float]:
    """Logit of one proportion and its variance."""
    check_count(events, n)
    half = 0.5 if events in (0, n) else 0.0
    with_event, without = events + half, n - events + half
    return math.log(with_event / without), 1.0 / with_event + 1.0 / without


def _fit(effects: FloatArray, variances: FloatArray, standard_error: str) -> "MetaAnalysisResult":
    # imported here: it brings scipy.stats, which takes a while and serves nobody who pools nothing
    from meta_analyze import meta_analysis

    return meta_analysis(
        effect=effects, variance=variances, tau2_method="REML", ci_method=standard_error, atol=_TOLERANCE
    )


def _student(df: int) -> float:
    """How many standard errors an interval reaches to either side."""
    return float(stdtrit(df, (1.0 + COVERAGE) / 2.0))


def _shares(logits: Interval) -> Interval:
    return float(expit(logits[0])), float(expit(logits[1]))
