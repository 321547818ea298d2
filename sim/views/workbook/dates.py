"""The dates of a market in formulas: approval, launch, the end of exclusivity, a competitor's entry."""

from dataclasses import dataclass

from sim.views.workbook.book import NEVER
from sim.views.workbook.facts import Facts
from sim.views.workbook.formula import Formula, largest, ln, number, smallest, when
from sim.views.workbook.page import DATE, FACTOR, PLAIN, Page

_MONTHS = 12
_SURE = 1e300  # the hazard of what comes at once


@dataclass(frozen=True)
class Dates:
    """Of one region, if the drug is approved: decimal years."""

    approval: Formula
    launch: Formula
    entry: Formula


def dates_of(page: Page, facts: Facts, region: str, readout: Formula) -> Dates:
    """Write the dates of a region.

    Parameters
    ----------
    page : the sheet of the market.
    facts : of the market.
    region : its name.
    readout : decimal year.
    """
    page.section(f"{region}: dates, if approved")
    judged = readout + (facts.of("launch.filing", region) + facts.of("launch.review", region)) / _MONTHS
    approval = page.once("Approval", "decimal year", judged, DATE, f"approval_{region}")
    paid = approval + facts.of("launch.reimbursement", region) / _MONTHS
    first = largest(paid, facts.of("launch.earliest", region)) if facts.has("launch.earliest") else paid
    launch = page.once("Launch", "decimal year", first, DATE, f"launch_date_if_approved_{region}", "total")
    protected = largest(approval + facts.of("exclusivity.orphan", region), facts.of("exclusivity.patent", region))
    ends = page.once("Exclusivity ends", "decimal year", protected, DATE, f"exclusivity_end_if_approved_{region}")
    return Dates(approval, launch, _entry(page, facts, region, launch, ends))


def part_of_year(page: Page, year: int, start: Formula, end: Formula | None = None) -> Formula:
    """The part of a calendar year that lies from a start to an end, if there is one."""
    head = page.year(year)
    last = head + 1 if end is None else smallest(end, head + 1)
    return largest(last - largest(start, head), 0)


def in_year(page: Page, year: int, day: Formula) -> Formula:
    """1 in the calendar year that a day falls in, else 0."""
    head = page.year(year)
    return when(day >= head, when(day < head + 1, 1, 0), 0)


def _entry(page: Page, facts: Facts, region: str, launch: Formula, ends: Formula) -> Formula:
    """The median of an entry: one hazard until exclusivity ends, another from then on."""
    first, second = (
        page.once(
            f"Hazard of a competitor, {name} exclusivity",
            "per year",
            _hazard(facts.of(f"competition.{key}", region)),
            FACTOR,
        )
        for name, key in (("during", "during"), ("after", "after"))
    )
    protected = page.once("Years on the market with exclusivity", "years", largest(ends - launch, 0), PLAIN)
    due = ln(number(2))  # so much hazard has added up at the median
    early = page.once("Wait, if exclusivity never ended", "years", _wait(due, first), DATE)
    later = protected + _wait(largest(due - first * protected, 0), second)
    entry = smallest(launch + when(early < protected, early, later), NEVER)
    return page.once("Competitor enters (median)", "decimal year", entry, DATE, f"competitor_entry_{region}", "total")


def _hazard(probability: Formula) -> Formula:
    """The constant hazard of what has a probability within a year."""
    return when(probability < 1, -ln(1 - probability), _SURE)


def _wait(due: Formula, hazard: Formula) -> Formula:
    """Years until so much of a hazard has added up."""
    return when(hazard > 0, due / hazard, NEVER)
