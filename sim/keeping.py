"""What a run that takes long keeps beside it, so that it can be gone on with when it was killed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.assumptions.schema import Assumptions
from sim.beside import Option
from sim.execution.shards import number_of_shards
from sim.results.folder import RESUMABLE
from sim.results.provenance import provenance

SHARDS = "shards"
"""The folder, among a run's unfinished files, of its finished shards."""

_PROGRAM = ("program", "commit", "libraries")

RECORDED = (
    "configuration", "shards", "in_sweep", "overrides", "working_directory", "beside", *_PROGRAM, "ledger", "files",
)  # fmt: skip
"""What is written down of a run."""


def remember(
    aside: Path,
    assumptions: Assumptions,
    overrides: Sequence[str],
    beside: Option | None,
    samples: Path,
    *,
    in_sweep: bool,
) -> None:
    """Write down what it takes to go on with a run, if it may be killed on its way: one in shards, or with a grid.

    Parameters
    ----------
    aside : the folder of its unfinished files.
    assumptions : of the run.
    overrides : as typed.
    beside : the option whose severe cases are shown beside the run's own.
    samples : where the files of `sample(file.csv, column)` are looked for.
    in_sweep : whether it is one of many.
    """
    shards = number_of_shards(assumptions)
    if not (shards > 1 or "grid" in assumptions.sensitivity.asked):
        return
    origin = assumptions.origin
    record: dict[str, Any] = {
        "configuration": origin.configuration,
        "shards": shards,
        "in_sweep": in_sweep,
        "overrides": list(overrides),
        "working_directory": str(samples),
        "beside": None if beside is None else {"option": beside.name, "vod": beside.vod},
        **{name: provenance()[name] for name in _PROGRAM},
        "ledger": origin.ledger.digest,
        "files": dict(origin.files),
    }
    part = aside / f"{RESUMABLE}.part"
    part.write_text(json.dumps(record, default=str), encoding="utf-8")
    part.replace(aside / RESUMABLE)
