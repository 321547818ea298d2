"""The tidy table of a sweep: a row per run and statistic, with a column for each key that was swept."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.results.run import Results
from sim.variables import STRATA, TOTAL

SWEEP = "sweep"
"""The name of the table."""

_BEFORE, _AFTER = ("run",), ("variable", "year", "statistic", "value", "mcse", "unit")


def sweep_table(runs: Mapping[str, Results]) -> pd.DataFrame:
    """Every number of every run, all strata together.

    Parameters
    ----------
    runs : label → finished run.

    Returns
    -------
    Columns run, one for each key in which what was typed differs between the runs (numbers as numbers, empty where a
    run was not given it), variable, year, statistic, value, mcse (its Monte Carlo error), unit.
    """
    typed = {label: _typed(run) for label, run in runs.items()}
    keys = list(dict.fromkeys(key for words in typed.values() for key in words))
    swept = [key for key in keys if len({words.get(key) for words in typed.values()}) > 1]
    frames = []
    for label, run in runs.items():
        whole = (run.summary[list(STRATA)] == TOTAL).all(axis=1)
        frame = run.summary.loc[whole, list(_AFTER)].astype({"year": str})
        frame = frame.assign(run=label, **{key: _value(typed[label].get(key)) for key in swept})
        frames.append(frame[[*_BEFORE, *swept, *_AFTER]])
    return pd.concat(frames, ignore_index=True)


def _typed(run: Results) -> dict[str, str]:
    """Key → value, as they were typed."""
    words = (str(word).lstrip("+").partition("=") for word in run.provenance["overrides"])
    return {key: value for key, _, value in words}


def _value(text: str | None) -> Any:
    """A number where it is one; else the text without the quotes that the command line needs."""
    if text is None:
        return ""
    try:
        return float(text)
    except ValueError:
        return text.strip("'\"")
