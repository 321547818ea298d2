"""When the patients of a trial are enrolled, by the exact law: no step of time and no list of events.

Given its sites a trial enrols as a Poisson process whose intensity changes over time; in operational time that is a
unit process, and patient j comes when j unit exponentials have passed (Anisimov & Fedorov 2007 for the rates). The
exponentials have numbers of their own: so, draw by draw, a faster site or one site more is never slower, and a larger
target is never sooner.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, final

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
    realised, placed : give `sites`, and `by_site` of these; few draws are ever asked for them.
    """

    times: FloatArray
    realised: Callable[[], Sites]
    placed: Callable[[Sites], FloatArray]

    @cached_property
    def sites(self) -> Sites:
        """What the sites were like."""
        return self.realised()

    @cached_property
    def by_site(self) -> FloatArray:
        """Patients expected of each site when the last comes, or by the horizon, given its rate, [draw, site].

        Under caps the whole patients it enrolled.
        """
        return self.placed(self.sites)


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
        times = np.concatenate([before, after], axis=1)
        return Enrolled(times, realised=lambda: sites, placed=lambda sites: sites.enrolled + counts)
    gaps = -np.log(streams.numbered("accrual", target)[:, target - left :])
    after = law.invert(law.cumulative(date[:, None]) + np.cumsum(gaps, axis=1))
    times = np.concatenate([before, after], axis=1)
    return Enrolled(
        times,
        realised=lambda: sites,
        placed=lambda sites: expected_by_site(sites, path, date, times[:, -1], left, horizon),
    )


def milestones(
    plan: SitePlan,
    calendar: Calendar,
    numbers: SiteNumbers,
    places: Sequence[int],
    seen: Seen | None,
    streams: TrialStreams,
    horizon: float,
) -> FloatArray:
    """When some of the patients come, as `enrol` has them: months, [draw, place].

    Parameters
    ----------
    places : of the patients wanted, counted from 1, rising; the last is the target.
    plan, calendar, numbers, seen, streams, horizon : as for `enrol`.
    """
    wanted = np.array(places) - 1
    if seen is not None or is_capped(plan):
        return enrol(plan, calendar, numbers, places[-1], seen, streams, horizon).times[:, wanted]
    sites = realise(plan, calendar, numbers, None, streams)
    law = intensity(sites.opening, sites.weight, course(calendar, numbers, horizon), horizon)
    gaps = -np.log(streams.numbered("accrual", places[-1]))
    return law.invert(np.cumsum(gaps, axis=1)[:, wanted])


class EnrolmentLaw(NamedTuple):
    """What works the enrolment out: NumPy, or compiled code.

    Attributes
    ----------
    enrol, milestones : as the functions of this module.
    """

    enrol: Callable[[SitePlan, Calendar, SiteNumbers, int, Seen | None, TrialStreams, float], Enrolled]
    milestones: Callable[[SitePlan, Calendar, SiteNumbers, Sequence[int], Seen | None, TrialStreams, float], FloatArray]


PLAIN = EnrolmentLaw(enrol, milestones)


def compiled() -> EnrolmentLaw:
    """The same by compiled code, which takes some tenths of a second to load."""
    from sim.model.trial import compiled_enrolment

    return EnrolmentLaw(compiled_enrolment.enrol, compiled_enrolment.milestones)


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


def expected_by_site(
    sites: Sites, path: Course, date: FloatArray, last: FloatArray, left: int, horizon: float
) -> FloatArray:
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
