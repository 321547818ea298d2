"""From assumptions to results: chunks of draws through sampling and model, summarised as they come."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from sim.assumptions.schema import Assumptions
from sim.assumptions.table import assumptions_table, evidence_table, further_tables
from sim.draws.parameters import sample
from sim.execution.ahead import ahead, available
from sim.execution.engine import Engine, engine_of
from sim.execution.gathering import CHUNK, Counted, Gathered, gathering
from sim.execution.market import MarketRun, money_unit
from sim.execution.stopping import until_stopped
from sim.execution.trial import TrialRun
from sim.model.chain import TRIAL_STAGE, candidates, populations
from sim.model.cohort import Expected, WholePatients
from sim.model.market.plan import MarketStreams
from sim.results.batches import Batches
from sim.results.kernels import PLAIN
from sim.results.moments import Moments
from sim.results.provenance import provenance
from sim.results.run import Results
from sim.results.summary import summarise
from sim.results.totals import with_totals
from sim.variables import MONEY, VARIABLES

_PATIENCE = 2.0
"""Seconds before a progress bar appears."""


def simulate(assumptions: Assumptions, chunk: int = CHUNK) -> Results:
    """Run the model.

    Parameters
    ----------
    assumptions : what is assumed, from `sim.load`.
    chunk : draws per pass; memory goes with it, and of the results nothing but the last digits of sums.

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
    engine = engine_of(assumptions)
    trial = None if assumptions.trial is None else TrialRun(assumptions, batches, engine.law)
    gathered, spread = _pass(assumptions, batches, chunk, trial, engine)
    return Results(
        dataset=gathered.dataset(),
        summary=summarise(gathered.samples(), spread, batches),
        assumptions=assumptions_table(assumptions),
        evidence=evidence_table(assumptions),
        tables={**further_tables(assumptions), **(trial.tables() if trial else {})},
        configuration=assumptions.origin.configuration,
        provenance=_provenance(assumptions, time.perf_counter() - started),
    )


def _pass(
    assumptions: Assumptions, batches: Batches, chunk: int, trial: TrialRun | None, engine: Engine
) -> tuple[Gathered, dict[str, Moments]]:
    """All draws once, chunk by chunk: what is gathered of them, and the moments of the outputs without chance."""
    sampling = assumptions.sampling
    spread: dict[str, Moments] = {}
    gathered: Gathered | None = None
    money = "" if assumptions.market is None else money_unit(assumptions.market)
    with tqdm(total=sampling.draws, unit="draws", unit_scale=True, delay=_PATIENCE, disable=None, leave=False) as bar:
        portions = _portions(sampling.draws, chunk)
        for draws in portions:
            parameters, counted, expected = _model(assumptions, draws, trial, engine)
            outputs = _stored(counted, money)
            if gathered is None:
                gathered = gathering(assumptions, (parameters, outputs), batches, engine)
                kernels = engine.kernels if isinstance(gathered, Counted) else PLAIN  # of kept draws to the last bit
            gathered.add(parameters, outputs, draws.start)
            for name in expected.data_vars:
                moments = spread.setdefault(str(name), Moments(batches, kernels))
                moments.add(with_totals(expected[name]).to_numpy(), draws.start)
            bar.update(len(draws))
            if isinstance(gathered, Counted) and _is_funnel_alone(assumptions, engine):
                _go_on(assumptions, portions, gathered, spread, bar)
    assert gathered is not None
    return gathered, spread


def _is_funnel_alone(assumptions: Assumptions, engine: Engine) -> bool:
    """Whether a run can go on in compiled code alone, many times faster, once its first draws are counted."""
    return engine.is_compiled and assumptions.sampling.chance and not (assumptions.trial or assumptions.market)


def _go_on(
    assumptions: Assumptions, portions: Iterator[range], gathered: Counted, spread: dict[str, Moments], bar: Any
) -> None:
    """Count all further draws of a run by compiled code, in several threads."""
    from sim.execution.funnel import CompiledFunnel

    funnel = CompiledFunnel(assumptions, gathered.tallies, spread)
    for portion in ahead(funnel.work_out, portions, assumptions.execution.threads or available()):
        funnel.add(portion)  # in the order of the draws, whichever thread was first
        bar.update(len(portion.draws))


def _portions(draws: int, chunk: int) -> Iterator[range]:
    """Neighbouring draws, the first `CHUNK` of a run in one portion where they are more than that."""
    first = min(CHUNK, draws) if draws > CHUNK else min(chunk, draws)
    yield range(first)
    for start in range(first, draws, chunk):
        yield range(start, min(start + chunk, draws))


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
        "engine": "numba" if engine_of(assumptions).is_compiled else "numpy",
        "ledger": origin.ledger.digest,
        "files": dict(origin.files),
        "seconds": round(seconds, 3),
        **provenance(),
    }
