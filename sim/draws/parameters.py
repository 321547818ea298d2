"""From assumptions to parameters: one joint set of values for every quantity, draw by draw."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from sim.assumptions.consistency import TOLERANCE
from sim.assumptions.distributions import Distribution, ends
from sim.assumptions.quantity import Quantity
from sim.assumptions.schema import Assumptions
from sim.assumptions.settings import Sampling
from sim.assumptions.transplants import Growth
from sim.assumptions.volume import VOLUME
from sim.draws.choices import averaged, chosen
from sim.draws.correlation import correlate
from sim.draws.designs import Design, LatinHypercube, Random, Sobol
from sim.draws.labelled import labelled
from sim.draws.streams import FloatArray, Stream, Uniforms
from sim.draws.trends import SHOCK_YEAR, trend_parameters
from sim.errors import InputError
from sim.variables import MARKET_REGION, STRATA, label_name

GROWTH = "transplants.growth"

_REGION, _MARKET = STRATA[0], "market."


def design_of(sampling: Sampling, uniforms: Uniforms = Stream.uniform) -> Design:
    """The design that the sampling settings name; `point` draws nothing and takes the plainest."""
    if sampling.method == "latin_hypercube":
        return LatinHypercube(sampling.seed, sampling.draws, sampling.replicates, uniforms)
    if sampling.method == "sobol":
        return Sobol(sampling.seed, sampling.draws, sampling.replicates, sampling.sobol_dimensions, uniforms)
    return Random(sampling.seed, uniforms)


def sample(assumptions: Assumptions, draws: range, design: Design | None = None) -> xr.Dataset:
    """Values of every quantity in neighbouring draws.

    Parameters
    ----------
    assumptions : what is assumed.
    draws : draw numbers; the same draw has the same values in whatever range it is asked for.
    design : how the uniform numbers are made; None takes what the sampling settings name.

    Returns
    -------
    One variable per quantity, named by its key: [draw, + the dimensions it has labels along], in its own unit;
    `transplants.growth` also by `shock_year` where each year has its own; in place of a volume that follows a trend
    `transplants.volume.drift`, `.noise` and `.shock`.

    Raises
    ------
    InputError : when correlations contradict each other, or shares add up to more than 1 in some draw.
    """
    design = design or design_of(assumptions.sampling)
    uniforms = _uniforms(assumptions, design, draws)
    numbers = _numbers(assumptions).items()
    arrays = {name: _array(name, quantity, uniforms, design, draws) for name, quantity in numbers}
    given = assumptions.transplants
    if given.growth is not None and given.reference_year is not None and given.growth_pattern == "yearly":
        arrays[GROWTH] = _yearly(given.growth, given.reference_year, assumptions, design, draws)
    if given.volume.trends:
        is_point = assumptions.sampling.method == "point"
        arrays |= trend_parameters(given.volume, assumptions.all_years, draws, None if is_point else design)
    arrays |= _resolved(assumptions, arrays)
    arrays |= {name: _of_market(array) for name, array in arrays.items() if name.startswith(_MARKET)}
    return xr.Dataset(arrays, coords={"draw": np.arange(draws.start, draws.stop)})


def _of_market(array: xr.DataArray) -> xr.DataArray:
    """By the market's regions, which need not be those of the transplants: [draw, + market_region, + age_group]."""
    return array.rename({_REGION: MARKET_REGION}) if _REGION in array.dims else array


def _numbers(assumptions: Assumptions) -> dict[str, Quantity]:
    """The quantities that are a number in each draw: a trend is a path, and a law differs from site to site."""
    trends = {VOLUME} if assumptions.transplants.volume.trends else set()
    quantities = assumptions.quantities.items()
    return {name: quantity for name, quantity in quantities if name not in trends and not quantity.is_law}


def _resolved(assumptions: Assumptions, arrays: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """The rates by the labels each draw has, and these labels: empty where nothing hangs on a choice."""
    choices = assumptions.vod.choices
    if not choices:
        return {}
    rates = {name: arrays[f"vod.{name}"] for name in assumptions.vod.rates}
    picks = {name: arrays[f"vod.{name}"].assign_attrs(labels=list(choice.weights)) for name, choice in choices.items()}
    is_point = assumptions.sampling.method == "point"
    found = averaged(rates, choices) if is_point else chosen(rates, picks)
    return {f"vod.{name}": array for name, array in {**picks, **found}.items()}


def _uniforms(assumptions: Assumptions, design: Design, draws: range) -> dict[str, FloatArray]:
    """Uniform numbers of the uncertain quantities, correlated as asked: [draw] each."""
    if assumptions.sampling.method == "point":
        return {}
    leaves = {
        label_name(name, labels): leaf
        for name, quantity in _numbers(assumptions).items()
        for labels, leaf in quantity.leaves.items()
    }
    uncertain = [name for name, leaf in leaves.items() if leaf.distribution and not leaf.is_certain]
    independent = {name: design.uniform(name, draws) for name in uncertain}
    return correlate(independent, {pair.between: pair.spearman for pair in assumptions.correlation})


def _array(
    name: str, quantity: Quantity, uniforms: Mapping[str, FloatArray], design: Design, draws: range
) -> xr.DataArray:
    """Values of one quantity: [draw, + the dimensions it has labels along]."""
    values = {}
    for labels, leaf in quantity.leaves.items():
        if leaf.distribution is not None:
            stream = label_name(name, labels)
            if stream in uniforms:
                values[labels] = design.values(stream, leaf.distribution.ppf, uniforms[stream])
            else:
                values[labels] = _certain(leaf.distribution, draws)
    for labels in quantity.leaves.keys() - values.keys():
        values[labels] = _rest(name, labels, values)
    return labelled(values, {dimension: quantity.labels(dimension) for dimension in quantity.by}, quantity.unit)


def _certain(distribution: Distribution, draws: range) -> FloatArray:
    """Without uniform numbers the one value there is, or the mean: [draw]."""
    only = ends(distribution)[0] if distribution.is_certain else distribution.mean
    return np.full(len(draws), only)


def _rest(name: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], FloatArray]) -> FloatArray:
    """What the other labels of a split's last dimension leave: [draw]."""
    taken = np.sum([column for other, column in values.items() if other[:-1] == labels[:-1]], axis=0)
    if (taken > 1 + TOLERANCE).any():
        raise InputError(f"{name}: the shares beside '{labels[-1]}' add up to {taken.max():.3g} in some draw, above 1")
    return np.asarray(np.maximum(1.0 - taken, 0.0))


def _yearly(growth: Growth, reference: int, assumptions: Assumptions, design: Design, draws: range) -> xr.DataArray:
    """An independent growth rate for each year between the reference year and the ends of the run."""
    ends = assumptions.all_years
    years = range(min(reference, ends.first) + 1, max(reference, ends.last) + 1)
    uncertain = [labels for labels, leaf in growth.leaves.items() if not leaf.is_certain]
    shocks = []
    for year in years or (reference,):
        names = [] if assumptions.sampling.method == "point" else [label_name(GROWTH, labels) for labels in uncertain]
        uniforms = {name: design.uniform(name, draws, year) for name in names}
        shocks.append(_array(GROWTH, growth, uniforms, design, draws))
    return xr.concat(shocks, dim=xr.Variable(SHOCK_YEAR, list(years or (reference,))))
