"""From sales to cash in formulas: costs, milestones, tax, the flow of money and what each year's is worth today."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sim.variables import IF_APPROVED, TOTAL
from sim.views.workbook.dates import in_year, part_of_year
from sim.views.workbook.facts import Facts
from sim.views.workbook.formula import Formula, largest, number, smallest, total, when
from sim.views.workbook.market import Market
from sim.views.workbook.page import FACTOR, MONEY, Page, Row, sum_of
from sim.views.workbook.region import IF_MISSED


@dataclass(frozen=True)
class Common:
    """What both futures share.

    Attributes
    ----------
    counted : part of each year after the valuation date.
    worth : what a unit of a year's money is worth on that date.
    development : what is spent until the read-out.
    upfront : the payment, and the line with it in its year.
    """

    counted: Row
    worth: Row
    development: Row
    upfront: Formula
    paid: Row


@dataclass(frozen=True)
class Branch:
    """The money of one future.

    Attributes
    ----------
    flow : of cash after tax, the upfront in it.
    present_value : of each year, the upfront not in it.
    """

    flow: Row
    present_value: Row


def common_lines(page: Page, facts: Facts, market: Market) -> Common:
    """Write what does not hang on approval: discounting, development, upfront."""
    page.section("Discounting")
    valued, timing, rate = facts.valuation(), facts.discounting(), facts.named("discount_rate")
    counted = page.by_year(
        "Part of the year that counts", "", lambda year: smallest(largest(page.year(year) + 1 - valued, 0), 1), FACTOR
    )
    due = page.by_year(
        "Years until its money comes",
        "years",
        lambda year: largest(page.year(year) + 1 - valued - when(timing.says("mid-year"), counted[year] / 2, 0), 0),
        FACTOR,
    )
    worth = page.by_year(
        "Discount factor", "", lambda year: when(counted[year] > 0, (1 + rate) ** (-due[year]), 0), FACTOR
    )
    page.section("Until the read-out")
    development = _development(page, facts, market, valued)
    upfront = page.once("Upfront", facts.money, facts.money_of("costs.upfront"), MONEY, "upfront")
    paid = page.by_year("Upfront", facts.money, lambda year: in_year(page, year, valued) * upfront, MONEY)
    return Common(counted, worth, development, upfront, paid)


def _development(page: Page, facts: Facts, market: Market, valued: Formula) -> Row:
    """What remains is spread evenly until the read-out; at once where that is past."""
    end = page.once(
        "Development ends",
        "decimal year",
        smallest(market.readout, page.year(page.years[-1]) + 1),
        "0.000",
        "development_ends",
    )
    lasts = page.once("It lasts", "years", largest(end - valued, 0), FACTOR, "development_lasts")
    running = page.by_year(
        "Part of the year until then", "", lambda year: part_of_year(page, year, valued, end), FACTOR
    )
    whole, a_year = facts.money_of("costs.development"), facts.money_of("costs.trial_year")

    def spent(year: int) -> Formula:
        spread = when(lasts > 0, running[year] / lasts, in_year(page, year, valued))
        return (spread * whole + running[year] * a_year) * market.inflation[year]

    return page.by_year("Development and trial", facts.money, spent, MONEY, adds_up=True)


def branch_lines(page: Page, facts: Facts, market: Market, common: Common, ending: str) -> Branch:
    """Write the money of a future, down to its cash flow.

    Parameters
    ----------
    page : the sheet of value.
    facts : of the market.
    market : its lines.
    common : what both futures share.
    ending : how the names of the future end.
    """
    page.section("Cash flow, if approved" if ending == IF_APPROVED else "Cash flow, if not approved")
    operating = _Operating(page, facts, market).lines(ending)
    profit = page.by_year(
        "Profit before tax",
        facts.money,
        lambda year: common.counted[year] * operating[year] - common.development[year],
        MONEY,
        adds_up=True,
    )
    tax = _tax(page, facts, profit)
    after = page.by_year("After tax", facts.money, lambda year: profit[year] - tax[year], MONEY, adds_up=True)
    flow = page.by_year(
        "Cash flow after tax and upfront",
        facts.money,
        lambda year: after[year] - common.paid[year],
        MONEY,
        name=f"cash_flow{ending}_{TOTAL}",
        adds_up=True,
        look="total",
    )
    worth = page.by_year(
        "Present value, before the upfront",
        facts.money,
        lambda year: after[year] * common.worth[year],
        MONEY,
        adds_up=True,
    )
    return Branch(flow, worth)


def _tax(page: Page, facts: Facts, profit: Row) -> Row:
    """Of what the profit in all has come to, the highest so far has been taxed."""
    in_all = page.running(
        "Profit so far",
        facts.money,
        lambda year, before: profit[year] if before is None else before + profit[year],
        MONEY,
    )
    taxed = page.running(
        "Taxed so far",
        facts.money,
        lambda year, before: largest(in_all[year], 0) if before is None else largest(before, in_all[year], 0),
        MONEY,
    )
    rate = facts.named("costs.tax")

    def owed(year: int) -> Formula:
        first = year == page.years[0]
        return rate * taxed[year] if first else rate * (taxed[year] - taxed[year - 1])

    return page.by_year("Tax", facts.money, owed, MONEY, adds_up=True)


class _Operating:
    """Writes sales less what they cost."""

    def __init__(self, page: Page, facts: Facts, market: Market) -> None:
        self._page, self._facts, self._market = page, facts, market

    def lines(self, ending: str) -> Row:
        """Of the future in which the drug is approved, or of the other one."""
        if ending == IF_MISSED:
            named, goods = self._named(ending), self._goods(ending)
            return self._line("Operating result", lambda year: named[year] - goods[year])
        net = self._line("Net sales", lambda year: self._market.approved["net_sales"][year])
        named = self._named(ending)
        royalty = self._line("Royalty", lambda year: net[year] * self._facts.named("costs.royalty"))
        costs = [royalty, self._goods(ending), self._selling(), self._launching(), *self._milestones(net)]
        return self._line("Operating result", lambda year: net[year] + named[year] - sum_of(costs, year))

    def _named(self, ending: str) -> Row:
        rows = (self._market.approved if ending == IF_APPROVED else self._market.missed).get("named_patient_sales")
        return self._line("Named-patient sales", lambda year: number(0) if rows is None else rows[year])

    def _goods(self, ending: str) -> Row:
        place = 0 if ending == IF_APPROVED else 1
        rows = [region.named[place].vials for region in self._market.regions if region.named is not None]
        if ending == IF_APPROVED:
            rows.append(self._market.approved["vials"])
        each = self._facts.money_of("costs.goods")
        return self._cost("Goods", lambda year: sum_of(rows, year) * each if rows else number(0))

    def _selling(self) -> Row:
        def formula(year: int) -> Formula:
            return total(
                *(r.on_market[year] * self._facts.money_of("costs.selling", r.name) for r in self._market.regions)
            )

        return self._cost("Selling", formula)

    def _launching(self) -> Row:
        def formula(year: int) -> Formula:
            first = [in_year(self._page, year, region.dates.launch) for region in self._market.regions]
            costs = [self._facts.money_of("costs.launch", region.name) for region in self._market.regions]
            return total(*(now * cost for now, cost in zip(first, costs, strict=True)))

        return self._cost("Launch", formula)

    def _milestones(self, net: Row) -> list[Row]:
        return [self._milestone(name, stated, net) for name, stated in self._facts.milestones.items()]

    def _milestone(self, name: str, stated: Mapping[str, Any], net: Row) -> Row:
        """What is paid once, in the year in which it first falls due."""
        amount = self._facts.money_of(f"costs.milestones.{name}.amount")
        label = f"Milestone {name} ({stated['event']})"
        if stated["event"] == "sales":
            return self._cost(label, partial(self._passing, name, float(stated["above"]), net, amount))
        dates = [getattr(region.dates, stated["event"]) for region in self._market.regions]
        first = smallest(*dates)
        return self._cost(label, lambda year: in_year(self._page, year, first) * amount)

    def _passing(self, name: str, above: float, net: Row, amount: Formula, year: int) -> Formula:
        """An amount in the first year whose sales pass a threshold."""
        level = self._facts.inputs.setting(
            f"market.costs.milestones.{name}.above",
            above,
            self._facts.money,
            "the yearly net sales that are to be passed",
        )
        before = [net[earlier] for earlier in self._page.years if earlier < year]
        now = when(net[year] >= level, amount, 0)
        return when(largest(*before) < level, now, 0) if before else now

    def _cost(self, label: str, formula: Callable[[int], Formula]) -> Row:
        """A line of costs, which rise with prices."""
        return self._line(label, lambda year: formula(year) * self._market.inflation[year])

    def _line(self, label: str, formula: Callable[[int], Formula]) -> Row:
        return self._page.by_year(label, self._facts.money, formula, MONEY, adds_up=True)
