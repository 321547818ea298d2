"""The market in a terminal: launch, approval, peak sales and value, and what a month of delay costs."""

import textwrap

from sim.results.run import Results
from sim.variables import IF_APPROVED, TOTAL
from sim.views.estimates import Estimate, Estimates, is_point
from sim.views.market_facts import (
    AS_IT_IS,
    IF_WON,
    Market,
    market_of,
    money_error,
    money_spread,
    money_text,
    month_of,
    months_span,
    region_name,
)
from sim.views.market_words import cut_off
from sim.views.numbers import NO_BREAK
from sim.views.trial_facts import chance_error, chance_text
from sim.views.trial_table import left_aligned

_WIDTH = 100  # columns of a terminal that sentences keep to
_WORTH = (
    ("peak_sales", "Peak net sales, a year"),
    ("net_present_value", "{value}"),
    ("cost_of_delay", "A month later costs"),
)


def market_block(results: Results) -> list[str]:
    """Lines for a terminal; none where the run has no market."""
    market = market_of(results)
    if market is None:
        return []
    warning = cut_off(results, market)
    lines = [
        market.title,
        f"money in {market.money}, M million; {IF_WON}: without failures; {AS_IT_IS}: failures as they are",
        "",
        *left_aligned(_launches(results, market)),
        "",
        *left_aligned([*_worth(results, market)]),
        "",
        *left_aligned(_chances(results)),
        *(textwrap.wrap(f"mind: {warning}", _WIDTH, subsequent_indent="  ") if warning else []),
    ]
    return [line.replace(NO_BREAK, " ") for line in lines]


def _launches(results: Results, market: Market) -> list[tuple[str, ...]]:
    """When it is launched in each region."""
    find, point = Estimates(results), is_point(results)
    rows: list[tuple[str, ...]] = [("", "calculated at the means") if point else ("", "median", "P10–P90")]
    for region in market.regions:
        labels = {"region": region}
        middle, low, high = (
            find(f"launch_date{IF_APPROVED}", name, TOTAL, labels).value for name in ("p50", "p10", "p90")
        )
        name = f"Launch, {region_name(region)}, {IF_WON}" if region_name(region) else f"Launch, {IF_WON}"
        rows.append((name, month_of(middle)) if point else (name, month_of(middle), months_span(low, high)))
    return rows


def _worth(results: Results, market: Market) -> list[tuple[str, ...]]:
    """Peak sales, value and the cost of delay, a line for each twin."""
    find, point = Estimates(results), is_point(results)
    rows: list[tuple[str, ...]] = [("", "calculated") if point else ("", "mean", "P10–P90", "Monte Carlo error")]
    value = market.value_name[:1].upper() + market.value_name[1:]
    for variable, name in _WORTH:
        for twin, end in ((IF_WON, IF_APPROVED), (AS_IT_IS, "")):
            mean = find(f"{variable}{end}")
            label = f"{name.format(value=value)}, {twin}"
            spread = () if point else (money_spread(find, f"{variable}{end}"), money_error(mean))
            rows.append((label, money_text(mean), *spread))
    return rows


def _chances(results: Results) -> list[tuple[str, str]]:
    """P(approval) and P(net present value above 0)."""
    find, draws = Estimates(results), int(results.provenance["draws"])
    found = [
        ("P(approval)", find("prob_approval")),
        (f"P(net present value above 0), {IF_WON}", find(f"prob_npv_positive{IF_APPROVED}")),
        (f"P(net present value above 0), {AS_IT_IS}", find("prob_npv_positive")),
    ]
    return [(name, f"{chance_text(chance)} {_brief(chance, draws)}".strip()) for name, chance in found]


def _brief(chance: Estimate, draws: int) -> str:
    """The error behind a probability; nothing where it is exact."""
    words = chance_error(chance, draws)
    return "" if words == "exact" else words if words.startswith("±") else f"({words})"
