"""From assumptions to parameters: one joint set of values for every quantity, draw by draw."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from sim.assumptions.consistency import TOLERANCE
from sim.assumptions.distributions import Distribution
from sim.assumptions.quantity import Quantity
from sim.assumptions.schema import Assumptions
from sim.assumptions.settings import Sampling
from sim.draws.correlation import correlate
from sim.draws.designs import Design, LatinHypercube, Random, Sobol
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.variables import label_name

GROWTH = "transplants.growth"
SHOCK_YEAR = "shock_year"
"""The dimension of growth where each year has a shock of its own."""


def design_of(sampling: Sampling) -> Design:
    """The design that the sampling settings name; `point` draws nothing and takes the plainest."""
    if sampling.method == "latin_hypercube":
        return LatinHypercube(sampling.seed, sampling.draws, sampling.replicates)
    if sampling.method == "sobol":
        return Sobol(sampling.seed, sampling.draws, sampling.replicates, sampling.sobol_dimensions)
    return Random(sampling.seed)


def sample(assumptions: Assumptions, draws: range) -> xr.Dataset:
    """Values of every quantity in neighbouring draws.

    Parameters
    ----------
    assumptions : what is assumed.
    draws : draw numbers; the same draw has the same values in whatever range it is asked for.

    Returns
    -------
    One variable per quantity, named by its key: [draw, + the dimensions it has labels along], in its own unit;
    `transplants.growth` also by `shock_year` where each year has its own.

    Raises
    ------
    InputError : when correlations contradict each other, or shares add up to more than 1 in some draw.
    """
    design = design_of(assumptions.sampling)
    uniforms = _uniforms(assumptions, design, draws)
    arrays = {name: _array(name, quantity, uniforms, draws) for name, quantity in assumptions.quantities.items()}
    if assumptions.transplants.growth_pattern == "yearly":
        arrays[GROWTH] = _yearly(assumptions, design, draws)
    return xr.Dataset(arrays, coords={"draw": np.arange(draws.start, draws.stop)})


def _uniforms(assumptions: Assumptions, design: Design, draws: range) -> dict[str, FloatArray]:
    """Uniform numbers of the uncertain quantities, correlated as asked: [draw] each."""
    if assumptions.sampling.method == "point":
        return {}
    uncertain = [name for name, leaf in assumptions.leaves.items() if leaf.distribution and not leaf.is_certain]
    independent = {name: design.uniform(name, draws) for name in uncertain}
    return correlate(independent, {pair.between: pair.spearman for pair in assumptions.correlation})


def _array(name: str, quantity: Quantity, uniforms: Mapping[str, FloatArray], draws: range) -> xr.DataArray:
    """Values of one quantity: [draw, + the dimensions it has labels along]."""
    values = {
        labels: _values(leaf.distribution, uniforms.get(label_name(name, labels)), draws)
        for labels, leaf in quantity.leaves.items()
        if leaf.distribution is not None
    }
    for labels in quantity.leaves.keys() - values.keys():
        values[labels] = _rest(name, labels, values)
    coords = {dimension: list(quantity.labels(dimension)) for dimension in quantity.by}
    array = np.empty((len(draws), *map(len, coords.values())))
    for labels, column in values.items():
        place = (coords[dimension].index(label) for dimension, label in zip(quantity.by, labels, strict=True))
        cell: tuple[slice | int, ...] = (slice(None), *place)
        array[cell] = column
    return xr.DataArray(array, dims=("draw", *quantity.by), coords=coords, attrs={"unit": quantity.unit})


def _values(distribution: Distribution, uniform: FloatArray | None, draws: range) -> FloatArray:
    """Quantiles of the uniform numbers, or the mean where there are none: [draw]."""
    return np.full(len(draws), distribution.mean) if uniform is None else distribution.ppf(uniform)


def _rest(name: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], FloatArray]) -> FloatArray:
    """What the other labels of a split's last dimension leave: [draw]."""
    taken = np.sum([column for other, column in values.items() if other[:-1] == labels[:-1]], axis=0)
    if (taken > 1 + TOLERANCE).any():
        raise InputError(f"{name}: the shares beside '{labels[-1]}' add up to {taken.max():.3g} in some draw, above 1")
    return np.asarray(np.maximum(1.0 - taken, 0.0))


def _yearly(assumptions: Assumptions, design: Design, draws: range) -> xr.DataArray:
    """An independent growth rate for each year between the reference year and the ends of the run."""
    growth, reference = assumptions.transplants.growth, assumptions.transplants.reference_year
    years = range(min(reference, assumptions.years.first) + 1, max(reference, assumptions.years.last) + 1)
    uncertain = [labels for labels, leaf in growth.leaves.items() if not leaf.is_certain]
    shocks = []
    for year in years or (reference,):
        names = [] if assumptions.sampling.method == "point" else [label_name(GROWTH, labels) for labels in uncertain]
        uniforms = {name: design.uniform(name, draws, year) for name in names}
        shocks.append(_array(GROWTH, growth, uniforms, draws))
    return xr.concat(shocks, dim=xr.Variable(SHOCK_YEAR, list(years or (reference,))))
