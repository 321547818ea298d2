"""Going on with what was interrupted: a sweep of which runs are missing, or a run whose grid was killed."""

import json
import shutil
from pathlib import Path
from typing import Any

from sim.asking import POINTS
from sim.beside import Option
from sim.commands import run, show
from sim.configuration.compose import assume
from sim.errors import InputError
from sim.results.folder import ASIDE, MARK, RESUMABLE
from sim.results.provenance import provenance
from sim.sweep import TYPED_SWEEP, again

_WATCHED = ("program", "commit", "libraries")


def resume(folder: Path) -> int:
    """Go on with a sweep or a run in its own folder, as it was typed; what is finished stays.

    Parameters
    ----------
    folder : of the sweep, or of the run.

    Returns
    -------
    The exit code: 0, or 2 when a run was refused, or 1 when one broke down.

    Raises
    ------
    InputError : when there is nothing to go on with, or the program has changed since a grid was killed.
    """
    if (folder / TYPED_SWEEP).is_file():
        return again(folder)
    if (folder / ASIDE / RESUMABLE).is_file():
        return _grid(folder)
    if (folder / MARK).is_file():
        raise InputError(f"resume: the run in {folder} is finished; sim replay {folder} repeats it")
    raise InputError(f"resume: {folder} holds neither a sweep ({TYPED_SWEEP}) nor a grid that was killed")


def _grid(folder: Path) -> int:
    """The run anew, which takes seconds, with the points of its grid that are there."""
    aside = folder / ASIDE
    record = _record(aside / RESUMABLE)
    now = provenance()
    for name in _WATCHED:
        if record[name] != now[name]:
            raise InputError(f"resume: {name} has changed since {folder} was begun; run it anew in another folder")
    samples = Path(record["working_directory"])
    assumptions = assume(record["configuration"], samples)
    if assumptions.origin.ledger.digest != record["ledger"] or dict(assumptions.origin.files) != record["files"]:
        raise InputError(f"resume: the evidence or a file of samples has changed since {folder} was begun")
    for path in aside.iterdir():
        if path.name not in (RESUMABLE, POINTS):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    beside = None if record["beside"] is None else Option(record["beside"]["option"], record["beside"]["vod"])
    show(run(assumptions, folder, record["overrides"], beside, samples=samples, goes_on=True), folder)
    return 0


def _record(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as fault:
        raise InputError(f"resume: {path} cannot be read ({fault})") from fault
