"""What the first sites teach about all sites: mean rate, spread between sites and decline with age, carried on."""

from dataclasses import replace

import numpy as np
import xarray as xr

from sim.assumptions.distributions import U_MAX, U_MIN
from sim.assumptions.leaf import Leaf
from sim.assumptions.quantity import Quantity
from sim.assumptions.trial.enrolment import Sites
from sim.assumptions.trial.trial import Trial
from sim.draws.streams import FloatArray
from sim.model.trial.ages import decline_given_dates
from sim.model.trial.heterogeneity import Quantiles, hyper_posterior
from sim.model.trial.plan import Calendar, Seen, SiteNumbers, SitePlan
from sim.model.trial.profile import course

_LEARNT = ("rate", "rate_cv", "decline")

_NODES = 40
"""Cells of the posterior's grid along each axis: fine enough that twice as many move no quantile by a hundredth."""


def learn(
    trial: Trial, parameters: xr.Dataset, plan: SitePlan, calendar: Calendar, numbers: SiteNumbers, seen: Seen | None
) -> SiteNumbers:
    """The numbers of the sites, given what each of the first sites has enrolled.

    The quantities' own distributions are the prior; each draw keeps its place in them and takes the value that stands
    there in the posterior. Exposure is reckoned at the means of what is not learnt; how old sites were when patients
    came, where that is known, tells of the decline as if there were no ramp. Rates that follow from the
    epidemiology are the draw's own and stay; so do those that differ by country. Their sites still learn, each from
    its own patients.

    Parameters
    ----------
    trial : what is assumed of it.
    parameters : values of every quantity.
    plan, calendar : of the trial.
    numbers : of the sites, as drawn without data.
    seen : what has been seen; only what is known by site teaches.
    """
    sites = trial.enrolment.sites
    if seen is None or seen.by_site is None or seen.exposure is None or sites is None or not _can_learn(sites):
        return numbers
    by_site, ages = seen.by_site, seen.exposure
    date = float(seen.date.mean())
    count = len(by_site)
    kept = np.array([law.mean for law in plan.screening_pass[:count]]) * (1 - numbers.dropout[:, :count].mean(axis=0))
    ramp, diverted = np.array([numbers.ramp.mean()]), np.array([numbers.diverted.mean()])

    def exposure(decline: float) -> FloatArray:
        none = np.zeros((1, count))
        alike = SiteNumbers(none, none, none, none, ramp, np.array([decline]), np.zeros(1), diverted)
        found: FloatArray = kept * course(calendar, alike, date).exposure((date - ages)[None, :], np.array([date]))[0]
        return found

    leaves = {name: _leaf(getattr(sites, name)) for name in _LEARNT}
    priors: dict[str, Quantiles] = {
        name: leaf.distribution.ppf for name, leaf in leaves.items() if leaf.distribution is not None
    }
    ages_known = trial.interim.ages if trial.interim is not None else None
    if ages_known is not None and not leaves["decline"].is_certain:
        priors["decline"] = decline_given_dates(priors["decline"], by_site, ages, ages_known)
    posterior = hyper_posterior(priors, by_site, exposure, _NODES)
    places = {name: _place(leaf, parameters[f"trial.enrolment.sites.{name}"]) for name, leaf in leaves.items()}
    rate, cv, decline = posterior.draw(places["rate"], places["rate_cv"], places["decline"])
    shape = numbers.rate.shape
    return replace(
        numbers,
        rate=np.broadcast_to(rate[:, None], shape),
        rate_cv=np.broadcast_to(cv[:, None], shape),
        decline=decline,
    )


def _can_learn(sites: Sites) -> bool:
    """Whether there is something uncertain to learn, the same for all countries."""
    shared = sites.rates == "given" and sites.rate is not None and not (sites.rate.by or sites.rate_cv.by)
    return shared and any(not _leaf(getattr(sites, name)).is_certain for name in _LEARNT)


def _leaf(quantity: Quantity) -> Leaf:
    return quantity.leaves[()]


def _place(leaf: Leaf, values: xr.DataArray) -> FloatArray:
    """Where the values stand in their distribution: [draw], probabilities."""
    assert leaf.distribution is not None
    if leaf.is_certain:
        return np.full(values.sizes["draw"], 0.5)
    return np.clip(leaf.distribution.cdf(values.to_numpy()), U_MIN, U_MAX)
