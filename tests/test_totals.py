"""Totals over strata, and quantiles of draws, however their values lie."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

from sim.results.quantiles import quantiles
from sim.results.totals import with_totals
from sim.variables import TOTAL

REGIONS, TYPES, DRAWS = ("europe", "united_states", "other"), ("allogeneic", "autologous"), 7


def _array(name: str, dtype: type) -> xr.DataArray:
    """Of [draw, region, transplant, age_group, year]; the age groups are not divided."""
    values: Any = np.random.default_rng(1).uniform(0, 1000, (DRAWS, len(REGIONS), len(TYPES), 1, 2)).astype(dtype)
    coords = {"region": list(REGIONS), "transplant": list(TYPES), "age_group": [TOTAL], "year": [2008, 2009]}
    return xr.DataArray(
        values, coords, ("draw", "region", "transplant", "age_group", "year"), name, {"unit": "patients"}
    )


def _one_after_the_other(array: xr.DataArray) -> xr.DataArray:
    for dimension in ("region", "transplant"):
        total = array.sum(dimension).expand_dims({dimension: [TOTAL]})
        array = xr.concat([array, total], dimension).transpose(*array.dims).astype(array.dtype)
    return array


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64])
def test_totals_stand_behind_the_labels(dtype: type) -> None:
    array = _array("severe_vod", dtype)
    found = with_totals(array)
    assert (found.dims, found.name, found.attrs) == (array.dims, array.name, array.attrs)
    assert found.dtype == array.dtype
    assert found["region"].to_numpy().tolist() == [*REGIONS, TOTAL]
    xr.testing.assert_equal(found, _one_after_the_other(array))


def test_totals_are_the_same_however_values_lie() -> None:
    array = _array("severe_vod", np.int32)
    turned = with_totals(array.transpose(..., "draw"))
    xr.testing.assert_equal(turned.transpose(*array.dims), with_totals(array))


def test_what_does_not_add_up_has_no_total_and_is_left_alone() -> None:
    array = _array("cash_flow", np.float32)
    assert with_totals(array) is array


@pytest.mark.parametrize("odd", [None, np.inf, np.nan])
def test_quantiles_may_put_the_values_in_another_order_and_are_the_same(odd: float | None) -> None:
    values = np.random.default_rng(2).normal(size=(101, 3, 4))
    if odd is not None:
        values[::10, 0] = odd
    kept = values.copy()
    found = quantiles(values, [0.05, 0.95])
    np.testing.assert_array_equal(values, kept)
    np.testing.assert_array_equal(quantiles(values, [0.05, 0.95], overwrite=True), found)


@pytest.mark.parametrize("draws", [1, 2, 37, 1024])
def test_quantiles_are_those_of_numpy_of_the_draws_that_are_there(draws: int) -> None:
    values = np.random.default_rng(3).normal(size=(draws, 3, 4))
    levels = [0.0, 0.05, 0.5, 0.9, 1.0]
    np.testing.assert_array_equal(quantiles(values, levels), np.quantile(values, levels, axis=0))
    values[1::3, :, 1] = np.nan
    values[1::2, :, 2] = np.nan
    np.testing.assert_array_equal(quantiles(values, levels), np.nanquantile(values, levels, axis=0))
    values[:, :, 3] = np.nan
    assert np.isnan(quantiles(values, levels)[..., 3]).all()


def test_quantiles_of_what_never_comes_are_infinite_and_never_unknown() -> None:
    values = np.array([1.0, 2.0, np.inf, np.inf, np.nan])
    np.testing.assert_allclose(quantiles(values, [0.0, 0.2, 0.5, 1.0]), [1.0, 1.6, np.inf, np.inf])
    np.testing.assert_allclose(quantiles(-values, [0.0, 0.5, 0.8, 1.0]), [-np.inf, -np.inf, -1.6, -1.0])
