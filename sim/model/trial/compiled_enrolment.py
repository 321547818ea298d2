"""The enrolment of `sim.model.trial.enrolment` by compiled code: the same numbers, the same law, many times faster.

Draws go through in blocks that stay in the processor's cache, with a row for each site or patient, so that a row is
the draws of one stream. What compiled code does not know (patients seen by a date, caps) is left to NumPy.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from sim.draws.compiled_streams import Keys, fill, keys_of
from sim.draws.streams import FloatArray
from sim.model.trial import enrolment
from sim.model.trial.caps import is_capped
from sim.model.trial.compiled_gamma import quantiles
from sim.model.trial.compiled_times import at_full_speed, every_at_full_speed, in_order, levels, network
from sim.model.trial.enrolment import Enrolled, expected_by_site
from sim.model.trial.plan import Calendar, Law, Seen, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.profile import Course, course
from sim.model.trial.sites import Sites, certain

_BLOCK = 1_200
"""Draws of a block: some arrays of them and fifty sites fit the second cache; a multiple of 4, and no power of 2."""

_KEYS = 64
"""Names whose streams' keys are remembered from one portion of a run's draws to the next."""

_FEW = 8
"""Patients up to which it is quicker to look for each by itself than to put the sites in order."""


class _Realised(NamedTuple):
    """The sites of a block of draws, as `Sites`, but [site, draw]; one row or column stands for all that are alike.

    The rate is a gamma distributed number of rate 1 and what it is multiplied by.
    """

    opening: FloatArray
    number: FloatArray
    scale: FloatArray
    kept: FloatArray
    shared: FloatArray


def enrol(
    plan: SitePlan,
    calendar: Calendar,
    numbers: SiteNumbers,
    target: int,
    seen: Seen | None,
    streams: TrialStreams,
    horizon: float,
) -> Enrolled:
    """See `sim.model.trial.enrolment.enrol`."""
    if seen is not None or is_capped(plan):
        return enrolment.enrol(plan, calendar, numbers, target, seen, streams, horizon)
    path = course(calendar, numbers, horizon)
    times = np.empty((len(streams.draws), target))
    arrivals = _Arrivals(len(plan.names), range(1, target + 1), path, horizon, streams)
    for some, sites in _blocks(plan, numbers, streams):
        arrivals.find(some, sites, times[some])
    date = np.full(len(times), -np.inf)
    return Enrolled(
        times,
        realised=partial(_sites, plan, numbers, streams),
        placed=lambda sites: expected_by_site(sites, path, date, times[:, -1], target, horizon),
    )


def _sites(plan: SitePlan, numbers: SiteNumbers, streams: TrialStreams) -> Sites:
    """The sites of all draws."""
    shape = len(plan.names), len(streams.draws)
    opening, rate, kept, shared = np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape[1])
    for some, sites in _blocks(plan, numbers, streams):
        opening[:, some], kept[:, some], shared[some] = sites.opening, sites.kept, sites.shared
        rate[:, some] = sites.number * sites.scale
    return Sites(opening.T, rate.T, kept.T, shared, np.zeros(shape[::-1]))


def milestones(
    plan: SitePlan,
    calendar: Calendar,
    numbers: SiteNumbers,
    places: Sequence[int],
    seen: Seen | None,
    streams: TrialStreams,
    horizon: float,
) -> FloatArray:
    """See `sim.model.trial.enrolment.milestones`."""
    if seen is not None or is_capped(plan):
        return enrolment.milestones(plan, calendar, numbers, places, seen, streams, horizon)
    times = np.empty((len(streams.draws), len(places)))
    arrivals = _Arrivals(len(plan.names), places, course(calendar, numbers, horizon), horizon, streams)
    for some, sites in _blocks(plan, numbers, streams):
        arrivals.find(some, sites, times[some])
    return times


class _Arrivals:
    """When some patients come.

    Parameters
    ----------
    number : of the sites.
    places : of the patients, counted from 1, rising.
    path : the course of the sites, whose rows are the draws.
    horizon : months.
    streams : for the same draws.
    """

    def __init__(self, number: int, places: Sequence[int], path: Course, horizon: float, streams: TrialStreams) -> None:
        self._places, self._last = np.array(places, np.int64), np.array(places[-1:], np.int64)
        self._path, self._horizon = path, horizon
        self._key = keys_of([streams.stream("accrual")])[0]
        self._first_draw = streams.draws.start
        self._room = np.empty(number * _BLOCK)  # once, as memory that is new to a process is slow
        self._is_even = bool(not path.ramp.any() and not path.decline.any() and (path.factors == 1.0).all())

    def find(self, some: slice, sites: _Realised, out: FloatArray) -> None:
        """Of a block of draws: months, [draw, place]."""
        level, factor = np.empty((len(self._places), some.stop - some.start)), sites.scale * (sites.shared * sites.kept)
        if len(level) > 1:
            levels(self._key, self._first_draw + some.start, self._places[:-1], level[:-1])
        # the last patient to the same last bit whoever else is wanted
        levels(self._key, self._first_draw + some.start, self._last, level[-1:])
        weight = sites.number
        if len(factor) == 1 and weight.flags.c_contiguous:  # sites that are alike: as well the levels are so much lower
            with np.errstate(divide="ignore"):  # where nobody enrols no level is ever reached
                level /= factor
        else:
            weight = self._room[: sites.opening.size].reshape(sites.opening.shape)
            np.multiply(sites.number, factor, out=weight)
        few = level if len(level) <= _FEW else level[-1:]
        if not self._is_even:
            path = self._path.rows(some)
            changes = path.ramp, path.decline, path.breaks, path.factors
            in_order(network(len(weight)), sites.opening, weight, level, *changes, self._horizon, out)
            return
        if few is not level:
            every_at_full_speed(network(len(weight)), sites.opening, weight, level, self._horizon, out)
        at_full_speed(sites.opening, weight, few, self._horizon, few)
        out[:, -len(few) :] = few.T


def _blocks(plan: SitePlan, numbers: SiteNumbers, streams: TrialStreams) -> Iterator[tuple[slice, _Realised]]:
    """The sites, block after block of draws; see `sim.model.trial.sites.realise`."""
    delay = _OfSites(plan.delay, "site_opening", plan.names, streams)
    passing = _OfSites(plan.screening_pass, "site_screening_pass", plan.names, streams)
    rate, common = _keys(streams.seed, "site_rate", plan.names), keys_of([streams.stream("shared")])
    is_shared = numbers.shared_cv.any()
    for start in range(0, len(streams.draws), _BLOCK):
        some = slice(start, min(start + _BLOCK, len(streams.draws)))
        draws, own = streams.draws[some], _rows(numbers, some)
        opening = delay.of(draws)
        if plan.planned.any() or opening.shape[1] != len(draws):
            opening = np.broadcast_to(plan.planned[:, None] + opening, (len(plan.names), len(draws)))
        if own.never_opens.any():
            never = _keys(streams.seed, "site_never_opens", plan.names)
            opening = np.where(_uniform(never, draws) < own.never_opens, np.inf, opening)
        kept = passing.of(draws) * (1.0 - own.dropout)
        shared = np.ones(len(draws))
        if is_shared:
            alike, to_mean = _gamma(common, draws, np.ones((1, 1)), own.shared_cv[None, :])
            shared = (alike * to_mean)[0]
        shared *= own.pace
        yield some, _Realised(opening, *_gamma(rate, draws, own.rate, own.rate_cv), kept, shared)


def _rows(numbers: SiteNumbers, some: slice) -> SiteNumbers:
    """The numbers of some draws, those of sites as [site, draw], or one row where the sites are alike."""
    rate, cv, never, dropout = (
        (array[some] if array.strides[1] else array[some, :1]).T
        for array in (numbers.rate, numbers.rate_cv, numbers.never_opens, numbers.dropout)
    )
    ramp, decline, common = numbers.ramp[some], numbers.decline[some], numbers.shared_cv[some]
    pace = numbers.pace if isinstance(numbers.pace, float) else numbers.pace[some]
    return SiteNumbers(rate, cv, never, dropout, ramp, decline, common, numbers.diverted[some], pace)


@lru_cache(_KEYS)
def _keys(seed: int, name: str, labels: tuple[str, ...]) -> Keys:
    """The keys of the sites' streams, which are the same for all draws: [site, 2]."""
    return keys_of([TrialStreams(seed, range(0)).stream(f"{name}[{label}]") for label in labels])


def _uniform(keys: Keys, draws: range) -> FloatArray:
    """Uniform numbers of some streams: [stream, draw]."""
    out = np.empty((len(keys), len(draws)))
    fill(keys, np.zeros(len(keys), np.int64), draws.start, out)
    return out


def _gamma(keys: Keys, draws: range, mean: FloatArray, cv: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gamma distributed numbers of some streams: of rate 1, and the factors to their mean; [stream, draw] each."""
    if not cv.any():
        return np.broadcast_to(1.0, (len(keys), len(draws))), mean
    varies = cv > 0
    shape = np.where(varies, cv, 1.0) ** -2.0
    found = quantiles(_uniform(keys, draws), shape)
    if varies.all():
        return found, mean / shape
    return np.where(varies, found, 1.0), np.where(varies, mean / shape, mean)


class _OfSites:
    """Each site's value by its law.

    Parameters
    ----------
    laws : of the sites.
    name, labels : of the streams.
    streams : of the trial.
    """

    def __init__(self, laws: Sequence[Law], name: str, labels: tuple[str, ...], streams: TrialStreams) -> None:
        self._sites: dict[Law, list[int]] = {}
        if all(law is laws[0] for law in laws):  # mostly, and laws take long to hash
            self._sites[laws[0]] = list(range(len(laws)))
        else:
            for site, law in enumerate(laws):
                self._sites.setdefault(law, []).append(site)
        self._certain = {law: certain(law) for law in self._sites}
        self._is_varied = any(value is None for value in self._certain.values())
        self._streams = streams.seed, name, labels

    def of(self, draws: range) -> FloatArray:
        """[site, draw], or a column where all are certain, or a single number where they are alike as well."""
        if len(self._sites) == 1:
            (law, value), *_ = self._certain.items()
            return self._drawn(law, draws) if value is None else np.full((1, 1), value)
        found = np.empty((sum(map(len, self._sites.values())), len(draws) if self._is_varied else 1))
        for law, sites in self._sites.items():
            value = self._certain[law]
            found[sites] = self._drawn(law, draws) if value is None else value
        return found

    def _drawn(self, law: Law, draws: range) -> FloatArray:
        """Of sites that share a law: [site, draw]."""
        uniform = _uniform(_keys(*self._streams)[self._sites[law]], draws)
        return law.ppf(uniform.ravel()).reshape(uniform.shape)
