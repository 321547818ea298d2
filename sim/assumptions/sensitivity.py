"""What is asked of a run: which methods, of which target, with which settings. See `docs/sensitivity.md`."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from sim.assumptions.faults import one_line
from sim.assumptions.quantity import Closed
from sim.errors import InputError, nearest
from sim.variables import HEADLINE, VARIABLES

Method = Literal[
    "tornado", "rank", "sobol", "shapley", "boxes", "information", "grid", "joint", "stress", "goal",
]  # fmt: skip


class Sensitivity(Closed):
    """The settings of `sensitivity=`.

    Attributes
    ----------
    methods : those asked for.
    target : the variable in question, all strata and regions together.
    year : of a target that has years; None is the first.
    draws : rows of each evaluation, where a method asks the model at other values than the run's.
    percentiles : from which to which of an input's own percentiles a tornado moves it.
    base : where the inputs stand that a tornado does not move.
    at_least, at_most : what the target is to reach, or must not exceed; of neither, its own median.
    over : configuration key → its values, for a grid.
    events : statements about variables, for a joint question.
    given : input → where it lies, for a stress test.
    """

    methods: dict[Method, bool] | None = None
    target: str = HEADLINE
    year: int | None = Field(default=None, ge=1950, le=2200)
    draws: int = Field(default=1024, ge=64, le=1_000_000)
    percentiles: tuple[float, float] = (10, 90)
    base: Literal["median", "mean"] = "median"
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    over: dict[str, tuple[Any, ...]] | None = None
    events: tuple[str, ...] | None = None
    given: dict[str, str] | None = None
    goal: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None
    studies: dict[str, Any] | None = None

    @classmethod
    def read(cls, mapping: Mapping[str, Any]) -> "Sensitivity":
        """Validate settings that stand alone.

        Raises
        ------
        InputError : one line naming each wrong key, its value and the bound.
        """
        try:
            return _Alone.model_validate({"sensitivity": mapping}).sensitivity
        except ValidationError as fault:
            raise InputError(one_line(fault, _Alone)) from fault

    @model_validator(mode="after")
    def _fit(self) -> "Sensitivity":
        if self.target not in VARIABLES:
            raise InputError(f".target: '{self.target}' is no variable{nearest(self.target, VARIABLES)}")
        low, high = self.percentiles
        if not 0 < low < high < 100:
            raise InputError(f".percentiles: {low:g} and {high:g} must lie between 0 and 100, the lower first")
        if self.at_least is not None and self.at_most is not None:
            raise InputError(".at_least: give it or sensitivity.at_most, not both")
        return self

    @property
    def asked(self) -> tuple[Method, ...]:
        """The methods asked for, in the order of the options."""
        return tuple(method for method, is_asked in (self.methods or {}).items() if is_asked)


class _Alone(Closed):
    """The settings by the key that they have in a configuration, so that a message names it."""

    sensitivity: Sensitivity
