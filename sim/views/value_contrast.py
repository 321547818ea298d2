"""The markets of a sweep's runs side by side: when and whether the drug is approved, its sales, its worth."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from sim.results.run import Results
from sim.variables import IF_APPROVED, TOTAL
from sim.views.contrast import Contrast, contrasts
from sim.views.estimates import Estimate, Estimates, is_point
from sim.views.market_facts import (
    AS_IT_IS,
    IF_WON,
    MILLION,
    Market,
    market_of,
    money_spread,
    money_text,
    month_of,
    region_name,
)
from sim.views.numbers import ABSENT, NO_BREAK, UNKNOWN, coarse_error, rounded, signed
from sim.views.trial_facts import chance_text

VALUE, VALUE_IF_WON, PEAK = "net_present_value", f"net_present_value{IF_APPROVED}", f"peak_sales{IF_APPROVED}"
"""The variables that markets are compared by."""

WORTH_HEADS = ("mean", "P10–P90", "P(> 0)", "difference", "its 5–95 %")
SALES_HEADS = (
    "median read-out",
    f"median launch, {IF_WON}",
    "P(approval)",
    f"mean peak of net sales a year, {IF_WON}",
    "its P10–P90",
)
"""The heads of both tables, behind the run's name: of the net present value, and of what leads to it."""


class ValueRow(NamedTuple):
    """The market of one run, in words: as the heads say.

    Attributes
    ----------
    run : its label.
    worth, sales : below the heads of either table.
    is_baseline : whether the others are compared with it.
    """

    run: str
    worth: tuple[str, ...]
    sales: tuple[str, ...]
    is_baseline: bool


class Apart(NamedTuple):
    """How the worth of one run differs from the baseline's: the means and the 5–95 % of the draws, in words."""

    text: str
    interval: str


def moneys(runs: Mapping[str, Results]) -> dict[str, str]:
    """Label → what its money is, of the runs with a market."""
    found = {label: market_of(run) for label, run in runs.items()}
    return {label: market.money for label, market in found.items() if market is not None}


def not_compared(runs: Mapping[str, Results]) -> str:
    """Why the markets are not compared, where runs have markets but in different money; else nothing."""
    units = list(dict.fromkeys(moneys(runs).values()))
    if len(units) < 2:
        return ""
    return f"The runs count their money in {', '.join(units[:-1])} and {units[-1]}: sales and values are not compared."


def with_markets(runs: Mapping[str, Results]) -> dict[str, Results]:
    """The runs whose markets can be compared: those that have one, in the same money; none where the money differs."""
    found = moneys(runs)
    return {label: runs[label] for label in found} if len(set(found.values())) == 1 else {}


def value_rows(runs: Mapping[str, Results], comparison: pd.DataFrame) -> list[ValueRow]:
    """A row for each run with a market; none where money is not compared.

    Parameters
    ----------
    runs : label → run.
    comparison : columns as `comparison.csv` has them.
    """
    sold = with_markets(runs)
    if not sold:
        return []
    worth = {row.run: row for row in contrasts(comparison, VALUE)}
    return [_row(label, run, worth[label]) for label, run in sold.items() if label in worth]


def apart(row: Contrast) -> Apart:
    """The difference of two worths."""
    if math.isnan(row.difference):
        return Apart(ABSENT, ABSENT)
    error = UNKNOWN if row.is_paired else coarse_error(row.mean)
    text = signed(money_text(Estimate(row.difference, error), coarse=True))
    return Apart(text, _interval(row.low, row.high) if row.is_paired else ABSENT)


def _interval(low: float, high: float) -> str:
    """Two differences in the unit of the larger, each with its sign."""
    scale, sign = (MILLION, f"{NO_BREAK}M") if max(abs(low), abs(high)) >= MILLION else (1.0, "")
    ends = [signed(rounded(end / scale, UNKNOWN)) for end in (low, high)]
    return f"{ends[0]} to {ends[1]}{sign}"


def value_lines(runs: Mapping[str, Results], comparison: pd.DataFrame) -> list[list[list[str]]]:
    """The same as two tables of text for a terminal, each with a title; none where there is nothing to compare."""
    rows = value_rows(runs, comparison)
    if not rows:
        return [[[sentence]] for sentence in [not_compared(runs)] if sentence]
    money = next(iter(moneys(runs).values()))
    found = [
        [[f"Net present value, {AS_IT_IS}, {money}"], ["", *WORTH_HEADS], *([row.run, *row.worth] for row in rows)],
        [
            [f"Approval, and peak net sales a year {IF_WON}, {money}"],
            ["", *SALES_HEADS[:3], "mean peak", "P10–P90"],
            *([row.run, *row.sales] for row in rows),
        ],
    ]
    return [[[cell.replace(NO_BREAK, " ") for cell in line] for line in block] for block in found]


def _row(label: str, run: Results, row: Contrast) -> ValueRow:
    find, market = Estimates(run), market_of(run)
    assert market is not None
    difference = ("baseline", "") if row.is_baseline else tuple(apart(row))
    above = chance_text(find("prob_npv_positive"))
    worth = (*_money(run, find, VALUE), above, *difference)
    dates = month_of(find("readout_date", "p50").value), _launch(find, market)
    return ValueRow(
        label, worth, (*dates, chance_text(find("prob_approval")), *_money(run, find, PEAK)), row.is_baseline
    )


def _launch(find: Estimates, market: Market) -> str:
    """The first launch, and in which region."""
    dates = {
        region: find(f"launch_date{IF_APPROVED}", "p50", TOTAL, {"region": region}).value for region in market.regions
    }
    known = sorted((date, region) for region, date in dates.items() if not math.isnan(date))
    if not known:
        return ABSENT
    (date, region), several = known[0], len(known) > 1 and bool(region_name(known[0][1]))
    return f"{month_of(date)} ({region_name(region)})" if several else month_of(date)


def _money(run: Results, find: Estimates, variable: str) -> tuple[str, str]:
    """A mean and its range."""
    return money_text(find(variable), coarse=True), ABSENT if is_point(run) else money_spread(
        find, variable, coarse=True
    )


def value_sentence(row: Contrast, base: str, money: str, main: Sequence[str]) -> str:
    """`worth 186 M USD of 2008 more than press_release (…), above all by market.patients.off_label (+43 M)`.

    Parameters
    ----------
    row : of the net present value.
    base : the baseline's name in a sentence.
    money : what it is counted in.
    main : the inputs that make most of it, with their parts.
    """
    found = apart(row)
    if row.difference == 0:
        return f"worth as much as {base} (net present value, {AS_IT_IS})."
    way = "more" if row.difference > 0 else "less"
    amount = found.text.lstrip("+-")
    spread = "" if found.interval == ABSENT else f"; {found.interval} in 90 % of the draws"
    by = f", above all by {' and '.join(main)}" if main else ""
    return f"worth {amount} {money} {way} than {base} (net present value, {AS_IT_IS}{spread}){by}."
