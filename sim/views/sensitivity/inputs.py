"""Inputs as people read them: a long name, a unit, a source, and values in that unit."""

import math
import textwrap
from typing import NamedTuple

from sim.results.run import Results
from sim.views.estimates import Estimate
from sim.views.market_facts import MILLION, money_text, month_of
from sim.views.numbers import ABSENT, UNKNOWN, about

_SECTIONS = {"vod": "VOD", "transplants": "transplant", "market": "", "trial": "trial"}
_LABELS = {"us": "US", "europe": "Europe"}
_CHANCE = "chance"
_DATE = "date"
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
    """

    key: str
    name: str
    unit: str
    source: str

    def value(self, value: float) -> str:
        """One of its values for people: `16.2 %`, `461`, `October 2007`."""
        if math.isnan(value):
            return ABSENT
        if self.unit == _DATE or self.unit.endswith("decimal year"):
            return month_of(value)
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
    unit, source = (str(rows.iloc[0][column]) for column in ("unit", "source")) if len(rows) else ("", "")
    short = _ASSUMPTION if source.startswith(_ASSUMPTION) else source
    return Named(key, _words(name, labels.rstrip("]")), unit, short)


def _words(name: str, labels: str) -> str:
    section, *parts = name.split(".")
    if parts and parts[-1] in _LABELS:
        labels = ", ".join(filter(None, (parts.pop(), labels)))
    words = " ".join([_SECTIONS.get(section, section), *parts]).replace("_", " ").split()
    said = " ".join(word for place, word in enumerate(words) if place == 0 or word != words[place - 1])
    marks = [_LABELS.get(label, label.replace("_", " ")) for label in labels.split(", ") if label not in ("", "all")]
    return f"{said} ({', '.join(marks)})" if marks else said
