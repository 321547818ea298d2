"""The sheet of value: from sales to cash flow, net present value and break-even, in formulas."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sim.variables import IF_APPROVED, TOTAL, VARIABLES
from sim.views.workbook.book import NEVER, Book
from sim.views.workbook.cash import Branch, Common, branch_lines, common_lines
from sim.views.workbook.facts import Facts
from sim.views.workbook.formula import (
    Formula,
    below_zero,
    both,
    first_marked,
    largest,
    number,
    smallest,
    total,
    when,
)
from sim.views.workbook.market import Market
from sim.views.workbook.page import COUNT, MONEY, YEAR, Page, Row
from sim.views.workbook.region import IF_MISSED

SHEET = "Value"

_TIE = 1e-12  # relative difference below which two years have the same sales
_NOTE = "Money before the valuation date is spent and gone. Losses are carried forward without limit."
_SAID = {IF_APPROVED: "if approved", IF_MISSED: "if not approved", "": "risk-adjusted"}


@dataclass(frozen=True)
class Future:
    """What a headline is worked out from.

    Attributes
    ----------
    ending : how its names end.
    flow : of cash after tax, the upfront in it.
    present_value : of each year, the upfront not in it.
    net_sales : of all regions; None where there are none.
    deaths_averted, budget : of all regions.
    """

    ending: str
    flow: Row
    present_value: Row
    net_sales: Row | None
    deaths_averted: Row | None
    budget: Row | None


def value_sheet(book: Book, facts: Facts, market: Market) -> Mapping[str, Formula]:
    """Write the sheet, and give its headlines by the names that formulas call them by.

    Parameters
    ----------
    book : the file.
    facts : of the market.
    market : its lines.
    """
    page = Page(book, SHEET, "What it is worth", f"{_NOTE} {facts.money}.", facts.years)
    common = common_lines(page, facts, market)
    won = branch_lines(page, facts, market, common, IF_APPROVED)
    lost = branch_lines(page, facts, market, common, IF_MISSED)
    adjusted = _adjusted(page, facts, market, won, lost)
    futures = [
        Future(IF_APPROVED, won.flow, won.present_value, *_sold(market.approved)),
        Future(IF_MISSED, lost.flow, lost.present_value, *_sold(market.missed)),
        Future("", *adjusted, *_sold(market.adjusted)),
    ]
    found: dict[str, Formula] = {}
    for future in futures:
        page.section(f"Headlines, {_SAID[future.ending]}")
        found |= {f"{name}{future.ending}": cell for name, cell in _headlines(page, facts, future, common).items()}
    return found


def _sold(lines: Mapping[str, Row]) -> tuple[Row | None, Row | None, Row | None]:
    net_sales, deaths_averted, budget = (lines.get(name) for name in ("net_sales", "deaths_averted", "budget_impact"))
    return net_sales, deaths_averted, budget


def _adjusted(page: Page, facts: Facts, market: Market, won: Branch, lost: Branch) -> tuple[Row, Row]:
    """Cash flow and its present value, both futures weighed by their probabilities."""
    page.section("Risk-adjusted")
    weighed = partial(_mean, market.approval)
    flow = page.by_year(
        "Cash flow after tax and upfront",
        facts.money,
        partial(weighed, won.flow, lost.flow),
        MONEY,
        name=f"cash_flow_{TOTAL}",
        adds_up=True,
        look="total",
    )
    worth = partial(weighed, won.present_value, lost.present_value)
    return flow, page.by_year("Present value, before the upfront", facts.money, worth, MONEY, adds_up=True)


def _mean(chance: Formula, first: Row, second: Row, year: int) -> Formula:
    return chance * first[year] + (1 - chance) * second[year]


def _headlines(page: Page, facts: Facts, future: Future, common: Common) -> dict[str, Formula]:
    """The lines of one future, each with a name that ends as the future's do."""
    write = _Headlines(page, facts.money, future)
    worth = total(future.present_value.range) - common.upfront
    found = {**write.sales(), "net_present_value": write.money("net_present_value", worth, "total")}
    found["highest_upfront"] = write.money("highest_upfront", found["net_present_value"] + common.upfront)
    return {**found, **write.earned_back(), **write.per_death()}


class _Headlines:
    """Writes the headlines of one future."""

    def __init__(self, page: Page, money: str, future: Future) -> None:
        self._page, self._money, self._future = page, money, future

    def sales(self) -> dict[str, Formula]:
        """Peak, its year, and all sales together."""
        sales = self._future.net_sales
        if sales is None:
            return {}
        highest = self.money("peak_sales", largest(sales.range), "total")
        marks = self._page.by_year(
            "At the peak", "1: yes", lambda year: when(sales[year] >= highest * (1 - _TIE), 1, 0), "0"
        )
        year = when(highest > 0, first_marked(marks.range, self._page.all_years), 0)
        return {
            "peak_sales": highest,
            "peak_sales_year": self._line("peak_sales_year", "calendar year (0: none)", year, YEAR),
            "cumulative_sales": self.money("cumulative_sales", total(sales.range)),
        }

    def earned_back(self) -> dict[str, Formula]:
        """When what was spent is earned back, and how much is out at most."""
        page, flow = self._page, self._future.flow
        so_far = page.running("Cash so far", self._money, partial(_added, flow), MONEY)
        short = page.once("Years that end with less than nothing", "years", below_zero(so_far.range), "0")

        def earned(year: int) -> Formula:
            first = year == page.years[0]
            turned = number(0) if first else when(both(so_far[year - 1] < 0, so_far[year] >= 0), 1, 0)
            return when(short > 0, turned, when(flow[year] > 0, 1, 0))

        marks = page.by_year("Earned back", "1: in this year", earned, "0")
        year = when(total(marks.range) > 0, first_marked(marks.range, page.all_years), NEVER)
        return {
            "break_even_year": self._line("break_even_year", "calendar year", year, YEAR, "total"),
            "largest_cash_need": self.money("largest_cash_need", largest(-smallest(so_far.range), 0)),
        }

    def per_death(self) -> dict[str, Formula]:
        """What a death averted costs the payer."""
        averted, budget = self._future.deaths_averted, self._future.budget
        if averted is None or budget is None:
            return {}
        deaths = self._page.once("Deaths averted", "in all", total(averted.range), COUNT)
        cost = when(deaths > 0, total(budget.range) / deaths, 0)
        unit = f"{self._money} (0: none averted)"
        return {"cost_per_death_averted": self._line("cost_per_death_averted", unit, cost, MONEY)}

    def money(self, variable: str, formula: Formula, look: str = "plain") -> Formula:
        """A line of money."""
        return self._line(variable, self._money, formula, MONEY, look)

    def _line(self, variable: str, unit: str, formula: Formula, form: str, look: str = "plain") -> Formula:
        name = f"{variable}{self._future.ending}"
        return self._page.once(VARIABLES[variable].long_name, unit, formula, form, name, look)


def _added(flow: Row, year: int, before: Formula | None) -> Formula:
    return flow[year] if before is None else before + flow[year]
