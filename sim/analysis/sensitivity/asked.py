"""Every method by name: from a question to its tables."""

from collections.abc import Callable, Mapping
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
