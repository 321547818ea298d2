"""The answer of a run in one sentence: patients, read-out, approval and sales, value; each with its range."""

import math
from typing import NamedTuple

from sim.results.run import Results
from sim.variables import IF_APPROVED
from sim.views.causes import whole_percent
from sim.views.estimates import Estimate, Estimates, is_point
from sim.views.market_facts import Market, market_of, money_spread, money_text, year_text
from sim.views.market_words import approval
from sim.views.messages import headline_parts
from sim.views.numbers import ABSENT
from sim.views.trial_facts import chance_text, no_readout, trial_of


class Clause(NamedTuple):
    """A part of the sentence and the range of its number, P10–P90; empty where there is none."""

    words: str
    spread: str


def answer(results: Results) -> list[Clause]:
    """The clauses of the sentence, patients first."""
    market = market_of(results)
    found = [Clause(*headline_parts(results)), *_readout(results)]
    return [*found, *([] if market is None else _market(results, market))]


def _readout(results: Results) -> list[Clause]:
    """When the trial reads out."""
    trial = trial_of(results)
    if trial is None:
        return []
    find = Estimates(results)
    middle, low, high = (find("readout_months", name) for name in ("p50", "p10", "p90"))
    if not math.isfinite(middle.value):
        return [Clause(f"no read-out in {chance_text(no_readout(results))} of the draws", "")]
    spread = "" if is_point(results) else trial.span_text(low.value, high.value)
    return [Clause(f"read-out in {trial.day_text(Estimate(middle.value, math.inf))}", spread)]


def _market(results: Results, market: Market) -> list[Clause]:
    """What is sold if it is approved, and what all is worth, failures counted."""
    find = Estimates(results)
    peak, worth = find(f"peak_sales{IF_APPROVED}"), find("net_present_value")
    if math.isnan(peak.value):
        return [Clause("nothing is ever sold", "")]
    when = year_text(find(f"peak_sales_year{IF_APPROVED}", "p50"))
    about = f" about {when}" if when != ABSENT else ""
    above = whole_percent(find("prob_npv_positive").value)
    spreads = ["", ""]
    if not is_point(results):
        names = (f"peak_sales{IF_APPROVED}", "net_present_value")
        spreads = [money_spread(find, name, coarse=True) for name in names]
    sales = money_text(peak, coarse=True)
    return [
        Clause(
            f"approval with {approval(results)}, and then net sales that peak at {sales} {market.money}{about}",
            spreads[0],
        ),
        Clause(f"{market.value_name}, failures counted, {money_text(worth, coarse=True)}", spreads[1]),
        *([] if is_point(results) else [Clause(f"above 0 with {above}", "")]),
    ]
