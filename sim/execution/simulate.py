"""From assumptions to results: chunks of draws through sampling and model, summarised as they come."""

import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from sim.assumptions.schema import Assumptions
from sim.assumptions.table import assumptions_table, evidence_table, further_tables
from sim.draws.parameters import sample
from sim.execution.trial import TrialRun
from sim.model.chain import TRIAL_STAGE, candidates, populations
from sim.model.cohort import Expected, WholePatients
from sim.results.batches import Batches
from sim.results.moments import Moments
from sim.results.provenance import provenance
from sim.results.run import Results
from sim.results.summary import summarise
from sim.results.totals import with_totals
from sim.variables import VARIABLES

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
    started = time.perf_counter()
    sampling = assumptions.sampling
    batches = Batches.of(sampling.method, sampling.replicates, sampling.draws)
    trial = None if assumptions.trial is None else TrialRun(assumptions, batches)
    dataset, spread = _pass(assumptions, batches, chunk, trial)
    outputs = dataset[[name for name in VARIABLES if name in dataset]]
    return Results(
        dataset=dataset.assign_coords(replicate=("draw", np.arange(sampling.draws) % sampling.replicates)),
        summary=summarise(outputs, spread, batches),
        assumptions=assumptions_table(assumptions),
        evidence=evidence_table(assumptions),
        tables={**further_tables(assumptions), **(trial.tables() if trial else {})},
        configuration=assumptions.origin.configuration,
        provenance=_provenance(assumptions, time.perf_counter() - started),
    )


def _pass(
    assumptions: Assumptions, batches: Batches, chunk: int, trial: TrialRun | None
) -> tuple[xr.Dataset, dict[str, Moments]]:
    """All draws once, chunk by chunk: inputs and outputs by draw, and the moments of the outputs without chance."""
    sampling = assumptions.sampling
    spread: dict[str, Moments] = {}
    parts: list[xr.Dataset] = []
    with tqdm(total=sampling.draws, unit="draws", unit_scale=True, delay=_PATIENCE, disable=None, leave=False) as bar:
        for first in range(0, sampling.draws, chunk):
            draws = range(first, min(first + chunk, sampling.draws))
            parameters = sample(assumptions, draws)
            expected = populations(assumptions, parameters, Expected())
            patients = WholePatients(sampling.seed, draws)
            counted = populations(assumptions, parameters, patients) if sampling.chance else expected
            if trial is not None:
                chance = patients if sampling.chance else Expected()
                counted[TRIAL_STAGE] = candidates(counted, parameters, chance)
                counted = counted.merge(trial.counted(parameters, expected, draws))
                expected[TRIAL_STAGE] = candidates(expected, parameters, Expected())
                expected = expected.merge(trial.expected(parameters, expected))
            for name in expected.data_vars:
                without_chance = with_totals(expected[name]).to_numpy()
                never = np.isinf(without_chance)
                spread.setdefault(str(name), Moments(batches)).add(np.where(never, np.nan, without_chance), first)
            parts.append(parameters.merge(_stored(counted)))
            bar.update(len(draws))
    return xr.concat(parts, dim="draw", data_vars="minimal") if len(parts) > 1 else parts[0], spread


def _stored(outputs: xr.Dataset) -> xr.Dataset:
    """Outputs with unit and long name, whole patients in four bytes."""
    stored = {}
    for name, array in outputs.data_vars.items():
        whole = array.dtype.kind == "i"  # each far below 2**31, see MOST
        variable = VARIABLES[str(name)]
        words = {"unit": variable.unit, "long_name": variable.long_name}
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
