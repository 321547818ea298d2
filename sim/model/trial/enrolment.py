"""When the patients of a trial are enrolled, by the exact law: no step of time and no list of events.

Given its sites a trial enrols as a Poisson process whose intensity changes over time; in operational time that is a
unit process, and patient j comes when j unit exponentials have passed (Anisimov & Fedorov 2007 for the rates). The
exponentials have numbers of their own: so, draw by draw, a faster site or one site more is never slower, and a larger
target is never sooner.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.trial.caps import capped_arrivals, closings, is_capped
from sim.model.trial.intensity import Intensity, intensity
from sim.model.trial.plan import Calendar, Seen, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.profile import Course, course
from sim.model.trial.sites import Sites, expected_sites, realise

_ROUNDING = 1e-9
"""By how much less than a whole patient will do where the last place of full sites is wanted."""


@final
@dataclass(frozen=True)
class Enrolled:
    """The enrolment of every draw.

    Attributes
    ----------
    times : of the patients in order, months since the trial's start, [draw, patient]; infinite where one never comes.
    sites : what the sites were like.
    by_site : patients expected of each site when the last comes, or by the horizon, given its rate, [draw, site];
        under caps the whole patients it enrolled.
    """

    times: FloatArray
    sites: Sites
    by_site: FloatArray


def enrol(
    plan: SitePlan,
    calendar: Calendar,
    numbers: SiteNumbers,
    target: int,
    seen: Seen | None,
    streams: TrialStreams,
    horizon: float,
) -> Enrolled:
    """Enrol patients up to a target.

    Parameters
    ----------
    plan : of the sites.
    calendar : what calendar time does to every site alike.
    numbers : of every draw.
    target : patients, from 1.
    seen : what has been enrolled by a date, which lies before the horizon; None is nothing yet.
    streams : the random numbers, for the same draws.
    horizon : months; whoever would come later never does.

    Raises
    ------
    InputError : when patients have been enrolled before any site was open.
    """
    sites = realise(plan, calendar, numbers, seen, streams)
    path = course(calendar, numbers, horizon)
    law = intensity(sites.opening, sites.weight, path, horizon)
    before = _before(law, seen, streams)[:, :target] if seen else np.empty((len(sites.shared), 0))
    left = target - before.shape[1]
    date = seen.date if seen else np.full(len(sites.shared), -np.inf)
    if is_capped(plan):
        after, counts = capped_arrivals(plan, sites, path, date, left, streams, horizon)
        return Enrolled(np.concatenate([before, after], axis=1), sites, sites.enrolled + counts)
    gaps = -np.log(streams.numbered("accrual", target)[:, target - left :])
    after = law.invert(law.cumulative(date[:, None]) + np.cumsum(gaps, axis=1))
    times = np.concatenate([before, after], axis=1)
    return Enrolled(times, sites, _by_site(sites, path, date, times[:, -1], left, horizon))


def expected_times(
    plan: SitePlan, calendar: Calendar, numbers: SiteNumbers, target: int, seen: Seen | None, horizon: float
) -> FloatArray:
    """When patients are enrolled without chance: everything at its mean, and as many patients as are expected.

    Parameters
    ----------
    plan, calendar, numbers, target, seen, horizon : as for `enrol`.

    Returns
    -------
    Months, [draw, patient]; infinite where one is not expected by the horizon.
    """
    sites = expected_sites(plan, calendar, numbers, seen)
    path = course(calendar, numbers, horizon)
    date = seen.date if seen else np.zeros(len(sites.shared))
    closing = closings(plan, sites, path, date, horizon) if is_capped(plan) else None
    law = intensity(sites.opening, sites.weight, path, horizon, closing)
    place = np.broadcast_to(np.arange(1.0, target + 1), (len(date), target))
    if seen is None:
        return law.invert(place - _ROUNDING)
    enrolled, now = min(seen.enrolled, target), law.cumulative(date[:, None])
    before = law.invert(now * place[:, :enrolled] / (seen.enrolled + 1))
    return np.concatenate([before, law.invert(now + place[:, enrolled:] - enrolled - _ROUNDING)], axis=1)


def _before(law: Intensity, seen: Seen, streams: TrialStreams) -> FloatArray:
    """When those came who were enrolled by the date: months, [draw, patient].

    Given how many they are, a Poisson process has them anywhere in operational time: uniform numbers in order, which
    are sums of exponentials over one more of them.
    """
    gaps = -np.log(streams.numbered("accrual", seen.enrolled))
    passed = np.cumsum(gaps, axis=1)
    whole = gaps.sum(axis=1) - np.log(streams.one("accrual_before"))
    return np.minimum(law.invert(law.cumulative(seen.date[:, None]) * passed / whole[:, None]), seen.date[:, None])


def _by_site(sites: Sites, path: Course, date: FloatArray, last: FloatArray, left: int, horizon: float) -> FloatArray:
    """Patients expected of each site by the last one's time, or by the horizon where that never comes: [draw, site].

    Parameters
    ----------
    sites, path : of the trial.
    date : up to which patients of the sites are known, months, [draw].
    last : when the last patient comes, months, [draw].
    left : patients after the date.
    horizon : months.
    """
    until = np.where(np.isfinite(last), last, horizon)
    expected = sites.weight * (path.exposure(sites.opening, until) - path.exposure(sites.opening, date))
    total = expected.sum(axis=1, keepdims=True)
    share = expected * np.where(np.isfinite(last)[:, None], left / np.where(total > 0, total, 1.0), 1.0)
    return sites.enrolled + share
