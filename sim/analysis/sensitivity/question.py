"""A question about a run: the run, what is asked, and the assumptions where the model may be asked anew."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sim.analysis.sensitivity.model_surface import surface_of
from sim.analysis.sensitivity.sample import Sample, sample_of
from sim.analysis.sensitivity.surface import Surface
from sim.analysis.sensitivity.target import Target, target_of
from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Sensitivity
from sim.errors import InputError
from sim.results.run import Results


@dataclass(frozen=True)
class Question:
    """What a method is given.

    Attributes
    ----------
    results : the run, its draws in hand.
    asked : the settings.
    assumptions : of the run; None for a finished run, which is asked without running anything.
    reassume : other values of some configuration keys, as typed, → assumptions; None where nothing composes them.
    points : a file that keeps what takes long, as it comes; None keeps nothing.
    others : runs of the trial designs among which is decided, on the same draws, by name.
    """

    results: Results
    asked: Sensitivity
    assumptions: Assumptions | None = None
    reassume: Callable[[Mapping[str, object]], Assumptions] | None = None
    points: Path | None = None
    others: Mapping[str, Results] = field(default_factory=dict)

    @cached_property
    def target(self) -> Target:
        """What is asked about."""
        return target_of(self.results, self.asked)

    @cached_property
    def sample(self) -> Sample:
        """Inputs and answer of the run, draw by draw."""
        return sample_of(self.results, self.target)

    def model(self, method: str) -> Assumptions:
        """The assumptions, for a method that asks the model anew.

        Raises
        ------
        InputError : for a finished run.
        """
        if self.assumptions is None:
            raise InputError(
                f"from_run: {method} asks the model at other values than those of a finished run; leave out from_run"
            )
        if self.assumptions.sampling.method == "point":
            raise InputError(f"sampling.method: point has no uncertainty, which {method} needs")
        return self.assumptions

    def surface(self, method: str) -> Surface:
        """The model as a function, for a method that asks it anew."""
        return surface_of(self.model(method), self.target)
