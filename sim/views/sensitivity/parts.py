"""Which parts a run has to show, in their order."""

import textwrap
from collections.abc import Callable

from matplotlib.figure import Figure

from sim.errors import InputError, nearest
from sim.results.run import Results
from sim.views.sensitivity.alone import ALONE
from sim.views.sensitivity.alone import part as alone_part
from sim.views.sensitivity.boxes import BOXES
from sim.views.sensitivity.boxes import part as boxes_part
from sim.views.sensitivity.goal import GOAL
from sim.views.sensitivity.goal import part as goal_part
from sim.views.sensitivity.grid import GRID
from sim.views.sensitivity.grid import part as grid_part
from sim.views.sensitivity.information import INFORMATION
from sim.views.sensitivity.information import part as information_part
from sim.views.sensitivity.joint import JOINT
from sim.views.sensitivity.joint import part as joint_part
from sim.views.sensitivity.part import Part
from sim.views.sensitivity.rank import RANK
from sim.views.sensitivity.rank import part as rank_part
from sim.views.sensitivity.shapley import SHAPLEY
from sim.views.sensitivity.shapley import part as shapley_part
from sim.views.sensitivity.sobol import SOBOL
from sim.views.sensitivity.sobol import part as sobol_part
from sim.views.sensitivity.stress import STRESS
from sim.views.sensitivity.stress import part as stress_part
from sim.views.sensitivity.studies import STUDIES
from sim.views.sensitivity.studies import part as studies_part
from sim.views.sensitivity.tornado import TORNADO
from sim.views.sensitivity.tornado import part as tornado_part

_LINE = 100  # characters of the terminal

PARTS: dict[str, Callable[[Results], Part]] = {
    TORNADO: tornado_part,
    RANK: rank_part,
    SOBOL: sobol_part,
    SHAPLEY: shapley_part,
    INFORMATION: information_part,
    STUDIES: studies_part,
    BOXES: boxes_part,
    ALONE: alone_part,
    STRESS: stress_part,
    JOINT: joint_part,
    GOAL: goal_part,
    GRID: grid_part,
}
"""Table → what makes its part."""


def parts(results: Results) -> list[Part]:
    """The parts of what was asked of a run."""
    return [make(results) for name, make in PARTS.items() if name in results.tables]


def sensitivity_pictures(results: Results) -> dict[str, Callable[[Results], Figure]]:
    """The pictures of what was asked of a run, by name."""
    return {part.name: part.figure for part in parts(results) if part.figure is not None}


def picture(results: Results, name: str) -> Figure:
    """The picture of one answer.

    Parameters
    ----------
    results : with the answer.
    name : of its table.

    Raises
    ------
    InputError : when there is no such picture.
    """
    drawn = sensitivity_pictures(results)
    if name not in drawn:
        raise InputError(f"picture: nothing was asked that shows '{name}'{nearest(name, drawn)}")
    return drawn[name](results)


def answers_text(results: Results) -> str:
    """The answers for a terminal, a paragraph each; empty where nothing was asked."""
    return "\n".join(textwrap.fill(part.sentence, _LINE, subsequent_indent="  ") for part in parts(results))
