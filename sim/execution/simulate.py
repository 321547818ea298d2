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
from sim.model.chain import populations
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
    dataset, spread = _pass(assumptions, batches, chunk)
    outputs = dataset[list(VARIABLES)]
    return Results(
        dataset=dataset.assign_coords(replicate=("draw", np.arange(sampling.draws) % sampling.replicates)),
        summary=summarise(outputs, spread, batches),
        assumptions=assumptions_table(assumptions),
        evidence=evidence_table(assumptions),
        tables=further_tables(assumptions),
        configuration=assumptions.origin.configuration,
        provenance=_provenance(assumptions, time.perf_counter() - started),
    )


def _pass(assumptions: Assumptions, batches: Batches, chunk: int) -> tuple[xr.Dataset, dict[str, Moments]]:
    """All draws once, chunk by chunk: inputs and outputs by draw, and the moments of the outputs without chance."""
    sampling = assumptions.sampling
    spread = {name: Moments(batches) for name in VARIABLES}
    parts: list[xr.Dataset] = []
    with tqdm(total=sampling.draws, unit="draws", unit_scale=True, delay=_PATIENCE, disable=None, leave=False) as bar:
        for first in range(0, sampling.draws, chunk):
            draws = range(first, min(first + chunk, sampling.draws))
            parameters = sample(assumptions, draws)
            expected = populations(assumptions, parameters, Expected())
            for name, moments in spread.items():
                moments.add(with_totals(expected[name]).to_numpy(), first)
            patients = WholePatients(sampling.seed, draws)
            counted = populations(assumptions, parameters, patients) if sampling.chance else expected
            parts.append(parameters.merge(_stored(counted)))
            bar.update(len(draws))
    return xr.concat(parts, dim="draw", data_vars="minimal") if len(parts) > 1 else parts[0], spread


def _stored(outputs: xr.Dataset) -> xr.Dataset:
    """Outputs with unit and long name, whole patients in four bytes."""
    whole = all(array.dtype.kind == "i" for array in outputs.data_vars.values())  # each far below 2**31, see MOST
    stored = outputs.astype(np.int32) if whole else outputs
    for name, array in stored.data_vars.items():
        variable = VARIABLES[str(name)]
        array.attrs.update(unit=variable.unit, long_name=variable.long_name)
    return stored


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
