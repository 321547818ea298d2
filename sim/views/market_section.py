"""The market on a run's page: dates, probabilities, what it is worth, sales by year, the payer's side."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from sim.results.run import Results
from sim.variables import IF_APPROVED
from sim.views.estimates import Estimate, Estimates, is_point
from sim.views.market_facts import AS_IT_IS, IF_WON, Market, market_of, million
from sim.views.market_words import (
    Cell,
    Worth,
    cut_off,
    death_averted,
    launches,
    odds,
    worth,
)
from sim.views.numbers import UNKNOWN, rounded, span
from sim.views.trial_words import Dated, Likely

PICTURES = ("sales", "value", "exceedance")
"""The pictures of a market, in the order in which they are shown."""

_NEEDS_DRAWS = ("value", "exceedance")
_MONTHS = 12
_MANY = 100  # from here on a mean of whole patients is written whole


class Column(NamedTuple):
    """A column of a table by year.

    Attributes
    ----------
    variable : whose numbers it holds.
    head : in words.
    twin : which future it is of; empty where there is one only.
    in_millions : whether its numbers are money in millions.
    ranged : whether P10–P90 stands below the mean.
    """

    variable: str
    head: str
    twin: str = ""
    in_millions: bool = False
    ranged: bool = False

    @property
    def name(self) -> str:
        """Head and twin together."""
        return ", ".join(filter(None, (self.head, self.twin)))


class ByYear(NamedTuple):
    """A table by year.

    Attributes
    ----------
    groups : neighbouring columns of one twin: its name, and how many they are.
    columns : of the table.
    rows : year → mean and range of each column.
    """

    groups: list[tuple[str, int]]
    columns: list[Column]
    rows: list[tuple[int, list[tuple[str, str]]]]


class Section(NamedTuple):
    """What the page shows of a market, in words.

    Attributes
    ----------
    title, money, millions : of the market, what its money is, and the unit of its tables by year.
    has_costs : whether anything is spent; else value is net sales.
    dates, chances : by region; of approval and value.
    worth : what it is worth.
    warning : a sentence; empty where there is nothing to warn of.
    sales, payer : tables by year.
    averted : deaths averted in all years, and what one costs.
    members : for whom a member's monthly cost is counted; empty where nobody counts them.
    pictures : reading and drawing, by name.
    """

    title: str
    money: str
    millions: str
    has_costs: bool
    dates: list[Dated]
    chances: list[Likely]
    worth: list[Worth]
    warning: str
    sales: ByYear
    payer: ByYear
    averted: list[Worth]
    members: str
    pictures: Mapping[str, tuple[str, Markup]]

    def shown(self, *names: str) -> list[tuple[str, Markup]]:
        """The pictures of these names that there are."""
        return [self.pictures[name] for name in names if name in self.pictures]


def market_section(results: Results, shown: Mapping[str, tuple[str, Markup]]) -> Section | None:
    """What a run's page shows of its market; None where it has none.

    Parameters
    ----------
    results : the run.
    shown : name → reading and drawing of every picture of the run.
    """
    market = market_of(results)
    if market is None:
        return None
    return Section(
        title=market.title,
        money=market.money,
        millions=market.millions,
        has_costs=market.has_costs,
        dates=launches(results, market),
        chances=odds(results),
        worth=worth(results, market),
        warning=cut_off(results, market),
        sales=_by_year(results, market, _sales_columns(results)),
        payer=_by_year(results, market, _payer_columns(market)),
        averted=[_deaths(results, market), death_averted(results)],
        members="" if market.members is None else rounded(market.members, 0),
        pictures={name: shown[name] for name in PICTURES if name in shown},
    )


def market_pictures(results: Results) -> list[str]:
    """The pictures that say something about a run's market."""
    if market_of(results) is None or is_point(results):
        return []
    return [name for name in PICTURES if results.has_draws or name not in _NEEDS_DRAWS]


def _sales_columns(results: Results) -> list[Column]:
    """Patients, vials and money; named patients where there is such a programme."""
    won, named = IF_APPROVED, results.configuration["market"].get("named_patient")
    return [
        Column("eligible", "Eligible"),
        Column("reimbursed", "With paid access"),
        Column(f"treated{won}", "Treated", IF_WON, ranged=True),
        Column(f"vials{won}", "Vials", IF_WON),
        Column(f"gross_sales{won}", "Gross sales", IF_WON, in_millions=True),
        Column(f"net_sales{won}", "Net sales", IF_WON, in_millions=True, ranged=True),
        Column(f"cash_flow{won}", "Cash flow", IF_WON, in_millions=True, ranged=True),
        Column("net_sales", "Net sales", AS_IT_IS, in_millions=True, ranged=True),
        *([Column("named_patient_sales", "Named patients", AS_IT_IS, in_millions=True)] if named else []),
        Column("cash_flow", "Cash flow", AS_IT_IS, in_millions=True, ranged=True),
    ]


def _payer_columns(market: Market) -> list[Column]:
    """Deaths averted and the budget, of both twins; for each member and month where somebody counts them."""
    found = []
    for end, twin in ((IF_APPROVED, IF_WON), ("", AS_IT_IS)):
        found.append(Column(f"deaths_averted{end}", "Deaths averted", twin, ranged=True))
        found.append(Column(f"budget_impact{end}", "Budget impact", twin, in_millions=True, ranged=True))
        if market.members is not None:
            found.append(Column(f"budget_impact{end}", "Per member and month", twin))
    return found


def _by_year(results: Results, market: Market, columns: Sequence[Column]) -> ByYear:
    find = Estimates(results)
    groups: list[tuple[str, int]] = []
    for column in columns:
        if groups and groups[-1][0] == column.twin:
            groups[-1] = (column.twin, groups[-1][1] + 1)
        else:
            groups.append((column.twin, 1))
    rows = [(year, [_entry(results, market, find, column, year) for column in columns]) for year in market.years]
    return ByYear(groups, list(columns), rows)


def _entry(results: Results, market: Market, find: Estimates, column: Column, year: int) -> tuple[str, str]:
    """The mean of a year, and its range where the column has one."""
    names = ("mean", "p10", "p90") if column.ranged and not is_point(results) else ("mean",)
    mean, *ends = (_short(_counted(find(column.variable, name, year), market, column), column) for name in names)
    return mean, span(*ends) if ends and set(ends) != {"0"} else ""


def _short(found: Estimate, column: Column) -> str:
    """As short as a wide table wants it: three digits at most, whole numbers where patients or vials are many."""
    if column.in_millions or abs(found.value) < _MANY:
        return found.about
    return str(Estimate(found.value, max(found.error, 1.0)))


def _counted(found: Estimate, market: Market, column: Column) -> Estimate:
    """A number in the unit of its column."""
    if column.in_millions:
        return million(found)
    if not column.variable.startswith("budget_impact"):
        return found
    assert market.members is not None
    each = market.members * _MONTHS
    return Estimate(found.value / each, found.error / each)


def _deaths(results: Results, market: Market) -> Worth:
    """Deaths averted in all years: the means add up."""
    find = Estimates(results)
    totals = [
        sum(find(name, year=year).value for year in market.years)
        for name in (f"deaths_averted{IF_APPROVED}", "deaths_averted")
    ]
    shown = "calculated" if is_point(results) else "mean"
    cells = [Cell(rounded(total, UNKNOWN), "", "") for total in totals]
    return Worth(f"Deaths averted, {market.years[0]} to {market.years[-1]}", shown, *cells)
