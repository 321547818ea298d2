"""The draws of a run that are too many to hold: a NetCDF file that grows by portions."""

from pathlib import Path

import numpy as np
import xarray as xr

from sim.variables import MARKET_REGION, MARKET_YEAR

_TOGETHER = 1024  # draws that are packed together


class DrawsFile:
    """Writes neighbouring draws one portion behind the other; read as any other results.nc.

    Parameters
    ----------
    path : of the file; one that is there is written over by the first portion.
    """

    def __init__(self, path: Path) -> None:
        """Nothing is written yet."""
        self._path, self._draws = path, 0

    def append(self, portion: xr.Dataset) -> None:
        """Write further draws, inputs and outputs: [draw, …] each.

        Raises
        ------
        OSError : when they cannot be written, as on a full disk.
        """
        small = to_seven_digits(portion)
        try:
            if self._draws:
                self._go_on(small)
            else:
                encoding = {str(name): _encoding(array) for name, array in small.data_vars.items()}
                small.to_netcdf(self._path, engine="netcdf4", encoding=encoding, unlimited_dims=["draw"])
        except RuntimeError as fault:  # as the NetCDF library reports a full disk
            raise OSError(f"{self._path.name}: {fault}") from fault
        self._draws += portion.sizes["draw"]

    def _go_on(self, portion: xr.Dataset) -> None:
        import netCDF4

        with netCDF4.Dataset(self._path, "a") as file:
            for name, one in portion.variables.items():
                if "draw" in one.dims:
                    file[str(name)][self._draws :] = one.to_numpy()


def _encoding(array: xr.DataArray) -> dict[str, object]:
    packed: dict[str, object] = {"zlib": True, "complevel": 1}
    if "draw" not in array.dims:
        return packed
    sizes = (_TOGETHER if name == "draw" else size for name, size in array.sizes.items())
    return {**packed, "chunksizes": tuple(sizes)}  # else a draw would be packed by itself


def to_seven_digits(kept: xr.Dataset) -> xr.Dataset:
    """Draws with the market by region and year in seven digits, which are most of them and need no more."""
    by_region_and_year = {
        name: array.astype(np.float32)
        for name, array in kept.data_vars.items()
        if {MARKET_REGION, MARKET_YEAR} <= set(array.dims) and array.dtype == np.float64
    }
    return kept.assign(by_region_and_year)
