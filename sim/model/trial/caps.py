"""Sites and countries that may enrol so many patients and no more.

Under caps the trial as a whole is no Poisson process, though every site is one until it is full: so each site's
patients are drawn by numbers of its own, the first of them up to its cap are kept, then the first of each country.
"""

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.trial.intensity import intensity
from sim.model.trial.plan import SitePlan, TrialStreams
from sim.model.trial.profile import Course
from sim.model.trial.sites import Sites

_AT_ONCE = 2_000_000
"""Numbers that a step of the work holds in memory together."""

_FEW = 8
"""Patients of a site that are tried first; twice as many while that is too few."""


def is_capped(plan: SitePlan) -> bool:
    """Whether any site or country has a cap."""
    return plan.cap is not None or bool(plan.country_caps)


def capped_arrivals(
    plan: SitePlan,
    sites: Sites,
    course: Course,
    date: FloatArray | None,
    count: int,
    streams: TrialStreams,
    horizon: float,
) -> tuple[FloatArray, FloatArray]:
    """The next patients of a trial with caps.

    Parameters
    ----------
    plan, sites, course : of the trial; patients already enrolled have taken their places.
    date : after which they arrive, months, [draw]; None is from the beginning.
    count : how many of them.
    streams : of the same draws.
    horizon : months; nothing arrives after it.

    Returns
    -------
    Their times in order, months, [draw, patient], infinite where they never come; and how many of them each site
    enrols, [draw, site].
    """
    draws, names = len(sites.shared), len(plan.names)
    if not draws or not count:
        return np.empty((draws, count)), np.zeros((draws, names))
    size = max(1, _AT_ONCE // (names * (_most(plan, count) + course.factors.shape[1])))
    blocks = [slice(start, start + size) for start in range(0, draws, size)]
    parts = [
        _block(
            plan,
            sites.rows(block),
            course.rows(block),
            None if date is None else date[block],
            count,
            TrialStreams(streams.seed, streams.draws[block]),
            horizon,
        )
        for block in blocks
    ]
    return np.concatenate([times for times, _ in parts]), np.concatenate([counts for _, counts in parts])


def _most(plan: SitePlan, count: int) -> int:
    """More patients than this no site can give."""
    return count if plan.cap is None else min(count, plan.cap)


def _block(
    plan: SitePlan,
    sites: Sites,
    course: Course,
    date: FloatArray | None,
    count: int,
    streams: TrialStreams,
    horizon: float,
) -> tuple[FloatArray, FloatArray]:
    """As `capped_arrivals`, for as many draws as fit together."""
    arrivals = _own_arrivals(plan, sites, course, date, _most(plan, count), streams, horizon)
    if plan.cap is not None:
        place = np.arange(arrivals.shape[2])
        arrivals = np.where(place < plan.cap - sites.enrolled[:, :, None], arrivals, np.inf)
    for country, cap in (plan.country_caps or {}).items():
        within = np.array([name == country for name in plan.countries])
        arrivals[:, within] = _first(arrivals[:, within], cap - sites.enrolled[:, within].sum(axis=1))
    draws = len(arrivals)
    flat = np.sort(arrivals.reshape(draws, -1), axis=1)[:, :count]
    times = np.concatenate([flat, np.full((draws, count - flat.shape[1]), np.inf)], axis=1)
    last = times[:, -1:, None]
    return times, ((arrivals <= last) & np.isfinite(arrivals)).sum(axis=2).astype(np.float64)


def _own_arrivals(
    plan: SitePlan,
    sites: Sites,
    course: Course,
    date: FloatArray | None,
    most: int,
    streams: TrialStreams,
    horizon: float,
) -> FloatArray:
    """Arrivals at each site as if it had no cap: months, [draw, site, patient]."""
    draws, names = sites.opening.shape
    law = intensity(sites.opening.reshape(-1, 1), sites.weight.reshape(-1, 1), course.repeated(names), horizon)
    gaps = np.stack([-np.log(streams.numbered(f"accrual[{name}]", most)) for name in plan.names], axis=1)
    level = np.cumsum(gaps, axis=2).reshape(-1, most)
    if date is not None:
        level += law.cumulative(np.repeat(date, names)[:, None])
    return law.invert(level).reshape(draws, names, most)


def _first(arrivals: FloatArray, places: FloatArray) -> FloatArray:
    """The first arrivals as far as there are places, the others infinite: [draw, site, patient]."""
    draws = len(arrivals)
    ordered = np.sort(arrivals.reshape(draws, -1), axis=1)
    padded = np.concatenate([np.full((draws, 1), -np.inf), ordered], axis=1)
    place = np.clip(places, 0, ordered.shape[1]).astype(np.int64)
    last = np.take_along_axis(padded, place[:, None], 1)
    return np.where(arrivals <= last[:, :, None], arrivals, np.inf)


def closings(plan: SitePlan, sites: Sites, course: Course, date: FloatArray, horizon: float) -> FloatArray:
    """When the sites are full without chance, each enrolling as many as is expected: months, [draw, site].

    Parameters
    ----------
    plan, sites, course : of the trial; patients already enrolled have taken their places.
    date : from which places are counted, months, [draw].
    horizon : months.
    """
    draws, names = sites.opening.shape
    closing = np.full((draws, names), np.inf)
    if plan.cap is not None:
        left = np.maximum(plan.cap - sites.enrolled, 0.0).reshape(-1, 1)
        law = intensity(sites.opening.reshape(-1, 1), sites.weight.reshape(-1, 1), course.repeated(names), horizon)
        level = law.cumulative(np.repeat(date, names)[:, None]) + left
        closing = np.where(left > 0, law.invert(level), np.repeat(date, names)[:, None]).reshape(draws, names)
    for country, cap in (plan.country_caps or {}).items():
        within = np.array([name == country for name in plan.countries])
        left = np.maximum(cap - sites.enrolled[:, within].sum(axis=1, keepdims=True), 0.0)
        law = intensity(sites.opening[:, within], sites.weight[:, within], course, horizon, closing[:, within])
        full = np.where(left > 0, law.invert(law.cumulative(date[:, None]) + left), date[:, None])
        closing[:, within] = np.minimum(closing[:, within], full)
    return closing
