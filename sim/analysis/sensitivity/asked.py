"""Every method by name: from a question to its tables."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sim.analysis.sensitivity.boxes import BOXES, boxes
from sim.analysis.sensitivity.goal import GOAL, goal
from sim.analysis.sensitivity.grid import GRID, grid
from sim.analysis.sensitivity.information.tables import INFORMATION, information
from sim.analysis.sensitivity.joint import JOINT, joint
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.rank import RANK, rank
from sim.analysis.sensitivity.shapley import SHAPLEY, shapley
from sim.analysis.sensitivity.sobol import SOBOL, sobol
from sim.analysis.sensitivity.stress import STRESS, stress
from sim.analysis.sensitivity.tornado import TORNADO, tornado
from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Sensitivity
from sim.errors import InputError, nearest
from sim.results.run import Results

METHODS: dict[str, Callable[[Question], dict[str, pd.DataFrame]]] = {
    TORNADO: tornado,
    RANK: rank,
    SOBOL: sobol,
    SHAPLEY: shapley,
    INFORMATION: information,
    GRID: grid,
    BOXES: boxes,
    JOINT: joint,
    STRESS: stress,
    GOAL: goal,
}
"""Method → what answers a question with tables by name."""


def analyses(
    results: Results,
    asked: Sensitivity,
    assumptions: Assumptions | None = None,
    reassume: Callable[[Mapping[str, object]], Assumptions] | None = None,
    points: Path | None = None,
    others: Mapping[str, Results] | None = None,
) -> dict[str, pd.DataFrame]:
    """The tables of everything that is asked of a run, by name, in the order of the methods.

    Parameters
    ----------
    results : the run, its draws in hand.
    asked : methods, target and settings.
    assumptions : of the run; None for a finished one, which is asked without running anything.
    reassume : other values of some configuration keys, as typed, → assumptions.
    points : a file that keeps what takes long, as it comes.
    others : runs of the trial designs among which is decided, by name.

    Raises
    ------
    InputError : when something asked for cannot be answered, naming the key.
    """
    question = Question(results, asked, assumptions, reassume, points, others or {})
    return {name: table for method in asked.asked for name, table in METHODS[method](question).items()}


def ask(
    results: Results,
    *methods: str,
    assumptions: Assumptions | None = None,
    reassume: Callable[[Mapping[str, object]], Assumptions] | None = None,
    others: Mapping[str, Results] | None = None,
    **settings: object,
) -> Results:
    """The same results with the tables of some methods, as a notebook asks for them.

    Parameters
    ----------
    results : the run, its draws in hand.
    methods : `tornado`, `rank`, `sobol`, …
    assumptions : of the run, for a method that asks the model at other values; None asks the run's draws alone.
    reassume : other values of some configuration keys → assumptions, from `sim.asking.reassuming`, for grid and goal.
    others : runs of the trial designs among which is decided, by name, on the run's draws.
    settings : those of `sensitivity.…`: `target="net_present_value"`.

    Raises
    ------
    InputError : when something cannot be answered, naming the key.
    """
    for method in methods:
        if method not in METHODS:
            raise InputError(f"sensitivity: '{method}' is no method{nearest(method, METHODS)}")
    asked = Sensitivity.read({"methods": dict.fromkeys(methods, True), **settings})
    return replace(results, tables={**results.tables, **analyses(results, asked, assumptions, reassume, others=others)})
