"""What the sites teach by a date about all sites: mean rate, spread between sites and decline with age, carried on."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from sim.assumptions.distributions import U_MAX, U_MIN
from sim.assumptions.leaf import Leaf
from sim.assumptions.quantity import Quantity
from sim.assumptions.trial.enrolment import Sites
from sim.assumptions.trial.trial import Trial
from sim.dates import MONTH, to_ordinal
from sim.draws.streams import FloatArray
from sim.model.trial.ages import decline_given_dates
from sim.model.trial.heterogeneity import HyperPosterior, Quantiles, hyper_posterior
from sim.model.trial.plan import Calendar, IntArray, Seen, SiteNumbers, SitePlan
from sim.model.trial.profile import course

_LEARNT = ("rate", "rate_cv", "decline")

_NODES = 40
"""Cells of the posterior's grid along each axis: fine enough that twice as many move no quantile by a hundredth."""

_QUANTILES = 32
"""Of a site's opening and of its screening, that what is expected of it is averaged over."""


def learn(
    trial: Trial, parameters: xr.Dataset, plan: SitePlan, calendar: Calendar, numbers: SiteNumbers, seen: Seen | None
) -> SiteNumbers:
    """The numbers of the sites, given what has been enrolled: by each of the first sites, or by all together.

    The quantities' own distributions are the prior; each draw keeps its place in them and takes the value that stands
    there in the posterior. Exposure is reckoned at the means of what is not learnt: means of the distributions, so that
    no draw hangs on those beside it. A total is taken as negative binomial, with the mean and the variance of its sites
    (Anisimov 2011). How old sites were when patients came, where that is known, tells of the decline as if there were
    no ramp. Rates that follow from the epidemiology are the draw's own and stay, as do those that differ by country;
    there the decline learns from those ages alone. The sites learn all the same, each from its own patients, and so
    does the factor common to all.

    Parameters
    ----------
    trial : what is assumed of it.
    parameters : values of every quantity.
    plan, calendar : of the trial.
    numbers : of the sites, as drawn without data.
    seen : what has been seen.
    """
    sites = trial.enrolment.sites
    if seen is None or sites is None or all(_leaf(getattr(sites, name)).is_certain for name in _shared(sites)):
        return numbers
    places = {
        name: _place(_leaf(getattr(sites, name)), parameters[f"trial.enrolment.sites.{name}"])
        for name in _shared(sites)
    }
    priors = _priors(trial, sites, seen)
    if "rate" not in priors:
        return replace(numbers, decline=priors["decline"](places["decline"]))
    posterior = _posterior(priors, Expected(trial, plan, calendar, seen), seen, _mean(sites.shared_cv))
    if posterior is None:
        return numbers
    rate, cv, decline = posterior.draw(places["rate"], places["rate_cv"], places["decline"])
    shape = numbers.rate.shape
    return replace(
        numbers,
        rate=np.broadcast_to(rate[:, None], shape),
        rate_cv=np.broadcast_to(cv[:, None], shape),
        decline=decline,
    )


def _shared(sites: Sites) -> tuple[str, ...]:
    """The quantities that can be learnt: those that are given, and the same for all countries."""
    given = sites.rates == "given" and sites.rate is not None and not (sites.rate.by or sites.rate_cv.by)
    return _LEARNT if given else ("decline",)


def _priors(trial: Trial, sites: Sites, seen: Seen) -> dict[str, Quantiles]:
    """The quantile functions of what can be learnt, the decline's given the dates of patients."""
    leaves = {name: _leaf(getattr(sites, name)) for name in _shared(sites)}
    priors: dict[str, Quantiles] = {
        name: leaf.distribution.ppf for name, leaf in leaves.items() if leaf.distribution is not None
    }
    ages = trial.interim.ages if trial.interim is not None else None
    if ages is None or seen.by_site is None or seen.exposure is None or leaves["decline"].is_certain:
        return priors
    return {**priors, "decline": decline_given_dates(priors["decline"], seen.by_site, seen.exposure, ages)}


def _posterior(
    priors: dict[str, Quantiles], expected: "Expected", seen: Seen, shared_cv: float
) -> HyperPosterior | None:
    """The posterior; None where no patient is expected, so that nothing is told of a rate."""
    middle = np.array([0.5])
    decline = float(priors["decline"](middle)[0])
    if not (expected.of_seen(decline) if seen.by_site is not None else expected.of_all(decline)[0]).sum() > 0:
        return None
    if not priors["rate"](np.array([U_MAX]))[0] > 0:
        return None
    if seen.by_site is not None:
        return hyper_posterior(priors, seen.by_site, expected.of_seen, _NODES)
    mean, square = expected.of_all(decline)
    least = (1.0 + shared_cv**2) * (1.0 + (square - mean**2).sum() / mean.sum() ** 2) - 1.0
    slope = (1.0 + shared_cv**2) * square.sum() / mean.sum() ** 2

    def of_total(u: FloatArray) -> FloatArray:
        return np.asarray(np.sqrt(np.maximum(least + slope * priors["rate_cv"](u) ** 2, 0.0)))

    count = np.array([float(seen.enrolled)])
    found = hyper_posterior(
        {**priors, "rate_cv": of_total}, count, lambda decline: expected.of_all(decline)[0].sum(keepdims=True), _NODES
    )
    return replace(found, priors=(priors["rate_cv"], *found.priors[1:]))


@dataclass(frozen=True)
class Expected:
    """Patients expected of sites by the date, at a rate of 1 and the means of what is not learnt.

    Attributes
    ----------
    trial, plan, calendar : of the trial.
    seen : what has been seen.
    """

    trial: Trial
    plan: SitePlan
    calendar: Calendar
    seen: Seen

    def of_seen(self, decline: float) -> FloatArray:
        """Of the first sites, whose openings are known: [seen site], months."""
        assert self.seen.exposure is not None
        count = len(self.seen.exposure)
        passing = np.array([law.mean for law in self.plan.screening_pass[:count]])
        kept = passing * (1.0 - self._by_site("dropout")[:count])
        return kept * self._worth(self._date - self.seen.exposure, decline)

    def of_all(self, decline: float) -> tuple[FloatArray, FloatArray]:
        """Of all sites, whose openings are drawn: mean and mean square, each [site], months and months²."""
        opening, passing, kind = self._kinds
        worth = self._worth(opening.ravel(), decline).reshape(opening.shape)
        opens, kept = 1.0 - self._by_site("never_opens"), 1.0 - self._by_site("dropout")
        mean, square = (((worth**power).mean(axis=1) * (passing**power).mean(axis=1))[kind] for power in (1, 2))
        return opens * kept * mean, opens * kept**2 * square

    @cached_property
    def _kinds(self) -> tuple[FloatArray, FloatArray, IntArray]:
        """Openings and screening of the sites that differ, each [kind, quantile]; and the kind of each, [site]."""
        each = list(zip(self.plan.planned.tolist(), self.plan.countries, strict=True))
        first = {kind: place for place, kind in reversed(list(enumerate(each)))}
        order = {kind: row for row, kind in enumerate(first)}
        u = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
        opening = np.stack([kind[0] + self.plan.delay[place].ppf(u) for kind, place in first.items()])
        passing = np.stack([self.plan.screening_pass[place].ppf(u) for place in first.values()])
        return opening, passing, np.array([order[kind] for kind in each])

    @cached_property
    def _quantities(self) -> dict[str, Quantity]:
        return self.trial.quantities

    @cached_property
    def _date(self) -> float:
        days = float(to_ordinal(np.array(_mean(self._quantities["interim.date"])))) - self.calendar.start
        return max(days / MONTH, 0.0)

    def _worth(self, opening: FloatArray, decline: float) -> FloatArray:
        """Months at full speed that sites have been open by the date: [site]."""
        none = np.zeros((1, 1))
        ramp, diverted = (np.array([self._number(name)]) for name in ("sites.ramp", "expanded_access.diverted"))
        alike = SiteNumbers(none, none, none, none, ramp, np.array([decline]), np.zeros(1), diverted)
        path = course(self.calendar, alike, self._date)
        found: FloatArray = path.exposure(opening[None, :], np.array([self._date]))[0]
        return found

    def _number(self, name: str) -> float:
        """The mean of a quantity of enrolment; 0 where there is none."""
        quantity = self._quantities.get(f"enrolment.{name}")
        return 0.0 if quantity is None else _mean(quantity)

    def _by_site(self, name: str) -> FloatArray:
        """The mean of a quantity of the sites: [site]."""
        quantity = self._quantities[f"enrolment.sites.{name}"]
        means = {country: _mean(quantity, country) for country in set(self.plan.countries)}
        return np.array([means[country] for country in self.plan.countries])


def _mean(quantity: Quantity, country: str | None = None) -> float:
    """The mean of a quantity's distribution, that of a country where it has one."""
    distribution = quantity.leaves[(country,) if quantity.by and country is not None else ()].distribution
    assert distribution is not None
    return distribution.mean


def _leaf(quantity: Quantity) -> Leaf:
    return quantity.leaves[()]


def _place(leaf: Leaf, values: xr.DataArray) -> FloatArray:
    """Where the values stand in their distribution: [draw], probabilities."""
    assert leaf.distribution is not None
    if leaf.is_certain:
        return np.full(values.sizes["draw"], 0.5)
    return np.clip(leaf.distribution.cdf(values.to_numpy()), U_MIN, U_MAX)
