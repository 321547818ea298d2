"""Every picture there is, which of them a run can show, and how they are written."""

from collections.abc import Callable

from matplotlib.figure import Figure

from sim.results.run import Results
from sim.variables import HEADLINE
from sim.views.convergence import convergence
from sim.views.distribution import distribution
from sim.views.estimates import is_point
from sim.views.fan import fan
from sim.views.funnel import funnel
from sim.views.side_by_side import comparison
from sim.views.style import save

__all__ = ["comparison", "convergence", "distribution", "fan", "figures_for", "funnel", "save"]


def figures_for(results: Results) -> dict[str, Callable[[Results], Figure]]:
    """The pictures that say something about this run, by name, the funnel first."""
    found: dict[str, Callable[[Results], Figure]] = {"funnel": funnel}
    if is_point(results):
        return found
    if len(results.years) > 1:
        found["fan"] = fan
    if results.has_draws or f"{HEADLINE}_histogram" in results.dataset:
        found["distribution"] = distribution
    if results.has_draws:
        found["convergence"] = convergence
    return found
