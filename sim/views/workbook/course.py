"""A course of treatment in formulas: vials a day by age group, days and deaths averted by stratum."""

from collections.abc import Mapping
from dataclasses import dataclass

from sim.variables import STRATA, TOTAL
from sim.views.workbook.facts import Facts
from sim.views.workbook.formula import Formula, exp, ln, normal, number, root, round_up, tails, when
from sim.views.workbook.page import FACTOR, PLAIN, SHARE, Page
from sim.views.workbook.patients import Patients, Stratum, words

_AGE_GROUP = STRATA[2]

_ROUNDING = 1e-9  # relative excess over a whole number of vials that opens no further one
_NEGLIGIBLE = 1e-15  # a probability that is left out of a mean
_TERMS = 999  # vials of which each has its own probability; the rest is an integral


@dataclass(frozen=True)
class Course:
    """Of a patient of one stratum.

    Attributes
    ----------
    by_label, off_label : vials per patient.
    averted : deaths by day 100 averted per patient treated by label.
    """

    by_label: Formula
    off_label: Formula
    averted: Formula


def courses(page: Page, facts: Facts, patients: Patients, survival: Formula) -> Mapping[Stratum, Course]:
    """Write the lines of treatment, and give them by stratum.

    Parameters
    ----------
    page : the sheet of the market.
    facts : of the market.
    patients : the funnel.
    survival : share of treated severe cases alive at day 100.
    """
    page.section("Vials a day: the mean over patients whose weight is lognormal")
    ages = list(dict.fromkeys(stratum[2] for stratum in patients.strata))
    a_day = {age: _vials_per_day(page, facts, age) for age in ages}
    page.section("A course of treatment")
    off_label = {age: _off_label(page, facts, age, vials) for age, vials in a_day.items()}
    return {
        stratum: _course(page, facts, patients, survival, stratum, a_day[stratum[2]], off_label[stratum[2]])
        for stratum in patients.strata
    }


def _vials_per_day(page: Page, facts: Facts, age: str) -> Formula:
    """The lines of one age group, down to vials a day."""
    named, wastage = _of(age), facts.wastage()
    weight = facts.named("dosing.weight", {_AGE_GROUP: age})
    content = weight * facts.named("dosing.dose") / facts.named("dosing.vial")
    exact = page.once(f"Dose a day{named}", "vials' content", content, PLAIN, f"vials_content_{age}")
    times = when(wastage.says("infusion"), facts.infusions(), 1)
    openings = page.once(f"Times a day that vials are opened{named}", "a day", times, "0", f"openings_{age}")
    mean = page.once(f"Dose each time{named}", "vials' content", exact / openings, PLAIN, f"vials_each_time_{age}")
    varies = root(ln(1 + facts.named("dosing.weight_spread") ** 2))
    spread = page.once(f"Its logarithm: standard deviation{named}", "", varies, FACTOR, f"vials_spread_{age}")
    middle = page.once(f"Its logarithm: mean{named}", "", ln(mean) - spread**2 / 2, FACTOR, f"vials_middle_{age}")
    opened = when(
        spread > 0, 1 + tails(middle, spread, _TERMS) + _beyond(mean, middle, spread), round_up(mean * (1 - _ROUNDING))
    )
    rounded = page.once(f"Vials opened each time{named}", "vials", opened, PLAIN, f"vials_opened_{age}")
    found = when(wastage.says("none"), exact, openings * rounded)
    return page.once(f"Vials a day{named}", "vials", found, PLAIN, f"vials_a_day_{age}", "total")


def _beyond(mean: Formula, middle: Formula, spread: Formula) -> Formula:
    """The rest of the probabilities: an integral with the first correction of Euler and Maclaurin."""
    start = _TERMS + 0.5
    place = (middle - ln(number(start))) / spread
    tail = normal(place)
    density = exp(-(place**2) / 2) / (2.5066282746310002 * start * spread)
    excess = mean * normal(place + spread) - start * tail
    return when(tail < _NEGLIGIBLE, 0, excess - density / 24)


def _off_label(page: Page, facts: Facts, age: str, a_day: Formula) -> Formula:
    """Vials of a patient next to the label, who has no severe VOD and does not die on treatment."""
    vials = a_day * _days(facts, None)
    return page.once(
        f"Vials a course, off label{_of(age)}", "vials per patient", vials, PLAIN, f"vials_off_label_{age}"
    )


def _course(
    page: Page,
    facts: Facts,
    patients: Patients,
    survival: Formula,
    stratum: Stratum,
    a_day: Formula,
    off_label: Formula,
) -> Course:
    """The lines of one stratum."""
    first = page.years[0]
    transplants, vod, severe, deaths = (
        patients.rows[name, stratum][first] for name in ("transplants", "vod", "severe_vod", "deaths_day100")
    )
    named, key = _of(words(stratum)), words(stratum) or TOTAL
    mortality = page.once(
        f"Mortality untreated{named}", "of severe VOD", _ratio(deaths, severe), SHARE, f"mortality_{key}"
    )
    if facts.label == "prevention":
        share, averted = number(0), _ratio(deaths, transplants) * facts.named("patients.prevented")
    else:
        share = number(1) if facts.label == "severe_vod" else _ratio(severe, vod)
        share = page.once(f"Severe among the treated{named}", "by label", share, SHARE, f"severe_share_{key}")
        averted = share * (survival - (1 - mortality))
    saved = page.once(f"Deaths averted{named}", "per treated patient", averted, FACTOR, f"averted_{key}")
    died = page.once(
        f"Dying on treatment{named}",
        "of the treated",
        share * (1 - survival) * facts.named("dosing.dies_on_treatment"),
        SHARE,
        f"dying_{key}",
    )
    days = page.once(f"Days of treatment{named}", "days per patient", _days(facts, died), PLAIN, f"days_{key}")
    vials = page.once(
        f"Vials a course, by label{named}", "vials per patient", a_day * days, PLAIN, f"vials_a_course_{key}", "total"
    )
    return Course(vials, off_label, saved)


def _days(facts: Facts, died: Formula | None) -> Formula:
    """Days of treatment, on average over how it ends; nobody dies on it where no share is given."""
    response, death, toxicity = (facts.named(f"dosing.days.{end}") for end in ("response", "death", "toxicity"))
    stopping = facts.named("dosing.toxicity")
    others = stopping * toxicity + (1 - stopping) * response
    return others if died is None else died * death + (1 - died) * others


def _ratio(part: Formula, whole: Formula) -> Formula:
    """The share of what there is; 0 of nothing."""
    return when(whole > 0, part / whole, 0)


def _of(words_of_it: str) -> str:
    return f", {words_of_it}" if words_of_it and words_of_it != TOTAL else ""
