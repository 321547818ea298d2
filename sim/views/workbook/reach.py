"""Who is reached in a region, in formulas: patients of the label, paid access, uptake less what competitors take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from sim.variables import VARIABLES
from sim.views.workbook.dates import Dates
from sim.views.workbook.facts import Facts
from sim.views.workbook.formula import Formula, largest, smallest, total
from sim.views.workbook.page import COUNT, FACTOR, SHARE, Page, Row
from sim.views.workbook.patients import Patients, Stratum, words
from sim.views.workbook.uptake import Integral, integral_of

_STEPS = ("kept_first", "kept_second", "kept_later")
"""What is kept in the first and the second year after a competitor's entry, and later."""

_START, _END = "1 January", "31 December"
_MOMENTS = ("a competitor's entry", "a year after it", "two years after it")


@dataclass(frozen=True)
class Reach:
    """Of one region.

    Attributes
    ----------
    inside, beside : patients of the label and next to it, by stratum.
    eligible, reimbursed : diagnosed patients of the label, and those whose treatment is paid for.
    by_label, off_label : the shares of `inside` and of `beside` that are treated.
    """

    inside: Mapping[Stratum, Row]
    beside: Mapping[Stratum, Row]
    eligible: Row
    reimbursed: Row
    by_label: Row
    off_label: Row


def reach_of(page: Page, facts: Facts, patients: Patients, region: str, dates: Dates) -> Reach:
    """Write who is reached.

    Parameters
    ----------
    page : the sheet of the market.
    facts : of the market.
    patients : the funnel.
    region : its name.
    dates : of the region.
    """
    page.section(f"{region}: patients")
    strata = facts.strata_in(region, patients.strata)
    inside = {stratum: _living(page, facts, patients, region, stratum, is_label=True) for stratum in strata}
    beside = {stratum: _living(page, facts, patients, region, stratum, is_label=False) for stratum in strata}
    diagnosed, access = (facts.of(f"patients.{name}", region) for name in ("diagnosed", "access"))
    eligible = _line(page, "eligible", region, lambda year: total(*(row[year] for row in inside.values())) * diagnosed)
    reimbursed = _line(page, "reimbursed", region, lambda year: eligible[year] * access)
    at_peak = _uptake(page, facts, region, dates)

    def treated(label: str, unit: str, share: Formula) -> Row:
        return page.by_year(label, unit, lambda year: diagnosed * access * share * at_peak[year], SHARE)

    by_label = treated("Treated by label", "of the label's patients", facts.of("patients.peak_share", region))
    off_label = treated("Treated off label", "of those next to it", facts.of("patients.off_label", region))
    return Reach(inside, beside, eligible, reimbursed, by_label, off_label)


def _line(page: Page, variable: str, region: str, formula: Callable[[int], Formula]) -> Row:
    known = VARIABLES[variable]
    return page.by_year(known.long_name, known.unit, formula, COUNT, name=f"{variable}_{region}")


def _living(page: Page, facts: Facts, patients: Patients, region: str, stratum: Stratum, *, is_label: bool) -> Row:
    """The patients of a stratum who live in the region."""
    found = _of_label if is_label else _next_to_label
    label = "Patients of the label" if is_label else "Patients next to the label"
    named = f", {words(stratum)}" if words(stratum) else ""

    def formula(year: int) -> Formula:
        whole = found(facts, patients, stratum, year)
        return whole * facts.of("region_shares", region) if facts.is_split else whole

    return page.by_year(f"{label}{named}", "patients per year", formula)


def _of_label(facts: Facts, patients: Patients, stratum: Stratum, year: int) -> Formula:
    if facts.label == "prevention":
        return patients.rows["transplants", stratum][year] * facts.named("patients.high_risk")
    return patients.rows[facts.label, stratum][year]


def _next_to_label(facts: Facts, patients: Patients, stratum: Stratum, year: int) -> Formula:
    transplants, vod, severe = (patients.rows[name, stratum][year] for name in ("transplants", "vod", "severe_vod"))
    if facts.label == "severe_vod":
        return vod - severe
    high_risk = facts.named("patients.high_risk")
    return (transplants - vod) * high_risk if facts.label == "vod" else vod * (1 - high_risk)


def _uptake(page: Page, facts: Facts, region: str, dates: Dates) -> Row:
    """Years at the peak that each calendar year holds, less what competitors take.

    The year is cut at the competitor's entry and one and two years later; what does not fall into it is its end.
    """
    page.section(f"{region}: uptake, as years at the peak")
    gathered = integral_of(page, facts, region)

    def since(moment: str, cut: Callable[[Formula], Formula]) -> Row:
        formula = partial(_since_launch, page, dates.launch, cut)
        return page.by_year(f"Since launch, on {moment}", "years", formula, FACTOR)

    later = [partial(_held, dates.entry, years) for years in range(len(_STEPS))]
    ends = [since(_START, lambda head: head), *map(since, _MOMENTS, later), since(_END, lambda head: head + 1)]
    areas = [
        page.by_year(f"At the peak, until {moment}", "years", partial(_gathered, gathered, row), FACTOR)
        for moment, row in zip((_START, *_MOMENTS, _END), ends, strict=True)
    ]
    kept = [facts.of(f"competition.{step}", region) for step in _STEPS]

    def formula(year: int) -> Formula:
        first, *others = (largest(after[year] - before[year], 0) for before, after in pairwise(areas))
        return sum((share * gain for share, gain in zip(kept, others, strict=True)), first)

    return page.by_year("Share of the peak reached", "of the year", formula, SHARE, look="total")


def _since_launch(page: Page, launch: Formula, cut: Callable[[Formula], Formula], year: int) -> Formula:
    """Years on the market on a day of a calendar year."""
    return largest(cut(page.year(year)) - launch, 0)


def _gathered(gathered: Integral, since: Row, year: int) -> Formula:
    return gathered(since[year])


def _held(entry: Formula, later: int, head: Formula) -> Formula:
    """So many years after a competitor's entry, held within a calendar year."""
    day = entry + later if later else entry
    return smallest(largest(day, head), head + 1)
