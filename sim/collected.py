"""The runs found in a sweep's folder, finished or failed, and what they are called."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sim.at_hand import AtHand
from sim.errors import InputError
from sim.results.folder import MARK, open_run
from sim.results.run import Results

ERROR = "error.txt"
"""What stands in the folder of a failed run: its overrides, an empty line, what went wrong."""


@dataclass(frozen=True)
class Collected:
    """The runs found in a sweep's folder.

    Attributes
    ----------
    runs : label → run.
    failed : label → what went wrong.
    against : label → rows against the run `base`, of those that are known.
    base : a label; None where none are known.
    """

    runs: Mapping[str, Results]
    failed: Mapping[str, str]
    against: Mapping[str, pd.DataFrame]
    base: str | None


def gather(folder: Path, at_hand: AtHand) -> Collected:
    """Open every run of a sweep, finished or failed, in the order they were started."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder")
    places = sorted((path for path in folder.iterdir() if path.is_dir()), key=_order)
    finished: dict[Path, Results] = {}
    broken: dict[Path, str] = {}
    overrides: dict[Path, list[str]] = {}
    for path in places:
        if (path / ERROR).exists():
            typed, _, broken[path] = (path / ERROR).read_text(encoding="utf-8").partition("\n\n")
            overrides[path] = typed.splitlines()
        elif (path / MARK).exists():
            try:
                finished[path] = at_hand.runs.get(path.resolve()) or open_run(path)
                overrides[path] = list(finished[path].provenance["overrides"])
            except InputError as fault:
                broken[path], overrides[path] = str(fault), [path.name]
    labels = label_runs(overrides)
    return Collected(
        {labels[path]: run for path, run in finished.items()},
        {labels[path]: words for path, words in broken.items()},
        {labels[path]: at_hand.against[path.resolve()] for path in finished if path.resolve() in at_hand.against},
        next((labels[path] for path in finished if path.resolve() == at_hand.base), None),
    )


def _order(path: Path) -> tuple[int, str]:
    return (int(path.name), "") if path.name.isdigit() else (sys.maxsize, path.name)


def label_runs(overrides: Mapping[Path, Sequence[str]]) -> dict[Path, str]:
    """What tells the runs apart: the overrides they do not share; a scenario by its bare name."""
    shared = set.intersection(*(set(words) for words in overrides.values())) if len(overrides) > 1 else set()
    labels: dict[Path, str] = {}
    for path, words in overrides.items():
        label = ", ".join(word.removeprefix("scenario=") for word in words if word not in shared) or path.name
        labels[path] = label if label not in labels.values() else f"{label} ({path.name})"
    return labels
