"""Inputs as people read them: a long name, a unit, a source, and values in that unit."""

import math
import textwrap
from typing import NamedTuple

from sim.results.run import Results
from sim.views.estimates import Estimate
from sim.views.market_facts import MILLION, money_text, month_of
from sim.views.numbers import ABSENT, NO_BREAK, UNKNOWN, about

_SECTIONS = {"vod": "VOD", "transplants": "transplant", "market": ""}
_UNSAID = ("patients",)  # what goes without saying
_LABELS = {"us": "US", "europe": "Europe"}
_CHANCE = "chance"
_DATE = "date"
_SHARES = ("share", "probability", "patients", "complete responses")
"""How the units of shares begin, of which one of the funnel also names what it is a share of."""

_SOURCE = 46  # characters of a source beside a bar
_ASSUMPTION = "assumption"


class Named(NamedTuple):
    """An input.

    Attributes
    ----------
    key : as it is typed.
    name : as people read it: `VOD incidence`, `launch review (US)`.
    unit : of its values; empty for chance.
    source : a row of the ledger, or `assumption`; empty for chance.
    is_share : whether its values are written in per cent.
    """

    key: str
    name: str
    unit: str
    source: str
    is_share: bool = False

    def value(self, value: float) -> str:
        """One of its values for people: `16.2 %`, `461`, `October 2007`."""
        if math.isnan(value):
            return ABSENT
        if self.unit == _DATE or self.unit.endswith("decimal year"):
            return month_of(value)
        if self.is_share:
            return f"{about(100 * value, UNKNOWN)}{NO_BREAK}%"
        if abs(value) >= MILLION:
            return money_text(Estimate(value, UNKNOWN), coarse=True)
        return about(value, UNKNOWN)

    @property
    def grounds(self) -> str:
        """Unit and source in one line: `VOD cases per transplant; seed_vod_rate`."""
        return "; ".join(filter(None, (self.unit, self.source)))

    @property
    def short_grounds(self) -> str:
        """The same, cut to what fits beside a bar."""
        return textwrap.shorten(self.grounds, _SOURCE, placeholder=" …")


def called(results: Results, key: str) -> Named:
    """An input by its key, as the run's table of assumptions knows it."""
    if key == _CHANCE:
        return Named(key, "chance", "", "what is left when every quantity is known")
    table = results.assumptions
    names = table["quantity"].astype(str)
    name, _, labels = key.partition("[")
    rows = table[names == key]
    if rows.empty:  # a rate of which each draw has that of its criterion or cohort, or a number of a trend
        rows = table[names.str.partition("[")[0].isin((name, name.rpartition(".")[0]))]
    words = _words(name, labels.rstrip("]"))
    if rows.empty:
        return Named(key, words, "", "")
    unit, source, of = (str(rows.iloc[0][column]) for column in ("unit", "source", "of"))
    short = _ASSUMPTION if source.startswith(_ASSUMPTION) else source
    is_share = (of not in ("", "nan") or unit.startswith(_SHARES)) and float(rows["p95"].max()) <= 1
    return Named(key, words, unit, short, is_share)


def _words(name: str, labels: str) -> str:
    """`vod.incidence` → VOD incidence; `market.costs.selling` → costs: selling; `market.patients.access` → access."""
    section, *parts = name.split(".")
    if parts and parts[-1] in _LABELS:
        labels = ", ".join(filter(None, (parts.pop(), labels)))
    groups, last = [part for part in parts[:-1] if part not in _UNSAID], parts[-1:]
    above = _SECTIONS.get(section, section)
    (groups if groups or section == "trial" else last).insert(0, above)
    said = ": ".join(filter(None, (" ".join(filter(None, part)) for part in (groups, last))))
    said = said.replace("_", " ").replace("day100", "day-100")
    marks = [_LABELS.get(label, label.replace("_", " ")) for label in labels.split(", ") if label not in ("", "all")]
    return f"{said} ({', '.join(marks)})" if marks else said
