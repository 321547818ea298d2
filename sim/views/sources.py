"""What a run assumes and the evidence it cites, row by row, ready for a page.

Runs saved by earlier versions lack some columns; what is not there is left out.
"""

import calendar
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.dates import day_of
from sim.results.run import Results
from sim.views.numbers import ABSENT, UNKNOWN, rounded, span

Row = dict[str, Any]

ASSUMED = "assumption:"
"""How a source begins that is a reason and no row of the ledger."""

_OWN = ("quantity", "value", "unit", "mean", "range")  # the rest says what a quantity rests on
_DATE = "date"  # the unit of quantities that are dates
_LONG = 80  # characters of a value; a longer one goes by the name of its form, and its rows are listed
_NAMED = 6  # further rows of the ledger that are named


def assumed(results: Results) -> list[Row]:
    """The quantities: numbers as text, what is no evidence marked, what to mind."""
    citations = {row["id"]: row["citation"] for row in _rows(results.evidence)}
    found = [_quantity(row, citations) for row in _rows(results.assumptions)]
    return [{**row, "alike": _alike(row, before)} for row, before in zip(found, [None, *found], strict=False)]


def cited(results: Results) -> list[Row]:
    """The rows of the ledger: who was looked at, by which criterion, and whether anybody has seen the source."""
    return [_evidence(row) for row in _rows(results.evidence)]


def number_text(value: float, error: float, unit: str) -> str:
    """A number of a quantity; a date, which is a decimal year, as a day: `4 Oct 2007`."""
    if unit != _DATE or not math.isfinite(value):
        return rounded(value, error)
    day = day_of(value)
    return f"{day.day} {calendar.month_abbr[day.month]} {day.year}"


def measure_name(measure: str) -> str:
    """What a row of the ledger measures, in words: `Day-100 mortality`."""
    return measure.replace("_", " ").capitalize().replace("Vod", "VOD").replace("Day100", "Day-100")


def _rows(table: pd.DataFrame) -> list[Row]:
    """A table's rows; what is empty in it is an empty text."""
    return [
        {str(name): value for name, value in row.items()} for row in table.astype(object).fillna("").to_dict("records")
    ]


def _quantity(row: Mapping[str, Any], citations: Mapping[str, str]) -> Row:
    numbers = {name: float(row[name]) if row.get(name, "") != "" else UNKNOWN for name in ("mean", "p05", "p95")}
    unit = str(row.get("unit", ""))
    low, high = (number_text(numbers[name], UNKNOWN, unit) for name in ("p05", "p95"))
    is_certain = numbers["p05"] == numbers["p95"]
    source, spread = (str(row.get(name, "")) for name in ("source", "spread"))
    rows = [name for name in str(row.get("rows", "")).split(", ") if name not in ("", source, spread)]
    return {
        **{name: str(row.get(name, "")) for name in ("quantity", "unit", "borrowed", "verified", "flags")},
        "value": _short(str(row["value"])),
        "mean": number_text(numbers["mean"], 0, unit),
        "range": "certain" if is_certain else ABSENT if low == ABSENT else span(low, high),
        "source": _reason(source),
        "source_assumed": source.startswith(ASSUMED),
        "spread": _reason(spread),
        "spread_assumed": spread.startswith(ASSUMED),
        "citation": citations.get(source, str(row.get("citation", ""))),
        "rows": rows[:_NAMED],
        "more": len(rows[_NAMED:]),
        "measured": _measured(row.get("of"), row.get("criterion"), row.get("treated")),
    }


def _alike(row: Row, before: Row | None) -> bool:
    """Whether all that a row rests on was said of the row before, as of the drift and noise of a trend."""
    return before is not None and all(row[name] == before[name] for name in row if name not in _OWN)


def _evidence(row: Mapping[str, Any]) -> Row:
    shown = ("id", "region", "published", "n", "k", "mean", "citation", "doi_or_pmid")
    kind = str(row.get("transplant_type", ""))
    return {
        **{name: str(row.get(name, "")) for name in shown},
        "measure": measure_name(str(row["measure"])),
        "type": "" if kind == "all" else kind,
        "measured": _measured(row.get("denominator"), row.get("criterion"), row.get("treated")),
        "unverified": row.get("verified") == "recalled",
    }


_TAKEN, _TREATABLE = ("none", "unstated"), "severe_vod"  # of others it goes without saying that they were not treated


def _measured(of: Any, criterion: Any, treated: Any) -> str:
    """Of whom a rate is, how the disease was told, and what severe cases were treated with."""
    parts = [
        f"share of {of}" if of not in (None, "", "unstated") else "",
        f"criterion: {criterion}" if criterion not in (None, "", "unstated") else "",
        f"treated: {treated}" if treated and (treated not in _TAKEN or str(of).startswith(_TREATABLE)) else "",
    ]
    return "; ".join(filter(None, parts))


def _short(value: str) -> str:
    return value if len(value) <= _LONG else f"{value.partition('(')[0]}(…)"


def _reason(source: str) -> str:
    return source.removeprefix(ASSUMED).strip()
