"""From assumptions to results: chunks of draws through sampling and model, summarised as they come."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from sim.assumptions.schema import Assumptions
from sim.assumptions.table import assumptions_table, evidence_table, further_tables
from sim.execution.accounts import begun
from sim.execution.engine import engine_of
from sim.execution.gathering import CHUNK
from sim.execution.shards import Work, work_out, workers
from sim.execution.stopping import until_stopped
from sim.results.batches import Batches
from sim.results.folder import DRAWS
from sim.results.provenance import provenance
from sim.results.run import Results
from sim.results.summary import summarise

_PATIENCE = 2.0
"""Seconds before a progress bar appears."""


def simulate(assumptions: Assumptions, chunk: int = CHUNK, kept: Path | None = None) -> Results:
    """Run the model.

    Parameters
    ----------
    assumptions : what is assumed, from `sim.load`.
    chunk : draws per pass; memory goes with it, and of the results nothing but the last digits of sums.
    kept : the folder where finished shards are kept, and found by a run that goes on; None keeps none.
        Beside it come draws that are to be kept and do not fit the memory.

    Raises
    ------
    InputError : when the draws cannot be made, as with contradictory correlations.
    """
    sampling, file = assumptions.sampling, kept and kept.with_name(DRAWS)
    with workers(assumptions.execution) as work:
        if sampling.stop is None or sampling.method == "point":
            return _simulated(work, assumptions, chunk, kept, file)

        def run(draws: int) -> Results:
            fewer = assumptions.model_copy(update={"sampling": sampling.model_copy(update={"draws": draws})})
            return _simulated(work, fewer, chunk, kept and kept / str(draws), file)

        return until_stopped(run, sampling)


def _simulated(work: Work, assumptions: Assumptions, chunk: int, kept: Path | None, file: Path | None) -> Results:
    """The run of all draws that are asked for."""
    started = time.perf_counter()
    sampling = assumptions.sampling
    batches = Batches.of(sampling.method, sampling.replicates, sampling.draws)
    with tqdm(total=sampling.draws, unit="draws", unit_scale=True, delay=_PATIENCE, disable=None, leave=False) as bar:
        accounts, first = begun(assumptions, batches, chunk, file)
        bar.update(first)
        rest = range(first, sampling.draws)
        work_out(work, assumptions, accounts, rest, chunk, kept, bar.update)
    trial = accounts.trial
    return Results(
        dataset=accounts.gathered.dataset(),
        summary=summarise(accounts.gathered.samples(), accounts.spread, batches),
        assumptions=assumptions_table(assumptions),
        evidence=evidence_table(assumptions),
        tables={**further_tables(assumptions), **(trial.tables() if trial else {})},
        configuration=assumptions.origin.configuration,
        provenance=_provenance(assumptions, time.perf_counter() - started),
    )


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
        "smooth": sampling.smooth,
        "engine": "numba" if engine_of(assumptions).is_compiled else "numpy",
        "ledger": origin.ledger.digest,
        "files": dict(origin.files),
        "seconds": round(seconds, 3),
        **provenance(),
    }
