"""Going on with what was interrupted: a sweep of which runs are missing, or a run that was killed on its way."""

import contextlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.asking import POINTS
from sim.at_hand import AtHand
from sim.beside import Option
from sim.collected import ERROR
from sim.commands import begin, show
from sim.configuration.compose import assume, workbooks
from sim.errors import BrokenOffError, InputError
from sim.keeping import RECORDED
from sim.results.folder import ASIDE, MARK, RESUMABLE
from sim.results.provenance import first_apart, provenance
from sim.results.run import Results
from sim.sweep import TYPED_SWEEP, collect, launch

_CONFIG_DIR = "--config-dir"
_FOLDERS = ("hydra.run.dir=", "hydra.sweep.dir=")
_WATCHED = ("program", "commit", "libraries")
_CHANGES = "+changes"  # at the end of a commit from which files differ
_SHORT = 7  # signs of a commit, as people name it


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
    InputError : when there is nothing to go on with, what was typed cannot be read, or the program has changed since a
        run was killed.
    """
    if (folder / TYPED_SWEEP).is_file():
        return _sweep(folder)
    if (folder / ASIDE / RESUMABLE).is_file():
        return _run(folder, _record(folder))
    if (folder / MARK).is_file():
        raise InputError(f"resume: the run in {folder} is finished; sim replay {folder} repeats it")
    raise InputError(f"resume: {folder} holds neither a sweep ({TYPED_SWEEP}) nor a run that was killed")


def kept(folder: Path) -> str:
    """What is kept in the folder of a run or a sweep that was stopped, and how to go on with it; nothing else is.

    Parameters
    ----------
    folder : of the sweep, or of the run.
    """
    if (folder / TYPED_SWEEP).is_file():
        return f"finished runs are kept: sim resume {folder} goes on"
    if (folder / ASIDE / RESUMABLE).is_file():
        what = "points" if (folder / ASIDE / POINTS).exists() else "draws"
        return f"the {what} so far are kept: sim resume {folder} goes on"
    return "nothing half-written was kept"


def _sweep(folder: Path) -> int:
    """The runs of a sweep that are missing or failed; what is finished is kept. The folder may have been moved."""
    place = folder.resolve()
    try:
        record = json.loads((place / TYPED_SWEEP).read_text(encoding="utf-8"))
        typed, directory = [str(word) for word in record["arguments"]], Path(str(record["working_directory"]))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise InputError(f"resume: {place / TYPED_SWEEP} cannot be read ({fault})") from fault
    if not directory.is_dir():
        raise InputError(f"resume: {directory}, where the sweep was typed, is no folder any more")
    for path in place.iterdir():
        if path.is_dir() and ((path / ERROR).exists() or (path / ASIDE).exists()):
            _prepare(path)
    words = [word for word in typed if not word.startswith(_FOLDERS)]
    own = words.index(_CONFIG_DIR) + 2 if _CONFIG_DIR in words else 1  # before it stands what is no override
    option = words[own - 1] if own > 1 else None
    with contextlib.chdir(directory), AtHand() as at_hand:
        again = [*words, f"hydra.sweep.dir={_quoted(place)}"]
        made = launch(again, place, workbooks(words[own:], option), at_hand)
    if not made:
        print("nothing left to run: every run is finished; the comparison is made anew", file=sys.stderr)
    return collect(folder, at_hand=at_hand)


def _prepare(path: Path) -> None:
    """Make room for a run of a sweep that failed or was killed, or finish it with the draws it has."""
    if not (path / MARK).is_file():
        try:
            if (path / ASIDE / RESUMABLE).is_file():
                _finished(path, _record(path))
                return
        except BrokenOffError:
            raise
        except InputError as fault:  # as when the program has changed since
            print(f"sim: {path.name}: begun anew ({fault})", file=sys.stderr)
    shutil.rmtree(path)


def resume_as_typed(folder: Path, configuration: Mapping[str, Any]) -> int:
    """Go on with a run in its own folder by `execution.resume`, perhaps on another cluster.

    Parameters
    ----------
    folder : of the run.
    configuration : as it was typed, resolved; but for `execution` it must be the run's.

    Returns
    -------
    The exit code.

    Raises
    ------
    InputError : when there is no such run in the folder, or one of another configuration or program.
    """
    key = "execution.resume"
    if (folder / MARK).is_file():
        raise InputError(f"{key}: the run in {folder} is finished; sim replay {folder} repeats it")
    if not (folder / ASIDE / RESUMABLE).is_file():
        raise InputError(f"{key}: {folder} holds no run that was killed")
    record = _record(folder)
    shards, begun = configuration["execution"]["shards"], record["shards"]
    if shards not in (None, begun):  # sums go by where they are cut, so that a replay would find other last digits
        raise InputError(f"execution.shards: {shards}; the run in {folder} was begun in {begun}: leave it out")
    typed = json.loads(json.dumps({**configuration, "execution": None}, default=str))
    if apart := first_apart({**record["configuration"], "execution": None}, typed):
        raise InputError(f"{key}: {folder} holds a run of another configuration: {apart}")
    how = {**configuration["execution"], "resume": None, "shards": begun}
    return _run(folder, {**record, "configuration": {**record["configuration"], "execution": how}})


def _run(folder: Path, record: Mapping[str, Any]) -> int:
    """Finish a run and show it."""
    show(_finished(folder, record), folder)
    return 0


def _finished(folder: Path, record: Mapping[str, Any]) -> Results:
    """The run anew, with the shards of its draws and the points of its grid that are there."""
    samples = Path(record["working_directory"])
    assumptions = assume(record["configuration"], samples)
    if assumptions.origin.ledger.digest != record["ledger"] or dict(assumptions.origin.files) != record["files"]:
        raise InputError(f"resume: the evidence or a file of samples has changed since {folder} was begun")
    beside = None if record["beside"] is None else Option(record["beside"]["option"], record["beside"]["vod"])
    in_sweep = bool(record["in_sweep"])
    finish = begin(assumptions, folder, record["overrides"], beside, samples=samples, in_sweep=in_sweep, goes_on=True)
    results = finish()
    (folder / ERROR).unlink(missing_ok=True)  # of a run of a sweep, that broke off
    return results


def _difference(name: str, then: Any, now: Any) -> str:
    """What of the program has changed, in words: `commit 1a2b3c4, now with uncommitted changes`."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        apart = [own for own in dict.fromkeys([*then, *now]) if then.get(own) != now.get(own)]
        return ", ".join(f"{own} {then.get(own)}, now {now.get(own)}" for own in apart)
    if name != "commit":
        return f"{name} {then}, now {now}"
    (begun, was_changed), (here, is_changed) = _commit(then), _commit(now)
    if begun != here:
        return f"{name} {begun}, now {here}"
    if was_changed:
        return f"{name} {begun} with uncommitted changes, now without"
    return f"{name} {begun}, now with uncommitted changes" if is_changed else f"{name} {begun}"


def _commit(name: Any) -> tuple[str, bool]:
    """A commit as people name it, and whether files differ from it."""
    text = str(name or "unknown")
    return text.removesuffix(_CHANGES)[:_SHORT], text.endswith(_CHANGES)


def _record(folder: Path) -> dict[str, Any]:
    """What it takes to go on with a run, of a program that has not changed since.

    Raises
    ------
    InputError : when it cannot be read, or the program has changed.
    """
    path = folder / ASIDE / RESUMABLE
    try:
        record = dict(json.loads(path.read_text(encoding="utf-8")))
        _check_whole(record, _WATCHED)
        now = provenance()
        for name in _WATCHED:
            if record[name] != now[name]:
                apart = _difference(name, record[name], now[name])
                raise InputError(
                    f"resume: the program has changed since {folder} was begun ({apart}); run it anew in another folder"
                )
        _check_whole(record, RECORDED)
    except InputError:
        raise
    except (OSError, ValueError) as fault:
        raise InputError(f"resume: {path} cannot be read ({fault})") from fault
    return record


def _check_whole(record: Mapping[str, Any], names: Sequence[str]) -> None:
    if missing := [name for name in names if name not in record]:
        raise ValueError(f"{missing[0]} is missing")


def _quoted(folder: Path) -> str:
    """A folder as an override has it, whatever signs its name holds."""
    return "'" + str(folder).replace("\\", "\\\\").replace("'", "\\'") + "'"
