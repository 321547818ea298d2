"""One run: its draws, its summary, and what it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
import xarray as xr

from sim.errors import InputError, nearest
from sim.results.display import html
from sim.variables import CELL_DIMS, HEADLINE, STRATA, TOTAL, VARIABLES

_KEY = ("variable", *CELL_DIMS, "statistic")


@dataclass(frozen=True, eq=False)  # one run is another only if it is the same object
class Results:
    """What a run gives. Never changed.

    Attributes
    ----------
    dataset : inputs and outputs with one shared draw index, as labelled arrays; without `draw` dimension
        (histograms only) when the draws were not kept.
    summary : the tidy table, columns as in `summary.csv`.
    assumptions : the table of assumptions.
    evidence : the ledger rows the assumptions cite.
    configuration : the resolved configuration, as plain data.
    provenance : seed, draws, versions, commit, ledger digest, seconds.
    tables : further tables by name, such as the history of a trend; each has a file of its own.
    """

    dataset: xr.Dataset
    summary: pd.DataFrame
    assumptions: pd.DataFrame
    evidence: pd.DataFrame
    configuration: Mapping[str, Any]
    provenance: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __repr__(self) -> str:
        """The scenario and the draws, not all that there is."""
        return f"Results({self.provenance['scenario']}, {self.provenance['draws']} draws)"

    @property
    def has_draws(self) -> bool:
        """Whether the draws were kept."""
        return "draw" in self.dataset.dims

    @property
    def draws(self) -> xr.Dataset:
        """Inputs and outputs by draw.

        Raises
        ------
        InputError : when the run did not keep them, with the setting that does.
        """
        if not self.has_draws:
            raise InputError("this run kept no draws; run it again with results.keep_draws=true")
        return self.dataset

    @property
    def outputs(self) -> xr.Dataset:
        """The outputs by draw: [draw, region, transplant, age_group, year]."""
        return self.draws[[name for name in VARIABLES if name in self.draws]]

    @property
    def years(self) -> tuple[int, ...]:
        """The calendar years covered."""
        years = self.configuration["years"]
        return tuple(range(int(years["first"]), int(years["last"]) + 1))

    def value(
        self, variable: str = HEADLINE, statistic: str = "mean", year: int | str | None = None, **strata: str
    ) -> float:
        """One number of the summary: by default of the first year and all strata together.

        Raises
        ------
        InputError : when there is no such number.
        """
        return self._number(variable, statistic, year, strata)[0]

    def error(
        self, variable: str = HEADLINE, statistic: str = "mean", year: int | str | None = None, **strata: str
    ) -> float:
        """The Monte Carlo error of that number."""
        return self._number(variable, statistic, year, strata)[1]

    @cached_property
    def numbers(self) -> Mapping[tuple[str, ...], tuple[float, float]]:
        """The summary by key: (variable, region, transplant, age group, year as text, statistic) → value and error."""
        keys = zip(*(self.summary[name].astype(str).tolist() for name in _KEY), strict=True)
        pairs = zip(*(self.summary[name].astype(float).tolist() for name in ("value", "mcse")), strict=True)
        return dict(zip(keys, pairs, strict=True))

    def _number(
        self, variable: str, statistic: str, year: int | str | None, strata: Mapping[str, str]
    ) -> tuple[float, float]:
        for name in strata:
            if name not in STRATA:
                raise InputError(f"'{name}' is no dimension{nearest(name, STRATA)}")
        labels = [strata.get(name, TOTAL) for name in STRATA]
        of_run = variable in VARIABLES and VARIABLES[variable].level == "run"
        key = (variable, *labels, TOTAL if of_run else str(year or self.years[0]), statistic)
        if key not in self.numbers:
            raise InputError(f"the summary has no {self._missing(key)}")
        return self.numbers[key]

    def _repr_html_(self) -> str:
        """The run as a notebook shows it."""
        return html(self)

    def _missing(self, key: tuple[str, ...]) -> str:
        """Which part of a key leads nowhere, and what there is in its place."""
        found = list(self.numbers)
        for place, (name, value) in enumerate(zip(_KEY, key, strict=True)):
            known = list(dict.fromkeys(row[place] for row in found))
            if value not in known:
                return f"{name} '{value}'" + (nearest(value, known) if place == 0 else f"; it has {', '.join(known)}")
            found = [row for row in found if row[place] == value]
        return " ".join(key)
