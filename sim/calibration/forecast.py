"""Forecasts of a trial on its way, by the product's own law of enrolment.

Site rates are gamma distributed (Anisimov & Fedorov 2007); mean, spread and decline are learnt from the counts by site
on a grid; each site's own rate follows from its own count. Then the cumulative intensity says when the last patient
comes and how many come by a horizon.
"""

import zlib
from dataclasses import dataclass
from datetime import date
from typing import final

import numpy as np
from scipy.stats import poisson

from sim.assumptions.distributions import NUMBER, POSITIVE
from sim.assumptions.text import read
from sim.calibration.dates import age_sum
from sim.calibration.read import History, Question, first_patients
from sim.draws.streams import FloatArray
from sim.model.trial.ages import decline_given_dates
from sim.model.trial.gamma_quantile import gamma_quantile
from sim.model.trial.heterogeneity import HyperPosterior, Quantiles, hyper_posterior
from sim.model.trial.intensity import Intensity, intensity
from sim.model.trial.plan import Calendar, IntArray, Law, Seen, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.profile import course, decaying
from sim.model.trial.sites import realise

RATE, RATE_CV = "0.1 to 10", "0.4 to 2.0"
"""Patients per site and month, and their spread, before anything is seen: wide, the same for every set."""

DRAWS = 1000
"""Of a forecast: an interval's ends are known to a hundredth of probability."""

MONTHS = 120.0
"""After which a forecast stops; whoever has not come by then counts as coming then."""

_NODES = 16
"""Cells of the posterior's grid along each axis."""

_CALENDAR = Calendar(date(2000, 1, 1).toordinal())
_NOTHING = Law(np.zeros_like, 0.0)
_ALL = Law(np.ones_like, 1.0)


@final
@dataclass(frozen=True)
class Variant:
    """A way to forecast.

    Attributes
    ----------
    name : in tables.
    decline : fall of the logarithm of a site's rate per month of its age, as a text of the configuration.
    later_cv : coefficient of variation of a gamma factor of mean 1 of all that comes after what was seen.
    is_first_evidence : whether a site's first patient counts for its rate though it dates the opening.
    are_dates_known : whether the dates of the patients are used, and not just how many there are by site.
    are_openings_known : whether the sites that opened later are known, with their dates, as a plan would have them.
    """

    name: str
    decline: str = "0"
    later_cv: float = 0.0
    is_first_evidence: bool = False
    are_dates_known: bool = False
    are_openings_known: bool = False


@final
@dataclass(frozen=True)
class Forecast:
    """An answer with its uncertainty, from the moment of the question.

    Attributes
    ----------
    months : until the last patient, [draw]; never more than `MONTHS`.
    counts : patients within some months, each [draw].
    sites : that had opened.
    """

    months: FloatArray
    counts: dict[int, FloatArray]
    sites: int


def forecast(history: History, question: Question, variant: Variant, draws: int = DRAWS) -> Forecast:
    """Answer a question by what had been seen when it was asked.

    Parameters
    ----------
    history : of which only the periods that had passed are used, and later openings where the variant knows them.
    question : what is asked.
    variant : the way to forecast.
    draws : of the answer.
    """
    streams = TrialStreams(zlib.crc32(f"{history.name} {question.seen}".encode()), range(draws))
    patients, age, opened = first_patients(history, question.seen)
    if variant.is_first_evidence and not history.is_opening_known:
        patients = patients + 1.0
    ages = age_sum(history, question.seen) if variant.are_dates_known else None
    learnt = _learnt(patients, age, ages, variant)
    law, now = _intensity(history, question, variant, learnt, (patients, age, opened), streams)
    before = law.cumulative(np.full((draws, 1), now))
    level = before + gamma_quantile(streams.one("accrual"), float(question.missing))[:, None]
    months = np.minimum(law.invert(level)[:, 0] - now, MONTHS)
    counts = {}
    for ahead in question.counts:
        expected = law.cumulative(np.full((draws, 1), now + ahead)) - before
        counts[ahead] = np.asarray(poisson.ppf(streams.one("count"), expected[:, 0]), np.float64)
    return Forecast(months, counts, len(opened))


def _learnt(patients: FloatArray, age: FloatArray, ages: float | None, variant: Variant) -> HyperPosterior:
    """What the sites have in common, by what each has enrolled, and when where that is used."""
    priors: dict[str, Quantiles] = {
        "rate": read(RATE, POSITIVE).ppf,
        "rate_cv": read(RATE_CV, POSITIVE).ppf,
        "decline": read(variant.decline, NUMBER).ppf,
    }
    if ages is not None:
        priors["decline"] = decline_given_dates(priors["decline"], patients, age, ages)
    return hyper_posterior(priors, patients, lambda decline: decaying(age, np.array(decline)), _NODES)


def _intensity(
    history: History,
    question: Question,
    variant: Variant,
    learnt: HyperPosterior,
    shown: tuple[FloatArray, FloatArray, IntArray],
    streams: TrialStreams,
) -> tuple[Intensity, float]:
    """The cumulative intensity of every draw, and the month in which the question is asked.

    Parameters
    ----------
    shown : patients, months open and place of each site that has opened, each [open site].
    """
    patients, age, opened = shown
    now = question.seen * history.period
    later = np.setdiff1d(np.arange(len(history.opening)), opened) if variant.are_openings_known else np.array([], int)
    opening = np.concatenate([now - age, (history.opening[later] + 0.5) * history.period])
    count, draws = len(opening), len(streams.draws)
    names = tuple(str(place) for place in (*opened, *later))
    plan = SitePlan(names, ("all",) * count, opening, (_NOTHING,) * count, (_ALL,) * count)
    rate, cv, decline = learnt.draw(streams.one("rate"), streams.one("rate_cv"), streams.one("decline"))
    none, nothing = np.zeros((draws, count)), np.zeros(draws)
    mean, spread = (np.broadcast_to(value[:, None], none.shape) for value in (rate, cv))
    numbers = SiteNumbers(mean, spread, none, none, nothing, decline, nothing, nothing)
    seen = Seen(np.full(draws, now), int(patients.sum()), patients, age)
    sites = realise(plan, _CALENDAR, numbers, seen, streams)
    weight = sites.weight * _later_factor(variant.later_cv, streams)[:, None]
    horizon = now + MONTHS
    return intensity(sites.opening, weight, course(_CALENDAR, numbers, horizon), horizon), now


def _later_factor(cv: float, streams: TrialStreams) -> FloatArray:
    """The gamma factor of what comes, [draw]; 1 without spread."""
    if cv == 0.0:
        return np.ones(len(streams.draws))
    return gamma_quantile(streams.one("later"), cv**-2) * cv**2
