"""What a comparison leads with: the worth, where runs have markets; else what differs, the patients or the read-out."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from sim.results.run import Results
from sim.variables import HEADLINE
from sim.views.causes import whole_percent
from sim.views.contrast import Contrast, contrasts
from sim.views.estimates import Estimate
from sim.views.market_facts import AS_IT_IS, money_text, month_of
from sim.views.messages import comparison_message
from sim.views.numbers import UNKNOWN
from sim.views.value_contrast import VALUE, apart, moneys, with_markets

Subject = Literal["value", "patients", "readout"]

READOUT, PROMISE = "readout_date", "prob_readout_by_promise"
"""What read-outs are compared by."""
_PATIENTS = (HEADLINE, "deaths_day100")


def subject(runs: Mapping[str, Results], comparison: pd.DataFrame) -> Subject:
    """What the runs are compared by first.

    Parameters
    ----------
    runs : label → run.
    comparison : columns as `comparison.csv` has them.
    """
    if runs and len(with_markets(runs)) == len(runs):
        return "value"
    if not runs:
        return "patients"
    return "readout" if same_patients(comparison) and _other_readouts(comparison) else "patients"


def same_patients(comparison: pd.DataFrame) -> bool:
    """Whether patients and deaths have the same means in every run."""
    return all(row.difference == 0 for name in _PATIENTS for row in contrasts(comparison, name))


def lead_message(runs: Mapping[str, Results], comparison: pd.DataFrame) -> str:
    """What the runs say of it: the difference of two, the range of many."""
    leads = subject(runs, comparison)
    if leads == "value":
        return _of_values(contrasts(comparison, VALUE), next(iter(moneys(runs).values())))
    if leads == "readout":
        return _of_readouts(comparison)
    rows = contrasts(comparison, HEADLINE)
    return comparison_message(rows) if rows else "No run finished"


def _other_readouts(comparison: pd.DataFrame) -> bool:
    """Whether all runs read out, and not all alike."""
    asked = [(READOUT, name) for name in ("p10", "p50", "p90")] + [(PROMISE, "mean")]
    rows = [row for variable, name in asked for row in contrasts(comparison, variable, name)]
    return bool(rows) and any(row.difference != 0 for row in rows if not np.isnan(row.difference))


def _of_values(rows: list[Contrast], money: str) -> str:
    name = f"net present value, {AS_IT_IS}"
    others = [row for row in rows if not row.is_baseline]
    if len(rows) == 2 and len(others) == 1 and others[0].difference:
        base = next(row.run for row in rows if row.is_baseline)
        way = "more" if others[0].difference > 0 else "less"
        return f"{others[0].run} is worth {apart(others[0]).text.lstrip('+-')} {money} {way} than {base} ({name})"
    ordered = sorted(rows, key=lambda row: row.mean)
    low, high = (f"{money_text(Estimate(row.mean, UNKNOWN), coarse=True)}" for row in (ordered[0], ordered[-1]))
    if len(rows) == 1 or low == high:
        return f"{name[0].upper()}{name[1:]}: {low} {money}"
    ends = f"{low} ({ordered[0].run}) to {high} ({ordered[-1].run})"
    return f"{name[0].upper()}{name[1:]}: {ends}, {money}, means of {len(rows)} runs"


def _of_readouts(comparison: pd.DataFrame) -> str:
    rows = contrasts(comparison, READOUT, "p50")
    ordered = sorted((row for row in rows if not np.isnan(row.mean)), key=lambda row: row.mean)
    if not ordered:
        return "The read-out never comes"
    first, last = ordered[0], ordered[-1]
    if month_of(first.mean) == month_of(last.mean):
        chances = sorted(row.mean for row in contrasts(comparison, PROMISE) if not np.isnan(row.mean))
        by = f"; by the promise {whole_percent(chances[0])} to {whole_percent(chances[-1])}" if chances else ""
        return f"Median read-out in {month_of(first.mean)} in every run{by}"
    return f"Median read-out from {month_of(first.mean)} ({first.run}) to {month_of(last.mean)} ({last.run})"
