"""The sheet of the market: from the read-out to sales, by region and year, in formulas."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sim.results.run import Results
from sim.variables import IF_APPROVED, MONEY, TOTAL, VARIABLES
from sim.views.workbook import page as forms
from sim.views.workbook.book import NEVER, Book
from sim.views.workbook.course import courses
from sim.views.workbook.facts import Facts
from sim.views.workbook.formula import Formula, number, when
from sim.views.workbook.page import Page, Row
from sim.views.workbook.patients import Patients
from sim.views.workbook.region import IF_MISSED, SOLD, Given, Region, region_lines

SHEET = "Market"

_NOTE = (
    "If approved: the future in which the drug is approved. Risk-adjusted: that future times its probability, and the "
    "other one times the rest."
)
_REACHED = ("eligible", "reimbursed")


@dataclass(frozen=True)
class Market:
    """What the sheet gives.

    Attributes
    ----------
    regions : in order.
    readout, approval : its date, and the probability of approval.
    inflation : what costs are in each year.
    approved, missed, adjusted : output variable → its total over regions; of the second only what is not 0.
    heads : where the years stand, for a chart.
    money : the unit of money.
    """

    regions: Sequence[Region]
    readout: Formula
    approval: Formula
    inflation: Row
    approved: Mapping[str, Row]
    missed: Mapping[str, Row]
    adjusted: Mapping[str, Row]
    heads: str
    money: str


def market_sheet(book: Book, facts: Facts, patients: Patients, point: Results) -> Market:
    """Write the sheet.

    Parameters
    ----------
    book : the file.
    facts : of the market.
    patients : the funnel.
    point : the run at the means.
    """
    page = Page(book, SHEET, str(facts.market["title"]), _NOTE, facts.years)
    page.section("From the trial")
    readout = page.once("Read-out", "decimal year", facts.readout(point), forms.DATE, look="total")
    survival = page.once("Alive at day 100, treated", "of severe VOD", facts.survival(), forms.SHARE)
    approval = _approval(page, facts, readout, facts.success(point))
    inflation = _inflation(page, facts)
    given = Given(patients, courses(page, facts, patients, survival), readout, inflation)
    regions = [region_lines(page, facts, given, region) for region in facts.regions]
    totals = _Totals(page, facts, regions, approval)
    approved, missed = totals.approved(), totals.missed()
    return Market(
        regions,
        readout,
        approval,
        inflation,
        approved,
        missed,
        totals.adjusted(approved, missed),
        page.heads,
        facts.money,
    )


def _approval(page: Page, facts: Facts, readout: Formula, success: Formula) -> Formula:
    won = page.once("Success", "probability", success, forms.SHARE)
    if_won, if_missed = (facts.named(f"launch.approval_if_{name}") for name in ("won", "missed"))
    chance = when(readout < NEVER, won * if_won + (1 - won) * if_missed, 0)
    return page.once("Approval", "probability", chance, forms.SHARE, "prob_approval", "total")


def _inflation(page: Page, facts: Facts) -> Row:
    page.section("Costs")
    since = facts.price_year()
    rises = facts.has("inflation")
    return page.by_year(
        "Costs, the price year's being 1",
        "",
        lambda year: (1 + facts.named("inflation")) ** (page.year(year) - since) if rises else number(1),
        forms.FACTOR,
    )


class _Totals:
    """Writes the sums over regions, and both futures weighed by their probabilities."""

    def __init__(self, page: Page, facts: Facts, regions: Sequence[Region], approval: Formula) -> None:
        self._page, self._facts, self._regions, self._approval = page, facts, regions, approval

    def approved(self) -> dict[str, Row]:
        """If approved."""
        self._page.section("All regions, if approved")
        for name in _REACHED:
            self._sum(name, "", [getattr(region.reach, name) for region in self._regions])
        found = {name: [region.approved[name] for region in self._regions if name in region.approved] for name in SOLD}
        return {name: self._sum(name, IF_APPROVED, rows) for name, rows in found.items() if rows}

    def missed(self) -> dict[str, Row]:
        """If not approved: named patients alone."""
        named = [region.named[1].sales for region in self._regions if region.named is not None]
        if not named:
            return {}
        self._page.section("All regions, if not approved")
        return {name: self._sum(name, IF_MISSED, named) for name in ("named_patient_sales", "budget_impact")}

    def adjusted(self, approved: Mapping[str, Row], missed: Mapping[str, Row]) -> dict[str, Row]:
        """Risk-adjusted, by region and in all."""
        for region in self._regions:
            self._page.section(f"{region.name}: risk-adjusted")
            other = (
                {}
                if region.named is None
                else dict.fromkeys(("named_patient_sales", "budget_impact"), region.named[1].sales)
            )
            for name, row in ((name, region.approved[name]) for name in SOLD if name in region.approved):
                self._mean(name, region.name, row, other.get(name))
        self._page.section("All regions: risk-adjusted")
        return {name: self._mean(name, TOTAL, row, missed.get(name), "total") for name, row in approved.items()}

    def _mean(self, name: str, region: str, won: Row, lost: Row | None, look: str = "plain") -> Row:
        approval = self._approval

        def formula(year: int) -> Formula:
            return approval * won[year] + ((1 - approval) * lost[year] if lost is not None else 0)

        return self._line(name, "", f"{name}_{region}", formula, look)

    def _sum(self, name: str, ending: str, parts: Sequence[Row]) -> Row:
        return self._line(name, ending, f"{name}{ending}_{TOTAL}", lambda year: forms.sum_of(parts, year), "total")

    def _line(self, name: str, ending: str, called: str, formula: Callable[[int], Formula], look: str) -> Row:
        known = VARIABLES[name]
        said = {"": "", IF_APPROVED: ", if approved", IF_MISSED: ", if not approved"}[ending]
        form = forms.MONEY if MONEY in known.unit else forms.COUNT
        unit = known.unit.replace(MONEY, self._facts.money)
        return self._page.by_year(f"{known.long_name}{said}", unit, formula, form, name=called, adds_up=True, look=look)
