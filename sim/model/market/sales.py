"""What is sold: vials, gross and net sales, named patients, and what the payer gets for it."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from sim.draws.streams import FloatArray
from sim.model.cohort import Chance
from sim.model.market.calendar import Calendar, part_of_year
from sim.model.market.competition import kept_years
from sim.model.market.dosing import mean_days
from sim.model.market.patients import Patients, by_region_year, treated
from sim.model.market.payer import budget_impact
from sim.model.market.plan import Course, MarketNumbers, MarketPlan


@dataclass(frozen=True)
class Benefit:
    """How ill the patients of a label are, before treatment: [draw, region, transplant, age_group] each.

    Attributes
    ----------
    severe : share of the treated by label who have severe VOD.
    averted : deaths by day 100 averted per patient treated by label.
    """

    severe: FloatArray
    averted: FloatArray


@dataclass(frozen=True)
class Sales:
    """What is sold in a branch of the future: [draw, region, year] each, patients, vials and money per year.

    Attributes
    ----------
    treated, vials, gross, net : on the market.
    named_vials, named : of named patients, before.
    deaths_averted : by day 100, by treatment on the market.
    budget : what payers spend more than without the drug.
    on_market : the part of the year on the market.
    """

    treated: FloatArray
    vials: FloatArray
    gross: FloatArray
    net: FloatArray
    named_vials: FloatArray
    named: FloatArray
    deaths_averted: FloatArray
    budget: FloatArray
    on_market: FloatArray


def sell(
    plan: MarketPlan,
    numbers: MarketNumbers,
    patients: Patients,
    benefit: Benefit,
    calendar: Calendar | None,
    named_until: FloatArray,
    chance: Chance,
) -> Sales:
    """What is sold by a calendar.

    Parameters
    ----------
    plan, numbers : of the market.
    patients : who can be treated.
    benefit : what treatment does for them.
    calendar : when it is launched and copied; None is never.
    named_until : when named patients end, decimal year, [draw, region].
    chance : whether patients are whole.
    """
    each = _per_patient(numbers.course, benefit.severe)
    named_vials, named = _named(plan, numbers, patients, each, named_until, chance)
    if calendar is None:
        nothing = np.zeros(named.shape)
        return Sales(nothing, nothing, nothing, nothing, named_vials, named, nothing, named, nothing)
    years, money = np.array(plan.years, dtype=np.float64), numbers.money
    at_peak = kept_years(calendar.launch, calendar.entry, numbers.timing.kept, numbers.demand.uptake, years)
    by_label, off_label = treated(plan, numbers.demand, patients, at_peak, chance)
    beside = _per_patient(numbers.course, np.zeros_like(benefit.severe))
    vials = _total(by_label, each) + _total(off_label, beside)
    persons = _total(by_label) + _total(off_label)
    sold = np.where(np.array(plan.per_patient)[:, None], persons, vials)
    gross = sold * money.list_price[:, :, None] * _price_growth(plan, numbers)
    net = gross * (1.0 - money.deducted)[:, :, None]
    care = persons * money.care[:, None, None] * inflation(plan, numbers)[:, None, :]
    return Sales(
        treated=persons,
        vials=vials,
        gross=gross,
        net=net,
        named_vials=named_vials,
        named=named,
        deaths_averted=_total(by_label, benefit.averted),
        budget=budget_impact({"drug": net, "named patients": named, "care": care}, {}),
        on_market=part_of_year(years, calendar.launch, np.full(calendar.launch.shape, np.inf)),
    )


def _price_growth(plan: MarketPlan, numbers: MarketNumbers) -> FloatArray:
    """What the list price is in each year, the price year's being 1: [draw, region, year]."""
    years = np.array(plan.years, dtype=np.float64)
    return np.asarray((1.0 + numbers.money.price_change)[:, :, None] ** (years - plan.price_year))


def inflation(plan: MarketPlan, numbers: MarketNumbers) -> FloatArray:
    """What costs of the price year are in each year: [draw, year]."""
    years = np.array(plan.years, dtype=np.float64)
    return np.asarray((1.0 + numbers.money.inflation)[:, None] ** (years - plan.price_year))


def _named(
    plan: MarketPlan,
    numbers: MarketNumbers,
    patients: Patients,
    vials_each: FloatArray,
    until: FloatArray,
    chance: Chance,
) -> tuple[FloatArray, FloatArray]:
    """Vials and sales of named patients: [draw, region, year] each."""
    named, years = numbers.named, np.array(plan.years, dtype=np.float64)
    if named is None or plan.named_per_patient is None:
        nothing = np.zeros((*until.shape, len(years)))
        return nothing, nothing
    part = part_of_year(years, np.broadcast_to(named.opens[:, None], until.shape), until)
    cases = chance.passing("named_patients", patients.eligible, by_region_year(named.share[:, :, None] * part, plan))
    vials = _total(cases, vials_each)
    sold = np.where(np.array(plan.named_per_patient)[:, None], _total(cases), vials)
    growth = inflation(plan, numbers)[:, None, :] if plan.at_cost else _price_growth(plan, numbers)
    return vials, sold * named.price[:, :, None] * growth


def _per_patient(course: Course, severe: FloatArray) -> FloatArray:
    """Vials per patient: [draw, region, transplant, age_group].

    Parameters
    ----------
    course : of treatment.
    severe : share with severe VOD, who may die on treatment, [draw, region, transplant, age_group].
    """
    died = severe * ((1.0 - course.survival) * course.dies_on_treatment)[:, None, None, None]
    stopped = (1.0 - died) * course.toxicity[:, None, None, None]
    ends = (course.days[end][:, None, None, None] for end in ("death", "toxicity", "response"))
    return np.asarray(course.vials_per_day[:, None, None, :] * mean_days(died, stopped, *ends))


def _total(cells: xr.DataArray, each: FloatArray | None = None) -> FloatArray:
    """The sum over transplant types and age groups of patients, or of something per patient: [draw, region, year].

    Parameters
    ----------
    cells : patients, [draw, region, transplant, age_group, year].
    each : what is counted per patient, [draw, region, transplant, age_group]; None counts patients.
    """
    patients = cells.to_numpy()
    counted = patients if each is None else patients * each[..., None]
    return np.asarray(counted.sum(axis=(2, 3)), dtype=np.float64)
