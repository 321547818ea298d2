"""What a market's pictures and pages say, in words."""

import math
from typing import NamedTuple

from sim.results.run import Results
from sim.variables import IF_APPROVED, TOTAL
from sim.views.causes import whole_percent
from sim.views.estimates import Estimates, is_point
from sim.views.market_facts import (
    AS_IT_IS,
    IF_WON,
    Market,
    in_months,
    market_of,
    money_error,
    money_span,
    money_spread,
    money_text,
    month_of,
    months_span,
    region_name,
    year_text,
    years_span,
)
from sim.views.numbers import ABSENT
from sim.views.trial_facts import chance_error, chance_text, days_text
from sim.views.trial_words import Dated, Likely

_CUT_OFF = 0.05  # share of the draws whose peak in the last year is worth a word
_DATES = (("launch_date", "Launch"), ("exclusivity_end", "Exclusivity ends"))
_CHANCES = (
    ("prob_approval", "Approval"),
    ("prob_npv_positive", f"Net present value above 0, {AS_IT_IS}"),
    (f"prob_npv_positive{IF_APPROVED}", f"Net present value above 0, {IF_WON}"),
)
_WORTH = (
    ("peak_sales", "Peak net sales, a year", "mean"),
    ("peak_sales_year", "Year of the peak", "p50"),
    ("cumulative_sales", "Net sales, {first} to {last}", "mean"),
    ("net_present_value", "{value}", "mean"),
    ("break_even_year", "Break-even year", "p50"),
    ("largest_cash_need", "Largest cash need", "mean"),
    ("highest_upfront", "Highest affordable upfront", "mean"),
    ("cost_of_delay", "A month later costs", "mean"),
)


class Cell(NamedTuple):
    """A number with its P10–P90 and its Monte Carlo error, in words."""

    number: str
    spread: str
    error: str


class Worth(NamedTuple):
    """What a market is worth in one respect.

    Attributes
    ----------
    name : in words.
    statistic : which of the draws' numbers is shown: mean or median.
    if_approved, as_it_is : of either twin.
    """

    name: str
    statistic: str
    if_approved: Cell
    as_it_is: Cell


def launches(results: Results, market: Market) -> list[Dated]:
    """Launch and end of exclusivity by region, if approved."""
    find = Estimates(results)
    rows = []
    for variable, name in _DATES:
        for region in market.regions:
            middle, low, high = (
                find(f"{variable}{IF_APPROVED}", statistic, TOTAL, {"region": region})
                for statistic in ("p50", "p10", "p90")
            )
            where = f", {region_name(region)}" if region_name(region) else ""
            error = ABSENT if not math.isfinite(middle.value) else days_text(in_months(middle).error)
            rows.append(Dated(f"{name}{where}", month_of(middle.value), months_span(low.value, high.value), error))
    return rows


def odds(results: Results) -> list[Likely]:
    """The probabilities of approval and of a value above 0, both twins."""
    find, draws = Estimates(results), int(results.provenance["draws"])
    found = [(name, find(variable)) for variable, name in _CHANCES]
    return [Likely(name, chance_text(chance), chance_error(chance, draws)) for name, chance in found]


def worth(results: Results, market: Market) -> list[Worth]:
    """What the market is worth: sales, value, what must be put in, what a delay costs, of both twins."""
    words = {"first": market.years[0], "last": market.years[-1], "value": _capital(market.value_name)}
    return [_worth(results, variable, name.format(**words), statistic) for variable, name, statistic in _WORTH]


def death_averted(results: Results) -> Worth:
    """What a death averted costs those who pay."""
    return _worth(results, "cost_per_death_averted", "Cost per death averted", "p50")


def _worth(results: Results, variable: str, name: str, statistic: str) -> Worth:
    find = Estimates(results)
    shown = "calculated" if is_point(results) else {"p50": "median"}.get(statistic, statistic)
    won, plain = (_cell(find, twin, statistic) for twin in (f"{variable}{IF_APPROVED}", variable))
    return Worth(name, shown, won, plain)


def _cell(find: Estimates, variable: str, statistic: str) -> Cell:
    middle, low, high = (find(variable, name) for name in (statistic, "p10", "p90"))
    if variable.removesuffix(IF_APPROVED).endswith("_year"):
        return Cell(year_text(middle), years_span(low, high), "")
    return Cell(money_text(middle), money_span(low, high), money_error(middle))


def cut_off(results: Results, market: Market) -> str:
    """The warning that the last year cuts the peak off in many draws; else nothing."""
    share = Estimates(results)(f"prob_peak_in_last_year{IF_APPROVED}").value
    if math.isnan(share) or share < _CUT_OFF:
        return ""
    often = "" if is_point(results) else f" in {whole_percent(share)} of the draws"
    return (
        f"Net sales still rise to their peak in {market.years[-1]}{often}: the peak may be cut off there; "
        "a later market.last_year shows it."
    )


def sales_message(results: Results) -> str:
    """`If approved (80 %), net sales peak about 2016 at 78.9 M USD of 2008 (40–126 M)`."""
    market, find = _market(results), Estimates(results)
    peak = find(f"peak_sales{IF_APPROVED}")
    if math.isnan(peak.value):
        return "The trial never reads out, so that nothing is sold"
    when = year_text(find(f"peak_sales_year{IF_APPROVED}", "p50"))
    about = f" about {when}" if when != ABSENT else ""
    spread = "" if is_point(results) else f" ({money_spread(find, f'peak_sales{IF_APPROVED}', coarse=True)})"
    return (
        f"If approved ({approval(results)}), net sales peak{about} at {money_text(peak, coarse=True)} "
        f"{market.money}{spread}"
    )


def value_message(results: Results) -> str:
    """`Net present value 78.3 M USD of 2008, above 0 with 68 %, failures counted`."""
    market, find = _market(results), Estimates(results)
    mean = money_text(find("net_present_value"), coarse=True)
    above = whole_percent(find("prob_npv_positive").value)
    return f"{_capital(market.value_name)} {mean} {market.money}, above 0 with {above}, failures counted"


def approval(results: Results) -> str:
    """The probability of approval, for a sentence: `80 %`."""
    return whole_percent(Estimates(results)("prob_approval").value)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _market(results: Results) -> Market:
    """The market of a run that is known to have one."""
    found = market_of(results)
    assert found is not None
    return found
