"""Epidemiological market-size simulation: transplants, veno-occlusive disease, a trial, a market, with uncertainty.

`load` gives the assumptions of a scenario, `simulate` runs them, `open_run` reads a finished run; `compare` sets runs
side by side, `bridge` leads from one scenario to another input by input; `ask` asks a run what drives an answer, and
more, and `problem` hands it to other libraries; `play` plays one trial, patient by patient.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.analysis.bridge import bridge
    from sim.analysis.sensitivity.door import problem
    from sim.asking import ask
    from sim.configuration.compose import load
    from sim.errors import InputError
    from sim.execution.simulate import simulate
    from sim.execution.trial import play
    from sim.results.compare import compare
    from sim.results.folder import open_run

__all__ = ["InputError", "ask", "bridge", "compare", "load", "open_run", "play", "problem", "simulate"]

_HOMES = {
    "InputError": "sim.errors",
    "ask": "sim.asking",
    "bridge": "sim.analysis.bridge",
    "compare": "sim.results.compare",
    "load": "sim.configuration.compose",
    "open_run": "sim.results.folder",
    "play": "sim.execution.trial",
    "problem": "sim.analysis.sensitivity.door",
    "simulate": "sim.execution.simulate",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import sim` costs nothing."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute '{name}'")
