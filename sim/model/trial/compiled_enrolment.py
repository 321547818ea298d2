"""The enrolment of `sim.model.trial.enrolment` by compiled code: the same numbers, the same law, many times faster.

Draws go through in blocks that stay in the processor's cache, with a row for each site or patient, so that a row is
the draws of one stream. What compiled code does not know (patients seen by a date, caps) is left to NumPy.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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

_BLOCK = 1_152
"""Draws of a block: some arrays of them and fifty sites fit the second cache; a multiple of 64, which streams are
quickest at, and no power of 2."""

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
    for some, sites in _Realising(plan, numbers, streams).blocks():
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
    for some, sites in _Realising(plan, numbers, streams).blocks():
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
    for some, sites in _Realising(plan, numbers, streams).blocks():
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
        self._places, self._path, self._horizon = np.array(places, np.int64), path, horizon
        self._key = keys_of([streams.stream("accrual")])[0]
        self._first_draw = streams.draws.start
        self._room = np.empty(number * _BLOCK)  # once, as memory that is new to a process is slow
        self._is_even = bool(not path.ramp.any() and not path.decline.any() and (path.factors == 1.0).all())

    def find(self, some: slice, sites: _Realised, out: FloatArray) -> None:
        """Of a block of draws: months, [draw, place]."""
        level, factor = np.empty((len(self._places), some.stop - some.start)), sites.scale * (sites.shared * sites.kept)
        levels(self._key, self._first_draw + some.start, self._places, level)
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


class _Realising:
    """The sites of some draws, block after block; see `sim.model.trial.sites.realise`.

    Parameters
    ----------
    plan : of the sites.
    numbers : of every draw.
    streams : for the same draws.
    """

    def __init__(self, plan: SitePlan, numbers: SiteNumbers, streams: TrialStreams) -> None:
        rate, cv, self._never, dropout = map(
            _rows, (numbers.rate, numbers.rate_cv, numbers.never_opens, numbers.dropout)
        )
        self._sites, self._draws = len(plan.names), streams.draws
        self._delay = _OfSites(plan.delay, "site_opening", plan.names, streams)
        self._passing = _OfSites(plan.screening_pass, "site_screening_pass", plan.names, streams)
        self._planned = plan.planned[:, None] if plan.planned.any() else None
        self._never_keys = _keys(streams.seed, "site_never_opens", plan.names) if self._never.any() else None
        self._stays = 1.0 - dropout
        self._rate = _Gamma(_keys(streams.seed, "site_rate", plan.names), rate, cv)
        common = _Gamma(keys_of([streams.stream("shared")]), np.ones((1, 1)), numbers.shared_cv[None, :])
        alike, to_mean = common.of(streams.draws, slice(None))
        self._shared = (alike * to_mean)[0] * numbers.pace

    def blocks(self) -> Iterator[tuple[slice, _Realised]]:
        """The blocks in order."""
        for start in range(0, len(self._draws), _BLOCK):
            some = slice(start, min(start + _BLOCK, len(self._draws)))
            draws = self._draws[some]
            kept = self._passing.of(draws) * _some(self._stays, some)
            yield some, _Realised(self._opening(draws, some), *self._rate.of(draws, some), kept, self._shared[some])

    def _opening(self, draws: range, some: slice) -> FloatArray:
        opening = self._delay.of(draws)
        if self._planned is not None:
            opening = self._planned + opening
        if opening.shape != (self._sites, len(draws)):
            opening = np.broadcast_to(opening, (self._sites, len(draws)))
        if self._never_keys is None:
            return opening
        return np.where(_uniform(self._never_keys, draws) < _some(self._never, some), np.inf, opening)


def _rows(numbers: FloatArray) -> FloatArray:
    """Numbers of sites, [draw, site], as [site, draw], or one row where the sites are alike."""
    return (numbers if numbers.strides[1] else numbers[:, :1]).T


def _some(numbers: NDArray[Any], some: slice) -> NDArray[Any]:
    """Those of some draws, [row, draw], or the column that is for all of them."""
    return numbers if numbers.shape[1] == 1 else numbers[:, some]


@lru_cache(_KEYS)
def _keys(seed: int, name: str, labels: tuple[str, ...]) -> Keys:
    """The keys of the sites' streams, which are the same for all draws: [site, 2]."""
    return keys_of([TrialStreams(seed, range(0)).stream(f"{name}[{label}]") for label in labels])


def _uniform(keys: Keys, draws: range) -> FloatArray:
    """Uniform numbers of some streams: [stream, draw]."""
    out = np.empty((len(keys), len(draws)))
    fill(keys, np.zeros(len(keys), np.int64), draws.start, out)
    return out


class _Gamma:
    """Gamma distributed numbers of some streams.

    Parameters
    ----------
    keys : of the streams.
    mean, cv : [stream, draw], or one row or column for all.
    """

    def __init__(self, keys: Keys, mean: FloatArray, cv: FloatArray) -> None:
        alike = cv[:1, :1]
        # mostly alike; looked at for all draws, so that no block of one draw is taken for such
        own = alike if (cv == alike).all() else cv
        self._keys, self._varies = keys, own > 0
        self._shape = np.where(self._varies, own, 1.0) ** -2.0
        self._to_mean = mean / np.where(self._varies, self._shape, 1.0)
        self._is_certain, self._is_mixed = not self._varies.any(), not self._varies.all()

    def of(self, draws: range, some: slice) -> tuple[FloatArray, FloatArray]:
        """Of a block of draws: numbers of rate 1, and the factors to their mean, [stream, draw] each."""
        to_mean = _some(self._to_mean, some)
        if self._is_certain:
            return np.broadcast_to(1.0, (len(self._keys), len(draws))), to_mean
        shape = self._shape.item() if self._shape.size == 1 else _some(self._shape, some)
        found = quantiles(_uniform(self._keys, draws), shape)
        return np.where(_some(self._varies, some), found, 1.0) if self._is_mixed else found, to_mean


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
