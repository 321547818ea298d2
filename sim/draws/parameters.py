"""From assumptions to parameters: one joint set of values for every quantity, draw by draw."""

import numpy as np
import xarray as xr

from sim.assumptions.quantity import Leaf, Quantity
from sim.assumptions.schema import Assumptions, Sampling
from sim.draws.correlation import correlate
from sim.draws.designs import Design, LatinHypercube, Random, Sobol
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.variables import label_name

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
    arrays = {}
    for name, quantity in assumptions.quantities.items():
        values = {labels: _values(uniforms, label_name(name, labels), leaf, assumptions, draws)
                  for labels, leaf in quantity.leaves.items()}  # fmt: skip
        if name == "transplants.growth" and assumptions.transplants.growth_pattern == "yearly":
            arrays[name] = _yearly(assumptions, design, name, draws)
        elif any(leaf.distribution is None for leaf in quantity.leaves.values()):
            arrays[name] = _labelled(quantity, _with_rest(name, values), draws)
        else:
            arrays[name] = _labelled(quantity, values, draws)
    return xr.Dataset(arrays, coords={"draw": np.arange(draws.start, draws.stop)})


def _uniforms(assumptions: Assumptions, design: Design, draws: range) -> dict[str, FloatArray]:
    """Uniform numbers of the uncertain quantities, correlated as asked: [draw] each."""
    if assumptions.sampling.method == "point":
        return {}
    uncertain = [name for name, leaf in assumptions.leaves.items() if leaf.distribution and not leaf.is_certain]
    independent = {name: design.uniform(name, draws) for name in uncertain}
    return correlate(independent, {pair.between: pair.spearman for pair in assumptions.correlation})


def _values(
    uniforms: dict[str, FloatArray], name: str, leaf: Leaf, assumptions: Assumptions, draws: range
) -> FloatArray | None:
    """Values of one leaf: [draw]; None for the rest of a split."""
    if leaf.distribution is None:
        return None
    if name in uniforms:
        return leaf.distribution.ppf(uniforms[name])
    return np.full(len(draws), leaf.distribution.mean)


def _labelled(quantity: Quantity, values: dict[tuple[str, ...], FloatArray | None], draws: range) -> xr.DataArray:
    """One array of all the leaves, with their labels in the order written."""
    coords = {dimension: list(quantity.labels(dimension)) for dimension in quantity.by}
    shape = tuple(len(labels) for labels in coords.values())
    array = np.empty((len(draws), *shape))
    for labels, column in values.items():
        place = tuple(coords[dimension].index(label) for dimension, label in zip(quantity.by, labels, strict=True))
        array[(slice(None), *place)] = column
    attributes = {"unit": quantity.unit}
    return xr.DataArray(array, dims=("draw", *quantity.by), coords=coords, attrs=attributes)


def _with_rest(
    name: str, values: dict[tuple[str, ...], FloatArray | None]
) -> dict[tuple[str, ...], FloatArray | None]:
    """Fill in what the other labels of the last dimension leave."""
    filled = dict(values)
    for labels in (labels for labels, column in values.items() if column is None):
        others = [column for other, column in values.items() if other[:-1] == labels[:-1] and column is not None]
        rest = 1.0 - np.sum(others, axis=0)
        if (rest < 0).any():
            raise InputError(f"{name}: the shares beside '{labels[-1]}' add up to {1 - rest.min():.3g}, above 1")
        filled[labels] = rest
    return filled


def _yearly(assumptions: Assumptions, design: Design, name: str, draws: range) -> xr.DataArray:
    """An independent growth rate for each year between the reference year and the ends of the run."""
    quantity, reference = assumptions.transplants.growth, assumptions.transplants.reference_year
    years = [y for y in range(min(reference, assumptions.years.first) + 1, max(reference, assumptions.years.last) + 1)]
    shocks = []
    for year in years:
        values = {}
        for labels, leaf in quantity.leaves.items():
            distribution = leaf.distribution
            assert distribution is not None
            fixed = distribution.is_certain or assumptions.sampling.method == "point"
            u = None if fixed else design.uniform(label_name(name, labels), draws, year)
            values[labels] = np.full(len(draws), distribution.mean) if u is None else distribution.ppf(u)
        shocks.append(_labelled(quantity, values, draws))
    if not shocks:
        return _labelled(quantity, {labels: np.zeros(len(draws)) for labels in quantity.leaves}, draws)
    return xr.concat(shocks, dim=xr.Variable(SHOCK_YEAR, years))
