"""A run as a small table of a notebook.

It sets no colour of its own, so that it reads on a light page and on a dark one, and fetches nothing.
"""

import math
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from sim.dates import month_name
from sim.variables import FUNNEL, IF_APPROVED, MONEY, STRATA, TOTAL, VARIABLES

if TYPE_CHECKING:
    from sim.results.run import Results

_ABSENT = "–"  # where there is no number
_MILLION = 1e6
_YEAR = 365.25  # days
_KNOWN = 3  # significant digits of a number whose error is unknown
_EXACT = 4  # of an exact one that has decimals

_LEFT = "text-align: left; white-space: nowrap; font-weight: normal"
_RIGHT = "text-align: right; white-space: nowrap"
_RULE = "border-bottom: 1px solid rgba(128, 128, 128, 0.5)"


class _Row(NamedTuple):
    """A line of the table: its name, the number, P10–P90, the Monte Carlo error and the unit, in words."""

    name: str
    number: str
    spread: str
    error: str
    unit: str


class _Found(NamedTuple):
    """A number of the summary, its Monte Carlo error and its unit."""

    value: float
    error: float
    unit: str


def html(results: "Results") -> str:
    """The funnel of the first year, the read-out, and the market's headlines.

    Parameters
    ----------
    results : a run; what it lacks, such as a market, is left out.

    Returns
    -------
    A table in HTML.
    """
    is_point = int(results.provenance["draws"]) == 1
    heads = ["", "mean", *([] if is_point else ["P10–P90", "Monte Carlo error"]), "unit"]
    columns = (0, 1, 4) if is_point else range(5)
    lines = [_line("th", heads, _RULE)]
    lines += [_line("td", [row[column] for column in columns]) for row in _rows(results)]
    return "\n".join(['<table style="color: inherit">', _caption(results), *lines, "</table>"])


def _caption(results: "Results") -> str:
    record = results.provenance
    draws = int(record["draws"])
    sampled = "at the means, without chance" if draws == 1 else f"{draws:,} draws, seed {record['seed']}"
    title = f"<strong>{escape(' '.join(str(record['title']).split()))}</strong> ({escape(str(record['scenario']))})"
    return f'<caption style="text-align: left; color: inherit">{title}<br>{sampled}</caption>'


def _line(tag: str, cells: list[str], rule: str = "") -> str:
    """A line of the table, its first cell the head of the line."""
    first, *others = map(escape, cells)
    numbers = "".join(f'<{tag} style="{_RIGHT}; {rule}">{cell}</{tag}>' for cell in others[:-1])
    head = f'<th scope="row" style="{_LEFT}; {rule}">{first}</th>'
    return f'<tr>{head}{numbers}<{tag} style="{_LEFT}; {rule}">{others[-1]}</{tag}></tr>'


def _rows(results: "Results") -> Iterator[_Row]:
    known, year = set(results.summary["variable"]), results.years[0]
    for variable in FUNNEL:
        if variable.name in known:
            yield _counted(results, variable.name, f"{variable.long_name}, {year}")
    if "readout_date" in known:
        yield _dated(results)
    if "prob_approval" in known:
        yield _likely(results, "prob_approval", "P(approval)")
        yield _counted(results, f"peak_sales{IF_APPROVED}", VARIABLES[f"peak_sales{IF_APPROVED}"].long_name)
        yield _counted(results, "net_present_value", f"{_value_name(results)}, risk-adjusted")
        if int(results.provenance["draws"]) > 1:  # one calculation is above 0 or not, and that is no chance
            yield _likely(results, "prob_npv_positive", "P(net present value above 0)")


def _value_name(results: "Results") -> str:
    """What the present value is called: it is none of profits where nothing is spent."""
    table = results.assumptions
    costs = table[table["quantity"].str.startswith("market.costs.")]
    spent = bool((costs[["mean", "p05", "p95"]].to_numpy(float) != 0).any())
    name = VARIABLES["net_present_value"].long_name
    return name if spent else f"{name} of net sales only, before costs"


def _counted(results: "Results", variable: str, name: str) -> _Row:
    """Patients, or money in millions."""
    mean, low, high = (_find(results, variable, statistic) for statistic in ("mean", "p10", "p90"))
    is_money = VARIABLES[variable].unit.startswith(MONEY)
    scale, unit = (_MILLION, f"million {mean.unit}") if is_money else (1.0, mean.unit)
    ends = [_number(end.value / scale, end.error / scale) for end in (low, high)]
    return _Row(name, _number(mean.value / scale, mean.error / scale), _span(*ends), _error(mean.error / scale), unit)


def _likely(results: "Results", variable: str, name: str) -> _Row:
    """A probability in per cent."""
    share = _find(results, variable, "mean")
    return _Row(name, _number(100 * share.value, 100 * share.error), "", _error(100 * share.error), "%")


def _dated(results: "Results") -> _Row:
    """The read-out, by its median, since it may never come."""
    dates = [_find(results, "readout_date", statistic) for statistic in ("p50", "p10", "p90")]
    median, low, high = ("never" if math.isinf(date.value) else month_name(date.value) for date in dates)
    error = _error(_YEAR * dates[0].error)
    days = f"{error} day{'s' * (error != '± 1')}" if error.startswith("±") else error
    return _Row("Read-out, median", median, low if low == high else _span(low, high), days, "")


def _find(results: "Results", variable: str, statistic: str) -> _Found:
    """A number of the first year, or of the run, all strata together; missing where there is none."""
    year = TOTAL if VARIABLES[variable].level == "run" else str(results.years[0])
    key = (variable, *[TOTAL] * len(STRATA), year, statistic)
    value, error = results.numbers.get(key, (math.nan, math.nan))
    units = results.summary.loc[results.summary["variable"] == variable, "unit"]
    return _Found(value, error, str(units.iloc[0]))


def _number(value: float, error: float) -> str:
    """A number to the place of its error's leading digit; an exact one, and one of unknown error, to a few digits."""
    if not math.isfinite(value):
        return _ABSENT if math.isnan(value) else "infinite"
    if value == 0:
        return "0"
    size = _power(value)
    place = _power(error) if error and math.isfinite(error) else size - _KNOWN + 1
    if error == 0:
        place = min(size - _EXACT + 1, 0)
    text = f"{round(value, -place):,.{max(-place, 0)}f}"
    return text.rstrip("0").rstrip(".") if error == 0 and "." in text else text


def _error(error: float) -> str:
    if not math.isfinite(error):
        return "unknown"
    return f"± {error:,.{max(-_power(error), 0)}f}" if error else "exact"


def _power(value: float) -> int:
    """The power of ten of the leading digit, after rounding to it: 0.96 has that of 1."""
    return int(f"{abs(value):.0e}".partition("e")[2])


def _span(low: str, high: str) -> str:
    if _ABSENT in (low, high):
        return _ABSENT
    return f"{low} to {high}" if "-" in low + high or " " in low else f"{low}–{high}"
