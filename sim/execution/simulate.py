"""From assumptions to results: chunks of draws through sampling and model, summarised as they come."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from sim.assumptions.schema import Assumptions
from sim.assumptions.table import assumptions_table, evidence_table, further_tables
from sim.draws.parameters import sample
from sim.execution.engine import Engine, engine_of
from sim.execution.market import MarketRun, money_unit
from sim.execution.stopping import until_stopped
from sim.execution.trial import TrialRun
from sim.model.chain import TRIAL_STAGE, candidates, populations
from sim.model.cohort import Expected, WholePatients
from sim.model.market.plan import MarketStreams
from sim.results.batches import Batches
from sim.results.folder import KEPT_BYTES
from sim.results.moments import Moments
from sim.results.provenance import provenance
from sim.results.run import Results
from sim.results.sample import Sample, Stored
from sim.results.summary import summarise
from sim.results.tally import Tally, tally
from sim.results.totals import with_totals
from sim.variables import MONEY, VARIABLES

if TYPE_CHECKING:
    from sim.execution.funnel import CompiledFunnel

CHUNK = 16_384
"""Draws that go through the model together; any number gives the same results."""

_PATIENCE = 2.0
"""Seconds before a progress bar appears."""


def simulate(assumptions: Assumptions, chunk: int = CHUNK) -> Results:
    """Run the model.

    Parameters
    ----------
    assumptions : what is assumed, from `sim.load`.
    chunk : draws per pass; memory goes with it, results do not.

    Raises
    ------
    InputError : when the draws cannot be made, as with contradictory correlations.
    """
    sampling = assumptions.sampling
    if sampling.stop is None or sampling.method == "point":
        return _simulated(assumptions, chunk)

    def run(draws: int) -> Results:
        fewer = sampling.model_copy(update={"draws": draws})
        return _simulated(assumptions.model_copy(update={"sampling": fewer}), chunk)

    return until_stopped(run, sampling)


def _simulated(assumptions: Assumptions, chunk: int) -> Results:
    """The run of all draws that are asked for."""
    started = time.perf_counter()
    sampling = assumptions.sampling
    batches = Batches.of(sampling.method, sampling.replicates, sampling.draws)
    trial = None if assumptions.trial is None else TrialRun(assumptions, batches)
    dataset, samples, spread = _pass(assumptions, batches, chunk, trial)
    return Results(
        dataset=dataset,
        summary=summarise(samples, spread, batches),
        assumptions=assumptions_table(assumptions),
        evidence=evidence_table(assumptions),
        tables={**further_tables(assumptions), **(trial.tables() if trial else {})},
        configuration=assumptions.origin.configuration,
        provenance=_provenance(assumptions, time.perf_counter() - started),
    )


def _pass(
    assumptions: Assumptions, batches: Batches, chunk: int, trial: TrialRun | None
) -> tuple[xr.Dataset, Iterable[Sample], dict[str, Moments]]:
    """All draws once, chunk by chunk: what is kept, the draws of each output, and their moments without chance.

    The first chunk is the same whatever the chunk: it says how large the draws would be, and a tally counts by it.
    """
    sampling, engine = assumptions.sampling, engine_of(assumptions)
    spread: dict[str, Moments] = {}
    kept: list[xr.Dataset] = []
    tallies: dict[str, Tally] = {}
    money = "" if assumptions.market is None else money_unit(assumptions.market)
    with tqdm(total=sampling.draws, unit="draws", unit_scale=True, delay=_PATIENCE, disable=None, leave=False) as bar:
        funnel = None
        for draws in _portions(sampling.draws, chunk):
            if funnel is not None:
                funnel.take(draws)
                bar.update(len(draws))
                continue
            parameters, counted, expected = _model(assumptions, draws, trial, engine)
            for name in expected.data_vars:
                spread.setdefault(str(name), Moments(batches, engine.kernels)).add(
                    with_totals(expected[name]).to_numpy(), draws.start
                )
            counted = _stored(counted, money)
            if draws.start == 0:
                keeps = _is_kept(assumptions, parameters.merge(counted))
            if keeps:
                kept.append(parameters.merge(counted))
            else:
                _tally(counted, tallies, batches, engine, draws.start)
                funnel = _funnel(assumptions, engine, tallies, spread)
            bar.update(len(draws))
    if tallies:
        return xr.merge([one.histogram() for one in tallies.values()], join="outer"), tallies.values(), spread
    dataset = xr.concat(kept, dim="draw", data_vars="minimal") if len(kept) > 1 else kept[0]
    arrays = [with_totals(dataset[name]) for name in VARIABLES if name in dataset]
    by_draw = dataset.assign_coords(replicate=("draw", np.arange(sampling.draws) % sampling.replicates))
    return by_draw, [Stored(array, batches) for array in arrays], spread


def _funnel(
    assumptions: Assumptions, engine: Engine, tallies: dict[str, Tally], spread: dict[str, Moments]
) -> "CompiledFunnel | None":
    """What goes on with a run whose first draws are counted, many times faster; None where there is no such way."""
    if not engine.is_compiled or not assumptions.sampling.chance or assumptions.trial or assumptions.market:
        return None
    from sim.execution.funnel import CompiledFunnel

    return CompiledFunnel(assumptions, tallies, spread)


def _portions(draws: int, chunk: int) -> Iterator[range]:
    """Neighbouring draws, the first `CHUNK` of a run in one portion where they are more than that."""
    first = min(CHUNK, draws) if draws > CHUNK else min(chunk, draws)
    yield range(first)
    for start in range(first, draws, chunk):
        yield range(start, min(start + chunk, draws))


def _is_kept(assumptions: Assumptions, portion: xr.Dataset) -> bool:
    """Whether the draws are held in memory: as told, or where they are few, or in one portion anyway."""
    draws = assumptions.sampling.draws
    whole = portion.nbytes / portion.sizes["draw"] * draws
    return assumptions.results.keep_draws is True or whole <= KEPT_BYTES or draws <= CHUNK


def _tally(counted: xr.Dataset, tallies: dict[str, Tally], batches: Batches, engine: Engine, first_draw: int) -> None:
    """Count the outputs of neighbouring draws, in place."""
    for name in VARIABLES:
        if name in counted:
            array = with_totals(counted[name])
            if name not in tallies:
                tallies[name] = tally(array, batches, engine.kernels)
            tallies[name].add(array.to_numpy(), first_draw)


def _model(
    assumptions: Assumptions, draws: range, trial: TrialRun | None, engine: Engine
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Neighbouring draws through the model: parameters, outputs, and outputs without chance."""
    sampling = assumptions.sampling
    parameters = sample(assumptions, draws)
    patients = WholePatients(sampling.seed, draws, count=engine.patients)
    expected = populations(assumptions, parameters, Expected())
    chance = patients if sampling.chance else Expected()
    counted = populations(assumptions, parameters, patients) if sampling.chance else expected
    own, mean = _of_run(assumptions, counted), _of_run(assumptions, expected)
    seen = read = None
    if trial is not None:
        own = own.assign({TRIAL_STAGE: candidates(own, parameters, chance)})
        mean = mean.assign({TRIAL_STAGE: candidates(mean, parameters, Expected())})
        seen = trial.counted(parameters, expected, draws)
        read = trial.expected(parameters, expected, judged=assumptions.market is not None)
        own, mean = own.merge(seen), mean.merge(read)
    if assumptions.market is not None:
        market = MarketRun(assumptions)
        streams = MarketStreams(sampling.seed, draws) if sampling.chance else None
        own = own.merge(market.outputs(parameters, counted, expected, seen, chance, streams))
        mean = mean.merge(market.outputs(parameters, expected, expected, read, Expected(), None))
    return parameters, own, mean[[name for name in mean.data_vars if not VARIABLES[str(name)].only_mean]]


def _of_run(assumptions: Assumptions, populations: xr.Dataset) -> xr.Dataset:
    """The populations of the years of the run, without those of the market beyond them."""
    years = list(assumptions.years.all)
    return populations if populations["year"].to_numpy().tolist() == years else populations.sel(year=years)


def _stored(outputs: xr.Dataset, money: str) -> xr.Dataset:
    """Outputs with unit and long name, whole patients in four bytes.

    Parameters
    ----------
    outputs : of the model.
    money : what the market's money is, as people read it.
    """
    stored = {}
    for name, array in outputs.data_vars.items():
        whole = array.dtype.kind == "i"  # each far below 2**31, see MOST
        variable = VARIABLES[str(name)]
        words = {"unit": variable.unit.replace(MONEY, money), "long_name": variable.long_name}
        stored[name] = (array.astype(np.int32) if whole else array).assign_attrs(words)
    return outputs.assign(stored)


def _provenance(assumptions: Assumptions, seconds: float) -> dict[str, Any]:
    sampling, origin = assumptions.sampling, assumptions.origin
    return {
        "scenario": assumptions.scenario.name,
        "title": assumptions.scenario.title,
        "finished": datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
        "seed": sampling.seed,
        "draws": sampling.draws,
        "replicates": sampling.replicates,
        "method": sampling.method,
        "chance": sampling.chance,
        "ledger": origin.ledger.digest,
        "files": dict(origin.files),
        "seconds": round(seconds, 3),
        **provenance(),
    }
