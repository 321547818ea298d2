"""What another option of the group `vod` makes of a run: the same transplants, draws and chance, other rates."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.configuration.compose import assume, composed
from sim.errors import BrokenOffError, InputError
from sim.execution.simulate import simulate
from sim.results.run import Results
from sim.variables import HEADLINE

_LEFT_OUT = ("trial=none", "market=none")  # large, and rates do not hang on them

_STATISTICS = ("mean", "p10", "p90")


@dataclass(frozen=True)
class Option:
    """An option of the group `vod`.

    Attributes
    ----------
    name : as it is typed.
    vod : what it says, composed, as plain data.
    """

    name: str
    vod: Mapping[str, Any]


def option(name: str | None, config_dir: str | Path | None = None) -> Option | None:
    """The option that `report.beside` names; None where it names none.

    Parameters
    ----------
    name : of the option.
    config_dir : a folder with options of the user's own.

    Raises
    ------
    InputError : when there is no such option.
    """
    if name is None:
        return None
    try:
        return Option(name, composed([f"vod={name}", *_LEFT_OUT], config_dir).mapping["vod"])
    except InputError as fault:
        raise InputError(f"report.beside: {fault}") from fault


def with_beside(
    results: Results, other: Option | None, samples: Path | None = None, kept: Path | None = None
) -> Results:
    """The run, its provenance holding under `beside` what the other option makes of its first year.

    Parameters
    ----------
    results : the run.
    other : the option; None changes nothing.
    samples : where the files of `sample(file.csv, column)` are looked for; None is the working directory.
    kept : the folder where its finished shards are kept; None keeps none.

    Returns
    -------
    The run as it was where it has the option's rates itself. Where the option cannot take their place, because the run
    is divided otherwise, or judged as of a date before the option's evidence, or correlates what the option fixes, the
    reason is held instead.
    """
    own = results.configuration
    if other is None or own["vod"] == other.vod:
        return results
    one_year = {**own["years"], "last": own["years"]["first"]}
    record: dict[str, Any] = {"option": other.name, "vod": other.vod}
    try:
        drawn = {**own["sampling"], "draws": int(results.provenance["draws"]), "stop": None}  # as many as the run made
        changed = {
            **own,
            "vod": other.vod,
            "years": one_year,
            "trial": None,
            "market": None,
            "sampling": drawn,
        }
        changed["results"] = {**own["results"], "keep_draws": "auto"}
        found = simulate(assume(changed, samples), kept=kept)
        record["statistics"] = {name: _with_error(found, name) for name in _STATISTICS}
    except BrokenOffError:
        raise
    except InputError as fault:
        record["refused"] = str(fault).partition("; ")[0]
    return replace(results, provenance={**results.provenance, "beside": record})


def stored(results: Results) -> Option | None:
    """The option beside a run, as it was when the run was made."""
    record = results.provenance.get("beside")
    return None if record is None else Option(record["option"], record["vod"])


def _with_error(results: Results, statistic: str) -> tuple[float, float | None]:
    """A number of the headline and its Monte Carlo error; None where nobody knows it."""
    error = results.error(HEADLINE, statistic)
    return results.value(HEADLINE, statistic), None if math.isnan(error) else error
