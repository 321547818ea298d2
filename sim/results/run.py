"""One run: its draws, its summary, and what it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr

from sim.errors import InputError, nearest
from sim.variables import HEADLINE, STRATA, TOTAL, VARIABLES


@dataclass(frozen=True)
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
    """

    dataset: xr.Dataset
    summary: pd.DataFrame
    assumptions: pd.DataFrame
    evidence: pd.DataFrame
    configuration: Mapping[str, Any]
    provenance: Mapping[str, Any]

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
        return float(self._row(variable, statistic, year, strata)["value"])

    def error(
        self, variable: str = HEADLINE, statistic: str = "mean", year: int | str | None = None, **strata: str
    ) -> float:
        """The Monte Carlo error of that number."""
        return float(self._row(variable, statistic, year, strata)["mcse"])

    def _row(self, variable: str, statistic: str, year: int | str | None, strata: Mapping[str, str]) -> Any:
        table = self.summary
        labels = dict.fromkeys(STRATA, TOTAL) | dict(strata)
        for name in strata:
            if name not in STRATA:
                raise InputError(f"'{name}' is no dimension{nearest(name, STRATA)}")
        wanted = {"variable": variable, "statistic": statistic, "year": year or self.years[0], **labels}
        for column, value in wanted.items():
            rows = table[table[column].astype(str) == str(value)]
            if rows.empty:
                known = list(dict.fromkeys(str(name) for name in table[column]))
                hint = nearest(str(value), known) if column == "variable" else f"; it has {', '.join(known)}"
                raise InputError(f"the summary has no {column} '{value}'{hint}")
            table = rows
        return table.iloc[0]
