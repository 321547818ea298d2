"""What is sold in a region, in formulas: patients treated, vials, sales, named patients, what the payer sees."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.variables import IF_APPROVED, VARIABLES
from sim.views.workbook.course import Course
from sim.views.workbook.dates import Dates, dates_of, part_of_year
from sim.views.workbook.facts import Facts
from sim.views.workbook.formula import Formula, total
from sim.views.workbook.page import COUNT, FACTOR, MONEY, Page, Row
from sim.views.workbook.patients import Patients, Stratum
from sim.views.workbook.reach import Reach, reach_of

SOLD = ("treated", "vials", "gross_sales", "net_sales", "named_patient_sales", "deaths_averted", "budget_impact")
"""What adds up over regions, by output variable."""

IF_MISSED = "_if_not_approved"
"""How a name ends of what is given that the drug is not approved."""

_MONTHS = 12


@dataclass(frozen=True)
class Given:
    """What all regions share.

    Attributes
    ----------
    patients : the funnel.
    courses : of treatment, by stratum.
    readout : its date.
    inflation : what costs are in each year, the price year's being 1.
    """

    patients: Patients
    courses: Mapping[Stratum, Course]
    readout: Formula
    inflation: Row


@dataclass(frozen=True)
class Named:
    """Named patients of a future: vials and sales."""

    vials: Row
    sales: Row


@dataclass(frozen=True)
class Region:
    """One region.

    Attributes
    ----------
    name : of the region.
    dates : if the drug is approved.
    reach : who is reached.
    approved : output variable → its line if the drug is approved.
    named : named patients if it is approved, and if not; None where there are none.
    on_market : part of the year.
    """

    name: str
    dates: Dates
    reach: Reach
    approved: Mapping[str, Row]
    named: tuple[Named, Named] | None
    on_market: Row


def region_lines(page: Page, facts: Facts, given: Given, region: str) -> Region:
    """Write all lines of a region.

    Parameters
    ----------
    page : the sheet of the market.
    facts : of the market.
    given : what all regions share.
    region : its name.
    """
    dates = dates_of(page, facts, region, given.readout)
    reach = reach_of(page, facts, given.patients, region, dates)
    writer = _Sales(page, facts, given, region, reach)
    page.section(f"{region}: sales, if approved")
    on_market = page.by_year(
        "Part of the year on the market", "", lambda year: part_of_year(page, year, dates.launch), FACTOR
    )
    sold = writer.sold()
    page.section(f"{region}: named patients")
    named = writer.named(dates) if facts.has_named else None
    page.section(f"{region}: the payer's side, if approved")
    sold = {**sold, **writer.payer(sold, named)}
    if named is not None:
        sold["named_patient_sales"] = named[0].sales
    return Region(region, dates, reach, sold, named, on_market)


class _Sales:
    """Writes what is sold in one region."""

    def __init__(self, page: Page, facts: Facts, given: Given, region: str, reach: Reach) -> None:
        self._page, self._facts, self._given, self._region, self._reach = page, facts, given, region, reach
        self._prices: Row | None = None

    def sold(self) -> dict[str, Row]:
        """Treated, vials, gross and net sales."""
        reach, facts, region = self._reach, self._facts, self._region
        treated = self._line(
            "treated",
            lambda year: (
                reach.by_label[year] * total(*(row[year] for row in reach.inside.values()))
                + reach.off_label[year] * total(*(row[year] for row in reach.beside.values()))
            ),
        )
        vials = self._line(
            "vials",
            lambda year: (
                reach.by_label[year] * self._weighed(reach.inside, "by_label", year)
                + reach.off_label[year] * self._weighed(reach.beside, "off_label", year)
            ),
        )
        change, since = facts.of("price_change", region), facts.price_year()
        prices = self._page.by_year(
            "Price", "the price year's is 1", lambda year: (1 + change) ** (self._page.year(year) - since), FACTOR
        )
        self._prices = prices
        asked = treated if facts.is_per_patient(f"list_price.{region}") else vials
        price = self._page.once(
            "List price", facts.money, facts.money_of(f"list_price.{region}"), "#,##0.00", f"list_price_{region}"
        )
        gross = self._line("gross_sales", lambda year: asked[year] * price * prices[year])
        deducted = facts.of("gross_to_net", region)
        net = self._line("net_sales", lambda year: gross[year] * (1 - deducted), "total")
        return {"treated": treated, "vials": vials, "gross_sales": gross, "net_sales": net}

    def named(self, dates: Dates) -> tuple[Named, Named]:
        """Named patients if the drug is approved, until its launch, and if not."""
        missed: Formula | None = None
        if self._facts.has("named_patient.ends_after_miss"):
            missed = self._given.readout + self._facts.of("named_patient.ends_after_miss", self._region) / _MONTHS
        return self._programme(dates.launch, IF_APPROVED), self._programme(missed, IF_MISSED)

    def payer(self, sold: Mapping[str, Row], named: tuple[Named, Named] | None) -> dict[str, Row]:
        """Deaths averted and the budget."""
        reach, facts = self._reach, self._facts
        averted = self._line(
            "deaths_averted", lambda year: reach.by_label[year] * self._weighed(reach.inside, "averted", year)
        )
        more = facts.money_of("payer.care_with") - facts.money_of("payer.care_without")
        care = self._page.by_year(
            "Care besides the drug",
            facts.money,
            lambda year: sold["treated"][year] * more * self._given.inflation[year],
            MONEY,
        )
        drug = sold["net_sales"]
        budget = self._line(
            "budget_impact",
            lambda year: (
                drug[year] + named[0].sales[year] + care[year] if named is not None else drug[year] + care[year]
            ),
        )
        return {"deaths_averted": averted, "budget_impact": budget}

    def _programme(self, until: Formula | None, ending: str) -> Named:
        """The lines of named patients until a day, or for ever."""
        page, facts, reach, region = self._page, self._facts, self._reach, self._region
        opens, share = facts.named("named_patient.opens"), facts.of("named_patient.share", region)
        diagnosed = facts.of("patients.diagnosed", region)
        said = "if approved" if ending == IF_APPROVED else "if not approved"
        part = page.by_year(
            f"Part of the year with a programme, {said}",
            "",
            lambda year: part_of_year(page, year, opens, until),
            FACTOR,
        )
        cases = page.by_year(
            f"Named patients, {said}", "patients per year", lambda year: reach.eligible[year] * share * part[year]
        )
        vials = page.by_year(
            f"Vials of named patients, {said}",
            "vials per year",
            lambda year: diagnosed * share * part[year] * self._weighed(reach.inside, "by_label", year),
        )
        at_cost = facts.at_cost
        key = "costs.goods" if at_cost else f"named_patient.price.{region}"
        asked = cases if not at_cost and facts.is_per_patient(key) else vials
        growth = self._given.inflation if at_cost or self._prices is None else self._prices
        price = facts.money_of(key)
        sales = self._line("named_patient_sales", lambda year: asked[year] * price * growth[year], ending=ending)
        return Named(vials, sales)

    def _weighed(self, rows: Mapping[Stratum, Row], what: str, year: int) -> Formula:
        """The patients of all strata, each times something of its course."""
        parts = [row[year] * getattr(self._given.courses[stratum], what) for stratum, row in rows.items()]
        return parts[0] if len(parts) == 1 else total(*parts)

    def _line(
        self, variable: str, formula: Callable[[int], Formula], look: str = "plain", ending: str = IF_APPROVED
    ) -> Row:
        known = VARIABLES[variable]
        said = ", if not approved" if ending == IF_MISSED else ", if approved"
        is_money = "money" in known.unit
        unit = known.unit.replace("money", self._facts.money)
        form = MONEY if is_money else COUNT
        name = f"{variable}{ending}_{self._region}"
        return self._page.by_year(f"{known.long_name}{said}", unit, formula, form, name=name, adds_up=True, look=look)
