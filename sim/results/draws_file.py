"""The draws of a run in a NetCDF file: written at once or, where they are too many to hold, portion by portion."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

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
        if self._draws:
            with _in_words(self._path):
                self._go_on(small)
        else:
            encoding = {str(name): _encoding(array) for name, array in small.data_vars.items()}
            write_dataset(small, self._path, encoding, grows_along=("draw",))
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


def write_dataset(
    dataset: xr.Dataset, path: Path, encoding: Mapping[str, Mapping[str, object]], grows_along: Sequence[str] = ()
) -> None:
    """Write a dataset as `xarray.Dataset.to_netcdf` does, but its numbers once all of its variables are there.

    Where numbers are written between two variables, the NetCDF library goes through all variables so far, each time
    anew: with a hundred of them that takes longer than the numbers.

    Parameters
    ----------
    dataset : what is written.
    path : of the file.
    encoding : variable → how it is written, as xarray has it.
    grows_along : dimensions along which the file can be gone on with.

    Raises
    ------
    OSError : when it cannot be written, as on a full disk.
    """
    variables, attributes = xr.conventions.encode_dataset_coordinates(dataset)
    for name, how in encoding.items():
        variables[name].encoding = dict(how)
    numbers, backend = _Numbers(), cast("Any", xr.backends.NetCDF4DataStore)  # which has no types
    with _in_words(path), closing(backend.open(path, mode="w")) as store:
        store.store(variables, attributes, frozenset(encoding), numbers, grows_along)
        numbers.write()


class _Numbers:
    """What xarray hands over to be written into a file."""

    def __init__(self) -> None:
        self._found: list[tuple[Any, Any]] = []

    def add(self, source: Any, target: Any, *_: object) -> None:
        """Take in the numbers of a variable, and where they go."""
        self._found.append((source, target))

    def write(self) -> None:
        """Write all of them."""
        for source, target in self._found:
            target[...] = source


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except RuntimeError as fault:  # as the NetCDF library reports a full disk
        raise OSError(f"{path.name}: {fault}") from fault


def to_seven_digits(kept: xr.Dataset) -> xr.Dataset:
    """Draws with the market by region and year in seven digits, which are most of them and need no more."""
    by_region_and_year = {
        name: one.astype(np.float32)
        for name, one in kept.variables.items()
        if {MARKET_REGION, MARKET_YEAR} <= set(one.dims) and one.dtype == np.float64
    }
    return kept.assign(by_region_and_year)
