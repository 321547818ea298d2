"""Rates that are drawn by themselves: their law is known whatever else a draw holds."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from sim.assumptions.quantity import Quantity
from sim.assumptions.schema import Assumptions
from sim.draws.streams import FloatArray
from sim.model.conditional import rates_to
from sim.results.factor import LEVELS, WEIGHTS, about_mean
from sim.results.laws import Counts
from sim.variables import VARIABLES, label_name

Labels = tuple[str, ...]


class RatesAlone:
    """The rates of a run that are neither certain nor correlated, nor hang on a choice.

    Parameters
    ----------
    assumptions : what is assumed.
    """

    def __init__(self, assumptions: Assumptions) -> None:
        """Look their values up."""
        joined = {name for pair in assumptions.correlation for name in pair.between}
        given = {} if assumptions.vod.choices else assumptions.vod.rates
        self._by = {name: quantity.by for name, quantity in given.items()}
        self._points = {name: _points(f"vod.{name}", quantity, joined) for name, quantity in given.items()}

    def at_mean(self, rates: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
        """Rates by name, [draw, + strata], those that are drawn by themselves at their mean."""
        found = dict(rates)
        for name, own in self._points.items():
            found[name] = rates[name].copy()
            for labels, points in own.items():
                found[name].loc[dict(zip(self._by[name], labels, strict=True))] = points @ WEIGHTS
        return found

    def factors(self, name: str, cells: Mapping[str, Sequence[object]], row: Counts) -> list[tuple[FloatArray, ...]]:
        """Values of the rates on the way to a population, about a mean of 1, for each row of its share.

        Parameters
        ----------
        name : of the population.
        cells : region, transplant, age_group and year → their labels, in order.
        row : which row is each cell's, as `rows_of` gives it: [cell].
        """
        shape = [len(labels) for labels in cells.values()]
        _, first = np.unique(row, return_index=True)
        places = np.unravel_index(first, shape)
        labels = {name: [cells[name][place] for place in own] for name, own in zip(cells, places, strict=True)}
        return [
            self._factor(name, {key: str(own[place]) for key, own in labels.items()}) for place in range(len(first))
        ]

    def _factor(self, name: str, labels: Mapping[str, str]) -> tuple[FloatArray, ...]:
        found = []
        for rate, is_complement in rates_to(VARIABLES[name]).items():
            points = self._points.get(rate, {}).get(tuple(labels[key] for key in self._by.get(rate, ())))
            if points is not None:
                found.append(about_mean(1.0 - points if is_complement else points))
        return tuple(found)


def _points(name: str, quantity: Quantity, joined: set[str]) -> dict[Labels, FloatArray]:
    """Values at `LEVELS` of each leaf that is drawn by itself, by its labels: [point] each."""
    return {
        labels: leaf.distribution.ppf(LEVELS)
        for labels, leaf in quantity.leaves.items()
        if leaf.distribution is not None and not leaf.is_certain and label_name(name, labels) not in joined
    }
