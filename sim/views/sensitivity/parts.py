"""Which parts a run has to show, in their order."""

from collections.abc import Callable

from matplotlib.figure import Figure

from sim.results.run import Results
from sim.views.sensitivity.part import Part
from sim.views.sensitivity.tornado import TORNADO
from sim.views.sensitivity.tornado import part as tornado_part

PARTS: dict[str, Callable[[Results], Part]] = {TORNADO: tornado_part}
"""Table → what makes its part."""


def parts(results: Results) -> list[Part]:
    """The parts of what was asked of a run."""
    return [make(results) for name, make in PARTS.items() if name in results.tables]


def sensitivity_pictures(results: Results) -> dict[str, Callable[[Results], Figure]]:
    """The pictures of what was asked of a run, by name."""
    return {part.name: part.figure for part in parts(results) if part.figure is not None}
