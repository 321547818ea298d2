"""Sweeps: many runs by Hydra's launcher, one comparison at the end, whatever happens to any of them."""

import gc
import json
import re
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from sim.assumptions.schema import Assumptions
from sim.at_hand import AtHand
from sim.collected import ERROR, Collected, gather
from sim.commands import begin
from sim.configuration.compose import Composed, assume, plain, through_hydra
from sim.configuration.sweeper import composing_many
from sim.configuration.workbook.laying import NOTHING, Laid
from sim.configuration.workbook.names import READ
from sim.errors import InputError
from sim.results.compare import compare
from sim.results.folder import MARK, check_empty, remove_empty
from sim.results.run import Results
from sim.sweep_table import SWEEP, sweep_table
from sim.variables import HEADLINE, STRATA, TOTAL
from sim.views.bridge_words import BRIDGE
from sim.views.bridge_words import bridges as bridges_in
from sim.views.table import comparison_table

BRIDGED = 4
"""Runs of a sweep at most, between which there are bridges: each takes seconds."""

_BRIDGED_BY = {"value": "net_present_value", "patients": HEADLINE, "readout": "prob_readout_by_promise"}


def one_of_many(config: DictConfig, workbooks: Mapping[str, Laid], at_hand: AtHand | None) -> None:
    """One run of a sweep, unless it is finished already. A failure is written down and does not stop the others.

    Parameters
    ----------
    config : composed by Hydra.
    workbooks : what the workbooks that the sweep names lay over it, by name.
    at_hand : writes it beside the next one; None, in a process of its own, writes it now.
    """
    settings: Any = HydraConfig.get()
    folder = Path(settings.runtime.output_dir)
    overrides, laid = list(settings.overrides.task), workbooks.get(str(config.get(READ)), NOTHING)
    typed = [word for word in overrides if word not in _choices(workbooks)]
    if (folder / MARK).is_file():  # a finished run of a sweep that is gone on with
        return
    record = [re.sub(r"\\([\\()\[\]{}:=, \t])", r"\1", word) for word in typed]  # Hydra escapes the signs it reads
    started = time.perf_counter()
    number, finish = int(settings.job.num), None

    def written() -> Results | None:
        try:
            assert finish is not None
            results = finish()
        except Exception as fault:
            _failed(fault, folder, record, number)
            return None
        print(f"run {number}: {' '.join(record)} ({time.perf_counter() - started:.1f} s)", file=sys.stderr)
        return results

    try:
        made = Composed(plain(config, settings, overrides, laid), settings, laid)
        finish = begin(made.assumptions(), folder, record, in_sweep=True)
    except Exception as fault:
        _failed(fault, folder, record, number)
    else:
        written() if at_hand is None else at_hand.finish(folder, written)


def _failed(fault: Exception, folder: Path, record: Sequence[str], number: int) -> None:
    """Write down what went wrong with a run, where the comparison finds it."""
    words = str(fault) if isinstance(fault, InputError) else "".join(traceback.format_exception(fault))
    (folder / ERROR).write_text("\n".join([*record, "", words]), encoding="utf-8")
    print(f"run {number}: {' '.join(record)} failed", file=sys.stderr)


TYPED_SWEEP = "sweep.json"
"""What was typed to begin a sweep, in its folder: what it takes to go on with it."""


def sweep(arguments: Sequence[str], folder: Path, workbooks: Mapping[str, Laid]) -> int:
    """Run a sweep into a folder and compare its runs.

    Parameters
    ----------
    arguments : for Hydra.
    folder : the sweep's.
    workbooks : what the workbooks that it names lay over each run, by name; all chose the same options.

    Returns
    -------
    The exit code: 0, or 2 when a run was refused, or 1 when one broke down.
    """
    check_empty(folder)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        _remember(arguments, folder)
        with AtHand() as at_hand:
            launch(arguments, folder, workbooks, at_hand)
    finally:
        if folder.is_dir() and not any(path.is_dir() for path in folder.iterdir()):
            (folder / TYPED_SWEEP).unlink(missing_ok=True)  # refused before its first run
        remove_empty(made)
    return collect(folder, at_hand=at_hand)


def launch(arguments: Sequence[str], folder: Path, workbooks: Mapping[str, Laid], at_hand: AtHand) -> int:
    """Let Hydra make the runs of a sweep; those that are finished in the folder already stay as they are.

    Returns
    -------
    How many were run.
    """
    before = _finished(folder)
    try:
        with composing_many(), _seldom_collecting():
            through_hydra([*arguments, *_choices(workbooks)], _Run(workbooks, at_hand))
    finally:
        (folder / "multirun.yaml").unlink(missing_ok=True)  # Hydra's own settings; the runs have theirs
    return _finished(folder) - before


def _finished(folder: Path) -> int:
    """How many runs of a sweep are finished, or failed."""
    return sum(1 for name in (MARK, ERROR) for _ in folder.glob(f"*/{name}"))


class _Run:
    """What Hydra's launcher calls for each run: here, or in a process that it starts.

    Parameters
    ----------
    workbooks, at_hand : as of `one_of_many`.
    """

    def __init__(self, workbooks: Mapping[str, Laid], at_hand: AtHand | None) -> None:
        self._workbooks, self._at_hand = workbooks, at_hand

    def __call__(self, config: DictConfig) -> None:
        """Make the run."""
        one_of_many(config, self._workbooks, self._at_hand)

    def __reduce__(self) -> tuple[type["_Run"], tuple[Mapping[str, Laid], None]]:
        """In another process nothing is at hand."""
        return _Run, (self._workbooks, None)


_SELDOM = 50_000
"""Objects more than before at which Python looks for cycles: a few times in each run, not hundreds of times."""


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let Python look for garbage in cycles seldom, and not in what is there already.

    Composing makes tens of thousands of small objects for each run, all in use: a fifth of it was looking at them.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _remember(arguments: Sequence[str], folder: Path) -> None:
    """Write down what was typed, before anything runs."""
    record = {"arguments": list(arguments), "working_directory": str(Path.cwd())}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TYPED_SWEEP).write_text(json.dumps(record, ensure_ascii=False, indent=2), encoding="utf-8")
    except OSError as fault:
        raise InputError(f"hydra.run.dir: {folder} cannot be written ({fault.strerror or fault})") from fault


def _choices(workbooks: Mapping[str, Laid]) -> tuple[str, ...]:
    """The options that the workbooks of a sweep choose, all the same."""
    return next(iter(workbooks.values()), NOTHING).choices


def collect(folder: Path, baseline: str | None = None, at_hand: AtHand | None = None) -> int:
    """Rebuild a sweep's comparison from the folders of its runs.

    Parameters
    ----------
    folder : the sweep's.
    baseline : the run the others are compared with; None takes the one its configuration names, or the first.
    at_hand : what need not be read again.

    Returns
    -------
    The exit code: 0, or 2 when a run was refused, or 1 when one broke down.

    Raises
    ------
    InputError : when the folder holds no finished run, or the baseline is none of them.
    """
    at_hand = at_hand or AtHand()
    found = gather(folder, at_hand)
    for label, words in found.failed.items():
        print(f"sim: {label}: {words.strip().splitlines()[-1]}", file=sys.stderr)
    if not found.runs:
        if found.failed:
            return _code(found.failed)
        raise InputError(f"{folder} holds no runs to compare")
    first = next(iter(found.runs))
    chosen = baseline or found.runs[first].configuration["report"]["baseline"] or first
    if found.base not in (None, chosen):  # what is at hand is held against another run
        found = gather(folder, AtHand())
    _write_comparison(found, folder, chosen)
    return _code(found.failed)


def _write_comparison(found: Collected, folder: Path, chosen: str) -> None:
    from sim.views.comparison_page import SWEPT, Drawn, comparison_page, value_sentences
    from sim.views.comparison_pictures import draw
    from sim.views.sentences import sentences
    from sim.views.style import save
    from sim.views.swept import swept
    from sim.views.value_contrast import value_lines

    table = compare(found.runs, chosen, found.against)
    spans = spanned(found.runs, chosen, table)
    tidy = sweep_table(found.runs)
    tables = {"comparison": table, SWEEP: tidy, **({} if spans is None else {BRIDGE: spans})}
    for name, rows in tables.items():
        rows.to_csv(folder / f"{name}.csv.part", index=False, lineterminator="\n")
    whole = table[(table[list(STRATA)] == TOTAL).all(axis=1)]  # all that the views look at, a tenth of it
    bridges = bridges_in(spans)
    svg, further = draw(found.runs, whole, bridges, folder)
    if (picture := swept(found.runs, whole, tidy)) is not None:
        further[SWEPT] = Drawn(picture[1], save(picture[0], folder, SWEPT))
    page = comparison_page(found.runs, whole, found.failed, svg, further, bridges)
    (folder / "comparison.html.part").write_text(page, encoding="utf-8", newline="\n")
    names = ["comparison.html", *(f"{name}.csv" for name in tables)]
    for name in names:
        (folder / f"{name}.part").replace(folder / name)
    worth = value_sentences(found.runs, whole, bridges)
    print(comparison_table(whole, sentences(found.runs, whole), value_lines(found.runs, whole), worth))
    print(f"\nFiles in {folder}:\n  comparison.png  {'  '.join(names)}")


def spanned(runs: Mapping[str, Results], base: str, table: pd.DataFrame) -> pd.DataFrame | None:
    """The bridges from the baseline to each other run, of what the runs are compared by first.

    Parameters
    ----------
    runs : label → run.
    base : the baseline.
    table : their comparison.

    Returns
    -------
    Columns as `bridge.csv` has them; None where the runs are too many, or ask for no bridge, or none can be made.
    """
    from sim.analysis.bridge import bridge
    from sim.views.leading import subject

    asked = runs[base].configuration["report"].get("bridge_draws", 0)
    if not 1 < len(runs) <= BRIDGED or not asked:
        return None
    variable, start, found = _BRIDGED_BY[subject(runs, table)], _assumptions(runs[base]), []
    for label in (label for label in runs if label != base):
        try:
            found.append(bridge(start, _assumptions(runs[label]), variable, names=(base, label)))
        except InputError as fault:
            print(f"sim: no bridge from {base} to {label}: {str(fault).removeprefix('bridge: ')}", file=sys.stderr)
    return pd.concat(found, ignore_index=True) if found else None


def _assumptions(run: Results) -> Assumptions:
    return assume(run.configuration, Path(str(run.provenance["working_directory"])))


def _code(failed: Mapping[str, str]) -> int:
    if any("Traceback" in words for words in failed.values()):
        return 1
    return 2 if failed else 0
