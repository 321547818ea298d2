"""Every method by name: from a question to its tables."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.tornado import TORNADO, tornado
from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Sensitivity
from sim.errors import InputError, nearest
from sim.results.run import Results

METHODS: dict[str, Callable[[Question], dict[str, pd.DataFrame]]] = {TORNADO: tornado}
"""Method → what answers a question with tables by name."""


def analyses(results: Results, asked: Sensitivity, assumptions: Assumptions | None = None) -> dict[str, pd.DataFrame]:
    """The tables of everything that is asked of a run, by name, in the order of the methods.

    Parameters
    ----------
    results : the run, its draws in hand.
    asked : methods, target and settings.
    assumptions : of the run; None for a finished one, which is asked without running anything.

    Raises
    ------
    InputError : when something asked for cannot be answered, naming the key.
    """
    question = Question(results, asked, assumptions)
    return {name: table for method in asked.asked for name, table in METHODS[method](question).items()}


def ask(results: Results, *methods: str, assumptions: Assumptions | None = None, **settings: object) -> Results:
    """The same results with the tables of some methods, as a notebook asks for them.

    Parameters
    ----------
    results : the run, its draws in hand.
    methods : `tornado`, `rank`, `sobol`, …
    assumptions : of the run, for a method that asks the model at other values; None asks the run's draws alone.
    settings : those of `sensitivity.…`: `target="net_present_value"`.

    Raises
    ------
    InputError : when something cannot be answered, naming the key.
    """
    for method in methods:
        if method not in METHODS:
            raise InputError(f"sensitivity: '{method}' is no method{nearest(method, METHODS)}")
    asked = Sensitivity.read({"methods": dict.fromkeys(methods, True), **settings})
    return replace(results, tables={**results.tables, **analyses(results, asked, assumptions)})
