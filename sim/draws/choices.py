"""Rates that hang on a choice: a draw has one criterion, and all its rates are that criterion's."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from sim.assumptions.quantity import Choice


def chosen(rates: Mapping[str, xr.DataArray], picks: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """Each rate by the labels that its draw has.

    Parameters
    ----------
    rates : [draw, + strata, + choices] each.
    picks : choice → the label of each draw, as its place among the labels of the choice: [draw].

    Returns
    -------
    [draw, + strata] each.
    """
    return {
        name: _picked(rate, {d: pick for d, pick in picks.items() if d in rate.dims}) for name, rate in rates.items()
    }


def _picked(rate: xr.DataArray, picks: Mapping[str, xr.DataArray]) -> xr.DataArray:
    if not picks:
        return rate
    places: dict[str, xr.DataArray] = {"draw": xr.DataArray(np.arange(rate.sizes["draw"]), dims="draw")}
    for dimension, pick in picks.items():
        order = rate.get_index(dimension).get_indexer(pd.Index(pick.attrs["labels"]))
        places[dimension] = xr.DataArray(order[pick.to_numpy().astype(np.int64)], dims="draw")
    return rate.isel(places).drop_vars(list(picks))


def averaged(rates: Mapping[str, xr.DataArray], choices: Mapping[str, Choice]) -> dict[str, xr.DataArray]:
    """Each rate as the mean over the labels, weighted by who reaches it, so that the product is the expected one.

    Parameters
    ----------
    rates : [draw, + strata, + choices] each, in the order of the funnel.
    choices : the probabilities of their labels.

    Returns
    -------
    [draw, + strata] each.
    """
    weight = xr.DataArray(1.0)
    for dimension, choice in choices.items():
        weight = weight * xr.DataArray(list(choice.weights.values()), {dimension: list(choice.weights)})
    found = {}
    for name, rate in rates.items():
        reaching = weight * rate
        found[name] = reaching.sum(list(choices)) / weight.sum(list(choices))
        weight = reaching
    return found
