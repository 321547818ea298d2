"""What the views read out of a summary: estimates with their Monte Carlo errors, stages, labels, trend."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from sim.results.run import Results
from sim.variables import FUNNEL, HEADLINE, STRATA, TOTAL, TYPED, VARIABLES, Variable
from sim.views.numbers import UNKNOWN, about, error_text, rounded, span

ALL: Mapping[str, str] = dict.fromkeys(STRATA, TOTAL)
"""The labels of the whole population."""

_ASSUMED = (
    "transplants",
    "vod",
    "trial",
    "market",
    "evidence",
    "correlation",
)  # keys by which a run differs from its scenario
_BY_HAND = TYPED.partition(" on ")[0]  # how a source begins that is no file of `conf/`
_CLEARLY = 3  # errors apart: five stages are looked at, and two would be passed by luck in every fourth run


class Estimate(NamedTuple):
    """A number of the summary and its Monte Carlo error.

    Attributes
    ----------
    value : NaN where the summary has no such number.
    error : 0 for exact, NaN for unknown.
    """

    value: float
    error: float

    def __str__(self) -> str:
        return rounded(self.value, self.error)

    @property
    def about(self) -> str:
        """For a sentence: three significant digits at most."""
        return about(self.value, self.error)

    @property
    def error_text(self) -> str:
        """The error in words: `± 0.6`."""
        return error_text(self.error)


class Estimates:
    """The summary of a run, ready to be asked for one number after the other."""

    def __init__(self, results: Results) -> None:
        self._numbers = results.numbers
        self._years = results.years
        self._draws = int(results.provenance["draws"])

    def __call__(
        self,
        variable: str = HEADLINE,
        statistic: str = "mean",
        year: int | str | None = None,
        labels: Mapping[str, str] = ALL,
    ) -> Estimate:
        """One number, by default of the first year and all strata together; of the year `all` where there is none."""
        cells = [labels.get(name, TOTAL) for name in STRATA]
        of_run = variable in VARIABLES and VARIABLES[variable].level == "run"
        key = (variable, *cells, TOTAL if of_run else str(year or self._years[0]), statistic)
        return Estimate(*self._numbers.get(key, (math.nan, UNKNOWN)))

    def spread(self, variable: str = HEADLINE, year: int | None = None, labels: Mapping[str, str] = ALL) -> str:
        """From the 10th to the 90th percentile."""
        return span(*(str(self(variable, name, year, labels)) for name in ("p10", "p90")))

    def about_spread(self, variable: str = HEADLINE, year: int | None = None) -> str:
        """The same for a sentence."""
        return span(*(self(variable, name, year).about for name in ("p10", "p90")))

    def changes(self, variable: str) -> bool:
        """Whether the last year's mean differs from the first year's by more than chance in the draws explains."""
        years = (self._years[0], self._years[-1])
        first, last = (self(variable, year=year).value for year in years)
        return abs(last - first) > _CLEARLY * math.hypot(*(self._noise(variable, year) for year in years))

    def _noise(self, variable: str, year: int) -> float:
        """The mean's error; where it is unknown that of a plain random sample, which is seldom smaller."""
        error = self(variable, year=year).error
        return self(variable, "sd", year).value / math.sqrt(self._draws) if math.isnan(error) else error


def stages(results: Results) -> list[Variable]:
    """The stages of the funnel that this run has, in order."""
    known = set(results.summary["variable"])
    return [variable for variable in FUNNEL if variable.name in known]


def divisions(results: Results) -> dict[str, list[str]]:
    """Dimension → labels, of every dimension that the populations are divided by."""
    rows = results.summary[results.summary["variable"] == HEADLINE]  # the market may have other regions
    labels = {name: [str(label) for label in rows[name].unique()] for name in STRATA}
    parts = {name: [label for label in found if label != TOTAL] for name, found in labels.items()}
    return {name: found for name, found in parts.items() if len(found) > 1}


def is_point(results: Results) -> bool:
    """Whether the run is one calculation rather than a sample, so that there is no spread to show."""
    return int(results.provenance["draws"]) == 1


def flags(results: Results) -> dict[str, list[str]]:
    """What to be warned of → the quantities it is said of; none in a run saved before there were warnings."""
    found: dict[str, list[str]] = {}
    table = results.assumptions
    words = table["flags"].astype(object).fillna("") if "flags" in table else [""] * len(table)
    for quantity, said in zip(table["quantity"], words, strict=True):
        if said:
            found.setdefault(str(said), []).append(str(quantity))
    return found


def typed(results: Results) -> str:
    """What was set by hand, so that no run passes for its scenario unchanged: `vod=seattle, vod.incidence = 0.18`."""
    table = results.assumptions
    rows = table[table["source"].str.startswith(_BY_HAND)]
    values = dict(zip(rows["quantity"], rows["value"], strict=True))
    words = [str(word).lstrip("+") for word in results.provenance.get("overrides", ())]
    keys = [word for word in words if re.split(r"[.=]", word)[0] in _ASSUMED]
    chosen = [word for word in keys if word.partition("=")[0].removesuffix(".value") not in values]
    return ", ".join([*chosen, *(f"{quantity} = {value}" for quantity, value in values.items())])


def as_of(results: Results) -> str:
    """The date by which the evidence was published, as the run's scenario states it; empty where it states none."""
    date = (results.configuration.get("evidence") or {}).get("as_of")
    return "" if date is None else str(date)
