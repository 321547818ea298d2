"""Questions asked of a run, with all that an answer may take: other values of its keys, other designs of its trial."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Method, Sensitivity
from sim.configuration.changing import changed, check_key
from sim.configuration.compose import assume, composed
from sim.configuration.places import conf_dir
from sim.errors import BrokenOffError, InputError, nearest
from sim.execution.simulate import simulate
from sim.results.run import Results

POINTS = "grid.points"
"""The file in which a grid keeps its points as they come, until it is finished."""


def ask(results: Results, *methods: str, assumptions: Assumptions | None = None, **settings: object) -> Results:
    """The same results with the tables of some methods.

    Parameters
    ----------
    results : the run, its draws in hand.
    methods : `tornado`, `rank`, `sobol`, `shapley`, `boxes`, `information`, `grid`, `joint`, `stress`, `goal`.
    assumptions : of the run, for a method that asks the model at other values; None asks the run's draws alone.
    settings : those of `sensitivity.…`: `target="net_present_value"`.

    Raises
    ------
    InputError : when something cannot be answered, naming the key.
    """
    known = get_args(Method)
    for method in methods:
        if method not in known:
            raise InputError(f"sensitivity: '{method}' is no method{nearest(method, known)}")
    asked = Sensitivity.read({"methods": dict.fromkeys(methods, True), **settings})
    return with_answers(results, asked, assumptions)


def with_answers(
    results: Results, asked: Sensitivity, assumptions: Assumptions | None = None, aside: Path | None = None
) -> Results:
    """The same results with the tables of everything asked.

    Parameters
    ----------
    results : the run, its draws in hand.
    asked : methods, target and settings.
    assumptions : of the run; None for a finished one.
    aside : a folder that keeps what takes long, as it comes; None keeps nothing.

    Raises
    ------
    InputError : when something cannot be answered, naming the key.
    """
    if not asked.asked:
        return results
    from sim.analysis.sensitivity.asked import analyses

    anew = None if assumptions is None else reassuming(results.configuration, asked, _samples(results))
    points = None if aside is None or "grid" not in asked.asked else aside / POINTS
    others = {} if assumptions is None else designs(results, asked)
    found = analyses(results, asked, assumptions, anew, points, others)
    return replace(results, tables={**results.tables, **found})


def reassuming(
    configuration: Mapping[str, Any], asked: Sensitivity, samples: Path | None = None
) -> Callable[[Mapping[str, object]], Assumptions]:
    """What gives the assumptions of a run with other values of some keys, as if these had been typed.

    Parameters
    ----------
    configuration : of the run, resolved.
    asked : the settings; parts of the model that their target does not hang on, and that no key belongs to, are left
        out, which saves most of the time.
    samples : where the files of `sample(file.csv, column)` are looked for; None is the working directory.

    Raises
    ------
    InputError : for a key of the grid that the configuration does not have, with the nearest.
    """
    from sim.analysis.sensitivity.target import Target

    check_over(configuration, asked)
    needed = Target(asked.target, None, "").sections

    def anew(changes: Mapping[str, object]) -> Assumptions:
        whole = changed(configuration, changes)
        touched = {key.partition(".")[0] for key in changes}
        gone = [name for name in ("trial", "market") if name not in needed and name not in touched]
        return assume(_without(whole, gone), samples)

    return anew


def designs(results: Results, asked: Sensitivity) -> dict[str, Results]:
    """Runs of the trial designs among which is decided, on the run's own draws and chance; none where none are named.

    Parameters
    ----------
    results : the run; it stands for the design that it has itself.
    asked : the settings. A design is an option of the group `trial` as its file has it.

    Raises
    ------
    InputError : for a design that does not exist, with the nearest, or that cannot take the place of the run's own.
    """
    decision = asked.decision if "information" in asked.asked else None
    wanted = {} if decision is None else decision.options or {}
    known = sorted(path.stem for path in (conf_dir() / "trial").glob("*.yaml"))
    own, found = results.configuration, dict[str, Results]()
    sampling = {**own["sampling"], "draws": int(results.provenance["draws"]), "stop": None}
    for name in wanted:
        key = "sensitivity.decision.options"
        if name not in known:
            raise InputError(f"{key}: '{name}' is no option of the group trial{nearest(name, known)}")
        trial = composed([f"trial={name}"]).mapping["trial"]
        try:
            changed_run = {**own, "trial": trial, "sampling": sampling}
            found[name] = results if trial == own["trial"] else simulate(assume(changed_run, _samples(results)))
        except BrokenOffError:
            raise
        except InputError as fault:
            raise InputError(f"{key}.{name}: {fault}") from fault
    return found


def check_over(configuration: Mapping[str, Any], asked: Sensitivity) -> None:
    """Refuse keys of a grid that a configuration does not have.

    Raises
    ------
    InputError : naming the nearest.
    """
    for key in asked.over or ():
        try:
            check_key(configuration, key)
        except InputError as fault:
            raise InputError(f"sensitivity.over: {fault}") from fault


def _without(configuration: Mapping[str, Any], sections: Sequence[str]) -> dict[str, Any]:
    """A configuration without some parts of the model, nor the correlations of their quantities."""
    gone = tuple(f"{name}." for name in sections)
    pairs = configuration.get("correlation") or []
    kept = [pair for pair in pairs if not any(str(name).startswith(gone) for name in pair["between"])]
    return {**configuration, **dict.fromkeys(sections), "correlation": kept}


def _samples(results: Results) -> Path | None:
    """Where the run looked for its files of samples."""
    folder = results.provenance.get("working_directory")
    return None if folder is None else Path(str(folder))
