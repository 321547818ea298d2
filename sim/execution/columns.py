"""Numbers of the cells of a run by draw, of which many cells may share one."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import xarray as xr

from sim.draws.counts import Counts
from sim.draws.labelled import rows_of
from sim.draws.streams import FloatArray


class Columns(NamedTuple):
    """A number of each cell in each draw.

    Attributes
    ----------
    values : [row, draw].
    row : which row is each cell's: [stratum, year].
    """

    values: FloatArray
    row: Counts

    @classmethod
    def of(cls, array: xr.DataArray, cells: Mapping[str, Sequence[object]], draws: int) -> "Columns":
        """Those of an array, [draw, + some dimensions of the cells]; see `rows_of`."""
        values, row = rows_of(array, cells, draws)
        return cls(values, row.reshape(-1, len(cells["year"])))

    @property
    def is_of_strata(self) -> bool:
        """Whether the years of a stratum share one number."""
        return bool((self.row == self.row[:, :1]).all())

    @property
    def is_of_years(self) -> bool:
        """Whether the strata of a year share one number."""
        return bool((self.row == self.row[:1]).all())

    def of_year(self, year: int, some: slice = slice(None)) -> FloatArray:
        """Those of one year, by its place, in some draws: [stratum, draw]."""
        return self.values[self.row[:, year], some]
