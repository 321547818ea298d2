"""The sites of a trial in every draw: when each opens, how fast it screens, how many of the screened count.

Rates are gamma distributed between sites (Anisimov & Fedorov 2007) and drawn once a trial: a site that is slow stays
slow. What has been enrolled by a date changes what is known of them.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.trial.interim import expected_counts, gamma_rates, shared_given
from sim.model.trial.places import Places
from sim.model.trial.plan import Calendar, Law, Seen, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.posterior import site_rates_given
from sim.model.trial.profile import Course, course

_LEAST_CV = 1e-4
"""Coefficient of variation between sites that a total is dealt with where there is none: the same to the eye."""

_LEAST_RATE = 1e-12
"""Patients per month of a site that enrols none, where its rate is divided by."""

_ENDS = np.array([2.0**-53, 1.0 - 2.0**-53])
"""The smallest and the largest number of a stream."""


@final
@dataclass(frozen=True)
class Sites:
    """What every site is like in every draw.

    Attributes
    ----------
    opening : months since the trial's start, [draw, site]; infinite where it never opens.
    rate : patients it screens per month at full speed, [draw, site].
    kept : share of these who pass screening and are not lost, [draw, site].
    shared : factor common to all sites, their pace from now on included, [draw].
    enrolled : patients that count by the date up to which the trial has been seen, [draw, site].
    """

    opening: FloatArray
    rate: FloatArray
    kept: FloatArray
    shared: FloatArray
    enrolled: FloatArray

    @property
    def weight(self) -> FloatArray:
        """Patients that count, per month at full speed, [draw, site]."""
        return self.shared[:, None] * self.rate * self.kept

    def rows(self, which: slice) -> "Sites":
        """Some neighbouring draws."""
        parts = (self.opening, self.rate, self.kept, self.shared, self.enrolled)
        return Sites(*(part[which] for part in parts))


def realise(
    plan: SitePlan, calendar: Calendar, numbers: SiteNumbers, seen: Seen | None, streams: TrialStreams
) -> Sites:
    """Draw the sites.

    Parameters
    ----------
    plan : of the sites.
    calendar : what calendar time does to every site alike.
    numbers : of every draw.
    seen : what has been enrolled by a date; None is nothing yet.
    streams : the random numbers, for the same draws.

    Raises
    ------
    InputError : when patients have been enrolled before any site was open.
    """
    opening = _openings(plan, numbers, streams)
    passing = _by_site(plan.screening_pass, "site_screening_pass", plan.names, streams)
    kept = passing * (1.0 - numbers.dropout)
    unseen = np.zeros(opening.shape)
    if seen is None:
        uniform, cv = _uniform(numbers.rate_cv, "site_rate", plan.names, streams), numbers.shared_cv
        shared = gamma_rates(_one(cv, "shared", streams), np.ones(cv.shape), cv, 0.0, 0.0)
        rate = gamma_rates(uniform, numbers.rate, numbers.rate_cv, 0.0, 0.0)
        return Sites(opening, rate, kept, shared * numbers.pace, unseen)
    opening = _opened(plan, numbers, opening, seen)
    exposure = kept * _until(calendar, numbers, seen).exposure(opening, seen.date)
    shared = np.ones(len(opening))
    if numbers.shared_cv.any():
        expected = numbers.rate * exposure
        shared = shared_given(streams.one("shared"), numbers.shared_cv, expected, numbers.rate_cv, seen)
    rate, enrolled = _rates_given(plan, numbers, shared[:, None] * exposure, seen, streams)
    return Sites(opening, rate, kept, shared * numbers.pace, enrolled)


def expected_sites(plan: SitePlan, calendar: Calendar, numbers: SiteNumbers, seen: Seen | None) -> Sites:
    """The sites without chance: everything at its mean; a site that may never open enrols by that much less."""
    shape = numbers.rate.shape
    opening = np.broadcast_to(plan.planned + np.array([law.mean for law in plan.delay]), shape)
    kept = np.array([law.mean for law in plan.screening_pass]) * (1.0 - numbers.dropout)
    opens, shared = 1.0 - numbers.never_opens, np.full(shape[0], numbers.pace)
    if seen is None:
        return Sites(opening, numbers.rate, kept * opens, shared, np.zeros(shape))
    opening = _opened(plan, numbers, opening, seen)
    if seen.by_site is not None:
        opens = np.where(np.arange(shape[1]) < len(seen.by_site), 1.0, opens)
    kept = kept * opens
    expected = numbers.rate * kept * _until(calendar, numbers, seen).exposure(opening, seen.date)
    enrolled = _counted(seen, shape)
    if seen.by_site is None:
        enrolled = Places.of(plan).fill(expected_counts(seen.enrolled, expected, numbers.rate_cv))
    squared = numbers.rate_cv**2
    return Sites(
        opening, numbers.rate * (1.0 + squared * enrolled) / (1.0 + squared * expected), kept, shared, enrolled
    )


def _openings(plan: SitePlan, numbers: SiteNumbers, streams: TrialStreams) -> FloatArray:
    """When each site opens: months, [draw, site]; infinite never."""
    opening = plan.planned + _by_site(plan.delay, "site_opening", plan.names, streams)
    if not numbers.never_opens.any():
        return opening
    return np.where(streams.each("site_never_opens", plan.names) < numbers.never_opens, np.inf, opening)


def _opened(plan: SitePlan, numbers: SiteNumbers, opening: FloatArray, seen: Seen) -> FloatArray:
    """Openings once it is known when the first sites did: the others open on that date or later.

    Where only a total is known and the sites of a draw that would have been open have no room for it, the first others
    opened halfway: patients show that they were.
    """
    _check_caps(plan, seen)
    date = seen.date[:, None]
    if seen.by_site is None or seen.exposure is None:
        return np.where(_must_be_open(plan, numbers, opening, seen) & (opening >= date) & (date > 0), date / 2, opening)
    known = date - seen.exposure
    later = np.maximum(opening[:, known.shape[1] :], date)
    return np.concatenate([known, later], axis=1)


def _must_be_open(plan: SitePlan, numbers: SiteNumbers, opening: FloatArray, seen: Seen) -> NDArray[np.bool_]:
    """The first sites of each draw that have room for the patients seen, of those that may be open: [draw, site].

    Raises
    ------
    InputError : where in some draw no sites may have been open that have the room, by the laws of their openings.
    """
    places = Places.of(plan)
    earliest = plan.planned + np.array([law.ppf(_ENDS[:1])[0] for law in plan.delay])
    possible = (np.minimum(earliest, opening) < seen.date[:, None]) & (numbers.never_opens < 1.0)
    room = places.room(possible)
    if seen.enrolled and (room == 0).any():
        raise InputError(
            f"trial.interim.enrolled: {seen.enrolled} patients by a date at which no site may have been open yet:"
            " must be 0, or the date later"
        )
    if seen.enrolled > room.min(initial=np.inf):
        raise InputError(
            f"trial.interim.enrolled: {seen.enrolled} is above the {room.min():.0f} that the caps allow of sites that"
            " may be open by then"
        )
    order = np.argsort(np.where(possible, opening, np.nan), axis=1, kind="stable")  # those that may not come last
    needed, first = np.zeros(opening.shape, dtype=np.bool_), np.zeros(opening.shape, dtype=np.bool_)
    for site in order.T:
        short = places.room(first) < seen.enrolled
        if not short.any():
            break
        np.put_along_axis(first, site[:, None], True, axis=1)
        np.put_along_axis(needed, site[:, None], short[:, None], axis=1)
    return needed


def _check_caps(plan: SitePlan, seen: Seen) -> None:
    """Refuse more patients than the caps allow."""
    room = float(Places.of(plan).room(np.ones(len(plan.names), dtype=np.bool_)))
    if seen.enrolled > room:
        raise InputError(f"trial.interim.enrolled: {seen.enrolled} is above the {room:.0f} that the caps allow")
    counts = np.zeros(0) if seen.by_site is None else seen.by_site
    for country, cap in (plan.country_caps or {}).items():
        own = sum(count for count, name in zip(counts, plan.countries, strict=False) if name == country)
        if own > cap:
            raise InputError(f"trial.interim.sites: {own:.0f} patients in {country} are above its cap of {cap}")
    if plan.cap is not None and counts.max(initial=0.0) > plan.cap:
        raise InputError(f"trial.interim.sites: {counts.max():.0f} patients at a site are above the cap of {plan.cap}")


def _until(calendar: Calendar, numbers: SiteNumbers, seen: Seen) -> Course:
    """The course of the sites up to the date."""
    return course(calendar, numbers, float(seen.date.max(initial=0.0)))


def _counted(seen: Seen, shape: tuple[int, ...]) -> FloatArray:
    """Patients of each site where they are known, else 0: [draw, site]."""
    counts = np.zeros(shape)
    if seen.by_site is not None:
        counts[:, : len(seen.by_site)] = seen.by_site
    return counts


def _rates_given(
    plan: SitePlan, numbers: SiteNumbers, exposure: FloatArray, seen: Seen, streams: TrialStreams
) -> tuple[FloatArray, FloatArray]:
    """Rates of the sites, patients per month, and patients of each by the date: each [draw, site].

    Parameters
    ----------
    exposure : patients that a site would have enrolled by the date at a rate of 1, expected, [draw, site].
    """
    varies = numbers.rate_cv > 0
    enrolled = _counted(seen, exposure.shape)
    if seen.by_site is not None:
        uniform = _uniform(numbers.rate_cv, "site_rate", plan.names, streams)
        return gamma_rates(uniform, numbers.rate, numbers.rate_cv, enrolled, exposure), enrolled
    if not varies.any() and plan.cap is None and not plan.country_caps:
        return numbers.rate, expected_counts(seen.enrolled, numbers.rate * exposure, numbers.rate_cv)
    shape = np.maximum(numbers.rate_cv, _LEAST_CV) ** -2.0
    prior = shape / np.maximum(numbers.rate, _LEAST_RATE)
    rates, counts = site_rates_given(shape, prior, exposure, seen.enrolled, streams, plan.names, Places.of(plan))
    return np.where(varies, rates, numbers.rate), counts.astype(np.float64)


def _uniform(needed: FloatArray, name: str, labels: tuple[str, ...], streams: TrialStreams) -> FloatArray:
    """Uniform numbers of the sites, [draw, site]; any where none are needed."""
    return streams.each(name, labels) if needed.any() else np.full(needed.shape, 0.5)


def _one(needed: FloatArray, name: str, streams: TrialStreams) -> FloatArray:
    """Uniform numbers of the draws, [draw]; any where none are needed."""
    return streams.one(name) if needed.any() else np.full(needed.shape, 0.5)


def _by_site(laws: tuple[Law, ...], name: str, labels: tuple[str, ...], streams: TrialStreams) -> FloatArray:
    """Each site's value by its law, [draw, site]; a certain one needs no random number."""
    columns: list[NDArray[np.float64]] = []
    for law, label in zip(laws, labels, strict=True):
        value = certain(law)
        known = None if value is None else np.full(len(streams.draws), value)
        columns.append(law.ppf(streams.one(f"{name}[{label}]")) if known is None else known)
    return np.stack(columns, axis=-1) if columns else np.empty((len(streams.draws), 0))


def certain(law: Law) -> float | None:
    """The only value that a law has; None where there are several."""
    low, high = law.ppf(_ENDS)
    return float(low) if low == high else None
