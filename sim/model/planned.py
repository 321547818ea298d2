"""The sites of a trial as they are planned, and how long they would take without chance and before anything is seen."""

import numpy as np

from sim.assumptions.quantity import Quantity
from sim.assumptions.trial.enrolment import Sites
from sim.draws.streams import FloatArray
from sim.model.trial.enrolment import expected_times
from sim.model.trial.plan import Calendar, Law, SiteNumbers, SitePlan
from sim.model.trial.profile import course


def law(quantity: Quantity, country: str | None = None) -> Law:
    """A law between sites or patients, that of a country where it has one."""
    leaf = quantity.leaves[(country,) if quantity.by and country is not None else ()]
    assert leaf.distribution is not None
    return Law(leaf.distribution.ppf, leaf.distribution.mean)


def plan_of(sites: Sites) -> SitePlan:
    """The plan of the sites."""
    planned = sites.planned if sites.planned is not None else (0.0,) * len(sites.countries)
    return SitePlan(
        names=sites.names,
        countries=sites.countries,
        planned=np.array(planned),
        delay=tuple(law(sites.delay, country) for country in sites.countries),
        screening_pass=tuple(law(sites.screening_pass, country) for country in sites.countries),
        cap=sites.cap,
        country_caps=sites.country_caps,
    )


def planned_months(plan: SitePlan, calendar: Calendar, numbers: SiteNumbers, target: int, horizon: float) -> FloatArray:
    """Months for the whole target without chance, as the calendar weighs them: [draw].

    A trial taken as one process goes through the calendar again; so a month of season or of expanded access counts
    here by what it is worth there, and the plan ends when the sites would.

    Parameters
    ----------
    plan, calendar, numbers, target, horizon : as for `sim.model.trial.enrolment.expected_times`. A plan that cannot be
        met takes the horizon.
    """
    last = expected_times(plan, calendar, numbers, target, None, horizon)[:, -1]
    ends = np.where(np.isfinite(last), last, horizon)
    weighed = months_open(calendar, numbers.diverted, ends)
    return np.where(weighed > 0, weighed, horizon)


def months_open(calendar: Calendar, diverted: FloatArray, until: FloatArray) -> FloatArray:
    """Months that a trial taken as one process has run by then, as the calendar weighs them: [draw].

    Parameters
    ----------
    calendar : of the trial.
    diverted : share of the patients that the expanded-access programme takes, [draw].
    until : months since the trial's start, [draw].
    """
    nothing, none = np.zeros(len(until)), np.zeros((len(until), 1))
    alike = SiteNumbers(none, none, none, none, nothing, nothing, nothing, diverted)
    path = course(calendar, alike, float(until.max(initial=0.0)))
    found: FloatArray = path.exposure(none, until)[:, 0]
    return found
