"""What the views read of a market: its plan, and its money and dates as people write them."""

import calendar
import math
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sim.dates import day_of
from sim.results.run import Results
from sim.variables import IF_APPROVED, TOTAL
from sim.views.estimates import Estimate, Estimates
from sim.views.numbers import ABSENT, NO_BREAK, span

MILLION = 1e6
"""What money is counted in where a table or an axis has one unit."""

IF_WON, AS_IT_IS = "if approved", "risk-adjusted"
"""What the twins of a variable are called: without failures, and with each failed draw as it is."""

REGIONS = {"us": "United States", "europe": "Europe"}
"""Regions as people read them; others go by their label."""

_SCALES = ((1e9, "bn"), (MILLION, "M"))
_NOTHING = 0.5  # less than half a unit of a currency is what rounding leaves of nothing
_MONTHS = 12


@dataclass(frozen=True)
class Market:
    """The plan of a run's market.

    Attributes
    ----------
    title : as people read it.
    money : what its money is: `USD of 2008`.
    regions : where the drug is sold.
    years : of the market.
    members : people whom the payers cover; None where nobody counts them.
    has_costs : whether anything is spent or deducted; else what is called value is net sales.
    """

    title: str
    money: str
    regions: tuple[str, ...]
    years: tuple[int, ...]
    members: float | None
    has_costs: bool

    @property
    def millions(self) -> str:
        """The unit of an axis or a table: `million USD of 2008`."""
        return f"million {self.money}"

    @property
    def value_name(self) -> str:
        """What the present value is called: it is none of profits where nothing is spent."""
        return "net present value" if self.has_costs else "net present value of net sales only, before costs"


_known: WeakKeyDictionary[Results, Market | None] = WeakKeyDictionary()


def market_of(results: Results) -> Market | None:
    """The market of a run, looked up once; None where it has none."""
    if results not in _known:
        _known[results] = _market(results)
    return _known[results]


def _market(results: Results) -> Market | None:
    plan = results.configuration.get("market")
    rows = results.summary
    if not plan or not (rows["variable"] == "net_sales").any():
        return None
    years = rows.loc[rows["variable"] == "cash_flow", "year"]
    regions = rows.loc[rows["variable"] == f"launch_date{IF_APPROVED}", "region"]
    members = plan["payer"].get("members")
    return Market(
        title=" ".join(str(plan["title"]).split()),
        money=str(rows.loc[rows["variable"] == "net_present_value", "unit"].iloc[0]),
        regions=tuple(dict.fromkeys(map(str, regions))),
        years=tuple(dict.fromkeys(map(int, years))),
        members=None if members is None else float(members),
        has_costs=_has_costs(results),
    )


def _has_costs(results: Results) -> bool:
    """Whether a cost is other than certain zero."""
    table = results.assumptions
    rows = table[table["quantity"].str.startswith("market.costs.")]
    return bool((rows[["mean", "p05", "p95"]].to_numpy(float) != 0).any())


def region_name(label: str) -> str:
    """A region as people read it; nothing for the whole."""
    return "" if label == TOTAL else REGIONS.get(label, label.replace("_", " "))


def million(found: Estimate) -> Estimate:
    """Money in millions; what rounding leaves of nothing is nothing."""
    return Estimate(_cleared(found.value) / MILLION, found.error / MILLION)


def money_text(found: Estimate, *, coarse: bool = False) -> str:
    """Money for people: `78.9 M`, `1.23 bn`; with three significant digits at most where it is coarse."""
    scale, sign = _scale(found.value)
    shown = Estimate(_cleared(found.value) / scale, found.error / scale)
    return (shown.about if coarse else str(shown)) + sign


def money_error(found: Estimate) -> str:
    """The Monte Carlo error of such a number, in its own unit: `± 0.2 M`."""
    scale, sign = _scale(found.value)
    words = Estimate(found.value / scale, found.error / scale).error_text
    return words + sign if words.startswith("±") else words


def money_span(low: Estimate, high: Estimate, *, coarse: bool = False) -> str:
    """From one to the other in the unit of the larger: `40.1–126 M`."""
    scale, sign = _scale(max((low.value, high.value), key=lambda value: abs(value) if math.isfinite(value) else 0))
    ends = [Estimate(_cleared(end.value) / scale, end.error / scale) for end in (low, high)]
    words = [end.about if coarse else str(end) for end in ends]
    if ABSENT in words:
        return ABSENT
    return f"{words[0]}{sign} to {words[1]}" if math.isinf(high.value) else span(*words) + sign


def money_spread(find: Estimates, variable: str, *, coarse: bool = False) -> str:
    """From the 10th to the 90th percentile of the draws."""
    return money_span(find(variable, "p10"), find(variable, "p90"), coarse=coarse)


def month_of(year: float) -> str:
    """A decimal year as its month: `February 2010`."""
    if not math.isfinite(year):
        return ABSENT if math.isnan(year) else "never"
    day = day_of(year)
    return f"{calendar.month_name[day.month]} {day.year}"


def months_span(low: float, high: float) -> str:
    """Two decimal years as a range of months: `October 2009 to August 2010`, `May to July 2010`."""
    first, last = month_of(low), month_of(high)
    if first == last:
        return first
    (month, _, year), other = first.partition(" "), last.rpartition(" ")[2]
    return f"{month if year == other else first} to {last}"


def year_text(found: Estimate) -> str:
    """A calendar year: `2016`."""
    if not math.isfinite(found.value):
        return ABSENT if math.isnan(found.value) else "never"
    return f"{found.value:.0f}"


def years_span(low: Estimate, high: Estimate) -> str:
    """Two calendar years as a range."""
    first, last = year_text(low), year_text(high)
    return first if first == last else span(first, last) if last.isdigit() else f"{first} to {last}"


def in_months(found: Estimate) -> Estimate:
    """A decimal year whose error is counted in months, as those of other dates are."""
    return Estimate(found.value, found.error * _MONTHS)


def _scale(value: float) -> tuple[float, str]:
    return next(
        ((scale, f"{NO_BREAK}{sign}") for scale, sign in _SCALES if math.isfinite(value) and abs(value) >= scale),
        (1.0, ""),
    )


def _cleared(value: float) -> float:
    return 0.0 if abs(value) < _NOTHING else value
