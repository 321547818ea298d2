"""Whether a trial succeeds: each endpoint by each test at each level, drawn, or as a probability without chance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import ndtr, ndtri

from sim.draws.streams import FloatArray
from sim.model.trial.comparison import (
    Comparison,
    Tabled,
    mantel_haenszel,
    power_of_each,
    power_reference,
    succeeds,
    succeeds_reference,
)
from sim.model.trial.endpoints import Arm, Outcomes, Strata, outcomes, shifted
from sim.model.trial.plan import IntArray, TrialStreams

RESPONSE, SURVIVAL = "response", "survival"

EXACT = "exact"
"""The test of one arm against a fixed rate."""

_TABLED: tuple[Tabled, ...] = ("fisher", "pearson")
_STRATIFIED: Comparison = "stratified"
_TESTS: tuple[Comparison, ...] = (*_TABLED, _STRATIFIED)


@dataclass(frozen=True)
class Verdict:
    """Success of an endpoint by a test at a level: the treated differ and do better.

    Attributes
    ----------
    endpoint : `response` or `survival`.
    test : `fisher`, `pearson` or `stratified` of two arms; `exact` of one.
    level : two-sided.
    success : 0 or 1; without chance its probability, [draw].
    """

    endpoint: str
    test: str
    level: float
    success: FloatArray


@dataclass(frozen=True)
class Arms:
    """Who is compared.

    Attributes
    ----------
    treated, untreated : what becomes of the patients; no untreated arm is a trial against a reference.
    patients, controls : how many there are of each, [draw].
    strata : of risk.
    reference : endpoint → fixed rate, where there is no untreated arm.
    levels : two-sided.
    """

    treated: Arm
    untreated: Arm | None
    patients: IntArray
    controls: IntArray | None
    strata: Strata
    reference: Mapping[str, float] | None
    levels: tuple[float, ...]


def verdicts(arms: Arms, streams: TrialStreams, treated: Outcomes | None = None) -> Iterator[Verdict]:
    """Success in whole patients, all endpoints and tests on the same ones.

    Parameters
    ----------
    arms : who is compared.
    streams : of the trial.
    treated : what became of the treated, where that is known, and then no test keeps strata apart; None draws it.
    """
    found = outcomes(arms.treated, arms.patients, streams, "treated", arms.strata) if treated is None else treated
    yield from _compared(arms, _counted(found), streams, _TESTS if treated is None else _TABLED)


def _compared(
    arms: Arms, treated: dict[str, tuple[IntArray, IntArray]], streams: TrialStreams, tests: tuple[Comparison, ...]
) -> Iterator[Verdict]:
    if arms.untreated is None or arms.controls is None:
        assert arms.reference is not None
        for (name, (events, patients)), level in product(treated.items(), arms.levels):
            found = succeeds_reference(events.sum(axis=1), patients.sum(axis=1), arms.reference[name], level)
            yield Verdict(name, EXACT, level, found.astype(np.float64))
        return
    untreated = _counted(outcomes(arms.untreated, arms.controls, streams, "untreated", arms.strata))
    for name, test, level in product(treated, tests, arms.levels):
        found = succeeds(test, *treated[name], *untreated[name], level)
        yield Verdict(name, test, level, found.astype(np.float64))


def _counted(found: Outcomes) -> dict[str, tuple[IntArray, IntArray]]:
    """Endpoint → patients with it, and all: [draw, stratum] each."""
    return {RESPONSE: (found.responders, found.patients), SURVIVAL: (found.survivors, found.patients)}


def powers(arms: Arms) -> Iterator[Verdict]:
    """The probability of success given the endpoints; of the stratified test by its normal approximation."""
    treated = {RESPONSE: arms.treated.response, SURVIVAL: arms.treated.survival}
    if arms.untreated is None or arms.controls is None:
        assert arms.reference is not None
        for (name, share), level in product(treated.items(), arms.levels):
            found = power_reference(share, arms.patients, arms.reference[name], level, better=True)
            yield Verdict(name, EXACT, level, found)
        return
    untreated = {RESPONSE: arms.untreated.response, SURVIVAL: arms.untreated.survival}
    tests = [(test, level) for level in arms.levels for test in _TABLED]
    for name, share in treated.items():
        each = power_of_each(tests, share, arms.patients, untreated[name], arms.controls, better=True)
        by_test = dict(zip(tests, each, strict=True))
        stratified = _stratified_power(arms, share, untreated[name])
        for level in arms.levels:
            yield from (Verdict(name, test, level, by_test[test, level]) for test in _TABLED)
            yield Verdict(name, _STRATIFIED, level, stratified[level])


def _stratified_power(arms: Arms, treated: FloatArray, untreated: FloatArray) -> dict[float, FloatArray]:
    """By the surplus and the variance of the expected counts (Woolson, Bean & Rojas 1986, Biometrics 42), by level."""
    assert arms.controls is not None
    patients, controls = (counts[:, None] * arms.strata.shares for counts in (arms.patients, arms.controls))
    surplus, variance = mantel_haenszel(
        patients * shifted(treated, arms.strata), patients, controls * shifted(untreated, arms.strata), controls
    )
    score = surplus / np.sqrt(np.where(variance > 0, variance, 1.0))
    return {level: np.where(variance > 0, ndtr(score - ndtri(1.0 - level / 2.0)), 0.0) for level in arms.levels}
