"""Every picture there is, which of them a run can show, and how they are written."""

from collections.abc import Callable

from matplotlib.figure import Figure

from sim.results.run import Results
from sim.variables import HEADLINE
from sim.views.accrual import accrual
from sim.views.assurance import success
from sim.views.bill import bill
from sim.views.bridge import bridge
from sim.views.bridge_words import BRIDGE
from sim.views.causes import TABLE, is_divided
from sim.views.convergence import convergence
from sim.views.counted import HISTORY
from sim.views.distribution import distribution
from sim.views.estimates import is_point
from sim.views.fan import fan
from sim.views.forest import forest
from sim.views.funnel import funnel
from sim.views.levers import levers
from sim.views.market_exceedance import exceedance
from sim.views.market_sales import sales
from sim.views.market_section import market_pictures
from sim.views.market_value import value
from sim.views.one_trial import one_trial
from sim.views.readout import readout
from sim.views.sensitivity.parts import sensitivity_pictures
from sim.views.side_by_side import comparison
from sim.views.studies import poolings
from sim.views.style import save
from sim.views.trial_section import trial_pictures
from sim.views.volume import volume

__all__ = [
    "accrual",
    "bill",
    "bridge",
    "comparison",
    "convergence",
    "distribution",
    "exceedance",
    "fan",
    "figures_for",
    "forest",
    "funnel",
    "levers",
    "one_trial",
    "readout",
    "sales",
    "save",
    "success",
    "value",
    "volume",
]

_OF_TRIAL: dict[str, Callable[[Results], Figure]] = {
    "accrual": accrual,
    "readout": readout,
    "success": success,
    "levers": levers,
    "one_trial": one_trial,
}

_OF_MARKET: dict[str, Callable[[Results], Figure]] = {"sales": sales, "value": value, "exceedance": exceedance}


def figures_for(results: Results) -> dict[str, Callable[[Results], Figure]]:
    """The pictures that say something about this run, by name, the funnel first."""
    found: dict[str, Callable[[Results], Figure]] = {"funnel": funnel}
    if poolings(results):
        found["forest"] = forest
    if is_point(results):
        return found
    if len(results.years) > 1:
        found["fan"] = fan
    if HISTORY in results.tables and len(results.years) > 1:
        found["volume"] = volume
    if results.has_draws or f"{HEADLINE}_histogram" in results.dataset:
        found["distribution"] = distribution
    if results.has_draws:
        found["convergence"] = convergence
    if is_divided(results):
        found[TABLE] = bill
    if BRIDGE in results.tables:
        found[BRIDGE] = bridge
    found |= sensitivity_pictures(results)
    found |= {name: _OF_TRIAL[name] for name in trial_pictures(results)}
    return found | {name: _OF_MARKET[name] for name in market_pictures(results)}
