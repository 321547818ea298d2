"""Site rates given how many patients all sites together have enrolled.

Rates are gamma distributed between sites (Anisimov & Fedorov 2007, Stat Med 26). Where only the total is known, the
sites' counts are drawn given the total, by the forward convolution of their negative binomial laws and a backward
pass through it (forward filtering, backward sampling: Carter & Kohn 1994, Biometrika 81); given its count, a site's
rate is gamma distributed again. A site at its cap has stopped somewhere before the date: its law ends with the
probability of the cap or more, and its exposure with its last patient. Nothing of that is approximated.

A country at its cap is taken for one site with the mean and variance of its sites, and these for sharing the cap and
ending together. That is exact where they are alike, have opened together and have no caps of their own. Else it is
close: with both kinds of caps mean counts are right, but the sites of a full country differ too much and their rates
are high, by 9 % where two sites of at most 3 share 4 places, by 5 % where they share 5.
"""

from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.trial.full import log_or_more, pooled, share_until
from sim.model.trial.gamma_quantile import gamma_quantile
from sim.model.trial.places import Places, filled
from sim.model.trial.plan import IntArray, TrialStreams

_NUMBERS_AT_ONCE = 1 << 20  # of one convolution's inputs: 8 MB
_HALVINGS = 40  # of an interval in which the tilt lies; the tilt serves the range of the numbers, not the answer
_CAPPED_HALVINGS = 18  # of the same where every step costs all laws
_LEAST_TILT, _MOST_TILT = -80.0, 30.0
_REACH = 80.0  # of the logarithm of a tilt under caps, either way

Laws = list[FloatArray]
"""Of the counts of several sites or countries, [count, draw] each, up to a factor; or their logarithms."""


def site_rates_given(
    shape: FloatArray,
    rate: FloatArray,
    exposure: FloatArray,
    enrolled: int,
    streams: TrialStreams,
    names: tuple[str, ...],
    places: Places | None = None,
) -> tuple[FloatArray, IntArray]:
    """Site rates from their law given the total enrolled, and the sites' counts that go with them.

    Parameters
    ----------
    shape, rate : of the gamma law of a site's rate before the data, [draw, site]; the rate in months.
    exposure : patients expected of a site per unit of its rate up to the date, [draw, site], months.
    enrolled : patients of all sites together.
    streams : random numbers; `site_count` deals the patients to the sites, `country_count` to countries with caps,
        `site_full` and `country_full` say how early they were full; `site_rate` is the stream of the prior.
    names : of the sites.
    places : caps; None is none.

    Returns
    -------
    Site rates, [draw, site], patients per month, and patients by site, [draw, site], which add up to the total. Without
    exposure a site's rate is the prior's, `gamma_quantile(u, shape) / rate`, bit for bit.

    Raises
    ------
    InputError
        Where patients are enrolled though in some draw no site can have enrolled any, or the sites not so many.
    """
    places = Places.without_caps(len(names)) if places is None else places
    if enrolled:
        _check_room(places.room(exposure > 0), enrolled)
    counts = _site_counts(shape, rate, exposure, enrolled, places, streams, names)
    uniform = streams.each("site_rate", names)
    until_full = _until_full(shape, rate, exposure, counts, places, streams, names)
    return gamma_quantile(uniform, shape + counts) / (rate + until_full), counts


def _check_room(room: FloatArray, enrolled: int) -> None:
    """Refuse patients that no site can have enrolled."""
    least = float(room.min(initial=np.inf))
    if least == 0:
        raise InputError(
            f"trial.interim.enrolled: {enrolled} patients by a date at which no site may have been open yet:"
            " must be 0, or the date later"
        )
    if enrolled > least:
        raise InputError(
            f"trial.interim.enrolled: {enrolled} is above the {least:.0f} that the caps of open sites allow"
        )


def _site_counts(
    shape: FloatArray,
    rate: FloatArray,
    exposure: FloatArray,
    enrolled: int,
    places: Places,
    streams: TrialStreams,
    names: tuple[str, ...],
) -> IntArray:
    """Patients by site given their total, [draw, site]; draws are worked on in parts to bound the memory."""
    draws, sites = shape.shape
    odds = exposure / (rate + exposure)
    counts = np.zeros((draws, sites), dtype=np.int64)
    if not enrolled:
        return counts
    uniform = streams.each("site_count", names)
    country = streams.each("country_count", places.names) if len(places.names) > 1 else np.zeros((draws, 1))
    step = max(1, _NUMBERS_AT_ONCE // ((enrolled + 1) * max(sites, 1)))
    for first in range(0, draws, step):
        part = slice(first, first + step)
        counts[part] = _dealt(shape[part].T, odds[part].T, enrolled, places, uniform[part].T, country[part].T).T
    return counts


def _dealt(
    shape: FloatArray, odds: FloatArray, total: int, places: Places, uniform: FloatArray, country: FloatArray
) -> IntArray:
    """Counts by site, [site, draw]: those of the countries with caps given the total, then of their sites."""
    aims = _aims(shape, odds, total, places)
    sites: list[Laws] = []
    sums: Laws = []
    for group, cap, aim in zip(places.groups, places.caps, aims, strict=True):
        pmfs, tilt = _tilted_pmfs(shape[group], odds[group], total, places.site_cap, aim)
        sites.append(pmfs)
        if len(places.groups) > 1:
            sums.append(_log_law_of_sum(pmfs, tilt, total, places.site_cap, cap, *pooled(shape[group], odds[group])))
    everyone = np.full(shape.shape[1], total)
    totals = _split(_tilted(sums, _tilt_of(sums, everyone)), everyone, country) if sums else everyone[None]
    counts = np.zeros(shape.shape, dtype=np.int64)
    for group, pmfs, own in zip(places.groups, sites, totals, strict=True):
        counts[group] = _split(pmfs, own, uniform[group])
    return counts


def _aims(shape: FloatArray, odds: FloatArray, total: int, places: Places) -> FloatArray:
    """About how many patients each group may have, [group, draw]: its laws need numbers in range there."""
    expected = shape * odds / (1.0 - odds)
    own = np.stack([expected[group].sum(axis=0) for group in places.groups], axis=1)
    most = np.array([total if cap is None else min(cap, total) for cap in places.caps], dtype=np.float64)
    share = total * own / own.sum(axis=1, keepdims=True)
    return filled(share, np.broadcast_to(most, share.shape)).T


def _split(pmfs: Laws, total: IntArray, uniform: FloatArray) -> IntArray:
    """Counts, [place, draw]: the last place's given the total, then the one before given what is left."""
    before = _sums_before(pmfs, int(total.max()))
    counts = np.zeros((len(pmfs), len(total)), dtype=np.int64)
    left = total
    for place in reversed(range(1, len(pmfs))):
        counts[place] = _given_sum(pmfs[place], before[place], left, uniform[place])
        left = left - counts[place]
    counts[0] = left
    return counts


def _tilted_pmfs(
    shape: FloatArray, odds: FloatArray, total: int, cap: int | None, aim: FloatArray
) -> tuple[Laws, FloatArray]:
    """Laws of the sites' counts up to a factor, tilted so that the aim is a likely sum; and the logarithm of the tilt.

    A factor cᵏ on the probability of every count k changes nothing once the total is given, and keeps the numbers of
    data far from the prior within the computer's range.
    """
    most = total if cap is None else min(cap, total)
    count = np.arange(1, most + 1)[:, None]
    laws: Laws = []
    with np.errstate(divide="ignore"):  # a site without exposure has count 0
        for own, chance in zip(shape, odds, strict=True):
            law = np.zeros((most + 1, shape.shape[1]))
            law[1:] = np.cumsum(np.log((own + (count - 1)) / count * chance), axis=0)
            if cap is not None and cap <= total:
                law[cap] += log_or_more(own, chance, cap)
            laws.append(law)
    tilt = _tilt(shape, odds, aim) if cap is None or cap > total else _tilt_of(laws, aim)
    return _tilted(laws, tilt), tilt


def _tilted(laws: Laws, tilt: FloatArray) -> Laws:
    """From logarithms of laws to laws that are tilted and add up to 1."""
    found: Laws = []
    for law in laws:
        tilted = law + np.arange(len(law))[:, None] * tilt
        weight = np.exp(tilted - tilted.max(axis=0))
        found.append(weight / weight.sum(axis=0))
    return found


def _tilt(shape: FloatArray, odds: FloatArray, total: FloatArray) -> FloatArray:
    """The tilt c by which sites without caps together expect about the total, log c, [draw]: a root, by halving."""
    largest = odds.max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    low, high = np.full(largest.shape, _LEAST_TILT), np.full(largest.shape, _MOST_TILT)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        tilted = odds * (expit(middle) / largest)
        too_high = np.sum(shape * tilted / (1.0 - tilted), axis=0) > total
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    return np.asarray(np.log(expit(low) / largest))


def _tilt_of(laws: Laws, total: NDArray[np.float64] | IntArray) -> FloatArray:
    """The same for laws that end at a cap, given as logarithms: [draw]."""
    low, high = np.full(total.shape, -_REACH), np.full(total.shape, _REACH)
    for _ in range(_CAPPED_HALVINGS):
        middle = (low + high) / 2.0
        expected = sum((np.arange(len(law)) @ law for law in _tilted(laws, middle)), np.zeros(total.shape))
        too_high = expected > total
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    return low


def _log_law_of_sum(
    pmfs: Laws, tilt: FloatArray, total: int, site_cap: int | None, cap: int | None, shape: FloatArray, odds: FloatArray
) -> FloatArray:
    """Logarithm of the law of a country's patients, [count, draw], which ends at the country's cap.

    Parameters
    ----------
    pmfs, tilt : of its sites.
    total : of all countries.
    site_cap, cap : of a site and of the country.
    shape, odds : of the one site that the country is like, [draw].
    """
    most = total if cap is None else min(cap, total)
    whole = len(pmfs) * (len(pmfs[0]) - 1)  # the most that sites with caps of their own have
    ends = site_cap is not None and site_cap <= total and whole > most
    law = reduce(_convolved, pmfs, _nothing(whole if ends else most, len(tilt)))
    with np.errstate(divide="ignore"):
        logs = np.log(law) - np.arange(len(law))[:, None] * tilt
    if cap is not None and 0 < cap <= total:
        logs[cap] = logsumexp(logs[cap:], axis=0) if ends else logs[cap] + log_or_more(shape, odds, cap)
    return np.asarray(logs[: most + 1])


def _until_full(
    shape: FloatArray,
    rate: FloatArray,
    exposure: FloatArray,
    counts: IntArray,
    places: Places,
    streams: TrialStreams,
    names: tuple[str, ...],
) -> FloatArray:
    """The exposure up to the last patient where a site or its country is full, else the whole: [draw, site]."""
    until = exposure.copy()
    for name, group, cap in zip(places.names, places.groups, places.caps, strict=True):
        if cap is not None:
            full = np.flatnonzero((counts[:, group].sum(axis=1) == cap) & (cap > 0))
            within = np.ix_(full, group)
            own, odds = pooled(shape[within].T, (exposure[within] / (rate[within] + exposure[within])).T)
            until[within] *= share_until(own, odds, cap, streams.one(f"country_full[{name}]")[full])[:, None]
    if places.site_cap is not None:
        full_site = (counts == places.site_cap) & (counts > 0)
        odds = until[full_site] / (rate[full_site] + until[full_site])
        uniform = streams.each("site_full", names)[full_site]
        until[full_site] *= share_until(shape[full_site], odds, places.site_cap, uniform)
    return until


def _sums_before(pmfs: Laws, most: int) -> Laws:
    """Laws of the sum over the places before each, [sum, draw]."""
    before = [_nothing(most, pmfs[0].shape[1])]
    for pmf in pmfs[:-1]:
        before.append(_convolved(before[-1], pmf))
    return before


def _nothing(most: int, draws: int) -> FloatArray:
    """The law of a sum over no place, [sum, draw]."""
    law = np.zeros((most + 1, draws))
    law[0] = 1.0
    return law


def _convolved(one: FloatArray, other: FloatArray) -> FloatArray:
    """The law of a sum, [sum, draw], as far as the first array reaches."""
    total = np.zeros_like(one)
    length = len(one)
    for count, probability in enumerate(other[:length]):
        total[count:] += probability * one[: length - count]
    return total


def _given_sum(pmf: FloatArray, before: FloatArray, left: IntArray, uniform: FloatArray) -> IntArray:
    """A site's count given the sum of it and those before, [draw]: the quantile of one uniform number."""
    count = np.arange(len(pmf))[:, None]
    others = left - count
    reached = np.take_along_axis(before, np.clip(others, 0, len(before) - 1), axis=0)
    weight = np.cumsum(np.where(others >= 0, pmf * reached, 0.0), axis=0)
    return np.asarray(np.minimum(np.sum(weight < uniform * weight[-1], axis=0), left))
