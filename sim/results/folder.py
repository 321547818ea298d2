"""The run folder: written aside, moved into place when complete, read back years later without the model."""

import json
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
import yaml

from sim.errors import BrokenOffError, InputError
from sim.plain_yaml import read_yaml, write_yaml
from sim.results.claim import LOCK, claimed
from sim.results.draws_file import to_seven_digits, write_dataset
from sim.results.run import Results
from sim.results.totals import with_totals

MARK = "run.json"
"""The file that stands in a finished run's folder and in no other; moved into place last."""

ASIDE = ".unfinished"
"""Where a run's files lie until all of them are complete."""

RESUMABLE = "resume.json"
"""What a killed run that can be gone on with keeps among its unfinished files."""

DRAWS = "results.nc"
"""The file of the draws, or of their histograms."""

KEPT_BYTES = 200_000_000
"""The size up to which `results.keep_draws=auto` keeps the draws."""

_EXACT_BYTES = 5_000_000  # up to which every number keeps its last digit

_BINS = 200


@contextmanager
def writing(folder: Path, *, goes_on_with: Collection[str] | None = None) -> Iterator[Path]:
    """Claim a folder for one run, give a place to write, and move everything into it at the end.

    Parameters
    ----------
    folder : the run's.
    goes_on_with : which unfinished files of a run that was killed there are gone on with, by name; None begins a run.

    Raises
    ------
    InputError : when the folder holds a run already, finished, under way or killed, or cannot be written.
    """
    goes_on = goes_on_with is not None
    check_new(folder, goes_on=goes_on)
    aside = folder / ASIDE
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside.mkdir(exist_ok=goes_on)  # fails if another run came first
    except OSError as fault:
        raise InputError(f"hydra.run.dir: {folder} cannot be written ({fault.strerror})") from fault
    with ExitStack() as afterwards:  # when the lock is let go
        afterwards.callback(remove_empty, made)
        with claimed(aside) as is_ours:
            if not is_ours:
                raise InputError(f"hydra.run.dir: the run in {folder} is under way in another process")
            check_new(folder, goes_on=True)  # it may have been finished since
            _remove_others(aside, (RESUMABLE, LOCK, *(goes_on_with or ())))
            try:
                with _in_words(folder):
                    yield aside
                    _move(aside, folder)
            except BaseException:
                if not _is_worth_keeping(aside):
                    afterwards.callback(shutil.rmtree, aside, ignore_errors=True)
                raise
            afterwards.callback(shutil.rmtree, aside, ignore_errors=True)


def _remove_others(aside: Path, kept: Collection[str]) -> None:
    """Remove what a killed run left and cannot be gone on with."""
    for path in aside.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def check_new(folder: Path, *, goes_on: bool) -> None:
    """Refuse a folder that holds a run, or anything else; of one that is gone on with only a finished one.

    Raises
    ------
    InputError : naming the folder, and what may be done.
    """
    if (folder / MARK).exists():
        raise InputError(f"hydra.run.dir: {folder} already holds a run; choose another folder")
    if goes_on:
        return
    aside = folder / ASIDE
    if aside.exists():
        way = f"go on with it by sim resume {folder}" if (aside / RESUMABLE).exists() else f"remove {aside}"
        raise InputError(
            f"hydra.run.dir: {folder} holds a run that is under way or was killed; choose another folder, or {way}"
        )
    check_empty(folder)


def _move(aside: Path, folder: Path) -> None:
    """Move the files of a run into place, the mark of a finished one last."""
    (aside / RESUMABLE).unlink(missing_ok=True)
    for path in sorted(aside.iterdir(), key=lambda path: path.name == MARK):
        if path.name != LOCK:
            path.replace(folder / path.name)


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    """Say in one line that a run broke off, and how to go on with it where something of it is finished."""
    try:
        yield
    except BrokenOffError as fault:
        raise BrokenOffError(f"{fault}{_further(folder)}") from fault
    except OSError as fault:
        words = f"hydra.run.dir: {folder} cannot be written ({fault.strerror or fault})"
        raise BrokenOffError(f"{words}{_further(folder)}") from fault


def _further(folder: Path) -> str:
    kept = _is_worth_keeping(folder / ASIDE)
    return f"; what is finished is kept: sim resume {folder} goes on" if kept else ""


def _is_worth_keeping(aside: Path) -> bool:
    """Whether something is finished of a run that can be gone on with."""
    return (aside / RESUMABLE).exists() and any(path.name not in (RESUMABLE, LOCK) for path in aside.iterdir())


def check_empty(folder: Path) -> None:
    """Refuse a folder with anything in it: a run or a sweep writes over nothing.

    Raises
    ------
    InputError : naming the folder and what is in it.
    """
    if folder.is_dir() and (found := sorted(path.name for path in folder.iterdir())):
        raise InputError(f"hydra.run.dir: {folder} is not empty (it holds {found[0]}); choose another folder")


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders, innermost first, up to the first that is not empty."""
    for folder in folders:
        if not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()


def write(results: Results, folder: Path, *, packed: bool = True) -> xr.Dataset:
    """Write the data files of a run; pictures and pages are the views' business.

    Parameters
    ----------
    results : the run.
    folder : where they go.
    packed : whether the draws are compressed, which with a market takes longer than anything but the model.

    Returns
    -------
    What the folder holds of the draws, as `kept_dataset` gives it; of draws that were written as they came, histograms.
    """
    results.summary.to_csv(folder / "summary.csv", index=False, lineterminator="\n")
    results.assumptions.to_csv(folder / "assumptions.csv", index=False, lineterminator="\n")
    results.evidence.to_csv(folder / "evidence.csv", index=False, lineterminator="\n")
    for name, table in results.tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    kept = results.dataset
    if not (folder / DRAWS).exists():  # else they were written as they came
        kept = kept_dataset(results)
        how = {"zlib": packed, "complevel": 1}
        write_dataset(kept, folder / DRAWS, dict.fromkeys(map(str, kept.data_vars), how))
    write_yaml(results.configuration, folder / "config.yaml")
    with (folder / MARK).open("w", encoding="utf-8", newline="\n") as file:
        record = {**results.provenance, "tables": list(results.tables)}
        json.dump(record, file, indent=2, ensure_ascii=False)
    return kept


def kept_dataset(results: Results) -> xr.Dataset:
    """What a folder holds of the draws, or histograms of the outputs where the draws are not to be kept.

    Of many draws the market by region and year is kept to seven digits.
    """
    if keeps_draws(results) or not results.has_draws:
        return _to_seven_digits(results.dataset)
    histograms = [_histogram(with_totals(results.outputs[name])) for name in results.outputs.data_vars]
    return xr.merge(histograms, join="outer")  # what does not add up has no label of a total


def _to_seven_digits(kept: xr.Dataset) -> xr.Dataset:
    return kept if kept.nbytes <= _EXACT_BYTES else to_seven_digits(kept)


def keeps_draws(results: Results) -> bool:
    """Whether the draws are there and go into the run's folder."""
    keep = results.configuration["results"]["keep_draws"]
    fits = results.dataset.nbytes <= KEPT_BYTES
    return results.has_draws and (keep is True or (keep == "auto" and fits))


def _histogram(array: xr.DataArray) -> xr.Dataset:
    """Counts of each cell in equal bins from its smallest value to its largest, infinity left out: [+ strata, bin]."""
    dims = array.dims[1:]
    cells = array.to_numpy().reshape(array.shape[0], -1).T
    counts, edges = zip(*(np.histogram(cell[np.isfinite(cell)], bins=_BINS) for cell in cells), strict=True)
    shape = array.shape[1:]
    coords = {dimension: array[dimension] for dimension in dims}
    return xr.Dataset(
        {
            f"{array.name}_histogram": ((*dims, "bin"), np.array(counts).reshape(*shape, _BINS)),
            f"{array.name}_edges": ((*dims, "edge"), np.array(edges).reshape(*shape, _BINS + 1)),
        },
        coords=coords,
    )


def open_run(folder: str | Path) -> Results:
    """Read a finished run.

    Raises
    ------
    InputError : when there is no finished run in that folder, or a file of it is missing or damaged.
    """
    folder = Path(folder)
    if not (folder / MARK).is_file():
        raise InputError(f"{folder} holds no finished run ({MARK} is missing)")
    try:
        return _read(folder)
    except (OSError, ValueError, KeyError, yaml.YAMLError) as fault:
        raise InputError(f"{folder} holds a damaged run ({type(fault).__name__}: {fault})") from fault


def _read(folder: Path) -> Results:
    with xr.open_dataset(folder / DRAWS, engine="netcdf4") as stored:
        dataset = stored.load()  # now: closing one of two open views of a file breaks the other, and Python with it
    record = json.loads((folder / MARK).read_text(encoding="utf-8"))
    names = record.pop("tables", [])
    return Results(
        dataset=dataset,
        summary=_table(folder / "summary.csv"),
        assumptions=_table(folder / "assumptions.csv"),
        evidence=pd.read_csv(folder / "evidence.csv", dtype=str, keep_default_na=False),
        configuration=dict(read_yaml(folder / "config.yaml")),
        provenance=record,
        tables={name: pd.read_csv(folder / f"{name}.csv") for name in names},
    )


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values={"value": [""], "mcse": [""]})
